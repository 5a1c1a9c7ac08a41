"""More activations, Softmax and Glu: the forward of funcnn, and a mistake in the gradient."""

import math

import numpy as np

from funcnn import Sigmoid, Softmax, backward, forward
from funcnn.layers import (
    Celu,
    ExactGelu,
    Glu,
    HardShrink,
    HardSigmoid,
    HardSwish,
    HardTanh,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PRelu,
    Relu6,
    Selu,
    Silu,
    Sine,
    SoftShrink,
    Softsign,
    TanhShrink,
)
from funcnn.testing import strategies as fst
from tests.mutants.activations import ALPHA, SCALE, WIDE, X, by, density, erf, gelu_slope
from tests.mutants.family import Family, sigmoid, softmax


def of(layer, arguments=X):
    """A layer without parameters."""

    def vjp(x, dA):
        return [backward(layer, forward(layer, x)[1], dA).x]

    return Family(str(layer), arguments, lambda x: forward(layer, x)[0], vjp)


def prelu_vjp(x, alpha, dA):
    grads = backward(PRelu(alpha), x, dA)
    return [grads.x, grads.params.alpha]


def below(x):
    return np.minimum(x, 0)


def halves(x):
    return np.split(x, 2, axis=1)


def gated(da, db):
    """The vjp of a Glu from the gradients of its halves, which are functions of the halves and of dA."""
    return lambda x, dA: [np.concatenate([da(*halves(x), dA), db(*halves(x), dA)], axis=1)]


def da(a, b, dA):
    return dA * sigmoid(b)


def db(a, b, dA):
    return dA * a * sigmoid(b) * sigmoid(-b)


def overflowing(x):
    with np.errstate(all="ignore"):
        return np.exp(-x) / (1 + np.exp(-x))


def softmax_of_columns(x, dA):
    p = softmax(x)
    return [p * (dA - (p * dA).sum(axis=0 if x.shape[0] == x.shape[1] else 1, keepdims=True))]


def mish_slope(x, factor=4):
    x = np.minimum(x, 20)
    e = np.exp(x)
    n = e * (e + 2)
    return n / (n + 2) + x * factor * e * (e + 1) / (n + 2) ** 2


selu, celu, relu6, hard_tanh = of(Selu()), of(Celu(0.5)), of(Relu6(), WIDE), of(HardTanh(-0.5, 2.0), WIDE)
hard_sigmoid, hard_swish, soft_shrink = of(HardSigmoid(), WIDE), of(HardSwish(), WIDE), of(SoftShrink())
hard_shrink = of(HardShrink(0.3))  # the drawn numbers do not contain its jumps
silu, mish, gelu, softsign, log_sigmoid = of(Silu()), of(Mish()), of(ExactGelu()), of(Softsign()), of(LogSigmoid())
tanh_shrink, sine, soft_max, log_softmax = of(TanhShrink()), of(Sine(3.0)), of(Softmax()), of(LogSoftmax())
pairs = fst.tensors("m n", "m n").map(lambda arrays: (np.concatenate(arrays, axis=1),))
glu = of(Glu(Sigmoid()), pairs)
prelu, one = [
    Family(name, fst.tensors("m n", size), lambda x, alpha: forward(PRelu(alpha), x)[0], prelu_vjp)
    for name, size in (("PRelu of features", "n"), ("PRelu of one slope", "1"))
]

