"""The picture of schedules.md: each schedule over 400 steps, under the call that made it."""

from __future__ import annotations

from itertools import accumulate

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import cosine, one_cycle, warm_up
from funcnn.plot import rate_curve
from funcnn.schedules import (
    Plateau,
    cosine_restarts,
    exponential,
    inverse_time,
    plateau,
    polynomial,
    sawtooth,
    stages,
    step_decay,
)
from funcnn.schedules.base import Schedule

mpl.use("Agg")  # the picture goes into a file: no screen needed
BLUE, GREY, STEPS = "#1f6fb4", "#999999", 400
SCHEDULES: dict[str, Schedule] = {
    "stages((0.2, 100), (0.1, 200), (0.02, 100))": stages((0.2, 100), (0.1, 200), (0.02, 100)),
    "exponential(0.2, 0.5, 100)": exponential(0.2, 0.5, 100),
    "step_decay(0.2, 0.5, 100)": step_decay(0.2, 0.5, 100),
    "inverse_time(0.2, 50)": inverse_time(0.2, 50),
    "polynomial(0.2, 400, power=2)": polynomial(0.2, 400, power=2),
    "cosine(0.2, 400)": cosine(0.2, 400),
    "cosine_restarts(0.2, 60, factor=2)": cosine_restarts(0.2, 60, factor=2),
    "sawtooth(0.2, 100)": sawtooth(0.2, 100),
    "sawtooth(0.2, 100, up=0.5, final=0.05)": sawtooth(0.2, 100, up=0.5, final=0.05),
    "one_cycle(0.2, 400)": one_cycle(0.2, 400),
    "warm_up(cosine(0.2, 400), 80)": warm_up(cosine(0.2, 400), 80),
}


def of_costs(costs: np.ndarray) -> Schedule:
    """The rate of a plateau that has seen one cost for each step before."""
    rates = [now.lr for now in accumulate(costs.tolist(), plateau, initial=Plateau(0.2, factor=0.5, patience=10))]
    return rates.__getitem__


def main() -> None:
    """Draw `schedules.png`."""
    figure, axes = plt.subplots(4, 3, figsize=(10, 9), layout="constrained", sharex=True, sharey=True)
    for ax, (call, lr) in zip(axes.flat, SCHEDULES.items(), strict=False):
        rate_curve(lr, STEPS, ax, color=BLUE)
        ax.set_title(call, fontsize=9, family="monospace")
    costs = np.exp(-np.arange(STEPS) / 40) + 0.02 * np.random.default_rng(0).random(STEPS)
    last = rate_curve(of_costs(costs), STEPS, axes.flat[-1], color=BLUE, label="rate")
    last.plot(np.arange(STEPS), 0.2 * costs, color=GREY, lw=1, label="cost / 5")
    last.set_title("Plateau(0.2, factor=0.5)", fontsize=9, family="monospace")
    last.legend(frameon=False, fontsize=8, handlelength=1.2, loc="upper right")
    for ax in axes.flat:
        ax.set(ylim=(0, 0.21), xlim=(0, STEPS), xticks=range(0, STEPS, 100))
        ax.label_outer()
    figure.savefig("schedules.png", dpi=110)


if __name__ == "__main__":
    main()
