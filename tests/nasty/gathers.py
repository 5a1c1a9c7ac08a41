"""Ids, masks, and sums over axes."""

import numpy as np

from tests.nasty.base import among, arrays, drawn, elementwise, mixed, nasty
from tests.nasty.structure import PLAIN


def with_ids(*, dtype=np.intp):
    """A table, and ids of its rows, some of them twice."""
    return drawn(lambda rng: (rng.standard_normal((3, 2)), rng.integers(0, 3, rng.integers(1, 6)).astype(dtype)))


def embedding_vjp(args, dA):
    E, ids = args
    dE = np.zeros(E.shape)
    np.add.at(dE, ids, dA)
    return dE, None


def segment_sum(x, ids):
    return np.stack([np.bincount(ids, column, minlength=4) for column in x.T], axis=1)


def cumprod_vjp(args, dA):
    (x,) = args
    grad = np.zeros(x.shape)
    for k in range(x.size):
        for i in range(k + 1):
            grad[i] += dA[k] * np.prod(np.delete(x[: k + 1], i))
    return (grad,)


def take_rows(x, i):
    return np.take_along_axis(x, i, axis=1)


def put_rows(args, dA):
    x, i = args
    dx = np.zeros(x.shape)
    np.add.at(dx, (np.arange(len(x))[:, None], i), dA)
    return dx, None


GATHERS = [
    nasty("embedding", "ids come twice")(with_ids(), (lambda E, ids: E[ids], embedding_vjp)),
    nasty("embedding by bytes", "ids are uint8")(with_ids(dtype=np.uint8), (lambda E, ids: E[ids], embedding_vjp)),
    nasty("embedding from behind", "ids are negative")(
        with_ids().map(lambda args: (args[0], args[1] - 3)), (lambda E, ids: E[ids], embedding_vjp)
    ),
    nasty("segment sum", "segments without entries")(
        drawn(lambda rng: (rng.standard_normal((5, 2)), rng.integers(0, 4, 5))),
        (segment_sum, lambda args, dA: (dA[args[1]], None)),
    ),
    nasty("a boolean mask", "as an argument")(
        drawn(lambda rng: (rng.standard_normal((3, 2)), rng.random((3, 2)) < 0.5)),
        (lambda x, mask: np.where(mask, x * x, 0), lambda args, dA: (np.where(args[1], 2 * dA * args[0], 0), None)),
    ),
    nasty("a mask that selects", "outputs of a size that depends on it")(
        drawn(lambda rng: (rng.standard_normal(4), rng.random(4) < 0.5)),
        (
            lambda x, mask: x[mask] ** 2,
            lambda args, dA: (np.where(args[1], args[0], 0) * 2 * (dA[np.cumsum(args[1]) - 1] if dA.size else 0), None),
        ),
    ),
    nasty("choice by row", "ids come twice in a row")(
        drawn(lambda rng: (rng.standard_normal((3, 4)), rng.integers(0, 4, (3, 2)))), (take_rows, put_rows)
    ),
    nasty("column by row", "both are broadcast")(
        arrays(PLAIN, "m 1", "n"),
        (np.multiply, lambda args, dA: ((dA * args[1]).sum(axis=1, keepdims=True), (dA * args[0]).sum(axis=0))),
    ),
    nasty("mean over two axes", "keepdims")(
        arrays(PLAIN, "l m n"),
        (
            lambda x: x.mean(axis=(0, 2), keepdims=True),
            lambda args, dA: (np.broadcast_to(dA / (args[0].size / args[0].shape[1]), args[0].shape),),
        ),
    ),
    nasty("cumsum", "every output feels what came before")(
        arrays(PLAIN, "m n"),
        (lambda x: np.cumsum(x, axis=1), lambda args, dA: (np.cumsum(dA[:, ::-1], axis=1)[:, ::-1],)),
    ),
    nasty("cumprod", "zeros forbid a division")(arrays(mixed(among(0.0, 0.0), PLAIN), "n"), (np.cumprod, cumprod_vjp)),
    nasty("einsum", "three arguments")(
        arrays(PLAIN, "i j", "j k", "i k"),
        (
            lambda a, b, c: np.einsum("ij,jk,ik->i", a, b, c),
            lambda args, dA: (
                np.einsum("i,jk,ik->ij", dA, *args[1:]),
                np.einsum("i,ij,ik->jk", dA, args[0], args[2]),
                np.einsum("i,ij,jk->ik", dA, *args[:2]),
            ),
        ),
    ),
    nasty("trace", "off the diagonal nothing counts")(
        arrays(PLAIN, "n n"), (np.trace, lambda args, dA: (dA * np.eye(len(args[0])),))
    ),
    nasty("padding", "outputs that never move")(
        arrays(PLAIN, "n"), (lambda x: np.pad(x, 2), lambda args, dA: (dA[2:-2],))
    ),
    nasty("repetition", "three of each")(
        arrays(PLAIN, "n"), (lambda x: np.tile(x, 3), lambda args, dA: (dA.reshape(3, -1).sum(axis=0),))
    ),
    elementwise("a stack of five axes", "sizes of 1")(PLAIN, np.tanh, lambda x: 1 / np.cosh(x) ** 2, "1 m 1 n 1"),
]
