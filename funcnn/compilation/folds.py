"""The folds of a compiled function: which one takes the next steps of a run, if one may."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any
from weakref import ref

from funcnn.compilation.agreement import are_alike, guarded, reason_of, tried
from funcnn.compilation.apart import StepsApart
from funcnn.compilation.fold import Flat, Fold
from funcnn.compilation.memory import StateVectors
from funcnn.compilation.segments import Way
from funcnn.compilation.shapes import Untraceable
from funcnn.compilation.step import CompiledStep
from funcnn.compilation.structure import flattened, form_of_rows
from funcnn.compilation.update import NoMemoryYet
from funcnn.core import sgd

_MOST = 64  # folds of a step; the one that was made first is dropped
_DIFFERS = "the fold's result differs from that of single steps"
Found = Fold | StepsApart | str


class Folds:
    """The folds of a function that `compiled` made, and the contents of the states that they made."""

    def __init__(self) -> None:
        self._flats = dict[int, Flat]()  # by the id of each state, while it is in use
        self._vectors = StateVectors()

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
        fold: Found = flat.fold if flat else self._known(function, now, alike[:2], lrs[:2])
        if isinstance(fold, str) or (made := tried(fold, now, flat, alike, lrs)) is None:
            return None
        after, *contents = made
        flats, key = self._flats, id(after)
        flats[key] = Flat(ref(after, lambda _: flats.pop(key, None)), fold, *contents)
        return after

    def told(self, function: Any, now: Any, x: Any, y: Any) -> str:
        """Where the update of a step is computed, and why."""
        fold = self._known(function, now, [(x, y)], [1.0])
        return f"not in the call: {fold}" if isinstance(fold, str) else fold.told

    def _made_by_fold(self, now: Any, x: Any, y: Any) -> Flat | None:
        """The contents of a state, if a fold made it that is for batches like this one and reads what it read."""
        flat = self._flats.get(id(now))
        if flat is None or flat.state() is not now or flat.fold.step.rows != form_of_rows(x, y):
            return None
        return flat if flat.fold.step.is_unchanged() and flat.fold.is_unchanged() else None

    def _known(self, function: Any, now: Any, batches: Any, lrs: Any) -> Found:
        """The fold for a state and batches like these, or why there is none."""
        step = function.step(now.params, *batches[0], [], [])
        if not isinstance(step, Way):
            return step
        try:
            *_, form = flattened(now.optimizer)
        except Untraceable as reason:
            return str(reason)
        for known, fold, is_unchanged in step.folds:
            if known == form and is_unchanged():
                return fold
        fold, is_unchanged = guarded(lambda: self._made(function, step, now, batches, lrs), form)
        if not isinstance(fold, str):
            fold.is_unchanged = is_unchanged
        step.folds = [(form, fold, is_unchanged), *step.folds[: _MOST - 1]]
        return fold

    def _made(self, function: Any, step: Way, now: Any, batches: Any, lrs: Any) -> Found:
        """The fold; or else steps apart; or why there is neither."""
        found: Found = "the gradient is not one kernel"
        for make in (_fold, self._apart) if isinstance(step, CompiledStep) else (self._apart,):
            try:
                found = make(function, step, now, batches, lrs, found)
            except NoMemoryYet as error:
                return reason_of(error)
            except Exception as error:  # noqa: BLE001  of a user's rule, which raises its errors where it runs plain
                found = reason_of(error)
            if not isinstance(found, str):
                break
        return found

    def _apart(self, function: Any, step: Any, now: Any, batches: Any, lrs: Any, reason: Any) -> Found:
        """Steps apart, if an update gives the bits of NumPy."""
        (cost, grads), lr = function(now.params, *batches[0]), lrs[0]
        steps = StepsApart(step, reason, self._vectors, now, grads)
        if function.portable and not steps.is_portable:
            raise Untraceable("a part of the chain that NumPy computes")
        after = steps.after(now, *steps.gathered(now), cost, grads, lr)
        return steps if after and _are_equal(after[0], _single(function, now, (cost, grads), lr)) else _DIFFERS


def _fold(function: Any, step: Any, now: Any, batches: Any, lrs: Any, _: Any) -> Found:
    """The fold, if it gives the bits of single steps."""
    fold, single = Fold(step, now.optimizer), now
    for (x, y), lr in zip(batches, lrs, strict=True):
        single = _single(function, single, function(single.params, x, y), lr)
    folded = fold(now, None, batches, lrs)
    return fold if folded is None or _are_equal(folded[0], single) else _DIFFERS


def _single(function: Any, now: Any, made: Any, lr: float) -> Any:
    """The state after a step, given the cost and the gradient."""
    steps, optimizer = function.update(now.optimizer, made[1], now.params)
    return now.after(sgd(now.params, steps, lr), optimizer, made[0])


def _are_equal(state: Any, other: Any) -> bool:
    return bool((state.params, state.optimizer) == (other.params, other.optimizer))
