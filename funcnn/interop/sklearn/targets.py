"""Encodings of y: what a loss takes for labels, and the labels and probabilities of what a network gives.

`codes(name, y)` are the numbers of y, checked. `task(loss)` is the loss, and the function from codes to what the loss
takes. `scores`, `prediction` and `probabilities`, or with `log` their logarithms, are of out; `squashed` says that the
network ends in probabilities.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import attrs
import numpy as np

from funcnn.arrays import Array, counted, kind
from funcnn.bound import BoundFunction
from funcnn.core import forward_only
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.layers.activations.base import Sigmoid
from funcnn.layers.activations.smooth import LogSigmoid
from funcnn.layers.activations.softmax import LogSoftmax, Softmax
from funcnn.losses.classification import binary_cross_entropy_with_logits, softmax_cross_entropy
from funcnn.losses.regression import mse

Task = tuple[Any, Callable[[Array], Any]]
_BINARY = Sigmoid(), LogSigmoid()


@attrs.frozen(eq=False)
class _Encoding:
    """An encoding of y for which a network has n outputs."""

    n: int

    @property
    def widths(self) -> tuple[int, ...]:
        """How many outputs a network may have."""
        return (self.n,)

    def for_outputs(self, n: int) -> Self:
        """The target of a network with n outputs."""
        return self


@attrs.frozen(eq=False)
class Numbers(_Encoding):
    """The target of a regression: numbers (m, n), or (m,) if `is_flat`."""

    is_flat: bool

    def codes(self, function: str, y: Array) -> Array:
        """The numbers, (m, n)."""
        numbers = as_numbers(function, "y", y)
        if (n := 1 if y.ndim == 1 else y.shape[1]) != self.n:
            raise ShapeError(f"{function}: y must have {counted(self.n, 'column')}, as in the first fit; it has {n}")
        return numbers.reshape(len(y), n)

    def task(self, loss: Any) -> Task:
        """The loss, and the numbers as they are."""
        return loss or mse, _itself

    def prediction(self, out: Array) -> Array:
        """The outputs, (m, n) or (m,)."""
        return out[:, 0] if self.is_flat else out


@attrs.frozen(eq=False)
class Classes:
    """One of k classes for each row; a network has k outputs, or 1 for two classes."""

    values: Array
    outputs: int = attrs.field()

    @outputs.default
    def _one_for_each(self) -> int:
        return len(self.values)

    @property
    def widths(self) -> tuple[int, ...]:
        """How many outputs a network may have."""
        return (2, 1) if len(self.values) == 2 else (len(self.values),)

    def for_outputs(self, n: int) -> Classes:
        """The target of a network with n outputs."""
        return attrs.evolve(self, outputs=n)

    def codes(self, function: str, y: Array) -> Array:
        """The index of the class of each row, (m,)."""
        if y.ndim > 1:
            raise ShapeError(f"{function}: y must be one class for each row, as in the first fit; y: {y.shape}")
        known = self.values.tolist()
        if unseen := [label for label in unique(function, "y", y).tolist() if label not in known]:
            raise RangeError(f"{function}: y must have the classes {_shown(known)}; it has {unseen[0]!r}")
        return np.searchsorted(self.values, y)

    def columns(self, codes: Array) -> list[tuple[Array, Array]]:
        """The classes and the codes, in a list, as y has one column."""
        return [(self.values, codes)]

    def task(self, loss: Any) -> Task:
        """The loss, and classes for the softmax cross-entropy, zeros and ones of the shape of out for other losses."""
        if self.outputs == 1:
            return loss or binary_cross_entropy_with_logits, _column
        return (softmax_cross_entropy, _itself) if loss is None else (loss, BoundFunction(_one_hot, self.outputs))

    def scores(self, out: Array, *, squashed: bool) -> Array:
        """A score for each class, (m, k); for two classes one score, (m,), positive for the second class."""
        if self.outputs == 1:
            return out[:, 0] - 0.5 if squashed else out[:, 0]
        return out[:, 1] - out[:, 0] if self.outputs == 2 else out

    def prediction(self, out: Array, *, squashed: bool) -> Array:
        """The class with the highest score."""
        scores = self.scores(out, squashed=squashed)
        return self.values[scores.argmax(axis=1) if scores.ndim > 1 else (scores > 0).astype(int)]

    def probabilities(self, out: Array, *, squashed: bool, log: bool = False) -> Array:
        """The probability of each class, (m, k)."""
        if self.outputs == 1:
            out = np.concatenate([1 - out if squashed else -out, out], axis=1)
        layers = _BINARY if self.outputs == 1 else (Softmax(), LogSoftmax())
        return _probabilities(layers, out, squashed=squashed, log=log)


@attrs.frozen(eq=False)
class Labels(_Encoding):
    """n labels for each row, each 0 or 1, independent of each other."""

    @property
    def values(self) -> Array:
        """The numbers of the labels."""
        return np.arange(self.n)

    def codes(self, function: str, y: Array) -> Array:
        """Zeros and ones, (m, n)."""
        if y.shape[1:] != (self.n,):
            raise ShapeError(
                f"{function}: y must have {counted(self.n, 'label')} for each row, as in the first fit; y: {y.shape}"
            )
        if y.dtype.kind not in "biuf" or not np.isin(y, (0, 1)).all():
            raise RangeError(f"{function}: y must hold zeros and ones, since it has one column for each label")
        return y.astype(float)

    def columns(self, codes: Array) -> list[tuple[Array, Array]]:
        """The classes 0 and 1 and the codes of each label."""
        return [(np.arange(2), codes[:, j].astype(int)) for j in range(self.n)]

    def task(self, loss: Any) -> Task:
        """The loss, and the zeros and ones."""
        return loss or binary_cross_entropy_with_logits, _itself

    def scores(self, out: Array, *, squashed: bool) -> Array:
        """log(p / (1 - p)) for the probability p of each label, (m, n), positive for 1; finite where p is 0 or 1.

        Large logits would have an order among rows whose probabilities are equal after rounding.
        """
        p = np.clip(self.probabilities(out, squashed=squashed), 0, 1)  # a network trained by mse may leave this range
        info = np.finfo(p.dtype)
        with np.errstate(divide="ignore"):
            log_p, log_q = np.log(p), np.log1p(-p)
        return np.maximum(log_p, np.log(info.smallest_subnormal) - 1) - np.maximum(log_q, np.log(info.epsneg) - 1)

    def prediction(self, out: Array, *, squashed: bool) -> Array:
        """Zeros and ones."""
        return (self.scores(out, squashed=squashed) > 0).astype(int)

    def probabilities(self, out: Array, *, squashed: bool, log: bool = False) -> Array:
        """The probability of each label, (m, n)."""
        return _probabilities(_BINARY, out, squashed=squashed, log=log)


def _probabilities(layers: tuple[Any, Any], out: Array, *, squashed: bool, log: bool) -> Array:
    """Probabilities in an array of their own, or their logarithms; one of the two layers makes them from logits."""
    if not squashed:
        return np.array(forward_only(layers[log], out))
    with np.errstate(divide="ignore"):
        return np.log(out) if log else out


def as_numbers(function: str, argument: str, values: Array) -> Array:
    """The values as float64."""
    if values.dtype.kind not in "biufO":
        raise KindError(f"{function}: {argument} must hold numbers, not {kind(values)}")
    try:
        return values.astype(float)
    except (TypeError, ValueError):  # objects
        odd = next(value for value in values.ravel().tolist() if not _is_number(value))
        raise KindError(f"{function}: {argument} must hold numbers, not {kind(odd)}") from None


def unique(function: str, argument: str, y: Array) -> Array:
    """The labels in y, sorted."""
    try:
        return np.unique(y)
    except TypeError:
        raise KindError(
            f"{function}: {argument} must hold labels of one kind, such as int or str, not of several"
        ) from None


def _shown(labels: list[Any]) -> str:
    return f"{labels[:6]!r}"[:-1] + (", ...]" if len(labels) > 6 else "]")


# Functions from codes to what a loss takes.


def _itself(codes: Array) -> Array:
    return codes


def _column(codes: Array) -> Array:
    return codes[:, None].astype(float)


def _one_hot(k: int, codes: Array) -> Array:
    return (codes[:, None] == np.arange(k)).astype(float)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
