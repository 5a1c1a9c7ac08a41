"""The losses of funcnn, each with its own cost and a likely mistake in its gradient."""

from functools import partial

import numpy as np

from funcnn import losses
from funcnn.testing import strategies as fst
from tests.mutants.activations import softplus
from tests.mutants.classification import LABELLED, MARKED, focal_slope, one_hot
from tests.mutants.family import family, log_softmax, sigmoid, softmax

OUT = fst.tensors("m k")
SEVERAL = fst.tensors("m k", least=2)  # examples and outputs
CLASSES = LABELLED.filter(lambda pair: pair[0].shape[1] > 1)  # the softmax of one class is always 1
MODERATE = OUT.map(lambda out: (np.clip(*out, -8, 8),))  # e^out does not hide e^-out


def target(out):
    """Targets: multiples of 1/2 of both signs, so that there are ties."""
    return (np.arange(out.size) % 5 - 2.0).reshape(out.shape) / 2


def distribution(out):
    """Targets that are probabilities over the last axis; some of them 0."""
    p = np.arange(float(out.size)).reshape(out.shape) % 7
    return p / np.maximum(p.sum(axis=-1, keepdims=True), 1)


numbered = lambda out: np.arange(float(out.size)).reshape(out.shape)


def objective(name, loss, arguments, y=None):
    """A family of a loss whose labels are drawn with out, or computed from its shape."""

    def labelled(out, labels):
        return (out, *labels) if y is None else (out, y(out))

    return family(name, arguments)(
        lambda out, *labels: np.asarray(loss(*labelled(out, labels))[0]),
        lambda out, *rest: [rest[-1] * loss(*labelled(out, rest[:-1]))[1], *[None] * (len(rest) - 1)],
    )


logs = objective("log cosh of errors", losses.log_cosh, OUT, target)
nine = objective("quantile 0.9", partial(losses.quantile, q=0.9), OUT, target)
divergence = objective("kl of logits", losses.kl_divergence, SEVERAL, distribution)
smooth = objective("softmax with smoothing", partial(losses.softmax_cross_entropy, smoothing=0.2), CLASSES)
two = objective("binary focal, gamma 3", partial(losses.binary_focal, gamma=3), MARKED)
many = objective("softmax focal", losses.softmax_focal, CLASSES)
machine = objective("hinge, mean", losses.hinge, MARKED)
squared = objective("squared hinge, mean", losses.squared_hinge, MARKED)
counts = objective("poisson of log rates", losses.poisson_nll, MODERATE, numbered)
angle = objective(
    "cosine distance",
    losses.cosine_distance,
    SEVERAL.filter(lambda out: abs(*out).max(axis=1).min() > 0.1),
    lambda out: target(out) + 1,
)
apart = objective("triplet of rows", losses.triplet, fst.tensors("m 3 d"), lambda out: np.ones(len(out)))

gaussian = family("gaussian with both", fst.tensors("m k", "m k").map(lambda pair: (pair[0], np.clip(pair[1], -3, 3))))(
    lambda mu, s: np.asarray(losses.gaussian_nll((mu, s), target(mu))[0]),
    lambda mu, s, dA: [dA * d for d in losses.gaussian_nll((mu, s), target(mu))[1]],
)


def there(out):
    """A mask that leaves out every third step."""
    return (np.arange(out.shape[0] * out.shape[1]) % 3 != 1).reshape(out.shape[:2])


hidden = family("masked mse", fst.tensors("m t k", least=2))(
    lambda out: np.asarray(losses.masked(losses.mse)((out, there(out)), 0 * out)[0]),
    lambda out, dA: [dA * losses.masked(losses.mse)((out, there(out)), 0 * out)[1][0]],
)

heads = family("joint mse", fst.tensors("m k", "m n"))(
    lambda a, b: np.asarray(losses.joint(losses.mse, losses.mse, factors=(0.5, 2))((a, b), (target(a), target(b)))[0]),
    lambda a, b, dA: [
        dA * d for d in losses.joint(losses.mse, losses.mse, factors=(0.5, 2))((a, b), (target(a), target(b)))[1]
    ],
)


def asymmetric(out, above, below):
    e = out - target(out)
    return np.where(e > 0, above, np.where(e < 0, -below, 0))


mass = lambda out: distribution(out).sum(axis=1, keepdims=True)


def others(z, y):
    """Smoothed labels: only the wrong classes share the smoothing."""
    return 0.8 * one_hot(z, y) + 0.2 / max(z.shape[1] - 1, 1) * (1 - one_hot(z, y))


def cubed(u):
    """The slope of a focal term of gamma 3 with respect to u, the logit of a wrong prediction."""
    return sigmoid(u) ** 3 * (3 * sigmoid(-u) * softplus(u) + sigmoid(u))


