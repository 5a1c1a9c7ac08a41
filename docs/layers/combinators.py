"""The picture of combinators.md: the gradient at the first layer of a deep network, and the bytes kept for backward."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import Dense, Residual, Tanh, backward, forward, mlp, mse
from funcnn.layers import Remat, Scale
from funcnn.trees import leaves

mpl.use("Agg")  # the picture goes into a file: no screen needed
BLUE, GREEN, RED = "#1f6fb4", "#2a9d5c", "#d1495b"
WIDTH, ROWS, DEPTHS = 32, 64, (1, 2, 4, 8, 16, 32, 64, 128)
x, y = np.random.default_rng(0).standard_normal((2, ROWS, WIDTH))


def arriving(blocks: tuple[Any, ...]) -> float:
    """The size of dx, relative to that of dA."""
    out, cache = forward(blocks, x)
    dA = mse(out, y)[1]
    return float(np.linalg.norm(backward(blocks, cache, dA).x) / np.linalg.norm(dA))


def kept(net: Any) -> int:
    """Bytes of all arrays in the cache, each once."""
    return sum({id(a): a.nbytes for a in leaves((forward(net, x)[1],))}.values())


def most(blocks: tuple[Any, ...]) -> int:
    """Bytes while the largest block is made again."""
    return kept(blocks) + max([kept(block.layer) for block in blocks])


def main() -> None:
    """Draw `combinators.png`."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    blocks = [(Dense.init(WIDTH, WIDTH, seed=(0, i)), Tanh()) for i in range(DEPTHS[-1])]
    scaled = lambda block: Residual((*block, Scale.init(value=0.1)))
    lines = (("Residual(block)", BLUE, Residual), ("Residual(block + scale)", GREEN, scaled), ("block", RED, tuple))
    for name, color, wrap in lines:
        sizes = [arriving(tuple(map(wrap, blocks[:depth]))) for depth in DEPTHS]
        left.loglog(DEPTHS, sizes, "o-", color=color, label=name)
    left.set(xlabel="blocks", ylabel="size of dx over size of dA", xticks=DEPTHS, xticklabels=DEPTHS)
    left.minorticks_off()
    left.legend(frameon=False)

    net = mlp([WIDTH] * 65, hidden=Tanh(), seed=0)
    numbers = [1, 2, 4, 8, 16, 32, 64]
    cut = [[Remat(net[i : i + len(net) // n + 1]) for i in range(0, len(net), len(net) // n + 1)] for n in numbers]
    right.plot(numbers, [most(tuple(parts)) / kept(net) for parts in cut], "o-", color=BLUE, label="Remat")
    right.axhline(1, color=RED, label="no Remat")
    right.set(xscale="log", xlabel="blocks of 64 layers", ylabel="bytes kept", ylim=(0, None))
    right.set_xticks(numbers, numbers)
    right.minorticks_off()
    right.legend(frameon=False)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig("combinators.png", dpi=110)


if __name__ == "__main__":
    main()
