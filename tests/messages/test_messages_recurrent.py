"""Error messages of recurrent layers, embeddings and positions, pinned word for word."""

import numpy as np

from funcnn import GRU, LSTM, Dense, Embedding, backward, forward, layers, predict
from funcnn.generation import step
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

x, mask, h = np.ones((3, 5, 2)), np.ones((3, 5), bool), np.ones((3, 4))
q = np.ones((2, 5, 4))
rnn, gru, lstm = (kind.init(2, 4, seed=0) for kind in (layers.RNN, GRU, LSTM))
both = layers.Bidirectional(gru, lstm)
table = Embedding.init(7, 2, seed=0)
places = layers.LearnedPosition.init(5, 2, seed=0)
ids = np.zeros((3, 5), int)
single = np.float32
_, pair_cache = forward(rnn, (x, mask))
_, gru_cache = forward(gru, (x, mask, h))
_, lstm_cache = forward(lstm, (x, mask, None))
_, both_cache = forward(both, (x, mask, None))
_, last_cache = forward(layers.Last(), (x, mask))
dA = np.ones((3, 5, 4))


def halved(x):
    return x.astype(single)


def halved_vjp(x, dA):
    return dA.astype(x.dtype)


ROWS = [
    # Construction.
    shape_error(lambda: GRU(np.ones((2, 3)), np.ones((1, 3)), np.ones(1), np.ones(1)))
    >> "GRU: W must be (n, 3 k), U (k, 3 k), b (3 k,) and c (k,); W: (2, 3), U: (1, 3), b: (1,), c: (1,)",
    shape_error(lambda: layers.RNN(np.ones((0, 1)), np.ones((1, 1)), np.ones(1)))
    >> "RNN: W must be (n, k), U (k, k) and b (k,), with no axis of length 0; W: (0, 1), U: (1, 1), b: (1,)",
    # x.
    shape_error(lambda: forward(GRU.init(1, 3, seed=0), x[..., 0]))
    >> "GRU: x must be (m, t, features), t at least 1, not (3, 5); write x[..., None] for one feature",
    shape_error(lambda: forward(rnn, (x,)))
    >> "RNN: x must be an array, or (x, mask) or (x, mask, state), not a tuple of 1",
    shape_error(lambda: forward(lstm, (x, mask, h, h)))
    >> "LSTM: x must be an array, or (x, mask) or (x, mask, state) with state=(h, c), not a tuple of 4",
    shape_error(lambda: forward(both, (x, mask, h, h))) >> "Bidirectional: x must be an array, or (x, mask) or (x, "
    "mask, state) with state=(ahead, behind), not a tuple of 4",
    kind_error(lambda: forward(rnn, (x, np.array([5, 3, 1]))))
    >> "RNN: mask must be an array of bools, True at the positions of x that are not padding, not int64 array; for "
    "lengths write np.arange(x.shape[1]) < np.asarray(mask)[:, None]",
    kind_error(lambda: forward(gru, (x, h))) >> "GRU: mask must be an array of bools, True at the positions of x that "
    "are not padding, not float64 array; for a state write (x, None, state)",
    kind_error(lambda: forward(lstm, (x, (h, h)))) >> "LSTM: mask must be an array of bools, True at the positions of "
    "x that are not padding, not tuple; for a state write (x, None, (h, c))",
    kind_error(lambda: forward((rnn, Dense.init(4, 1, seed=0)), (x, mask)))
    >> "Dense: x must be an array, not tuple; for (x, mask) write First(layer)"
    >> ["in layer 1, Dense..."],
    # States.
    shape_error(lambda: forward(rnn, (x, mask, h[:, :3])))
    >> "RNN: state must be a float64 array of shape (3, 4), not <f64 3x3>",
    shape_error(lambda: forward(gru, (x, None, h.astype(single))))
    >> "GRU: state must be a float64 array of shape (3, 4), not <f32 3x4>",
    shape_error(lambda: forward(lstm, (x, None, h)))
    >> "LSTM: state must be (h, c), a tuple of 2 float64 arrays of shape (3, 4), not <f64 3x4>",
    shape_error(lambda: forward(gru, (x, None, (h, h))))
    >> "GRU: state must be a float64 array of shape (3, 4), not (<f64 3x4>, <f64 3x4>)",
    shape_error(lambda: forward(layers.Bidirectional((gru, layers.Last()), (gru, layers.Last())), x))
    >> "Bidirectional: ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype; ahead: "
    "<f64 3x4>, behind: <f64 3x4>; put Last behind Bidirectional",
    shape_error(
        lambda: forward(
            layers.Bidirectional(layers.Conv1d.init(2, 1, 2, seed=0), layers.Conv1d.init(2, 1, 3, seed=0)), x
        )
    )
    >> "Bidirectional: ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype; ahead: "
    "<f64 3x4x1>, behind: <f64 3x3x1>",
    shape_error(lambda: predict(layers.Bidirectional(layers.Copy(2), layers.Copy(2)), (x, mask)))
    >> "Bidirectional: ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype; ahead: "
    "((<f64 3x5x2>, <b8 3x5>), (<f64 3x5x2>, <b8 3x5>)), behind: ((<f64 3x5x2>, <b8 3x5>), (<f64 3x5x2>, <b8 3x5>))",
    shape_error(lambda: forward(layers.Bidirectional(gru, (gru, layers.Take(0))), (x, mask)))
    >> "Bidirectional: ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype; ahead: "
    "(<f64 3x5x4>, <b8 3x5>), behind: <f64 3x5x4>",
    shape_error(lambda: forward(layers.Bidirectional((), layers.Function(halved, halved_vjp)), x))
    >> "Bidirectional: ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype; ahead: "
    "<f64 3x5x2>, behind: <f32 3x5x2>",
    shape_error(lambda: forward(both, (x, None, h)))
    >> "Bidirectional: state must be a pair, (ahead, behind), not <f64 3x4>",
    shape_error(lambda: step((rnn,), x[:, :1], (None, h)))
    >> "step: memory must be a tuple of 1, one for each layer, as the last step returned it, not a tuple of 2",
    # dA.
    shape_error(lambda: backward(rnn, pair_cache, dA))
    >> "RNN: dA must be the tuple (dA, None), as out is (out, mask), not <f64 3x5x4>",
    shape_error(lambda: backward(gru, gru_cache, (dA, None)))
    >> "GRU: dA must be the tuple (dA, None, dstate), as out is (out, mask, state), not (<f64 3x5x4>, None)",
    shape_error(lambda: backward(lstm, lstm_cache, (dA, None, h)))
    >> "LSTM: dstate must be like the last state, (<f64 3x4>, <f64 3x4>), not <f64 3x4>",
    shape_error(lambda: backward(gru, gru_cache, (dA, None, h[:2])))
    >> "GRU: dstate must have the shape of state, (3, 4), not (2, 4)",
    shape_error(lambda: backward(both, both_cache, (None, None, h)))
    >> "Bidirectional: dstate must be a pair, (ahead, behind), not <f64 3x4>",
    # Caches.
    shape_error(lambda: backward(rnn, x, dA)) >> "backward: cache must be what forward returned for this layer; "
    "cache: <f64 3x5x2>, layer: RNN(W=<f64 2x4>, U=<f64 4x4>, b=<f64 [0. 0. 0. 0.]>)",
    shape_error(lambda: backward(gru, forward(LSTM.init(1, 4, seed=0), 0 * x[:1, :1, :1])[1], dA))
    >> "backward: cache must be what forward returned for this layer; cache: (<f64 [[0. 0. 0. 0.]]>, <f64 [[0. 0. 0. "
    "0.]]>), layer: "
    "GRU(W=<f64 2x12>, U=<f64 4x12>, b=<f64 12>, c=<f64 [0. 0. 0. 0.]>)",
    # step.
    shape_error(lambda: step(rnn, (x, mask, h))) >> "step: RNN: x must be an array, or (x, mask), not a tuple of 3",
    shape_error(lambda: step(rnn, x, h[:2]))
    >> "step: memory must be of 3 sequences, as x is, not of 2; for other sequences begin with step(params, x)",
    shape_error(lambda: step(lstm, x, (h, h.astype(single)))) >> "step: memory must be what the last step returned, "
    "or None in the first; LSTM needs (h, c), a tuple of 2 float64 arrays of shape (3, 4), not (<f64 3x4>, <f32 3x4>)",
    shape_error(lambda: step(gru, x, (dA, h))) >> "step: memory must be what the last step returned, or None in the "
    "first; GRU needs a float64 array of shape (3, 4), not (<f64 3x5x4>, <f64 3x4>)",
    kind_error(lambda: step(both, x))
    >> "step: Bidirectional mixes positions, so it cannot take one part of a sequence alone",
    # The last step.
    shape_error(lambda: backward(layers.Last(), x, x[:, 0]))
    >> "backward: cache must be what forward returned for this layer; cache: <f64 3x5x2>, layer: Last()",
    shape_error(lambda: backward(layers.Last(), (*last_cache, None), x[:, 0])) >> "backward: cache must be what "
    "forward returned for this layer; cache: (<f64 0x3x5x2>, <b8 3x5>, None), layer: Last()",
    shape_error(lambda: step(layers.Last(), x, h)) >> "step: memory must be what the last step returned, or None in "
    "the first; Last needs a float64 array of shape (3, 2), not <f64 3x4>",
    # Embeddings and positions.
    *[
        shape_error(lambda start=start: step(layers.SinusoidalPosition(), np.ones((1, 2, 4)), start))
        >> "step: memory must be what the last step returned, or None in the first; SinusoidalPosition needs a whole "
        f"number from 0 on, not {start}"
        for start in (-3, 2.5)
    ],
    shape_error(lambda: step(places, x[:, :2], 4))
    >> "LearnedPosition: x must end at position 5 or before, the last of P, not at 6; x: (3, 2, 2)",
    range_error(lambda: forward(table, ids - 1)) >> "Embedding: ids must be from 0 to 6; they are from -1 to -1",
    shape_error(lambda: forward(table, (ids, mask[:2]))) >> "Embedding: mask must be like ids = (3, 5), not (2, 5)",
    shape_error(lambda: forward(layers.Rotary(), np.ones((3, 5, 3))))
    >> "Rotary: x must have an even number of features, not 3",
    shape_error(lambda: layers.rotate(np.ones((3, 2, 5, 3))))
    >> "rotate: x must have an even number of features, not 3",
    shape_error(lambda: forward(places, np.ones((3, 6, 2))))
    >> "LearnedPosition: x must end at position 5 or before, the last of P, not at 6; x: (3, 6, 2)",
    kind_error(lambda: layers.rotate([1, 2])) >> "rotate: x must be an array, not list; write np.asarray(x, float)",
    shape_error(lambda: layers.rotate(q[0, 0])) >> "rotate: x must be (..., t, n), not (4,)",
    shape_error(lambda: layers.rotate_backward(q[..., :3]))
    >> "rotate_backward: dA must have an even number of features, not 3",
    range_error(lambda: layers.rotate(q, np.nan)) >> "rotate: start must be finite, not nan",
    shape_error(lambda: step(layers.LearnedPosition(np.ones((9, 4))), q, (q, q[:, :3], None)))
    >> "step: memory must be what the last step returned, or None in the first; LearnedPosition needs a whole number "
    "from 0 on, not (<f64 2x5x4>, <f64 2x3x4>, None)",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, x, mask, h, rnn, gru, lstm, both, q, table, places, ids, dA)
