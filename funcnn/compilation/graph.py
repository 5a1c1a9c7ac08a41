"""Operations on the numbers of a row, made from symbolic arrays: each once, for all arrays that are computed alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import numpy as np

import funcnn.compilation.namespace  # noqa: F401  which gives symbolic arrays their functions
from funcnn.compilation.evaluation import reached
from funcnn.compilation.operations import ELEMENTWISE
from funcnn.compilation.shapes import Operand, Untraceable
from funcnn.compilation.symbols import Symbol, is_known, is_number

Value = Any
"""An argument of a node: another node, or a number."""
PLACE = -1
"""The number of a node's offset that is its place."""

ACROSS = {"row sum", "row maximum", "row minimum"}  # operations from all features of a row to one number
ROOMS = {"dense", *ACROSS}  # operations that need all features of their argument at once
INPUTS = {"x", "y", "parameters", "gradients", "memory"}  # what a loop reads
READ = {"kept", *INPUTS}  # in memory before the first pass
COMMUTES = {"add", "multiply", "maximum", "minimum"}


class Node:
    """An operation that gives `features` numbers for each row; or a vector, which all rows share.

    `inputs` are the arguments that differ from row to row.
    `data` of a vector is its place among the kernel's constants, (first, stride); of a dense layer
    (first of W, stride of rows, stride of columns, first of b or None, stride of b).
    """

    __slots__ = ("args", "data", "features", "inputs", "is_stored", "number", "op", "place")

    def __init__(self, op: str, args: tuple[Value, ...], features: int, data: Any) -> None:
        self.op, self.args, self.features, self.data = op, args, features, data
        self.inputs: list[Node] = [a for a in args if isinstance(a, Node) and a.op != "vector"]
        self.number, self.is_stored = 0, False
        self.place: tuple[str, int] = ("", 0)

    def offset(self, i: int) -> int:
        """Number i of `data`, or where the node is in its area: what may differ between nodes with the same text."""
        number: int = self.place[1] if i == PLACE else self.data[i]
        return number


def needed(
    values: Iterable[Value], *, vectors: bool = True, is_end: Callable[[Node], bool] = lambda _: False
) -> set[Node]:
    """The nodes among these values, and those of which they are computed, with or without vectors, up to an end."""
    found: set[Node] = set()
    left = [value for value in values if isinstance(value, Node)]
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            args = [a for a in node.args if isinstance(a, Node)] if vectors else node.inputs
            left += [] if is_end(node) else args
    return found


def in_order(nodes: Iterable[Node]) -> list[Node]:
    """Nodes of a graph in an order in which each can be computed, without vectors."""
    return sorted([node for node in nodes if node.op != "vector"], key=attrgetter("number"))


