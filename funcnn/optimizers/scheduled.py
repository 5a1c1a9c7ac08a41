"""Settings of optimizers that are functions of the step number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from funcnn.arrays import short
from funcnn.errors import KindError
from funcnn.fields import is_number
from funcnn.gradients import Grads
from funcnn.optimizers.base import P, update
from funcnn.optimizers.initial import init
from funcnn.records import is_record, plans, record, state
from funcnn.refusals import no_rule_error
from funcnn.schedules.base import as_step, check_schedule
from funcnn.trees.edits import as_edits, built, edited, parts_of

Settings = tuple[tuple[str, Callable[[Any], Any]], ...]


def _check_settings(record: Any, _: Any, value: Any) -> None:
    """Check that each pair is a path and a function of the step number."""
    function, pairs = type(record).__name__, value if type(value) is tuple and value else (value,)
    if not all([type(pair) is tuple and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs]):
        needed = 'pairs of a path and a schedule, such as (("beta", cosine(0.95, 100, final=0.85)),)'
        raise KindError(f"{function}: settings must be {needed}, not {short(value)}")
    for path, schedule in pairs:
        check_schedule(function, f"the schedule of {path!r}", schedule, "a function of the step number")


@record
class Scheduled:
    """The g' of `optimizer`, some of whose settings are functions of the number t of the update, from 0 on

    `settings` are pairs of a path and a function, such as a schedule: `("beta", cosine(0.95, 100, final=0.85))` for an
    optimizer, `("1.rate", ...)` for the second of a chain. A setting may be anything that its record takes: the factors
    of a `Rates` too, so that layers thaw one after another. In `Scheduled` the optimizer keeps the settings that it was
    given, so nothing but memories and counters changes from step to step.

    Optax's `inject_hyperparams` is the same, but the memory of Adam and its variants is a sum, m / (1 - b1); so if b1
    moves, the mean has the b1 of the present step for all gradients. Smith 2018, A disciplined approach to neural
    network hyper-parameters, section 4.3, lowers the momentum while the learning rate rises.

    >>> from funcnn import Momentum, TrainState, cosine, mlp
    >>> from funcnn.optimizers import Decay, Scheduled
    >>> heavy = Scheduled(Momentum(), (("beta", cosine(0.95, 1000, final=0.85)),))
    >>> fading = Scheduled(Decay(0.1, "!*.b"), (("rate", cosine(0.1, 1000)),))
    >>> start = TrainState(mlp([2, 8, 1], seed=0), (heavy, fading))

    Raises:
        KindError: `settings` are not pairs of a path and a function of the step number, or a path leads to a state.
        FuncnnError: `optimizer` has nothing at a path.
        Also, here and in `update`, any error of a record inside `optimizer` for the value of a setting.
    """

    optimizer: Any
    settings: Settings = attrs.field(validator=_check_settings, metadata={"schedules": True})
    t: int = state(default=0, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check that there are such settings, and that they can have their present values."""
        if type(self.optimizer) is not tuple and not is_record(self.optimizer):
            raise no_rule_error(type(self).__name__, self.optimizer, "optimizer")
        for path, _ in self.settings:
            part = self.optimizer
            for step in path.split("."):
                if is_record(part) and dict(plans[type(part)]).get(step):
                    raise KindError(f"{type(self).__name__}: {path!r} must lead to a setting, not to a state")
                part = parts_of(part).get(step)
        _scheduled(self, self.t if type(self.t) is int else 0)


def _scheduled(optimizer: Scheduled, t: Any) -> Any:
    """The optimizer inside, with its settings of step t."""
    function, parts = type(optimizer).__name__, {}
    for path, schedule in optimizer.settings:
        is_of_numbers = hasattr(t, "applied") and is_number(_at(optimizer.optimizer, path))
        parts[path] = t.applied(schedule) if is_of_numbers else schedule(t)
    return edited(function, optimizer.optimizer, as_edits(parts), checked=type(t) is int)


def _at(tree: Any, path: str) -> Any:
    for step in path.split("."):
        tree = parts_of(tree)[step]
    return tree


@update.register(Scheduled)
def scheduled_update(optimizer: Scheduled, grads: Grads[P], params: P) -> tuple[Grads[P], Scheduled]:
    """The update of the optimizer with its settings of this step, which it loses again"""
    given = optimizer.optimizer
    t = optimizer.t if hasattr(optimizer.t, "applied") else as_step(type(optimizer).__name__, optimizer.t)
    grads, after = update(_scheduled(optimizer, t), grads, params)
    after = edited("update", after, as_edits({path: _at(given, path) for path, _ in optimizer.settings}), checked=False)
    return grads, built(optimizer, {"optimizer": after, "t": t + 1})


@init.register(Scheduled)
def scheduled_init(optimizer: Scheduled, params: Any) -> Scheduled:
    """The optimizer inside with its memory"""
    return built(optimizer, {"optimizer": init(optimizer.optimizer, params)})
