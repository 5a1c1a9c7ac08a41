"""Convolutions and pooling against the functions of torch: paddings, strides, and where all is minus infinity."""

import numpy as np
import pytest

from funcnn import Conv2d, MaxPool, backward, forward, predict
from funcnn.layers import AvgPool, Conv1d, ConvTranspose2d

torch = pytest.importorskip("torch", reason="its layers are the oracle")
from torch.nn import functional  # noqa: E402  torch may be missing

from tests.peers.twins import assert_equal  # noqa: E402  torch may be missing

SEEDS = range(40)
every_seed = pytest.mark.parametrize("seed", SEEDS)

numbers = lambda rng, least, most, n: tuple(rng.integers(least, most + 1, n).tolist())


def test_where_everything_is_minus_infinity_the_first_place_that_is_there_is_blamed():
    x = np.full((1, 3, 3, 1), -np.inf)
    layer = MaxPool(2, 2, ((1, 0), (1, 0)))
    out, cache = forward(layer, x)
    tx = torch.tensor(x, requires_grad=True)
    theirs = functional.max_pool2d(tx.movedim(-1, 1), 2, 2, 1)
    theirs.sum().backward()
    assert (out == -np.inf).all()
    assert np.array_equal(backward(layer, cache, np.ones_like(out)).x, tx.grad.numpy())


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")  # torch makes a copy for that
@pytest.mark.parametrize(("n", "k", "stride", "before", "after"), [(5, 2, 1, 0, 1), (5, 4, 1, 1, 2), (6, 3, 2, 0, 1)])
def test_an_odd_padding_with_same_has_the_one_more_at_the_end(n, k, stride, before, after):
    rng = np.random.default_rng(0)
    W, x = rng.normal(size=(k, 2, 3)), rng.normal(size=(2, n, 2))
    same, _ = forward(Conv1d(W, None, stride, "same"), x)
    told, _ = forward(Conv1d(W, None, stride, (before, after)), x)
    assert np.array_equal(same, told)
    assert same.shape[1] == -(-n // stride)
    if stride == 1:  # torch has no other
        theirs = functional.conv1d(torch.tensor(x).movedim(-1, 1), torch.tensor(W.T.copy()), padding="same")
        assert_equal("out", same, theirs.movedim(1, -1))


@every_seed
def test_numbers_mean_what_they_mean_as_the_padding_of_torch(seed):
    rng = np.random.default_rng(seed)
    k, s, d = numbers(rng, 2, 4, 2), numbers(rng, 1, 3, 2), numbers(rng, 1, 2, 2)
    p = tuple(int(rng.integers(0, n // 2 + 1)) for n in k)
    x, W = rng.normal(size=(2, 8, 9, 3)), rng.normal(size=(*k, 3, 4))
    tx, channels_first = torch.tensor(x).movedim(-1, 1), torch.tensor(W.transpose(3, 2, 0, 1).copy())
    both = tuple((n, n) for n in p)
    theirs = {
        Conv2d(W, None, s, p, d): functional.conv2d(tx, channels_first, None, s, p, d),
        MaxPool(k, s, both): functional.max_pool2d(tx, k, s, p),
        AvgPool(k, s, both): functional.avg_pool2d(tx, k, s, p, count_include_pad=False),
    }
    for layer, out in theirs.items():
        assert_equal(type(layer).__name__, predict(layer, x), out.movedim(1, -1))


@every_seed
def test_a_transposed_convolution_cuts_unequal_sides_where_torch_pads_the_output(seed):
    rng = np.random.default_rng(seed)
    stride, dilation = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    p, more = int(rng.integers(0, 3)), int(rng.integers(0, stride))
    p = max(p, more)
    W, x = rng.normal(size=(3, 4, 2, 3)), rng.normal(size=(2, 5, 6, 2))
    ours = predict(ConvTranspose2d(W, None, stride, ((p, p - more), (p, p - more)), dilation), x)
    own = torch.tensor(W.transpose(2, 3, 0, 1).copy())
    theirs = functional.conv_transpose2d(torch.tensor(x).movedim(-1, 1), own, None, stride, p, more, 1, dilation)
    assert_equal("out", ours, theirs.movedim(1, -1))
