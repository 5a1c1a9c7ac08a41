"""Error messages of each layer for an invalid x, pinned word for word."""

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, forward, layers
from funcnn.generation import step
from tests.says import assert_says, each_row, kind_error, shape_error

rows, sequences, images = np.ones((4, 2)), np.ones((4, 5, 2)), np.ones((4, 5, 6, 2))
mask = np.ones((4, 5), bool)


class Frame:
    """As a DataFrame of pandas, in what matters here."""

    def __init__(self, x):
        self.x = x

    def to_numpy(self):
        return self.x

    def __array__(self):
        return self.x


class LazyFrame:
    """As a LazyFrame of polars, in what matters here."""

    def __init__(self, x):
        self.x = x

    def collect(self):
        return Frame(self.x)


# Layers by the x that they take.
TAKEN = (
    (
        rows,
        *(nn.Dense.init(2, 3, seed=0), nn.Relu(), nn.Softmax(), layers.LogSoftmax(), layers.PRelu.init(2)),
        *(layers.Glu(), layers.Scale.init(2, value=1.0), nn.Dropout(0.5, seed=0), layers.ChannelDropout(0.5, seed=0)),
        *(layers.GaussianNoise(0.5, seed=0), nn.BatchNorm.init(2), nn.LayerNorm.init(2), layers.RMSNorm.init(2)),
        *(layers.GroupNorm.init(2, groups=1), layers.Affine.init(2)),
    ),
    (
        sequences,
        *(layers.InstanceNorm.init(2), layers.RNN.init(2, 3, seed=0), nn.GRU.init(2, 3, seed=0)),
        *(nn.LSTM.init(2, 3, seed=0), layers.Last(), nn.Attention.init(2, 1, seed=0), layers.SinusoidalPosition()),
        layers.Bidirectional(layers.RNN.init(2, 3, seed=0), layers.RNN.init(2, 3, seed=1)),
        *(layers.LearnedPosition.init(9, 2, seed=0), layers.Rotary(), layers.Conv1d.init(2, 3, 2, seed=0)),
    ),
    (
        images,
        *(nn.Conv2d.init(2, 3, 2, seed=0), layers.ConvTranspose2d.init(2, 3, 2, seed=0), nn.MaxPool(2)),
        *(layers.AvgPool(2), nn.GlobalAvgPool(), layers.GlobalMaxPool(), layers.Upsample(2)),
    ),
)
LAYERS = {type(layer).__name__: (layer, x) for x, *taking in TAKEN for layer in taking}
# By name: what the dtype of x must be, and of what; that of others is any of floats.
TYPED = {
    **dict.fromkeys(("Dense", "RNN", "GRU", "LSTM", "Conv1d", "Conv2d", "ConvTranspose2d"), "W"),
    **dict.fromkeys(("BatchNorm", "LayerNorm", "RMSNorm", "GroupNorm", "InstanceNorm", "Affine"), "scale"),
    "Attention": "query.W",
    "LearnedPosition": "P",
    "PRelu": "alpha",
    "Scale": "factor",
}
WITH_MASKS = (
    *("RNN", "GRU", "LSTM", "Last", "Bidirectional", "Attention", "SinusoidalPosition", "LearnedPosition", "Rotary"),
    *("GlobalAvgPool", "GlobalMaxPool"),
)
FLOATS = [name for name in LAYERS if name not in TYPED]
SEQUENCES = [name for name, (_, x) in LAYERS.items() if x is sequences and name not in {"Conv1d", "InstanceNorm"}]


TRANSPOSE = "; channels are last, so write x.transpose(0, 2, 3, 1)"


def given(layer, x):
    return lambda: forward(layer, x)


