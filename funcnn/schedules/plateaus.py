"""A learning rate that is reduced when a cost stops improving: a fold over the costs."""

from __future__ import annotations

import math

import numpy as np

from funcnn.arrays import kind
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError
from funcnn.fields import is_number
from funcnn.needs import Number
from funcnn.records import record, state
from funcnn.trees.edits import evolve


@record
class Plateau:
    """The learning rate `lr`, with the settings and counters by which `plateau` decides to multiply it by `factor`.

    A cost improves if it is lower than `best`, the lowest cost so far, by more than the share `threshold` of `best`.
    The rate is reduced when more than `patience` costs in a row have not improved, but not below `final`. The
    `cooldown` costs after a reduction are not counted. `waiting` is the number of costs in a row that did not improve,
    and `cooling` the number of costs that the cooldown still lasts.

    >>> from funcnn.schedules import Plateau
    >>> Plateau(0.1, patience=3)
    Plateau(lr=0.1, factor=0.1, patience=3, threshold=0.0001, cooldown=0, final=0.0, best=inf, waiting=0, cooling=0)

    Raises:
        RangeError: `lr` or `final` is negative, or `lr` is less than `final`; `factor` is not in (0, 1), `threshold` is
            not in [0, 1); a number of costs is negative, or `best` is NaN.
        KindError: a field is not a number, or a number of costs is not a whole number.
    """

    lr: float = state()
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    cooldown: int = 0
    final: float = 0.0
    best: float = state(default=math.inf, kw_only=True)
    waiting: int = state(default=0, kw_only=True)
    cooling: int = state(default=0, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check that each number is in its range."""
        for name in ("lr", "best", "waiting", "cooling"):  # states, which jit returns as 0-d arrays
            if np.ndim(value := getattr(self, name)):
                raise KindError(f"{type(self).__name__}: {name} must be a number, not {kind(value)}")
        counts = {name: getattr(self, name) for name in ("patience", "cooldown", "waiting", "cooling")}
        for name, needed, fits in (
            ("final", "finite and not negative", 0 <= self.final < math.inf),
            ("lr", f"finite and at least {self.final}, as final is", self.final <= self.lr < math.inf),
            ("factor", "in (0, 1)", 0 < self.factor < 1),
            ("threshold", "in [0, 1)", 0 <= self.threshold < 1),
            ("best", "a number or inf", not math.isnan(self.best)),
            *[(name, "at least 0", count >= 0) for name, count in counts.items()],
        ):
            if not fits:
                raise RangeError(f"{type(self).__name__}: {name} must be {needed}, not {getattr(self, name)}")


@checked
def plateau(now: Plateau, cost: Number) -> Plateau:
    """lr -> max(factor lr, final) if more than `patience` costs in a row are not below best - threshold |best|

    One step of a fold: `functools.reduce(plateau, costs, Plateau(0.1))`. A cost of NaN does not improve. For a score
    that is better when it is higher, such as an accuracy, give its negative.

    He et al. 2016, Deep Residual Learning for Image Recognition, section 3.4: divided by 10 when the error plateaus.

    >>> from functools import reduce
    >>> from funcnn.schedules import Plateau, plateau
    >>> now = reduce(plateau, [3.0, 2.0, 2.5, 2.0], Plateau(0.1, factor=0.5, patience=2))
    >>> now.lr, now.best, now.waiting
    (0.1, 2.0, 2)
    >>> plateau(now, 2.1).lr
    0.05

    Raises:
        KindError: `now` is not a Plateau, or `cost` is not a number.
    """
    if not isinstance(now, Plateau):
        remedy = "; write Plateau(lr)" if now is Plateau or is_number(now) else ""
        raise KindError(f"plateau: now must be a Plateau, not {kind(now)}{remedy}")
    # The bound is below best also if best is negative. It is a product, since a difference of two infinities is NaN.
    improves = cost < now.best * (1 - math.copysign(now.threshold, now.best))
    waiting = 0 if improves or now.cooling else now.waiting + 1
    if waiting > now.patience:
        return evolve(now, lr=max(now.factor * now.lr, now.final), waiting=0, cooling=now.cooldown)
    return evolve(now, best=cost if improves else now.best, waiting=waiting, cooling=max(now.cooling - 1, 0))
