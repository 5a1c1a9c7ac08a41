"""Error messages of losses and metrics, pinned word for word."""

import math
from functools import partial

import numpy as np
import pytest

from funcnn import (
    Dense,
    Relu,
    Sigmoid,
    TrainState,
    accuracy,
    huber,
    mse,
    record,
    softmax_cross_entropy,
    validation,
    value_and_grad,
)
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.layers import Copy, Identity, Parallel, Reshape
from funcnn.losses import (
    binary_focal,
    cosine_distance,
    gaussian_nll,
    hinge,
    joint,
    kl_divergence,
    log_cosh,
    masked,
    of_logits,
    poisson_nll,
    quantile,
    softmax_focal,
    squared_hinge,
    triplet,
    weighted,
)
from funcnn.metrics import confusion, perplexity, top_k_accuracy, unpadded
from tests.says import assert_says

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
halves = np.full((10, 2), 0.5)
zeros = np.zeros((10, 2), int)
labels = np.zeros(10, int)
faces = np.zeros((10, 3, 4))
steps = np.zeros((4, 3, 2))
there = np.ones((4, 3), bool)
wide = partial(quantile, q=0.5)


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
    "log_cosh": (log_cosh, x),
    "quantile": (wide, x),
    "kl_divergence": (kl_divergence, halves),
    "binary_focal": (binary_focal, zeros),
    "hinge": (hinge, zeros),
    "squared_hinge": (squared_hinge, zeros),
    "poisson_nll": (poisson_nll, zeros),
    "cosine_distance": (cosine_distance, x),
}
BINARY = {"binary_focal": binary_focal, "hinge": hinge, "squared_hinge": squared_hinge}
TOGETHER = {"kl_divergence": kl_divergence, "cosine_distance": cosine_distance}


def of(loss, out, y, *weight, **settings):
    return lambda: loss(out, y, *weight, **settings)


