"""Legal but rare shapes, dtypes and memory layouts."""

import numpy as np
from hypothesis import strategies as st

from tests.nasty.base import arrays, drawn, each, elementwise, nasty, normal

PLAIN = normal()


def in_layout(change):
    """Arguments that are views, or not C-ordered."""
    return arrays(PLAIN, "m n").map(lambda args: (change(args[0]),))


def as_type(dtype):
    return arrays(PLAIN, "m n").map(lambda args: (args[0].astype(dtype),))


def read_only(a):
    a = np.array(a)
    a.flags.writeable = False
    return a


def softmax_rows(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_rows_vjp(args, dA):
    p = softmax_rows(args[0])
    return (p * (dA - (dA * p).sum(axis=-1, keepdims=True)),)


def many(low, high):
    return st.integers(low, high).flatmap(lambda n: arrays(PLAIN, f"{n}"))


STRUCTURE = [
    elementwise("sin of a 0-d array", "no axes")(PLAIN, np.sin, np.cos, ""),
    nasty("a Python float for a gradient", "of a 0-d array")(
        arrays(PLAIN, ""), (np.sin, lambda args, dA: (float(dA) * float(np.cos(args[0])),))
    ),
    nasty("a product with a 0-d scale", "the scale's gradient is a sum")(
        arrays(PLAIN, "m n", ""), (lambda x, s: x * s, lambda args, dA: (dA * args[1], (dA * args[0]).sum()))
    ),
    nasty("a 0-d output", "a NumPy scalar, even")(
        arrays(PLAIN, "m n"), (lambda x: (x * x).sum(), lambda args, dA: (2 * dA * args[0],))
    ),
    nasty("a dot product", "0-d, of two arguments")(
        arrays(PLAIN, "n", "n"), (np.dot, lambda args, dA: (dA * args[1], dA * args[0]))
    ),
    elementwise("no entries", "an empty batch")(PLAIN, np.sin, np.cos, "0 n"),
    nasty("the sum of nothing", "an output without inputs")(
        arrays(PLAIN, "0 n"), (lambda x: x.sum(axis=0), lambda args, dA: (np.zeros(args[0].shape),))
    ),
    nasty("a product over nothing", "m x 0 by 0 x n is 0")(
        arrays(PLAIN, "m 0", "0 n"), (np.matmul, lambda args, dA: (dA @ args[1].T, args[0].T @ dA))
    ),
    nasty("an empty batch and a weight", "no output, and yet a gradient: 0")(
        arrays(PLAIN, "0 n", "n k"), (np.matmul, lambda args, dA: (dA @ args[1].T, args[0].T @ dA))
    ),
    nasty("outer product", "36 outputs and more")(
        arrays(PLAIN, "m", "n", least=6, most=9), (np.outer, lambda args, dA: (dA @ args[1], args[0] @ dA))
    ),
    nasty("sin, 200 to 2000 entries", "more than can be probed one by one")(many(200, 2000), each(np.sin, np.cos)),
    nasty("mean, 200 to 2000 entries", "slopes of 1/n")(
        many(200, 2000),
        (lambda x: x.mean(keepdims=True), lambda args, dA: (np.full(args[0].shape, dA[0] / args[0].size),)),
    ),
    nasty("softmax, 200 to 400 entries", "every output feels every entry")(
        many(200, 400), (softmax_rows, softmax_rows_vjp)
    ),
    nasty("one of 300 entries", "all the others have slope 0")(
        many(300, 300),
        (lambda x: x[7:8] ** 2, lambda args, dA: (np.where(np.arange(300) == 7, 2 * args[0] * dA, 0.0),)),
    ),
    nasty("identity", "returns its argument, and dA")(arrays(PLAIN, "m n"), (lambda x: x, lambda args, dA: (dA,))),
    nasty("transpose", "views both ways")(arrays(PLAIN, "m n"), (lambda x: x.T, lambda args, dA: (dA.T,))),
    nasty("reversal", "negative strides both ways")(
        arrays(PLAIN, "m n"), (lambda x: x[::-1], lambda args, dA: (dA[::-1],))
    ),
    nasty("flattening", "a view of another shape")(
        arrays(PLAIN, "m n"), (np.ravel, lambda args, dA: (dA.reshape(args[0].shape),))
    ),
    nasty("both arguments get dA", "one array, twice")(arrays(PLAIN, "n", "n"), (np.add, lambda args, dA: (dA, dA))),
    nasty("x + x", "the argument used twice")(arrays(PLAIN, "n"), (lambda x: x + x, lambda args, dA: [dA + dA])),
    nasty("Fortran-ordered results", "of f and of vjp")(
        arrays(PLAIN, "m n"),
        (lambda x: np.asfortranarray(np.sin(x)), lambda args, dA: (np.asfortranarray(dA * np.cos(args[0])),)),
    ),
    nasty("read-only results", "of f and of vjp")(
        arrays(PLAIN, "m n"), (lambda x: read_only(np.sin(x)), lambda args, dA: (read_only(dA * np.cos(args[0])),))
    ),
    nasty("a broadcast gradient", "strides of 0, read-only")(
        arrays(PLAIN, "m n"), (lambda x: x.sum(axis=0), lambda args, dA: (np.broadcast_to(dA, args[0].shape),))
    ),
    nasty("a broadcast result", "strides of 0, read-only")(
        arrays(PLAIN, "n"), (lambda x: np.broadcast_to(x, (3, x.size)), lambda args, dA: (dA.sum(axis=0),))
    ),
    nasty("Fortran-ordered x", "arguments in columns")(in_layout(np.asfortranarray), each(np.sin, np.cos)),
    nasty("every other entry of an array", "strided arguments")(
        in_layout(lambda a: np.repeat(a, 2, axis=1)[:, ::2]), each(np.sin, np.cos)
    ),
    nasty("x backwards", "arguments of negative strides")(in_layout(lambda a: a[::-1, ::-1]), each(np.sin, np.cos)),
    nasty("x broadcast", "arguments of stride 0")(
        in_layout(lambda a: np.broadcast_to(a[:1], a.shape)), each(np.sin, np.cos)
    ),
    nasty("sin of float32", "f and gradient in float32")(
        as_type(np.float32), (np.sin, lambda args, dA: ((dA * np.cos(args[0])).astype(args[0].dtype),))
    ),
    nasty("float32 and float64", "a gradient of each")(
        drawn(lambda rng: (rng.standard_normal(3).astype(np.float32), rng.standard_normal(3))),
        (np.multiply, lambda args, dA: ((dA * args[1]).astype(args[0].dtype), (dA * args[0]).astype(args[1].dtype))),
    ),
]
