"""Cases of recurrent layers: x alone, with a mask, or with a mask and the first state."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from funcnn.layers.recurrent.bidirectional import Bidirectional
from funcnn.layers.recurrent.cells import GRU, LSTM, RNN
from funcnn.layers.recurrent.last import Last
from funcnn.testing.networks.table import Case, masks, register
from funcnn.testing.tensors import dims, tensor

KINDS: tuple[Any, ...] = (RNN, GRU, LSTM)


def _layer(kind: Any, n: int, k: int) -> st.SearchStrategy[Any]:
    g = kind.gates
    extra = [tensor((k,))] if kind is GRU else []
    return st.builds(kind, tensor((n, g * k)), tensor((k, g * k)), tensor((g * k,)), *extra)


def _state(kind: Any, m: int, k: int) -> st.SearchStrategy[Any]:
    return st.tuples(tensor((m, k)), tensor((m, k))) if kind is LSTM else tensor((m, k))


@st.composite
def _given(draw: st.DrawFn, size: dict[str, int], state: st.SearchStrategy[Any]) -> Any:
    """Masks are random bools; some rows are all False or all True."""
    m, t = size["m"], size["t"]
    x = draw(tensor((m, t, size["n"])))
    mask = draw(masks(m, t))
    return draw(st.sampled_from([x, (x, mask), (x, mask, draw(state))]))


@st.composite
def _recurrent_cases(draw: st.DrawFn, kind: Any) -> Case:
    size = draw(dims("m", "t", "n", "k", most=3))
    return draw(_layer(kind, size["n"], size["k"])), draw(_given(size, _state(kind, size["m"], size["k"])))


@st.composite
def _bidirectional_cases(draw: st.DrawFn) -> Case:
    size = draw(st.fixed_dictionaries(dict.fromkeys("mtnkl", st.integers(1, 2))))
    size["t"] = draw(st.integers(1, 3))
    kinds = [(draw(st.sampled_from([RNN, RNN, GRU, LSTM])), size[name]) for name in "kl"]
    layers = [draw(_layer(kind, size["n"], k)) for kind, k in kinds]
    return Bidirectional(*layers), draw(_given(size, st.tuples(*[_state(kind, size["m"], k) for kind, k in kinds])))


@st.composite
def _last_cases(draw: st.DrawFn) -> Case:
    m, t, k = draw(dims("m", "t", "k", most=4)).values()
    x, mask = draw(tensor((m, t, k))), draw(masks(m, t))
    return Last(), draw(st.sampled_from([x, (x, mask), (x, None)]))


for _kind in KINDS:
    register(_kind, _recurrent_cases(_kind))
register(Bidirectional, _bidirectional_cases())
register(Last, _last_cases())