def across(out):
    """The mask, with examples and steps exchanged."""
    return (np.arange(out.shape[0] * out.shape[1]) % 3 != 1).reshape(out.shape[1::-1]).T


def many_slopes(z, y, factor):
    """The gradient of a focal loss of classes whose slope in log p is `factor(p, log p)` at the right one."""
    p, one = softmax(z), one_hot(z, y)
    c = one * factor(p, log_softmax(z))
    return (c - p * c.sum(axis=1, keepdims=True)) / len(z)


marks = lambda y: 2 * y - 1
short = lambda z, y: np.maximum(1 - marks(y) * z, 0)
unit = lambda a: a / np.sqrt((a * a).sum(axis=-1, keepdims=True))
turn = lambda out, cosine: cosine[:, None] * unit(out) - unit(target(out) + 1)
cosines = lambda out: (unit(out) * unit(target(out) + 1)).sum(axis=1)
length = lambda out: np.sqrt((out * out).sum(axis=-1, keepdims=True))


def rows(out):
    """Anchor, positive and negative, and whether the cost of the row is greater than 0."""
    a, p, n = out[:, 0], out[:, 1], out[:, 2]
    return a, p, n, (((a - p) ** 2 - (a - n) ** 2).sum(axis=1) > -1)[:, None, None]


def pulled(out, dA, slope, active=None):
    a, p, n, on = rows(out)
    return [dA * 2 * (on if active is None else active) * np.stack(slope(a, p, n), axis=1) / len(out)]


right_slope = lambda a, p, n: (n - p, p - a, a - n)

