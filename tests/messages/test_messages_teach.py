"""Error messages of `funcnn.teach`, pinned word for word."""

import errno
import os

import numpy as np

from funcnn import Dense, Sigmoid, mse, softmax_cross_entropy, value_and_grad
from funcnn.errors import NoFileError, NotFiniteError
from funcnn.teach import nudge, write_steps
from funcnn.teach.numbers import given
from tests.says import assert_says, each_row, file_error, kind_error, raises, range_error, shape_error

x = np.linspace(-1, 1, 12).reshape(4, 3)
dense = Dense(np.ones((3, 2)), None)
two = np.ones((4, 2))

PAGE = "step.html"


def y_first(y_true, y_pred):
    return mse(y_pred, y_true)


ROWS = [
    raises(NotFiniteError, lambda: write_steps(dense, np.where(x > 0.9, np.nan, x), two, mse, 0.1, PAGE))
    >> "write_steps: the cost is nan; the first array that is not finite is x",
    raises(NotFiniteError, lambda: write_steps(dense, x, two, lambda out, y: (np.inf, 0 * out), 0.1, PAGE))
    >> "write_steps: the cost is inf; params, x, y and out are finite, so the loss is the cause",
    kind_error(lambda: write_steps([dense], x, two, mse, 0.1, PAGE))
    >> "write_steps: params must be a layer or a tuple of layers, not list; write tuple(params)",
    kind_error(lambda: write_steps(dense, [[1.0]], two, mse, 0.1, PAGE))
    >> "write_steps: x must be an array, not list; write np.asarray(x)",
    kind_error(lambda: write_steps(dense, x, two, value_and_grad(mse), 0.1, PAGE))
    >> "write_steps: loss must be a function (out, y), not a function (params, x, y)",
    kind_error(lambda: write_steps(dense, x, two, lambda out, y: ((out - y) ** 2).mean(), 0.1, PAGE))
    >> "write_steps: the loss must return a pair, the cost and its gradient dA, not float64",
    kind_error(lambda: write_steps((dense, Sigmoid()), x, np.zeros(4, int), softmax_cross_entropy, 0.1, PAGE))
    >> "write_steps: the loss takes logits, so leave out the layer at the end of (Dense(W=<f64 [[1. 1.] [1. 1.] [1. "
    "1.]]>, b=None), Sigmoid())",
    kind_error(lambda: write_steps(dense, x, two, mse, "0.1", PAGE))
    >> "write_steps: lr must be a number, not str; write float(lr)",
    kind_error(lambda: write_steps(dense, given(x), two, mse, 0.1, PAGE))
    >> "write_steps: x must hold arrays of NumPy, not TermArray",
    kind_error(lambda: write_steps(dense, x + 0j, two, mse, 0.1, PAGE))
    >> "write_steps: x must hold real numbers, not complex128 array",
    kind_error(lambda: write_steps(dense, x, two, mse, 0.1, "step.pdf"))
    >> "write_steps: path must end in .html, not 'step.pdf'",
    kind_error(lambda: write_steps(dense, x, two, mse, 0.1, None))
    >> "write_steps: path must be the path of a file, not None",
    raises(NoFileError, lambda: write_steps(dense, x, two, mse, 0.1, "no folder/step.html"))
    >> "write_steps: no folder/step.html cannot be written: its folder does not exist; create it first",
    file_error(lambda: write_steps(dense, x, two, mse, 0.1, f"{'long' * 100}.html"))
    >> f"write_steps: {'long' * 100}.html cannot be written: {os.strerror(errno.ENAMETOOLONG)}",
    kind_error(lambda: nudge([dense], x, two, mse, "0.W", (0, 0)))
    >> "nudge: params must be a layer or a tuple of layers, not list; write tuple(params)",
    kind_error(lambda: nudge(dense, x, two, mse, "0.W", (0, 0)))
    >> "nudge: path must be one of 'W', 'x', the paths of arrays of floats, not '0.W'",
    kind_error(lambda: nudge(dense, (x, two), two, mse, "x", (0, 0)))
    >> "nudge: path must be one of 'W', the paths of arrays of floats, not 'x'",
    kind_error(lambda: nudge(dense, x, two, y_first, "W", (0, 0)))
    >> "nudge: loss must be a function (out, y), not y_first(y_true, y_pred); write lambda out, y: y_first(y, out)",
    kind_error(lambda: nudge(dense, x, two, lambda out, y: 1.0, "W", (0, 0)))
    >> "nudge: the loss must return a pair, the cost and its gradient dA, not float",
    kind_error(lambda: nudge(dense, x, two, mse, "W", (0, 0.5)))
    >> "nudge: index must be an int or a tuple of ints, not (0, 0.5)",
    shape_error(lambda: nudge(dense, x, two, mse, "W", 2))
    >> "nudge: index must be the place of an entry of W, of shape (3, 2), not (2,)",
    shape_error(lambda: nudge(dense, x, two, mse, "W", (0, -1)))
    >> "nudge: index must be the place of an entry of W, of shape (3, 2), not (0, -1)",
    range_error(lambda: nudge(dense, x, two, mse, "W", (0, 0), h=1e-17))
    >> "nudge: h must change W[0, 0], which is 1.0; it is 1e-17",
]


@each_row(ROWS)
def test_the_message(row):
    assert_says(row)
