"""Error messages of attention and transformer blocks, pinned word for word."""

import numpy as np
import pytest

from funcnn import Attention, Dense, Relu, Residual, backward, forward, transformer_block
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.generation import fixed_memory, step
from funcnn.layers import CrossAttention, Flatten, Rotary, attend, attend_backward
from tests.says import assert_says

x, mask, memory = np.ones((3, 5, 4)), np.ones((3, 5), bool), np.ones((3, 2, 6))
layer, causal = (Attention.init(4, 2, seed=0, causal=causal) for causal in (False, True))
cross = CrossAttention.init(4, 2, n_memory=6, seed=0)
square, wide, narrow = Dense.init(4, 4, seed=0), Dense.init(4, 6, seed=0), Dense.init(3, 4, seed=0)
three = Dense.init(4, 3, seed=0), Dense.init(3, 4, seed=0)
_, cache = forward(layer, x)
_, pair_cache = forward(layer, (x, mask))
_, cross_cache = forward(cross, (x, memory))
_, past = step(causal, x)
_, seen = step(cross, (x, np.ones((3, 4, 6))))
pairs = np.ones((3, 5, 5), bool)
FORMS = "(queries, memory) or (queries, memory, mask)"
PAST = "(<f64 3x2x5x2>, <f64 3x2x5x2>, None)"
LENGTH = "step: the length of the memory must be a whole number from 0 to 9, not"
FORM_OF_MEMORY = "(k, v, mask), k and v of float64, (m, {}, positions, {}), mask bool (m, positions) or None"
MEMORY = f"step: the memory of Attention must be {FORM_OF_MEMORY.format(2, 2)}, not"

# Of the dot product: the arrays, and the form that it names.
q, k, v = np.ones((2, 5, 4)), np.ones((2, 3, 4)), np.ones((2, 3, 6))
out, weights = attend(q, k, v)
FORM = "q must be (..., t, d), k (..., s, d) and v (..., s, e), d at least 1"

