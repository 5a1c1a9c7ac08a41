"""Error messages of `funcnn.teach`, pinned word for word."""

import re

import numpy as np
import pytest

from funcnn import Dense, Sigmoid, mse, softmax_cross_entropy, value_and_grad
from funcnn.errors import FileError, KindError, NoFileError, NotFiniteError, RangeError, ShapeError
from funcnn.teach import nudge, write_steps
from funcnn.teach.arrays import given
from tests.says import assert_says

x = np.linspace(-1, 1, 12).reshape(4, 3)
dense = Dense(np.ones((3, 2)), None)
two = np.ones((4, 2))

PAGE = "step.html"


def y_first(y_true, y_pred):
    return mse(y_pred, y_true)


ROWS = [
    (
        lambda: write_steps(dense, np.where(x > 0.9, np.nan, x), two, mse, 0.1, PAGE),
        NotFiniteError,
        "write_steps: the cost is nan; the first array that is not finite is x",
    ),
    (
        lambda: write_steps(dense, x, two, lambda out, y: (np.inf, 0 * out), 0.1, PAGE),
        NotFiniteError,
        "write_steps: the cost is inf; params, x, y and out are finite, so the loss is the cause",
    ),
    (
        lambda: write_steps([dense], x, two, mse, 0.1, PAGE),
        KindError,
        "write_steps: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    (
        lambda: write_steps(dense, [[1.0]], two, mse, 0.1, PAGE),
        KindError,
        "write_steps: x must be an array, not list; write np.asarray(x)",
    ),
    (
        lambda: write_steps(dense, x, two, value_and_grad(mse), 0.1, PAGE),
        KindError,
        "write_steps: loss must be a function (out, y), not a function (params, x, y)",
    ),
    (
        lambda: write_steps(dense, x, two, lambda out, y: ((out - y) ** 2).mean(), 0.1, PAGE),
        KindError,
        "write_steps: the loss must return (cost, dA), dA being the gradient of cost, not float64",
    ),
    (
        lambda: write_steps((dense, Sigmoid()), x, np.zeros(4, int), softmax_cross_entropy, 0.1, PAGE),
        KindError,
        "write_steps: the loss takes logits, so leave out the layer at the end of "
        "(Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), Sigmoid())",
    ),
    (
        lambda: write_steps(dense, x, two, mse, "0.1", PAGE),
        KindError,
        "write_steps: lr must be a number, not str; write float(lr)",
    ),
    (
        lambda: write_steps(dense, given(x), two, mse, 0.1, PAGE),
        KindError,
        "write_steps: x must hold arrays of NumPy, got TermArray",
    ),
    (
        lambda: write_steps(dense, x + 0j, two, mse, 0.1, PAGE),
        KindError,
        "write_steps: x must hold real numbers, got complex128 array",
    ),
    (
        lambda: write_steps(dense, x, two, mse, 0.1, "step.pdf"),
        KindError,
        "write_steps: path must end in .html, got 'step.pdf'",
    ),
    (
        lambda: write_steps(dense, x, two, mse, 0.1, None),
        KindError,
        "write_steps: path must be the name of a file, got None",
    ),
    (
        lambda: write_steps(dense, x, two, mse, 0.1, "no folder/step.html"),
        NoFileError,
        "write_steps: no folder/step.html cannot be written: its folder does not exist; create it first",
    ),
    (
        lambda: write_steps(dense, x, two, mse, 0.1, f"{'long' * 100}.html"),
        FileError,
        f"write_steps: {'long' * 100}.html cannot be written: File name too long",
    ),
    (
        lambda: nudge([dense], x, two, mse, "0.W", (0, 0)),
        KindError,
        "nudge: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    (
        lambda: nudge(dense, x, two, mse, "0.W", (0, 0)),
        KindError,
        "nudge: path must be the path of an array of floats, W, x, got '0.W'",
    ),
    (
        lambda: nudge(dense, (x, two), two, mse, "x", (0, 0)),
        KindError,
        "nudge: path must be the path of an array of floats, W, got 'x'",
    ),
    (
        lambda: nudge(dense, x, two, y_first, "W", (0, 0)),
        KindError,
        "nudge: loss must be a function (out, y), not y_first(y_true, y_pred); write lambda out, y: y_first(y, out)",
    ),
    (
        lambda: nudge(dense, x, two, lambda out, y: 1.0, "W", (0, 0)),
        KindError,
        "nudge: the loss must return (cost, dA), dA being the gradient of cost, not float",
    ),
    (
        lambda: nudge(dense, x, two, mse, "W", [0, 0]),
        KindError,
        "nudge: index must be an int or a tuple of ints, not list",
    ),
    (
        lambda: nudge(dense, x, two, mse, "W", (0, 0.5)),
        KindError,
        "nudge: index must be an int or a tuple of ints, not (0, 0.5)",
    ),
    (
        lambda: nudge(dense, x, two, mse, "W", 2),
        ShapeError,
        "nudge: index must be the place of an entry of W, (3, 2), got (2,)",
    ),
    (
        lambda: nudge(dense, x, two, mse, "W", (0, -1)),
        ShapeError,
        "nudge: index must be the place of an entry of W, (3, 2), got (0, -1)",
    ),
    (
        lambda: nudge(dense, x, two, mse, "W", (0, 0), h=1e-17),
        RangeError,
        "nudge: h must change W[0, 0], which is 1.0; it is 1e-17",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: re.sub(r"\W+", "-", row[2])[:60])
def test_the_message(row):
    assert_says(row)
