"""The rule of a recurrent cell, traced: what a step computes of its gates besides products, entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from functools import partialmethod
from typing import Any

import numpy as np

from funcnn.compilation.graph import Graph
from funcnn.compilation.panel import Known, Panel
from funcnn.compilation.strips import FORM
from funcnn.compilation.symbols import Symbol
from funcnn.compilation.text import Text


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

    def __matmul__(self, other: RightFactor) -> GateArray:
        return other.made

    def _applied(self, name: str, *others: Any, is_reflected: bool = False) -> GateArray:
        return mapped(name, *(*others, self) if is_reflected else (self, *others))

    __add__, __sub__ = partialmethod(_applied, "add"), partialmethod(_applied, "subtract")
    __mul__, __neg__ = partialmethod(_applied, "multiply"), partialmethod(_applied, "negative")
    __rsub__ = partialmethod(_applied, "subtract", is_reflected=True)
    __rtruediv__ = partialmethod(_applied, "divide", is_reflected=True)


class RightFactor:
    """U, the right factor of h @ U; the product is `made`, which is computed beforehand."""

    def __init__(self, made: GateArray) -> None:
        self.made = made


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
