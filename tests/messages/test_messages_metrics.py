"""Error messages of metrics for each class, of unpadded metrics and of normalised weights, pinned word for word."""

from functools import partial

import numpy as np
import pytest

from funcnn import Dense, Sigmoid, Softmax, TrainState, accuracy, mse, validation
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.layers import First
from funcnn.losses import normalised
from funcnn.metrics import confusion_per_class, f1, perplexity, precision, recall, unpadded
from tests.says import assert_says

out, labels = np.eye(3)[[0, 1, 2, 1]], np.array([0, 1, 2, 2])
steps, mask = np.ones((4, 5, 3)), np.arange(20).reshape(4, 5) % 3 > 0
places = np.zeros((4, 5), int)
holed = np.where(np.eye(4, 3) == 1, np.nan, out)


def call(function, *given, **options):
    return lambda: function(*given, **options)


def validated(metric, *layers):
    return lambda: validation(metric, (steps, mask), places)(TrainState((First(layers),)))


REMEDY = "; for one output give threshold=0 for logits or threshold=0.5 for probabilities"
ON_SET = "on the validation set, x: (<f64 4x5x3>, <b8 4x5>), y: <i64 4x5>"
ROWS = {
    **{
        f"{metric.__name__} of {what}": (
            call(metric, *given, **options),
            error,
            f"{metric.__name__}: {sentence}",
        )
        for metric in (precision, recall, f1, confusion_per_class)
        for what, given, options, error, sentence in (
            (
                "labels in floats",
                (out, labels * 1.0),
                {},
                KindError,
                "classes must be integers, not float64; write y.astype(int)",
            ),
            ("a class that is not there", (out, labels**3), {}, RangeError, "classes must be in 0 .. 2; y has 0 .. 8"),
            ("a NaN", (holed, labels), {}, RangeError, "out must not hold NaN, which is not a class; out: <f64 4x3>"),
            (
                "one output",
                (out[:, :1], labels),
                {},
                RangeError,
                f"out must have two classes or more; out: (4, 1){REMEDY}",
            ),
            (
                "classes with a threshold",
                (out, labels),
                {"threshold": 0.5},
                ShapeError,
                "out and y must have the same shape; out: (4, 3), y: (4,)",
            ),
            (
                "labels above 1 with a threshold",
                (out, 2 * out),
                {"threshold": 0.5},
                RangeError,
                "with a threshold y must be 0 or 1; it has 0.0 .. 2.0",
            ),
            ("no rows", (out[:0], labels[:0]), {}, RangeError, "out must have at least one entry; out: (0, 3)"),
        )
    },
    "an unpadded name": (
        call(unpadded, "accuracy"),
        KindError,
        "unpadded: metric must be a function (out, y), not str",
    ),
    "an unpadded function of one argument": (
        call(unpadded, lambda out: out),
        KindError,
        "unpadded: metric must be a function (out, y), not a function (out)",
    ),
    "an unpadded loss": (
        call(unpadded(mse), (steps, mask), steps),
        KindError,
        "unpadded: metric must return a number or an array, not 2 values; for a loss write weighted(masked(loss)), "
        "with the weights normalised(mask)",
    ),
    "an out without a mask": (
        call(unpadded(accuracy), steps, places),
        KindError,
        "unpadded: out must be a pair (out, mask), not float64 array",
    ),
    "an out of three": (
        call(unpadded(accuracy), (steps, mask, mask), places),
        KindError,
        "unpadded: out must be a pair (out, mask), not 3 values",
    ),
    "a mask of ints": (
        call(unpadded(accuracy), (steps, mask * 1), places),
        KindError,
        "unpadded: mask must be an array of bools, not int64 array; write np.asarray(mask, bool)",
    ),
    "a mask of fewer rows": (
        call(unpadded(accuracy), (steps, mask[1:]), places),
        ShapeError,
        "unpadded: out must begin with the axes of mask; mask: (3, 5), out: (4, 5, 3)",
    ),
    "one label for each sequence": (
        call(unpadded(accuracy), (steps, mask), labels),
        ShapeError,
        "unpadded: y must begin with the axes of mask; mask: (4, 5), y: (4,)",
    ),
    "labels in a list": (
        call(unpadded(accuracy), (steps, mask), [0]),
        KindError,
        "unpadded: y must be an array, not list",
    ),
    "nothing but padding": (
        call(unpadded(accuracy), (steps, mask & False), places),
        RangeError,
        "unpadded: mask must be True at one position or more; it is False everywhere",
    ),
    "an unpadded metric of logits for probabilities": (
        validated(unpadded(perplexity), Softmax()),
        KindError,
        "validation: metric takes logits, so leave out the layer at the end of (First(layer=(Softmax(),)),)",
    ),
    "an unpadded threshold for probabilities": (
        validated(unpadded(partial(accuracy, threshold=0)), Dense(np.ones((3, 1)), None), Sigmoid()),
        RangeError,
        "validation: threshold must be in (0, 1), as the network gives probabilities, not 0; write threshold=0.5",
    ),
    "an unpadded metric without a mask": (
        lambda: validation(unpadded(accuracy), steps, places)(TrainState(())),
        KindError,
        "unpadded: out must be a pair (out, mask), not float64 array",
        ["on the validation set, x: <f64 4x5x3>, y: <i64 4x5>"],
    ),
    "weights in a list": (
        call(normalised, [1.0, 0.0]),
        KindError,
        "normalised: weight must be an array, not list; write np.asarray(weight)",
    ),
    "weights in words": (
        call(normalised, np.array(["a"])),
        KindError,
        "normalised: weight must hold numbers, not <U1 array",
    ),
    "complex weights": (
        call(normalised, np.ones(2, complex)),
        KindError,
        "normalised: weight must hold numbers, not complex128 array",
    ),
    "one weight": (
        call(normalised, np.array(1.0)),
        ShapeError,
        "normalised: weight must be an array with one weight for each row or position, not ()",
    ),
    "weights below 0": (
        call(normalised, np.array([1.0, -1.0])),
        RangeError,
        "normalised: weight must not be negative or NaN; it has -1.0 .. 1.0",
    ),
    "weights with a NaN": (
        call(normalised, np.array([1.0, np.nan])),
        RangeError,
        "normalised: weight must not be negative or NaN; it has nan .. nan",
    ),
    "an infinite weight": (
        call(normalised, np.array([1.0, np.inf])),
        RangeError,
        "normalised: weight must have a finite sum above 0; its sum is inf",
    ),
    "a mask of padding alone": (
        call(normalised, mask & False),
        RangeError,
        "normalised: weight must have a finite sum above 0; its sum is 0.0",
    ),
    "no weights": (
        call(normalised, mask[:0]),
        RangeError,
        "normalised: weight must have a finite sum above 0; its sum is 0.0",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], out, labels, steps, mask)
