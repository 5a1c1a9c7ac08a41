"""Kernels of max-pooling, convolutions and embeddings, beside the rules that they stand for."""

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import Conv2d, Embedding, MaxPool, backward, evolve, forward, record
from funcnn.compilation.kernels import convolution, depthwise, embedding, pooling, table
from funcnn.core import backward_params
from funcnn.layers.convolution import conv, pool
from funcnn.layers.embedding.symbols import rows_added
from funcnn.trees import leaves
from tests.kernelled import for_all_sizes, kernels_are_on, without_kernels  # noqa: F401  used by every test

random = np.random.default_rng(0)
DTYPES = [np.float64, np.float32]
POOL = [pool.max_pool_forward, pool.max_pool_backward]
CONV = [conv.convolution_forward, conv.convolution_backward, conv.convolution_backward_params]
SETTINGS = [  # size, stride, padding, shape of an image
    (2, None, 0, (6, 8)),
    (2, None, 0, (5, 7)),
    (3, 1, "same", (5, 6)),
    (3, 2, ((1, 0), (1, 1)), (6, 5)),
    ((1, 3), (1, 3), 0, (3, 7)),
]
KERNELS = [  # kernel, stride, padding, dilation, shape of an image
    (3, 1, "same", 1, (6, 5)),
    ((3, 1), 1, "same", 1, (4, 4)),
    (2, 1, ((0, 1), (1, 0)), 1, (4, 4)),
    (3, 1, "same", 2, (7, 6)),
    (3, 2, 1, 1, (6, 5)),
]
drawn = lambda *shape, dtype=np.float64: random.standard_normal(shape).astype(dtype)


def both_ways(layer, x, dA):
    out, cache = forward(layer, x)
    grads = backward(layer, cache, dA)
    return [out, grads.x, *leaves(grads.params)]


def are_alike(made, plain, within):
    for one, other in zip(made, plain, strict=True):
        assert (one.dtype, one.shape, one.flags.writeable) == (other.dtype, other.shape, False)
        assert np.array_equal(np.isnan(one), np.isnan(other))
        known = np.isfinite(other)
        assert np.array_equal(one[~known], other[~known], equal_nan=True)
        size = abs(other[known]).max(initial=1)
        assert abs(one[known] - other[known]).max(initial=0) <= within * size


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("size", "stride", "padding", "image"), SETTINGS)
@pytest.mark.parametrize("channels", [3, 24])
def test_max_pooling_has_the_bits_of_the_rule(size, stride, padding, image, channels, dtype):
    layer = MaxPool(size, stride, padding)
    ties = random.integers(-2, 2, (2, *image, channels)).astype(dtype)
    ties[1].reshape(-1)[::7], ties[1].reshape(-1)[::5] = np.nan, -np.inf
    with np.errstate(invalid="ignore"), for_all_sizes(*POOL):
        for x in (ties, np.sort(drawn(2, *image, channels, dtype=dtype), axis=0)):
            dA = drawn(*forward(layer, x)[0].shape, dtype=dtype)
            dA.reshape(-1)[[0, -1]] = np.inf, np.nan
            with without_kernels():
                plain = both_ways(layer, x, dA)
            assert pooling.max_pool_backward(layer, (x, plain[0]), dA) is not None
            are_alike(both_ways(layer, x, dA), plain, 0)


