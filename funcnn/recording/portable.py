"""The operations of programs with the same bits everywhere: of +, -, *, / and square roots in a fixed order.

The engine of pages that train computes the same. Floats are computed in float64, and are rounded to the dtype of the
result once. A product and a sum are rounded one by one, as in JavaScript; machine code of `portable=True` has fused
multiply-adds, so its bits are others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.formulas.table import FORMULAS
from funcnn.recording.angles import turned
from funcnn.recording.operations import ELEMENTWISE, OPERATIONS, Table


class _Numbers:
    """The arithmetic of arrays of float64, whose bits are arrays of uint64."""

    bytes, double = 8, True
    constant, neg, has_sign, inverse = np.float64, np.negative, np.signbit, np.invert
    add, sub, mul, div, select = np.add, np.subtract, np.multiply, np.divide, staticmethod(np.where)

    def whole(self, value: int) -> Any:
        return np.uint64(value % (1 << 64))

    def fma(self, a: Array, b: Array, c: Array) -> Array:
        return a * b + c

    def exactly(self, operation: str, a: Array, b: Array) -> Array:
        return {"fadd": np.add, "fsub": np.subtract, "fmul": np.multiply}[operation](a, b)

    def call(self, name: str, *args: Array) -> Array:
        return {"fabs": np.absolute, "copysign": np.copysign}[name](*args)

    def compare(self, how: str, a: Array, b: Array) -> Array:
        if how in {"ueq", "uno"}:  # NaN compares so too
            return ~((a < b) | (a > b)) if how == "ueq" else np.isnan(a) | np.isnan(b)
        return {"olt": np.less, "ogt": np.greater, "oge": np.greater_equal, "oeq": np.equal}[how](a, b)

    def logic(self, operation: str, a: Array, b: Array) -> Array:
        return a & b if operation == "and" else a | b

    def bits(self, a: Array) -> Array:
        return a.view(np.uint64)

    def floats(self, a: Array) -> Array:
        return a.view(np.float64)

    def integral(self, operation: str, a: Array, b: Array) -> Array:
        return _INTEGRAL[operation](a, b)

    def counted(self, a: Array, less: int) -> Array:
        return a.astype(np.float64) - less

    def has_bit(self, a: Array, i: int) -> Array:
        return a & np.uint64(1 << i) != 0


_INTEGRAL = {"add": np.add, "sub": np.subtract, "shl": np.left_shift, "lshr": np.right_shift, "and": np.bitwise_and}
_NUMBERS = _Numbers()


def _wide(a: Array) -> Array:
    return a.astype(np.float64) if a.dtype.kind == "f" else a


def _elementwise(name: str) -> Callable[..., Array]:
    return lambda *args: OPERATIONS[name](*map(_wide, args))


def _without_sign_of_zero(name: str) -> Callable[..., Array]:
    """The operation, with +0 for -0: which of them is the larger one is left to the processor."""

    def operation(*args: Array, **settings: Any) -> Array:
        made = np.asarray(OPERATIONS[name](*args, **settings))
        return made + made.dtype.type(0) if made.dtype.kind == "f" else made

    return operation


def _formula(name: str) -> Callable[..., Array]:
    def operation(*args: Array) -> Array:
        if name == "power" and np.result_type(*args).kind != "f":
            return np.power(*args)
        given = [np.atleast_1d(np.asarray(a, np.float64)) for a in args]
        given = [turned(given[0])] if name in {"sin", "cos"} else list(np.broadcast_arrays(*given))
        made: Array = FORMULAS[name](_NUMBERS, *given)
        return made if name != "power" else np.where(given[1] == 2, given[0] * given[0], made)

    return operation


def _matmul(a: Array, b: Array) -> Array:
    """out_ij = 0 + a_i0 b_0j + a_i1 b_1j + ..., from left to right"""
    a, b = _wide(a), _wide(b)
    if np.result_type(a, b).kind != "f":
        return np.matmul(a, b)
    made = np.zeros((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1]))
    for k in range(a.shape[-1]):
        made += a[..., :, k, None] * b[..., k, None, :]
    return made


def _from_left(f: np.ufunc, start: float) -> Callable[..., Array]:
    """A sum or a product of the entries in C order, from left to right; 0 is +0."""

    def operation(a: Array, axes: list[int]) -> Array:
        if a.dtype.kind != "f":
            return np.asarray(f.reduce(a, axis=tuple(axes)))
        kept = [i for i in range(a.ndim) if i not in axes]
        terms = _wide(a).transpose(*axes, *kept)
        terms = terms.reshape(math.prod(terms.shape[: len(axes)]), *[a.shape[i] for i in kept])
        return f.accumulate(terms)[-1] + 0.0 if len(terms) else np.full(terms.shape[1:], start)

    return operation


PORTABLE: Table = {
    **OPERATIONS,
    **{name: _elementwise(name) for name in ELEMENTWISE},
    **{name: _formula(name) for name in FORMULAS},
    **{name: _without_sign_of_zero(name) for name in ("maximum", "minimum", "sign", "maximum_of", "minimum_of")},
    "matmul": _matmul,
    "sum": _from_left(np.add, 0.0),
    "product_of": _from_left(np.multiply, 1.0),
}
"""What each operation computes, as in `OPERATIONS`."""
