"""Schedules: functions of the step number, against their formulas."""

import math
import pickle
from copy import copy
from functools import reduce
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Dense, TrainState, cosine, load, mse, one_cycle, save, schedules, train, value_and_grad, warm_up
from funcnn.files import fingerprint
from funcnn.schedules import (
    Plateau,
    cosine_restarts,
    exponential,
    inverse_time,
    plateau,
    polynomial,
    sawtooth,
    stages,
    step_decay,
)

ARTICLE = [(2.8, 1000), (1.4, 2000), (0.6, 2000), (0.3, 2000), (0.15, 4000), (0.075, 5000)]
EVERY = {
    "stages": stages((1, 2), (0, 3)),
    "stages of schedules": stages((0.1, 2), (cosine(1, 3), 3), (inverse_time(1, 2), 1)),
    "exponential": exponential(1, 0.9, 1),
    "step_decay": step_decay(1, 0.9, 2),
    "inverse_time": inverse_time(1, 3, power=2),
    "polynomial": polynomial(1, 4, power=2),
    "cosine": cosine(1, 9),
    "cosine_restarts": cosine_restarts(1, 2, factor=2),
    "sawtooth": sawtooth(1, 3, up=1),
    "one_cycle": one_cycle(1, 7),
    "warm_up": warm_up(1, 3),
}
rates, lengths = st.floats(0, 10), st.integers(1, 1000)


@pytest.mark.parametrize("name", EVERY)
def test_a_schedule_is_the_call_that_made_it(name):
    schedule = EVERY[name]
    again = eval(repr(schedule), {name: getattr(schedules, name) for name in EVERY if " " not in name})
    assert again == schedule == pickle.loads(pickle.dumps(schedule)) == schedule.evolved()
    assert hash(again) == hash(schedule)
    assert {again: 1}[schedule] == 1
    assert schedule not in [other for key, other in EVERY.items() if key != name]


@pytest.mark.parametrize("name", EVERY)
def test_a_schedule_is_kept_in_a_file(name, tmp_path):
    save(tmp_path / "kept.npz", (EVERY[name], 1))
    assert load(tmp_path / "kept.npz") == (EVERY[name], 1)
    assert fingerprint(load(tmp_path / "kept.npz")[0]) == fingerprint(EVERY[name])


@pytest.mark.parametrize("name", [*EVERY, "restarts of one length", "triangles"])
def test_a_schedule_takes_a_traced_step(name):
    jax = pytest.importorskip("jax", reason="it traces the step")
    further = {"restarts of one length": cosine_restarts(1, 3), "triangles": sawtooth(1, 4, up=0.5)}
    schedule, steps = (EVERY | further)[name], np.arange(40)
    made = jax.jit(jax.vmap(schedule))(steps)
    np.testing.assert_allclose(made, [schedule(step) for step in steps.tolist()], rtol=0, atol=1e-5)


def test_a_schedule_shows_what_differs_from_its_defaults():
    assert repr(cosine(0.01, 50)) == "cosine(0.01, 50)"
    assert repr(one_cycle(1, 9, start=0.5)) == "one_cycle(1.0, 9, start=0.5)"
    assert repr(EVERY["stages of schedules"]) == "stages((0.1, 2), (cosine(1.0, 3), 3), (inverse_time(1.0, 2), 1))"
    assert cosine(0.01, 50).evolved(lr=1, final=0.1) == cosine(1, 50, final=0.1) != cosine(1, 50)


def test_the_stages_of_the_article():
    lr = stages(*ARTICLE)
    rates = [lr(step) for step in range(16000)]
    assert rates == [rate for rate, steps in ARTICLE for _ in range(steps)]
    assert lr(10**6) == 0.075


