"""HardShrink, ExactGelu, PRelu, Softmax and Glu: the forward of funcnn, and a mistake in the gradient."""

import math

import numpy as np

from funcnn import Sigmoid, Softmax
from funcnn.layers import ExactGelu, Glu, HardShrink, LogSoftmax, PRelu
from funcnn.testing import strategies as fst
from tests.mutants.activations import X, by, density, erf, gelu_slope
from tests.mutants.family import of_layer, sigmoid, softmax


def of(layer, arguments=X):
    return of_layer(str(layer), arguments, lambda: layer)


below = lambda x: np.minimum(x, 0)
halves = lambda x: np.split(x, 2, axis=1)


def gated(da, db):
    """The vjp of a Glu from the gradients of its halves, which are functions of the halves and of dA."""
    return lambda x, dA: [np.concatenate([da(*halves(x), dA), db(*halves(x), dA)], axis=1)]


da = lambda a, b, dA: dA * sigmoid(b)
db = lambda a, b, dA: dA * a * sigmoid(b) * sigmoid(-b)


def softmax_of_columns(x, dA):
    p = softmax(x)
    return [p * (dA - (p * dA).sum(axis=0 if x.shape[0] == x.shape[1] else 1, keepdims=True))]


hard_shrink = of(HardShrink(0.3))  # the drawn numbers do not contain its jumps
gelu, soft_max, log_softmax = of(ExactGelu()), of(Softmax()), of(LogSoftmax())
pairs = fst.tensors("m n", "m n").map(lambda arrays: (np.concatenate(arrays, axis=1),))
glu = of(Glu(Sigmoid()), pairs)
prelu, one = [
    of_layer(name, fst.tensors("m n", size), PRelu)
    for name, size in (("PRelu of features", "n"), ("PRelu of one slope", "1"))
]

MUTANTS = [
    prelu.of(1).but("|x| for min(x, 0): a sign lost")(lambda x, alpha, dA: -(dA * below(x)).sum(axis=0)),
    prelu.of(1).but("dalpha is a mean: over rows")(lambda x, alpha, dA: (dA * below(x)).mean(axis=0)),
    prelu.of(0).but("by the sign of out: out was kept, and an alpha is negative")(
        lambda x, alpha, dA: dA * np.where(prelu.f(x, alpha) > 0, 1, alpha)
    ),
    one.of(1).but("dalpha of the first feature: a sum over rows alone")(
        lambda x, alpha, dA: (dA * below(x)).sum(axis=0)[:1]
    ),
    one.of(0).but("dx of Relu: alpha forgotten")(lambda x, alpha, dA: dA * (x > 0)),
    one.of(1).but("dalpha is 0: alpha taken for a constant")(lambda x, alpha, dA: 0 * alpha),
    hard_shrink.but("passes all: straight through")(by(np.ones_like)),
    hard_shrink.but("the upper side alone: copied from Relu")(by(lambda x: x > 0.3)),
    hard_shrink.but("threshold 0.5: the default reaches backward")(by(lambda x: abs(x) > 0.5)),
    gelu.but("by tanh: two forms, one name")(by(gelu_slope)),
    gelu.but("the gate alone: taken for a constant")(by(lambda x: (1 + erf(x / math.sqrt(2))) / 2)),
    gelu.but("erf's own density: the square root forgotten")(
        by(lambda x: (1 + erf(x / math.sqrt(2))) / 2 + x * np.exp(-x * x) / math.sqrt(math.pi))
    ),
    gelu.but("minus the density: erfc falls")(by(lambda x: (1 + erf(x / math.sqrt(2))) / 2 - x * density(x))),
    soft_max.but("no sum: the diagonal without its 1 - p")(lambda x, dA: [softmax(x) * dA]),
    soft_max.but("from x: x was kept")(lambda x, dA: [x * (dA - (x * dA).sum(axis=1, keepdims=True))]),
    soft_max.but("the mean for the sum: features are not rows")(
        lambda x, dA: [softmax(x) * (dA - (softmax(x) * dA).mean(axis=1, keepdims=True))]
    ),
    soft_max.but("sum over axis 0 when square: the wrong axis")(softmax_of_columns),
    log_softmax.but("dA taken for one-hot: fused with the loss")(lambda x, dA: [dA - softmax(x)]),
    log_softmax.but("out for e^out: the exponential forgotten")(
        lambda x, dA: [dA - log_softmax.f(x) * dA.sum(axis=1, keepdims=True)]
    ),
    log_softmax.but("out dA for dA: the sum of a softmax")(
        lambda x, dA: [dA - softmax(x) * (softmax(x) * dA).sum(axis=1, keepdims=True)]
    ),
    glu.but("halves exchanged: joined in the other order")(gated(db, da)),
    glu.but("the first half's gate forgotten: dA passed on")(gated(lambda a, b, dA: dA, db)),
    glu.but("the second half without a: half of a product")(gated(da, lambda a, b, dA: db(1, b, dA))),
    glu.but("the gate's slope forgotten: half of a product")(gated(da, lambda a, b, dA: dA * a * sigmoid(b))),
    glu.but("the second half dropped: a constant gate")(gated(da, lambda a, b, dA: 0 * dA)),
]
