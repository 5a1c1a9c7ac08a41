"""The base of recurrent layers, which makes the rules of a sequence from the rule of one step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np

from funcnn.arrays import Array, is_array, namespace
from funcnn.checked import checked
from funcnn.core import backward, backward_params, forward, forward_only
from funcnn.elementary import sum_over_rows
from funcnn.generation import fixed_memory, step
from funcnn.gradients import Grads, returned_by
from funcnn.initializers import Initializer, draw, glorot_uniform, orthogonal
from funcnn.layers.checks import (
    check_out_gradient,
    foreign_cache_error,
    gradient_with_own,
)
from funcnn.layers.memories import check_memory
from funcnn.layers.recurrent.states import State, as_first_state, as_given, as_last_gradient
from funcnn.layers.recurrent.steps import Cache, Stacked, steps_backward, steps_forward
from funcnn.layers.sequences import as_out_gradients, as_triple, blank, in_form_of
from funcnn.needs import FloatDtype, Seed, words_of
from funcnn.records import record
from funcnn.shapes import axes, shapes
from funcnn.sizes import Size


@shapes(x="m t+ n", out="m t k", cache="_", forms=3)
@record
class Recurrent(ABC):
    """state_t = cell(x_t @ W + b, state_{t-1}), out_t = h_t, the first array of state_t

    The base of all recurrent layers, also of your own: write `cell`, one step forward, and `back`, one step backward;
    `gates` are the arrays that W, U and b have side by side.

    x may be `(x, mask)`, mask bool (m, t), False at padded positions; out is then `(out, mask)`. At a padded position
    the state is kept, out is 0, and x is not read. x may also be `(x, mask, state)` with the first state, and out is
    then `(out, mask, state)` with the last state; mask and first state may be None, and a first state of None is 0. A
    state is an array h, (m, k), or a tuple of such arrays. First and last state have gradients; None in dA is 0.

    Do not pass `(x, mask, state)` to a chain of recurrent layers: the last state of one layer would become the first
    state of the next, whose out would then depend on later x. Pass x or `(x, mask)`, and parts of a sequence to `step`.

    t steps are t iterations of a loop in Python. Where JAX traces, the loop is `jax.lax.scan`, so `jax.jit` compiles
    one copy of the cell, whatever t is; `cell` and `back` must then return arrays of the same shapes and dtypes at each
    step. Without `import funcnn.interop.jax`, `jax.jit` compiles t copies of the cell.
    """

    W: Array = axes("n gates*k", nonempty=True)
    U: Array = axes("k gates*k", nonempty=True)
    b: Array = axes("gates*k")

    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1

    @classmethod
    @checked
    def init(
        cls,
        n_in: Size,
        n_hidden: Size,
        *,
        seed: Seed,
        weights: Initializer = glorot_uniform,
        recurrent: Initializer = orthogonal,
        dtype: FloatDtype = np.float64,
    ) -> Self:
        """W and U drawn gate by gate; U is orthogonal, so that the product with it keeps the norm of a state."""
        function, words = f"{cls.__name__}.init", words_of(seed)
        W = [draw(function, "weights", weights, (*words, 0, i), (n_in, n_hidden), dtype) for i in range(cls.gates)]
        square = n_hidden, n_hidden
        U = [draw(function, "recurrent", recurrent, (*words, 1, i), square, dtype) for i in range(cls.gates)]
        xp = namespace(W[0])  # of JAX, if the seed is traced
        return cls(xp.concatenate(W, axis=1), xp.concatenate(U, axis=1), *cls.first_biases(n_hidden, dtype))

    @classmethod
    def first_biases(cls, k: int, dtype: Any) -> tuple[Array, ...]:
        """The biases of `init`: 0."""
        return (np.zeros(cls.gates * k, dtype),)

    @abstractmethod
    def cell(self, z: Array, before: State) -> tuple[State, State]:
        """(the state after a step, other arrays that `back` needs), given z = x_t @ W + b and the state before."""

    @abstractmethod
    def back(self, kept: State, before: State, after: State, dafter: State) -> tuple[Array, Array, tuple[Any, ...]]:
        """(dz, du, dbefore), where u = h @ U, and du may be dz itself.

        dbefore leaves out the path through u; dh in dbefore is None if there is no other path.
        """

    def own_gradients(
        self, kept: State, before: State, after: State, dafter: State, dz: Array, du: Array
    ) -> dict[str, Array]:
        """The gradients of the cell's own parameters in one step, by name, from the arguments and results of `back`."""
        return {}

    def biases(self, dz: Array, du: Array) -> dict[str, Array]:
        """The gradient of each bias, given dz and du with one row for each step of each sequence."""
        return {"b": sum_over_rows(dz)}


