"""Normalisation, dropout and noise against torch: out, all gradients, and running statistics."""

import numpy as np
import pytest

from funcnn import BatchNorm, Dropout, Frozen, LayerNorm, backward, evolve, forward, inference, predict, sgd
from funcnn.layers import Affine, ChannelDropout, GaussianNoise, GroupNorm, InstanceNorm, RMSNorm

torch = pytest.importorskip("torch", reason="its layers are the oracle")
from funcnn.interop.torch import to_torch  # noqa: E402  torch may be missing

SEEDS = range(24)
NAMES = {"scale": "weight", "shift": "bias"}


def batch_norm(rng, c, shift):
    running = rng.normal(size=c), rng.uniform(0.5, 2, c)
    return BatchNorm(rng.normal(size=c), shift, *running, rng.uniform(0, 0.99), 10 ** rng.uniform(-6, 0))


def group_norm(rng, c, shift):
    groups = [k for k in range(1, c + 1) if c % k == 0]
    return GroupNorm(rng.normal(size=c), shift, int(rng.choice(groups)), 10 ** rng.uniform(-6, 0))


LAYERS = {
    "batch norm": batch_norm,
    "layer norm": lambda rng, c, shift: LayerNorm(rng.normal(size=c), shift, 10 ** rng.uniform(-6, 0)),
    "rms norm": lambda rng, c, shift: RMSNorm(rng.normal(size=c), 10 ** rng.uniform(-6, 0)),
    "group norm": group_norm,
    "instance norm": lambda rng, c, shift: InstanceNorm(rng.normal(size=c), shift, 10 ** rng.uniform(-6, 0)),
    "affine": lambda rng, c, shift: Affine(rng.normal(size=c), rng.normal(size=c)),
}
every_layer = pytest.mark.parametrize("name", LAYERS)
every_seed = pytest.mark.parametrize("seed", SEEDS)


def drawn(name, seed):
    """(layer, x, dA) of sizes, settings and values from a seed."""
    rng = np.random.default_rng(seed)
    c, places = int(rng.integers(2, 9)), [int(n) for n in rng.integers(2, 5, seed % 3)]
    places = places or ([2] if name in {"instance norm", "group norm"} else [])
    x = rng.normal(rng.normal(), rng.uniform(0.1, 3), size=(int(rng.integers(2, 6)), *places, c))
    shift = rng.normal(size=c) if seed % 4 else None
    return LAYERS[name](rng, c, shift), x, rng.normal(size=x.shape)


def assert_near(name, ours, theirs):
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10 * max(1, abs(theirs).max()), err_msg=name)


@every_seed
@every_layer
def test_values_and_gradients_are_those_of_torch(name, seed):
    layer, x, dA = drawn(name, seed)
    out, cache = forward(layer, x)
    grads = backward(layer, cache, dA)
    module, given = to_torch(layer), torch.tensor(x, requires_grad=True)
    theirs = module(given)
    theirs.backward(torch.tensor(dA))
    assert_near("out", out, theirs)
    assert_near("dx", grads.x, given.grad)
    found = {path.rsplit(".", 1)[-1]: parameter.grad for path, parameter in module.named_parameters()}
    ours = {NAMES[field]: getattr(grads.params, field) for field in NAMES if getattr(layer, field, None) is not None}
    assert found.keys() == ours.keys()
    for path, gradient in ours.items():
        assert_near(path, gradient, found[path])


@every_seed
def test_running_statistics_and_prediction_are_those_of_torch(seed):
    layer, x, dA = drawn("batch norm", seed)
    module = to_torch(layer)
    for step in range(3):
        moved = x + step
        _, cache = forward(layer, moved)
        layer = sgd(layer, backward(layer, cache, dA), 0.0)
        module(torch.tensor(moved))
    assert_near("mean", layer.mean, module.module.running_mean)
    assert_near("var", layer.var, module.module.running_var)
    assert_near("prediction", predict(layer, x), module.eval()(torch.tensor(x)))
    assert_near("prediction by an affine map", predict(layer, x), to_torch(inference(layer))(torch.tensor(x)))


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
    assert_near("out", out, theirs)
    assert_near("dx", backward(layer, cache, dA).x, given.grad)


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


def test_a_channel_is_dropped_at_all_of_its_places_by_both():
    layer, x = ChannelDropout(0.5, seed=0), np.ones((50, 3, 2, 4))
    torch.manual_seed(0)
    for out in (forward(layer, x)[0], to_torch(layer)(torch.tensor(x)).numpy()):
        assert (out == out[:, :1, :1]).all()
        assert {0.0, 2.0} == set(np.unique(out))
    assert (forward(evolve(layer, rate=0.0), x)[0] == x).all()
