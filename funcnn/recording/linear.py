"""Numbers and arrays that depend on the number m of rows as a + b m."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs


class NotLinearError(Exception):
    """Something depends on the number m of rows in another way than a + b m; the text names it."""


@attrs.frozen
class Linear:
    """a + b m"""

    a: int
    b: int

    def at(self, m: int) -> int:
        """The number for m rows."""
        return self.a + self.b * m


M = Linear(0, 1)
"""The number of rows."""


def at(tree: Any, m: int) -> Any:
    """A tuple, a list or a dict with the numbers for m rows."""
    if isinstance(tree, tuple | list):
        return type(tree)([at(part, m) for part in tree])
    if isinstance(tree, dict):
        return {key: at(part, m) for key, part in tree.items()}
    return tree.at(m) if isinstance(tree, Linear) else tree


def linear(trees: Sequence[Any], rows: Sequence[int]) -> Any:
    """The tree that is trees[i] for rows[i] rows: each whole number that differs is a `Linear`.

    Raises:
        NotLinearError: a number is not a + b m, or something else than a whole number differs.
    """
    first = trees[0]
    if all([type(tree) is type(first) and tree == first for tree in trees]):
        return first
    if isinstance(first, tuple | list) and len({len(tree) for tree in trees}) == 1:
        return type(first)([linear(parts, rows) for parts in zip(*trees, strict=True)])
    if isinstance(first, dict):
        return {key: linear([tree[key] for tree in trees], rows) for key in first}
    if type(first) is int:
        b = (trees[1] - first) // (rows[1] - rows[0])
        made = Linear(first - b * rows[0], b)
        if [made.at(m) for m in rows] == list(trees):
            return made
    raise NotLinearError("a shape or a position that is not a + b m for m rows")


def total(shape: Sequence[Any]) -> int | Linear | None:
    """The number of entries of an array of this shape, or None if two axes depend on the number of rows."""
    moving = [n for n in shape if isinstance(n, Linear)]
    if len(moving) > 1:
        return None
    others = math.prod([n for n in shape if not isinstance(n, Linear)])
    return Linear(moving[0].a * others, moving[0].b * others) if moving else others
