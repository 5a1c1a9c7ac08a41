"""Two-dimensional convolutions with strides, dilations and groups, transposed ones, pooling, padding, upsampling."""

import numpy as np

from funcnn import Conv2d, GlobalAvgPool, MaxPool, evolve, forward
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
from tests.mutants.family import grads_of, of_layer

conv1d = of_layer(
    "causal convolution", fst.tensors("m 5 c", "2 c o", "o", most=2), lambda W, b: Conv1d(W, b, 1, (2, 0), 2)
)
conv2d = of_layer(
    "grouped convolution",
    fst.tensors("m 4 3 4", "2 2 2 4", "4", most=2),
    lambda W, b: Conv2d(W, b, (1, 2), "same", 1, 2),
)
depthwise = of_layer(
    "depthwise convolution in two dimensions",
    fst.tensors("m 3 4 2", "2 3 1 4", "4", most=2),
    lambda W, b: Conv2d(W, b, 1, (0, 1), 1, 2),
)
transposed = of_layer(
    "transposed convolution of stride 2",
    fst.tensors("m 2 3 c", "3 3 c o", "o", most=2),
    lambda W, b: ConvTranspose2d(W, b, 2, "same"),
)
OVERLAPPING, BORDERED, BILINEAR = MaxPool(3, 2, "same"), AvgPool((2, 3), 1, "same"), Upsample((2, 3), linear=True)
max_pool = of_layer("max pooling of images", fst.tensors("m 4 3 c", most=2), lambda: OVERLAPPING)
avg_pool = of_layer("average pooling of images", fst.tensors("m 3 4 c", most=2), lambda: BORDERED)
global_avg = of_layer("global average pooling of images", fst.tensors("m 3 2 c", most=2), GlobalAvgPool)
global_max = of_layer("global max pooling of images", fst.tensors("m 2 3 c", most=2), GlobalMaxPool)
nearest = of_layer("nearest upsampling of images", fst.tensors("m 2 3 c", most=2), lambda: Upsample((2, 3)))
bilinear = of_layer("bilinear upsampling", fst.tensors("m 2 3 c", most=2), lambda: BILINEAR)
PARTS, MIRROR = (2, 3), ((0, 1), (2, 1))
adaptive_avg = of_layer("adaptive average pooling", fst.tensors("m 3 5 c", most=2), lambda: AdaptiveAvgPool(PARTS))
adaptive_max = of_layer("adaptive max pooling", fst.tensors("m 3 5 c", most=2), lambda: AdaptiveMaxPool(PARTS))
mirrored = of_layer("reflected padding", fst.tensors("m 2 3 c", most=2), lambda: Pad(MIRROR, "reflect"))