ROWS = {
    # Construction.
    "a layer that is no Dense": (
        lambda: Attention(square, Relu(), square, square, 2),
        KindError,
        "Attention: key must be a Dense, not Relu",
    ),
    "a class for a layer": (
        lambda: CrossAttention(square, square, square, Dense, 2),
        KindError,
        "CrossAttention: out must be a Dense, not the class Dense",
    ),
    "keys of another width than queries": (
        lambda: Attention(square, wide, square, square, 2),
        ShapeError,
        "Attention: W of query must be (., n), of key and value (k, n), of out (n, .); "
        "query: (4, 4), key: (4, 6), value: (4, 4), out: (4, 4)",
    ),
    "keys and values of different x": (
        lambda: CrossAttention(square, square, narrow, square, 2),
        ShapeError,
        "CrossAttention: W of query must be (., n), of key and value (k, n), of out (n, .); "
        "query: (4, 4), key: (4, 4), value: (3, 4), out: (4, 4)",
    ),
    "queries and keys of different x": (
        lambda: Attention(square, narrow, narrow, square, 2),
        ShapeError,
        "Attention: W of query and key must have equally many rows, the features of x; query: (4, 4), key: (3, 4)",
    ),
    "heads that do not divide": (
        lambda: Attention(square, square, square, square, 3),
        RangeError,
        "Attention: heads must divide the 4 features; heads: 3",
    ),
    "more heads than features": (
        lambda: Attention.init(4, 8, seed=0),
        RangeError,
        "Attention.init: heads must divide the 4 features; heads: 8",
    ),
    "rotary by a yes": (
        lambda: Attention.init(4, 2, seed=0, rotary=True),
        KindError,
        "Attention.init: rotary must be a Rotary, or None, not bool",
    ),
    "heads of an odd width to turn": (
        lambda: Attention(three[0], three[0], three[0], three[1], 1, rotary=Rotary()),
        RangeError,
        "Attention: rotary needs an even number of features in each head, not 3",
    ),
    "a block of heads that do not divide": (
        lambda: transformer_block(4, 3, 8, seed=0),
        RangeError,
        "transformer_block: heads must divide the 4 features; heads: 3",
    ),
    # x.
    "one sequence": (
        lambda: forward(layer, x[0]),
        ShapeError,
        "Attention: x must be (m, t, features), t at least 1, not (5, 4)",
    ),
    "a sequence of length 0": (
        lambda: forward(layer, x[:, :0]),
        ShapeError,
        "Attention: x must be (m, t, features), t at least 1, not (3, 0, 4)",
    ),
    "a list": (
        lambda: forward(layer, [[[1.0]]]),
        KindError,
        "Attention: x must be an array, not list; write np.asarray(x)",
    ),
    "x of another width": (
        lambda: forward(layer, x[..., :3]),
        ShapeError,
        "Attention: x must be (m, t, 4), not (3, 5, 3)",
    ),
    "x of float32": (
        lambda: forward(layer, x.astype(np.float32)),
        KindError,
        "Attention: x is float32, W is float64; write x.astype('float64')",
    ),
    "a tuple of three": (
        lambda: forward(layer, (x, mask, mask)),
        ShapeError,
        "Attention: x must be an array, or (x, mask), not a tuple of 3",
    ),
    "a mask of numbers": (
        lambda: forward(layer, (x, mask.astype(int))),
        KindError,
        "Attention: mask must be an array of bools, True at the positions of x that are not padding, not int64 array",
    ),
    "a mask of another length": (
        lambda: forward(layer, (x, mask[:, :4])),
        ShapeError,
        "Attention: mask must be (m, t), (3, 5), or (m, t, t), (3, 5, 5), not (3, 4)",
    ),
    "a memory forgotten": (lambda: forward(cross, x), KindError, f"CrossAttention: x must be {FORMS}, not <f64 3x5x4>"),
    "a tuple of one": (
        lambda: forward(cross, (x,)),
        ShapeError,
        f"CrossAttention: x must be {FORMS}, not a tuple of 1",
    ),
    "queries of one sequence": (
        lambda: forward(cross, (x[0], memory)),
        ShapeError,
        "CrossAttention: queries must be (m, t, features), t at least 1, not (5, 4)",
    ),
    "a memory of nothing": (
        lambda: forward(cross, (x, memory[:, :0])),
        ShapeError,
        "CrossAttention: memory must be (m, t, features), t at least 1, not (3, 0, 6)",
    ),
    "the mask of the queries": (
        lambda: forward(cross, (x, memory, mask)),
        ShapeError,
        "CrossAttention: mask must be (m, s), (3, 2), or (m, t, s), (3, 5, 2), not (3, 5)",
    ),
    "pairs for all sequences at once": (
        lambda: forward(layer, (x, pairs[0])),
        ShapeError,
        "Attention: mask must be (m, t), (3, 5), or (m, t, t), (3, 5, 5), not (5, 5)",
    ),
    "pairs of numbers": (
        lambda: forward(layer, (x, pairs.astype(float))),
        KindError,
        "Attention: mask must be an array of bools, True at the positions of x that are not padding, not float64 array",
    ),
    "a list for a mask": (
        lambda: forward(cross, (x, memory, [[True]])),
        KindError,
        "CrossAttention: mask must be an array of bools, True at the positions of memory that are not padding, "
        "not list",
    ),
    "keys before queries": (
        lambda: forward(cross, (x, memory, pairs[:, :2])),
        ShapeError,
        "CrossAttention: mask must be (m, s), (3, 2), or (m, t, s), (3, 5, 2), not (3, 2, 5)",
    ),
    "a memory in a pair with its mask": (
        lambda: forward(cross, (x, (memory, mask))),
        KindError,
        "CrossAttention: memory must be an array, not tuple; for (memory, mask) write (queries, memory, mask)",
    ),
    "a memory of fewer sequences": (
        lambda: forward(cross, (x, memory[:2])),
        ShapeError,
        "CrossAttention: queries and memory must be of equally many sequences; queries: (3, 5, 4), memory: (2, 2, 6)",
    ),
    # Backward.
    "dA of another shape": (
        lambda: backward(layer, cache, x[:2]),
        ShapeError,
        "Attention: dA must have the shape of out, (3, 5, 4); it has (2, 5, 4)",
    ),
    "dA without its mask": (
        lambda: backward(layer, pair_cache, x),
        ShapeError,
        "Attention: dA must be (dA, None), as out has that form, not <f64 3x5x4>",
    ),
    "dA of float32": (
        lambda: backward(cross, cross_cache, (x.astype(np.float32), None)),
        KindError,
        "CrossAttention: dA is float32, out is float64; write dA.astype('float64')",
    ),
    "dA without its memory": (
        lambda: backward(cross, cross_cache, x),
        ShapeError,
        "CrossAttention: dA must be like out, (out, memory) or (out, memory, mask), not <f64 3x5x4>",
    ),
    "dA of another memory": (
        lambda: backward(cross, cross_cache, (x, x)),
        ShapeError,
        "CrossAttention: dA must have the shape of out, (3, 2, 6); it has (3, 5, 4)",
    ),
    "the cache of a dense layer": (
        lambda: backward(Attention(narrow, narrow, narrow, square, 2), x, x),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 3x5x4>, "
        "layer: Attention(query=Dense(W=<f64 3x4>, b=<f64 [0. 0. 0. 0.]>), "
        "key=Dense(W=<f64 3x4>, b=<f64 [0. 0. 0. 0.]>), value=Dense(W=<f64 3x4>, b=<f64 [0. 0. 0. 0.]>), "
        "out=Dense(W=<f64 4x4>, b=<f64 [0. 0. 0. 0.]>), heads=2, causal=False, rotary=None)",
    ),
    "the cache of another layer": (
        lambda: backward(cross, (x, memory), (x, None)),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 3x5x4>, <f64 3x2x6>), "
        "layer: CrossAttention(query=Dense(W=<f64 4x4>, b=<f64 [0. 0. 0. 0.]>), "
        "key=Dense(W=<f64 6x4>, b=<f64 [0. 0. 0. 0.]>), value=Dense(W=<f64 6x4>, b=<f64 [0. 0. 0. 0.]>), "
        "out=Dense(W=<f64 4x4>, b=<f64 [0. 0. 0. 0.]>), heads=2)",
    ),
    # Generation.
    "a part for a layer that looks ahead": (
        lambda: step(layer, x),
        KindError,
        "step: Attention must be causal; else out depends on later positions",
    ),
    "a memory of other sequences": (
        lambda: step(causal, x[:2], past),
        ShapeError,
        "step: the memory of Attention must be of 2 sequences, as x is, not of 3",
    ),
    "the memory of more heads": (
        lambda: step(Attention.init(4, 4, seed=0, causal=True), x, past),
        ShapeError,
        f"step: the memory of Attention must be {FORM_OF_MEMORY.format(4, 1)}, not {PAST}",
    ),
    "a memory of another dtype": (
        lambda: step(causal, x, (*[a.astype(np.float32) for a in past[:2]], None)),
        ShapeError,
        "step: the memory of Attention must be of float64, as x is, not of float32",
    ),
    "a memory of fewer values than keys": (
        lambda: step(causal, x, (past[0], past[1][:, :, :4], None)),
        ShapeError,
        f"{MEMORY} (<f64 3x2x5x2>, <f64 3x2x4x2>, None)",
    ),
    "a memory without values": (
        lambda: step(causal, x, (past[0], None, None)),
        ShapeError,
        f"{MEMORY} (<f64 3x2x5x2>, None, None)",
    ),
    "a memory with the mask of fewer places": (
        lambda: step(causal, x, (*past[:2], mask[:, :4])),
        ShapeError,
        f"{MEMORY} (<f64 3x2x5x2>, <f64 3x2x5x2>, <b8 3x4>)",
    ),
    "a memory with a mask of numbers": (
        lambda: step(causal, x, (*past[:2], mask.astype(int))),
        ShapeError,
        f"{MEMORY} (<f64 3x2x5x2>, <f64 3x2x5x2>, <i64 3x5>)",
    ),
    "a place for a memory": (
        lambda: step(causal, x, 7),
        ShapeError,
        f"{MEMORY} 7",
    ),
    "the memory of an attention for another": (
        lambda: step(cross, (x, memory), past),
        ShapeError,
        f"step: the memory of CrossAttention must be (k, v), k and v of float64, (m, 2, positions, 2), not {PAST}",
    ),
    "keys and values of a longer memory": (
        lambda: step(cross, (x, memory), seen[:2]),
        ShapeError,
        "step: the memory in x must be the memory of the first step, 3 sequences of 4 positions, not (3, 2, 6)",
    ),
    "keys and values of fewer sequences": (
        lambda: step(cross, (x[:2], memory[:2]), tuple([a[:, :, :2] for a in seen])),
        ShapeError,
        "step: the memory in x must be the memory of the first step, 3 sequences of 2 positions, not (2, 2, 6)",
    ),
    "a memory of a fixed size for other sequences": (
        lambda: step(causal, x[:2], fixed_memory(causal, 3, 9)),
        ShapeError,
        "step: the memory of Attention must be of 2 sequences, as x is, not of 3",
    ),
    "a memory that is full": (
        lambda: step(causal, x, step(causal, x, fixed_memory(causal, 3, 9))[1]),
        ShapeError,
        "step: the memory has room for 9 positions, not for 10",
    ),
    "a length of text": (
        lambda: step(causal, x, fixed_memory(causal, 3, 9)._replace(length="two")),
        ShapeError,
        f"{LENGTH} 'two'",
    ),
    "a length below 0": (
        lambda: step(causal, x, fixed_memory(causal, 3, 9)._replace(length=-1)),
        ShapeError,
        f"{LENGTH} -1",
    ),
    "a memory of a fixed size without causality": (
        lambda: fixed_memory(layer, 3, 9),
        KindError,
        "fixed_memory: Attention must be causal; else out depends on later positions",
    ),
    "a memory of a fixed size of no positions": (
        lambda: fixed_memory((causal,), 3, 0),
        RangeError,
        "fixed_memory: sizes must be at least 1; m: 3, t_most: 0",
    ),
    "a memory of a fixed size that step refuses": (
        lambda: fixed_memory((Flatten(),), 3, 9),
        KindError,
        "fixed_memory: Flatten mixes positions, so it cannot take one part of a sequence alone",
        ["in layer 0, Flatten(), m: 3, t_most: 9"],
    ),
    "a memory of a fixed size of no network": (
        lambda: fixed_memory("net", 3, 9),
        KindError,
        "fixed_memory: str is not a layer; a layer is a record or a tuple of layers",
    ),
    "a memory of a fixed size in float32": (
        lambda: step(causal, x, fixed_memory(Attention.init(4, 2, seed=0, causal=True, dtype=np.float32), 3, 9)),
        ShapeError,
        "step: the memory of Attention must be of float64, as x is, not of float32",
    ),
    "pairs part by part": (
        lambda: step(causal, (x, pairs)),
        ShapeError,
        "step: mask must be one of positions, (m, t), not one of pairs, (3, 5, 5)",
    ),
    "pairs of a memory part by part": (
        lambda: step(cross, (x, memory, pairs[:, :, :2])),
        ShapeError,
        "step: mask must be one of positions, (m, t), not one of pairs, (3, 5, 2)",
    ),
    "where it was, in a block": (
        lambda: forward((Residual(layer),), x[..., :3]),
        ShapeError,
        "Attention: x must be (m, t, 4), not (3, 5, 3)",
        2,
    ),
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
        "attend: allowed must be (..., t, s), or broadcast to (2, 5, 3), not (3, 5)",
    ),
    "allowed, with an axis more": (
        lambda: attend(q, k, v, np.ones((1, 2, 5, 3), bool)),
        ShapeError,
        "attend: allowed must be (..., t, s), or broadcast to (2, 5, 3), not (1, 2, 5, 3)",
    ),
    "back to queries of another shape": (
        lambda: attend_backward(q[..., :3], k, v, weights, out),
        ShapeError,
        f"attend_backward: {FORM}; q: (2, 5, 3), k: (2, 3, 4), v: (2, 3, 6)",
    ),
    "weights turned over": (
        lambda: attend_backward(q, k, v, weights.swapaxes(1, 2), out),
        ShapeError,
        "attend_backward: weights must be the weights that attend returned, float64, (2, 5, 3), not float64, (2, 3, 5)",
    ),
    "weights of another dtype": (
        lambda: attend_backward(q, k, v, weights.astype(np.float32), out),
        ShapeError,
        "attend_backward: weights must be the weights that attend returned, float64, (2, 5, 3), not float32, (2, 5, 3)",
    ),
    "no weights": (
        lambda: attend_backward(q, k, v, None, out),
        ShapeError,
        "attend_backward: weights must be the weights that attend returned, float64, (2, 5, 3), not None",
    ),
    "dA of another width": (
        lambda: attend_backward(q, k, v, weights, q),
        ShapeError,
        "attend_backward: dA must have the shape of out, (2, 5, 6); it has (2, 5, 4)",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], layer, causal, cross, x, memory, past, seen, mask, pairs)
