"""Layers: how each is constructed, its `init`, and what it takes as x, as cache and as dA."""

import attrs
import numpy as np

import funcnn as nn
from funcnn import backward, forward, layers, mlp, transformer_block
from funcnn.generation import step
from funcnn.inspection import Probe
from tests.cards import ELEMENTWISE, example
from tests.kinds.kinds import NET, array, count, number, text
from tests.kinds.kinds import layer as network
from tests.kinds.rows import Row, both, kind, row
from tests.kinds.wrong import ANYTHING


def layer(cls, x, /, *, none="", cached="", **settings):
    """Rows of a layer: its constructor, its forward and its backward for this x.

    `none` is where dA may be None, since no gradient came; `cached` is what else may be a cache.
    """
    constructed = row(cls, **settings)
    made = constructed.call(constructed.values())
    out, cache = forward(made, x.make())
    one = kind(made)
    return [
        constructed,
        row(forward, f"forward({cls.__name__})", params=one, x=x, speaks=WORDS),
        row(
            backward,
            f"backward({cls.__name__})",
            params=one,
            cache=kind(cache, cached),
            dA=like(out, none),
            speaks="dA",
        ),
    ]


WORDS = "x; Embedding"  # the table of Tied is one


def like(out, none, place="dA"):
    """The kind of a gradient of this out; a mask in it has none, and in its place stands what the caller likes."""
    if type(out) is tuple:
        made = both(*[like(part, none, f"{place}[{i}]") for i, part in enumerate(out)])
    else:
        made = kind(np.ones_like(out)) if out is not None and out.dtype.kind == "f" else kind(out, ANYTHING)
    return made | "None" if place in none.split("; ") else made


def same(x):
    return x


def same_vjp(x, dA):
    return dA


def drawn(*shape):
    return array(np.random.default_rng(0).normal(size=shape))


X = array | "0-d"  # of any shape
anything = array | "0-d; texts; None"  # an array of any kind, or no mask
ROWS_3 = drawn(2, 3, 4)  # (m, t, n)
IMAGES = drawn(2, 4, 4, 2)
MASK = kind(np.array([[True, True, False], [True, False, False]]), "None")
IDS = kind(np.array([[0, 2, 1], [1, 1, 0]]))
SEQUENCE = both(ROWS_3, MASK)
DENSE = kind(nn.Dense.init(2, 2, seed=0))
W, b = drawn(4, 3), drawn(3) | "None"
held = network(nn.Dense.init(2, 2, seed=0))
size = kind(2)
sizes = kind((2, 1))
padding = kind("same")
scale, shift = drawn(2), drawn(2) | "None"
kernel = {"stride": size(1), "padding": kind(0), "dilation": size(1), "groups": count(1)}
square = {name: kind(nn.Dense.init(4, 4, seed=i)) for i, name in enumerate(("query", "key", "value", "out"))}

