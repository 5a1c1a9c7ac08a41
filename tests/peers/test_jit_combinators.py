"""A training step under `jax.jit` with each combinator: compiled once, equal to NumPy."""

import numpy as np
import pytest

from funcnn import Dense, Flatten, Residual, Tanh, softmax_cross_entropy
from funcnn.layers import (
    Concat,
    Copy,
    First,
    Function,
    Here,
    Map,
    Parallel,
    Remat,
    Reshape,
    Scale,
    Shared,
    Sum,
    Take,
    Tied,
)
from funcnn.testing.networks.cases.combinators import swish, swish_vjp
from tests.peers.jitted import assert_compiled_once

jax = pytest.importorskip("jax", reason="this is its compiler")
pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]

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


types = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])


@types
@pytest.mark.parametrize("name", MIDDLE)
def test_five_steps_are_compiled_once_and_are_those_of_numpy(name, dtype):
    net = (Dense.init(3, 4, seed=1), MIDDLE[name], Dense.init(4, 2, seed=2))
    assert_compiled_once(net, X, Y, dtype)


@types
def test_a_tied_table_is_compiled_once_too(dtype):
    net = Tied.init(5, 4, net=First(BLOCK), seed=0)
    ids, mask = np.array([[0, 3, 3], [1, 0, 2]]), np.array([[True, True, False]] * 2)
    assert_compiled_once(net, (ids, mask), (ids + 1) % 5, dtype, loss=softmax_cross_entropy)
