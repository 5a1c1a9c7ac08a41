"""The network of a model that funcnn wrote: its records as text beside the graph, whose weights are its arrays."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from itertools import permutations
from math import prod
from typing import Any
from zlib import crc32

import numpy as np
from onnx import ModelProto, numpy_helper

from funcnn.arrays import Array, is_array
from funcnn.errors import FileError, FuncnnError
from funcnn.files.encoding import array_nodes, decode, encode, part_error
from funcnn.interop.onnx.recurrent import GATES
from funcnn.interop.onnx.weights import Weights
from funcnn.records import name_of

KEY = "funcnn.network."
"""The start of the name of the text; a checksum follows, since onnx.compose refuses two texts of one name."""

MOST_AXES = 4
"""The most axes of an array whose axes are looked for in other orders; kernels of images have them."""

LARGEST = 2**27
"""The most numbers of an example of x that is made in the shape that a model states."""


def skeleton(params: Any, x: Any, free: Any, weights: Weights) -> dict[str, str]:
    """The text for a model of this network, by name; none if the network has parts that no file takes: functions.

    An array is the name of the initializer that holds it, with the order of its axes and gates there; an array that
    no initializer holds, such as a running mean, is written into the text.
    """
    sources: list[Any] = []

    def leaf(argument: str, part: Any) -> Any:
        if not is_array(part):
            raise part_error("to_onnx", argument, part)
        a = np.asarray(part)
        a = a.astype(a.dtype.newbyteorder("<"), copy=False)
        sources.append(_source(a, weights, id(part)))
        facts = {"dtype": a.dtype.str, "shape": list(a.shape), "order": "C", "checksum": ""}
        return {"array": len(sources) - 1, **facts}

    try:
        tree = encode("to_onnx", "params", params, leaf, name_of)
    except FuncnnError:
        return {}
    text = json.dumps({"network": tree, "arrays": sources, "x": _outline(x, free)})
    return {f"{KEY}{crc32(text.encode()):08x}": text}


def _source(a: Array, weights: Weights, identity: int) -> Any:
    path = weights.paths.get(identity)
    for name, (_, made, _) in weights.made.items():
        if path is not None and (name == path or name.startswith((f"{path}.", f"{path}_"))):
            for axes, gates in _ways(a.ndim):
                own = _own(made, axes, gates, a.shape)
                if own is not None and own.dtype == a.dtype and own.tobytes() == a.tobytes():
                    return {"initializer": name, "axes": axes, "gates": gates}
    return b64encode(a.tobytes()).decode()


def _ways(ndim: int) -> Iterator[tuple[list[int], list[int]]]:
    """The orders in which the axes and the gates of an array may be in a model."""
    for axes in permutations(range(ndim)) if ndim <= MOST_AXES else ():
        for gates in GATES.values():
            yield list(axes), gates


def _own(made: Array, axes: list[int], gates: list[int], shape: Any) -> Array | None:
    """An array of a model as the network has it, or None if it has another shape."""
    sizes = made.shape[made.ndim - len(axes) :]  # without an axis of directions
    if len(sizes) != len(axes) or made.size != prod(sizes):
        return None
    a = made.reshape(sizes).transpose(axes)
    if a.shape != tuple(shape) or not a.shape:
        return a if a.shape == tuple(shape) else None
    parts = np.split(a, len(gates), axis=-1) if a.shape[-1] % len(gates) == 0 else []
    return np.concatenate([parts[i] for i in np.argsort(gates)], axis=-1) if parts else None


def _outline(x: Any, free: Any) -> Any:
    """The dtype, the shape of one row and the names of axes of each array of x"""
    if type(x) is tuple:
        return [_outline(*pair) for pair in zip(x, free or [None] * len(x), strict=True)]
    a = np.asarray(x)
    return None if x is None else {"dtype": a.dtype.str, "row": list(a.shape[1:]), "free": list((free or {}).items())}


def _example(outline: Any) -> tuple[Any, Any]:
    """(an example of x, the names of its axes)"""
    if type(outline) is list:
        parts = [_example(part) for part in outline]
        return tuple([x for x, _ in parts]), tuple([free for _, free in parts])
    if outline is None:
        return None, None
    if prod(outline["row"]) > LARGEST:
        raise ValueError("the example would take too much memory")
    return np.zeros((1, *outline["row"]), outline["dtype"]), dict(outline["free"])


def saved(model: ModelProto) -> tuple[Any, Any, Any] | None:
    """The arguments (params, x, free) of the `to_onnx` that wrote a model, with the weights of the model; or None.

    Raises:
        FileError: the text names a class that is not there, or fields that its constructor refuses.
    """
    text = next((one.value for one in model.metadata_props if one.key.startswith(KEY)), None)
    initial = {one.name: one for one in model.graph.initializer}

    def model_error(reason: str) -> FileError:
        return FileError(f"from_onnx: the model {reason}")

    if text is None:
        return None
    try:
        content = json.loads(text)
        tree, sources, (x, free) = content["network"], content["arrays"], _example(content["x"])
        nodes = array_nodes(tree, model_error)
        arrays = [_array(node, source, initial) for node, source in zip(nodes, sources, strict=True)]
    except Exception:  # noqa: BLE001  of any class: any program may write the text; then only the graph is read
        return None
    return decode(tree, arrays, None, model_error), x, free


def _array(node: Any, source: Any, initial: dict[str, Any]) -> Array:
    if type(source) is str:
        return np.frombuffer(b64decode(source), node["dtype"]).reshape(node["shape"])
    made = numpy_helper.to_array(initial[source["initializer"]])
    own = _own(made, source["axes"], source["gates"], node["shape"])
    if own is None or own.dtype != np.dtype(node["dtype"]):
        raise ValueError("the initializer has another shape or dtype")
    return own


def facts(model: ModelProto) -> Any:
    """What two models that compute alike have in common, to compare them."""
    nodes = []
    for node in model.graph.node:
        settings = sorted([one.SerializeToString() for one in node.attribute])
        nodes.append((node.domain, node.op_type, tuple(node.input), tuple(node.output), settings))
    numbers = [(one.name, numpy_helper.to_array(one)) for one in model.graph.initializer]
    arrays = {name: (a.dtype, a.shape, a.tobytes()) for name, a in numbers}
    ends = [(one.name, one.type.SerializeToString()) for one in (*model.graph.input, *model.graph.output)]
    functions = [one.SerializeToString() for one in model.functions]
    return nodes, arrays, ends, functions, sorted([(one.domain, one.version) for one in model.opset_import])
