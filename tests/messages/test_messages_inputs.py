"""Error messages of each layer for an invalid x, pinned word for word."""

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, forward
from funcnn.errors import KindError, ShapeError
from funcnn.generation import step
from tests.says import assert_says

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


# By name: a layer, and an x that it takes.
LAYERS = {
    "Dense": (nn.Dense.init(2, 3, seed=0), rows),
    "Relu": (nn.Relu(), rows),
    "Softmax": (nn.Softmax(), rows),
    "LogSoftmax": (nn.layers.LogSoftmax(), rows),
    "PRelu": (nn.layers.PRelu.init(2), rows),
    "Glu": (nn.layers.Glu(), rows),
    "Scale": (nn.layers.Scale.init(2, value=1.0), rows),
    "Dropout": (nn.Dropout(0.5, seed=0), rows),
    "ChannelDropout": (nn.layers.ChannelDropout(0.5, seed=0), rows),
    "GaussianNoise": (nn.layers.GaussianNoise(0.5, seed=0), rows),
    "BatchNorm": (nn.BatchNorm.init(2), rows),
    "LayerNorm": (nn.LayerNorm.init(2), rows),
    "RMSNorm": (nn.layers.RMSNorm.init(2), rows),
    "GroupNorm": (nn.layers.GroupNorm.init(2, groups=1), rows),
    "InstanceNorm": (nn.layers.InstanceNorm.init(2), sequences),
    "Affine": (nn.layers.Affine.init(2), rows),
    "RNN": (nn.layers.RNN.init(2, 3, seed=0), sequences),
    "GRU": (nn.GRU.init(2, 3, seed=0), sequences),
    "LSTM": (nn.LSTM.init(2, 3, seed=0), sequences),
    "Last": (nn.layers.Last(), sequences),
    "Bidirectional": (
        nn.layers.Bidirectional(nn.layers.RNN.init(2, 3, seed=0), nn.layers.RNN.init(2, 3, seed=1)),
        sequences,
    ),
    "Attention": (nn.Attention.init(2, 1, seed=0), sequences),
    "SinusoidalPosition": (nn.layers.SinusoidalPosition(), sequences),
    "LearnedPosition": (nn.layers.LearnedPosition.init(9, 2, seed=0), sequences),
    "Rotary": (nn.layers.Rotary(), sequences),
    "Conv1d": (nn.layers.Conv1d.init(2, 3, 2, seed=0), sequences),
    "Conv2d": (nn.Conv2d.init(2, 3, 2, seed=0), images),
    "ConvTranspose2d": (nn.layers.ConvTranspose2d.init(2, 3, 2, seed=0), images),
    "MaxPool": (nn.MaxPool(2), images),
    "AvgPool": (nn.layers.AvgPool(2), images),
    "GlobalAvgPool": (nn.GlobalAvgPool(), images),
    "GlobalMaxPool": (nn.layers.GlobalMaxPool(), images),
    "Upsample": (nn.layers.Upsample(2), images),
}
# By name: what the dtype of x must be, and of what; that of others is any of floats.
TYPED = {
    **dict.fromkeys(("Dense", "RNN", "GRU", "LSTM", "Attention", "Conv1d", "Conv2d", "ConvTranspose2d"), "W"),
    **dict.fromkeys(("BatchNorm", "LayerNorm", "RMSNorm", "GroupNorm", "InstanceNorm", "Affine"), "scale"),
    "PRelu": "alpha",
    "Scale": "factor",
}
WITH_MASKS = (
    *("RNN", "GRU", "LSTM", "Last", "Bidirectional", "Attention", "SinusoidalPosition", "LearnedPosition", "Rotary"),
    *("GlobalAvgPool", "GlobalMaxPool"),
)
FLOATS = [name for name in LAYERS if name not in {*TYPED, "Bidirectional"}]  # which leaves it to the layers in it
SEQUENCES = [name for name, (_, x) in LAYERS.items() if x is sequences and name not in {"Conv1d", "InstanceNorm"}]


TRANSPOSE = "; channels are last, so write x.transpose(0, 2, 3, 1)"


def given(layer, x):
    return lambda: forward(layer, x)


