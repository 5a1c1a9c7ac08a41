"""The trace of a rule over rows: its result as symbolic arrays, computed in one sweep over the rows or in several."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.compilation.evaluation import Calculation, reached
from funcnn.compilation.graph import Graph
from funcnn.compilation.passes import Passes, SumOfProducts
from funcnn.compilation.shapes import SUMS, Shape, Untraceable
from funcnn.compilation.structure import symbolic, symbols_in
from funcnn.compilation.symbols import Symbol, elementwise
from funcnn.compilation.trace import padded
from funcnn.conditions import recorded
from funcnn.records import plans


class RowTrace(Graph):
    """What a rule computes from rows: of the array `given[at]`, and of the other arrays with as many rows.

    `arrays` are the symbols of all arrays in order: inputs, which are read row by row, with their number as `data`; and
    parameters, which are read as a whole and stand at the start of the constants. `made` is the result of the rule.
    Its arrays of rows are computed in `sweeps`, each as early as it can be, and its other arrays from the sums, which
    stand at their `places`.

    Raises:
        Untraceable: the rule does what a kernel cannot do.
    """

    def __init__(self, rule: Callable[..., Any], given: tuple[Any, ...], at: int) -> None:
        x = given[at]
        super().__init__(0, x.dtype)
        self.lead: Shape = x.shape[:-1]
        self.rows, self.features = math.prod(self.lead), x.shape[-1]
        self.arrays: list[Symbol] = []
        self.inputs: list[Symbol] = []
        self.places: dict[int, int] = {}
        self.length = 0
        with recorded() as faults:
            self.made = rule(*self._symbols(given))
        self.faults = [elementwise("where", fault, 1.0, 0.0, dtype=x.dtype).sum() for fault in faults]
        self.leaves = symbols_in(self.made)
        if any([s.dtype != self.dtype or s.op == "astype" for s in self.leaves]):
            raise Untraceable("a result of another dtype")
        self.sweeps = self._sweeps([*self.leaves, *self.faults])

    def _symbols(self, given: tuple[Any, ...]) -> list[Any]:
        numbers: list[Symbol] = []
        takers = [self._parameter if type(part) in plans else self._array for part in given]
        takers = [self._inner if type(part) is tuple else take for part, take in zip(given, takers, strict=True)]
        symbols = [symbolic(part, take, numbers) for part, take in zip(given, takers, strict=True)]
        if numbers or self.features < 2 or not self.lead:
            raise Untraceable("a number that differs from step to step, or no rows of several numbers")
        return symbols

    def _array(self, a: Any) -> Symbol:
        """An argument of its own: rows, or one number for each row; else a parameter."""
        return self._input(a, ()) if a.shape == self.lead else self._inner(a)

    def _inner(self, a: Any) -> Symbol:
        """An array of a cache, whose rows have as many axes as x."""
        is_row = a.ndim == len(self.lead) + 1 and a.shape[:-1] == self.lead
        return self._input(a, a.shape[-1:]) if is_row else self._parameter(a)

    def _input(self, a: Any, own: Shape) -> Symbol:
        """Rows, traced with one axis for all rows; of another dtype as y, which may be converted."""
        op = "x" if a.dtype == self.dtype else "y"
        self.inputs.append(Symbol(op, (), (self.rows, *own), a.dtype, math.prod(own), len(self.inputs)))
        self.arrays.append(self.inputs[-1])
        return self.inputs[-1]

    def _parameter(self, a: Any) -> Symbol:
        if a.dtype != self.dtype:
            raise Untraceable(f"a parameter of {a.dtype} beside {self.dtype}")
        first, self.constants = self.constants, padded(self.constants + a.size, a.dtype)
        index = np.arange(first, first + a.size).reshape(a.shape)
        self.arrays.append(Symbol("parameter", (), a.shape, a.dtype, None, index))
        return self.arrays[-1]

    # Sweeps.

    def _sweeps(self, roots: list[Symbol]) -> list[Passes]:
        sums: dict[int, SumOfProducts] = {}
        for s in [s for s in reached(roots) if s.op in SUMS]:
            self.places[id(s)], self.length = self.length, padded(self.length + s.size, self.dtype)
            left, *_ = s.args
            if s.op == "product" and left is not None:
                raise Untraceable("a product of arrays over all rows")
            stage, is_total = s.stage - 1, s.op == "total"
            sums[id(s)] = SumOfProducts(None, self.node(s.args[-1]), self.places[id(s)], is_total, stage)
        outputs = [(s.stage, self.node(s)) for s in self.leaves if s.features]
        for node in self.nodes:
            if node.op in {"dense", "random"} or node.features not in {1, self.features}:
                raise Untraceable(f"{node.op} of {node.features} features, in rows of {self.features}")
        given = set(map(self.node, self.inputs))
        count = 1 + max([*[i for i, _ in outputs], *[one.round for one in sums.values()]], default=0)
        return [
            Passes(
                self.nodes,
                list(dict.fromkeys([node for stage, node in outputs if stage == i and node not in given])),
                [one for one in sums.values() if one.round == i],
            )
            for i in range(count)
        ]

    # Numbers.

    def function(self, results: list[Symbol]) -> Callable[..., list[Any]]:
        """The function from the sums and the constants to what is computed from them."""
        first = self.places
        sums = [s for s in reached(results) if s.op in SUMS]
        places = {id(s): f"numbers[{first[id(s)]}:{first[id(s)] + s.size}].reshape({s.shape})" for s in sums}
        return Calculation(places).function(results)

    def shape(self, s: Symbol) -> Shape:
        """The shape of an array of rows in the result, which has the axes of rows that x has."""
        return *self.lead, *s.shape[1:]
