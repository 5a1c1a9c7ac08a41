"""The rule of `to_graph` for a layer without a rule of its own: its recorded prediction, operation by operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.core import forward_only, inference
from funcnn.errors import KindError
from funcnn.interop.onnx.operations import SINGLE, Writer
from funcnn.interop.onnx.values import Var, check_single, dtype_of, shape_of
from funcnn.interop.onnx.weights import weight
from funcnn.recording.arrays import as_recorded, known
from funcnn.recording.leaves import leaves_of, with_leaves
from funcnn.recording.program import Program
from funcnn.recording.recorder import record_function
from funcnn.recording.rows import FreeProgram, record_rows


def recorded_to_graph(layer: Any, x: Any) -> Any:
    """out of the layer in prediction, in the operators of its recorded operations

    Raises:
        KindError: the rule cannot be recorded, with its line and the reason; or the layer cannot be written in float64.
    """
    cls, parts = type(layer).__name__, _parts(x, "x")
    try:
        program, form = _record(layer, x)
        values = {name: weight(a) for name, a in leaves_of(inference(layer), "params").items()}
        made = Writer(program, parts | values).outputs()
    except Exception as error:  # of any class: the recorder may not follow what predict computes without an error
        is_reason = isinstance(error, KindError)
        reason = error if is_reason else f"its recording ends with {type(error).__name__}: {error}"
        remedy = f"write one with @to_graph.register({cls})"
        raise KindError(f"to_onnx: there is no rule for {cls}, and {reason}; {remedy}") from error
    if any([operation.name in SINGLE for operation in program.operations]):
        check_single(layer, next(iter(parts.values())))
    return _each(lambda name: made[name], form)


def _record(layer: Any, x: Any) -> tuple[FreeProgram, Any]:
    """(the program of the layer for any number of rows, out with names in place of arrays)

    Its parameters are inputs, or constants of the program if the rule depends on their numbers.
    """
    net = inference(layer)
    try:
        return _record_with(net, x, {"params": net})
    except KindError:
        return _record_with(net, x, {})


def _record_with(net: Any, x: Any, inputs: dict[str, Any]) -> tuple[FreeProgram, Any]:
    forms = []

    def predicted(x: Any, params: Any = None) -> Any:
        params = with_leaves(lambda _, a: known(a), net, "params") if params is None else params
        out = _each(as_recorded, forward_only(params, x))
        forms.append(with_leaves(lambda path, _: path, out, "out"))
        return out

    def record(m: int) -> Program:
        with np.errstate(all="ignore"):
            return record_function(predicted, {"x": _each(lambda part: _example(part, m), x), **inputs})

    shapes = [
        *[a.shape for a in leaves_of(net, "").values()],
        *[shape_of(part)[1:] for part in _parts(x, "x").values()],
    ]
    return record_rows(record, sizes={n for shape in shapes for n in shape}), forms[0]


def _example(x: Var, m: int) -> Any:
    """m rows like those of x; their numbers have no effect on what is recorded"""
    dtype = dtype_of(x)
    return np.full((m, *shape_of(x)[1:]), {"f": 0.5, "b": True}.get(dtype.kind, 0), dtype)


def _each(f: Any, tree: Any) -> Any:
    return tuple([_each(f, part) for part in tree]) if type(tree) is tuple else None if tree is None else f(tree)


def _parts(x: Any, path: str) -> dict[str, Var]:
    """The values of a tuple by path."""
    if type(x) is tuple:
        return {name: one for i, part in enumerate(x) for name, one in _parts(part, f"{path}.{i}").items()}
    return {} if x is None else {path: x}
