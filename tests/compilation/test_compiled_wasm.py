"""The kernel of a step as WebAssembly: the same bits as on this machine, where no product is fused with a sum."""

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")
pytest.importorskip("wasmtime", reason="wasmtime runs WebAssembly")

import funcnn as nn
from funcnn.compilation import compiled
from funcnn.files import fingerprint
from funcnn.trees import astype, leaves
from tests.wasm.step import kernels

NORMED = nn.Dense.init(3, 5, seed=0), nn.LayerNorm.init(5), nn.Relu(), nn.Residual(nn.Dense.init(5, 5, seed=1))
RANDOM = nn.BatchNorm.init(5), nn.Gelu(), nn.Dropout(0.3, seed=7)
NETS = {
    "tanh": (nn.mlp([3, 5, 1], hidden=nn.Tanh(), seed=0), nn.mse, lambda x: np.sin(x.sum(1, keepdims=True))),
    "layer norm, residual, softmax": (NORMED, nn.softmax_cross_entropy, lambda x: (x[:, 0] > 0).astype(int)),
    "batch norm, dropout": (
        (nn.Dense.init(3, 5, seed=0), *RANDOM, nn.Dense.init(5, 1, seed=1)),
        *(nn.huber, lambda x: x[:, :1] * x[:, 1:2]),
    ),
}


@pytest.mark.unwatched
@pytest.mark.parametrize(
    ("name", "dtype"), [*zip(NETS, [np.float64, np.float64, np.float32], strict=True), ("tanh", "f4")]
)
def test_cost_and_gradients_have_the_same_bits(name, dtype):
    params, loss, targets = NETS[name]
    x = np.random.default_rng(0).standard_normal((300, 3)).astype(dtype)
    given = astype(params, dtype), x, targets(x)
    with kernels(in_wasm=False):
        cost, grads = compiled(loss)(*given)
    with kernels(in_wasm=True) as calls:
        cost_there, grads_there = compiled(loss)(*given)
    assert calls
    assert cost == cost_there
    assert [a.tobytes() for a in leaves(grads)] == [a.tobytes() for a in leaves(grads_there)]


@pytest.mark.unwatched
def test_training_has_the_same_bits():
    start, loss, targets = NETS["tanh"]
    x = np.random.default_rng(1).standard_normal((80, 3))

    def trained(*, in_wasm):
        params = start
        with kernels(in_wasm=in_wasm) as calls:
            gradient_of = compiled(loss)
            for _ in range(20):
                params = nn.sgd(params, gradient_of(params, x, targets(x))[1], 0.1)
        assert len(calls) >= 20 * in_wasm
        return fingerprint(params)

    assert trained(in_wasm=True) == trained(in_wasm=False) != fingerprint(start)