ROWS = [
    *[
        kind_error(given(layer, make(x))) >> f"{name}: x must be an array, not {sentence}"
        for name, (layer, x) in LAYERS.items()
        for make, sentence in (
            (lambda x: None, "None"),
            (lambda x: "x", "str"),
            (lambda x: x.tolist(), "list; write np.asarray(x)"),
            (lambda x: [[1.0], [1.0, 2.0]], "list; its rows have unequal lengths"),
            (lambda x: [x, x], "list; to join arrays of one shape write np.stack(x)"),
            (
                lambda x: [np.memmap(__file__, np.uint8, "r", shape=8)] * 2,
                "list; to join the rows of files, copy them into one of np.lib.format.open_memmap",
            ),
            (lambda x: ["x"], "list"),
            (Frame, "Frame; write x.to_numpy()"),
            (LazyFrame, "LazyFrame; write x.collect().to_numpy()"),
            (lambda x: 1.5, "float; write np.asarray(x)"),
            (np.ma.masked_array, "MaskedArray; write x.filled(...), with a value for its gaps"),
            (lambda x: x.reshape(4, -1).view(np.matrix), "matrix; write np.asarray(x)"),
            (lambda x: nn.Relu, "the class Relu"),
        )
    ],
    *[
        kind_error(given(LAYERS[name][0], (LAYERS[name][1],) * 2))
        >> f"{name}: x must be an array, not tuple; for several inputs put Concat(), Sum(), Take(i) or Parallel(...) "
        "before it"
        for name in LAYERS
        if name not in WITH_MASKS
    ],
    *[
        kind_error(given(LAYERS[name][0], LAYERS[name][1].astype(dtype)))
        >> f"{name}: x must be float64, as {like} is, not {shown}{remedy}"
        for name, like in TYPED.items()
        for dtype, shown, remedy in (
            ("float32", "float32", "; write x.astype('float64') or trees.astype(params, 'float32')"),
            ("int", "int64", "; write x.astype('float64')"),
            ("bool", "bool", "; write x.astype('float64')"),
            (">f8", ">f8", "; write x.astype('float64')"),
            ("complex128", "complex128", ""),
            ("object", "object", "; write x.astype('float64')"),
            ("U3", "str", ""),
        )
    ],
    *[
        kind_error(given(LAYERS[name][0], LAYERS[name][1].astype(dtype))) >> f"{name}: x must be an array {sentence}"
        for name in FLOATS
        for dtype, sentence in (
            ("int", "of floats, not int64 array; write x.astype(float)"),
            ("bool", "of floats, not bool array; write x.astype(float)"),
            ("object", "of floats, not object array; write x.astype(float)"),
            ("U3", "of floats, not str array"),
            (">f8", "in the machine's byte order, not >f8 array; write x.astype('float64')"),
            (">f4", "in the machine's byte order, not >f4 array; write x.astype('float32')"),
        )
    ],
    *[
        shape_error(given(LAYERS[name][0], sequences[0]))
        >> f"{name}: x must be (m, t, features), t at least 1, not (5, 2)"
        for name in SEQUENCES
    ],
    *[
        kind_error(given(LAYERS[name][0], (sequences, wrong)))
        >> f"{name}: mask must be an array of bools, True at the positions of x that are not padding, not {sentence}"
        for name in WITH_MASKS
        for wrong, sentence in (
            (mask.astype(int), "int64 array; write np.asarray(mask, bool)"),
            (mask.astype(float), "float64 array; write np.asarray(mask, bool)"),
            (mask.tolist(), "list; write np.asarray(mask, bool)"),
            (["x"], "list"),
            ([[True], []], "list"),
            (5, "int"),
        )
    ],
    *[
        shape_error(given(LAYERS[name][0], x)) >> f"{name}: x must be {needed}, not {x.shape}{remedy}"
        for name, x, needed, remedy in (
            ("Dense", rows[0], "(m, ..., 2)", "; write x[None] for one row"),
            ("Dense", np.ones(3), "(m, ..., 2)", ""),
            ("Dense", np.ones(()), "(m, ..., 2)", ""),
            ("LayerNorm", np.ones((4, 2, 5, 6)), "(m, ..., 2)", TRANSPOSE),
            ("BatchNorm", np.ones((4, 3, 5, 6)), "(m, ..., 2)", ""),
            ("Conv2d", np.ones((4, 2, 5, 6)), "(m, h, w, 2)", TRANSPOSE),
            ("Conv2d", np.ones((4, 3, 5, 6)), "(m, h, w, 2)", ""),
            ("Conv2d", images[0], "(m, h, w, 2)", "; write x[None] for one row"),
            ("Conv2d", rows, "(m, h, w, 2)", ""),
            ("ConvTranspose2d", np.ones((4, 2, 5, 6)), "(m, h, w, 2)", TRANSPOSE),
            ("Conv1d", np.ones((4, 2, 5)), "(m, t, 2)", "; channels are last, so write x.transpose(0, 2, 1)"),
            ("Conv1d", sequences[0], "(m, t, 2)", "; write x[None] for one row"),
            ("GRU", sequences[..., :1], "(m, t, 2)", ""),
            ("LearnedPosition", sequences[..., :1], "(m, t, 2)", ""),
            ("Attention", sequences[..., :1], "(m, t, 2)", ""),
            ("MaxPool", rows, "(m, t, c) or (m, h, w, c)", ""),
        )
    ],
    shape_error(given(nn.Dense.init(1, 3, seed=0), np.ones(5)))
    >> "Dense: x must be (m, ..., 1), not (5,); write x[..., None] for one feature",
    shape_error(given(nn.Dense.init(1, 3, seed=0), np.ones(1)))
    >> "Dense: x must be (m, ..., 1), not (1,); write x[None] for one row",
    shape_error(given(nn.Conv2d.init(1, 3, 2, seed=0), np.ones((4, 28, 28))))
    >> "Conv2d: x must be (m, h, w, 1), not (4, 28, 28); write x[..., None] for one channel",
    shape_error(given(nn.Conv2d.init(1, 3, 2, seed=0), np.ones((28, 28, 1))))
    >> "Conv2d: x must be (m, h, w, 1), not (28, 28, 1)",
    kind_error(given(layers.CrossAttention.init(2, 1, n_memory=2, seed=0), (sequences.astype(np.float32), sequences)))
    >> "CrossAttention: queries must be float64, as query.W is, not float32; write queries.astype('float64')",
    shape_error(given(layers.CrossAttention.init(2, 1, n_memory=2, seed=0), (sequences, sequences[..., :1])))
    >> "CrossAttention: memory must be (m, s, 2), not (4, 5, 1)",
    kind_error(given(layers.CrossAttention.init(2, 1, n_memory=2, seed=0), [sequences, sequences]))
    >> "CrossAttention: x must be (queries, memory) or (queries, memory, mask), not list",
    kind_error(given(nn.Embedding.init(3, 2, seed=0), None)) >> "Embedding: ids must be an array, not None",
    kind_error(given(nn.Embedding.init(3, 2, seed=0), [0, 1]))
    >> "Embedding: ids must be an array, not list; write np.asarray(ids)",
    kind_error(given(nn.Embedding.init(3, 2, seed=0), np.eye(3)))
    >> "Embedding: ids must be an array of whole numbers, not float64 array",
    shape_error(lambda: step(layers.Last(), sequences, np.ones((5, 2))))
    >> "step: memory must be of 4 sequences, as x is, not of 5; for other sequences begin with step(params, x)",
    *[
        kind_error(lambda value=value: nn.Residual(value))
        >> f"Residual: {place} must be a layer, such as Relu(), or a tuple of layers, not {given}"
        for value, place, given in (
            (None, "layer", "None"),
            ((nn.Tanh(), nn.Relu), "layer[1]", "the class Relu; write Relu()"),
            (nn.Adam(), "layer", "Adam"),
            ((nn.Tanh(), (nn.Tanh(), np.tanh)), "layer[1][1]", "ufunc"),
        )
    ],
    kind_error(lambda: layers.rotate(sequences, start=True))
    >> "rotate: start must be a number, the first position, not bool",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row)


@pytest.mark.parametrize("name", LAYERS)
def test_what_is_written_instead_is_taken(name):
    layer, x = LAYERS[name]
    out, cache = forward(layer, x.astype(">f8").astype("float64"))
    assert out.dtype == np.float64
    assert backward(layer, cache, np.ones_like(out)).x.shape == x.shape
