"""Cases of attention: one head and several, all widths, causal or not, masks of positions and of pairs."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from funcnn.arrays import Array, freeze
from funcnn.layers.attention.cross_attention import CrossAttention
from funcnn.layers.attention.self_attention import Attention
from funcnn.layers.dense import Dense
from funcnn.layers.embedding.positions import Rotary
from funcnn.testing.networks.table import Case, masks, register
from funcnn.testing.tensors import dims, tensor


def _array(*shape: int) -> st.SearchStrategy[Array]:
    """As `tensor` draws, but within +-3, since a score is a product of four numbers."""
    return tensor(shape).map(lambda a: freeze(a.clip(-3, 3)))


@st.composite
def _layers(draw: st.DrawFn, n_in: int, n_memory: int) -> tuple[Any, ...]:
    """Query, key, value, out and heads, of any width, with or without a bias."""
    heads, d, n_out = (draw(st.integers(1, most)) for most in (2, 2, 2))
    n = heads * d

    def dense(n_in: int, n_out: int) -> Dense:
        return Dense(draw(_array(n_in, n_out)), draw(st.none() | _array(n_out)))

    return dense(n_in, n), dense(n_memory, n), dense(n_memory, n), dense(n, n_out), heads


@st.composite
def _attention_cases(draw: st.DrawFn) -> Case:
    size = draw(dims("m", "t", "n", most=3))
    query, key, value, out, heads = draw(_layers(size["n"], size["n"]))
    turned = [None] if query.W.shape[1] // heads % 2 else [None, Rotary(), Rotary(base=3.0)]
    layer = Attention(query, key, value, out, heads, draw(st.booleans()), draw(st.sampled_from(turned)))
    m, t = size["m"], size["t"]
    x = draw(_array(m, t, size["n"]))
    return layer, draw(st.sampled_from([x, (x, draw(masks(m, t) | masks(m, t, t)))]))


@st.composite
def _cross_attention_cases(draw: st.DrawFn) -> Case:
    size = draw(dims("m", "t", "s", "n", "k", most=2))
    layer = CrossAttention(*draw(_layers(size["n"], size["k"])))
    m, t, s = size["m"], size["t"], size["s"]
    x = draw(_array(m, t, size["n"])), draw(_array(m, s, size["k"]))
    return layer, draw(st.sampled_from([x, (*x, draw(masks(m, s) | masks(m, t, s)))]))


register(Attention, _attention_cases())
register(CrossAttention, _cross_attention_cases())
