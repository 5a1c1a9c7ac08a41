"""Convolutions along one axis."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family


def correlate(x, w, step=1, spread=1):
    """out[m, s, o] = sum_kc x[m, step s + spread k, c] w[k, c, o]"""
    return sum([x[:, positions(x, w, step, spread, k)] @ w[k] for k in range(len(w))])


def positions(x, w, step, spread, k):
    return slice(k * spread, x.shape[1] - (len(w) - 1 - k) * spread, step)


def correlate_vjp(x, w, dA, step=1, spread=1):
    dx = np.zeros_like(x)
    for k in range(len(w)):
        dx[:, positions(x, w, step, spread, k)] += dA @ w[k].T
    return [dx, dw(x, w, dA, step, spread)]


def dw(x, w, dA, step=1, spread=1):
    return np.stack([np.tensordot(x[:, positions(x, w, step, spread, k)], dA, ([0, 1], [0, 1])) for k in range(len(w))])


pad = lambda x, left, right: np.pad(x, ((0, 0), (left, right), (0, 0)))

conv = family("convolution", fst.tensors("m 5 c", "3 c o"))(correlate, correlate_vjp)


strided = family("convolution of stride 2", fst.tensors("m 6 c", "2 c o"))(
    lambda x, w: correlate(x, w, 2), lambda x, w, dA: correlate_vjp(x, w, dA, 2)
)


dilated = family("convolution of dilation 2", fst.tensors("m 6 c", "2 c o"))(
    lambda x, w: correlate(x, w, 1, 2), lambda x, w, dA: correlate_vjp(x, w, dA, 1, 2)
)


same = family(  # an even kernel: one more zero on the right
    "convolution padded to the same size", fst.tensors("m t c", "4 c o")
)(
    lambda x, w: correlate(pad(x, 1, 2), w),
    lambda x, w, dA: [correlate_vjp(pad(x, 1, 2), w, dA)[0][:, 1:-2].copy(), dw(pad(x, 1, 2), w, dA)],
)


depthwise = family("depthwise convolution", fst.tensors("m 5 c", "2 c"))(
    lambda x, w: x[:, :-1] * w[0] + x[:, 1:] * w[1],
    lambda x, w, dA: [
        np.pad(dA * w[0], ((0, 0), (0, 1), (0, 0))) + np.pad(dA * w[1], ((0, 0), (1, 0), (0, 0))),
        np.stack([(x[:, :-1] * dA).sum(axis=(0, 1)), (x[:, 1:] * dA).sum(axis=(0, 1))]),
    ],
)


transposed = family(  # its forward is dx of the convolution
    "transposed convolution", fst.tensors("m t o", "3 c o")
)(lambda x, w: sum([pad(x @ w[k].T, k, 2 - k) for k in range(3)]), lambda x, w, dA: [correlate(dA, w), dw(dA, w, x)])


def packed(x, w, dA):
    dx = np.zeros_like(x)
    for k in range(2):
        dx[:, k : k + dA.shape[1]] += dA @ w[k].T
    return dx


MUTANTS = [
    conv.but("dX by the flipped kernel: correlation or convolution")(
        lambda x, w, dA: [correlate_vjp(x, w[::-1], dA)[0], dw(x, w, dA)]
    ),
    conv.of(1).but("dw flipped: once too often")(lambda x, w, dA: dw(x, w, dA)[::-1].copy()),
    conv.of(0).but("channels exchanged for c = o: the shapes fit")(
        lambda x, w, dA: correlate_vjp(x, w.swapaxes(1, 2) if w.shape[1] == w.shape[2] else w, dA)[0]
    ),
    conv.of(1).but("dw of the first row only: right for batch 1")(lambda x, w, dA: dw(x[:1], w, dA[:1])),
    conv.of(0).but("the last tap missing in dX: range(k - 1)")(
        lambda x, w, dA: correlate_vjp(x, w * (np.arange(3) < 2)[:, None, None], dA)[0]
    ),
    strided.of(0).but("dX packed to the left: no zeros between")(packed),
    strided.of(1).but("dw at stride 1: the stride is for outputs")(lambda x, w, dA: dw(x[:, :4], w, dA)),
    dilated.of(1).but("dilation forgotten in dw: one of three calls")(lambda x, w, dA: dw(x[:, :5], w, dA)),
    same.of(0).but("one zero too many on the left: an even kernel")(
        lambda x, w, dA: correlate_vjp(pad(x, 1, 2), w, dA)[0][:, 2:-1].copy()
    ),
    same.of(1).but("dw of x padded on the other side: an even kernel")(lambda x, w, dA: dw(pad(x, 2, 1), w, dA)),
    depthwise.of(1).but("dw summed over channels: as for a full kernel")(
        lambda x, w, dA: np.repeat(depthwise.vjp(x, w, dA)[1].sum(axis=1, keepdims=True), w.shape[1], axis=1)
    ),
    transposed.of(0).but("dX by the flipped kernel: the transposed of the transposed")(
        lambda x, w, dA: correlate(dA, w[::-1])
    ),
    transposed.of(1).but("dw transposed for c = o: the shapes fit")(
        lambda x, w, dA: dw(dA, w, x).swapaxes(1, 2).copy() if w.shape[1] == w.shape[2] else dw(dA, w, x)
    ),
]
