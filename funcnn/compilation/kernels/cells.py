"""What the kernels of recurrent layers share: the traced rule of the cell, products with U, blocks of rows, places.

Arrays of steps are (m, t, width), or (m, t + 1, k) for states. The arrays that a step keeps for `back` are side by side
in z, whose numbers are not needed after the step, as far as they fit, and the others in an array `rest`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partialmethod
from typing import Any, NamedTuple

import numpy as np

from funcnn.compilation.engine import engine
from funcnn.compilation.graph import Graph
from funcnn.compilation.kernels.calls import Call
from funcnn.compilation.panel import Known, Panel
from funcnn.compilation.strips import FORM, Strips
from funcnn.compilation.symbols import Symbol
from funcnn.compilation.text import Index, Text


class GateArray:
    """An array (m, n k) as n symbolic arrays (m, k) side by side, one for each gate."""

    __array_priority__ = 1000

    def __init__(self, parts: list[Symbol]) -> None:
        self.parts = parts

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n k)"""
        return FORM[0], FORM[1] * len(self.parts)

    @property
    def dtype(self) -> Any:
        """The dtype of all parts."""
        return self.parts[0].dtype

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return _FUNCTIONS

    def __getitem__(self, key: Any) -> GateArray:
        """Whole gates of all rows."""
        _, columns = key
        first, last, _ = columns.indices(self.shape[1])
        return GateArray(self.parts[first // FORM[1] : last // FORM[1]])

    def __matmul__(self, product: GateArray) -> GateArray:
        """h @ U, which is computed beforehand and stands in the place of U."""
        return product

    def _applied(self, name: str, *others: Any, is_reflected: bool = False) -> GateArray:
        return mapped(name, *(*others, self) if is_reflected else (self, *others))

    __add__, __sub__ = partialmethod(_applied, "add"), partialmethod(_applied, "subtract")
    __mul__, __neg__ = partialmethod(_applied, "multiply"), partialmethod(_applied, "negative")
    __truediv__, __rsub__ = partialmethod(_applied, "divide"), partialmethod(_applied, "subtract", is_reflected=True)


class _Functions:
    """What `namespace(x)` is for a GateArray."""

    finfo = staticmethod(np.finfo)

    def __getattr__(self, name: str) -> Callable[..., GateArray]:
        return lambda *args: mapped(name, *args)

    def concatenate(self, parts: list[GateArray], axis: int) -> GateArray:
        """Gates side by side."""
        return GateArray([part for one in parts for part in one.parts])


_FUNCTIONS = _Functions()


def mapped(name: str, *args: Any) -> GateArray:
    """A function of the parts, one by one."""
    [count] = {len(a.parts) for a in args if isinstance(a, GateArray)}
    function = getattr(Symbol.functions, name)
    return GateArray([function(*[a.parts[i] if isinstance(a, GateArray) else a for a in args]) for i in range(count)])


Place = tuple[int, int]
"""Array i and its gate j."""


class Gates(Graph):
    """`rule(there, *arrays)`, in GateArrays of so many `gates`, and one number for each row, 0 at padded positions.

    The results are arrays as well, of as many gates as `outputs` says.
    """

    def __init__(self, rule: Callable[..., list[GateArray]], gates: list[int], dtype: Any) -> None:
        super().__init__(0, dtype)
        self._there = Symbol("x", (), FORM, dtype, 1, 0)
        places = [(i, j) for i, n in enumerate(gates) for j in range(n)]
        symbols = [Symbol("memory", (), FORM, dtype, 1, at) for at in range(len(places))]
        left = iter(symbols)
        made = rule(self._there, *[GateArray([next(left) for _ in range(n)]) for n in gates])
        self.outputs = [len(one.parts) for one in made]
        self._results = [(i, j, self.node(part)) for i, one in enumerate(made) for j, part in enumerate(one.parts)]
        self._inputs = {self.node(s): place for s, place in zip(symbols, places, strict=True)}
        self.table = np.zeros(max(1, self.constants), dtype)
        self.fill(self.table)

    def write(self, t: Text, read: Callable[[Place], str], there: str, write: Callable[[Place, str], None]) -> None:
        """The rule for one panel; %W is the table."""
        panel = Panel(t, self)
        panel.constants = "%W"
        known: Known = {self.node(self._there): (there, False)} if there else {}
        made = panel.results([node for *_, node in self._results], lambda node: read(self._inputs[node]), known)
        for (i, j, _), value in zip(self._results, made, strict=True):
            write((i, j), value)


Body = Callable[[Index, Index], None]


class RowPointer(NamedTuple):
    """A pointer to a row; `ahead` is the distance of its numbers at the next step, which the kernel then asks for.

    The processor does not do so by itself, since they are on another page; without, the kernel takes 1.3 times as long.
    """

    at: str
    ahead: int = 0


class Cell:
    """A cell `cls` of k units, for m rows or more; `masked` says whether positions may be padded.

    A panel has `lanes` units, a block of rows `size` rows. A subclass sets `gates`, its rule, and `call`, its kernel.
    """

    gates: Gates
    size: int

    def __init__(self, cls: Any, dtype: Any, k: int, *, masked: bool) -> None:
        self.cls, self.dtype, self.k, self.masked = cls, dtype, k, masked
        self.states = [f"s{j}" for j in range(cls.states)]
        self.registers = engine().registers
        self.lanes = min(self.registers.vector // dtype.itemsize, 1 << (k - 1).bit_length())
        rows, panels = self.registers.block
        self.accumulators = rows * panels
        self.t = Strips(dtype, most=self.lanes)

    def shared(self, kept: list[int]) -> None:
        """Choose the array and the first gate of each array that is kept, from their numbers of gates."""
        self.kept, self.places = tuple(kept), list[tuple[str, int]]()
        ends = {"z": 0, "rest": 0}
        for n in kept:
            name = "z" if not ends["rest"] and ends["z"] + n <= self.cls.gates else "rest"
            self.places.append((name, ends[name]))
            ends[name] += n
        self.rest = ends["rest"]

    def row(self, name: str, r: Index, i: Index, steps: Index, width: int) -> str:
        """Where row r of an array is, at step i."""
        t = self.t
        return t.at(f"%{name}", t.times(t.plus(t.times(r, steps), i), width))

    def kept_rows(self, z: RowPointer, rest: RowPointer) -> list[RowPointer]:
        """The rows of the arrays that are kept."""
        rows = {"z": z, "rest": rest}
        return [RowPointer(self.t.at(rows[name].at, first * self.k), rows[name].ahead) for name, first in self.places]

    def there(self, r: Index, i: Index) -> str:
        """The number of the mask, in all lanes."""
        return self.t.splat(self.t.number(self.row("M", r, i, "%t", 1))) if self.masked else ""

    def product(self, U: str, rows: list[str], length: int, totals: list[str]) -> Any:
        """`totals` plus, for each row of numbers, its product with the panels of U, which are side by side."""
        t, many = self.t, len(totals) // len(rows)

        def more(i: Index, *totals: str) -> list[str]:
            at = t.at(U, t.times(i, many * t.rows))
            panels, new = [t.load(at, j * t.rows) for j in range(many)], []
            for r, row in enumerate(rows):
                number = t.splat(t.number(row, i))
                new += [t.fma(number, u, totals[r * many + j]) for j, u in enumerate(panels)]
            return new

        return t.loop(length, more, *totals)

    def blocks(self, body: Body) -> None:
        """`body(first, seen)` for blocks of rows, the first `seen` of which were also in the block before."""
        t, size = self.t, self.size
        count = t.let(f"udiv i64 {t.plus('%m', size - 1)}, {size}")

        def block(b: Index) -> None:
            start = t.times(b, size)
            first = t.least(start, t.minus("%m", size))
            body(first, t.minus(start, first))

        t.loop(count, block)

    def entries(self, f: Index, there: str, inputs: list[RowPointer | list[str]], outs: list[RowPointer]) -> None:
        """The rule for the panel of units from f on, given the rows of its arrays; or panels that are loaded."""

        def read(place: Place) -> str:
            row = inputs[place[0]]
            return (
                self.t.read(self._at(row, place[1], f, writes=False)) if isinstance(row, RowPointer) else row[place[1]]
            )

        self.gates.write(
            self.t, read, there, lambda place, v: self.t.write(v, self._at(outs[place[0]], place[1], f, writes=True))
        )

    def _at(self, row: RowPointer, gate: int, f: Index, *, writes: bool) -> str:
        """Where a panel of units of a gate is."""
        t = self.t
        at = t.at(row.at, t.plus(f, gate * self.k))
        if row.ahead:
            t.fetch(t.at(at, row.ahead), writes=writes, level=2)
        return at

    def written(self, numbers: list[str], arrays: list[str]) -> Call:
        """The kernel, of the statements so far."""
        return Call(self.t, ["W", "U", "M", *arrays], ["m", "t", *numbers])
