"""Entries moved between positions: reordered, repeated, padded, chosen, looked up."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family, indexed

X = fst.tensors("m n")


turned = family("transpose of three axes", fst.tensors("m n k"))(
    lambda x: x.transpose(1, 2, 0), lambda x, dA: [dA.transpose(2, 0, 1).copy()]
)


joined = family("concatenate", fst.tensors("m n", "m k"))(
    lambda a, b: np.concatenate([a, b], axis=1),
    lambda a, b, dA: [dA[:, : a.shape[1]].copy(), dA[:, a.shape[1] :].copy()],
)


padded = family("pad", fst.tensors("m n"))(lambda x: np.pad(x, ((0, 0), (1, 2))), lambda x, dA: [dA[:, 1:-2].copy()])


repeated = family("repeat", X)(lambda x: np.repeat(x, 2, axis=1), lambda x, dA: [dA.reshape(*x.shape, 2).sum(axis=2)])


rolled = family("roll", X)(lambda x: np.roll(x, 1, axis=1), lambda x, dA: [np.roll(dA, -1, axis=1)])


ordered = family("sort", X)(
    lambda x: np.sort(x, axis=1),
    lambda x, dA: [np.take_along_axis(dA, np.argsort(np.argsort(x, axis=1, kind="stable"), axis=1), axis=1)],
)


lower = family("lower triangle", fst.tensors("n n"))(np.tril, lambda x, dA: [np.tril(dA)])


chosen = family("where", indexed("m n", "m n", ids="m n", below="2"))(
    lambda a, b, mask: np.where(mask, a, b), lambda a, b, mask, dA: [dA * mask, dA * (1 - mask), None]
)


def scattered(shape, ids, u):
    out = np.zeros(shape)
    np.add.at(out, ids, u)
    return out


def scattered_once(shape, ids, u):
    out = np.zeros(shape)
    out[ids] += u
    return out


embedding = family("embedding", indexed("n k", ids="m", below="n"))(
    lambda E, ids: E[ids], lambda E, ids, dA: [scattered(E.shape, ids, dA), None]
)


bag = family(  # the mean of the rows of two words
    "embedding bag", indexed("n k", ids="m 2", below="n")
)(
    lambda E, ids: E[ids].mean(axis=1),
    lambda E, ids, dA: [scattered(E.shape, ids, np.repeat(dA[:, None] / 2, 2, axis=1)), None],
)


MUTANTS = [
    turned.but("the permutation, not its inverse, when equal: the shapes fit")(
        lambda x, dA: [dA.transpose(1, 2, 0).copy() if len(set(x.shape)) == 1 else turned.vjp(x, dA)[0]]
    ),
    turned.but("reshaped: the shape fits")(lambda x, dA: [dA.reshape(x.shape).copy()]),
    joined.but("halves exchanged when equal: the shapes fit")(
        lambda a, b, dA: (
            joined.vjp(a, b, dA) if a.shape != b.shape else [dA[:, a.shape[1] :].copy(), dA[:, : a.shape[1]].copy()]
        )
    ),
    padded.but("cut on the other side: (1, 2) read as (2, 1)")(lambda x, dA: [dA[:, 2:-1].copy()]),
    padded.but("cut from 0: the offset forgotten")(lambda x, dA: [dA[:, : x.shape[1]].copy()]),
    repeated.but("as tiles: repeat is not tile")(lambda x, dA: [dA[:, : x.shape[1]] + dA[:, x.shape[1] :]]),
    repeated.but("the first copy's: a slice with a step")(lambda x, dA: [dA[:, ::2].copy()]),
    rolled.but("in the same direction: right for two columns")(lambda x, dA: [np.roll(dA, 1, axis=1)]),
    ordered.but("argsort not inverted: right for swaps of two")(
        lambda x, dA: [np.take_along_axis(dA, np.argsort(x, axis=1), axis=1)]
    ),
    lower.but("k = 1: off by one")(lambda x, dA: [np.tril(dA, 1)]),
    lower.but("forward only: a mask forgotten")(lambda x, dA: [dA.copy()]),
    chosen.but("exchanged: where(mask, b, a)")(lambda a, b, mask, dA: [dA * (1 - mask), dA * mask, None]),
    embedding.of(0).but("loses repeated ids: dE[ids] += u")(lambda E, ids, dA: scattered_once(E.shape, ids, dA)),
    embedding.of(0).but("no gradient for row 0: row 0 taken for padding")(
        lambda E, ids, dA: scattered(E.shape, ids, dA * (ids > 0)[:, None])
    ),
    embedding.of(0).but("divided by the counts: scale_grad_by_freq")(
        lambda E, ids, dA: scattered(E.shape, ids, dA / (ids[:, None] == ids).sum(axis=1)[:, None])
    ),
    bag.of(0).but("the sum's: mean in forward only")(
        lambda E, ids, dA: scattered(E.shape, ids, np.repeat(dA[:, None], 2, axis=1))
    ),
]
