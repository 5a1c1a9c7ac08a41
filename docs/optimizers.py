"""The pictures of optimizers.md: the path of each rule down the same valley, at its best learning rate of a list."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

import funcnn as nn
from funcnn.optimizers import Adadelta, Adagrad, AMSGrad, Average, Lion, Muon, NAdam, RAdam, RMSProp, averaged

mpl.use("Agg")  # the pictures go into files: no screen needed
BLUE, RED = "#1f6fb4", "#c0152f"
START, STEPS = np.array([[-1.5, 1.0]]), 100
LOW, HIGH = np.array([-2.0, -0.9]), np.array([1.6, 2.4])  # the corners of the picture
LEARNING_RATES = [float(f"{digit}e{power}") for power in range(-4, 2) for digit in (1, 2, 5)]
RULES: dict[str, Any] = {
    "sgd alone": (),
    "Momentum": nn.Momentum(),
    "Momentum, Nesterov": nn.Momentum(nesterov=True),
    "Adagrad": Adagrad(),
    "Adadelta": Adadelta(),
    "RMSProp": RMSProp(),
    "RMSProp, centred": RMSProp(centred=True),
    "Adam": nn.Adam(),
    "AMSGrad": AMSGrad(),
    "NAdam": NAdam(),
    "ClipNorm(1), RAdam": (nn.ClipNorm(1.0), RAdam()),  # its first five steps are as long as the gradient
    "Lion": Lion(),
    "Muon": Muon(),
    "ClipNorm(1), Momentum": (nn.ClipNorm(1.0), nn.Momentum()),
    "Adam, Average(0.9)": (nn.Adam(), Average(0.9)),
    "AdamW(decay=0.1)": nn.AdamW(decay=0.1),
}


def valley(x: Any, y: Any) -> Any:
    """Rosenbrock's: steep walls, and a bed that bends and hardly falls; the lowest point is 0, at (1, 1)."""
    return (1 - x) ** 2 + 10 * (y - x * x) ** 2


def slope(p: Any) -> Any:
    """The gradient of the valley at the point p, an array of shape (1, 2)."""
    x, y = p[0]
    return np.array([[-2 * (1 - x) - 40 * x * (y - x * x), 20 * (y - x * x)]])


def way(optimizer: Any, lr: float) -> Any:
    """The points that `STEPS` steps lead to: the third and the fourth line, with a slope in place of a network's."""
    p, points = START, [START]
    for _ in range(STEPS):
        grads, optimizer = nn.update(optimizer, nn.Grads(slope(p), None), p)
        p = nn.sgd(p, grads, lr)
        points.append(p)
    if isinstance(optimizer, tuple) and any(isinstance(part, Average) for part in optimizer):
        points.append(averaged(optimizer, p))  # the average of all, as one last step
    return np.concatenate(points)


def best(optimizer: Any) -> tuple[float, Any]:
    """The learning rate of `LEARNING_RATES` that ends lowest without leaving the picture, and the way it leads."""
    with np.errstate(all="ignore"):  # rates that are too large leave the valley, and the floats
        ways = [(lr, way(optimizer, lr)) for lr in LEARNING_RATES]
    inside = [(lr, points) for lr, points in ways if ((points > LOW) & (points < HIGH)).all()]
    return min(inside, key=lambda found: valley(*found[1][-1]))


def main() -> None:
    """Draw `optimizers.png`, and print where each rule ends."""
    figure, axes = plt.subplots(4, 4, figsize=(12, 11.6), layout="constrained", sharex=True, sharey=True)
    x, y = np.meshgrid(*np.linspace(LOW, HIGH, 300).T)
    for ax, (name, optimizer) in zip(axes.flat, RULES.items(), strict=True):
        lr, points = best(optimizer)
        end = valley(*points[-1])
        ax.contour(x, y, np.log10(valley(x, y) + 1e-2), 14, colors="#bbbbbb", linewidths=0.6)
        ax.plot(*points.T, ".-", color=BLUE, lw=0.9, ms=3.5)
        ax.plot(*START.T, "o", color=BLUE, ms=6)
        ax.plot(1, 1, "*", color=RED, ms=11)
        ax.set_title(f"{name}\nlr {lr:g}, ends at {end:.1e}", fontsize=9)
        ax.set(xlim=(LOW[0], HIGH[0]), ylim=(LOW[1], HIGH[1]), xticks=[], yticks=[])
        print(f"{name}: lr {lr:g}, {end:.1e}")
    figure.savefig("optimizers.png", dpi=110)


if __name__ == "__main__":
    main()
