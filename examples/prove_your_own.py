"""A test of your own gradient: a NumPy function, a gradient written by hand, and how a mistake in it is reported.

No layer and no type of funcnn is needed: `check_vjp` compares the gradient with finite differences of the function.
"""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from hypothesis import Phase, given, settings

from funcnn.testing import GradientError, check_vjp
from funcnn.testing import strategies as fst

mpl.use("Agg")  # the picture is written to a file, without a screen


def smooth_relu(x, sharpness):
    """out = log(1 + e^(k x)) / k, a relu with a round corner; k has one entry for each column."""
    return np.logaddexp(sharpness * x, 0) / sharpness


def wrong(args, dA):
    """k is in the numerator and in the denominator. Here the derivative of the denominator is missing."""
    x, k = args
    slope = 1 / (1 + np.exp(-k * x))
    return dA * slope, (dA * slope * x / k).sum(axis=0)


def right(args, dA):
    x, k = args
    slope = 1 / (1 + np.exp(-k * x))
    return dA * slope, (dA * (slope * x / k - np.logaddexp(k * x, 0) / k**2)).sum(axis=0)


# Any x, and a sharpness above 0, since the function divides by it.
arguments = fst.tensors("m n", "n", most=2).map(lambda a: (np.clip(a[0], -5, 5), np.clip(abs(a[1]), 0.5, 4)))


# One point shows little. Hypothesis draws a hundred, and reduces one that fails to the simplest that fails.
def everywhere(vjp):
    @settings(deadline=None, database=None, phases=[Phase.generate, Phase.shrink])
    @given(arguments)
    def test(args):
        check_vjp(smooth_relu, vjp, args)

    test()


x, k = np.array([[0.5, -1.0], [2.0, 0.25]]), np.array([1.0, 2.0])
try:
    check_vjp(smooth_relu, wrong, (x, k))
except GradientError as error:
    print(f"{type(error).__name__}: {error}\n")  # the argument, the entry, both values, and the arguments as source

report = check_vjp(smooth_relu, right, (x, k))
print(f"{report}\n")
everywhere(right)
try:
    everywhere(wrong)
except GradientError as error:
    print(f"At the simplest arguments: {error}\n")

# Which relative error is found? Multiply the right gradient by 1 + e, for smaller and smaller e.
sizes = 2.0 ** -np.arange(4, 50, 2)
seen = []
for size in sizes:
    try:
        check_vjp(smooth_relu, lambda args, dA, e=float(size): [g * (1 + e) for g in right(args, dA)], (x, k))
    except GradientError:
        seen.append(size)

figure, axes = plt.subplots(figsize=(8, 2), layout="constrained")
axes.semilogx(sizes, np.isin(sizes, seen), "o")
axes.axvline(report.sees, color="C3")
axes.text(report.sees, 0.5, "  report.sees", color="C3", va="center")
axes.set(xlabel="relative error of the gradient", xlim=(1, 1e-15), ylim=(-0.3, 1.3))
axes.set_yticks([0, 1], ["passes", "is caught"])
figure.savefig("prove_your_own.png", dpi=150)
print(f"smallest relative error seen: {min(seen):.0e}, and the report had promised {report.sees:.0e}")
