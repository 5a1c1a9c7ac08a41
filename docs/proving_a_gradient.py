"""The two pictures of proving_a_gradient.md, drawn with the checker's own numerical differentiation."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from funcnn.testing.differentiation.constants import BOUND, COARSER_STEPS, EPS, FINER_STEPS, FIRST_STEPS
from funcnn.testing.differentiation.kinks import Surroundings
from funcnn.testing.differentiation.richardson import difference_quotients, extrapolate
from funcnn.testing.differentiation.rounding import estimate_noise
from funcnn.testing.differentiation.vector_function import Direction, generator, step_scales

mpl.use("Agg")  # the pictures go into files: no screen needed
ALONG = Direction(np.array([0]), np.ones(1))  # the one entry of x
BLUE, ORANGE, GREEN, RED, GREY = "#1f6fb4", "#d95f02", "#1b8a5a", "#c0152f", "#666666"


def error_against_step(axes: Axes) -> tuple[float, float, float]:
    """Sin at 1: why no step is right for all, and what the checker does. Gives the step it chose, bound and error."""
    x, direction = np.array([1.0]), ALONG
    truth, least = float(np.cos(1.0)), EPS / 4  # an error of 0 is drawn there
    h = 2.0 ** -np.arange(0, 53, 0.5)
    every = difference_quotients(np.sin, x, [direction], -np.log2(h))
    central = every.central.ravel()
    richardson = ((16 * central[4:] - central[:-4]) / 15)[:44]  # from 4 h and h, so four points apart here
    axes.loglog(h, truth * h**2 / 6, color=BLUE, lw=1)
    axes.loglog(h, EPS / h, color=GREY, lw=1)
    axes.loglog(h, np.maximum(abs(central - truth), least), ".", color=BLUE, ms=5)
    axes.loglog(h[4:48], np.maximum(abs(richardson - truth), least), "d", color=ORANGE, ms=4)
    axes.axhline(1e-5, color=GREY, ls="--", lw=1)
    exact = np.sin(1 + 1e-20j).imag / 1e-20
    axes.axhline(max(abs(exact - truth), least), color=GREEN, lw=1.5)

    steps = (*COARSER_STEPS, *FIRST_STEPS, *FINER_STEPS)
    noise = estimate_noise(np.sin, x, generator((x,)))
    found = extrapolate(difference_quotients(np.sin, x, [direction], steps), noise)
    slope, error, step = (float(a.item()) for a in (found.slope, found.error, found.step))
    for steps, width in (((*COARSER_STEPS, *FINER_STEPS), 0.8), (FIRST_STEPS, 2.5)):
        axes.vlines(2.0 ** -np.array(steps, float), 1e-18, 5e-18, color=RED, lw=width)
    axes.plot([step, step], [max(abs(slope - truth), least), BOUND * error], color=RED, lw=1.5)
    axes.plot([step], [BOUND * error], "_", color=RED, ms=26, mew=2.5)
    axes.plot([step], [max(abs(slope - truth), least)], "o", color=RED, ms=9, mfc="none", mew=2)
    for where, text, color, turn in (
        ((1e-4, 1.8e-5), "1e-5, the tolerance people write", GREY, 0),
        ((4e-2, 7e-4), "truncation, cos(1) h²/6", BLUE, 0),
        ((6e-12, 1e-4), "rounding, eps/h", GREY, 34),
        ((2e-10, 4e-10), "central differences", BLUE, 0),
        ((0.9, 2e-11), "Richardson:\nh² taken\naway", ORANGE, 0),
        ((1.2e-5, 3e-8), "the bound: a gradient\nfurther off is wrong", RED, 0),
        ((2e-7, 2e-14), "the estimate chosen", RED, 0),
        ((2e-11, 9e-17), "a step of 1e-20 i: exact", GREEN, 0),
        ((1.5e-7, 6e-18), "the steps tried, the first five bold", RED, 0),
    ):
        axes.text(*where, text, color=color, va="bottom", rotation=turn, fontsize=9, rotation_mode="anchor")
    axes.annotate("", (step * 1.3, BOUND * error * 1.2), (1.3e-5, 6e-8), arrowprops={"arrowstyle": "->", "color": RED})
    axes.annotate(
        "", (step * 0.6, abs(slope - truth)), (1.8e-7, 3.5e-14), arrowprops={"arrowstyle": "->", "color": RED}
    )
    axes.set(xlabel="step h", ylabel="error of the slope", ylim=(1e-18, 1), xlim=(2, 1e-16))
    axes.set_title("The slope of sin at 1, from its values: long steps and short steps both err", loc="left")
    return step, BOUND * error, abs(slope - truth)


def kink(left: Axes, right: Axes) -> tuple[float, float]:
    """Relu at 0: the lines that touch the graph, and the slopes around. Gives the interval that the checker allows."""
    relu = lambda x: np.maximum(x, 0.0)
    x, direction = np.array([0.0]), ALONG
    rng = generator((x,))
    noise = estimate_noise(relu, x, rng).of_smallest_steps
    at = Surroundings(relu, x, direction, np.array([0.5]), 1.0, noise, rng, step_scales(x)).interval(24)
    low, high = float(at.low.item()), float(at.high.item())

    reach = np.array([-1.0, 1.0])
    left.fill_between([-1, 0, 1], [low, 0, low], [-high, 0, high], color=GREEN, alpha=0.15, lw=0)
    for slope in (0.25, 0.5, 0.75):
        left.plot(reach, slope * reach, color=GREEN, lw=1)
    left.plot([-0.5, 0.5], [-1.0, 1.0], "--", color=RED, lw=1.5)
    left.plot([-1, 0, 1], [0, 0, 1], color="black", lw=2.5)
    left.plot([0], [0], "o", color="black", ms=6)
    for where, text, color in (
        ((-0.97, 0.06), "slope 0 on this side", "black"),
        ((0.95, 1.1), "slope 1 on this side", "black"),
        ((0.08, -0.3), "any slope in [0, 1]\nmay be given", GREEN),
        ((-0.38, -0.9), "a slope of 2 may not", RED),
    ):
        left.text(*where, text, color=color, va="bottom", ha="right" if where[0] == 0.95 else "left", fontsize=9)
    left.set(xlabel="x", ylabel="max(x, 0)", xlim=(-1, 1), ylim=(-1, 1.3))
    left.set_title("Relu has no slope at 0", loc="left")

    h, reach = 2.0**-30, 2.0**-22
    points = np.concatenate([reach * rng.uniform(-1, 1, 24), h * np.array([-0.75, -0.25, 0.25, 0.75])])
    slopes = (np.maximum(points + h, 0) - np.maximum(points - h, 0)) / (2 * h)
    right.axhspan(low, high, color=GREEN, alpha=0.15, lw=0)
    right.plot(points / reach, slopes, "o", color=BLUE, ms=5)
    right.plot([0], [2], "X", color=RED, ms=10)
    for end in (low, high):
        right.axhline(end, color=GREEN, lw=1)
    for where, text, color in (
        ((-0.95, 0.5), f"allowed: [{low:g}, {high:g}]", GREEN),
        ((0.08, 1.96), "a backward that says 2", RED),
        ((0.08, 0.4), "a step across the kink\nlies in between", BLUE),
        ((-0.95, 1.32), "each dot: the slope of f at a point near 0", BLUE),
    ):
        right.text(*where, text, color=color, fontsize=9)
    right.set(xlabel="point, in units of 2^-22", ylabel="slope", ylim=(-0.2, 2.3))
    right.set_title("so the slopes around it decide", loc="left")
    return low, high


figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
step, bound, error = error_against_step(axes)
figure.savefig("error_against_step.png", dpi=120)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
low, high = kink(left, right)
figure.savefig("kink.png", dpi=120)
print(f"sin at 1: step 2^{np.log2(step):.0f}, bound {bound:.1e}, error {error:.1e}; relu at 0: [{low:g}, {high:g}]")
