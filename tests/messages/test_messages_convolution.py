"""Error messages of convolution, pooling and upsampling, pinned word for word."""

import numpy as np

from funcnn import Conv2d, GlobalAvgPool, MaxPool, forward
from funcnn.generation import step
from funcnn.layers import AdaptiveAvgPool, AvgPool, Conv1d, ConvTranspose2d, GlobalMaxPool, Pad, Upsample
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

W, b = np.ones((3, 3, 2, 4)), np.zeros(4)
conv, line, transposed = Conv2d(W, b), Conv1d(W[0], b), ConvTranspose2d(W, b)
net = (conv, MaxPool(2))
x = np.linspace(-1, 1, 480).reshape(4, 10, 6, 2)
dA = np.ones((4, 8, 4, 4))
# Sequences: with a memory, and with a mask.
series, causal = np.ones((2, 5, 4)), Conv1d(np.ones((3, 4, 1)), None, padding=(2, 0))
_, past = step(causal, series)
MEMORY = "step: memory must be what the last step returned, or None in the first; Conv1d needs"
steps, there = np.ones((3, 5, 2)), np.ones((3, 5), bool)

ROWS = [
    raises(TypeError, lambda: Conv2d.init(3, 8)) >> "Conv2d.init() missing 1 required positional argument: 'kernel'",
    # The weights.
    shape_error(lambda: Conv2d(W[:0], b)) >> "Conv2d: W must be (kh, kw, c, c_out) and b (c_out,) or None, with no "
    "axis of length 0; W: (0, 3, 2, 4), b: (4,)",
    shape_error(lambda: Conv2d(np.ones((5, 2, 3, 3)), np.ones(5))) >> "Conv2d: W must be (kh, kw, c, c_out) and b "
    "(c_out,) or None; W: (5, 2, 3, 3), b: (5,); for a W of torch write W.transpose(2, 3, 1, 0)",
    range_error(lambda: Conv2d(W, b, groups=3)) >> "Conv2d: groups must divide c_in, 6, and c_out, 4, which 3 does not",
    range_error(lambda: ConvTranspose2d(W, None, groups=4))
    >> "ConvTranspose2d: groups must divide c_in, 2, and c_out, 16, which 4 does not",
    shape_error(lambda: ConvTranspose2d(W, b, groups=2))
    >> "ConvTranspose2d: W must be (kh, kw, c, o) and b (2 o,) or None; W: (3, 3, 2, 4), b: (4,)",
    range_error(lambda: Conv1d.init(4, 6, 3, seed=0, groups=4))
    >> "Conv1d.init: groups must divide c_in, 4, and c_out, 6, which 4 does not",
    kind_error(lambda: Conv2d.init(2, 4, (3, 3, 3), seed=0))
    >> "Conv2d.init: kernel must be a whole number from 1 on, or a pair of them, not (3, 3, 3)",
    range_error(lambda: ConvTranspose2d.init(2, 4, 0, seed=0))
    >> "ConvTranspose2d.init: kernel must be a whole number from 1 on, or a pair of them, not 0",
    range_error(lambda: Conv1d.init(2, 4, -1, seed=0))
    >> "Conv1d.init: kernel must be a whole number from 1 on, not -1",
    kind_error(lambda: Conv1d.init(2, 4, (3, 3), seed=0))
    >> "Conv1d.init: kernel must be a whole number from 1 on, not (3, 3)",
    # Settings.
    range_error(lambda: Conv2d(W, b, 0)) >> "Conv2d: stride must be a whole number from 1 on, or a pair of them, not 0",
    range_error(lambda: Conv2d(W, b, (1, 0)))
    >> "Conv2d: stride must be a whole number from 1 on, or a pair of them, not (1, 0)",
    range_error(lambda: Conv1d(W[0], b, 0)) >> "Conv1d: stride must be a whole number from 1 on, not 0",
    range_error(lambda: Conv2d(W, b, dilation=0))
    >> "Conv2d: dilation must be a whole number from 1 on, or a pair of them, not 0",
    kind_error(lambda: Conv2d(W, b, padding="full"))
    >> 'Conv2d: padding must be "same", "valid", a whole number from 0 on, or a tuple that has a number or a '
    "pair (before, after) for h and one for w, not 'full'",
    range_error(lambda: Conv2d(W, b, padding=-1))
    >> 'Conv2d: padding must be "same", "valid", a whole number from 0 on, or a tuple that has a number or a '
    "pair (before, after) for h and one for w, not -1",
    kind_error(lambda: Conv2d(W, b, padding=((1, 1, 1), 0)))
    >> 'Conv2d: padding must be "same", "valid", a whole number from 0 on, or a tuple that has a number or a '
    "pair (before, after) for h and one for w, not ((1, 1, 1), 0)",
    kind_error(lambda: Conv1d(W[0], b, padding=((1, 1), (1, 1))))
    >> 'Conv1d: padding must be "same", "valid", a whole number from 0 on, or a pair (before, after), not ((1, 1), (1, '
    "1))",
    range_error(lambda: Conv1d(W[0], b, padding=(2, -2)))
    >> 'Conv1d: padding must be "same", "valid", a whole number from 0 on, or a pair (before, after), not (2, -2)',
    range_error(lambda: MaxPool(0)) >> "MaxPool: size must be a whole number from 1 on, or a tuple of them, not 0",
    kind_error(lambda: MaxPool(())) >> "MaxPool: size must be a whole number from 1 on, or a tuple of them, not ()",
    range_error(lambda: MaxPool(2, 0)) >> "MaxPool: stride must be a whole number from 1 on, or a tuple of them, not 0",
    kind_error(lambda: MaxPool(2, padding=(1, 0)))
    >> 'MaxPool: padding must be "same", "valid", a whole number from 0 on, or a tuple of pairs (before, after), one '
    "for each axis, not (1, 0)",
    range_error(lambda: Upsample(0)) >> "Upsample: factor must be a whole number from 1 on, or a tuple of them, not 0",
    kind_error(lambda: Pad("same"))
    >> "Pad: padding must be a whole number from 0 on, or a tuple of pairs (before, after), one for each axis, not "
    "'same'",
    range_error(lambda: Pad(-1))
    >> "Pad: padding must be a whole number from 0 on, or a tuple of pairs (before, after), one for each axis, not -1",
    kind_error(lambda: Pad(1, "replicate"))
    >> 'Pad: mode must be "constant", "reflect", "edge" or "wrap", not \'replicate\'',
    # x.
    shape_error(lambda: forward(Pad(((0, 0), (1, 2)), "reflect"), x[:, :, :2]))
    >> 'Pad: x must have at least 3 positions along axis 2, to be padded by (1, 2) with mode "reflect", not 2',
    shape_error(lambda: forward(Pad(((11, 0), (0, 0)), "wrap"), x))
    >> 'Pad: x must have at least 11 positions along axis 1, to be padded by (11, 0) with mode "wrap", not 10',
    shape_error(lambda: forward(Pad(((1, 1),)), x))
    >> "Pad: padding must be a number, or a tuple of 2, one entry for each axis of positions of x, not ((1, 1),)",
    shape_error(lambda: forward(AdaptiveAvgPool((2, 2)), x[:, 0]))
    >> "AdaptiveAvgPool: size must be a number, or a tuple of 1, one entry for each axis of positions of x, not (2, 2)",
    shape_error(lambda: forward(conv, x[:, :, :2]))
    >> "Conv2d: x must have at least 3 positions along w, the length of a window, not 2",
    shape_error(lambda: forward(Conv2d(W, b, padding=((1, 0), 0), dilation=6), x))
    >> "Conv2d: x must have at least 13 positions along h, the length of a window, not 10, padded by 1 + 0",
    shape_error(lambda: forward(Conv2d(W, b, padding="same"), x[:, :0]))
    >> "Conv2d: x must have at least 1 position along h, not 0",
    shape_error(lambda: forward(ConvTranspose2d(W, b, padding=(0, 2)), x[:, :, :1]))
    >> "ConvTranspose2d: padding must leave at least 1 position of out along w; it cuts 2 + 2 off 3",
    shape_error(lambda: forward(ConvTranspose2d(W, b, padding="same"), x[:, :0]))
    >> "ConvTranspose2d: x must have at least 1 position along h, not 0",
    range_error(lambda: forward(MaxPool(2, padding=2), x)) >> "MaxPool: padding must be less than size, else some "
    "window covers padding alone; along h size is 2, padding (2, 2)",
    range_error(lambda: forward(AvgPool(3, padding=((0, 0), (0, 3))), x)) >> "AvgPool: padding must be less than "
    "size, else some window covers padding alone; along w size is 3, padding (0, 3)",
    shape_error(lambda: forward(MaxPool((2, 2)), x[:, 0]))
    >> "MaxPool: size must be a number, or a tuple of 1, one entry for each axis of positions of x, not (2, 2)",
    shape_error(lambda: forward(AvgPool(2, 2, ((1, 1),)), x))
    >> "AvgPool: padding must be a number, or a tuple of 2, one entry for each axis of positions of x, not ((1, 1),)",
    shape_error(lambda: forward(GlobalAvgPool(), x[0, 0]))
    >> "GlobalAvgPool: x must be (m, t, ..., c), t and all of ... at least 1, not (6, 2)",
    shape_error(lambda: forward(Upsample(2), x[0, 0]))
    >> "Upsample: x must be (m, t, c) or (m, h, w, c), t, h and w at least 1, not (6, 2)",
    # Step by step.
    kind_error(lambda: step(line, x[:, :1, 0]))
    >> "step: Conv1d must be causal, of stride 1 and padding (2, 0); stride is 1, padding (0, 0)",
    kind_error(lambda: step(conv, x)) >> "step: Conv2d mixes positions, so it cannot take one part of a sequence alone",
    kind_error(lambda: step(MaxPool(2), x[:, :1, 0]))
    >> "step: MaxPool mixes positions, so it cannot take one part of a sequence alone",
    kind_error(lambda: step(GlobalAvgPool(), x[:, :1, 0]))
    >> "step: GlobalAvgPool mixes positions, so it cannot take one part of a sequence alone",
    kind_error(lambda: step(Upsample(2, linear=True), x[:, :1, 0]))
    >> "step: Upsample must not be linear; else out depends on the next position",
    # The memory of a step.
    shape_error(lambda: step(causal, series, np.ones((2, 3, 4))))
    >> f"{MEMORY} a float64 array of shape (2, 2, 4), not <f64 2x3x4>",
    shape_error(lambda: step(causal, series, past.astype(np.float32)))
    >> "step: memory must be float64, as x is, not float32",
    # Masks.
    shape_error(lambda: forward(GlobalAvgPool(), (steps, there[:, 1:])))
    >> "GlobalAvgPool: mask must be (m, t) = (3, 5), not (3, 4)",
    shape_error(lambda: forward(GlobalMaxPool(), (np.zeros((3, 5), int), there)))
    >> "GlobalMaxPool: x must be (m, t, features), t at least 1, not (3, 5); put an Embedding before the layer",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, net, line, transposed, x, dA)
