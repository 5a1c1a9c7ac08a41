"""Trees with one part replaced."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import attrs

from funcnn.arrays import is_array, kind, short
from funcnn.checked import checked
from funcnn.errors import FuncnnError, KindError
from funcnn.needs import Text
from funcnn.records import is_record, plans
from funcnn.trees.walks import Tree, check_part

T = TypeVar("T")


def evolve(record: T, /, **changes: Any) -> T:
    """`record` with some fields replaced; the old record is unchanged.

    >>> from funcnn import evolve
    >>> from funcnn.layers import LeakyRelu
    >>> evolve(LeakyRelu(), alpha=0.2)
    LeakyRelu(alpha=0.2)

    Raises:
        KindError: `record` is not a record. Any error of the constructor of `record`.
    """
    if not is_record(record):
        remedy = "; write replace(tree, path, value)" if type(record) is tuple else ""
        raise KindError(f"evolve: record must be a record, not {kind(record)}{remedy}")
    return cast("T", attrs.evolve(cast("Any", record), **changes))


@checked
def replace(tree: Tree[T], path: Text, value: Any) -> T:
    """`tree` with another part at a path; the old tree is unchanged.

    >>> import numpy as np
    >>> from funcnn import mlp, trees
    >>> net = trees.replace(mlp([2, 3, 1], seed=0), "2.b", np.array([0.5]))
    >>> net[2].b
    array([0.5])

    Raises:
        FuncnnError: the tree has no part at that path.
        KindError: a layer or an array would be replaced by a value of another kind. Any error of the constructor of
            the record at that path.
    """
    return cast("T", _replaced(tree, path.split("."), value, path))


def _replaced(tree: Any, steps: list[str], value: Any, path: str) -> Any:
    if not steps:
        return value
    step, *rest = steps
    if type(tree) is tuple and step.isdecimal() and int(step) < len(tree):
        i = int(step)
        if not rest:
            check_part("replace", "value", value)
            _check_alike(tree[i], value, path)
        return (*tree[:i], _replaced(tree[i], rest, value, path), *tree[i + 1 :])
    if not is_record(tree) or step not in (fields := attrs.fields_dict(type(tree))):
        parts = [name for name, _ in plans[type(tree)]] if is_record(tree) else []
        parts = [*map(str, range(len(tree)))] if type(tree) is tuple else parts
        has = f"has {', '.join(parts)}" if parts else "has no parts"
        raise FuncnnError(f"replace: path {path!r} does not exist: {short(tree)} {has}")
    field, old = fields[step], getattr(tree, step)
    if not rest and is_record(old) and value is not None and "state" not in field.metadata:
        _check_alike(old, value, path)
    return evolve(tree, **{str(field.alias): _replaced(old, rest, value, path)})


def _check_alike(old: Any, value: Any, path: str) -> None:
    """Check that a layer is replaced by a layer, and an array by an array."""
    is_layer, becomes_layer = [is_record(part) or type(part) is tuple for part in (old, value)]
    if (is_layer and not becomes_layer) or (is_array(old) and not is_array(value)):
        needed = "a record or a tuple" if is_layer else "an array"
        raise KindError(f"replace: value must be {needed}, as the value at {path!r} is, not {kind(value)}")
