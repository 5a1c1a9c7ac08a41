"""The pictures of losses.md: costs of one error and of one logit whose label is 1, with slopes; a confusion matrix."""

from __future__ import annotations

from functools import partial

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import binary_cross_entropy_with_logits, huber, mse
from funcnn.core import Loss
from funcnn.losses import binary_focal, hinge, log_cosh, mae, quantile, squared_hinge
from funcnn.plot import heat_map

mpl.use("Agg")  # the picture goes into a file: no screen needed
OF_ERRORS: dict[str, Loss] = {
    "mse": mse,
    "mae": mae,
    "huber": huber,
    "log_cosh": log_cosh,
    "quantile, q=0.8": partial(quantile, q=0.8),
}
OF_LOGITS: dict[str, Loss] = {
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "binary_focal": binary_focal,
    "hinge": hinge,
    "squared_hinge": squared_hinge,
}


def one_by_one(loss: Loss, out: np.ndarray, y: float) -> tuple[np.ndarray, np.ndarray]:
    """The cost and the slope at each out, as if it were the only one."""
    results = [loss(np.array([[a]]), np.array([[y]])) for a in out]
    return np.array([cost for cost, _ in results]), np.array([dA[0, 0] for _, dA in results])


def main() -> None:
    """Draw `losses.png` and `confusion.png`."""
    figure, axes = plt.subplots(2, 2, figsize=(10, 7), layout="constrained", sharex="col")
    columns = [(OF_ERRORS, np.linspace(-3, 3, 601), 0.0), (OF_LOGITS, np.linspace(-4, 4, 801), 1.0)]
    for (above, below), (losses, out, y) in zip(axes.T, columns, strict=True):
        for name, loss in losses.items():
            cost, slope = one_by_one(loss, out, y)
            above.plot(out, cost, lw=1.6, label=name)
            below.plot(out, np.where(abs(np.diff(slope, append=slope[-1])) > 0.15, np.nan, slope), lw=1.6)
        above.legend(frameon=False, fontsize=9)
        above.set(ylim=(-0.1, 5))
    for ax, title in zip(axes.flat, ["cost", "cost, y = 1", "slope, dA", "slope, dA, y = 1"], strict=True):
        ax.set_title(title, fontsize=10)
        ax.axhline(0, color="#cccccc", lw=0.8, zorder=0)
        ax.axvline(0, color="#cccccc", lw=0.8, zorder=0)
    axes[1, 0].set(xlabel="e = out - y", ylim=(-2.5, 2.5))
    axes[1, 1].set(xlabel="out", ylim=(-3.5, 1))
    figure.savefig("losses.png", dpi=110)
    figure, ax = plt.subplots(figsize=(3.2, 2.6), layout="constrained")
    counts = np.array([[3, 1, 0], [1, 1, 0], [0, 0, 0]])
    heat_map(counts, ax, aspect="equal").set(xlabel="predicted class", ylabel="true class")
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if 2 * count > counts.max() else "black"
        ax.text(column, row, count, ha="center", va="center", color=color)
    figure.savefig("confusion.png", dpi=110)


if __name__ == "__main__":
    main()
