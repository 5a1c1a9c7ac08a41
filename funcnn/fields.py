"""Checks of numbers, strings and functions: for fields of records, `b1: float = fraction(0.9)`, and for arguments."""

from __future__ import annotations

import math
import operator
import sys
from inspect import Signature, signature
from numbers import Integral, Real
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import is_array, kind, short
from funcnn.errors import KindError, RangeError
from funcnn.remedies import written


def fraction(*, default: Any = attrs.NOTHING) -> Any:
    """A field for a number in [0, 1), such as a decay rate or a momentum."""
    return attrs.field(default=default, validator=_fraction)


def positive(*, default: Any = attrs.NOTHING, kw_only: bool = False) -> Any:
    """A field for a finite number above 0, such as a norm or a bound.

    None, and not False, leaves it to the class whether its fields are given by name alone.
    """
    return attrs.field(default=default, validator=_positive, kw_only=kw_only or None)


def not_negative(*, default: Any = attrs.NOTHING) -> Any:
    """A field for a finite number of at least 0, such as a penalty or an epsilon."""
    return attrs.field(default=default, validator=_not_negative)


def count(*, default: Any = attrs.NOTHING) -> Any:
    """A field for a whole number of at least 1, such as the number of heads or a stride."""
    return attrs.field(default=default, converter=_COUNT)


def patterns(*, default: str = "*") -> Any:
    """A field for a pattern of paths of parameters, or a tuple of patterns; see `paths.chosen`."""
    return attrs.field(default=default, validator=_patterns)


def _fraction(record: Any, field: attrs.Attribute[float], value: float) -> None:
    if not 0 <= value < 1:
        raise _out_of_range(record, field, "in [0, 1)", value)


def _positive(record: Any, field: attrs.Attribute[float], value: float) -> None:
    if not 0 < value < math.inf:
        raise _out_of_range(record, field, "finite and above 0", value)


def _not_negative(record: Any, field: attrs.Attribute[float], value: float) -> None:
    if not 0 <= value < math.inf:
        raise _out_of_range(record, field, "finite and not negative", value)


def _count(value: Any, record: Any, field: attrs.Attribute[int]) -> int:
    return as_count(type(record).__name__, value, field.name)


_COUNT = attrs.Converter(_count, takes_self=True, takes_field=True)


def _out_of_range(record: Any, field: attrs.Attribute[float], needed: str, value: float) -> RangeError:
    return RangeError(f"{type(record).__name__}: {field.name} must be {needed}; it is {value}")


def _patterns(record: Any, field: attrs.Attribute[Any], value: Any) -> None:
    check_patterns(type(record).__name__, field.name, value)


def check_patterns(whose: str, name: str, value: Any) -> None:
    """Check that `value` is a pattern, a string that is not empty, or a tuple of at least one pattern."""
    words = value if type(value) is tuple else (value,)
    if not words or not all([isinstance(word, str) and word.strip("!") for word in words]):
        raise KindError(
            f'{whose}: {name} must be a pattern of paths, such as "*.W", or a tuple of them, not {short(value)}'
        )


# Checks of arguments: `name` is the function that was called, `what` its argument.


def is_number(value: Any) -> bool:
    """Whether `value` is one real number: of Python, of NumPy, or a 0-d array. True and False are not numbers."""
    if is_array(value):
        return value.shape == () and (value.dtype.kind in "iuf" or value.dtype.name == "bfloat16")
    return isinstance(value, Real) and not isinstance(value, bool)


def as_number(name: str, value: Any, what: str) -> float:
    """Check that `value` is a number; the result is a Python float."""
    if not is_number(value):
        raise KindError(f"{name}: {what} must be a number, not {kind(value)}{_rate_of(value, what)}")
    return as_float(name, value, what)


def as_float(name: str, value: Any, what: str) -> float:
    """A number as a float; check that a whole number is not beyond the largest float."""
    try:
        return float(value)
    except OverflowError:
        limit = f"{sys.float_info.max:.2g}"
        raise RangeError(f"{name}: {what} must be in [-{limit}, {limit}]; it is {written(value)}") from None


def _rate_of(value: Any, what: str) -> str:
    """The remedy if a Plateau was given instead of its rate."""
    return f"; write {what}.lr" if is_number(getattr(value, "lr", None)) else ""


def as_finite(name: str, value: Any, what: str) -> float:
    """Check that `value` is a finite number; the result is a float."""
    if not math.isfinite(number := as_number(name, value, what)):
        raise RangeError(f"{name}: {what} must be finite; it is {value}")
    return number


def as_rate(name: str, value: Any, what: str = "the rate") -> float:
    """Check that `value` is a finite number and not negative; the result is a float."""
    if not 0 <= (number := as_number(name, value, what)) < math.inf:
        raise RangeError(f"{name}: {what} must be finite and not negative; it is {value}")
    return number


