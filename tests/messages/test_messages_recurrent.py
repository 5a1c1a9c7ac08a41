"""Error messages of recurrent layers, pinned word for word."""

import numpy as np
import pytest

from funcnn import GRU, LSTM, Dense, Embedding, backward, forward, predict
from funcnn.errors import KindError, ShapeError
from funcnn.generation import fixed_memory, step
from funcnn.layers import (
    RNN,
    Bidirectional,
    Conv1d,
    Copy,
    Function,
    Last,
    LearnedPosition,
    Take,
)
from tests.says import assert_says

x, mask, h = np.ones((3, 5, 2)), np.ones((3, 5), bool), np.ones((3, 4))
rnn, gru, lstm = (kind.init(2, 4, seed=0) for kind in (RNN, GRU, LSTM))
both = Bidirectional(gru, lstm)
table = Embedding.init(7, 2, seed=0)
places = LearnedPosition.init(5, 2, seed=0)
ids = np.zeros((3, 5), int)
single = np.float32
_, rnn_cache = forward(rnn, x)
_, pair_cache = forward(rnn, (x, mask))
_, gru_cache = forward(gru, (x, mask, h))
_, lstm_cache = forward(lstm, (x, mask, None))
_, both_cache = forward(both, (x, mask, None))
_, ids_cache = forward(table, ids)
_, last_cache = forward(Last(), (x, mask))
dA = np.ones((3, 5, 4))


def halved(x):
    return x.astype(single)


def halved_vjp(x, dA):
    return dA.astype(x.dtype)


