"""Laws of activations: rows are independent, and values have the bounds of each function."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Relu, Sigmoid, Softmax, Tanh, backward, forward, layers
from funcnn.core import forward_only
from funcnn.generation import step
from funcnn.testing import strategies as fst
from funcnn.trees import astype, leaves
from tests.cards import OTHERS
from tests.counts import at_most
from tests.laws.rows import assert_rows_add_up

every_layer = pytest.mark.parametrize("layer", OTHERS, ids=lambda layer: layer.__name__)
x = fst.tensors("m n").map(lambda arrays: arrays[0])
some = at_most(30)  # of each of so many layers
close = {"rtol": 1e-13, "atol": 1e-13}


def values(layer, x):
    return forward(layer, x)[0]


def gradients(layer, x, dA):
    return backward(layer, forward(layer, x)[1], dA)


@every_layer
@some
@given(st.data())
def test_a_batch_is_its_rows_and_gradients_of_blocks_add_up(layer, data):
    assert_rows_add_up(*data.draw(fst.cases(layer)), 1e-11)


@every_layer
@some
@given(st.data())
def test_in_float32_it_is_what_it_is_in_float64_but_for_digits(layer, data):
    params, x = data.draw(fst.cases(layer))
    x = x.clip(-30, 30)  # a difference of large numbers has fewer digits
    out = values(astype(params, np.float32), x.astype(np.float32))
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, values(params, x), rtol=1e-4, atol=2e-4)


@every_layer
@some
@given(st.data())
def test_one_symbol_after_another_makes_the_whole(layer, data):
    """A time axis is one of the leading ones."""
    params, x = data.draw(fst.cases(layer))
    x = x if x.ndim == 3 else np.broadcast_to(x.reshape(-1, 1, x.shape[-1]), (x.size // x.shape[-1], 3, x.shape[-1]))
    parts = [step(params, x[:, t : t + 1]) for t in range(x.shape[1])]
    assert not any(leaves(tuple([memory for _, memory in parts])))
    np.testing.assert_allclose(np.concatenate([out for out, _ in parts], axis=1), forward_only(params, x), **close)


@given(x, st.floats(-100, 100))
def test_softmax_knows_differences_alone(x, shift):
    p = values(Softmax(), x)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-14)
    np.testing.assert_allclose(values(Softmax(), x + shift), p, rtol=1e-11, atol=1e-13)


@given(x)
def test_of_two_classes_a_softmax_is_a_sigmoid_of_the_difference(x):
    pair = np.stack([x, np.zeros_like(x)], axis=-1)
    np.testing.assert_allclose(values(Softmax(), pair)[..., 0], values(Sigmoid(), x), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(
        values(layers.LogSoftmax(), pair)[..., 0], values(layers.LogSigmoid(), x), rtol=1e-13, atol=1e-15
    )


@given(x)
def test_a_log_softmax_is_the_logarithm_and_its_own_log_softmax(x):
    logs = values(layers.LogSoftmax(), x)
    np.testing.assert_allclose(np.exp(logs), values(Softmax(), x), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(values(layers.LogSoftmax(), logs), logs, **close)


@given(fst.tensors("m n", "m n"))
def test_rows_of_a_gradient_of_softmax_sum_to_0(arrays):
    """To move all of x moves nothing."""
    x, dA = arrays
    dx = gradients(Softmax(), x, dA).x
    np.testing.assert_allclose(dx.sum(axis=-1), 0, atol=1e-12 * max(1, abs(dA).max()))


IDENTITIES = [  # two ways to say one function
    (layers.HardTanh(0.0, 6.0), layers.Relu6()),
    (layers.PRelu.init(alpha=0.0), Relu()),
    (layers.PRelu.init(alpha=1.0), layers.Identity()),
]


@pytest.mark.parametrize(("one", "other"), IDENTITIES, ids=str)
@given(fst.tensors("m n", "m n"))
def test_two_ways_to_say_one_function(one, other, arrays):
    x, dA = arrays
    assert np.array_equal(values(one, x), values(other, x))
    assert np.array_equal(gradients(one, x, dA).x, gradients(other, x, dA).x)


@given(fst.tensors("m n", "m n"))
def test_silu_is_the_gate_of_itself_and_a_gate_is_linear_in_its_first_half(arrays):
    a, b = (part.clip(-30, 30) for part in arrays)  # further out a gate has lost digits, and cannot be doubled
    np.testing.assert_allclose(
        values(layers.Glu(), np.concatenate([a, a], axis=1)), values(layers.Silu(), a), rtol=1e-12
    )
    for gate in (Sigmoid(), Tanh(), layers.ExactGelu()):
        once = values(layers.Glu(gate), np.concatenate([a, b], axis=1))
        assert np.array_equal(values(layers.Glu(gate), np.concatenate([2 * a, b], axis=1)), 2 * once)


ODD = [
    *(layers.HardTanh(), layers.SoftShrink(), layers.HardShrink(), layers.Softsign(), layers.TanhShrink()),
    *(layers.Sine(), layers.Sine(3.0)),
]


@pytest.mark.parametrize("layer", ODD, ids=str)
@given(x)
def test_odd_functions(layer, x):
    assert np.array_equal(values(layer, -x), -values(layer, x))


BOUNDS = {
    layers.Relu6(): (0, 6),
    layers.HardTanh(-0.5, 2.0): (-0.5, 2),
    layers.HardSigmoid(): (0, 1),
    layers.Softsign(): (-1, 1),
    layers.Sine(): (-1, 1),
    layers.Silu(): (-0.28, 800),
    layers.Mish(): (-0.31, 800),
    layers.ExactGelu(): (-0.17, 800),
    layers.HardSwish(): (-0.375, 800),
    layers.Celu(0.5): (-0.5, 800),
    layers.Selu(): (-1.76, 841),
    layers.LogSigmoid(): (-801, 0),
}


@pytest.mark.parametrize("layer", BOUNDS, ids=str)
@given(x)
def test_bounds(layer, x):
    low, high = BOUNDS[layer]
    out = values(layer, x.clip(-800, 800))
    assert (out >= low).all()
    assert (out <= high).all()


MONOTONE = [
    *(
        layer
        for layer in BOUNDS
        if type(layer) not in {layers.Silu, layers.Mish, layers.ExactGelu, layers.HardSwish, layers.Sine}
    ),
    layers.TanhShrink(),
]


@pytest.mark.parametrize("layer", MONOTONE, ids=str)
@given(x)
def test_what_rises_never_falls(layer, x):
    out = values(layer, np.sort(x, axis=1))
    assert (np.diff(out, axis=1) >= -1e-15 * abs(out).max()).all()


@given(x, st.sampled_from([0.5, 2.0, 4.0]))
def test_celu_is_the_same_function_at_every_scale(x, scale):
    """Barron 2017: Celu(alpha) of x is Celu(s alpha) of s x, over s."""
    np.testing.assert_allclose(values(layers.Celu(scale), scale * x) / scale, values(layers.Celu(), x), rtol=1e-14)