class Graph:
    """Nodes in an order in which each can be computed, and the constants that they read.

    Constants follow one another in a vector; the first `start` of them have other uses. `extras` are the others, each
    an array, or a symbolic array that is known before the kernel reads rows, with the place of its first number.
    """

    def __init__(self, start: int, dtype: Any) -> None:
        self.constants, self.dtype = start, dtype
        self.nodes: list[Node] = []
        self.extras: list[tuple[int, Operand]] = []
        self._made: dict[Any, Node] = {}
        self._seen: dict[int, tuple[Symbol, Value]] = {}
        self._places: dict[Any, int] = {}

    def node(self, a: Operand) -> Value:
        """The node, or the number, of an array."""
        if is_number(a):
            return float(a)
        if not isinstance(a, Symbol):
            return float(a.reshape(())) if a.size == 1 else self._vector(a)
        if id(a) in self._seen:
            return self._seen[id(a)][1]
        for s in reached([a], lambda s: [] if id(s) in self._seen else self._arguments(s)):
            if id(s) not in self._seen:
                self._seen[id(s)] = s, self._made_of(s)  # s too, since the id of an array that is gone is reused
        return self._seen[id(a)][1]

    def _arguments(self, s: Symbol) -> list[Symbol]:
        """The arguments that differ from row to row."""
        product = _dense(s)
        args = [product[0][0]] if product else [] if _is_random(s) else s.args
        return [a for a in args if isinstance(a, Symbol) and a.features]

    def _made_of(self, s: Symbol) -> Value:
        if s.op == "full":
            return float(s.data)
        if not s.features:
            return self._vector(s)
        self._check_dtypes(s)
        if s.op in {"reshape", "astype"} or (s.op in ACROSS and s.args[0].features == 1):
            return self.node(s.args[0])
        if s.op in INPUTS:
            return self._make(s.op, (), s.features, s.data)
        if (product := _dense(s)) is not None:
            (x, W), b = product
            bias = (None, 0) if b is None else self.constant(b)
            return self._make("dense", (self.node(x),), s.features, (*self.constant(W), *bias))
        return self._random(s) or self._operation(s)

    def _check_dtypes(self, s: Symbol) -> None:
        """Refuse floats of another dtype than that of the kernel; y may be converted to it."""
        y = [a for a in s.args if isinstance(a, Symbol) and a.op == "y" and s.op != "astype"]
        for a in y if s.op == "y" else (s, *y):
            if a.dtype.kind == "f" and a.dtype != self.dtype:
                raise Untraceable(f"{s.op} in {a.dtype}, in a network of {self.dtype}")

    def _random(self, s: Symbol) -> Node | None:
        """Normal numbers; or random words, which are used only where they are compared with a threshold."""
        if not _is_random(s):
            return None
        places = [self.constant(halves)[0] for halves in (s if s.op == "normal" else s.args[0]).args]
        if s.op == "normal":
            return self._make("normal", (), s.features, tuple(places))
        return self._make("random", (), s.features, (int(s.args[1]), *places))

    def _operation(self, s: Symbol) -> Node:
        if s.op not in {*ELEMENTWISE, *ACROSS, "where"}:
            raise Untraceable(s.op)
        args = tuple(map(self.node, s.args))
        if s.op in COMMUTES and isinstance(args[0], float):
            args = args[::-1]
        return self._make(s.op, args, s.features)

    def _make(self, op: str, args: tuple[Value, ...], features: Any, data: Any = None) -> Node:
        key = op, tuple([repr(a) if isinstance(a, float) else id(a) for a in args]), features, data  # -0.0 is not 0.0
        if key not in self._made:
            node = self._made[key] = Node(op, args, features, data)
            node.number = len(self.nodes)
            self.nodes.append(node)
        return self._made[key]

    def _vector(self, s: Operand) -> Node:
        is_view = isinstance(s, np.ndarray) or s.op == "parameter"
        first, *strides = self.constant(s.reshape(-1) if is_view else s)
        return self._make("vector", (), s.size, (first, strides[0] if is_view else 1))

    @property
    def computed(self) -> list[tuple[int, Symbol]]:
        """The extras that are symbolic arrays."""
        return [(at, a) for at, a in self.extras if isinstance(a, Symbol)]

    def fill(self, constants: Any) -> None:
        """Write the constants that are the same in every call."""
        for at, a in self.extras:
            if isinstance(a, np.ndarray):
                constants[at : at + a.size] = a.reshape(-1)

    def constant(self, a: Operand) -> tuple[int, ...]:
        """(first, *strides) of an array among the constants, the strides in numbers."""
        if isinstance(a, Symbol) and a.op == "parameter":
            grid = _regular(a.data)
            if grid is not None:
                return grid
        key = (a.dtype, a.shape, a.tobytes()) if isinstance(a, np.ndarray) else id(a)
        if key not in self._places:
            self._places[key] = self.constants
            self.extras.append((self.constants, a))
            self.constants += a.size
        strides = np.cumprod([1, *a.shape[:0:-1]])[::-1]
        return (self._places[key], *map(int, strides))


def _regular(indices: Any) -> tuple[int, ...] | None:
    """(first, *strides) if the indices are first + i stride_0 + j stride_1 + ..., else None."""
    first = int(indices.reshape(-1)[0])
    strides = [
        int(indices.take(1, axis).reshape(-1)[0]) - first if n > 1 else 0 for axis, n in enumerate(indices.shape)
    ]
    grid = first + sum(i * stride for i, stride in zip(np.indices(indices.shape, sparse=True), strides, strict=True))
    return (first, *strides) if np.array_equal(grid, indices) else None


def _dense(s: Symbol) -> tuple[tuple[Symbol, Operand], Operand | None] | None:
    """((x, W), b) if s is x @ W + b, or x @ W with None as b."""
    if s.op == "dense":
        return s.args, None
    if s.op == "add" and _is(s.args[0], "dense") and is_known(s.args[1]):
        product, b = s.args
        return (product.args, b) if getattr(b, "shape", ()) == (s.features,) else None
    return None


def _is_random(s: Symbol) -> bool:
    return s.op == "normal" or (s.op == "greater_equal" and _is(s.args[0], "words") and is_number(s.args[1]))


def _is(a: Operand, op: str) -> bool:
    return isinstance(a, Symbol) and a.op == op
