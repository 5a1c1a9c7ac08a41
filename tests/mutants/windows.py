"""Two-dimensional convolutions with strides, dilations and groups, transposed convolutions, pooling and upsampling."""

import numpy as np

from funcnn import Conv2d, GlobalAvgPool, MaxPool, backward, evolve, forward
from funcnn.layers import AvgPool, Conv1d, ConvTranspose2d, GlobalMaxPool, Upsample
from funcnn.testing import strategies as fst
from tests.mutants.family import Family


def grads_of(params, x, dA):
    return backward(params, forward(params, x)[1], dA)


def trained(name, shapes, layer, *settings):
    """A layer as a function of (x, W, b)."""

    def vjp(x, W, b, dA):
        grads = grads_of(layer(W, b, *settings), x, dA)
        return [grads.x, grads.params.W, grads.params.b]

    f = lambda x, W, b: forward(layer(W, b, *settings), x)[0]
    return Family(name, fst.tensors(*shapes, most=2), f, vjp)


def fixed(name, shape, params):
    """A layer without parameters as a function of x."""
    return Family(
        name, fst.tensors(shape, most=2), lambda x: forward(params, x)[0], lambda x, dA: [grads_of(params, x, dA).x]
    )


conv1d = trained("causal convolution", ["m 5 c", "2 c o", "o"], Conv1d, 1, (2, 0), 2)
conv2d = trained("grouped convolution", ["m 4 3 4", "2 2 2 4", "4"], Conv2d, (1, 2), "same", 1, 2)
depthwise = trained("depthwise convolution in two dimensions", ["m 3 4 2", "2 3 1 4", "4"], Conv2d, 1, (0, 1), 1, 2)
transposed = trained("transposed convolution of stride 2", ["m 2 3 c", "3 3 c o", "o"], ConvTranspose2d, 2, "same")
OVERLAPPING, BORDERED, BILINEAR = MaxPool(3, 2, "same"), AvgPool((2, 3), 1, "same"), Upsample((2, 3), linear=True)
max_pool = fixed("max pooling of images", "m 4 3 c", OVERLAPPING)
avg_pool = fixed("average pooling of images", "m 3 4 c", BORDERED)
global_avg = fixed("global average pooling of images", "m 3 2 c", GlobalAvgPool())
global_max = fixed("global max pooling of images", "m 2 3 c", GlobalMaxPool())
nearest = fixed("nearest upsampling of images", "m 2 3 c", Upsample((2, 3)))
bilinear = fixed("bilinear upsampling", "m 2 3 c", BILINEAR)


def but(family, which, wrong):
    """The vjp of a family with one gradient replaced."""

    def vjp(*given):
        grads = family.vjp(*given)
        grads[which] = wrong(*given, grads[which])
        return grads

    return vjp


def dx_as(layer, *settings):
    return lambda x, W, b, dA, dx: grads_of(layer(W, b, *settings), x, dA).x


