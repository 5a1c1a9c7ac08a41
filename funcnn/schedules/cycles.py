"""Schedules that rise and fall: restarts, sawtooth and triangular cycles, and the one-cycle policy."""

from __future__ import annotations

from typing import Annotated, Any

from funcnn.checked import checked
from funcnn.needs import Count, Rate, number
from funcnn.schedules.base import BoundSchedule, Schedule, as_step, between, either, half_cosine


@checked
def cosine_restarts(lr: Rate, steps: Count, *, factor: Count = 1, final: Rate = 0.0) -> Schedule:
    """final + (lr - final) (1 + cos(pi t / T)) / 2, t steps into a cycle of T steps

    T is `steps` in the first cycle; each later cycle is `factor` times as long as the cycle before. The rate is near
    `final` in the last step of a cycle, and jumps back to `lr` in the next step.

    Loshchilov & Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, eq. 5, with `steps` for T_0 and
    `factor` for T_mult.

    >>> from funcnn.schedules import cosine_restarts
    >>> lr = cosine_restarts(0.2, 100, factor=2)  # cycles of 100, 200, 400 steps
    >>> lr(0), round(lr(50), 12), lr(100), round(lr(200), 12), lr(300)
    (0.2, 0.1, 0.2, 0.1, 0.2)
    """
    return BoundSchedule(_cosine_restarts, lr, steps, factor, final)


def _cosine_restarts(lr: float, steps: int, factor: int, final: float, step: int) -> float:
    step = as_step("cosine_restarts", step)
    t, length = (step % steps, steps) if factor == 1 else _in_cycle(step, steps, factor)
    return between(final, lr, half_cosine(t / length))


def _in_cycle(t: Any, length: Any, factor: int) -> tuple[Any, Any]:
    """The step in its cycle, and the length of the cycle."""
    for _ in range(64):  # a cycle is at least twice as long as the cycle before
        if (is_later := t >= length) is False:
            break
        rest, longer = t - length, length * factor
        t, length = either(is_later, lambda: rest, lambda: t), either(is_later, lambda: longer, lambda: length)  # noqa: B023  called at once
    return t, length


@checked
def sawtooth(
    lr: Rate, steps: Count, *, up: Annotated[float, number("0 <= value <= 1", "in [0, 1]")] = 0.0, final: Rate = 0.0
) -> Schedule:
    """final + (lr - final) (1 - t / steps), t = step mod steps: straight lines from lr to final

    `up` is the share of each cycle in which the rate first rises from `final` to `lr`, also on a straight line: 0 for
    a jump, 0.5 for triangles.

    Smith 2017, Cyclical Learning Rates for Training Neural Networks, section 3.1, with `up=0.5`: the triangular policy.

    >>> from funcnn.schedules import sawtooth
    >>> lr = sawtooth(0.2, 100)
    >>> lr(0), lr(50), round(lr(99), 12), lr(100)
    (0.2, 0.1, 0.002, 0.2)
    >>> triangular = sawtooth(0.2, 100, up=0.5, final=0.1)
    >>> [round(triangular(step), 12) for step in (0, 25, 50, 75, 100)]
    [0.1, 0.15, 0.2, 0.15, 0.1]
    """
    return BoundSchedule(_sawtooth, lr, steps, up, final)


def _sawtooth(lr: float, steps: int, up: float, final: float, step: int) -> float:
    t = as_step("sawtooth", step) % steps / steps
    return between(final, lr, either(t < up, lambda: t / up, lambda: (1 - t) / (1 - up)))


@checked
def one_cycle(
    lr: Rate,
    steps: Count,
    *,
    up: Annotated[float, number("0 < value <= 0.5", "in (0, 0.5]")] = 0.45,
    start: Rate | None = None,
    final: Rate = 0.0,
) -> Schedule:
    """Straight lines: from start to lr in up * steps steps, back to start in as many steps, then to final

    `start` is lr / 10 by default; from step `steps` on the rate is `final`. The paper also moves the momentum, in the
    opposite direction; this schedule does not.

    Smith & Topin 2018, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates: one cycle,
    shorter than the training, then rates that are orders of magnitude smaller.

    >>> from funcnn import one_cycle
    >>> lr = one_cycle(1.0, 1000)
    >>> [round(lr(step), 12) for step in (0, 225, 450, 675, 900, 950, 999, 1000)]
    [0.1, 0.55, 1.0, 0.55, 0.1, 0.05, 0.001, 0.0]
    """
    return BoundSchedule(_one_cycle, lr, steps, up, start, final)


def _one_cycle(lr: float, steps: int, up: float, start: float | None, final: float, step: int) -> float:
    low, t = lr / 10 if start is None else start, as_step("one_cycle", step) / steps
    return either(
        t < 2 * up,
        lambda: between(low, lr, either(t < up, lambda: t / up, lambda: 2 - t / up)),
        lambda: either(t < 1, lambda: between(final, low, (1 - t) / (1 - 2 * up)), lambda: final),
    )