@given(st.integers(0, 10**6))
def test_each_follows_its_formula(step):
    assert exponential(0.1, 0.5, 100)(step) == 0.1 * 0.5 ** (step / 100)
    assert step_decay(0.1, 0.5, 100)(step) == 0.1 * 0.5 ** math.floor(step / 100)
    assert inverse_time(0.1, 100)(step) == pytest.approx(0.1 / (1 + step / 100), rel=1e-15)
    assert inverse_time(0.1, 7, power=0.5)(step) == pytest.approx(0.1 / math.sqrt(1 + step / 7), rel=1e-15)
    t = min(1, step / 500)
    assert polynomial(0.1, 500, power=0.9, final=0.01)(step) == pytest.approx(0.01 + 0.09 * (1 - t) ** 0.9, abs=1e-15)
    rate = 0.01 + 0.09 * (1 + math.cos(math.pi * t)) / 2
    assert cosine(0.1, 500, final=0.01)(step) == pytest.approx(rate, abs=1e-15)
    assert cosine_restarts(0.1, 500, final=0.01)(step) == cosine(0.1, 500, final=0.01)(step % 500)
    assert sawtooth(0.1, 500, final=0.01)(step) == polynomial(0.1, 500, final=0.01)(step % 500)
    assert warm_up(0.2, 7)(step) == pytest.approx(0.2 * min(1, step / 7))
    assert warm_up(cosine(0.1, 500), 50)(step) == cosine(0.1, 500)(step) * min(1, step / 50)


@given(lengths, st.integers(1, 4), rates, rates)
def test_each_cycle_is_a_cosine_so_many_times_as_long(steps, factor, lr, final):
    restarts = cosine_restarts(lr, steps, factor=factor, final=final)
    begins = accumulate([steps * factor**i for i in range(5)], initial=0)
    for begin, end in pairwise(begins):
        one = cosine(lr, end - begin, final=final)
        for t in {0, (end - begin) // 3, end - begin - 1}:
            assert restarts(begin + t) == one(t)


@given(lengths, st.integers(0, 2000), rates, rates)
def test_a_tooth_with_a_slope_on_each_side(steps, step, lr, final):
    rise, fall = (sawtooth(lr, 2 * steps, up=up, final=final) for up in (0.5, 1.0))
    t = step % (2 * steps)
    assert rise(step) == pytest.approx(final + (lr - final) * (t if t < steps else 2 * steps - t) / steps, abs=1e-12)
    assert fall(step) == pytest.approx(final + (lr - final) * t / (2 * steps), abs=1e-12)


@given(st.integers(1, 300), st.floats(0.01, 0.5), st.lists(rates, min_size=3, max_size=3))
def test_one_cycle_is_three_straight_lines(steps, up, rates):
    start, lr, final = rates
    ours = one_cycle(lr, steps, up=up, start=start, final=final)
    corners = [0, up * steps, 2 * up * steps, max(steps, 2 * up * steps + 1e-9)]
    for step in range(steps):
        assert ours(step) == pytest.approx(np.interp(step, corners, [start, lr, start, final]), abs=1e-9)
    assert ours(0) == start
    assert {ours(steps), ours(steps + 1), ours(9 * steps)} == {final}


def test_one_cycle_starts_at_a_tenth():
    assert one_cycle(0.3, 100)(0) == 0.3 / 10
    assert one_cycle(0.3, 100, start=0)(0) == 0
    assert one_cycle(0.3, 100, up=0.5, final=0.2)(100) == 0.2  # even where nothing is left to go down in


@given(rates, lengths, rates, st.integers(0, 10**7))
def test_the_ends_are_exact_and_all_lies_between(lr, steps, final, step):
    falling = [make(lr, steps, final=final) for make in (cosine, polynomial, cosine_restarts, sawtooth)]
    rising = [sawtooth(lr, steps, up=up, final=final) for up in (1, 0.5)] + [one_cycle(lr, steps, start=final)]
    assert {schedule(0) for schedule in falling} == {lr}
    assert {schedule(0) for schedule in rising} == {final}
    assert {schedule(steps) for schedule in falling} <= {lr, final}
    assert cosine(lr, steps, final=final)(steps) == polynomial(lr, steps, final=final)(steps) == final
    low, high = sorted([lr, final])
    for schedule in falling + rising[:2]:
        assert low * (1 - 1e-15) <= schedule(step) <= high * (1 + 1e-15)
    assert 0 <= rising[2](step) <= high * (1 + 1e-15)


def test_the_first_step_of_a_warm_up_is_0():
    assert warm_up(3, 5)(0) == 0


@pytest.mark.parametrize("name", EVERY)
def test_a_warm_up_goes_with_all_which_count_from_step_0(name):
    lr = warm_up(EVERY[name], 4)
    assert [lr(step) for step in range(12)] == [EVERY[name](step) * min(1, step / 4) for step in range(12)]


@pytest.mark.parametrize("name", EVERY)
def test_stages_go_with_all_which_count_from_where_they_begin(name):
    one = EVERY[name]
    lr = stages((one, 5), (polynomial(0, 3, final=0.3), 3), (one, 1))
    assert [lr(step) for step in range(5)] == [one(step) for step in range(5)]
    assert [lr(step) for step in range(5, 8)] == pytest.approx([0, 0.1, 0.2])
    assert [lr(step) for step in range(8, 20)] == [one(step) for step in range(12)]  # the last one goes on


def test_numbers_of_numpy_become_those_of_python():
    hundred = np.int8(100)  # twice that is more than it can hold
    plan = (np.float32(0.5), hundred), (np.float16(0.25), hundred), (cosine(np.float64(1), hundred), hundred)
    lr = stages(*plan)
    assert [lr(step) for step in (0, 100, 200, 300, 500)] == [0.5, 0.25, 1, 0, 0]
    for schedule in (lr, exponential(np.float64(1), np.float64(0.5), hundred), one_cycle(np.float32(1), hundred)):
        assert {type(schedule(step)) for step in range(500)} == {float}


def test_a_large_step_number_is_no_trouble():
    far = 10**15
    assert exponential(1, 0.5, 1)(far) == step_decay(1, 0.5, 1)(far) == inverse_time(1, 1, power=99)(far) == 0
    assert cosine_restarts(1, 1, factor=2)(2**60 - 1) == cosine_restarts(1, 1)(far) == sawtooth(1, 1)(far) == 1


# Against optax and torch, where the rule is the same.


@pytest.fixture
def optax():
    jax = pytest.importorskip("jax", reason="optax is made of it")
    optax = pytest.importorskip("optax", reason="its schedules are the oracle")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)  # noqa: FBT003  JAX takes no keyword here
    yield optax
    jax.config.update("jax_enable_x64", before)


