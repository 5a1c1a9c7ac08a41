"""Functions of SmallPebble, a minimal library of automatic differentiation."""

import numpy as np
import smallpebble as sp

from tests.hunts.draws import *

LIBRARIES = ["smallpebble", "numpy"]


def vjp_of(f):
    """SmallPebble returns a dict of the gradients of a sum."""

    def vjp(args, dA):
        xs = [sp.Variable(np.array(a)) for a in args]
        found = sp.get_gradients(sp.sum(sp.mul(f(*xs), sp.Variable(np.array(dA)))))
        return [np.array(found[x]) if x in found else np.zeros(a.shape) for x, a in zip(xs, args, strict=True)]

    return vjp


def pair(f):
    return lambda *args: np.array(f(*[sp.Variable(np.array(a)) for a in args]).array), vjp_of(f)


IMAGES = of((GENERIC, "m 4 3 2"), (GENERIC, "2 2 2 n"), most=2)
TABLE = {
    **named(sp, "exp square neg", ANY),
    **named(sp, "add sub mul", PAIR),
    **{
        f"{name}, broadcast": (getattr(sp, name), of((GENERIC, "m n"), (GENERIC, "n")))
        for name in ["add", "sub", "mul"]
    },
    "mul of a column": (sp.mul, of((GENERIC, "m n"), (GENERIC, "m 1"))),
    "mul by itself": (lambda x: sp.mul(x, x), ANY),
    "div": (sp.div, of((REAL, "m n"), (ABOVE_1, "m n"))),
    "log": (sp.log, each(POSITIVE)),
    "leaky_relu": (lambda x: sp.leaky_relu(x, 0.1), ANY),
    "expand_dims": (lambda x: sp.expand_dims(x, 1), ANY),
    "getitem": (lambda x: sp.getitem(x, np.array([0, 0, -1])), ANY),
    "matmul": (sp.matmul, of((GENERIC, "m k"), (GENERIC, "k n"))),
    "matmul of stacks": (sp.matmul, of((GENERIC, "2 m k"), (GENERIC, "2 k n"))),
    "matmul, broadcast": (sp.matmul, of((GENERIC, "2 m k"), (GENERIC, "k n"))),
    "matrix_transpose": (sp.matrix_transpose, each(GENERIC, "2 m n")),
    "maxax": (lambda x: sp.maxax(x, -1), each(GENERIC)),
    "maxax of axis 0": (lambda x: sp.maxax(x, 0), each(GENERIC, "m n k")),
    "pad": (lambda x: sp.pad(x, [(1, 0), (0, 2)]), ANY),
    "reshape": (lambda x: sp.reshape(x, (-1,)), ANY),
    "softmax": (sp.softmax, ANY),
    "softmax of axis 0": (lambda x: sp.softmax(x, axis=0), ANY),
    "sum": (sp.sum, ANY),
    "sum of axis 1": (lambda x: sp.sum(x, axis=1), ANY),
    "sum of axis 0": (lambda x: sp.sum(x, axis=0), ANY),
    "sum of two axes": (lambda x: sp.sum(x, axis=(0, 2)), each(GENERIC, "m n k")),
    "add_at": (lambda x, y: sp.add_at(x, np.array([0, 0]), y), of((GENERIC, "m n"), (GENERIC, "2 n"))),
    "setat": (lambda x, y: sp.setat(x, np.array([0]), y), of((GENERIC, "m n"), (GENERIC, "1 n"))),
    "where": (lambda x, y: sp.where(np.arange(y.shape[-1]) % 2 == 0, x, y), of((GENERIC, "m n"), (GENERIC, "n"))),
    "strided_sliding_view": (lambda x: sp.strided_sliding_view(x, (2, 2), (1, 1)), each(GENERIC, "3 4")),
    "strided_sliding_view of stride 2": (lambda x: sp.strided_sliding_view(x, (2, 3), (2, 1)), each(GENERIC, "4 4")),
    "conv2d": (lambda x, k: sp.conv2d(x, k), IMAGES),
    "conv2d, valid": (lambda x, k: sp.conv2d(x, k, "VALID"), IMAGES),
    "conv2d of strides": (lambda x, k: sp.conv2d(x, k, strides=(2, 1)), IMAGES),
    "maxpool2d": (lambda x: sp.maxpool2d(x, 2, 2, "VALID"), each(GENERIC, "m 3 4 2", most=2)),
    "maxpool2d of strides": (lambda x: sp.maxpool2d(x, 2, 2, strides=[2, 2]), each(GENERIC, "m 4 4 2", most=2)),
    "cross_entropy": (
        lambda x: sp.cross_entropy(sp.softmax(x), np.arange(x.shape[0]) % x.shape[1]),
        each(GENERIC),
    ),
}
FOUND = "see docs/found/smallpebble.md"
KNOWN = {
    "maxax of axis 0": {"WrongGradient": FOUND},
    "setat": {"WrongGradient": FOUND},
}
TARGETS = targets({name: (*row, {"float32": False}) for name, row in TABLE.items()}, pair, KNOWN)
