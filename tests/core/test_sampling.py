"""Samplers: distributions against exact probabilities, nuclei, rows that are independent, and texts that stop."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import GRU, Dense, Embedding, forward, predict, record, transformer_block
from funcnn.generation import step
from funcnn.sampling import generate, sample, top_k, top_p

NET = Embedding.init(6, 8, seed=0), GRU.init(8, 8, seed=1), Dense.init(8, 6, seed=2)
LOGITS = np.array([2.0, -1.0, 0.5, -np.inf, 0.5, -3.0])
logits = st.lists(st.floats(-9, 9).map(lambda a: round(a, 1)), min_size=1, max_size=9).map(np.array)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def chi_square(drawn, expected):
    """The statistic, and how many symbols may be drawn"""
    counts, possible = np.bincount(drawn, minlength=len(expected)), expected > 0
    assert not counts[~possible].any()
    means = len(drawn) * expected[possible]
    return ((counts[possible] - means) ** 2 / means).sum(), possible.sum()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize(
    "only", [lambda x: x, partial(top_k, k=3), partial(top_p, p=0.8)], ids=["all", "top_k", "top_p"]
)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_symbols_have_their_probabilities(only, temperature, dtype):
    kept = only(LOGITS.astype(dtype))
    assert kept.dtype == dtype
    drawn = sample(np.broadcast_to(kept, (100_000, 6)), (4, 2), temperature=temperature)
    statistic, n = chi_square(drawn, softmax(kept.astype(float) / temperature))
    assert statistic < 14.9 or n == 1  # 0.5 % of 4 degrees of freedom; there are at most 4


@given(logits, st.integers(1, 999).map(lambda k: k / 1000))
def test_the_nucleus_is_the_smallest_set(x, p):
    kept, probability = top_p(x, p) > -np.inf, softmax(x)
    assert probability[kept].sum() >= p - 1e-12
    assert np.sort(probability)[::-1][: kept.sum() - 1].sum() < p + 1e-12  # no set of fewer symbols is large enough
    assert probability[kept].min() >= probability[~kept].max(initial=0)
    assert (top_p(x, p)[kept] == x[kept]).all()
    assert top_p(x, 1) is x


@given(logits, st.data())
def test_k_symbols_are_kept_and_of_equal_ones_the_first(x, data):
    k = data.draw(st.integers(1, len(x)))
    kept = np.flatnonzero(top_k(x, k) > -np.inf)
    assert kept.tolist() == sorted(sorted(range(len(x)), key=lambda i: (-x[i], i))[:k])
    assert (top_p(x, 1e-9) > -np.inf).sum() == 1


def test_temperature_0_is_argmax_and_so_is_one_near_it():
    x = np.random.default_rng(0).normal(size=(50, 9))
    x[0] = [-np.inf, 2, 1, 2, 2, 0, 0, 0, 0]
    assert (sample(x, 0, temperature=0) == x.argmax(axis=-1)).all()
    for temperature in (1e-6, 1e-300):
        near = sample(x, 0, temperature=temperature)
        assert (near[1:] == x[1:].argmax(axis=-1)).all()
    assert set(sample(np.broadcast_to(x[0], (60, 9)), 0, temperature=1e-300).tolist()) == {1, 3, 4}


def test_a_row_does_not_depend_on_the_others_and_a_seed_is_data():
    x = np.random.default_rng(0).normal(size=(50, 9))
    assert (sample(x[:7], 3) == sample(x, 3)[:7]).all()
    assert (sample(x[0], 3) == sample(x, 3)[0]).all()
    assert (sample(x.reshape(5, 10, 9), 3) == sample(x, 3).reshape(5, 10)).all()
    assert (sample(x, 3) == sample(x, (3,))).all()
    assert len({sample(x, seed).tobytes() for seed in (3, 4, (3, 0), (3, 1))}) == 4
    assert sample(np.zeros((12, 5)), 7).tolist() == [4, 1, 2, 2, 0, 4, 4, 2, 2, 1, 1, 1]


def test_impossible_symbols_are_never_drawn():
    x = np.full((20_000, 7), -np.inf)
    x[:, [2, 5]] = 0, -800  # e^-800 is 0 in float64
    assert (sample(x, 1) == 2).all()
    assert sample(np.array([-np.inf, -np.inf, -1e308, -np.inf]), 1, temperature=1e300) == 2


@pytest.mark.parametrize("net", [NET, (NET[0], transformer_block(8, 2, 8, seed=3, causal=True, dropout=0.5), NET[2])])
def test_each_symbol_is_drawn_from_the_logits_after_the_symbols_before(net):
    x = np.array([[0, 1, 2], [3, 4, 5]])
    seen = x
    for i, symbols in enumerate(generate(net, x, 5, seed=(8, 1))):
        assert (symbols == sample(predict(net, seen)[:, -1], (8, 1, i))).all()
        seen = np.concatenate([seen, symbols[:, None]], axis=1)
    assert seen.shape == (2, 8)
    greedy = partial(sample, temperature=0)
    assert len({tuple(map(bytes, generate(net, x, 5, seed=i, choose=greedy))) for i in range(3)}) == 1


def test_a_text_ends_with_the_stop_symbol():
    x = np.arange(6)[:, None]
    free, ended = [np.stack([*generate(NET, x, 60, seed=0, stop=stop)], axis=1) for stop in (None, 2)]
    assert free.shape == (6, 60)
    assert ended.shape[1] == max((free == 2).argmax(axis=1)) + 1 < 60
    for without, row in zip(free, ended, strict=True):
        first = without.tolist().index(2)
        assert row.tolist() == [*without[:first].tolist(), *[2] * (len(row) - first)]
    short = [*generate(NET, x, 3, seed=0, stop=2)]
    assert np.array_equal(np.stack(short, axis=1), ended[:, :3])


calls = []


@record
class Counted:
    net: tuple


forward.register(Counted)(lambda params, x: forward(params.net, x))


@step.register(Counted)
def counted_step(params, x, memory=None):
    calls.append(x.shape)
    return step(params.net, x, memory)


def test_a_step_takes_one_symbol_and_none_follows_the_last():
    drawn = generate(Counted(NET), np.zeros((2, 4), int), 3, seed=0)
    assert calls == [(2, 4)]  # a network that does not fit is refused before the first symbol is asked for
    assert len([*drawn]) == 3
    assert calls == [(2, 4), (2, 1), (2, 1)]
