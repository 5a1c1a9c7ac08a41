"""Inconclusive examples inside `@given`: they are rejected, and if nearly all of them are, the test says why."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import FailedHealthCheck, Unsatisfiable

from funcnn.testing import check_vjp, recording
from funcnn.testing.verdict import Inconclusive
from tests.said import says

WHY = "f is not finite at these arguments: draw arguments at which it is"


def check(x, *, is_defined):
    """A check that passes, or is inconclusive at the cost of few calls."""

    def f(x):
        return x if is_defined else x * np.nan

    check_vjp(f, lambda args, dA: [dA], [np.array(x)])


def run(body, **more):
    """Call a test of drawn numbers."""
    settings(database=None, deadline=None, **more)(given(st.floats(-9, 9))(body))()


def test_a_test_whose_examples_are_inconclusive_says_why():
    with pytest.raises(FailedHealthCheck, match=rf"^40 of 40 examples were inconclusive for f: {WHY}$") as caught:
        run(lambda x: check(x, is_defined=False))
    assert caught.value.__suppress_context__


def test_a_few_that_are_decided_do_not_hide_the_reason():
    numbers = itertools.count()
    with pytest.raises(FailedHealthCheck, match=rf"^40 of 4[1-8] examples were inconclusive for f: {WHY}$"):
        run(lambda x: check(x, is_defined=next(numbers) % 8 == 0))


def test_nor_does_another_check_of_the_same_example():
    def test(x):
        check_vjp(np.positive, lambda args, dA: [dA], [np.array(x)])
        check(x, is_defined=False)

    says(FailedHealthCheck, rf"^40 of 40 examples were inconclusive for f: {WHY}$", run, test)


def test_a_test_that_has_decided_enough_goes_on():
    numbers = itertools.count()
    run(lambda x: check(x, is_defined=next(numbers) < 12), max_examples=100)
    assert next(numbers) > 60


def test_each_run_counts_its_own_examples():
    def test(x):
        check(x, is_defined=next(numbers) >= 30)

    for _ in range(2):
        numbers = itertools.count()
        run(test)


def test_a_suppressed_health_check_stays_suppressed():
    with pytest.raises(Unsatisfiable):
        run(lambda x: check(x, is_defined=False), suppress_health_check=[HealthCheck.filter_too_much], max_examples=5)


def test_where_runs_cannot_be_told_apart_examples_are_rejected(monkeypatch):
    monkeypatch.setattr(recording, "_runner", lambda: None)
    says(FailedHealthCheck, "filtering out a lot of inputs", run, lambda x: check(x, is_defined=False))


def test_outside_of_given_there_is_no_run():
    assert recording._runner() is None
    says(Inconclusive, WHY, check, 1.0, is_defined=False)
