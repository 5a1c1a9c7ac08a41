"""`to_onnx`: a whole network as a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import spox
from onnx import ModelProto
from onnx.helper import find_min_ir_version_for, set_model_props

import funcnn
from funcnn.arrays import is_array, is_float, kind, short
from funcnn.core import check_is_layer, inference
from funcnn.errors import KindError, ShapeError
from funcnn.interop.onnx.axes import FIRST, arguments, predictions
from funcnn.interop.onnx.base import Values, to_graph
from funcnn.interop.onnx.skeleton import skeleton
from funcnn.interop.onnx.values import dtype_of, shape_of
from funcnn.interop.onnx.weights import Weights, naming
from funcnn.remedies import place
from funcnn.trees.walks import row_count, walk


def to_onnx(params: Any, x: Any, *, free: Any = None) -> ModelProto:
    """A model of ONNX that computes `predict(params, x)`, for any number of rows.

    x is an example of what the network will be given: its dtypes are those of the model, and so is its shape, but for
    the first axis, which is free and called `m`, and axes that `free` names: `{1: "t"}`, or for a tuple x a tuple of
    such dicts and None, such as `({1: "t"}, {1: "t"})` for (x, mask). Axes of one name have one length.

    The arrays of the network are initializers, named by path, such as "0.W"; in another layout the name has an ending,
    such as "0.W.channels_first". The inputs of the model are called `x`, or `x_0`, `x_1`, ... if x is a
    tuple, such as (x, mask); a part that is None has no input. The outputs are called `out`, or `out_0`, `out_1`, ...

    `params` may be a fitted `NetworkClassifier` or `NetworkRegressor`, or a Pipeline of scikit-learn that ends in one.
    Then the input is called `X`, and the outputs as skl2onnx calls them: `variable`, (m, n); or `label` and, where
    there is `predict_proba`, `probabilities`; for several columns of y `probabilities_0`, `probabilities_1`, ...

    >>> import numpy as np
    >>> from funcnn import mlp
    >>> from funcnn.interop.onnx import to_onnx
    >>> model = to_onnx(mlp([2, 8, 1], seed=0, dtype=np.float32), np.zeros((1, 2), np.float32))
    >>> [node.op_type for node in model.graph.node if node.op_type not in ("Constant", "Identity")]
    ['MatMul', 'Add', 'Relu', 'MatMul', 'Add']
    >>> [one.name for one in model.graph.initializer]
    ['0.W', '0.b', '2.W', '2.b']

    Raises:
        KindError: `params` is not a network, x is not an array or a tuple of arrays, `free` is not as described; a
            layer has no rule and cannot be recorded, with the reason and a note on where it is; a number is neither
            float32 nor float64, or a layer cannot be written in float64; a rule gives values of another kind than
            predict does; predict gives no array; a step of a pipeline is none of those that the page on scikit-learn
            lists.
        ShapeError: the parts of x have unequal numbers of rows, or do not fit the network, also at other lengths of
            free axes; a rule gives another shape.
        RangeError: `free` names an axis that x does not have, or the first one.
    """
    if hasattr(params, "get_params") and not isinstance(params, type):
        from funcnn.interop.sklearn.graph import graph_of  # noqa: PLC0415  scikit-learn, which may be absent, made it

        if free is not None:
            raise KindError(f"to_onnx: free must be None for {kind(params)}, since x is (m, n_in), not {short(free)}")
        return _built(*graph_of(params, x))
    check_is_layer("to_onnx", "params", params, x=x)
    _check_chain("params", params)
    row_count("to_onnx", "x", x)
    net = inference(params)
    if (_float_dtypes("params", net), _float_dtypes("x", x)) == ({"float64"}, {"float32"}):
        remedy = "write astype(params, np.float32)"
        raise KindError(f"to_onnx: params and x must have one dtype, not float64 and float32; {remedy}")
    given = arguments(x, free)
    outs = predictions(params, x, given)
    with naming(net) as weights:
        made = to_graph(net, given)
    _check_made(made, *outs)
    if not (outputs := _named("out", made)):
        raise KindError(f"to_onnx: predict(params, x) must be an array or a tuple of arrays, not {kind(outs[0])}")
    model = _built(_named("x", given), outputs, weights)
    set_model_props(model, skeleton(params, x, free, weights))
    return model


def _built(inputs: dict[str, spox.Var], outputs: dict[str, spox.Var], weights: Weights) -> ModelProto:
    model = spox.build(inputs | {name: value for name, (value, *_) in weights.made.items()}, outputs)
    weights.place(model.graph)
    model.producer_name, model.producer_version, model.graph.name = "funcnn", funcnn.__version__, "network"
    # The lowest version of the file format, for old runtimes; functions in a model, which a rule may use, need 8.
    model.ir_version = max(find_min_ir_version_for(model.opset_import, ignore_unknown=True), 8 * bool(model.functions))
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[0].dim_param = FIRST
    return model


def _check_chain(argument: str, params: Any) -> None:
    """Check that the parts of a chain are layers, and the parts of chains in it."""
    if type(params) is tuple:
        for i, part in enumerate(params):
            check_is_layer("to_onnx", f"{argument}[{i}]", part)
            _check_chain(f"{argument}[{i}]", part)


def _float_dtypes(argument: str, tree: Any) -> set[str]:
    """The dtypes of arrays of floats, checked to be float32 or float64."""
    found = [(path, array.dtype) for path, array in walk(tree) if is_float(array)]
    for path, dtype in found:
        if dtype not in (np.float32, np.float64):
            raise KindError(f"to_onnx: {place(argument, path)} must be float32 or float64, not {dtype}")
    return {dtype.name for _, dtype in found}


def _check_made(made: Values, out: Any, *others: Any) -> None:
    """Check that the values are like what `predict` returns: parts, dtypes, and shapes but for the first axis.

    `others` are for x with other lengths of axes that are free.
    """
    if _form(made) != _form(out):
        raise KindError(f"to_onnx: the rules of to_graph must return {_form(out)}, as predict does, not {_form(made)}")
    if type(made) is tuple:
        for part, *like in zip(made, out, *others, strict=True):
            _check_made(part, *like)
    elif made is not None:
        first, *rest = shape_of(made) or (0,)
        lengths = [set(same) for same in zip(*[one.shape[1:] for one in (out, *others)], strict=True)]
        fits = [_fits(n, own, is_free=bool(others)) for n, own in zip(rest, lengths, strict=False)]
        if dtype_of(made) != out.dtype or len(fits) != out.ndim - 1 or not all(fits) or type(first) is int:
            shape = "".join([f"[{min(own)}]" if len(own) == 1 else "[free]" for own in lengths])
            needed = f"{out.dtype}[m]{shape}, for any number m of rows"
            raise ShapeError(f"to_onnx: the rules of to_graph must return {needed}, not {made.type}")


def _fits(n: Any, lengths: set[int], *, is_free: bool) -> bool:
    """Whether the length of an axis of a value, which may be a name or None, stands for these lengths."""
    return {n} == lengths if type(n) is int else is_free


def _form(tree: Any) -> str:
    if type(tree) is tuple:
        return f"a tuple of {len(tree)}"
    return "a value of spox" if is_array(tree) or isinstance(tree, spox.Var) else kind(tree)


def _named(name: str, values: Values) -> dict[str, spox.Var]:
    """Each value with its name; parts of a tuple are numbered."""
    if type(values) is tuple:
        parts = [_named(f"{name}_{i}", part) for i, part in enumerate(values)]
        return {key: value for part in parts for key, value in part.items()}
    return {} if values is None else {name: values}
