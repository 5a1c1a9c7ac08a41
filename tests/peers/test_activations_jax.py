"""Activations, their values and slopes, against the functions of JAX that their cards name; and NaN under jit."""

import attrs
import numpy as np
import pytest

from funcnn import backward, forward, namespace
from funcnn.about.twins import twin_of
from funcnn.layers import PRelu
from tests.cards import CARDS, ELEMENTWISE, example

jax = pytest.importorskip("jax", reason="its functions are the oracle")
pytestmark = pytest.mark.usefixtures("jax64")
X = np.random.default_rng(0).normal(scale=3, size=(5, 7))


@pytest.mark.parametrize("cls", [cls for cls in ELEMENTWISE if CARDS[cls].jax], ids=lambda cls: cls.__name__)
def test_values_and_slopes_are_those_of_jax(cls):
    layer, values = example(cls), CARDS[cls].settings[-1]
    twin = twin_of(CARDS[cls].jax, [field.name for field in attrs.fields(cls)][: len(values)], jax=jax)
    out, pull = jax.vjp(lambda x: twin(x, *values), X)
    ours, cache = forward(layer, X)
    np.testing.assert_allclose(ours, out, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(backward(layer, cache, X).x, pull(X)[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cls", [*ELEMENTWISE, PRelu])
def test_dx_is_nan_where_numpy_has_it(cls):
    layer, x = PRelu.init() if cls is PRelu else cls(), np.array([[np.nan, -4.0, -0.3, 0.0, 0.3, 4.0, np.nan]])

    def both(layer, x):
        out, cache = forward(layer, x)
        return out, backward(layer, cache, namespace(out).ones_like(out)).x

    for made, expected in zip(jax.jit(both)(layer, x), both(layer, x), strict=True):
        np.testing.assert_allclose(made, expected, rtol=1e-12, atol=1e-15)  # in which NaN equals NaN
