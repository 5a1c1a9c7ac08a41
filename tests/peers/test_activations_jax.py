"""Activations, their values and slopes, against the functions of JAX that their cards name."""

import attrs
import numpy as np
import pytest

from funcnn import backward, forward
from funcnn.about.twins import twin_of
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
