"""Normalisation, convolution and noise under `jax.jit`: large constants of NumPy, and the step after the last."""

import numpy as np
import pytest

from funcnn import BatchNorm, Conv2d, Dropout, LayerNorm, MaxPool, backward, evolve, forward, sgd, tree_map
from funcnn.layers import ChannelDropout, GaussianNoise, GroupNorm, RMSNorm, Scale

jax = pytest.importorskip("jax", reason="it compiles the steps")
pytestmark = pytest.mark.usefixtures("jax64")

rng = np.random.default_rng(0)
X, LARGE = rng.normal(size=(6, 5, 4)), rng.normal(size=(9, 16, 16, 256))


@pytest.mark.parametrize(
    "layer",
    [
        *[cls.init(256) for cls in (LayerNorm, RMSNorm, BatchNorm)],
        GroupNorm.init(256, groups=4),
        Conv2d.init(256, 256, 3, seed=0, groups=256, padding="same"),
        (Scale.init(value=1.0), MaxPool(2)),
    ],
    ids=str,
)
def test_a_large_x_may_be_a_constant_of_numpy_while_the_layer_is_traced(layer):
    def gradients(layer):
        out, cache = forward(layer, LARGE)
        return out, backward(layer, cache, out).params

    ours, theirs = gradients(layer), jax.jit(gradients)(layer)
    tree_map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9) or a, ours, theirs)


@pytest.mark.parametrize(
    "layer", [Dropout(0.4, seed=1), ChannelDropout(0.4, seed=1), GaussianNoise(0.4, seed=1)], ids=str
)
def test_the_step_after_the_last_is_the_first_under_jit_too(layer):
    def next_step(layer, x):
        out, cache = forward(layer, x)
        return sgd(layer, backward(layer, cache, out), 0.1)

    jitted, steps = jax.jit(next_step), []
    at = evolve(layer, step=np.asarray(2**31 - 2, np.int32))  # as JAX counts, where it has no 64 bits
    for _ in range(3):
        at = jitted(at, X)
        steps.append(int(at.step))
    assert steps == [2**31 - 1, 0, 1]
