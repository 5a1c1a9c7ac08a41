"""The rule of `to_graph` for a layer without a rule of its own: its recorded prediction, operation by operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.core import forward_only, inference
from funcnn.errors import KindError
from funcnn.interop.onnx.operations import SINGLE, Writer
from funcnn.interop.onnx.values import Var, check_single, dtype_of, kept, shape_of
from funcnn.interop.onnx.weights import weight
from funcnn.recording.arrays import as_recorded, known
from funcnn.recording.leaves import leaves_of, with_leaves
from funcnn.recording.linear import Lengths
from funcnn.recording.program import Program
from funcnn.recording.recorder import record_function
from funcnn.recording.rows import FreeProgram, record_lengths


def recorded_to_graph(layer: Any, x: Any) -> Any:
    """out of the layer in prediction, in the operators of its recorded operations

    Raises:
        KindError: the rule cannot be recorded, with its line and the reason; or the layer cannot be written in float64.
    """
    cls, parts = type(layer).__name__, _parts(x, "x")
    try:
        axes = _free_axes(parts)
        program, form = _record(layer, x, axes)
        values = {name: weight(a) for name, a in leaves_of(inference(layer), "params").items()}
        made = Writer(program, parts | values, axes).outputs()
    except Exception as error:  # of any class: the recorder may not follow what predict computes without an error
        is_reason = isinstance(error, KindError)
        reason = error if is_reason else f"its recording ends with {type(error).__name__}: {error}"
        remedy = f"write one with @to_graph.register({cls})"
        raise KindError(f"to_onnx: there is no rule for {cls}, and {reason}; {remedy}") from error
    if any([operation.name in SINGLE for operation in program.operations]):
        check_single(layer, next(iter(parts.values())))
    return _each(lambda name: made[name], form)


def _free_axes(parts: dict[str, Var]) -> dict[str, tuple[Var, int]]:
    """For each free length, a value and its axis of this length; each length without a name counts as another one."""
    axes = {"m": (next(iter(parts.values())), 0)}
    for path, x in parts.items():
        for i, n in enumerate(shape_of(x)[1:], 1):
            if type(n) is not int:
                axes.setdefault(n or f"{path}[{i}]", (x, i))
    return axes


def _record(layer: Any, x: Any, axes: dict[str, tuple[Var, int]]) -> tuple[FreeProgram, Any]:
    """(the program of the layer for any free lengths, out with names in place of arrays)

    Its arrays and states are inputs, or constants of the program if the rule depends on their numbers.
    """
    net = inference(layer)
    try:
        return _record_with(net, x, axes, {"params": net})
    except Exception:  # noqa: BLE001  of any class; an error with another cause is raised again below
        return _record_with(net, x, axes, {})


def _record_with(net: Any, x: Any, axes: dict[str, tuple[Var, int]], inputs: dict[str, Any]) -> tuple[FreeProgram, Any]:
    forms = []

    def predicted(x: Any, params: Any = None) -> Any:
        params = with_leaves(lambda _, a: known(a), net, "params") if params is None else params
        out = _each(as_recorded, forward_only(params, x))
        forms.append(with_leaves(lambda path, _: path, out, "out"))
        return out

    def record(lengths: Lengths) -> Program:
        example = _tree({path: _example(path, part, lengths) for path, part in parts.items()}, x, "x")
        with np.errstate(all="ignore"):
            return record_function(predicted, {"x": example, **inputs})

    parts = _parts(x, "x")
    shapes = [*[a.shape for a in leaves_of(net, "").values()], *[tuple(kept(part)) for part in parts.values()]]
    return record_lengths(record, names=list(axes), sizes={n for shape in shapes for n in shape}), forms[0]


def _example(path: str, x: Var, lengths: Lengths) -> Any:
    """An array like x with these free lengths; its numbers have no effect on what is recorded"""
    dtype = dtype_of(x)
    rest = [n if type(n) is int else lengths[n or f"{path}[{i}]"] for i, n in enumerate(shape_of(x)[1:], 1)]
    return np.full((lengths["m"], *rest), {"f": 0.5, "b": True}.get(dtype.kind, 0), dtype)


def _tree(arrays: dict[str, Any], tree: Any, path: str) -> Any:
    """A tree with the array of each path in place of its values"""
    if type(tree) is tuple:
        return tuple([_tree(arrays, part, f"{path}.{i}") for i, part in enumerate(tree)])
    return None if tree is None else arrays[path]


def _each(f: Any, tree: Any) -> Any:
    return tuple([_each(f, part) for part in tree]) if type(tree) is tuple else None if tree is None else f(tree)


def _parts(x: Any, path: str) -> dict[str, Var]:
    """The values of a tuple by path."""
    if type(x) is tuple:
        return {name: one for i, part in enumerate(x) for name, one in _parts(part, f"{path}.{i}").items()}
    return {} if x is None else {path: x}
