"""Scores of a state: a metric or a loss on a validation set, and whether lower or higher scores are better."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Annotated, Any, Literal, TypeVar

import attrs

from funcnn.arrays import is_array, kind, short, unmapped
from funcnn.bound import BoundFunction
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError
from funcnn.fields import check_function, is_number
from funcnn.logits import squashed_twice
from funcnn.losses.protocol import Metric
from funcnn.needs import Count, word
from funcnn.prediction import predict
from funcnn.training.loop import TrainState
from funcnn.traits import gives_probabilities
from funcnn.trees.walks import map_arrays, row_count

F = TypeVar("F")
Direction = Annotated[Literal["lower", "higher"], word("lower", "higher")]

_BETTER = "__funcnn_better__"  # an attribute of the function, which `functools.wraps` and cloudpickle copy


@checked
def better(direction: Direction) -> Callable[[F], F]:
    """Declare whether a metric is better when it is "lower" or when it is "higher", as a decorator.

    `best_so_far` and `early_stopping` use this declaration. A function of the state may declare it as well; for a
    metric that is an object, put the decorator above `__call__`. The declaration is found through `functools.partial`,
    `functools.wraps` and `validation`. A loss needs no declaration: lower is better.

    >>> import numpy as np
    >>> from funcnn.training import better
    >>> @better("higher")
    ... def share_within_a_tenth(out, y):
    ...     return float((abs(out - y) < 0.1).mean())

    Raises:
        KindError: the decorated object is not a function.
    """

    def declare(function: F) -> F:
        check_function("better", "the metric", function)
        try:
            setattr(function, _BETTER, direction)
        except AttributeError:
            raise KindError(f"better: the metric must be a Python function, not {kind(function)}") from None
        return function

    return declare


def direction_of(score: Any) -> Any:
    """The direction that a metric, a score or a validation declares; None without a declaration."""
    if isinstance(score, Validation):
        score = score.metric
    while (direction := getattr(score, _BETTER, None)) is None and isinstance(score, partial):
        score = score.func
    return direction or getattr(type(score).__call__, _BETTER, None)


def as_cost(function: str, score: Any, direction: Any) -> Callable[[TrainState[Any]], float]:
    """The function of the state whose lowest value is the best: the score, or its negative."""
    needed = "a function of the state, such as validation(mse, x, y)"
    check_function(function, "score", score, needed, takes=1)
    known = direction_of(score)
    if direction is not None:
        _check_agreement(function, direction, known)
    elif known is None and not isinstance(score, Validation):  # the metric of a validation may be a loss
        raise _direction_error(function)
    return partial(_cost, function, score, direction or known)


def _cost(function: str, score: Any, direction: Any, now: TrainState[Any]) -> float:
    if isinstance(score, Validation):
        value, is_loss = score.measured(now)
        if is_loss:
            _check_agreement(function, direction, "lower")
            direction = "lower"
    else:
        value = score(now)
    if not is_number(value):
        raise KindError(f"{function}: score must give a number, not {short(value) if is_array(value) else kind(value)}")
    if direction is None:
        raise _direction_error(function)
    return -float(value) if direction == "higher" else float(value)


def _check_agreement(function: str, given: Any, known: Any) -> None:
    if given and known and given != known:
        raise KindError(f'{function}: better must be "{known}", as score declares, not "{given}"')


def _direction_error(function: str) -> KindError:
    remedy = 'for a cost write better="lower"'
    return KindError(f'{function}: better must be "lower" or "higher", since score does not declare it; {remedy}')


@checked
def validation(metric: Metric, x: Any, y: Any, *, rows: Count | None = None) -> Validation:
    """The function `state -> metric(predict(state.params, x, rows), y)`; for a loss, only the cost is returned.

    The result for the last network is kept, so if `early_stopping` and `history` call the same validation, the network
    is evaluated once. The function pickles if the metric does. y is passed to the metric
    unchanged, but a memory map as the array of its memory.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, validation
    >>> held_out = validation(mse, np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    >>> held_out(TrainState(Dense(np.eye(1), None)))
    2.0

    Raises:
        KindError: `x` is not an array or a tuple of arrays. The function raises it if the argument is not a TrainState,
            or if the metric returns a tuple that is not (cost, dA), or takes logits although the network gives
            probabilities. A note on any error of `predict` or of the metric says that it was on the validation set.
        RangeError: the function raises it if the metric is a `partial` with a threshold that is not in (0, 1), and the
            network gives probabilities.
    """
    row_count("validation", "x", x)
    return Validation(metric, x, y, rows)


@attrs.frozen(eq=False)
class Validation:
    """The function of the state that `validation` makes."""

    metric: Metric
    x: Any = attrs.field(repr=short)
    y: Any = attrs.field(repr=short)
    rows: int | None
    _of: Callable[[Any], Any] = attrs.field(init=False, repr=False)  # keeps the result for the last network

    @_of.default
    def _keeping_the_last(self) -> Callable[[Any], Any]:
        return lru_cache(maxsize=1)(partial(_measure, self.metric, self.x, self.y, self.rows))

    def __call__(self, state: TrainState[Any]) -> Any:
        """The number, or the array, that the metric gives."""
        return self.measured(state)[0]

    def measured(self, state: TrainState[Any]) -> tuple[Any, bool]:
        """The value of the metric, and whether it is a loss."""
        if not isinstance(state, TrainState):
            remedy = "; write TrainState(params)" if type(state) is tuple else ""
            raise KindError(f"validation: state must be a TrainState, not {kind(state)}{remedy}")
        return self._of(state.params)

    def __reduce__(self) -> tuple[Any, ...]:
        return Validation, (self.metric, self.x, self.y, self.rows)


def _measure(metric: Metric, x: Any, y: Any, rows: int | None, params: Any) -> tuple[Any, bool]:
    _check_scale(metric, params)
    out = None
    try:
        out = predict(params, x, rows)
        result = metric(out, map_arrays(unmapped, y))
        is_loss = type(result) is tuple
        return (_cost_of(result, out) if is_loss or result is None else result), is_loss
    except Exception as error:
        error.add_note(f"on the validation set, x: {short(x)}, y: {short(y)}")
        if (
            isinstance(error, KindError)
            and type(out) is tuple
            and len(out) == 2
            and is_array(out[1])
            and out[1].dtype == bool
        ):
            masked = "unpadded(metric)"
            error.add_note(f"the network gives (out, mask); for a metric of arrays write {masked}")
        raise


def _check_scale(metric: Any, params: Any) -> None:
    """Check that the metric takes probabilities if the network gives probabilities."""
    if found := squashed_twice("metric", metric, params):
        raise KindError(f"validation: {found}")
    while isinstance(metric, BoundFunction) and metric.args:  # `unpadded` has the metric as its first argument
        metric = metric.args[0]
    threshold: Any = getattr(metric, "keywords", {}).get("threshold")
    if is_number(threshold) and not 0 < threshold < 1 and gives_probabilities(params) is True:
        needed = "in (0, 1), as the network gives probabilities"
        raise RangeError(f"validation: threshold must be {needed}, not {threshold}; write threshold=0.5")


def _cost_of(result: tuple[Any, ...] | None, out: Any) -> Any:
    """The cost in a result (cost, dA), if it is one number, and dA has the shape of out or both are tuples."""
    if result is not None and len(result) == 2:
        cost, dA = result
        fits = type(dA) is tuple if type(out) is tuple else is_array(dA) and dA.shape == out.shape
        if fits and not getattr(cost, "ndim", 0):
            return cost
    given = "None" if result is None else f"({', '.join(map(kind, result))})"
    raise KindError(f"validation: metric must return a number, an array, or (cost, dA) as a loss does, not {given}")
