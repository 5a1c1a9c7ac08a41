"""Activations, losses and layers of Caspian, a deep learning library in NumPy.

The wheel of caspian-ml has a package `tests`, which hides the folder of this file: delete it from the
environment.
"""

import numpy as np
from caspian import activations, layers, losses
from caspian.optimizers import StandardGD

from funcnn.testing.hunt import Target
from tests.hunts.draws import *

LIBRARIES = ["caspian-ml", "numpy"]
FOUND = "see docs/found/caspian.md"
KNOWN = {
    "HardSigmoid": {"WrongGradient": FOUND},
    "HardSigmoid, saturated": {"WrongGradient": FOUND},
    "HardSwish": {"WrongGradient": FOUND},
    "Softmin": {"WrongGradient": FOUND},
    "Softplus": {"WrongGradient": FOUND},
    "PReLU of a negative weight": {"WrongGradient": FOUND},
    "GLU": {"Raised": FOUND},
    "SwiGLU": {"Raised": FOUND},
    "Huber": {"WrongShape": FOUND, "WrongGradient": FOUND},
    "KLDivergence": {"WrongGradient": FOUND},
    "Direct": {"WrongGradient": FOUND},
    "BinaryCrossEntropy": {"WrongGradient": FOUND},
    "CrossEntropy": {"WrongGradient": FOUND},
    "Dense": {"NotLinear": "a gradient is a difference of weights before and after a step, with its rounding"},
    "LayerNorm with parameters": {"WrongGradient": FOUND},
    "RMSNorm": {"WrongGradient": FOUND},
    "GroupNorm": {"WrongGradient": FOUND},
    "BatchNorm": {"WrongGradient": FOUND},
    "InstanceNorm": {"WrongGradient": FOUND},
    "Container": {"WrongGradient": FOUND},
    "Linear": {"WrongGradient": FOUND},
}


def target(name, f, vjp, arguments, **options):
    return Target(name, (f, vjp), arguments, known=KNOWN.get(name), float32=False, **options)


SIMPLE = each(GENERIC)


def activation(name, act, arguments=SIMPLE):
    """Layers call `act(out, dA)` in their backward pass, where `out` is what forward returned."""

    def vjp(args, dA):
        return [act(act(np.array(args[0])), np.array(dA))]

    return target(name, lambda x: act(np.array(x)), vjp, arguments)


def prelu(name, act):
    """A call with an error changes the weight, so that the slope is taken by itself."""
    return target(name, act.forward, lambda args, dA: [dA * act.backward(act.forward(args[0]))], each(GENERIC))


def loss(name, one, arguments):
    """The gradient by the prediction."""
    return target(name, one.forward, lambda args, dA: [dA * one.backward(*args)], arguments, argnums=1)


def layer(name, make, arguments, *names):
    """A layer with its parameters; backward adds the negative gradients to the parameters, at a learning rate of 1."""

    def made(parameters):
        one = make()
        if hasattr(one, "set_optimizer"):
            one.set_optimizer(StandardGD(1.0))
        for key, a in zip(names, parameters, strict=True):
            setattr(one, key, np.array(a))
        return one

    def vjp(args, dA):
        one = made(args[1:])
        one.forward(np.array(args[0]), training=True)
        found = one.backward(np.array(dA))
        return [found, *[a - getattr(one, key) for key, a in zip(names, args[1:], strict=True)]]

    f = lambda x, *parameters: made(parameters).forward(np.array(x), training=True)
    return target(name, f, vjp, arguments)


ACTIVATIONS = {
    name: getattr(activations, name)()
    for name in [
        "ELU",
        "HardShrink",
        "HardSigmoid",
        "HardSwish",
        "HardTanh",
        "LReLU",
        "ReLU",
        "ReLUX",
        "Sigmoid",
        "Softmax",
        "Softmin",
        "Softplus",
        "Softsign",
        "Swish",
        "Tanh",
    ]
}
TARGETS = [
    *[activation(name, act) for name, act in ACTIVATIONS.items()],
    activation("HardSigmoid, saturated", activations.HardSigmoid(), each(normal(0, 5))),
    activation("Softmax of axis 0", activations.Softmax(0)),
    activation("Swish of beta 2", activations.Swish(2.0)),
    prelu("PReLU", activations.PReLU(init=0.25)),
    prelu("PReLU of a negative weight", activations.PReLU(init=-0.25)),
    activation("GLU", activations.GLU(), each(GENERIC, "m 4")),
    activation("SwiGLU", activations.SwiGLU(), each(GENERIC, "m 4")),
    loss("MeanSquareErr", losses.MeanSquareErr(), PAIR),
    loss("MeanAvgErr", losses.MeanAvgErr(), of((GENERIC, "m n"), (GENERIC, "m n"))),
    loss("Huber", losses.Huber(), of((GENERIC, "m n"), (GENERIC, "m n"))),
    loss("KLDivergence", losses.KLDivergence(), of((between(0.1, 1), "m n"), (between(0.1, 1), "m n"))),
    loss("Direct", losses.Direct(), PAIR),
    loss("BinaryCrossEntropy", losses.BinaryCrossEntropy(), of((UNIT, "m n"), (between(0.1, 0.9), "m n"))),
    loss("CrossEntropy", losses.CrossEntropy(), of((UNIT, "m n"), (between(0.1, 0.9), "m n"))),
    layer(
        "Dense",
        lambda: layers.Dense(activations.Tanh(), 3, 2),
        of((GENERIC, "n 3"), (GENERIC, "2 3"), (GENERIC, "2 1")),
        "layer_weight",
        "bias_weight",
    ),
    layer(
        "Linear",
        lambda: layers.Linear(3, 2, True),  # noqa: FBT003  the bias
        of((GENERIC, "n 3"), (GENERIC, "2 3"), (GENERIC, "2 1")),
        "layer_weight",
        "bias_weight",
    ),
    layer("Container", lambda: layers.Container(activations.Sigmoid()), SIMPLE),
    layer("LayerNorm", lambda: layers.LayerNorm((3,), weights=False), each(GENERIC, "n 3")),
    layer(
        "LayerNorm with parameters",
        lambda: layers.LayerNorm((3,), biases=True),
        of((GENERIC, "n 3"), (GENERIC, "3"), (GENERIC, "3")),
        "layer_weight",
        "bias_weight",
    ),
    layer("RMSNorm", lambda: layers.RMSNorm((3,), weights=False), each(GENERIC, "n 3")),
    layer("GroupNorm", lambda: layers.GroupNorm(2, 4, 2, weights=False), each(GENERIC, "n 4 3")),
    layer("BatchNorm", lambda: layers.BatchNorm(3, 2, scale=False, shift=False), each(GENERIC, "4 3 2")),
    layer("InstanceNorm", lambda: layers.InstanceNorm(3, 2, scale=False, shift=False), each(GENERIC, "n 3 4")),
]
