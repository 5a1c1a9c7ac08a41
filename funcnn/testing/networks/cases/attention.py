"""Cases of attention: one head and several, all widths, causal or not, masks, and a dropout of the weights."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from funcnn.arrays import Array, freeze
from funcnn.layers.attention.cross_attention import CrossAttention
from funcnn.layers.attention.self_attention import Attention
from funcnn.layers.dense import Dense
from funcnn.layers.dropout import Dropout
from funcnn.layers.embedding.positions import Rotary
from funcnn.testing.networks.table import Case, masks, register
from funcnn.testing.tensors import dims, tensor


def _array(*shape: int) -> st.SearchStrategy[Array]:
    """As `tensor` draws, but within +-3, since a score is a product of four numbers."""
    return tensor(shape).map(lambda a: freeze(a.clip(-3, 3)))


@st.composite
def _fields(draw: st.DrawFn, n_in: int, n_memory: int) -> dict[str, Any]:
    """Query, key, value, out and heads, of any width, with or without a bias; and perhaps a dropout."""
    heads, d, n_out = (draw(st.integers(1, most)) for most in (2, 2, 2))
    n = heads * d

    def dense(n_in: int, n_out: int) -> Dense:
        return Dense(draw(_array(n_in, n_out)), draw(st.none() | _array(n_out)))

    layers = {"query": dense(n_in, n), "key": dense(n_memory, n), "value": dense(n_memory, n), "out": dense(n, n_out)}
    return layers | {
        "heads": heads,
        "dropout": draw(st.sampled_from([None, Dropout(0.5, seed=1), Dropout(0.2, seed=2)])),
    }


@st.composite
def _attention_cases(draw: st.DrawFn) -> Case:
    size = draw(dims("m", "t", "n", most=3))
    fields = draw(_fields(size["n"], size["n"]))
    turned = [None] if fields["query"].W.shape[1] // fields["heads"] % 2 else [None, Rotary(), Rotary(base=3.0)]
    layer = Attention(**fields, causal=draw(st.booleans()), rotary=draw(st.sampled_from(turned)))
    m, t = size["m"], size["t"]
    x = draw(_array(m, t, size["n"]))
    return layer, draw(st.sampled_from([x, (x, draw(masks(m, t) | masks(m, t, t)))]))


@st.composite
def _cross_attention_cases(draw: st.DrawFn) -> Case:
    size = draw(dims("m", "t", "s", "n", "k", most=2))
    layer = CrossAttention(**draw(_fields(size["n"], size["k"])))
    m, t, s = size["m"], size["t"], size["s"]
    x = draw(_array(m, t, size["n"])), draw(_array(m, s, size["k"]))
    return layer, draw(st.sampled_from([x, (*x, draw(masks(m, s) | masks(m, t, s)))]))


register(Attention, _attention_cases())
register(CrossAttention, _cross_attention_cases())
