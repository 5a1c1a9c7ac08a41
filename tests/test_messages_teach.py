"""Error messages of `funcnn.teach`, pinned word for word."""

import re

import numpy as np
import pytest

from funcnn import Dense, Relu, mse
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.teach import nudge
from tests.says import assert_says

x = np.linspace(-1, 1, 12).reshape(4, 3)
dense = Dense(np.ones((3, 2)), None)
two = np.ones((4, 2))

ROWS = [
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
    (lambda: nudge(dense, x, two, mse, 0, (0, 0)), KindError, "nudge: path must be a string, not int"),
    (
        lambda: nudge(dense, x, two, Relu, "W", (0, 0)),
        KindError,
        "nudge: loss must be a function (out, y), not the class Relu",
    ),
    (
        lambda: nudge(dense, x, two, lambda out, y: 1.0, "W", (0, 0)),
        KindError,
        "nudge: the loss must return (cost, dA), dA being the gradient of cost, not float",
    ),
    (
        lambda: nudge(dense, x, two, mse, "W", [0, 0]),
        KindError,
        "nudge: index must be an int or a tuple of ints, got list",
    ),
    (
        lambda: nudge(dense, x, two, mse, "W", (0, 0.5)),
        KindError,
        "nudge: index must be an int or a tuple of ints, got (0, 0.5)",
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
        lambda: nudge(dense, x, two, mse, "W", (0, 0), h=0),
        RangeError,
        "nudge: h must be finite and above 0; it is 0",
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
