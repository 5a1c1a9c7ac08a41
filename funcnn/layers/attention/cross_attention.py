"""Multi-head cross-attention: each place of one sequence looks at all places of another, its memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.annotations import Seed
from funcnn.arrays import Array, check_out_gradient, short
from funcnn.core import backward, backward_params, forward
from funcnn.errors import KindError, ShapeError
from funcnn.generation import step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import Initializer, glorot_uniform
from funcnn.layers.attention.heads import (
    Cache,
    MultiHead,
    by_heads,
    check_memory_of_heads,
    dense_layers,
    gather,
    gather_backward,
    project,
    project_backward,
    rows_to_sequence,
    shape_of_out,
)
from funcnn.layers.attention.masks import check_attended, check_no_pairs, of_places, sights
from funcnn.layers.checks import shown
from funcnn.layers.sequences import blank
from funcnn.records import record


@record
class CrossAttention(MultiHead):
    """out = out_layer(softmax(q . k / sqrt(d)) @ v), head by head, with q = query(x), k and v = key and value(memory)

    x: (queries, memory), of (m, t, n_in) and (m, s, n_memory), or (queries, memory, mask) with mask: bool (m, s), True
    where the memory holds something, or bool (m, t, s), True where query i may attend to place j of it. out has the
    form of x, (out, memory) or (out, memory, mask), so that the next layer finds the memory again; out itself is (m, t,
    n_out). query: Dense of n_in to n features, key and value: of n_memory to n, of which each head has d = n / heads;
    out: of n to n_out.

    Where the memory holds nothing, or nobody attends to it, what is there is not read, and key and value add 0 there. A
    query with nothing to attend to gets the bias of out. The memory passes unchanged, so its gradient is the sum of
    what comes from behind and that of key and value: dmemory = dA[1] + dx of key + dx of value, and dqueries = dx of
    query. None in dA[1] counts as 0.

    `step` computes the keys and values of the memory once, and remembers them. That the memory is still the same, it
    sees by its shape alone: other numbers of that shape are not noticed. It takes no mask of pairs.

    Vaswani et al. 2017, Attention Is All You Need, section 3.2.3.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> layer = layers.CrossAttention.init(4, 2, n_memory=3, seed=0)
    >>> out, memory = forward(layer, (np.ones((2, 5, 4)), np.ones((2, 7, 3))))[0]
    >>> out.shape, memory.shape
    ((2, 5, 4), (2, 7, 3))

    Raises:
        KindError: query, key, value or out is no Dense; x is no tuple; the mask is none of bools.
        ShapeError: the layers do not fit together, or the arrays of x; `step`, of a memory of another shape than
            before, of a mask of pairs, or of the keys and values of another network.
        RangeError: heads is less than 1, or does not divide n.
    """

    @classmethod
    def init(
        cls,
        n: int,
        heads: int,
        *,
        n_memory: int,
        seed: Seed,
        weights: Initializer = glorot_uniform,
        bias: bool = True,
        dtype: Any = np.float64,
    ) -> CrossAttention:
        """n features in, inside and out; query, key, value and out draw from children 0 to 3 of the seed.

        Raises:
            RangeError: a size is less than 1, or heads does not divide n.
        """
        return cls(*dense_layers("CrossAttention.init", n, n_memory, heads, seed, weights, dtype, bias=bias), heads)


def _opened(params: CrossAttention, x: Any) -> tuple[Array, Array, Array | None]:
    """Queries, memory and its mask, with 0 where the memory holds nothing."""
    if type(x) is not tuple:
        raise KindError(f"CrossAttention: x must be (queries, memory) or (queries, memory, mask), not {shown(x)}")
    if len(x) not in (2, 3):
        raise ShapeError(f"CrossAttention: x must be (queries, memory) or (queries, memory, mask), not {len(x)} parts")
    queries, memory, mask = x if len(x) == 3 else (*x, None)
    check_attended(params, queries, None, queries, params.query.W, "queries")
    check_attended(params, memory, mask, queries, params.key.W, "memory")
    if len(queries) != len(memory):
        shapes = f"queries: {queries.shape}, memory: {memory.shape}"
        raise ShapeError(f"CrossAttention: there must be a memory for each of the queries' sequences; {shapes}")
    return queries, blank(memory, of_places(mask)), mask


@forward.register(CrossAttention)
def cross_attention_forward(params: CrossAttention, x: Any) -> tuple[tuple[Any, ...], Cache]:
    """out = out_layer(attend(query(queries), key(memory), value(memory)))"""
    queries, memory, mask = _opened(params, x)
    looks, seen, allowed = sights(mask, None)
    qkv, caches = project(params, blank(queries, looks), blank(memory, seen))
    out, cache = gather(params, qkv, allowed, caches)
    return (out, *x[1:]), cache


def _back(back: Any, params: CrossAttention, cache: Cache, dA: Any) -> tuple[Any, Any, Any, Any]:
    """What `back` makes of query, key and value, and the gradient of out"""
    shape = shape_of_out(params, cache)
    if type(dA) is not tuple or len(dA) not in (2, 3):
        raise ShapeError(f"dA must be like out, (out, memory) or (out, memory, mask); it is {short(dA)}")
    check_out_gradient(dA[0], shape, params.out.W.dtype)
    dqkv, out = gather_backward(params, cache, dA[0])
    q, k, v = project_backward(back, params, cache.layers, dqkv)
    return q, k, v, out


@backward.register(CrossAttention)
def cross_attention_backward(params: CrossAttention, cache: Cache, dA: Any) -> Grads[CrossAttention]:
    """dqueries = dx of query, dmemory = dA[1] + dx of key + dx of value"""
    q, k, v, out = _back(backward, params, cache, dA)
    dmemory = rows_to_sequence(k.x + v.x, cache.qkv[1])
    if dA[1] is not None:
        check_out_gradient(dA[1], dmemory.shape, dmemory.dtype)
        dmemory += dA[1]
    grads = gradient(params, query=q.params, key=k.params, value=v.params, out=out)
    return Grads(grads, (rows_to_sequence(q.x, cache.qkv[0]), dmemory, None)[: len(dA)])


@backward_params.register(CrossAttention)
def cross_attention_backward_params(params: CrossAttention, cache: Cache, dA: Any) -> CrossAttention:
    """Without the three products that make dx"""
    q, k, v, out = _back(backward_params, params, cache, dA)
    return gradient(params, query=q, key=k, value=v, out=out)


@step.register(CrossAttention)
def cross_attention_step(params: CrossAttention, x: Any, memory: Any = None) -> tuple[Any, tuple[Array, Array]]:
    """Each step's queries attend to all of the memory, whose keys and values, (k, v), are computed in the first"""
    queries, seen, mask = _opened(params, x)
    check_no_pairs(mask)
    if memory is None:
        (q, k, v), _ = project(params, queries, seen)
    else:
        check_memory_of_heads(params, memory, 2)
        k, v = memory
        if k.shape[::2] != seen.shape[:2]:
            of = f"of {k.shape[0]} sequences of {k.shape[2]} places"
            raise ShapeError(f"step: the keys and values remembered are of another memory, {of}; memory: {seen.shape}")
        q, _ = by_heads(params.query, queries, params.heads)
    out, _ = gather(params, (q, k, v), sights(mask, None)[2])
    return (out, *x[1:]), (k, v)
