"""Attention layers: four weights, two heads, masks of positions and of pairs, and x that is used three times."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family, softmax_slope

SCALE = 2**-0.5  # of two heads of two features


def heads(x):
    """(t, 4) to (2, t, 2)"""
    return x.reshape(len(x), 2, 2).swapaxes(0, 1)


def merged(y):
    """(2, t, 2) to (t, 4)"""
    return y.swapaxes(0, 1).reshape(-1, 4)


def unturned(x):
    """(t, 4) to (2, t, 2), without the transpose: rows of time end up in the wrong head"""
    return x.reshape(2, len(x), 2)


def there(t):
    """A mask: the second position is padding."""
    return np.arange(t) != 1


def weights(q, k, allowed):
    """Softmax over the allowed positions; 0 for a query without an allowed position."""
    s = np.where(allowed, q @ k.swapaxes(-1, -2) * SCALE, -np.inf)
    e = np.exp(s - np.maximum(s.max(axis=-1, keepdims=True), -1e300))
    total = e.sum(axis=-1, keepdims=True)
    return e / np.where(total == 0, 1, total)


def attend(x, memory, W, allowed):
    """(q, k, v, weights, heads merged)"""
    q, k, v = heads(x @ W[0]), heads(memory @ W[1]), heads(memory @ W[2])
    p = weights(q, k, allowed)
    return q, k, v, p, merged(p @ v)


def attend_vjp(x, memory, W, dA, allowed, *, split=heads, scale=SCALE, slope=softmax_slope, value=1, values=False):
    """dx of the queries, dmemory, and dW"""
    q, k, v, p, y = attend(x, memory, W, allowed)
    dy = split(dA @ W[3].T)
    ds = slope(p, dy @ v.swapaxes(-1, -2)) * scale
    dq, dk, dv = merged(ds @ k), merged(ds.swapaxes(-1, -2) @ q), merged(p.swapaxes(-1, -2) @ dy)
    dW = [x.T @ dq, memory.T @ dk, memory.T @ dv, (merged(v) if values else y).T @ dA]
    return dq @ W[0].T, dk @ W[1].T + value * dv @ W[2].T, dW


# Causal self-attention with a mask.


both = lambda t: np.tri(t, dtype=bool) & there(t)


def self_attention(x, *W):
    return attend(x, x, W, both(len(x)))[4] @ W[3] * there(len(x))[:, None]


def self_vjp(x, Wq, Wk, Wv, Wo, dA, *, allowed=both, blank=True, parts=(1, 1), **change):
    dA = dA * there(len(x))[:, None] if blank else dA
    dq, dm, dW = attend_vjp(x, x, (Wq, Wk, Wv, Wo), dA, allowed(len(x)), **change)
    return [parts[0] * dq + parts[1] * dm, *dW]


def self_but(**change):
    return lambda *args: self_vjp(*args, **change)


SHAPES = "n 4", "n 4", "n 4", "4 k"
attention = family("attention layer", fst.tensors("t n", *SHAPES, most=3))(self_attention, self_vjp)


# Self-attention with a mask of pairs.


def window(t):
    """Each position attends to itself and to the one two before it; the second, padding, attends to none."""
    far = np.arange(t)[:, None] - np.arange(t)
    return ((far == 0) | (far == 2)) & there(t)[:, None]


def in_window(x, *W):
    return attend(x, x, W, window(len(x)))[4] @ W[3]


def window_but(**change):
    return self_but(**{"allowed": window, "blank": False} | change)


pairs = family("attention of pairs", fst.tensors("t n", *SHAPES, most=4))(in_window, window_but())


# Cross-attention with a mask on the memory; the memory is an output too.


def cross_attention(x, memory, *W):
    out = attend(x, memory, W, there(len(memory)))[4] @ W[3]
    return np.concatenate([out.ravel(), memory.ravel()])


def cross_vjp(x, memory, *rest, allowed=there, passed=1, seen=1, **change):
    *W, dA = rest
    n = len(x) * W[3].shape[1]
    dx, dmemory, dW = attend_vjp(x, memory, W, dA[:n].reshape(len(x), -1), allowed(len(memory)), **change)
    return [dx, seen * dmemory + passed * dA[n:].reshape(memory.shape), *dW]


def cross_but(**change):
    return lambda *args: cross_vjp(*args, **change)


CROSS = "n 4", "r 4", "r 4", "4 k"
cross = family("cross-attention layer", fst.tensors("t n", "s r", *CROSS, most=3))(cross_attention, cross_vjp)


def over_queries(p, dp):
    axis = -2 if p.shape[-1] == p.shape[-2] else -1
    return p * (dp - (p * dp).sum(axis=axis, keepdims=True))


MUTANTS = [
    attention.but("the mask forgotten in backward: weights computed again")(self_but(allowed=lambda t: np.tri(t) > 0)),
    attention.but("later positions enter backward: weights computed again")(self_but(allowed=there)),
    attention.but("padded positions receive a gradient: out is 0 there")(self_but(blank=False)),
    attention.but("dx without keys and values: x is taken for the query alone")(self_but(parts=(1, 0))),
    attention.but("dx without queries: only the memory is read")(self_but(parts=(0, 1))),
    attention.but("dx without values: values taken for constants")(self_but(value=0)),
    attention.but("1 / d: q and k are scaled")(self_but(scale=SCALE**2)),
    attention.but("heads split without a transpose: reshape is enough")(self_but(split=unturned)),
    attention.but("dWo from values: values before the weighted sum, not after it")(self_but(values=True)),
    attention.but("the softmax's sum over queries: the wrong axis")(self_but(slope=over_queries)),
    pairs.but("the mask turned over: j, i for i, j")(window_but(allowed=lambda t: window(t).T)),
    pairs.but("the mask forgotten in backward: weights again")(window_but(allowed=lambda t: np.ones((t, t), bool))),
    cross.but("the memory's mask forgotten in backward: weights again")(cross_but(allowed=lambda s: np.ones(s, bool))),
    cross.but("the gradient of the memory output forgotten: the memory is passed on, not used")(cross_but(passed=0)),
    cross.but("no gradient of the memory: the encoder is trained already")(cross_but(seen=0)),
    cross.but("dmemory without values: keys are enough")(cross_but(value=0)),
    cross.but("the softmax's sum over queries: the wrong axis")(cross_but(slope=over_queries)),
]