STEPS = [*range(12), 29, 30, 31, 49, 50, 51, 84, 85, 86, 99, 100, 101, 250, 1000]


def assert_same(ours, theirs, steps=STEPS):
    rates = [ours(step) for step in steps]
    assert len(set(rates)) > 2
    assert {type(rate) for rate in rates} == {float}
    np.testing.assert_allclose(rates, [float(theirs(step)) for step in steps], rtol=1e-12, atol=1e-15)


@pytest.mark.unwatched
def test_they_are_those_of_optax(optax):
    assert_same(exponential(0.1, 0.5, 100), optax.exponential_decay(0.1, 100, 0.5))
    assert_same(exponential(3, 0.96, 7), optax.exponential_decay(3, 7, 0.96))
    assert_same(step_decay(0.3, 0.5, 50), optax.exponential_decay(0.3, 50, 0.5, staircase=True))
    assert_same(polynomial(0.3, 100), optax.linear_schedule(0.3, 0.0, 100))
    assert_same(polynomial(0.3, 100, power=2, final=0.1), optax.polynomial_schedule(0.3, 0.1, 2, 100))
    assert_same(polynomial(0.1, 100, power=0.9, final=0.3), optax.polynomial_schedule(0.1, 0.3, 0.9, 100))
    for lr, steps, final in ((0.1, 100, 0.0), (2, 99, 0.5), (0.1, 400, 0.2)):
        assert_same(cosine(lr, steps, final=final), optax.cosine_decay_schedule(float(lr), steps, alpha=final / lr))
    assert_same(warm_up(0.3, 100), optax.linear_schedule(0.0, 0.3, 100))
    steps = {50: 0.5, 100: 0.5, 250: 0.1}
    assert_same(stages((2.8, 50), (1.4, 50), (0.7, 150), (0.07, 1)), optax.piecewise_constant_schedule(2.8, steps))


