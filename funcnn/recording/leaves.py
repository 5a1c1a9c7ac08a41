"""The arrays and changing numbers of a tree by path, as inputs and outputs of a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import is_array, kind
from funcnn.errors import KindError
from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import as_recorded
from funcnn.records import build, plans

Leaf = Callable[[str, Any], Any]


def with_leaves(leaf: Leaf, tree: Any, path: str, *, is_state: bool = False) -> Any:
    """A tree with `leaf(path, value)` in place of each array, and of each number in a state that may change.

    These numbers are ints that are states, such as a step, and floats in states. An int of a tuple, such as a seed, is
    not one of them.
    """
    cls = type(tree)
    if is_array(tree) or (is_state and cls is float):
        return leaf(path, tree)
    if cls is tuple:
        return tuple([with_leaves(leaf, part, f"{path}.{i}", is_state=is_state) for i, part in enumerate(tree)])
    if cls not in plans:
        return tree
    parts = []
    for name, part_is_state in plans[cls]:
        part, there = getattr(tree, name), f"{path}.{name}"
        is_counter = part_is_state and type(part) is int
        parts.append(leaf(there, part) if is_counter else with_leaves(leaf, part, there, is_state=part_is_state))
    return build(cls, parts)


def leaves_of(tree: Any, path: str) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays and changing numbers of a tree by path.

    >>> from funcnn import Dense
    >>> from funcnn.recording.leaves import leaves_of
    >>> [(path, a.shape) for path, a in leaves_of((Dense.init(2, 3, seed=0),), "params").items()]
    [('params.0.W', (2, 3)), ('params.0.b', (3,))]
    """
    found: dict[str, Any] = {}

    def note(there: str, value: Any) -> Any:
        found[there] = np.asarray(value)
        return value

    with_leaves(note, tree, path)
    return found


def recorded_leaves(tree: Any, path: str) -> dict[str, RecordedArray]:
    """The arrays of a result by path; those that are not recorded are the same in every run.

    Raises:
        KindError: the result has a part of another kind.
    """
    if isinstance(tree, RecordedArray | np.ndarray | np.generic) or type(tree) in {bool, int, float}:
        return {path: as_recorded(tree)}
    if type(tree) is tuple:
        parts = [(f"{path}.{i}", part) for i, part in enumerate(tree)]
    elif type(tree) in plans:
        given = [(name, getattr(tree, name), is_state) for name, is_state in plans[type(tree)]]
        parts = [(f"{path}.{name}", part) for name, part, is_state in given if _is_result(part, is_state=is_state)]
    elif tree is None:
        return {}
    else:
        raise KindError(f"record_function: {path} must be an array, a record or a tuple of them, not {kind(tree)}")
    return {there: a for name, part in parts for there, a in recorded_leaves(part, name).items()}


def _is_result(field: Any, *, is_state: bool) -> bool:
    """Whether a field of a record is an output: it has arrays, or it is a state that changes."""
    if type(field) is tuple:
        return any([_is_result(part, is_state=False) for part in field])
    if isinstance(field, RecordedArray | np.ndarray) or type(field) in plans:
        return True
    return is_state and type(field) in {int, float}
