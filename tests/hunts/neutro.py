"""Functions and layers of neutro, a deep learning library in NumPy."""

import numpy as np
from neutro.autograd import ops
from neutro.autograd.custom_ops import Conv1DFunction, Conv2DFunction, Gather, MaxPool2DFunction
from neutro.autograd.tape import GradientTape
from neutro.autograd.tensor import Tensor
from neutro.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy

from funcnn.testing.hunt import Target
from tests.hunts.draws import *

LIBRARIES = ["neutro", "numpy"]


def pair(f):
    """Of the sum, since neutro begins with a gradient of ones."""

    def vjp(args, dA):
        xs = [Tensor(np.array(a)) for a in args]
        with GradientTape() as tape:
            for x in xs:
                tape.watch(x)
            out = ops._sum(ops.mul(f(*xs), Tensor(np.array(dA))))
        tape.gradient(out, xs)
        return [np.zeros(a.shape) if x.grad is None else np.array(x.grad) for x, a in zip(xs, args, strict=True)]

    return lambda *args: np.array(f(*[Tensor(np.array(a)) for a in args]).data), vjp


def conv2d(strides, padding):
    return lambda x, W, b: Conv2DFunction.apply(x, W, b, (2, 2), strides, padding)


IMAGES = of((GENERIC, "n 3 4 2"), (GENERIC, "2 2 2 3"), (GENERIC, "3"), most=2)
TABLE = {
    "add": (ops.add, of((GENERIC, "m n"), (GENERIC, "n"))),
    "sub": (ops.sub, of((GENERIC, "m n"), (GENERIC, "m 1"))),
    "mul": (ops.mul, of((GENERIC, "m n"), (GENERIC, "n"))),
    "div": (ops.div, of((GENERIC, "m n"), (ABOVE_1, "n"))),
    "power 3": (lambda x: x**3, ANY),
    "mul by itself": (lambda x: x * x, ANY),
    "a sum that uses x twice": (lambda x, y: (x + y) + x, PAIR),
    **named(ops, "neg relu sigmoid tanh silu softmax exp abs_op", each(GENERIC)),
    **named(ops, "log sqrt", each(between(0.1, 5.0))),
    **{
        f"{name} of axis 1": ((lambda f: lambda x: f(x, axis=1))(getattr(ops, name)), each(GENERIC, least=2))
        for name in ["_sum", "_mean", "max_op", "var", "softmax"]
    },
    **{
        f"{name} of axes": (
            (lambda f: lambda x: f(x, axis=(0, -1)))(getattr(ops, name)),
            each(GENERIC, "m n k", most=3),
        )
        for name in ["_sum", "_mean"]
    },
    "matmul": (ops.matmul, of((GENERIC, "m k"), (GENERIC, "k n"))),
    "matmul, broadcast": (ops.matmul, of((GENERIC, "2 m k"), (GENERIC, "k n"))),
    "matmul of a vector": (ops.matmul, of((GENERIC, "m n"), (GENERIC, "n"))),
    "transpose": (lambda x: ops.transpose(x, (2, 0, 1)), each(GENERIC, "m n k")),
    "transpose of negative axes": (lambda x: ops.transpose(x, (-1, 0, 1)), each(GENERIC, "m n k")),
    "reshape": (lambda x: ops.reshape(x, (-1,)), ANY),
    "slice_op": (lambda x: ops.slice_op(x, (slice(None), 0)), ANY),
    "slice_op of repeated rows": (lambda x: ops.slice_op(x, np.array([0, 0, -1])), ANY),
    "concatenate": (lambda x, y: ops.concatenate([x, y], 1), PAIR),
    "tile": (lambda x: ops.tile(x, (2, 1)), each(GENERIC)),
    "clip": (lambda x: ops.clip(x, -0.5, 0.7), ANY),
    "repeat_op": (lambda x: ops.repeat_op(x, 2, 1), ANY),
    "repeat_op of axis -1": (lambda x: ops.repeat_op(x, 2, -1), ANY),
    "maximum": (ops.maximum, of((GENERIC, "m n"), (GENERIC, "n"))),
    "Gather": (lambda table: Gather.apply(table, np.array([0, 0, 1])), each(GENERIC, "3 n")),
    "Conv1D": (
        lambda x, W, b: Conv1DFunction.apply(x, W, b, (2,), (1,), "valid"),
        of((GENERIC, "n 4 2"), (GENERIC, "2 2 3"), (GENERIC, "3"), most=2),
    ),
    "Conv1D of stride 2": (
        lambda x, W, b: Conv1DFunction.apply(x, W, b, (3,), (2,), "same"),
        of((GENERIC, "n 5 2"), (GENERIC, "3 2 3"), (GENERIC, "3"), most=2),
    ),
    "Conv2D": (conv2d((1, 1), "valid"), IMAGES),
    "Conv2D, one channel": (
        conv2d((1, 1), "valid"),
        of((GENERIC, "n 3 4 1"), (GENERIC, "2 2 1 1"), (GENERIC, "1"), most=2),
    ),
    "MaxPool2D": (lambda x: MaxPool2DFunction.apply(x, (2, 2), (2, 2)), each(GENERIC, "n 4 4 2", most=2)),
    "MaxPool2D of stride 1": (lambda x: MaxPool2DFunction.apply(x, (2, 2), (1, 1)), each(GENERIC, "n 3 4 2", most=2)),
}
FOUND = "see docs/found/neutro.md"
KNOWN = {
    "a sum that uses x twice": {"WrongGradient": FOUND},
    "matmul of a vector": {"Raised": FOUND},
    "transpose of negative axes": {"WrongGradient": FOUND, "WrongShape": FOUND},
    "slice_op of repeated rows": {"WrongGradient": FOUND},
    "tile": {"WrongGradient": FOUND, "Raised": FOUND},
    "repeat_op of axis -1": {"WrongGradient": FOUND, "Raised": FOUND},
    "Conv2D": {"WrongGradient": FOUND},
    "Conv2D, one channel": {"WrongGradient": FOUND},
}


def of_loss(name, loss, arguments):
    f = lambda y, p: loss(y, p)
    return Target(
        name,
        (f, lambda args, dA: [dA * loss.gradient(*args)]),
        arguments,
        argnums=1,
        known=KNOWN.get(name),
        float32=False,
    )


TARGETS = [
    *targets({name: (*row, {"float32": False}) for name, row in TABLE.items()}, pair, KNOWN),
    of_loss("CategoricalCrossentropy", CategoricalCrossentropy(), of((UNIT, "m n"), (between(0.1, 0.9), "m n"))),
    of_loss(
        "SparseCategoricalCrossentropy",
        SparseCategoricalCrossentropy(),
        of((lambda rng, shape: rng.integers(0, 3, shape), "m"), (between(0.1, 0.9), "m 3")),
    ),
    of_loss(
        "SparseCategoricalCrossentropy of logits",
        SparseCategoricalCrossentropy(from_logits=True),
        of((lambda rng, shape: rng.integers(0, 3, shape), "m"), (GENERIC, "m 3")),
    ),
]
