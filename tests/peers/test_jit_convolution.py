"""A training step under `jax.jit` with convolutions and pooling: compiled once, equal to NumPy, in float32."""

import numpy as np
import pytest

from funcnn import Conv2d, Dense, GlobalAvgPool, MaxPool, Tanh, mse, tree_map
from funcnn.layers import AvgPool, Conv1d, ConvTranspose2d, GlobalMaxPool, Upsample
from tests.peers.jitted import assert_compiled_once, train_step

jax = pytest.importorskip("jax", reason="this is its compiler")
pytestmark = pytest.mark.usefixtures("jax64")

IMAGES = (
    MaxPool(3, 1, "same"),
    Conv2d.init(3, 4, 3, seed=0, padding="same", stride=2),
    Tanh(),
    Conv2d.init(4, 4, (2, 3), seed=1, padding=1, groups=4, dilation=2),
    AvgPool(2),
    ConvTranspose2d.init(4, 4, 4, seed=2, stride=2, padding="same", groups=2),
    Tanh(),
    Upsample(2, linear=True),
    GlobalAvgPool(),
    Dense.init(4, 2, seed=3),
)
SEQUENCES = (
    Conv1d.init(3, 4, 3, seed=0, padding=(2, 0)),
    Tanh(),
    MaxPool(2),
    Upsample(3),
    AvgPool(2, 1),
    Conv1d.init(4, 4, 2, seed=1, groups=4),
    GlobalMaxPool(),
    Dense.init(4, 2, seed=2),
)
RNG = np.random.default_rng(0)
CASES = {"images": (IMAGES, RNG.normal(size=(6, 8, 7, 3))), "sequences": (SEQUENCES, RNG.normal(size=(6, 9, 3)))}
Y = RNG.normal(size=(6, 2))


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
@pytest.mark.parametrize("name", CASES)
def test_five_steps_are_compiled_once_and_are_those_of_numpy(name, dtype):
    assert_compiled_once(*CASES[name], Y, dtype)


@pytest.mark.parametrize("name", CASES)
def test_the_images_may_be_constants_of_numpy_while_the_network_is_traced(name):
    net, x = CASES[name]
    ours, theirs = train_step(mse, net, x, Y, 0.1)[0], jax.jit(lambda net: train_step(mse, net, x, Y, 0.1)[0])(net)
    tree_map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12) or a, ours, theirs)
