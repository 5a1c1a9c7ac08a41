"""Measurement of times. The contenders take turns, so that other load on the machine slows all of them equally."""

import os
from collections.abc import Callable
from random import Random
from statistics import median
from time import perf_counter, process_time, sleep
from typing import Any, NamedTuple

LASTING = 0.02  # seconds of a turn: long beside the clock's resolution, short beside the machine's moods


FOLD = 20  # steps in one call of those that can make many


class Contender(NamedTuple):
    """One way to train the same network: `step(params) -> (cost, params)`, from the parameters that `start` makes."""

    start: Callable[[], Any]
    step: Callable[[Any], tuple[Any, Any]]
    arrays: Callable[[Any], list[Any]]  # the parameters as NumPy arrays W, b, W, b, ...
    calls: int = 1  # steps of the network that one call of `step` makes


def interleaved(contenders: dict[str, Contender], repeats: int, *, rest: float = 0.0) -> dict[str, list[float]]:
    """Seconds of a step for each contender in each repeat.

    In a repeat each has one turn of many steps, in an order drawn by lot, so that nobody always follows the same other.
    `rest` are the seconds before each turn.
    """
    steps = {name: _steps_of_a_turn(contender) for name, contender in contenders.items()}
    times = {name: [] for name in contenders}
    lot = Random(0)
    for _ in range(repeats):
        for name in lot.sample(list(contenders), len(contenders)):
            sleep(rest)
            times[name].append(_turn(contenders[name], steps[name]))
    return times


def steady(run: Callable[[], Any], arrays: Callable[[Any], list[Any]]) -> Contender:
    """A contender whose step is always the same work: its parameters are what the last step found."""
    return Contender(lambda: None, lambda _: (None, run()), arrays)


def equally(contenders: dict[str, Contender], within: float, repeats: int) -> dict[str, list[float]]:
    """`interleaved`, of steady contenders that are first shown to find the arrays of the first, but for rounding."""
    ours, *others = [contender.arrays(contender.step(contender.start())[1]) for contender in contenders.values()]
    for who, theirs in zip([*contenders][1:], others, strict=True):
        for mine, other in zip(ours, theirs, strict=True):
            assert abs(mine - other).max() < within * max(1, abs(mine).max()), who
    return interleaved(contenders, repeats)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def clock() -> Callable[[], float]:
    """That of the process, where it has one core alone: it stands still while others have the core."""
    return process_time if cores() == 1 else perf_counter


def median_ratio(times: list[float], reference: list[float]) -> float:
    """The median over the repeats of the ratio within a repeat: steadier than the ratio of two medians."""
    return median([a / b for a, b in zip(times, reference, strict=True)])


def _steps_of_a_turn(contender: Contender) -> int:
    steps = 1
    while (seconds := _turn(contender, steps) * contender.calls) * steps < LASTING / 4:
        steps *= 2
    return max(1, round(LASTING / seconds))


def _turn(contender: Contender, steps: int) -> float:
    step, now = contender.step, clock()
    _, params = step(contender.start())  # not on the clock: a cold cache, and threads of others that come to rest
    began = now()
    for _ in range(steps):
        _, params = step(params)
    return (now() - began) / (steps * contender.calls)
