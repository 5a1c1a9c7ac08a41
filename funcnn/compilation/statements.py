"""Statements of LLVM IR: functions, loops and branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcnn.compilation.shapes import Untraceable

Index = int | str
"""A whole number that is known, or the name of a value that holds it."""
MOST_LINES = 200_000
"""Of a text: LLVM needs a second for about 40,000, in functions that are not long."""


class Statements:
    """The statements of one function, written in order; `let` returns the name of the value that it computes.

    `carried` is the type of what loops carry from round to round. `declared` are the functions of LLVM in use.
    """

    def __init__(self, carried: str) -> None:
        self.statements: list[str] = []
        self.block = "entry"
        self.declared: set[str] = set()
        self._carried, self._names = carried, 0
        self._apart: list[str] = []  # lines of functions that were written within others
        self._owners: dict[Any, int] | None = None
        self._offsets: dict[tuple[int, int], str] = {}

    def function(self, name: str, arguments: str, scope: str = "", result: str = "void") -> list[str]:
        """The lines of a function that consists of the statements so far; the next statements begin another one."""
        head = f"define {scope}{result.split(maxsplit=1)[0]} @{name}({arguments}) nounwind {{"
        lines = [head, "entry:", *self.statements, f"  ret {result}", "}"]
        self.statements, self.block = [], "entry"
        return lines

    def apart(
        self, name: str, arguments: str, owners: dict[Any, int] | None, write: Callable[[], None]
    ) -> list[tuple[int, int]]:
        """Write a function within another one; and, given owners, which offsets it reads from words 2, 3, ... at %O.

        Each offset is the number of an owner among `owners`, and the number of the owner's offset.
        """
        outer = self.statements, self.block, self._names, self._owners, self._offsets
        self.statements, self.block, self._names, self._owners, self._offsets = [], "entry", 0, owners, {}
        write()
        offsets = self._offsets
        for i, offset in enumerate(offsets.values()):
            at = f"getelementptr inbounds i64, ptr %O, i64 {i + 2}"
            self.statements[i:i] = [f"  {offset}.at = {at}\n  {offset} = load i64, ptr {offset}.at"]
        self._apart += self.function(name, arguments, "internal ")
        self.statements, self.block, self._names, self._owners, self._offsets = outer
        return list(offsets)

    def offset(self, owner: Any, i: int) -> Index:
        """Offset i of an owner: its number; or in a function that many owners share, the value that holds it."""
        if self._owners is None:
            number: int = owner.offset(i)
            return number
        return self._offsets.setdefault((self._owners[owner], i), f"%o{len(self._offsets)}")

    def module(self, lines: Sequence[str]) -> str:
        """The text of functions, with what they refer to."""
        lines = [*sorted(self.declared), *self._apart, *lines, ""]
        if len(lines) > MOST_LINES:
            raise Untraceable(f"a program of more than {MOST_LINES:,} instructions, which would take long to compile")
        return "\n".join(lines)

    def do(self, statement: str) -> None:
        self.statements.append("  " + statement)

    def let(self, expression: str) -> str:
        name = f"%v{self._name()}"
        self.do(f"{name} = {expression}")
        return name

    def _name(self) -> int:
        self._names += 1
        return self._names

    def _label(self, name: str) -> None:
        self.statements.append(f"{name}:")
        self.block = name

    def when(self, condition: str, body: Callable[[], object]) -> None:
        """The body, if the condition is true."""
        name = f"W{self._name()}"
        self.do(f"br i1 {condition}, label %{name}, label %E{name}")
        self._label(name)
        body()
        self.do(f"br label %E{name}")
        self._label("E" + name)

    def loop(
        self, count: Index, body: Callable[..., Sequence[str] | None], *carried: str, step: int = 1, of: str = ""
    ) -> Sequence[str]:
        """`carried = body(i, *carried)` for i in 0, step, ... below count, at least once; of type `of`."""
        if isinstance(count, int) and count <= step:
            return body(0, *carried) or ()
        name, before, kind = f"L{self._name()}", self.block, of or self._carried
        self.do(f"br label %{name}")
        self._label(name)
        at, i, names = len(self.statements), f"%i{name}", [f"%c{k}{name}" for k in range(len(carried))]
        self.statements += [""] * (
            1 + len(carried)
        )  # the values at the start of a round, written when the last is known
        new = body(i, *names) or ()
        after = self.let(f"add nuw nsw i64 {i}, {step}")
        more = self.let(f"icmp ult i64 {after}, {count}")
        self.do(f"br i1 {more}, label %{name}, label %E{name}")
        ends = f"%{before} ], [ {{}}, %{self.block} ]"
        self.statements[at] = f"  {i} = phi i64 [ 0, {ends.format(after)}"
        for k, (first, later) in enumerate(zip(carried, new, strict=True)):
            self.statements[at + 1 + k] = f"  {names[k]} = phi {kind} [ {first}, {ends.format(later)}"
        self._label("E" + name)
        return new
