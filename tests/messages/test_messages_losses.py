"""Error messages of losses and metrics, pinned word for word."""

import math
from functools import partial

import numpy as np

import funcnn as nn
from funcnn import accuracy, losses, mse, record, softmax_cross_entropy, validation, value_and_grad
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.layers import Copy, Identity, Parallel, Reshape
from funcnn.metrics import confusion, perplexity, top_k_accuracy, unpadded
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
halves = np.full((10, 2), 0.5)
zeros = np.zeros((10, 2), int)
labels = np.zeros(10, int)
faces = np.zeros((10, 3, 4))
steps = np.zeros((4, 3, 2))
there = np.ones((4, 3), bool)
wide = partial(losses.quantile, q=0.5)


@record
class Ordinal:
    """A loss that is a record."""

    k: int

    def __call__(self, out, y):
        return mse(out, y)

    def cost(self, out, y):
        return mse(out, y)


def of_rows(out, y, weight=None):
    """A loss that forgets the mean over the rows."""
    e = out - y
    return (e**2).mean(axis=-1), 2 * e / e.size


def y_first(y_true, y_pred):
    """A metric in the order of scikit-learn."""
    return (y_true == y_pred).mean()


def of_torch(out, y, weight=None):
    """A loss that says it is one of torch."""


of_torch.__module__ = "torch.nn.functional"


# Those of an out and a y of one shape, each with a y that is fine.
ALIKE = {
    "log_cosh": (losses.log_cosh, x),
    "quantile": (wide, x),
    "kl_divergence": (losses.kl_divergence, halves),
    "binary_focal": (losses.binary_focal, zeros),
    "hinge": (losses.hinge, zeros),
    "squared_hinge": (losses.squared_hinge, zeros),
    "poisson_nll": (losses.poisson_nll, zeros),
    "cosine_distance": (losses.cosine_distance, x),
}
BINARY = {"binary_focal": losses.binary_focal, "hinge": losses.hinge, "squared_hinge": losses.squared_hinge}
TOGETHER = {"kl_divergence": losses.kl_divergence, "cosine_distance": losses.cosine_distance}


def of(loss, out, y, *weight, **settings):
    return lambda: loss(out, y, *weight, **settings)


def through(loss):
    """Calls of all that takes a loss, by name."""
    return [
        ("weighted", of(losses.weighted(loss), x, (x, y))),
        ("masked", of(losses.masked(loss), (steps, there), steps)),
        ("joint", of(losses.joint(mse, loss), (x, x), (x, x))),
        ("value_and_grad", partial(value_and_grad(loss), nn.Dense(np.eye(2), None), x, x)),
    ]


