"""Error messages of metrics for each class, of unpadded metrics and of normalised weights, pinned word for word."""

from functools import partial

import numpy as np

from funcnn import Dense, Sigmoid, Softmax, TrainState, accuracy, mse, validation
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.layers import First
from funcnn.losses import normalised
from funcnn.metrics import confusion_per_class, f1, perplexity, precision, recall, unpadded
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

out, labels = np.eye(3)[[0, 1, 2, 1]], np.array([0, 1, 2, 2])
steps, mask = np.ones((4, 5, 3)), np.arange(20).reshape(4, 5) % 3 > 0
places = np.zeros((4, 5), int)
holed = np.where(np.eye(4, 3) == 1, np.nan, out)


def validated(metric, *layers):
    return lambda: validation(metric, (steps, mask), places)(TrainState((First(layers),)))


REMEDY = "; for one output give threshold=0 for logits or threshold=0.5 for probabilities"
ROWS = [
    *[
        raises(error, partial(metric, *given, **options)) >> f"{metric.__name__}: {sentence}"
        for metric in (precision, recall, f1, confusion_per_class)
        for given, options, error, sentence in (
            ((out, labels * 1.0), {}, KindError, "y must hold classes as integers, not float64; write y.astype(int)"),
            ((out, labels**3), {}, RangeError, "y must hold the classes 0 .. 2; it has 0 .. 8"),
            ((holed, labels), {}, RangeError, "out must not hold NaN, which is not a class; out: <f64 4x3>"),
            ((out[:, :1], labels), {}, RangeError, f"out must have at least two classes; out: (4, 1){REMEDY}"),
            ((out, labels), {"threshold": 0.5}, ShapeError, "out and y must have the same shape; out: (4, 3), y: (4,)"),
            ((out, 2 * out), {"threshold": 0.5}, RangeError, "with a threshold y must be 0 or 1; it has 0.0 .. 2.0"),
            ((out[:0], labels[:0]), {}, RangeError, "out must have at least one entry; out: (0, 3)"),
        )
    ],
    kind_error(lambda: unpadded(mse)((steps, mask), steps)) >> "unpadded: metric must return a number or an array, "
    "not 2 values; for a loss write weighted(masked(loss)), with the weights normalised(mask)",
    kind_error(lambda: unpadded(accuracy)(steps, places))
    >> "unpadded: out must be a pair (out, mask), not float64 array",
    kind_error(lambda: unpadded(accuracy)((steps, mask, mask), places))
    >> "unpadded: out must be a pair (out, mask), not 3 values",
    kind_error(lambda: unpadded(accuracy)((steps, mask * 1), places))
    >> "unpadded: mask must be an array of bools, not int64 array; write np.asarray(mask, bool)",
    shape_error(lambda: unpadded(accuracy)((steps, mask[1:]), places))
    >> "unpadded: out must begin with the axes of mask; mask: (3, 5), out: (4, 5, 3)",
    shape_error(lambda: unpadded(accuracy)((steps, mask), labels))
    >> "unpadded: y must begin with the axes of mask; mask: (4, 5), y: (4,)",
    kind_error(lambda: unpadded(accuracy)((steps, mask), [0])) >> "unpadded: y must be an array, not list",
    range_error(lambda: unpadded(accuracy)((steps, mask & False), places))
    >> "unpadded: mask must be True at one position at least; it is False everywhere",
    kind_error(validated(unpadded(perplexity), Softmax()))
    >> "validation: metric takes logits, so leave out the layer at the end of (First(layer=(Softmax(),)),)",
    range_error(validated(unpadded(partial(accuracy, threshold=0)), Dense(np.ones((3, 1)), None), Sigmoid()))
    >> "validation: threshold must be in (0, 1), as the network gives probabilities, not 0; write threshold=0.5",
    kind_error(lambda: validation(unpadded(accuracy), steps, places)(TrainState(())))
    >> "unpadded: out must be a pair (out, mask), not float64 array"
    >> ["on the validation set, x: <f64 4x5x3>, y: <i64 4x5>"],
    kind_error(lambda: normalised(np.array(["a"]))) >> "normalised: weight must hold numbers, not str array",
    shape_error(lambda: normalised(np.array(1.0)))
    >> "normalised: weight must be an array with one weight for each row or position, not ()",
    range_error(lambda: normalised(np.array([1.0, -1.0])))
    >> "normalised: weight must not be negative or NaN; it has -1.0 .. 1.0",
    range_error(lambda: normalised(np.array([1.0, np.nan])))
    >> "normalised: weight must not be negative or NaN; it has NaN",
    range_error(lambda: normalised(np.array([1.0, np.inf])))
    >> "normalised: weight must have a finite sum above 0; its sum is inf",
    range_error(lambda: normalised(mask & False), lambda: normalised(mask[:0]))
    >> "normalised: weight must have a finite sum above 0; its sum is 0.0",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, out, labels, steps, mask)
