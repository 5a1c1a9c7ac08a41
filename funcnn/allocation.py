"""The allocation of large arrays by glibc, the C library of most Linux systems."""

from __future__ import annotations

import os
from functools import cache

import numpy as np

from funcnn.errors import RangeError

_BYTES = 31 << 20


@cache  # once in a process
def keep_freed_memory(function: str) -> None:
    """Make glibc's malloc keep the memory of freed arrays, unless the environment variable FUNCNN_KEEP_MEMORY is 0.

    malloc maps a block above a threshold, 128 KiB at first, into memory of its own, whose pages the system zeroes at
    their first use. When such a block is freed, the threshold becomes its size, up to 32 MiB, and malloc keeps twice as
    much freed memory (man 3 mallopt, M_MMAP_THRESHOLD). One array that is made and freed, and never written to, does
    this. With larger arrays than 128 KiB, a step takes about half the time from then on. `function` is named in errors.
    """
    if (wanted := os.environ.get("FUNCNN_KEEP_MEMORY", "1")) not in {"0", "1"}:
        raise RangeError(f"{function}: the environment variable FUNCNN_KEEP_MEMORY must be 0 or 1, not {wanted!r}")
    if wanted == "1" and "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", {}):
        np.empty(_BYTES, np.uint8)
