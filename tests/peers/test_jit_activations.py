"""A training step under `jax.jit` with each activation: compiled once, equal to NumPy, in float32."""

import numpy as np
import pytest

from funcnn import Dense, Relu, backward, forward, namespace
from funcnn.layers import Glu, PRelu, Silu
from tests.cards import ELEMENTWISE, OTHERS, example
from tests.peers.jitted import assert_compiled_once

jax = pytest.importorskip("jax", reason="this is its compiler")
pytestmark = pytest.mark.usefixtures("jax64")

LAYERS = [
    *[example(cls) for cls in OTHERS if cls is not PRelu],
    *(PRelu.init(), PRelu.init(4), Glu(Relu()), Glu((Silu(), PRelu.init(2)))),
]
X, Y = (np.random.default_rng(i).standard_normal(shape) for i, shape in enumerate([(8, 3), (8, 2)]))


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_five_steps_are_compiled_once_and_are_those_of_numpy(layer, dtype):
    n = 2 if type(layer) is Glu else 4
    assert_compiled_once((Dense.init(3, 4, seed=1), layer, Dense.init(n, 2, seed=2)), X, Y, dtype)


@pytest.mark.parametrize("cls", [*ELEMENTWISE, PRelu])
def test_dx_is_nan_where_numpy_has_it(cls):
    layer, x = PRelu.init() if cls is PRelu else cls(), np.array([[np.nan, -4.0, -0.3, 0.0, 0.3, 4.0, np.nan]])

    def both(layer, x):
        out, cache = forward(layer, x)
        return out, backward(layer, cache, namespace(out).ones_like(out)).x

    for made, expected in zip(jax.jit(both)(layer, x), both(layer, x), strict=True):
        np.testing.assert_allclose(made, expected, rtol=1e-12, atol=1e-15)  # in which NaN equals NaN
