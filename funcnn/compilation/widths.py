"""Matrix products that are left to BLAS, by a fixed table of widths and of the kernels that OpenBLAS has chosen."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from funcnn.blas import WITH_AVX512

# The most features of a layer, with more of which the products of BLAS are faster. Where it has kernels for AVX-512,
# steps of more than a few rows have other limits in float64 and float32. Measured on a Zen 5 with 32 to 2,048 rows.
WIDEST, WIDEST_BESIDE_AVX512, FEW_ROWS = 256, {8: 192, 4: 128}, 16
NARROW, WIDEST_BESIDE_NARROW = 32, 1024  # if one side of a matrix is narrow, the other may be wider


def too_wide(shapes: list[tuple[int, ...]], dtype: Any, rows: int) -> str:
    """Why the first of these arrays that is too wide is left to NumPy in a step of so many rows, or an empty string."""
    most = WIDEST_BESIDE_AVX512[dtype.itemsize] if rows > FEW_ROWS and core() in WITH_AVX512 else WIDEST
    for shape in shapes:
        widest = most if len(shape) > 1 and min(shape) > NARROW else WIDEST_BESIDE_NARROW
        if max(shape, default=0) > widest:
            what = "a row of" if len(shape) < 2 else "a matrix of"
            return f"{what} {' x '.join(map(str, shape))} is wider than {widest}, where NumPy is faster"
    return ""


@cache
def core() -> str:
    """The processor for which the OpenBLAS of NumPy's wheel has its kernels; "" for another BLAS."""
    folders = [Path(np.__file__).parents[1] / "numpy.libs", Path(np.__file__).parent / ".dylibs"]
    for path in [path for folder in folders for path in folder.glob("*openblas*")]:
        with suppress(OSError, AttributeError):  # another version may have another name
            name = ctypes.CDLL(str(path)).scipy_openblas_get_corename64_
            name.restype = ctypes.c_char_p
            return str(name().decode())
    return ""
