"""Error messages of schedules and plateaus, pinned word for word."""

import math
from functools import partial

import numpy as np

from funcnn import cosine, evolve, one_cycle, schedules, warm_up
from funcnn.errors import KindError, RangeError
from tests.says import assert_says, each_row, kind_error, raises, range_error

nan, inf = math.nan, math.inf

ROWS = [
    *[
        raises(kind, partial(cosine(0.1, 10), step)) >> f"cosine: step must be {sentence}"
        for step, kind, sentence in (
            (-1, RangeError, "at least 0, not -1"),
            (np.array(-1), RangeError, "at least 0, not -1"),
            (1.5, KindError, "a whole number, not float"),
            (2.0, KindError, "a whole number, not float; write int(step)"),
            (True, KindError, "a whole number, not bool"),
            ("a", KindError, "a whole number, not str"),
            (None, KindError, "a whole number, not None"),
            (np.arange(2), KindError, "a whole number, not int64 array"),
        )
    ],
    *[
        kind_error(act) >> f"{name}: {'schedule' if name == 'warm_up' else 'the schedule of a stage'} must be "
        f"{'a rate or a schedule' if name == 'warm_up' else 'a function of the step number'}, not {given}"
        for wrong, given in (
            (cosine, "cosine, which makes a schedule; write cosine(lr, steps)"),
            (schedules.stages, "stages, which makes a schedule; write stages(*plan)"),
            (partial(cosine, 0.1), "cosine, which makes a schedule"),
            (lambda a, b: a, "a function (a, b)"),
            (schedules.plateau, "plateau(now, cost)"),
            (schedules.Plateau, "the class Plateau"),
        )
        for name, act in (("warm_up", partial(warm_up, wrong, 10)), ("stages", partial(schedules.stages, (wrong, 10))))
    ],
    kind_error(lambda: warm_up(schedules.Plateau(0.1), 10))
    >> "warm_up: schedule must be a number, not Plateau; write schedule.lr",
    kind_error(cosine(0.1, 100)) >> "cosine: the returned function takes (step), not 0 arguments",
    kind_error(lambda: schedules.stages((0.1, 100))(1, t=2))
    >> "stages: the returned function takes (step), not 1 argument and t",
    # Stages.
    *[
        kind_error(lambda stage=stage: schedules.stages(stage))
        >> f"stages: a stage must be (rate or schedule, whole number of steps), not {stage!r}"
        for stage in ((True, 10), (0.1, True), (0.1, 10, 10), [0.1, 10], ("fast", 10), (0.1, 0.5))
    ],
    range_error(schedules.stages)
    >> "stages: plan must be one or more stages (rate, steps) with a finite rate >= 0 and steps >= 1, not ()",
    range_error(lambda: schedules.stages((1, 10), (1, 0))) >> "stages: plan must be one or more stages (rate, steps) "
    "with a finite rate >= 0 and steps >= 1, not ((1, 10), (1, 0))",
    # Limits of their own.
    range_error(lambda: schedules.step_decay(0.1, 1.5, 10)) >> "step_decay: factor must be in (0, 1], not 1.5",
    range_error(lambda: schedules.step_decay(0.1, 0, 10)) >> "step_decay: factor must be in (0, 1], not 0",
    range_error(lambda: schedules.sawtooth(0.1, 10, up=1.1)) >> "sawtooth: up must be in [0, 1], not 1.1",
    range_error(lambda: one_cycle(0.1, 10, up=0)) >> "one_cycle: up must be in (0, 0.5], not 0",
    range_error(lambda: one_cycle(0.1, 10, up=0.6)) >> "one_cycle: up must be in (0, 0.5], not 0.6",
    # Plateaus.
    *[
        range_error(lambda field=field, value=value: schedules.Plateau(**{"lr": 0.1, field: value}))
        >> f"Plateau: {field} must be {needed}, not {value}"
        for field, needed, bad in (
            ("lr", "finite and at least 0.0, as final is", (-0.1, nan, inf)),
            ("final", "finite and not negative", (-0.1, nan, inf)),
            ("factor", "in (0, 1)", (0.0, 1.0, -0.5, nan)),
            ("threshold", "in [0, 1)", (-0.1, 1.0, nan)),
            ("best", "a number or inf", (nan,)),
            ("patience", "at least 0", (-1,)),
            ("cooldown", "at least 0", (-1,)),
            ("waiting", "at least 0", (-1,)),
            ("cooling", "at least 0", (-1,)),
        )
        for value in bad
    ],
    range_error(lambda: schedules.Plateau(0.1, final=0.2))
    >> "Plateau: lr must be finite and at least 0.2, as final is, not 0.1",
    range_error(lambda: evolve(schedules.Plateau(0.1), factor=2)) >> "Plateau: factor must be in (0, 1), not 2.0",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row)


def test_what_lies_at_the_border_is_taken():
    assert schedules.stages((0, 1))(0) == schedules.exponential(0, 1, 1)(9) == schedules.step_decay(0, 1, 1)(9) == 0
    assert [schedules.sawtooth(1, 2, up=up)(1) for up in (0, 1)] == [0.5, 0.5]
    assert one_cycle(1, 1, up=0.5)(0) == 0.1
    least = schedules.Plateau(0, factor=0.5, patience=0, threshold=0, cooldown=0, final=0)
    assert schedules.plateau(schedules.plateau(least, 1.0), 1.0).lr == 0
