"""Laws of every schedule: a function of the step number alone, finite, and between its rates."""

import pickle
from functools import partial
from math import isfinite

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import cosine, schedules
from funcnn.errors import FuncnnError
from funcnn.schedules import polynomial
from tests.counts import to_fail

rates, lengths, shares = st.floats(0, 10), st.integers(1, 1000), st.floats(0.125, 1)


def of_rates(name, *settings, **options):
    """(schedule, its smallest rate, its largest): from lr to final, each of which may be the larger."""

    def made(lr, settings, options):
        start = options.get("start", lr / 10) if name == "one_cycle" else lr
        ends = lr, start, options.get("final", 0.0)
        return getattr(schedules, name)(lr, *settings, **options), min(ends), max(ends)

    return st.builds(made, rates, st.tuples(*settings), st.fixed_dictionaries({}, optional=options))


def of_stages(name):
    plan = st.lists(st.tuples(rates, lengths), min_size=1, max_size=4)
    plain = plan.map(lambda plan: (schedules.stages(*plan), min(plan)[0], max(plan)[0]))
    nested = plan.map(
        lambda plan: (
            schedules.stages(*[(cosine(lr, n, final=lr / 2), n) for lr, n in plan]),
            min(plan)[0] / 2,
            max(plan)[0],
        )
    )
    return plain | nested


def of_ramps(name):
    def made(lr, steps, is_rate):
        return schedules.warm_up(lr if is_rate else polynomial(lr, 50, final=lr / 2), steps), 0.0, lr

    return st.builds(made, rates, lengths, st.booleans())


CASES = {
    "stages": of_stages("stages"),
    "exponential": of_rates("exponential", shares, lengths),
    "step_decay": of_rates("step_decay", shares, lengths),
    "inverse_time": of_rates("inverse_time", lengths, power=st.floats(0.125, 4)),
    "polynomial": of_rates("polynomial", lengths, power=st.floats(0.125, 4), final=rates),
    "cosine": of_rates("cosine", lengths, final=rates),
    "cosine_restarts": of_rates("cosine_restarts", lengths, factor=st.integers(1, 3), final=rates),
    "sawtooth": of_rates("sawtooth", lengths, up=st.floats(0, 1), final=rates),
    "one_cycle": of_rates("one_cycle", lengths, up=st.floats(0.125, 0.5), start=rates, final=rates),
    "warm_up": of_ramps("warm_up"),
}
# A state that depends on costs, and the function that makes it: no function of the step number.
OTHERS = {"Plateau", "plateau"}
steps = st.integers(0, 3000) | st.integers(0, 10**12)


def law(check):
    """A test of `check(schedule, low, high, step)` for every schedule."""

    def test(name, data):
        check(*data.draw(CASES[name]), data.draw(steps))

    test.__name__ = test.__qualname__ = check.__name__
    test = pytest.mark.parametrize("name", CASES)(given(st.data())(test))
    test.check = check
    return test


@law
def test_a_schedule_is_a_function_of_the_step_number_alone(schedule, low, high, step):
    """It gives the same rate again, after other steps, and after it was sent to another process."""
    rate = schedule(step)
    others = [schedule(other) for other in (step + 7, 0, 1)]
    assert schedule(step) == rate
    thawed = pickle.loads(pickle.dumps(schedule))
    assert [thawed(other) for other in (step + 7, 0, 1)] == others
    assert thawed(step) == rate


@law
def test_a_rate_is_a_finite_float_between_the_rates(schedule, low, high, step):
    for at in (step, 0, 1, 2, 10**15):
        rate = schedule(at)
        assert type(rate) is float
        assert isfinite(rate)
        assert low * (1 - 1e-14) <= rate <= high * (1 + 1e-14)


@law
def test_a_step_number_of_any_kind_gives_the_same_rate(schedule, low, high, step):
    step %= 2**31
    for kind in (np.int32, np.int64, np.uint64, np.asarray, lambda n: np.asarray(n, np.uint32)):
        rate = schedule(kind(step))
        assert type(rate) is float
        assert rate == schedule(step)
    assert schedule(np.uint8(step % 256)) == schedule(step % 256)


@law
def test_what_is_not_a_step_number_is_refused(schedule, low, high, step):
    for other in (-1, 1.0, np.float64(1), True, "1", None, np.arange(3), np.asarray(-1), np.asarray(1.0)):
        with pytest.raises(FuncnnError, match=r"^\w+: step must be "):
            schedule(other)


def test_no_schedule_is_unproven():
    assert CASES.keys() | OTHERS == set(schedules.__all__)


# Each law is red for a schedule that breaks it.


def that_counts_its_calls(schedule):
    calls = []

    def mistaken(step):
        calls.append(step)
        return schedule(step) + len(calls)

    return mistaken


def faster(schedule, step):
    return schedule(step) * 1.5 + 0.1


def of_numpy(schedule, step):
    return np.float64(schedule(step))


def with_a_pole(schedule, step):
    return schedule(step) if step < 1000 else float("inf")


def in_32_bits(schedule, step):
    return schedule(int(step)) if type(step) is int else schedule(int(step)) * (1 - 1e-7)


def of_anything(schedule, step):
    return 0.0


MISTAKES = [
    (test_a_schedule_is_a_function_of_the_step_number_alone, that_counts_its_calls),
    (test_a_rate_is_a_finite_float_between_the_rates, lambda schedule: partial(faster, schedule)),
    (test_a_rate_is_a_finite_float_between_the_rates, lambda schedule: partial(of_numpy, schedule)),
    (test_a_rate_is_a_finite_float_between_the_rates, lambda schedule: partial(with_a_pole, schedule)),
    (test_a_step_number_of_any_kind_gives_the_same_rate, lambda schedule: partial(in_32_bits, schedule)),
    (test_what_is_not_a_step_number_is_refused, lambda schedule: partial(of_anything, schedule)),
]


@pytest.mark.parametrize(("law", "mistake"), MISTAKES)
def test_each_law_is_red_for_a_schedule_that_breaks_it(law, mistake):
    def check(lr, step):
        law.check(mistake(cosine(1 + lr, 100)), 0.0, 1 + lr, step)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        to_fail(given(rates, steps)(check))()