@pytest.mark.unwatched
def test_combinations_are_those_of_optax(optax):
    ramp, decay = optax.linear_schedule(0.0, 1.0, 50), optax.cosine_decay_schedule(0.3, 400)
    assert_same(warm_up(cosine(0.3, 400), 50), lambda step: ramp(step) * decay(step))
    same = {"init_value": 0.3, "peak_value": 0.3, "warmup_steps": 0, "end_value": 0.1}
    cycles = [{**same, "decay_steps": n} for n in (50, 100, 200, 400, 800)]
    assert_same(cosine_restarts(0.3, 50, factor=2, final=0.1), optax.sgdr_schedule(cycles))
    ours = stages((polynomial(0.0, 10, final=0.3), 10), (cosine(0.3, 90, final=0.1), 90))
    assert_same(ours, optax.warmup_cosine_decay_schedule(0.0, 0.3, 10, 100, 0.1))
    theirs = optax.linear_onecycle_schedule(100, 0.3, pct_start=0.3, pct_final=0.6, div_factor=10, final_div_factor=50)
    assert_same(one_cycle(0.3, 100, up=0.3, final=0.3 / 500), theirs)
    theirs = optax.cosine_onecycle_schedule(100, 0.3, pct_start=0.3, div_factor=25, final_div_factor=50)
    low = 0.3 / 25
    assert_same(stages((cosine(low, 30, final=0.3), 30), (cosine(0.3, 70, final=low / 50), 70)), theirs)


@pytest.mark.usefixtures("optax")
@pytest.mark.parametrize("schedule", [exponential(0.1, 0.5, 7), step_decay(0.1, 0.5, 7), inverse_time(0.1, 7)])
def test_a_step_of_jax_is_a_step(schedule):
    """Traced where the formula is arithmetic alone; as an array everywhere."""
    jax = pytest.importorskip("jax", reason="its arrays are steps")
    assert [float(jax.jit(schedule)(step)) for step in STEPS] == pytest.approx(list(map(schedule, STEPS)), rel=1e-6)
    assert schedule(jax.numpy.asarray(7)) == schedule(np.asarray(7)) == schedule(7)
    assert cosine(0.1, 9)(jax.numpy.asarray(7)) == cosine(0.1, 9)(7)


def of_torch(name, steps=200, lr=0.3, **options):
    """The rates of a scheduler of torch, for the steps 0, 1, ..."""
    torch = pytest.importorskip("torch", reason="its schedulers are the oracle")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler, rates = getattr(torch.optim.lr_scheduler, name)(optimizer, **options), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


TRIANGLES = {"base_lr": 0.1, "max_lr": 0.3, "cycle_momentum": False}
RESTARTS = "CosineAnnealingWarmRestarts"
OF_TORCH = [
    (exponential(0.3, 0.9, 1), "ExponentialLR", {"gamma": 0.9}),
    (step_decay(0.3, 0.5, 30), "StepLR", {"step_size": 30, "gamma": 0.5}),
    (stages((0.3, 30), (0.03, 50), (0.003, 1)), "MultiStepLR", {"milestones": [30, 80]}),
    (polynomial(0.3, 150, power=0.9), "PolynomialLR", {"total_iters": 150, "power": 0.9}),
    (polynomial(0.1, 50, final=0.3), "LinearLR", {"start_factor": 1 / 3, "total_iters": 50}),
    (cosine_restarts(0.3, 50), RESTARTS, {"T_0": 50}),
    (cosine_restarts(0.3, 20, factor=3, final=0.01), RESTARTS, {"T_0": 20, "T_mult": 3, "eta_min": 0.01}),
    (sawtooth(0.3, 40, up=0.5, final=0.1), "CyclicLR", {**TRIANGLES, "step_size_up": 20}),
    (sawtooth(0.3, 40, up=0.25, final=0.1), "CyclicLR", {**TRIANGLES, "step_size_up": 10, "step_size_down": 30}),
]