MUTANTS = [
    logs.but("e: right near 0")(lambda out, dA: [dA * (out - target(out)) / out.size]),
    logs.but("sign(e): right far off")(lambda out, dA: [dA * np.sign(out - target(out)) / out.size]),
    logs.but("tanh of out: y forgotten")(lambda out, dA: [dA * np.tanh(out) / out.size]),
    logs.but("a sum: not divided")(lambda out, dA: [dA * np.tanh(out - target(out))]),
    nine.but("q above: which side is it")(lambda out, dA: [dA * asymmetric(out, 0.9, 0.1) / out.size]),
    nine.but("the sign of q below: max(q e, (1 - q) e)")(lambda out, dA: [dA * asymmetric(out, 0.1, -0.9) / out.size]),
    nine.but("that of mae: q forgotten")(lambda out, dA: [dA * np.sign(out - target(out)) / out.size]),
    nine.but("divided by rows: the mean was over all")(lambda out, dA: [dA * asymmetric(out, 0.1, 0.9) / len(out)]),
    divergence.but("y - p: kl of the other sign")(lambda out, dA: [dA * (distribution(out) - softmax(out)) / len(out)]),
    divergence.but("divided by all: one term an example")(
        lambda out, dA: [dA * (mass(out) * softmax(out) - distribution(out)) / out.size]
    ),
    divergence.but("of log-probabilities: out is squashed")(lambda out, dA: [-dA * distribution(out) / len(out)]),
    smooth.but("in the cost only: an option added later")(
        lambda z, y, dA: [dA * (softmax(z) - one_hot(z, y)) / len(z), None]
    ),
    smooth.of(0).but("the right class has 1 - s: to the others alone")(
        lambda z, y, dA: dA * (softmax(z) - others(z, y)) / len(z)
    ),
    smooth.of(0).but("s to every class: not divided by k")(
        lambda z, y, dA: dA * (softmax(z) - 0.8 * one_hot(z, y) - 0.2) / len(z)
    ),
    two.but("the factor held constant: a weight")(
        lambda z, y, dA: [-dA * marks(y) * sigmoid(-marks(y) * z) ** 4 / z.size, None]
    ),
    two.of(0).but("gamma is 2: the usual one")(lambda z, y, dA: -dA * marks(y) * focal_slope(-marks(y) * z) / z.size),
    two.of(0).but("without s: the sign of wrong")(lambda z, y, dA: dA * cubed(-marks(y) * z) / z.size),
    two.of(0).but("p for 1 - p: which of the two is right")(
        lambda z, y, dA: -dA * marks(y) * cubed(marks(y) * z) / z.size
    ),
    many.of(0).but("of the cross-entropy: the factor forgotten")(
        lambda z, y, dA: dA * (softmax(z) - one_hot(z, y)) / len(z)
    ),
    many.but("the factor held constant: a weight")(
        lambda z, y, dA: [dA * many_slopes(z, y, lambda p, log_p: -((1 - p) ** 2)), None]
    ),
    many.of(0).but("the factor's sign: of 1 - p")(
        lambda z, y, dA: dA * many_slopes(z, y, lambda p, log_p: -((1 - p) ** 2) - 2 * (1 - p) * p * log_p)
    ),
    many.of(0).but("the slope in p: not in log p")(
        lambda z, y, dA: dA * many_slopes(z, y, lambda p, log_p: -((1 - p) ** 2) + 2 * (1 - p) * log_p)
    ),
    machine.of(0).but("active below 0: the perceptron's")(
        lambda z, y, dA: -dA * marks(y) * (marks(y) * z < 0) / z.size
    ),
    machine.but("always active: the hinge in the cost only")(lambda z, y, dA: [-dA * marks(y) / z.size, None]),
    machine.of(0).but("labels 0 and 1: for -1 and 1")(lambda z, y, dA: -dA * y * (short(z, y) > 0) / z.size),
    machine.but("the sign: towards the wrong side")(
        lambda z, y, dA: [dA * marks(y) * (short(z, y) > 0) / z.size, None]
    ),
    squared.but("without the 2: halves elsewhere")(lambda z, y, dA: [-dA * marks(y) * short(z, y) / z.size, None]),
    squared.of(0).but("of the plain hinge: the square in the cost only")(
        lambda z, y, dA: -dA * marks(y) * (short(z, y) > 0) / z.size
    ),
    squared.of(0).but("the label forgotten: s is a sign")(lambda z, y, dA: -2 * dA * short(z, y) / z.size),
    counts.but("e^out: y forgotten")(lambda out, dA: [dA * np.exp(out) / out.size]),
    counts.but("1 - y / out: out was the rate")(
        lambda out, dA: [dA * (1 - numbered(out) / np.where(out == 0, 1, out)) / out.size]
    ),
    counts.but("out - y: least squares")(lambda out, dA: [dA * (out - numbered(out)) / out.size]),
    angle.but("of a dot product: lengths held constant")(
        lambda out, dA: [-dA * unit(target(out) + 1) / length(out) / len(out)]
    ),
    angle.but("not divided by the length: of unit vectors")(lambda out, dA: [dA * turn(out, cosines(out)) / len(out)]),
    angle.but("the sign: of the similarity")(lambda out, dA: [-dA * turn(out, cosines(out)) / length(out) / len(out)]),
    angle.but("divided by all: one term an example")(
        lambda out, dA: [dA * turn(out, cosines(out)) / length(out) / out.size]
    ),
    apart.but("the anchor sees the positive only: two distances")(
        lambda out, dA: pulled(out, dA, lambda a, p, n: (a - p, p - a, a - n))
    ),
    apart.but("the negative is pulled: a sign")(lambda out, dA: pulled(out, dA, lambda a, p, n: (n - p, p - a, n - a))),
    apart.but("always active: the margin in the cost only")(lambda out, dA: pulled(out, dA, right_slope, active=1)),
    apart.but("positive and negative exchanged: the order in a row")(
        lambda out, dA: pulled(out, dA, lambda a, p, n: (n - p, a - n, p - a))
    ),
    gaussian.of(1).but("s held constant: the variance is given")(lambda mu, s, dA: 0 * s),
    gaussian.of(0).but("e^s for e^-s: the precision")(lambda mu, s, dA: dA * (mu - target(mu)) * np.exp(s) / mu.size),
    gaussian.of(1).but("twice that of s: the log of a deviation")(lambda mu, s, dA: 2 * gaussian.vjp(mu, s, dA)[1]),
    gaussian.of(1).but("1 - e^2: the variance forgotten")(
        lambda mu, s, dA: dA * (1 - (mu - target(mu)) ** 2) / 2 / mu.size
    ),
    hidden.but("in the cost only: the mask forgotten")(lambda out, dA: [dA * 2 * out / out.size]),
    hidden.but("the other way round: True is padding elsewhere")(
        lambda out, dA: [dA * 2 * out * ~there(out)[..., None] / out.size]
    ),
    hidden.but("divided by the number of unmasked positions: a mask that normalises")(
        lambda out, dA: [hidden.vjp(out, dA)[0] / there(out).mean()]
    ),
    hidden.but("transposed: time first")(lambda out, dA: [dA * 2 * out * across(out)[..., None] / out.size]),
    heads.but("no factors: in the cost only")(
        lambda a, b, dA: [2 * heads.vjp(a, b, dA)[0], heads.vjp(a, b, dA)[1] / 2]
    ),
    heads.of(1).but("one factor for all: the first")(lambda a, b, dA: heads.vjp(a, b, dA)[1] / 4),
    heads.but("a mean of the losses: divided by their number")(lambda a, b, dA: [d / 2 for d in heads.vjp(a, b, dA)]),
]
