"""Error messages of activations, pinned word for word."""

import numpy as np

import funcnn as nn
from funcnn import backward, forward, layers, mlp, mse, record, softmax_cross_entropy, value_and_grad
from funcnn.losses import weighted
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

x = np.ones((2, 3))
slopes = layers.PRelu(np.ones(3))
labels = np.zeros(2, int)
net = (*mlp([3, 4], seed=0), nn.Softmax())


def narrowed(x):
    return x.astype(np.float32)


ROWS = [
    # Settings.
    shape_error(lambda: value_and_grad(mse)((*mlp([3, 1], seed=0), nn.Softmax()), x, x[:, :1]))
    >> "value_and_grad: Softmax over one output is always 1, and its dx is 0; write Sigmoid()",
    *[
        range_error(lambda low=low, high=high: layers.HardTanh(low, high))
        >> f"HardTanh: low must be below high, both finite; low: {low}, high: {high}"
        for low, high in [(1.0, -1.0), (1.0, 1.0), (0.0, float("inf")), (float("-inf"), 0.0), (float("nan"), 0.0)]
    ],
    # Elementwise.
    *[
        kind_error(lambda name=name, value=value: record(type("Own", (nn.Elementwise,), {name: value}))) >> sentence
        for name, value, sentence in [
            ("keep", "out", 'Own: there is no setting keep; write keeps = "out"'),
            ("kept", "x", 'Own: there is no setting kept; write keeps = "x"'),
            ("keeps", "output", """Own: keeps must be "x", "out" or "slope", not 'output'"""),
            ("keeps", np.ones(2), 'Own: keeps must be "x", "out" or "slope", not <f64 [1. 1.]>'),
        ]
    ],
    # PRelu.
    shape_error(lambda: layers.PRelu(np.ones((2, 2)))) >> "PRelu: alpha must be (n,) or (1,); alpha: (2, 2)",
    shape_error(lambda: layers.PRelu(np.ones(0))) >> "PRelu: alpha must be (n,) or (1,), with no axis of length 0; "
    "alpha: (0,)",
    # Softmax and LogSoftmax.
    *[
        shape_error(lambda layer=layer, shape=shape: forward(layer, np.ones(shape)))
        >> f"{type(layer).__name__}: x must be (m, ..., n), n at least 1, not {shape}"
        for layer in (nn.Softmax(), layers.LogSoftmax())
        for shape in [(), (3,), (2, 0)]
    ],
    kind_error(
        lambda: value_and_grad(weighted(softmax_cross_entropy))((nn.Tanh(), nn.Softmax(), ()), x, (labels, np.ones(2)))
    )
    >> "value_and_grad: the loss takes logits, so leave out the layer at the end of (Tanh(), Softmax(), ())",
    # Glu.
    shape_error(lambda: forward(layers.Glu(), x)) >> "Glu: x must be (m, ..., 2 n), not (2, 3)",
    kind_error(lambda: layers.Glu([nn.Relu()]))
    >> "Glu: gate must be a layer, such as Relu(), or a tuple of layers, not list; write tuple(gate)",
    shape_error(lambda: forward(layers.Glu(nn.Dense.init(2, 3, seed=0)), np.ones((5, 4))))
    >> "Glu: gate must keep the shape of its half of x, (5, 2), not return (5, 3)",
    kind_error(lambda: forward(layers.Glu(layers.Function(narrowed, np.multiply)), np.ones((5, 4))))
    >> "Glu: gate must keep the dtype of its half of x, float64, not return float32",
    shape_error(lambda: forward((layers.Glu((nn.Dense.init(3, 3, seed=0),)),), np.ones((5, 4))))
    >> "Dense: x must be (m, ..., 3), not (5, 2)"
    >> ["in layer 0, Dense...", "in Glu, (Dense...", "in layer 0, Glu..."],
    shape_error(lambda: backward(layers.Glu(), np.ones((2, 2)), np.ones((2, 1)))) >> "backward: cache must be what "
    "forward returned for this layer; cache: <f64 [[1. 1.] [1. 1.]]>, layer: Glu(gate=Sigmoid())",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, slopes, net, x, labels)