@pytest.mark.parametrize(("ours", "name", "options"), OF_TORCH, ids=lambda part: part if type(part) is str else "")
def test_they_are_those_of_torch(ours, name, options):
    np.testing.assert_allclose([ours(step) for step in range(200)], of_torch(name, **options), rtol=1e-11, atol=1e-16)


def test_one_cycle_is_that_of_torch():
    shape = {"max_lr": 0.3, "total_steps": 201, "div_factor": 10, "anneal_strategy": "linear", "cycle_momentum": False}
    up = (0.3 * 201 - 1) / 200  # torch ends at its last step, and a phase one step early
    theirs = of_torch("OneCycleLR", **shape, pct_start=0.3, three_phase=True, final_div_factor=100)
    ours = one_cycle(0.3, 200, up=up, final=0.3 / 1000)
    np.testing.assert_allclose([ours(step) for step in range(200)], theirs, rtol=1e-11)
    # Two phases of straight lines that end where they began leave nothing to annihilate.
    theirs = of_torch("OneCycleLR", **shape, pct_start=101 / 201, final_div_factor=1)
    ours = one_cycle(0.3, 200, up=0.5)
    np.testing.assert_allclose([ours(step) for step in range(200)], theirs, rtol=1e-11)


def test_its_two_smooth_phases_are_made_of_two_cosines():
    theirs = of_torch("OneCycleLR", max_lr=0.3, total_steps=201, pct_start=61 / 201, cycle_momentum=False)
    ours = stages((cosine(0.3 / 25, 60, final=0.3), 60), (cosine(0.3, 140, final=0.3 / 25e4), 140))
    np.testing.assert_allclose([ours(step) for step in range(200)], theirs, rtol=1e-11)


# The plateau.


def test_the_rate_falls_when_the_costs_do_not():
    costs = [5.0, 4.0, 4.0, 4.5, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]
    start = Plateau(0.8, factor=0.5, patience=2, final=0.3)
    nows = list(accumulate(costs, plateau, initial=start))
    assert [now.lr for now in nows] == [0.8] * 8 + [0.4] * 3 + [0.3]
    assert [now.best for now in nows] == [math.inf, 5, 4, 4, 4, *[3] * 7]
    assert [now.waiting for now in nows] == [0, 0, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]
    assert reduce(plateau, costs, start) == nows[-1]
    assert start == Plateau(0.8, factor=0.5, patience=2, final=0.3)


def test_a_cooldown_is_not_held_against_it():
    nows = list(accumulate([1.0] * 8, plateau, initial=Plateau(1, factor=0.5, patience=0, cooldown=2)))
    assert [now.lr for now in nows] == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]
    assert [now.cooling for now in nows] == [0, 0, 2, 1, 0, 2, 1, 0, 2]


def test_nan_does_not_improve_and_is_never_best():
    nan = math.nan
    assert plateau(Plateau(1), nan) == Plateau(1, waiting=1)
    assert plateau(Plateau(1), math.inf) == Plateau(1, waiting=1)
    now = reduce(plateau, [nan, 1.0, nan, nan], Plateau(1, factor=0.5, patience=1))
    assert (now.lr, now.best) == (0.5, 1.0)


@given(st.floats(0.01, 1000), st.floats(0.001, 0.5), st.sampled_from([1, -1]))
def test_a_threshold_is_a_share_of_the_best_cost_also_of_a_negative_one(size, threshold, sign):
    first = plateau(Plateau(1, threshold=threshold), sign * size)
    assert first.best == sign * size
    waiting = [plateau(first, first.best - share * threshold * size).waiting for share in (-1, 0, 0.99, 1.01, 2)]
    assert waiting == [1, 1, 1, 0, 0]
    exact = plateau(Plateau(1, threshold=0), sign * size)
    assert plateau(exact, exact.best).waiting == 1
    assert plateau(exact, math.nextafter(exact.best, -math.inf)).waiting == 0


