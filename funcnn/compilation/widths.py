"""Matrix products that are left to BLAS, by a fixed table of widths."""

from __future__ import annotations

# The most features of a layer; with more, the products of BLAS are faster. Measured on an Intel Xeon, beside kernels of
# OpenBLAS for AVX-512, with 32 to 1,024 rows.
WIDEST = 256
NARROW, WIDEST_BESIDE_NARROW = 32, 1024  # if one side of a matrix is narrow, the other may be wider


def too_wide(shapes: list[tuple[int, ...]]) -> str:
    """Why the first of these arrays that is too wide is left to NumPy, or an empty string."""
    for shape in shapes:
        widest = WIDEST if len(shape) > 1 and min(shape) > NARROW else WIDEST_BESIDE_NARROW
        if max(shape, default=0) > widest:
            what = "a row of" if len(shape) < 2 else "a matrix of"
            return f"{what} {' x '.join(map(str, shape))} is wider than {widest}, where NumPy is faster"
    return ""
