"""Tied embeddings: one table of symbols for the input and for the output of a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, is_array, short
from funcnn.checked import checked
from funcnn.core import backward, forward, forward_only
from funcnn.errors import KindError, ShapeError
from funcnn.generation import fixed_memory, mixes_positions, step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import Initializer, draw, normal
from funcnn.layers.checks import Held, as_cache_array, as_cache_parts, check_out_gradient
from funcnn.layers.embedding.symbols import Embedding
from funcnn.layers.notes import noted
from funcnn.layers.outlines import as_gradient_like, outline
from funcnn.needs import FloatDtype, Seed
from funcnn.records import build, record
from funcnn.shapes import axes
from funcnn.sizes import Size


@record
class Tied:
    """out = net(W[ids]) @ W^T: row i of W stands for symbol i, both in the input and in the output

    ids: whole numbers (m, ...), W: (n_symbols, n), net: (m, ..., n) -> (m, ..., n), out: logits (m, ..., n_symbols).
    With a mask, (ids, mask) -> (out, mask), the net being given (W[ids], mask). `Tied` is an `Embedding`, a net and a
    `Dense` that share W, so the gradient of W is a sum of two terms: dA^T @ h with h = net(W[ids]), and in row i the dx
    of the net at all positions with id i.

    Press & Wolf 2017, Using the Output Embedding to Improve Language Models; Inan, Khosravi & Socher 2017.

    >>> import numpy as np
    >>> from funcnn import forward, layers, mlp
    >>> net = layers.Tied.init(27, 8, net=mlp([8, 16, 8], seed=1), seed=0)
    >>> forward(net, np.array([[3, 1, 20]]))[0].shape
    (1, 3, 27)

    Raises:
        KindError: W is not an array of floats, `net` is not a layer, or drops the mask. For ids, as Embedding.
        ShapeError: W is not (n_symbols, n), or the net gives another number of features than n.
        RangeError: an id is negative, or W has no row for it.
    """

    W: Array = axes("n_symbols n")
    net: Held[Any]

    @classmethod
    @checked
    def init(
        cls,
        n_symbols: Size,
        n: Size,
        *,
        net: Held[Any],
        seed: Seed,
        weights: Initializer = normal(0.02),  # noqa: B008  an immutable value
        dtype: FloatDtype = np.float64,
    ) -> Tied:
        """W is drawn by an initializer."""
        return cls(draw(f"{cls.__name__}.init", "weights", weights, seed, (n_symbols, n), dtype), net)


def _table(params: Tied) -> Embedding:
    return build(Embedding, (params.W,))


def _logits(params: Tied, x: Any, out: Any) -> tuple[Any, Array]:
    """(out, h), where out is h @ W^T, in a tuple with the mask if h has one."""
    if (type(out) is tuple) != (type(x) is tuple):
        raise KindError(f"Tied: net must return a tuple, as x is one; x: {short(x)}, out: {short(out)}")
    h, n = out[0] if type(out) is tuple else out, params.W.shape[1]
    if not is_array(h) or h.dtype != params.W.dtype or h.shape[-1:] != (n,):
        raise ShapeError(f"Tied: net must return (m, ..., {n}), as many features as W has; out: {short(out)}")
    return _beside(h @ params.W.T, out), h


def _beside(head: Any, x: Any) -> Any:
    """`head`; if x is a tuple, x with `head` as its first part."""
    return (head, *x[1:]) if type(x) is tuple else head


@forward.register(Tied)
def tied_forward(params: Tied, x: Any) -> tuple[Any, tuple[Any, ...]]:
    """out = h @ W^T, h = net(W[ids])"""
    rows, read = noted("in Tied", forward, _table(params), x)
    inner, cache = noted("in Tied", forward, params.net, rows)
    out, h = _logits(params, x, inner)
    return out, (read, cache, h, outline(out))


@forward_only.register(Tied)
def tied_forward_only(params: Tied, x: Any) -> Any:
    """out = net(W[ids]) @ W^T"""
    rows = noted("in Tied", forward_only, _table(params), x)
    return _logits(params, x, noted("in Tied", forward_only, params.net, rows))[0]


@backward.register(Tied)
def tied_backward(params: Tied, cache: tuple[Any, ...], dA: Any) -> Grads[Tied]:
    """dW = dA^T @ h, and in row i, dx of the net wherever the id was i"""
    (read, own, h, of_out), W = as_cache_parts(params, cache, 4), params.W
    as_cache_array(params, h)
    dA = as_gradient_like(params, dA, of_out)
    dout = dA[0] if type(dA) is tuple else dA
    check_out_gradient(params, dout, (*h.shape[:-1], W.shape[0]), W.dtype)
    grads = noted("in Tied", backward, params.net, own, _beside(dout @ W, dA))
    table = noted("in Tied", backward, _table(params), read, grads.x)
    dW = dout.reshape(-1, W.shape[0]).T @ h.reshape(-1, W.shape[1])
    return Grads(gradient(params, W=dW + table.params.W, net=grads.params), table.x)


@step.register(Tied)
def tied_step(params: Tied, x: Any, memory: Any = None) -> tuple[Any, Any]:
    """out = net(W[ids]) @ W^T, and the net's memory"""
    rows = noted("in Tied", forward_only, _table(params), x)
    inner, memory = noted("in Tied", step, params.net, rows, memory)
    return _logits(params, x, inner)[0], memory


fixed_memory.register(Tied)(lambda params, m, t_most: noted("in Tied", fixed_memory, params.net, m, t_most))

mixes_positions.register(Tied)(lambda params: mixes_positions(params.net))
