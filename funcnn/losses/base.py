"""Losses: `(out, y) -> (cost, dA)`, the value and its gradient together, so that they cannot drift apart.

The cost is a mean over the examples and over the outputs of each. `dA`, its gradient with respect to `out`, has the
shape and the dtype of `out`; `y` and `weight` are cast to that dtype. Where a loss takes the outputs of an example
together, as a softmax does, there is one term an example, and the axes between rows and outputs count examples too.
Weights, of the terms' shape or of its first axes (one a row, one a step), multiply each term and never normalise, so
that blocks of rows combine exactly; none is negative or NaN. Nothing broadcasts: `out` and `y` have one shape.

Here are the parts that losses are made of.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from funcnn.arrays import Array, float_namespace, namespace
from funcnn.errors import KindError, RangeError, ShapeError

F = TypeVar("F")


def of_logits(loss: F) -> F:
    """Mark a loss that squashes its input itself, so that a network which already ends in probabilities is refused."""
    setattr(loss, "takes_logits", True)  # noqa: B010  the type of a function has no such attribute
    return loss


def check(name: str, out: Any, y: Any) -> None:
    """Out holds floats, y numbers, and there are rows."""
    float_namespace(out, "out", f"{name}: ")
    namespace(y, "y", f"{name}: ")
    _check_numbers(name, "y", y)
    if out.size == 0:
        raise RangeError(f"{name}: there is no mean over no rows; out: {out.shape}")
    if out.ndim == 0:
        raise ShapeError(f"{name}: out must be (m, ...), rows first; out: ()")


def check_examples(name: str, out: Array) -> None:
    """Out has an axis of outputs behind that of the rows, for a loss that takes them together."""
    if out.ndim < 2:
        raise ShapeError(f"{name}: out must be (m, ..., n), rows first; out: {out.shape}")


def _check_numbers(name: str, what: str, values: Array) -> None:
    if values.dtype.kind in "OSUMmc":
        given = "objects" if values.dtype.kind == "O" else values.dtype
        raise KindError(f"{name}: {what} must hold numbers, not {given}; write {what}.astype(float)")


def fitted(name: str, out: Array, y: Array, weight: Array | None) -> tuple[Array, Array | None]:
    """y and the weight in the dtype of out; the weight with as many axes."""
    check(name, out, y)
    if out.shape != y.shape:
        raise ShapeError(f"{name}: out and y must have the same shape; out: {out.shape}, y: {y.shape}")
    y = y if y.dtype == out.dtype else y.astype(out.dtype)
    return y, fitted_weight(name, y, weight)


def fitted_weight(name: str, terms: Array, weight: Array | None) -> Array | None:
    """The weight in the dtype of the terms of the mean, and with as many axes."""
    if weight is None:
        return None
    namespace(weight, "weight", f"{name}: ")
    _check_numbers(name, "weight", weight)
    if weight.ndim == 0 or weight.shape != terms.shape[: weight.ndim]:
        raise ShapeError(
            f"{name}: weight must have y's shape, or one entry a row; y: {terms.shape}, weight: {weight.shape}"
        )
    if type(weight) is np.ndarray and not weight.min() >= 0:
        raise RangeError(f"{name}: weight must not be negative or NaN; it has {weight.min()} .. {weight.max()}")
    return weight.reshape(weight.shape + (1,) * (terms.ndim - weight.ndim)).astype(terms.dtype)


# What can be seen of values: those of a tracer cannot. NaN in y flows on where a loss is defined between its labels.


def check_unit(what: str, values: Array) -> None:
    """Values in [0, 1]."""
    if type(values) is np.ndarray and (values.min() < 0 or values.max() > 1):
        raise RangeError(f"{what} must be in [0, 1]; it has {values.min()} .. {values.max()}")


def check_binary(what: str, values: Array) -> None:
    """Zeros and ones."""
    if type(values) is np.ndarray and not ((values == 0) | (values == 1)).all():
        raise RangeError(f"{what} must be 0 or 1; it has {values.min()} .. {values.max()}")


def check_not_negative(what: str, values: Array) -> None:
    """Values from 0 up."""
    if type(values) is np.ndarray and values.min() < 0:
        raise RangeError(f"{what} must not be negative; it has {values.min()} .. {values.max()}")


def weigh(cost: Array, slope: Array, weight: Array | None) -> tuple[Any, Array]:
    """The mean of the terms in cost, and its gradient, both weighted; slope may have more axes than cost."""
    if weight is None:
        return mean(cost), slope * (1 / cost.size)
    each = weight * (1 / cost.size)
    return mean(weight * cost), slope * each.reshape(each.shape + (1,) * (slope.ndim - cost.ndim))


def mean(terms: Array) -> Any:
    """The mean, as a float of Python where the terms are NumPy's."""
    value = terms.sum() / terms.size  # as terms.mean(), in half the time
    return float(value) if isinstance(value, np.generic) else value
