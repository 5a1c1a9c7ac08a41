"""Arrays that are written entry by entry: which of them are computed in one loop, and what its text depends on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import attrs

from funcnn.compilation.graph import Node, in_order, needed
from funcnn.compilation.pieces import Pattern


@attrs.frozen(eq=False)
class Assignment:
    """An array of `size` entries, written from number `first` of a memory on: a value; or start - lr value.

    Both are symbolic arrays, or later nodes of a graph.
    """

    name: str
    first: int
    value: Any
    size: int
    start: Any = None

    def offset(self, i: int) -> int:
        """The first number, or the size."""
        return (self.first, self.size)[i]

    @property
    def arguments(self) -> list[Any]:
        """Of what the array is computed."""
        return [self.value] if self.start is None else [self.value, self.start]


@attrs.frozen(eq=False)
class Loop:
    """Targets of one size, which are computed in one loop over their entries; its text may be for `any_size`."""

    targets: list[Assignment]
    any_size: bool
    is_shared: ClassVar = True

    @property
    def nodes(self) -> list[Node]:
        """What is read and computed, in order, without vectors."""
        return in_order(needed([value for one in self.targets for value in one.arguments]))

    def add_to(self, pattern: Pattern) -> None:
        """Add the loop to a pattern."""
        pattern.add([node for node in self.nodes if node.args])
        for one in self.targets:
            values = [pattern.read(value) if isinstance(value, Node) else repr(value) for value in one.arguments]
            pattern.key.append((one.name, None if self.any_size else one.size, pattern.own(one), *values))


def loops(targets: list[Assignment], joins: Callable[[Node], object], *, any_size: bool = False) -> list[Loop]:
    """A loop for the targets of one size that are computed of the same node, among nodes that `joins`."""
    groups = list(range(len(targets)))
    first: dict[tuple[int, Node], int] = {}

    def group(i: int) -> int:
        while groups[i] != i:
            groups[i] = i = groups[groups[i]]
        return i

    for i, target in enumerate(targets):
        for node in filter(joins, needed(target.arguments)):
            groups[group(i)] = group(first.setdefault((target.size, node), i))
    found: dict[int, list[Assignment]] = {}
    for i, target in enumerate(targets):
        found.setdefault(group(i), []).append(target)
    return [Loop(some, any_size) for some in found.values()]
