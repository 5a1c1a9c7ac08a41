"""What `attend`, `rotate`, embeddings and the memory of a step say to what they refuse: a row each, word for word."""

import numpy as np
import pytest

from funcnn import Embedding, forward
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.generation import step
from funcnn.layers import Conv1d, LearnedPosition, Rotary, attend, attend_backward, rotate, rotate_backward
from tests.says import assert_says

q, k, v = np.ones((2, 5, 4)), np.ones((2, 3, 4)), np.ones((2, 3, 6))
out, weights = attend(q, k, v)
x = np.ones((2, 5, 4))
conv = Conv1d(np.ones((3, 4, 1)), None, padding=(2, 0))
_, past = step(conv, x)
MEMORY = "step: the memory of Conv1d must be an array of float64, (2, 2, 4), as x is, not"
FORM = "q must be (..., t, d), k (..., s, d) and v (..., s, e), d at least 1"

ROWS = {
    # The dot product.
    "a list of queries": (
        lambda: attend([[1.0]], k, v),
        KindError,
        "attend: q must be an array, not list; write np.asarray(q)",
    ),
    "values of whole numbers": (
        lambda: attend(q, k, v.astype(int)),
        KindError,
        "attend: v must be an array of floats, not int64 array; write v.astype(float)",
    ),
    "keys of another dtype": (
        lambda: attend(q, k.astype(np.float32), v),
        KindError,
        "attend: q, k and v must be of one dtype; q: float64, k: float32, v: float64",
    ),
    "one query without its axis": (
        lambda: attend(q[0, 0], k[0], v[0]),
        ShapeError,
        f"attend: {FORM}; q: (4,), k: (3, 4), v: (3, 6)",
    ),
    "keys of another width": (
        lambda: attend(q, k[..., :3], v),
        ShapeError,
        f"attend: {FORM}; q: (2, 5, 4), k: (2, 3, 3), v: (2, 3, 6)",
    ),
    "keys for all rows": (
        lambda: attend(q, k[:1], v[:1]),
        ShapeError,
        f"attend: {FORM}; q: (2, 5, 4), k: (1, 3, 4), v: (1, 3, 6)",
    ),
    "keys of one row": (
        lambda: attend(q, k[0], v[0]),
        ShapeError,
        f"attend: {FORM}; q: (2, 5, 4), k: (3, 4), v: (3, 6)",
    ),
    "fewer values than keys": (
        lambda: attend(q, k, v[:, :2]),
        ShapeError,
        f"attend: {FORM}; q: (2, 5, 4), k: (2, 3, 4), v: (2, 2, 6)",
    ),
    "queries of no features": (
        lambda: attend(q[..., :0], k[..., :0], v),
        ShapeError,
        f"attend: {FORM}; q: (2, 5, 0), k: (2, 3, 0), v: (2, 3, 6)",
    ),
    "allowed by numbers": (
        lambda: attend(q, k, v, np.ones((5, 3))),
        KindError,
        "attend: allowed must be an array of bools, True where i may attend to j, not float64 array",
    ),
    "allowed by a yes": (
        lambda: attend(q, k, v, allowed=True),
        KindError,
        "attend: allowed must be an array of bools, True where i may attend to j, not bool",
    ),
    "allowed, keys before queries": (
        lambda: attend(q, k, v, np.ones((3, 5), bool)),
        ShapeError,
        "attend: allowed must be (..., t, s), or broadcast to (2, 5, 3); it is (3, 5)",
    ),
    "allowed, with an axis more": (
        lambda: attend(q, k, v, np.ones((1, 2, 5, 3), bool)),
        ShapeError,
        "attend: allowed must be (..., t, s), or broadcast to (2, 5, 3); it is (1, 2, 5, 3)",
    ),
    "back to queries of another shape": (
        lambda: attend_backward(q[..., :3], k, v, weights, out),
        ShapeError,
        f"attend_backward: {FORM}; q: (2, 5, 3), k: (2, 3, 4), v: (2, 3, 6)",
    ),
    "weights turned over": (
        lambda: attend_backward(q, k, v, weights.swapaxes(1, 2), out),
        ShapeError,
        "attend_backward: weights must be those that attend returned, float64, (2, 5, 3), not float64, (2, 3, 5)",
    ),
    "weights of another dtype": (
        lambda: attend_backward(q, k, v, weights.astype(np.float32), out),
        ShapeError,
        "attend_backward: weights must be those that attend returned, float64, (2, 5, 3), not float32, (2, 5, 3)",
    ),
    "no weights": (
        lambda: attend_backward(q, k, v, None, out),
        ShapeError,
        "attend_backward: weights must be those that attend returned, float64, (2, 5, 3), not None",
    ),
    "dA of another width": (
        lambda: attend_backward(q, k, v, weights, q),
        ShapeError,
        "dA must have the shape of out, (2, 5, 6); it has (2, 5, 4)",
    ),
    # Rotations.
    "a list to turn": (
        lambda: rotate([1, 2]),
        KindError,
        "rotate: x must be an array, not list; write np.asarray(x)",
    ),
    "whole numbers to turn": (
        lambda: rotate_backward(x.astype(int)),
        KindError,
        "rotate_backward: dA must be an array of floats, not int64 array; write dA.astype(float)",
    ),
    "one place to turn": (lambda: rotate(x[0, 0]), ShapeError, "rotate: x must be (..., t, n), not (4,)"),
    "an odd number of features to turn back": (
        lambda: rotate_backward(x[..., :3]),
        ShapeError,
        "rotate_backward: dA must have an even number of features, not 3",
    ),
    "a word for a start": (
        lambda: rotate(x, "a"),
        KindError,
        "rotate: start must be a number, the first position, not str",
    ),
    "a start for each place": (
        lambda: rotate(x, np.arange(5)),
        KindError,
        "rotate: start must be a number, the first position, not int64 array",
    ),
    "a base below 0": (
        lambda: rotate(x, base=-1),
        RangeError,
        "rotate: base must be finite and above 0; it is -1",
    ),
    "a base that is none": (lambda: rotate(x, base=None), KindError, "rotate: base must be a number, not None"),
    # Ids.
    "no ids": (
        lambda: forward(Embedding.init(3, 2, seed=0), None),
        KindError,
        "Embedding: ids must be an array, not None",
    ),
    # The memory of another network.
    "the memory of an attention for a position": (
        lambda: step(LearnedPosition(np.ones((9, 4))), x, (q, k, None)),
        ShapeError,
        "step: the memory is of another network; memory: (<f64 2x5x4>, <f64 2x3x4>, None), "
        "layer: LearnedPosition(P=<f64 9x4>)",
    ),
    "the memory of a convolution for a position": (
        lambda: step(Rotary(), x, past),
        ShapeError,
        "step: the memory is of another network; memory: <f64 2x2x4>, layer: Rotary(base=10000.0)",
    ),
    "the memory of a position for a convolution": (
        lambda: step(conv, x, 5),
        ShapeError,
        f"{MEMORY} 5",
    ),
    "the memory of a longer convolution": (
        lambda: step(conv, x, np.ones((2, 3, 4))),
        ShapeError,
        f"{MEMORY} <f64 2x3x4>",
    ),
    "the memory of a convolution of another dtype": (
        lambda: step(conv, x, past.astype(np.float32)),
        ShapeError,
        f"{MEMORY} <f32 2x2x4>",
    ),
    "the memory of fewer sequences": (
        lambda: step(conv, x, past[:1]),
        ShapeError,
        f"{MEMORY} <f64 1x2x4>",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], q, k, v, weights, out, x, conv, past)
