"""The numbers of one panel of rows: where they are in memory, and elementwise operations on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from funcnn.compilation.graph import INPUTS, PLACE, Graph, Node, Value, in_order, needed
from funcnn.compilation.hashing import normal, random
from funcnn.compilation.operations import COMPARISONS
from funcnn.compilation.text import Index, Text
from funcnn.formulas.table import FORMULAS

LOGIC = dict.fromkeys(("logical_and", "bitwise_and", "multiply", "minimum"), "and")
LOGIC |= dict.fromkeys(("logical_or", "bitwise_or", "maximum"), "or")
READ_BY_ENTRIES = {*INPUTS, "constants", "sums"}
IN_TEXT = {0.0, 1.0, -1.0, 2.0, -2.0, 0.5}  # numbers that do not depend on the number of rows, as 1 / m may

FIRST = {"sum": 0.0, "maximum": -math.inf, "minimum": math.inf}
"""The sum, maximum and minimum of nothing."""

Known = dict[Value, tuple[str, bool]]
"""What a loop over features has in registers: the name of the panel, and whether it consists of bools."""


class Panel:
    """Writes operations on a feature of some rows, of which `row` is the first.

    Its memory is in three areas: `tile`, for the sums of a tile; `passing`; and `kept`, for later rounds over the rows.
    """

    def __init__(self, text: Text, graph: Graph) -> None:
        self.text, self.graph = text, graph
        self.tile = self.passing = self.kept = ""
        self.constants = "%V"
        self.row: Index = 0

    def address(self, node: Node, f: Index) -> str:
        """Where feature f of a stored node is."""
        base = {"panel": self.passing, "rows": self.kept, "tile": self.tile}[node.place[0]]
        return self.text.at(base, self.text.times(self.text.plus(f, self.text.offset(node, PLACE)), self.text.rows))

    def apart(self, node: Node) -> int:
        """How many entries of an array lie from a lane of a panel to the next."""
        return node.features

    def compute(self, group: list[Node], f: Index, known: Known) -> None:
        """Feature f of elementwise nodes, each stored if another loop needs it."""
        for node in group:
            known[node] = self._operation(node, f, known)
            self.keep(node, f, known)

    def results(self, roots: Sequence[Value], read: Callable[[Node], str], known: Known | None = None) -> list[str]:
        """The panels of values that are computed entry by entry; `read` gives those of inputs that are not known."""
        known, nodes = dict(known or {}), in_order(needed(roots))
        known.update({node: (read(node), False) for node in nodes if node.op in READ_BY_ENTRIES and node not in known})
        self.compute([node for node in nodes if node not in known], 0, known)
        return [self.number(one, 0, 1, known) for one in roots]

    def keep(self, node: Node, f: Index, known: Known) -> None:
        """Store feature f of a node, if it has a place."""
        if node.is_stored and node.place[0]:
            self.text.store(self.number(node, f, node.features, known), self.address(node, f))

    def _operation(self, node: Node, f: Index, known: Known) -> tuple[str, bool]:
        """The value of a node, and whether it is a panel of bools."""
        t, op = self.text, node.op
        if op == "random":
            return random(t, node, self.row, f, self.constants, self.apart(node)), True
        if op == "normal":
            return normal(t, node, self.row, f, self.constants, self.apart(node)), False
        are_bools = all([known.get(_key(a), ("", False))[1] for a in node.args])
        if op in LOGIC and (op.startswith(("logical", "bitwise")) or are_bools):
            return t.logic(LOGIC[op], *[self._truth(a, f, node, known) for a in node.args]), True
        if op in {"logical_not", "invert"}:
            return t.inverse(self._truth(node.args[0], f, node, known)), True
        if op == "where":
            condition, a, b = node.args
            chosen = [self.number(v, f, node.features, known) for v in (a, b)]
            return t.select(self._truth(condition, f, node, known), *chosen), False
        return self._of_numbers(op, *[self.number(a, f, node.features, known) for a in node.args], node=node)

    def _of_numbers(self, op: str, a: str, b: str = "", *, node: Node) -> tuple[str, bool]:
        t = self.text
        if op in COMPARISONS:
            return t.compare(COMPARISONS[op], a, b), True
        if op == "isfinite":
            return t.compare("olt", t.call("fabs", a), t.constant(math.inf)), True
        if op == "sign":
            negative = t.select(t.compare("olt", a, t.constant(0)), t.constant(-1), a)  # NaN and 0 stay
            return t.select(t.compare("ogt", a, t.constant(0)), t.constant(1), negative), False
        number = node.args[-1]
        if op in {"maximum", "minimum"} and isinstance(number, float) and not math.isnan(number):
            return t.select(t.compare("olt" if op == "maximum" else "ogt", a, b), b, a), False  # NaN stays
        return _ARITHMETIC[op](t, *([a, b] if b else [a])), False

    def joined(self, kind: str, a: str, b: str) -> str:
        """The sum, maximum or minimum of two panels, lane by lane; NaN if one is NaN."""
        return self.text.add(a, b) if kind == "sum" else self.text.call(kind, a, b, flags="nsz ")

    # Arguments.

    def number(self, a: Value, f: Index, features: int, known: Known) -> str:
        """Feature f of an argument, or its only feature; bools as 1 and 0."""
        name, is_bool = self._value(a, f, features, known)
        return self.text.select(name, self.text.constant(1), self.text.constant(0)) if is_bool else name

    def _truth(self, a: Value, f: Index, node: Node, known: Known) -> str:
        name, is_bool = self._value(a, f, node.features, known)
        return name if is_bool else self.text.compare("une", name, self.text.constant(0))

    def _value(self, a: Value, f: Index, features: int, known: Known) -> tuple[str, bool]:
        """Feature f of an argument, or its only feature."""
        if _key(a) not in known:
            known[_key(a)] = self._load(a, f if getattr(a, "features", 1) == features else 0), False
        return known[_key(a)]

    def _load(self, a: Value, f: Index) -> str:
        t = self.text
        if isinstance(a, float):
            if not math.isfinite(a) or a in IN_TEXT or abs(a) >= 16:
                return t.constant(a)
            return t.splat(t.number(self.constants, self.graph.constant(np.array([a], t.dtype))[0]))
        if a.op == "vector":
            return t.splat(t.number(self.constants, t.plus(t.offset(a, 0), t.times(f, a.data[1]))))
        return t.load(self.address(a, f))


def _key(a: Value) -> Value:
    """A number by its text, since -0.0 equals 0.0."""
    return repr(a) if isinstance(a, float) else a


_ARITHMETIC: dict[str, Callable[..., str]] = {
    **FORMULAS,
    "add": Text.add,
    "subtract": Text.sub,
    "multiply": Text.mul,
    "divide": Text.div,
    "negative": Text.neg,
    "absolute": lambda t, a: t.call("fabs", a),
    "sqrt": lambda t, a: t.call("sqrt", a),
    "maximum": lambda t, a, b: t.call("maximum", a, b),
    "minimum": lambda t, a, b: t.call("minimum", a, b),
}
