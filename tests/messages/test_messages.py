"""Error messages of the core, pinned word for word.

Each row: the call, the class of the error, the sentence, and the notes that say where, the innermost first.
"""

from typing import Any

import numpy as np
import pytest

import funcnn as nn
from funcnn import (
    Array,
    Dense,
    Grads,
    Relu,
    Residual,
    Seed,
    Sigmoid,
    TrainState,
    backward,
    batches,
    forward,
    gradient,
    mlp,
    mse,
    predict,
    record,
    sgd,
    state,
    train,
    value_and_grad,
)
from funcnn.core import backward_params
from funcnn.errors import KindError, NotFiniteError, RangeError, ShapeError
from funcnn.testing import check_layer, check_vjp
from funcnn.testing import strategies as fst
from tests.says import assert_says

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
net = mlp([2, 27, 1], seed=1)
nested = (Relu(), (Dense.init(2, 8, seed=1), Dense.init(9, 2, seed=2)))
out, cache = forward(net, x)
grads = backward(net, cache, out)
dense, relu = net[0], Relu()
half = nn.tree_map(lambda a: a.astype(np.float32), net)
labels = np.zeros(10, int)
lr_array = np.ones(2)


@record
class Fields:
    W: Array
    b: Array | None = None
    rate: float = 1.0
    size: int = 1
    seed: Seed = 0
    other: Any = None
    mean: Array = state(default=np.zeros(1))


@record
class Bare:
    """A record without rules."""


@record
class Careless:
    """A layer whose rules return what they should not."""


forward.register(Careless)(lambda params, x: x)
backward.register(Careless)(lambda params, cache, dA: (params, dA))


class Plain(Relu):
    """A subclass that forgot its @record."""

    def __repr__(self):
        return PLAIN


PLAIN = "Plain()"


@record
class Threefold:
    """A layer whose rules return too much, and too little."""


forward.register(Threefold)(lambda params, x: (x, x, x))
backward.register(Threefold)(lambda params, cache, dA: Grads(params, None))


def registered(cls):
    return lambda: forward.register(cls)


def stepped(x=x, y=y, loss=mse, net=net, steps=3, lr=0.1):
    return lambda: list(train(TrainState(net), [(x, y)] * steps, value_and_grad(loss), lr))


def loss(function, out, y, *weight, **options):
    return lambda: function(np.asarray(out, float), y, *weight, **options)


def tripled(x):
    return 3 * x


def checked(f, *args, **options):
    return lambda: check_vjp(f, lambda args, dA: [3 * dA], args, **options)


def name_again():
    type_ = type("Dense", (), {"__module__": "funcnn.elsewhere"})
    return record(type_)


nan_x = np.where(x == x[3, 0], np.nan, x)
explosive = (Dense(np.full((2, 1), 1e200), np.zeros(1)), Dense(np.full((1, 1), 1e200), np.zeros(1)))
born = (Dense.init(2, 2, seed=0), (Relu(), Dense(np.full((2, 1), 1e308), np.full(1, 1e308)), Relu()))