def by_hand(params, hits):
    """dx of adjacent pooling windows of 2 x 2, from the gradient of each entry of a window, (m, h, w, 4, c)."""

    def vjp(x, dA):
        m, h, w, c = x.shape
        seen = x.reshape(m, h // 2, 2, w // 2, 2, c).swapaxes(2, 3).reshape(m, h // 2, w // 2, 4, c)
        given = dA[:, :, :, None] * hits(seen, forward(params, x)[0][:, :, :, None])
        return [given.reshape(m, h // 2, w // 2, 2, 2, c).swapaxes(2, 3).reshape(x.shape)]

    return vjp


pairs = fixed("max pooling of 2 x 2", "m 2 4 c", MaxPool(2))

MUTANTS = [
    conv1d.but(
        "padded on the right in dx",
        "the past is on the left",
        but(conv1d, 0, dx_as(Conv1d, 1, (0, 2), 2)),
    ),
    conv1d.but(
        "dW without dilation",
        "neighbours instead of every second",
        but(conv1d, 1, lambda x, W, b, dA, dW: grads_of(Conv1d(W, b, 1, (1, 0)), x, dA).params.W),
    ),
    conv1d.but(
        "db of the last position",
        "not summed",
        but(conv1d, 2, lambda x, W, b, dA, db: dA[:, -1].sum(0)),
    ),
    conv2d.but(
        "groups exchanged in dx",
        "which half is the first",
        but(conv2d, 0, lambda x, W, b, dA, dx: np.roll(dx, 2, axis=-1)),
    ),
    conv2d.but(
        "the kernel transposed in dx",
        "rows for columns, as both are 2",
        but(conv2d, 0, lambda x, W, b, dA, dx: grads_of(Conv2d(W.swapaxes(0, 1), b, (1, 2), "same", 1, 2), x, dA).x),
    ),
    conv2d.but(
        "one more zero at the beginning",
        "an even kernel",
        but(
            conv2d,
            1,
            lambda x, W, b, dA, dW: grads_of(Conv2d(W, b, (1, 2), ((1, 0), (0, 1)), 1, 2), x, dA).params.W,
        ),
    ),
    conv2d.but(
        "db a mean", "over positions too", but(conv2d, 2, lambda x, W, b, dA, db: db / (dA.shape[1] * dA.shape[2]))
    ),
    depthwise.but(
        "the multiplier's outputs interleaved",
        "channel by channel or copy by copy",
        but(
            depthwise,
            0,
            lambda x, W, b, dA, dx: (
                grads_of(Conv2d(W.reshape(2, 3, 1, 2, 2).swapaxes(3, 4).reshape(W.shape), b, 1, (0, 1), 1, 2), x, dA).x
            ),
        ),
    ),
    depthwise.but(
        "dx of the first copy alone",
        "a multiplier of 1",
        but(depthwise, 0, lambda x, W, b, dA, dx: grads_of(Conv2d(W * [1, 0, 1, 0], b, 1, (0, 1), 1, 2), x, dA).x),
    ),
    depthwise.but(
        "dW shared by the channels",
        "summed over groups",
        but(depthwise, 1, lambda *given: 0 * given[-1] + given[-1].mean(axis=3, keepdims=True)),
    ),
    transposed.but(
        "the flipped kernel in dx",
        "the transposed of the transposed",
        but(transposed, 0, lambda x, W, b, dA, dx: grads_of(ConvTranspose2d(W[::-1, ::-1], b, 2, "same"), x, dA).x),
    ),
    transposed.but(
        "cut at the beginning",
        "where the one more is",
        but(transposed, 0, lambda x, W, b, dA, dx: grads_of(ConvTranspose2d(W, b, 2, ((1, 0), (1, 0))), x, dA).x),
    ),
    transposed.but("dW flipped", "once too often", but(transposed, 1, lambda x, W, b, dA, dW: dW[::-1, ::-1].copy())),
    transposed.but(
        "db of what a kernel reaches alone",
        "the positions of x, not of out",
        but(transposed, 2, lambda x, W, b, dA, db: dA[:, ::2, ::2].sum(axis=(0, 1, 2))),
    ),
    pairs.but(
        "every maximum receives the gradient",
        "x == max",
        by_hand(MaxPool(2), lambda seen, top: (seen == top).astype(seen.dtype)),
    ),
    pairs.but(
        "the minimum receives the gradient",
        "argmin",
        by_hand(MaxPool(2), lambda seen, top: (seen == seen.min(axis=3, keepdims=True)) / 1.0),
    ),
    max_pool.but(
        "windows side by side in dx",
        "the stride for the size",
        lambda x, dA: [grads_of(MaxPool(2, 2, "same"), x, dA).x],
    ),
    max_pool.but(
        "padded by zeros in dx",
        "which are the maximum of negative numbers",
        lambda x, dA: [grads_of(OVERLAPPING, x, dA).x * (x > 0)],
    ),
    avg_pool.but(
        "padding counts in dx",
        "always 6",
        lambda x, dA: [grads_of(BORDERED, x, dA * forward(BORDERED, np.ones_like(x))[0]).x * 0.5],
    ),
    avg_pool.but("the sum", "not divided", lambda x, dA: [6 * grads_of(BORDERED, x, dA).x]),
    avg_pool.but(
        "rows for columns",
        "the size is a pair",
        lambda x, dA: [grads_of(evolve(BORDERED, size=(3, 2)), x, dA).x],
    ),
    global_avg.but(
        "divided by the rows of the image", "one of two axes", lambda x, dA: [2 * grads_of(GlobalAvgPool(), x, dA).x]
    ),
    global_avg.but(
        "at the first position alone",
        "not spread",
        lambda x, dA: [np.where(np.arange(6).reshape(3, 2, 1) == 0, dA[:, None, None], 0)],
    ),
    global_avg.but(
        "over the batch too",
        "every axis but the last",
        lambda x, dA: [np.broadcast_to(dA.mean(axis=0) / 6, x.shape).copy()],
    ),
    global_max.but(
        "every maximum receives the gradient",
        "x == max",
        lambda x, dA: [(x == x.max(axis=(1, 2), keepdims=True)) * dA[:, None, None]],
    ),
    global_max.but("spread", "as the mean is", lambda x, dA: [grads_of(GlobalAvgPool(), x, dA).x]),
    global_max.but(
        "the maximum of each row",
        "one of two axes",
        lambda x, dA: [(x == x.max(axis=2, keepdims=True)) * dA[:, None, None]],
    ),
    nearest.but("the mean of the copies", "downsampled again", lambda x, dA: [grads_of(Upsample((2, 3)), x, dA).x / 6]),
    nearest.but("the first copy's", "not summed", lambda x, dA: [dA[:, ::2, ::3].copy()]),
    nearest.but(
        "copies counted along the other axis",
        "repeat or tile",
        lambda x, dA: [dA.reshape(len(x), 2, 2, 3, 3, x.shape[3]).sum(axis=(1, 3))],
    ),
    bilinear.but("as if nearest", "the same size", lambda x, dA: [grads_of(Upsample((2, 3)), x, dA).x]),
    bilinear.but(
        "weights of the other axis' factor",
        "2 x 3 or 3 x 2",
        lambda x, dA: [grads_of(Upsample((2, 3), linear=True), x, dA[:, ::-1]).x],
    ),
]