def test_sequences_are_pooled():
    layer, x = MaxPool(2), drawn(3, 7, 4)
    with for_all_sizes(*POOL):
        made = both_ways(layer, x, drawn(3, 3, 4))
    assert made[0].shape == (3, 3, 4)
    assert np.array_equal(made[0], np.maximum(x[:, :6:2], x[:, 1:6:2]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation", "image"), KERNELS)
@pytest.mark.parametrize("channels", [3, 24])
def test_depthwise_convolutions_are_those_of_the_rule(kernel, stride, padding, dilation, image, channels, dtype):
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": channels, "dtype": dtype}
    layer = Conv2d.init(channels, channels, kernel, seed=1, bias=bool(channels % 2), **settings)
    x = drawn(2, *image, channels, dtype=dtype)
    x[1].reshape(-1)[[0, -1]] = np.inf, np.nan
    with np.errstate(invalid="ignore"), for_all_sizes(*CONV):
        dA = drawn(*forward(layer, x)[0].shape, dtype=dtype)
        with without_kernels():
            plain = both_ways(layer, x, dA)
        assert convolution.convolution_backward(layer, x, dA) is not None
        are_alike(both_ways(layer, x, dA), plain, 1e-13 if dtype is np.float64 else 1e-5)
        assert np.array_equal(backward_params(layer, x, dA).W, backward(layer, x, dA).params.W, equal_nan=True)


DIRECT = [  # kernel, stride, padding, dilation, shape of an image, channels of x and of out
    (3, 1, "same", 1, (6, 13), 4, 8),
    ((3, 1), 1, "same", 1, (4, 4), 8, 24),
    (2, 1, ((0, 1), (1, 0)), 1, (4, 4), 5, 80),
    (3, 1, "same", (2, 1), (7, 6), 4, 4),
    (3, 2, 1, 1, (6, 5), 3, 12),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation", "image", "c", "o"), DIRECT)
def test_convolutions_are_those_of_the_rule(kernel, stride, padding, dilation, image, c, o, dtype):
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "dtype": dtype}
    layer, x = Conv2d.init(c, o, kernel, seed=1, bias=o != 8, **settings), drawn(3, *image, c, dtype=dtype)
    if layer.b is not None:
        layer = evolve(layer, b=drawn(o, dtype=dtype))
    with for_all_sizes(*CONV):
        dA = drawn(*forward(layer, x)[0].shape, dtype=dtype)
        with without_kernels():
            plain = both_ways(layer, x, dA)
        assert convolution.convolution_forward(layer, x) is not None
        assert (convolution.convolution_backward(layer, x, dA) is not None) == (c % 4 == 0 and stride == 1)
        assert convolution.convolution_backward_params(layer, x, dA) is not None
        are_alike(both_ways(layer, x, dA), plain, 1e-13 if dtype is np.float64 else 1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ids", [np.uint8, np.int32, np.uint64])
def test_the_gradient_of_an_embedding_is_that_of_the_rule(dtype, ids):
    found, rows = random.integers(0, 40, 300).astype(ids), drawn(300, 21, dtype=dtype)
    rows[3], rows[4] = np.inf, np.nan
    with without_kernels():
        plain = rows_added(found, rows, 41)
    made = embedding.rows_added(found, rows, 41)
    made.setflags(write=False)
    plain.setflags(write=False)
    are_alike([made], [plain], 1e-14 if dtype is np.float64 else 1e-6)


def test_large_arrays_go_to_kernels(monkeypatch):
    called = []
    for module, name in ((pooling, "max_pool_forward"), (depthwise, "correlated"), (embedding, "rows_added")):
        kernel = getattr(module, name)
        counted = lambda *given, kernel=kernel, name=name: called.append(name) or kernel(*given)
        monkeypatch.setattr(module, name, counted)

    table._kernel.cache_clear()
    forward(MaxPool(2), drawn(4, 16, 16, 8))
    forward(Conv2d.init(8, 8, 3, seed=0, groups=8), drawn(4, 16, 16, 8))
    forward(Conv2d.init(8, 8, 3, seed=0), drawn(4, 16, 16, 8))
    layer = Embedding.init(100, 64, seed=0)
    backward(layer, forward(layer, np.zeros((1, 64), int))[1], drawn(1, 64, 64))
    table._kernel.cache_clear()
    assert called == ["max_pool_forward", "correlated", "rows_added"]


@record
class Louder(MaxPool):
    """A user's subclass without a rule of its own."""


def test_what_kernels_leave_to_the_rules():
    x, dA = drawn(2, 4, 4, 3), drawn(2, 2, 2, 3)
    out = forward(MaxPool(2), x)[0]
    assert pooling.max_pool_forward(MaxPool(2), x.swapaxes(1, 2)) is None  # not contiguous
    assert pooling.max_pool_forward(MaxPool(9), x) is None  # the rule refuses it
    assert pooling.max_pool_forward(MaxPool(6), drawn(1, 6, 6, 1)) is None  # many taps
    assert pooling.max_pool_forward(MaxPool(2), x.astype(np.float16)) is None
    assert pooling.max_pool_backward(MaxPool(2), (x, out), dA[:1]) is None
    assert pooling.max_pool_backward(MaxPool(2), (x, out[:1]), dA[:1]) is None
    assert pooling.max_pool_backward(MaxPool(2), (x, out, x), dA) is None
    assert pooling.max_pool_backward(MaxPool(9), (x, out), dA) is None
    layer = Conv2d.init(3, 3, 2, seed=0, groups=3)
    assert convolution.convolution_forward(layer, x[:, :1].copy()) is None  # the rule refuses it
    assert convolution.convolution_forward(layer, x[:, ::2]) is None
    assert convolution.convolution_forward(layer, x[0]) is None
    assert convolution.convolution_forward(layer, x.astype(np.float32)) is None
    assert convolution.convolution_forward(Conv2d.init(4, 4, 1, seed=0, groups=2), drawn(1, 2, 2, 4)) is None
    assert convolution.convolution_backward(layer, x, dA) is None
    direct, x4, dA4 = Conv2d.init(4, 4, 2, seed=0), drawn(2, 4, 4, 4), drawn(2, 3, 3, 4)
    assert convolution.convolution_backward(direct, x4, dA4) is not None
    assert convolution.convolution_backward(direct, x4, dA4[:1]) is None
    assert convolution.convolution_backward(evolve(direct, stride=2), x4, drawn(2, 2, 2, 4)) is None
    assert convolution.convolution_forward(direct, x4[:, ::2]) is None
    assert convolution.convolution_forward(direct, x4[:, :1].copy()) is None  # the rule refuses it
    assert convolution.convolution_forward(evolve(direct, dilation=2), x4) is None
    assert convolution.convolution_forward(direct, x4[:0]) is None
    assert convolution.convolution_forward(Conv2d.init(4, 6, 2, seed=0), x4) is None  # channels in no panel
    assert convolution.convolution_forward(Conv2d.init(4, 1 << 15, 2, seed=0), x4) is None
    ids, rows = np.array([0, 50]), drawn(2, 3)
    assert embedding.rows_added(ids, rows, 50) is None
    assert embedding.rows_added(ids.astype(float), rows, 60) is None
    assert embedding.rows_added(ids[:1], rows, 60) is None
    assert embedding.rows_added(ids % 2, rows, 2) is None
    with for_all_sizes(*POOL):
        louder = both_ways(Louder(2), x, dA)
    are_alike(louder, both_ways(MaxPool(2), x, dA), 0)
