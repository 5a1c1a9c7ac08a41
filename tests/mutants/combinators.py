"""Combinators: gradients that should be added, go to another branch, or be reversed."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family, indexed, sigmoid

copied = family(  # one x in three branches of different functions
    "copy", fst.tensors("m n", "n k")
)(
    lambda x, W: np.concatenate([x @ W, np.tanh(x), x], axis=-1),
    lambda x, W, dA: [first(W, dA) @ W.T + dtanh(x, W, dA) + last(x, dA), x.T @ first(W, dA)],
)

first = lambda W, dA: dA[:, : W.shape[1]]


def dtanh(x, W, dA):
    k, n = W.shape[1], x.shape[1]
    return (1 - np.tanh(x) ** 2) * dA[:, k : k + n]


last = lambda x, dA: dA[:, dA.shape[1] - x.shape[1] :]

parallel = family(  # a branch for each part of x
    "parallel", fst.tensors("m n", "m n", "n n")
)(
    lambda x, z, W: np.tanh(x @ W) + sigmoid(z),
    lambda x, z, W, dA: [through(x, W, dA) @ W.T, dA * gate(z), x.T @ through(x, W, dA)],
)

through = lambda x, W, dA: dA * (1 - np.tanh(x @ W) ** 2)
gate = lambda z: sigmoid(z) * sigmoid(-z)

summed = family("sum", fst.tensors("m n", "m n", "m n"))(lambda x, y, z: x + y + z, lambda x, y, z, dA: [dA, dA, dA])

joined = family("concat", fst.tensors("m n", "m k"))(
    lambda x, z: np.concatenate([x, z], axis=-1), lambda x, z, dA: [dA[:, : x.shape[1]], dA[:, x.shape[1] :]]
)

taken = family("take", fst.tensors("m n", "m n"))(lambda x, z: z * 1, lambda x, z, dA: [np.zeros_like(x), dA])

residual = family(  # a block whose last layer is a scale
    "residual with a scale", fst.tensors("m n", "n n", "n")
)(
    lambda x, W, g: x + g * np.tanh(x @ W),
    lambda x, W, g, dA: [
        dA + through(x, W, g * dA) @ W.T,
        x.T @ through(x, W, g * dA),
        (dA * np.tanh(x @ W)).sum(axis=0),
    ],
)

one_number = family("scale of one number", fst.tensors("m t n", "1"))(
    lambda x, g: x * g[0], lambda x, g, dA: [dA * g[0], (x * dA).sum().reshape(1)]
)

masked = family(  # a layer under a mask
    "first", indexed("m t n", "n n", ids="m t", below="2")
)(
    lambda x, W, mask: x @ W * mask[..., None],
    lambda x, W, mask, dA: [dA * mask[..., None] @ W.T, np.tensordot(x, dA * mask[..., None], ([0, 1], [0, 1])), None],
)

flattened = family("flatten, or any reshape", fst.tensors("m h w", "c"))(
    lambda x, c: x.reshape(len(x), -1) * c.sum(),
    lambda x, c, dA: [dA.reshape(x.shape) * c.sum(), np.full_like(c, (x.reshape(len(x), -1) * dA).sum())],
)

mapped = family(  # a layer at each moment
    "map", fst.tensors("m t n", "n k")
)(
    lambda x, W: np.tanh(x @ W),
    lambda x, W, dA: [dmap(x, W, dA) @ W.T, np.tensordot(x, dmap(x, W, dA), ([0, 1], [0, 1]))],
)

dmap = lambda x, W, dA: dA * (1 - np.tanh(x @ W) ** 2)

shared = family(  # one layer used twice, one use after the other
    "shared", fst.tensors("m n", "n n", "n")
)(
    lambda x, W, b: np.tanh(np.tanh(x @ W + b) @ W + b),
    lambda *given: twice(*given),  # noqa: PLW0108  it comes below
)


def twice(x, W, b, dA, *, uses=(1, 1)):
    h = np.tanh(x @ W + b)
    outer = dA * (1 - np.tanh(h @ W + b) ** 2)
    inner = outer @ W.T * (1 - h**2)
    a, z = uses
    return [inner @ W.T, a * (x.T @ inner) + z * (h.T @ outer), a * inner.sum(axis=0) + z * outer.sum(axis=0)]


def table_vjp(ids, W, dA, *, scatter=np.add.at, head=lambda dA, h: dA.T @ h, read=True):
    h = np.tanh(W[ids])
    dW = head(dA, h)
    rows = np.zeros_like(W)
    scatter(rows, ids, dA @ W * (1 - h**2))
    return [None, dW + rows if read else dW]


tied = family("tied table", indexed("v n", ids="m", below="v").map(lambda arrays: arrays[::-1]))(
    lambda ids, W: np.tanh(W[ids]) @ W.T, table_vjp
)

again = family(  # a layer whose forward is computed again in backward
    "remat", fst.tensors("m n", "n n")
)(lambda x, W: np.tanh(np.tanh(x @ W) @ W), lambda x, W, dA: twice(x, W, np.zeros(len(W)), dA)[:2])


function = family(  # a function with a vjp of its own
    "function", fst.tensors("m n")
)(lambda x: x / (1 + x * x), lambda x, dA: [dA * (1 - x * x) / (1 + x * x) ** 2])


def last_write(out, ids, rows):
    out[ids] = rows


MUTANTS = [
    copied.of(0).but("the last branch alone: each branch overwrote the gradient of the one before")(
        lambda x, W, dA: last(x, dA).copy()
    ),
    copied.of(0).but("the mean of the branches: a mean does not depend on the number of branches")(
        lambda x, W, dA: (first(W, dA) @ W.T + dtanh(x, W, dA) + last(x, dA)) / 3
    ),
    copied.of(0).but("one branch forgotten: zip ended with the shorter of two tuples")(
        lambda x, W, dA: first(W, dA) @ W.T + dtanh(x, W, dA)
    ),
    parallel.but("branches exchanged where the shapes fit: caches were popped from the end")(
        lambda x, z, W, dA: [dA * gate(z), through(x, W, dA) @ W.T, x.T @ through(x, W, dA)]
    ),
    parallel.of(0).but("the cache of the other branch: an index that begins at 1")(
        lambda x, z, W, dA: through(z, W, dA) @ W.T
    ),
    parallel.of(2).but("dW from the other part: x was the last of the loop")(
        lambda x, z, W, dA: z.T @ through(x, W, dA)
    ),
    summed.but("a third each: the sum was taken for a mean")(lambda x, y, z, dA: [dA / 3, dA / 3, dA / 3]),
    summed.but("the first alone: the others were added in place")(lambda x, y, z, dA: [dA, 0 * dA, 0 * dA]),
    summed.of(2).but("the last subtracted: a residual is a difference")(lambda x, y, z, dA: -dA),
    joined.but("the widths exchanged: sizes were read from the wrong end")(
        lambda x, z, dA: [dA[:, z.shape[1] :], dA[:, : z.shape[1]]]
    ),
    joined.of(0).but("the last part twice where the widths are equal: the loop kept its last slice")(
        lambda x, z, dA: dA[:, : x.shape[1]] if x.shape != z.shape else dA[:, x.shape[1] :]
    ),
    joined.of(0).but("dA of all to the first: the cost depends on it through the whole")(
        lambda x, z, dA: dA[:, : x.shape[1]] + dA[:, x.shape[1] :].sum(axis=1, keepdims=True)
    ),
    taken.but("the other part: counted from 1")(lambda x, z, dA: [dA, np.zeros_like(z)]),
    taken.of(0).but("both parts: dA was copied to all")(lambda x, z, dA: dA),
    taken.of(0).but("none for the part left behind: None was meant to be 0")(lambda x, z, dA: None),
    residual.of(0).but("no dA of its own: only the branch has a backward")(
        lambda x, W, g, dA: through(x, W, g * dA) @ W.T
    ),
    residual.of(0).but("dA twice: added in the block and around it")(
        lambda x, W, g, dA: dA + residual.vjp(x, W, g, dA)[0]
    ),
    residual.of(1).but("dW without the scale: the scale was put in after the weights had their gradient")(
        lambda x, W, g, dA: x.T @ through(x, W, dA)
    ),
    residual.of(2).but("dg of the sum: the sum was kept, not the output of the branch")(
        lambda x, W, g, dA: (dA * (x + g * np.tanh(x @ W))).sum(axis=0)
    ),
    one_number.of(1).but("dg a mean: one number has one gradient")(lambda x, g, dA: (x * dA).mean().reshape(1)),
    one_number.of(1).but("dg of the last axis only: sum(-1)[0, 0]")(lambda x, g, dA: (x * dA).sum(-1)[0, 0].reshape(1)),
    one_number.of(0).but("dx without the factor: it is 1 at first")(lambda x, g, dA: dA * 1),
    masked.of(1).but("dW without the mask: padding was taken for 0")(
        lambda x, W, mask, dA: np.tensordot(x, dA, ([0, 1], [0, 1]))
    ),
    masked.of(0).but("dx without the mask: the mask went past")(lambda x, W, mask, dA: dA @ W.T),
    masked.of(2).but("a gradient for the mask: it came back as a float")(
        lambda x, W, mask, dA: (dA * (x @ W)).sum(axis=-1)
    ),
    flattened.of(0).but("columns first: order F on the way back")(
        lambda x, c, dA: dA.reshape(x.shape, order="F") * c.sum()
    ),
    flattened.of(0).but("height and width exchanged: the shape was written down from memory")(
        lambda x, c, dA: dA.reshape(len(x), x.shape[2], x.shape[1]).transpose(0, 2, 1) * c.sum()
    ),
    flattened.of(0).but("rows exchanged with columns: reshape(-1, ...) swallowed the rows")(
        lambda x, c, dA: np.moveaxis(dA.reshape(*x.shape[1:], len(x)), -1, 0) * c.sum()
    ),
    mapped.of(1).but("dW of the last moment: the loop kept one gradient")(
        lambda x, W, dA: x[:, -1].T @ dmap(x, W, dA)[:, -1]
    ),
    mapped.of(1).but("dW a mean over time: each moment is a step")(
        lambda x, W, dA: mapped.vjp(x, W, dA)[1] / x.shape[1]
    ),
    mapped.of(0).but("rows and moments exchanged: reshaped to (t, m) on the way back")(
        lambda x, W, dA: np.swapaxes(mapped.vjp(x, W, dA)[0].reshape(x.shape[1], x.shape[0], -1), 0, 1)
    ),
    shared.but("the last use alone: gradients by name, in a dict")(lambda x, W, b, dA: twice(x, W, b, dA, uses=(0, 1))),
    shared.but("the mean of the uses: as for replicas")(lambda x, W, b, dA: twice(x, W, b, dA, uses=(0.5, 0.5))),
    shared.but("the first use twice: the cache of one call")(lambda x, W, b, dA: twice(x, W, b, dA, uses=(2, 0))),
    shared.but("the bias of one use only: a path that was there already")(
        lambda x, W, b, dA: [*twice(x, W, b, dA)[:2], twice(x, W, b, dA, uses=(0, 1))[2]]
    ),
    tied.but("the head alone: ids have no gradient")(lambda ids, W, dA: table_vjp(ids, W, dA, read=False)),
    tied.but("the last of equal ids: out[ids] = rows")(lambda ids, W, dA: table_vjp(ids, W, dA, scatter=last_write)),
    tied.but("of equal ids, one: out[ids] += rows")(
        lambda ids, W, dA: table_vjp(ids, W, dA, scatter=lambda out, ids, rows: out.__setitem__(ids, out[ids] + rows))
    ),
    tied.but("the rows of the table for h: the cache of the embedding")(
        lambda ids, W, dA: table_vjp(ids, W, dA, head=lambda dA, h: dA.T @ W[ids])
    ),
    again.of(1).but("the forward of dA: the forward was computed again from dA")(
        lambda x, W, dA: x.T @ through(dA, W, through(np.tanh(x @ W), W, dA) @ W.T)
    ),
    again.but("once where it is twice: the inner layer was taken for part of the cache")(
        lambda x, W, dA: [through(x, W, dA) @ W.T, x.T @ through(x, W, dA)]
    ),
    again.of(0).but("stopped at the block: a result that is computed again has no history")(
        lambda x, W, dA: np.zeros_like(x)
    ),
    function.but("the slope alone: dA was 1 in the test")(lambda x, dA: [(1 - x * x) / (1 + x * x) ** 2]),
    function.but("arguments exchanged: vjp(dA, x)")(lambda x, dA: [x * (1 - dA * dA) / (1 + dA * dA) ** 2]),
    function.but("the slope at out, not at x: the cache was that of another layer")(
        lambda x, dA: [dA * (1 - function.f(x) ** 2) / (1 + function.f(x) ** 2) ** 2]
    ),
]
