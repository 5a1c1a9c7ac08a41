"""Recurrences, iterations, cumulative products, gates and attention."""

import numpy as np

from .base import at, case, sigmoid, softmax

X = [0.5, -1.0, 0.8, 0.3, 1.4]


def _rnn_states(w, x):
    h = [0 * x[0]]
    for value in x:
        h.append(np.tanh(w[0] * h[-1] + value))
    return h


def _rnn_vjp(dA, w, x, carry):
    h, dx, dw, dh = _rnn_states(w, x), np.zeros_like(x), 0.0, 0.0
    for t in reversed(range(x.size)):
        dx[t] = (dA[t] + carry * dh) * (1 - h[t + 1]) * (1 + h[t + 1])
        dw, dh = dw + dx[t] * h[t], dx[t] * w[0]
    return [dw, dx]


def _average(x, a):
    out = [x[0]]
    for value in x[1:]:
        out.append(a[0] * out[-1] + (1 - a[0]) * value)
    return np.stack(out)


def _average_vjp(dA, x, a, own):
    out, dx, da, d = _average(x, a), np.zeros_like(x), 0.0, 0.0
    for t in reversed(range(1, x.size)):
        d += dA[t]
        dx[t], da, d = d * (1 - a[0]), da + d * (out[t - 1] - own * x[t]), d * a[0]
    dx[0] = d + dA[0]
    return [dx, da]


def _horner(c, x):
    out = c[3] + 0 * x
    for k in (2, 1, 0):
        out = out * x + c[k]
    return out


def _logistic_map(r, x):
    for _ in range(4):
        x = r * x * (1 - x)
    return x


def _logistic_map_vjp(dA, r, x, keep):
    path = [x]
    for _ in range(3):
        path.append(r * path[-1] * (1 - path[-1]))
    dr, d = 0.0, dA
    for y in reversed(path):
        dr, d = keep * dr + d * y * (1 - y), d * r * (1 - 2 * y)
    return [dr, d]


def _oscillator(q, p):
    for _ in range(3):
        p = p - 0.1 * np.sin(q)
        q = q + 0.1 * p
    return np.concatenate([q, p])


def _oscillator_vjp(dA, q, p, order):
    path = [q]
    for _ in range(3):
        p = p - 0.1 * np.sin(path[-1])
        path.append(path[-1] + 0.1 * p)
    dq, dp = dA[:1], dA[1:]
    for q in path[-2::-1]:
        old, dp = dp, dp + 0.1 * dq
        dq = dq - 0.1 * np.cos(q) * (dp if order else old)
    return [dq, dp]


def _newton_root(a):
    x = (1 + a) / 2
    for _ in range(2):
        x = (x + a / x) / 2
    return x


def _newton_root_vjp(dA, a, through):
    x, slope = (1 + a) / 2, 0.5 + 0 * a
    for _ in range(2):
        x, slope = (x + a / x) / 2, (1 / x + through * slope * (1 - a / x**2)) / 2
    return [dA * slope]


_attention = lambda q, k, v: softmax(q @ k.T / np.sqrt(2.0)) @ v


def _attention_vjp(dA, q, k, v, scale):
    p = softmax(q @ k.T / np.sqrt(2.0))
    dp = dA @ v.T
    ds = p * (dp - np.sum(dp * p, axis=1, keepdims=True)) / np.sqrt(2)
    return [ds @ k * scale, ds.T @ q, p.T @ dA]


def _gate_vjp(dA, h, c, z, both):
    s = sigmoid(z)
    return [dA * s, dA * (1 - s), dA * (h - both * c) * s * (1 - s)]


Q, KEYS, VALUES = [[0.5, -1.0], [1.2, 0.3]], [[0.7, 0.1], [-0.4, 0.9], [1.0, 1.0]], [[1.0, 2.0], [0.5, -1], [-2.0, 0.2]]


CASES = [
    case("recurrent network, truncated: The gradient is not carried to earlier steps.")(
        at(lambda w, x: np.stack(_rnn_states(w, x)[1:]), [0.8], X),
        wrong=lambda dA, w, x: _rnn_vjp(dA, w, x, 0),
        right=lambda dA, w, x: _rnn_vjp(dA, w, x, 1),
    ),
    case("moving average: The decay also stands in the weight 1 - a of the new value, which is forgotten.")(
        at(_average, X, [0.9]),
        wrong=lambda dA, x, a: _average_vjp(dA, x, a, 0),
        right=lambda dA, x, a: _average_vjp(dA, x, a, 1),
    ),
    case("polynomial by horner's rule: The order of the coefficients is reversed in the backward pass.")(
        at(_horner, [0.5, -1.0, 2.0, 0.3], [1.5, -0.7]),
        wrong=lambda dA, c, x: [dA @ x[:, None] ** [3, 2, 1, 0], dA * (c[1] + 2 * c[2] * x + 3 * c[3] * x**2)],
        right=lambda dA, c, x: [dA @ x[:, None] ** [0, 1, 2, 3], dA * (c[1] + 2 * c[2] * x + 3 * c[3] * x**2)],
    ),
    case("cumulative product: The gradient is summed over earlier outputs instead of later outputs.")(
        at(np.cumprod, [0.5, -1.5, 2.0]),
        wrong=lambda dA, x: [np.cumsum(dA * np.cumprod(x)) / x],
        right=lambda dA, x: [np.cumsum((dA * np.cumprod(x))[::-1])[::-1] / x],
    ),
    case("logistic map: The parameter is used in every step, but only its first use is counted.")(
        at(_logistic_map, [3.2], [0.3]),
        wrong=lambda dA, r, x: _logistic_map_vjp(dA, r, x, 0),
        right=lambda dA, r, x: _logistic_map_vjp(dA, r, x, 1),
    ),
    case("symplectic euler steps: The two updates of a step are reversed in the wrong order.")(
        at(_oscillator, [0.8], [-0.3]),
        wrong=lambda dA, q, p: _oscillator_vjp(dA, q, p, order=False),
        right=lambda dA, q, p: _oscillator_vjp(dA, q, p, order=True),
    ),
    case(
        "square root by two newton steps: "
        "The previous iterate is regarded as a constant, which is right after convergence only."
    )(
        at(_newton_root, [2.0, 7.0, 0.3]),
        wrong=lambda dA, a: _newton_root_vjp(dA, a, 0),
        right=lambda dA, a: _newton_root_vjp(dA, a, 1),
    ),
    case("attention: The factor of the scores is forgotten in the gradient of the queries.")(
        at(_attention, Q, KEYS, VALUES),
        wrong=lambda dA, q, k, v: _attention_vjp(dA, q, k, v, np.sqrt(2)),
        right=lambda dA, q, k, v: _attention_vjp(dA, q, k, v, 1),
    ),
    case("gated update: The gate also multiplies the old state, which is forgotten in the gradient of the gate.")(
        at(lambda h, c, z: sigmoid(z) * h + (1 - sigmoid(z)) * c, [0.5, -1.0], [0.2, 0.9], [0.4, -0.8]),
        wrong=lambda dA, h, c, z: _gate_vjp(dA, h, c, z, 0),
        right=lambda dA, h, c, z: _gate_vjp(dA, h, c, z, 1),
    ),
]
