"""Error messages of `funcnn.teach`, pinned word for word."""

import errno
import os

import numpy as np

from funcnn import Adam, Dense, Sigmoid, mlp, mse, softmax_cross_entropy
from funcnn.errors import NoFileError, NotFiniteError
from funcnn.teach import diagnose, nudge, write_playground, write_steps
from funcnn.testing.exact.dual import ExactArray
from funcnn.trees import astype
from tests.says import assert_says, each_row, file_error, kind_error, raises, range_error, shape_error

x = np.linspace(-1, 1, 12).reshape(4, 3)
dense = Dense(np.ones((3, 2)), None)
two = np.ones((4, 2))


def written(x=x, loss=mse, path="step.html"):
    return lambda: write_steps(dense, x, two, loss, 0.1, path)


def live(params=dense, x=x, y=two, loss=mse, **settings):
    return lambda: write_playground(params, x, y, loss, 0.1, "live.html", **settings)


def nudged(path, index, **options):
    return lambda: nudge(dense, x, two, mse, path, index, **options)


def twice(args, dA):
    return [2 * dA * np.cos(args[0])]


ROWS = [
    raises(NotFiniteError, written(np.where(x > 0.9, np.nan, x)))
    >> "write_steps: the cost is nan; the first array that is not finite is x",
    raises(NotFiniteError, written(loss=lambda out, y: (np.inf, 0 * out)))
    >> "write_steps: the cost is inf; params, x, y and out are finite, so the loss is the cause",
    kind_error(written(loss=lambda out, y: ((out - y) ** 2).mean()))
    >> "write_steps: the loss must return a pair, the cost and its gradient dA, not float64",
    kind_error(lambda: write_steps((dense, Sigmoid()), x, np.zeros(4, int), softmax_cross_entropy, 0.1, "step.html"))
    >> "write_steps: the loss takes logits, so leave out the layer at the end of (Dense(W=<f64 [[1. 1.] [1. 1.] [1. "
    "1.]]>, b=None), Sigmoid())",
    kind_error(written(ExactArray.wrapped(x))) >> "write_steps: x must hold arrays of NumPy, not ExactArray",
    kind_error(written(x + 0j)) >> "write_steps: x must hold real numbers, not complex128 array",
    kind_error(written(path="step.pdf")) >> "write_steps: path must end in .html, not 'step.pdf'",
    kind_error(written(path=None)) >> "write_steps: path must be the path of a file, not None",
    raises(NoFileError, written(path="no folder/step.html"))
    >> "write_steps: no folder/step.html cannot be written: its folder does not exist; create it first",
    file_error(written(path=f"{'long' * 100}.html"))
    >> f"write_steps: {'long' * 100}.html cannot be written: {os.strerror(errno.ENAMETOOLONG)}",
    raises(NotFiniteError, live(x=np.where(x > 0.9, np.nan, x)))
    >> "write_playground: the cost is nan; the first array that is not finite is x",
    range_error(live(y=np.arange(4), loss=softmax_cross_entropy))
    >> "softmax_cross_entropy: y must hold the classes 0 .. 1; it has 0 .. 3",
    kind_error(live(astype(dense, np.float16)))
    >> "write_playground: params must hold float32 or float64, not float16 array",
    kind_error(live(choices={3: 3})) >> "write_playground: choices must be a dict of networks by name, not {3: 3}",
    kind_error(live(choices={"this page's": dense}))
    >> 'write_playground: choices must have other names than "this page\'s", the name of params',
    kind_error(live(choices={"other": 3}))
    >> "write_playground: choices['other'] must be a layer or a tuple of layers, not int",
    shape_error(live(choices={"other": Dense(two, None)}))
    >> "Dense: x must be (m, ..., 4), not (4, 3)"
    >> ["in choices['other']"],
    kind_error(live((), two, two)) >> "write_playground: params must have a layer",
    range_error(live(x=x[:0], y=two[:0])) >> "mse: out must have at least one entry; out: (0, 2)",
    kind_error(live(optimizer=Adam))
    >> "write_playground: optimizer must be an optimizer, such as Adam(), or a tuple of them, not the class Adam; "
    "write Adam()",
    range_error(live(mlp([3, 1000, 2], seed=0), np.ones((999, 3)), np.ones((999, 2))))
    >> "write_playground: x must have at most 373 rows on a page of this network, not 999; write x[:373] and y[:373]",
    range_error(live(mlp([3, 2000, 2000, 2], seed=0)))
    >> "write_playground: params must compute at most 3,000,000 numbers in a step, not 16,162,062",
    range_error(live(mlp([3, *[2] * 150, 2], seed=0)))
    >> "write_playground: params must fit into a page of 250,000 bytes, beside its data and parameters",
    kind_error(nudged("0.W", (0, 0)))
    >> "nudge: path must be one of 'W', 'x', the paths of arrays of floats, not '0.W'",
    kind_error(lambda: nudge(dense, (x, two), two, mse, "x", (0, 0)))
    >> "nudge: path must be one of 'W', the paths of arrays of floats, not 'x'",
    kind_error(nudged("W", (0, 0.5))) >> "nudge: index must be an int or a tuple of ints, not (0, 0.5)",
    shape_error(nudged("W", 2)) >> "nudge: index must be the place of an entry of W, of shape (3, 2), not (2,)",
    shape_error(nudged("W", (0, -1)))
    >> "nudge: index must be the place of an entry of W, of shape (3, 2), not (0, -1)",
    range_error(nudged("W", (0, 0), h=1e-17)) >> "nudge: h must change W[0, 0], which is 1.0; it is 1e-17",
    # diagnose.
    kind_error(lambda: diagnose(3, np.sin, [x])) >> "diagnose: f must be a function, not int",
    kind_error(lambda: diagnose(np.sin, twice, x))
    >> "diagnose: args must be a tuple, an array for each argument of f, not float64 array",
    range_error(lambda: diagnose(np.sin, twice, [np.ones(401)]))
    >> "diagnose: args must hold at most 400 numbers, not 401; take smaller arrays",
    range_error(lambda: diagnose(lambda x: np.ones((401, 1)) * x, twice, [np.ones(1)]))
    >> "diagnose: f must return at most 400 numbers, not 401; take smaller arrays",
    range_error(lambda: diagnose(np.sin, twice, [x]).hint(4)) >> "hint: level must be 1, 2 or 3, not 4",
]


@each_row(ROWS)
def test_the_message(row):
    assert_says(row)
