"""Probes under `jax.jit`, and operation counts against XLA's."""

from functools import partial

import numpy as np
import pytest

from funcnn import backward, forward, layers, mse, sgd, trace, tree_map
from funcnn.inspection import Probe, flops
from funcnn.inspection.probe import Seen
from funcnn.trees import astype, leaves

jax = pytest.importorskip("jax", reason="its compiler counts operations")
torch = pytest.importorskip("torch", reason="its modules are the oracle")
# After those lines: without the libraries there is nothing to import.

pytestmark = pytest.mark.usefixtures("jax64")
draw = np.random.default_rng(0).standard_normal

COUNTED = {
    "dense": (layers.Dense.init(30, 40, seed=0), draw((50, 30))),
    "chain": (layers.mlp([30, 40, 10], hidden=layers.Tanh(), seed=0), draw((50, 30))),
    "residual": (layers.Residual(layers.mlp([30, 40, 30], seed=0)), draw((50, 30))),
    "convolution": (layers.Conv2d.init(3, 8, 3, seed=0), draw((5, 12, 12, 3))),
    "depthwise convolution": (layers.Conv2d.init(8, 8, 3, seed=0, groups=8), draw((5, 12, 12, 8))),
    "convolution of sequences": (layers.Conv1d.init(16, 8, 3, seed=0, padding="same"), draw((6, 9, 16))),
    "transposed convolution": (layers.ConvTranspose2d.init(8, 4, 2, seed=0, stride=2), draw((4, 12, 12, 8))),
    "linear upsampling": (layers.Upsample((2, 3), linear=True), draw((4, 12, 10, 8))),
    "average pooling": (layers.AvgPool(2), draw((4, 12, 12, 8))),
    "attention": (layers.Attention.init(16, 4, seed=0), draw((3, 20, 16))),
    "cross-attention": (layers.CrossAttention.init(16, 4, n_memory=8, seed=0), (draw((3, 20, 16)), draw((3, 9, 8)))),
    "lstm": (layers.LSTM.init(16, 16, seed=0), draw((3, 7, 16))),
    "rnn": (layers.RNN.init(16, 12, seed=0), draw((6, 9, 16))),
    "gru with a mask": (layers.GRU.init(16, 12, seed=0), (draw((6, 9, 16)), np.tri(6, 9, dtype=bool))),
    "both ways": (
        layers.Bidirectional(layers.RNN.init(16, 12, seed=0), layers.RNN.init(16, 12, seed=1)),
        draw((6, 9, 16)),
    ),
    "shared": (layers.Shared(layers.Dense.init(30, 30, seed=0), (layers.Here(), layers.Here())), draw((50, 30))),
    "rematerialised": (layers.Remat(layers.mlp([30, 40, 30], seed=0)), draw((50, 30))),
    "step by step": (layers.Map(layers.Dense.init(16, 3, seed=0)), draw((6, 9, 16))),
    "rotary": (layers.Rotary(), draw((6, 9, 16))),
    "root mean square norm": (layers.RMSNorm.init(16), draw((6, 9, 16))),
    "gru": (layers.GRU.init(16, 16, seed=0), draw((3, 7, 16))),
    "layer norm": (layers.LayerNorm.init(30), draw((50, 30))),
    "tied": (layers.Tied.init(11, 8, net=layers.Dense.init(8, 8, seed=0), seed=0), np.arange(54).reshape(6, 9) % 11),
}


@pytest.mark.parametrize("name", COUNTED)
def test_xla_counts_as_many_operations_give_or_take_a_fifth(name, monkeypatch):
    """It counts some functions as several, and a mean as a product with ones."""
    layer, x = COUNTED[name]
    monkeypatch.setattr("jax.lax.scan", partial(jax.lax.scan, unroll=True))  # it counts one step of a loop
    on_device = tree_map(jax.numpy.asarray, layer)  # as NumPy's, its constants would be reckoned away beforehand
    counted = jax.jit(lambda layer, x: forward(layer, x)[0]).lower(on_device, x).cost_analysis()
    assert flops(layer, x) == pytest.approx(counted["flops"], rel=0.2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_train_step_with_a_probe_is_compiled_once_more_when_the_probe_has_seen_something(dtype):
    traces = []

    def step(net, x, y):
        traces.append(x)
        out, cache = forward(net, x)
        cost, dA = mse(out, y)
        return sgd(net, backward(net, cache, dA), 0.1), cost

    first, *rest = layers.mlp([3, 4, 2], hidden=layers.Tanh(), seed=0)
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
    for ours, theirs in zip(leaves((net[0], net[1].layer)), leaves((twin[0], twin[1].layer)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def test_a_step_on_arrays_of_jax_is_traced_as_one_on_numpys():
    net, x, y = layers.mlp([3, 4, 2], hidden=layers.Tanh(), seed=0), draw((6, 3)), draw((6, 2))
    ours, theirs = trace(net, x, y, mse), trace(tree_map(jax.numpy.asarray, net), *map(jax.numpy.asarray, (x, y)), mse)
    assert str(ours) == str(theirs)
