"""`from_onnx`: a model as a network."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from onnx import ModelProto, helper

from funcnn.arrays import Array, is_array, kind, short
from funcnn.draws import below, symmetric
from funcnn.errors import KindError, ShapeError
from funcnn.interop.onnx.model import to_onnx
from funcnn.interop.onnx.reading.graph import OnnxGraph
from funcnn.interop.onnx.reading.opened import opened
from funcnn.interop.onnx.reading.reader import read
from funcnn.interop.onnx.skeleton import LARGEST, facts, saved
from funcnn.prediction import predict


def from_onnx(model: Any, x: Any = None, *, output: str | None = None) -> Any:
    """A network that computes what a model of ONNX computes, with copies of its weights.

    `model` is a path, bytes, or a ModelProto. A model of `to_onnx` holds its network: the result equals it, with
    dropout, seeds and running statistics, if `to_onnx` writes the same graph for it again. Weights that were replaced
    in the model are in the result.

    Any other model is read node by node. Its input is x in the order of funcnn: rows first, channels last. So the
    network takes (m, h, w, c) where the model takes (m, c, h, w) and its first layer is a convolution, and (m, t, n)
    where an LSTM takes (t, m, n); the same holds for its output. Activations, normalisations and attention may be
    written out in any way: a part of the graph is the layer that has its numbers. The result of each layer is compared
    with the result that the package onnx computes for x; if they differ by more than rounding, from_onnx fails.

    x is an example of the input, in the order of the model: its shape, and its numbers if they are whole, such as ids.
    Without x, the shape is the one that the model declares, with 3 rows if the first axis is free; if another axis is
    free, x is needed, and the model is compared with the network at other lengths too. `output` is the name of the
    value to read. By default it is the output; of several outputs the only one of floats, such as the probabilities of
    a classifier of skl2onnx. Dropout is left out, as the model has it for prediction.

    >>> import numpy as np
    >>> from funcnn import mlp
    >>> from funcnn.interop.onnx import from_onnx, to_onnx
    >>> net = mlp([2, 8, 1], seed=0, dtype=np.float32)
    >>> from_onnx(to_onnx(net, np.zeros((1, 2), np.float32))) == net
    True

    Raises:
        KindError: `model` is of another kind, is for training, has several inputs, an opset before 9, an operator that
            no layer has, or a setting that no layer has; x is of another kind or dtype; `output` is needed.
        ShapeError: x does not have the shape of the input.
        FileError: `model` is no valid model, or its external data are missing or outside its folder; it holds a record
            of a class that is not imported.
        FuncnnError: the network computes something else; `output` is not a value of the model.
    """
    proto = opened(model)
    with np.errstate(all="ignore"):  # the numbers are those of the model
        return _network(proto, x, output)


def _network(proto: ModelProto, x: Any, output: str | None) -> Any:
    if output is None and (net := _saved(proto)) is not None:
        if x is not None:
            predict(net, x)  # its errors say how x does not fit
        return net
    graph = OnnxGraph(proto)
    names = [one.name for one in graph.inputs]
    if len(names) != 1:
        raise KindError(f"from_onnx: model must have one input, not {', '.join(names) or 'none'}")
    if output is not None and (type(output) is not str or output not in graph.producer):
        raise KindError(f"from_onnx: output must be the name of a value that a node computes, not {short(output)}")
    name = _output(proto) if output is None else output
    [given] = graph.inputs
    return read(graph, _example(given, x), name)


def _saved(proto: ModelProto) -> Any:
    """The network that is saved in the model, if the graph is still what `to_onnx` writes of it."""
    found = saved(proto)
    if found is None:
        return None
    try:
        again = to_onnx(*found[:2], free=found[2])
    except Exception:  # noqa: BLE001  of any class: the text may be anybody's, such as one with sizes beyond memory
        return None
    return found[0] if facts(again) == facts(proto) else None


def _output(proto: ModelProto) -> str:
    """The output; of several, the only one of floats."""
    names = [one.name for one in proto.graph.output]
    floats = [one.name for one in proto.graph.output if _is_float(one)] if len(names) > 1 else names
    if len(floats) != 1:
        raise KindError(f"from_onnx: output must be one of {', '.join(names)}, not None")
    return floats[0]


def _is_float(output: Any) -> bool:
    """Whether an output is an array of floats, or has their form of skl2onnx: a dict for each row."""
    if output.type.WhichOneof("value") != "tensor_type":
        return True
    return _dtype(output).kind == "f"


def _dtype(info: Any) -> np.dtype[Any]:
    number = info.type.tensor_type.elem_type
    known = number in helper.get_all_tensor_dtypes()
    return np.dtype(helper.tensor_dtype_to_np_dtype(number) if known else np.void)


def _example(given: Any, x: Any) -> Array:
    """x, or numbers of the dtype and the shape of the input"""
    tensor, name = given.type.tensor_type, given.name
    dtype = _dtype(given)
    sizes = [one.dim_value if one.HasField("dim_value") else None for one in tensor.shape.dim]
    if dtype not in (np.float32, np.float64) and dtype.kind not in "iu":
        raise KindError(f"from_onnx: the input {name!r} must be of float32, float64 or whole numbers, not {dtype}")
    if not sizes or any([n is not None and n < 1 for n in sizes]):
        raise ShapeError(f"from_onnx: the input {name!r} must have one axis or more, of sizes from 1 on, not {sizes}")
    if x is not None:
        if not is_array(x) or x.dtype != dtype:
            raise KindError(f"from_onnx: x must be an array of {dtype}, not {kind(x)}")
        if len(x.shape) != len(sizes) or any([n not in (None, own) for n, own in zip(sizes, x.shape, strict=True)]):
            raise ShapeError(f"from_onnx: x must be {_form(sizes)}, not {tuple(x.shape)}")
        if not x.size:
            raise ShapeError(f"from_onnx: x must have one row or more, not {tuple(x.shape)}")
        # Of an example of floats the shape is taken: zeros would be the same through any layer of the same shape.
        return np.asarray(x) if dtype.kind in "iu" else symmetric((0,), x.shape, 2.0).astype(dtype)
    if sizes.count(None) > 1 or prod([n or 3 for n in sizes]) > LARGEST:
        raise KindError(f"from_onnx: x must be an array, not None, since the input {name!r} is {_form(sizes)}")
    shape = tuple([n or 3 for n in sizes])
    return (below((0,), 2, shape) if dtype.kind in "iu" else symmetric((0,), shape, 2.0)).astype(dtype)


def _form(sizes: list[int | None]) -> str:
    return (
        f"({', '.join(['m' if n is None and not i else 'free' if n is None else str(n) for i, n in enumerate(sizes)])})"
    )
