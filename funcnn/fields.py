"""Fields of records for numbers of which only some make sense: `b1: float = fraction(0.9)`."""

from __future__ import annotations

import math
from typing import Any

import attrs

from funcnn.arrays import short
from funcnn.errors import KindError, RangeError


def fraction(default: Any = attrs.NOTHING) -> Any:
    """A number in [0, 1): a decay rate, a momentum."""
    return attrs.field(default=default, validator=_fraction)


def positive(default: Any = attrs.NOTHING) -> Any:
    """A finite number above 0: a norm, a bound."""
    return attrs.field(default=default, validator=_positive)


def not_negative(default: Any = attrs.NOTHING) -> Any:
    """A finite number, 0 or above: a penalty, an epsilon."""
    return attrs.field(default=default, validator=_not_negative)


def patterns(default: str = "*") -> Any:
    """Paths of parameters: a pattern, or a tuple of patterns; see `paths.chosen`."""
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


def _out_of_range(record: Any, field: attrs.Attribute[float], needed: str, value: float) -> RangeError:
    return RangeError(f"{type(record).__name__}: {field.name} must be {needed}; it is {value}")


def _patterns(record: Any, field: attrs.Attribute[Any], value: Any) -> None:
    check_patterns(type(record).__name__, field.name, value)


def check_patterns(whose: str, name: str, value: Any) -> None:
    """A pattern is a text that is not empty, and a tuple of patterns has at least one."""
    words = value if type(value) is tuple else (value,)
    if not words or not all([isinstance(word, str) and word.strip("!") for word in words]):
        raise KindError(
            f'{whose}: {name} must be a pattern of paths, such as "*.W", or a tuple of them, not {short(value)}'
        )
