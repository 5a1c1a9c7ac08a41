"""Gradients of networks, which are records of the same class as the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Generic, Never, TypeVar, cast

import numpy as np

from funcnn.arrays import as_array, check_arrays, is_array, kind, short
from funcnn.errors import KindError, ShapeError
from funcnn.records import borrowed, build, is_record, plans, record, values
from funcnn.trees.walks import check_tree

P = TypeVar("P")

_LEFT_OUT: Any = object()
# For each base class, the method that returns the gradients of parameters that a subclass adds.
returned_by: dict[type, str] = {}


@record
class Grads(Generic[P]):
    """The gradient with respect to the two arguments of `forward`.

    `params` has the class of the layer. It holds the gradient in place of each parameter and the next value in place
    of each state, or None if the state does not change. The field `x` is an array or tuple like the input x; it is None
    for integer inputs, and in the result of `value_and_grad`.
    """

    params: P = borrowed()
    x: Any = borrowed()

    def __attrs_post_init__(self) -> None:
        """Check that `params` is a tree and `x` holds arrays; transformations such as `jax.vmap` skip this check."""
        if type(self.params) not in plans:
            check_tree(type(self).__name__, "params", self.params)
        if type(self.x) is not np.ndarray and self.x is not None:
            check_arrays(type(self).__name__, "x", self.x)


def _without_checks(init: Callable[..., None]) -> Any:
    """The constructor of Grads, which each layer calls in each step, faster where there is nothing to check."""

    @wraps(init)
    def __init__(self: Any, /, *args: Any, **kwargs: Any) -> None:  # noqa: N807  it becomes that method
        if not kwargs and len(args) == 2 and type(args[0]) in plans and type(args[1]) is np.ndarray:
            put(self, "params", args[0])
            put(self, "x", args[1])
        else:
            init(self, *args, **kwargs)

    put = object.__setattr__
    return __init__


cast("Any", Grads).__init__ = _without_checks(Grads.__init__)


def gradient(params: P, /, *others: Never, **parts: Any) -> P:
    """A record like `params`, with the given gradients as parameters and the given next values as states.

    Settings are unchanged; a state that is not given is None, which means unchanged.

    >>> import numpy as np
    >>> from funcnn import Dense, gradient
    >>> gradient(Dense.init(1, 1, seed=0), W=np.array([[3.0]]), b=np.array([4.0]))
    Dense(W=<f64 [[3.]]>, b=<f64 [4.]>)

    Raises:
        KindError: a parameter is left out, a name is a setting or not a field, or a gradient has another dtype.
        ShapeError: a gradient has another shape than its parameter.
    """
    if others:
        raise KindError("gradient: the gradients must be given by name; write gradient(params, **gradients)")
    cls = type(params)
    new: list[Any] = []
    if (plan := plans.get(cls)) is None:
        raise KindError(f"gradient: params must be a record, not {kind(params)}")
    if not plan and not parts:
        return params
    for name, is_state in plan:
        old, part = getattr(params, name), parts.pop(name, _LEFT_OUT)
        if type(part) is type(old) is np.ndarray and part.shape == old.shape and part.dtype == old.dtype:
            new.append(part)
        elif part is not _LEFT_OUT:
            new.append(_as_part(cls, name, old, part, is_state=is_state))
        elif is_state:
            new.append(None)
        elif _is_trained(old):
            method = next((returned_by[base] for base in cls.__mro__ if base in returned_by), "")
            trained = [each for each, is_state in plan if not is_state and _is_trained(getattr(params, each))]
            call = f"gradient(params, {', '.join([f'{each}=...' for each in trained])})"
            remedy = f"{method} must return it" if method else f"write {call}"
            raise KindError(f"{cls.__name__} backward: the gradient of {name} is left out; {remedy}")
        else:
            new.append(old)
    if parts:
        raise KindError(f"{cls.__name__} backward: {cls.__name__} has no field {' or '.join(parts)}")
    return build(cls, new)


def _as_part(cls: type, name: str, old: Any, part: Any, *, is_state: bool) -> Any:
    part, what = as_array(part), f"the next value of {name}" if is_state else f"d{name}"
    if is_array(old) and (is_array(part) or not is_state):  # jit passes a state that is a number as an array
        if not is_array(part):
            needed = f"an array like {name}, {short(old)}"
            raise KindError(f"{cls.__name__} backward: {what} must be {needed}, not {kind(part)}")
        if part.shape != old.shape:
            raise ShapeError(f"{cls.__name__} backward: {what} must be like {name}, {short(old)}, not {short(part)}")
        if part.dtype != old.dtype:
            raise KindError(f"{cls.__name__} backward: {what} must be {old.dtype}, as {name} is, not {part.dtype}")
    elif is_state:
        kept = part is None or is_array(part) or type(part) is type(old)
        if not kept and (isinstance(old, bool | int | str) or is_array(old)):
            raise KindError(f"{cls.__name__} backward: {what} must be like {name}, {kind(old)}, not {kind(part)}")
    elif not _is_trained(old) and not (part is old is None or _is_identity(old)):
        raise KindError(f"{cls.__name__} backward: {name} is a setting, {short(old)}; it has no gradient")
    elif type(part) is not type(old):
        remedy = "; write grads.params" if type(part) is Grads else ""
        raise KindError(f"{cls.__name__} backward: {what} must be a {kind(old)}, like {name}, not {kind(part)}{remedy}")
    return part


def _is_trained(value: Any) -> bool:
    return is_array(value) or is_record(value) or (type(value) is tuple and any(map(_is_trained, value)))


def _is_identity(value: Any) -> bool:
    """Whether `value` is the empty chain, or a chain of empty chains."""
    return type(value) is tuple and all(map(_is_identity, value))


def added(gradients: Sequence[Any]) -> Any:
    """The sum of the gradients of a value that is used several times; None counts as 0.

    Tuples and records add up part by part; a state takes the last of its next values that is not None.

    >>> import numpy as np
    >>> from funcnn.gradients import added
    >>> added([(2.0 * np.ones(1), None), (3.0 * np.ones(1), None), None])
    (array([5.]), None)

    Raises:
        ShapeError: two of the gradients differ in shape, or in the number of their parts.
    """
    found = [g for g in gradients if g is not None]
    if len(found) < 2:
        return found[0] if found else None
    first, cls = found[0], type(found[0])
    if cls is tuple:
        if len({len(g) for g in found}) > 1:
            raise _unlike_error(found)
        return tuple([added(parts) for parts in zip(*found, strict=True)])
    if cls in plans:
        columns = zip(plans[cls], *map(values, found), strict=True)
        return build(cls, [_last_state(parts) if is_state else added(parts) for (_, is_state), *parts in columns])
    if not is_array(first):
        return first  # a setting
    if len({g.shape for g in found}) > 1:
        raise _unlike_error(found)
    total = first + found[1]
    for g in found[2:]:
        total += g
    return as_array(total)


def _unlike_error(found: Sequence[Any]) -> ShapeError:
    given = ", ".join(map(short, found))
    return ShapeError(f"backward: the gradients of a value that is used several times must have one shape, not {given}")


def _last_state(states: Sequence[Any]) -> Any:
    return next((now for now in reversed(states) if now is not None), None)


def grads_error(function: str, given: Any) -> KindError:
    """The error for gradients that are not a Grads, such as the pair that `value_and_grad` or `update` returns."""
    place = [i for i, part in enumerate(given) if type(part) is Grads] if type(given) is tuple else []
    remedy = f"; write grads[{place[0]}]" if place else ""
    return KindError(f"{function}: grads must be a Grads, as backward returns it, not {kind(given)}{remedy}")


def foreign_error(function: str, params: Any, grads: Any, error: Exception | None = None) -> Exception:
    """The error for parameters that `grads`, the gradients of another value, do not fit; `error` tells of a part."""
    check_tree(function, "params", params)
    if type(params) is not type(grads) and hasattr(params, "optimizer"):  # a TrainState
        return KindError(
            f"{function}: params must be a layer or a tuple of layers, not {kind(params)}; write state.params"
        )
    given = f"params: {short(params)}, grads: {short(grads)}"
    return error or ShapeError(f"{function}: grads must be gradients of these params; {given}")
