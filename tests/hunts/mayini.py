"""Functions, layers and losses of mayini, a deep learning framework in NumPy."""

import mayini.nn as nn
import numpy as np
from mayini.ops import concatenate, stack
from mayini.tensor import Tensor

from tests.hunts.draws import *

LIBRARIES = ["mayini-framework", "numpy"]


def backward(out, dA):
    if out.requires_grad:
        out.backward(dA)


pair = recorded(lambda a: Tensor(a, requires_grad=True), lambda out: out.data, backward, lambda x: x.grad)


def layer(make, shape, *names):
    """A row of a layer: its parameters are replaced by arguments."""

    def f(x, *parameters):
        one = make()
        for name, parameter in zip(names, parameters, strict=True):
            setattr(one, name, parameter)
        return one(x)

    shapes = [(GENERIC, " ".join(map(str, getattr(make(), name).shape))) for name in names]
    return f, of((GENERIC, shape), *shapes, most=2)


def evaluating(one):
    one.eval()
    return one


TABLE = {
    "add": (lambda x, y: x + y, of((GENERIC, "m n"), (GENERIC, "n"))),
    "sub": (lambda x, y: x - y, of((GENERIC, "m n"), (GENERIC, "m 1"))),
    "mul": (lambda x, y: x * y, of((GENERIC, "m n"), (GENERIC, "n"))),
    "div": (lambda x, y: x / y, of((GENERIC, "m n"), (ABOVE_1, "n"))),
    "power 3": (lambda x: x**3, ANY),
    "mul by itself": (lambda x: x * x, ANY),
    "exp": (lambda x: x.exp(), each(GENERIC)),
    "log": (lambda x: x.log(), each(between(0.1, 5.0))),
    "abs": (abs, each(GENERIC)),
    "sum": (lambda x: x.sum(), ANY),
    "sum of axis 1": (lambda x: x.sum(axis=1), ANY),
    "sum of two negative axes": (lambda x: x.sum(axis=(-2, -1)), each(GENERIC, "m n k")),
    "mean of two axes": (lambda x: x.mean(axis=(0, 2)), each(GENERIC, "m n k")),
    "matmul": (lambda x, y: x.matmul(y), of((GENERIC, "m k"), (GENERIC, "k n"))),
    "matmul of a stack and a matrix": (lambda x, y: x.matmul(y), of((GENERIC, "l m k"), (GENERIC, "k n"))),
    "reshape": (lambda x: x.reshape((-1,)), ANY),
    "transpose": (lambda x: x.transpose((2, 0, 1)), each(GENERIC, "m n k")),
    "transpose of negative axes": (lambda x: x.transpose((-1, 0, 1)), each(GENERIC, "m n k")),
    "getitem": (lambda x: x[:, 0], ANY),
    "getitem of repeated rows": (lambda x: x[np.array([0, 0, -1])], ANY),
    "concatenate": (lambda x, y: concatenate([x, y], 1), PAIR),
    "stack": (lambda x, y: stack([x, y], 1), PAIR),
    **{
        name: (getattr(nn, name)(), each(GENERIC))
        for name in ["ReLU", "Sigmoid", "Tanh", "Softmax", "GELU", "LeakyReLU"]
    },
    "MSELoss": (nn.MSELoss(), PAIR),
    "MAELoss": (nn.MAELoss(), of((GENERIC, "m n"), (GENERIC, "m n"))),
    "HuberLoss": (nn.HuberLoss(), of((GENERIC, "m n"), (GENERIC, "m n"))),
    "BCELoss": (lambda x: nn.BCELoss()(x, Tensor(np.arange(x.size).reshape(x.shape) % 2.0)), each(between(0.1, 0.9))),
    "CrossEntropyLoss": (
        lambda x: nn.CrossEntropyLoss()(x, Tensor(np.arange(x.shape[0]) % x.shape[1])),
        each(GENERIC),
    ),
    "Linear": layer(lambda: nn.Linear(3, 2), "n 3", "weight", "bias"),
    "Linear of sequences": layer(lambda: nn.Linear(3, 2), "n 2 3", "weight", "bias"),
    "Conv2D": layer(lambda: nn.Conv2D(2, 3, 2, padding=1), "n 2 3 4", "weight", "bias"),
    "MaxPool2D": layer(lambda: nn.MaxPool2D(2), "n 2 4 4"),
    "MaxPool2D, padded": layer(lambda: nn.MaxPool2D(2, padding=1), "n 2 4 4"),
    "AvgPool2D": layer(lambda: nn.AvgPool2D(2), "n 2 4 4"),
    "AvgPool2D, padded": layer(lambda: nn.AvgPool2D(2, padding=1), "n 2 4 4"),
    "BatchNorm1d": layer(lambda: nn.BatchNorm1d(3), "4 3", "gamma", "beta"),
    "BatchNorm1d, evaluating": layer(lambda: evaluating(nn.BatchNorm1d(3)), "4 3", "gamma", "beta"),
    "RNNCell": layer(lambda: nn.RNNCell(3, 2), "n 3", "weight_ih", "weight_hh"),
}
FOUND = "see docs/found/mayini.md"
KNOWN = {
    "sum of two negative axes": {"WrongGradient": FOUND, "Raised": FOUND},
    "matmul of a stack and a matrix": {"WrongShape": FOUND, "Raised": FOUND},
    "getitem of repeated rows": {"WrongGradient": FOUND},
    "HuberLoss": {"WrongGradient": FOUND},
    "BCELoss": {"Inconclusive": "it computes in float32"},
    "Linear of sequences": {"Raised": FOUND, "WrongShape": FOUND},
    "MaxPool2D, padded": {"Raised": FOUND, "WrongGradient": FOUND},
    "AvgPool2D, padded": {"WrongGradient": FOUND},
    "BatchNorm1d, evaluating": {"WrongGradient": FOUND},
}
TARGETS = targets({name: (*row, {"float32": False}) for name, row in TABLE.items()}, pair, KNOWN)
