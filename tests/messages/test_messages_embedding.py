"""Error messages of embeddings and positions, pinned word for word."""

import numpy as np
import pytest

from funcnn import Embedding, backward, forward
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.generation import step
from funcnn.layers import LearnedPosition, Rotary, SinusoidalPosition, rotate, rotate_backward
from tests.says import assert_says

x, mask, h = np.ones((3, 5, 2)), np.ones((3, 5), bool), np.ones((3, 4))
q = np.ones((2, 5, 4))
table = Embedding.init(7, 2, seed=0)
places = LearnedPosition.init(5, 2, seed=0)
ids = np.zeros((3, 5), int)
_, ids_cache = forward(table, ids)
dA = np.ones((3, 5, 4))

ROWS = {
    **{
        f"a step from position {start}": (
            lambda start=start: step(SinusoidalPosition(), np.ones((1, 2, 4)), start),
            ShapeError,
            f"step: the memory of SinusoidalPosition must be a whole number from 0 on, not {start}",
        )
        for start in (-3, 2.5)
    },
    "an embedding of one axis": (
        lambda: Embedding(np.ones(3)),
        ShapeError,
        "Embedding: W must be (n_symbols, n), not (3,)",
    ),
    "places of one axis": (
        lambda: LearnedPosition(np.ones(3)),
        ShapeError,
        "LearnedPosition: P must be (t_most, n), not (3,)",
    ),
    "a width, as other libraries take it": (
        lambda: SinusoidalPosition(64),
        KindError,
        "SinusoidalPosition: settings are keyword-only, got 1 positional; its fields are base",
    ),
    "dA of an embedding, of another width": (
        lambda: backward(table, ids_cache, dA),
        ShapeError,
        "Embedding: dA must have the shape of out, (3, 5, 2); it has (3, 5, 4)",
    ),
    "dA of places, of another width": (
        lambda: backward(Rotary(), x, dA),
        ShapeError,
        "Rotary: dA must have the shape of out, (3, 5, 2); it has (3, 5, 4)",
    ),
    "a cache of ids for places": (
        lambda: backward(Rotary(), (None, ids), dA),
        ShapeError,
        "backward: the cache is of another network; cache: (None, <i64 3x5>), layer: Rotary(base=10000.0)",
    ),
    "x for a cache of ids": (
        lambda: backward(table, x, dA),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 3x5x2>, layer: Embedding(W=<f64 7x2>)",
    ),
    "a step beyond the last place": (
        lambda: step(places, x[:, :2], 4),
        ShapeError,
        "LearnedPosition: x must end at position 5 or before, not at 6; x: (3, 2, 2)",
    ),
    "ids of floats": (
        lambda: forward(table, ids.astype(float)),
        KindError,
        "Embedding: ids must be an array of whole numbers, not float64 array",
    ),
    "ids of bools": (
        lambda: forward(table, mask),
        KindError,
        "Embedding: ids must be an array of whole numbers, not bool array",
    ),
    "a list of ids": (
        lambda: forward(table, [0, 1]),
        KindError,
        "Embedding: ids must be an array, not list; write np.asarray(ids)",
    ),
    "a negative id": (
        lambda: forward(table, ids - 1),
        RangeError,
        "Embedding: ids must be from 0 to 6; they are from -1 to -1",
    ),
    "an id too large": (
        lambda: forward(table, np.array([[0, 7]])),
        RangeError,
        "Embedding: ids must be from 0 to 6; they are from 0 to 7",
    ),
    "an id out of range where the mask has one": (
        lambda: forward(table, (np.array([[9, -3]]), np.array([[True, False]]))),
        RangeError,
        "Embedding: ids must be from 0 to 6; they are from 0 to 9",
    ),
    "a mask of another shape than ids": (
        lambda: forward(table, (ids, mask[:2])),
        ShapeError,
        "Embedding: mask must be (m, t), (3, 5), not (2, 5)",
    ),
    "ids with a state": (
        lambda: forward(table, (ids, mask, h)),
        ShapeError,
        "Embedding: x must be an array, or (x, mask), not a tuple of 3",
    ),
    "an odd number of features to turn": (
        lambda: forward(Rotary(), np.ones((3, 5, 3))),
        ShapeError,
        "Rotary: x must have an even number of features, not 3",
    ),
    "an odd number of features of heads": (
        lambda: rotate(np.ones((3, 2, 5, 3))),
        ShapeError,
        "rotate: x must have an even number of features, not 3",
    ),
    "an odd number of features for waves": (
        lambda: forward(SinusoidalPosition(), np.ones((3, 5, 3))),
        ShapeError,
        "SinusoidalPosition: x must have an even number of features, not 3",
    ),
    "ids instead of their rows": (
        lambda: forward(SinusoidalPosition(), np.ones((3, 5, 2), int)),
        KindError,
        "SinusoidalPosition: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    "places of symbols": (
        lambda: forward(SinusoidalPosition(), ids),
        ShapeError,
        "SinusoidalPosition: x must be (m, t, features), t at least 1, not (3, 5); put an Embedding before the layer",
    ),
    "places for one sequence": (
        lambda: forward(places, x[0]),
        ShapeError,
        "LearnedPosition: x must be (m, t, features), t at least 1, not (5, 2)",
    ),
    "places of another width": (
        lambda: forward(places, np.ones((3, 5, 4))),
        ShapeError,
        "LearnedPosition: x must be (m, t, 2), not (3, 5, 4)",
    ),
    "places of another dtype": (
        lambda: forward(places, x.astype(np.float32)),
        KindError,
        "LearnedPosition: x is float32, P is float64; write x.astype('float64')",
    ),
    "a sequence longer than there are places": (
        lambda: forward(places, np.ones((3, 6, 2))),
        ShapeError,
        "LearnedPosition: x must end at position 5 or before, not at 6; x: (3, 6, 2)",
    ),
    "places with a state": (
        lambda: forward(Rotary(), (x, mask, h)),
        ShapeError,
        "Rotary: x must be an array, or (x, mask), not a tuple of 3",
    ),
    "a list to turn": (
        lambda: rotate([1, 2]),
        KindError,
        "rotate: x must be an array, not list; write np.asarray(x, float)",
    ),
    "whole numbers to turn": (
        lambda: rotate_backward(x.astype(int)),
        KindError,
        "rotate_backward: dA must be an array of floats, not int64 array; write dA.astype(float)",
    ),
    "one place to turn": (lambda: rotate(q[0, 0]), ShapeError, "rotate: x must be (..., t, n), not (4,)"),
    "an odd number of features to turn back": (
        lambda: rotate_backward(q[..., :3]),
        ShapeError,
        "rotate_backward: dA must have an even number of features, not 3",
    ),
    "a word for a start": (
        lambda: rotate(q, "a"),
        KindError,
        "rotate: start must be a number, the first position, not str",
    ),
    "a start at nan": (
        lambda: rotate(q, np.nan),
        RangeError,
        "rotate: start must be finite, not nan",
    ),
    "a start for each place": (
        lambda: rotate(q, np.arange(5)),
        KindError,
        "rotate: start must be a number, the first position, not int64 array",
    ),
    "no ids": (
        lambda: forward(Embedding.init(3, 2, seed=0), None),
        KindError,
        "Embedding: ids must be an array, not None",
    ),
    "the memory of an attention for a position": (
        lambda: step(LearnedPosition(np.ones((9, 4))), q, (q, q[:, :3], None)),
        ShapeError,
        "step: the memory of LearnedPosition must be a whole number from 0 on, not (<f64 2x5x4>, <f64 2x3x4>, None)",
    ),
    "the memory of a convolution for a position": (
        lambda: step(Rotary(), q, q[:, :2]),
        ShapeError,
        "step: the memory of Rotary must be a whole number from 0 on, not <f64 2x2x4>",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], x, mask, h, q, table, places, ids, dA)
