"""What a field takes, as its annotation says, and what it makes of it.

`Array` and `Array | None` take arrays of floats; `float`, `int`, `bool` and `str` become Python's own; `Seed` is a
tuple of ints. Any other field takes what cannot change: a tuple in it is one layer, the chain, and where the annotation
says `tuple`, it is layers side by side.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from numbers import Real
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, as_array, is_array, is_float, kind, owned, short
from funcnn.errors import KindError

Seed = int | tuple[int, ...]


def _array(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    value = as_array(value)
    subclass = isinstance(value, np.ndarray) and type(value) is not np.ndarray  # np.matrix, masked arrays
    if is_array(value) and not subclass and is_float(value):
        return owned(value)
    raise _refusal(record, field, "an array of floats", value, f"np.array({field.name}, float)")


def _optional_array(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    return None if value is None else _array(value, record, field)


def _float(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if _is_traced(value, field):
        return value
    value = value.item() if isinstance(value, np.ndarray) and value.shape == () else value
    if isinstance(value, Real):
        return float(value)  # an np.float64 would turn float32 training into float64
    raise _refusal(record, field, "a number", value, f"float({field.name})")


def _int(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if _is_traced(value, field):
        return value
    try:
        return operator.index(value)
    except TypeError:
        raise _refusal(record, field, "a whole number", value, f"int({field.name})") from None


def _is_traced(value: Any, field: attrs.Attribute[Any]) -> bool:  # jit hands states over as arrays
    return "state" in field.metadata and is_array(value) and not isinstance(value, np.ndarray)


def _bool(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if _is_traced(value, field):
        return value
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise _refusal(record, field, "True or False", value)  # a word would be true, and so a choice that nobody made


def _str(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if isinstance(value, str):
        return str(value)  # an np.str_ becomes Python's own
    raise _refusal(record, field, "a string", value)


def _seed(value: Any, record: Any, field: attrs.Attribute[Any]) -> tuple[Any, ...]:
    return seed_words(tuple([_int(word, record, field) for word in (value if type(value) is tuple else (value,))]))


def seed_words(seed: Any) -> tuple[Any, ...]:
    """A seed as a tuple of ints, each in [0, 2**31): what JAX without 64-bit integers can hold too."""
    words = seed if type(seed) is tuple else (seed,)
    for word in words:
        if not is_array(word) and not (isinstance(word, int | np.integer) and 0 <= word < 2**31):
            raise KindError(f"a seed is an int in [0, 2**31), or a tuple of them, not {short(seed)}")
    return words


def _any(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if type(value) is tuple:
        return tuple([_any(part, record, field) for part in value])
    if isinstance(value, list | dict | set | bytearray):
        items = ".items()" if isinstance(value, dict) else ""  # a tuple of a dict has its keys alone
        raise _refusal(record, field, "immutable", value, f"tuple({field.name}{items})")
    if "state" in field.metadata:
        value = as_array(value)
        return owned(value) if is_array(value) else value
    if isinstance(value, np.generic):
        return value.item()  # a setting is Python's own: an np.float64 would turn float32 training into float64
    return _array(value, record, field) if is_array(value) else value  # an array is trained, so it holds floats


def _refusal(record: Any, field: attrs.Attribute[Any], needed: str, value: Any, remedy: str = "") -> KindError:
    remedy = f"; write {remedy}" if remedy else ""
    return KindError(f"{type(record).__name__}: {field.name} must be {needed}, not {kind(value)}{remedy}")


def _converter(convert: Callable[[Any, Any, attrs.Attribute[Any]], Any]) -> attrs.Converter[Any, Any]:
    return attrs.Converter(convert, takes_self=True, takes_field=True)  # made once: attrs inspects each signature


ARRAY, OPTIONAL = _converter(_array), _converter(_optional_array)
_ANY, _FLOAT, _INT, _BOOL, _STR, _SEED = map(_converter, (_any, _float, _int, _bool, _str, _seed))
# By name too: under `from __future__ import annotations` an annotation is its text.
_CONVERTERS: dict[Any, attrs.Converter[Any, Any]] = {
    **dict.fromkeys(["Array", "ndarray", Array, np.ndarray], ARRAY),
    **dict.fromkeys(["Array | None", "None | Array", "ndarray | None", Array | None, np.ndarray | None], OPTIONAL),
    **dict.fromkeys(["float", float], _FLOAT),
    **dict.fromkeys(["int", int], _INT),
    **dict.fromkeys(["Seed", Seed], _SEED),
    **dict.fromkeys(["bool", bool], _BOOL),
    **dict.fromkeys(["str", str], _STR),
}


def accepting(annotation: Any) -> attrs.Converter[Any, Any]:
    """The converter of fields with this annotation."""
    if type(annotation) is str:  # "nn.Array" is "Array"
        annotation = re.sub(r"\w+\.|['\"]", "", annotation)
    return _CONVERTERS.get(annotation, _ANY)
