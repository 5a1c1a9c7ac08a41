"""Convolutions, pooling and upsampling against independent implementations, and their settings."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import backward, forward
from funcnn.core import backward_params, forward_only
from funcnn.generation import step
from funcnn.layers import AvgPool, Conv1d, ConvTranspose2d, GlobalMaxPool, Upsample
from funcnn.layers.convolution import correlation, windows
from funcnn.testing import strategies as fst
from funcnn.trees import leaves
from tests.counts import at_most

KERNELS = Conv1d, nn.Conv2d, ConvTranspose2d
ALL = (*KERNELS, nn.MaxPool, AvgPool, nn.GlobalAvgPool, GlobalMaxPool, Upsample)
every_kernel = pytest.mark.parametrize("layer", KERNELS, ids=lambda layer: layer.__name__)


def convolved(x, layer):
    """The formula, place by place."""
    W, (s, t), (d, e) = layer.W, layer.stride, layer.dilation
    (top, bottom), (left, right) = layer.padding
    x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    kh, kw, c, o = W.shape
    h, w = (x.shape[1] - d * (kh - 1) - 1) // s + 1, (x.shape[2] - e * (kw - 1) - 1) // t + 1
    out = np.zeros((len(x), h, w, o))
    for m, i, j, n in np.ndindex(*out.shape):
        group = n // (o // layer.groups)
        seen = x[m, s * i : s * i + d * (kh - 1) + 1 : d, t * j : t * j + e * (kw - 1) + 1 : e]
        out[m, i, j, n] = (seen[..., group * c : (group + 1) * c] * W[..., n]).sum()
    return out + (0 if layer.b is None else layer.b)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_convolution_is_its_formula(groups):
    rng = np.random.default_rng(groups)
    layer = nn.Conv2d(
        rng.normal(size=(2, 3, 4 // groups, 8)), rng.normal(size=8), (2, 1), ((1, 0), (2, 1)), (1, 2), groups
    )
    x = rng.normal(size=(3, 6, 5, 4))
    np.testing.assert_allclose(forward(layer, x)[0], convolved(x, layer), rtol=1e-13, atol=1e-13)


@given(fst.cases(Conv1d))
def test_a_sequence_is_an_image_of_one_row(case):
    layer, x = case
    padding = "same" if layer.padding == "same" else (0, layer.padding)
    image = nn.Conv2d(layer.W[None], layer.b, (1, layer.stride), padding, (1, layer.dilation), layer.groups)
    out, cache = forward(layer, x)
    row, row_cache = forward(image, x[:, None])
    assert np.array_equal(out, row[:, 0])
    dA = np.cos(np.arange(out.size)).reshape(out.shape)
    grads, row_grads = backward(layer, cache, dA), backward(image, row_cache, dA[:, None])
    assert np.array_equal(grads.params.W, row_grads.params.W[0])
    assert np.array_equal(grads.x, row_grads.x[:, 0])


@given(fst.cases(ConvTranspose2d))
def test_a_transposed_convolution_is_the_dx_of_a_convolution(case):
    layer, x = case
    out, _ = forward(layer, x)
    channels = out.shape[-1]
    there = nn.Conv2d(layer.W.swapaxes(2, 3), None, layer.stride, layer.padding, layer.dilation, layer.groups)
    image = np.zeros(out.shape)
    back, cache = forward(there, image)
    assert back.shape == x.shape
    dx = backward(there, cache, x).x
    np.testing.assert_array_equal(out, dx if layer.b is None else dx + layer.b)
    assert channels == layer.W.shape[3] * layer.groups


@every_kernel
@given(st.data())
def test_blocks_of_rows_change_nothing_but_rounding(layer, data):
    params, x = data.draw(fst.cases(layer))
    x = np.concatenate([x.clip(-3, 3)] * 3)
    out, cache = forward(params, x)
    dA = np.cos(np.arange(out.size)).reshape(out.shape)
    whole = out, backward(params, cache, dA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(correlation, "WINDOW_BYTES", 1)
        patch.setattr(windows, "X_BYTES", 1)
        single = forward(params, x)[0], backward(params, cache, dA)
    for a, b in zip(leaves(whole), leaves(single), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-9)


def test_a_large_batch_goes_through_in_several_blocks():
    layer, x = nn.Conv2d.init(2, 3, 3, seed=0, padding="same"), np.random.default_rng(0).normal(size=(160, 16, 16, 2))
    assert 2 * correlation.WINDOW_BYTES < 160 * 16 * 16 * 9 * 2 * 8
    np.testing.assert_allclose(forward(layer, x)[0][-2:], forward(layer, x[-2:])[0], rtol=1e-12, atol=1e-12)


def test_the_second_padding_is_at_the_end_and_numbers_stand_for_both_sides():
    W = np.ones((1, 2, 1, 1))
    plain = nn.Conv2d(W, None)
    assert plain == nn.Conv2d(W, None, padding="valid")
    assert plain == nn.Conv2d(W, None, padding=((0, 0), (0, 0)))
    assert nn.Conv2d(W, None, 2, 1, 3) == nn.Conv2d(W, None, (2, 2), ((1, 1), (1, 1)), (3, 3))
    assert nn.Conv2d(W, None, padding=(1, 2)) == nn.Conv2d(W, None, padding=((1, 1), (2, 2)))
    assert nn.Conv2d(W, None, padding=(0, (0, 1))).padding == ((0, 0), (0, 1))
    assert nn.Conv2d(W, None, stride=np.int64(2), padding=np.int64(1)) == nn.Conv2d(W, None, 2, 1)
    assert Conv1d(W[0], None, padding=2) == Conv1d(W[0], None, padding=(2, 2))
    assert Conv1d(W[0], None, padding="valid") == Conv1d(W[0], None, padding=(0, 0)) != Conv1d(W[0], None, padding=1)
    assert nn.MaxPool(2, padding="valid") == nn.MaxPool(2, None, 0)
    x = np.arange(1.0, 4.0).reshape(1, 1, 3, 1)
    assert forward(nn.Conv2d(W, None, padding="same"), x)[0].ravel().tolist() == [3, 5, 3]
    assert forward(nn.Conv2d(W, None, padding=(0, (1, 0))), x)[0].ravel().tolist() == [1, 3, 5]


def test_same_divides_by_the_stride_rounded_up():
    for n in range(1, 9):
        x = np.ones((1, n, n, 1))
        for size, stride in product(range(1, 6), range(1, 5)):
            W, places = np.ones((size, size, 1, 1)), -(-n // stride)
            for layer in (
                nn.Conv2d(W, None, stride, "same"),
                nn.MaxPool(size, stride, "same"),
                AvgPool(size, stride, "same"),
            ):
                assert forward(layer, x)[0].shape == (1, places, places, 1)
            assert forward(ConvTranspose2d(W, None, stride, "same"), x)[0].shape == (1, n * stride, n * stride, 1)


def test_one_number_for_every_axis_there_is():
    x = np.random.default_rng(0).normal(size=(2, 6, 5, 3))
    for pool in (nn.MaxPool, AvgPool):
        assert np.array_equal(forward(pool(2), x)[0], forward(pool((2, 2), (2, 2), ((0, 0), (0, 0))), x)[0])
        assert np.array_equal(forward(pool(2), x[:, 0])[0], forward(pool((2,), (2,), ((0, 0),)), x[:, 0])[0])
    assert np.array_equal(forward(Upsample(2), x)[0], forward(Upsample((2, 2)), x)[0])


def test_padding_is_never_the_maximum_and_does_not_count_in_the_mean():
    x = np.array([-5.0, -1.0, -3.0]).reshape(1, 3, 1)
    assert forward(nn.MaxPool(3, 1, "same"), x)[0].ravel().tolist() == [-1, -1, -1]
    assert forward(AvgPool(3, 1, "same"), x)[0].ravel().tolist() == [-3, -3, -2]


def test_of_equal_maxima_the_first_row_by_row_is_blamed():
    x = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])[None, :, :, None]
    for layer in (nn.MaxPool((2, 3)), GlobalMaxPool()):
        out, cache = forward(layer, x)
        assert out.ravel().tolist() == [1]
        assert backward(layer, cache, np.full(out.shape, 7.0)).x[0, :, :, 0].tolist() == [[0, 7, 0], [0, 0, 0]]
    signed = np.array([-0.0, 0.0]).reshape(1, 2, 1)  # equal, so the first
    assert backward(nn.MaxPool(2), forward(nn.MaxPool(2), signed)[1], np.ones((1, 1, 1))).x.ravel().tolist() == [1, 0]


def test_linear_upsampling_keeps_what_is_linear_within_the_border():
    x = np.arange(4.0).reshape(1, 4, 1)
    out = forward(Upsample(4, linear=True), x)[0].ravel()
    np.testing.assert_allclose(out, np.clip((np.arange(16) + 0.5) / 4 - 0.5, 0, 3), rtol=1e-15)
    constant = np.full((1, 3, 2, 1), 7.0)
    np.testing.assert_allclose(forward(Upsample((3, 5), linear=True), constant)[0], 7, rtol=1e-15)


@pytest.mark.parametrize("factor", [2, 3, (4, 1)])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_reaches_only_what_is_interpolated_from_it(factor, bad):
    layer, x = Upsample(factor, linear=True), np.random.default_rng(0).uniform(1, 2, (1, 3, 4, 1))
    out, cache = forward(layer, x)
    for i in range(x.size):
        spoiled, unit = x.copy(), np.zeros_like(x)
        spoiled.flat[i], unit.flat[i] = bad, 1
        reached = forward(layer, unit)[0] != 0
        assert np.array_equal(forward(layer, spoiled)[0], np.where(reached, bad, out), equal_nan=True)
    dA = np.random.default_rng(1).uniform(1, 2, out.shape)
    dx = backward(layer, cache, dA).x
    for i in range(out.size):
        spoiled, unit = dA.copy(), np.zeros_like(dA)
        spoiled.flat[i], unit.flat[i] = bad, 1
        reached = backward(layer, cache, unit).x != 0
        assert np.array_equal(backward(layer, cache, spoiled).x, np.where(reached, bad, dx), equal_nan=True)


@given(st.data(), st.integers(1, 3), st.integers(1, 3))
def test_a_causal_convolution_goes_on_step_by_step(data, k, dilation):
    groups = data.draw(st.sampled_from([1, 2]))
    past = dilation * (k - 1)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    layer = Conv1d(rng.normal(size=(k, 2 // groups, 4)), rng.normal(size=4), 1, (past, 0), dilation, groups)
    x = rng.normal(size=(2, data.draw(st.integers(1, 6)), 2))
    whole, memory, outs, start = forward(layer, x)[0], None, [], 0
    while start < x.shape[1]:
        end = start + data.draw(st.integers(1, 3))
        out, memory = step(layer, x[:, start:end], memory)
        assert memory.shape == (2, past, 2)
        outs.append(out)
        start = end
    np.testing.assert_allclose(np.concatenate(outs, axis=1), whole, rtol=1e-13, atol=1e-13)


def test_nearest_upsampling_goes_on_step_by_step():
    x = np.arange(6.0).reshape(1, 3, 2)
    parts = [step(Upsample(2), x[:, t : t + 1])[0] for t in range(3)]
    assert np.array_equal(np.concatenate(parts, axis=1), forward(Upsample(2), x)[0])


def test_initializers_see_what_a_kernel_sees():
    layer = nn.Conv2d.init(8, 16, (3, 5), seed=1, groups=4, stride=2, padding=1, dilation=(1, 2), bias=False)
    assert (layer.W.shape, layer.b, layer.groups) == ((3, 5, 2, 16), None, 4)
    assert (layer.stride, layer.padding, layer.dilation) == ((2, 2), ((1, 1), (1, 1)), (1, 2))
    assert Conv1d.init(8, 16, 3, seed=1, groups=4).W.shape == (3, 2, 16)
    assert ConvTranspose2d.init(8, 16, 3, seed=1, groups=4).W.shape == (3, 3, 8, 4)
    assert ConvTranspose2d.init(8, 16, 3, seed=1, groups=4).b.shape == (16,)
    wide = nn.Conv2d.init(16, 64, 3, seed=0).W
    assert abs(wide.std() - np.sqrt(2 / (9 * (16 + 64)))) < 0.001


def test_without_a_bias_there_is_no_gradient_of_one():
    for layer in (
        Conv1d.init(1, 2, 1, seed=0, bias=False),
        nn.Conv2d.init(1, 2, 1, seed=0, bias=False),
        ConvTranspose2d.init(1, 2, 1, seed=0, bias=False),
    ):
        x = np.ones((1, 2, 1) if type(layer) is Conv1d else (1, 2, 2, 1))
        out, cache = forward(layer, x)
        assert backward_params(layer, cache, out).b is None
        assert forward_only(nn.Frozen(layer), x).tolist() == out.tolist()


@at_most(10)
@given(st.data())
def test_the_cache_is_x_itself_or_x_and_out(data):
    for layer in ALL:
        params, x = data.draw(fst.cases(layer))
        out, cache = forward(params, x)
        assert cache is x or (layer is nn.MaxPool and cache[0] is x and cache[1] is out)
