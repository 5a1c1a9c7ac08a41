"""Multi-head self-attention: each place of a sequence looks at all the others, or at those before it."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from funcnn.annotations import Seed
from funcnn.arrays import Array, namespace
from funcnn.core import backward, backward_params, forward
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.generation import step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import Initializer, glorot_uniform
from funcnn.layers.attention.dot_product import no_later
from funcnn.layers.attention.heads import (
    Cache,
    MultiHead,
    check_memory_of_heads,
    check_rotary,
    dense_layers,
    gather,
    gather_backward,
    project,
    project_backward,
    rows_to_sequence,
    shape_of_out,
)
from funcnn.layers.attention.masks import check_attended, check_no_pairs, of_places, sights
from funcnn.layers.positions import Rotary, rotate, rotate_backward
from funcnn.layers.sequences import blank, closed, opened, out_gradient
from funcnn.records import record


@record
class Attention(MultiHead):
    """out = out_layer(softmax(q . k / sqrt(d)) @ v), head by head, with q = query(x), k = key(x), v = value(x)

    x: (m, t, n_in), or (x, mask); out has the form of x, and is (m, t, n_out). query, key, value: Dense of n_in to n
    features, of which each head has d = n / heads; out: Dense of n to n_out. If `causal`, a place attends to itself and
    to what is before it, else to all.

    mask: bool (m, t), True where there is something. Elsewhere out is 0, and what x holds is not read: nobody attends
    to it, and its dx is 0. Or of pairs, bool (m, t, t), True at i, j where place i may attend to place j, if `causal`
    only to those before. Keys and values that nobody attends to are not read; a place that may attend to nothing gets
    the bias of out.

    The derivative is that of four dense layers around `attend`, which derives its own. x is used three
    times, so it is blamed three times: dx = dx of query + dx of key + dx of value. The weights of all pairs of places,
    (m, heads, t, t), are kept for it. `step` keeps the keys and values of the places before: (k, v, mask);
    it takes no mask of pairs.

    With `rotary`, q and k are turned by an angle for their place, so that q . k depends on how far apart they are.

    Vaswani et al. 2017, Attention Is All You Need, section 3.2.

    >>> import numpy as np
    >>> from funcnn import Attention, forward
    >>> layer = Attention.init(4, 2, seed=0, causal=True)
    >>> layer.query
    Dense(W=<f64 4x4>, b=<f64 [0. 0. 0. 0.]>)
    >>> x, mask = np.ones((2, 3, 4)), np.array([[True, True, True], [True, True, False]])
    >>> out, mask = forward(layer, (x, mask))[0]
    >>> out.shape, out[1, 2]
    ((2, 3, 4), array([0., 0., 0., 0.]))

    Raises:
        KindError: query, key, value or out is no Dense, rotary no Rotary; the mask is none of bools.
        ShapeError: the layers do not fit together; x is not (m, t, n_in) with t at least 1, or mask neither (m, t) nor
            (m, t, t); `step`, of a mask of pairs, or the memory of another network.
        RangeError: heads is less than 1, or does not divide n; or d is odd, and there are no pairs to turn.
    """

    causal: bool = False
    rotary: Rotary | None = None

    def __attrs_post_init__(self) -> None:
        """Four dense layers that fit together, and heads that divide their features."""
        MultiHead.__attrs_post_init__(self)
        if self.query.W.shape[0] != self.key.W.shape[0]:
            shapes = f"query: {self.query.W.shape}, key: {self.key.W.shape}"
            raise ShapeError(f"Attention: query and key see the same x, so W must have as many rows; {shapes}")
        check_rotary("Attention", self.rotary)
        d = self.query.W.shape[1] // self.heads
        if self.rotary is not None and d % 2:
            raise RangeError(
                f"Attention: rotary turns pairs of features, so those of a head must be even; they are {d}"
            )

    @classmethod
    def init(
        cls,
        n: int,
        heads: int,
        *,
        seed: Seed,
        causal: bool = False,
        rotary: Rotary | None = None,
        weights: Initializer = glorot_uniform,
        bias: bool = True,
        dtype: Any = np.float64,
    ) -> Attention:
        """n features in, inside and out; query, key, value and out draw from children 0 to 3 of the seed.

        Raises:
            RangeError: a size is less than 1, or heads does not divide n.
        """
        return cls(*dense_layers("Attention.init", n, n, heads, seed, weights, dtype, bias=bias), heads, causal, rotary)


def _project(params: Attention, queries: Array, keys: Array, start: int = 0) -> tuple[Any, Any]:
    """q, k, v of the heads, turned by their places from `start` on, and the caches; both are x where it is read"""
    (q, k, v), caches = project(params, queries, keys)
    if params.rotary is not None:
        q, k = rotate(q, start, params.rotary.base), rotate(k, start, params.rotary.base)
    return (q, k, v), caches


@forward.register(Attention)
def attention_forward(params: Attention, given: Any) -> tuple[Any, tuple[Any, Cache]]:
    """out = out_layer(attend(query(x), key(x), value(x)))"""
    x, mask, _ = opened("Attention", given)
    check_attended(params, x, mask, x, params.query.W)
    there, t = of_places(mask), x.shape[1]
    x = blank(x, there)
    looks, seen, allowed = sights(mask, no_later(t, t, namespace(x)) if params.causal else None)
    qkv, caches = _project(params, blank(x, looks), blank(x, seen))
    out, cache = gather(params, qkv, allowed, caches)
    return closed(given, blank(out, there), mask), (given, cache)


def _back(back: Any, params: Attention, cache: tuple[Any, Cache], dA: Any) -> tuple[Any, Any, Any, Any]:
    """What `back` makes of query, key and value, and the gradient of out"""
    given, own = cache if type(cache) is tuple and len(cache) == 2 else (None, cast("Any", cache))
    dA = out_gradient(given, dA, shape_of_out(params, own), params.out.W.dtype)
    (dq, dk, dv), out = gather_backward(params, own, blank(dA, of_places(opened("backward", given)[1])))
    if params.rotary is not None:
        dq, dk = rotate_backward(dq, 0, params.rotary.base), rotate_backward(dk, 0, params.rotary.base)
    q, k, v = project_backward(back, params, own.layers, (dq, dk, dv))
    return q, k, v, out


@backward.register(Attention)
def attention_backward(params: Attention, cache: tuple[Any, Cache], dA: Any) -> Grads[Attention]:
    """dx = dx of query + dx of key + dx of value"""
    q, k, v, out = _back(backward, params, cache, dA)
    dx = q.x + k.x
    dx += v.x
    grads = gradient(params, query=q.params, key=k.params, value=v.params, out=out, rotary=params.rotary)
    return Grads(grads, closed(cache[0], rows_to_sequence(dx, cache[1].qkv[0])))


@backward_params.register(Attention)
def attention_backward_params(params: Attention, cache: tuple[Any, Cache], dA: Any) -> Attention:
    """Without the three products that make dx"""
    q, k, v, out = _back(backward_params, params, cache, dA)
    return gradient(params, query=q, key=k, value=v, out=out, rotary=params.rotary)


@step.register(Attention)
def attention_step(params: Attention, given: Any, memory: Any = None) -> tuple[Any, tuple[Array, Array, Array | None]]:
    """The places of x attend to themselves and to those remembered, whose keys and values are not computed again"""
    if not params.causal:
        raise KindError("step: Attention looks ahead; only one with causal=True can be given a sequence part by part")
    x, mask, _ = opened("Attention", given)
    check_attended(params, x, mask, x, params.query.W)
    check_no_pairs(mask)
    x, there = blank(x, mask), mask
    if memory is None:
        (q, k, v), _ = _project(params, x, x)
    else:
        check_memory_of_heads(params, memory, 3)
        if memory[0].shape[0] != x.shape[0]:
            raise ShapeError(f"step: the memory is of {memory[0].shape[0]} sequences, x of {x.shape[0]}; x: {x.shape}")
        (q, k, v), _ = _project(params, x, x, start=memory[0].shape[2])
        k, v, there = _remembered(memory, k, v, mask)
    _, _, allowed = sights(there, no_later(k.shape[2], x.shape[1], namespace(x)))
    out, _ = gather(params, (q, k, v), allowed)
    return closed(given, blank(out, mask), mask), (k, v, there)


def _remembered(memory: Any, k: Array, v: Array, mask: Array | None) -> tuple[Array, Array, Array | None]:
    """Keys, values and masks of all places so far; where only some parts had a mask, the others were there."""
    past_k, past_v, past = memory
    xp = namespace(k)
    if not past is mask is None:
        parts = (past, past_k), (mask, k)
        mask = xp.concatenate([xp.ones(a.shape[:3:2], dtype=bool) if m is None else m for m, a in parts], axis=1)
    return xp.concatenate([past_k, k], axis=2), xp.concatenate([past_v, v], axis=2), mask
