"""Schedules that decay: functions from the step number, which counts from 0, to a learning rate.

`train` takes a schedule in place of a number. A schedule may be any function: `lambda step: 0.1 / (1 + step)`. The
schedules of this module can be pickled, are equal if they are made by the same call, and print as that call.
"""

from __future__ import annotations

import math
import operator
from typing import Annotated, Any

from funcnn import scalars
from funcnn.arrays import short
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError
from funcnn.fields import is_number, is_whole
from funcnn.needs import Count, Positive, Rate, number
from funcnn.schedules.base import (
    BoundSchedule,
    RateOrSchedule,
    Schedule,
    as_step,
    between,
    check_schedule,
    either,
    half_cosine,
)


def stages(*plan: tuple[float | Schedule, int]) -> Schedule:
    """One rate after another, each for a number of steps: `stages((2.8, 1000), (1.4, 2000))`; the last rate stays.

    A stage may have a schedule in place of a rate. The schedule counts from 0 at the start of its stage, and the last
    schedule runs on.

    >>> from funcnn import cosine
    >>> from funcnn.schedules import stages
    >>> lr = stages((2.8, 1000), (1.4, 2000), (0.6, 2000))
    >>> lr(0), lr(999), lr(1000), lr(3000), lr(9999)
    (2.8, 2.8, 1.4, 0.6, 0.6)
    >>> lr = stages((0.2, 900), (cosine(0.2, 100), 100))
    >>> lr(0), lr(900), round(lr(950), 12), lr(1000)
    (0.2, 0.2, 0.1, 0.0)

    Raises:
        RangeError: there is no stage, a stage has less than 1 step, or a rate is negative.
        KindError: a stage is not a pair of a rate or schedule and a whole number.
    """
    for lr in [stage[0] for stage in plan if type(stage) is tuple and stage and callable(stage[0])]:
        check_schedule("stages", "the schedule of a stage", lr, "a function of the step number")
    if odd := [stage for stage in plan if not _is_stage(stage)]:
        raise KindError(f"stages: a stage must be (rate or schedule, whole number of steps), not {short(odd[0])}")
    if not plan or any([steps < 1 or not (callable(lr) or 0 <= lr < math.inf) for lr, steps in plan]):
        needed = "one or more stages (rate, steps) with a finite rate >= 0 and steps >= 1"
        raise RangeError(f"stages: plan must be {needed}, not {plan}")
    return BoundSchedule(_stages, tuple([(lr if callable(lr) else float(lr), operator.index(k)) for lr, k in plan]))


def _stages(plan: tuple[tuple[float | Schedule, int], ...], step: int) -> float:
    step = as_step("stages", step)
    for i, (schedule, steps) in enumerate(plan[:-1]):
        if (is_over := step >= steps) is not True:
            return either(is_over, lambda: _stages(plan[i + 1 :], step - steps), lambda: _at(schedule, step))  # noqa: B023  called at once
        step -= steps
    return _at(plan[-1][0], step)


def _is_stage(stage: Any) -> bool:
    if type(stage) is not tuple or len(stage) != 2:
        return False
    rate, steps = stage
    return is_whole(steps) and (is_number(rate) or callable(rate))


@checked
def exponential(lr: Rate, factor: Positive, steps: Count) -> Schedule:
    """lr factor^(step / steps): the rate changes by the same ratio in each step, and by `factor` in `steps` steps

    With a factor above 1 the rate grows, as for a test of rates; it is infinite where it exceeds the largest float.

    >>> from funcnn.schedules import exponential
    >>> exponential(0.1, 0.5, 100)(200), exponential(0.5, 2, 100)(200)
    (0.025, 2.0)
    """
    return BoundSchedule(_exponential, lr, factor, steps)


def _exponential(lr: float, factor: float, steps: int, step: int) -> float:
    try:
        return lr * scalars.power(factor, as_step("exponential", step) / steps)
    except OverflowError:
        return math.inf if lr else 0.0


@checked
def step_decay(lr: Rate, factor: Annotated[float, number("0 < value <= 1", "in (0, 1]")], steps: Count) -> Schedule:
    """lr factor^floor(step / steps): the rate is multiplied by `factor` after each `steps` steps

    For stages of unequal lengths use `stages`. Ge et al. 2019, The Step Decay Schedule.

    >>> from funcnn.schedules import step_decay
    >>> lr = step_decay(0.1, 0.5, 100)
    >>> lr(0), lr(99), lr(100), lr(200)
    (0.1, 0.1, 0.05, 0.025)
    """
    return BoundSchedule(_step_decay, lr, factor, steps)


