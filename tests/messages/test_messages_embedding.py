"""Error messages of embeddings and positions, pinned word for word."""

import numpy as np

from funcnn import Embedding, forward
from funcnn.generation import step
from funcnn.layers import LearnedPosition, Rotary, SinusoidalPosition, rotate, rotate_backward
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

x, mask, h = np.ones((3, 5, 2)), np.ones((3, 5), bool), np.ones((3, 4))
q = np.ones((2, 5, 4))
table = Embedding.init(7, 2, seed=0)
places = LearnedPosition.init(5, 2, seed=0)
ids = np.zeros((3, 5), int)
dA = np.ones((3, 5, 4))

ROWS = [
    *[
        shape_error(lambda start=start: step(SinusoidalPosition(), np.ones((1, 2, 4)), start))
        >> "step: memory must be what the last step returned, or None in the first; SinusoidalPosition needs a whole "
        f"number from 0 on, not {start}"
        for start in (-3, 2.5)
    ],
    shape_error(lambda: step(places, x[:, :2], 4))
    >> "LearnedPosition: x must end at position 5 or before, the last of P, not at 6; x: (3, 2, 2)",
    range_error(lambda: forward(table, ids - 1)) >> "Embedding: ids must be from 0 to 6; they are from -1 to -1",
    shape_error(lambda: forward(table, (ids, mask[:2]))) >> "Embedding: mask must be like ids = (3, 5), not (2, 5)",
    shape_error(lambda: forward(Rotary(), np.ones((3, 5, 3))))
    >> "Rotary: x must have an even number of features, not 3",
    shape_error(lambda: rotate(np.ones((3, 2, 5, 3)))) >> "rotate: x must have an even number of features, not 3",
    shape_error(lambda: forward(places, np.ones((3, 6, 2))))
    >> "LearnedPosition: x must end at position 5 or before, the last of P, not at 6; x: (3, 6, 2)",
    kind_error(lambda: rotate([1, 2])) >> "rotate: x must be an array, not list; write np.asarray(x, float)",
    shape_error(lambda: rotate(q[0, 0])) >> "rotate: x must be (..., t, n), not (4,)",
    shape_error(lambda: rotate_backward(q[..., :3]))
    >> "rotate_backward: dA must have an even number of features, not 3",
    range_error(lambda: rotate(q, np.nan)) >> "rotate: start must be finite, not nan",
    shape_error(lambda: step(LearnedPosition(np.ones((9, 4))), q, (q, q[:, :3], None)))
    >> "step: memory must be what the last step returned, or None in the first; LearnedPosition needs a whole number "
    "from 0 on, not (<f64 2x5x4>, <f64 2x3x4>, None)",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, x, mask, h, q, table, places, ids, dA)
