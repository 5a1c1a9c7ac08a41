"""Programs in operators of ONNX: each operation of a program as values of spox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.errors import KindError
from funcnn.interop.onnx.elementwise import REDUCTIONS, as_number, elementwise, reduced
from funcnn.interop.onnx.free import FreeLengths
from funcnn.interop.onnx.movement import put, scattered, taken, taken_at, view_positions, viewed
from funcnn.interop.onnx.values import Var, as_dtype, constant, shape_of
from funcnn.recording.linear import Linear
from funcnn.recording.operations import Operation
from funcnn.recording.rows import FreeProgram

SINGLE = {"arctan", "arctan2", "erfc"}
"""Operations for which onnxruntime has no kernel in float64."""


class Writer:
    """The values of a program in a model."""

    def __init__(self, program: FreeProgram, inputs: dict[str, Var], axes: dict[str, tuple[Var, int]]) -> None:
        """`inputs`: the values of the inputs of the program, by name; `axes`: as for `FreeLengths`"""
        self.program = program
        self.free = FreeLengths(axes, program.examples)
        self.shapes = [*[shape for _, shape, _ in program.inputs], *[a.shape for a in program.constants]]
        self.made: dict[int, Var] = {i: inputs[name] for i, (name, *_) in enumerate(program.inputs)}
        for operation in program.operations:
            self.made[len(self.shapes)] = self._written(operation)
            self.shapes.append(operation.shape)

    def outputs(self) -> dict[str, Var]:
        """The outputs of the program by name; the types of these values have their shapes."""
        return {name: self._shaped(i) for name, i in self.program.outputs.items()}

    def _shaped(self, i: int) -> Var:
        made = shape_of(self.value(i)) if self.value(i).unwrap_tensor().shape is not None else ()
        alike = [isinstance(n, Linear) or n == known for n, known in zip(self.shapes[i], made, strict=False)]
        is_known = len(alike) == len(self.shapes[i]) and all(alike)
        return self.value(i) if is_known else self.free.reshaped(self.value(i), self.shapes[i])

    def constant(self, i: int) -> Any:
        """The array at this place, or None if it is no constant."""
        i -= len(self.program.inputs)
        return self.program.constants[i] if 0 <= i < len(self.program.constants) else None

    def value(self, i: int) -> Var:
        """The value at this place."""
        if i not in self.made:
            self.made[i] = self.free.array(self.constant(i))
        return self.made[i]

    def _written(self, one: Operation) -> Var:
        if one.dtype.kind not in "biu" and one.dtype not in (np.float32, np.float64):
            raise KindError(f"{one.name} of {one.dtype} has no operator")
        if one.name in WRITTEN:
            return WRITTEN[one.name](self, one)
        return elementwise(one.name, [self.value(i) for i in one.args], one.dtype)


def _view(writer: Writer, one: Operation) -> Var:
    [i] = one.args
    return viewed(writer.free, writer.value(i), writer.shapes[i], one.shape, **one.settings)


def _take(writer: Writer, one: Operation) -> Var:
    i, j = one.args
    if (positions := writer.constant(j)) is None:
        return taken_at(writer.value(i), writer.value(j))
    return taken(writer.free, writer.value(i), writer.shapes[i], positions)


def _put(writer: Writer, one: Operation) -> Var:
    """The positions are an argument, or those of a view"""
    i, *at, v = one.args
    free, x, values, shape = writer.free, writer.value(i), writer.value(v), writer.shapes[v]
    positions = writer.constant(at[0]) if at else view_positions(free, **one.settings, shape=shape)
    if one.name == "put" and positions is not None:
        return put(free, x, one.shape, positions, values, shape)
    where = writer.value(at[0]) if at else free.array(positions)
    return scattered(free, x, one.shape, where, values, shape, "add" if one.name == "put_add" else "none")


def _reduction(writer: Writer, one: Operation) -> Var:
    return reduced(one.name, writer.value(one.args[0]), one.settings["axes"], one.dtype)


def _largest(writer: Writer, one: Operation) -> Var:
    [axis] = one.settings["axes"]
    return as_dtype(op.arg_max(as_number(writer.value(one.args[0])), axis=axis, keepdims=0), one.dtype)


def _order(writer: Writer, one: Operation) -> Var:
    """TopK puts the first of equal entries first, as a stable sort does"""
    [axis] = one.settings["axes"]
    k = writer.free.numbers([one.shape[axis]])
    return as_dtype(op.top_k(as_number(writer.value(one.args[0])), k, axis=axis, largest=0)[1], one.dtype)


def _running_sum(writer: Writer, one: Operation) -> Var:
    [axis] = one.settings["axes"]
    return op.cumsum(as_dtype(writer.value(one.args[0]), one.dtype), constant(np.array(axis)))


def _joined(writer: Writer, one: Operation) -> Var:
    [axis] = one.settings["axes"]
    return op.concat([writer.value(i) for i in one.args], axis=axis)


def _reshape(writer: Writer, one: Operation) -> Var:
    return writer.free.reshaped(writer.value(one.args[0]), one.shape)


WRITTEN: dict[str, Callable[[Writer, Operation], Var]] = {
    **dict.fromkeys(REDUCTIONS, _reduction),
    "argmax": _largest,
    "argsort": _order,
    "cumsum": _running_sum,
    "view": _view,
    "reshape": _reshape,
    "take": _take,
    "put": _put,
    "put_add": _put,
    "concatenate": _joined,
}
"""Operations that are not elementwise."""
