"""The program of a trace: the numbers of a row, and the sums over the rows that make the cost and the gradients."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from funcnn.compilation.evaluation import prepared
from funcnn.compilation.graph import Graph, Node
from funcnn.compilation.shapes import Operand, Untraceable
from funcnn.compilation.symbols import Symbol, elementwise, is_known, is_number
from funcnn.compilation.trace import Trace, padded

LEAST_FACTOR = 1e-9
"""The least factor of a sum over rows that kernels multiply into the rows."""
MOST_SUMS = 10_000


class Sum:
    """left^T @ right over all rows, added to the sums from number `at` on; without left, the sum of the rows of right.

    Without left, `is_total` adds the features of right as well.
    """

    def __init__(self, left: Node | None, right: Node, at: int, *, is_total: bool) -> None:
        self.left, self.right, self.at, self.is_total = left, right, at, is_total

    @property
    def arguments(self) -> list[Node]:
        """The nodes that are summed."""
        return [self.right] if self.left is None else [self.left, self.right]


class Program(Graph):
    """The nodes of a trace and its sums; the constants begin with the parameters.

    `places` gives for the id of a symbolic sum where it stands among the sums. The gradients are the first, each at the
    start of a panel; then from `first_total` on the sums of which the cost is computed, and the number of faults, at
    `faults`. `cost` is the function from these last sums to the cost; there may be several sets of them, as columns.
    """

    def __init__(self, trace: Trace) -> None:
        super().__init__(trace.count, trace.dtype)
        self.trace = trace
        self.sums: list[Sum] = []
        self.places: dict[int, int] = {}
        self._length = 0
        for gradient in trace.gradients:
            self._keep(gradient)
            self._length = padded(self._length, trace.dtype)
        self.first_total = self._length
        for one in _sums_of(trace.cost):
            self._keep(one)
        self.faults = self._length
        for fault in trace.faults:
            if is_known(fault):
                raise Untraceable("a check of numbers that no row takes part in")
            self._add_sum(None, elementwise("where", fault, 1.0, 0.0, dtype=trace.dtype), self.faults, is_total=True)
        self.length = self._length + 1
        self.cost = prepared(trace.cost, lambda s: itemgetter(self.places[id(s)] - self.first_total))

    def _keep(self, s: Symbol) -> None:
        """Give a sum its place, and add what it consists of."""
        if id(s) not in self.places:
            self.places[id(s)] = self._length
            self._length += s.size
            self._decompose(s, self.places[id(s)], 1.0)

    def _decompose(self, s: Symbol, at: int, factor: float) -> None:
        """Add factor * s, where s is a linear combination of sums over rows."""
        a, b = (*s.args, None, None)[:2]
        if not LEAST_FACTOR <= abs(factor) <= 1 / LEAST_FACTOR:  # a row times a factor must not overflow or vanish
            raise Untraceable("a sum over all rows times a very large or small number")
        if s.op in {"reshape", "astype"}:
            self._decompose(a, at, factor)
        elif s.op == "negative":
            self._decompose(a, at, -factor)
        elif s.op in {"add", "subtract"} and _is_sum(a, s) and _is_sum(b, s):
            self._decompose(a, at, factor)
            self._decompose(b, at, factor if s.op == "add" else -factor)
        elif s.op in {"multiply", "divide"} and _is_sum(a, s) and is_number(b):
            self._decompose(a, at, factor * b if s.op == "multiply" else factor / b)
        elif s.op == "multiply" and is_number(a) and _is_sum(b, s):
            self._decompose(b, at, factor * a)
        elif s.op in {"product", "total"}:
            left, right = (a, b) if s.op == "product" else (None, a)
            self._add_sum(left, right if factor == 1 else right * factor, at, is_total=s.op == "total")
        else:
            raise Untraceable(f"{s.op} of a sum over all rows")

    def _add_sum(self, left: Symbol | None, right: Symbol, at: int, *, is_total: bool) -> None:
        if len(self.sums) == MOST_SUMS:  # a sum that is doubled many times consists of very many
            raise Untraceable(f"more than {MOST_SUMS} sums over all rows")
        one = Sum(None if left is None else self.node(left), self.node(right), at, is_total=is_total)
        for node in one.arguments:
            node.is_stored = True
        self.sums.append(one)


def _is_sum(a: Operand, like: Symbol) -> bool:
    return isinstance(a, Symbol) and a.features == 0 and a.shape == like.shape


def _sums_of(cost: Symbol) -> list[Symbol]:
    """The sums over rows of which a cost is computed, each once."""
    found: dict[int, Symbol] = {}
    left: list[Any] = [cost]
    while left:
        one = left.pop()
        if isinstance(one, Symbol) and one.features == 0 and id(one) not in found:
            found[id(one)] = one
            left += [] if one.op in {"product", "total"} else one.args[::-1]
    return [one for one in found.values() if one.op in {"product", "total"}]
