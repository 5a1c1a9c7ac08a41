"""The functions of `funcnn.schedules`."""

from funcnn import one_cycle, schedules
from funcnn.schedules import Plateau, plateau
from tests.kinds.kinds import count, fraction, number, schedule
from tests.kinds.rows import both, kind, row

MADE = {
    "stages": ((0.5, 3),),
    "exponential": (0.5, 0.5, 3),
    "step_decay": (0.5, 0.5, 3),
    "inverse_time": (0.5, 3),
    "polynomial": (0.5, 3),
    "cosine": (0.5, 3),
    "cosine_restarts": (0.5, 3),
    "sawtooth": (0.5, 3),
    "one_cycle": (0.5, 10),
    "warm_up": (0.5, 3),
}
ROWS = [
    row(schedules.stages, plan=both(both(schedule, count))),
    row(schedules.step_decay, factor=fraction),
    row(schedules.sawtooth, up=fraction),
    row(one_cycle, lr=number(2.0), steps=count(10), up=fraction, final=number(0.0)),
    row(Plateau, lr=number(2.0), factor=fraction, threshold=fraction),
    row(plateau, now=kind(Plateau(0.5)), cost=number | "nan"),  # which is not better than any
    *[row(getattr(schedules, made)(*given), f"{made}(...)", step=count, speaks=made) for made, given in MADE.items()],
]
