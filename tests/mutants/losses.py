"""Losses of outputs and targets, one number or one for each row."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.activations import softplus
from tests.mutants.family import family, log_softmax, softmax, softmax_slope

PAIR = fst.tensors("m k", "m k")


mse = family("mse", PAIR)(
    lambda a, y: ((a - y) ** 2).mean(), lambda a, y, dA: [dA * 2 * (a - y) / a.size, dA * 2 * (y - a) / a.size]
)


huber = family("huber", PAIR)(
    lambda a, y: np.where(abs(a - y) <= 0.5, (a - y) ** 2 / 2, 0.5 * (abs(a - y) - 0.25)),
    lambda a, y, dA: [dA * np.clip(a - y, -0.5, 0.5), -dA * np.clip(a - y, -0.5, 0.5)],
)


triplet = family("triplet", fst.tensors("m k", "m k", "m k"))(
    lambda a, p, n: np.maximum(((a - p) ** 2 - (a - n) ** 2).sum(axis=1) + 1, 0),
    lambda a, p, n, dA: [2 * apart(a, p, n, dA) * d for d in (n - p, p - a, a - n)],
)


def apart(a, p, n, dA):
    return dA[:, None] * (((a - p) ** 2 - (a - n) ** 2).sum(axis=1) > -1)[:, None]


kl = family("kl of two softmaxes", PAIR)(
    lambda a, b: (softmax(a) * (log_softmax(a) - log_softmax(b))).sum(axis=1),
    lambda a, b, dA: [
        softmax_slope(softmax(a), dA[:, None] * (log_softmax(a) - log_softmax(b))),
        dA[:, None] * (softmax(b) - softmax(a)),
    ],
)


quantile = family("quantile", PAIR)(
    lambda a, y: np.maximum(0.8 * (y - a), 0.2 * (a - y)),
    lambda a, y, dA: [dA * np.where(a > y, 0.2, -0.8), dA * np.where(a > y, -0.2, 0.8)],
)


log_cosh = family("log cosh", fst.tensors("m k"))(lambda r: softplus(2 * r) - r, lambda r, dA: [dA * np.tanh(r)])


poisson = family("poisson", PAIR)(
    lambda z, y: np.exp(np.minimum(z, 3)) - y * z,
    lambda z, y, dA: [dA * ((z < 3) * np.exp(np.minimum(z, 3)) - y), -dA * z],
)


gaussian = family(
    "gaussian likelihood", fst.tensors("m k", "m k").map(lambda pair: (pair[0], np.clip(pair[1], -3, 3)))
)(lambda r, s: (s + r**2 * np.exp(-s)) / 2, lambda r, s, dA: [dA * r * np.exp(-s), dA * (1 - r**2 * np.exp(-s)) / 2])

huber_wrong = lambda r: np.where(abs(r) <= 0.5, r, 0.5 * r)

MUTANTS = [
    mse.but("without the 2: defined with 1/2 elsewhere")(
        lambda a, y, dA: [dA * (a - y) / a.size, dA * (y - a) / a.size]
    ),
    mse.but("divided by rows only: the mean was over all")(
        lambda a, y, dA: [dA * 2 * (a - y) / len(a), dA * 2 * (y - a) / len(a)]
    ),
    mse.but("the target's gradient has the sign of the output's: copied")(lambda a, y, dA: mse.vjp(a, y, dA)[:1] * 2),
    huber.but("delta r in the linear zone: sign(r) forgotten")(
        lambda a, y, dA: [dA * huber_wrong(a - y), -dA * huber_wrong(a - y)]
    ),
    huber.but("the linear slope is 1: right for delta 1")(
        lambda a, y, dA: [s * dA * np.where(abs(a - y) <= 0.5, a - y, np.sign(a - y)) for s in (1, -1)]
    ),
    triplet.but("the anchor sees the positive only: two distances")(
        lambda a, p, n, dA: [2 * apart(a, p, n, dA) * d for d in (a - p, p - a, a - n)]
    ),
    triplet.but("the negative's sign: pushed and pulled")(
        lambda a, p, n, dA: [2 * apart(a, p, n, dA) * d for d in (n - p, p - a, n - a)]
    ),
    triplet.but("margin forgotten in backward: active where the distance is > 0")(
        lambda a, p, n, dA: [
            2 * dA[:, None] * (((a - p) ** 2 - (a - n) ** 2).sum(axis=1) > 0)[:, None] * d
            for d in (n - p, p - a, a - n)
        ]
    ),
    kl.but("arguments exchanged: kl(b, a)")(lambda a, b, dA: kl.vjp(b, a, dA)[::-1]),
    kl.of(0).but("p held constant: the target was taken for a constant")(lambda a, b, dA: 0 * a),
    quantile.but("tau and 1 - tau exchanged: which side is above")(
        lambda a, y, dA: [dA * np.where(a > y, 0.8, -0.2), dA * np.where(a > y, -0.8, 0.2)]
    ),
    log_cosh.but("r: right near 0")(lambda r, dA: [dA * r]),
    poisson.of(0).but("exp(z) z - y: the power rule")(
        lambda z, y, dA: dA * ((z < 3) * z * np.exp(np.minimum(z, 3)) - y)
    ),
    gaussian.of(1).but("the 1/2 of the log missing: half in one term")(
        lambda r, s, dA: dA * (1 - r**2 * np.exp(-s) / 2)
    ),
]
