"""What adapters of other libraries share: missing derivatives, and rules that other calls must not disturb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from funcnn.arrays import is_array
from funcnn.testing.pytrees import leaves, map_leaves
from funcnn.testing.verdict import NoDerivative, NotPure

REPEATED = 1e-6  # chosen: float32 has no more digits, and a library may add in another order the second time

Vjp = Callable[[Sequence[Any], Any], tuple[Any, ...]]


@contextmanager
def named_without_rule(library: str, *words: str) -> Iterator[None]:
    """Raise NoDerivative where a library raises NotImplementedError, or a ValueError with some of these words."""
    try:
        yield
    except (NotImplementedError, ValueError) as error:
        if isinstance(error, ValueError) and not any(some in str(error) for some in words):
            raise
        reason = str(error).partition("\n")[0]
        raise NoDerivative(f"{library} has no derivative of this function: {reason}") from error


def disturb(function: Callable[..., Any], args: Sequence[Any]) -> None:
    """Call a function with half of each number, which lies in most domains that contain the number."""
    half = lambda a: a / a.dtype.type(2) if is_array(a) and a.dtype.kind in "fc" else a
    with suppress(Exception):  # these arguments are not the user's own: they may lie outside the domain
        function(*map_leaves(half, tuple(args)))


def check_repeated(rule: str, first: Any, again: Any) -> None:
    """Check that a rule gave the same gradients before and after `disturb`."""
    for (_, a), (_, b) in zip(leaves(first), leaves(again), strict=True):
        if np.shape(a) != np.shape(b) or not np.allclose(a, b, rtol=REPEATED, equal_nan=True):
            raise NotPure(f"{rule} gives another result after the function was called with other arguments")
