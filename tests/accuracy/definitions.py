"""The functions that rules compute, as textbooks define them, in mpmath: of a number, of a row, and of a row and y."""

from functools import partial

import mpmath
from mpmath import erfc, exp, log, log1p, mp, mpf, sinh, sqrt, tanh

from funcnn import layers
from funcnn.inspection import latex
from tests.cards import ELEMENTWISE as ACTIVATIONS
from tests.cards import example
from tests.equations import value_of

# Activations, as functions of x.


sigmoid = lambda x: 1 / (1 + exp(-x))
softplus = lambda x: log(1 + exp(x))
gelu = lambda x: x * (1 + tanh(sqrt(2 / mp.pi) * (x + mpf(0.044715) * x**3))) / 2


def below(x):
    """The probability that a standard normal number is below x, which is 0 or 1 in all digits if |x| is large."""
    return erfc(-x / sqrt(2)) / 2 if abs(x) < 100 else mpf(x > 0)


def elu(x, scale=1.0, alpha=1.0, width=1.0):
    return mpf(scale) * x if x > 0 else mpf(alpha) * (exp(x / mpf(width)) - 1)


clip = lambda x, low, high: min(max(x, low), high)

SELU = {"scale": 1.0507009873554805, "alpha": 1.0507009873554805 * 1.6732632423543772}
CELU = {"alpha": 0.5, "width": 0.5}


def written(layer):
    """The function that the equation in the card of an activation is."""
    [line] = latex(layer).splitlines()[1:-1]
    equation, known = line.partition("&= ")[2], {"max": max, "min": min, "Phi": below}
    return lambda x: mpf(value_of(equation, mpmath, x=x, **known))


# Those whose equation has rounded numbers or a bracket.
OWN = {
    layers.LeakyRelu(): lambda x: x if x > 0 else mpf(0.01) * x,
    layers.Threshold(): lambda x: max(x, 0),
    layers.Threshold(0.5, 2.0): lambda x: x if x > 0.5 else mpf(2),
    layers.HardShrink(): lambda x: x if abs(x) > 0.5 else mpf(0),
    layers.Sigmoid(): sigmoid,
    layers.Tanh(): tanh,
    layers.Elu(): elu,
    layers.Selu(): partial(elu, **SELU),
    layers.Celu(0.5): partial(elu, **CELU),
}

WRITTEN = [example(cls) for cls in ACTIVATIONS if cls not in set(map(type, OWN))]
ELEMENTWISE = {**{layer: written(layer) for layer in WRITTEN}, **OWN}


def definition_of(layer):
    """The function, with any settings."""
    return ELEMENTWISE[layer] if layer in ELEMENTWISE else written(layer)


# Rules of a row: the function, and the gradient as a function of what the cache keeps.


dot = lambda a, b: sum([p * q for p, q in zip(a, b, strict=True)])
mean = lambda a: sum(a) / len(a)


def log_softmax(x):
    most = max(x)
    total = log(sum([exp(v - most) for v in x]))
    return [v - most - total for v in x]


softmax = lambda x: [exp(v) for v in log_softmax(x)]


def softmax_back(out, dA):
    return [o * (d - dot(out, dA)) for o, d in zip(out, dA, strict=True)]


def log_softmax_back(out, dA):
    return [d - exp(o) * sum(dA) for o, d in zip(out, dA, strict=True)]


ALPHA = [0.25, -0.625, 1.375, 0.0]
SCALE, SHIFT = [0.75, -1.5, 2.0, 1.25], [0.5, -0.25, 0.0, 1.0]
prelu = lambda x: [v if v > 0 else a * v for v, a in zip(x, ALPHA, strict=True)]


def normalized(x, eps, scale=SCALE, shift=SHIFT, center=mean):
    centred = [v - center(x) for v in x]
    inverse = 1 / sqrt(dot(centred, centred) / len(x) + mpf(eps))
    return [v * inverse * s + b for v, s, b in zip(centred, scale, shift, strict=True)]


def normalized_back(cache, dA, scale=SCALE, centred=1):
    xhat, (inverse, *_), *_ = cache
    d = [a * s for a, s in zip(dA, scale, strict=True)]
    return [
        (a - centred * mean(d) - v * mean([p * q for p, q in zip(d, xhat, strict=True)])) * inverse
        for a, v in zip(d, xhat, strict=True)
    ]


def swiglu(x):
    half = len(x) // 2
    return [a * b * sigmoid(b) for a, b in zip(x[:half], x[half:], strict=True)]


# Losses of one example.


bce = lambda a, y: softplus(a) - y * a
likelihood = lambda p, y: -log(p if y else 1 - p)


def focal(a, y, gamma=2):
    u = a if y == 0 else -a
    return sigmoid(u) ** gamma * softplus(u)


cross_entropy = lambda x, y: -dot(y, log_softmax(x))


def softmax_focal(x, y, gamma=2):
    return -sum([t * (1 - exp(v)) ** gamma * v for t, v in zip(y, log_softmax(x), strict=True)])


def kl(x, y):
    return sum([t * (log(t) - v) for t, v in zip(y, log_softmax(x), strict=True) if t])


cosine = lambda x, y: 1 - dot(x, y) / sqrt(dot(x, x) * dot(y, y))


def distances(out):
    a, p, n = out[:2], out[2:4], out[4:]
    return sum([(u - v) ** 2 - (u - w) ** 2 for u, v, w in zip(a, p, n, strict=True)])


log_cosh = lambda e: log1p(2 * sinh(e / 2) ** 2)
huber = lambda e: e**2 / 2 if abs(e) <= 1 else abs(e) - mpf(0.5)
quantile = lambda e, q=0.875: (1 - q) * e if e > 0 else -q * e


def gaussian(out, y):
    mu, s = out
    return (s + (mu - y) ** 2 * exp(-s)) / 2


def of_error(f):
    """A loss of the error of a single output."""
    return lambda out, y: f(out[0] - y[0])


def of_one(f):
    """A loss of a single output."""
    return lambda out, y: f(out[0], y[0])
