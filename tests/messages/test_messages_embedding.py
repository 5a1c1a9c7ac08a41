"""Error messages of embeddings and positions, pinned word for word."""

import numpy as np

from funcnn import Embedding, backward, forward
from funcnn.generation import step
from funcnn.layers import LearnedPosition, Rotary, SinusoidalPosition, rotate, rotate_backward
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

x, mask, h = np.ones((3, 5, 2)), np.ones((3, 5), bool), np.ones((3, 4))
q = np.ones((2, 5, 4))
table = Embedding.init(7, 2, seed=0)
places = LearnedPosition.init(5, 2, seed=0)
ids = np.zeros((3, 5), int)
_, ids_cache = forward(table, ids)
dA = np.ones((3, 5, 4))

ROWS = [
    *[
        shape_error(lambda start=start: step(SinusoidalPosition(), np.ones((1, 2, 4)), start))
        >> "step: memory must be what the last step returned, or None in the first; SinusoidalPosition needs a whole "
        f"number from 0 on, not {start}"
        for start in (-3, 2.5)
    ],
    shape_error(lambda: Embedding(np.ones(3))) >> "Embedding: W must be (n_symbols, n); W: (3,)",
    shape_error(lambda: LearnedPosition(np.ones(3))) >> "LearnedPosition: P must be (t_most, n); P: (3,)",
    kind_error(lambda: SinusoidalPosition(64))
    >> "SinusoidalPosition: settings must be given by name, not by position; its fields are base",
    shape_error(lambda: backward(table, ids_cache, dA))
    >> "Embedding: dA must have the shape of out, (3, 5, 2), not (3, 5, 4)",
    shape_error(lambda: backward(Rotary(), x, dA)) >> "Rotary: dA must have the shape of out, (3, 5, 2), not (3, 5, 4)",
    shape_error(lambda: backward(Rotary(), (None, ids), dA))
    >> "backward: cache must be what forward returned for this layer; cache: (None, <i64 3x5>), layer: "
    "Rotary(base=10000.0)",
    shape_error(lambda: backward(table, x, dA))
    >> "backward: cache must be what forward returned for this layer; cache: <f64 3x5x2>, layer: Embedding(W=<f64 "
    "7x2>)",
    shape_error(lambda: step(places, x[:, :2], 4))
    >> "LearnedPosition: x must end at position 5 or before, the last of P, not at 6; x: (3, 2, 2)",
    kind_error(lambda: forward(table, ids.astype(float)))
    >> "Embedding: ids must be an array of whole numbers, not float64 array",
    kind_error(lambda: forward(table, mask)) >> "Embedding: ids must be an array of whole numbers, not bool array",
    kind_error(lambda: forward(table, [0, 1])) >> "Embedding: ids must be an array, not list; write np.asarray(ids)",
    range_error(lambda: forward(table, ids - 1)) >> "Embedding: ids must be from 0 to 6; they are from -1 to -1",
    range_error(lambda: forward(table, np.array([[0, 7]])))
    >> "Embedding: ids must be from 0 to 6; they are from 0 to 7",
    range_error(lambda: forward(table, (np.array([[9, -3]]), np.array([[True, False]]))))
    >> "Embedding: ids must be from 0 to 6; they are from 0 to 9",
    shape_error(lambda: forward(table, (ids, mask[:2]))) >> "Embedding: mask must be like ids = (3, 5), not (2, 5)",
    shape_error(lambda: forward(table, (ids, mask, h)))
    >> "Embedding: x must be an array, or (x, mask), not a tuple of 3",
    shape_error(lambda: forward(Rotary(), np.ones((3, 5, 3))))
    >> "Rotary: x must have an even number of features, not 3",
    shape_error(lambda: rotate(np.ones((3, 2, 5, 3)))) >> "rotate: x must have an even number of features, not 3",
    shape_error(lambda: forward(SinusoidalPosition(), np.ones((3, 5, 3))))
    >> "SinusoidalPosition: x must have an even number of features, not 3",
    kind_error(lambda: forward(SinusoidalPosition(), np.ones((3, 5, 2), int)))
    >> "SinusoidalPosition: x must be an array of floats, not int64 array; write x.astype(float)",
    shape_error(lambda: forward(SinusoidalPosition(), ids))
    >> "SinusoidalPosition: x must be (m, t, features), t at least 1, not (3, 5); put an Embedding before the layer",
    shape_error(lambda: forward(places, x[0]))
    >> "LearnedPosition: x must be (m, t, features), t at least 1, not (5, 2)",
    shape_error(lambda: forward(places, np.ones((3, 5, 4)))) >> "LearnedPosition: x must be (m, t, 2), not (3, 5, 4)",
    kind_error(lambda: forward(places, x.astype(np.float32)))
    >> "LearnedPosition: x must be float64, as P is, not float32; write x.astype('float64')",
    shape_error(lambda: forward(places, np.ones((3, 6, 2))))
    >> "LearnedPosition: x must end at position 5 or before, the last of P, not at 6; x: (3, 6, 2)",
    shape_error(lambda: forward(Rotary(), (x, mask, h)))
    >> "Rotary: x must be an array, or (x, mask), not a tuple of 3",
    kind_error(lambda: rotate([1, 2])) >> "rotate: x must be an array, not list; write np.asarray(x, float)",
    kind_error(lambda: rotate_backward(x.astype(int)))
    >> "rotate_backward: dA must be an array of floats, not int64 array; write dA.astype(float)",
    shape_error(lambda: rotate(q[0, 0])) >> "rotate: x must be (..., t, n), not (4,)",
    shape_error(lambda: rotate_backward(q[..., :3]))
    >> "rotate_backward: dA must have an even number of features, not 3",
    kind_error(lambda: rotate(q, "a")) >> "rotate: start must be a number, the first position, not str",
    range_error(lambda: rotate(q, np.nan)) >> "rotate: start must be finite, not nan",
    kind_error(lambda: rotate(q, np.arange(5)))
    >> "rotate: start must be a number, the first position, not int64 array",
    kind_error(lambda: forward(Embedding.init(3, 2, seed=0), None)) >> "Embedding: ids must be an array, not None",
    shape_error(lambda: step(LearnedPosition(np.ones((9, 4))), q, (q, q[:, :3], None)))
    >> "step: memory must be what the last step returned, or None in the first; LearnedPosition needs a whole number "
    "from 0 on, not (<f64 2x5x4>, <f64 2x3x4>, None)",
    shape_error(lambda: step(Rotary(), q, q[:, :2]))
    >> "step: memory must be what the last step returned, or None in the first; Rotary needs a whole number from 0 "
    "on, not <f64 2x2x4>",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, x, mask, h, q, table, places, ids, dA)
