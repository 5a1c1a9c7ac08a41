"""Checks of the arguments of training: data, optimizer, gradient, learning rate, constraint."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from inspect import isgeneratorfunction
from typing import Annotated, Any, TypeVar, cast

from funcnn.arrays import is_array, is_float, kind
from funcnn.core import value_and_grad as gradient_of
from funcnn.errors import KindError, RangeError
from funcnn.fields import call_text, check_function, is_number, parameters_of
from funcnn.gradients import Grads
from funcnn.needs import as_learning_rate, function, passing
from funcnn.optimizers.base import update
from funcnn.records import is_record
from funcnn.remedies import call_of
from funcnn.schedules.base import Schedule, as_step, check_schedule
from funcnn.signatures import ValueAndGrad


def is_arraylike(value: Any) -> bool:
    """Whether a value is an array, a number of NumPy, or a table, of any library."""
    return hasattr(value, "__array__") or hasattr(value, "to_numpy")


def check_data(function: str, argument: str, data: Any) -> None:
    """Check the data without reading a batch, since a sequence of another library may read files for each batch."""
    if isinstance(data, list | tuple | deque | str | bytes | bytearray | range):
        for batch in data:
            as_pair(function, batch)
    elif is_arraylike(data):
        as_pair(function, data)
    elif isinstance(data, Mapping | set | frozenset | type) or not (
        hasattr(data, "__iter__") or hasattr(data, "__getitem__")
    ):
        remedy = "; write data()" if isgeneratorfunction(data) else ""
        raise KindError(f"{function}: {argument} must be an iterable of batches (x, y), not {kind(data)}{remedy}")


def check_begin(function: str, start: Any, data: Any) -> None:
    """Check that `data`, if the number of its first batch is known, begins with the batch of `start.step`."""
    from funcnn.data.sequence import first_step  # noqa: PLC0415  a run needs it, and a script that imports `train` not yet

    step, first = as_step(function, start.step), first_step(data)
    if first is not None and type(step) is int and first != step:
        remedy = "; to resume write data[start.step:], for another run evolve(start, step=0)" if first == 0 else ""
        raise RangeError(
            f"{function}: data must begin with batch {step}, the step of start, not with batch {first}{remedy}"
        )


def is_optimizer(value: Any) -> bool:
    """Whether `value` is a record with a rule for `update`."""
    return is_record(value) and is_optimizer_class(type(value))


def is_optimizer_class(cls: type) -> bool:
    """Whether a class has a rule for `update`."""
    dispatch = cast("Any", update).dispatch
    return dispatch(cls) is not dispatch(object)


def check_optimizer(function: str, argument: str, optimizer: Any) -> None:
    """Check that `optimizer` is an optimizer, or a tuple of optimizers."""
    if type(optimizer) is tuple:
        for part in optimizer:
            check_optimizer(function, argument, part)
    elif not is_optimizer(optimizer):
        remedy = "; for plain gradient descent write ()" if optimizer is None else ""
        if isinstance(optimizer, type):
            remedy = f"; write {call_of(optimizer)}" if is_optimizer_class(optimizer) else ""
        elif type(optimizer).__module__.startswith("optax.") and function != "to_optax":
            remedy = f"; write from_optax({argument})"
        needed = "an optimizer, such as Adam(), or a tuple of them"
        raise KindError(f"{function}: {argument} must be {needed}, not {kind(optimizer)}{remedy}")


def as_pair(function: str, batch: Any) -> Any:
    """Check that a batch is a pair (x, y)."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        given = f"a {kind(batch)} of {len(batch)}" if isinstance(batch, tuple | list) else kind(batch)
        remedy = "; write [(x, y)] for one batch of all rows" if is_array(batch) else ""
        raise KindError(f"{function}: data must give batches (x, y), not {given}{remedy}")
    return batch


def check_gradient(function: str, argument: str, value: Any) -> None:
    """Check that `value` is a function like the result of `value_and_grad`, and not a loss."""
    needed = "a function (params, x, y) that returns (cost, Grads)"
    is_itself, parameters = value is gradient_of, parameters_of(value)
    if is_itself or (parameters and next(iter(parameters.parameters), "") == "out"):  # every loss takes (out, y)
        given = "value_and_grad itself" if is_itself else call_text(value)
        raise KindError(f"{function}: {argument} must be {needed}, not {given}; write value_and_grad(loss)")
    check_function(function, argument, value, needed, takes=3)


def check_returned(function: str, made: Any) -> None:
    """Check that a function returned (cost, Grads), and that the cost is a number."""
    if type(made) is not tuple or len(made) != 2 or type(made[1]) is not Grads:
        given = f"({', '.join(map(kind, made))})" if type(made) is tuple else kind(made)
        raise KindError(f"{function}: value_and_grad must return (cost, Grads(params, x)), not {given}")
    cost = made[0]
    if type(cost) is not float and not (is_number(cost) or (is_array(cost) and is_float(cost) and cost.ndim == 0)):
        raise KindError(f"{function}: value_and_grad must return a number as the cost, not {kind(cost)}")


def check_lr(function: str, argument: str, lr: Any) -> None:
    """Check that `lr` is a learning rate, or a function from the step number to a learning rate."""
    if callable(lr):
        check_schedule(function, argument, lr, "a number or a function of the step number")
    else:
        as_learning_rate(function, argument, lr)


P = TypeVar("P")
Data = Annotated[Iterable[tuple[Any, Any]], passing("an iterable of batches (x, y)", check_data)]
Optimizer = Annotated[P, passing("an optimizer, or a tuple of optimizers", check_optimizer)]
CostAndGrads = Annotated[
    ValueAndGrad[Any], passing("a function (params, x, y) that returns (cost, Grads)", check_gradient)
]
LearningRate = Annotated[float | Schedule, passing("a number or a function of the step number", check_lr)]
Constraint = Annotated[Callable[[Any], Any], function("a function of the parameters", takes=1)]