def _step_decay(lr: float, factor: float, steps: int, step: int) -> float:
    return lr * scalars.power(factor, as_step("step_decay", step) // steps)


@checked
def inverse_time(lr: Rate, steps: Count, *, power: Positive = 1.0) -> Schedule:
    """lr / (1 + step / steps)^power: with power 1, half the rate at step `steps` and a third at twice that

    With 1/2 < power <= 1 the sum of the rates is infinite and the sum of their squares finite, the condition under
    which Robbins & Monro 1951, A Stochastic Approximation Method, prove convergence with noisy gradients.

    >>> from funcnn.schedules import inverse_time
    >>> lr = inverse_time(0.6, 100)
    >>> [round(lr(step), 12) for step in (0, 100, 200, 500)]
    [0.6, 0.3, 0.2, 0.1]
    """
    return BoundSchedule(_inverse_time, lr, steps, power)


def _inverse_time(lr: float, steps: int, power: float, step: int) -> float:
    # With -power the result underflows to 0, where dividing by the positive power would overflow.
    return lr * scalars.power(1 + as_step("inverse_time", step) / steps, -power)


@checked
def polynomial(lr: Rate, steps: Count, *, power: Positive = 1.0, final: Rate = 0.0) -> Schedule:
    """final + (lr - final) (1 - step / steps)^power, then final: a straight line if power is 1

    The rate rises if `final` is the larger. Chen et al. 2017, DeepLab, with power 0.9.

    >>> from funcnn.schedules import polynomial
    >>> lr = polynomial(0.2, 100)
    >>> lr(0), lr(50), lr(100), lr(200)
    (0.2, 0.1, 0.0, 0.0)
    """
    return BoundSchedule(_polynomial, lr, steps, power, final)


def _polynomial(lr: float, steps: int, power: float, final: float, step: int) -> float:
    rest = 1 - as_step("polynomial", step) / steps
    return between(final, lr, scalars.power(either(rest > 0, lambda: rest, lambda: 0.0), power))


@checked
def cosine(lr: Rate, steps: Count, *, final: Rate = 0.0) -> Schedule:
    """final + (lr - final) (1 + cos(pi step / steps)) / 2, then final

    The rate rises if `final` is the larger. Loshchilov & Hutter 2017, SGDR: Stochastic Gradient Descent with Warm
    Restarts, eq. 5, one cycle.

    >>> from funcnn import cosine
    >>> lr = cosine(0.2, 100)
    >>> lr(0), round(lr(50), 12), lr(100), lr(200)
    (0.2, 0.1, 0.0, 0.0)
    """
    return BoundSchedule(_cosine, lr, steps, final)


def _cosine(lr: float, steps: int, final: float, step: int) -> float:
    share = as_step("cosine", step) / steps
    return between(final, lr, half_cosine(either(share < 1, lambda: share, lambda: 1.0)))


@checked
def warm_up(schedule: RateOrSchedule, steps: Count) -> Schedule:
    """schedule(step) min(1, step / steps): from 0 at step 0 to the whole rate at step `steps`

    `schedule` is a rate or a schedule. A schedule counts from step 0, during the ramp too, and ends when it would end
    without the ramp. For a schedule that begins after the ramp, put both into `stages`, with
    `polynomial(0.0, steps, final=lr)` as the ramp.

    Goyal et al. 2017, Accurate, Large Minibatch SGD, section 2.2.

    >>> from funcnn import cosine, warm_up
    >>> lr = warm_up(0.1, 4)
    >>> lr(0), lr(2), lr(4), lr(9)
    (0.0, 0.05, 0.1, 0.1)
    >>> warm_up(cosine(0.1, 100), 4)(100)
    0.0
    """
    return BoundSchedule(_warm_up, schedule, steps)


def _warm_up(schedule: float | Schedule, steps: int, step: int) -> float:
    step = as_step("warm_up", step)
    share = step / steps
    return _at(schedule, step) * either(share < 1, lambda: share, lambda: 1.0)


def _at(schedule: float | Schedule, step: int) -> float:
    return schedule(step) if callable(schedule) else schedule
