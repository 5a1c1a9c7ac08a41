"""Padding, adaptive pooling, and pools whose size is rounded up: next to np.pad, and to sums over windows."""

import math
from itertools import product

import numpy as np
import pytest

from funcnn import MaxPool, backward, forward
from funcnn.layers import AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, Pad

rng = np.random.default_rng(0)
SEQUENCE, IMAGE, VOLUME = [rng.normal(size=(2, *shape, 3)) for shape in ((4,), (4, 3), (3, 4, 2))]
PAIRS = (2, 1), (0, 2), (1, 0)


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
@pytest.mark.parametrize("x", [SEQUENCE, IMAGE, VOLUME], ids=["sequence", "image", "volume"])
def test_pad_is_that_of_numpy_and_dx_its_adjoint(x, mode):
    pairs = PAIRS[: x.ndim - 2]
    layer = Pad(pairs, mode, 2.5 if mode == "constant" else 0.0)
    out, cache = forward(layer, x)
    more = {"constant_values": 2.5} if mode == "constant" else {}
    assert np.array_equal(out, np.pad(x, ((0, 0), *pairs, (0, 0)), mode, **more))
    dA, dx = rng.normal(size=out.shape), rng.normal(size=x.shape)
    moved = forward(layer, x + dx)[0] - out
    assert (backward(layer, cache, dA).x * dx).sum() == pytest.approx((dA * moved).sum(), rel=1e-12)


def test_one_number_pads_every_side_and_none_changes_nothing():
    assert np.array_equal(forward(Pad(1, "wrap"), IMAGE)[0], forward(Pad(((1, 1), (1, 1)), "wrap"), IMAGE)[0])
    for mode in ("constant", "reflect", "edge", "wrap"):
        assert np.array_equal(forward(Pad(0, mode), IMAGE[:, :1])[0], IMAGE[:, :1])
    assert forward(Pad(1, value=-math.inf), SEQUENCE)[0][0, 0].tolist() == [-math.inf] * 3


def windows(n, k):
    return [range(i * n // k, math.ceil((i + 1) * n / k)) for i in range(k)]


@pytest.mark.parametrize("size", [(3, 2), (1, 1), (4, 3), (7, 5)], ids=str)
def test_adaptive_pools_are_means_and_maxima_over_their_windows(size):
    mean, most = [forward(layer(size), IMAGE)[0] for layer in (AdaptiveAvgPool, AdaptiveMaxPool)]
    for (i, rows), (j, columns) in product(*[enumerate(windows(n, k)) for n, k in zip((4, 3), size, strict=True)]):
        part = IMAGE[:, rows.start : rows.stop, columns.start : columns.stop]
        np.testing.assert_allclose(mean[:, i, j], part.mean(axis=(1, 2)), rtol=1e-14)
        assert np.array_equal(most[:, i, j], part.max(axis=(1, 2)))


def test_a_size_that_divides_x_is_a_pool_of_equal_windows():
    dA = rng.normal(size=(2, 2, 1, 3))
    for adaptive, pool in ((AdaptiveAvgPool((2, 1)), AvgPool((2, 3))), (AdaptiveMaxPool((2, 1)), MaxPool((2, 3)))):
        (out, cache), (other, kept) = forward(adaptive, IMAGE), forward(pool, IMAGE)
        np.testing.assert_allclose(out, other, rtol=1e-14)
        np.testing.assert_allclose(backward(adaptive, cache, dA).x, backward(pool, kept, dA).x, rtol=1e-14)


def test_the_first_of_equal_maxima_row_by_row_has_the_gradient():
    x = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])[None, :, :, None]
    layer = AdaptiveMaxPool(1)
    dx = backward(layer, forward(layer, x)[1], np.full((1, 1, 1, 1), 7.0)).x
    assert dx[0, :, :, 0].tolist() == [[0, 7, 0], [0, 0, 0]]


def test_a_nan_stays_in_its_windows():
    x = np.arange(5.0).reshape(1, 5, 1)
    x[0, 4] = math.nan
    for layer in (AdaptiveAvgPool(2), AdaptiveMaxPool(2)):
        assert np.isnan(forward(layer, x)[0].ravel()).tolist() == [False, True]
    assert np.isnan(forward(Pad(1, "edge"), x)[0].ravel()).tolist() == [False] * 5 + [True] * 2


def test_a_size_rounded_up_adds_a_window_where_it_starts_within_x():
    x = np.arange(1.0, 6.0).reshape(1, 5, 1)
    assert forward(MaxPool(2, ceil=True), x)[0].ravel().tolist() == [2, 4, 5]
    assert forward(AvgPool(2, ceil=True), x)[0].ravel().tolist() == [1.5, 3.5, 5]
    assert forward(AvgPool(2, 2, ((1, 1),), ceil=True), x[:, :3])[0].ravel().tolist() == [1, 2.5]  # not padding alone
    assert np.array_equal(forward(MaxPool(2, ceil=True), x[:, :4])[0], forward(MaxPool(2), x[:, :4])[0])
    layer = AvgPool(2, ceil=True)
    assert backward(layer, forward(layer, x)[1], np.ones((1, 3, 1))).x.ravel().tolist() == [0.5] * 4 + [1]
