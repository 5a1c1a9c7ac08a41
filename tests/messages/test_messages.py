"""Error messages of the core, pinned word for word."""

from typing import Any

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, batches, forward, gradient, mlp, mse, predict, record, sgd, state, train, value_and_grad
from funcnn.core import backward_params
from funcnn.errors import KindError, NotFiniteError, RangeError, ShapeError
from funcnn.sizes import MOST_ENTRIES
from funcnn.testing import check_vjp
from funcnn.testing import strategies as fst
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
net = mlp([2, 27, 1], seed=1)
nested = (nn.Relu(), (nn.Dense.init(2, 8, seed=1), nn.Dense.init(9, 2, seed=2)))
out, cache = forward(net, x)
grads = backward(net, cache, out)
dense, relu = net[0], nn.Relu()
half = nn.tree_map(lambda a: a.astype(np.float32), net)
labels = np.zeros(10, int)


@record
class Fields:
    W: nn.Array
    b: nn.Array | None = None
    rate: float = 1.0
    size: int = 1
    seed: nn.Seed = 0
    other: Any = None
    mean: nn.Array = state(default=np.zeros(1))


@record
class Bare:
    """A record without rules."""


@record
class Careless:
    """A layer whose rules return what they should not."""


forward.register(Careless)(lambda params, x: x)
backward.register(Careless)(lambda params, cache, dA: (params, dA))


class Plain(nn.Relu):
    """A subclass that forgot its @record."""

    def __repr__(self):
        return PLAIN


PLAIN = "Plain()"


@record
class Threefold:
    """A layer whose rules return too much, and too little."""


forward.register(Threefold)(lambda params, x: (x, x, x))
backward.register(Threefold)(lambda params, cache, dA: nn.Grads(params, None))


def registered(cls):
    return lambda: forward.register(cls)


def stepped(x=x, y=y, loss=mse, net=net, steps=3, lr=0.1):
    return lambda: list(train(nn.TrainState(net), [(x, y)] * steps, value_and_grad(loss), lr))


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
born = (nn.Dense.init(2, 2, seed=0), (nn.Relu(), nn.Dense(np.full((2, 1), 1e308), np.full(1, 1e308)), nn.Relu()))

