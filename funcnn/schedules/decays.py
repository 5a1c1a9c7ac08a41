"""Schedules: plain functions of the step number, which counts from 0, to a learning rate.

`train` takes one in place of a number. Any function of your own will do: `lambda step: 0.1 / (1 + step)`. Those made
here are partial applications of functions of this module, so they pickle.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from numbers import Integral, Real
from typing import Any

from funcnn.arrays import short
from funcnn.errors import KindError, RangeError
from funcnn.fields import as_count, as_number, as_rate

Schedule = Callable[[int], float]


def stages(*plan: tuple[float | Schedule, int]) -> Schedule:
    """One rate after another, each for so many steps: `stages((2.8, 1000), (1.4, 2000))`; the last one stays.

    In place of a rate there may be a schedule: it counts from 0 where its stage begins, and the last one goes on.

    >>> from funcnn import cosine, stages
    >>> lr = stages((2.8, 1000), (1.4, 2000), (0.6, 2000))
    >>> lr(0), lr(999), lr(1000), lr(3000), lr(9999)
    (2.8, 2.8, 1.4, 0.6, 0.6)
    >>> lr = stages((0.2, 900), (cosine(0.2, 100), 100))
    >>> lr(0), lr(900), round(lr(950), 12), lr(1000)
    (0.2, 0.2, 0.1, 0.0)

    Raises:
        RangeError: there is no stage, or one of less than 1 step or of a negative rate.
        KindError: a stage is no pair of a rate or schedule and a whole number.
    """
    odd = [stage for stage in plan if not _is_stage(stage)]
    if odd:
        raise KindError(f"stages: a stage is (rate or schedule, whole number of steps), not {short(odd[0])}")
    if not plan or any([steps < 1 or not (callable(lr) or 0 <= lr < math.inf) for lr, steps in plan]):
        raise RangeError(f"stages: give (rate >= 0, steps >= 1) once or more; plan: {plan}")
    begins = accumulate([operator.index(steps) for _, steps in plan[:-1]], initial=0)
    return partial(_stages, tuple([lr if callable(lr) else float(lr) for lr, _ in plan]), tuple(begins))


def _stages(plan: tuple[float | Schedule, ...], begins: tuple[int, ...], step: int) -> float:
    i = bisect(begins, step) - 1
    return _at(plan[i], step - begins[i])


def _is_stage(stage: Any) -> bool:
    pair = type(stage) is tuple and len(stage) == 2
    return pair and (callable(stage[0]) or isinstance(stage[0], Real)) and isinstance(stage[1], Integral)


def exponential(lr: float, factor: float, steps: int) -> Schedule:
    """lr factor^(step / steps): multiplied by `factor` every `steps` steps, a little in each

    >>> from funcnn import exponential
    >>> exponential(0.1, 0.5, 100)(200)
    0.025

    Raises:
        RangeError: the rate is negative, the factor not in (0, 1], or there are no steps.
        KindError: one of them is no number, or `steps` not a whole one.
    """
    return partial(_exponential, *_decay("exponential", lr, factor, steps))


def _exponential(lr: float, factor: float, steps: int, step: int) -> float:
    return lr * factor ** (step / steps)


def step_decay(lr: float, factor: float, steps: int) -> Schedule:
    """lr factor^floor(step / steps): multiplied by `factor` every `steps` steps, at once

    Ge et al. 2019, The Step Decay Schedule. With steps of unequal lengths it is `stages`.

    >>> from funcnn import step_decay
    >>> lr = step_decay(0.1, 0.5, 100)
    >>> lr(0), lr(99), lr(100), lr(200)
    (0.1, 0.1, 0.05, 0.025)

    Raises:
        RangeError: the rate is negative, the factor not in (0, 1], or there are no steps.
        KindError: one of them is no number, or `steps` not a whole one.
    """
    return partial(_step_decay, *_decay("step_decay", lr, factor, steps))


def _step_decay(lr: float, factor: float, steps: int, step: int) -> float:
    return lr * factor ** (step // steps)


def _decay(name: str, lr: float, factor: float, steps: int) -> tuple[float, float, int]:
    lr, steps = as_rate(name, lr), as_count(name, steps)
    if not 0 < as_number(name, factor, "factor") <= 1:
        raise RangeError(f"{name}: factor must be in (0, 1]; it is {factor}")
    return lr, float(factor), steps


def inverse_time(lr: float, steps: int, *, power: float = 1.0) -> Schedule:
    """lr / (1 + step / steps)^power: half of it at step `steps`, a third at twice that, where power is 1

    Robbins & Monro 1951, A Stochastic Approximation Method: with 1/2 < power <= 1 the sum of the rates is infinite and
    that of their squares is not, so noisy gradients come to rest, however far the minimum was.

    >>> from funcnn import inverse_time
    >>> lr = inverse_time(0.6, 100)
    >>> [round(lr(step), 12) for step in (0, 100, 200, 500)]
    [0.6, 0.3, 0.2, 0.1]

    Raises:
        RangeError: the rate is negative, the power not above 0, or there are no steps.
        KindError: one of them is no number, or `steps` not a whole one.
    """
    name = "inverse_time"
    return partial(_inverse_time, as_rate(name, lr), as_count(name, steps), _as_power(name, power))


def _inverse_time(lr: float, steps: int, power: float, step: int) -> float:
    return lr * (1 + step / steps) ** -power  # a negative power ends in 0 where a positive one overflows


def polynomial(lr: float, steps: int, *, power: float = 1.0, final: float = 0.0) -> Schedule:
    """final + (lr - final) (1 - step / steps)^power, and final from then on: a straight line where power is 1

    Chen et al. 2017, DeepLab, with power 0.9. Where `final` is the larger, the rate rises.

    >>> from funcnn import polynomial
    >>> lr = polynomial(0.2, 100)
    >>> lr(0), lr(50), lr(100), lr(200)
    (0.2, 0.1, 0.0, 0.0)

    Raises:
        RangeError: a rate is negative, the power not above 0, or there are no steps.
        KindError: one of them is no number, or `steps` not a whole one.
    """
    name = "polynomial"
    rates = as_rate(name, lr), as_rate(name, final, "final")
    return partial(_polynomial, *rates, as_count(name, steps), _as_power(name, power))


def _polynomial(lr: float, final: float, steps: int, power: float, step: int) -> float:
    return between(final, lr, max(1 - step / steps, 0.0) ** power)


def cosine(lr: float, steps: int, *, final: float = 0.0) -> Schedule:
    """final + (lr - final) (1 + cos(pi step / steps)) / 2, and final from then on

    Loshchilov & Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, eq. 5, one cycle. Where `final` is
    the larger, the rate rises.

    >>> from funcnn import cosine
    >>> lr = cosine(0.2, 100)
    >>> lr(0), round(lr(50), 12), lr(100), lr(200)
    (0.2, 0.1, 0.0, 0.0)

    Raises:
        RangeError: a rate is negative, or there are no steps.
        KindError: one of them is no number, or `steps` not a whole one.
    """
    rates = as_rate("cosine", lr), as_rate("cosine", final, "final")
    return partial(_cosine, *rates, as_count("cosine", steps))


def _cosine(lr: float, final: float, steps: int, step: int) -> float:
    return between(final, lr, half_cosine(min(step, steps) / steps))


def warm_up(schedule: float | Schedule, steps: int) -> Schedule:
    """schedule(step) min(1, step / steps): from 0 at the first step, number 0, to the whole rate at step `steps`

    Goyal et al. 2017, Accurate, Large Minibatch SGD, section 2.2. `schedule` is a rate or a schedule. A schedule does
    not wait: it counts from step 0, beneath the ramp, and ends when it would have ended without. To have it begin after
    the ramp, put the two in `stages`, the ramp being `polynomial(0.0, steps, final=lr)`.

    >>> from funcnn import cosine, warm_up
    >>> lr = warm_up(0.1, 4)
    >>> lr(0), lr(2), lr(4), lr(9)
    (0.0, 0.05, 0.1, 0.1)
    >>> warm_up(cosine(0.1, 100), 4)(100)
    0.0

    Raises:
        RangeError: the rate is negative, or there are no steps.
        KindError: `schedule` is no rate and no function, or `steps` no whole number.
    """
    lr = schedule if callable(schedule) else as_rate("warm_up", schedule)
    return partial(_warm_up, lr, as_count("warm_up", steps))


def _warm_up(schedule: float | Schedule, steps: int, step: int) -> float:
    return _at(schedule, step) * min(1.0, step / steps)


def _at(schedule: float | Schedule, step: int) -> float:
    return schedule(step) if callable(schedule) else schedule


def between(a: float, b: float, share: float) -> float:
    """`a` where share is 0, `b` where it is 1, both exactly."""
    return a * (1 - share) + b * share


def half_cosine(share: float) -> float:
    """1 where share is 0, 0 where it is 1, level at both ends."""
    return (1 + math.cos(math.pi * share)) / 2


# What each argument takes.


def _as_power(name: str, value: Any) -> float:
    if not 0 < as_number(name, value, "power") < math.inf:
        raise RangeError(f"{name}: power must be finite and above 0; it is {value}")
    return float(value)
