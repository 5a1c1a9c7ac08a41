"""The numbers of a few rows: the features of each stand side by side in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from funcnn.compilation.graph import Node
from funcnn.compilation.panel import Panel
from funcnn.compilation.text import Index, Text


class FewPanel(Panel):
    """Operations on features of one of `rows` rows; a single feature fills all lanes of a vector.

    `lines` is the number of vectors of a row.
    """

    def __init__(self, text: Text, program: Any, rows: int, lines: int) -> None:
        super().__init__(text, program)
        self.rows, self.lines = rows, lines

    def enter(self, row: Index) -> None:
        """Take the memory of a row."""
        self.row, self.tile = row, self.text.at("%A", self.text.times(row, self.lines * self.text.rows))

    def each(self) -> Iterator[int]:
        """The rows, one after another, with the memory of each."""
        for row in range(self.rows):
            self.enter(row)
            yield row

    def address(self, node: Node, f: Index) -> str:
        return self.text.at(self.tile, self.text.plus(f, node.place[1] * self.text.rows))

    def apart(self, node: Node) -> int:
        return int(node.features > 1)

    def _load(self, a: Any, f: Index) -> str:
        if isinstance(a, Node) and a.op == "vector":
            first, stride = a.data
            return self.vector(first, stride if a.features > 1 else 0, f)
        return super()._load(a, f)

    def vector(self, first: int, stride: int, f: Index) -> str:
        """The constants first + stride f, for the features from f on."""
        t = self.text
        at = t.at(self.constants, t.plus(first, t.times(f, stride)))
        if stride == 0:
            return t.splat(t.number(at))
        if stride == 1:
            return loaded(t, at, t.rows)
        made = "poison"
        for i in range(t.rows):
            made = t.let(f"insertelement {t.panel} {made}, {t.float} {t.number(at, i * stride)}, i64 {i}")
        return made


def reduced(panel: FewPanel, name: str, x: Node) -> str:
    """The sum, maximum or minimum of the features of x in a row, in all lanes of a vector."""
    t = panel.text
    neutral = {"sum": 0.0, "maximum": -math.inf, "minimum": math.inf}[name]

    def both(a: str, b: str) -> str:
        return t.add(a, b) if name == "sum" else t.call(name, a, b)

    def value(f: Index) -> str:
        return t.load(panel.address(x, f))

    rest = x.features % t.rows
    whole = x.features - rest
    total = value(0) if whole else ""
    if whole > t.rows:
        total = t.loop(whole - t.rows, lambda f, last: [both(last, value(t.plus(f, t.rows)))], total, step=t.rows)[0]
    if rest:
        last = first_of(t, value(whole), rest, neutral)
        total = both(total, last) if total else last
    apart = t.rows // 2
    while apart:
        total = both(total, t.shuffled(t.panel, total, "poison", [i ^ apart for i in range(t.rows)]))
        apart //= 2
    return total


def copy(t: Text, pointer: str, to: str, count: int) -> None:
    """Copy so many numbers, and not one more."""
    whole = count // t.rows * t.rows
    if whole:
        t.loop(whole, lambda f: put(t, loaded(t, t.at(pointer, f), t.rows), t.at(to, f), t.rows), step=t.rows)
    for start, width in parts(count - whole):
        put(t, loaded(t, t.at(pointer, whole + start), width), t.at(to, whole + start), width)


def parts(count: int) -> Iterator[tuple[int, int]]:
    """(start, width) of parts, each a power of two wide, the widest first."""
    start = 0
    while count:
        width = 1 << count.bit_length() - 1
        yield start, width
        start, count = start + width, count - width


def loaded(t: Text, pointer: str, width: int) -> str:
    """So many numbers from a pointer, which need not be aligned."""
    return t.let(f"load <{width} x {t.float}>, ptr {pointer}, align {t.bytes}")


def put(t: Text, value: str, pointer: str, width: int) -> None:
    """Store so many numbers."""
    t.do(f"store <{width} x {t.float}> {value}, ptr {pointer}, align {t.bytes}")


def first_of(t: Text, value: str, count: int, other: float = 0.0) -> str:
    """The first `count` lanes of a vector; the others become another number."""
    lanes = ", ".join([f"i1 {str(i < count).lower()}" for i in range(t.rows)])
    return value if count == t.rows else t.select(f"<{lanes}>", value, t.constant(other))
