"""Views of an array as slices and transposes, where they are of this kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

Slices = tuple[Any, ...]
"""(the shape in which the array is sliced; the first entry, the end and the step along each axis; the order of axes)"""

BACK = -(1 << 63)
"""The end of a slice that goes back to the first entry."""


def slices_of(source: Sequence[int], shape: Sequence[int], offset: int, strides: Sequence[int]) -> Slices | None:
    """How a view is cut out of an array of the shape `source`, or None if it is not slices of its axes in some order.

    The axes of the array are split where an axis of the view has its stride; an axis of the view is a slice of one of
    these, or several whole ones that follow each other. Axes of length 1 and repeated axes of the view are left out.
    """
    own = [(s, n) for s, n in zip(strides, shape, strict=True) if n != 1 and s != 0]
    size = math.prod(source)
    if size == 0 or 0 in shape:
        return None
    steps = _chain(source, [abs(s) for s, _ in own])
    lengths = [above // below for above, below in pairwise([size, *steps])]
    digits = [offset // step % n for step, n in zip(steps, lengths, strict=True)]
    cuts = [(digit, digit + 1, 1) for digit in digits]
    order: list[int] = []
    for s, n in own:
        axes = _axes(s, n, steps, lengths, digits)
        if axes is None or set(axes) & set(order):
            return None
        order += axes
        for i in axes:
            step, count = (1, lengths[i]) if len(axes) > 1 else (s // steps[i], n)
            end = digits[i] + step * count
            cuts[i] = digits[i], end if end >= 0 else BACK, step
    order += [i for i in range(len(steps)) if i not in order]
    return tuple(lengths), *zip(*cuts, strict=True), tuple(order)


def _chain(source: Sequence[int], strides: Sequence[int]) -> list[int]:
    """The strides of the axes of an array in C order, and those of a view that lie between them, the largest first."""
    steps = [math.prod(source[i + 1 :]) for i in range(len(source))] or [1]
    for s in sorted(strides, reverse=True):
        i = len([step for step in steps if step > s])
        above = steps[i - 1] if i else math.prod(source)
        if s not in steps and above % s == 0 and i < len(steps) and s % steps[i] == 0:
            steps.insert(i, s)
    return steps


def _axes(s: int, n: int, steps: list[int], lengths: list[int], digits: list[int]) -> list[int] | None:
    """The axes that an axis of a view goes along: a slice of one, or all of several."""
    i = next(i for i, step in enumerate(steps) if s % step == 0 and step <= abs(s) and lengths[i] > 1)
    last = digits[i] + s // steps[i] * (n - 1)
    if 0 <= last < lengths[i]:
        return [i]
    if s != steps[i]:
        return None
    axes = [i]
    while math.prod([lengths[j] for j in axes]) < n and axes[0]:
        axes.insert(0, axes[0] - 1)
    whole = math.prod([lengths[j] for j in axes]) == n and not any([digits[j] for j in axes])
    return axes if whole else None
