"""A comparison of numbers that tells a learner in one sentence what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, kind
from funcnn.checked import checked
from funcnn.needs import Positive, Text


@checked
def expect(what: Text, found: Any, wanted: Any, *, tolerance: Positive = 1e-7) -> None:
    """Compare what a learner's function returned with the numbers that are wanted, up to a relative tolerance.

    >>> from funcnn.teach import expect
    >>> expect("dW", [[-14.0]], [[-14]])
    >>> expect("dW", [-14.0], [[-14]])
    Traceback (most recent call last):
    ...
    AssertionError: dW must have the shape (1, 1), got (1,)
    >>> expect("dW", [[-13.0]], [[-14]])
    Traceback (most recent call last):
    ...
    AssertionError: dW must be [[-14.]], got [[-13.]]

    Args:
        what: the name of what is compared.
        found: a number, an array or a list of numbers; None if a function returns nothing.
        wanted: a number, an array or a list of numbers.
        tolerance: the largest error, relative to the number that is wanted, or absolute if that number is below 1.

    Raises:
        AssertionError: found is something else, has another shape or other numbers.
    """
    right, given = np.asarray(wanted, float), _numbers(found)
    if given is None:
        raise AssertionError(f"{what} must be {_text(right)}, got {kind(found)}")
    if given.shape != right.shape:
        raise AssertionError(f"{what} must have the shape {right.shape}, got {given.shape}")
    if not np.allclose(given, right, rtol=tolerance, atol=tolerance):
        raise AssertionError(f"{what} must be {_text(right)}, got {_text(given)}")


def _numbers(found: Any) -> Array | None:
    """An array of floats; None for what is not made of numbers."""
    try:
        return None if found is None else np.asarray(found, float)
    except (TypeError, ValueError):
        return None


def _text(a: Array) -> str:
    return " ".join(np.array2string(a, precision=7, separator=", ", suppress_small=True).split())
