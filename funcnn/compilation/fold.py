"""Steps of training in one call of a kernel, from a state and batches to the state after them; and which call it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any
from weakref import ref

import numpy as np

from funcnn.arrays import freeze
from funcnn.compilation.agreement import are_alike, guarded, reason_of, tried
from funcnn.compilation.apart import StepsApart
from funcnn.compilation.memory import Memory, StateVectors, address
from funcnn.compilation.segments import Way
from funcnn.compilation.shapes import NUMBER, Untraceable
from funcnn.compilation.sharing import run
from funcnn.compilation.step import CompiledStep, Memories
from funcnn.compilation.structure import Copies, flattened, form_of_rows
from funcnn.compilation.update import NoMemoryYet, UpdateProgram, entries
from funcnn.core import sgd
from funcnn.trees.walks import map_arrays


class Flat(ref[Any]):
    """A weak reference to a state that a fold made, with the vector and the numbers in it.

    A state does not change, so a call that is given the same state takes the vector instead of each array.
    """

    __slots__ = "fold", "key", "numbers", "own_numbers", "vector"
    fold: Any  # which made it
    key: int  # the id of the state
    vector: Any
    numbers: list[Any]  # of the network
    own_numbers: list[Any]  # of the optimizer


class Fold:
    """Steps with one optimizer: gradients, the update of the optimizer, and sgd.

    Raises:
        Untraceable: the optimizer does what a kernel cannot do, or the kernel needs numbers computed from parameters.
    """

    is_unchanged: Callable[[], bool]  # whether the optimizer's rules are as they were
    told = "in the call"

    def __init__(self, step: CompiledStep, optimizer: Any) -> None:
        program, trace = step.program, step.program.trace
        if any([a.op != "halves" and a.dtype != NUMBER for _, a in program.computed]):
            raise Untraceable("an array that is computed from the parameters")
        params = _entries("parameters", trace.params, lambda s: int(s.data.flat[0]))
        grads = _entries("gradients", trace.grads, lambda s: program.places[id(s)])
        self.step, self.update = step, UpdateProgram(optimizer, params, grads, step.dtype)
        numbers = [*trace.states.symbols, *self.update.states.following]
        self._copy = Copies(
            (params, self.update.after),
            (trace.grads, self.update.after),
            step.dtype,
            self.update.firsts,
            {id(s): i for i, s in enumerate(numbers)},
        ).copy
        self._memories = Memories(step, self.update)

    def __call__(
        self, now: Any, flat: Flat | None, batches: Sequence[Any], lrs: Sequence[float]
    ) -> tuple[Any, Any, list[Any], list[Any]] | None:
        """The state after the batches, its vector, and its numbers; None if a check fails or a cost is not finite."""
        update, states, count, memory = self.update, self.step.program.trace.states, len(lrs), self._memories.take()
        if flat is None:
            (arrays, numbers, _), (own, own_numbers, _) = map(flattened, (now.params, now.optimizer))
            memory.take([*arrays, *own])
        else:
            memory.flat[:] = flat.vector
            numbers, own_numbers = flat.numbers, flat.own_numbers
        run, own_run = states.run(numbers, count), update.states.run(own_numbers, count)
        if count == 1:
            cost = self._cost(memory, batches[0], numbers, update.code.numbers(lrs[0], own_numbers))
        else:
            cost = self._cost_of_run(memory, batches, run, list(map(update.code.numbers, lrs, own_run)))
        vector = memory.flat.copy()
        self._memories.give_back(memory)
        if math.isnan(cost):
            return None
        vector.setflags(0)
        params, optimizer = self._copy((now.params, update.after), vector, [*run[-1], *own_run[-1]])
        return now.after(params, optimizer, freeze(self.step.number(cost)), count), vector, run[-1], own_run[-1]

    def _cost(self, memory: Memory, batch: Any, states: Any, constants: Any) -> float:
        """The cost of a step; NaN if it may not be taken."""
        memory.numbers[:] = constants
        x, y = map(self.step.ready, batch)
        self.step.run(memory, x, y, states)
        cost = float(self.step.program.cost(memory.totals))
        return math.nan if memory.totals[-1] or not math.isfinite(cost) else cost

    def _cost_of_run(self, memory: Memory, batches: Any, states: Any, constants: Any) -> float:
        """The last cost of several steps: in one call; or one by one, if there are random numbers."""
        step = self.step
        if step.is_computed:
            costs = [self._cost(memory, *each) for each in zip(batches, states, constants, strict=False)]
            return math.nan if any(map(math.isnan, costs)) else costs[-1]
        data = self._ready(batches)
        xs, ys = [np.array([batch[i] for batch in data], np.uintp) for i in (2, 3)]
        table, totals = np.array(constants, step.dtype), np.empty((len(data), len(memory.totals)), step.dtype)
        memory.set_run(xs, ys, table, totals)
        run(step.functions, memory)
        memory.set_step()
        every = np.asarray(step.program.cost(totals.T), float)
        return math.nan if totals[:, -1].any() or not np.isfinite(every).all() else float(every[-1])

    def _ready(self, batches: Any) -> list[tuple[Any, Any, int, int]]:
        """Each batch as kernels read it, and the addresses of its arrays; a batch that is repeated is made once."""
        known: dict[tuple[int, int], tuple[Any, Any, int, int]] = {}
        ready = []
        for x, y in batches:
            if (key := (id(x), id(y))) not in known:
                rows = self.step.ready(x), self.step.ready(y)
                known[key] = (*rows, address(rows[0]), address(rows[1]))
            ready.append(known[key])
        return ready


def _entries(name: str, tree: Any, first: Callable[[Any], int]) -> Any:
    """A tree with the entries of its arrays."""
    return map_arrays(lambda s: s if s.dtype == NUMBER else entries(name, s, first(s)), tree)


_MOST = 64  # folds of a step; the one that was made first is dropped
_DIFFERS = "the fold's result differs from that of single steps"
Found = Fold | StepsApart | str


class Folds:
    """The folds of a function that `compiled` made, and the contents of the states that they made."""

    def __init__(self) -> None:
        self._flats = flats = dict[int, Flat]()  # by the id of each state, while it is in use
        self._gone: Callable[[Flat], object] = lambda flat: flats.pop(flat.key, None)
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
        self._flats[id(after)] = flat = Flat(after, self._gone)
        flat.fold, flat.key = fold, id(after)
        flat.vector, flat.numbers, flat.own_numbers = contents
        return after

    def told(self, function: Any, now: Any, x: Any, y: Any) -> str:
        """Where the update of a step is computed, and why."""
        fold = self._known(function, now, [(x, y)], [1.0])
        return f"not in the call: {fold}" if isinstance(fold, str) else fold.told

    def _made_by_fold(self, now: Any, x: Any, y: Any) -> Flat | None:
        """The contents of a state, if a fold made it that is for batches like this one and reads what it read."""
        flat = self._flats.get(id(now))
        if flat is None or flat() is not now or flat.fold.step.rows != form_of_rows(x, y):
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
