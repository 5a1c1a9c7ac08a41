"""Layers and losses of the repository borgwang/tinynn.

The folder named by FUNCNN_PREY has it as `borgwang+tinynn`, at commit 0fb0f94a896e.
"""

import os
import sys

import numpy as np

sys.path.insert(0, os.environ.get("FUNCNN_PREY", "") + "/borgwang+tinynn")
from tinynn.core import layer as layers
from tinynn.core import loss as losses

from funcnn.testing.hunt import Target
from tests.hunts.draws import *

LIBRARIES = ["numpy"]
FOUND = "see docs/found/tinynn.md"
KNOWN = {
    "ELU": {"WrongGradient": FOUND},
    "SoftmaxCrossEntropy of a temperature": {"WrongGradient": FOUND},
    "SoftmaxCrossEntropy with weights": {"WrongGradient": FOUND},
}
layers.empty = lambda shape, dtype=float: np.empty(shape, float if dtype is np.float32 else dtype)
layers.np = type("np64", (), {"__getattr__": lambda self, name: float if name == "float32" else getattr(np, name)})()


def target(name, f, vjp, arguments, **options):
    return Target(name, (f, vjp), arguments, known=KNOWN.get(name), float32=False, **options)


def layer(name, make, arguments, *names):
    """A layer with its parameters in `names`. Its buffers of float32 are float64 here."""

    def made(x, parameters):
        one = make()
        if names:
            _ = one.forward(np.array(x))  # which makes the parameters
        for key, a in zip(names, parameters, strict=True):
            one.params[key] = np.array(a)
        return one, one.forward(np.array(x))

    def vjp(args, dA):
        one, _ = made(args[0], args[1:])
        found = one.backward(np.array(dA))
        return [found, *[np.array(one.grads[key]) for key in names]]

    return target(name, lambda x, *parameters: made(x, parameters)[1], vjp, arguments)


def labels(rng, shape):
    return np.eye(shape[1])[rng.integers(0, shape[1], shape[0])]


def loss(name, one, *parts, **sizes):
    return target(
        name, one.loss, lambda args, dA: [dA * one.grad(*args)], of(*parts, **sizes), argnums=0, tolerance=1e-6
    )


kernel = (GENERIC, "2 2 2 3"), (GENERIC, "3")
conv = lambda **o: lambda: layers.Conv2D((2, 2, 2, 3), **o)
transposed = lambda **o: lambda: layers.ConvTranspose2D((2, 2, 2, 3), **o)
images = of((GENERIC, "n 4 3 2"), *kernel, most=2)
TARGETS = [
    *[
        layer(name, getattr(layers, name), each(GENERIC))
        for name in ["Sigmoid", "Softplus", "Tanh", "ReLU", "LeakyReLU", "GELU", "ELU"]
    ],
    layer("Dense", lambda: layers.Dense(2), of((GENERIC, "n 3"), (GENERIC, "3 2"), (GENERIC, "2")), "w", "b"),
    layer("Conv2D", conv(), images, "w", "b"),
    layer("Conv2D, valid", conv(padding="VALID"), images, "w", "b"),
    layer("Conv2D of strides", conv(stride=(2, 1), padding="VALID"), images, "w", "b"),
    layer("ConvTranspose2D", transposed(), images, "w", "b"),
    layer("ConvTranspose2D of stride 2", transposed(stride=(2, 2)), images, "w", "b"),
    layer("ConvTranspose2D, valid", transposed(stride=(2, 2), padding="VALID"), images, "w", "b"),
    layer("MaxPool2D", layers.MaxPool2D, of((GENERIC, "n 4 4 2"), least=2)),
    layer("MaxPool2D of stride 1", lambda: layers.MaxPool2D((2, 2), (1, 1)), of((GENERIC, "n 3 4 2"), least=2)),
    layer("RNN", lambda: layers.RNN(2), of((GENERIC, "n 3 2"), (GENERIC, "2 4"), (GENERIC, "2")), "W", "b"),
    layer(
        "LSTM",
        lambda: layers.LSTM(2),
        of((GENERIC, "n 3 2"), (GENERIC, "6 4"), (GENERIC, "6"), (GENERIC, "2 4"), (GENERIC, "2"), most=2),
        *["W_g", "b_g", "W_c", "b_c"],
    ),
    layer(
        "BatchNormalization", layers.BatchNormalization, of((GENERIC, "4 n"), *[(GENERIC, "n")] * 2), "gamma", "beta"
    ),
    layer("Flatten", layers.Flatten, each(GENERIC, "m n 2")),
    loss("MSE", losses.MSE(), (GENERIC, "m n"), (GENERIC, "m n")),
    loss("MAE", losses.MAE(), (GENERIC, "m n"), (GENERIC, "m n")),
    loss("Huber", losses.Huber(0.7), (GENERIC, "m n"), (GENERIC, "m n")),
    loss("SoftmaxCrossEntropy", losses.SoftmaxCrossEntropy(), (GENERIC, "m n"), (labels, "m n"), least=2),
    loss(
        "SoftmaxCrossEntropy of a temperature",
        losses.SoftmaxCrossEntropy(T=2.0),
        (GENERIC, "m n"),
        (labels, "m n"),
        least=2,
    ),
    loss(
        "SoftmaxCrossEntropy with weights",
        losses.SoftmaxCrossEntropy(weights=[1.0, 3.0, 2.0]),
        (GENERIC, "m 3"),
        (labels, "m 3"),
    ),
    loss("SigmoidCrossEntropy", losses.SigmoidCrossEntropy([0.7, 2.0]), (GENERIC, "m n"), (UNIT, "m n")),
]
