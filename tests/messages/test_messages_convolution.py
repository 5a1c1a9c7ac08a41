"""Error messages of convolution, pooling and upsampling, pinned word for word."""

import numpy as np
import pytest

from funcnn import Conv2d, GlobalAvgPool, MaxPool, backward, forward
from funcnn.core import backward_params
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.generation import fixed_memory, step
from funcnn.layers import AvgPool, Conv1d, ConvTranspose2d, GlobalMaxPool, Upsample
from funcnn.trees import astype
from tests.says import assert_says

W, b = np.ones((3, 3, 2, 4)), np.zeros(4)
conv, line, transposed = Conv2d(W, b), Conv1d(W[0], b), ConvTranspose2d(W, b)
net = (conv, MaxPool(2))
x = np.linspace(-1, 1, 480).reshape(4, 10, 6, 2)
cache = {
    layer: forward(layer, x)[1] for layer in (conv, transposed, MaxPool(2), AvgPool(2), GlobalAvgPool(), Upsample(2))
}
dA = np.ones((4, 8, 4, 4))
# Sequences: with a memory, and with a mask.
series, causal = np.ones((2, 5, 4)), Conv1d(np.ones((3, 4, 1)), None, padding=(2, 0))
_, past = step(causal, series)
MEMORY = "step: the memory of Conv1d must be"
steps, there = np.ones((3, 5, 2)), np.ones((3, 5), bool)

