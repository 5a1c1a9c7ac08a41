"""Error messages of activations, pinned word for word."""

import numpy as np
import pytest

from funcnn import (
    Dense,
    Elementwise,
    Relu,
    Sigmoid,
    Softmax,
    Tanh,
    backward,
    binary_cross_entropy_with_logits,
    forward,
    mlp,
    mse,
    record,
    sgd,
    softmax_cross_entropy,
    value_and_grad,
)
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.layers import (
    Celu,
    Function,
    Glu,
    HardSigmoid,
    HardTanh,
    LogSoftmax,
    PRelu,
    Selu,
    Silu,
)
from funcnn.losses import weighted
from tests.says import assert_says

x = np.ones((2, 3))
slopes = PRelu(np.ones(3))
labels = np.zeros(2, int)
net = (*mlp([3, 4], seed=0), Softmax())


def narrowed(x):
    return x.astype(np.float32)


ROWS = {
    # Settings.
    "a softmax over one output": (
        lambda: value_and_grad(mse)((*mlp([3, 1], seed=0), Softmax()), x, x[:, :1]),
        ShapeError,
        "value_and_grad: Softmax over one output is always 1, and its dx is 0; write Sigmoid()",
    ),
    "a text for a number": (lambda: Celu("1"), KindError, "Celu: alpha must be a number, not str; write float(alpha)"),
    **{
        f"a HardTanh from {low} to {high}": (
            lambda low=low, high=high: HardTanh(low, high),
            RangeError,
            f"HardTanh: low must be below high, both finite; low: {low}, high: {high}",
        )
        for low, high in [(1.0, -1.0), (1.0, 1.0), (0.0, float("inf")), (float("-inf"), 0.0), (float("nan"), 0.0)]
    },
    # Elementwise.
    "whole numbers": (
        lambda: forward(Silu(), np.ones((1, 2), int)),
        KindError,
        "Silu: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    "a list": (lambda: forward(Selu(), [[1.0]]), KindError, "Selu: x must be an array, not list; write np.asarray(x)"),
    **{
        f"a class that keeps {value!r} as {name}": (
            lambda name=name, value=value: record(type("Own", (Elementwise,), {name: value})),
            KindError,
            sentence,
        )
        for name, value, sentence in [
            ("keep", "out", 'Own: there is no setting keep; write keeps = "out"'),
            ("kept", "x", 'Own: there is no setting kept; write keeps = "x"'),
            ("keeps", "output", """Own: keeps must be "x" or "out", not 'output'"""),
            ("keeps", np.ones(2), 'Own: keeps must be "x" or "out", not <f64 [1. 1.]>'),
        ]
    },
    # PRelu.
    "slopes in a matrix": (
        lambda: PRelu(np.ones((2, 2))),
        ShapeError,
        "PRelu: alpha must be (n,), or (1,) for one slope, not (2, 2)",
    ),
    "a slope without an axis": (
        lambda: PRelu(np.array(0.25)),
        ShapeError,
        "PRelu: alpha must be (n,), or (1,) for one slope, not ()",
    ),
    "no slope at all": (
        lambda: PRelu(np.ones(0)),
        ShapeError,
        "PRelu: alpha must be (n,), or (1,) for one slope, not (0,)",
    ),
    "a slope that is a number": (
        lambda: PRelu(0.25),
        KindError,
        "PRelu: alpha must be an array of floats, not float; write np.array(alpha, float)",
    ),
    "slopes for other features": (
        lambda: forward(slopes, np.ones((2, 4))),
        ShapeError,
        "PRelu: x must be (m, ..., 3), not (2, 4)",
    ),
    "slopes for one row": (
        lambda: forward(slopes, np.ones(3)),
        ShapeError,
        "PRelu: x must be (m, ..., 3), not (3,); write x[None] for one row",
    ),
    "slopes of another dtype": (
        lambda: forward(slopes, x.astype(np.float32)),
        KindError,
        "PRelu: x is float32, alpha is float64; write x.astype('float64')",
    ),
    "whole numbers for slopes": (
        lambda: forward(slopes, x.astype(int)),
        KindError,
        "PRelu: x is int64, alpha is float64; write x.astype('float64')",
    ),
    "another network's cache for slopes": (
        lambda: backward(slopes, np.ones((2, 4)), np.ones((2, 4))),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 2x4>, layer: PRelu(alpha=<f64 [1. 1. 1.]>)",
    ),
    "a cache that is a tuple for slopes": (
        lambda: backward(PRelu.init(), (), x),
        ShapeError,
        "backward: the cache is of another network; cache: (), layer: PRelu(alpha=<f64 [0.25]>)",
    ),
    "a cotangent of another shape for slopes": (
        lambda: backward(slopes, x, np.ones((2, 1))),
        ShapeError,
        "PRelu: dA must have the shape of out, (2, 3); it has (2, 1)",
    ),
    "the gradient of other slopes": (
        lambda: sgd(slopes, backward(PRelu.init(), x, x), 0.1),
        ShapeError,
        "sgd: the gradients are of another network; params: <f64 [1. 1. 1.]>, grads: <f64 [0.]>",
    ),
    # Softmax and LogSoftmax.
    **{
        f"{type(layer).__name__} of {shape}": (
            lambda layer=layer, shape=shape: forward(layer, np.ones(shape)),
            ShapeError,
            f"{type(layer).__name__}: x must be (m, ..., n), n at least 1, not {shape}",
        )
        for layer in (Softmax(), LogSoftmax())
        for shape in [(), (3,), (2, 0)]
    },
    "softmax of whole numbers": (
        lambda: forward(Softmax(), np.ones((1, 2), int)),
        KindError,
        "Softmax: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    **{
        f"another network's cache for {type(layer).__name__}": (
            lambda layer=layer: backward(layer, (x,), x),
            ShapeError,
            f"backward: the cache is of another network; cache: (<f64 [[1. 1. 1.] [1. 1. 1.]]>,), layer: {layer}",
        )
        for layer in (Softmax(), LogSoftmax())
    },
    "a cotangent of another dtype for softmax": (
        lambda: backward(Softmax(), x, x.astype(np.float32)),
        KindError,
        "Softmax: dA is float32, out is float64; write dA.astype('float64')",
    ),
    "softmax before a loss of logits": (
        lambda: value_and_grad(softmax_cross_entropy)(net, x, labels),
        KindError,
        "value_and_grad: the loss takes logits, so leave out the layer at the end of (Dense(W=<f64 3x4>, b=<f64 "
        "[0. 0. 0. 0.]>), Softmax())",
    ),
    "softmax before a weighted loss of logits": (
        lambda: value_and_grad(weighted(softmax_cross_entropy))((Tanh(), Softmax(), ()), x, (labels, np.ones(2))),
        KindError,
        "value_and_grad: the loss takes logits, so leave out the layer at the end of (Tanh(), Softmax(), ())",
    ),
    "a hard sigmoid before a loss of logits": (
        lambda: value_and_grad(binary_cross_entropy_with_logits)((Tanh(), HardSigmoid()), x, x),
        KindError,
        "value_and_grad: the loss takes logits, so leave out the layer at the end of (Tanh(), HardSigmoid())",
    ),
    # Glu.
    "an odd number of features": (
        lambda: forward(Glu(), x),
        ShapeError,
        "Glu: x must be (m, ..., 2 n), with an even number of features, not (2, 3)",
    ),
    "one row for a gate": (
        lambda: forward(Glu(), np.ones(4)),
        ShapeError,
        "Glu: x must be (m, ..., 2 n), with an even number of features, not (4,)",
    ),
    "whole numbers for a gate": (
        lambda: forward(Glu(), np.ones((2, 4), int)),
        KindError,
        "Glu: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    "a class for a gate": (
        lambda: Glu(Sigmoid),
        KindError,
        "Glu: gate must be a layer, such as Relu(), or a tuple of layers, not the class Sigmoid",
    ),
    "an array for a gate": (
        lambda: Glu(x),
        KindError,
        "Glu: gate must be a layer, such as Relu(), or a tuple of layers, not float64 array",
    ),
    "a list for a gate": (
        lambda: Glu([Relu()]),
        KindError,
        "Glu: gate must be a layer, such as Relu(), or a tuple of layers, not list; write tuple(gate)",
    ),
    "a gate that changes the shape": (
        lambda: forward(Glu(Dense.init(2, 3, seed=0)), np.ones((5, 4))),
        ShapeError,
        "Glu: gate must keep the shape of its half, (5, 2), not return (5, 3)",
    ),
    "a gate that changes the dtype": (
        lambda: forward(Glu(Function(narrowed, np.multiply)), np.ones((5, 4))),
        KindError,
        "Glu: gate must keep the dtype of its half, float64, not return float32",
    ),
    "a gate that another half would fit": (
        lambda: forward((Glu((Dense.init(3, 3, seed=0),)),), np.ones((5, 4))),
        ShapeError,
        "Dense: x must be (m, ..., 3), not (5, 2)",
        [
            "in layer 0, Dense(W=<f64 3x3>, b=<f64 [0. 0. 0.]>), x: <f64 5x2>",
            "in Glu, (Dense(W=<f64 3x3>, b=<f64 [0. 0. 0.]>),), x: <f64 5x2>",
            "in layer 0, Glu(gate=(Dense(W=<f64 3x3>, b=<f64 [0. 0. 0.]>),)), x: <f64 5x4>",
        ],
    ),
    "another network's cache for a gate": (
        lambda: backward(Glu(), np.ones((2, 2)), np.ones((2, 1))),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 [[1. 1.] [1. 1.]]>, layer: Glu(gate=Sigmoid())",
    ),
    "three parts of another cache for a gate": (
        lambda: backward(Glu(), ((), (), ()), x),
        ShapeError,
        "backward: the cache is of another network; cache: (), layer: Glu(gate=Sigmoid())",
    ),
    "a cotangent as wide as x for a gate": (
        lambda: backward(Glu(), forward(Glu(), np.ones((2, 4)))[1], np.ones((2, 4))),
        ShapeError,
        "Glu: dA must have the shape of out, (2, 2); it has (2, 4)",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], slopes, net, x, labels)
