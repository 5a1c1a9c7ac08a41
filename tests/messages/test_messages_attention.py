"""Error messages of attention and transformer blocks, pinned word for word."""

import numpy as np

from funcnn import Attention, Dense, Relu, Residual, backward, forward, transformer_block
from funcnn.generation import fixed_memory, step
from funcnn.layers import CrossAttention, Flatten, Rotary, attend, attend_backward
from funcnn.trees import astype
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

x, mask, memory = np.ones((3, 5, 4)), np.ones((3, 5), bool), np.ones((3, 2, 6))
layer, causal = (Attention.init(4, 2, seed=0, causal=causal) for causal in (False, True))
cross = CrossAttention.init(4, 2, n_memory=6, seed=0)
square, wide = Dense.init(4, 4, seed=0), Dense.init(4, 6, seed=0)
three = Dense.init(4, 3, seed=0), Dense.init(3, 4, seed=0)
_, cache = forward(layer, x)
_, cross_cache = forward(cross, (x, memory))
_, past = step(causal, x)
_, seen = step(cross, (x, np.ones((3, 4, 6))))
pairs = np.ones((3, 5, 5), bool)
FORMS = "(queries, memory) or (queries, memory, mask)"
PAST = "(<f64 3x2x5x2>, <f64 3x2x5x2>, None)"
LENGTH = "step: memory.length must be a whole number from 0 to 9, not"
FORM_OF_MEMORY = "(k, v, mask) with k and v float64 (m, {}, positions, {}), and mask bool (m, positions) or None"
LAST = "step: memory must be what the last step returned, or None in the first; Attention needs"
MEMORY = f"{LAST} {FORM_OF_MEMORY.format(2, 2)}, not"

# Of the dot product: the arrays, and the form that it names.
q, k, v = np.ones((2, 5, 4)), np.ones((2, 3, 4)), np.ones((2, 3, 6))
out, weights = attend(q, k, v)
FORM = "q must be (..., t, d), k (..., s, d) and v (..., s, e), d at least 1"

