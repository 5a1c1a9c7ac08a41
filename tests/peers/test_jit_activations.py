"""A train step under `jax.jit`, with each activation in the network: compiled once, equal to NumPy, in float32."""

import numpy as np
import pytest

from funcnn import Dense, Relu, backward, forward, leaves, mse, sgd, tree_map
from funcnn.layers.glu import Glu
from funcnn.layers.piecewise import HardShrink, HardSigmoid, HardSwish, HardTanh, Relu6, SoftShrink
from funcnn.layers.rectifiers import Celu, PRelu, Selu
from funcnn.layers.smooth import ExactGelu, LogSigmoid, Mish, Silu, Sine, Softsign, TanhShrink
from funcnn.layers.softmax import LogSoftmax, Softmax
from funcnn.tree import astype

jax = pytest.importorskip("jax", reason="this is its compiler")
pytestmark = pytest.mark.usefixtures("jax64")

LAYERS = [
    *(Selu(), Celu(0.5), PRelu.init(), PRelu.init(4), Relu6(), HardTanh(-0.5, 0.5), HardSigmoid(), HardSwish()),
    *(SoftShrink(0.1), HardShrink(0.1), Silu(), Mish(), ExactGelu(), Softsign(), LogSigmoid(), TanhShrink()),
    *(Sine(3.0), Softmax(), LogSoftmax(), Glu(), Glu(Relu()), Glu((Silu(), PRelu.init(2)))),
]
X, Y = (np.random.default_rng(i).standard_normal(shape) for i, shape in enumerate([(8, 3), (8, 2)]))


def step(params, x, y, lr):
    out, cache = forward(params, x)
    cost, dA = mse(out, y)
    return sgd(params, backward(params, cache, dA), lr), cost


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_five_steps_are_compiled_once_and_are_those_of_numpy(layer, dtype):
    traces = []

    def counted(*args):
        traces.append(args)
        return step(*args)

    n = 2 if type(layer) is Glu else 4
    net, x, y = astype(((Dense.init(3, 4, seed=1), layer, Dense.init(n, 2, seed=2)), X, Y), dtype)
    jitted, twin = jax.jit(counted), net
    for t in range(5):
        lr = np.asarray(0.1 / (1 + t), dtype)
        net, cost = step(net, x, y, float(lr))
        twin, twin_cost = jitted(twin, x, y, lr)
        assert twin_cost.dtype == dtype
        assert abs(cost - twin_cost) < 1e-5
    assert len(traces) == 1
    assert {leaf.dtype for leaf in leaves((net, twin))} == {np.dtype(dtype)}
    tolerance = 1e-12 if dtype is np.float64 else 1e-4
    tree_map(lambda a, b: np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance) or a, net, twin)
