"""States of recurrent layers: the first, the last, and the gradient of the last."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, is_array, namespace, short
from funcnn.errors import ShapeError
from funcnn.layers.checks import check_out_gradient
from funcnn.layers.memories import form_of_state

State = tuple[Array, ...]


def as_first_state(params: Any, state: Any, m: int, xp: Any) -> State:
    """Check the state before the first step; the result is a tuple, of zeros for None."""
    shape, dtype = (m, len(params.U)), params.W.dtype
    if state is None:
        return (xp.zeros(shape, dtype=dtype),) * params.states
    parts = state if type(state) is tuple else (state,)
    right = [is_array(part) and part.shape == shape and part.dtype == dtype for part in parts]
    if len(parts) != params.states or (type(state) is tuple) != (params.states > 1) or not all(right):
        needed = form_of_state(shape, dtype, params.states)
        raise ShapeError(f"{type(params).__name__}: state must be {needed}, not {short(state)}")
    return parts


def as_given(params: Any, state: State) -> Any:
    """A state in the form of x: h, or (h, c)."""
    return state if params.states > 1 else state[0]


def as_last_gradient(params: Any, given: Any, state: State) -> State:
    """Check the gradient of the last state; the result is a tuple, of zeros for None."""
    parts = given if params.states > 1 and given is not None else (given,) * params.states
    if type(parts) is not tuple or len(parts) != len(state):
        needed = short(as_given(params, state))
        raise ShapeError(f"{type(params).__name__}: dstate must be like the last state, {needed}, not {short(given)}")
    for i, (part, like) in enumerate(zip(parts, state, strict=True)):
        if part is not None:
            names = (f"dstate[{i}]", f"state[{i}]") if params.states > 1 else ("dstate", "state")
            check_out_gradient(params, part, like.shape, like.dtype, names)
    return tuple([namespace(b).zeros_like(b) if a is None else a for a, b in zip(parts, state, strict=True)])