ROWS = {
    **{
        f"{name}, {what}": (act, kind, f"{name}: {sentence}")
        for name, (loss, fine) in ALIKE.items()
        for what, act, kind, sentence in (
            (
                "another shape",
                of(loss, x, fine[:, :1]),
                ShapeError,
                "out and y must have the same shape; out: (10, 2), y: (10, 1)",
            ),
            ("no rows", of(loss, x[:0], fine[:0]), RangeError, "out must have at least one entry; out: (0, 2)"),
            ("a list for y", of(loss, x, [[1.0]]), KindError, "y must be an array, not list; write np.asarray(y)"),
            (
                "whole numbers for out",
                of(loss, zeros, fine.astype(int)),
                KindError,
                "out must be an array of floats, not int64 array; write out.astype(float)",
            ),
            (
                "texts for y",
                of(loss, x, x.astype(str)),
                KindError,
                "y must hold numbers, not strings; write y.astype(float)",
            ),
            (
                "a list for weight",
                of(loss, x, fine, [1.0]),
                KindError,
                "weight must be an array, not list; write np.asarray(weight)",
            ),
            (
                "a negative weight",
                of(loss, x, fine, np.arange(-1, 9)),
                RangeError,
                "weight must not be negative or NaN; it has -1 .. 8",
            ),
            (
                "a weight of NaN",
                of(loss, x, fine, np.full(10, np.nan)),
                RangeError,
                "weight must not be negative or NaN; it has nan .. nan",
            ),
        )
    },
    **{
        f"{loss.__name__} of one logit": (
            of(loss, y, given),
            RangeError,
            f"{loss.__name__}: out must have two classes or more; out: (10, 1); for one output write {binary}",
        )
        for loss, given, binary in (
            (softmax_cross_entropy, zeros[:, :1], "binary_cross_entropy_with_logits"),
            (softmax_cross_entropy, labels, "binary_cross_entropy_with_logits"),
            (softmax_focal, zeros[:, :1], "binary_focal"),
            (kl_divergence, y, "binary_cross_entropy_with_logits"),
        )
    },
    **{
        f"{name} of soft labels beyond 1": (
            of(loss, x, 5 * x),
            RangeError,
            f"{name}: y must be in [0, 1]; it has -5.0 .. 5.0",
        )
        for name, loss in (("softmax_cross_entropy", softmax_cross_entropy), ("softmax_focal", softmax_focal))
    },
    "a negative weight of several outputs": (
        of(weighted(joint(mse, masked(mse))), (x, (x, None)), ((x, x), -y[:, 0])),
        RangeError,
        "mse: weight must not be negative or NaN; it has -1.0 .. -1.0",
    ),
    "quantile without q": (
        of(quantile, x, x),
        KindError,
        "quantile: q must be given; write partial(quantile, q=0.9)",
    ),
    "a gradient of no quantile": (
        lambda: value_and_grad(quantile)(Dense(np.eye(2), None), x, x),
        KindError,
        "quantile: q must be given; write partial(quantile, q=0.9)",
    ),
    **{
        f"{name}, a weight too short": (
            of(loss, x, fine, np.ones(9)),
            ShapeError,
            f"{name}: weight must have the shape (10,){'' if name in TOGETHER else ' or (10, 2)'}, not (9,)",
        )
        for name, (loss, fine) in ALIKE.items()
    },
    **{
        f"{name}, labels of -1 and 1": (
            of(loss, x, np.sign(x)),
            RangeError,
            f"{name}: y must be 0 or 1; it has -1.0 .. 1.0; write (y + 1) / 2",
        )
        for name, loss in BINARY.items()
    },
    **{
        f"{name}, soft labels": (of(loss, x, halves), RangeError, f"{name}: y must be 0 or 1; it has 0.5 .. 0.5")
        for name, loss in BINARY.items()
    },
    **{
        f"{name}, one row without its axis": (
            of(loss, x[0], halves[0]),
            ShapeError,
            f"{name}: out must be (m, ..., n), rows first; out: (2,)",
        )
        for name, loss in TOGETHER.items()
    },
    **{
        f"quantile of {q}": (of(quantile, x, x, q=q), RangeError, f"quantile: q must be in (0, 1), not {float(q)}")
        for q in (0, 1, -0.5, 90, math.nan)
    },
    **{
        f"{name}, gamma of {gamma}": (
            of(loss, x, zeros, gamma=gamma),
            RangeError,
            f"{name}: gamma must be finite and not negative, not {gamma}",
        )
        for name, loss in (("binary_focal", binary_focal), ("softmax_focal", softmax_focal))
        for gamma in (-1, math.inf, math.nan)
    },
    **{
        f"a smoothing of {smoothing}": (
            of(softmax_cross_entropy, x, labels, smoothing=smoothing),
            RangeError,
            f"softmax_cross_entropy: smoothing must be in [0, 1), not {smoothing}",
        )
        for smoothing in (1, -0.1, math.nan)
    },
    **{
        f"{name} of a text": (act, KindError, f"{name} must be a number, not str; write float({name.split()[1]})")
        for name, act in (
            ("softmax_cross_entropy: smoothing", of(softmax_cross_entropy, x, labels, smoothing="0.1")),
            ("huber: delta", of(huber, x, x, delta="1")),
            ("quantile: q", of(quantile, x, x, q="0.5")),
            ("binary_focal: gamma", of(binary_focal, x, zeros, gamma="2")),
            ("softmax_focal: gamma", of(softmax_focal, x, labels, gamma="2")),
            ("accuracy: threshold", of(accuracy, x, zeros, threshold="0.5")),
        )
    },
    **{
        f"{loss.__name__} of one number": (
            of(loss, np.array(0.5), np.array(1.0)),
            ShapeError,
            f"{loss.__name__}: out must be (m, ...), rows first; out: ()",
        )
        for loss in (mse, log_cosh, hinge, poisson_nll, binary_focal)
    },
    "kl of logits and logits": (
        of(kl_divergence, x, 2 * x),
        RangeError,
        "kl_divergence: y must be in [0, 1]; it has -2.0 .. 2.0",
    ),
    "kl of classes": (
        of(kl_divergence, x, labels),
        ShapeError,
        "kl_divergence: out and y must have the same shape; out: (10, 2), y: (10,)",
    ),
    "kl after a Sigmoid": (
        lambda: value_and_grad(kl_divergence)((Dense(np.eye(2), None), Sigmoid()), x, halves),
        KindError,
        "value_and_grad: the loss takes logits, so leave out the layer at the end of "
        "(Dense(W=<f64 [[1. 0.] [0. 1.]]>, b=None), Sigmoid())",
    ),
    "probabilities, and behind them what passes them on": (
        lambda: value_and_grad(kl_divergence)(
            (Dense(np.eye(2), None), Sigmoid(), Reshape((2,)), Identity()), x, halves
        ),
        KindError,
        "value_and_grad: the loss takes logits, so leave out the layer at the end of "
        "(Dense(W=<f64 [[1. 0.] [0. 1.]]>, b=None), Sigmoid(), Reshape(shape=(2,)), Identity())",
    ),
    "probabilities in a branch of a joint loss": (
        lambda: value_and_grad(masked(joint(mse, kl_divergence)))(
            (Copy(2), Parallel((Relu(), (Relu(), Sigmoid()))), Identity()), x, (x, halves)
        ),
        KindError,
        "value_and_grad: the loss takes logits, so leave out the layer at the end of branch 1 of (Copy(n=2), "
        "Parallel(layers=(Relu(), (Relu(), Sigmoid()))), Identity())",
    ),
    "counts below 0": (
        of(poisson_nll, x, zeros - 2),
        RangeError,
        "poisson_nll: y must not be negative; it has -2.0 .. -2.0",
    ),
    # The focal loss of classes takes what the cross-entropy takes, and says its own name.
    "a class too high": (
        of(softmax_focal, x, labels + 2),
        RangeError,
        "softmax_focal: classes must be in 0 .. 1; y has 2 .. 2",
    ),
    "floats for classes": (
        of(softmax_focal, x, labels.astype(float)),
        KindError,
        "softmax_focal: classes must be integers, not float64; write y.astype(int)",
    ),
    "classes in a column": (
        of(softmax_focal, x, labels[:, None]),
        ShapeError,
        "softmax_focal: y must be classes (10,) or soft labels (10, 2); y: (10, 1), out: (10, 2); write y[:, 0]",
    ),
    "no rows of classes": (
        of(softmax_focal, x[:0], labels[:0]),
        RangeError,
        "softmax_focal: out must have at least one entry; out: (0, 2)",
    ),
    "a focal weight too short": (
        of(softmax_focal, x, labels, np.ones(9)),
        ShapeError,
        "softmax_focal: weight must have the shape (10,), not (9,)",
    ),
    # triplet
    "two places for three": (
        of(triplet, faces[:, :2], y[:, 0]),
        ShapeError,
        "triplet: out must be (m, 3, d), anchor, positive and negative in each row; out: (10, 2, 4)",
    ),
    "places of one number without its axis": (
        of(triplet, faces[..., 0], y[:, 0]),
        ShapeError,
        "triplet: out must be (m, 3, d), anchor, positive and negative in each row; out: (10, 3)",
    ),
    "a tuple of three": (
        lambda: triplet((x, x, x), y[:, 0]),
        KindError,
        "triplet: out must be an array, not tuple; for several outputs write joint(loss, ...)",
    ),
    **{
        f"a mask before {function.__name__}": (
            partial(function, (x, x[:, 0] > 0), y),
            KindError,
            f"{function.__name__}: out must be an array, not tuple; "
            "for (out, mask) write masked(loss), or metric(out[mask], y[mask])",
        )
        for function in (softmax_cross_entropy, accuracy)
    },
    "a margin in a column": (
        of(triplet, faces, y),
        ShapeError,
        "triplet: y must be (10,), the margin of each row; y: (10, 1), out: (10, 3, 4); write y[:, 0]",
    ),
    "a number for the margins": (
        of(triplet, faces, 1.0),
        KindError,
        "triplet: y must be an array, not float",
    ),
    "a negative margin": (
        of(triplet, faces, -y[:, 0]),
        RangeError,
        "triplet: y must not be negative; it has -1.0 .. -1.0",
    ),
    "no triplets": (
        of(triplet, faces[:0], y[:0, 0]),
        RangeError,
        "triplet: out must have at least one entry; out: (0, 3, 4)",
    ),
    "a weight for each place": (
        of(triplet, faces, y[:, 0], faces[..., 0]),
        ShapeError,
        "triplet: weight must have the shape (10,), not (10, 3)",
    ),
    # gaussian_nll
    "a mean alone": (
        of(gaussian_nll, x, x),
        KindError,
        "gaussian_nll: out must be a pair (mu, s), the mean and the log of the variance, not float64 array",
    ),
    "three outputs for two": (
        lambda: gaussian_nll((x, x, x), x),
        KindError,
        "gaussian_nll: out must be a pair (mu, s), the mean and the log of the variance, not "
        "(<f64 10x2>, <f64 10x2>, <f64 10x2>)",
    ),
    "one variance for all outputs": (
        of(gaussian_nll, (x, x[:, :1]), x),
        ShapeError,
        "gaussian_nll: mu and s must have the same shape; mu: (10, 2), s: (10, 1)",
    ),
    "a y of another shape": (
        of(gaussian_nll, (x, x), y),
        ShapeError,
        "gaussian_nll: out and y must have the same shape; out: (10, 2), y: (10, 1)",
    ),
    "two dtypes": (
        of(gaussian_nll, (x, x.astype(np.float32)), x),
        KindError,
        "gaussian_nll: s is float32, mu is float64; write s.astype('float64')",
    ),
    "a number for s": (
        of(gaussian_nll, (x, 0.0), x),
        KindError,
        "gaussian_nll: s must be an array, not float",
    ),
    "nothing measured": (
        of(gaussian_nll, (x[:0], x[:0]), x[:0]),
        RangeError,
        "gaussian_nll: out must have at least one entry; out: (0, 2)",
    ),
    # masked
    "a mask forgotten": (
        of(masked(mse), steps, steps),
        KindError,
        "masked: out must be a pair (out, mask), not float64 array",
    ),
    "a state beside the mask": (
        of(masked(mse), (steps, there, steps), steps),
        KindError,
        "masked: out must be a pair (out, mask), not (<f64 4x3x2>, <b8 4x3>, <f64 4x3x2>)",
    ),
    "a mask of zeros and ones": (
        of(masked(mse), (steps, there.astype(float)), steps),
        KindError,
        "masked: mask must be an array of bools, not float64 array; write np.asarray(mask, bool)",
    ),
    "a list for a mask": (
        of(masked(mse), (steps, [True]), steps),
        KindError,
        "masked: mask must be an array of bools, not list; write np.asarray(mask, bool)",
    ),
    "a mask of other lengths": (
        of(masked(mse), (steps, there[:, :2]), steps),
        ShapeError,
        "masked: out must begin with the axes of mask; mask: (4, 2), out: (4, 3, 2)",
    ),
    "a mask of more axes": (
        of(masked(mse), (steps[..., 0], there[..., None]), steps[..., 0]),
        ShapeError,
        "masked: out must begin with the axes of mask; mask: (4, 3, 1), out: (4, 3)",
    ),
    "a mask of no axes": (
        of(masked(mse), (steps, np.array(True)), steps),  # noqa: FBT003  a value, not a flag
        ShapeError,
        "masked: out must begin with the axes of mask; mask: (), out: (4, 3, 2)",
    ),
    "y of other lengths": (
        of(masked(softmax_cross_entropy), (steps, there), np.zeros((4, 2), int)),
        ShapeError,
        "masked: y must begin with the axes of mask; mask: (4, 3), y: (4, 2)",
    ),
    "a weight for other rows": (
        of(weighted(masked(mse)), (steps, there), (steps, np.ones(3))),
        ShapeError,
        "masked: weight must begin with the axes of mask; mask: (4, 3), weight: (3,)",
    ),
    "a number for a weight": (
        of(weighted(masked(mse)), (steps, there), (steps, 2.0)),
        KindError,
        "masked: weight must be an array, not float",
    ),
    **{
        f"{made.__name__} of a number": (
            partial(made, 3),
            KindError,
            f"{made.__name__}: {needed}, not int",
        )
        for made, needed in (
            (masked, "loss must be a function (out, y, weight)"),
            (weighted, "loss must be a function (out, y, weight)"),
            (joint, "losses[0] must be a function (out, y)"),
            (value_and_grad, "loss must be a function (out, y)"),
        )
    },
    **{
        f"{made.__name__} of a class": (
            partial(made, Dense),
            KindError,
            f"{made.__name__}: {needed}, not the class Dense",
        )
        for made, needed in (
            (masked, "loss must be a function (out, y, weight)"),
            (weighted, "loss must be a function (out, y, weight)"),
            (joint, "losses[0] must be a function (out, y)"),
            (value_and_grad, "loss must be a function (out, y)"),
        )
    },
    "the second of two losses, a result": (
        lambda: joint(mse, mse(x, x)),
        KindError,
        "joint: losses[1] must be a function (out, y), not tuple",
    ),
    **{
        f"{whose}, a loss that returns {name}": (
            act,
            KindError,
            f"{whose}: the loss must return (cost, dA), dA being the gradient of cost, not {given}",
        )
        for name, loss, given in (
            ("a number alone", lambda out, y, weight=None: float(abs(out - y).mean()), "float"),
            ("a list of two", lambda out, y, weight=None: [0.0, out], "list"),
            ("three values", lambda out, y, weight=None: (0.0, out, y), "3 values"),
        )
        for whose, act in (
            ("weighted", of(weighted(loss), x, (x, y))),
            ("masked", of(masked(loss), (steps, there), steps)),
            ("joint", of(joint(mse, loss), (x, x), (x, x))),
            ("value_and_grad", partial(value_and_grad(loss), Dense(np.eye(2), None), x, x)),
        )
    },
    **{
        f"{whose}, a loss whose cost is {given}": (
            act,
            KindError,
            f"{whose}: the loss must return (cost, dA), cost being one number, not {given}",
        )
        for cost, given in (("1.0", "str"), (None, "None"), ([1.0], "list"), (np.array("1.0"), "<U3 array"))
        for loss in (lambda out, y, weight=None, cost=cost: (cost, out),)
        for whose, act in (
            ("weighted", of(weighted(loss), x, (x, y))),
            ("masked", of(masked(loss), (steps, there), steps)),
            ("joint", of(joint(mse, loss), (x, x), (x, x))),
            ("value_and_grad", partial(value_and_grad(loss), Dense(np.eye(2), None), x, x)),
        )
    },
    **{
        f"{whose}, a loss that returns a cost for each row": (
            act,
            KindError,
            f"{whose}: the loss must return (cost, dA), cost being one number, not float64 array of shape (2,)",
        )
        for whose, act in (
            ("weighted", of(weighted(of_rows), x[:2], (x[:2], x[:2, 0]))),
            ("joint", of(joint(mse, of_rows), (x[:2], x[:2]), (x[:2], x[:2]))),
            ("value_and_grad", partial(value_and_grad(of_rows), Dense(np.eye(2), None), x[:2], x[:2])),
        )
    },
    "validation, a loss that returns a cost for each row": (
        lambda: validation(of_rows, x, x)(TrainState(Dense(np.eye(2), None))),
        KindError,
        "validation: metric must return a number, an array, or (cost, dA) as a loss does, "
        "not (float64 array, float64 array)",
        1,
    ),
    "a metric as scikit-learn has them": (
        partial(validation, y_first, x, x),
        KindError,
        "validation: metric must be a function (out, y), not y_first(y_true, y_pred); "
        "write lambda out, y: y_first(y, out)",
    ),
    **{
        f"{made.__name__}, a loss that takes y first": (
            partial(made, lambda y, out: (0.0, out - y)),
            KindError,
            f"{made.__name__}: {what} must be a function (out, y), not a function (y, out)",
        )
        for made, what in ((value_and_grad, "loss"), (joint, "losses[0]"), (unpadded, "metric"))
    },
    "a loss of torch": (
        partial(value_and_grad, of_torch),
        KindError,
        "value_and_grad: loss must be a function (out, y) of arrays, not one of torch",
    ),
    **{
        f"{made.__name__}, a loss of torch": (
            partial(made, of_torch),
            KindError,
            f"{made.__name__}: loss must be a function (out, y, weight) of arrays, not one of torch",
        )
        for made in (weighted, masked)
    },
    "a second weight": (
        of(masked(joint(weighted(mse))), ((steps,), there), ((steps, there),)),
        KindError,
        "weighted: weight must come with y, as (y, weight), not as a third argument",
    ),
    "masked, a list for y": (
        of(masked(mse), (steps, there), steps.tolist()),
        KindError,
        "masked: y must be an array, not list; write np.asarray(y)",
    ),
    "a declaration of a number": (
        lambda: of_logits(3),
        KindError,
        "of_logits: loss must be a function, not int",
    ),
    "a declaration of a bound method": (
        lambda: of_logits(Ordinal(2).cost),
        KindError,
        "of_logits: loss must be a function, not method; put @of_logits above its def",
    ),
    "a declaration of a record": (
        lambda: of_logits(Ordinal(2)),
        KindError,
        "of_logits: loss must be a function, not Ordinal; put @of_logits above its def",
    ),
    "a mask for a weighted loss": (
        lambda: masked(weighted(mse)),
        KindError,
        "masked: loss must not be weighted; write weighted(masked(loss))",
    ),
    "what the loss inside refuses": (
        of(masked(mse), (steps, there), steps[..., 0]),
        ShapeError,
        "mse: out and y must have the same shape; out: (4, 3, 2), y: (4, 3)",
    ),
    # joint
    "no loss": (joint, RangeError, "joint: losses must be one or more, got none"),
    "a tuple of losses": (
        lambda: joint((mse, mse)),
        KindError,
        "joint: losses[0] must be a function (out, y), not tuple",
    ),
    "a factor too few": (
        lambda: joint(mse, mse, factors=(1,)),
        ShapeError,
        "joint: factors must be as many as losses; losses: 2, factors: 1",
    ),
    "an endless factor": (
        lambda: joint(mse, mse, factors=(1, math.inf)),
        RangeError,
        "joint: factors must be finite; they are (1, inf)",
    ),
    "one factor for all": (
        lambda: joint(mse, mse, factors=0.5),
        KindError,
        "joint: factors must be a tuple or a list of numbers, not float",
    ),
    "factors of text": (
        lambda: joint(mse, mse, factors=("1", "2")),
        KindError,
        "joint: factors must be a tuple or a list of numbers, not ('1', '2')",
    ),
    "one output for two": (
        of(joint(mse, mse), x, (x, x)),
        KindError,
        "joint: out must be a tuple of 2, one for each loss, not float64 array",
    ),
    "three targets for two": (
        of(joint(mse, mse), (x, x), (x, x, x)),
        KindError,
        "joint: y must be a tuple of 2, one for each loss, not (<f64 10x2>, <f64 10x2>, <f64 10x2>)",
    ),
    **{
        f"{name} of a function of {what}": (
            partial(made, loss),
            KindError,
            f"{name}: {which} must be a function {needed}, not {given}",
        )
        for name, made, which, needed, what, loss, given in (
            (
                "masked",
                masked,
                "loss",
                "(out, y, weight)",
                "no weight",
                accuracy,
                "accuracy(out, y, threshold); for a metric write metric(out[mask], y[mask])",
            ),
            ("weighted", weighted, "loss", "(out, y, weight)", "no weight", accuracy, "accuracy(out, y, threshold)"),
            ("joint", joint, "losses[0]", "(out, y)", "one argument", lambda out: out, "a function (out)"),
            ("value_and_grad", value_and_grad, "loss", "(out, y)", "one argument", abs, "abs(x)"),
        )
    },
    **{
        f"{name}, called with one argument": (
            partial(made, x),
            KindError,
            f"{name}: the function that it returns takes (out, y, weight), got 1 by position",
        )
        for name, made in (("masked", masked(mse)), ("weighted", weighted(mse)), ("joint", joint(mse)))
    },
    "a pair in place of x and y": (
        lambda: value_and_grad(mse)(Dense(np.eye(2), None), (x, x)),
        KindError,
        "value_and_grad: the function that it returns takes (params, x, y), got 2 by position",
    ),
    # Metrics.
    **{
        f"{name} of predicted classes": (
            partial(metric, labels, *given),
            KindError,
            f"{name}: out must be the scores of the classes, in floats, not int64 array{remedy}",
        )
        for name, metric, given, remedy in (
            ("accuracy", accuracy, (labels,), "; for predicted classes write (out == y).mean()"),
            ("confusion", confusion, (labels,), ""),
            ("top_k_accuracy", top_k_accuracy, (labels, 1), ""),
            ("perplexity", perplexity, (labels,), ""),
            ("softmax_cross_entropy", softmax_cross_entropy, (labels,), ""),
        )
    },
    "predicted bits, and labels in floats": (
        lambda: accuracy(x > 0, 1.0 * (x > 0), threshold=0.5),
        KindError,
        "accuracy: out must be an array of floats, not bool array",
    ),
    "soft labels out of range": (
        lambda: accuracy(x, 2 * x),
        RangeError,
        "accuracy: y must be in [0, 1]; it has -2.0 .. 2.0",
    ),
    "soft labels in the place of the output": (
        lambda: accuracy(np.eye(2)[labels], x),
        RangeError,
        "accuracy: y must be in [0, 1]; it has -1.0 .. 1.0; write accuracy(out, y), the output of the network first",
    ),
    **{
        f"{name} of soft labels with NaN": (
            partial(metric, x, halves * math.nan, *given),
            RangeError,
            f"{name}: y must not hold NaN, which is not a class; y: <f64 10x2>",
        )
        for name, metric, given in (
            ("accuracy", accuracy, ()),
            ("confusion", confusion, ()),
            ("top_k_accuracy", top_k_accuracy, (1,)),
            ("perplexity", perplexity, ()),
        )
    },
    "more than there are classes": (
        lambda: top_k_accuracy(x, labels, 3),
        RangeError,
        "top_k_accuracy: k must be at most 2, the number of classes, not 3",
    ),
    "labels that fit nothing": (
        lambda: top_k_accuracy(x, y, 1),
        ShapeError,
        "top_k_accuracy: y must be classes (10,) or soft labels (10, 2); y: (10, 1), out: (10, 2); write y[:, 0]",
    ),
    "perplexity of a class too high": (
        lambda: perplexity(x, labels + 2),
        RangeError,
        "perplexity: classes must be in 0 .. 1; y has 2 .. 2",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row])


def test_what_lies_at_the_border_is_taken():
    assert softmax_cross_entropy(x, labels, smoothing=0)[0] > 0
    assert binary_focal(x, zeros, gamma=0)[0] > softmax_focal(x, labels, gamma=9)[0] > 0
    assert poisson_nll(x, zeros)[0] > 0
    assert triplet(faces, 0 * labels)[0] == 0
    assert top_k_accuracy(x, labels, 2) == 1