def learning_rate(lr: Any, whose: str = "sgd", what: str = "lr") -> Any:
    """Check that lr is a finite number and not negative; the result is a float. A tracer is returned unchanged."""
    if type(lr) is not float and not is_number(lr):
        is_schedule = whose == "sgd" and callable(lr) and not isinstance(lr, type)
        remedy = "; write lr(step)" if is_schedule else _rate_of(lr, what)
        raise KindError(f"{whose}: {what} must be a number, not {kind(lr)}{remedy}")
    try:
        rate = as_float(whose, lr, what)
    except TypeError:
        return lr  # a tracer, whose value is unknown
    if not 0 <= rate < math.inf:
        raise RangeError(f"{whose}: {what} must be finite and not negative; it is {rate}")
    return rate


def as_positive(name: str, value: Any, what: str) -> float:
    """Check that `value` is a finite number above 0; the result is a float."""
    if not 0 < (number := as_number(name, value, what)) < math.inf:
        raise RangeError(f"{name}: {what} must be finite and above 0; it is {value}")
    return number


def as_fraction(name: str, value: Any, what: str) -> float:
    """Check that `value` is a number in [0, 1); the result is a float."""
    if not 0 <= (number := as_number(name, value, what)) < 1:
        raise RangeError(f"{name}: {what} must be in [0, 1); it is {value}")
    return number


def as_count(name: str, value: Any, what: str = "steps", *, least: int = 1, most: int = sys.maxsize) -> int:
    """Check that `value` is a whole number in [least, most], by default a length in Python; the result is an int."""
    check_whole(name, value, what)
    if value < least:
        raise RangeError(f"{name}: {what} must be at least {least}; it is {written(value)}")
    if value > most:
        raise RangeError(f"{name}: {what} must be at most {most}; it is {written(value)}")
    return operator.index(value)


def is_whole(value: Any) -> bool:
    """Whether `value` is a whole number of Python or NumPy. True and False are not numbers."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_whole(name: str, value: Any, what: str) -> None:
    """Check that a value is a whole number, of any size."""
    if not is_whole(value):
        remedy = f"; write int({what})" if is_number(value) and math.isfinite(value) and value == int(value) else ""
        raise KindError(f"{name}: {what} must be a whole number, not {kind(value)}{remedy}")


def as_seed(name: str, seed: Any, what: str = "seed") -> tuple[Any, ...]:
    """Check a seed; the result is a tuple of ints in [0, 2**31), the range of JAX's 32-bit ints, or of tracers."""
    words = seed if type(seed) is tuple else (seed,)
    if not all(map(_is_seed_word, words)):
        given = short(seed) if is_number(seed) or type(seed) in {tuple, str} else kind(seed)
        raise KindError(f"{name}: {what} must be an int in [0, 2**31), or a tuple of them, not {given}")
    return tuple([word.item() if isinstance(word, np.ndarray | np.generic) else word for word in words])


def _is_seed_word(word: Any) -> bool:
    if is_array(word) and not isinstance(word, np.ndarray):
        return word.shape == () and word.dtype.kind in "iu"
    word = word.item() if isinstance(word, np.ndarray) and word.shape == () else word
    return is_whole(word) and 0 <= word < 2**31


def check_flag(name: str, value: Any, what: str) -> None:
    """Check that a value is True or False; a string would count as true."""
    if not isinstance(value, bool | np.bool_):
        raise KindError(f"{name}: {what} must be True or False, not {kind(value)}")


def check_text(name: str, value: Any, what: str) -> None:
    """Check that a value is a string."""
    if not isinstance(value, str):
        raise KindError(f"{name}: {what} must be a string, not {kind(value)}")


def check_function(
    name: str, value: Any, what: str, needed: str = "a function", *, takes: int | None = None, remedy: str = ""
) -> None:
    """Check that a value can be called, with `takes` arguments if `takes` is given, and is not a class."""
    if not callable(value) or isinstance(value, type):
        raise KindError(f"{name}: {what} must be {needed}, not {kind(value)}")
    if takes is not None and (parameters := parameters_of(value)) is not None:
        try:
            parameters.bind(*range(takes))
        except TypeError:
            raise KindError(f"{name}: {what} must be {needed}, not {as_called(value)}{remedy}") from None


def parameters_of(function: Any) -> Signature | None:
    """The signature of a function; None for functions in C that have none."""
    try:
        return signature(function)
    except (TypeError, ValueError):
        return None


def as_called(function: Any) -> str:
    """The call of a function with a signature, `mse(out, y, weight)`; `a function (out, y)` if it has no name."""
    name = getattr(function, "__name__", "<lambda>")
    return f"{'a function ' if name == '<lambda>' else name}({', '.join(signature(function).parameters)})"


def as_float_dtype(name: str, dtype: Any) -> np.dtype[Any]:
    """Check a type of real floats, such as `np.float32`, `"float32"` or `float`; the result is a NumPy dtype."""
    try:
        found = None if dtype is None else np.dtype(dtype)  # NumPy converts None to float64
    except (TypeError, ValueError, SyntaxError):  # SyntaxError: for a string with commas
        found = None
    if found is None or (found.kind != "f" and found.name != "bfloat16"):
        given = found.name if found is not None else repr(dtype) if isinstance(dtype, str) else kind(dtype)
        raise KindError(f"{name}: dtype must be a type of real floats, such as np.float32, not {given}")
    return found
