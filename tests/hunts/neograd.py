"""Functions, layers and losses of neograd, a deep learning framework for learners."""

import neograd as ng
import numpy as np
from neograd.autograd.ops import conv2d, conv3d, dot, exp, flatten, log, maxpool2d, maxpool3d
from neograd.nn import activations, loss

from tests.hunts.draws import *

LIBRARIES = ["neograd", "numpy"]


def backward(out, dA):
    out.backward(np.asarray(dA, dtype=float))


pair = recorded(
    lambda a: ng.tensor(a, requires_grad=True), lambda out: out.data, backward, lambda x: np.asarray(x.grad)
)
TABLE = {
    "add": (lambda x, y: x + y, of((GENERIC, "m n"), (GENERIC, "n"))),
    "sub": (lambda x, y: x - y, of((GENERIC, "m n"), (GENERIC, "m 1"))),
    "mul": (lambda x, y: x * y, of((GENERIC, "m n"), (GENERIC, "n"))),
    "div": (lambda x, y: x / y, of((GENERIC, "m n"), (ABOVE_1, "n"))),
    "pow": (lambda x, y: x**y, of((POSITIVE, "m n"), (GENERIC, "n"))),
    "mul by itself": (lambda x: x * x, ANY),
    "used twice": (lambda x: x * exp(x) + x, ANY),
    "exp": (exp, ANY),
    "log": (log, each(POSITIVE)),
    "sum": (lambda x: x.sum(), ANY),
    "sum of axis 0": (lambda x: x.sum(0), ANY),
    "sum of axis 1": (lambda x: x.sum(1), ANY),
    "transpose": (lambda x: x.T, ANY),
    "flatten": (flatten, ANY),
    "reshape": (lambda x: x.reshape((-1,)), ANY),
    "dot": (dot, of((GENERIC, "m k"), (GENERIC, "k n"))),
    "dot of vectors": (dot, of((GENERIC, "n"), (GENERIC, "n"))),
    "dot of a matrix and a vector": (dot, of((GENERIC, "m n"), (GENERIC, "n"))),
    "conv2d": (lambda x, k, b: conv2d(x, k, b, 0, 1), of((GENERIC, "n 3 4"), (GENERIC, "2 2"), (GENERIC, "1"), most=2)),
    "conv2d, padded": (
        lambda x, k, b: conv2d(x, k, b, 1, 2),
        of((GENERIC, "n 3 4"), (GENERIC, "2 2"), (GENERIC, "1"), most=2),
    ),
    "conv3d": (
        lambda x, k, b: conv3d(x, k, b, 0, 1),
        of((GENERIC, "n 2 3 4"), (GENERIC, "m 2 2 2"), (GENERIC, "m"), most=2),
    ),
    "conv3d, padded": (
        lambda x, k, b: conv3d(x, k, b, 1, 2),
        of((GENERIC, "n 2 3 4"), (GENERIC, "m 2 2 2"), (GENERIC, "m"), most=2),
    ),
    "maxpool2d of stride 1": (lambda x: maxpool2d(x, (2, 2), 0, 1), each(GENERIC, "n 3 4")),
    "maxpool2d of stride 2": (lambda x: maxpool2d(x, (2, 2), 0, 2), each(GENERIC, "n 4 4")),
    "maxpool2d of stride 3": (lambda x: maxpool2d(x, (2, 2), 0, 3), each(GENERIC, "n 5 5")),
    "maxpool3d of stride 1": (lambda x: maxpool3d(x, (2, 2), 0, 1), each(GENERIC, "n 2 3 4", most=2)),
    "maxpool3d of stride 2": (lambda x: maxpool3d(x, (2, 2), 0, 2), each(GENERIC, "n 2 4 4", most=2)),
    **{name: (getattr(activations, name)(), ANY) for name in ["Sigmoid", "Tanh", "ReLU", "LeakyReLU"]},
    "Softmax of axis 0": (activations.Softmax(0), ANY),
    "Softmax of axis 1": (activations.Softmax(1), ANY),
    "MSE": (loss.MSE(), of((GENERIC, "m n"), (GENERIC, "m n"))),
    "CE": (loss.CE(), of((UNIT, "m n"), (UNIT, "m n"))),
    "SoftmaxCE": (
        lambda x: loss.SoftmaxCE(1)(x, ng.tensor(np.eye(x.shape[1])[np.arange(x.shape[0]) % x.shape[1]])),
        each(GENERIC),
        {"tolerance": 1e-6},  # the value has log(p + 1e-9)
    ),
}
FOUND = "see docs/found/neograd.md"
KNOWN = {
    "mul by itself": {"Raised": FOUND},
    "dot of a matrix and a vector": {"Raised": FOUND},
    "maxpool2d of stride 1": {"WrongGradient": FOUND},
    "maxpool3d of stride 1": {"WrongGradient": FOUND},
    "maxpool2d of stride 3": {
        "WrongGradient": FOUND,
        "NotDeterministic": FOUND,
        "NotPure": FOUND,
        "NotFinite": FOUND,
        "NotLinear": FOUND,
    },
}
TARGETS = targets({name: (*row[:2], {"float32": False} | dict(*row[2:])) for name, row in TABLE.items()}, pair, KNOWN)
