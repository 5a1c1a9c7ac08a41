"""Kinds of values that arguments have: numbers, whole numbers, functions, dtypes."""

from __future__ import annotations

from inspect import Signature, signature
from numbers import Integral, Real
from typing import Any

import numpy as np

from funcnn.arrays import is_array, kind
from funcnn.errors import KindError


def is_number(value: Any) -> bool:
    """Whether `value` is one real number: of Python, of NumPy, or a 0-d array. True and False are not numbers."""
    if is_array(value):
        if not hasattr(value.dtype, "kind"):  # of a library whose dtypes are not NumPy's
            real = "integral", "real floating"
            return value.shape == () and bool(value.__array_namespace__().isdtype(value.dtype, real))
        return value.shape == () and (value.dtype.kind in "iuf" or value.dtype.name == "bfloat16")
    return isinstance(value, Real) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Whether `value` is a whole number of Python or NumPy. True and False are not numbers."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_function(
    function: str, argument: str, value: Any, needed: str = "a function", *, takes: int | None = None, remedy: str = ""
) -> None:
    """Check that a value can be called, with `takes` arguments if `takes` is given, and is not a class."""
    if not callable(value) or isinstance(value, type):
        raise KindError(f"{function}: {argument} must be {needed}, not {kind(value)}")
    if takes is not None and (parameters := parameters_of(value)) is not None:
        try:
            parameters.bind(*range(takes))
        except TypeError:
            raise KindError(f"{function}: {argument} must be {needed}, not {call_text(value)}{remedy}") from None


def parameters_of(function: Any) -> Signature | None:
    """The signature of a function; None for functions in C that have none."""
    try:
        return signature(function)
    except (TypeError, ValueError):
        return None


def call_text(function: Any) -> str:
    """The call of a function with a signature, `mse(out, y, weight)`; `a function (out, y)` if it has no name."""
    name = getattr(function, "__name__", "<lambda>")
    return f"{'a function ' if name == '<lambda>' else name}({', '.join(signature(function).parameters)})"


def as_float_dtype(function: str, argument: str, dtype: Any) -> np.dtype[Any]:
    """Check a type of real floats, such as `np.float32`, `"float32"` or `float`; the result is a NumPy dtype."""
    try:
        found = None if dtype is None else np.dtype(dtype)  # NumPy converts None to float64
    except (TypeError, ValueError, SyntaxError):  # SyntaxError: for a string with commas
        found = None
    if found is None or (found.kind != "f" and found.name != "bfloat16"):
        given = found.name if found is not None else repr(dtype) if isinstance(dtype, str) else kind(dtype)
        raise KindError(f"{function}: {argument} must be a type of real floats, such as np.float32, not {given}")
    return found
