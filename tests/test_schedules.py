"""Schedules: plain functions of the step number."""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import cosine, exponential, stages, warm_up

ARTICLE = [(2.8, 1000), (1.4, 2000), (0.6, 2000), (0.3, 2000), (0.15, 4000), (0.075, 5000)]


def test_the_stages_of_the_article():
    lr = stages(*ARTICLE)
    rates = [lr(step) for step in range(16000)]
    assert rates == [rate for rate, steps in ARTICLE for _ in range(steps)]
    assert lr(10**6) == 0.075


@given(st.integers(0, 10**6))
def test_each_follows_its_formula(step):
    assert exponential(0.1, 0.5, 100)(step) == 0.1 * 0.5 ** (step / 100)
    assert cosine(0.1, 500, final=0.01)(step) == pytest.approx(
        0.01 + 0.09 * (1 + math.cos(math.pi * min(1, step / 500))) / 2, abs=1e-15
    )
    assert warm_up(0.2, 7)(step) == pytest.approx(0.2 * min(1, step / 7))
    assert warm_up(cosine(0.1, 500), 50)(step) == cosine(0.1, 500)(step) * min(1, step / 50)


def test_the_first_step_of_a_warm_up_is_0():
    assert warm_up(3, 5)(0) == 0


@pytest.mark.parametrize(
    "lr", [stages((1, 2), (0, 3)), exponential(1, 0.9, 1), cosine(1, 9), warm_up(stages((1, 1)), 3)]
)
def test_they_pickle_and_give_floats(lr):
    assert [type(pickle.loads(pickle.dumps(lr))(step)) for step in range(9)] == [float] * 9
