"""What a loss or a setting consists of, so that a kernel is not used after it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import attrs
import numpy as np

from funcnn.compilation.shapes import Untraceable
from funcnn.records import getters, plans

MOST_PARTS = 1000  # of a loss or a setting: comparing more in each step would take longer than the step
_TOO_MANY = f"a loss or a setting of more than {MOST_PARTS} parts, which may change"
_FIXED = {bool, int, str, bytes, type(None), FunctionType, BuiltinFunctionType, np.ufunc}
_OPAQUE = type, ModuleType, Enum  # values that are one part, whatever they hold


@attrs.frozen(eq=False)
class _Itself:
    """A value that equals itself alone."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return type(other) is _Itself and other.value is self.value

    __hash__ = None  # type: ignore[assignment]  # it is compared, and nothing else


def parts_of(value: Any, form: list[Any]) -> None:
    """Append the parts of a value to `form`, such that values with equal parts compute the same.

    A function is one part: what it reads from outside is not looked at. Arguments of a partial, attributes of an object
    and entries of lists are parts.

    Raises:
        Untraceable: the value consists of too many parts.
    """
    cls = type(value)
    if cls in _FIXED:
        form += (cls, value)
    elif cls is float:  # 0.0 equals -0.0, but rules may tell them apart
        form += (cls, repr(value))
    else:
        _nested(value, form, len(form) + MOST_PARTS, set())


def _nested(value: Any, form: list[Any], most: int, around: set[int]) -> None:
    """As `parts_of`; `around` are the ids of the values that this one is a part of."""
    cls = type(value)
    form.append(cls)
    if cls in _FIXED:
        form.append(value)
    elif cls is float or cls is complex:
        form.append(repr(value))
    elif isinstance(value, _OPAQUE) or id(value) in around:
        form.append(_Itself(value))
    else:
        for part in _contents(value, form):
            _nested(part, form, most, {*around, id(value)})
    if len(form) > most:
        raise Untraceable(_TOO_MANY)


def _contents(value: Any, form: list[Any]) -> Iterator[Any]:
    """What a value consists of, and its identity if it may have parts that Python does not show."""
    cls = type(value)
    if isinstance(value, np.ndarray | np.generic):
        if value.size > MOST_PARTS:
            raise Untraceable(_TOO_MANY)
        yield from (str(value.dtype), value.shape, value.tobytes())
    elif cls in plans:
        yield from getters[cls](value)
    elif isinstance(value, tuple | list):
        form.append(len(value))
        yield from value
    elif isinstance(value, dict):
        form.append(len(value))
        yield from [one for item in value.items() for one in item]
    elif isinstance(value, MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, partial):
        yield from (value.func, value.args, value.keywords)
    else:
        form.append(_Itself(value))
        yield from [getattr(value, name, None) for base in cls.__mro__ for name in _slots(base)]
        yield getattr(value, "__dict__", None)


def _slots(cls: type) -> Any:
    slots = cls.__dict__.get("__slots__", ())
    return [slots] if isinstance(slots, str) else [name for name in slots if not name.startswith("__")]
