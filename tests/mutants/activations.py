"""Elementwise functions with and without a kink, gates, and softmax."""

import math

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family, indexed, log_softmax, sigmoid, softmax, softmax_slope

X = fst.tensors("m n")
WIDE = X.map(lambda arrays: tuple([4 * x for x in arrays]))  # for functions that change beyond 3

elementwise = lambda name, f, slope, arguments=X: family(name, arguments)(f, by(slope))


def by(slope):
    return lambda x, dA: [dA * slope(x)]


def erf(x):
    return np.vectorize(math.erf, otypes=[float])(x)


density = lambda x: np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)

C = np.sqrt(2 / np.pi)


def gelu_slope(x, c=C, cubic=0.044715):
    t = np.tanh(c * (x + cubic * x**3))
    return (1 + t) / 2 + x * (1 - t**2) / 2 * c * (1 + 3 * cubic * x**2)


softplus = lambda x: np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))


def mish_slope(x, inner=sigmoid):
    t = np.tanh(softplus(x))
    return t + x * (1 - t**2) * inner(x)


elu_slope = lambda x, alpha=0.5: np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))

SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772


def selu_slope(x, scale=SCALE, alpha=ALPHA):
    return scale * elu_slope(x, alpha)


def writes_into_the_cotangent(x, dA):
    dA[x < 0] = 0
    return [dA]


relu = elementwise("relu", lambda x: np.maximum(x, 0), lambda x: x > 0)
leaky = elementwise("leaky relu", lambda x: np.where(x > 0, x, x / 8), lambda x: np.where(x > 0, 1, 1 / 8))
relu6 = elementwise("relu6", lambda x: np.clip(x, 0, 6), lambda x: (x > 0) & (x < 6), WIDE)
hard_swish = elementwise(
    "hard swish", lambda x: x * np.clip(x + 3, 0, 6) / 6, lambda x: np.where(abs(x) < 3, (2 * x + 3) / 6, x >= 3), WIDE
)
soft_shrink = elementwise("soft shrink", lambda x: x - np.clip(x, -0.5, 0.5), lambda x: abs(x) > 0.5)
logistic = elementwise("sigmoid", sigmoid, lambda x: sigmoid(x) * sigmoid(-x))
tanh = elementwise("tanh", np.tanh, lambda x: 1 - np.tanh(x) ** 2, WIDE)
gelu = elementwise("gelu by tanh", lambda x: x / 2 * (1 + np.tanh(C * (x + 0.044715 * x**3))), gelu_slope)
exact_gelu = elementwise(
    "gelu by erf", lambda x: x / 2 * (1 + erf(x / np.sqrt(2))), lambda x: (1 + erf(x / np.sqrt(2))) / 2 + x * density(x)
)
silu = elementwise("silu", lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * sigmoid(-x)))
elu = elementwise("elu", lambda x: np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0))), elu_slope)
selu = elementwise("selu", lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))), selu_slope)
soft_plus = elementwise("softplus", softplus, sigmoid)
mish = elementwise("mish", lambda x: x * np.tanh(softplus(x)), mish_slope)
softsign = elementwise("softsign", lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2)
snake = elementwise("snake", lambda x: x + np.sin(2 * x) ** 2 / 2, lambda x: 1 + np.sin(4 * x))
smooth_abs = elementwise("smooth abs", lambda x: np.sqrt(x**2 + 0.01), lambda x: x / np.sqrt(x**2 + 0.01))
rounding = elementwise("round", np.round, lambda x: 0 * x)
polynomial = elementwise("cubic", lambda x: 2 - x + 3 * x**2 + x**3 / 2, lambda x: -1 + 6 * x + 3 * x**2 / 2)

