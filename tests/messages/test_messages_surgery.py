"""Error messages of surgery on networks, pinned word for word."""

from typing import Any

import numpy as np

import funcnn as nn
from funcnn import binary_cross_entropy_with_logits, evolve, forward, mlp, mse, record, train, tree_map, value_and_grad
from funcnn.training import compare
from funcnn.trees import astype, difference
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

x, y = np.ones((3, 2)), np.zeros((3, 1))
net = mlp([2, 27, 1], seed=1)
half = astype(net, np.float32)
short, long = (nn.Dense.init(2, n, seed=0) for n in (3, 4))
frozen = nn.Frozen(net)
start = nn.TrainState(net)


@record
class Held:
    """A record that holds anything."""

    held: Any = None


def run(steps=3, start=start):
    return train(start, [(x, y)] * steps, value_and_grad(mse), 0.1)


spent = run()
list(spent)
complex_net = tree_map(lambda a: a.astype(complex), net)

ROWS = [
    # Frozen.
    kind_error(lambda: forward(nn.Frozen(None), x))
    >> "forward: params must be a layer or a tuple of layers, not None"
    >> 1,
    kind_error(
        lambda: value_and_grad(binary_cross_entropy_with_logits)((net[1], nn.Frozen((net[1], nn.Sigmoid()))), x, y)
    )
    >> "value_and_grad: the loss takes logits, so leave out the layer at the end of "
    "(Relu(), Frozen(layer=(Relu(), Sigmoid())))",
    shape_error(lambda: forward((frozen,), np.ones((1, 5))))
    >> "Dense: x must be (m, ..., 2), not (1, 5)"
    >> ["in layer 0, Dense...", "in Frozen, (Dense...", "in layer 0, Frozen..."],
    # count and astype.
    kind_error(lambda: astype((nn.Relu(), complex_net), np.float32))
    >> "astype: tree[1][0].W must hold real numbers, as float32 does, not complex128 array",
    # difference.
    shape_error(lambda: difference((net, net), (net, net[:2]))) >> "difference: a and b must have the same structure, "
    "shapes and dtypes; at '1' they have a tuple of 3 and a tuple of 2",
    shape_error(lambda: difference((short,), (long,))) >> "difference: a and b must have the same structure, shapes "
    "and dtypes; at '0.W' they have <f64 [[ 0.3367 -0.0632  0.2263] [ 0.2998 -0.0983 -1.0897]]> and <f64 2x4>",
    shape_error(lambda: difference(net[2].b, half[2].b))
    >> "difference: a and b must have the same structure, shapes and dtypes; they have <f64 [0.]> and <f32 [0.]>",
    shape_error(lambda: difference(frozen, nn.Frozen(net[1]))) >> "difference: a and b must have the same structure, "
    "shapes and dtypes; at 'layer' they have a tuple of 3 and Relu",
    *[
        shape_error(lambda a=a, b=b: difference(Held(a), Held(b)))
        >> f"difference: a and b must have the same structure, shapes and dtypes; at 'held' they have {given}"
        for a, b, given in [
            (None, (net,), "None and a tuple of 1"),
            ((), None, "a tuple of 0 and None"),
            (0.5, nn.Relu(), "0.5 and Relu"),
            (nn.Relu(), "relu", "Relu and 'relu'"),
            (x[0], "relu", "<f64 [1. 1.]> and 'relu'"),
            ((), nn.Relu(), "a tuple of 0 and Relu"),
        ]
    ],
    shape_error(lambda: difference(evolve(start, step=3), evolve(start, cost=np.ones(2))))
    >> "difference: a and b must have the same structure, shapes and dtypes; at 'cost' they have nan and <f64 "
    "[1. 1.]>",
    # compare.
    range_error(lambda: compare(run(), run(start=evolve(start, step=7))))
    >> "compare: run_a and run_b must be at the same step; run_a is at step 1, run_b at step 8",
    range_error(lambda: compare(spent, spent))
    >> "compare: run_a was read to its end before; a generator can be read once, so make a new one",
    range_error(lambda: compare([], iter(()))) >> "compare: one of the runs must give at least one state; both "
    "are empty",
    shape_error(lambda: compare(run(), run(start=nn.TrainState((net,))))) >> "compare: the states of run_a and run_b "
    "must have the same structure, shapes and dtypes; at 'params' they have a tuple of 3 and a tuple of 1",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, net, half, start, x)