def by_hand(params, hits):
    """dx of adjacent pooling windows of 2 x 2, from the gradient of each entry of a window, (m, h, w, 4, c)."""

    def vjp(x, dA):
        m, h, w, c = x.shape
        seen = x.reshape(m, h // 2, 2, w // 2, 2, c).swapaxes(2, 3).reshape(m, h // 2, w // 2, 4, c)
        given = dA[:, :, :, None] * hits(seen, forward(params, x)[0][:, :, :, None])
        return [given.reshape(m, h // 2, w // 2, 2, 2, c).swapaxes(2, 3).reshape(x.shape)]

    return vjp


pairs = of_layer("max pooling of 2 x 2", fst.tensors("m 2 4 c", most=2), lambda: MaxPool(2))

MUTANTS = [
    conv1d.of(0).but("padded on the right in dx: the past is on the left")(
        lambda x, W, b, dA: grads_of(Conv1d(W, b, 1, (0, 2), 2), x, dA).x
    ),
    conv1d.of(1).but("dW without dilation: neighbours instead of every second")(
        lambda x, W, b, dA: grads_of(Conv1d(W, b, 1, (1, 0)), x, dA).params.W
    ),
    conv1d.of(2).but("db of the last position: not summed")(lambda x, W, b, dA: dA[:, -1].sum(0)),
    conv2d.of(0).but("groups exchanged in dx: which half is the first")(
        lambda x, W, b, dA: np.roll(conv2d.vjp(x, W, b, dA)[0], 2, axis=-1)
    ),
    conv2d.of(0).but("the kernel transposed in dx: rows for columns, as both are 2")(
        lambda x, W, b, dA: grads_of(Conv2d(W.swapaxes(0, 1), b, (1, 2), "same", 1, 2), x, dA).x
    ),
    conv2d.of(1).but("one more zero at the beginning: an even kernel")(
        lambda x, W, b, dA: grads_of(Conv2d(W, b, (1, 2), ((1, 0), (0, 1)), 1, 2), x, dA).params.W
    ),
    conv2d.of(2).but("db a mean: over positions too")(
        lambda x, W, b, dA: conv2d.vjp(x, W, b, dA)[2] / (dA.shape[1] * dA.shape[2])
    ),
    depthwise.of(0).but("the multiplier's outputs interleaved: channel by channel or copy by copy")(
        lambda x, W, b, dA: (
            grads_of(Conv2d(W.reshape(2, 3, 1, 2, 2).swapaxes(3, 4).reshape(W.shape), b, 1, (0, 1), 1, 2), x, dA).x
        )
    ),
    depthwise.of(0).but("dx of the first copy alone: a multiplier of 1")(
        lambda x, W, b, dA: grads_of(Conv2d(W * [1, 0, 1, 0], b, 1, (0, 1), 1, 2), x, dA).x
    ),
    depthwise.of(1).but("dW shared by the channels: summed over groups")(
        lambda *given: 0 * depthwise.vjp(*given)[1] + depthwise.vjp(*given)[1].mean(axis=3, keepdims=True)
    ),
    transposed.of(0).but("the flipped kernel in dx: the transposed of the transposed")(
        lambda x, W, b, dA: grads_of(ConvTranspose2d(W[::-1, ::-1], b, 2, "same"), x, dA).x
    ),
    transposed.of(0).but("cut at the beginning: where the one more is")(
        lambda x, W, b, dA: grads_of(ConvTranspose2d(W, b, 2, ((1, 0), (1, 0))), x, dA).x
    ),
    transposed.of(1).but("dW flipped: once too often")(
        lambda x, W, b, dA: transposed.vjp(x, W, b, dA)[1][::-1, ::-1].copy()
    ),
    transposed.of(2).but("db of what a kernel reaches alone: the positions of x, not of out")(
        lambda x, W, b, dA: dA[:, ::2, ::2].sum(axis=(0, 1, 2))
    ),
    pairs.but("every maximum receives the gradient: x == max")(
        by_hand(MaxPool(2), lambda seen, top: (seen == top).astype(seen.dtype))
    ),
    pairs.but("the minimum receives the gradient: argmin")(
        by_hand(MaxPool(2), lambda seen, top: (seen == seen.min(axis=3, keepdims=True)) / 1.0)
    ),
    max_pool.but("windows side by side in dx: the stride for the size")(
        lambda x, dA: [grads_of(MaxPool(2, 2, "same"), x, dA).x]
    ),
    max_pool.but("padded by zeros in dx: which are the maximum of negative numbers")(
        lambda x, dA: [grads_of(OVERLAPPING, x, dA).x * (x > 0)]
    ),
    avg_pool.but("padding counts in dx: always 6")(
        lambda x, dA: [grads_of(BORDERED, x, dA * forward(BORDERED, np.ones_like(x))[0]).x * 0.5]
    ),
    avg_pool.but("the sum: not divided")(lambda x, dA: [6 * grads_of(BORDERED, x, dA).x]),
    avg_pool.but("rows for columns: the size is a pair")(
        lambda x, dA: [grads_of(evolve(BORDERED, size=(3, 2)), x, dA).x]
    ),
    global_avg.but("divided by the rows of the image: one of two axes")(
        lambda x, dA: [2 * grads_of(GlobalAvgPool(), x, dA).x]
    ),
    global_avg.but("at the first position alone: not spread")(
        lambda x, dA: [np.where(np.arange(6).reshape(3, 2, 1) == 0, dA[:, None, None], 0)]
    ),
    global_avg.but("over the batch too: every axis but the last")(
        lambda x, dA: [np.broadcast_to(dA.mean(axis=0) / 6, x.shape).copy()]
    ),
    global_max.but("every maximum receives the gradient: x == max")(
        lambda x, dA: [(x == x.max(axis=(1, 2), keepdims=True)) * dA[:, None, None]]
    ),
    global_max.but("spread: as the mean is")(lambda x, dA: [grads_of(GlobalAvgPool(), x, dA).x]),
    global_max.but("the maximum of each row: one of two axes")(
        lambda x, dA: [(x == x.max(axis=2, keepdims=True)) * dA[:, None, None]]
    ),
    adaptive_avg.but("windows of one size: as if 2 divided 3, and 3 divided 5")(
        lambda x, dA: [grads_of(AvgPool((2, 2), (1, 2), ((0, 0), (0, 1))), x, dA).x]
    ),
    adaptive_avg.but("the sum: not divided")(
        lambda x, dA: [grads_of(AdaptiveAvgPool(PARTS), x, dA * [[[2], [3], [2]]] * 2).x]
    ),
    adaptive_avg.but("rows for columns: the size is a pair")(
        lambda x, dA: [grads_of(AdaptiveAvgPool((3, 2)), x, dA.swapaxes(1, 2)).x]
    ),
    adaptive_max.but("every maximum of a row: one of two axes")(
        lambda x, dA: [grads_of(AdaptiveMaxPool((3, 3)), x, np.repeat(dA, [1, 2], axis=1)).x]
    ),
    adaptive_max.but("as the mean is: spread")(lambda x, dA: [grads_of(AdaptiveAvgPool(PARTS), x, dA).x]),
    adaptive_max.but("one window each: positions where windows overlap have two")(
        lambda x, dA: [np.sign(grads_of(AdaptiveMaxPool(PARTS), x, np.ones_like(dA)).x) * dA.mean()]
    ),
    mirrored.but("the copies forgotten: dA within x")(lambda x, dA: [dA[:, :2, 2:5].copy()]),
    mirrored.but("copies of the edge: the border twice")(lambda x, dA: [grads_of(Pad(MIRROR, "edge"), x, dA).x]),
    mirrored.but("from the other end: wrapped around")(lambda x, dA: [grads_of(Pad(MIRROR, "wrap"), x, dA).x]),
    nearest.but("the mean of the copies: downsampled again")(lambda x, dA: [grads_of(Upsample((2, 3)), x, dA).x / 6]),
    nearest.but("the first copy's: not summed")(lambda x, dA: [dA[:, ::2, ::3].copy()]),
    nearest.but("copies counted along the other axis: repeat or tile")(
        lambda x, dA: [dA.reshape(len(x), 2, 2, 3, 3, x.shape[3]).sum(axis=(1, 3))]
    ),
    bilinear.but("as if nearest: the same size")(lambda x, dA: [grads_of(Upsample((2, 3)), x, dA).x]),
    bilinear.but("weights of the other axis' factor: 2 x 3 or 3 x 2")(
        lambda x, dA: [grads_of(Upsample((2, 3), linear=True), x, dA[:, ::-1]).x]
    ),
]
