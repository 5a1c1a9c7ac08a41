"""Probes in PyTorch and under `jax.jit`, and operations as XLA counts them."""

import numpy as np
import pytest

from funcnn import (
    GRU,
    LSTM,
    Attention,
    Conv2d,
    CrossAttention,
    Dense,
    LayerNorm,
    Probe,
    Residual,
    Tanh,
    astype,
    backward,
    flops,
    forward,
    leaves,
    mlp,
    mse,
    sgd,
    trace,
    tree_map,
)
from funcnn.inspection.probe import Seen
from funcnn.inspection.probing import bare

jax = pytest.importorskip("jax", reason="its compiler counts operations")
torch = pytest.importorskip("torch", reason="its modules are the oracle")
# After those lines: without the libraries there is nothing to import.
from funcnn.interop.torch import to_torch  # noqa: E402  as just said

pytestmark = pytest.mark.usefixtures("jax64")
draw = np.random.default_rng(0).standard_normal

COUNTED = {
    "dense": (Dense.init(30, 40, seed=0), draw((50, 30))),
    "chain": (mlp([30, 40, 10], hidden=Tanh(), seed=0), draw((50, 30))),
    "residual": (Residual(mlp([30, 40, 30], seed=0)), draw((50, 30))),
    "convolution": (Conv2d.init(3, 8, 3, seed=0), draw((5, 12, 12, 3))),
    "depthwise convolution": (Conv2d.init(8, 8, 3, seed=0, groups=8), draw((5, 12, 12, 8))),
    "attention": (Attention.init(16, 4, seed=0), draw((3, 20, 16))),
    "cross-attention": (CrossAttention.init(16, 4, n_memory=8, seed=0), (draw((3, 20, 16)), draw((3, 9, 8)))),
    "lstm": (LSTM.init(16, 16, seed=0), draw((3, 7, 16))),
    "gru": (GRU.init(16, 16, seed=0), draw((3, 7, 16))),
    "layer norm": (LayerNorm.init(30), draw((50, 30))),
}


@pytest.mark.parametrize("name", COUNTED)
def test_xla_counts_as_many_operations_give_or_take_a_fifth(name):
    """It counts those that are left when it has put the program in order, and some functions as several."""
    layer, x = COUNTED[name]
    counted = jax.jit(lambda x: forward(layer, x)[0]).lower(x).compile().cost_analysis()
    assert flops(layer, x) == pytest.approx(counted["flops"], rel=0.2)


def test_a_probe_in_torch_is_its_layer():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        net, x, dA = mlp([3, 4, 2], hidden=Tanh(), seed=seed), rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
        net = tree_map(lambda a: rng.standard_normal(a.shape), net)  # noqa: B023  used at once
        module, given = to_torch(Probe(net)), torch.tensor(x, requires_grad=True)
        theirs = module(given)
        theirs.backward(torch.tensor(dA))
        out, cache = forward(Probe(net), x)
        grads = backward(Probe(net), cache, dA)
        np.testing.assert_allclose(out, theirs.detach().numpy(), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(grads.x, given.grad.numpy(), rtol=1e-10, atol=1e-12)
        for ours, parameter in zip(leaves(grads.params.layer), module.parameters(), strict=True):
            of_torch = parameter.grad.numpy()
            np.testing.assert_allclose(ours.T if ours.ndim > 1 else ours, of_torch, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_train_step_with_a_probe_is_compiled_once_more_when_the_probe_has_seen_something(dtype):
    traces = []

    def step(net, x, y):
        traces.append(x)
        out, cache = forward(net, x)
        cost, dA = mse(out, y)
        return sgd(net, backward(net, cache, dA), 0.1), cost

    first, *rest = mlp([3, 4, 2], hidden=Tanh(), seed=0)
    net, x, y = astype((first, Probe((*rest,))), dtype), draw((6, 3)).astype(dtype), draw((6, 2)).astype(dtype)
    jitted, twin = jax.jit(step), net
    for _ in range(5):
        twin, _ = jitted(twin, x, y)
    assert len(traces) == 2
    for _ in range(5):
        net, _ = step(net, x, y)
    assert type(twin[1].seen) is type(net[1].seen) is Seen
    tolerance = 1e-12 if dtype is np.float64 else 1e-4
    for ours, theirs in zip(net[1].seen, twin[1].seen, strict=True):
        assert ours.dtype == theirs.dtype == dtype
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    tree_map(lambda a, b: np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance) or a, bare(net), bare(twin))


def test_a_step_on_arrays_of_jax_is_traced_as_one_on_numpys():
    net, x, y = mlp([3, 4, 2], hidden=Tanh(), seed=0), draw((6, 3)), draw((6, 2))
    ours, theirs = trace(net, x, y, mse), trace(tree_map(jax.numpy.asarray, net), *map(jax.numpy.asarray, (x, y)), mse)
    assert str(ours) == str(theirs)