@forward.register(Recurrent)
def recurrent_forward(params: Recurrent, given: Any) -> tuple[Any, Cache | Stacked]:
    """(state_t, kept_t) = cell(x_t @ W + b, state_{t-1}), with one product for all x_t"""
    return _run(params, given, keeps=True)


@forward_only.register(Recurrent)
def recurrent_forward_only(params: Recurrent, given: Any) -> Any:
    """state_t = cell(x_t @ W + b, state_{t-1})"""
    return _run(params, given, keeps=False)[0]


def _run(params: Recurrent, given: Any, *, keeps: bool) -> tuple[Any, Any]:
    """out, and the cache, if `keeps`."""
    x, mask, state = as_triple(type(params).__name__, given, 3)
    (m, t, n), W = x.shape, params.W
    z = blank(x, mask).reshape(m * t, n) @ W
    first = as_first_state(params, state, m, namespace(x))
    out, last, cache = steps_forward(params, given, z.reshape(m, t, W.shape[1]), mask, first, keeps=keeps)
    return in_form_of(given, out, mask, as_given(params, last)), cache


@backward.register(Recurrent)
def recurrent_backward(params: Recurrent, cache: Cache | Stacked, dA: Any) -> Grads[Any]:
    """dx = dz @ W^T, and dW, dU and the biases as in `recurrent_backward_params`"""
    grads, dz, dfirst = _back(params, cache, dA)
    x, _, state = as_triple("", cache.given, 3)
    dx = (dz @ params.W.T).reshape(x.shape)
    return Grads(grads, in_form_of(cache.given, dx, None, None if state is None else as_given(params, dfirst)))


@backward_params.register(Recurrent)
def recurrent_backward_params(params: Recurrent, cache: Cache | Stacked, dA: Any) -> Any:
    """dW = sum_t x_t^T @ dz_t, dU = sum_t h_{t-1}^T @ dv_t with v_t = h_{t-1} @ U, each as one product"""
    return _back(params, cache, dA)[0]


def _back(params: Recurrent, cache: Any, dA: Any) -> tuple[Any, Array, State]:
    """The gradients of the parameters, of z (one row for each step of each sequence), and of the first state."""
    k = len(params.U)
    if type(cache) not in {Cache, Stacked} or [part.shape[-1] for part in cache.last] != [k] * params.states:
        raise foreign_cache_error(params, cache.last if type(cache) in {Cache, Stacked} else cache)
    x, mask, _ = as_triple("", cache.given, 3)
    m, t, n = x.shape
    dout, dlast = as_out_gradients(params, cache.given, dA)
    if type(cache.given) is not tuple or dout is not None:
        check_out_gradient(params, dout, (m, t, k), x.dtype)
        dout = blank(dout, mask)
    dlast = as_last_gradient(params, dlast, cache.last)
    h, dz, du, own, dfirst = steps_backward(params, cache, mask, dout, dlast)
    dW, dU = blank(x, mask).reshape(m * t, n).T @ dz, h.T @ du
    return gradient_with_own(params, own, W=dW, U=dU, **params.biases(dz, du)), dz, dfirst


@step.register(Recurrent)
def recurrent_step(params: Recurrent, given: Any, memory: Any = None) -> tuple[Any, Any]:
    """The memory is the state"""
    x, mask, _ = as_triple(f"step: {type(params).__name__}", given)
    if memory is not None and is_array(x) and x.ndim == 3 and x.dtype == params.W.dtype:  # else x is refused
        check_memory(params, memory, (x.shape[0], len(params.U)), x.dtype, parts=params.states)
    out, _, state = forward_only(params, (x, mask, memory))
    return in_form_of(given, out, mask), state


@fixed_memory.register(Recurrent)
def recurrent_fixed_memory(params: Recurrent, m: int, t_most: int) -> Any:
    """The first state"""
    return as_given(params, as_first_state(params, None, m, np))


returned_by[Recurrent] = "own_gradients"
