"""Functions of DeZero, of the repository oreilly-japan/deep-learning-from-scratch-3.

The folder named by FUNCNN_PREY has it as `oreilly-japan+deep-learning-from-scratch-3`, at commit b5f3cf12a9e4.
"""

import os
import sys
import warnings

import numpy as np

sys.path.insert(0, os.environ.get("FUNCNN_PREY", "") + "/oreilly-japan+deep-learning-from-scratch-3")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of syntax
    import dezero.functions as F
    from dezero import Variable, test_mode

from tests.hunts.draws import *

LIBRARIES = ["numpy"]
KNOWN = {"batch_nrom in test mode": {"Raised": "see docs/found/dezero.md"}}


def backward(out, dA):
    """Of the sum, since DeZero begins with a gradient of ones."""
    F.sum(out * dA).backward()


pair = recorded(Variable, lambda out: out.data, backward, lambda x: None if x.grad is None else x.grad.data)
classes = lambda x: np.arange(x.shape[0]) % x.shape[1]


def evaluated(x, gamma, beta):
    n = x.shape[1]
    with test_mode():
        return F.batch_nrom(x, gamma, beta, np.zeros(n), np.ones(n))


TABLE = {
    **named(F, "sin cos tanh exp sigmoid sigmoid_simple relu leaky_relu flatten", each(GENERIC)),
    **named(F, "softmax softmax_simple log_softmax", each(GENERIC)),
    "log": (F.log, each(POSITIVE)),
    "add": (lambda x, y: x + y, of((GENERIC, "m n"), (GENERIC, "n"))),
    "sub": (lambda x, y: x - y, of((GENERIC, "m n"), (GENERIC, "m 1"))),
    "mul": (lambda x, y: x * y, of((GENERIC, "m n"), (GENERIC, "n"))),
    "div": (lambda x, y: x / y, of((GENERIC, "m n"), (ABOVE_1, "n"))),
    "power 3": (lambda x: x**3, ANY),
    "mul by itself": (lambda x: x * x + x, ANY),
    "reshape": (lambda x: F.reshape(x, (-1,)), ANY),
    "transpose": (F.transpose, ANY),
    "transpose of negative axes": (lambda x: F.transpose(x, (-1, 0, 1)), each(GENERIC, "m n k")),
    "get_item of repeated rows": (lambda x: F.get_item(x, np.array([0, 0, -1])), ANY),
    "expand_dims": (lambda x: F.expand_dims(x, 1), ANY),
    "sum": (F.sum, ANY),
    "sum of axis 0": (lambda x: F.sum(x, axis=0), ANY),
    "sum of axes": (lambda x: F.sum(x, axis=(0, 2)), each(GENERIC, "m n k")),
    "average": (lambda x: F.average(x, axis=1), ANY),
    "sum_to": (lambda x: F.sum_to(x, (1, x.shape[1])), ANY),
    "broadcast_to": (lambda x: F.broadcast_to(x, (3, *x.shape)), ANY),
    "matmul": (F.matmul, of((GENERIC, "m k"), (GENERIC, "k n"))),
    "linear": (F.linear, of((GENERIC, "m k"), (GENERIC, "k n"), (GENERIC, "n"))),
    "mean_squared_error": (F.mean_squared_error, of((GENERIC, "n"), (GENERIC, "n"))),
    "softmax_cross_entropy": (lambda x: F.softmax_cross_entropy(x, classes(x)), each(GENERIC)),
    "softmax_cross_entropy_simple": (lambda x: F.softmax_cross_entropy_simple(x, classes(x)), each(GENERIC)),
    "sigmoid_cross_entropy": (lambda x: F.sigmoid_cross_entropy(x, np.arange(x.shape[0]) % 2), each(GENERIC, "n")),
    "max": (lambda x: F.max(x, axis=1), each(GENERIC)),
    "min": (lambda x: F.min(x, axis=0), each(GENERIC)),
    "clip": (lambda x: F.clip(x, -0.5, 0.7), ANY),
    "embed_id": (lambda W: F.embed_id(np.array([0, 0, 1]), W), each(GENERIC, "3 n")),
    "batch_nrom": (
        lambda x, gamma, beta: F.batch_nrom(x, gamma, beta, np.zeros(x.shape[1]), np.ones(x.shape[1])),
        of((GENERIC, "4 n"), (GENERIC, "n"), (GENERIC, "n")),
    ),
    "batch_nrom in test mode": (evaluated, of((GENERIC, "4 n"), (GENERIC, "n"), (GENERIC, "n"))),
    "conv2d": (
        lambda x, W, b: F.conv2d(x, W, b, stride=1, pad=1),
        of((GENERIC, "n 2 3 3"), (GENERIC, "2 2 2 2"), (GENERIC, "2"), most=2),
    ),
    "conv2d of stride 2": (
        lambda x, W, b: F.conv2d(x, W, b, stride=2, pad=0),
        of((GENERIC, "n 2 4 5"), (GENERIC, "2 2 2 2"), (GENERIC, "2"), most=2),
    ),
    "deconv2d": (
        lambda x, W, b: F.deconv2d(x, W, b, stride=2, pad=1),
        of((GENERIC, "n 2 2 3"), (GENERIC, "2 2 3 3"), (GENERIC, "2"), most=2),
    ),
    "pooling": (lambda x: F.pooling(x, 2, 2), each(GENERIC, "n 2 4 4", most=2)),
    "pooling of stride 1": (lambda x: F.pooling(x, 2, 1), each(GENERIC, "n 2 3 4", most=2)),
    "average_pooling": (lambda x: F.average_pooling(x, 2, 2), each(GENERIC, "n 2 4 4", most=2)),
}
TARGETS = targets({name: (*row, {"float32": False}) for name, row in TABLE.items()}, pair, KNOWN)
