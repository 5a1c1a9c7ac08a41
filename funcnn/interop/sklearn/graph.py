"""Models of ONNX for the estimators, and for pipelines that end in one: what `to_onnx` writes for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import spox
import spox.opset.ai.onnx.v17 as op
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from funcnn.arrays import Array, counted, kind, short
from funcnn.core import inference
from funcnn.errors import KindError, ShapeError
from funcnn.interop.onnx.base import to_graph
from funcnn.interop.onnx.values import Var, as_dtype, constant
from funcnn.interop.onnx.weights import Weights, naming
from funcnn.interop.sklearn.base import Estimator
from funcnn.interop.sklearn.classifier import NetworkClassifier
from funcnn.interop.sklearn.columns import Columns, SeveralNumbers
from funcnn.interop.sklearn.course import Course
from funcnn.interop.sklearn.rows import of_prediction
from funcnn.interop.sklearn.settings import has_probabilities, innermost, main_of
from funcnn.interop.sklearn.targets import Classes, Labels
from funcnn.layers.activations.base import Sigmoid
from funcnn.layers.activations.softmax import Softmax
from funcnn.losses.combinators import joined
from funcnn.losses.likelihoods import poisson_nll

Values = dict[str, Var]  # by name


def graph_of(model: Any, x: Any) -> tuple[Values, Values, Weights]:
    """The input, the outputs and the weights of a fitted estimator, or of a pipeline, for rows like those of x."""
    check_is_fitted(model)
    *before, (_, last) = _steps("", model)
    if not isinstance(last, Estimator):
        needed = "a NetworkClassifier, a NetworkRegressor, or a pipeline that ends in one"
        raise KindError(f"to_onnx: params must be {needed}, not {kind(last)}")
    course, squashed = last._course, last._squashed  # noqa: SLF001  of an estimator of this folder
    if course.encoder is not None:
        remedy = "write to_onnx(model.network_, model.encoder_.transform(X))"
        raise KindError(f"to_onnx: params must be fitted without categories; {remedy}")
    example = np.asarray(x)
    if example.ndim != 2 or example.dtype.kind not in "biuf":
        raise KindError(f"to_onnx: x must be an array (m, n_in) of numbers, not {short(x)}")
    n_in: Any = getattr(model, "n_features_in_", example.shape[1])
    if example.shape[1] != n_in:
        raise ShapeError(f"to_onnx: x must have {counted(n_in, 'feature')}, as in fit, not {example.shape[1]}")
    given = spox.argument(spox.Tensor(example.dtype, ("m", example.shape[1])))
    value = given if example.dtype.kind == "f" else as_dtype(given, np.dtype(float))  # as scikit-learn converts it
    for name, step in before:
        if step not in (None, "passthrough"):
            if (rule := STEPS.get(type(step))) is None:
                needed = f"one of {', '.join(sorted([cls.__name__ for cls in STEPS]))}"
                raise KindError(f"to_onnx: step {name!r} of the pipeline must be {needed}, not {kind(step)}")
            value = rule(step, value)
    net = inference(course.network)
    with naming(net) as weights:
        out = of_prediction(to_graph(net, as_dtype(value, np.dtype(course.dtype))))
    is_classifier = isinstance(last, NetworkClassifier)
    outputs = _classified(course, out, squashed=squashed) if is_classifier else {"variable": _regressed(course, out)}
    return {"X": given}, outputs, weights


def _steps(name: str, model: Any) -> list[tuple[str, Any]]:
    """The steps of a pipeline, with those of a pipeline in it in its place."""
    if not isinstance(model, Pipeline):
        return [(name, model)]
    return [part for step in model.steps for part in _steps(*step)]


# Steps before the estimator.


def _scaled(x: Var, centre: Array | None, scale: Array | None) -> Var:
    """(x - centre) / scale; None leaves a part out."""
    x = x if centre is None else op.sub(x, constant(centre, x))
    return x if scale is None else op.div(x, constant(scale, x))


def _clipped(step: Any, x: Var, least: float, most: float) -> Var:
    return op.clip(x, constant(least, x), constant(most, x)) if getattr(step, "clip", False) else x


def _projected(step: PCA, x: Var) -> Var:
    x = op.matmul(_scaled(x, step.mean_, None), constant(step.components_.T, x))
    return _scaled(x, None, np.sqrt(step.explained_variance_) if step.whiten else None)


def _imputed(step: SimpleImputer, x: Var) -> Var:
    statistics = np.asarray(step.statistics_, float)
    if step.add_indicator or np.isnan(statistics).any():
        raise KindError("to_onnx: SimpleImputer must keep the columns, with add_indicator=False and no empty column")
    missing = op.isnan(x) if np.isnan(step.missing_values) else op.equal(x, constant(step.missing_values, x))
    return op.where(missing, constant(statistics, x), x)


def _applied(step: FunctionTransformer, x: Var) -> Var:
    if step.func is not None:
        raise KindError(f"to_onnx: FunctionTransformer must have func=None, not {kind(step.func)}")
    return x


STEPS: dict[type, Callable[[Any, Var], Var]] = {
    StandardScaler: lambda step, x: _scaled(x, step.mean_ if step.with_mean else None, step.scale_),
    RobustScaler: lambda step, x: _scaled(x, step.center_, step.scale_),
    MaxAbsScaler: lambda step, x: _clipped(step, _scaled(x, None, step.scale_), -1, 1),
    MinMaxScaler: lambda step, x: _clipped(
        step, op.add(op.mul(x, constant(step.scale_, x)), constant(step.min_, x)), *step.feature_range
    ),
    PCA: _projected,
    SimpleImputer: _imputed,
    FunctionTransformer: _applied,
}


# The ends: outputs have the names that skl2onnx gives them.


def _regressed(course: Course, out: Var) -> Var:
    """The prediction, with a column for each column of y."""
    target = course.target
    if isinstance(target, SeveralNumbers):
        at = main_of(joined(course.loss)) * target.n
        return op.gather(out, constant(np.arange(at, at + target.n)), axis=1)
    return op.exp(out) if innermost(course.loss) is poisson_nll else out


def _classified(course: Course, out: Var, *, squashed: bool) -> Values:
    """The label and, if there are any, the probabilities; for several columns, those of each column, numbered."""
    target, has = course.target, has_probabilities(course.loss, course.network)
    if not isinstance(target, Columns):
        label, p = _of_column(target, target.values, out, squashed=squashed)
        return {"label": label} | ({"probabilities": p} if has else {})
    parts = target.parts
    outs = op.split(out, constant(np.array([part.outputs for part in parts])), axis=1, outputs_count=len(parts))
    values = np.split(np.concatenate(target.values), np.cumsum([len(part.values) for part in parts])[:-1])  # one dtype
    made = [_of_column(*column, squashed=squashed) for column in zip(parts, values, outs, strict=True)]
    label = op.concat([op.unsqueeze(label, constant(np.array([1]))) for label, _ in made], axis=1)
    return {"label": label} | {f"probabilities_{j}": p for j, (_, p) in enumerate(made) if has}


def _of_column(target: Classes | Labels, values: Array, out: Var, *, squashed: bool) -> tuple[Var, Var]:
    """The labels and the probabilities, or for other losses numbers with the same maximum."""
    several = isinstance(target, Classes) and target.outputs > 1
    p = out if squashed else to_graph(Softmax() if several else Sigmoid(), out)
    if several:
        return op.gather(constant(values), op.arg_max(out, axis=1, keepdims=0)), p
    is_one = op.cast(op.greater(p, constant(0.5, p)), to=np.int64)
    if isinstance(target, Labels):
        return is_one, p
    label = op.gather(constant(values), op.squeeze(is_one, constant(np.array([1]))))
    return label, op.concat([op.sub(constant(1.0, p), p), p], axis=1)
