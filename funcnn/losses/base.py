"""Losses: `(out, y) -> (cost, dA)`, a value and its gradient computed together, so that the two agree.

The cost is the mean of terms, one for each output. If a loss takes the outputs of an example together, as a softmax
does, it has one term for each example; every position on the axes between rows and outputs counts as an example. `dA`,
the gradient of the cost with respect to `out`, has the shape and the dtype of `out`. `y` and `weight` are cast to the
dtype of the computation: the dtype of `out`, or float32 for float16 and bfloat16. Nothing broadcasts: `out` and `y`
have the same shape, and weights have the shape of the terms, or of their first axes: one for each row, or each step.
Weights multiply the terms; the divisor stays the number of terms, so that blocks of rows combine exactly.

This module holds the functions that losses share.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar, overload

import numpy as np

from funcnn.arrays import Array, as_dtype, float_namespace, is_array, is_float, is_native_float, kind, namespace, wide
from funcnn.conditions import is_none_of, is_not_at_least, is_outside
from funcnn.errors import FuncnnError, KindError, RangeError, ShapeError
from funcnn.fields import is_number
from funcnn.losses.protocol import takes_logits
from funcnn.losses.remedies import (
    are_outputs,
    for_entries,
    for_labels,
    for_order,
    for_predictions,
    for_scores,
    for_shapes,
    for_weights,
)
from funcnn.remedies import span
from funcnn.tracebacks import end_at_caller
from funcnn.trees.libraries import FAILURES, again

F = TypeVar("F", bound=Callable[..., Any])
Arguments = tuple[Array, Array, Array | None]


@overload
def per_output(rule: F, /) -> F: ...
@overload
def per_output(*, unit: bool = False, widened: bool = True) -> Callable[[F], F]: ...
def per_output(rule: Any = None, /, *, unit: bool = False, widened: bool = True) -> Any:
    """A loss with one term for each output, from a rule (out, y, weight) -> (cost, dA).

    out and y are checked to have one shape (m, ...), and the weight the first axes of it; with `unit`, y is checked to
    be in [0, 1]. The rule gets them in the dtype of the computation, or out in its own dtype if it is not `widened`,
    and dA is cast to the dtype of out.
    """
    made = partial(_loss_of, as_arguments=as_arguments, least=1, unit=unit, widened=widened)
    return made if rule is None else made(rule)


def per_example(rule: F) -> F:
    """As `per_output`, for a loss with one term for each example, of out and y (m, ..., n)."""
    return _loss_of(rule, as_arguments=as_example_arguments, least=2)


def _loss_of(
    rule: F, as_arguments: Callable[..., Arguments], least: int, *, unit: bool = False, widened: bool = True
) -> F:
    setting = next(iter(rule.__kwdefaults__ or ()), "")  # which the error recommends if a number is given as the weight

    @wraps(rule)
    def loss(out: Any, y: Any, weight: Any = None, **settings: Any) -> Any:
        if (  # the frequent case, in which the checks below pass; they decide about any other
            type(out) is type(y) is np.ndarray
            and weight is None
            and out.dtype in _COMPUTED
            and y.dtype.kind in "biuf"
            and out.shape == y.shape
            and out.ndim >= least
            and out.size
            and (not unit or (y.min() >= 0 and y.max() <= 1))
        ):
            return rule(out, y if y.dtype == out.dtype else y.astype(out.dtype), None, **settings)
        try:
            a, target, weights = as_arguments(rule.__name__, out, y, weight, setting)
            if unit:
                check_unit(rule.__name__, target, out if takes_logits(loss) else None)
            cost, dA = rule(a if widened else out, target, weights, **settings)
            return cost, as_dtype(dA, out.dtype)
        except FAILURES as error:
            if (made := again(rule.__name__, loss, error, out, y, weight, **settings)) is not None:
                return made
            if isinstance(error, FuncnnError):
                end_at_caller(error)
            raise

    return typing.cast("F", loss)


_COMPUTED = {np.dtype(np.float32), np.dtype(np.float64)}


def as_arguments(function: str, out: Array, y: Array, weight: Array | None, setting: str = "") -> Arguments:
    """Check out, y and the weight, and cast them to the dtype of the computation; one term for each output.

    `setting` is the argument that the error recommends if a number is given as the weight.
    """
    check_alike(function, out, y)
    a = wide(out)
    return a, as_dtype(y, a.dtype), as_weight(function, weight, out.shape, a.dtype, setting)


def as_example_arguments(function: str, out: Array, y: Array, weight: Array | None, setting: str = "") -> Arguments:
    """As `as_arguments`, for a loss with one term for each example."""
    check_alike(function, out, y)
    check_examples(function, out)
    a = wide(out)
    return a, as_dtype(y, a.dtype), as_weight(function, weight, out.shape[:-1], a.dtype, setting)


def as_weight(
    function: str, weight: Any, shape: tuple[int, ...], dtype: Any, setting: str = "", classes: int = 0
) -> Array | None:
    """Check the weight for terms of this shape, and cast it; `classes` is the number of classes, if any."""
    if weight is None:
        return None
    if is_number(weight):
        remedy = f"if it is {setting}, write {setting}={weight}" if setting else f"write np.full(len(y), {weight})"
        end = f"; {remedy}" if abs(weight) < 2**63 else ""
        raise KindError(f"{function}: weight must be an array, not {kind(weight)}{end}")
    namespace(weight, "weight", f"{function}: ")
    _check_numbers(function, "weight", weight)
    if weight.ndim == 0 or weight.shape != shape[: weight.ndim]:
        needed = " or ".join([str(shape[: i + 1]) for i in range(len(shape))])
        remedy = for_weights(weight.shape, shape, classes)
        raise ShapeError(f"{function}: weight must have the shape {needed}, not {weight.shape}{remedy}")
    if is_not_at_least(weight, 0):
        raise RangeError(f"{function}: weight must not be negative or NaN; it has {span(weight)}")
    return weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim)).astype(dtype)


def weigh(terms: Array, slope: Array, weight: Array | None, dtype: Any = None) -> tuple[float, Array]:
    """The weighted mean of the terms, and dA; `slope`, the derivative of the terms by out, may have more axes."""
    if weight is None:
        slope *= 1 / terms.size  # each loss has just made it
    else:
        each = weight * (1 / terms.size)
        slope = slope * each.reshape(each.shape + (1,) * (slope.ndim - terms.ndim))
        terms = weight * terms
    return mean(terms), slope if dtype is None else as_dtype(slope, dtype)


def mean(terms: Array) -> Any:
    """The mean, as a Python float if the terms are a NumPy array."""
    value = terms.sum() / terms.size  # equal to terms.mean(), in half the time
    if isinstance(value, np.complexfloating):  # in a complex step
        return complex(value)
    return float(value) if isinstance(value, np.generic) else value


# The checks. Tracers have no values to check. Losses that are defined between the labels accept a NaN in y.


def check_out_and_y(function: str, out: Any, y: Any, *, of_classes: bool = False) -> None:
    """Check that `out` holds floats, that y holds numbers, and that there are rows."""
    if not is_native_float(out):
        _check_floats(function, out, y, of_classes=of_classes)
    if type(y) is not np.ndarray:
        namespace(y, "y", f"{function}: ")
    _check_numbers(function, "y", y, of_classes=of_classes and y.shape != out.shape)
    if out.size == 0:
        raise RangeError(f"{function}: out must have at least one entry; out: {out.shape}")
    if out.ndim == 0:
        raise ShapeError(f"{function}: out must be (m, ...), rows first; out: ()")


def _check_floats(function: str, out: Any, y: Any, *, of_classes: bool) -> None:
    """Check that `out` is an array of floats; swapped arguments and predicted classes have their own errors."""
    if is_array(out) and not is_float(out) and is_array(y):
        if is_float(y) and out.dtype.kind in "biu" and (are_outputs(y) or not of_classes):
            remedy = for_order(function) if are_outputs(y) else ""
            raise KindError(f"{function}: out must be an array of floats, not {kind(out)}{remedy}")
        if of_classes and out.ndim <= y.ndim:
            remedy = for_predictions(function) if out.shape == y.shape else for_scores(function, out, y)
            raise KindError(f"{function}: out must be the scores of the classes, in floats, not {kind(out)}{remedy}")
    float_namespace(function, "out", out)


def check_alike(function: str, out: Any, y: Any) -> None:
    """As `check_out_and_y`; also check that out and y have one shape."""
    check_out_and_y(function, out, y)
    if out.shape != y.shape:
        remedy = for_shapes(out.shape, y.shape)
        raise ShapeError(f"{function}: out and y must have the same shape; out: {out.shape}, y: {y.shape}{remedy}")


def check_examples(function: str, out: Array) -> None:
    """Check that `out` has an axis of outputs after the axis of rows."""
    if out.ndim < 2:
        raise ShapeError(f"{function}: out must be (m, ..., n), rows first; out: {out.shape}")


def _check_numbers(function: str, argument: str, values: Array, *, of_classes: bool = False) -> None:
    """Check that the values are real numbers or bools. NumPy's kind V is bfloat16, or an array with named columns."""
    code = values.dtype.kind
    if code not in "biuf" and (code != "V" or values.dtype.names):
        strings = f"strings such as {values.ravel()[:1].tolist()[0]!r:.20}" if values.size else "strings"
        given = {"O": "objects", "U": strings, "S": strings, "T": strings}.get(code, values.dtype)
        remedy = for_entries(argument, values, of_classes=of_classes)
        raise KindError(f"{function}: {argument} must hold numbers, not {given}{remedy}")


def check_unit(function: str, y: Array, out: Any = None) -> None:
    """Check that y is in [0, 1]."""
    if is_outside(y, 0, 1):
        remedy = for_labels(function, out, y)
        raise RangeError(f"{function}: y must be in [0, 1]; it has {span(y)}{remedy}")


def check_binary(function: str, y: Array, out: Any) -> None:
    """Check that y is 0 or 1."""
    if is_none_of(y, 0, 1):
        remedy = for_labels(function, out, y)
        raise RangeError(f"{function}: y must be 0 or 1; it has {span(y)}{remedy}")


def check_not_negative(function: str, y: Array) -> None:
    """Check that y is not negative."""
    if is_outside(y, 0, math.inf):
        raise RangeError(f"{function}: y must not be negative; it has {span(y)}")
