"""Numbers and entries of arrays in messages."""

from __future__ import annotations

from typing import Any

import numpy as np

DIGITS = 10  # chosen: of a number in a message, unless two numbers that differ have the same ones


def told_apart(*values: float) -> list[str]:
    """The numbers in 10 digits, or in so many more that different numbers have different texts.

    >>> from funcnn.testing.numbers import told_apart
    >>> told_apart(0.1, 0.25)
    ['0.1', '0.25']
    >>> told_apart(1.0, 1.0 + 2.0**-40)
    ['1', '1.000000000001']
    """
    values = tuple([float(value) + 0.0 for value in values])  # 0 in place of -0
    for digits in range(DIGITS, 18):
        texts = [f"{value:.{digits}g}" for value in values]
        if len({*texts}) >= len({*values}):
            break
    return texts


def entry_of(name: str, k: int, shape: tuple[int, ...]) -> str:
    """The source of the entry with the flat index k, such as x[1, 0]; the name itself for a number."""
    index = ", ".join([str(int(i)) for i in np.unravel_index(k, shape)])
    return f"{name}[{index}]" if index else name


def contrast(name: str, got: Any, wanted: Any) -> str:
    """Where an array differs most from the one that it must be, with both numbers."""
    k = int(np.nan_to_num(abs(got - wanted)).argmax())
    one, other = told_apart(got.flat[k], wanted.flat[k])
    return f"{entry_of(name, k, got.shape)} is {one}, but must be {other}"


def change(name: str, was: Any, now: Any) -> str:
    """How an array differs from what it was: the entry that changed most, with both numbers."""
    was, now = np.asarray(was), np.asarray(now)
    if was.shape != now.shape:
        return f"the shape of {name} was {was.shape}, and is {now.shape}"
    with np.errstate(all="ignore"):
        apart = np.nan_to_num(abs(now - was), nan=np.inf)
    k = int(np.where(np.isnan(was) & np.isnan(now), 0, apart).argmax())
    before, after = told_apart(was.flat[k], now.flat[k])
    return f"{entry_of(name, k, was.shape)} was {before}, and is {after}"
