"""What a sequence comes to: its last step."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, check_out_gradient, float_namespace, is_array, namespace
from funcnn.core import backward, forward
from funcnn.generation import step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import check_memory, foreign
from funcnn.layers.outlines import outline
from funcnn.layers.sequences import check_sequence, closed, opened
from funcnn.records import record


@record
class Last:
    """out[m] = x[m, s_m], the last step s_m that there is of each sequence; dx[m, s_m] = dA[m], else 0

    x: (m, t, k), or `(x, mask)`, mask bool (m, t), True where there is something, or None; out: (m, k), an array alone.
    s_m is t - 1, or where the mask is True for the last time. Of a sequence of nothing out is 0. What x holds where
    the mask is False is not read. Between recurrent layers, stacked or not, and a Dense it makes a classifier.

    `step` gives the last step there has been so far, which is its memory.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> x = np.array([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
    >>> forward(layers.Last(), (x, np.array([[True, True, True], [True, True, False]])))[0]
    array([[3.],
           [5.]])

    Raises:
        ShapeError: x is not (m, t, k) with t at least 1, the mask not (m, t), or there is a third part, a state.
        KindError: x is no array of floats, or the mask none of bools.
    """


@forward.register(Last)
def last_forward(params: Last, given: Any) -> tuple[Array, Any]:
    """out[m] = x[m, s_m]; the cache has the shape of x and the mask, and no number of x"""
    x, mask = _checked("Last", given)
    return _taken(x, mask, 0), closed(given, outline(x), mask)


@backward.register(Last)
def last_backward(params: Last, cache: Any, dA: Array) -> Grads[Last]:
    """dx[m, s_m] = dA[m], else 0"""
    kept, mask = cache if type(cache) is tuple and len(cache) == 2 else (cache, None)
    if not is_array(kept) or kept.ndim != 4 or len(kept):
        raise foreign(params, cache)
    m, t, k = kept.shape[1:]
    check_out_gradient(dA, (m, k), kept.dtype)
    xp = namespace(dA)
    here = xp.arange(t) == (t - 1 if mask is None else _places(mask, xp)[:, None])
    if mask is not None:  # of a sequence of nothing, no place
        here = here & mask
    return Grads(gradient(params), closed(cache, xp.where(here[..., None], dA[:, None], 0)))


@step.register(Last)
def last_step(params: Last, given: Any, memory: Any = None) -> tuple[Array, Array]:
    """The memory is out: where nothing is in this part, it is still the last"""
    x, mask = _checked("Last", given)
    m, _, k = x.shape
    if memory is not None:
        check_memory(params, memory, (m, k), x.dtype)
    out = _taken(x, mask, 0 if memory is None else memory)
    return out, out


def _checked(whose: str, given: Any) -> tuple[Array, Array | None]:
    """x and the mask."""
    x, mask, _ = opened(whose, given)
    float_namespace(x, whose=f"{whose}: ")
    check_sequence(whose, x, mask)
    return x, mask


def _places(mask: Array, xp: Any) -> Any:
    """Where the mask is True for the last time, (m,); of nothing, anywhere."""
    return mask.shape[1] - 1 - xp.argmax(mask[:, ::-1], axis=1)


def _taken(x: Array, mask: Any, otherwise: Any) -> Array:
    """x[m, s_m], and of a sequence of nothing something else; a copy, so that nobody keeps all of x for it."""
    if mask is None:
        return x[:, -1].copy()
    xp = namespace(x)
    found = xp.take_along_axis(x, _places(mask, xp)[:, None, None], axis=1)[:, 0]
    return xp.where(mask.any(axis=1)[:, None], found, otherwise)
