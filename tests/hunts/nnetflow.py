"""Functions and layers of nnetflow, a minimal framework for neural networks.

The wheel of nnetflow has a package `tests`, which hides the folder of this file: delete it from the
environment.
"""

from operator import methodcaller

import numpy as np
from nnetflow import layers, losses
from nnetflow.engine import Tensor

from tests.hunts.draws import *

LIBRARIES = ["nnetflow", "numpy"]


def backward(out, dA):
    """Of the sum, since nnetflow begins with a gradient of ones."""
    (out * Tensor(dA)).sum().backward()


pair = recorded(lambda a: Tensor(a, requires_grad=True), lambda out: out.data, backward, lambda x: x.grad)


def methods(names, arguments, which=""):
    return {name + which: (methodcaller(name), arguments) for name in names.split()}


TABLE = {
    "add": (lambda x, y: x + y, of((GENERIC, "m n"), (GENERIC, "n"))),
    "sub": (lambda x, y: x - y, of((GENERIC, "m n"), (GENERIC, "m 1"))),
    "mul": (lambda x, y: x * y, of((GENERIC, "m n"), (GENERIC, "n"))),
    "div": (lambda x, y: x / y, of((GENERIC, "m n"), (ABOVE_1, "n"))),
    "rdiv": (lambda x: 2 / x, each(ABOVE_1)),
    "power 3": (lambda x: x**3, ANY),
    "mul by itself": (lambda x: x * x, ANY),
    **methods("exp relu leaky_relu elu selu gelu sigmoid swish tanh softmax log_softmax sum mean", ANY),
    **methods("log log10 sqrt", each(between(0.1, 5.0))),
    **methods("log log10 sqrt", each(decades(-8, -4, signed=False)), " near 0"),
    **methods("var std", each(GENERIC, least=2)),
    "sum of axes": (lambda x: x.sum((0, 2)), each(GENERIC, "m n k")),
    "mean of axis -1": (lambda x: x.mean(-1, keepdims=True), each(GENERIC, "m n k")),
    "softmax of axis 0": (lambda x: x.softmax(axis=0), ANY),
    "clip": (lambda x: x.clip(-0.5, 0.7), ANY),
    "reshape": (lambda x: x.reshape(x.size), ANY),
    "transpose": (lambda x: x.transpose((2, 0, 1)), each(GENERIC, "m n k")),
    "transpose of negative axes": (lambda x: x.transpose((-1, 0, 1)), each(GENERIC, "m n k")),
    "masked_fill": (lambda x: x.masked_fill(Tensor(np.arange(x.shape[-1]) % 2 == 0), 3.0), ANY),
    "getitem": (lambda x: x[1:, ::2], each(GENERIC, least=2)),
    "getitem of repeated rows": (lambda x: x[np.array([0, 0, -1])], ANY),
    "matmul": (lambda x, y: x @ y, of((GENERIC, "m k"), (GENERIC, "k n"))),
    "matmul of stacks": (lambda x, y: x @ y, of((GENERIC, "2 m k"), (GENERIC, "2 k n"))),
    "matmul, broadcast": (lambda x, y: x @ y, of((GENERIC, "2 m k"), (GENERIC, "k n"))),
    "matmul of a vector": (lambda x, y: x @ y, of((GENERIC, "m n"), (GENERIC, "n"))),
    "matmul of vectors": (lambda x, y: x @ y, of((GENERIC, "n"), (GENERIC, "n"))),
    "matmul of a stack and a vector": (lambda x, y: x @ y, of((GENERIC, "2 m n"), (GENERIC, "n"))),
    "mse_loss": (losses.mse_loss, PAIR),
    "rmse_loss": (losses.rmse_loss, of((GENERIC, "m n"), (GENERIC, "m n"))),
    "cross_entropy_loss": (
        lambda x: losses.cross_entropy_loss(x, Tensor(np.eye(x.shape[1])[np.arange(x.shape[0]) % x.shape[1]])),
        each(GENERIC),
    ),
    "binary_cross_entropy_loss": (
        lambda x: losses.binary_cross_entropy_loss(x, Tensor(np.arange(x.size).reshape(x.shape) % 2.0)),
        each(between(0.1, 0.9)),
    ),
}


def layer(make, shape, *names):
    """A row of a layer: its parameters are replaced by arguments."""

    def f(x, *parameters):
        one = make()
        for name, parameter in zip(names, parameters, strict=True):
            setattr(one, name, parameter)
        return one(x)

    shapes = [(GENERIC, " ".join(map(str, getattr(make(), name).shape))) for name in names]
    return f, of((GENERIC, shape), *shapes, most=2)


TABLE |= {
    "Linear": layer(lambda: layers.Linear(3, 2), "n 3", "weight", "bias"),
    "Linear of sequences": layer(lambda: layers.Linear(3, 2), "n 2 3", "weight", "bias"),
    "Conv2d": layer(lambda: layers.Conv2d(2, 3, 2, padding=1), "n 2 3 4", "weight", "bias"),
    "Conv2d of stride 2": layer(lambda: layers.Conv2d(2, 3, 2, stride=2), "n 2 4 5", "weight", "bias"),
    "Conv1d": layer(lambda: layers.Conv1d(2, 3, 2, padding=1), "n 2 5", "weight", "bias"),
    "Conv1d of stride 2": layer(lambda: layers.Conv1d(2, 3, 2, stride=2), "n 2 6", "weight", "bias"),
    "BatchNorm1d": layer(lambda: layers.BatchNorm1d(3), "4 3", "gamma", "beta"),
    "LayerNorm": layer(lambda: layers.LayerNorm(3), "n 3", "gamma", "beta"),
    "MaxPool2d": layer(lambda: layers.MaxPool2d(2), "n 2 4 4"),
    "MaxPool2d of stride 1": layer(lambda: layers.MaxPool2d(2, stride=1), "n 2 3 4"),
    "MaxPool1d": layer(lambda: layers.MaxPool1d(2), "n 2 4"),
    "MaxPool1d of stride 1": layer(lambda: layers.MaxPool1d(2, stride=1), "n 2 4"),
}
FOUND = "see docs/found/nnetflow.md"
KNOWN = {
    **{
        name: dict.fromkeys(
            ("WrongGradient", "Inconclusive"),
            "the source adds 1e-8 to the denominator of the slope, for numerical stability",
        )
        for name in ["log near 0", "log10 near 0", "sqrt near 0", "LayerNorm", "BatchNorm1d"]
    },
    **{
        name: {"WrongGradient": "the sum of the value has + 1e-8, which the derivative leaves out"}
        for name in ["softmax", "softmax of axis 0", "log_softmax", "cross_entropy_loss"]
    },
    "transpose of negative axes": {"WrongGradient": FOUND, "Raised": FOUND},
    "getitem of repeated rows": {"WrongGradient": FOUND},
    "matmul of a stack and a vector": {"Raised": FOUND},
}
TARGETS = targets({name: (*row, {"float32": False, "tolerance": 1e-6}) for name, row in TABLE.items()}, pair, KNOWN)