ROWS = [
    # Construction.
    kind_error(lambda: Attention(square, Relu(), square, square, 2)) >> "Attention: key must be a Dense, not Relu",
    shape_error(lambda: Attention(square, wide, square, square, 2)) >> "Attention: query.W must be (n_in, n), key.W "
    "(n_in, n), value.W (n_in, n) and out.W (n, n_out); query.W: (4, 4), key.W: (4, 6), value.W: (4, 4), out.W: (4, 4)",
    kind_error(lambda: Attention(square, square, astype(square, np.float32), square, 2))
    >> "Attention: value.W must be float64, as query.W is, not float32",
    range_error(lambda: Attention(square, square, square, square, 3))
    >> "Attention: heads must divide the number of features, 4, which 3 does not",
    range_error(lambda: Attention(three[0], three[0], three[0], three[1], 1, rotary=Rotary()))
    >> "Attention: rotary needs an even number of features in each head, not 3",
    kind_error(lambda: Attention(square, square, square, square, 2, dropout=0.1))
    >> "Attention: dropout must be a Dropout, or None, not float",
    range_error(lambda: CrossAttention.init(4, 2, n_memory=6, seed=0, dropout=1.0))
    >> "CrossAttention.init: dropout must be in [0, 1), not 1.0",
    range_error(lambda: transformer_block(4, 3, 8, seed=0))
    >> "transformer_block: heads must divide the number of features, 4, which 3 does not",
    # x.
    shape_error(lambda: forward(layer, (x, mask, mask)))
    >> "Attention: x must be an array, or (x, mask), not a tuple of 3",
    shape_error(lambda: forward(layer, (x, mask[:, :4])))
    >> "Attention: mask must be (m, t) = (3, 5) or (m, t, t) = (3, 5, 5), not (3, 4)",
    shape_error(lambda: forward(cross, (x,))) >> f"CrossAttention: x must be {FORMS}, not a tuple of 1",
    shape_error(lambda: forward(cross, (x, memory, mask)))
    >> "CrossAttention: mask must be (m, s) = (3, 2) or (m, t, s) = (3, 5, 2), not (3, 5)",
    kind_error(lambda: forward(cross, (x, memory, [[True]]))) >> "CrossAttention: mask must be an array of bools, "
    "True at the positions of memory that are not padding, not list; write np.asarray(mask, bool)",
    kind_error(lambda: forward(cross, (x, (memory, mask))))
    >> "CrossAttention: memory must be an array, not tuple; for (memory, mask) write (queries, memory, mask)",
    shape_error(lambda: forward(cross, (x, memory[:2])))
    >> "CrossAttention: queries and memory must be of equally many sequences; queries: (3, 5, 4), memory: (2, 2, 6)",
    # Backward.
    shape_error(lambda: backward(layer, (x, None), x))
    >> f"backward: cache must be what forward returned for this layer; cache: (<f64 3x5x4>, None), layer: {layer}",
    shape_error(lambda: backward(cross, cross_cache, x)) >> "CrossAttention: dA must be a tuple of 2 or 3, as out is "
    "(out, memory) or (out, memory, mask), not <f64 3x5x4>",
    shape_error(lambda: backward(cross, cross_cache, (x, x)))
    >> "CrossAttention: dA[1] must have the shape of memory, (3, 2, 6), not (3, 5, 4)",
    shape_error(lambda: backward(cross, (x, memory), (x, None)))
    >> "backward: cache must be what forward returned for this layer; cache: (<f64 3x5x4>, <f64 3x2x6>), layer: "
    "CrossAttention(query=Dense(W=<f64 4x4>, b=<f64 [0. 0. 0. 0.]>), key=Dense(W=<f64 6x4>, b=<f64 [0. 0. 0. 0.]>), "
    "value=Dense(W=<f64 6x4>, b=<f64 [0. 0. 0. 0.]>), out=Dense(W=<f64 4x4>, b=<f64 [0. 0. 0. 0.]>), heads=2, "
    "dropout=None)",
    # Generation.
    kind_error(lambda: step(layer, x)) >> "step: Attention must be causal; else out depends on later positions",
    kind_error(lambda: step((Attention.init(4, 2, seed=0, causal=True, dropout=0.1),), x))
    >> "step: Attention differs between training and prediction; write step(inference(net), x, memory)"
    >> 1,
    kind_error(lambda: fixed_memory(Attention.init(4, 2, seed=0, causal=True, dropout=0.1), 3, 9)) >> "fixed_memory: "
    "Attention differs between training and prediction; write fixed_memory(inference(net), m, t_most)",
    shape_error(lambda: step(causal, x[:2], past))
    >> "step: memory must be of 2 sequences, as x is, not of 3; for other sequences begin with step(params, x)",
    shape_error(lambda: step(Attention.init(4, 4, seed=0, causal=True), x, past))
    >> "step: memory must be what the last step returned, or None in the first; Attention needs "
    f"{FORM_OF_MEMORY.format(4, 1)}, not {PAST}",
    shape_error(lambda: step(causal, x, (*[a.astype(np.float32) for a in past[:2]], None)))
    >> "step: memory must be float64, as x is, not float32",
    shape_error(lambda: step(causal, x, (past[0], past[1][:, :, :4], None)))
    >> f"{MEMORY} (<f64 3x2x5x2>, <f64 3x2x4x2>, None)",
    shape_error(lambda: step(causal, x, (*past[:2], mask.astype(int))))
    >> f"{MEMORY} (<f64 3x2x5x2>, <f64 3x2x5x2>, <i64 3x5>)",
    shape_error(lambda: step(cross, (x, memory), past))
    >> "step: memory must be what the last step returned, or None in the first; CrossAttention needs (k, v) with k "
    f"and v float64 (m, 2, positions, 2), not {PAST}",
    shape_error(lambda: step(cross, (x, memory), seen[:2])) >> "step: x must be (queries, memory) with the memory of "
    "the first step, of 3 sequences and 4 positions, not a memory of the shape (3, 2, 6)",
    shape_error(lambda: step(cross, (x[:2], memory[:2]), tuple([a[:, :, :2] for a in seen])))
    >> "step: x must be (queries, memory) with the memory of the first step, of 3 sequences and 2 positions, not a "
    "memory of the shape (2, 2, 6)",
    shape_error(lambda: step(causal, x[:2], fixed_memory(causal, 3, 9)))
    >> "step: memory must be of 2 sequences, as x is, not of 3; for other sequences begin with step(params, x)",
    shape_error(lambda: step(causal, x, step(causal, x, fixed_memory(causal, 3, 9))[1]))
    >> "step: memory must have room for 10 positions, not for 9; call fixed_memory with a larger t_most",
    shape_error(lambda: step(causal, x, fixed_memory(causal, 3, 9)._replace(length="two"))) >> f"{LENGTH} 'two'",
    shape_error(lambda: step(causal, x, fixed_memory(causal, 3, 9)._replace(length=-1))) >> f"{LENGTH} -1",
    kind_error(lambda: fixed_memory(layer, 3, 9))
    >> "fixed_memory: Attention must be causal; else out depends on later positions",
    kind_error(lambda: fixed_memory((Flatten(),), 3, 9))
    >> "fixed_memory: Flatten mixes positions, so it cannot take one part of a sequence alone"
    >> ["in layer 0, Flatten..."],
    shape_error(
        lambda: step(causal, x, fixed_memory(Attention.init(4, 2, seed=0, causal=True, dtype=np.float32), 3, 9))
    )
    >> "step: memory must be float64, as x is, not float32",
    shape_error(lambda: step(causal, (x, pairs))) >> "step: mask must be (m, t), True at the positions that are not "
    "padding, not a mask of pairs of positions, (3, 5, 5)",
    shape_error(lambda: step(cross, (x, memory, pairs[:, :, :2]))) >> "step: mask must be (m, t), True at the "
    "positions that are not padding, not a mask of pairs of positions, (3, 5, 2)",
    shape_error(lambda: forward((Residual(layer),), x[..., :3]))
    >> "Attention: x must be (m, t, 4), not (3, 5, 3)"
    >> 2,
    # The dot product.
    kind_error(lambda: attend(q, k.astype(np.float32), v))
    >> "attend: q, k and v must be of one dtype; q: float64, k: float32, v: float64",
    shape_error(lambda: attend(q[0, 0], k[0], v[0])) >> f"attend: {FORM}; q: (4,), k: (3, 4), v: (3, 6)",
    shape_error(lambda: attend(q, k[..., :3], v)) >> f"attend: {FORM}; q: (2, 5, 4), k: (2, 3, 3), v: (2, 3, 6)",
    shape_error(lambda: attend(q, k[:1], v[:1])) >> f"attend: {FORM}; q: (2, 5, 4), k: (1, 3, 4), v: (1, 3, 6)",
    shape_error(lambda: attend(q, k, v[:, :2])) >> f"attend: {FORM}; q: (2, 5, 4), k: (2, 3, 4), v: (2, 2, 6)",
    shape_error(lambda: attend(q[..., :0], k[..., :0], v))
    >> f"attend: {FORM}; q: (2, 5, 0), k: (2, 3, 0), v: (2, 3, 6)",
    kind_error(lambda: attend(q, k, v, np.ones((5, 3))))
    >> "attend: allowed must be an array of bools, True where i may attend to j, not float64 array",
    shape_error(lambda: attend(q, k, v, np.ones((3, 5), bool)))
    >> "attend: allowed must be (..., t, s), or broadcast to (2, 5, 3), not (3, 5)",
    shape_error(lambda: attend(q, k, v, np.ones((1, 2, 5, 3), bool)))
    >> "attend: allowed must be (..., t, s), or broadcast to (2, 5, 3), not (1, 2, 5, 3)",
    shape_error(lambda: attend(q, k, v, factor=weights[0]))
    >> "attend: factor must be a number for each weight, float64 of shape (2, 5, 3), not float64 of shape (5, 3)",
    shape_error(lambda: attend_backward(q, k, v, weights, out, 0.5))
    >> "attend_backward: factor must be a number for each weight, float64 of shape (2, 5, 3), not float",
    shape_error(lambda: attend_backward(q, k, v, weights.swapaxes(1, 2), out)) >> "attend_backward: weights must be "
    "those that attend returned, float64 of shape (2, 5, 3), not float64 of shape (2, 3, 5)",
    shape_error(lambda: attend_backward(q, k, v, weights.astype(np.float32), out)) >> "attend_backward: weights must "
    "be those that attend returned, float64 of shape (2, 5, 3), not float32 of shape (2, 5, 3)",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, layer, causal, cross, x, memory, past, seen, mask, pairs)
