"""Running statistics, dropout and noise against torch."""

import numpy as np
import pytest

from funcnn import BatchNorm, Dropout, Frozen, backward, forward, inference, predict, sgd
from funcnn.layers import ChannelDropout, GaussianNoise

torch = pytest.importorskip("torch", reason="its layers are the oracle")
from funcnn.interop.torch import to_torch  # noqa: E402  torch may be missing
from tests.peers.twins import assert_equal  # noqa: E402  torch may be missing

SEEDS = range(24)
every_seed = pytest.mark.parametrize("seed", SEEDS)


@every_seed
def test_running_statistics_and_prediction_are_those_of_torch(seed):
    rng = np.random.default_rng(seed)
    c, places = int(rng.integers(2, 9)), [int(n) for n in rng.integers(2, 5, seed % 3)]
    x, dA = rng.normal(rng.normal(), rng.uniform(0.1, 3), size=(2, int(rng.integers(2, 6)), *places, c))
    running = rng.normal(size=c), rng.uniform(0.5, 2, c)
    layer = BatchNorm(*rng.normal(size=(2, c)), *running, rng.uniform(0, 0.99), 10 ** rng.uniform(-6, 0))
    module = to_torch(layer)
    for step in range(3):
        moved = x + step
        _, cache = forward(layer, moved)
        layer = sgd(layer, backward(layer, cache, dA), 0.0)
        module(torch.tensor(moved))
    assert_equal("mean", layer.mean, module.module.running_mean)
    assert_equal("var", layer.var, module.module.running_var)
    assert_equal("prediction", predict(layer, x), module.eval()(torch.tensor(x)))
    assert_equal("prediction by an affine map", predict(layer, x), to_torch(inference(layer))(torch.tensor(x)))


@every_seed
@pytest.mark.parametrize("cls", [Dropout, ChannelDropout, GaussianNoise])
def test_noise_is_differentiated_as_torch_does_with_the_same_noise(cls, seed):
    rng = np.random.default_rng(seed)
    layer = cls(rng.uniform(0, 0.95), seed=seed, step=seed)
    x, dA = rng.normal(size=(2, 3, *rng.integers(1, 6, 2)))
    ones = forward(layer, np.ones_like(x))[0]
    given = torch.tensor(x, requires_grad=True)
    noise = torch.tensor(ones)
    theirs = given + (noise - 1) if cls is GaussianNoise else given * noise
    theirs.backward(torch.tensor(dA))
    out, cache = forward(layer, x)
    assert_equal("out", out, theirs)
    assert_equal("dx", backward(layer, cache, dA).x, given.grad)


@pytest.mark.parametrize("layer", [Dropout(0.3, seed=1), ChannelDropout(0.3, seed=1), GaussianNoise(0.5, seed=1)])
def test_noise_of_torch_is_of_the_same_size_and_ends_with_training(layer):
    """Of 100 000 entries, or 100 000 channels: mean and standard deviation lie within 0.005 of what they should be."""
    x, module = np.ones((1000, 1, 100)), to_torch(layer)
    torch.manual_seed(0)
    theirs, ours = module(torch.tensor(x)).numpy(), forward(layer, x)[0]
    assert abs(theirs.mean() - 1) < 0.02 > abs(ours.mean() - 1)
    assert abs(theirs.std() / ours.std() - 1) < 0.02
    assert (module.eval()(torch.tensor(x)).numpy() == predict(layer, x)).all()


def test_running_statistics_of_a_frozen_layer_rest_in_both():
    layer, x = BatchNorm.init(3), np.arange(12.0).reshape(4, 3)
    frozen, module = Frozen((layer,)), to_torch(Frozen((layer,)))
    out, cache = forward(frozen, x)
    np.testing.assert_allclose(module(torch.tensor(x)).numpy(), out, rtol=1e-10, atol=1e-10)
    assert sgd(frozen, backward(frozen, cache, out), 0.1).layer[0] == layer
    _, mean, var = [array.numpy() for array in sorted(module.buffers(), key=lambda array: array.ndim)]
    assert mean.tolist() == layer.mean.tolist()
    assert var.tolist() == layer.var.tolist()
