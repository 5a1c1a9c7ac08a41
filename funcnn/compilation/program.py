"""The program of a trace: the numbers of a row, and the sums over the rows that make the cost and the gradients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import numpy as np

from funcnn.compilation.evaluation import Calculation, reached
from funcnn.compilation.graph import Graph, Node
from funcnn.compilation.passes import SumOfProducts
from funcnn.compilation.shapes import SUMS, Operand, Untraceable
from funcnn.compilation.symbols import Symbol, elementwise
from funcnn.compilation.trace import Traced, padded

MOST_ROUNDS = 8
"""Of a program whose rounds are functions with offsets of their own; in others, those that are alike share one."""


class TracedGraph(Graph):
    """The nodes of a trace and its sums; the constants begin with the parameters.

    `places` gives for the id of a symbolic sum where it stands among the sums. The gradients are the first, each at the
    start of a panel; then from `first_total` on the sums of which the cost is computed, and the number of faults, at
    `faults`. `cost` computes the cost from these last sums; there may be several sets of them, as columns.

    The rows are read in `rounds` rounds. The sums at the places `own` are those that rows need, and those of which the
    gradients are computed that are `derived`; from `starts[i]` to `starts[i + 1]` stand those of round i. `vectors[i]`
    are the constants that are computed from them when i rounds are over, with their places. `out` is what is written
    for each row, in round `round_of_out`, or None.

    Raises:
        Untraceable: there is no kernel for what the trace does.
    """

    def __init__(self, trace: Traced) -> None:
        super().__init__(trace.count, trace.dtype)
        self.trace = trace
        self.sums: list[SumOfProducts] = []
        self.places: dict[int, int] = {}
        self.own: dict[int, int] = {}
        self.derived: list[Symbol] = []
        self.vectors: defaultdict[int, list[tuple[int, Symbol]]] = defaultdict(list)
        self._length = 0
        self.out: Node | None = None
        own = _needed_by_rows([*trace.gradients, trace.cost, *trace.faults, trace.out])
        for gradient in trace.gradients:
            own |= self._keep_gradient(gradient, own)
            self._length = padded(self._length, trace.dtype)
        self.first_total = self._length
        for one in _sums_of([trace.cost]):
            self._keep(one)
        self.faults = self._length
        for fault in trace.faults:
            if not fault.features:
                raise Untraceable("a check of numbers that no row takes part in")
            counted = elementwise("where", fault, 1.0, 0.0, dtype=trace.dtype)
            self._add_sum(Symbol("total", (counted,), (), trace.dtype, 0), self.faults)
        self.length = self._length + 1
        self.round_of_out = 0 if trace.out is None else trace.out.stage
        if trace.out is not None:
            self.out = self.node(trace.out)
        self._place(list(own.values()))
        if trace.cost is None:
            self._check_output()
        totals = {at: place - self.first_total for at, place in self.places.items()}
        self._cost = Calculation(totals).function([trace.cost])

    def cost(self, totals: Any) -> Any:
        """The cost, given the last sums."""
        return self._cost(totals)[0]

    def _check_output(self) -> None:
        """Refuse predictions for which there is no kernel."""
        if self.rounds > 1:
            raise Untraceable("a sum over all rows")
        if self.node(self.trace.out).op == "x":
            raise Untraceable("an output that is x itself")

    @property
    def computed(self) -> list[tuple[int, Symbol]]:
        """The constants that are computed before the first round."""
        return [one for one in super().computed if not one[1].stage]

    @cached_property
    def _computed(self) -> tuple[list[tuple[int, int]], Callable[..., list[Any]]]:
        """The places and sizes of what is computed before the first round, and its function."""
        places = [(at, a.size) for at, a in self.computed]
        return places, Calculation(self.trace.states.places).function([a for _, a in self.computed])

    def fill_computed(self, constants: Any, numbers: list[Any]) -> None:
        """Write the constants that are computed from the parameters, which stand before them, and from states."""
        places, function = self._computed
        for (at, size), value in zip(places, function(numbers, constants), strict=True):
            constants[at : at + size] = np.reshape(value, -1)

    def has_place(self, a: Symbol) -> bool:
        """Whether an array is among the constants."""
        return id(a) in self._places

    def constant(self, a: Operand) -> tuple[int, ...]:
        if not isinstance(a, Symbol) or self.has_place(a) or not a.stage:
            return super().constant(a)
        self.constants = padded(self.constants, self.dtype)  # it is written panel by panel
        place = super().constant(a)
        self.constants = padded(self.constants, self.dtype)
        self.vectors[a.stage].append((place[0], a))
        return place

    # Sums.

    def _keep_gradient(self, s: Symbol, own: dict[int, Symbol]) -> dict[int, Symbol]:
        """Give a gradient its place; the sums of which it is computed after the rows, if it is not a sum itself."""
        is_sum = s.op in SUMS and id(s) not in own
        self._keep(s, is_sum=is_sum)
        if is_sum:
            return {}
        self.derived.append(s)
        return {id(one): one for one in _sums_of([s])}

    def _keep(self, s: Symbol, *, is_sum: bool = True) -> None:
        """Give an array its place among the sums."""
        if id(s) not in self.places:
            self.places[id(s)] = self._length
            self._length += s.size
            if is_sum:
                self._add_sum(s, self.places[id(s)])

    def _add_sum(self, s: Symbol, at: int) -> None:
        """A sum over rows, at its place."""
        left, right = s.args if s.op == "product" else (None, *s.args)
        left_node = None if left is None else self.node(left)
        self.sums.append(SumOfProducts(left_node, self.node(right), at, s.op == "total", s.stage - 1))

    def _place(self, own: list[Symbol]) -> None:
        """Give the sums that rows need their places, and count the rounds."""
        end, self.starts = padded(self.length, self.dtype), list[int]()
        last = max([self.round_of_out, *[one.round for one in self.sums], *[s.stage - 1 for s in own]])
        stages = defaultdict[int, list[Symbol]](list)
        for s in own:
            stages[s.stage].append(s)
        for i in range(last + 1):
            self.starts.append(end)
            for s in stages[i + 1]:
                self.own[id(s)] = end
                self._add_sum(s, end)
                end = padded(end + s.size, self.dtype)
        self.starts.append(end)
        self.rounds = last + 1
        self.is_shared = self.rounds > MOST_ROUNDS


def _sums_of(roots: Iterable[Operand]) -> list[Symbol]:
    """The sums over rows of which arrays are computed, each once."""
    found = reached(roots, lambda s: [] if s.op in SUMS else [a for a in s.args[::-1] if _is_after_rows(a)])
    return [s for s in found if s.op in SUMS]


def _is_after_rows(a: Operand) -> bool:
    return isinstance(a, Symbol) and a.features == 0


def _needed_by_rows(roots: list[Operand]) -> dict[int, Symbol]:
    """The sums over rows that other rows need, by their ids."""
    rows = [one for one in reached(roots) if one.features]
    return {id(s): s for one in rows for s in _sums_of(filter(_is_after_rows, one.args))}
