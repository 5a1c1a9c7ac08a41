"""Activations, losses and layers of neuralnetlib, a deep learning framework in NumPy."""

import numpy as np
from neuralnetlib import activations, layers, losses

from funcnn.testing.hunt import Target
from tests.hunts.draws import *

LIBRARIES = ["neuralnetlib", "numpy"]
FOUND = "see docs/found/neuralnetlib.md"
KNOWN = {
    "BinaryCrossentropy": {"WrongGradient": FOUND},
    "CategoricalCrossentropy": {"WrongGradient": FOUND},
    "SparseCategoricalCrossentropy": {"WrongGradient": FOUND},
    "AsymmetricLoss beyond its clip": {"WrongGradient": FOUND},
}


def target(name, f, vjp, arguments, **options):
    return Target(name, (f, vjp), arguments, known=KNOWN.get(name), float32=False, **options)


def loss(name, one, labels, predictions, shape="m n", **options):
    vjp = lambda args, dA: [dA * one.derivative(*args)]
    parts = (labels, "m" if name.startswith("Sparse") else shape), (predictions, shape)
    return target(name, one, vjp, of(*parts, least=2), argnums=1, **options)


def layer(name, make, arguments, *names):
    """A layer with its parameters in `names`."""

    def made(x, parameters):
        one = make()
        if names:
            _ = one.forward_pass(np.array(x))  # which makes the parameters
        for key, a in zip(names, parameters, strict=True):
            setattr(one, key, np.array(a))
        return one, one.forward_pass(np.array(x))

    def vjp(args, dA):
        one, _ = made(args[0], args[1:])
        found = one.backward_pass(np.array(dA))
        return [found, *[getattr(one, f"d_{key}") for key in names]]

    return target(name, lambda x, *parameters: made(x, parameters)[1], vjp, arguments)


def binary(rng, shape):
    return rng.integers(0, 2, shape).astype(float)


def classes(rng, shape):
    return rng.integers(0, 2, shape)


def one_hot(rng, shape):
    return np.eye(shape[1])[rng.integers(0, shape[1], shape[0])]


p = between(0.1, 0.9)
TARGETS = [
    *[
        target(name, act, lambda args, dA, act=act: [dA * act.derivative(args[0])], each(GENERIC))
        for name in ["Sigmoid", "ReLU", "Tanh", "Linear", "LeakyReLU", "ELU", "SELU", "GELU"]
        for act in [getattr(activations, name)()]
    ],
    target(
        "Softmax",
        activations.Softmax(),
        lambda args, dA: [activations.Softmax().backward(activations.Softmax()(args[0]), dA)],
        ANY,
    ),
    loss("MeanSquaredError", losses.MeanSquaredError(), GENERIC, GENERIC),
    loss("MeanAbsoluteError", losses.MeanAbsoluteError(), GENERIC, GENERIC),
    loss("Huber", losses.Huber(0.7), GENERIC, GENERIC),
    loss("Wasserstein", losses.Wasserstein(), GENERIC, GENERIC),
    loss("BinaryCrossentropy", losses.BinaryCrossentropy(), binary, p),
    loss("CategoricalCrossentropy", losses.CategoricalCrossentropy(), one_hot, p),
    loss("SparseCategoricalCrossentropy", losses.SparseCategoricalCrossentropy(), classes, p),
    loss("FocalLoss", losses.FocalLoss(), binary, p),
    loss("AsymmetricLoss", losses.AsymmetricLoss(), binary, p),
    loss("AsymmetricLoss beyond its clip", losses.AsymmetricLoss(), binary, between(0.001, 0.04)),
    layer(
        "Dense", lambda: layers.Dense(2), of((GENERIC, "n 3"), (GENERIC, "3 2"), (GENERIC, "1 2")), "weights", "bias"
    ),
    layer(
        "BatchNormalization", layers.BatchNormalization, of((GENERIC, "4 n"), *[(GENERIC, "n")] * 2), "gamma", "beta"
    ),
    layer(
        "BatchNormalization of images",
        layers.BatchNormalization,
        of((GENERIC, "3 2 2 n"), *[(GENERIC, "n")] * 2, most=2),
        *["gamma", "beta"],
    ),
    layer(
        "LayerNormalization", layers.LayerNormalization, of((GENERIC, "n 2 3"), *[(GENERIC, "3")] * 2), "gamma", "beta"
    ),
    layer("GlobalAveragePooling1D", layers.GlobalAveragePooling1D, each(GENERIC, "m n k")),
    layer("GlobalAveragePooling2D", layers.GlobalAveragePooling2D, each(GENERIC, "m n k 2", most=2)),
    layer("MaxPooling1D", lambda: layers.MaxPooling1D(2), each(GENERIC, "n 4 2", most=2)),
    layer("MaxPooling2D", lambda: layers.MaxPooling2D((2, 2)), each(GENERIC, "n 4 4 2", most=2)),
    layer("AveragePooling2D", lambda: layers.AveragePooling2D((2, 2)), each(GENERIC, "n 4 4 2", most=2)),
    layer("Flatten", layers.Flatten, each(GENERIC, "m n 2")),
    layer("Attention", layers.Attention, each(GENERIC, "2 n k", most=3)),
    layer("Attention, sequences", lambda: layers.Attention(return_sequences=True), each(GENERIC, "2 n k", most=3)),
    layer(
        "Conv2D",
        lambda: layers.Conv2D(3, (2, 2)),
        of((GENERIC, "n 3 4 2"), (GENERIC, "2 2 2 3"), (GENERIC, "1 3"), most=2),
        *["weights", "bias"],
    ),
    layer(
        "Conv1D",
        lambda: layers.Conv1D(3, 2),
        of((GENERIC, "n 5 2"), (GENERIC, "2 2 3"), (GENERIC, "1 3"), most=2),
        *["weights", "bias"],
    ),
    layer("UpSampling2D", lambda: layers.UpSampling2D((2, 2)), each(GENERIC, "n 2 3 2", most=2)),
    layer(
        "UpSampling2D, bilinear",
        lambda: layers.UpSampling2D((2, 2), interpolation="bilinear"),
        each(GENERIC, "n 2 3 2", most=2),
    ),
]
