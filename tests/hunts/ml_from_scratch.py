"""Layers, activations and losses of the repository eriklindernoren/ML-From-Scratch.

The folder named by FUNCNN_PREY has it as `eriklindernoren+ML-From-Scratch`, at commit a2806c6732ee.
"""

import os
import sys
import types

import numpy as np

FOLDER = os.environ.get("FUNCNN_PREY", "") + "/eriklindernoren+ML-From-Scratch/mlfromscratch"
for name in ("", ".deep_learning", ".supervised_learning", ".utils"):  # packages that import plots and solvers
    package = types.ModuleType("mlfromscratch" + name)
    package.__path__ = [FOLDER + name.replace(".", "/")]
    sys.modules["mlfromscratch" + name] = package
package.accuracy_score = package.normalize = package.polynomial_features = None

from mlfromscratch.deep_learning import layers, loss_functions
from mlfromscratch.supervised_learning import regression

from funcnn.testing.hunt import Target
from tests.hunts.draws import *

LIBRARIES = ["numpy"]
FOUND = "see docs/found/ml_from_scratch.md"
KNOWN = {
    "softmax": {"WrongGradient": FOUND},
    "UpSampling2D": {"WrongGradient": FOUND},
    "RNN": {"WrongGradient": FOUND},
    "l1_regularization": {"WrongGradient": FOUND},
    "l1_l2_regularization": {"WrongGradient": FOUND},
}


class Descent:
    """An optimizer that keeps the gradient."""

    def update(self, w, gradient):
        self.gradient = np.array(gradient)
        return w


def target(name, f, vjp, arguments, **options):
    return Target(name, (f, vjp), arguments, known=KNOWN.get(name), float32=False, **options)


def layer(name, make, arguments, *names):
    """A layer with its parameters in `names`, for the shape of the input without its batch."""

    def made(x, parameters):
        one = make()
        one.set_input_shape(x.shape[1:])
        if names:
            one.initialize(Descent())
        for key, a in zip(names, parameters, strict=True):
            setattr(one, key, np.array(a))
        return one, one.forward_pass(np.array(x), training=True)

    def vjp(args, dA):
        one, _ = made(args[0], args[1:])
        found = one.backward_pass(np.array(dA))
        return [found, *[getattr(one, f"{key}_opt").gradient for key in names]]

    return target(name, lambda x, *parameters: made(x, parameters)[1], vjp, arguments)


def loss(name, one, arguments):
    return target(name, one.loss, lambda args, dA: [dA * one.gradient(*args)], arguments, argnums=1)


def penalty(name, one):
    return target(name, one, lambda args, dA: [dA * one.grad(args[0])], each(GENERIC, "n", least=2))


images = lambda *parameters: of((GENERIC, "n 2 3 4"), *parameters, most=2)
kernel = (GENERIC, "3 2 2 2"), (GENERIC, "3 1")
TARGETS = [
    *[layer(name, lambda name=name: layers.Activation(name), each(GENERIC)) for name in layers.activation_functions],
    layer("Dense", lambda: layers.Dense(2), of((GENERIC, "n 3"), (GENERIC, "3 2"), (GENERIC, "1 2")), "W", "w0"),
    layer("RNN", lambda: layers.RNN(2), of((GENERIC, "n 3 2"), *[(GENERIC, "2 2")] * 3), "U", "V", "W"),
    layer("Conv2D", lambda: layers.Conv2D(3, (2, 2)), images(*kernel), "W", "w0"),
    layer("Conv2D, valid", lambda: layers.Conv2D(3, (2, 2), padding="valid"), images(*kernel), "W", "w0"),
    layer(
        "Conv2D of stride 2",
        lambda: layers.Conv2D(3, (2, 2), stride=2),
        of((GENERIC, "n 2 3 5"), *kernel, most=2),
        "W",
        "w0",
    ),
    layer(
        "BatchNormalization",
        layers.BatchNormalization,
        of((GENERIC, "4 n"), (GENERIC, "n"), (GENERIC, "n")),
        "gamma",
        "beta",
    ),
    layer(
        "BatchNormalization of images",
        layers.BatchNormalization,
        of((GENERIC, "4 2 n"), *[(GENERIC, "2 n")] * 2, most=2),
        "gamma",
        "beta",
    ),
    layer("ZeroPadding2D", lambda: layers.ZeroPadding2D((1, (2, 0))), images()),
    layer("Flatten", layers.Flatten, images()),
    layer("Reshape", lambda: layers.Reshape((4, 6)), images()),
    layer("UpSampling2D", layers.UpSampling2D, images()),
    loss("SquareLoss", loss_functions.SquareLoss(), PAIR),
    loss("CrossEntropy", loss_functions.CrossEntropy(), of((UNIT, "m n"), (between(0.1, 0.9), "m n"))),
    penalty("l1_regularization", regression.l1_regularization(0.7)),
    penalty("l2_regularization", regression.l2_regularization(0.7)),
    penalty("l1_l2_regularization", regression.l1_l2_regularization(0.7)),
]
