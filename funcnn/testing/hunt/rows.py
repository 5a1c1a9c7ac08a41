"""Bisection of a sum over rows: the rows of the arguments that are enough to show a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from funcnn.arrays import is_array
from funcnn.testing.arguments import names_of
from funcnn.testing.hunt.target import Target
from funcnn.testing.verdict import GradientError
from funcnn.testing.vjp import check_vjp

MOST_HALVED = 4  # chosen: arguments together


def rows_of(target: Target, args: Sequence[Any], error: type[GradientError]) -> str:
    """A line that names the rows which show an error without the others; empty if f has no scalar value, or all do.

    Arguments whose first axis has the same size are halved together, as many as possible: f decides, which raises an
    exception where it does not accept the halves.
    """
    f, _ = target.pair
    out = f(*args)
    sizes = {i: len(a) for i, a in enumerate(args) if is_array(a) and a.ndim and len(a) > 1}
    if not isinstance(out, np.ndarray | np.number | float) or np.ndim(out):
        return ""
    numbers = range(min(len(sizes), MOST_HALVED), 0, -1)
    groups = [group for n in numbers for group in combinations(sizes, n) if len({sizes[i] for i in group}) == 1]
    for group in groups:
        first, last = _bisect(target, args, group, error, 0, sizes[group[0]])
        if last - first < sizes[group[0]]:
            names = names_of(f, len(args))
            rows = f"row {first}" if last - first == 1 else f"rows {first} to {last - 1}"
            return f"\n    {rows} of {', '.join([names[i] for i in group])} alone: the same kind of mistake"
    return ""


def _bisect(
    target: Target, args: Sequence[Any], group: Sequence[int], error: type[GradientError], first: int, last: int
) -> tuple[int, int]:
    """The rows from `first` to before `last`, or those of a half, and so on, in which the mistake shows."""
    middle = (first + last) // 2
    for half in ((first, middle), (middle, last)) if last - first > 1 else ():
        some = [a[slice(*half)] if i in group else a for i, a in enumerate(args)]
        if _shows(target, some, error):
            return _bisect(target, args, group, error, *half)
    return first, last


def _shows(target: Target, args: Sequence[Any], error: type[GradientError]) -> bool:
    try:
        check_vjp(*target.pair, args, **target.options)
    except GradientError as found:
        return error in map(type, found.findings)
    except Exception:  # noqa: BLE001  f does not accept the half, or nothing was decided
        return False
    return False
