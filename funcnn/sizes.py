"""Sizes of arrays: whole numbers of at least 1, and as many entries as an address can count."""

from __future__ import annotations

import sys
from typing import Annotated, Any

from funcnn.errors import RangeError
from funcnn.needs import as_whole, whole
from funcnn.remedies import written

MOST_ENTRIES = sys.maxsize // 16  # an address counts the bytes of an array, and an entry may have 16
Size = Annotated[int, whole(1, MOST_ENTRIES)]


def check_sizes(function: str, sizes: dict[str, Any]) -> None:
    """Check that sizes, given by name, are whole numbers of at least 1."""
    for argument, size in sizes.items():
        as_whole(function, argument, size)
    given = ", ".join([f"{argument}: {written(size)}" for argument, size in sizes.items()])
    if min(sizes.values()) < 1:
        raise RangeError(f"{function}: sizes must be at least 1; {given}")
    if max(sizes.values()) > MOST_ENTRIES:
        raise RangeError(f"{function}: sizes must be at most {MOST_ENTRIES}; {given}")
