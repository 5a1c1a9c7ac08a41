"""Conversion of the values of fields, chosen by their annotations.

`Array` and `Array | None` take arrays of floats, real or complex. `float`, `int`, `bool` and `str` convert to Python's
types, and the annotations of `needs` as they say. `tuple` and `tuple[...]` take tuples, others any immutable value.
Arrays become read-only copies in the machine's byte order; an array that is read-only and owns its memory is shared.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from functools import cache, reduce
from types import GeneratorType
from typing import Any, get_origin

import attrs
import numpy as np

from funcnn.arrays import Array, as_array, is_array, is_float, kind, owned
from funcnn.errors import KindError
from funcnn.fields import is_number, is_whole
from funcnn.needs import Flag, Need, Number, Seed, Text, Whole, need_of


def _as_array(value: Any, record: Any, field: attrs.Attribute[Any], *, is_certain: bool = True) -> Any:
    value = as_array(value)
    subclass = isinstance(value, np.ndarray) and type(value) is not np.ndarray  # np.matrix, masked arrays
    if is_array(value) and not subclass and is_float(value):
        return owned(value)
    sized = is_whole(value) and hasattr(record, "init")  # a size is an argument of init
    remedy = f"{type(record).__name__}.init(...) for sizes" if sized else _floats_remedy(field.name, value)
    raise _field_error(record, field, "an array of floats", value, remedy if is_certain else "")


def _floats_remedy(argument: str, value: Any) -> str:
    """The remedy for a value of numbers that is not an array of floats; it is tried."""
    is_table = hasattr(type(value), "to_numpy")
    if not is_table and not is_number(value) and type(value) not in {list, tuple, np.ndarray, np.matrix, np.memmap}:
        return ""
    try:
        found = value.to_numpy(float) if is_table else np.asarray(value)
    except (TypeError, ValueError):  # text, or rows of unequal lengths
        return ""
    written = f"{argument}.to_numpy(float)" if is_table else f"np.array({argument}, float)"
    return written if found.dtype.kind in "iuf" else ""


def _as_optional_array(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    return None if value is None else _as_array(value, record, field)


def _is_traced(value: Any, field: attrs.Attribute[Any]) -> bool:  # jit returns numbers in states as arrays
    return "state" in field.metadata and is_array(value) and not isinstance(value, np.ndarray)


@cache
def _needed(need: Need) -> attrs.Converter[Any, Any]:
    def convert(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
        if need.holds(value) or (need.test != "False" and _is_traced(value, field)):  # else it decides about tracers
            return value
        return need.explain(type(record).__name__, field.name, value)

    return _converter(convert)


def _as_any(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    cls = type(value)
    if cls is tuple:
        made: list[Any] = []
        try:
            for part in value:
                made.append(_as_any(part, record, field))  # noqa: PERF401  their number says which part is wrong
        except KindError as error:  # a remedy that names the field is for the whole value
            name, said = f"{type(record).__name__}: {field.name}", str(error).partition(";")[0]
            raise KindError(f"{name}[{len(made)}]{said.removeprefix(name)}") from None
        return tuple(made)
    if hasattr(cls, "__attrs_attrs__"):  # a record, or another class of attrs, which may be mutable by choice
        return value
    if "state" in field.metadata:
        return _as_any_state(value, record, field)
    if isinstance(value, np.generic):
        return value.item()  # a Python number: an np.float64 would turn float32 training into float64
    if is_array(value):  # a parameter
        return _as_array(value, record, field, is_certain=not _is_checked(record, field))
    return _as_unchanging(value, record, field)


def _is_checked(record: Any, field: attrs.Attribute[Any]) -> bool:
    """Whether the class may refuse values of the field that its annotation allows."""
    return field.validator is not None or hasattr(type(record), "__attrs_post_init__")


def _as_any_state(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    value = as_array(value)
    if is_array(value):
        return owned(value)
    if isinstance(value, tuple) and hasattr(value, "_make"):  # a NamedTuple
        return value._make([_as_any(part, record, field) for part in value])
    return _as_unchanging(value, record, field)


def _as_tuple(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if isinstance(value, tuple) or _is_traced(value, field):
        return _as_any(value, record, field)
    remedy = _immutable_remedy(value, record, field, of_tuples=True) if type(value) is list else ""
    raise _field_error(record, field, "a tuple", value, remedy)


def _as_unchanging(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    """A value that has a hash, which mutable values do not have, and that is not an iterator."""
    try:
        hash(value)
    except (TypeError, ValueError):  # hash of a memoryview raises ValueError
        pass
    else:
        if not hasattr(type(value), "__next__"):
            return value
    raise _field_error(
        record, field, "an immutable value, such as a tuple", value, _immutable_remedy(value, record, field)
    )


def _immutable_remedy(value: Any, record: Any, field: attrs.Attribute[Any], *, of_tuples: bool = False) -> str:
    """The remedy for a value that may change; it is tried, except that an iterator can be read once."""
    forms = _UNCHANGING if not hasattr(type(value), "to_numpy") else {object: ("{}.to_numpy()", _as_numbers)}
    written, make = next((form for cls, form in forms.items() if isinstance(value, cls)), ("", None))
    if make is None:
        return "" if _is_checked(record, field) else written.format(field.name)
    try:
        made = _as_any(make(value), record, field)
        if field.validator is not None:
            field.validator(record, field, made)
    except (TypeError, ValueError):  # KindError and RangeError are such errors too
        return ""
    parts = made if type(made) is tuple else ()
    is_certain = field.validator is not None or of_tuples or not _is_checked(record, field)
    if not is_certain and parts:  # a class that checks its fields takes layers, or parameters
        is_certain = all([hasattr(type(part), "__attrs_attrs__") or is_array(part) for part in parts])
    return written.format(field.name) if is_certain else ""


def _as_numbers(table: Any) -> Any:
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


def _field_error(record: Any, field: attrs.Attribute[Any], needed: str, value: Any, remedy: str = "") -> KindError:
    remedy = f"; write {remedy}" if remedy else ""
    return KindError(f"{type(record).__name__}: {field.name} must be {needed}, not {kind(value)}{remedy}")


def _converter(convert: Callable[[Any, Any, attrs.Attribute[Any]], Any]) -> attrs.Converter[Any, Any]:
    return attrs.Converter(convert, takes_self=True, takes_field=True)  # made once, since attrs inspects `convert`


ARRAY, OPTIONAL = _converter(_as_array), _converter(_as_optional_array)
_ANY, _TUPLE = _converter(_as_any), _converter(_as_tuple)
# Annotations and their names: under `from __future__ import annotations` an annotation is a string.
_CONVERTERS: dict[Any, attrs.Converter[Any, Any]] = {
    **dict.fromkeys(["Array", "ndarray", Array, np.ndarray], ARRAY),
    **dict.fromkeys(
        ["Array | None", "None | Array", "ndarray | None", "Optional[Array]", Array | None, np.ndarray | None], OPTIONAL
    ),
    **dict.fromkeys(["tuple", tuple], _TUPLE),
}


_PLAIN: dict[Any, Any] = {float: Number, int: Whole, bool: Flag, str: Text}
_PLAIN |= {cls.__name__: need for cls, need in _PLAIN.items()} | {"Seed": Seed}


def accepting(annotation: Any, space: dict[str, Any]) -> attrs.Converter[Any, Any]:
    """The converter for a field with this annotation, a text being read among the names of `space`."""
    if need := needed_by(annotation, space):
        return _needed(need)
    if type(annotation) is str:  # "nn.Array" is "Array", and "tuple[Any, ...]" is a tuple of anything
        annotation = re.sub(r"\w+\.(?=\w)|['\"]|(?<=^tuple)\[[^|]*\]$", "", annotation)
    return _TUPLE if get_origin(annotation) is tuple else _CONVERTERS.get(annotation, _ANY)


def needed_by(annotation: Any, space: dict[str, Any]) -> Need | None:
    """The need that the annotation of a field declares, if its text names one that is found in `space`"""
    if type(annotation) is str:
        text = annotation.strip("'\"")
        root, *rest = text.removesuffix(" | None").partition("[")[0].split(".")
        found: Any = reduce(lambda value, part: getattr(value, part, None), rest, space.get(root))
        if hasattr(found, "__metadata__"):
            annotation = found | None if "None" in text else found
    annotation = _PLAIN.get(annotation, annotation)
    return None if type(annotation) is str else need_of(annotation, space)
