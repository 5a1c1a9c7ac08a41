"""A sweep over depths and widths of networks that learn one picture: killed, it continues with what is missing."""

import argparse
from contextlib import nullcontext
from itertools import product

import numpy as np
from data.pictures import built_in, levels
from joblib import Parallel, delayed, parallel_config
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

import funcnn as nn
from funcnn.files import fingerprint, memoize
from funcnn.plot import coordinates

RATES, loss = (0.6, 0.3, 0.15, 0.075), nn.binary_cross_entropy_with_logits  # a learning rate for each stage


def stage(state, x, y, rate, steps):
    """One stage of a run."""
    threadpool_limits(1)  # so that every backend sums in the same order
    return nn.history(nn.train(state, [(x, y)] * steps, nn.value_and_grad(loss), rate), every=steps)[0]


def row(once, x, y, depth, width, steps):
    """The row of a network in the table. Each of its stages has a file, and is computed if the file does not exist."""
    x, y = np.require(x, None, "A"), np.require(y, None, "A")  # Dask's are not aligned, which changes the last bits
    state = nn.TrainState(nn.mlp([2, *[width] * depth, 1], seed=1, weights=nn.he_normal, dtype=x.dtype))
    for rate in RATES:
        state = once(state, x, y, rate, steps)
    size = sum([array.size for array in nn.parameters(state.params).values()])
    return loss(nn.predict(state.params, x), y)[0], depth, width, steps, size, fingerprint(state)


def draw(rows, depths, widths):
    """The cost by depth and width; the lowest one, if there are several numbers of steps."""
    costs = [[min([row[0] for row in rows if row[1:3] == (d, w)]) for w in widths] for d in depths]
    ax = (figure := Figure(figsize=(9, 4.5), layout="constrained")).subplots()
    for (i, j), cost in np.ndenumerate(costs):
        ax.text(j, i, f"{cost:.3f}", ha="center", va="center", bbox={"fc": "w", "ec": "none", "alpha": 0.7})
    ax.set(xlabel="units in each hidden layer", xticks=range(len(widths)), xticklabels=widths)
    ax.set(ylabel="hidden layers", yticks=range(len(depths)), yticklabels=depths)
    figure.colorbar(ax.imshow(costs, aspect="auto", origin="lower"), label="cost of the horse")
    figure.savefig("sweep.png", dpi=150)


def main():
    parser, numbers = argparse.ArgumentParser(description=__doc__), {"type": int, "nargs": "+", "metavar": "N"}
    parser.add_argument("--depths", **numbers, default=[2, 3, 4, 5], help="hidden layers")
    parser.add_argument("--widths", **numbers, default=[7, 15, 31, 60], help="units in each hidden layer")
    parser.add_argument("--steps", **numbers, default=[400], help="steps in each of the four stages")
    parser.add_argument("--side", type=int, default=50, help="the most rows and columns of the picture")
    parser.add_argument("--full", action="store_true", help="96 networks, as in the article; takes hours")
    parser.add_argument("--backend", choices=["threading", "loky", "dask"], default="loky")
    parser.add_argument("--folder", default="sweep", help="the folder of results")
    if parser.parse_args().full:
        parser.set_defaults(widths=[7, 12, 18, 24, 31, 40, 50, 60], steps=[1000, 2000, 3000], side=115)
    args = parser.parse_args()
    cluster = nullcontext()
    if args.backend == "dask":
        from dask.distributed import Client  # noqa: PLC0415  optional

        cluster = Client(threads_per_worker=1, dashboard_address=":0")  # or the address of one that has the folder
    y = np.float32(levels(built_in(), side=args.side))
    x, y = np.float32(coordinates(y.shape[:2])), y.reshape(-1, 1)
    once, sizes = memoize(stage, args.folder), product(args.depths, args.widths, args.steps)
    with cluster, parallel_config(args.backend):
        rows = sorted(Parallel(n_jobs=-1, verbose=5)(delayed(row)(once, x, y, *size) for size in sizes))
    print("  cost  depth  width  steps  parameters  fingerprint")
    for cost, depth, width, steps, size, digest in rows:
        print(f"{cost:6.4f}  {depth:5}  {width:5}  {steps:5}  {size:10}  {digest}")
    print(f"fingerprint of the table: {fingerprint(tuple(rows))}")
    draw(rows, args.depths, args.widths)


if __name__ == "__main__":
    main()
