"""Metrics: `(out, y) -> number`, what a person wants to know of a network, where a loss is what training lowers.

They take `out` and `y` as the losses do. `validation` makes of any of them, and of any loss, a function of the state.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, kind, namespace, short
from funcnn.core import predict
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.fields import as_finite, check_function, check_whole
from funcnn.losses.base import check, check_alike
from funcnn.losses.classification import check_classes, cross_entropy
from funcnn.training.loop import TrainState

Metric = Callable[[Any, Any], Any]


def validation(metric: Metric, x: Any, y: Any, *, rows: int | None = None) -> Validation:
    """The function `state -> metric(predict(state.params, x, rows), y)`; of a loss, its cost.

    It remembers the result for the last network, so `early_stopping` and `history` may ask for the same score, and the
    network is evaluated once. It pickles when the metric does.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, validation
    >>> held_out = validation(mse, np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    >>> held_out(TrainState(Dense(np.eye(1), None)))
    2.0

    Raises:
        KindError: `metric` is not a function; later, the state is not a TrainState. Any error of predict or of the
            metric has a note that it was on the validation set.
    """
    check_function("validation", metric, "metric", "a function (out, y)")
    return Validation(metric, x, y, rows)


@attrs.frozen(eq=False)
class Validation:
    """What `validation` makes: a function of the state."""

    metric: Metric
    x: Any = attrs.field(repr=short)
    y: Any = attrs.field(repr=short)
    rows: int | None
    _of: Callable[[Any], Any] = attrs.field(init=False, repr=False)  # remembers the last network and its result

    @_of.default
    def _remembering(self) -> Callable[[Any], Any]:
        return lru_cache(maxsize=1)(partial(_measure, self.metric, self.x, self.y, self.rows))

    def __call__(self, state: TrainState[Any]) -> Any:
        """The number, or the array, that the metric gives."""
        if not isinstance(state, TrainState):
            raise KindError(f"validation: it is a function of a TrainState, not of {kind(state)}")
        return self._of(state.params)

    def __reduce__(self) -> tuple[Any, ...]:
        return Validation, (self.metric, self.x, self.y, self.rows)


def _measure(metric: Metric, x: Any, y: Any, rows: int | None, params: Any) -> Any:
    try:
        result = metric(predict(params, x, rows), y)
    except Exception as error:
        error.add_note(f"on the validation set, x: {short(x)}, y: {short(y)}")
        raise
    return result[0] if type(result) is tuple else result  # a loss gives (cost, dA)


def accuracy(out: Array, y: Array, *, threshold: float | None = None) -> Any:
    """The share of right answers, in [0, 1]; a NaN is none. Of sequences with a mask: `accuracy(out[mask], y[mask])`

    Without a threshold the answer is the class of the largest output, and y is what `softmax_cross_entropy` takes: out
    (m, ..., k), y integer classes (m, ...), or soft labels of out's shape, whose class is that of the largest entry.
    With one, each output is an answer by itself, `out > threshold`, and y is what the binary cross-entropies take,
    zeros and ones of out's shape. A threshold of 0 is for logits, 0.5 is for probabilities.

    >>> import numpy as np
    >>> from funcnn import accuracy
    >>> accuracy(np.array([[2.0, -1.0], [0.0, 3.0], [1.0, 0.0]]), np.array([0, 1, 1]))
    0.6666666666666666
    >>> accuracy(np.array([[0.9], [0.2]]), np.array([[1], [1]]), threshold=0.5)
    0.5

    Raises:
        ShapeError: y does not fit out, or out has no axis of classes and there is no threshold.
        KindError: out is no array of floats, or classes are not of integers.
        RangeError: there are no rows, one output and no threshold, a threshold that is not finite, or a label that is
            none.
    """
    predicted, true, _ = _answers("accuracy", out, y, threshold)
    xp = namespace(out)
    known = ~xp.isnan(out) if threshold is not None else ~xp.isnan(out).any(axis=-1)
    right = ((predicted == true) & known).mean()
    return float(right) if isinstance(right, np.generic) else right


def confusion(out: Array, y: Array, *, threshold: float | None = None) -> Array:
    """counts[i, j]: how many examples of class i were taken for one of class j

    Shape (k, k), integers; their sum is the number of answers, and those on the diagonal were right. `out`, `y`, masks
    and `threshold` are as in `accuracy`; with a threshold there are two classes, no and yes.

    >>> import numpy as np
    >>> from funcnn import confusion
    >>> confusion(np.array([[2.0, -1.0], [0.0, 3.0], [1.0, 0.0]]), np.array([0, 1, 1]))
    array([[1, 0],
           [1, 1]])

    Raises:
        ShapeError, KindError, RangeError: as `accuracy`; RangeError also where out holds a NaN, which is no class.
    """
    predicted, true, k = _answers("confusion", out, y, threshold)
    xp = namespace(out)
    if xp.isnan(out).any():
        raise RangeError(f"confusion: out must not hold NaN, which is no class; out: {short(out)}")
    return xp.bincount((true * k + predicted).reshape(-1), minlength=k * k).reshape(k, k)


def top_k_accuracy(out: Array, y: Array, k: int) -> Any:
    """The share of examples whose class is among those of the k largest outputs; a NaN is no answer

    `out`, `y` and masks are as in `accuracy`, which this is for k = 1. Of equal outputs the earlier counts as larger.

    >>> import numpy as np
    >>> from funcnn import top_k_accuracy
    >>> top_k_accuracy(np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]), np.array([1, 0]), 2)
    0.5

    Raises:
        ShapeError, KindError, RangeError: as `accuracy`; RangeError also where k is not in 1 .. the number of classes.
    """
    _, true, classes = _answers("top_k_accuracy", out, y, None)
    check_whole("top_k_accuracy", k, "k")
    if not 1 <= k <= classes:
        raise RangeError(f"top_k_accuracy: k must be in 1 .. {classes}, the number of classes; it is {k}")
    xp, true = namespace(out), true[..., None]
    own = xp.take_along_axis(out, true, axis=-1)
    before = (out > own) | ((out == own) & (xp.arange(classes) < true))
    right = ((before.sum(axis=-1) < k) & ~xp.isnan(out).any(axis=-1)).mean()
    return float(right) if isinstance(right, np.generic) else right


def perplexity(out: Array, y: Array) -> Any:
    """e^cost, the cost being that of `softmax_cross_entropy`: among how many equally likely classes the network chose

    1 is perfect, k is as good as no network. Of sequences with a mask: `perplexity(out[mask], y[mask])`.

    >>> import numpy as np
    >>> from funcnn import perplexity
    >>> round(perplexity(np.zeros((1, 5)), np.array([3])), 12)
    5.0

    Raises:
        ShapeError, KindError, RangeError: as `softmax_cross_entropy`.
    """
    cost, _ = cross_entropy("perplexity", out, y)
    if not isinstance(cost, float):
        return namespace(cost).exp(cost)
    with np.errstate(over="ignore"):  # a cost beyond 709 is an infinite perplexity
        return float(np.exp(cost))


def r2(out: Array, y: Array) -> float:
    """1 - sum (y - out)^2 / sum (y - mean y)^2, the mean of it over the outputs: the coefficient of determination

    1 is perfect, 0 as good as the mean of y, and there is no lower bound; NaN where out is not finite. Of an output
    whose y is the same in all rows it is 1 if out is that too, else 0. Computed by `sklearn.metrics.r2_score`, so it
    needs scikit-learn. out and y: (m, ...), of one shape.

    >>> import numpy as np
    >>> from funcnn import r2
    >>> r2(np.array([[1.0], [2.0], [2.0]]), np.array([[1.0], [2.0], [3.0]]))
    0.5

    Raises:
        ImportError: scikit-learn is not installed.
        ShapeError: out and y differ in shape.
        KindError: out is no array of floats, or y none of numbers.
        RangeError: there are fewer than two rows, or y is not finite.
    """
    try:
        from sklearn.metrics import r2_score  # noqa: PLC0415  optional, and needed here alone
    except ImportError:
        raise ImportError("r2 needs scikit-learn; write pip install scikit-learn") from None
    check_alike("r2", out, y)
    if out.shape[0] < 2:
        raise RangeError(f"r2: there must be two rows or more; out: {out.shape}")
    if not np.isfinite(y).all():
        raise RangeError(f"r2: y must be finite; y: {short(y)}")
    if not np.isfinite(out).all():
        return float("nan")
    return float(r2_score(*[np.asarray(a, float).reshape(len(a), -1) for a in (y, out)]))


def _answers(name: str, out: Array, y: Array, threshold: float | None) -> tuple[Array, Array, int]:
    """The predicted and the true classes, as whole numbers from 0 to k - 1, and k."""
    if threshold is not None:
        threshold = as_finite(name, threshold, "threshold")
        check_alike(name, out, y)
        if not ((y == 0) | (y == 1)).all():
            raise RangeError(f"{name}: with a threshold y must be 0 or 1; it has {y.min()} .. {y.max()}")
        return (out > threshold).astype(int), y.astype(int), 2
    check(name, out, y, of_classes=True)
    if out.ndim < 2:
        raise ShapeError(f"{name}: out must be (m, ..., k), rows first, or give a threshold; out: {out.shape}")
    if out.shape[-1] < 2:
        raise RangeError(
            f"{name}: one output is always the largest; give threshold=0 for logits, threshold=0.5 for probabilities; "
            f"out: {out.shape}"
        )
    true = y.astype(int) if check_classes(name, out, y) else y.argmax(axis=-1)
    return out.argmax(axis=-1), true, out.shape[-1]
