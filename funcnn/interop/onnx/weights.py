"""Arrays of a network in a model: initializers, named by path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain, count
from typing import Any

import attrs
import numpy as np
import spox
import spox.opset.ai.onnx.v17 as op
from onnx import GraphProto
from onnx.helper import np_dtype_to_tensor_dtype

from funcnn.arrays import Array, is_array, kind, native
from funcnn.checked import checked
from funcnn.errors import KindError
from funcnn.needs import Function, Text
from funcnn.trees.walks import walk


@attrs.define(eq=False)
class Weights:
    """The arrays of a network that its model has so far, by name: value, array, and the path of the layer.

    Their values are arguments until the model is built, so that spox neither computes with them nor copies them.
    `paths` are the paths of all arrays, by identity.
    """

    paths: dict[int, str]
    made: dict[str, tuple[spox.Var, Array, str]] = attrs.field(factory=dict)

    def value(self, path: str, layout: str, a: Array) -> spox.Var:
        """The value of an array; equal arrays of one name have one value, others of this name are numbered."""
        name = f"{path}.{layout}" if layout else path
        name = f"{name}_" if RESERVED.fullmatch(name) else name
        name = next(one for one in _numbered(name) if one not in self.made or _same(self.made[one][1], a))
        if name not in self.made:
            self.made[name] = spox.argument(spox.Tensor(a.dtype, a.shape)), a, path.rpartition(".")[0]
        return self.made[name][0]

    def place(self, graph: GraphProto) -> None:
        """Make the arguments of a graph initializers; a node with a weight is named by the path of its layer."""
        used, inputs = _used(graph), [given for given in graph.input if given.name not in self.made]
        del graph.input[:]
        graph.input.extend(inputs)
        for name, (_, a, _) in self.made.items():
            if name in used:  # filled in its place, since protobuf copies no message above 2 GB
                tensor = graph.initializer.add()
                tensor.name, tensor.data_type = name, np_dtype_to_tensor_dtype(a.dtype)
                tensor.dims.extend(a.shape)
                tensor.raw_data = a.astype(a.dtype.newbyteorder("<"), copy=False).tobytes()
        taken = {node.name for node in graph.node}
        for node in graph.node:
            if layer := next((self.made[one][2] for one in node.input if one in self.made), ""):
                node.name = next(one for one in _numbered(f"{layer}.{node.op_type}") if one not in taken)
                taken.add(node.name)


RESERVED = re.compile(r"(x|out|X|label|variable|probabilities)(_\d+)*")
"""The names of inputs and outputs."""


def _numbered(name: str) -> Iterator[str]:
    """The name, and then with a number."""
    return chain([name], map(f"{name}_{{}}".format, count(1)))


def _same(a: Array, b: Array) -> bool:
    return a is b or (a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def _used(graph: GraphProto) -> set[str]:
    """The names of values that nodes of a graph take, and nodes of graphs in it."""
    inner = [attribute.g for node in graph.node for attribute in node.attribute if attribute.HasField("g")]
    return {name for node in graph.node for name in node.input}.union(*map(_used, inner))


_CURRENT: ContextVar[Weights | None] = ContextVar("weights", default=None)


@contextmanager
def naming(net: Any) -> Iterator[Weights]:
    """A block in which `weight` finds the paths of the arrays of a network."""
    weights = Weights({})
    for path, a in walk(net):
        weights.paths.setdefault(id(a), path)
    token = _CURRENT.set(weights)
    try:
        yield weights
    finally:
        _CURRENT.reset(token)


@checked
def weight(a: Array, layout: Text = "", changed: Function = lambda a: a) -> spox.Var:
    """The value of an array of a layer, for rules of `to_graph`; in the model it is an initializer, named by its path.

    A rule that needs the array in another layout gives `changed`, which computes it, and `layout`, which is added to
    the name: `weight(layer.W, "transposed", lambda W: W.T)` is called "0.W.transposed" for a layer at the place 0. An
    array that the network does not have, and one outside `to_onnx`, is a constant.

    >>> import numpy as np
    >>> import spox.opset.ai.onnx.v17 as op
    >>> from funcnn import Array, Elementwise, record
    >>> from funcnn.interop.onnx import to_graph, to_onnx, weight
    >>> @record
    ... class Stretched(Elementwise):
    ...     beta: Array
    ...     def value(self, x: Array) -> Array:
    ...         return self.beta * x
    ...     def slope(self, kept: Array) -> Array:
    ...         return self.beta
    >>> @to_graph.register(Stretched)
    ... def stretched_to_graph(layer, x):
    ...     return op.mul(weight(layer.beta), x)
    >>> model = to_onnx((Stretched(np.array([2.0, 3.0])),), np.ones((1, 2)))
    >>> [one.name for one in model.graph.initializer]
    ['0.beta']

    Raises:
        KindError: `a` is not an array of numbers.
    """
    if not is_array(a) or np.asarray(a).dtype.kind not in "biuf":
        raise KindError(f"weight: a must be an array of numbers from a layer, not {kind(a)}")
    weights = _CURRENT.get()
    path = None if weights is None else weights.paths.get(id(a))
    made = np.asarray(changed(native(np.asarray(a))))
    if weights is None or path is None:
        return op.const(made)
    return weights.value(path, layout, made)