ROWS = [
    *[
        raises(kind, act) >> f"{name}: {sentence}"
        for name, (loss, fine) in ALIKE.items()
        for act, kind, sentence in (
            (of(loss, x, fine[:, :1]), ShapeError, "out and y must have the same shape; out: (10, 2), y: (10, 1)"),
            (of(loss, x[:0], fine[:0]), RangeError, "out must have at least one entry; out: (0, 2)"),
            (of(loss, x, [[1.0]]), KindError, "y must be an array, not list; write np.asarray(y)"),
            (
                of(loss, zeros, fine.astype(int)),
                KindError,
                "out must be an array of floats, not int64 array; write out.astype(float)",
            ),
            (
                of(loss, x, x.astype(str)),
                KindError,
                "y must hold numbers, not strings such as '-1.0'; write y.astype(float)",
            ),
            (of(loss, x, fine, [1.0]), KindError, "weight must be an array, not list; write np.asarray(weight)"),
            (of(loss, x, fine, np.arange(-1, 9)), RangeError, "weight must not be negative or NaN; it has -1 .. 8"),
            (of(loss, x, fine, np.full(10, np.nan)), RangeError, "weight must not be negative or NaN; it has NaN"),
        )
    ],
    *[
        range_error(of(loss, y, given))
        >> f"{loss.__name__}: out must have at least two classes; out: (10, 1); for one output write {binary}"
        for loss, given, binary in (
            (softmax_cross_entropy, zeros[:, :1], "binary_cross_entropy_with_logits"),
            (softmax_cross_entropy, labels, "binary_cross_entropy_with_logits"),
            (losses.softmax_focal, zeros[:, :1], "binary_focal"),
            (losses.kl_divergence, y, "binary_cross_entropy_with_logits"),
        )
    ],
    *[
        range_error(of(loss, x, 5 * x)) >> f"{name}: y must be in [0, 1]; it has -5.0 .. 5.0"
        for name, loss in (("softmax_cross_entropy", softmax_cross_entropy), ("softmax_focal", losses.softmax_focal))
    ],
    range_error(of(losses.weighted(losses.joint(mse, losses.masked(mse))), (x, (x, None)), ((x, x), -y[:, 0])))
    >> "mse: weight must not be negative or NaN; it has -1.0",
    *[range_error(of(loss, x, halves)) >> f"{name}: y must be 0 or 1; it has 0.5" for name, loss in BINARY.items()],
    *[
        shape_error(of(loss, x[0], halves[0])) >> f"{name}: out must be (m, ..., n), rows first; out: (2,)"
        for name, loss in TOGETHER.items()
    ],
    *[
        range_error(of(losses.quantile, x, x, q=q)) >> f"quantile: q must be in (0, 1), not {float(q)}"
        for q in (0, 1, -0.5, 90, math.nan)
    ],
    *[
        range_error(of(loss, x, zeros, gamma=gamma)) >> f"{name}: gamma must be finite and not negative, not {gamma}"
        for name, loss in (("binary_focal", losses.binary_focal), ("softmax_focal", losses.softmax_focal))
        for gamma in (-1, math.inf, math.nan)
    ],
    *[
        range_error(of(softmax_cross_entropy, x, labels, smoothing=smoothing))
        >> f"softmax_cross_entropy: smoothing must be in [0, 1), not {smoothing}"
        for smoothing in (1, -0.1, math.nan)
    ],
    *[
        shape_error(of(loss, np.array(0.5), np.array(1.0)))
        >> f"{loss.__name__}: out must be (m, ...), rows first; out: ()"
        for loss in (mse, losses.log_cosh, losses.hinge, losses.poisson_nll, losses.binary_focal)
    ],
    kind_error(
        lambda: value_and_grad(losses.kl_divergence)(
            (nn.Dense(np.eye(2), None), nn.Sigmoid(), Reshape((2,)), Identity()), x, halves
        )
    )
    >> "value_and_grad: the loss takes logits, so leave out the layer at the end of (Dense(W=<f64 [[1. 0.] [0. 1.]]>, "
    "b=None), Sigmoid(), Reshape(shape=(2,)), Identity())",
    kind_error(
        lambda: value_and_grad(losses.masked(losses.joint(mse, losses.kl_divergence)))(
            (Copy(2), Parallel((nn.Relu(), (nn.Relu(), nn.Sigmoid()))), Identity()), x, (x, halves)
        )
    )
    >> "value_and_grad: the loss takes logits, so leave out the layer at the end of branch 1 of (Copy(n=2), "
    "Parallel(layers=(Relu(), (Relu(), Sigmoid()))), Identity())",
    range_error(of(losses.poisson_nll, x, zeros - 2)) >> "poisson_nll: y must not be negative; it has -2.0",
    # The focal loss of classes takes what the cross-entropy takes, and says its own name.
    # triplet
    shape_error(of(losses.triplet, faces[:, :2], y[:, 0]))
    >> "triplet: out must be (m, 3, d), anchor, positive and negative in each row; out: (10, 2, 4)",
    shape_error(of(losses.triplet, faces[..., 0], y[:, 0]))
    >> "triplet: out must be (m, 3, d), anchor, positive and negative in each row; out: (10, 3)",
    kind_error(lambda: losses.triplet((x, x, x), y[:, 0]))
    >> "triplet: out must be an array, not tuple; for several outputs write joint(loss, ...)",
    *[
        kind_error(partial(function, (x, x[:, 0] > 0), y)) >> f"{function.__name__}: out must be an array, not tuple; "
        "for (out, mask) write masked(loss), or metric(out[mask], y[mask])"
        for function in (softmax_cross_entropy, accuracy)
    ],
    shape_error(of(losses.triplet, faces, y))
    >> "triplet: y must be (10,), the margin of each row; y: (10, 1), out: (10, 3, 4); write y[:, 0]",
    range_error(of(losses.triplet, faces, -y[:, 0])) >> "triplet: y must not be negative; it has -1.0",
    shape_error(of(losses.triplet, faces, y[:, 0], faces[..., 0]))
    >> "triplet: weight must have the shape (10,), not (10, 3)",
    # gaussian_nll
    kind_error(of(losses.gaussian_nll, x, x))
    >> "gaussian_nll: out must be a pair (mu, s), the mean and the log of the variance, not float64 array",
    kind_error(lambda: losses.gaussian_nll((x, x, x), x)) >> "gaussian_nll: out must be a pair (mu, s), the mean and "
    "the log of the variance, not (<f64 10x2>, <f64 10x2>, <f64 10x2>)",
    shape_error(of(losses.gaussian_nll, (x, x[:, :1]), x))
    >> "gaussian_nll: mu and s must have the same shape; mu: (10, 2), s: (10, 1)",
    kind_error(of(losses.gaussian_nll, (x, x.astype(np.float32)), x))
    >> "gaussian_nll: s must be float64, as mu is, not float32; write s.astype('float64')",
    # masked
    kind_error(of(losses.masked(mse), steps, steps)) >> "masked: out must be a pair (out, mask), not float64 array",
    kind_error(of(losses.masked(mse), (steps, there, steps), steps))
    >> "masked: out must be a pair (out, mask), not (<f64 4x3x2>, <b8 4x3>, <f64 4x3x2>)",
    kind_error(of(losses.masked(mse), (steps, there.astype(float)), steps))
    >> "masked: mask must be an array of bools, not float64 array; write np.asarray(mask, bool)",
    shape_error(of(losses.masked(mse), (steps, there[:, :2]), steps))
    >> "masked: out must begin with the axes of mask; mask: (4, 2), out: (4, 3, 2)",
    shape_error(of(losses.masked(mse), (steps, np.array(True)), steps))  # noqa: FBT003  a value, not a flag
    >> "masked: out must begin with the axes of mask; mask: (), out: (4, 3, 2)",
    shape_error(of(losses.masked(softmax_cross_entropy), (steps, there), np.zeros((4, 2), int)))
    >> "masked: y must begin with the axes of mask; mask: (4, 3), y: (4, 2)",
    shape_error(of(losses.weighted(losses.masked(mse)), (steps, there), (steps, np.ones(3))))
    >> "masked: weight must begin with the axes of mask; mask: (4, 3), weight: (3,)",
    *[
        kind_error(act) >> f"{whose}: the loss must return a pair, the cost and its gradient dA, not {given}"
        for loss, given in (
            (lambda out, y, weight=None: float(abs(out - y).mean()), "float"),
            (lambda out, y, weight=None: [0.0, out], "list"),
            (lambda out, y, weight=None: (0.0, out, y), "3 values"),
        )
        for whose, act in through(loss)
    ],
    *[
        kind_error(act) >> f"{whose}: the loss must return (cost, dA), cost being one number, not {given}"
        for cost, given in (("1.0", "str"), (None, "None"), ([1.0], "list"), (np.array("1.0"), "str array"))
        for whose, act in through(lambda out, y, weight=None, cost=cost: (cost, out))
    ],
    *[
        kind_error(act)
        >> f"{whose}: the loss must return (cost, dA), cost being one number, not float64 array of shape (10,)"
        for whose, act in through(of_rows)
        if whose != "masked"  # whose shape is another
    ],
    kind_error(lambda: validation(of_rows, x, x)(nn.TrainState(nn.Dense(np.eye(2), None))))
    >> "validation: metric must return a number, an array, or (cost, dA) as a loss does, not (float64 array, float64 "
    "array)" >> 1,
    kind_error(partial(validation, y_first, x, x)) >> "validation: metric must be a function (out, y), not "
    "y_first(y_true, y_pred); write lambda out, y: y_first(y, out)",
    *[
        kind_error(partial(made, lambda y, out: (0.0, out - y)))
        >> f"{made.__name__}: {what} must be a function (out, y), not a function (y, out)"
        for made, what in ((value_and_grad, "loss"), (losses.joint, "losses[0]"), (unpadded, "metric"))
    ],
    kind_error(partial(value_and_grad, of_torch))
    >> "value_and_grad: loss must be a function (out, y) of arrays, not one of torch",
    *[
        kind_error(partial(made, of_torch))
        >> f"{made.__name__}: loss must be a function (out, y, weight) of arrays, not one of torch"
        for made in (losses.weighted, losses.masked)
    ],
    kind_error(of(losses.masked(losses.joint(losses.weighted(mse))), ((steps,), there), ((steps, there),)))
    >> "weighted: weight must come with y, as (y, weight), not as a third argument",
    kind_error(lambda: losses.of_logits(3)) >> "of_logits: loss must be a function, not int",
    kind_error(lambda: losses.of_logits(Ordinal(2).cost))
    >> "of_logits: loss must be a function, not method; put @of_logits above its def",
    kind_error(lambda: losses.of_logits(Ordinal(2)))
    >> "of_logits: loss must be a function, not Ordinal; put @of_logits above the def of Ordinal.__call__",
    kind_error(lambda: losses.masked(losses.weighted(mse)))
    >> "masked: loss must not be weighted; write weighted(masked(loss))",
    # joint
    range_error(losses.joint) >> "joint: losses must hold at least one loss, not 0",
    shape_error(lambda: losses.joint(mse, mse, factors=(1,)))
    >> "joint: factors must have one entry for each loss; losses: 2, factors: 1",
    range_error(lambda: losses.joint(mse, mse, factors=(1, math.inf))) >> "joint: factors must be finite, not (1, inf)",
    kind_error(lambda: losses.joint(mse, mse, factors=0.5))
    >> "joint: factors must be a tuple or a list of numbers, not float",
    kind_error(lambda: losses.joint(mse, mse, factors=("1", "2")))
    >> "joint: factors must be a tuple or a list of numbers, not ('1', '2')",
    kind_error(of(losses.joint(mse, mse), x, (x, x)))
    >> "joint: out must be a tuple of 2, one for each loss, not float64 array",
    *[
        kind_error(partial(made, loss)) >> f"{made.__name__}: {which} must be a function {given}"
        for made, which, loss, given in (
            (losses.weighted, "loss", accuracy, "(out, y, weight), not accuracy(out, y, threshold)"),
            (losses.joint, "losses[0]", lambda out: out, "(out, y), not a function (out)"),
            (value_and_grad, "loss", len, "(out, y), not len(obj)"),
        )
    ],
    kind_error(partial(losses.masked, accuracy)) >> "masked: loss must be a function (out, y, weight), not "
    "accuracy(out, y, threshold); for a metric write metric(out[mask], y[mask])",
    *[
        kind_error(lambda made=made: made(mse)(x))
        >> f"{made.__name__}: the returned function takes (out, y, weight), not 1 argument"
        for made in (losses.masked, losses.weighted, losses.joint)
    ],
    # Metrics.
    *[
        kind_error(partial(metric, labels, *given))
        >> f"{name}: out must be the scores of the classes, in floats, not int64 array{remedy}"
        for name, metric, given, remedy in (
            ("accuracy", accuracy, (labels,), "; for predicted classes write (out == y).mean()"),
            ("confusion", confusion, (labels,), ""),
            ("top_k_accuracy", top_k_accuracy, (labels, 1), ""),
            ("perplexity", perplexity, (labels,), ""),
            ("softmax_cross_entropy", softmax_cross_entropy, (labels,), ""),
        )
    ],
    *[
        range_error(partial(metric, x, halves * math.nan, *given))
        >> f"{name}: y must not hold NaN, which is not a class; y: <f64 10x2>"
        for name, metric, given in (
            ("accuracy", accuracy, ()),
            ("confusion", confusion, ()),
            ("top_k_accuracy", top_k_accuracy, (1,)),
            ("perplexity", perplexity, ()),
        )
    ],
    range_error(lambda: top_k_accuracy(x, labels, 3))
    >> "top_k_accuracy: k must be at most 2, the number of classes, not 3",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row)


def test_what_lies_at_the_border_is_taken():
    assert softmax_cross_entropy(x, labels, smoothing=0)[0] > 0
    assert losses.binary_focal(x, zeros, gamma=0)[0] > losses.softmax_focal(x, labels, gamma=9)[0] > 0
    assert losses.poisson_nll(x, zeros)[0] > 0
    assert losses.triplet(faces, 0 * labels)[0] == 0
    assert top_k_accuracy(x, labels, 2) == 1
