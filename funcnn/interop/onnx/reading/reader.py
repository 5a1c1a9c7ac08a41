"""A model of another program as a network: from its output back to its input, node by node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.errors import FuncnnError, KindError
from funcnn.interop.onnx.reading.attention import attended, attention
from funcnn.interop.onnx.reading.chain import Chain, places
from funcnn.interop.onnx.reading.compared import are_near, check_lengths, check_rows
from funcnn.interop.onnx.reading.formulas import ROWWISE, written
from funcnn.interop.onnx.reading.graph import OnnxGraph
from funcnn.interop.onnx.reading.joins import concatenated, one_layer, summed
from funcnn.interop.onnx.reading.node import OnnxNode
from funcnn.interop.onnx.reading.operators import MOVES, OPERATORS
from funcnn.interop.onnx.reading.refusals import Misplaced, Unreadable, check, named
from funcnn.layers.combinators.shapes import Flatten
from funcnn.prediction import predict

_WHOLE = {"BatchNormalization", "Cast", "Identity", "LayerNormalization", "LogSoftmax", "RMSNormalization", "Softmax"}
"""Operators that are one layer each, whatever comes before them."""

_TAILS = ROWWISE - MOVES - _WHOLE - {"ReduceMax", "ReduceMean"}
"""Operators that may be the last one of a layer that is written out."""


_KNOWN = ROWWISE | OPERATORS.keys() | {"Concat", "Shape"}
"""Operators that can be read in some place."""


def _no_layer_error(node: Any, why: str = "") -> KindError:
    return KindError(f"from_onnx: there is no layer for {named(node)}{why}")


def read(graph: OnnxGraph, x: Array, output: str) -> Any:
    """The network with the fewest layers, of those for the orders that the axes of x may have."""
    graph.run(x, output)
    made, failures = [], []
    for rows, to_ours, order in _starts(graph, x):
        chain = Chain.of(to_ours(x), order)
        reader = _Reader(graph)
        try:
            layers = _ended(reader.between(graph.inputs[0].name, output, chain), output)
        except FuncnnError as error:
            failures.append(((reader.count, type(error.__cause__) is not Misplaced), error))
        else:
            made.append((len(layers), rows, to_ours, one_layer(layers)))
    if not made:
        unknown = [node for node in graph.nodes(graph.inputs[0].name, output) if node.op_type not in _KNOWN]
        if unknown:
            raise _no_layer_error(unknown[0])
        raise max(failures, key=lambda one: one[0])[1]
    _, rows, to_ours, net = min(made, key=lambda one: one[0])
    check_rows(graph, x, rows, output)
    check_lengths(graph, x, rows, output, lambda x: predict(net, to_ours(x)))
    return net


def _starts(graph: OnnxGraph, x: Array) -> Iterator[tuple[int, Callable[[Array], Array], tuple[int, ...]]]:
    """(the axis of rows in x, x in the order of funcnn, and the order of its axes there).

    x is as it is, or has channels in axis 1, or time first.
    """
    n, sizes = x.ndim, [one.dim_value for one in graph.inputs[0].type.tensor_type.shape.dim]
    yield 0, lambda x: x, tuple(range(n))
    if n > 2:
        yield 0, lambda x: np.ascontiguousarray(np.moveaxis(x, 1, -1)), (0, n - 1, *range(1, n - 1))
    if n == 3 and (sizes[0] or sizes[1] < 2):  # else the first axis is free, and so the rows
        yield 1, lambda x: np.ascontiguousarray(x.swapaxes(0, 1)), (1, 0, 2)


def _ended(chain: Chain, output: str) -> tuple[Any, ...]:
    """The layers, with the result in the shape of the model's if its numbers are in one order."""
    if chain.index.size != chain.a.size:
        raise KindError(f"from_onnx: the output {output!r} must have all numbers of the layer before it, not a part")
    if np.array_equal(chain.index, places(chain.index.shape)) and len(chain.index) == len(chain.a):
        return chain.shaped(chain.index.shape).layers
    if not any([np.array_equal(chain.index.reshape(-1), one.reshape(-1)) for one in _orders(chain)]):
        raise KindError(f"from_onnx: the output {output!r} must have its positions and features in their order")
    return chain.layers


def _orders(chain: Chain) -> Iterator[Array]:
    """The places of the result with rows or features in other axes, but positions in their order."""
    ours = places(chain.a.shape)
    *positions, features = range(1, ours.ndim)
    for i in range(ours.ndim - 1):
        others = [*positions[:i], features, *positions[i:]]
        yield from [ours.transpose([*others[:j], 0, *others[j:]]) for j in range(ours.ndim)]
    if ours.ndim == 2 and any([type(layer) is Flatten for layer in chain.layers]):  # of an image: channels in axis 1
        m, n = ours.shape
        yield from [ours.reshape(m, -1, c).swapaxes(1, 2) for c in range(2, n) if n % c == 0]


