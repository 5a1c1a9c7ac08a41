"""Programs in operators of ONNX: each operation of a program as values of spox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.errors import KindError
from funcnn.interop.onnx.elementwise import REDUCTIONS, as_dtype, as_number, elementwise, reduced
from funcnn.interop.onnx.free import Rows
from funcnn.interop.onnx.movement import put, scattered, taken, taken_at, view_positions, viewed
from funcnn.interop.onnx.values import Var, constant, shape_of
from funcnn.recording.operations import Operation
from funcnn.recording.rows import FreeProgram

SINGLE = {"arctan", "arctan2", "erfc"}
"""Operations for which onnxruntime has no kernel in float64."""


class Writer:
    """The values of a program in a model."""

    def __init__(self, program: FreeProgram, inputs: dict[str, Var]) -> None:
        """`inputs`: the values of the inputs of the program, by name"""
        self.program = program
        self.rows = Rows(next(iter(inputs.values())), program.rows)
        self.shapes = [*[shape for _, shape, _ in program.inputs], *[a.shape for a in program.constants]]
        self.made: dict[int, Var] = {i: inputs[name] for i, (name, *_) in enumerate(program.inputs)}
        for operation in program.operations:
            self.made[len(self.shapes)] = self._written(operation)
            self.shapes.append(operation.shape)

    def outputs(self) -> dict[str, Var]:
        """The outputs of the program by name; the types of these values have their shapes."""
        return {name: self._shaped(i) for name, i in self.program.outputs.items()}

    def _shaped(self, i: int) -> Var:
        rest = self.shapes[i][1:]
        is_known = self.value(i).unwrap_tensor().shape is not None and shape_of(self.value(i))[1:] == rest
        return self.value(i) if is_known else self.rows.reshaped(self.value(i), self.shapes[i])

    def constant(self, i: int) -> Any:
        """The array at this place, or None if it is no constant."""
        i -= len(self.program.inputs)
        return self.program.constants[i] if 0 <= i < len(self.program.constants) else None

    def value(self, i: int) -> Var:
        """The value at this place."""
        if i not in self.made:
            self.made[i] = self.rows.array(self.constant(i))
        return self.made[i]

    def _written(self, one: Operation) -> Var:
        if one.dtype.kind not in "biu" and one.dtype not in (np.float32, np.float64):
            raise KindError(f"{one.name} of {one.dtype} has no operator")
        if one.name in MOVING:
            return MOVING[one.name](self, one)
        args = [self.value(i) for i in one.args]
        if one.name in REDUCTIONS:
            return reduced(one.name, args[0], one.settings["axes"], one.dtype)
        if one.name in ALONG:
            return as_dtype(ALONG[one.name](self, as_number(args[0]), *one.settings["axes"], one), one.dtype)
        return elementwise(one.name, args, one.dtype)


def _view(writer: Writer, one: Operation) -> Var:
    [i] = one.args
    return viewed(writer.rows, writer.value(i), writer.shapes[i], one.shape, **one.settings)


def _take(writer: Writer, one: Operation) -> Var:
    i, j = one.args
    if (positions := writer.constant(j)) is None:
        return taken_at(writer.value(i), writer.value(j))
    return taken(writer.rows, writer.value(i), writer.shapes[i], positions)


def _put(writer: Writer, one: Operation) -> Var:
    i, *at, v = one.args
    to, values = (writer.value(i), one.shape), (writer.value(v), writer.shapes[v])
    positions = writer.constant(at[0]) if at else view_positions(writer.rows, **one.settings, shape=writer.shapes[v])
    if one.name == "put" and positions is not None:
        return put(writer.rows, *to, positions, *values)
    where = writer.value(at[0]) if at else writer.rows.array(positions)
    return scattered(writer.rows, *to, where, *values, "add" if one.name == "put_add" else "none")


def _joined(writer: Writer, one: Operation) -> Var:
    return op.concat([writer.value(i) for i in one.args], axis=one.settings["axes"][0])


MOVING: dict[str, Callable[[Writer, Operation], Var]] = {
    **{"view": _view, "take": _take, "put": _put, "put_add": _put, "concatenate": _joined},
    "reshape": lambda writer, one: writer.rows.reshaped(writer.value(one.args[0]), one.shape),
}


def _order(writer: Writer, x: Var, axis: int, one: Operation) -> Var:
    """TopK takes the first of equal entries first, as a stable sort does"""
    return op.top_k(x, writer.rows.numbers([one.shape[axis]]), axis=axis, largest=0)[1]


ALONG: dict[str, Callable[[Writer, Var, int, Operation], Var]] = {
    "argmax": lambda _, x, axis, one: op.arg_max(x, axis=axis, keepdims=0),
    "argsort": _order,
    "cumsum": lambda _, x, axis, one: op.cumsum(as_dtype(x, one.dtype), constant(np.array(axis))),
}
"""Operations along one axis."""
