"""A train step under `jax.jit`, with each activation in the network: compiled once, equal to NumPy, in float32."""

import numpy as np
import pytest

from funcnn import Dense, Relu, Softmax
from funcnn.layers import (
    Celu,
    ExactGelu,
    Glu,
    HardShrink,
    HardSigmoid,
    HardSwish,
    HardTanh,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PRelu,
    Relu6,
    Selu,
    Silu,
    Sine,
    SoftShrink,
    Softsign,
    TanhShrink,
)
from tests.peers.jitted import assert_compiled_once

jax = pytest.importorskip("jax", reason="this is its compiler")
pytestmark = pytest.mark.usefixtures("jax64")

LAYERS = [
    *(Selu(), Celu(0.5), PRelu.init(), PRelu.init(4), Relu6(), HardTanh(-0.5, 0.5), HardSigmoid(), HardSwish()),
    *(SoftShrink(0.1), HardShrink(0.1), Silu(), Mish(), ExactGelu(), Softsign(), LogSigmoid(), TanhShrink()),
    *(Sine(3.0), Softmax(), LogSoftmax(), Glu(), Glu(Relu()), Glu((Silu(), PRelu.init(2)))),
]
X, Y = (np.random.default_rng(i).standard_normal(shape) for i, shape in enumerate([(8, 3), (8, 2)]))


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_five_steps_are_compiled_once_and_are_those_of_numpy(layer, dtype):
    n = 2 if type(layer) is Glu else 4
    assert_compiled_once((Dense.init(3, 4, seed=1), layer, Dense.init(n, 2, seed=2)), X, Y, dtype)