ROWS = {
    "a GRU without sizes": (
        GRU.init,
        TypeError,
        "GRU.init() missing 2 required positional arguments: 'n_in' and 'n_hidden'",
    ),
    # Construction.
    "an RNN whose U is not square": (
        lambda: RNN(np.ones((2, 4)), np.ones((4, 3)), np.ones(4)),
        ShapeError,
        "RNN: W must be (n, k), U (k, k) and b (k,); W: (2, 4), U: (4, 3), b: (4,)",
    ),
    "an LSTM of one gate": (
        lambda: LSTM(np.ones((2, 4)), np.ones((4, 4)), np.ones(4)),
        ShapeError,
        "LSTM: W must be (n, 4 k), U (k, 4 k) and b (4 k,); W: (2, 4), U: (4, 4), b: (4,)",
    ),
    "a bias of another length": (
        lambda: GRU(np.ones((2, 3)), np.ones((1, 3)), np.ones(1), np.ones(1)),
        ShapeError,
        "GRU: W must be (n, 3 k), U (k, 3 k) and b (3 k,); W: (2, 3), U: (1, 3), b: (1,)",
    ),
    "weights that are numbers": (
        lambda: RNN(np.float64(1), np.float64(1), np.float64(1)),
        ShapeError,
        "RNN: W must be (n, k), U (k, k) and b (k,); W: (), U: (), b: ()",
    ),
    "a W without rows": (
        lambda: RNN(np.ones((0, 1)), np.ones((1, 1)), np.ones(1)),
        ShapeError,
        "RNN: W must be (n, k), U (k, k) and b (k,); W: (0, 1), U: (1, 1), b: (1,)",
    ),
    "a second bias for all gates": (
        lambda: GRU(gru.W, gru.U, gru.b, np.zeros(12)),
        ShapeError,
        "GRU: c must be (k,), (4,), not (12,)",
    ),
    "a U of another dtype": (
        lambda: RNN(rnn.W, rnn.U.astype(single), rnn.b),
        KindError,
        "RNN: U is float32, W is float64; write U.astype('float64')",
    ),
    "a second bias of another dtype": (
        lambda: GRU(gru.W, gru.U, gru.b, gru.c.astype(single)),
        KindError,
        "GRU: c is float32, W is float64; write c.astype('float64')",
    ),
    "a number to read forwards": (
        lambda: Bidirectional(3, gru),
        KindError,
        "Bidirectional: ahead must be a layer, such as Relu(), or a tuple of layers, not int",
    ),
    # x.
    "a list": (
        lambda: forward(rnn, x.tolist()),
        KindError,
        "RNN: x must be an array, not list; write np.asarray(x)",
    ),
    "one sequence": (
        lambda: forward(lstm, x[0]),
        ShapeError,
        "LSTM: x must be (m, t, features), t at least 1, not (5, 2)",
    ),
    "sequences of numbers": (
        lambda: forward(GRU.init(1, 3, seed=0), x[..., 0]),
        ShapeError,
        "GRU: x must be (m, t, features), t at least 1, not (3, 5); write x[..., None] for one feature",
    ),
    "a sequence of no steps": (
        lambda: forward(gru, x[:, :0]),
        ShapeError,
        "GRU: x must be (m, t, features), t at least 1, not (3, 0, 2)",
    ),
    "other features": (
        lambda: forward(rnn, np.ones((3, 5, 3))),
        ShapeError,
        "RNN: x must be (m, t, 2), not (3, 5, 3)",
    ),
    "x of another dtype": (
        lambda: forward(rnn, x.astype(single)),
        KindError,
        "RNN: x is float32, W is float64; write x.astype('float64')",
    ),
    "a tuple of one": (
        lambda: forward(rnn, (x,)),
        ShapeError,
        "RNN: x must be an array, or (x, mask) or (x, mask, state), not a tuple of 1",
    ),
    "a tuple of four": (
        lambda: forward(lstm, (x, mask, h, h)),
        ShapeError,
        "LSTM: x must be an array, or (x, mask) or (x, mask, state), not a tuple of 4",
    ),
    "a tuple of four, both ways": (
        lambda: forward(both, (x, mask, h, h)),
        ShapeError,
        "Bidirectional: x must be an array, or (x, mask) or (x, mask, state), not a tuple of 4",
    ),
    "a list of masks": (
        lambda: forward(rnn, (x, mask.tolist())),
        KindError,
        "RNN: mask must be an array of bools, True at the positions of x that are not padding, not list",
    ),
    "a mask of numbers": (
        lambda: forward(rnn, (x, mask.astype(float))),
        KindError,
        "RNN: mask must be an array of bools, True at the positions of x that are not padding, not float64 array",
    ),
    "a mask of lengths": (
        lambda: forward(rnn, (x, np.array([5, 3, 1]))),
        KindError,
        "RNN: mask must be an array of bools, True at the positions of x that are not padding, not int64 array",
    ),
    "a mask for every feature": (
        lambda: forward(gru, (x, np.ones(x.shape, bool))),
        ShapeError,
        "GRU: mask must be (m, t), (3, 5), not (3, 5, 2)",
    ),
    "a mask, both ways, of another length": (
        lambda: forward(both, (x, mask[:, 1:])),
        ShapeError,
        "Bidirectional: mask must be (m, t), (3, 5), not (3, 4)",
    ),
    "a mask forgotten by what comes next": (
        lambda: forward((rnn, Dense.init(4, 1, seed=0)), (x, mask)),
        KindError,
        "Dense: x must be an array, not tuple; for (x, mask) write First(layer)",
        [
            "in layer 1, Dense(W=<f64 [[ 0.3001] [-0.5044] [-1.0057] [-1.0592]]>, b=<f64 [0.]>), "
            "x: (<f64 3x5x4>, <b8 3x5>)"
        ],
    ),
    # States.
    "a state of another width": (
        lambda: forward(rnn, (x, mask, h[:, :3])),
        ShapeError,
        "RNN: state must be an array of float64, (3, 4), not <f64 3x3>",
    ),
    "a state for fewer rows": (
        lambda: forward(gru, (x, None, h[:2])),
        ShapeError,
        "GRU: state must be an array of float64, (3, 4), not <f64 2x4>",
    ),
    "a state of another dtype": (
        lambda: forward(gru, (x, None, h.astype(single))),
        ShapeError,
        "GRU: state must be an array of float64, (3, 4), not <f32 3x4>",
    ),
    "the state of an LSTM without its cell": (
        lambda: forward(lstm, (x, None, h)),
        ShapeError,
        "LSTM: state must be a tuple of 2 arrays of float64, (3, 4), not <f64 3x4>",
    ),
    "the state of an LSTM for a GRU": (
        lambda: forward(gru, (x, None, (h, h))),
        ShapeError,
        "GRU: state must be an array of float64, (3, 4), not (<f64 3x4>, <f64 3x4>)",
    ),
    "a state in a tuple of one": (
        lambda: forward(rnn, (x, None, (h,))),
        ShapeError,
        "RNN: state must be an array of float64, (3, 4), not (<f64 3x4>,)",
    ),
    "a last step of either way": (
        lambda: forward(Bidirectional((gru, Last()), (gru, Last())), x),
        ShapeError,
        "Bidirectional: ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype; "
        "ahead: <f64 3x4>, behind: <f64 3x4>; put Last behind Bidirectional",
    ),
    "two lengths of the two ways": (
        lambda: forward(Bidirectional(Conv1d.init(2, 1, 2, seed=0), Conv1d.init(2, 1, 3, seed=0)), x),
        ShapeError,
        "Bidirectional: ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype; "
        "ahead: <f64 3x4x1>, behind: <f64 3x3x1>",
    ),
    "copies both ways, which are no pairs": (
        lambda: forward(Bidirectional(Copy(2), Copy(2)), x),
        ShapeError,
        "Bidirectional: ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype; "
        "ahead: (<f64 3x5x2>, <f64 3x5x2>), behind: (<f64 3x5x2>, <f64 3x5x2>)",
    ),
    "copies of pairs both ways": (
        lambda: predict(Bidirectional(Copy(2), Copy(2)), (x, mask)),
        ShapeError,
        "Bidirectional: ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype; ahead: "
        "((<f64 3x5x2>, <b8 3x5>), (<f64 3x5x2>, <b8 3x5>)), behind: ((<f64 3x5x2>, <b8 3x5>), (<f64 3x5x2>, "
        "<b8 3x5>))",
    ),
    "a mask lost on one way": (
        lambda: forward(Bidirectional(gru, (gru, Take(0))), (x, mask)),
        ShapeError,
        "Bidirectional: ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype; "
        "ahead: (<f64 3x5x4>, <b8 3x5>), behind: <f64 3x5x4>",
    ),
    "two dtypes of the two ways": (
        lambda: forward(Bidirectional((), Function(halved, halved_vjp)), x),
        ShapeError,
        "Bidirectional: ahead and behind must both return (m, t, k) in the form of x, of equal m, t and dtype; "
        "ahead: <f64 3x5x2>, behind: <f32 3x5x2>",
    ),
    "one state for both ways": (
        lambda: forward(both, (x, None, h)),
        ShapeError,
        "Bidirectional: state must be a pair, for ahead and for behind, not <f64 3x4>",
    ),
    "a wrong state for one of both ways": (
        lambda: forward(both, (x, None, (h, h))),
        ShapeError,
        "LSTM: state must be a tuple of 2 arrays of float64, (3, 4), not <f64 3x4>",
        ["in behind of Bidirectional, LSTM(W=<f64 2x16>, U=<f64 4x16>, b=<f64 16>), x: (<f64 3x5x2>, None, <f64 3x4>)"],
    ),
    "the memory of a longer network": (
        lambda: step((rnn,), x[:, :1], (None, h)),
        ShapeError,
        "step: the memory must be a tuple of 1, one for each layer, not one of 2",
    ),
    "the memory of one layer for that of a chain": (
        lambda: step((rnn,), x[:, :1], h),
        KindError,
        "step: the memory must be a tuple of 1, one for each layer, not <f64 3x4>",
    ),
    # dA.
    "dA of another shape": (
        lambda: backward(rnn, rnn_cache, dA[:, 1:]),
        ShapeError,
        "RNN: dA must have the shape of out, (3, 5, 4); it has (3, 4, 4)",
    ),
    "no dA": (
        lambda: backward(rnn, rnn_cache, None),
        KindError,
        "RNN: dA must be an array of the shape of out, (3, 5, 4), not None",
    ),
    "dA of another dtype": (
        lambda: backward(rnn, rnn_cache, dA.astype(single)),
        KindError,
        "RNN: dA is float32, out is float64; write dA.astype('float64')",
    ),
    "dA without its mask": (
        lambda: backward(rnn, pair_cache, dA),
        ShapeError,
        "RNN: dA must be (dA, None), as out has that form, not <f64 3x5x4>",
    ),
    "dA without its state": (
        lambda: backward(gru, gru_cache, (dA, None)),
        ShapeError,
        "GRU: dA must be (dA, None, dstate), as out has that form, not (<f64 3x5x4>, None)",
    ),
    "dA with a mask nobody had": (
        lambda: backward(rnn, rnn_cache, (dA, None)),
        KindError,
        "RNN: dA must be an array of the shape of out, (3, 5, 4), not tuple",
    ),
    "dA of an LSTM's last state without the cell": (
        lambda: backward(lstm, lstm_cache, (dA, None, h)),
        ShapeError,
        "LSTM: dA of the last state must be like that state, (<f64 3x4>, <f64 3x4>), not <f64 3x4>",
    ),
    "dA of the last state of another shape": (
        lambda: backward(gru, gru_cache, (dA, None, h[:2])),
        ShapeError,
        "GRU: dA must have the shape of out, (3, 4); it has (2, 4)",
    ),
    "dA of one width, both ways": (
        lambda: backward(both, both_cache, (dA, None, None)),
        ShapeError,
        "Bidirectional: dA must have the shape of out, (3, 5, 8); it has (3, 5, 4)",
    ),
    "dA of one last state, both ways": (
        lambda: backward(both, both_cache, (None, None, h)),
        ShapeError,
        "Bidirectional: dA of the state must be a pair, for ahead and for behind, not <f64 3x4>",
    ),
    # Caches.
    "x for a cache": (
        lambda: backward(rnn, x, dA),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 3x5x2>, "
        "layer: RNN(W=<f64 2x4>, U=<f64 4x4>, b=<f64 [0. 0. 0. 0.]>)",
    ),
    "the cache of an LSTM for a GRU": (
        lambda: backward(gru, forward(LSTM.init(1, 4, seed=0), 0 * x[:1, :1, :1])[1], dA),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 [[0. 0. 0. 0.]]>, "
        "<f64 [[0. 0. 0. 0.]]>), layer: GRU(W=<f64 2x12>, U=<f64 4x12>, b=<f64 12>, c=<f64 [0. 0. 0. 0.]>)",
    ),
    "x for a cache, both ways": (
        lambda: backward(both, x, dA),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 3x5x2>, layer: "
        "Bidirectional(ahead=GRU(W=<f64 2x12>, U=<f64 4x12>, b=<f64 12>, c=<f64 [0. 0. 0. 0.]>), "
        "behind=LSTM(W=<f64 2x16>, U=<f64 4x16>, b=<f64 16>))",
    ),
    # step.
    "a state beside x in a step": (
        lambda: step(rnn, (x, mask, h)),
        ShapeError,
        "step: RNN: x must be an array, or (x, mask), not a tuple of 3",
    ),
    "the memory of other rows": (
        lambda: step(rnn, x, h[:2]),
        ShapeError,
        "step: the memory of RNN must be of 3 sequences, as x is, not of 2",
    ),
    "the memory of an LSTM for other rows": (
        lambda: step(lstm, x, (h[:2], h[:2])),
        ShapeError,
        "step: the memory of LSTM must be of 3 sequences, as x is, not of 2",
    ),
    "the memory of another dtype": (
        lambda: step(lstm, x, fixed_memory(LSTM.init(2, 4, seed=0, dtype=single), 3, 9)),
        ShapeError,
        "step: the memory of LSTM must be of float64, as x is, not of float32",
    ),
    "two dtypes in a memory": (
        lambda: step(lstm, x, (h, h.astype(single))),
        ShapeError,
        "step: the memory of LSTM must be a tuple of 2 arrays of float64, (3, 4), not (<f64 3x4>, <f32 3x4>)",
    ),
    "the memory of a GRU for an LSTM": (
        lambda: step(lstm, x, h),
        ShapeError,
        "step: the memory of LSTM must be a tuple of 2 arrays of float64, (3, 4), not <f64 3x4>",
    ),
    "the result of a step for its memory": (
        lambda: step(gru, x, (dA, h)),
        ShapeError,
        "step: the memory of GRU must be an array of float64, (3, 4), not (<f64 3x5x4>, <f64 3x4>)",
    ),
    "a memory beside x of another dtype": (
        lambda: step(gru, x.astype(single), h.astype(single)),
        KindError,
        "GRU: x is float32, W is float64; write x.astype('float64')",
    ),
    "a step both ways": (
        lambda: step(both, x),
        KindError,
        "step: Bidirectional mixes positions, so it cannot take one part of a sequence alone",
    ),
    # Ids.
    # The last step.
    "the last step beside a state": (
        lambda: forward(Last(), (x, mask, h)),
        ShapeError,
        "Last: x must be an array, or (x, mask), not a tuple of 3",
    ),
    "the last step of one sequence": (
        lambda: forward(Last(), x[0]),
        ShapeError,
        "Last: x must be (m, t, features), t at least 1, not (5, 2)",
    ),
    "the last of no steps": (
        lambda: forward(Last(), (x[:, :0], mask[:, :0])),
        ShapeError,
        "Last: x must be (m, t, features), t at least 1, not (3, 0, 2)",
    ),
    "the last step of a list": (
        lambda: forward(Last(), x.tolist()),
        KindError,
        "Last: x must be an array, not list; write np.asarray(x)",
    ),
    "the last of ids": (
        lambda: forward(Last(), x.astype(int)),
        KindError,
        "Last: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    "the last step by a mask of numbers": (
        lambda: forward(Last(), (x, mask.astype(float))),
        KindError,
        "Last: mask must be an array of bools, True at the positions of x that are not padding, not float64 array",
    ),
    "the last step by a mask of another length": (
        lambda: forward(Last(), (x, mask[:, 1:])),
        ShapeError,
        "Last: mask must be (m, t), (3, 5), not (3, 4)",
    ),
    "dA of all steps for the last": (
        lambda: backward(Last(), last_cache, x),
        ShapeError,
        "Last: dA must have the shape of out, (3, 2); it has (3, 5, 2)",
    ),
    "dA of the last step with its mask": (
        lambda: backward(Last(), last_cache, (x[:, 0], None)),
        KindError,
        "Last: dA must be an array of the shape of out, (3, 2), not tuple",
    ),
    "dA of the last step of another dtype": (
        lambda: backward(Last(), last_cache, x[:, 0].astype(single)),
        KindError,
        "Last: dA is float32, out is float64; write dA.astype('float64')",
    ),
    "x for the cache of the last step": (
        lambda: backward(Last(), x, x[:, 0]),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 3x5x2>, layer: Last()",
    ),
    "pictures for the cache of the last step": (
        lambda: backward(Last(), x[None], x[:, 0]),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 1x3x5x2>, layer: Last()",
    ),
    "three parts for the cache of the last step": (
        lambda: backward(Last(), (*last_cache, None), x[:, 0]),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 0x3x5x2>, <b8 3x5>, None), layer: Last()",
    ),
    "a state beside x in a step to the last": (
        lambda: step(Last(), (x, mask, h)),
        ShapeError,
        "Last: x must be an array, or (x, mask), not a tuple of 3",
    ),
    "the last step so far of another width": (
        lambda: step(Last(), x, h),
        ShapeError,
        "step: the memory of Last must be an array of float64, (3, 2), not <f64 3x4>",
    ),
    "the last step so far of another dtype": (
        lambda: step(Last(), np.ones((3, 5, 4)), h.astype(single)),
        ShapeError,
        "step: the memory of Last must be of float64, as x is, not of float32",
    ),
    "a tuple for the last step so far": (
        lambda: step(Last(), x, (None,)),
        ShapeError,
        "step: the memory of Last must be an array of float64, (3, 2), not (None,)",
    ),
    # Pools over time.
    # Positions.
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], x, mask, h, rnn, gru, lstm, both, table, places, ids, dA)