swish = family("swish of a trained steepness", fst.tensors("m n", "1"))(
    lambda x, b: x * sigmoid(b * x),
    lambda x, b, dA: [
        dA * (sigmoid(b * x) + b * x * sigmoid(b * x) * sigmoid(-b * x)),
        (dA * x**2 * sigmoid(b * x) * sigmoid(-b * x)).sum(keepdims=True).reshape(1),
    ],
)
prelu = family("prelu", fst.tensors("m n", "n"))(
    lambda x, a: np.where(x > 0, x, a * x),
    lambda x, a, dA: [dA * np.where(x > 0, 1, a), (dA * np.minimum(x, 0)).sum(axis=0)],
)
glu = family("glu", fst.tensors("m n", "m n"))(
    lambda a, b: a * sigmoid(b), lambda a, b, dA: [dA * sigmoid(b), dA * a * sigmoid(b) * sigmoid(-b)]
)
soft_max = family("softmax", X)(softmax, lambda x, dA: [softmax_slope(softmax(x), dA)])
log_of_softmax = family("log softmax", X)(log_softmax, lambda x, dA: [dA - softmax(x) * dA.sum(axis=1, keepdims=True)])
gumbel = family("gumbel softmax", indexed("m n", ids="m n", below="4"))(
    lambda x, noise: softmax((x + noise) / 0.5),
    lambda x, noise, dA: [softmax_slope(softmax((x + noise) / 0.5), dA) / 0.5, None],
)


def softmax_of_columns(x, dA):
    p = softmax(x)
    axis = 0 if x.shape[0] == x.shape[1] else 1
    return [p * (dA - (p * dA).sum(axis=axis, keepdims=True))]


def sigmoid_by_exp(x):
    with np.errstate(all="ignore"):
        return np.exp(-x) / (1 + np.exp(-x)) ** 2


def softplus_by_exp(x):
    with np.errstate(all="ignore"):
        return np.exp(x) / (1 + np.exp(x))


