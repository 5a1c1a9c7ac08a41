"""Templates of trees that are built many times, each time from other arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from funcnn.arrays import Array, is_array
from funcnn.records import build, is_record, plans, values

Template = Callable[[Iterator[Array]], Any]


def template(tree: Any, *, states: bool = True) -> Template:
    """A function that builds `tree` with the next arrays of an iterator; without `states`, states keep their arrays.

    The result is the same as from `map_arrays`, but parts without arrays are not walked through again.
    """
    return _filled(tree, states=states) or (lambda _: tree)


def _filled(tree: Any, *, states: bool) -> Template | None:
    """The template of a tree, None if it has no array to replace."""
    if is_array(tree):
        return next
    cls = type(tree)
    if cls is not tuple and not is_record(tree):
        return None
    parts = tree if cls is tuple else values(tree)
    kept = [False] * len(parts) if cls is tuple else [is_state and not states for _, is_state in plans[cls]]
    found = [None if keep else _filled(part, states=states) for part, keep in zip(parts, kept, strict=True)]
    filled = [(i, fill) for i, fill in enumerate(found) if fill is not None]
    if not filled:
        return None

    def fill(rest: Iterator[Array]) -> Any:
        contents = list(parts)
        for i, part in filled:
            contents[i] = part(rest)
        return tuple(contents) if cls is tuple else build(cls, contents)

    return fill
