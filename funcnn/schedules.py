"""Schedules: plain functions of the step number, which counts from 0, to a learning rate.

`train` takes one in place of a number. Any function of your own will do: `lambda step: 0.1 / (1 + step)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import accumulate

from funcnn.errors import RangeError

Schedule = Callable[[int], float]


def stages(*plan: tuple[float, int]) -> Schedule:
    """One rate after another, each for so many steps: `stages((2.8, 1000), (1.4, 2000))`; the last one stays.

    >>> from funcnn import stages
    >>> lr = stages((2.8, 1000), (1.4, 2000), (0.6, 2000))
    >>> lr(0), lr(999), lr(1000), lr(3000), lr(9999)
    (2.8, 2.8, 1.4, 0.6, 0.6)

    Raises:
        RangeError: there is no stage, or one of less than 1 step or of a negative rate.
    """
    if not plan or any([not 0 <= lr < math.inf or steps < 1 for lr, steps in plan]):
        raise RangeError(f"stages: give (rate >= 0, steps >= 1) once or more; plan: {plan}")
    return partial(_stages, plan, tuple(accumulate([steps for _, steps in plan])))


def _stages(plan: tuple[tuple[float, int], ...], ends: tuple[int, ...], step: int) -> float:
    return next((float(lr) for (lr, _), end in zip(plan, ends, strict=True) if step < end), float(plan[-1][0]))


def exponential(lr: float, factor: float, steps: int) -> Schedule:
    """lr factor^(step / steps): multiplied by `factor` every `steps` steps

    >>> from funcnn import exponential
    >>> exponential(0.1, 0.5, 100)(200)
    0.025

    Raises:
        RangeError: the rate is negative, the factor not in (0, 1], or there are no steps.
    """
    _check("exponential", lr, steps)
    if not 0 < factor <= 1:
        raise RangeError(f"exponential: factor must be in (0, 1]; it is {factor}")
    return partial(_exponential, float(lr), float(factor), steps)


def _exponential(lr: float, factor: float, steps: int, step: int) -> float:
    return lr * factor ** (step / steps)


def cosine(lr: float, steps: int, *, final: float = 0.0) -> Schedule:
    """final + (lr - final) (1 + cos(pi step / steps)) / 2, and final from then on

    Loshchilov & Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, eq. 5, one cycle.

    >>> from funcnn import cosine
    >>> lr = cosine(0.2, 100)
    >>> lr(0), round(lr(50), 12), lr(100), lr(200)
    (0.2, 0.1, 0.0, 0.0)

    Raises:
        RangeError: a rate is negative, or there are no steps.
    """
    _check("cosine", min(lr, final), steps)
    return partial(_cosine, float(lr), steps, float(final))


def _cosine(lr: float, steps: int, final: float, step: int) -> float:
    return final + (lr - final) * (1 + math.cos(math.pi * min(step, steps) / steps)) / 2


def warm_up(schedule: float | Schedule, steps: int) -> Schedule:
    """schedule(step) min(1, step / steps): from 0 at the first step, number 0, to the whole rate at step `steps`

    Goyal et al. 2017, Accurate, Large Minibatch SGD, section 2.2. `schedule` is a rate or a schedule.

    >>> from funcnn import cosine, warm_up
    >>> lr = warm_up(0.1, 4)
    >>> lr(0), lr(2), lr(4), lr(9)
    (0.0, 0.05, 0.1, 0.1)

    Raises:
        RangeError: the rate is negative, or there are no steps.
    """
    _check("warm_up", 0 if callable(schedule) else schedule, steps)
    return partial(_warm_up, schedule, steps)


def _warm_up(schedule: float | Schedule, steps: int, step: int) -> float:
    return (schedule(step) if callable(schedule) else schedule) * min(1.0, step / steps)


def _check(name: str, lr: float, steps: int) -> None:
    if not 0 <= lr < math.inf:
        raise RangeError(f"{name}: the rate must be finite and not negative; it is {lr}")
    if steps < 1:
        raise RangeError(f"{name}: steps must be at least 1; it is {steps}")
