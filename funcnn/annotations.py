"""Conversion of the values of fields, chosen by their annotations.

`Array` and `Array | None` take arrays of floats, real or complex. `float`, `int`, `bool` and `str` convert to Python's
types, and `Seed` to a tuple of ints. `tuple` and `tuple[...]` take tuples, other annotations any immutable value.
Arrays become read-only copies in the machine's byte order; an array that is read-only and owns its memory is shared.
"""

from __future__ import annotations

import math
import operator
import re
from collections import deque
from collections.abc import Callable
from types import GeneratorType
from typing import Any, get_origin

import attrs
import numpy as np

from funcnn.arrays import Array, as_array, is_array, is_float, kind, owned
from funcnn.errors import KindError
from funcnn.fields import as_float, as_seed, is_number, is_whole

Seed = int | tuple[int, ...]


def _array(value: Any, record: Any, field: attrs.Attribute[Any], *, is_certain: bool = True) -> Any:
    value = as_array(value)
    subclass = isinstance(value, np.ndarray) and type(value) is not np.ndarray  # np.matrix, masked arrays
    if is_array(value) and not subclass and is_float(value):
        return owned(value)
    sized = is_whole(value) and hasattr(record, "init")  # a size is an argument of init
    remedy = f"{type(record).__name__}.init(...) for sizes" if sized else _as_floats(value, field.name)
    raise _refusal(record, field, "an array of floats", value, remedy if is_certain else "")


def _as_floats(value: Any, name: str) -> str:
    """The remedy for a value of numbers that is not an array of floats; it is tried."""
    is_table = hasattr(type(value), "to_numpy")
    if not is_table and not is_number(value) and type(value) not in {list, tuple, np.ndarray, np.matrix, np.memmap}:
        return ""
    try:
        found = value.to_numpy(float) if is_table else np.asarray(value)
    except (TypeError, ValueError):  # text, or rows of unequal lengths
        return ""
    written = f"{name}.to_numpy(float)" if is_table else f"np.array({name}, float)"
    return written if found.dtype.kind in "iuf" else ""


