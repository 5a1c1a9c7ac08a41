"""Parts of a program that differ in offsets alone: one function for all of them, which reads the offsets from a table.

So the time to compile a deep network grows with the number of its different layers, not with its depth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol, TypeVar, cast

import attrs

from funcnn.compilation.graph import Node, in_order, needed
from funcnn.compilation.text import Text

OFFSETS = {"dense": {0, 3}, "normal": {0, 1}, "random": {1, 2}}
OFFSETS |= {op: {0} for op in ("constants", "gradients", "memory", "parameters", "sums", "vector")}
"""The entries of the `data` of a node that are places in memory."""


class Pattern:
    """What the text of some nodes depends on, but for offsets, as `key`; `owners` are numbered as they appear.

    An owner, such as a node, has the method `offset(i)`, which gives its offset i.
    """

    def __init__(self) -> None:
        self.key: list[Any] = []
        self.owners: dict[Any, int] = {}

    def own(self, owner: Any) -> int:
        """The number of an owner."""
        return self.owners.setdefault(owner, len(self.owners))

    def add(self, nodes: Sequence[Node]) -> None:
        """Nodes that are computed, with their arguments, which are numbers, or nodes computed before or elsewhere."""
        made = []
        for node in nodes:
            args = [self.read(a) if isinstance(a, Node) else repr(a) for a in node.args]  # -0.0 is not 0.0
            made.append((*args, self.read(node), node.is_stored))
        self.key.append(tuple(made))

    def read(self, node: Node) -> Any:
        """The number of a node; when it first appears also what it is."""
        if node in self.owners:
            return self.owners[node]
        offsets, data = OFFSETS.get(node.op), node.data
        if offsets:
            data = tuple([one is None if i in offsets else one for i, one in enumerate(data)])
        return self.own(node), node.op, node.features, node.place[0], data


class Piece(Protocol):
    """What is written apart: if it is shared, pieces of equal patterns have one function."""

    @property
    def is_shared(self) -> bool:
        """Whether the offsets are read; else the text has them."""

    def add_to(self, pattern: Pattern) -> None:
        """Add all to a pattern on which the text depends."""


P = TypeVar("P", bound=Piece)


class Pieces:
    """Functions that are written apart, and one with the name `name` that calls them as a list of words says.

    The words of a call are the number of the function, the number of words, and the offsets; the list ends with -1.
    """

    def __init__(self, text: Text, name: str, arguments: str) -> None:
        self.text, self.name, self.arguments = text, name, arguments
        self._made: dict[Any, tuple[int, list[tuple[int, int]]]] = {}

    def words(self, parts: Sequence[P], write: Callable[[P], None]) -> list[int]:
        """The list that runs the parts; `write` writes one of each pattern."""
        words: list[int] = []
        for part in parts:
            pattern, key, owners = Pattern(), cast("Any", len(self._made)), None
            if part.is_shared:
                part.add_to(pattern)
                key, owners = tuple(pattern.key), pattern.owners
            if key not in self._made:
                name, given = f"{self.name}.{len(self._made)}", f"ptr %O, {self.arguments}"
                offsets = self.text.apart(name, given, owners, lambda: write(part))  # noqa: B023  used at once
                self._made[key] = len(self._made), offsets
            number, offsets = self._made[key]
            of = list(owners or ())
            words += [number, 2 + len(offsets), *[of[owner].offset(i) for owner, i in offsets]]
        return [*words, -1]

    def run(self, parts: Sequence[P], write: Callable[[P], None], arguments: str) -> None:
        """The statement that runs the parts, if there are any."""
        if parts:
            words = self.text.words(self.words(parts, write))
            self.text.do(f"call void @{self.name}(ptr {words}, {arguments})")

    def function(self) -> list[str]:
        """The text of the function that calls the others, if there are any."""
        if not self._made:
            return []
        count = len(self._made)
        names = ", ".join([f"ptr @{self.name}.{i}" for i in range(count)])
        given = self.arguments.replace("noalias ", "")
        return f"""@{self.name}.all = internal constant [{count} x ptr] [{names}]
define internal void @{self.name}(ptr %first, {self.arguments}) nounwind {{
entry:
  br label %look
look:
  %words = phi ptr [ %first, %entry ], [ %next, %call ]
  %which = load i64, ptr %words
  %is_end = icmp slt i64 %which, 0
  br i1 %is_end, label %end, label %call
call:
  %at = getelementptr inbounds [{count} x ptr], ptr @{self.name}.all, i64 0, i64 %which
  %function = load ptr, ptr %at
  %size.at = getelementptr inbounds i64, ptr %words, i64 1
  %size = load i64, ptr %size.at
  %next = getelementptr inbounds i64, ptr %words, i64 %size
  call void %function(ptr %words, {given})
  br label %look
end:
  ret void
}}""".split("\n")


@attrs.frozen(eq=False)
class Assignment:
    """An array of `size` entries, written from number `first` of a memory on: a symbolic array, or later a node."""

    name: str
    first: int
    value: Any
    size: int

    def offset(self, i: int) -> int:
        """The first number, or the size."""
        return (self.first, self.size)[i]


@attrs.frozen(eq=False)
class Loop:
    """Targets of one size, which are computed in one loop over their entries; its text may be for `any_size`."""

    targets: list[Assignment]
    any_size: bool
    is_shared: ClassVar = True

    @property
    def nodes(self) -> list[Node]:
        """What is read and computed, in order, without vectors."""
        return in_order(needed([one.value for one in self.targets]))

    def add_to(self, pattern: Pattern) -> None:
        """Add the loop to a pattern."""
        pattern.add([node for node in self.nodes if node.args])
        for one in self.targets:
            value = pattern.read(one.value) if isinstance(one.value, Node) else repr(one.value)
            pattern.key.append((one.name, None if self.any_size else one.size, pattern.own(one), value))


def loops(targets: list[Assignment], joins: Callable[[Node], object], *, any_size: bool = False) -> list[Loop]:
    """A loop for the targets of one size that are computed of the same node, among nodes that `joins`."""
    groups = list(range(len(targets)))
    first: dict[tuple[int, Node], int] = {}

    def group(i: int) -> int:
        while groups[i] != i:
            groups[i] = i = groups[groups[i]]
        return i

    for i, target in enumerate(targets):
        for node in filter(joins, needed([target.value])):
            groups[group(i)] = group(first.setdefault((target.size, node), i))
    found: dict[int, list[Assignment]] = {}
    for i, target in enumerate(targets):
        found.setdefault(group(i), []).append(target)
    return [Loop(some, any_size) for some in found.values()]
