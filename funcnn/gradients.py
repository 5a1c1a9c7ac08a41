"""The gradient of a network is a record of the network's own class."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from funcnn.arrays import as_array, is_array, short
from funcnn.errors import KindError, ShapeError
from funcnn.records import borrowed, build, is_record, plans, record

P = TypeVar("P")


@record
class Grads(Generic[P]):
    """The gradient with respect to the two arguments of `forward`.

    `params` is of the same class as the layer: where that has a parameter, this holds its gradient; where it has a
    state, its next value, or None if it stays. `x` is like x, and None for integer inputs and from `value_and_grad`.
    """

    params: P = borrowed()
    x: Any = borrowed()


def gradient(params: P, /, **parts: Any) -> P:
    """A record like `params` whose parameters are these gradients, and whose states are these next values.

    Settings stay as they are; a state that is not given is None, which means unchanged.

    >>> import numpy as np
    >>> from funcnn import Dense, gradient
    >>> gradient(Dense.init(1, 1, seed=0), W=np.array([[3.0]]), b=np.array([4.0]))
    Dense(W=<f64 [[3.]]>, b=<f64 [4.]>)

    Raises:
        KindError: a parameter is left out, there is no such field, it is a setting, or its dtype is another.
        ShapeError: a gradient has another shape than its parameter.
    """
    cls, new = type(params), []
    for name, is_state in plans[cls]:
        old = getattr(params, name)
        if name in parts:
            part = as_array(parts.pop(name))
            _check_part(cls, name, old, part, is_state=is_state)
            new.append(part)
        elif is_state:
            new.append(None)
        elif _is_trained(old):
            raise KindError(
                f"{cls.__name__} backward: the gradient of {name} is left out; write gradient(params, {name}=...)"
            )
        else:
            new.append(old)
    if parts:
        raise KindError(f"{cls.__name__} backward: there is no {', '.join(parts)} in {cls.__name__}")
    return build(cls, new)


def _check_part(cls: type, name: str, old: Any, part: Any, *, is_state: bool) -> None:
    if is_array(old):
        if is_state and not is_array(part):
            return  # None, or a number for one that jit handed over as an array
        if not is_array(part) or part.shape != old.shape:
            raise ShapeError(f"{cls.__name__} backward: d{name} must be like {name}, {short(old)}; it is {short(part)}")
        if part.dtype != old.dtype:
            raise KindError(f"{cls.__name__} backward: d{name} is {part.dtype}, {name} is {old.dtype}")
    elif not is_state and not _is_trained(old):
        raise KindError(f"{cls.__name__} backward: {name} is a setting, {short(old)}; it has no gradient")


def _is_trained(value: Any) -> bool:
    return is_array(value) or is_record(value) or (type(value) is tuple and any(map(_is_trained, value)))
