"""Sets of arguments that a function of the caller projects onto."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import Array, is_array, short
from funcnn.errors import KindError, RangeError
from funcnn.testing.constraints import IN_ITS_SET, Constraint, anchored
from funcnn.testing.differentiation.constants import EPS, FIRST_STEPS, NEW_ARGUMENTS
from funcnn.testing.differentiation.richardson import difference_quotients, extrapolate
from funcnn.testing.differentiation.rounding import REACHES, Noise
from funcnn.testing.differentiation.vector_function import Direction, Value, generator, magnitudes, sealed, step_scales


def projected(function: str, argument: str, project: Callable[[Any], Any], own: Array) -> Constraint:
    """The set of a projection of the caller, for the argument `argument` of the check `function`.

    The projection is differentiated by differences, as f is.
    """

    def called(x: Array) -> Array:
        if x.dtype.kind == "c":
            raise TypeError("a projection is called with real numbers")
        found = project(sealed(x))
        if not is_array(found) or found.shape != own.shape or found.dtype.kind != "f":
            needed = f"an array of floats of shape {own.shape}, as {argument} has"
            raise KindError(f"{function}: structure of {argument} must return {needed}, not {short(found)}")
        return np.asarray(found, np.float64)

    def far(a: Array, b: Array) -> bool:
        return not (abs(a - b) <= IN_ITS_SET * abs(own).max(initial=0)).all()

    if far(called(own), own):
        needed = f"equal its projection P in structure, P({argument}) = {argument}"
        raise RangeError(f"{function}: {argument} must {needed}; it does not")
    beside = called(own + NEW_ARGUMENTS * step_scales(own) * generator([own]).uniform(-1, 1, own.shape))
    if far(called(beside), beside):
        raise RangeError(f"{function}: structure of {argument} must be a projection, P(P(x)) = P(x); it is not")

    kept: dict[bytes, Array] = {}  # the Jacobian of P, (entry of x, entry of P(x)), at the last x

    def pull_back(x: Array, g: Array) -> Array:
        if (key := x.tobytes()) not in kept:
            kept.clear()
            kept[key] = _slopes(lambda y: called(y.reshape(x.shape)).ravel(), x.ravel())
        if not np.isfinite(kept[key]).all():
            raise RangeError(f"{function}: structure of {argument} must have finite slopes at {argument}; it has not")
        return np.asarray((kept[key] @ g.ravel()).reshape(x.shape))

    return Constraint(anchored(called, own), pull_back, lambda _: True)


def _slopes(f: Value, x: Array) -> Array:
    """The slopes of f by differences, (entry of x, output)."""
    size, centre = magnitudes(x), f(x)
    directions = [Direction(np.array([k]), size[k : k + 1]) for k in range(x.size)]
    noise = EPS * abs(centre)
    quotients = difference_quotients(f, x, directions, FIRST_STEPS, centre=centre)
    found = extrapolate(quotients, Noise(noise, np.broadcast_to(noise, (len(REACHES), noise.size))))
    return np.asarray(found.slope / size[:, None])
