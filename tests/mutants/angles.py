"""Mistakes in a branch for small angles, which only arguments reach whose entries are all small.

They test the draws, in tests/testing/test_strategies.py, and are not in the tables of the comparison.
"""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family


def shares(angle):
    """sin(a) / a and (1 - cos(a)) / a^2, and by a series where the angle a is small."""
    if angle < 1e-4:
        return 1 - angle**2 / 6, 0.5 - angle**2 / 24
    return np.sin(angle) / angle, (1 - np.cos(angle)) / angle**2


def slopes(angle):
    """The slopes of both divided by the angle."""
    if angle < 1e-2:
        return -1 / 3 + angle**2 / 30, -1 / 12 + angle**2 / 180
    a, b = shares(angle)
    return (np.cos(angle) - a) / angle**2, (a - 2 * b) / angle**2


length = lambda v: np.sqrt((v * v).sum())


def rotated(v, p):
    """p turned around v by an angle of |v| (Rodrigues 1840)."""
    a, b = (v.dtype.type(share) for share in shares(length(v)))
    once = np.cross(v, p)
    return p + a * once + b * np.cross(v, once)


def rotated_vjp(v, p, dA):
    a, b = (v.dtype.type(share) for share in shares(length(v)))
    once, back = np.cross(v, p), np.cross(dA, v)
    da, db = (v.dtype.type(slope) for slope in slopes(length(v)))
    by_length = da * (dA * once).sum() + db * (dA * np.cross(v, once)).sum()
    dv = a * np.cross(p, dA) + b * (np.cross(once, dA) + np.cross(p, back)) + by_length * v
    return [dv, dA + a * back + b * np.cross(back, v)]


def below(angle, change):
    """The right vjp, and a change of its gradients where the angle is small, but not 0, which is drawn anyway."""

    def called(v, p, dA):
        gradients = rotated_vjp(v, p, dA)
        return change(dA, *gradients) if 0 < length(v) < angle else gradients

    return called


rotation = family("rotation", fst.tensors("3", "3").map(lambda args: (args[0].clip(-3, 3), args[1])))(
    rotated, rotated_vjp
)

MUTANTS = [
    rotation.but(
        f"the sign of the gradient of the axis below an angle of {angle:g}: "
        "a cross product in another order, in a branch that no test reached"
    )(below(angle, lambda dA, dv, dp: [-dv, dp]))
    for angle in (1e-3, 1e-4, 1e-6, 1e-8)
] + [
    rotation.but("the point as if it was not turned by a small angle: a small angle was taken for none")(
        below(1e-4, lambda dA, dv, dp: [dv, dA])
    )
]
