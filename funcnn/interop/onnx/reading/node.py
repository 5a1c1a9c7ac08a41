"""A node of a model as the rules of operators see it."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.interop.onnx.reading.graph import OnnxGraph, attribute


class OnnxNode:
    """A node with one input that depends on x: the arrays among its other inputs, and its attributes."""

    def __init__(self, graph: OnnxGraph, node: Any, output: str) -> None:
        """`output`: the name of the result that is needed; `place`: the number of the input that depends on x"""
        self.graph, self.node, self.output, self.operator = graph, node, output, node.op_type
        self.moving = graph.moving(node)
        self.place = list(node.input).index(self.moving[0])
        self.given = graph.values[self.moving[0]]

    @property
    def result(self) -> Array:
        """What the model computes for the example."""
        return self.graph.values[self.output]

    def part(self, i: int) -> Array | None:
        """The input of this number, or None if there is none."""
        name = self.node.input[i] if i < len(self.node.input) else ""
        return self.graph.values[name] if name else None

    def array(self, i: int) -> Array:
        """The input of this number, which the operator needs."""
        return self.graph.values[self.node.input[i]]

    def setting(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return attribute(self.node, name, default)

    def number(self, name: str, default: float) -> float:
        """An attribute that is a float, in its shortest form."""
        return shortest(self.setting(name, default))


def shortest(number: float) -> float:
    """0.2 for the number of float32 that is nearest to it"""
    return float(str(np.float32(number))) if np.float32(number) == number else float(number)
