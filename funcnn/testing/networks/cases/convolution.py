"""Cases of convolutions, pooling, padding and upsampling: strides, dilations, groups, and windows with ties."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from funcnn.layers.convolution.adaptive import AdaptiveAvgPool, AdaptiveMaxPool
from funcnn.layers.convolution.conv import Conv1d, Conv2d
from funcnn.layers.convolution.global_pool import GlobalAvgPool, GlobalMaxPool
from funcnn.layers.convolution.pad import Pad
from funcnn.layers.convolution.pool import AvgPool, MaxPool
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.convolution.upsample import Upsample
from funcnn.testing.networks.table import Case, masks, register
from funcnn.testing.tensors import tensor

small = st.integers(1, 3)
sides = st.tuples(st.integers(0, 2), st.integers(0, 2))


@st.composite
def convolutions(draw: st.DrawFn, layer: Any, axes: int) -> Case:
    """A kernel with any settings, and an x with at least one window."""
    size = draw(st.tuples(*[small] * axes))
    stride, dilation = [draw(st.tuples(*[st.integers(1, 2)] * axes)) for _ in range(2)]
    padding: Any = draw(st.sampled_from(["same", "valid"]) | st.tuples(*[sides] * axes))
    groups, c_in, c_out = draw(st.sampled_from([1, 1, 2])), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    transposed = layer is ConvTranspose2d
    channels = (groups * c_in, c_out) if transposed else (c_in, groups * c_out)
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, size, strict=True)]
    before = padding if type(padding) is tuple else [(0, 0)] * axes
    least = [1 + (sum(side) if transposed else r - 1) for r, side in zip(reach, before, strict=True)]
    positions = [n + draw(st.integers(0, 2)) for n in least]
    W = draw(tensor((*size, *channels)))
    b = draw(st.none() | tensor((groups * c_out,)))
    x = draw(tensor((draw(small), *positions, groups * c_in)))
    if axes == 1:
        padding = padding[0] if type(padding) is tuple else padding
        return layer(W, b, stride[0], padding, dilation[0], groups), x
    return layer(W, b, stride, padding, dilation, groups), x


@st.composite
def spatial(draw: st.DrawFn, most: int = 5) -> Any:
    """A sequence or an image."""
    sequence = st.tuples(small, st.integers(1, most), small)
    image = st.tuples(st.integers(1, 2), *[st.integers(1, 4)] * 2, small)
    return draw((sequence | image).flatmap(tensor))


@st.composite
def pools(draw: st.DrawFn, layer: Any) -> Case:
    """Windows that are adjacent, overlap or leave positions out."""
    x = draw(spatial())
    size = tuple([draw(st.integers(1, min(n, 3))) for n in x.shape[1:-1]])
    stride = draw(st.none() | small | st.tuples(*[small] * len(size)))
    within = tuple([(draw(st.integers(0, k - 1)), draw(st.integers(0, k - 1))) for k in size])
    alike = draw(st.booleans())  # the setting is one number for both axes
    padding = draw(st.sampled_from(["same", 0] if alike else [within]))
    return layer(min(size) if alike else size, stride, padding, draw(st.booleans())), x


@st.composite
def pooled(draw: st.DrawFn) -> Any:
    """An image, or a sequence with or without a mask; some rows are all padding."""
    x = draw(spatial())
    if x.ndim > 3:
        return x
    mask = draw(masks(*x.shape[:2]))
    return draw(st.sampled_from([x, (x, mask), (x, None)]))


@st.composite
def positions(draw: st.DrawFn, most: int = 4) -> Any:
    """A sequence, an image or a volume."""
    size = draw(st.sampled_from([1, 2, 2, 3]))
    return draw(tensor((draw(st.integers(1, 2)), *draw(st.tuples(*[st.integers(1, most)] * size)), draw(small))))


@st.composite
def padded(draw: st.DrawFn) -> Case:
    """As much padding as the mode allows, or one number for all sides."""
    mode: Any = draw(st.sampled_from(["constant", "reflect", "edge", "wrap"]))
    x = draw(positions(3))
    most = [min(n - (mode == "reflect"), 2) if mode in {"reflect", "wrap"} else 2 for n in x.shape[1:-1]]
    pairs = tuple([(draw(st.integers(0, n)), draw(st.integers(0, n))) for n in most])
    return Pad(draw(st.sampled_from([pairs, min(most)])), mode, draw(st.sampled_from([0.0, -1.5]))), x


@st.composite
def adaptive(draw: st.DrawFn, layer: Any) -> Case:
    """Windows that are equal, differ, or overlap, also where out has more positions than x."""
    x = draw(positions())
    return layer(draw(st.integers(1, 3) | st.tuples(*[st.integers(1, 3)] * (x.ndim - 2)))), x


register(Conv1d, convolutions(Conv1d, 1))
register(Conv2d, convolutions(Conv2d, 2))
register(ConvTranspose2d, convolutions(ConvTranspose2d, 2))
register(MaxPool, pools(MaxPool))
register(AvgPool, pools(AvgPool))
register(AdaptiveAvgPool, adaptive(AdaptiveAvgPool))
register(AdaptiveMaxPool, adaptive(AdaptiveMaxPool))
register(Pad, padded())
register(GlobalAvgPool, st.tuples(st.just(GlobalAvgPool()), pooled()))
register(GlobalMaxPool, st.tuples(st.just(GlobalMaxPool()), pooled()))
register(Upsample, st.tuples(st.builds(Upsample, st.integers(1, 3), st.booleans()), spatial(3)))
