"""Recurrence, attention, and other functions of sequences."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family, sigmoid, softmax, softmax_slope


def hidden(x, U, V):
    """h_t = tanh(x_t U + h_{t-1} V), for x of shape (time, n), from h_0 = 0. The result begins with h_0."""
    h = [np.zeros(len(V))]
    for x_t in x:
        h.append(np.tanh(x_t @ U + h[-1] @ V))
    return np.stack(h)


def rnn_vjp(x, U, V, dA, *, carry=lambda dz, V: dz @ V.T, own=True, before=True, memory=None, slope=None):
    h = hidden(x, U, V)
    dx, dU, dV, dh = np.zeros_like(x), np.zeros_like(U), np.zeros_like(V), np.zeros(len(V))
    for t in reversed(range(len(x))):
        dh = dh + dA[t] if own or t == len(x) - 1 else dh
        dz = dh * (slope(h[t + 1]) if slope else 1 - h[t + 1] ** 2)
        dx[t] = dz @ U.T
        dU += np.outer(x[t], dz)
        dV += np.outer(h[t if before else t + 1], dz)
        dh = carry(dz, V) * (t != memory)
    return [dx, dU, dV]


def rnn_but(**change):
    return lambda x, U, V, dA: rnn_vjp(x, U, V, dA, **change)


rnn = family("rnn", fst.tensors("t n", "n k", "k k"))(lambda x, U, V: hidden(x, U, V)[1:], rnn_vjp)


def lstm(c, f, i, o):
    """One step from the old cell and the gates before their sigmoid; the candidate is tanh of gate i."""
    new = sigmoid(f) * c + sigmoid(i) * np.tanh(i)
    return np.stack([sigmoid(o) * np.tanh(new), new])


def lstm_vjp(c, f, i, o, dA, *, kept=None, squash=1, cell=1, candidate=1):
    new = lstm(c, f, i, o)[1]
    d = dA[0] * sigmoid(o) * (1 - squash * np.tanh(new) ** 2) + cell * dA[1]
    return [
        d * sigmoid(f),
        d * (c if kept is None else new) * sigmoid(f) * sigmoid(-f),
        d * (sigmoid(i) * sigmoid(-i) * np.tanh(i) + candidate * sigmoid(i) * (1 - np.tanh(i) ** 2)),
        dA[0] * np.tanh(new) * sigmoid(o) * sigmoid(-o),
    ]


def lstm_but(**change):
    return lambda c, f, i, o, dA: lstm_vjp(c, f, i, o, dA, **change)


cell = family("lstm", fst.tensors("n", "n", "n", "n"))(lstm, lstm_vjp)


def gru(h, z, r, V):
    """One step from h and the gates before their sigmoid; the candidate is tanh((r * h) V)."""
    return sigmoid(z) * h + (1 - sigmoid(z)) * np.tanh((sigmoid(r) * h) @ V)


def gru_vjp(h, z, r, V, dA, *, reset=1, inside=True, sign=1):
    gated = sigmoid(r) * h
    new = np.tanh(gated @ V)
    du = dA * (1 - sigmoid(z)) * (1 - new**2)
    back = du @ V.T
    return [
        dA * sigmoid(z) + back * (sigmoid(r) if inside else 1),
        sign * dA * (h - new) * sigmoid(z) * sigmoid(-z),
        reset * back * h * sigmoid(r) * sigmoid(-r),
        np.outer(gated if inside else h, du),
    ]


def gru_but(**change):
    return lambda h, z, r, V, dA: gru_vjp(h, z, r, V, dA, **change)


gated = family("gru", fst.tensors("n", "n", "n", "n n"))(gru, gru_vjp)


def averages(x, a):
    """Exponential: y_t = a y_{t-1} + (1 - a) x_t, with 0 before."""
    y = [np.zeros(x.shape[1])]
    for x_t in x:
        y.append(sigmoid(a) * y[-1] + sigmoid(-a) * x_t)
    return np.stack(y)


def average_vjp(x, a, dA, *, before=True, decay=1):
    y, s, d = averages(x, a), sigmoid(a), np.zeros(x.shape[1])
    dx, da = np.zeros_like(x), np.zeros_like(a)
    for t in reversed(range(len(x))):
        d = d + dA[t]
        dx[t] = sigmoid(-a) * d
        da += d * (y[t if before else t + 1] - x[t]) * s * sigmoid(-a)
        d = decay * s * d
    return [dx, da]


moving = family("moving average", fst.tensors("t n", "n"))(lambda x, a: averages(x, a)[1:], average_vjp)

causal = lambda n: np.where(np.tri(n, dtype=bool), 0, -1e30)
attend = lambda q, k, v, mask=0.0: softmax(q @ k.T / np.sqrt(q.shape[1]) + mask)


def attention_vjp(q, k, v, dA, *, mask=0.0, slope=softmax_slope, key=None):
    p, root = attend(q, k, v, mask), np.sqrt(q.shape[1])
    ds = slope(p, dA @ v.T)
    return [ds @ k / root, ds.T @ q / (key or root), p.T @ dA]


def sum_of_columns(p, dp):
    axis = 0 if p.shape[0] == p.shape[1] else 1
    return p * (dp - (p * dp).sum(axis=axis, keepdims=True))


def masked_vjp(q, k, v, dA, mask=None):
    return attention_vjp(q, k, v, dA, mask=causal(len(q)) if mask is None else mask)


attention = family("attention", fst.tensors("m d", "t d", "t k"))(lambda q, k, v: attend(q, k, v) @ v, attention_vjp)
masked = family("causal attention", fst.tensors("t d", "t d", "t k"))(
    lambda q, k, v: attend(q, k, v, causal(len(q))) @ v, masked_vjp
)


def heads(x):
    """(t, 4) to two heads, (2, t, 2)."""
    return x.reshape(len(x), 2, 2).swapaxes(0, 1)


def linear_heads(x, y):
    return (heads(x) * heads(y).sum(axis=1, keepdims=True)).swapaxes(0, 1).reshape(x.shape)


def heads_vjp(x, y, dA, part=heads):
    dx = heads(dA) * heads(y).sum(axis=1, keepdims=True)
    dy = np.broadcast_to((heads(x) * part(dA)).sum(axis=1, keepdims=True), (2, len(y), 2))
    return [d.swapaxes(0, 1).reshape(x.shape) for d in (dx, dy)]


two_heads = family("two linear heads", fst.tensors("t 4", "t 4"))(linear_heads, heads_vjp)


def turn(x, sign=1, first=0):
    """Rotary positions: the pair (x_0, x_1) of row t turned by t."""
    angle = sign * (np.arange(len(x)) + first)
    return np.stack(
        [x[:, 0] * np.cos(angle) - x[:, 1] * np.sin(angle), x[:, 0] * np.sin(angle) + x[:, 1] * np.cos(angle)], 1
    )


rotary = family("rotary", fst.tensors("t 2"))(turn, lambda x, dA: [turn(dA, -1)])
steps = family("differences in time", fst.tensors("t n"))(lambda x: x[1:] - x[:-1], lambda x, dA: [steps_vjp(x, dA)])

steps_vjp = lambda x, dA: np.pad(dA, ((1, 0), (0, 0))) - np.pad(dA, ((0, 1), (0, 0)))

MUTANTS = [
    rnn.but("dV from h_t instead of h_{t-1}: off by one in time")(rnn_but(before=False)),
    rnn.but("dh = dz @ V: V is square")(rnn_but(carry=lambda dz, V: dz @ V)),
    rnn.but("the gradient stops at step 1: truncated by one too many")(rnn_but(memory=1)),
    rnn.but("only the last step's cotangent: a network with one output")(rnn_but(own=False)),
    rnn.but("the slope of tanh of h: h is tanh already")(rnn_but(slope=lambda h: 1 - np.tanh(h) ** 2)),
    rnn.but("dh not carried: each step for itself")(rnn_but(carry=lambda dz, V: 0 * dz)),
    cell.but("forget gate from c_t: c_{t-1} was overwritten")(lstm_but(kept="new")),
    cell.but("without tanh's slope: the cell, not its tanh")(lstm_but(squash=0)),
    cell.but("the next step's cell forgotten: only h was taken for the state")(lstm_but(cell=0)),
    cell.but("the gate's share of i only: i is used twice")(lstm_but(candidate=0)),
    gated.but("no gradient of the reset gate: it is inside the tanh")(gru_but(reset=0)),
    gated.but("reset after the product: two versions of the paper")(gru_but(inside=False)),
    gated.but("the update gate's sign: z or 1 - z")(gru_but(sign=-1)),
    moving.but("da from y_t: off by one in time")(lambda x, a, dA: average_vjp(x, a, dA, before=False)),
    moving.but("not carried back: a statistic")(lambda x, a, dA: average_vjp(x, a, dA, decay=0)),
    attention.but("1 / sqrt(d) missing in dK only: scaled with q")(
        lambda q, k, v, dA: attention_vjp(q, k, v, dA, key=1)
    ),
    attention.but("softmax over axis 0 when square: the wrong axis")(
        lambda q, k, v, dA: attention_vjp(q, k, v, dA, slope=sum_of_columns)
    ),
    attention.but("softmax by its diagonal: p (1 - p)")(
        lambda q, k, v, dA: attention_vjp(q, k, v, dA, slope=lambda p, dp: p * (1 - p) * dp)
    ),
    attention.of(2).but("dv by p when square: the shapes fit")(
        lambda q, k, v, dA: (attend(q, k, v) if len(q) == len(k) else attend(q, k, v).T) @ dA
    ),
    masked.but("mask in forward only: an option of forward")(attention_vjp),
    masked.but("mask off by one: tri(n, k=-1)")(
        lambda q, k, v, dA: masked_vjp(q, k, v, dA, np.where(np.tri(len(q), k=1, dtype=bool), 0, -1e30))
    ),
    two_heads.but("heads before time in one reshape: the shape fits")(
        lambda x, y, dA: heads_vjp(x, y, dA, lambda d: d.reshape(2, len(d), 2))
    ),
    rotary.but("turned the same way: the sign")(lambda x, dA: [turn(dA)]),
    rotary.but("positions from 1: off by one")(lambda x, dA: [turn(dA, -1, 1)]),
    steps.but("not from the left: one of two uses")(lambda x, dA: [np.pad(dA, ((1, 0), (0, 0)))]),
    steps.but("padded on the other side: off by one in time")(lambda x, dA: [-steps_vjp(x, dA)]),
]
