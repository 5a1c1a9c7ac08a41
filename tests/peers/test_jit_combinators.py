"""A train step under `jax.jit`, with each layer that holds others in the network: compiled once, equal to NumPy."""

import numpy as np
import pytest

from funcnn import Dense, Tanh, backward, forward, leaves, mse, sgd, softmax_cross_entropy, tree_map
from funcnn.layers.combinators import Copy, Parallel, Take
from funcnn.layers.function import Function
from funcnn.layers.joins import Concat, Sum
from funcnn.layers.remat import Remat
from funcnn.layers.residual import First, Residual, Scale
from funcnn.layers.shapes import Flatten, Map, Reshape
from funcnn.layers.shared import Here, Shared
from funcnn.layers.tied import Tied
from funcnn.testing.cases.combinators import swish, swish_vjp
from funcnn.tree import astype

jax = pytest.importorskip("jax", reason="this is its compiler")
pytestmark = pytest.mark.usefixtures("jax64")

HERE = Here()
BLOCK = (Dense.init(4, 4, seed=1), Tanh())
MIDDLE = {
    "branches": (Copy(2), Parallel((BLOCK, ())), Sum()),
    "side by side": (Copy(2), Parallel(((), BLOCK)), Concat(), Dense.init(8, 4, seed=3)),
    "one of two": (Copy(2), Parallel((BLOCK, BLOCK)), Take(1)),
    "residual": (Residual((*BLOCK, Scale.init(4, value=0.1), Scale.init(value=2.0)))),
    "the first": First(BLOCK),
    "shapes": (Reshape((2, 2)), Map((Reshape((1, -1)), Flatten(), Dense.init(2, 2, seed=4))), Flatten()),
    "made again": Remat(BLOCK),
    "shared": Shared(BLOCK, (HERE, Residual(HERE), HERE)),
    "a function": Function(swish, swish_vjp),
}
X, Y = (np.random.default_rng(i).standard_normal(shape) for i, shape in enumerate([(8, 3), (8, 2)]))


def step(loss, params, x, y, lr):
    out, cache = forward(params, x)
    cost, dA = loss(out, y)
    return sgd(params, backward(params, cache, dA), lr), cost


def run(net, x, y, loss, dtype):
    traces = []

    def counted(*args):
        traces.append(args)
        return step(loss, *args)

    jitted, twin = jax.jit(counted), net
    for t in range(5):
        lr = np.asarray(0.1 / (1 + t), dtype)
        net, cost = step(loss, net, x, y, float(lr))
        twin, twin_cost = jitted(twin, x, y, lr)
        assert twin_cost.dtype == dtype
        assert abs(cost - twin_cost) < 1e-5
    assert len(traces) == 1
    assert {leaf.dtype for leaf in leaves((net, twin))} == {np.dtype(dtype)}
    tolerance = 1e-12 if dtype is np.float64 else 1e-4
    tree_map(lambda a, b: np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance) or a, net, twin)


types = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])


@types
@pytest.mark.parametrize("name", MIDDLE)
def test_five_steps_are_compiled_once_and_are_those_of_numpy(name, dtype):
    net = (Dense.init(3, 4, seed=1), MIDDLE[name], Dense.init(4, 2, seed=2))
    run(*astype((net, X, Y), dtype), mse, dtype)


@types
def test_a_tied_table_is_compiled_once_too(dtype):
    net = astype(Tied.init(5, 4, net=First(BLOCK), seed=0), dtype)
    ids, mask = np.array([[0, 3, 3], [1, 0, 2]]), np.array([[True, True, False]] * 2)

    def loss(out, y):
        cost, dA = softmax_cross_entropy(out[0], y)
        return cost, (dA, None)

    run(net, (ids, mask), (ids + 1) % 5, loss, dtype)
