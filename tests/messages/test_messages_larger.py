"""Error messages of what handles data larger than memory for invalid arguments, pinned word for word.

Each row: the call, the class of the error, and the sentence.
"""

import numpy as np
import pytest

from funcnn import GRU, Dense, batches, mlp, predict
from funcnn.data import prefetch, windowed_batches
from funcnn.errors import KindError, NoItemError, RangeError, ShapeError
from tests.says import assert_says

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
net = mlp([2, 3, 1], seed=0)
cell, sequences = GRU.init(2, 3, seed=0), x.reshape(2, 5, 2)
data = batches(x, y, 4, epochs=3, seed=0)
locked = np.zeros((10, 1))
locked.setflags(write=False)


def windowed(x=x, y=y, size=4, block=2, window=2, **options):
    return lambda: windowed_batches(x, y, size, block=block, window=window, **{"seed": 0} | options)


def out(out, x=x, params=net):
    return lambda: predict(params, x, 4, out=out)


WINDOWED = "windowed_batches"
ROWS = {
    # windowed_batches.
    "a block of too many rows": (
        windowed(block=11),
        RangeError,
        f"{WINDOWED}: block must be at most the number of rows, 10, not 11",
    ),
    "a batch of too many rows": (
        windowed(size=11),
        RangeError,
        f"{WINDOWED}: size must be at most the number of rows, 10, not 11",
    ),
    "windows of unequal rows": (
        windowed(y=y[1:]),
        ShapeError,
        f"{WINDOWED}: x and y must have equally many rows; x: 10, y: 9",
    ),
    "windows of a masked array": (
        windowed(x=(x, np.ma.array(y))),
        KindError,
        f"{WINDOWED}: x[1] must be an array, not MaskedArray",
    ),
    "windows of masked labels": (
        windowed(y=np.ma.array(y)),
        KindError,
        f"{WINDOWED}: y must be an array, not MaskedArray",
    ),
    "windows of a list": (
        windowed(x=x.tolist()),
        KindError,
        f"{WINDOWED}: x must be an array or a tuple of arrays, rows first, not list; write np.asarray(x)",
    ),
    # prefetch.
    "a generator ahead": (
        lambda: prefetch(iter(data), 2),
        KindError,
        "prefetch: data must be a sequence of batches, such as batches makes, not generator",
    ),
    "an array ahead": (
        lambda: prefetch(x, 2),
        KindError,
        "prefetch: data must be a sequence of batches, such as batches makes, not float64 array",
    ),
    "a path ahead": (
        lambda: prefetch("x.npy", 2),
        KindError,
        "prefetch: data must be a sequence of batches, such as batches makes, not str",
    ),
    "a batch behind the last": (
        lambda: prefetch(data, 2)[9],
        NoItemError,
        "Prefetched: index 9 is out of range; there are 9 batches",
    ),
    # predict(out=).
    "out of a list": (
        out([[0.0]] * 10),
        KindError,
        "predict: out must be an array of NumPy, or a tuple of arrays, not list",
    ),
    "out of a masked array": (
        out(np.ma.zeros((10, 1))),
        KindError,
        "predict: out must be an array of NumPy, or a tuple of arrays, not MaskedArray",
    ),
    "out that is read-only": (
        out(locked),
        KindError,
        "predict: out must be an array that can be written to, not a read-only one",
    ),
    "a part of out that is read-only": (
        out((locked, None), (sequences, None), cell),
        KindError,
        "predict: out[0] must be an array that can be written to, not a read-only one",
    ),
    "out of a block": (
        out(np.zeros((4, 1))),
        ShapeError,
        "predict: out must be (10, 1), the shape of the result, not (4, 1)",
    ),
    "out without its last axis": (
        out(np.zeros(10)),
        ShapeError,
        "predict: out must be (10, 1), the shape of the result, not (10,)",
    ),
    "out in float32": (
        out(np.zeros((10, 1), np.float32)),
        KindError,
        "predict: out must be a float64 array, as the network returns, not float32 array",
    ),
    "out in another byte order": (
        out(np.zeros((10, 1), np.dtype(float).newbyteorder())),
        KindError,
        f"predict: out must be a float64 array, as the network returns, not {np.dtype(float).newbyteorder()} array",
    ),
    "two outs of one": (
        out((y.copy(), y.copy())),
        KindError,
        "predict: out must be one array, as the network returns, not a tuple of 2",
    ),
    "one out of two": (
        out(np.zeros((2, 5, 3)), (sequences, None), cell),
        KindError,
        "predict: out must be a tuple of 2 arrays, as the network returns, not float64 array",
    ),
    "an out for no mask": (
        out((np.zeros((2, 5, 3)), np.ones((2, 5), bool)), (sequences, None), cell),
        KindError,
        "predict: out[1] must be None, as the network returns, not bool array",
    ),
    "no out for a mask": (
        out((np.zeros((2, 5, 3)), None), (sequences, np.ones((2, 5), bool)), cell),
        KindError,
        "predict: out[1] must be a bool array, as the network returns, not None",
    ),
    "out for a network that does not fit": (
        out(np.zeros((10, 1)), x, Dense.init(3, 1, seed=0)),
        ShapeError,
        "Dense: x must be (m, ..., 3), not (4, 2)",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_each_mistake_has_its_sentence(row):
    assert_says(row, x, y, net, locked)
