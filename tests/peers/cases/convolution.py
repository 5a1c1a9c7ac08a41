"""Convolutions, pooling, upsampling."""

import numpy as np
from hypothesis import strategies as st

from funcnn import Conv2d, GlobalAvgPool, MaxPool
from funcnn.layers import AvgPool, Conv1d, ConvTranspose2d, GlobalMaxPool, Upsample
from tests.peers.cases.drawing import within
from tests.peers.cases.embedding import mask


def kernel(layer, *shape, channels=None, **settings):
    b = within(3, channels) if channels else st.none()
    return st.builds(layer, within(3, *shape), b, **{name: st.just(value) for name, value in settings.items()})


def untied(*shape):
    """Of two equal maxima JAX blames each by half, where funcnn blames the first."""
    return within(30, *shape).map(lambda x: x + 1.2345678e-6 * np.arange(1, x.size + 1).reshape(x.shape))


CASES = {
    Conv1d: [
        (kernel(Conv1d, 3, 2, 4, channels=4, padding=(4, 0), dilation=2), within(3, 2, 6, 2)),
        (kernel(Conv1d, 4, 2, 3, padding="same", stride=2), within(3, 2, 7, 2)),
        (kernel(Conv1d, 2, 1, 6, channels=6, padding=1, groups=3), within(3, 2, 4, 3)),
    ],
    Conv2d: [
        (kernel(Conv2d, 3, 2, 2, 3, channels=3, padding="same", stride=(2, 1)), within(3, 2, 5, 4, 2)),
        (kernel(Conv2d, 2, 2, 2, 4, channels=4, padding=((1, 0), 2), dilation=(1, 2), groups=2), within(3, 2, 4, 3, 4)),
        (kernel(Conv2d, 3, 3, 1, 4, padding=1, stride=2, groups=2), within(3, 2, 4, 5, 2)),  # depthwise
    ],
    ConvTranspose2d: [
        (kernel(ConvTranspose2d, 3, 2, 2, 3, channels=3, padding="same", stride=(2, 3)), within(3, 2, 3, 4, 2)),
        (kernel(ConvTranspose2d, 2, 3, 4, 1, channels=2, padding=((1, 0), 2), groups=2), within(3, 2, 3, 3, 4)),
        (kernel(ConvTranspose2d, 2, 2, 2, 1, stride=2, dilation=2, groups=2), within(3, 2, 2, 3, 2)),
    ],
    MaxPool: [
        (st.just(MaxPool(2)), untied(2, 5, 3)),
        (st.just(MaxPool((3, 2), 1, "same")), untied(2, 4, 3, 2)),
        (st.just(MaxPool(3, (1, 2), ((1, 2), (0, 1)))), untied(2, 3, 5, 2)),
    ],
    AvgPool: [
        (st.just(AvgPool(2)), within(30, 2, 5, 3)),
        (st.just(AvgPool((3, 2), 1, "same")), within(30, 2, 4, 3, 2)),
        (st.just(AvgPool(3, (1, 2), ((1, 2), (0, 1)))), within(30, 2, 3, 5, 2)),
    ],
    GlobalAvgPool: [
        (st.just(GlobalAvgPool()), within(30, 2, 5, 3)),
        (st.just(GlobalAvgPool()), within(30, 2, 3, 4, 2)),
        (st.just(GlobalAvgPool()), st.tuples(within(30, 3, 4, 2), mask(3, 4))),
    ],
    GlobalMaxPool: [
        (st.just(GlobalMaxPool()), untied(2, 5, 3)),
        (st.just(GlobalMaxPool()), untied(2, 3, 4, 2)),
        (st.just(GlobalMaxPool()), st.tuples(untied(3, 4, 2), mask(3, 4))),
    ],
    Upsample: [
        (st.just(Upsample(3)), within(30, 2, 3, 2)),
        (st.just(Upsample((2, 3), linear=True)), within(30, 2, 3, 4, 2)),
        (st.just(Upsample(2, linear=True)), within(30, 2, 1, 2)),
    ],
}