ROWS = [
    # A layer and its input.
    shape_error(lambda: forward(net, x[:, :1]))
    >> "Dense: x must be (m, ..., 2), not (10, 1)"
    >> ["in layer 0, Dense(W=<f64 2x27>, b=<f64 27>), x: <f64 10x1>"],
    shape_error(lambda: forward(nested, x))
    >> "Dense: x must be (m, ..., 9), not (10, 8)"
    >> [
        "in layer 1, Dense(W=<f64 9x2>, b=<f64 [0. 0.]>), x: <f64 10x8>",
        "in layer 1, (Dense(W=<f64 2x8>, b=<f64 8>), Dense(W=<f64 9x2>, b=<f64 [0. 0.]>)), x: <f64 10x2>",
    ],
    shape_error(lambda: predict(net, x[:, :1], rows=3))
    >> "Dense: x must be (m, ..., 2), not (3, 1)"
    >> ["in layer 0, Dense(W=<f64 2x27>, b=<f64 27>), x: <f64 [[-1.    ] [-0.7895] [-0.5789]]>"],
    kind_error(lambda: predict(net, [[1.0, 2.0]]))
    >> "predict: x must be an array or a tuple of arrays, rows first, not list; write np.asarray(x)",
    # What is no layer.
    kind_error(lambda: forward((nn.Relu,), x))
    >> "forward: params must be a layer or a tuple of layers, not the class Relu; write Relu()"
    >> ["in layer 0, <class 'funcnn.layers.activations.base.Relu'>, x: <f64 10x2>"],
    kind_error(lambda: forward(nn.Dense, x))
    >> "forward: params must be a layer or a tuple of layers, not the class Dense; write Dense.init(...)",
    kind_error(lambda: mlp([2, 3, 1], hidden=nn.Relu, seed=0))
    >> "mlp: hidden must be a layer, such as Relu(), or a tuple of layers, not the class Relu; write Relu()",
    kind_error(lambda: forward([relu, relu], x))
    >> "forward: params must be a layer or a tuple of layers, not list; write tuple(params)",
    kind_error(lambda: forward([1.0], x)) >> "forward: params must be a layer or a tuple of layers, not list",
    kind_error(lambda: predict([relu], x))
    >> "predict: params must be a layer or a tuple of layers, not list; write tuple(params)",
    kind_error(lambda: mlp([2, 3, 1], hidden="relu", seed=0))
    >> "mlp: hidden must be a layer, such as Relu(), or a tuple of layers, not str",
    kind_error(lambda: forward((Plain(),), x))
    >> "forward: Plain is not a record; put @record above the class"
    >> [f"in layer 0, {PLAIN}, x: <f64 10x2>"],
    kind_error(lambda: forward(Bare(), x))
    >> "forward: there is no rule for Bare; write one with @forward.register(Bare)",
    kind_error(lambda: backward(3, (), x)) >> "backward: params must be a layer or a tuple of layers, not int",
    kind_error(registered(dict)) >> "forward.register: dict is not a record; put @record above the class",
    kind_error(registered("Dense")) >> "forward.register: cls must be a class, not str",
    kind_error(registered(dense)) >> "forward.register: cls must be a class, not Dense; write @forward.register(Dense)",
    kind_error(lambda: forward.register(nn.Dense)(nn.Relu))
    >> "forward.register: the rule must be a function, not the class Relu",
    kind_error(lambda: forward((Careless(),), x))
    >> "forward: the rule for Careless must return (out, cache), not float64 array"
    >> ["in layer 0, Careless(), x: <f64 10x2>"],
    kind_error(lambda: backward(Careless(), x, x))
    >> "backward: the rule for Careless must return Grads(params, x), not 2 values",
    # backward.
    shape_error(lambda: backward(net, cache, y[:5]))
    >> "Dense: dA must have the shape of out, (10, 1), not (5, 1)"
    >> ["in layer 2, Dense(W=<f64 27x1>, b=<f64 [0.]>), dA: <f64 [[1.] [1.] [1.] [1.] [1.]]>"],
    kind_error(lambda: backward(relu, x, [[1.0]])) >> "Relu: dA must be an array like out, of shape (10, 2), not list",
    kind_error(lambda: backward(half[0], x.astype(np.float32), forward(dense, x)[0]))
    >> "Dense: dA must be float32, as out is, not float64; write dA.astype('float32')",
    shape_error(lambda: backward(relu, x, x[:1])) >> "Relu: dA must have the shape of out, (10, 2), not (1, 2)",
    shape_error(lambda: backward_params((dense,), (x,), x))
    >> "Dense: dA must have the shape of out, (10, 27), not (10, 2)"
    >> ["in layer 0, Dense(W=<f64 2x27>, b=<f64 27>), dA: <f64 10x2>"],
    shape_error(lambda: backward(net[:2], cache, out)) >> "backward: cache must be a tuple of 2, one for each layer, "
    "as forward returned it, not (<f64 10x2>, <f64 10x27>, <f64 10x27>)",
    shape_error(lambda: backward(net[2], cache[0], out)) >> "backward: cache must be what forward returned for this "
    "layer; cache: <f64 10x2>, layer: Dense(W=<f64 27x1>, b=<f64 [0.]>)",
    shape_error(lambda: backward(dense, cache[:1], out)) >> "backward: cache must be what forward returned for this "
    "layer; cache: (<f64 10x2>,), layer: Dense(W=<f64 2x27>, b=<f64 27>)",
    shape_error(lambda: backward(net, x, out))
    >> "backward: cache must be a tuple of 3, one for each layer, as forward returned it, not <f64 10x2>",
    kind_error(lambda: gradient(dense, {"W": dense.W, "b": dense.b}))
    >> "gradient: the gradients must be given by name; write gradient(params, **gradients)",
    kind_error(lambda: gradient(dense, W=dense.W))
    >> "Dense backward: the gradient of b is left out; write gradient(params, W=..., b=...)",
    kind_error(lambda: gradient(dense, W=dense.W, b=dense.b, c=dense.b)) >> "Dense backward: Dense has no field c",
    kind_error(lambda: gradient(net, W=x)) >> "gradient: params must be a record, not tuple",
    kind_error(lambda: forward(Threefold(), x))
    >> "forward: the rule for Threefold must return (out, cache), not 3 values",
    kind_error(lambda: backward((relu, Threefold()), (x, ()), x))
    >> "backward: Grads.x must be the gradient of x, which the layer before needs, not None"
    >> ["in layer 1, Threefold(), dA: <f64 10x2>"],
    kind_error(lambda: gradient(Fields(y), W=y, rate=2.0))
    >> "Fields backward: rate is a setting, 1.0; it has no gradient",
    kind_error(lambda: gradient(nn.Dense.init(2, 1, seed=0, bias=False), W=x[:2, :1], b=x[0, :1]))
    >> "Dense backward: b is a setting, None; it has no gradient",
    shape_error(lambda: gradient(dense, W=dense.W.T, b=dense.b))
    >> "Dense backward: dW must be like W, <f64 2x27>, not <f64 27x2>",
    kind_error(lambda: gradient(dense, W=dense.W, b=0))
    >> "Dense backward: db must be an array like b, <f64 27>, not int",
    kind_error(lambda: gradient(half[0], W=dense.W, b=dense.b)) >> "Dense backward: dW must be float32, as W is, not "
    "float64",
    shape_error(lambda: gradient(Fields(y), W=y, mean=np.zeros(2)))
    >> "Fields backward: the next value of mean must be like mean, <f64 [0.]>, not <f64 [0. 0.]>",
    # sgd.
    shape_error(lambda: sgd(net[:2], grads, 0.1))
    >> "sgd: grads must be gradients of these params; params: (Dense(W=<f64 2x27>, b=<f64 27>), Relu()), grads: "
    "(Dense(W=<f64 2x27>, b=<f64 27>), Relu(), Dense(W=<f64 27x1>, b=<f64 [-0.5016]>))",
    shape_error(lambda: sgd(relu, nn.Grads(nn.Tanh(), None), 0.1))
    >> "sgd: grads must be gradients of these params; params: Relu(), grads: Tanh()",
    shape_error(lambda: sgd(dense, nn.Grads(net[2], None), 0.1))
    >> "sgd: grads must be gradients of these params; params: <f64 2x27>, grads: <f64 27x1>",
    kind_error(lambda: sgd(net, grads.params, 0.1)) >> "sgd: grads must be a Grads, as backward returns it, not tuple",
    kind_error(lambda: sgd(net, (0.5, grads), 0.1))
    >> "sgd: grads must be a Grads, as backward returns it, not tuple; write grads[1]",
    range_error(lambda: sgd(net, grads, -0.1)) >> "sgd: lr must be finite and not negative, not -0.1",
    kind_error(lambda: sgd(net, grads, nn.cosine(0.1, steps=10)))
    >> "sgd: lr must be a number, not BoundSchedule; write lr(step)",
    # Losses.
    range_error(loss(mse, x[:0], x[:0])) >> "mse: out must have at least one entry; out: (0, 2)",
    kind_error(lambda: nn.losses.weighted(mse)(y, y)) >> "weighted: y must be a pair (y, weight), not float64 array",
    kind_error(lambda: nn.losses.weighted(mse)(y, (1, 2, 3)))
    >> "weighted: y must be a pair (y, weight), not (1, 2, 3)",
    kind_error(lambda: mse(labels[:, None], y)) >> "mse: out must be an array of floats, not int64 array",
    range_error(loss(nn.huber, y, y, delta=0)) >> "huber: delta must be finite and above 0, not 0",
    range_error(loss(nn.softmax_cross_entropy, x, labels + 2))
    >> "softmax_cross_entropy: y must hold the classes 0 .. 1; it has 2",
    shape_error(loss(nn.softmax_cross_entropy, x[:, 0], labels))
    >> "softmax_cross_entropy: out must be (m, ..., n), rows first; out: (10,)",
    range_error(loss(nn.binary_cross_entropy_with_logits, y, -y))
    >> "binary_cross_entropy_with_logits: y must be in [0, 1]; it has -1.0; write (y + 1) / 2",
    range_error(loss(nn.binary_cross_entropy, 3 * y, y)) >> "binary_cross_entropy: out must be in [0, 1]; it has 3.0; "
    "for logits write binary_cross_entropy_with_logits",
    kind_error(lambda: value_and_grad(nn.binary_cross_entropy_with_logits)((net[2], nn.Sigmoid()), x, y))
    >> "value_and_grad: the loss takes logits, so leave out the layer at the end of "
    "(Dense(W=<f64 27x1>, b=<f64 [0.]>), Sigmoid())",
    # Records.
    shape_error(lambda: nn.Dense(np.ones((2, 3)), np.ones(2)))
    >> "Dense: W must be (n_in, n_out) and b (n_out,) or None; W: (2, 3), b: (2,); for a W of torch write W.T",
    shape_error(lambda: nn.Dense(np.ones((2, 3)), np.ones(4)))
    >> "Dense: W must be (n_in, n_out) and b (n_out,) or None; W: (2, 3), b: (4,)",
    kind_error(lambda: nn.Dense(np.ones((1, 1), np.float32), np.ones(1)))
    >> "Dense: b must be float32, as W is, not float64; write b.astype('float32')",
    kind_error(lambda: Fields(y, other=(y, (labels,)))) >> "Fields: other[1][0] must be an array of floats, not "
    "int64 array",
    raises(nn.FuncnnError, name_again) >> "record: the name Dense is taken by funcnn.layers.dense; choose another name",
    # Sizes and initializers.
    range_error(lambda: mlp([2], seed=0)) >> "mlp: sizes must be at least two numbers, n_in and n_out, not [2]",
    range_error(lambda: mlp([2, -3, 1], seed=0))
    >> "mlp: sizes must be at least 1; sizes[0]: 2, sizes[1]: -3, sizes[2]: 1",
    range_error(lambda: mlp([2, 10**50], seed=0))
    >> f"mlp: sizes must be at most {MOST_ENTRIES}; sizes[0]: 2, sizes[1]: about 10**50",
    shape_error(lambda: nn.he_normal(0, (3,))) >> "he_normal: shape must be (..., n_in, n_out), not (3,)",
    # Trees.
    kind_error(lambda: nn.evolve(net, W=y))
    >> "evolve: record must be a record, not tuple; write replace(tree, path, value)",
    raises(nn.FuncnnError, lambda: nn.trees.replace(net, "2.V", y))
    >> "replace: path '2.V' does not exist; the Dense has W, b",
    raises(nn.FuncnnError, lambda: nn.trees.replace((relu,), "1.W", y))
    >> "replace: path '1.W' does not exist; the tuple has 0",
    shape_error(lambda: nn.trees.from_vector(net, y[:, 0]))
    >> "from_vector: vector must have the shape (109,) for this tree, not (10,)",
    shape_error(lambda: nn.tree_map(np.add, relu, nn.Tanh()))
    >> "tree_map: all trees must have the same structure; where the first has Relu(), the second has Tanh()",
    # Data, schedules, training.
    range_error(lambda: batches(x, y, 11, seed=0)) >> "batches: size must be at most the number of rows, 10, not 11",
    shape_error(lambda: batches(x, y[:9], 2, seed=0)) >> "batches: x and y must have equally many rows; x: 10, y: 9",
    range_error(nn.schedules.stages)
    >> "stages: plan must be one or more stages (rate, steps) with a finite rate >= 0 and steps >= 1, not ()",
    range_error(lambda: nn.schedules.stages((1, 10), (-1, 10))) >> "stages: plan must be one or more stages (rate, "
    "steps) with a finite rate >= 0 and steps >= 1, not ((1, 10), (-1, 10))",
    raises(NotFiniteError, stepped(x=nan_x))
    >> "train: in step 0 the cost is nan; the first array that is not finite is x",
    raises(NotFiniteError, stepped(net=nn.trees.replace(net, "0.b", np.full(27, np.nan))))
    >> "train: in step 0 the cost is nan; the first array that is not finite is params.0.b",
    raises(NotFiniteError, stepped(net=born)) >> "train: in step 0 the cost is inf; "
    "the first array that is not finite is out of layer 1.1, Dense(W=<f64 [[1.e+308] [1.e+308]]>, b=<f64 [1.e+308]>)",
    raises(NotFiniteError, stepped(y=y * 1e200))
    >> "train: in step 0 the cost is inf; params, x, y and out are finite, so the loss is the cause",
    raises(NotFiniteError, stepped(y=y * 1e150, lr=1e300, steps=1))
    >> "train: params.0.W is not finite after 1 step; a smaller lr may help",
    kind_error(lambda: next(train(net, [(x, y)], value_and_grad(mse), 0.1)))
    >> "train: start must be a TrainState, not tuple; write TrainState(params)",
    # Testing.
    kind_error(lambda: fst.unproven("funcn")) >> "unproven: there is no module 'funcn'",
    kind_error(lambda: fst.registered("json")) >> "registered: module must be one that defines a layer; json "
    "defines none",
    kind_error(lambda: fst.cases(Bare)) >> "cases: there is no strategy for Bare; write register(Bare, ...)",
    kind_error(checked(np.sin, x + 0j)) >> 'check_vjp: x is complex; choose convention="jax" or convention="torch"',
    kind_error(checked(tripled, "0.1")) >> "check_vjp: x must be an array of numbers, not str",
    kind_error(checked(tripled, labels)) >> "check_vjp: no argument holds floats, so there is no gradient to check",
    kind_error(checked(lambda x: (labels, labels), y)) >> "check_vjp: f must return floats, not (<i64 10>, <i64 10>)",
    kind_error(checked(lambda x: labels[:2], y)) >> "check_vjp: f must return floats, not <i64 [0 0]>",
    kind_error(checked(lambda x: None, y)) >> "check_vjp: f must return floats, not None",
    range_error(checked(tripled, y, resolution=0)) >> "check_vjp: resolution must be in [1e-15, 1), not 0",
    range_error(checked(tripled, y, resolution=1.0)) >> "check_vjp: resolution must be in [1e-15, 1), not 1.0",
    kind_error(checked(tripled, y, inconclusive="skip"))
    >> 'check_vjp: inconclusive must be "reject" or "error", not \'skip\'',
]


@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
@each_row(ROWS)
def test_it_says(row):
    assert_says(row, net, half, x, y, labels)
    assert x.flags.writeable


def test_every_error_of_funcnn_is_caught_by_one_name():
    assert {row.kind for row in ROWS} == {nn.FuncnnError, ShapeError, KindError, RangeError, NotFiniteError}
    assert issubclass(ShapeError, ValueError)
    assert issubclass(RangeError, ValueError)
    assert issubclass(KindError, TypeError)
    assert issubclass(NotFiniteError, ArithmeticError)
    assert issubclass(NotFiniteError, ValueError)  # as scikit-learn raises for such data


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
        value_and_grad(mse)((nn.Dense.init(2, 1, seed=1), Broken(), nn.Relu()), x, y)
    assert caught.value.__notes__ == ["in layer 1, Broken(), dA: <f64 10x1>"]
