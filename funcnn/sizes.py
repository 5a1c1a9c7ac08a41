"""Sizes of arrays: whole numbers of at least 1, and as many entries as an address can count."""

from __future__ import annotations

import sys
from typing import Any

from funcnn.errors import RangeError
from funcnn.fields import check_whole
from funcnn.remedies import written

MOST_ENTRIES = sys.maxsize // 16  # an address counts the bytes of an array, and an entry may have 16


def check_sizes(name: str, sizes: dict[str, Any]) -> None:
    """Check that sizes, given by name, are whole numbers of at least 1."""
    for what, size in sizes.items():
        check_whole(name, size, what)
    given = ", ".join([f"{what}: {written(size)}" for what, size in sizes.items()])
    if min(sizes.values()) < 1:
        raise RangeError(f"{name}: sizes must be at least 1; {given}")
    if max(sizes.values()) > MOST_ENTRIES:
        raise RangeError(f"{name}: sizes must be at most {MOST_ENTRIES}; {given}")
