"""Multi-head self-attention, over all positions of a sequence or, if causal, over the positions so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, namespace
from funcnn.checked import checked
from funcnn.core import backward, backward_params, forward
from funcnn.errors import KindError, RangeError
from funcnn.generation import fixed_memory, step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import Initializer, glorot_uniform
from funcnn.layers.attention.dot_product import no_later
from funcnn.layers.attention.heads import (
    W_OF_LAYERS,
    AttentionCache,
    MultiHead,
    OfRotary,
    check_no_dropout,
    drawn_fields,
    gather,
    gather_backward,
    project,
    project_backward,
    rows_to_sequence,
)
from funcnn.layers.attention.masks import allowed_pairs, check_no_pairs, of_positions
from funcnn.layers.attention.memory import FixedMemory, extended, positions_before
from funcnn.layers.checks import foreign_cache_error
from funcnn.layers.embedding.rotation import rotate_alike
from funcnn.layers.sequences import as_out_gradients, as_triple, blank, in_form_of
from funcnn.needs import Flag, FloatDtype, Fraction, Seed, Whole
from funcnn.records import record
from funcnn.shapes import shapes
from funcnn.sizes import Size


@shapes(
    x="m t+ n_in",
    out="m t n_out",
    cache="x, _",
    forms=2,
    mask="m t | m t t",
    fields=W_OF_LAYERS | {"key.W": "n_in n", "value.W": "n_in n"},
)
@record
class Attention(MultiHead):
    """out = out_layer(softmax(q . k / sqrt(d)) @ v), head by head, with q = query(x), k = key(x), v = value(x)

    x may be (x, mask); out has the form of x. query, key, value and out are Dense; each head has d = n / heads
    features. If `causal`, a position attends to itself and to earlier positions, else to all.

    mask: bool (m, t), False at padded positions. At padded positions out and dx are 0, x is not read, and no position
    attends to them. The mask may also be one of pairs, bool (m, t, t), True at i, j if position i may attend to
    position j; with `causal`, pairs with j > i are excluded in any case. Keys and values to which no position may
    attend are not read; for a position that may attend to none, the result is the bias of the layer out.

    The backward pass goes through the four dense layers and `attend_backward`. x is used three times, so dx is a sum:
    dx of query + dx of key + dx of value. The cache holds the weights of all pairs of positions, (m, heads, t, t). The
    memory of `step` is the keys and values of all positions so far, (k, v, mask), or is made by `fixed_memory`; `step`
    takes no mask of pairs.

    With `rotary`, q and k are rotated by angles proportional to the position, so that q . k depends on the distance.

    With `dropout`, a Dropout, weights are dropped in training, softmax(...) mask / (1 - rate), so that a query does
    not rely on few positions. The mask depends on the seed and the step in the Dropout; `inference` leaves it out.

    Vaswani et al. 2017, Attention Is All You Need, section 3.2.

    >>> import numpy as np
    >>> from funcnn import Attention, forward
    >>> layer = Attention.init(4, 2, seed=0, causal=True)
    >>> x, mask = np.ones((2, 3, 4)), np.array([[True, True, True], [True, True, False]])
    >>> out, mask = forward(layer, (x, mask))[0]
    >>> out.shape, out[1, 2]
    ((2, 3, 4), array([0., 0., 0., 0.]))

    Raises:
        KindError: query, key, value or out is not a Dense, rotary not a Rotary, dropout not a Dropout, or the mask not
            of bools; in `step`, a dropout.
        ShapeError: the layers do not fit together; x is not (m, t, n_in) with t at least 1, or the mask not (m, t) or
            (m, t, t); in `step`, a mask of pairs, or the memory of another network.
        RangeError: heads is less than 1, or does not divide n; or d is odd, with `rotary`.
    """

    causal: bool = False
    rotary: OfRotary | None = None

    def __attrs_post_init__(self) -> None:
        MultiHead.__attrs_post_init__(self)
        d = self.query.W.shape[1] // self.heads
        if self.rotary is not None and d % 2:
            raise RangeError(f"{type(self).__name__}: rotary needs an even number of features in each head, not {d}")

    @classmethod
    @checked
    def init(
        cls,
        n: Size,
        heads: Whole,
        *,
        seed: Seed,
        causal: Flag = False,
        rotary: OfRotary | None = None,
        weights: Initializer = glorot_uniform,
        dropout: Fraction = 0.0,
        bias: Flag = True,
        dtype: FloatDtype = np.float64,
    ) -> Attention:
        """n features in x, in all heads together and in out; the weights come from children 0 to 3 of the seed.

        `dropout` is a rate; if it is not 0, the layer has a `Dropout` with child 4 of the seed.

        Raises:
            RangeError: heads does not divide n.
        """
        function = f"{cls.__name__}.init"
        fields = drawn_fields(function, n, n, heads, seed, weights, dtype, bias=bias, dropout=dropout)
        return cls(**fields, causal=causal, rotary=rotary)


def _project(params: Attention, queries: Array, keys: Array, start: int = 0) -> tuple[Any, Any]:
    """q, k, v of the heads, rotated for positions from `start` on, and the caches"""
    (q, k, v), caches = project(params, queries, keys)
    if params.rotary is not None:
        q, k = rotate_alike((q, k), start, params.rotary.base)
    return (q, k, v), caches


@forward.register(Attention)
def attention_forward(params: Attention, given: Any) -> tuple[Any, tuple[Any, AttentionCache]]:
    """out = out_layer(attend(query(x), key(x), value(x)))"""
    x, mask, _ = as_triple("", given)
    padding, t = of_positions(mask), x.shape[1]
    x = blank(x, padding)
    queries, keys, allowed = allowed_pairs(mask, no_later(t, t, namespace(x)) if params.causal else None)
    qkv, caches = _project(params, blank(x, queries), blank(x, keys))
    out, cache = gather(params, qkv, allowed, caches)
    return in_form_of(given, blank(out, padding), mask), (given, cache)


def _back(back: Any, params: Attention, cache: tuple[Any, AttentionCache], dA: Any) -> tuple[Any, Any, Any, Any]:
    """The results of `back` for query, key and value, and the gradients of the layers `out` and `dropout`"""
    given, own = cache
    if type(own) is not AttentionCache:
        raise foreign_cache_error(params, cache)
    dA, _ = as_out_gradients(params, given, dA)
    (dq, dk, dv), others = gather_backward(params, own, blank(dA, of_positions(as_triple("backward", given)[1])))
    if params.rotary is not None:
        dq, dk = rotate_alike((dq, dk), 0, params.rotary.base, back=True)
    q, k, v = project_backward(back, params, own.layers, (dq, dk, dv))
    return q, k, v, others


@backward.register(Attention)
def attention_backward(params: Attention, cache: tuple[Any, AttentionCache], dA: Any) -> Grads[Attention]:
    """dx = dx of query + dx of key + dx of value"""
    q, k, v, others = _back(backward, params, cache, dA)
    dx = q.x + k.x
    dx += v.x
    grads = gradient(params, query=q.params, key=k.params, value=v.params, rotary=params.rotary, **others)
    return Grads(grads, in_form_of(cache[0], rows_to_sequence(dx, cache[1].qkv[0])))


@backward_params.register(Attention)
def attention_backward_params(params: Attention, cache: tuple[Any, AttentionCache], dA: Any) -> Attention:
    """As `attention_backward`, without the three products for dx"""
    q, k, v, others = _back(backward_params, params, cache, dA)
    return gradient(params, query=q, key=k, value=v, rotary=params.rotary, **others)


@step.register(Attention)
def attention_step(params: Attention, given: Any, memory: Any = None) -> tuple[Any, Any]:
    """The positions of x attend to themselves and to earlier positions, whose keys and values are the memory"""
    if not params.causal:
        raise KindError("step: Attention must be causal; else out depends on later positions")
    check_no_dropout("step", params)
    x, mask, _ = as_triple("", given)
    check_no_pairs(mask)
    x = blank(x, mask)
    (q, k, v), _ = _project(params, x, x, start=positions_before(params, memory, x))
    (k, v), allowed, memory = extended(memory, k, v, mask)
    out, _ = gather(params, (q, k, v), allowed)
    return in_form_of(given, blank(out, mask), mask), memory


@fixed_memory.register(Attention)
def attention_fixed_memory(params: Attention, m: int, t_most: int) -> FixedMemory:
    """Zeros for keys and values, (m, heads, t_most, d), of which none is a position so far"""
    if not params.causal:
        raise KindError("fixed_memory: Attention must be causal; else out depends on later positions")
    check_no_dropout("fixed_memory", params)
    W = params.key.W
    nothing = np.zeros((m, params.heads, t_most, W.shape[1] // params.heads), W.dtype)
    return FixedMemory(nothing, nothing, None, 0)
