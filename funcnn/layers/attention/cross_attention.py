"""Multi-head cross-attention: each position of one sequence attends to all positions of another, the memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, counted, short
from funcnn.checked import checked
from funcnn.core import backward, backward_params, forward
from funcnn.errors import KindError, ShapeError
from funcnn.generation import step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import Initializer, glorot_uniform
from funcnn.layers.attention.heads import (
    AttentionCache,
    MultiHead,
    by_heads,
    check_memory_of_heads,
    check_no_dropout,
    drawn_fields,
    gather,
    gather_backward,
    project,
    project_backward,
    rows_to_sequence,
)
from funcnn.layers.attention.masks import allowed_pairs, check_attended, check_no_pairs, of_positions
from funcnn.layers.checks import check_out_gradient, foreign_cache_error, shown
from funcnn.layers.sequences import blank
from funcnn.needs import Flag, FloatDtype, Fraction, Seed, Whole
from funcnn.records import record
from funcnn.sizes import Size


@record
class CrossAttention(MultiHead):
    """out = out_layer(softmax(q . k / sqrt(d)) @ v), head by head, q = query(x), k = key(memory), v = value(memory)

    x: (queries, memory), of (m, t, n_in) and (m, s, n_memory), or (queries, memory, mask) with mask: bool (m, s), False
    at padded positions of the memory, or bool (m, t, s), True if query i may attend to position j of the memory. out
    has the form of x, (out, memory) or (out, memory, mask), so that the next layer gets the memory too; the first
    part is (m, t, n_out). query is a Dense of n_in to n features, key and value are Dense of n_memory to n, out is a
    Dense of n to n_out. Each head has d = n / heads features.

    Positions of the memory to which no query may attend are not read, and their gradient from key and value is 0. For a
    query that may attend to no position, the result is the bias of the layer out. The memory is also passed on, so its
    gradient is a sum: dmemory = dA[1] + dx of key + dx of value; dqueries = dx of query. None in dA[1] counts as 0.

    `dropout` drops weights in training, as in `Attention`.

    `step` computes keys and values of the memory in the first step and keeps them. Later steps compare the shape of the
    memory only: changed numbers in it have no effect. `step` takes no mask of pairs.

    Vaswani et al. 2017, Attention Is All You Need, section 3.2.3.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> layer = layers.CrossAttention.init(4, 2, n_memory=3, seed=0)
    >>> out, memory = forward(layer, (np.ones((2, 5, 4)), np.ones((2, 7, 3))))[0]
    >>> out.shape, memory.shape
    ((2, 5, 4), (2, 7, 3))

    Raises:
        KindError: query, key, value or out is not a Dense, dropout not a Dropout, x not a tuple, or the mask not of
            bools; in `step`, a dropout.
        ShapeError: the layers, or the arrays of x, do not fit together; in `step`, a memory of another shape than in
            the first step, a mask of pairs, or keys and values of another network.
        RangeError: heads is less than 1, or does not divide n.
    """

    @classmethod
    @checked
    def init(
        cls,
        n: Size,
        heads: Whole,
        *,
        n_memory: Size,
        seed: Seed,
        weights: Initializer = glorot_uniform,
        dropout: Fraction = 0.0,
        bias: Flag = True,
        dtype: FloatDtype = np.float64,
    ) -> CrossAttention:
        """n features in queries, in all heads together and in out; the weights come from children 0 to 3 of the seed.

        `dropout` is a rate; if it is not 0, the layer has a `Dropout` with child 4 of the seed.

        Raises:
            RangeError: heads does not divide n.
        """
        function = f"{cls.__name__}.init"
        return cls(**drawn_fields(function, n, n_memory, heads, seed, weights, dtype, bias=bias, dropout=dropout))


def _as_parts(params: CrossAttention, x: Any) -> tuple[Array, Array, Array | None]:
    """Queries, memory and mask, with 0 at padded positions of the memory."""
    if type(x) is not tuple:
        raise KindError(f"CrossAttention: x must be (queries, memory) or (queries, memory, mask), not {shown(x)}")
    if len(x) not in (2, 3):
        raise ShapeError(
            f"CrossAttention: x must be (queries, memory) or (queries, memory, mask), not a tuple of {len(x)}"
        )
    queries, memory, mask = x if len(x) == 3 else (*x, None)
    check_attended(params, "queries", queries, None, queries, params.query.W)
    check_attended(params, "memory", memory, mask, queries, params.key.W)
    if queries.shape[0] != memory.shape[0]:
        shapes = f"queries: {queries.shape}, memory: {memory.shape}"
        raise ShapeError(f"CrossAttention: queries and memory must be of equally many sequences; {shapes}")
    return queries, blank(memory, of_positions(mask)), mask


@forward.register(CrossAttention)
def cross_attention_forward(params: CrossAttention, x: Any) -> tuple[tuple[Any, ...], AttentionCache]:
    """out = out_layer(attend(query(queries), key(memory), value(memory)))"""
    queries, memory, mask = _as_parts(params, x)
    attending, attended, allowed = allowed_pairs(mask, None)
    qkv, caches = project(params, blank(queries, attending), blank(memory, attended))
    out, cache = gather(params, qkv, allowed, caches)
    return (out, *x[1:]), cache


def _back(back: Any, params: CrossAttention, cache: AttentionCache, dA: Any) -> tuple[Any, Any, Any, Any]:
    """The results of `back` for query, key and value, and the gradients of the layers `out` and `dropout`"""
    if type(cache) is not AttentionCache:
        raise foreign_cache_error(params, cache)
    if type(dA) is not tuple or len(dA) not in (2, 3):
        needed = "a tuple of 2 or 3, as out is (out, memory) or (out, memory, mask)"
        raise ShapeError(f"CrossAttention: dA must be {needed}, not {short(dA)}")
    m, _, t, _ = cache.qkv[0].shape
    check_out_gradient(params, dA[0], (m, t, params.out.W.shape[1]), params.out.W.dtype, ("dA[0]", "out[0]"))
    dqkv, others = gather_backward(params, cache, dA[0])
    q, k, v = project_backward(back, params, cache.layers, dqkv)
    return q, k, v, others


@backward.register(CrossAttention)
def cross_attention_backward(params: CrossAttention, cache: AttentionCache, dA: Any) -> Grads[CrossAttention]:
    """dqueries = dx of query, dmemory = dA[1] + dx of key + dx of value"""
    q, k, v, others = _back(backward, params, cache, dA)
    dmemory = rows_to_sequence(k.x + v.x, cache.qkv[1])
    if dA[1] is not None:
        check_out_gradient(params, dA[1], dmemory.shape, dmemory.dtype, ("dA[1]", "memory"))
        dmemory += dA[1]
    grads = gradient(params, query=q.params, key=k.params, value=v.params, **others)
    return Grads(grads, (rows_to_sequence(q.x, cache.qkv[0]), dmemory, None)[: len(dA)])


@backward_params.register(CrossAttention)
def cross_attention_backward_params(params: CrossAttention, cache: AttentionCache, dA: Any) -> CrossAttention:
    """As `cross_attention_backward`, without the three products for dx"""
    q, k, v, others = _back(backward_params, params, cache, dA)
    return gradient(params, query=q, key=k, value=v, **others)


@step.register(CrossAttention)
def cross_attention_step(params: CrossAttention, x: Any, memory: Any = None) -> tuple[Any, tuple[Array, Array]]:
    """The queries attend to all of x's memory, whose keys and values, (k, v), are kept from the first step"""
    check_no_dropout("step", params)
    queries, seen, mask = _as_parts(params, x)
    check_no_pairs(mask)
    if memory is None:
        (q, k, v), _ = project(params, queries, seen)
    else:
        check_memory_of_heads(params, memory, 2)
        k, v = memory
        if k.shape[::2] != seen.shape[:2]:
            before = f"of {counted(k.shape[0], 'sequence')} and {counted(k.shape[2], 'position')}"
            needed = f"(queries, memory) with the memory of the first step, {before}"
            raise ShapeError(f"step: x must be {needed}, not a memory of the shape {seen.shape}")
        q, _ = by_heads(params.query, queries, params.heads)
    out, _ = gather(params, (q, k, v), allowed_pairs(mask, None)[2])
    return (out, *x[1:]), (k, v)