ROWS = {
    **{
        f"{name}, {what}": (given(layer, make(x)), KindError, f"{name}: x must be an array, not {sentence}")
        for name, (layer, x) in LAYERS.items()
        for what, make, sentence in (
            ("None", lambda x: None, "None"),
            ("a word", lambda x: "x", "str"),
            ("a list of numbers", lambda x: x.tolist(), "list; write np.asarray(x)"),
            ("a list of unequal rows", lambda x: [[1.0], [1.0, 2.0]], "list"),
            ("a list of arrays", lambda x: [x, x], "list"),
            ("a list of words", lambda x: ["x"], "list"),
            ("a DataFrame", Frame, "Frame; write x.to_numpy()"),
            ("a number", lambda x: 1.5, "float; write np.asarray(x)"),
            ("a masked array", np.ma.masked_array, "MaskedArray"),
            ("a matrix", lambda x: x.reshape(4, -1).view(np.matrix), "matrix; write np.asarray(x)"),
            ("a class", lambda x: nn.Relu, "the class Relu"),
        )
    },
    **{
        f"{name}, two arrays": (
            given(LAYERS[name][0], (LAYERS[name][1],) * 2),
            KindError,
            f"{name}: x must be an array, not tuple; for several inputs there are Sum, Concat, Take and Parallel",
        )
        for name in LAYERS
        if name not in WITH_MASKS
    },
    **{
        f"{name}, {dtype}": (
            given(LAYERS[name][0], LAYERS[name][1].astype(dtype)),
            KindError,
            f"{name}: x is {shown}, {like} is float64{remedy}",
        )
        for name, like in TYPED.items()
        for dtype, shown, remedy in (
            ("float32", "float32", "; write x.astype('float64')"),
            ("int64", "int64", "; write x.astype('float64')"),
            ("bool", "bool", "; write x.astype('float64')"),
            (">f8", ">f8", "; write x.astype('float64')"),
            ("complex128", "complex128", ""),
            ("object", "object", "; write x.astype('float64')"),
            ("U3", "<U3", ""),
        )
    },
    **{
        f"{name}, {dtype}": (
            given(LAYERS[name][0], LAYERS[name][1].astype(dtype)),
            KindError,
            f"{name}: x must be an array {sentence}",
        )
        for name in FLOATS
        for dtype, sentence in (
            ("int64", "of floats, not int64 array; write x.astype(float)"),
            ("bool", "of floats, not bool array; write x.astype(float)"),
            ("object", "of floats, not object array; write x.astype(float)"),
            ("U3", "of floats, not <U3 array"),
            (">f8", "in the machine's byte order, not >f8 array; write x.astype('float64')"),
            (">f4", "in the machine's byte order, not >f4 array; write x.astype('float32')"),
        )
    },
    **{
        f"{name}, one sequence": (
            given(LAYERS[name][0], sequences[0]),
            ShapeError,
            f"{name}: x must be (m, t, features), t at least 1, not (5, 2)",
        )
        for name in SEQUENCES
    },
    **{
        f"{name}, a mask of {what}": (
            given(LAYERS[name][0], (sequences, wrong)),
            KindError,
            f"{name}: mask must be an array of bools, True at the positions of x that are not padding, not {sentence}",
        )
        for name in WITH_MASKS
        for what, wrong, sentence in (
            ("ints", mask.astype(int), "int64 array"),
            ("floats", mask.astype(float), "float64 array"),
            ("lists", mask.tolist(), "list"),
            ("lengths", 5, "int"),
        )
    },
    **{
        f"{name}, {what}": (
            given(LAYERS[name][0], x),
            ShapeError,
            f"{name}: x must be {needed}, not {x.shape}{remedy}",
        )
        for name, what, x, needed, remedy in (
            ("Dense", "one row", rows[0], "(m, ..., 2)", "; write x[None] for one row"),
            ("Dense", "three numbers", np.ones(3), "(m, ..., 2)", ""),
            ("Dense", "a number", np.ones(()), "(m, ..., 2)", ""),
            (
                "LayerNorm",
                "channels first",
                np.ones((4, 2, 5, 6)),
                "(m, ..., 2)",
                TRANSPOSE,
            ),
            ("BatchNorm", "other channels first", np.ones((4, 3, 5, 6)), "(m, ..., 2)", ""),
            ("Conv2d", "channels first", np.ones((4, 2, 5, 6)), "(m, h, w, 2)", TRANSPOSE),
            ("Conv2d", "other channels", np.ones((4, 3, 5, 6)), "(m, h, w, 2)", ""),
            ("Conv2d", "one image", images[0], "(m, h, w, 2)", "; write x[None] for one row"),
            ("Conv2d", "rows of numbers", rows, "(m, h, w, 2)", ""),
            ("ConvTranspose2d", "channels first", np.ones((4, 2, 5, 6)), "(m, h, w, 2)", TRANSPOSE),
            (
                "Conv1d",
                "channels first",
                np.ones((4, 2, 5)),
                "(m, t, 2)",
                "; channels are last, so write x.transpose(0, 2, 1)",
            ),
            ("Conv1d", "one sequence", sequences[0], "(m, t, 2)", "; write x[None] for one row"),
            ("GRU", "other features", sequences[..., :1], "(m, t, 2)", ""),
            ("LearnedPosition", "other features", sequences[..., :1], "(m, t, 2)", ""),
            ("Attention", "other features", sequences[..., :1], "(m, t, 2)", ""),
            ("MaxPool", "rows of numbers", rows, "(m, t, c) or (m, h, w, c)", ""),
        )
    },
    "a column of numbers for one feature": (
        given(nn.Dense.init(1, 3, seed=0), np.ones(5)),
        ShapeError,
        "Dense: x must be (m, ..., 1), not (5,); write x[..., None] for one feature",
    ),
    "one number for one feature": (
        given(nn.Dense.init(1, 3, seed=0), np.ones(1)),
        ShapeError,
        "Dense: x must be (m, ..., 1), not (1,); write x[None] for one row",
    ),
    "grey images": (
        given(nn.Conv2d.init(1, 3, 2, seed=0), np.ones((4, 28, 28))),
        ShapeError,
        "Conv2d: x must be (m, h, w, 1), not (4, 28, 28); write x[..., None] for one channel",
    ),
    "one grey image, or images one place wide": (
        given(nn.Conv2d.init(1, 3, 2, seed=0), np.ones((28, 28, 1))),
        ShapeError,
        "Conv2d: x must be (m, h, w, 1), not (28, 28, 1)",
    ),
    "queries of another dtype": (
        given(nn.layers.CrossAttention.init(2, 1, n_memory=2, seed=0), (sequences.astype(np.float32), sequences)),
        KindError,
        "CrossAttention: queries is float32, W of query is float64; write queries.astype('float64')",
    ),
    "a memory of other features": (
        given(nn.layers.CrossAttention.init(2, 1, n_memory=2, seed=0), (sequences, sequences[..., :1])),
        ShapeError,
        "CrossAttention: memory must be (m, s, 2), not (4, 5, 1)",
    ),
    "a list for queries and memory": (
        given(nn.layers.CrossAttention.init(2, 1, n_memory=2, seed=0), [sequences, sequences]),
        KindError,
        "CrossAttention: x must be (queries, memory) or (queries, memory, mask), not list",
    ),
    "ids of None": (
        given(nn.Embedding.init(3, 2, seed=0), None),
        KindError,
        "Embedding: ids must be an array, not None",
    ),
    "ids in a list": (
        given(nn.Embedding.init(3, 2, seed=0), [0, 1]),
        KindError,
        "Embedding: ids must be an array, not list; write np.asarray(ids)",
    ),
    "one-hot rows for ids": (
        given(nn.Embedding.init(3, 2, seed=0), np.eye(3)),
        KindError,
        "Embedding: ids must be an array of whole numbers, not float64 array",
    ),
    "the memory of more sequences": (
        lambda: step(nn.layers.Last(), sequences, np.ones((5, 2))),
        ShapeError,
        "step: the memory of Last must be of 4 sequences, as x is, not of 5",
    ),
    **{
        f"a layer of {what}": (
            lambda value=value: nn.Residual(value),
            KindError,
            f"Residual: {place} must be a layer, such as Relu(), or a tuple of layers, not {given}",
        )
        for what, value, place, given in (
            ("None", None, "layer", "None"),
            ("a class inside", (nn.Tanh(), nn.Relu), "layer[1]", "the class Relu"),
            ("a record without a rule", nn.Adam(), "layer", "Adam"),
            ("a function inside a chain", (nn.Tanh(), (nn.Tanh(), np.tanh)), "layer[1][1]", "ufunc"),
        )
    },
    "a flag for a position": (
        lambda: nn.layers.rotate(sequences, start=True),
        KindError,
        "rotate: start must be a number, the first position, not bool",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row])


@pytest.mark.parametrize("name", LAYERS)
def test_what_is_written_instead_is_taken(name):
    layer, x = LAYERS[name]
    out, cache = forward(layer, x.astype(">f8").astype("float64"))
    assert out.dtype == np.float64
    assert backward(layer, cache, np.ones_like(out)).x.shape == x.shape