ROWS = {
    "a kernel that is not given": (
        lambda: Conv2d.init(3, 8),
        TypeError,
        "Conv2d.init() missing 1 required positional argument: 'kernel'",
    ),
    # The weights.
    "a kernel of three axes": (
        lambda: Conv2d(W[0], b),
        ShapeError,
        "Conv2d: W must be (kh, kw, c_in / groups, c_out), none of them 0; W: (3, 2, 4), b: (4,)",
    ),
    "a kernel of no taps": (
        lambda: Conv2d(W[:0], b),
        ShapeError,
        "Conv2d: W must be (kh, kw, c_in / groups, c_out), none of them 0; W: (0, 3, 2, 4), b: (4,)",
    ),
    "a bias of another length": (
        lambda: Conv2d(W, b[:3]),
        ShapeError,
        "Conv2d: W must be (kh, kw, c_in / groups, c_out) and b (c_out,) or None; W: (3, 3, 2, 4), b: (3,)",
    ),
    "a W of torch": (
        lambda: Conv2d(np.ones((5, 2, 3, 3)), np.ones(5)),
        ShapeError,
        "Conv2d: W must be (kh, kw, c_in / groups, c_out) and b (c_out,) or None; W: (5, 2, 3, 3), b: (5,); "
        "for a W of torch write W.transpose(2, 3, 1, 0)",
    ),
    "a bias of another dtype": (
        lambda: Conv2d(W, b.astype("f")),
        KindError,
        "Conv2d: b is float32, W is float64; write b.astype('float64')",
    ),
    "groups that do not divide": (
        lambda: Conv2d(W, b, groups=3),
        RangeError,
        "Conv2d: groups must divide c_in, 6, and c_out, 4; it is 3",
    ),
    "a sequence's kernel of four axes": (
        lambda: Conv1d(W, b),
        ShapeError,
        "Conv1d: W must be (k, c_in / groups, c_out), none of them 0; W: (3, 3, 2, 4), b: (4,)",
    ),
    "groups of a transposed convolution": (
        lambda: ConvTranspose2d(W, None, groups=4),
        RangeError,
        "ConvTranspose2d: groups must divide c_in, 2, and c_out, 16; it is 4",
    ),
    "the bias of a group": (
        lambda: ConvTranspose2d(W, b, groups=2),
        ShapeError,
        "ConvTranspose2d: W must be (kh, kw, c_in, c_out / groups) and b (c_out,) or None; W: (3, 3, 2, 4), b: (4,)",
    ),
    "weights in a list": (
        lambda: Conv2d([[1.0]], b),
        KindError,
        "Conv2d: W must be an array of floats, not list; write np.array(W, float)",
    ),
    "init with channels that are a float": (
        lambda: Conv2d.init(4.0, 4, 3, seed=0),
        KindError,
        "Conv2d.init: c_in must be a whole number, not float; write int(c_in)",
    ),
    "init with weights that are a name": (
        lambda: Conv1d.init(4, 4, 3, seed=0, weights="glorot"),
        KindError,
        "Conv1d.init: weights must be an initializer, such as glorot_uniform, not str",
    ),
    "init with groups that do not divide": (
        lambda: Conv1d.init(4, 6, 3, seed=0, groups=4),
        RangeError,
        "Conv1d.init: groups must divide c_in, 4, and c_out, 6; it is 4",
    ),
    "init of a kernel of three numbers": (
        lambda: Conv2d.init(2, 4, (3, 3, 3), seed=0),
        KindError,
        "Conv2d.init: kernel must be a whole number from 1 on, or a pair of them, not (3, 3, 3)",
    ),
    "init of an empty kernel": (
        lambda: ConvTranspose2d.init(2, 4, 0, seed=0),
        RangeError,
        "ConvTranspose2d.init: kernel must be a whole number from 1 on, or a pair of them, not 0",
    ),
    "init of a negative kernel": (
        lambda: Conv1d.init(2, 4, -1, seed=0),
        RangeError,
        "Conv1d.init: kernel must be a whole number from 1 on, not -1",
    ),
    "init of two kernels for a sequence": (
        lambda: Conv1d.init(2, 4, (3, 3), seed=0),
        KindError,
        "Conv1d.init: kernel must be a whole number from 1 on, not (3, 3)",
    ),
    "init of no whole kernel": (
        lambda: Conv2d.init(2, 4, 2.5, seed=0),
        KindError,
        "Conv2d.init: kernel must be a whole number from 1 on, or a pair of them, not 2.5",
    ),
    # Settings.
    "stride 0": (
        lambda: Conv2d(W, b, 0),
        RangeError,
        "Conv2d: stride must be a whole number from 1 on, or a pair of them, not 0",
    ),
    "stride 0 along one axis": (
        lambda: Conv2d(W, b, (1, 0)),
        RangeError,
        "Conv2d: stride must be a whole number from 1 on, or a pair of them, not (1, 0)",
    ),
    "a stride for three axes": (
        lambda: Conv2d(W, b, (1, 1, 1)),
        KindError,
        "Conv2d: stride must be a whole number from 1 on, or a pair of them, not (1, 1, 1)",
    ),
    "a stride of one and a half": (
        lambda: Conv2d(W, b, 1.5),
        KindError,
        "Conv2d: stride must be a whole number from 1 on, or a pair of them, not 1.5",
    ),
    "strides in a list": (
        lambda: Conv2d(W, b, [1, 2]),
        KindError,
        "Conv2d: stride must be a whole number from 1 on, or a pair of them, not list",
    ),
    "stride 0 of a sequence": (
        lambda: Conv1d(W[0], b, 0),
        RangeError,
        "Conv1d: stride must be a whole number from 1 on, not 0",
    ),
    "a pair of strides for a sequence": (
        lambda: Conv1d(W[0], b, (1, 2)),
        KindError,
        "Conv1d: stride must be a whole number from 1 on, not (1, 2)",
    ),
    "dilation 0": (
        lambda: Conv2d(W, b, dilation=0),
        RangeError,
        "Conv2d: dilation must be a whole number from 1 on, or a pair of them, not 0",
    ),
    "a word that is no padding": (
        lambda: Conv2d(W, b, padding="full"),
        KindError,
        'Conv2d: padding must be "same", "valid", a whole number from 0 on, or a tuple of a number or a pair '
        "(before, after) for each of h and w, not 'full'",
    ),
    "a negative padding": (
        lambda: Conv2d(W, b, padding=-1),
        RangeError,
        'Conv2d: padding must be "same", "valid", a whole number from 0 on, or a tuple of a number or a pair '
        "(before, after) for each of h and w, not -1",
    ),
    "three sides": (
        lambda: Conv2d(W, b, padding=((1, 1, 1), 0)),
        KindError,
        'Conv2d: padding must be "same", "valid", a whole number from 0 on, or a tuple of a number or a pair '
        "(before, after) for each of h and w, not ((1, 1, 1), 0)",
    ),
    "half a padding": (
        lambda: Conv2d(W, b, padding=0.5),
        KindError,
        'Conv2d: padding must be "same", "valid", a whole number from 0 on, or a tuple of a number or a pair '
        "(before, after) for each of h and w, not 0.5",
    ),
    "no padding at all": (
        lambda: Conv2d(W, b, padding=None),
        KindError,
        'Conv2d: padding must be "same", "valid", a whole number from 0 on, or a tuple of a number or a pair '
        "(before, after) for each of h and w, not None",
    ),
    "sides of an image for a sequence": (
        lambda: Conv1d(W[0], b, padding=((1, 1), (1, 1))),
        KindError,
        'Conv1d: padding must be "same", "valid", a whole number from 0 on, or a pair (before, after), not ((1, '
        "1), (1, 1))",
    ),
    "a negative side of a sequence": (
        lambda: Conv1d(W[0], b, padding=(2, -2)),
        RangeError,
        'Conv1d: padding must be "same", "valid", a whole number from 0 on, or a pair (before, after), not (2, -2)',
    ),
    "a window of nothing": (
        lambda: MaxPool(0),
        RangeError,
        "MaxPool: size must be a whole number from 1 on, or a tuple of them, not 0",
    ),
    "no windows": (
        lambda: MaxPool(()),
        KindError,
        "MaxPool: size must be a whole number from 1 on, or a tuple of them, not ()",
    ),
    "a window in words": (
        lambda: AvgPool("2"),
        KindError,
        "AvgPool: size must be a whole number from 1 on, or a tuple of them, not '2'",
    ),
    "stride 0 of a pool": (
        lambda: MaxPool(2, 0),
        RangeError,
        "MaxPool: stride must be a whole number from 1 on, or a tuple of them, not 0",
    ),
    "numbers for the sides of a pool": (
        lambda: MaxPool(2, padding=(1, 0)),
        KindError,
        'MaxPool: padding must be "same", "valid", a whole number from 0 on, or a tuple of pairs (before, '
        "after), one for each axis, not (1, 0)",
    ),
    "factor 0": (
        lambda: Upsample(0),
        RangeError,
        "Upsample: factor must be a whole number from 1 on, or a tuple of them, not 0",
    ),
    "half a factor": (
        lambda: Upsample(0.5),
        KindError,
        "Upsample: factor must be a whole number from 1 on, or a tuple of them, not 0.5",
    ),
    # x.
    "an image without channels": (
        lambda: forward(Conv2d(W[:, :, :1], b), x[..., 0]),
        ShapeError,
        "Conv2d: x must be (m, h, w, 1), not (4, 10, 6); write x[..., None] for one channel",
    ),
    "rows of features": (lambda: forward(conv, x[0, 0]), ShapeError, "Conv2d: x must be (m, h, w, 2), not (6, 2)"),
    "too many channels": (
        lambda: forward(conv, np.ones((4, 10, 6, 3))),
        ShapeError,
        "Conv2d: x must be (m, h, w, 2), not (4, 10, 6, 3)",
    ),
    "channels first": (
        lambda: forward(conv, np.ones((4, 2, 10, 6))),
        ShapeError,
        "Conv2d: x must be (m, h, w, 2), not (4, 2, 10, 6); channels are last, so write x.transpose(0, 2, 3, 1)",
    ),
    "a float64 x for a float32 kernel": (
        lambda: forward(astype(conv, np.float32), x),
        KindError,
        "Conv2d: x is float64, W is float32; write x.astype('float32')",
    ),
    "whole numbers for a convolution": (
        lambda: forward(conv, x.astype(int)),
        KindError,
        "Conv2d: x is int64, W is float64; write x.astype('float64')",
    ),
    "x in a list": (
        lambda: forward(conv, x.tolist()),
        KindError,
        "Conv2d: x must be an array, not list; write np.asarray(x)",
    ),
    "a kernel larger than the image": (
        lambda: forward(conv, x[:, :, :2]),
        ShapeError,
        "Conv2d: x must have at least 3 positions along w, the length of a window, not 2",
    ),
    "a kernel larger than the padded image": (
        lambda: forward(Conv2d(W, b, padding=((1, 0), 0), dilation=6), x),
        ShapeError,
        "Conv2d: x must have at least 13 positions along h, the length of a window, not 10 and 1 + 0 of padding",
    ),
    "a kernel larger than the sequence": (
        lambda: forward(line, x[:, :2, 0]),
        ShapeError,
        "Conv1d: x must have at least 3 positions along t, the length of a window, not 2",
    ),
    "no places": (
        lambda: forward(Conv2d(W, b, padding="same"), x[:, :0]),
        ShapeError,
        "Conv2d: x must have positions along h, not 0",
    ),
    "an image for a sequence": (lambda: forward(line, x), ShapeError, "Conv1d: x must be (m, t, 2), not (4, 10, 6, 2)"),
    "a sequence without its axis": (
        lambda: forward(line, x[0, 0]),
        ShapeError,
        "Conv1d: x must be (m, t, 2), not (6, 2); write x[None] for one row",
    ),
    "padding that cuts off everything": (
        lambda: forward(ConvTranspose2d(W, b, padding=(0, 2)), x[:, :, :1]),
        ShapeError,
        "ConvTranspose2d: padding must leave a position of out along w; it cuts 2 + 2 off 3",
    ),
    "no places to transpose": (
        lambda: forward(ConvTranspose2d(W, b, padding="same"), x[:, :0]),
        ShapeError,
        "ConvTranspose2d: x must have positions along h, not 0",
    ),
    "too many channels to transpose": (
        lambda: forward(transposed, dA),
        ShapeError,
        "ConvTranspose2d: x must be (m, h, w, 2), not (4, 8, 4, 4)",
    ),
    "in a network": (
        lambda: forward(net, x[:, :2]),
        ShapeError,
        "Conv2d: x must have at least 3 positions along h, the length of a window, not 2",
        [
            "in layer 0, Conv2d(W=<f64 3x3x2x4>, b=<f64 [0. 0. 0. 0.]>, stride=(1, 1), padding=((0, 0), (0, "
            "0)), dilation=(1, 1), groups=1), x: <f64 4x2x6x2>"
        ],
    ),
    "a window larger than x": (
        lambda: forward(MaxPool(8), x),
        ShapeError,
        "MaxPool: x must have at least 8 positions along w, the length of a window, not 6",
    ),
    "padding as large as the window": (
        lambda: forward(MaxPool(2, padding=2), x),
        RangeError,
        "MaxPool: padding must be less than size, or some window covers padding alone; along h size is 2, "
        "padding (2, 2)",
    ),
    "one side as large as the window": (
        lambda: forward(AvgPool(3, padding=((0, 0), (0, 3))), x),
        RangeError,
        "AvgPool: padding must be less than size, or some window covers padding alone; along w size is 3, "
        "padding (0, 3)",
    ),
    "a window for a sequence": (
        lambda: forward(MaxPool((2, 2)), x[:, 0]),
        ShapeError,
        "MaxPool: size must be a number, or a tuple of 1, one entry for each axis of positions of x, not (2, 2)",
    ),
    "a stride for a sequence": (
        lambda: forward(MaxPool(2, (2,)), x),
        ShapeError,
        "MaxPool: stride must be a number, or a tuple of 2, one entry for each axis of positions of x, not (2,)",
    ),
    "sides for a sequence": (
        lambda: forward(AvgPool(2, 2, ((1, 1),)), x),
        ShapeError,
        "AvgPool: padding must be a number, or a tuple of 2, one entry for each axis of positions of x, not ((1, 1),)",
    ),
    "rows for a pool": (
        lambda: forward(MaxPool(2), x[0, 0]),
        ShapeError,
        "MaxPool: x must be (m, t, c) or (m, h, w, c), not (6, 2)",
    ),
    "whole numbers for a pool": (
        lambda: forward(MaxPool(2), x.astype(int)),
        KindError,
        "MaxPool: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    "whole numbers for a mean": (
        lambda: forward(AvgPool(2), x.astype(int)),
        KindError,
        "AvgPool: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    "rows for a global pool": (
        lambda: forward(GlobalAvgPool(), x[0, 0]),
        ShapeError,
        "GlobalAvgPool: x must be (m, t, c) or (m, h, w, c), with at least one position, not (6, 2)",
    ),
    "the mean of no places": (
        lambda: forward(GlobalAvgPool(), x[:, :0]),
        ShapeError,
        "GlobalAvgPool: x must be (m, t, c) or (m, h, w, c), with at least one position, not (4, 0, 6, 2)",
    ),
    "the maximum of no places": (
        lambda: forward(GlobalMaxPool(), x[:, :, :0]),
        ShapeError,
        "GlobalMaxPool: x must be (m, t, c) or (m, h, w, c), with at least one position, not (4, 10, 0, 2)",
    ),
    "whole numbers for a global pool": (
        lambda: forward(GlobalMaxPool(), x.astype(int)),
        KindError,
        "GlobalMaxPool: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    "rows to enlarge": (
        lambda: forward(Upsample(2), x[0, 0]),
        ShapeError,
        "Upsample: x must be (m, t, c) or (m, h, w, c), t, h and w at least 1, not (6, 2)",
    ),
    "no places to enlarge": (
        lambda: forward(Upsample(2, linear=True), x[:, :0]),
        ShapeError,
        "Upsample: x must be (m, t, c) or (m, h, w, c), t, h and w at least 1, not (4, 0, 6, 2)",
    ),
    "factors for a sequence": (
        lambda: forward(Upsample((2, 2)), x[:, 0]),
        ShapeError,
        "Upsample: factor must be a number, or a tuple of 1, one entry for each axis of positions of x, not (2, 2)",
    ),
    "whole numbers to enlarge": (
        lambda: forward(Upsample(2), x.astype(int)),
        KindError,
        "Upsample: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    # Backward.
    "another network's cache": (
        lambda: backward(conv, dA, dA),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 4x8x4x4>, layer: Conv2d(W=<f64 3x3x2x4>, "
        "b=<f64 [0. 0. 0. 0.]>, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1)",
    ),
    "no cache": (
        lambda: backward_params(conv, (), dA),
        ShapeError,
        "backward: the cache is of another network; cache: (), layer: Conv2d(W=<f64 3x3x2x4>, b=<f64 [0. 0. 0. "
        "0.]>, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1)",
    ),
    "a sequence's cache": (
        lambda: backward(conv, x[0], dA),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 10x6x2>, layer: Conv2d(W=<f64 3x3x2x4>, b=<f64 "
        "[0. 0. 0. 0.]>, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1)",
    ),
    "a cache of a transposed convolution": (
        lambda: backward(transposed, dA, dA),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 4x8x4x4>, layer: ConvTranspose2d(W=<f64 "
        "3x3x2x4>, b=<f64 [0. 0. 0. 0.]>, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1)",
    ),
    "a cache of a convolution of sequences": (
        lambda: backward(line, x, dA),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 4x10x6x2>, layer: Conv1d(W=<f64 3x2x4>, b=<f64 "
        "[0. 0. 0. 0.]>, stride=1, padding=(0, 0), dilation=1, groups=1)",
    ),
    "dA of another shape": (
        lambda: backward(conv, x, dA[:, 1:]),
        ShapeError,
        "Conv2d: dA must have the shape of out, (4, 8, 4, 4); it has (4, 7, 4, 4)",
    ),
    "dA of another dtype": (
        lambda: backward(conv, x, dA.astype("f")),
        KindError,
        "Conv2d: dA is float32, out is float64; write dA.astype('float64')",
    ),
    "dA of another shape for a sequence": (
        lambda: backward(line, x[:, 0], dA[:, 0, 1:]),
        ShapeError,
        "Conv1d: dA must have the shape of out, (4, 4, 4); it has (4, 3, 4)",
    ),
    "dA of x's shape": (
        lambda: backward(transposed, x, x),
        ShapeError,
        "ConvTranspose2d: dA must have the shape of out, (4, 12, 8, 4); it has (4, 10, 6, 2)",
    ),
    "a max pool's cache without out": (
        lambda: backward(MaxPool(2), x, x),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 4x10x6x2>, layer: MaxPool(size=2, stride=None, "
        "padding=0)",
    ),
    "a max pool's cache of no arrays": (
        lambda: backward(MaxPool(2), (None, None), x),
        ShapeError,
        "backward: the cache is of another network; cache: None, layer: MaxPool(size=2, stride=None, padding=0)",
    ),
    "a max pool's dA": (
        lambda: backward(MaxPool(2), forward(MaxPool(2), x)[1], x),
        ShapeError,
        "MaxPool: dA must have the shape of out, (4, 5, 3, 2); it has (4, 10, 6, 2)",
    ),
    "an average pool's cache": (
        lambda: backward(AvgPool(2), (x, x), x),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 4x10x6x2>, <f64 4x10x6x2>), layer: "
        "AvgPool(size=2, stride=None, padding=0)",
    ),
    "an average pool's dA": (
        lambda: backward(AvgPool(2), x, x),
        ShapeError,
        "AvgPool: dA must have the shape of out, (4, 5, 3, 2); it has (4, 10, 6, 2)",
    ),
    "an average pool's dA of a sequence": (
        lambda: backward(AvgPool(2), x[:, 0], x[:, 0]),
        ShapeError,
        "AvgPool: dA must have the shape of out, (4, 3, 2); it has (4, 6, 2)",
    ),
    "a global average's cache": (
        lambda: backward(GlobalAvgPool(), (), x),
        ShapeError,
        "backward: the cache is of another network; cache: (), layer: GlobalAvgPool()",
    ),
    "a global average's dA": (
        lambda: backward(GlobalAvgPool(), x, x),
        ShapeError,
        "GlobalAvgPool: dA must have the shape of out, (4, 2); it has (4, 10, 6, 2)",
    ),
    "a global maximum's cache": (
        lambda: backward(GlobalMaxPool(), None, x),
        ShapeError,
        "backward: the cache is of another network; cache: None, layer: GlobalMaxPool()",
    ),
    "a global maximum's dA": (
        lambda: backward(GlobalMaxPool(), x, x[:3, 0, 0]),
        ShapeError,
        "GlobalMaxPool: dA must have the shape of out, (4, 2); it has (3, 2)",
    ),
    "an upsampling's cache": (
        lambda: backward(Upsample(2), (x,), x),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 4x10x6x2>,), layer: Upsample(factor=2, linear=False)",
    ),
    "an upsampling's dA": (
        lambda: backward(Upsample(2), x, x),
        ShapeError,
        "Upsample: dA must have the shape of out, (4, 20, 12, 2); it has (4, 10, 6, 2)",
    ),
    # Step by step.
    "a convolution that looks ahead": (
        lambda: step(line, x[:, :1, 0]),
        KindError,
        "step: Conv1d must be causal, of stride 1 and padding (2, 0); stride is 1, padding (0, 0)",
    ),
    "a causal convolution of stride 2": (
        lambda: step(Conv1d(W[0], b, 2, (2, 0)), x[:, :1, 0]),
        KindError,
        "step: Conv1d must be causal, of stride 1 and padding (2, 0); stride is 2, padding (2, 0)",
    ),
    "a step of an image": (
        lambda: step(conv, x),
        KindError,
        "step: Conv2d mixes positions, so it cannot take one part of a sequence alone",
    ),
    "a step of a pool": (
        lambda: step(MaxPool(2), x[:, :1, 0]),
        KindError,
        "step: MaxPool mixes positions, so it cannot take one part of a sequence alone",
    ),
    "a step of a global pool": (
        lambda: step(GlobalAvgPool(), x[:, :1, 0]),
        KindError,
        "step: GlobalAvgPool mixes positions, so it cannot take one part of a sequence alone",
    ),
    "a step of what is linear": (
        lambda: step(Upsample(2, linear=True), x[:, :1, 0]),
        KindError,
        "step: Upsample must not be linear; else out depends on the next position",
    ),
    "a memory for upsampling between values": (
        lambda: fixed_memory(Upsample(2, linear=True), 2, 9),
        KindError,
        "fixed_memory: Upsample must not be linear; else out depends on the next position",
    ),
    "a memory for a convolution that looks ahead": (
        lambda: fixed_memory(line, 2, 9),
        KindError,
        "fixed_memory: Conv1d must be causal, of stride 1 and padding (2, 0); stride is 1, padding (0, 0)",
    ),
    # The memory of a step.
    "the memory of a position for a convolution": (
        lambda: step(causal, series, 5),
        ShapeError,
        f"{MEMORY} an array of float64, (2, 2, 4), not 5",
    ),
    "the memory of a longer convolution": (
        lambda: step(causal, series, np.ones((2, 3, 4))),
        ShapeError,
        f"{MEMORY} an array of float64, (2, 2, 4), not <f64 2x3x4>",
    ),
    "the memory of a convolution of another dtype": (
        lambda: step(causal, series, past.astype(np.float32)),
        ShapeError,
        f"{MEMORY} of float64, as x is, not of float32",
    ),
    "the memory of fewer sequences": (
        lambda: step(causal, series, past[:1]),
        ShapeError,
        f"{MEMORY} of 2 sequences, as x is, not of 1",
    ),
    # Masks.
    "a mean by a mask of another length": (
        lambda: forward(GlobalAvgPool(), (steps, there[:, 1:])),
        ShapeError,
        "GlobalAvgPool: mask must be (m, t), (3, 5), not (3, 4)",
    ),
    "a maximum by a mask of numbers": (
        lambda: forward(GlobalMaxPool(), (steps, there.astype(float))),
        KindError,
        "GlobalMaxPool: mask must be an array of bools, True at the positions of x that are not padding, not "
        "float64 array",
    ),
    "a mean of images by a mask": (
        lambda: forward(GlobalAvgPool(), (steps[..., None], there)),
        ShapeError,
        "GlobalAvgPool: x must be (m, t, features), t at least 1, not (3, 5, 2, 1)",
    ),
    "a mean beside a state": (
        lambda: forward(GlobalAvgPool(), (steps, there, steps)),
        ShapeError,
        "GlobalAvgPool: x must be an array, or (x, mask), not a tuple of 3",
    ),
    "a maximum of ids by a mask": (
        lambda: forward(GlobalMaxPool(), (np.zeros((3, 5), int), there)),
        KindError,
        "GlobalMaxPool: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    "dA of a mean with its mask": (
        lambda: backward(GlobalAvgPool(), (steps, there), (steps[:, 0], None)),
        KindError,
        "GlobalAvgPool: dA must be an array of the shape of out, (3, 2), not tuple",
    ),
    "another cache of a maximum": (
        lambda: backward(GlobalMaxPool(), (steps, steps[:, 0]), steps[:, 0]),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 3x5x2>, <f64 [[1. 1.] [1. 1.] [1. 1.]]>), "
        "layer: GlobalMaxPool()",
    ),
    "rows for the cache of a mean": (
        lambda: backward(GlobalAvgPool(), steps[:, 0], steps[:, 0]),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 [[1. 1.] [1. 1.] [1. 1.]]>, layer: GlobalAvgPool()",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], net, line, transposed, x, dA)
