"""Sizes of arrays that a wrong factor follows, such as the number of rows where a sum is in place of a mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import numpy as np

from funcnn.testing.comparison.comparison import Measurement
from funcnn.testing.comparison.draws import ComparedDraw, draw_of, redrawn
from funcnn.testing.differentiation.vector_function import VectorFunction, generator


def size_clause(
    measurement: Measurement, leaf: str, ratio: float, error: float, has_factor: Callable[[ComparedDraw, float], bool]
) -> str:
    """The size that a factor follows when axes become longer by 1, as a clause of a sentence; empty if there is none.

    A factor of 2 and an axis of size 2 are often a coincidence, so f is called with larger arrays. `has_factor` says
    whether the wrong entries of a draw have a factor.
    """
    function, rng = measurement.function, generator(measurement.function.args)
    for size, axis, larger in _sizes(function):
        for text, power in (("1/n", -1), ("n", 1)):
            if abs(abs(ratio) - float(size) ** power) > error * float(size) ** power:
                continue
            longer = [np.pad(a, [(0, int(n == axis)) for n in np.shape(a)] or 0, "wrap") for a in function.args]
            wanted = np.copysign(float(larger) ** power, ratio)
            if any(
                [has_factor(draw, float(wanted)) for draw in draw_of(measurement, redrawn(function, longer, rng), leaf)]
            ):
                return f", which is {'-' if ratio < 0 else ''}{text}, where n = {size} is a size of an array"
    return ""


def _sizes(function: VectorFunction) -> Iterator[tuple[int, int, int]]:
    """Each size of an axis or an array, a size of axes that may become longer by 1, and the size after that."""
    shapes = [a.shape for a in (*function.args, function.out)]
    axes = sorted({n for shape in shapes for n in shape if n > 1})
    yield from [(n, n, n + 1) for n in axes]
    for shape in dict.fromkeys(shape for shape in shapes if len(shape) > 1):
        yield from [(prod(shape), n, prod([m + (m == n) for m in shape])) for n in axes if n in shape]
