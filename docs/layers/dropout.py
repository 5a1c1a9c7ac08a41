"""The picture of dropout.md: the predictions of many networks drawn by dropout, and their spread."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import (
    Adam,
    Array,
    Dense,
    Dropout,
    Relu,
    TrainState,
    batches,
    forward,
    mse,
    predict,
    reseed,
    train,
    value_and_grad,
)

mpl.use("Agg")  # the picture goes into a file: no screen needed
BLUE, PALE, RED = "#1f6fb4", "#9cc3e6", "#c0152f"


def data() -> tuple[Array, Array]:
    """Sixty points of a sine with a gap in the middle."""
    random = np.random.default_rng(0)
    x = np.concatenate([random.uniform(-3, -0.8, 30), random.uniform(0.8, 3, 30)])[:, None]
    return x, np.sin(2 * x) + 0.1 * random.normal(size=x.shape)


def trained(x: Array, y: Array) -> Any:
    """A small network with dropout after both hidden layers."""
    net = (
        *(Dense.init(1, 64, seed=1), Relu(), Dropout(0.1, seed=1)),
        *(Dense.init(64, 64, seed=2), Relu(), Dropout(0.1, seed=2)),
        Dense.init(64, 1, seed=3),
    )
    [*_, state] = train(TrainState(net, Adam()), batches(x, y, 60, epochs=5000, seed=0), value_and_grad(mse), 0.002)
    return state.params


def draw() -> None:
    """The prediction, two hundred of the networks that it is the mean of, and the data."""
    x, y = data()
    net, line = trained(x, y), np.linspace(-4.5, 4.5, 300)[:, None]
    drawn = np.array([forward(reseed(net, i), line)[0][:, 0] for i in range(200)])
    figure, axes = plt.subplots(figsize=(8, 3))
    mean, spread = drawn.mean(axis=0), drawn.std(axis=0)
    axes.fill_between(
        line[:, 0], mean - 2 * spread, mean + 2 * spread, color=PALE, alpha=0.6, lw=0, label="2 deviations of 200 masks"
    )
    axes.plot(line, predict(net, line), color=BLUE, label="predict")
    axes.plot(x, y, ".", color=RED, ms=5, label="data")
    axes.set_xlabel("x")
    axes.legend(frameon=False, fontsize=8, loc="upper left", ncols=3)
    axes.set_ylim(-3.4, 3.4)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig("docs/layers/dropout.png", dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    draw()
