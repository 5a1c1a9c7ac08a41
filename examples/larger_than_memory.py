"""Data in files that need not fit in memory: a network is trained on windows of rows, and predicts into a file."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.figure import Figure
from numpy.lib.format import open_memmap

import funcnn as nn
from funcnn.data import prefetch, windowed_batches

PIECE = 10_000  # rows that are made and written at a time


def write(folder, rows):
    """Points of a square and the height of a wave at each, sorted by x as in many files."""
    points, heights = (open_memmap(folder / f"{name}.npy", "w+", "f4", (rows, n)) for name, n in (("x", 2), ("y", 1)))
    for start in range(0, rows, PIECE):
        random, i = np.random.default_rng(start), np.arange(start, min(start + PIECE, rows))
        points[i, 0] = 2 * (i + random.random(len(i))) / rows - 1
        points[i, 1] = random.uniform(-1, 1, len(i))
        heights[i, 0] = np.sin(3 * points[i, 0]) * np.cos(2 * points[i, 1])


def trained(data, start):
    """The last state; the learning rate falls to 0."""
    *_, last = nn.train(start, data, nn.value_and_grad(nn.mse), nn.cosine(0.01, len(data)), every=len(data))
    return last


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the files, 12 bytes each")
    parser.add_argument("--epochs", type=int, default=3)
    args = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, args.rows)
        x, y = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in "xy")
        start = nn.TrainState(nn.mlp([2, 16, 16, 1], hidden=nn.Tanh(), seed=0, dtype=np.float32), nn.Adam())
        costs = {}
        for window in (1, 64):  # of 128 rows each
            data = windowed_batches(x, y, 128, block=128, window=window, epochs=args.epochs, seed=0)
            last = trained(prefetch(data, 4), start)
            out = open_memmap(folder / f"{window}.npy", "w+", "f4", y.shape)
            nn.predict(last.params, x, rows=1000, out=out)
            pieces = [slice(i, i + PIECE) for i in range(0, len(x), PIECE)]
            costs[window] = np.mean([np.square(out[piece] - y[piece]).mean() for piece in pieces])
            print(f"window of {window:2} blocks: mean squared error {costs[window]:.6f}")
        print(f"variance of y: {y.var():.4f}")
        draw(x, out)
        del x, y, out  # the files are closed


def draw(x, out):
    """The predicted heights of some rows."""
    ax = (figure := Figure(figsize=(6, 5), layout="constrained")).subplots()
    some = slice(None, None, max(1, len(x) // 5000))
    points = ax.scatter(*x[some].T, c=out[some, 0], s=4)
    ax.set(xlabel="x, by which the file is sorted", ylabel="y", aspect="equal", xticks=np.linspace(-1, 1, 5))
    figure.colorbar(points, label="predicted height")
    figure.savefig("larger_than_memory.png", dpi=150)


if __name__ == "__main__":
    main()