class _Reader:
    """One attempt to read the model."""

    def __init__(self, graph: OnnxGraph) -> None:
        """`read`: the chains behind values, or why there is none, by the value where each begins and its own"""
        self.graph = graph
        self.read: dict[tuple[str, str], Chain | FuncnnError] = {}

    @property
    def count(self) -> int:
        """How far the attempt got."""
        return sum([isinstance(one, Chain) for one in self.read.values()])

    def between(self, start: str, end: str, chain: Chain) -> Chain:
        """The chain behind the nodes between two values; each path from x to the second value has the first.

        Values that are on all of these paths are read in order, so the depth of calls is the depth of branches.
        """
        if end not in self.graph.above:
            raise KindError(f"from_onnx: {end!r} must depend on x")
        way = (end, *self.graph.above[end])
        self.read[start, start] = chain
        for value in reversed(way[: way.index(start)]):
            if (start, value) not in self.read:
                try:
                    self.read[start, value] = self._one(start, value)
                except FuncnnError as error:
                    self.read[start, value] = error
        return self._known(start, end)

    def _known(self, start: str, value: str) -> Chain:
        found = self.read[start, value]
        if isinstance(found, FuncnnError):
            raise found
        return found

    def _one(self, start: str, end: str) -> Chain:
        """The chain behind the node of a value, and behind those that are one layer with it."""
        node = self.graph.producer[end]
        try:
            made = self._behind(start, end, node, lambda top: self._known(start, top))
        except Unreadable as error:
            raise KindError(f"from_onnx: {named(node)} must have {error}") from error
        except FuncnnError as error:
            if not str(error).startswith("from_onnx: ") and not hasattr(error, "__notes__"):
                error.add_note(f"in {named(node)}")
            raise
        self._check(node, end, made)
        return made

    def _behind(self, start: str, end: str, node: Any, to: Any) -> Chain:
        graph = self.graph
        failure: FuncnnError | None = None
        tops = graph.above[end] if node.op_type in _TAILS else ()
        for top in tops[: tops.index(start) + 1] if tops else ():
            if not {node.op_type for node in graph.nodes(top, end)} <= ROWWISE:
                break
            try:
                if (made := written(graph, top, end, to)) is not None:
                    return made
            except FuncnnError as error:  # a larger part may be a layer, of which this one is the end
                failure = failure or error
        if failure is not None:
            raise failure
        if (whole := attended(graph, end)) is not None and start in (whole, *graph.above[whole]):
            return attention(graph, end, whole, to(whole))
        moving = graph.moving(node)
        if len(moving) > 1:
            return self._joined(end, node, moving, to)
        if node.op_type not in OPERATORS:
            raise _no_layer_error(node)
        return OPERATORS[node.op_type](OnnxNode(graph, node, end), to(moving[0]))

    def _joined(self, end: str, node: Any, moving: list[str], to: Any) -> Chain:
        """Branches that are added or concatenated"""
        operator = node.op_type
        if operator not in ("Add", "Sum", "Concat") or len(moving) != len([name for name in node.input if name]):
            raise _no_layer_error(node, " of several values that depend on x")
        top = self.graph.above[end][0]
        self._check_apart([self.graph.nodes(top, name) for name in moving])
        base = to(top)
        branches = [self.between(top, name, Chain((), base.a, base.index)) for name in moving]
        if operator == "Concat":
            return concatenated(base, branches, OnnxNode(self.graph, node, end).setting("axis"))
        return summed(base, branches)

    def _check_apart(self, branches: list[list[Any]]) -> None:
        """Refuse branches that share a node with weights, since each layer has its own."""
        constants, seen = self.graph.values.keys() - self.graph.above.keys(), set[str]()
        for nodes in branches:
            arrays = {node.output[0]: [self.graph.values[n] for n in constants & set(node.input)] for node in nodes}
            own = {name for name, parts in arrays.items() if any([a.dtype.kind == "f" and a.size > 1 for a in parts])}
            both = min(own & seen, default="")
            check("branches that share no node with weights", f"branches with {both!r} in common", holds=not both)
            seen |= own

    def _check(self, node: Any, end: str, chain: Chain) -> None:
        """Compare the numbers with the model's."""
        ours, theirs = chain.value(), self.graph.values[end]
        if not are_near(ours, theirs):
            apart = f"{ours.dtype} {ours.shape} and {theirs.dtype} {theirs.shape}"
            raise FuncnnError(f"from_onnx: {named(node)} must give what its layer gives; for x they differ: {apart}")
