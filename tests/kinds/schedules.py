"""The functions of `funcnn.schedules`."""

from funcnn import cosine, one_cycle, warm_up
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
from tests.kinds.kinds import count, fraction, number, schedule
from tests.kinds.rows import both, kind, row

whole = kind(3)
ROWS = [
    row(stages, plan=both(both(schedule, count))),
    row(exponential, lr=number, factor=number, steps=count),
    row(step_decay, lr=number, factor=fraction, steps=count),
    row(inverse_time, lr=number, steps=count, power=number),
    row(polynomial, lr=number(2.0), steps=count, power=number, final=number(0.0)),
    row(cosine, lr=number(2.0), steps=count, final=number(0.0)),
    row(cosine_restarts, lr=number(2.0), steps=count, factor=count, final=number(0.0)),
    row(sawtooth, lr=number(2.0), steps=count, up=fraction, final=number(0.0)),
    row(one_cycle, lr=number(2.0), steps=kind(10), up=fraction, start=number | "None", final=number(0.0)),
    row(warm_up, schedule=schedule, steps=count),
    row(
        Plateau,
        lr=number(2.0),
        factor=fraction,
        patience=count,
        threshold=fraction,
        cooldown=count,
        final=number(0.0),
        best=number,
        waiting=count,
        cooling=count,
    ),
    row(plateau, now=kind(Plateau(0.5)), cost=number | "nan"),  # which is not better than any
    *[
        row(made, f"{label}(...)", step=whole, speaks=label)
        for label, made in {
            "stages": stages((0.5, 3)),
            "exponential": exponential(0.5, 0.5, 3),
            "step_decay": step_decay(0.5, 0.5, 3),
            "inverse_time": inverse_time(0.5, 3),
            "polynomial": polynomial(0.5, 3),
            "cosine": cosine(0.5, 3),
            "cosine_restarts": cosine_restarts(0.5, 3),
            "sawtooth": sawtooth(0.5, 3),
            "one_cycle": one_cycle(0.5, 10),
            "warm_up": warm_up(0.5, 3),
        }.items()
    ],
]
