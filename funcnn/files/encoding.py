"""Encoding of values as JSON trees, in which arrays are numbered nodes, and decoding through the constructors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from inspect import signature
from itertools import count
from typing import Annotated, Any, cast

import attrs
import numpy as np

from funcnn.arrays import Array, is_array, kind, same, short
from funcnn.columns import Table
from funcnn.errors import FuncnnError, KindError, RangeError
from funcnn.files.migrations import of_today
from funcnn.lazy import load
from funcnn.needs import function
from funcnn.records import is_record, name_of, plans, registry
from funcnn.remedies import for_kind, for_table
from funcnn.trees.walks import DEEPEST

SCHEDULES = "funcnn.schedules."  # the names of schedules begin with it in a file
FORM = "has a tree of a form that save does not write"

MakeError = Callable[[str], FuncnnError]
"""`make(reason) -> error`, where reason is the part of the message after the name of the file."""

Migrate = Annotated[
    Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]], function("a function (name, fields)", takes=2)
]
"""`migrate(name, fields) -> (name, fields)`: the record of an old file, in terms of the present classes."""

# The dtypes that are the same on every machine; longdouble is not.
DTYPES = frozenset({np.dtype(f"{order}{code}").str for code in "?bBhHiIqQefdFD" for order in "<>"})
MOST_BITS = 2000  # of an int: 603 digits, since the limit on digits that Python reads can be set as low as 640
MOST_AXES = 64  # NumPy's own limit


def encode(
    function: str,
    argument: str,
    value: Any,
    leaf: Callable[[str, Any], Any],
    name: Callable[[type], str] = name_of,
    depth: int = 0,
) -> Any:
    """The tree of a value. Each part that is not a record, tuple, dict, table, number, string or None becomes
    `leaf(argument, part)`, where argument is an expression of the part, such as `value[1].W`.
    """
    if depth > DEEPEST:
        raise RangeError(f"{function}: value must be nested at most {DEEPEST} deep")

    def inside(part: Any, step: str) -> Any:
        return encode(function, argument + step, part, leaf, name, depth + 1)

    if type(value) is tuple:
        return {"tuple": [inside(part, f"[{i}]") for i, part in enumerate(value)]}
    if is_record(value):
        fields = {field: inside(getattr(value, field), f".{field}") for field, _ in plans[type(value)]}
        return {"record": name(type(value)), "fields": fields}
    if hasattr(value, "maker"):  # a schedule, by the call that makes it
        fields = {name: inside(part, f".{name}") for name, part in value.settings.items()}
        return {"record": f"{SCHEDULES}{value.maker.__name__}", "fields": fields}
    if type(value) is dict:
        if others := [key for key in value if type(key) is not str]:
            raise KindError(f"{function}: {argument} must have strings as keys, not {kind(others[0])}")
        return {"dict": {key: inside(part, f"[{key!r}]") for key, part in value.items()}}
    if type(value) is Table:
        return {"table": {key: inside(part, f"[{key!r}]") for key, part in value.whole.items()}}
    if type(value) is int and value.bit_length() > MOST_BITS:
        most = f"at most {MOST_BITS} bits, not {value.bit_length()}"
        raise RangeError(f"{function}: {argument} must have {most}")
    return value if value is None or type(value) in (bool, int, float, str) else leaf(argument, value)


def part_error(function: str, argument: str, part: Any) -> KindError:
    """The error for a part of a kind that no file takes."""
    needed = "a record, a tuple, a dict, an array, a real number, a string or None"
    given = f"np.{type(part).__name__}" if isinstance(part, np.generic) else kind(part)
    return KindError(f"{function}: {argument} must be {needed}, not {given}{_remedy(argument, part)}")


def _remedy(argument: str, part: Any) -> str:
    if isinstance(part, type):
        return ""
    if isinstance(part, list | tuple):  # a NamedTuple would lose its class
        return "" if any(map(callable, part)) else f"; write tuple({argument})"
    if isinstance(part, Mapping):
        return f"; write dict({argument})"
    if isinstance(part, np.generic):
        return f"; write {argument}.item()" if type(part.item()) in (bool, int, float, str) else ""
    if hasattr(part, "to_numpy"):
        return for_table(argument, part)
    return "; write a record with rules in place of the function" if callable(part) else ""


def check_unmasked(function: str, argument: str, array: Any) -> None:
    """Refuse a masked array, since NumPy would drop its mask."""
    if isinstance(array, np.ma.MaskedArray):
        remedy = for_kind(argument, array)
        raise KindError(f"{function}: {argument} must be an array without a mask, not {kind(array)}{remedy}")


def array_nodes(tree: Any, file_error: MakeError) -> list[dict[str, Any]]:
    """Check a tree from a file, and list its nodes of arrays in order.

    A tree that `save` does not write is refused, such as one with an unknown dtype or a negative size.
    """
    numbers = count()

    def visit(node: Any, depth: int) -> Iterator[dict[str, Any]]:
        if type(node) is not dict:
            right, parts = type(node) is not list, []
        elif node.keys() == {"tuple"}:
            right, parts = type(node["tuple"]) is list, node["tuple"]
        elif node.keys() == {"record", "fields"}:
            right = type(node["record"]) is str and type(node["fields"]) is dict
            parts = list(node["fields"].values()) if right else []
        elif node.keys() in ({"dict"}, {"table"}):
            right = type(content := next(iter(node.values()))) is dict
            parts = list(content.values()) if right else []
            right = right and ("dict" in node or all([type(part) is dict and "array" in part for part in parts]))
        else:
            right, parts = _is_array_node(node) and node["array"] == next(numbers), []
        if not right or depth > DEEPEST:
            raise file_error(FORM)
        if type(node) is dict and "array" in node:
            yield node
        for part in parts:
            yield from visit(part, depth + 1)

    return list(visit(tree, 0))


def _is_array_node(node: dict[str, Any]) -> bool:
    return (
        node.keys() == {"array", "dtype", "shape", "order", "checksum"}
        and type(node["array"]) is int
        and type(node["dtype"]) is str
        and node["dtype"] in DTYPES
        and node["order"] in ("C", "F")
        and type(node["shape"]) is list
        and len(node["shape"]) <= MOST_AXES
        and all([type(length) is int and 0 <= length < 2**63 for length in node["shape"]])
    )


def decode(node: Any, arrays: Sequence[Array], migrate: Migrate | None, file_error: MakeError) -> Any:
    """The value of a tree that `array_nodes` checked or `encode` made; constructors check the fields of the records."""
    if type(node) is not dict:
        return node
    if "array" in node:
        return arrays[node["array"]]
    if "tuple" in node:
        return tuple([decode(part, arrays, migrate, file_error) for part in node["tuple"]])
    if "dict" in node:
        return {key: decode(part, arrays, migrate, file_error) for key, part in node["dict"].items()}
    if "table" in node:
        try:
            return Table({key: arrays[part["array"]] for key, part in node["table"].items()})
        except FuncnnError as error:
            raise file_error(f"holds a Table that its constructor refuses: {error}") from error
    name, fields = node["record"], {n: decode(part, arrays, migrate, file_error) for n, part in node["fields"].items()}
    if migrate is not None:
        name, fields = _migrated(migrate, name, fields)
    return _made(*of_today(name, fields), file_error)


def _migrated(migrate: Migrate, name: str, fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    new = migrate(name, fields)
    if type(new) is tuple and [type(part) for part in new] == [str, dict]:
        return new
    raise KindError(f"load: migrate must return (name, fields), a string and a dict, not {short(new)} for {name}")


def _made(name: str, fields: dict[str, Any], file_error: MakeError) -> Any:
    if name.startswith(SCHEDULES):
        return _schedule(name, fields, file_error)
    if name not in registry:
        load(name)
    cls = registry.get(name)
    if cls is None:
        raise file_error(f"holds a record {name}, {_where_defined(name)}")
    needed = [field for field, _ in plans[cls]]
    if set(needed) != set(fields):
        has = f"the fields {', '.join(fields)}" if fields else "no fields"
        remedy = "for another version of the class pass migrate, a function (name, fields) -> (name, fields)"
        raise file_error(f"holds a {name} with {has}, but the class has {', '.join(needed) or 'none'}; {remedy}")
    arguments = {
        cast("str", field.alias): fields[field.name]
        for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls))
        if field.init
    }
    try:
        made = cls(**arguments)
    except Exception as error:
        raise file_error(f"holds a {name} that its constructor refuses: {error}") from error
    for field in needed:
        given, got = _plain(fields[field]), _plain(getattr(made, field))
        if not same(given, got):
            raise file_error(f"holds a {name} whose constructor changes {field} from {short(given)} to {short(got)}")
    return made


def _schedule(name: str, fields: dict[str, Any], file_error: MakeError) -> Any:
    """The schedule that the maker of this name gives for these arguments."""
    module: Any = import_module(SCHEDULES[:-1])
    public = {one: getattr(module, one) for one in module.__all__}
    try:
        maker = public[name.removeprefix(SCHEDULES)]
        bound = signature(maker).bind_partial()
        bound.arguments = fields
        return maker(*bound.args, **bound.kwargs)
    except Exception as error:
        raise file_error(f"holds a schedule {name} that cannot be made: {error}") from error


def _where_defined(name: str) -> str:
    """The end of a sentence about a class that is not in the registry: where it is defined, and how to load it."""
    if name.startswith("__main__."):
        return "defined in the script or notebook that saved it; define it in this one, or rename it with migrate"
    if function := name.rpartition(".<locals>")[0]:
        return f"whose class is defined when {function} is called; call it first"
    if "." in name:
        return "whose class no imported module defines; import the module that defines it"
    return "and this version of funcnn has no such class"


def _plain(content: Any) -> Any:
    """`content` with numbers in place of 0-d arrays: jit turns the numbers in states into arrays."""
    if type(content) is tuple:
        return tuple(map(_plain, content))
    return content.item() if is_array(content) and content.shape == () else content
