"""Error messages of what handles data larger than memory for invalid arguments, pinned word for word."""

import numpy as np

from funcnn import GRU, batches, mlp, predict
from funcnn.data import prefetch, windowed_batches
from funcnn.errors import NoItemError
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

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
ROWS = [
    # windowed_batches.
    range_error(windowed(block=11)) >> f"{WINDOWED}: block must be at most the number of rows, 10, not 11",
    range_error(windowed(size=11)) >> f"{WINDOWED}: size must be at most the number of rows, 10, not 11",
    shape_error(windowed(y=y[1:])) >> f"{WINDOWED}: x and y must have equally many rows; x: 10, y: 9",
    kind_error(windowed(x=(x, np.ma.array(y)))) >> f"{WINDOWED}: x[1] must be an array, not MaskedArray; write "
    "x[1].filled(...), with a value for its gaps",
    # prefetch.
    kind_error(lambda: prefetch(iter(data), 2))
    >> "prefetch: data must be a sequence of batches, such as batches makes, not generator",
    raises(NoItemError, lambda: prefetch(data, 2)[9]) >> "Prefetched: index 9 is out of range; there are 9 batches",
    # predict(out=).
    kind_error(out([[0.0]] * 10)) >> "predict: out must be an array of NumPy, or a tuple of arrays, not list",
    kind_error(out(locked)) >> "predict: out must be an array that can be written to, not a read-only one",
    shape_error(out(np.zeros((4, 1)))) >> "predict: out must be (10, 1), the shape of the result, not (4, 1)",
    shape_error(out(np.zeros(10))) >> "predict: out must be (10, 1), the shape of the result, not (10,)",
    kind_error(out(np.zeros((10, 1), np.float32)))
    >> "predict: out must be a float64 array, as the result is, not float32 array",
    kind_error(out(np.zeros((10, 1), np.dtype(float).newbyteorder())))
    >> "predict: out must be a float64 array, as the result is, in the machine's byte order, not "
    f"{np.dtype(float).newbyteorder()} array",
    kind_error(out((y.copy(), y.copy()))) >> "predict: out must be one array, as the result is, not a tuple of 2",
    kind_error(out(np.zeros((2, 5, 3)), (sequences, None), cell))
    >> "predict: out must be a tuple of 2 arrays, as the result is, not float64 array",
    kind_error(out((np.zeros((2, 5, 3)), np.ones((2, 5), bool)), (sequences, None), cell))
    >> "predict: out[1] must be None, as the result is, not bool array",
    kind_error(out((np.zeros((2, 5, 3)), None), (sequences, np.ones((2, 5), bool)), cell))
    >> "predict: out[1] must be a bool array, as the result is, not None",
]


@each_row(ROWS)
def test_each_mistake_has_its_sentence(row):
    assert_says(row, x, y, net, locked)
