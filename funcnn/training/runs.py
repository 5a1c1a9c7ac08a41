"""Runs: the checks of a run, and `keep`, which reads a run to its end.

A run is an iterable of TrainStates, such as `train` gives, or a list of them. Functions from runs to runs, such as
`until` and `progress`, check their arguments when they are called, and compute when a state is requested.
Closing the outermost generator closes all runs inside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import GeneratorType
from typing import Annotated, Any, Generic, TypeVar, overload

import attrs

from funcnn.arrays import kind
from funcnn.checked import checked
from funcnn.data.sequence import check_index
from funcnn.errors import KindError, RangeError
from funcnn.needs import Count, instance, passing
from funcnn.training.arguments import is_arraylike
from funcnn.training.finite import as_finite_state
from funcnn.training.loop import TrainState
from funcnn.trees.walks import leaves

S = TypeVar("S", bound=TrainState[Any])


@checked
def keep(run: Run[S], *, every: Count = 1) -> States[S]:
    """The states at each step that `every` divides, and the last state, as a sequence: a run that can be read again.

    Each state holds its own network; arrays that do not change, such as the arrays of a frozen layer, are shared.

    >>> import numpy as np
    >>> from funcnn import TrainState, batches, mlp, mse, train, value_and_grad
    >>> from funcnn.training import keep
    >>> x = np.zeros((8, 2))
    >>> data = batches(x, x, 4, epochs=50, seed=0)
    >>> kept = keep(train(TrainState(mlp([2, 8, 2], seed=0)), data, value_and_grad(mse), 0.1), every=30)
    >>> kept
    <States: 4 states, steps 30 to 100, 336 bytes of arrays each>
    >>> kept[1].step, kept[-1].step, len(kept[:2])
    (60, 100, 2)

    Raises:
        NotFiniteError: a parameter, a state or a memory of the optimizer is not finite in a state to be kept.
    """
    with every_kth("keep", run, every) as states:
        return States(tuple(states))


@attrs.frozen(repr=False)
class States(Sequence[S], Generic[S]):
    """The sequence of states that `keep` makes; a slice of a States is a States."""

    states: tuple[S, ...]

    def __len__(self) -> int:
        return len(self.states)

    @overload
    def __getitem__(self, i: int) -> S: ...
    @overload
    def __getitem__(self, i: slice) -> States[S]: ...
    def __getitem__(self, i: int | slice) -> S | States[S]:
        check_index("States", i, len(self.states), "states")
        return States(self.states[i]) if isinstance(i, slice) else self.states[i]

    @property
    def nbytes(self) -> int:
        """The bytes of all arrays; an array that several states hold counts once."""
        return sum({id(array): array.nbytes for now in self.states for array in leaves(now)}.values())

    def __repr__(self) -> str:
        if not self:
            return "<States: no states>"
        if len(self) == 1:
            return f"<States: 1 state, step {self[0].step}, {self.nbytes} bytes of arrays>"
        steps = f"steps {self[0].step} to {self[-1].step}"
        return f"<States: {len(self)} states, {steps}, {self.nbytes // len(self)} bytes of arrays each>"


def check_run(function: str, argument: str, run: Any) -> None:
    """Check that `run` is a run, without taking a state from it; the states in a list are checked too."""
    if isinstance(run, list | tuple | deque | str | States):
        for now in run:
            _check_state(function, argument, now)
    elif not isinstance(run, Iterable) or isinstance(run, Mapping | set | frozenset) or is_arraylike(run):
        raise KindError(
            f"{function}: {argument} must be an iterable of TrainStates, such as train gives, not {kind(run)}"
        )
    elif isinstance(run, GeneratorType) and run.gi_frame is None:
        raise RangeError(
            f"{function}: {argument} was read to its end before; a generator can be read once, so make a new one"
        )


def _check_state(function: str, argument: str, now: Any) -> None:
    if not isinstance(now, TrainState):
        raise KindError(f"{function}: {argument} must give TrainStates, not {kind(now)}")


@contextmanager
def states_of(function: str, argument: str, run: Run[S]) -> Iterator[Iterator[S]]:
    """The states of a run, which is closed at the end of the block."""

    def states() -> Iterator[S]:
        for now in run:
            _check_state(function, argument, now)
            yield now

    try:
        yield states()
    finally:
        getattr(run, "close", tuple)()  # a list has no close


def check_not_saved(function: str, adds: str, run: Any) -> None:
    """Refuse a run inside of which `checkpoint_every` saves the states, before `function` adds something to them."""
    while isinstance(run, GeneratorType) and run.gi_frame:
        if run.gi_code.co_name == "_checkpoint_every":
            needed = f"a run that checkpoint_every does not save yet, since its file would not have the {adds}"
            raise KindError(
                f"{function}: run must be {needed}; write checkpoint_every({function}(run, ...), path, ...)"
            )
        run = run.gi_frame.f_locals.get("run")  # the one inside, as all functions from runs to runs name it


@contextmanager
def every_kth(function: str, run: Run[S], every: int) -> Iterator[Iterator[S]]:
    """The states at each step that `every` divides, and the last state; each is checked to be finite."""

    def chosen(states: Iterator[S]) -> Iterator[S]:
        between = None
        for now in states:
            between = now if now.step % every else None
            if between is None:
                yield as_finite_state(function, now)
        if between is not None:
            yield as_finite_state(function, between)

    with states_of(function, "run", run) as states:
        yield chosen(states)


Run = Annotated[Iterable[S], passing("an iterable of TrainStates", check_run)]
Start = Annotated[S, instance(TrainState, "the TrainState that was passed to train")]
