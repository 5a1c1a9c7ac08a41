"""The graph of a model, with the value of each name for an example x."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from onnx import AttributeProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto, helper, numpy_helper
from onnx.inliner import inline_local_functions
from onnx.reference import ReferenceEvaluator

from funcnn.arrays import Array
from funcnn.errors import KindError
from funcnn.interop.onnx.reading.opened import first_line
from funcnn.interop.onnx.reading.refusals import named

SHAPES = {"Shape", "Size"}
"""Operators whose result depends on the shape of x alone, which an example fixes."""


class OnnxGraph:
    """The nodes of a model by the names of their results, and the values of all names for an example."""

    def __init__(self, model: ModelProto) -> None:
        """Functions inside the model are put in the place of their calls"""
        self.model = inline_local_functions(model) if model.functions else model
        graph = self.model.graph
        self.opset = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 0)
        self.producer: dict[str, NodeProto] = {name: node for node in graph.node for name in node.output if name}
        self.initial = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        self.inputs = [one for one in graph.input if one.name not in self.initial]
        self.values: dict[str, Array] = {}
        self.above: dict[str, tuple[str, ...]] = {}  # of each name that depends on x: its dominators, nearest first

    def run(self, x: Array, output: str) -> None:
        """Compute all values that the output needs; find which of them depend on the numbers of x, and by what path."""
        start = self.inputs[0].name
        nodes = self.region(output, {start, *self.initial})
        self.values = self.initial | {start: x}
        self.above = {start: ()}
        for node in nodes:
            given = [name for name in node.input if name]
            moving = [] if node.op_type in SHAPES else [name for name in given if name in self.above]
            self.values |= self._computed(node, {name: self.values[name] for name in given})
            for name in [name for name in node.output if name and moving]:
                self.above[name] = self._dominators(moving)

    def _dominators(self, moving: Sequence[str]) -> tuple[str, ...]:
        paths = [(name, *self.above[name]) for name in moving]
        return tuple([name for name in paths[0] if all([name in path for path in paths])])

    def moving(self, node: NodeProto) -> list[str]:
        """The inputs of a node that depend on the numbers of x."""
        return [name for name in node.input if name in self.above]

    def region(self, end: str, starts: set[str]) -> list[NodeProto]:
        """The nodes that compute `end` from these values, in the order of the model."""
        found, names = set(), [end]
        while names:
            name = names.pop()
            if name in starts or not name or name in found:
                continue
            found.add(name)
            names += self.producer[name].input
        return [node for node in self.model.graph.node if found & set(node.output)]

    def nodes(self, top: str, end: str) -> list[NodeProto]:
        """The nodes between two values that depend on x."""
        constants = {name for name in self.values if name not in self.above}
        return self.region(end, {top, *constants})

    def outcome(self, top: str, end: str, value: Array, constants: Mapping[str, Array] = MappingProxyType({})) -> Array:
        """What the model computes for `end` from this value of `top`, and from these in the place of its constants."""
        values = {**self.values, **constants, top: value}
        for node in self.nodes(top, end):
            values |= self._computed(node, {name: values[name] for name in node.input if name})
        return values[end]

    def _versions(self, node: NodeProto) -> Sequence[OperatorSetIdProto]:
        """The versions of the operators of a node.

        The package onnx computes an old BatchNormalization as for training; from opset 14 on there is a mode for that.
        """
        is_old = node.op_type == "BatchNormalization" and self.opset < 14
        return [helper.make_opsetid("", 14)] if is_old else self.model.opset_import

    def _computed(self, node: NodeProto, given: dict[str, Array]) -> dict[str, Array]:
        """The results of a node, by the reference implementation of ONNX."""
        if node.op_type == "ZipMap":  # a dict of each row, of the numbers that enter
            return {node.output[0]: given[node.input[0]]}
        if node.domain not in ("", "ai.onnx", "ai.onnx.ml"):
            raise KindError(f"from_onnx: there is no layer for {named(node)}")
        if node.op_type.startswith("Random") or node.op_type in ("Bernoulli", "Multinomial"):
            raise KindError(f"from_onnx: {named(node)} must not be in a model, since its numbers are random")
        if any([one.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for one in node.attribute]):
            raise KindError(f"from_onnx: {named(node)} must be an operator without a graph inside")
        names = [name for name in node.output if name]
        try:
            types = {name: helper.np_dtype_to_tensor_dtype(a.dtype) for name, a in given.items()}
            inputs = [helper.make_tensor_value_info(name, types[name], a.shape) for name, a in given.items()]
            one = helper.make_graph([node], "node", inputs, [ValueInfoProto(name=name) for name in names])
            model = helper.make_model(one, opset_imports=self._versions(node), ir_version=self.model.ir_version)
            made = ReferenceEvaluator(model).run(None, given)
        except Exception as error:  # of any class: the implementation checks little
            dtypes = list(dict.fromkeys([a.dtype.name for a in given.values() if a.dtype.kind == "f"]))
            if len(dtypes) > 1:
                raise KindError(
                    f"from_onnx: {named(node)} must have inputs of one dtype, not {' and '.join(dtypes)}"
                ) from error
            reason = f"cannot be computed by the package onnx: {first_line(error)}"
            raise KindError(f"from_onnx: {named(node)} {reason}") from error
        return {name: np.asarray(value) for name, value in zip(names, made, strict=True)}


def attribute(node: NodeProto, name: str, default: Any = None) -> Any:
    """An attribute of a node; a text as a str."""
    for one in node.attribute:
        if one.name == name:
            value = helper.get_attribute_value(one)
            return value.decode(errors="replace") if isinstance(value, bytes) else value
    return default
