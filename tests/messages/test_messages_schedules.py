"""Error messages of schedules and plateaus, pinned word for word."""

import math
from functools import partial

import numpy as np
import pytest

from funcnn import cosine, evolve, one_cycle, warm_up
from funcnn.errors import KindError, RangeError
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
from tests.says import assert_says

nan, inf = math.nan, math.inf

# Each with a rate and a number of steps, and whatever else it needs.
MAKERS = {
    "exponential": lambda lr, steps: exponential(lr, 0.5, steps),
    "step_decay": lambda lr, steps: step_decay(lr, 0.5, steps),
    "inverse_time": inverse_time,
    "polynomial": polynomial,
    "cosine": cosine,
    "cosine_restarts": cosine_restarts,
    "sawtooth": sawtooth,
    "one_cycle": lambda lr, steps: one_cycle(lr, steps, start=0.1),
    "warm_up": warm_up,
}

ROWS = {
    **{
        f"{name}, {what}": (lambda lr=lr, step=step: lr(step), kind, f"{name}: step must be {sentence}")
        for name, lr in {**{name: make(0.1, 10) for name, make in MAKERS.items()}, "stages": stages((0.1, 10))}.items()
        for what, step, kind, sentence in (
            ("before the first step", -1, RangeError, "at least 0, not -1"),
            ("before the first step, of NumPy", np.array(-1), RangeError, "at least 0, not -1"),
            ("at half a step", 1.5, KindError, "a whole number, not float"),
            ("at a step as a float", 2.0, KindError, "a whole number, not float; write int(step)"),
            ("at a flag", True, KindError, "a whole number, not bool"),
            ("at a word", "a", KindError, "a whole number, not str"),
            ("at None", None, KindError, "a whole number, not None"),
            ("at several steps", np.arange(2), KindError, "a whole number, not int64 array"),
        )
    },
    "a class for a schedule": (
        lambda: warm_up(Plateau, 10),
        KindError,
        "warm_up: schedule must be a rate or a schedule, not the class Plateau",
    ),
    **{
        f"{name} of {what}": (
            act,
            KindError,
            f"{name}: {'schedule' if name == 'warm_up' else 'the schedule of a stage'} must be "
            f"{'a rate or a schedule' if name == 'warm_up' else 'a function of the step number'}, not {given}",
        )
        for what, wrong, given in (
            ("the function that makes one", cosine, "cosine, which makes a schedule; write cosine(lr, steps)"),
            ("the function that joins them", stages, "stages, which makes a schedule; write stages(*plan)"),
            ("half of one", partial(cosine, 0.1), "cosine, which makes a schedule"),
            ("a function of two arguments", lambda a, b: a, "a function (a, b)"),
            ("the function of plateaus", plateau, "plateau(now, cost)"),
            ("the class of plateaus", Plateau, "the class Plateau"),
        )
        for name, act in (("warm_up", partial(warm_up, wrong, 10)), ("stages", partial(stages, (wrong, 10))))
    },
    "a ramp to a plateau": (
        lambda: warm_up(Plateau(0.1), 10),
        KindError,
        "warm_up: schedule must be a number, not Plateau; write schedule.lr",
    ),
    "no step": (
        cosine(0.1, 100),
        KindError,
        "cosine: the function that it returns takes (step), got 0 by position",
    ),
    "a step and more": (
        lambda: stages((0.1, 100))(1, t=2),
        KindError,
        "stages: the function that it returns takes (step), got 1 by position and t",
    ),
    # Stages.
    **{
        f"a stage of {what}": (
            lambda stage=stage: stages(stage),
            KindError,
            f"stages: a stage must be (rate or schedule, whole number of steps), not {given}",
        )
        for what, stage, given in (
            ("a flag", (True, 10), "(True, 10)"),
            ("so many flags", (0.1, True), "(0.1, True)"),
        )
    },
    "no stages": (stages, RangeError, "stages: plan must be (rate >= 0, steps >= 1) once or more, not ()"),
    "a stage of an endless rate": (
        lambda: stages((1, 10), (inf, 10)),
        RangeError,
        "stages: plan must be (rate >= 0, steps >= 1) once or more, not ((1, 10), (inf, 10))",
    ),
    "a stage of no steps": (
        lambda: stages((1, 10), (1, 0)),
        RangeError,
        "stages: plan must be (rate >= 0, steps >= 1) once or more, not ((1, 10), (1, 0))",
    ),
    "rate and steps without a pair": (
        lambda: stages(0.1, 10),
        KindError,
        "stages: a stage must be (rate or schedule, whole number of steps), not 0.1",
    ),
    "a plan that is not unpacked": (
        lambda: stages(((0.1, 10), (0.2, 10))),
        KindError,
        "stages: a stage must be (rate or schedule, whole number of steps), not ((0.1, 10), (0.2, 10))",
    ),
    "a stage of three": (
        lambda: stages((0.1, 10, 10)),
        KindError,
        "stages: a stage must be (rate or schedule, whole number of steps), not (0.1, 10, 10)",
    ),
    "a stage that is a list": (
        lambda: stages([0.1, 10]),
        KindError,
        "stages: a stage must be (rate or schedule, whole number of steps), not [0.1, 10]",
    ),
    "a stage of a word": (
        lambda: stages((0.1, 10), ("fast", 10)),
        KindError,
        "stages: a stage must be (rate or schedule, whole number of steps), not ('fast', 10)",
    ),
    "a stage of half a step": (
        lambda: stages((0.1, 10), (0.1, 0.5)),
        KindError,
        "stages: a stage must be (rate or schedule, whole number of steps), not (0.1, 0.5)",
    ),
    # Limits of their own.
    "a step decay that grows": (
        lambda: step_decay(0.1, 1.5, 10),
        RangeError,
        "step_decay: factor must be in (0, 1], not 1.5",
    ),
    "a step decay to 0": (lambda: step_decay(0.1, 0, 10), RangeError, "step_decay: factor must be in (0, 1], not 0"),
    "a tooth that rises too long": (
        lambda: sawtooth(0.1, 10, up=1.1),
        RangeError,
        "sawtooth: up must be in [0, 1], not 1.1",
    ),
    "a cycle that never rises": (
        lambda: one_cycle(0.1, 10, up=0),
        RangeError,
        "one_cycle: up must be in (0, 0.5], not 0",
    ),
    "a cycle that cannot come down": (
        lambda: one_cycle(0.1, 10, up=0.6),
        RangeError,
        "one_cycle: up must be in (0, 0.5], not 0.6",
    ),
    # Plateaus.
    **{
        f"a plateau, {field} {value}": (
            lambda field=field, value=value: Plateau(**{"lr": 0.1, field: value}),
            RangeError,
            f"Plateau: {field} must be {needed}, not {value}",
        )
        for field, needed, bad in (
            ("lr", "finite and not below final", (-0.1, nan, inf)),
            ("final", "finite and not negative", (-0.1, nan, inf)),
            ("factor", "in (0, 1)", (0.0, 1.0, -0.5, nan)),
            ("threshold", "in [0, 1)", (-0.1, 1.0, nan)),
            ("best", "a cost, not NaN", (nan,)),
            ("patience", "at least 0", (-1,)),
            ("cooldown", "at least 0", (-1,)),
            ("waiting", "at least 0", (-1,)),
            ("cooling", "at least 0", (-1,)),
        )
        for value in bad
    },
    "a plateau below its end": (
        lambda: Plateau(0.1, final=0.2),
        RangeError,
        "Plateau: lr must be finite and not below final, not 0.1",
    ),
    "a plateau raised out of range": (
        lambda: evolve(Plateau(0.1), factor=2),
        RangeError,
        "Plateau: factor must be in (0, 1), not 2.0",
    ),
    "a plateau of a word": (
        lambda: Plateau("fast"),
        KindError,
        "Plateau: lr must be a number, not str",
    ),
    "a rate for a plateau": (
        lambda: plateau(0.1, 1.0),
        KindError,
        "plateau: now must be a Plateau, not float; write Plateau(lr)",
    ),
    "no plateau at all": (
        lambda: plateau(Plateau, 1.0),
        KindError,
        "plateau: now must be a Plateau, not the class Plateau; write Plateau(lr)",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row])


def test_what_lies_at_the_border_is_taken():
    assert stages((0, 1))(0) == exponential(0, 1, 1)(9) == step_decay(0, 1, 1)(9) == 0
    assert [sawtooth(1, 2, up=up)(1) for up in (0, 1)] == [0.5, 0.5]
    assert one_cycle(1, 1, up=0.5)(0) == 0.1
    least = Plateau(0, factor=0.5, patience=0, threshold=0, cooldown=0, final=0)
    assert plateau(plateau(least, 1.0), 1.0).lr == 0
