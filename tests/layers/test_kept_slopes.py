"""Slopes that the cache holds, and slopes that keep their digits in the tail."""

import math

import numpy as np
import pytest

from funcnn import Array, Dense, Elementwise, Sigmoid, Tanh, backward, forward, layers, mse, predict, record
from funcnn.errors import KindError
from funcnn.testing import check_layer

TAILS = {
    Sigmoid(): lambda x: math.exp(-abs(x)),
    Tanh(): lambda x: 4 * math.exp(-2 * abs(x)),
    layers.Softplus(): lambda x: math.exp(x) if x < 0 else 1.0,
    layers.LogSigmoid(): lambda x: 1.0 if x < 0 else math.exp(-x),
    layers.Elu(0.5): lambda x: 0.5 * math.exp(x) if x < 0 else 1.0,
    layers.Celu(0.5): lambda x: math.exp(2 * x) if x < 0 else 1.0,
    layers.Silu(): lambda x: (1 + x) * math.exp(x) if x < 0 else 1.0,
}


@pytest.mark.parametrize("layer", TAILS, ids=str)
def test_slopes_keep_their_tails(layer):
    x = np.array([[-300.0, -60.0, -40.0, 40.0, 60.0, 300.0]])
    dx = backward(layer, forward(layer, x)[1], np.ones_like(x)).x
    np.testing.assert_allclose(dx[0], [TAILS[layer](v) for v in x[0]], rtol=1e-14)


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize("layer", [Sigmoid(), Tanh()], ids=str)
def test_compiled_slopes_keep_their_tails(layer, portable):
    pytest.importorskip("llvmlite", reason="compiled needs llvmlite")
    from funcnn.compilation import compiled

    for x in (-60.0, -40.0, 40.0, 60.0):
        net, y = (Dense(np.array([[x]]), np.zeros(1)), layer), np.array([[3.0]])
        _, grads = compiled(mse, portable=portable)(net, np.ones((1, 1)), y)
        dA = 2 * (predict(layer, np.array([[x]])) - y)
        assert grads.params[0].b[0] == pytest.approx(dA[0, 0] * TAILS[layer](x), rel=1e-14)


def test_gates_reach_0_in_the_left_tail():
    for layer in (Sigmoid(), layers.Silu(), layers.Gelu(), layers.Softplus()):
        for x in (np.array([[-1e4, -np.inf]]), np.array([[-1e3, -np.inf]], np.float32)):
            out, cache = forward(layer, x)
            assert np.abs(out).max() == np.abs(backward(layer, cache, np.ones_like(x)).x).max() == 0


@record
class Cube(Elementwise):
    keeps = "slope"

    def value(self, x: Array) -> Array:
        return x * x * x

    def slope(self, kept: Array) -> Array:
        return 3 * kept * kept


def test_an_activation_of_a_user_may_keep_its_slope():
    check_layer(Cube(), np.array([[0.5, -2.0]]))
    for x in (np.array([[0.5, -2.0]]), np.array(3.0)):
        out, cache = forward(Cube(), x)
        assert np.array_equal(out, x**3)
        assert np.array_equal(cache, 3 * x * x)
        grads = backward(Cube(), cache, np.full_like(x, 2))
        assert np.array_equal(grads.x, 6 * x * x)
        assert grads.x.shape == x.shape
        assert np.array_equal(cache, 3 * x * x)
    assert predict(Cube(), np.array([[2.0]])) == 8


def test_a_slope_that_is_kept_has_the_shape_of_x():
    @record
    class Double(Elementwise):
        keeps = "slope"

        def value(self, x: Array) -> Array:
            return 2 * x

        def slope(self, kept: Array) -> float:
            return 2.0

    with pytest.raises(
        KindError, match=r"^Double: value_and_slope must return a float64 array of shape \(1, 2\), not 2"
    ):
        forward(Double(), np.ones((1, 2)))


def test_a_subclass_may_override_the_value_or_the_slope():
    @record
    class Straight(Tanh):
        def slope(self, kept: Array) -> Array:
            return 0 * kept + 5

    @record
    class Scaled(Sigmoid):
        def value(self, x: Array) -> Array:
            return 7 * super().value(x)

    x = np.array([[0.5]])
    out, cache = forward(Straight(), x)
    assert out == np.tanh(x)
    assert cache == 5
    out, cache = forward(Scaled(), x)
    assert out == 7 * predict(Sigmoid(), x)
    assert cache == forward(Sigmoid(), x)[1]


@pytest.mark.parametrize("layer", [Sigmoid(), Tanh()], ids=str)
def test_the_cache_is_the_slope(layer):
    x = np.array([[-30.0, 0.5, 30.0]])
    assert np.array_equal(forward(layer, x)[1], layer.slope(x))
