"""NumPy's elementwise functions of recorded arrays: those that are operations, and the others made of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.recording.arrays import RecordedArray, as_recorded, known, operation
from funcnn.recording.operations import ELEMENTWISE
from funcnn.recording.tape import refuse


def elementwise(name: str, *args: Any) -> RecordedArray:
    """The operation on arrays and numbers, entry by entry, with the dtype that NumPy gives it."""
    given = [a.numbers.item() if _is_weak(a) else a.numbers if isinstance(a, RecordedArray) else a for a in args]
    dtype = np.result_type(*(given[1:] if name == "where" else given))
    made = operation(name, *[_operand(a, dtype) for a in args])
    made.store.is_weak = all([_is_weak(a) or type(a) in {bool, int, float} for a in args])
    return made


def _is_weak(a: Any) -> bool:
    return isinstance(a, RecordedArray) and a.store.is_weak


def _operand(a: Any, dtype: Any) -> RecordedArray:
    """An argument as an array; a number of Python takes the dtype of the arrays beside it."""
    if not isinstance(a, RecordedArray):
        return known(np.asarray(a, None if hasattr(a, "dtype") or type(a) is bool else dtype))
    return operation("astype", a, dtype=dtype) if a.store.is_weak and a.dtype != dtype and a.dtype != bool else a


def ufunc(name: str, *args: Any) -> RecordedArray:
    """NumPy's function of this name."""
    if name in ELEMENTWISE:
        return elementwise(name, *args)
    if name not in COMPOSED:
        made: RecordedArray = refuse(f"np.{name}")
        return made
    return as_recorded(COMPOSED[name](as_recorded(args[0]), *args[1:]))


def _truth(x: Any) -> Any:
    return x if x.dtype.kind == "b" else x != 0


def _matmul(a: RecordedArray, b: Any) -> RecordedArray:
    b = as_recorded(b)
    made = operation("matmul", a[None] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b)
    made = made[..., 0, :] if a.ndim == 1 else made
    return made[..., 0] if b.ndim == 1 else made


def _logaddexp(a: Any, b: Any) -> Any:
    return np.maximum(a, b) + np.log1p(np.exp(-np.absolute(a - b)))


def _sinh(x: Any) -> Any:
    return (np.expm1(x) - np.expm1(-x)) / 2


COMPOSED: dict[str, Callable[..., Any]] = {
    "matmul": _matmul,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "positive": lambda x: x.copy(),
    "conjugate": lambda x: x,
    "fabs": np.absolute,
    "fmax": lambda x, y: np.where(np.isnan(x), y, np.where(np.isnan(y), x, np.maximum(x, y))),
    "fmin": lambda x, y: np.where(np.isnan(x), y, np.where(np.isnan(y), x, np.minimum(x, y))),
    "isnan": lambda x: x != x,  # noqa: PLR0124  only NaN differs from itself
    "isinf": lambda x: np.absolute(x) == math.inf,
    "signbit": lambda x: x < 0,
    "logical_not": lambda x: np.invert(_truth(x)),
    "logical_and": lambda x, y: _truth(x) & _truth(np.asarray(y) if np.isscalar(y) else y),
    "logical_or": lambda x, y: _truth(x) | _truth(np.asarray(y) if np.isscalar(y) else y),
    "logical_xor": lambda x, y: _truth(x) ^ _truth(np.asarray(y) if np.isscalar(y) else y),
    "ceil": lambda x: -np.floor(-x),
    "trunc": lambda x: np.where(x < 0, -np.floor(-x), np.floor(x)),
    "exp2": lambda x: np.exp(x * math.log(2)),
    "log2": lambda x: np.log(x) / math.log(2),
    "log10": lambda x: np.log(x) / math.log(10),
    "logaddexp": _logaddexp,
    "hypot": lambda x, y: np.sqrt(x * x + y * y),
    "tan": lambda x: np.sin(x) / np.cos(x),
    "sinh": _sinh,
    "cosh": lambda x: (np.exp(x) + np.exp(-x)) / 2,
    "arcsinh": lambda x: np.sign(x) * np.log1p(np.absolute(x) + x * x / (1 + np.sqrt(1 + x * x))),
    "arctanh": lambda x: np.log1p(2 * x / (1 - x)) / 2,
    "arcsin": lambda x: np.arctan2(x, np.sqrt((1 - x) * (1 + x))),
    "arccos": lambda x: np.arctan2(np.sqrt((1 - x) * (1 + x)), x),
    "cbrt": lambda x: np.sign(x) * np.absolute(x) ** (1 / 3),
    "float_power": lambda x, y: x**y,
    "heaviside": lambda x, y: np.where(x == 0, y, (x > 0) * 1.0),
    "copysign": lambda x, y: np.where(y < 0, -np.absolute(x), np.absolute(x)),
}
"""Functions of NumPy that are no operations, in terms of functions that are."""