def test_the_best_of_all_costs_is_no_trouble():
    now = plateau(Plateau(1), -math.inf)
    assert now.best == -math.inf
    assert plateau(now, -math.inf).waiting == 1
    assert plateau(plateau(Plateau(1), 0.0), -1e-300).waiting == 0


costs = st.lists(st.floats(0, 100) | st.sampled_from([1.0, 1.0 - 1e-5, math.nan, math.inf]), max_size=40)


settings_of_both = st.fixed_dictionaries(
    {
        "factor": st.sampled_from([0.1, 0.5, 0.9]),
        "patience": st.integers(0, 4),
        "threshold": st.sampled_from([0.0, 1e-4, 0.1]),
        "cooldown": st.integers(0, 3),
    }
)


def plateau_of_torch(**settings):
    torch = pytest.importorskip("torch", reason="its scheduler is the oracle")
    return torch.optim.lr_scheduler.ReduceLROnPlateau(torch.optim.SGD([torch.zeros(1)], lr=0.3), **settings)


@given(costs, settings_of_both, st.sampled_from([0.0, 0.02]), st.sampled_from(["min", "max"]))
def test_it_is_reduce_lr_on_plateau_of_torch(costs, settings, final, mode):
    ours, theirs = Plateau(0.3, final=final, **settings), plateau_of_torch(mode=mode, min_lr=final, eps=0, **settings)
    sign = 1 if mode == "min" else -1  # more is better: the negative
    for cost in costs:
        theirs.step(cost)
        ours = plateau(ours, sign * cost)
        assert ours.lr == theirs.optimizer.param_groups[0]["lr"]
        assert (ours.best, ours.waiting) == (sign * theirs.best, theirs.num_bad_epochs)
        assert ours.cooling == theirs.cooldown_counter


def test_it_has_the_defaults_of_torch():
    ours, theirs = Plateau(0.3), plateau_of_torch()
    assert ours.final == theirs.default_min_lr
    for name in ("factor", "patience", "threshold", "cooldown"):
        assert getattr(ours, name) == getattr(theirs, name)


@pytest.mark.parametrize("cost", [np.float32(0.5), np.array(0.5), np.float64(0.5), 0.5])
def test_a_cost_may_come_from_any_loss(cost):
    now = plateau(Plateau(0.1), cost)
    assert (now.best, type(now.best)) == (0.5, float)


def test_a_cost_may_come_from_jax():
    jnp = pytest.importorskip("jax.numpy", reason="a cost of JAX is an array of its own")
    assert plateau(Plateau(0.1), jnp.float32(0.5)) == Plateau(0.1, best=0.5)


def test_it_is_a_value():
    now = plateau(Plateau(0.1), 3.0)
    assert now == pickle.loads(pickle.dumps(now)) == copy(now)
    assert fingerprint(now) != fingerprint(Plateau(0.1))


def test_training_epoch_by_epoch_resumes_where_it_stopped():
    x = np.linspace(-1, 1, 8)[:, None]
    step, data = value_and_grad(mse), [(x, 2 * x + 1)] * 60

    def epoch(run, _):
        state, now = run
        *_, state = train(state, data[state.step : state.step + 2], step, now.lr)
        return state, plateau(now, state.cost)

    start = TrainState(Dense(np.zeros((1, 1)), np.zeros(1))), Plateau(1.2, factor=0.5, patience=1)
    runs = list(accumulate(range(30), epoch, initial=start))
    assert runs[-1][0].step == 60
    assert runs[-1][1].lr < 1.2
    assert fingerprint(reduce(epoch, range(15), runs[15])) == fingerprint(runs[30])
