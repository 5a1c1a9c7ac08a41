"""Functions, layers and losses of jungrad, a library of automatic differentiation."""

import jungrad as jg
import numpy as np
from jungrad import functional, losses, ops

from tests.hunts.draws import *

LIBRARIES = ["jungrad", "numpy"]


def variable(a):
    return jg.tensor(a, requires_grad=True)


def backward(out, dA):
    out.backward(dA)


pair = recorded(variable, lambda out: out.data, backward, lambda x: x.grad)
index = lambda *rows: jg.tensor(np.array(rows))
TABLE = {
    "add": (ops.add, of((GENERIC, "m n"), (GENERIC, "n"))),
    "sub": (ops.sub, of((GENERIC, "m n"), (GENERIC, "m 1"))),
    "mul": (ops.mul, of((GENERIC, "m n"), (GENERIC, "n"))),
    "div": (ops.div, of((GENERIC, "m n"), (ABOVE_1, "n"))),
    "pow": (ops.pow, of((POSITIVE, "m n"), (GENERIC, "n"))),
    "power 3": (lambda x: x**3, ANY),
    "mul by itself": (lambda x: x * x, ANY),
    **named(ops, "neg exp", ANY),
    "log": (ops.log, each(POSITIVE)),
    "maximum": (ops.maximum, of((GENERIC, "m n"), (GENERIC, "n"))),
    **named(ops, "sum mean max min var std flatten", each(GENERIC, least=2), "all, "),
    **{
        f"{name} of axis 0": ((lambda f: lambda x: f(x, axis=0))(getattr(ops, name)), each(GENERIC, least=2))
        for name in ["sum", "mean", "max", "min", "var", "std"]
    },
    **{
        f"{name} of two axes, kept": (
            (lambda f: lambda x: f(x, axis=(0, 2), keepdims=True))(getattr(ops, name)),
            each(GENERIC, "m n k", least=2, most=3),
        )
        for name in ["sum", "mean", "max", "min", "var", "std"]
    },
    "max of ties": (lambda x: ops.max(x, axis=1), each(TIES)),
    "matmul": (ops.matmul, of((GENERIC, "m k"), (GENERIC, "k n"))),
    "matmul of stacks": (ops.matmul, of((GENERIC, "2 m k"), (GENERIC, "2 k n"))),
    "matmul, broadcast": (ops.matmul, of((GENERIC, "2 m k"), (GENERIC, "k n"))),
    "matmul of a vector": (ops.matmul, of((GENERIC, "m n"), (GENERIC, "n"))),
    "transpose": (lambda x: ops.transpose(x, 0, 2), each(GENERIC, "m n k")),
    "permute": (lambda x: ops.permute(x, (2, 0, 1)), each(GENERIC, "m n k")),
    "permute of negative axes": (lambda x: ops.permute(x, (-1, 0, 1)), each(GENERIC, "m n k")),
    "reshape": (lambda x: ops.reshape(x, (-1,)), ANY),
    "concat": (lambda x, y: ops.concat([x, y], -1), PAIR),
    "stack": (lambda x, y: ops.stack([x, y], -1), PAIR),
    "squeeze": (lambda x: ops.squeeze(x, 1), each(GENERIC, "m 1 n")),
    "unsqueeze": (lambda x: ops.unsqueeze(x, 1), ANY),
    "unsqueeze of -1": (lambda x: ops.unsqueeze(x, -1), ANY),
    "broadcast_to": (lambda x: ops.broadcast_to(x, (3, *x.shape)), ANY),
    "gather": (lambda x: ops.gather(x, 0, index(1, 0, 2)), each(GENERIC, "3")),
    "gather of repeated": (lambda x: ops.gather(x, 0, index(0, 0, 2)), each(GENERIC, "3")),
    "scatter_add": (lambda x, y: ops.scatter_add(x, 0, index(0, 0, 2), y), of((GENERIC, "3"), (GENERIC, "3"))),
    "slice": (lambda x: ops.slice(x, 1, 1, 3), each(GENERIC, "m 4")),
    "take": (lambda x: ops.take(x, index(0, 0, 1)), each(GENERIC, "m 3")),
    **named(functional, "log_softmax softmax relu tanh sigmoid gelu", each(GENERIC)),
    "logsumexp": (functional.logsumexp, each(GENERIC)),
    "logsumexp of axis 1": (lambda x: functional.logsumexp(x, axis=1), each(GENERIC)),
    "logsumexp, kept": (lambda x: functional.logsumexp(x, axis=1, keepdims=True), each(GENERIC)),
    "cross_entropy": (lambda x: losses.cross_entropy(x, np.arange(x.shape[0]) % x.shape[1]), each(GENERIC)),
    "cross_entropy, smoothed": (
        lambda x: losses.cross_entropy(x, np.arange(x.shape[0]) % x.shape[1], label_smoothing=0.2),
        each(GENERIC),
    ),
    "cross_entropy of one-hot": (
        lambda x: losses.cross_entropy(x, np.eye(x.shape[1])[np.arange(x.shape[0]) % x.shape[1]], 0.2),
        each(GENERIC, least=2),
    ),
    "bce_with_logits": (
        lambda x: losses.bce_with_logits(x, np.arange(x.data.size).reshape(x.shape) % 2.0),
        each(GENERIC),
    ),
    "mse_loss": (losses.mse_loss, PAIR),
}
FOUND = "see docs/found/jungrad.md"
KNOWN = {
    "matmul, broadcast": {"Raised": FOUND},
    "matmul of a vector": {"Raised": FOUND},
    "permute of negative axes": {"WrongGradient": FOUND, "Raised": FOUND},
    "gather of repeated": {"WrongGradient": FOUND},
    "take": {"WrongGradient": FOUND, "Raised": FOUND},
    "sigmoid": {"WrongGradient": FOUND},
}
TARGETS = targets({name: (*row, {"float32": False}) for name, row in TABLE.items()}, pair, KNOWN)
