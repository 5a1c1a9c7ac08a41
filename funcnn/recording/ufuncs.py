"""NumPy's elementwise functions of recorded arrays: those that are operations, and the others made of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import as_recorded, cast, copied, known, numbers_of, operation
from funcnn.recording.number import is_number
from funcnn.recording.operations import ELEMENTWISE
from funcnn.recording.tape import current, refuse

_LN2, _LN10 = math.log(2), math.log(10)


def elementwise(name: str, *args: Any) -> RecordedArray:
    """The operation on arrays and numbers; a number of Python takes the dtype of the arrays beside it."""
    numbers = [numbers_of(a) for a in (args[1:] if name == "where" else args)]
    dtype = np.result_type(*numbers) if any([is_number(a) for a in args]) else None
    made: RecordedArray = operation(name, *[_operand(a, dtype) for a in args])
    return made


def _operand(a: Any, dtype: Any) -> RecordedArray:
    array = known(np.asarray(a)) if type(a) in {bool, int, float} else as_recorded(a)
    return cast(array, dtype) if is_number(a) and array.dtype != bool else array


def ufunc(function: np.ufunc, *args: Any) -> RecordedArray:
    """NumPy's function in terms of operations."""
    if (name := _NAMES.get(function)) is not None:
        return elementwise(name, *args)
    if function not in COMPOSED:
        refuse(f"np.{function.__name__}")
    calls = current().calls
    calls.append(function.__name__)
    try:
        return as_recorded(COMPOSED[function](*[a if is_number(a) else as_recorded(a) for a in args]))
    finally:
        calls.pop()


def _floats(*args: Any) -> list[RecordedArray]:
    """Arrays and numbers with a dtype of floats, as functions that have no other compute them."""
    dtype = np.result_type(*map(numbers_of, args), np.float16)
    return [cast(as_recorded(a), dtype) for a in args]


def _of_floats(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: f(*_floats(*args))


def _truth(x: Any) -> Any:
    x = as_recorded(x)
    return x if x.dtype.kind == "b" else x != 0


def _matmul(a: RecordedArray, b: RecordedArray) -> Any:
    dtype = np.result_type(a.dtype, b.dtype)
    a, b = cast(a, dtype), cast(b, dtype)
    made = operation("matmul", a[None] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b)
    made = made[..., 0, :] if a.ndim == 1 else made
    return made[..., 0] if b.ndim == 1 else made


def _fmax(x: Any, y: Any) -> Any:
    return np.where(np.isnan(x), y, np.where(np.isnan(y), x, np.maximum(x, y)))


def _fmin(x: Any, y: Any) -> Any:
    return np.where(np.isnan(x), y, np.where(np.isnan(y), x, np.minimum(x, y)))


def _logaddexp(x: Any, y: Any) -> Any:
    return np.where(x == y, x + _LN2, np.maximum(x, y) + np.log1p(np.exp(-np.absolute(x - y))))


def _hypot(x: Any, y: Any) -> Any:
    """m sqrt(1 + (n / m)^2), where m is the larger of |x| and |y|, since x^2 may overflow"""
    x, y = np.absolute(x), np.absolute(y)
    m = np.maximum(x, y)
    ratio = np.minimum(x, y) / np.where(m == 0, 1, m)
    return np.where(np.isinf(x) | np.isinf(y), math.inf, m * np.sqrt(1 + ratio * ratio))


def _grown(x: Any) -> Any:
    """e^|x| / 2, which may be finite where e^|x| is not"""
    root = np.exp(np.absolute(x) / 2)
    return root / 2 * root


def _sinh(x: Any) -> Any:
    return np.where(np.absolute(x) < 40, (np.expm1(x) - np.expm1(-x)) / 2, np.sign(x) * _grown(x))


def _cosh(x: Any) -> Any:
    return np.where(np.absolute(x) < 40, (np.exp(x) + np.exp(-x)) / 2, _grown(x))


def _arcsinh(x: Any) -> Any:
    """sign(x) log(a + sqrt(1 + a^2)), a = |x|; for large a log(2 a), since a^2 may overflow"""
    a = np.absolute(x)
    made = np.where(a < 1e9, np.log1p(a + a * a / (1 + np.sqrt(1 + a * a))), np.log(a) + _LN2)
    return np.where(x == 0, x, np.sign(x) * made)


def _arctanh(x: Any) -> Any:
    a = np.absolute(x)
    return np.where(x == 0, x, np.sign(x) * (np.log1p(2 * a / (1 - a)) / 2))


def _arccosh(x: Any) -> Any:
    rest = x - 1
    small = np.log1p(rest + np.sqrt(rest) * np.sqrt(rest + 2))
    return np.where(x < 1e9, small, np.log(x) + _LN2)


def _cbrt(x: Any) -> Any:
    """|x|^(1/3) with a step of Newton's method, since 1/3 is rounded"""
    a = np.absolute(x)
    root = a ** (1 / 3)
    root = root - (root - a / (root * root)) / 3
    return np.where(np.isfinite(x) & (x != 0), np.sign(x) * root, x)


def _heaviside(x: Any, y: Any) -> Any:
    return np.where(x == 0, y, np.where(np.isnan(x), x, cast(x > 0, x.dtype)))


def _root_of_rest(x: Any) -> Any:
    return np.sqrt((1 - x) * (1 + x))


COMPOSED: dict[np.ufunc, Callable[..., Any]] = {
    np.matmul: _matmul,
    np.square: lambda x: x * x,
    np.reciprocal: lambda x: 1 / x,
    np.positive: copied,
    np.conjugate: copied,
    np.fabs: _of_floats(np.absolute),
    np.fmax: _fmax,
    np.fmin: _fmin,
    np.isnan: lambda x: x != x,  # noqa: PLR0124  only NaN differs from itself
    np.isinf: lambda x: np.absolute(x) == math.inf,
    np.logical_not: lambda x: np.invert(_truth(x)),
    np.logical_and: lambda x, y: _truth(x) & _truth(y),
    np.logical_or: lambda x, y: _truth(x) | _truth(y),
    np.logical_xor: lambda x, y: _truth(x) ^ _truth(y),
    np.ceil: lambda x: -np.floor(-x) if x.dtype.kind == "f" else copied(x),
    np.trunc: lambda x: np.where(x < 0, -np.floor(-x), np.floor(x)) if x.dtype.kind == "f" else copied(x),
    np.exp2: _of_floats(lambda x: np.power(2, x)),
    np.log2: _of_floats(lambda x: np.log(x) / _LN2),
    np.log10: _of_floats(lambda x: np.log(x) / _LN10),
    np.logaddexp: _of_floats(_logaddexp),
    np.hypot: _of_floats(_hypot),
    np.tan: _of_floats(lambda x: np.sin(x) / np.cos(x)),
    np.sinh: _of_floats(_sinh),
    np.cosh: _of_floats(_cosh),
    np.arcsinh: _of_floats(_arcsinh),
    np.arccosh: _of_floats(_arccosh),
    np.arctanh: _of_floats(_arctanh),
    np.arcsin: _of_floats(lambda x: np.arctan2(x, _root_of_rest(x))),
    np.arccos: _of_floats(lambda x: np.arctan2(_root_of_rest(x), x)),
    np.cbrt: _of_floats(_cbrt),
    np.float_power: lambda x, y: cast(as_recorded(x), float) ** cast(as_recorded(y), float),
    np.heaviside: _of_floats(_heaviside),
}
"""Functions of NumPy that are no operations, in terms of functions that are."""
_NAMES = {getattr(np, name): name for name in ELEMENTWISE if name != "where"}
