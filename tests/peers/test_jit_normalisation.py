"""Training steps under `jax.jit` with normalisation, dropout and noise: compiled once, equal to NumPy."""

import numpy as np
import pytest

from funcnn import (
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    LayerNorm,
    MaxPool,
    Relu,
    TrainState,
    backward,
    evolve,
    forward,
    inference,
    mse,
    sgd,
    train,
    tree_map,
    value_and_grad,
)
from funcnn.layers import Affine, ChannelDropout, GaussianNoise, GroupNorm, InstanceNorm, RMSNorm, Scale
from tests.peers.jitted import assert_compiled_once

jax = pytest.importorskip("jax", reason="it compiles the steps")
pytestmark = pytest.mark.usefixtures("jax64")

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 5, 4)), rng.normal(size=(6, 5, 1))
LAYERS = [
    *[BatchNorm.init(8), LayerNorm.init(8), RMSNorm.init(8), GroupNorm.init(8, groups=2), InstanceNorm.init(8)],
    *[Affine.init(8), Dropout(0.4, seed=1), ChannelDropout(0.4, seed=(1, 2)), GaussianNoise(0.2, seed=1)],
]


def network(*layers):
    return Dense.init(4, 8, seed=1), *layers, Relu(), Dense.init(8, 1, seed=2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
@pytest.mark.parametrize("layers", [LAYERS[:1], LAYERS[6:7], LAYERS], ids=["batch norm", "dropout", "all"])
def test_five_steps_are_those_of_numpy_and_compile_once(layers, dtype):
    assert_compiled_once(network(*layers), X, Y, dtype, within=1e-9)


def test_training_over_a_jitted_value_and_grad_moves_all_states():
    data = [(X, Y)] * 4
    [*_, ours] = train(TrainState(network(*LAYERS)), data, value_and_grad(mse), 0.05)
    [*_, theirs] = train(TrainState(network(*LAYERS)), data, jax.jit(value_and_grad(mse)), 0.05)
    assert int(theirs.params[7].step) == ours.params[7].step == 4
    np.testing.assert_allclose(theirs.params[1].mean, ours.params[1].mean, rtol=1e-9, atol=1e-12)
    out, jax_out = (forward(inference(params), X)[0] for params in (ours.params, theirs.params))
    np.testing.assert_allclose(jax_out, out, rtol=1e-8, atol=1e-9)


LARGE = np.random.default_rng(0).normal(size=(9, 16, 16, 256))


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


@pytest.mark.parametrize("layer", [Dropout(0.4, seed=(1, 2), step=3), ChannelDropout(0.4, seed=7)], ids=str)
def test_the_mask_is_the_same_in_both(layer):
    ours, theirs = forward(layer, X)[1], jax.jit(forward)(layer, X)[1]
    assert (np.asarray(theirs) == ours).all()


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
