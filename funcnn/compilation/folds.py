"""The folds of a compiled function: which one takes the next steps of a run, if one may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from funcnn.compilation.agreement import are_alike, reason_of, tried
from funcnn.compilation.fold import Flat, Fold
from funcnn.compilation.outside import guarded
from funcnn.compilation.step import CompiledStep
from funcnn.compilation.structure import flatten, form_of_rows
from funcnn.core import sgd
from funcnn.optimizers.base import update

_MOST = 64  # folds of a step; the one that was made first is dropped


class Folds:
    """The folds of a function that `compiled` made, and the contents of the states that they made."""

    def __init__(self) -> None:
        self._flats = flats = dict[int, Flat]()  # by the id of each state, while it is in use
        self._gone: Callable[[Flat], object] = lambda flat: flats.pop(flat.key, None)

    def forget(self) -> None:
        """Forget all states, since a rule has changed."""
        self._flats.clear()

    def __call__(self, function: Any, now: Any, batches: Sequence[Any], lrs: Sequence[float]) -> Any:
        """The state after a step with the first batch, and with the next ones of its shape.

        None if there is no kernel for these steps, if a check fails or a cost is not finite: then take a step as usual.
        """
        x, y = batches[0]
        alike = batches
        if len(batches) > 1:
            alike = list(takewhile(lambda batch: are_alike(x, batch[0]) and are_alike(y, batch[1]), batches))
        if 0 in lrs:  # sgd takes no step then, even if a gradient is infinite
            alike = alike[: lrs.index(0)]
        if not alike:
            return None
        lrs = lrs[: len(alike)]
        flat = self._made_by_fold(now, x, y)
        fold = flat.fold if flat else self._fold(function, now, alike[:2], lrs[:2])
        if isinstance(fold, str) or (made := tried(fold, now, flat, alike, lrs)) is None:
            return None
        after, *contents = made
        self._flats[id(after)] = flat = Flat(after, self._gone)
        flat.fold, flat.key = fold, id(after)
        flat.vector, flat.numbers, flat.own_numbers = contents
        return after

    def reason(self, function: Any, now: Any, x: Any, y: Any) -> str:
        """Why a step from a state is not one call; an empty string if it is."""
        fold = self._fold(function, now, [(x, y)], [1.0])
        return fold if isinstance(fold, str) else ""

    def _made_by_fold(self, now: Any, x: Any, y: Any) -> Flat | None:
        """The contents of a state, if a fold made it that is for batches like this one and reads what it read."""
        flat = self._flats.get(id(now))
        if flat is None or flat() is not now or flat.fold.step.rows != form_of_rows(x, y):
            return None
        return flat if flat.fold.step.is_unchanged() and flat.fold.is_unchanged() else None

    def _fold(self, function: Any, now: Any, batches: Any, lrs: Any) -> Fold | str:
        """The fold for a state and batches like these, or why there is none."""
        step = function.step(now.params, *batches[0], [], [])
        if not isinstance(step, CompiledStep):
            return "the gradient is not one kernel"
        form: list[Any] = []
        flatten(now.optimizer, [], [], form)
        for known, fold, is_unchanged in step.folds:
            if known == form and is_unchanged():
                return fold
        fold, is_unchanged = guarded(lambda: _made(function, step, now, batches, lrs), form)
        if isinstance(fold, Fold):
            fold.is_unchanged = is_unchanged
        step.folds = [(form, fold, is_unchanged), *step.folds[: _MOST - 1]]
        return fold


def _made(function: Any, step: CompiledStep, now: Any, batches: Any, lrs: Any) -> Fold | str:
    """The fold, if it gives the bits of single steps."""
    try:
        fold = Fold(step, now.optimizer)
        folded, single = fold(now, None, batches, lrs), (now.params, now.optimizer)
        for (x, y), lr in zip(batches, lrs, strict=True):
            grads, after = update(single[1], function(single[0], x, y)[1], single[0])
            single = sgd(single[0], grads, lr), after
    except Exception as error:  # noqa: BLE001  of a user's rule, which raises its errors again where it runs plain
        return reason_of(error)
    is_right = folded is None or (folded[0].params, folded[0].optimizer) == single
    return fold if is_right else "the fold's result differs from that of single steps"
