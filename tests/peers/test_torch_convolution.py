"""Convolutions, pooling and upsampling against torch: out and all gradients, also at ties of maxima."""

import numpy as np
import pytest

from funcnn import Conv2d, GlobalAvgPool, MaxPool, Relu, backward, forward, parameters, predict
from funcnn.layers import AvgPool, Conv1d, ConvTranspose2d, GlobalMaxPool, Upsample

torch = pytest.importorskip("torch", reason="its layers are the oracle")
from torch.nn import functional  # noqa: E402  torch may be missing

from funcnn.interop.torch import to_torch  # noqa: E402  torch may be missing

SEEDS = range(40)
every_seed = pytest.mark.parametrize("seed", SEEDS)


def numbers(rng, least, most, n):
    return tuple(rng.integers(least, most + 1, n).tolist())


def padding(rng, axes):
    """One of all the ways to say it."""
    pairs = tuple(numbers(rng, 0, 2, 2) for _ in range(axes))
    return [pairs if axes > 1 else pairs[0], numbers(rng, 0, 2, axes) if axes > 1 else 2, 1, "valid", "same"][
        rng.integers(5)
    ]


def convolution(layer, axes):
    def drawn(rng):
        size, stride, dilation = numbers(rng, 1, 4, axes), numbers(rng, 1, 3, axes), numbers(rng, 1, 2, axes)
        groups, c_in, c_out = numbers(rng, 1, 3, 3)
        channels = (groups * c_in, c_out) if layer is ConvTranspose2d else (c_in, groups * c_out)
        W = rng.normal(size=(*size, *channels))
        b = rng.normal(size=groups * c_out) if rng.integers(4) else None
        if axes == 1:
            [stride], [dilation] = stride, dilation
        x = rng.normal(size=(int(rng.integers(1, 4)), *numbers(rng, 7, 9, axes), groups * c_in))
        return layer(W, b, stride, padding(rng, axes), dilation, groups), x

    return drawn


def places(rng):
    """Of few values, so that maxima are tied."""
    return rng.integers(-2, 3, (2, *numbers(rng, 4, 7, rng.integers(1, 3)), 3)).astype(float)


def pool(layer):
    def drawn(rng):
        x = places(rng)
        axes = x.ndim - 2
        size = numbers(rng, 1, 4, axes)
        sides = tuple(numbers(rng, 0, k - 1, 2) for k in size)
        stride = [None, 1, 2, numbers(rng, 1, 3, axes)][rng.integers(4)]
        return layer(*[(size, stride, sides), (min(size), stride, "same"), (min(size), stride)][rng.integers(3)]), x

    return drawn


LAYERS = {
    "conv1d": convolution(Conv1d, 1),
    "conv2d": convolution(Conv2d, 2),
    "transposed": convolution(ConvTranspose2d, 2),
    "max pool": pool(MaxPool),
    "avg pool": pool(AvgPool),
    "global avg pool": lambda rng: (GlobalAvgPool(), places(rng)),
    "global max pool": lambda rng: (GlobalMaxPool(), places(rng)),
    "nearest": lambda rng: (Upsample(int(rng.integers(1, 5))), places(rng)),
    "linear": lambda rng: (Upsample(int(rng.integers(1, 5)), linear=True), places(rng)),
}
every_layer = pytest.mark.parametrize("name", LAYERS)
LAST_FIRST = {3: (2, 1, 0), 4: (3, 2, 0, 1)}  # torch's (c_out, c_in, kh, kw) from ours


def assert_near(name, ours, theirs):
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape, name
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10 * max(1, abs(theirs).max()), err_msg=name)


@every_seed
@every_layer
def test_values_and_gradients_are_those_of_torch(name, seed):
    rng = np.random.default_rng(seed)
    layer, x = LAYERS[name](rng)
    module = to_torch(layer)
    out, cache = forward(layer, x)
    dA = rng.normal(size=out.shape)
    grads = backward(layer, cache, dA)
    tx = torch.tensor(x, requires_grad=True)
    theirs = module(tx)
    theirs.backward(torch.tensor(dA))
    assert_near("out", out, theirs)
    assert_near("dx", grads.x, tx.grad)
    ours = parameters(grads.params)
    for path, parameter in module.named_parameters():
        if path.endswith("bias"):
            assert_near("db", ours["b"], parameter.grad)
        else:
            swap = (2, 3, 0, 1) if name == "transposed" else LAST_FIRST[parameter.ndim]
            assert_near("dW", ours["W"].transpose(swap), parameter.grad)
    assert len(ours) == len(list(module.parameters()))


@every_seed
@pytest.mark.parametrize("layer", [GlobalAvgPool(), GlobalMaxPool()], ids=lambda layer: type(layer).__name__)
def test_a_pool_of_a_masked_sequence_is_that_of_torch(layer, seed):
    rng = np.random.default_rng(seed)
    x, mask = rng.normal(size=(4, 5, 3)), rng.random((4, 5)) < 0.5
    mask[-1] = False
    out, cache = forward(layer, (x, mask))
    dA = rng.normal(size=out.shape)
    tx = torch.tensor(x, requires_grad=True)
    theirs = to_torch(layer)((tx, torch.tensor(mask)))
    theirs.backward(torch.tensor(dA))
    assert_near("out", out, theirs)
    assert_near("dx", backward(layer, cache, dA).x[0], tx.grad)


def test_a_network_goes_over_whole():
    net = (
        Conv2d.init(3, 4, 3, seed=0, padding="same"),
        Relu(),
        MaxPool(2),
        ConvTranspose2d.init(4, 2, 4, seed=1, stride=2, padding="same"),
        GlobalAvgPool(),
    )
    x = np.random.default_rng(0).normal(size=(5, 8, 6, 3))
    assert_near("out", predict(net, x), to_torch(net)(torch.tensor(x)))


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
        assert_near("out", same, theirs.movedim(1, -1))


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
        assert_near(type(layer).__name__, predict(layer, x), out.movedim(1, -1))


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
    assert_near("out", ours, theirs.movedim(1, -1))