MUTANTS = [
    relu.but("backward writes into dA: saves a copy")(writes_into_the_cotangent),
    relu.but("mask x > 1e-2: a threshold left from pruning")(by(lambda x: x > 1e-2)),
    relu.but("the negative half of dA is dropped too: guided backpropagation")(lambda x, dA: [(x > 0) * dA.clip(0)]),
    relu.but("slope 2 at 0: 1 + sign(x), where 0 counts twice")(by(lambda x: np.where(x == 0, 2, x > 0))),
    leaky.but("slope 0 at 0: by the sign of x")(by(lambda x: np.where(x < 0, 1 / 8, np.sign(x)))),
    leaky.but("the default slope: the option reaches forward only")(by(lambda x: np.where(x > 0, 1, 0.01))),
    relu6.but("no upper end in backward: copied from relu")(by(lambda x: x > 0)),
    hard_swish.but("slope 1 from 2 on: the wrong end")(by(lambda x: np.where(abs(x) < 2, (2 * x + 3) / 6, x >= 2))),
    hard_swish.but("x / 6 where 2 x / 6 belongs: a product of two")(
        by(lambda x: np.where(abs(x) < 3, (x + 3) / 6, x > 0))
    ),
    soft_shrink.but("passes all: straight through")(by(np.ones_like)),
    logistic.but("exp(-x) / (1 + exp(-x))^2: as in the book; nan below -710")(by(sigmoid_by_exp)),
    logistic.but("slope from the pre-activation: x was kept, not the output")(by(lambda x: x * (1 - x))),
    tanh.but("1 - t, not squared: as the sigmoid's")(by(lambda x: 1 - np.tanh(x))),
    tanh.but("tanh of what is tanh already: the output was kept")(by(lambda x: 1 - np.tanh(np.tanh(x)) ** 2)),
    tanh.but("0 where saturated: to save an exp")(by(lambda x: np.where(abs(x) > 3, 0, 1 - np.tanh(x) ** 2))),
    gelu.but("the erf's derivative: two formulas, one name")(exact_gelu.vjp),
    gelu.but("the cubic's 3 missing: 0.044715 x^3 by heart")(by(lambda x: gelu_slope(x, cubic=0.044715 / 3))),
    gelu.but("0.79788 for sqrt(2 / pi): a constant cut short")(by(lambda x: gelu_slope(x, c=0.79788))),
    gelu.but("without the inner slope: half a product rule")(
        by(lambda x: (1 + np.tanh(C * (x + 0.044715 * x**3))) / 2)
    ),
    exact_gelu.but("density without the 1/2: erf's own, 1 / sqrt(pi)")(
        by(lambda x: (1 + erf(x / np.sqrt(2))) / 2 + x * density(x) * np.sqrt(2))
    ),
    exact_gelu.but("by tanh: two formulas, one name")(by(gelu_slope)),
    silu.but("s + x s: the sigmoid's slope without 1 - s")(by(lambda x: sigmoid(x) * (1 + x))),
    elu.but("out + 1: right for alpha 1")(by(lambda x: np.where(x > 0, 1, elu.f(x) + 1))),
    elu.but("out + alpha everywhere: no branch in backward")(by(lambda x: elu.f(x) + 0.5)),
    selu.but("scale missing for x < 0: one branch of two")(by(lambda x: np.where(x > 0, SCALE, selu_slope(x) / SCALE))),
    selu.but("1.0507 and 1.67326: constants cut short")(by(lambda x: selu_slope(x, 1.0507, 1.67326))),
    selu.but("alpha 1.6732632: cut short for negative numbers")(by(lambda x: selu_slope(x, alpha=1.6732632))),
    soft_plus.but("exp(x) / (1 + exp(x)): nan above 710")(by(softplus_by_exp)),
    soft_plus.but("the steepness divides: beta 2 in backward alone")(by(lambda x: sigmoid(2 * x))),
    mish.but("without the softplus's slope: a factor of three")(by(lambda x: mish_slope(x, np.ones_like))),
    softsign.but("1 / (1 + |x|): half of the quotient rule")(by(lambda x: 1 / (1 + abs(x)))),
    softsign.but("1 / (1 + x)^2: right for x >= 0")(by(lambda x: 1 / (1 + np.where(x == -1, 1, x)) ** 2)),
    snake.but("2 sin cos, without the inner 2: half of the chain rule")(by(lambda x: 1 + np.sin(4 * x) / 2)),
    smooth_abs.but("sign(x): the limit")(by(np.sign)),
    smooth_abs.but("eps forgotten: x / |x|, guarded at 0")(by(lambda x: x / np.where(x == 0, 1, abs(x)))),
    rounding.but("straight through: so that something trains")(by(np.ones_like)),
    polynomial.but("exponents off by one: 3 x^3 for 3 x^2")(by(lambda x: -1 + 6 * x + 3 * x**3 / 2)),
    swish.of(0).but("dx without the steepness: right for 1")(
        lambda x, b, dA: dA * (sigmoid(b * x) + x * sigmoid(b * x) * sigmoid(-b * x))
    ),
    swish.of(1).but("db is the mean: one number for all")(lambda x, b, dA: swish.vjp(x, b, dA)[1] / x.size),
    prelu.of(1).but("da from positive x: the mask was kept, not its complement")(
        lambda x, a, dA: (dA * np.maximum(x, 0)).sum(axis=0)
    ),
    prelu.of(1).but("one slope's gradient for all: the parameter was shared once")(
        lambda x, a, dA: np.full_like(a, (dA * np.minimum(x, 0)).sum())
    ),
    glu.of(1).but("the gate's slope missing: a product, half of it")(lambda a, b, dA: dA * a),
    glu.but("halves exchanged: split in the other order")(lambda a, b, dA: glu.vjp(a, b, dA)[::-1]),
    soft_max.but("the diagonal only: p (1 - p), as the sigmoid")(lambda x, dA: [dA * softmax(x) * (1 - softmax(x))]),
    soft_max.but("sum over axis 0 when square: the wrong axis")(softmax_of_columns),
    log_of_softmax.but("the cotangent taken for one-hot: fused with the loss")(lambda x, dA: [dA - softmax(x)]),
    log_of_softmax.but("the mean of dA: for the sum")(lambda x, dA: [dA - softmax(x) * dA.mean(axis=1, keepdims=True)]),
    gumbel.of(0).but("without 1 / temperature: right for 1")(
        lambda x, noise, dA: softmax_slope(softmax((x + noise) / 0.5), dA)
    ),
    gumbel.of(0).but("noise forgotten in backward: drawn, and not kept")(
        lambda x, noise, dA: softmax_slope(softmax(x / 0.5), dA) / 0.5
    ),
]
