"""The arrays and changing numbers of a tree by path, as inputs and outputs of a program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from funcnn.arrays import is_array
from funcnn.records import build, plans
from funcnn.recording.arrays import RecordedArray

Leaf = Callable[[str, Any], Any]


def with_leaves(leaf: Leaf, tree: Any, path: str, *, is_state: bool = False) -> Any:
    """A tree with `leaf(path, value)` in place of each array, and of each number in a state that may change.

    These numbers are ints that are states, such as a step, and floats in states; not the ints in a tuple, such as a seed.
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
    """The arrays and changing numbers of a tree by path."""
    found: dict[str, Any] = {}

    def note(there: str, value: Any) -> Any:
        found[there] = np.asarray(value)
        return value

    with_leaves(note, tree, path)
    return found


def recorded_in(tree: Any, path: str) -> Iterator[tuple[str, RecordedArray]]:
    """The recorded arrays of a tree by path."""
    if isinstance(tree, RecordedArray):
        yield path, tree
        return
    named = (
        enumerate(tree)
        if type(tree) is tuple
        else [(name, getattr(tree, name)) for name, _ in plans.get(type(tree), ())]
    )
    for name, part in named:
        yield from recorded_in(part, f"{path}.{name}")
