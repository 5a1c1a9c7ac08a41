"""The base of self- and cross-attention: four dense layers around the dot product of heads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import attrs

from funcnn.arrays import Array, is_array, kind, namespace
from funcnn.core import backward, forward, inference
from funcnn.errors import KindError, RangeError
from funcnn.generation import mode_error
from funcnn.guards import check_axes
from funcnn.initializers import Initializer, draw, draw_bias
from funcnn.layers.attention.dot_product import attend, attend_backward
from funcnn.layers.dense import Dense
from funcnn.layers.dropout import Dropout
from funcnn.layers.embedding.positions import Rotary
from funcnn.layers.memories import memory_dtype_error, memory_form_error
from funcnn.needs import Count, Need, Seed, passing, words_of
from funcnn.nested import inside
from funcnn.records import record
from funcnn.shapes import shapes
from funcnn.trees.edits import evolve

Triple = tuple[Any, Any, Any]


def _exactly(cls: type, needed: str) -> Need:
    """A value of this class, and not of a subclass, which may have other rules."""

    def check(function: str, argument: str, value: Any) -> None:
        if type(value) is not cls:
            raise KindError(f"{function}: {argument} must be {needed}, not {kind(value)}")

    return passing(needed.partition(",")[0], check)


OfDense = Annotated[Dense, _exactly(Dense, "a Dense")]
OfRotary = Annotated[Rotary, _exactly(Rotary, "a Rotary, or None")]
OfDropout = Annotated[Dropout, _exactly(Dropout, "a Dropout, or None")]
W_OF_LAYERS = {"query.W": "n_in n", "key.W": "n_memory n", "value.W": "n_memory n", "out.W": "n n_out"}


@shapes(x="_", out="_", cache="_", fields=W_OF_LAYERS)
@record
class MultiHead:
    """The base of attention layers: four dense layers, the number of heads, and the dropout of the weights."""

    query: OfDense
    key: OfDense
    value: OfDense
    out: OfDense
    heads: Count
    dropout: OfDropout | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_axes(self)
        check_heads(type(self).__name__, self.query.W.shape[1], self.heads)


@inference.register(MultiHead)
def multi_head_inference(params: MultiHead) -> MultiHead:
    """The dropout is left out, unless `noisy` protects it"""
    made = inside(inference, params)
    return made if made.dropout is None or type(made.dropout) is Dropout else evolve(made, dropout=None)


def check_no_dropout(function: str, params: MultiHead) -> None:
    """Refuse `step` in training."""
    if params.dropout is not None:
        raise mode_error(function, params)


class AttentionCache(NamedTuple):
    """The caches of query, key and value, and of out; q, k and v by heads; the weights, and which are not dropped."""

    layers: Any
    last: Any
    qkv: tuple[Array, Array, Array]
    weights: Array
    kept: Array | tuple[()]


def check_heads(function: str, n: int, heads: int) -> None:
    """Check that the number of heads divides the n features."""
    if not 1 <= heads <= n or n % heads:
        raise RangeError(f"{function}: heads must divide the number of features, {n}, which {heads} does not")


def drawn_fields(
    function: str,
    n: int,
    n_memory: int,
    heads: int,
    seed: Seed,
    weights: Initializer,
    dtype: Any,
    *,
    bias: bool,
    dropout: float,
) -> dict[str, Any]:
    """Query, key, value and out, drawn from children 0 to 3 of the seed; heads; and a dropout of child 4."""
    check_heads(function, n, heads)

    def drawn(i: int, n_in: int) -> Dense:
        W = draw(function, "weights", weights, (*words_of(seed), i), (n_in, n), dtype)
        return Dense(W, draw_bias(n, dtype, bias=bias))

    sizes = {"query": n, "key": n_memory, "value": n_memory, "out": n}
    layers = {name: drawn(i, n_in) for i, (name, n_in) in enumerate(sizes.items())}
    return layers | {"heads": heads, "dropout": Dropout(dropout, seed=(*words_of(seed), 4)) if dropout else None}


def project(params: MultiHead, x: Array, memory: Array) -> tuple[Triple, Triple]:
    """q of x, and k and v of the memory, by heads; and the caches"""
    q, of_q = by_heads(params.query, x, params.heads)
    k, of_k = by_heads(params.key, memory, params.heads)
    v, of_v = by_heads(params.value, memory, params.heads)
    return (q, k, v), (of_q, of_k, of_v)


def by_heads(layer: Dense, x: Array, heads: int) -> tuple[Array, Any]:
    """The dense layer's out for x, (m, t, n), as (m, heads, t, d); and its cache"""
    y, cache = forward(layer, _rows(x))
    return split(y, x.shape, heads), cache


