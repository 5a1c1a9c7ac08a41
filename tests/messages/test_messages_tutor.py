"""Error messages of the tutor in `funcnn.teach`, pinned word for word."""

import re

import numpy as np
import pytest

from funcnn import Dense
from funcnn.errors import KindError, RangeError
from funcnn.teach import diagnose, diagnose_layer
from tests.says import assert_says

x = np.linspace(-1, 1, 12).reshape(4, 3)
dense = Dense(np.ones((3, 2)), None)


def twice(args, dA):
    return [2 * dA * np.cos(args[0])]


ROWS = [
    (lambda: diagnose(3, np.sin, [x]), KindError, "diagnose: f must be a function, not int"),
    (lambda: diagnose(np.sin, 3, [x]), KindError, "diagnose: vjp must be a function, not int"),
    (
        lambda: diagnose(np.sin, twice, x),
        KindError,
        "diagnose: args must be a tuple, an array for each argument of f, not float64 array",
    ),
    (
        lambda: diagnose(np.sin, twice, [np.ones(401)]),
        RangeError,
        "diagnose: args must hold at most 400 numbers, got 401; take smaller arrays",
    ),
    (
        lambda: diagnose(lambda x: np.ones((401, 1)) * x, twice, [np.ones(1)]),
        RangeError,
        "diagnose: f must return at most 400 numbers, got 401; take smaller arrays",
    ),
    (
        lambda: diagnose(np.sin, twice, [x], domain={"y": (0, 1)}),
        RangeError,
        "diagnose: domain names 'y', but the arguments are x",
    ),
    (
        lambda: diagnose_layer([dense], x),
        KindError,
        "diagnose_layer: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    (
        lambda: diagnose_layer(dense, 1.0),
        KindError,
        "diagnose_layer: x must be an array, not float; write np.asarray(x)",
    ),
    (
        lambda: diagnose_layer(dense, np.ones((200, 3))),
        RangeError,
        "diagnose_layer: args must hold at most 400 numbers, got 606; take smaller arrays",
    ),
    (lambda: diagnose(np.sin, twice, [x]).hint(4), RangeError, "hint: level must be 1, 2 or 3, got 4"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: re.sub(r"\W+", "-", row[2])[:60])
def test_the_message(row):
    assert_says(row)
