"""Error messages of surgery on networks, pinned word for word."""

from typing import Any

import numpy as np
import pytest

from funcnn import (
    Dense,
    Frozen,
    Relu,
    Sigmoid,
    Tanh,
    TrainState,
    binary_cross_entropy_with_logits,
    evolve,
    forward,
    mlp,
    mse,
    record,
    train,
    tree_map,
    value_and_grad,
)
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.training import compare
from funcnn.trees import astype, count, difference, replace
from tests.says import assert_says

x, y = np.ones((3, 2)), np.zeros((3, 1))
net = mlp([2, 27, 1], seed=1)
half = astype(net, np.float32)
short, long = (Dense.init(2, n, seed=0) for n in (3, 4))
frozen = Frozen(net)
start = TrainState(net)


@record
class Held:
    """A record that holds anything."""

    held: Any = None


def run(steps=3, start=start):
    return train(start, [(x, y)] * steps, value_and_grad(mse), 0.1)


spent = run()
list(spent)
complex_net = tree_map(lambda a: a.astype(complex), net)

ROWS = {
    # Frozen.
    "a class to freeze": (
        lambda: Frozen(Relu),
        KindError,
        "Frozen: layer must be a layer, such as Relu(), or a tuple of layers, not the class Relu",
    ),
    "a name to freeze": (
        lambda: Frozen("0"),
        KindError,
        "Frozen: layer must be a layer, such as Relu(), or a tuple of layers, not str",
    ),
    "an array to freeze": (
        lambda: Frozen(net[0].W),
        KindError,
        "Frozen: layer must be a layer, such as Relu(), or a tuple of layers, not float64 array",
    ),
    "a list of layers to freeze": (
        lambda: Frozen(list(net)),
        KindError,
        "Frozen: layer must be immutable, not list; write tuple(layer)",
    ),
    "nothing to freeze, where it should run": (
        lambda: forward(Frozen(None), x),
        KindError,
        "forward: None is not a layer; a layer is a record or a tuple of layers",
        1,
    ),
    "a class inside what is frozen": (
        lambda: forward(Frozen((Relu,)), x),
        KindError,
        "Frozen: layer[0] must be a layer, such as Relu(), or a tuple of layers, not the class Relu",
    ),
    "probabilities from a frozen layer, for a loss of logits": (
        lambda: value_and_grad(binary_cross_entropy_with_logits)((net[1], Frozen((net[1], Sigmoid()))), x, y),
        KindError,
        "value_and_grad: the loss takes logits, so leave out the layer at the end of (Relu(), Frozen(layer=(Relu(), "
        "Sigmoid())))",
    ),
    "an x that does not fit": (
        lambda: forward((frozen,), np.ones((1, 5))),
        ShapeError,
        "Dense: x must be (m, ..., 2), not (1, 5)",
        [
            "in layer 0, Dense(W=<f64 2x27>, b=<f64 27>), x: <f64 [[1. 1. 1. 1. 1.]]>",
            "in Frozen, (Dense(W=<f64 2x27>, b=<f64 27>), Relu(), Dense(W=<f64 27x1>, b=<f64 [0.]>)), "
            "x: <f64 [[1. 1. 1. 1. 1.]]>",
            "in layer 0, Frozen(layer=(Dense(W=<f64 2x27>, b=<f64 27>), Relu(), Dense(W=<f64 27x1>, b=<f64 [0.]>))), "
            "x: <f64 [[1. 1. 1. 1. 1.]]>",
        ],
    ),
    # count and astype.
    "a count of a list": (
        lambda: count([net]),
        KindError,
        "count: tree must be a record, a tuple or an array, not list; write tuple(tree)",
    ),
    "a cast of a list": (
        lambda: astype(list(net), np.float32),
        KindError,
        "astype: tree must be a record, a tuple or an array, not list; write tuple(tree)",
    ),
    "a cast of complex numbers": (
        lambda: astype((Relu(), complex_net), np.float32),
        KindError,
        "astype: 1.0.W holds complex numbers, but float32 does not",
    ),
    "a cast of one complex array": (
        lambda: astype(np.ones(2, complex), "float16"),
        KindError,
        "astype: the array holds complex numbers, but float16 does not",
    ),
    # difference.
    "a difference of lists": (
        lambda: difference(list(net), net),
        KindError,
        "difference: a must be a record, a tuple or an array, not list; write tuple(a)",
    ),
    "a difference to a longer network": (
        lambda: difference((net, net), (net, net[:2])),
        ShapeError,
        "difference: the trees must be alike at 1; they have a tuple of 3 and a tuple of 2",
    ),
    "a difference to another class": (
        lambda: difference(net, replace(net, "1", Tanh())),
        ShapeError,
        "difference: the trees must be alike at 1; they have Relu and Tanh",
    ),
    "a difference to another shape": (
        lambda: difference((short,), (long,)),
        ShapeError,
        "difference: the trees must be alike at 0.W; they have "
        "<f64 [[ 0.3001 -0.5044 -1.0057] [-1.0592  0.6863  0.9043]]> and <f64 2x4>",
    ),
    "a difference to another dtype": (
        lambda: difference(net[2].b, half[2].b),
        ShapeError,
        "difference: the trees must be alike; they have <f64 [0.]> and <f32 [0.]>",
    ),
    "a difference to a layer without bias": (
        lambda: difference(short, evolve(short, b=None)),
        ShapeError,
        "difference: the trees must be alike at b; they have <f64 [0. 0. 0.]> and None",
    ),
    "a difference to a frozen network": (
        lambda: difference((net[0], net[1]), (net[0], Frozen(net[1]))),
        ShapeError,
        "difference: the trees must be alike at 1; they have Relu and Frozen",
    ),
    "a difference to a layer for a tuple": (
        lambda: difference(frozen, Frozen(net[1])),
        ShapeError,
        "difference: the trees must be alike at layer; they have a tuple of 3 and Relu",
    ),
    **{
        f"a difference from {given}": (
            lambda a=a, b=b: difference(Held(a), Held(b)),
            ShapeError,
            f"difference: the trees must be alike at held; they have {given}",
        )
        for a, b, given in [
            (None, (net,), "None and a tuple of 1"),
            ((), None, "a tuple of 0 and None"),
            (0.5, Relu(), "0.5 and Relu"),
            (Relu(), "relu", "Relu and 'relu'"),
            (x[0], "relu", "<f64 [1. 1.]> and 'relu'"),
            ((), Relu(), "a tuple of 0 and Relu"),
        ]
    },
    "a difference between a number and more of them": (
        lambda: difference(evolve(start, step=3), evolve(start, cost=np.ones(2))),
        ShapeError,
        "difference: the trees must be alike at cost; they have nan and <f64 [1. 1.]>",
    ),
    # compare.
    "runs that begin at different steps": (
        lambda: compare(run(), run(start=evolve(start, step=7))),
        RangeError,
        "compare: run_a and run_b must be at the same step; run_a is at step 1, run_b at step 8",
    ),
    "one generator twice": (
        lambda: compare(spent, spent),
        RangeError,
        "compare: run_a was read to its end before; a generator can be read once, so make a new one",
    ),
    "runs of nothing": (
        lambda: compare([], iter(())),
        RangeError,
        "compare: one of the runs must have a state, got none",
    ),
    "runs of different networks": (
        lambda: compare(run(), run(start=TrainState((net,)))),
        ShapeError,
        "compare: the trees must be alike at params; they have a tuple of 3 and a tuple of 1",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], net, half, start, x)
