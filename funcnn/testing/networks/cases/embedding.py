"""Cases of embeddings with repeated ids, and of position encodings; with and without a mask."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn.arrays import freeze
from funcnn.layers.embedding.positions import LearnedPosition, Rotary, SinusoidalPosition
from funcnn.layers.embedding.symbols import Embedding
from funcnn.testing.networks.table import Case, perhaps_masked, register
from funcnn.testing.tensors import dims, tensor


@st.composite
def _embedding_cases(draw: st.DrawFn) -> Case:
    size = draw(dims("m", "t", "s", "n"))
    ids = hnp.arrays(draw(st.sampled_from(["int64", "int32", "uint8"])), (size["m"], size["t"]))
    kept = draw(ids.map(lambda ids: freeze(ids % size["s"])))
    x = draw(st.sampled_from([kept[:, 0], kept, kept, kept]))
    return Embedding(draw(tensor((size["s"], size["n"])))), x if x.ndim == 1 else draw(perhaps_masked(x))


@st.composite
def _position_cases(draw: st.DrawFn, layer: Any) -> Case:
    size = draw(dims("m", "t", "half"))
    x = draw(tensor((size["m"], size["t"], 2 * size["half"])))
    return layer(base=draw(st.sampled_from([10000.0, 1.0, 0.5, 3.0]))), draw(perhaps_masked(x))


@st.composite
def _learned_cases(draw: st.DrawFn) -> Case:
    size = draw(dims("m", "t", "n"))
    P = draw(tensor((size["t"] + draw(st.integers(0, 2)), size["n"])))
    return LearnedPosition(P), draw(perhaps_masked(draw(tensor((size["m"], size["t"], size["n"])))))


register(Embedding, _embedding_cases())
register(SinusoidalPosition, _position_cases(SinusoidalPosition))
register(Rotary, _position_cases(Rotary))
register(LearnedPosition, _learned_cases())
