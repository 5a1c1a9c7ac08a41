"""Pooling and resizing, along one axis."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.axes import first_largest
from tests.mutants.family import family

pairs = family("max pooling", fst.tensors("m 6"))(
    lambda x: x.reshape(-1, 3, 2).max(axis=2),
    lambda x, dA: [(dA[..., None] * first_largest(x.reshape(-1, 3, 2), 2)).reshape(x.shape)],
)


overlapping = family("max pooling of overlapping windows", fst.tensors("m 5"))(
    lambda x: windows(x).max(axis=2), lambda x, dA: [back(dA[..., None] * first_largest(windows(x), 2), np.add)]
)

windows = lambda x: np.stack([x[:, :3], x[:, 1:4], x[:, 2:5]], axis=1)


def back(d, join):
    """Add the gradient of each window at its position."""
    wide = [np.pad(d[:, i], ((0, 0), (i, 2 - i))) for i in range(3)]
    return join(join(wide[0], wide[1]), wide[2])


by_last = lambda a, b: np.where(b != 0, b, a)

COUNTS = np.array([2.0, 3, 2])


average = family(  # windows of 3 with stride 3; the zero padded on each side does not count
    "average pooling", fst.tensors("m 3")
)(lambda x: averages(x) / COUNTS, lambda x, dA: [averages(dA / COUNTS)])


def averages(x):
    p = np.pad(x, ((0, 0), (1, 1)))
    return p[:, :-2] + p[:, 1:-1] + p[:, 2:]


nearest = family("nearest upsampling", fst.tensors("m t"))(
    lambda x: np.repeat(x, 3, axis=1), lambda x, dA: [dA.reshape(*x.shape, 3).sum(axis=2)]
)


def weights(n, swap=0.0, *, corners=False):
    """The matrix that upsamples n numbers to 2 n by linear interpolation."""
    at = np.arange(2 * n) * (n - 1) / (2 * n - 1) if corners else np.clip((np.arange(2 * n) + 0.5) / 2 - 0.5, 0, n - 1)
    near = np.maximum(1 - abs(at[:, None] - np.arange(n)), 0)
    return near if not swap else np.where(near > 0, np.where(near < 1, 1 - near, 1), 0)


linear = family("linear upsampling", fst.tensors("m t"))(
    lambda x: x @ weights(x.shape[1]).T, lambda x, dA: [dA @ weights(x.shape[1])]
)


shuffle = family(  # channels to positions
    "pixel shuffle", fst.tensors("m t c 2")
)(
    lambda x: x.swapaxes(2, 3).reshape(len(x), -1, x.shape[2]),
    lambda x, dA: [dA.reshape(x.shape[0], x.shape[1], 2, x.shape[2]).swapaxes(2, 3).copy()],
)


everywhere = family("global average pooling", fst.tensors("m t c"))(
    lambda x: x.mean(axis=1), lambda x, dA: [np.repeat(dA[:, None] / x.shape[1], x.shape[1], axis=1)]
)


at_points = family(  # linear interpolation of x at t; the slope by t is the difference of two entries
    "interpolation at points", fst.tensors("4", "k")
)(
    lambda x, t: x[low(t)] * (1 - part(t)) + x[low(t) + 1] * part(t),
    lambda x, t, dA: [read_back(dA, t), dA * (x[low(t) + 1] - x[low(t)]) * 1.5 * (1 - np.tanh(t) ** 2)],
)

position = lambda t: 1.5 * (1 + np.tanh(t))
low = lambda t: np.clip(np.floor(position(t)).astype(int), 0, 2)
part = lambda t: position(t) - low(t)


def read_back(dA, t, near=0, far=1):
    out = np.zeros(4)
    np.add.at(out, low(t) + near, dA * (1 - part(t)))
    np.add.at(out, low(t) + far, dA * part(t))
    return out


def to_every_tie(x, dA):
    w = x.reshape(-1, 3, 2)
    return [(dA[..., None] * (w == w.max(axis=2, keepdims=True))).reshape(x.shape)]


MUTANTS = [
    pairs.but("the whole gradient to every tie: x == max")(to_every_tie),
    pairs.but("the position within the window for that in the row: argmax is local")(
        lambda x, dA: [np.pad(dA.sum(axis=1)[:, None] * first_largest(x.reshape(-1, 3, 2), 2)[:, 0], ((0, 0), (0, 4)))]
    ),
    overlapping.but("the last window overwrites: = for +=")(
        lambda x, dA: [back(dA[..., None] * first_largest(windows(x), 2), by_last)]
    ),
    average.but("padding counted in backward: always 3")(lambda x, dA: [averages(dA / 3)]),
    average.but("counts of where it goes: divided after the sum")(lambda x, dA: [averages(dA) / COUNTS]),
    nearest.but("the first copy's: not summed")(lambda x, dA: [dA[:, ::3].copy()]),
    nearest.but("the mean: downsampled again")(lambda x, dA: [dA.reshape(*x.shape, 3).mean(axis=2)]),
    linear.but("weights exchanged: w and 1 - w")(lambda x, dA: [dA @ weights(x.shape[1], 1.0)]),
    linear.but("corners aligned in backward: an option with two defaults")(
        lambda x, dA: [dA @ weights(x.shape[1], corners=True)]
    ),
    shuffle.but("channels in the other order: a reshape without the swap")(lambda x, dA: [dA.reshape(x.shape).copy()]),
    everywhere.but("not divided: sum pooling")(lambda x, dA: [np.repeat(dA[:, None], x.shape[1], axis=1)]),
    everywhere.but("divided by the channels: the other axis")(
        lambda x, dA: [np.repeat(dA[:, None] / x.shape[2], x.shape[1], axis=1)]
    ),
    at_points.of(0).but("weights exchanged: the near one gets the far one's")(lambda x, t, dA: read_back(dA, t, 1, 0)),
    at_points.of(1).but("no gradient of the point: an index")(lambda x, t, dA: 0 * t),
]