CONSTRUCTED = [
    *[
        layer(cls, X, **{field.name: number(getattr(example(cls), field.name)) for field in attrs.fields(cls)})
        for cls in ELEMENTWISE
    ],
    layer(layers.PRelu, array, alpha=drawn(2)),
    *[layer(cls, array) for cls in (nn.Softmax, layers.LogSoftmax)],
    layer(layers.Glu, array, gate=kind(nn.Sigmoid())),
    layer(nn.Dense, ROWS_3, W=W, b=b),
    layer(layers.Scale, array, factor=scale | "0-d"),
    layer(layers.Affine, array, scale=scale, shift=drawn(2)),
    layer(nn.BatchNorm, array, scale=scale, shift=shift, mean=drawn(2), var=kind(np.ones(2))),
    layer(nn.LayerNorm, array, scale=scale, shift=shift),
    layer(layers.RMSNorm, array, scale=scale),
    layer(layers.GroupNorm, IMAGES, scale=scale, shift=shift),
    layer(layers.InstanceNorm, IMAGES, scale=scale, shift=shift),
    layer(nn.Dropout, X),
    layer(layers.ChannelDropout, array),
    layer(layers.GaussianNoise, X),
    layer(layers.Copy, array | "0-d; texts", cached="texts", none="dA; dA[0]; dA[1]"),
    layer(layers.Parallel, both(array | "0-d", array), layers=kind((nn.Relu(), NET))),
    layer(layers.Take, both(anything, anything), i=kind(0), none="dA"),
    *[layer(cls, both(array, array), none="dA") for cls in (layers.Sum, layers.Concat)],
    layer(nn.Frozen, array, layer=held | "None"),  # unchanged, in a gradient
    *[layer(cls, array, layer=held) for cls in (nn.Residual, layers.Remat)],
    layer(layers.First, both(array, anything), none="dA[1]", layer=held),
    layer(layers.Map, drawn(2, 3, 2), layer=held),
    layer(Probe, array, layer=held, seen=kind(None, "None")),
    layer(layers.Shared, array, layer=held, net=kind((layers.Here(), layers.Here())), name=kind("")),
    layer(layers.Here, array, name=text, layer=held | "None"),
    layer(layers.Tied, IDS, W=drawn(3, 2), net=held),
    layer(layers.Function, array | "0-d; texts", f=kind(same), vjp=kind(same_vjp), none="dA"),
    layer(nn.Flatten, IMAGES, none="dA"),
    layer(layers.Reshape, IMAGES, shape=kind((4, 8)), none="dA"),
    layer(nn.Conv2d, IMAGES, W=drawn(2, 2, 2, 3), b=b, **kernel),
    layer(layers.ConvTranspose2d, IMAGES, W=drawn(2, 2, 2, 3), b=b, **kernel),
    layer(layers.Conv1d, drawn(2, 5, 2), W=drawn(2, 2, 3), b=b, **kernel),
    *[layer(cls, IMAGES, size=sizes) for cls in (layers.AdaptiveAvgPool, layers.AdaptiveMaxPool)],
    layer(layers.Pad, IMAGES, padding=kind(1), mode=kind("edge"), value=number(0.0)),
    *[layer(cls, IMAGES, padding=kind(0)) for cls in (nn.MaxPool, layers.AvgPool)],
    *[layer(cls, IMAGES) for cls in (nn.GlobalAvgPool, layers.GlobalMaxPool)],
    layer(layers.Upsample, IMAGES, factor=size),
    layer(nn.Embedding, both(IDS, MASK), W=drawn(3, 2)),
    layer(layers.SinusoidalPosition, SEQUENCE, base=number(10.0)),
    layer(layers.Rotary, SEQUENCE, base=number(10.0)),
    layer(layers.LearnedPosition, SEQUENCE, P=drawn(3, 4)),
    layer(layers.RNN, SEQUENCE, none="dA[0]", W=W, U=drawn(3, 3), b=drawn(3)),
    layer(
        nn.LSTM,
        both(ROWS_3, MASK, kind(None, "None")),
        none="dA[0]; dA[2]; dA[2][0]; dA[2][1]",
        W=drawn(4, 12),
        U=drawn(3, 12),
        b=drawn(12),
    ),
    layer(nn.GRU, ROWS_3, W=drawn(4, 9), U=drawn(3, 9), b=drawn(9), c=drawn(3)),
    layer(layers.Last, SEQUENCE),
    layer(
        layers.Bidirectional,
        SEQUENCE,
        none="dA[0]",
        ahead=kind(layers.RNN.init(4, 3, seed=0)),
        behind=kind(layers.RNN.init(4, 2, seed=1)),
    ),
    layer(nn.Attention, SEQUENCE, **square),
    layer(layers.CrossAttention, both(ROWS_3, drawn(2, 3, 4), MASK), none="dA[1]", **square),
]

ROWS: list[Row] = [
    *[one for rows in CONSTRUCTED for one in rows],
    row(mlp, sizes=kind((2, 3, 1))),
    row(layers.Tied.init, net=held),
    *[
        row(cls.init, stride=size(1), padding=padding, dilation=size(1), groups=count(1))
        for cls in (nn.Conv2d, layers.Conv1d, layers.ConvTranspose2d)
    ],
    *[row(cls.init, n=count(4)) for cls in (nn.Attention, layers.CrossAttention)],
    row(transformer_block, n=count(4), activation=kind(nn.Gelu())),
    row(layers.folded, net=network | "record"),
    *[
        row(turn, start=kind(0, "1.5; 0-d"), **{a: ROWS_3})
        for turn, a in ((layers.rotate, "x"), (layers.rotate_backward, "dA"))
    ],
    row(
        layers.attend,
        **dict.fromkeys("qkv", ROWS_3),
        allowed=kind(np.ones((2, 3, 3), bool), "None"),
        factor=kind(np.ones((2, 3, 3)), "None"),
    ),
    row(
        layers.attend_backward,
        **dict.fromkeys("qkv", ROWS_3),
        weights=kind(layers.attend(*[ROWS_3.make()] * 3)[1]),
        dA=ROWS_3,
        factor=kind(np.ones((2, 3, 3)), "None"),
        speaks="dA",
    ),
    *[
        row(
            step,
            f"step({type(one).__name__})",
            params=kind(one),
            x=drawn(2, 1, 4),
            memory=kind(None, "None"),
            speaks="x",
        )
        for one in (nn.LSTM.init(4, 3, seed=0), nn.Attention.init(4, 2, causal=True, seed=0))
    ],
]
