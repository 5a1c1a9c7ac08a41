"""Laws of convolutions, pooling and upsampling: rows, positions, causality, precision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Conv2d, GlobalAvgPool, MaxPool, backward, forward, inference, reseed
from funcnn.layers import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    Conv1d,
    ConvTranspose2d,
    GlobalMaxPool,
    Pad,
    Upsample,
)
from funcnn.testing import strategies as fst
from funcnn.trees import astype, leaves
from tests.counts import at_most
from tests.laws.rows import assert_rows_add_up, cotangent

LINEAR = Conv1d, Conv2d, ConvTranspose2d, AvgPool, GlobalAvgPool, Upsample, AdaptiveAvgPool
ALL = (*LINEAR, MaxPool, GlobalMaxPool, AdaptiveMaxPool, Pad)
every_layer = pytest.mark.parametrize("layer", ALL, ids=lambda layer: layer.__name__)

some = at_most(30)  # of each of so many layers


def tame(data, layer):
    params, x = data.draw(fst.cases(layer))
    x = x[0] if type(x) is tuple else x  # the laws of masks are those of sequences
    return params, x.clip(-30, 30)


@every_layer
@some
@given(data=st.data())
def test_a_batch_is_its_rows_and_their_gradients_add_up(layer, data):
    assert_rows_add_up(*tame(data, layer), 1e-11)


@every_layer
@some
@given(data=st.data())
def test_float32_stays_float32(layer, data):
    params, x = astype(tame(data, layer), np.float32)
    out, cache = forward(params, x)
    grads = backward(params, cache, cotangent(out))
    assert {a.dtype for a in leaves((out, cache, grads))} == {np.dtype(np.float32)}


@every_layer
@some
@given(data=st.data())
def test_it_predicts_as_it_trains(layer, data):
    params, _ = data.draw(fst.cases(layer))
    assert inference(params) == params
    assert reseed(params, 3) == params


@every_layer
@some
@given(data=st.data())
def test_x_need_not_lie_in_one_piece(layer, data):
    params, x = tame(data, layer)
    strange = np.asfortranarray(np.repeat(x, 2, axis=0))[::2]
    a, b = forward(params, x), forward(params, strange)
    dA = cotangent(a[0])
    for ours, theirs in zip(
        leaves((a[0], backward(params, a[1], dA))), leaves((b[0], backward(params, b[1], dA))), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("layer", LINEAR, ids=lambda layer: layer.__name__)
@given(data=st.data(), scale=st.sampled_from([-2.0, 0.5, 4.0]))
def test_what_is_linear_knows_sums_and_multiples(layer, data, scale):
    params, x = tame(data, layer)
    other = np.cos(np.arange(x.size)).reshape(x.shape)
    f = lambda x: forward(params, x)[0]
    at_zero = f(np.zeros_like(x))
    np.testing.assert_allclose(f(x + scale * other) - f(x), scale * (f(other) - at_zero), rtol=1e-9, atol=1e-9)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 5), st.integers(0, 9))
def test_with_a_causal_padding_the_future_never_matters(k, dilation, t, seed):
    rng = np.random.default_rng(seed)
    layer = Conv1d(rng.normal(size=(k, 2, 3)), rng.normal(size=3), 1, (dilation * (k - 1), 0), dilation)
    x = rng.normal(size=(2, 6, 2))
    changed = np.concatenate([x[:, :t], rng.normal(size=(2, 6 - t, 2))], axis=1)
    assert forward(layer, x)[0][:, :t].tobytes() == forward(layer, changed)[0][:, :t].tobytes()


@given(st.data())
def test_a_convolution_moves_with_what_it_sees(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    stride, groups = data.draw(st.integers(1, 3)), data.draw(st.sampled_from([1, 2]))
    layer = Conv2d(rng.normal(size=(2, 3, 2 // groups, 2)), None, stride, 0, 1, groups)
    x = rng.normal(size=(1, 12, 12, 2))
    out, moved = forward(layer, x)[0], forward(layer, x[:, stride:, stride:])[0]
    np.testing.assert_allclose(moved, out[:, 1:, 1:], rtol=1e-13, atol=1e-13)


@given(st.data())
def test_groups_know_nothing_of_each_other(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    each = data.draw(st.sampled_from([1, 2]))
    layer = Conv2d(rng.normal(size=(2, 2, each, 4)), None, padding="same", groups=2)
    x = rng.normal(size=(2, 4, 3, 2 * each))
    changed = np.concatenate([x[..., :each], rng.normal(size=(2, 4, 3, each))], axis=-1)
    out, other = forward(layer, x)[0], forward(layer, changed)[0]
    assert np.array_equal(out[..., :2], other[..., :2])
    assert not np.array_equal(out[..., 2:], other[..., 2:])