ROWS = {
    # A layer and its input.
    "features": (
        lambda: forward(net, x[:, :1]),
        ShapeError,
        "Dense: x must be (m, ..., 2), not (10, 1)",
        ["in layer 0, Dense(W=<f64 2x27>, b=<f64 27>), x: <f64 10x1>"],
    ),
    "features inside": (
        lambda: forward(nested, x),
        ShapeError,
        "Dense: x must be (m, ..., 9), not (10, 8)",
        [
            "in layer 1, Dense(W=<f64 9x2>, b=<f64 [0. 0.]>), x: <f64 10x8>",
            "in layer 1, (Dense(W=<f64 2x8>, b=<f64 8>), Dense(W=<f64 9x2>, b=<f64 [0. 0.]>)), x: <f64 10x2>",
        ],
    ),
    "features while predicting": (
        lambda: predict(net, x[:, :1], rows=3),
        ShapeError,
        "Dense: x must be (m, ..., 2), not (3, 1)",
        ["in layer 0, Dense(W=<f64 2x27>, b=<f64 27>), x: <f64 [[-1.    ] [-0.7895] [-0.5789]]>"],
    ),
    "one row without its axis": (
        lambda: forward(dense, x[0]),
        ShapeError,
        "Dense: x must be (m, ..., 2), not (2,); write x[None] for one row",
    ),
    "a float64 x for a float32 network": (
        lambda: forward(half[0], x),
        KindError,
        "Dense: x is float64, W is float32; write x.astype('float32')",
    ),
    "whole numbers for a dense layer": (
        lambda: forward(dense, x.astype(int)),
        KindError,
        "Dense: x is int64, W is float64; write x.astype('float64')",
    ),
    "whole numbers for an activation": (
        lambda: forward(relu, x.astype(np.int32)),
        KindError,
        "Relu: x must be an array of floats, not int32 array; write x.astype(float)",
    ),
    "objects": (
        lambda: forward(relu, x.astype(object)),
        KindError,
        "Relu: x must be an array of floats, not object array; write x.astype(float)",
    ),
    "a masked array": (
        lambda: forward(dense, np.ma.masked_array(x)),
        KindError,
        "Dense: x must be an array, not MaskedArray",
    ),
    "a matrix": (
        lambda: forward(relu, x.view(np.matrix)),
        KindError,
        "Relu: x must be an array, not matrix; write np.asarray(x)",
    ),
    "a list for x": (
        lambda: forward(dense, [[1.0, 2.0]]),
        KindError,
        "Dense: x must be an array, not list; write np.asarray(x)",
    ),
    "a list for x of predict": (
        lambda: predict(net, [[1.0, 2.0]]),
        KindError,
        "predict: x must be an array or a tuple of arrays, rows first, not list; write np.asarray(x)",
    ),
    # What is no layer.
    "a class for a value": (
        lambda: forward((Relu,), x),
        KindError,
        "forward: Relu is a class; pass a value of it, as Relu()",
        ["in layer 0, <class 'funcnn.layers.activations.base.Relu'>, x: <f64 10x2>"],
    ),
    "a class with init": (
        lambda: forward(Dense, x),
        KindError,
        "forward: Dense is a class; pass a value of it, as Dense.init(...)",
    ),
    "a class of layers around a layer": (
        lambda: forward(Residual, x),
        KindError,
        "forward: Residual is a class; pass a value of it, as Residual(...)",
    ),
    "a class for a hidden layer": (
        lambda: mlp([2, 3, 1], hidden=Relu, seed=0),
        KindError,
        "mlp: hidden must be a layer, such as Relu(), or a tuple of layers, not the class Relu",
    ),
    "a list of layers": (
        lambda: forward([relu, relu], x),
        KindError,
        "forward: a chain of layers is a tuple, not a list; write tuple(layers)",
    ),
    "a list of layers to predict": (
        lambda: predict([relu], x),
        KindError,
        "predict: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    "a name for a layer": (
        lambda: mlp([2, 3, 1], hidden="relu", seed=0),
        KindError,
        "mlp: hidden must be a layer, such as Relu(), or a tuple of layers, not str",
    ),
    "a function for a hidden layer": (
        lambda: mlp([2, 3, 1], hidden=np.tanh, seed=0),
        KindError,
        "mlp: hidden must be a layer, such as Relu(), or a tuple of layers, not ufunc",
    ),
    "a subclass that is no record": (
        lambda: forward((Plain(),), x),
        KindError,
        "forward: Plain is not a record; put @record above the class",
        [f"in layer 0, {PLAIN}, x: <f64 10x2>"],
    ),
    "a record without rules": (
        lambda: forward(Bare(), x),
        KindError,
        "forward: there is no rule for Bare; write one with @forward.register(Bare)",
    ),
    "an optimizer without a rule": (
        lambda: nn.update(relu, grads, net),
        KindError,
        "update: Relu is not an optimizer; an optimizer is a record with a rule for update, or a tuple of optimizers",
    ),
    "a backward of nothing": (
        lambda: backward(3, (), x),
        KindError,
        "backward: int is not a layer; a layer is a record or a tuple of layers",
    ),
    "a rule for what is no record": (
        registered(dict),
        KindError,
        "forward.register: dict is not a record; put @record above the class",
    ),
    "a rule for what is no class": (
        registered("Dense"),
        KindError,
        "forward.register: cls must be a class, not str",
    ),
    "a rule for a layer": (
        registered(dense),
        KindError,
        "forward.register: cls must be a class, not Dense; write @forward.register(Dense)",
    ),
    "a class for a rule": (
        lambda: forward.register(Dense)(Relu),
        KindError,
        "forward.register: the rule must be a function, not the class Relu",
    ),
    "a forward rule that returns no pair": (
        lambda: forward((Careless(),), x),
        KindError,
        "forward: the rule for Careless must return (out, cache), not float64 array",
        ["in layer 0, Careless(), x: <f64 10x2>"],
    ),
    "a backward rule that returns no Grads": (
        lambda: backward(Careless(), x, x),
        KindError,
        "backward: the rule for Careless must return Grads(params, x), not 2 values",
    ),
    # backward.
    "dA of another shape for a dense layer": (
        lambda: backward(net, cache, y[:5]),
        ShapeError,
        "Dense: dA must have the shape of out, (10, 1); it has (5, 1)",
        ["in layer 2, Dense(W=<f64 27x1>, b=<f64 [0.]>), dA: <f64 [[1.] [1.] [1.] [1.] [1.]]>"],
    ),
    "a list for dA": (
        lambda: backward(relu, x, [[1.0]]),
        KindError,
        "Relu: dA must be an array of the shape of out, (10, 2), not list",
    ),
    "a number for dA": (
        lambda: backward(dense, x, 1.0),
        KindError,
        "Dense: dA must be an array of the shape of out, (10, 27), not float",
    ),
    "dA of another dtype": (
        lambda: backward(half[0], x.astype(np.float32), forward(dense, x)[0]),
        KindError,
        "Dense: dA is float64, out is float32; write dA.astype('float32')",
    ),
    "dA of another shape for an activation": (
        lambda: backward(relu, x, x[:1]),
        ShapeError,
        "Relu: dA must have the shape of out, (10, 2); it has (1, 2)",
    ),
    "dA of another shape, by the shortcut": (
        lambda: backward_params((dense,), (x,), x),
        ShapeError,
        "Dense: dA must have the shape of out, (10, 27); it has (10, 2)",
        ["in layer 0, Dense(W=<f64 2x27>, b=<f64 27>), dA: <f64 10x2>"],
    ),
    "the cache of a longer network": (
        lambda: backward(net[:2], cache, out),
        ShapeError,
        "backward: the cache is of another network; layers: 2, cache: (<f64 10x2>, <f64 10x27>, <f64 10x27>)",
    ),
    "the cache of another layer": (
        lambda: backward(net[2], cache[0], out),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 10x2>, layer: Dense(W=<f64 27x1>, b=<f64 [0.]>)",
    ),
    "a tuple for the cache of a dense layer": (
        lambda: backward(dense, cache[:1], out),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 10x2>,), layer: Dense(W=<f64 2x27>, b=<f64 27>)",
    ),
    "a tuple for the cache of an activation": (
        lambda: backward(relu, cache[:1], out),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 10x2>,), layer: Relu()",
    ),
    "an array for the cache of a chain": (
        lambda: backward(net, x, out),
        ShapeError,
        "backward: the cache is of another network; layers: 3, cache: <f64 10x2>",
    ),
    "gradients in a dict": (
        lambda: gradient(dense, {"W": dense.W, "b": dense.b}),
        KindError,
        "gradient: the gradients must be given by name; write gradient(params, **gradients)",
    ),
    "a gradient left out": (
        lambda: gradient(dense, W=dense.W),
        KindError,
        "Dense backward: the gradient of b is left out; write gradient(params, b=...)",
    ),
    "a gradient of what there is not": (
        lambda: gradient(dense, W=dense.W, b=dense.b, c=dense.b),
        KindError,
        "Dense backward: there is no c in Dense",
    ),
    "a gradient of a chain": (
        lambda: gradient(net, W=x),
        KindError,
        "gradient: params must be a record, not tuple",
    ),
    "a rule that returns three": (
        lambda: forward(Threefold(), x),
        KindError,
        "forward: the rule for Threefold must return (out, cache), not 3 values",
    ),
    "no dx where a layer before needs it": (
        lambda: backward((relu, Threefold()), (x, ()), x),
        KindError,
        "backward: Grads.x is None, but the layer before needs it",
        ["in layer 1, Threefold(), dA: <f64 10x2>"],
    ),
    "a gradient of a setting": (
        lambda: gradient(Fields(y), W=y, rate=2.0),
        KindError,
        "Fields backward: rate is a setting, 1.0; it has no gradient",
    ),
    "a gradient of a bias there is not": (
        lambda: gradient(Dense.init(2, 1, seed=0, bias=False), W=x[:2, :1], b=x[0, :1]),
        KindError,
        "Dense backward: b is a setting, None; it has no gradient",
    ),
    "a gradient of another shape": (
        lambda: gradient(dense, W=dense.W.T, b=dense.b),
        ShapeError,
        "Dense backward: dW must be like W, <f64 2x27>, not <f64 27x2>",
    ),
    "a gradient that is no array": (
        lambda: gradient(dense, W=dense.W, b=0),
        KindError,
        "Dense backward: db must be an array like b, <f64 27>, not int",
    ),
    "a gradient of another dtype": (
        lambda: gradient(half[0], W=dense.W, b=dense.b),
        KindError,
        "Dense backward: dW is float64, W is float32",
    ),
    "a state of another shape": (
        lambda: gradient(Fields(y), W=y, mean=np.zeros(2)),
        ShapeError,
        "Fields backward: the next mean must be like mean, <f64 [0.]>, not <f64 [0. 0.]>",
    ),
    # sgd.
    "gradients of a longer network": (
        lambda: sgd(net[:2], grads, 0.1),
        ShapeError,
        "sgd: the gradients are of another network; params: (Dense(W=<f64 2x27>, b=<f64 27>), Relu()), grads: (Dense("
        "W=<f64 2x27>, b=<f64 27>), Relu(), Dense(W=<f64 27x1>, b=<f64 [-0.6132]>))",
    ),
    "gradients of another class": (
        lambda: sgd(relu, Grads(nn.Tanh(), None), 0.1),
        ShapeError,
        "sgd: the gradients are of another network; params: Relu(), grads: Tanh()",
    ),
    "gradients of another size": (
        lambda: sgd(dense, Grads(net[2], None), 0.1),
        ShapeError,
        "sgd: the gradients are of another network; params: <f64 2x27>, grads: <f64 27x1>",
    ),
    "no Grads": (
        lambda: sgd(net, grads.params, 0.1),
        KindError,
        "sgd: grads must be what backward returns, a Grads, not tuple",
    ),
    "the cost and its Grads": (
        lambda: sgd(net, (0.5, grads), 0.1),
        KindError,
        "sgd: grads must be what backward returns, a Grads, not tuple; write grads[1]",
    ),
    "lr negative": (lambda: sgd(net, grads, -0.1), RangeError, "sgd: lr must be finite and not negative, not -0.1"),
    "lr NaN": (lambda: sgd(net, grads, float("nan")), RangeError, "sgd: lr must be finite and not negative, not nan"),
    "lr endless": (lambda: sgd(net, grads, np.inf), RangeError, "sgd: lr must be finite and not negative, not inf"),
    "lr an array": (
        lambda: sgd(net, grads, lr_array),
        KindError,
        "sgd: lr must be a number, not float64 array",
    ),
    "lr a word": (lambda: sgd(net, grads, "fast"), KindError, "sgd: lr must be a number, not str"),
    "lr a schedule": (
        lambda: sgd(net, grads, nn.cosine(0.1, steps=10)),
        KindError,
        "sgd: lr must be a number, not BoundFunction; write lr(step)",
    ),
    "lr a class": (lambda: sgd(net, grads, float), KindError, "sgd: lr must be a number, not the class float"),
    # Losses.
    "mse of (5, 1) and (5,)": (
        loss(mse, np.ones((5, 1)), np.ones(5)),
        ShapeError,
        "mse: out and y must have the same shape; out: (5, 1), y: (5,); write y[:, None]",
    ),
    "mse of one row and many": (
        loss(mse, np.ones((1, 3)), np.ones((5, 3))),
        ShapeError,
        "mse: out and y must have the same shape; out: (1, 3), y: (5, 3)",
    ),
    "no rows": (loss(mse, x[:0], x[:0]), RangeError, "mse: out must have at least one entry; out: (0, 2)"),
    "no rows of classes": (
        loss(nn.softmax_cross_entropy, x[:0], labels[:0]),
        RangeError,
        "softmax_cross_entropy: out must have at least one entry; out: (0, 2)",
    ),
    "a list for y": (
        loss(nn.losses.mae, y, [[1.0]] * 10),
        KindError,
        "mae: y must be an array, not list; write np.asarray(y)",
    ),
    "a masked y": (
        loss(mse, y, np.ma.masked_array(y)),
        KindError,
        "mse: y must be an array, not MaskedArray",
    ),
    "objects for y": (
        loss(mse, y, y.astype(object)),
        KindError,
        "mse: y must hold numbers, not objects; write y.astype(float)",
    ),
    "texts for y": (
        loss(mse, y, y.astype(str)),
        KindError,
        "mse: y must hold numbers, not strings; write y.astype(float)",
    ),
    "objects for weight": (
        loss(mse, y, y, y.astype(object)),
        KindError,
        "mse: weight must hold numbers, not objects; write weight.astype(float)",
    ),
    "weighted without a weight": (
        lambda: nn.losses.weighted(mse)(y, y),
        KindError,
        "weighted: y must be a pair (y, weight), not float64 array",
    ),
    "weighted with too much": (
        lambda: nn.losses.weighted(mse)(y, (1, 2, 3)),
        KindError,
        "weighted: y must be a pair (y, weight), not (1, 2, 3)",
    ),
    "whole numbers for out": (
        lambda: mse(labels[:, None], y),
        KindError,
        "mse: out must be an array of floats, not int64 array",
    ),
    "a weight of another shape": (
        loss(mse, x, x, np.ones(2)),
        ShapeError,
        "mse: weight must have the shape (10,) or (10, 2), not (2,); "
        "for a weight of each column write np.broadcast_to(weight, (10, 2))",
    ),
    "a list for weight": (
        loss(mse, x, x, [1.0] * 10),
        KindError,
        "mse: weight must be an array, not list; write np.asarray(weight)",
    ),
    "delta of 0": (loss(nn.huber, y, y, delta=0), RangeError, "huber: delta must be finite and above 0, not 0"),
    "a class too high": (
        loss(nn.softmax_cross_entropy, x, labels + 2),
        RangeError,
        "softmax_cross_entropy: classes must be in 0 .. 1; y has 2 .. 2",
    ),
    "a class below 0": (
        loss(nn.softmax_cross_entropy, x, labels - 1),
        RangeError,
        "softmax_cross_entropy: classes must be in 0 .. 1; y has -1 .. -1",
    ),
    "floats for classes": (
        loss(nn.softmax_cross_entropy, x, labels.astype(float)),
        KindError,
        "softmax_cross_entropy: classes must be integers, not float64; write y.astype(int)",
    ),
    "classes in a column": (
        loss(nn.softmax_cross_entropy, x, labels[:, None]),
        ShapeError,
        "softmax_cross_entropy: y must be classes (10,) or soft labels (10, 2); y: (10, 1), out: (10, 2); "
        "write y[:, 0]",
    ),
    "out without an axis of classes": (
        loss(nn.softmax_cross_entropy, x[:, 0], labels),
        ShapeError,
        "softmax_cross_entropy: out must be (m, ..., n), rows first; out: (10,)",
    ),
    "labels of -1 and 1": (
        loss(nn.binary_cross_entropy_with_logits, y, -y),
        RangeError,
        "binary_cross_entropy_with_logits: y must be in [0, 1]; it has -1.0 .. -1.0; write (y + 1) / 2",
    ),
    "logits for probabilities": (
        loss(nn.binary_cross_entropy, 3 * y, y),
        RangeError,
        "binary_cross_entropy: out must be in [0, 1]; it has 3.0 .. 3.0; "
        "for logits write binary_cross_entropy_with_logits",
    ),
    "probabilities for logits": (
        lambda: value_and_grad(nn.binary_cross_entropy_with_logits)((net[2], Sigmoid()), x, y),
        KindError,
        "value_and_grad: the loss takes logits, so leave out the layer at the end of "
        "(Dense(W=<f64 27x1>, b=<f64 [0.]>), Sigmoid())",
    ),
    # Records.
    "a list for an array": (
        lambda: Dense([[1.0]], np.ones(1)),
        KindError,
        "Dense: W must be an array of floats, not list; write np.array(W, float)",
    ),
    "whole numbers for parameters": (
        lambda: Dense(np.ones((1, 1)), np.ones(1, int)),
        KindError,
        "Dense: b must be an array of floats, not int64 array; write np.array(b, float)",
    ),
    "None for parameters": (
        lambda: Dense(None, None),
        KindError,
        "Dense: W must be an array of floats, not None",
    ),
    "W and b that do not fit": (
        lambda: Dense(np.ones((2, 3)), np.ones(2)),
        ShapeError,
        "Dense: W must be (n_in, n_out) and b (n_out,) or None; W: (2, 3), b: (2,); for a W of torch write W.T",
    ),
    "W, and b of no side of it": (
        lambda: Dense(np.ones((2, 3)), np.ones(4)),
        ShapeError,
        "Dense: W must be (n_in, n_out) and b (n_out,) or None; W: (2, 3), b: (4,)",
    ),
    "W of one axis": (
        lambda: Dense(np.ones(2), None),
        ShapeError,
        "Dense: W must be (n_in, n_out) and b (n_out,) or None; W: (2,), b: None",
    ),
    "W and b of two dtypes": (
        lambda: Dense(np.ones((1, 1), np.float32), np.ones(1)),
        KindError,
        "Dense: b is float64, W is float32; write b.astype('float32')",
    ),
    "whole numbers in a tuple of parameters": (
        lambda: Fields(y, other=(y, (labels,))),
        KindError,
        "Fields: other must be an array of floats, not int64 array",
    ),
    "a list in a record": (
        lambda: Fields(y, other=[relu]),
        KindError,
        "Fields: other must be immutable, not list; write tuple(other)",
    ),
    "a text for a number": (
        lambda: Fields(y, rate="0.1"),
        KindError,
        "Fields: rate must be a number, not str; write float(rate)",
    ),
    "a fraction for a whole number": (
        lambda: Fields(y, size=1.5),
        KindError,
        "Fields: size must be a whole number, not float",
    ),
    "a negative seed": (
        lambda: Fields(y, seed=-1),
        KindError,
        "Fields: seed must be an int in [0, 2**31), or a tuple of them, not -1",
    ),
    "a name that is taken": (
        name_again,
        nn.FuncnnError,
        "record: the name Dense is taken, by funcnn.layers.dense",
    ),
    # Sizes and initializers.
    "one size": (
        lambda: mlp([2], seed=0),
        RangeError,
        "mlp: sizes must be at least two numbers, n_in and n_out; sizes: [2]",
    ),
    "a negative size": (
        lambda: mlp([2, -3, 1], seed=0),
        RangeError,
        "mlp: sizes must be at least 1; sizes[0]: 2, sizes[1]: -3, sizes[2]: 1",
    ),
    "a layer beyond any memory": (
        lambda: mlp([2, 10**50], seed=0),
        RangeError,
        f"mlp: sizes must be at most {(2**63 - 1) // 16}; sizes[0]: 2, sizes[1]: about 10**50",
    ),
    "fans of a vector": (
        lambda: nn.he_normal(0, (3,)),
        ShapeError,
        "he_normal: shape must be (..., n_in, n_out), not (3,)",
    ),
    # Trees.
    "another field of a tuple": (
        lambda: nn.evolve(net, W=y),
        KindError,
        "evolve: record must be a record, not tuple; write replace(tree, path, value)",
    ),
    "a path to nowhere": (
        lambda: nn.trees.replace(net, "2.V", y),
        nn.FuncnnError,
        "replace: path '2.V' does not exist: there is no 'V' in Dense(W=<f64 27x1>, b=<f64 [0.]>)",
    ),
    "a path beyond the end": (
        lambda: nn.trees.replace((relu,), "1.W", y),
        nn.FuncnnError,
        "replace: path '1.W' does not exist: there is no '1' in (Relu(),)",
    ),
    "a part that does not fit": (
        lambda: nn.trees.replace(net, "2.W", x),
        ShapeError,
        "Dense: W must be (n_in, n_out) and b (n_out,) or None; W: (10, 2), b: (1,)",
    ),
    "a vector too short": (
        lambda: nn.trees.from_vector(net, y[:, 0]),
        ShapeError,
        "from_vector: vector must have the shape (109,) for this tree, not (10,)",
    ),
    "trees that are not alike": (
        lambda: nn.tree_map(np.add, relu, nn.Tanh()),
        ShapeError,
        "tree_map: the trees are not alike: Relu(), Tanh()",
    ),
    "a fingerprint of a function": (
        lambda: nn.files.fingerprint((np.sin,)),
        KindError,
        "fingerprint: value at 0 must be a record, a tuple, an array, a real number, a string or None, not ufunc; "
        "write a record with rules in place of the function",
    ),
    # Data, schedules, training.
    "batches larger than the data": (
        lambda: batches(x, y, 11, seed=0),
        RangeError,
        "batches: size must be at most the number of rows, 10, not 11",
    ),
    "unequal rows": (
        lambda: batches(x, y[:9], 2, seed=0),
        ShapeError,
        "batches: x and y must have equally many rows; x: 10, y: 9",
    ),
    "lists for data": (
        lambda: batches(x, [1] * 10, 2, seed=0),
        KindError,
        "batches: y must be an array or a tuple of arrays, rows first, not list; write np.asarray(y)",
    ),
    "no stages": (
        nn.schedules.stages,
        RangeError,
        "stages: plan must be (rate >= 0, steps >= 1) once or more, not ()",
    ),
    "a stage of a negative rate": (
        lambda: nn.schedules.stages((1, 10), (-1, 10)),
        RangeError,
        "stages: plan must be (rate >= 0, steps >= 1) once or more, not ((1, 10), (-1, 10))",
    ),
    "a stage of no number": (
        lambda: nn.schedules.stages((float("nan"), 10)),
        RangeError,
        "stages: plan must be (rate >= 0, steps >= 1) once or more, not ((nan, 10),)",
    ),
    "NaN in x": (
        stepped(x=nan_x),
        NotFiniteError,
        "train: in step 0 the cost is nan; the first array that is not finite is x",
    ),
    "NaN in y": (
        stepped(y=y * np.nan),
        NotFiniteError,
        "train: in step 0 the cost is nan; the first array that is not finite is y",
    ),
    "NaN in the parameters": (
        stepped(net=nn.trees.replace(net, "0.b", np.full(27, np.nan))),
        NotFiniteError,
        "train: in step 0 the cost is nan; the first array that is not finite is params.0.b",
    ),
    "an infinity born in a layer": (
        stepped(net=born),
        NotFiniteError,
        "train: in step 0 the cost is inf; the first array that is not finite is out of layer 1.1, "
        "Dense(W=<f64 [[1.e+308] [1.e+308]]>, b=<f64 [1.e+308]>)",
    ),
    "an infinity born in the loss": (
        stepped(y=y * 1e200),
        NotFiniteError,
        "train: in step 0 the cost is inf; params, x, y and out are finite, so the loss is the cause",
    ),
    "parameters lost in the last step": (
        stepped(y=y * 1e150, lr=1e300, steps=1),
        NotFiniteError,
        "train: params.0.W is not finite after 1 step; a smaller lr may help",
    ),
    "a network for a state": (
        lambda: next(train(net, [(x, y)], value_and_grad(mse), 0.1)),
        KindError,
        "train: start must be a TrainState, not tuple; write TrainState(params)",
    ),
    # Testing.
    "an array for the arguments": (
        lambda: check_vjp(np.sin, lambda args, dA: [dA * np.cos(args[0])], np.ones(2)),
        KindError,
        "check_vjp: args must be a tuple, an array for each argument of f, not float64 array",
    ),
    "a package without layers": (
        lambda: fst.unproven("funcn"),
        KindError,
        "unproven: there is no module funcn",
    ),
    "a package of something else": (
        lambda: fst.registered("json"),
        KindError,
        "registered: json defines no layer",
    ),
    "a layer without a strategy": (
        lambda: fst.cases(Bare),
        KindError,
        "cases: there is no strategy for Bare; write register(Bare, ...)",
    ),
    "a class to check": (
        lambda: check_layer(Dense, x),
        KindError,
        "check_layer: params must be a layer or a tuple of layers, not the class Dense",
    ),
    "a complex argument to check": (
        checked(np.sin, x + 0j),
        KindError,
        'check_vjp: x is complex; choose convention="jax" or convention="torch"',
    ),
    "a text to check with": (
        checked(tripled, "0.1"),
        KindError,
        "check_vjp: x must be an array of numbers, not str",
    ),
    "whole numbers only": (
        checked(tripled, labels),
        KindError,
        "check_vjp: no argument holds floats, so there is no gradient to check",
    ),
    "two outputs of whole numbers": (
        checked(lambda x: (labels, labels), y),
        KindError,
        "check_vjp: f must return floats; it returned (<i64 10>, <i64 10>)",
    ),
    "whole numbers for an output": (
        checked(lambda x: labels[:2], y),
        KindError,
        "check_vjp: f must return floats; it returned <i64 [0 0]>",
    ),
    "nothing for an output": (
        checked(lambda x: None, y),
        KindError,
        "check_vjp: f must return floats; it returned None",
    ),
    "a resolution of 0": (
        checked(tripled, y, resolution=0),
        RangeError,
        "check_vjp: resolution must be in [1e-15, 1), not 0",
    ),
    "a resolution of 1": (
        checked(tripled, y, resolution=1.0),
        RangeError,
        "check_vjp: resolution must be in [1e-15, 1), not 1.0",
    ),
    "a resolution of text": (
        checked(tripled, y, resolution="high"),
        KindError,
        "check_vjp: resolution must be a number, not str",
    ),
    "another word for the inconclusive": (
        checked(tripled, y, inconclusive="skip"),
        KindError,
        'check_vjp: inconclusive must be "reject" or "error", not \'skip\'',
    ),
}


@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], net, half, x, y, labels)
    assert x.flags.writeable


def test_every_error_of_funcnn_is_caught_by_one_name():
    assert {kind for _, kind, *_ in ROWS.values()} == {
        nn.FuncnnError,
        ShapeError,
        KindError,
        RangeError,
        NotFiniteError,
    }
    assert issubclass(ShapeError, ValueError)
    assert issubclass(RangeError, ValueError)
    assert issubclass(KindError, TypeError)
    assert issubclass(NotFiniteError, ArithmeticError)


def test_arrays_of_a_network_refuse_to_be_written_to():
    for array in (*nn.trees.leaves(net), *nn.trees.leaves(grads), *cache[1:], out):
        with pytest.raises(ValueError, match="assignment destination is read-only"):
            array[0] = 1


def test_notes_come_with_every_error_also_of_others():
    @record
    class Broken:
        pass

    forward.register(Broken)(lambda params, x: (x, ()))
    backward.register(Broken)(lambda params, cache, dA: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        value_and_grad(mse)((Dense.init(2, 1, seed=1), Broken(), Relu()), x, y)
    assert caught.value.__notes__ == ["in layer 1, Broken(), dA: <f64 10x1>"]