def gather(params: MultiHead, qkv: Triple, allowed: Array | None, caches: Any = ()) -> tuple[Array, AttentionCache]:
    """(out, cache): the attention of all heads, then the layer `out`"""
    factor, kept = (None, ()) if params.dropout is None else forward(params.dropout, _ones(qkv))
    y, weights = attend(*qkv, allowed, factor)
    out, last = forward(params.out, merge(y))
    return rows_to_sequence(out, y), AttentionCache(caches, last, qkv, weights, kept)


def gather_backward(params: MultiHead, cache: AttentionCache, dA: Array) -> tuple[Triple, dict[str, Any]]:
    """(dq, dk and dv of the heads, the gradients of the layers `out` and `dropout`)"""
    out, factor, dropout = backward(params.out, cache.last, _rows(dA)), None, params.dropout
    if dropout is not None:
        grads = backward(dropout, cache.kept, _ones(cache.qkv))
        factor, dropout = grads.x, grads.params  # dropout is linear: dx for a dA of ones is the factor of forward
    dqkv = attend_backward(*cache.qkv, cache.weights, split(out.x, dA.shape, params.heads), factor)
    return dqkv, {"out": out.params, "dropout": dropout}


def _ones(qkv: Triple) -> Array:
    """1 for each weight"""
    q, k, _ = qkv
    return namespace(q).ones((*q.shape[:-1], k.shape[-2]), dtype=q.real.dtype)


def project_backward(back: Callable[..., Any], params: MultiHead, caches: Triple, dqkv: Triple) -> list[Any]:
    """The results of `back`, backward or backward_params, for query, key and value"""
    layers = (params.query, params.key, params.value)
    return [back(layer, cache, merge(d)) for layer, cache, d in zip(layers, caches, dqkv, strict=True)]


def _rows(x: Array) -> Array:
    """(m, t, n) as (m * t, n): one product, which is faster than m products"""
    return x.reshape(-1, x.shape[-1])


def rows_to_sequence(x: Array, heads: Array) -> Array:
    """(m * t, n) as (m, t, n), where m and t are read from the shape of `heads`, (m, heads, t, d)"""
    return x.reshape(heads.shape[0], heads.shape[2], x.shape[-1])


def split(x: Array, shape: tuple[int, ...], heads: int) -> Array:
    """(m * t, n) as (m, heads, t, n / heads), for shape (m, t, ...)"""
    return x.reshape(*shape[:2], heads, x.shape[-1] // heads).swapaxes(1, 2)


def merge(x: Array) -> Array:
    """(m, heads, t, d) as (m * t, heads * d)"""
    m, heads, t, d = x.shape
    return x.swapaxes(1, 2).reshape(m * t, heads * d)


def check_memory_of_heads(params: MultiHead, memory: Any, parts: int) -> None:
    """Check that the memory is (k, v) by heads, or with three parts (k, v, mask), mask bool (m, positions) or None."""
    W, heads = params.key.W, params.heads
    d = W.shape[1] // heads

    def fits(a: Any) -> bool:
        return is_array(a) and a.ndim == 4 and a.shape[1::2] == (heads, d)

    def fits_mask(a: Any) -> bool:
        return a is None or (is_array(a) and a.dtype == bool and a.shape == memory[0].shape[::2])

    fit = type(memory) is tuple and len(memory) == parts and all(map(fits, memory[:2]))
    if not fit or memory[0].shape != memory[1].shape or not all(map(fits_mask, memory[2:])):
        form, mask = ("(k, v, mask)", ", and mask bool (m, positions) or None") if parts == 3 else ("(k, v)", "")
        needed = f"{form} with k and v {W.dtype} (m, {heads}, positions, {d}){mask}"
        raise memory_form_error(params, needed, memory)
    for a in memory[:2]:
        if a.dtype != W.dtype:
            raise memory_dtype_error(a.dtype, W.dtype)