MUTANTS = [
    selu.but("alpha forgotten", "one constant of two", by(lambda x: SCALE * np.exp(below(x)))),
    selu.but("out + alpha", "scale forgotten", by(lambda x: np.where(x > 0, SCALE, selu.f(x) + ALPHA))),
    selu.but("not scaled", "the slope of Elu", by(lambda x: np.where(x > 0, 1, ALPHA * np.exp(below(x))))),
    celu.but("alpha e^(x / alpha)", "as Elu's", by(lambda x: np.where(x > 0, 1, np.exp(below(x) / 0.5) / 2))),
    celu.but("e^x", "the scale forgotten", by(lambda x: np.exp(below(x)))),
    celu.but("out + 1", "right for alpha 1", by(lambda x: np.where(x > 0, 1, celu.f(x) + 1))),
    prelu.but(
        "|x| for min(x, 0)",
        "a sign lost",
        lambda x, alpha, dA: [prelu_vjp(x, alpha, dA)[0], -(dA * below(x)).sum(axis=0)],
    ),
    prelu.but(
        "dalpha is a mean",
        "over rows",
        lambda x, alpha, dA: [prelu_vjp(x, alpha, dA)[0], (dA * below(x)).mean(axis=0)],
    ),
    prelu.but(
        "by the sign of out",
        "out was kept, and an alpha is negative",
        lambda x, alpha, dA: [dA * np.where(prelu.f(x, alpha) > 0, 1, alpha), prelu_vjp(x, alpha, dA)[1]],
    ),
    one.but(
        "dalpha of the first feature",
        "a sum over rows alone",
        lambda x, alpha, dA: [prelu_vjp(x, alpha, dA)[0], (dA * below(x)).sum(axis=0)[:1]],
    ),
    one.but("dx of Relu", "alpha forgotten", lambda x, alpha, dA: [dA * (x > 0), prelu_vjp(x, alpha, dA)[1]]),
    one.but("dalpha is 0", "alpha taken for a constant", lambda x, alpha, dA: [prelu_vjp(x, alpha, dA)[0], 0 * alpha]),
    relu6.but("no end at 6", "copied from Relu", by(lambda x: x > 0)),
    relu6.but("ends at 1", "a clip from 0 to 1", by(lambda x: (x > 0) & (x < 1))),
    relu6.but("1 where it is flat", "the mask inverted", by(lambda x: (x <= 0) | (x >= 6))),
    hard_tanh.but("from -1 to 1", "the settings reach forward only", by(lambda x: abs(x) < 1)),
    hard_tanh.but("no lower end", "copied from Relu6", by(lambda x: x < 2)),
    hard_tanh.but("1 - out^2", "as a tanh", by(lambda x: 1 - hard_tanh.f(x) ** 2)),
    hard_sigmoid.but("slope 1", "the 6 forgotten", by(lambda x: abs(x) < 3)),
    hard_sigmoid.but("slope 1 / 6 everywhere", "no corners", by(lambda x: np.full_like(x, 1 / 6))),
    hard_sigmoid.but("out (1 - out)", "as a sigmoid", by(lambda x: hard_sigmoid.f(x) * (1 - hard_sigmoid.f(x)))),
    hard_swish.but("the gate alone", "taken for a constant", by(lambda x: np.clip(x + 3, 0, 6) / 6)),
    hard_swish.but("x / 3 without the half", "2 x + 3", by(lambda x: np.where(abs(x) < 3, x / 3, x >= 3))),
    hard_swish.but("0 from 3 on", "flat on both sides", by(lambda x: np.where(abs(x) < 3, x / 3 + 0.5, 0))),
    soft_shrink.but("the upper side alone", "copied from Relu", by(lambda x: x > 0.5)),
    soft_shrink.but("out / x", "a secant", by(lambda x: soft_shrink.f(x) / np.where(x == 0, 1, x))),
    soft_shrink.but("the threshold twice", "of what is shrunk", by(lambda x: abs(soft_shrink.f(x)) > 0.5)),
    hard_shrink.but("passes all", "straight through", by(np.ones_like)),
    hard_shrink.but("the upper side alone", "copied from Relu", by(lambda x: x > 0.3)),
    hard_shrink.but("threshold 0.5", "the default reaches backward", by(lambda x: abs(x) > 0.5)),
    silu.but("the gate alone", "taken for a constant", by(sigmoid)),
    silu.but("the slope of the gate alone", "half of a product", by(lambda x: x * sigmoid(x) * sigmoid(-x))),
    silu.but("s (1 - s)", "the sigmoid's", by(lambda x: sigmoid(x) * sigmoid(-x))),
    mish.but("the gate alone", "taken for a constant", by(lambda x: mish_slope(x, factor=0))),
    mish.but("the slope of Silu", "nearly the same curve", by(lambda x: sigmoid(x) * (1 + x * sigmoid(-x)))),
    mish.but(
        "2 e (e + 1)",
        "a factor lost in the quotient",
        by(lambda x: mish_slope(x, factor=2)),
    ),
    gelu.but("by tanh", "two forms, one name", by(gelu_slope)),
    gelu.but("the gate alone", "taken for a constant", by(lambda x: (1 + erf(x / math.sqrt(2))) / 2)),
    gelu.but(
        "erf's own density",
        "the square root forgotten",
        by(lambda x: (1 + erf(x / math.sqrt(2))) / 2 + x * np.exp(-x * x) / math.sqrt(math.pi)),
    ),
    gelu.but("minus the density", "erfc falls", by(lambda x: (1 + erf(x / math.sqrt(2))) / 2 - x * density(x))),
    softsign.but("1 / (1 + |x|)", "not squared", by(lambda x: 1 / (1 + abs(x)))),
    softsign.but("1 / (1 + x^2)", "the slope of arctan", by(lambda x: 1 / (1 + x * x))),
    softsign.but("1 - |out|", "the square of out forgotten", by(lambda x: 1 - abs(softsign.f(x)))),
    log_sigmoid.but("the sigmoid of x", "a sign", by(sigmoid)),
    log_sigmoid.but("s (1 - s)", "the logarithm forgotten", by(lambda x: sigmoid(x) * sigmoid(-x))),
    log_sigmoid.but("e^-x / (1 + e^-x)", "nan below -710", by(overflowing)),
    tanh_shrink.but("1 - t^2", "the tanh's", by(lambda x: 1 - np.tanh(x) ** 2)),
    tanh_shrink.but("t", "not squared", by(np.tanh)),
    tanh_shrink.but("from out", "out was kept", by(lambda x: np.tanh(tanh_shrink.f(x)) ** 2)),
    sine.but("without omega", "the chain rule forgotten", by(lambda x: np.cos(3 * x))),
    sine.but("omega inside forgotten", "of the default", by(lambda x: 3 * np.cos(x))),
    sine.but("-omega cos", "the other one's sign", by(lambda x: -3 * np.cos(3 * x))),
    soft_max.but("no sum", "the diagonal without its 1 - p", lambda x, dA: [softmax(x) * dA]),
    soft_max.but("from x", "x was kept", lambda x, dA: [x * (dA - (x * dA).sum(axis=1, keepdims=True))]),
    soft_max.but(
        "the mean for the sum",
        "features are not rows",
        lambda x, dA: [softmax(x) * (dA - (softmax(x) * dA).mean(axis=1, keepdims=True))],
    ),
    soft_max.but("sum over axis 0 when square", "the wrong axis", softmax_of_columns),
    log_softmax.but("dA taken for one-hot", "fused with the loss", lambda x, dA: [dA - softmax(x)]),
    log_softmax.but(
        "out for e^out",
        "the exponential forgotten",
        lambda x, dA: [dA - log_softmax.f(x) * dA.sum(axis=1, keepdims=True)],
    ),
    log_softmax.but(
        "out dA for dA",
        "the sum of a softmax",
        lambda x, dA: [dA - softmax(x) * (softmax(x) * dA).sum(axis=1, keepdims=True)],
    ),
    glu.but("halves exchanged", "joined in the other order", gated(db, da)),
    glu.but("the first half's gate forgotten", "dA passed on", gated(lambda a, b, dA: dA, db)),
    glu.but("the second half without a", "half of a product", gated(da, lambda a, b, dA: db(1, b, dA))),
    glu.but("the gate's slope forgotten", "half of a product", gated(da, lambda a, b, dA: dA * a * sigmoid(b))),
    glu.but("the second half dropped", "a constant gate", gated(da, lambda a, b, dA: 0 * dA)),
]