def _optional_array(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    return None if value is None else _array(value, record, field)


def _float(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if _is_traced(value, field):
        return value
    if is_number(value):
        # A Python number, since an np.float64 would turn float32 training into float64.
        return as_float(type(record).__name__, value, field.name)
    raise _refusal(record, field, "a number", value, f"float({field.name})" if _becomes_float(value) else "")


def _becomes_float(value: Any) -> bool:  # a Decimal, a string of digits, a 0-d JAX array
    try:
        return not isinstance(value, bool | np.bool_ | np.ndarray) and math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def _int(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if _is_traced(value, field):
        return value
    if not isinstance(value, bool):
        try:
            return operator.index(value)
        except TypeError:
            pass
    is_one = is_number(value) and float(value).is_integer()
    raise _refusal(record, field, "a whole number", value, f"int({field.name})" if is_one else "")


def _is_traced(value: Any, field: attrs.Attribute[Any]) -> bool:  # jit returns numbers in states as arrays
    return "state" in field.metadata and is_array(value) and not isinstance(value, np.ndarray)


def _bool(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if _is_traced(value, field):
        return value
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise _refusal(record, field, "True or False", value)  # a string would count as true


def _str(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if isinstance(value, str):
        return str.__str__(value)  # a plain str, also from an np.str_ or a member of an enumeration
    raise _refusal(record, field, "a string", value)


def _seed(value: Any, record: Any, field: attrs.Attribute[Any]) -> tuple[Any, ...]:
    return as_seed(type(record).__name__, value, field.name)


def _any(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    cls = type(value)
    if cls is tuple:
        try:
            return tuple([_any(part, record, field) for part in value])
        except KindError as error:  # a remedy that names the field is for the whole value
            raise KindError(str(error).partition(";")[0]) from None
    if hasattr(cls, "__attrs_attrs__"):  # a record, or another class of attrs, which may be mutable by choice
        return value
    if "state" in field.metadata:
        return _any_state(value, record, field)
    if isinstance(value, np.generic):
        return value.item()  # a Python number: an np.float64 would turn float32 training into float64
    if is_array(value):  # a parameter
        return _array(value, record, field, is_certain=not _is_checked(record, field))
    return _unchanging(value, record, field)


def _is_checked(record: Any, field: attrs.Attribute[Any]) -> bool:
    """Whether the class may refuse values of the field that its annotation allows."""
    return field.validator is not None or hasattr(type(record), "__attrs_post_init__")


def _any_state(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    value = as_array(value)
    if is_array(value):
        return owned(value)
    if isinstance(value, tuple) and hasattr(value, "_make"):  # a NamedTuple
        return value._make([_any(part, record, field) for part in value])
    return _unchanging(value, record, field)


def _tuple(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if isinstance(value, tuple) or _is_traced(value, field):
        return _any(value, record, field)
    remedy = _immutable(value, record, field, of_tuples=True) if type(value) is list else ""
    raise _refusal(record, field, "a tuple", value, remedy)


def _unchanging(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    """A value that has a hash, which mutable values do not have, and that is not an iterator."""
    try:
        hash(value)
    except (TypeError, ValueError):  # hash of a memoryview raises ValueError
        pass
    else:
        if not hasattr(type(value), "__next__"):
            return value
    raise _refusal(record, field, "immutable", value, _immutable(value, record, field))


def _immutable(value: Any, record: Any, field: attrs.Attribute[Any], *, of_tuples: bool = False) -> str:
    """The remedy for a value that may change; it is tried, except that an iterator can be read once."""
    forms = _UNCHANGING if not hasattr(type(value), "to_numpy") else {object: ("{}.to_numpy()", _to_floats)}
    written, make = next((form for cls, form in forms.items() if isinstance(value, cls)), ("", None))
    if make is None:
        return "" if _is_checked(record, field) else written.format(field.name)
    try:
        made = _any(make(value), record, field)
        if field.validator is not None:
            field.validator(record, field, made)
    except (TypeError, ValueError):  # KindError and RangeError are such errors too
        return ""
    parts = made if type(made) is tuple else ()
    is_certain = field.validator is not None or of_tuples or not _is_checked(record, field)
    if not is_certain and parts:  # a class that checks its fields takes layers, or parameters
        is_certain = all([hasattr(type(part), "__attrs_attrs__") or is_array(part) for part in parts])
    return written.format(field.name) if is_certain else ""


def _to_floats(table: Any) -> Any:
    found = table.to_numpy()
    if not is_float(found):
        raise TypeError
    return found


_UNCHANGING: dict[Any, tuple[str, Callable[[Any], Any] | None]] = {
    dict: ("tuple({}.items())", lambda value: tuple(value.items())),  # tuple(a dict) has its keys only
    set: ("frozenset({})", frozenset),
    bytearray: ("bytes({})", bytes),
    (list, tuple, deque): ("tuple({})", tuple),
    (GeneratorType, map, zip, filter): ("tuple({})", None),
}


def _refusal(record: Any, field: attrs.Attribute[Any], needed: str, value: Any, remedy: str = "") -> KindError:
    remedy = f"; write {remedy}" if remedy else ""
    return KindError(f"{type(record).__name__}: {field.name} must be {needed}, not {kind(value)}{remedy}")


def _converter(convert: Callable[[Any, Any, attrs.Attribute[Any]], Any]) -> attrs.Converter[Any, Any]:
    return attrs.Converter(convert, takes_self=True, takes_field=True)  # made once, since attrs inspects `convert`


ARRAY, OPTIONAL = _converter(_array), _converter(_optional_array)
_ANY, _FLOAT, _INT, _BOOL, _STR, _SEED, _TUPLE = map(_converter, (_any, _float, _int, _bool, _str, _seed, _tuple))
# Annotations and their names: under `from __future__ import annotations` an annotation is a string.
_CONVERTERS: dict[Any, attrs.Converter[Any, Any]] = {
    **dict.fromkeys(["Array", "ndarray", Array, np.ndarray], ARRAY),
    **dict.fromkeys(
        ["Array | None", "None | Array", "ndarray | None", "Optional[Array]", Array | None, np.ndarray | None], OPTIONAL
    ),
    **dict.fromkeys(["float", float], _FLOAT),
    **dict.fromkeys(["int", int], _INT),
    **dict.fromkeys(["Seed", Seed], _SEED),
    **dict.fromkeys(["bool", bool], _BOOL),
    **dict.fromkeys(["str", str], _STR),
    **dict.fromkeys(["tuple", tuple], _TUPLE),
}


def accepting(annotation: Any) -> attrs.Converter[Any, Any]:
    """The converter for a field with this annotation."""
    if type(annotation) is str:  # "nn.Array" is "Array", and "tuple[Any, ...]" is a tuple of anything
        annotation = re.sub(r"\w+\.(?=\w)|['\"]|(?<=^tuple)\[[^|]*\]$", "", annotation)
    if get_origin(annotation) is tuple:
        return _TUPLE
    return _CONVERTERS.get(annotation, _ANY)
