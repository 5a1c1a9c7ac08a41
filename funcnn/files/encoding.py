"""Values as trees of JSON, whose leaves stand for arrays, and back through the constructors of the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, cast

import attrs
import numpy as np

from funcnn.arrays import Array, is_array, same, short
from funcnn.errors import FuncnnError, KindError, RangeError
from funcnn.records import is_record, name_of, plans, registry

Refuse = Callable[[str], FuncnnError]
"""The error for a reason, which is the second half of a sentence."""

Migrate = Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]]
"""`migrate(name, fields) -> (name, fields)`: a record of a file, as the classes of today have it."""

# The dtypes that are the same on every machine: longdouble is not.
DTYPES = frozenset({np.dtype(f"{order}{code}").str for code in "?bBhHiIqQefdFD" for order in "<>"})
DEEPEST = 100  # levels: so that no file that was written is too deep to be read
MOST_BITS = 2000  # of an int: no setting of Python makes it refuse to read so many digits
MOST_AXES = 64  # NumPy's own limit


def encode(
    verb: str, value: Any, leaf: Callable[[Any, str], Any], name: Callable[[type], str] = name_of, path: str = ""
) -> Any:
    """The tree of a value, with `leaf(part, path)` for each part that is no record, tuple, number, string or None."""
    if path.count(".") >= DEEPEST:
        raise RangeError(f"{verb}: the value is nested more than {DEEPEST} deep")

    def inside(part: Any, step: str) -> Any:
        return encode(verb, part, leaf, name, f"{path}.{step}" if path else step)

    if type(value) is tuple:
        return {"tuple": [inside(part, str(i)) for i, part in enumerate(value)]}
    if is_record(value):
        fields = {field: inside(getattr(value, field), field) for field, _ in plans[type(value)]}
        return {"record": name(type(value)), "fields": fields}
    if type(value) is int and value.bit_length() > MOST_BITS:
        raise RangeError(f"{verb}: an int may have {MOST_BITS} bits; that{at(path)} has {value.bit_length()}")
    return value if value is None or type(value) in (bool, int, float, str) else leaf(value, path)


def at(path: str) -> str:
    """Where in a value, for messages; at its root nothing needs to be said."""
    return f" at {path}" if path else ""


def array_nodes(tree: Any, refuse: Refuse) -> list[dict[str, Any]]:
    """The nodes for arrays, in order, of a tree from outside, once all of it has the form that `encode` gives.

    What it says about arrays is possible then: dtypes that exist, and sizes that are sizes.
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
        else:
            right, parts = _is_array_node(node) and node["array"] == next(numbers), []
        if not right or depth > DEEPEST:
            raise refuse("has a tree of another form")
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


def decode(node: Any, arrays: Sequence[Array], migrate: Migrate | None, refuse: Refuse) -> Any:
    """The value of a tree whose form is right; each record is made by its constructor, which checks what it gets."""
    if type(node) is not dict:
        return node
    if "array" in node:
        return arrays[node["array"]]
    if "tuple" in node:
        return tuple([decode(part, arrays, migrate, refuse) for part in node["tuple"]])
    name, fields = node["record"], {n: decode(part, arrays, migrate, refuse) for n, part in node["fields"].items()}
    if migrate is not None:
        name, fields = _migrated(migrate, name, fields)
    return _made(name, fields, refuse)


def _migrated(migrate: Migrate, name: str, fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    new = migrate(name, fields)
    if type(new) is tuple and [type(part) for part in new] == [str, dict]:
        return new
    raise KindError(f"load: migrate must return (name, fields), a string and a dict; for {name} it gave {short(new)}")


def _made(name: str, fields: dict[str, Any], refuse: Refuse) -> Any:
    cls = registry.get(name)
    if cls is None:
        raise refuse(f"holds a record {name}, and nothing imported so far makes that class; import what does")
    needed = [field for field, _ in plans[cls]]
    if set(needed) != set(fields):
        raise refuse(f"holds a {name} with ({', '.join(fields)}); the class has ({', '.join(needed)})")
    arguments = {
        cast("str", field.alias): fields[field.name]
        for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls))
        if field.init
    }
    try:
        made = cls(**arguments)
    except Exception as error:
        raise refuse(f"holds a {name} that its class refuses: {error}") from error
    for field in needed:
        given, got = _plain(fields[field]), _plain(getattr(made, field))
        if not same(given, got):
            raise refuse(f"holds a {name} that its class changes: {field} from {short(given)} to {short(got)}")
    return made


def _plain(content: Any) -> Any:
    """With numbers for arrays of no dimension: a state that jit made an array is a number again in the constructor."""
    if type(content) is tuple:
        return tuple(map(_plain, content))
    return content.item() if is_array(content) and content.shape == () else content
