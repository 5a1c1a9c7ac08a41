"""Runs: a run is an iterator of TrainStates, such as `train` gives, and these are functions of runs.

`progress` and `checkpoint_every` are generators around another run, as are those of `stopping`: nothing happens until a
state is asked for, and whoever leaves the outermost closes all of them. They may stand in any order. `history` and
`keep` read a run to its end. To all of them a list of states is a run too.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from os import PathLike
from time import monotonic
from types import MappingProxyType
from typing import Any, Generic, TypeVar, overload

import attrs
import numpy as np

from funcnn.arrays import Array, as_array, is_array, kind
from funcnn.errors import KindError, RangeError
from funcnn.fields import as_count, as_number
from funcnn.files.store import save
from funcnn.training.loop import TrainState
from funcnn.tree import leaves

S = TypeVar("S", bound=TrainState[Any])  # what a run gives

Run = Iterable[S]


def history(
    run: Run[S],
    measures: Mapping[str, Callable[[S], Any]] = MappingProxyType({}),
    *,
    every: int = 1,
) -> tuple[S, dict[str, Array]]:
    """`(last, table)`: the last state, and arrays of equal length, `"step"`, `"cost"` and one for each measure.

    There is an entry for each step that `every` divides, and for the last. A measure is a function of the state that
    gives a number or an array, such as `validation(accuracy, x, y)`. The cost at a step is that of its own batch.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, history, mse, train, value_and_grad
    >>> one = np.ones((1, 1))
    >>> run = train(TrainState(Dense(one, None)), [(one, 0 * one)] * 5, value_and_grad(mse), 0.25)
    >>> last, table = history(run, {"W": lambda state: state.params.W.item()}, every=2)
    >>> last.step, table["step"], table["W"]
    (5, array([2, 4, 5]), array([0.25   , 0.0625 , 0.03125]))

    Raises:
        KindError: `run` gives no TrainStates, `every` is no whole number, `measures` no mapping, or a measure gives
            neither numbers nor arrays of one shape.
        RangeError: the run is empty, `every` is less than 1, or a measure is called "step" or "cost".
    """
    every = as_count("history", every, "every")
    if not isinstance(measures, Mapping):
        example = '{"accuracy": validation(accuracy, x, y)}'
        raise KindError(f"history: measures must be a mapping, such as {example}, not {kind(measures)}")
    if taken := {"step", "cost"} & measures.keys():
        raise RangeError(f"history: {min(taken)!r} is in the table already; give the measure another name")
    columns: dict[str, list[Any]] = {name: [] for name in ("step", "cost", *measures)}
    last = None
    with closing(_every(run, "history", every)) as states:
        for last in states:
            columns["step"].append(last.step)
            columns["cost"].append(last.cost)
            for name, measure in measures.items():
                columns[name].append(_measured(name, measure(last), columns[name]))
    if last is None:
        raise RangeError("history: the run has no states; that of itertools.chain([start], run) has one at least")
    return last, {name: np.array(column) for name, column in columns.items()}


def _measured(name: str, value: Any, others: list[Any]) -> Array:
    array = np.asarray(value) if isinstance(value, int | float) or is_array(as_array(value)) else None
    if array is None or array.dtype.kind not in "biuf":
        raise KindError(f"history: the measure {name!r} must give a number or an array of them, not {kind(value)}")
    if others and others[0].shape != array.shape:
        raise KindError(
            f"history: the measure {name!r} must give arrays of one shape, not {others[0].shape} and {array.shape}"
        )
    return array


def keep(run: Run[S], *, every: int = 1) -> Kept[S]:
    """The states at each step that `every` divides, and the last, as a sequence: a run that can be read again.

    A state holds its own network, but arrays that do not change, those of a frozen layer, are there once for all.

    >>> import numpy as np
    >>> from funcnn import TrainState, batches, keep, mlp, mse, train, value_and_grad
    >>> x = np.zeros((8, 2))
    >>> data = batches(x, x, 4, epochs=50, seed=0)
    >>> kept = keep(train(TrainState(mlp([2, 8, 2], seed=0)), data, value_and_grad(mse), 0.1), every=30)
    >>> kept
    <Kept: 4 states, steps 30 to 100, 336 bytes of arrays each>
    >>> kept[1].step, kept[-1].step, len(kept[:2])
    (60, 100, 2)

    Raises:
        KindError: `run` gives no TrainStates, or `every` is no whole number.
        RangeError: `every` is less than 1.
    """
    every = as_count("keep", every, "every")
    with closing(_every(run, "keep", every)) as states:
        return Kept(tuple(states))


@attrs.frozen(repr=False)
class Kept(Sequence[S], Generic[S]):
    """What `keep` makes: a sequence of states, every slice of which is one as well."""

    states: tuple[S, ...]

    def __len__(self) -> int:
        return len(self.states)

    @overload
    def __getitem__(self, i: int) -> S: ...
    @overload
    def __getitem__(self, i: slice) -> Kept[S]: ...
    def __getitem__(self, i: int | slice) -> S | Kept[S]:
        return Kept(self.states[i]) if isinstance(i, slice) else self.states[i]

    @property
    def nbytes(self) -> int:
        """The bytes of all arrays, each counted once, however many states hold it."""
        return sum({id(array): array.nbytes for now in self.states for array in leaves(now)}.values())

    def __repr__(self) -> str:
        if len(self) < 2:
            return (
                f"<Kept: 1 state, step {self[0].step}, {self.nbytes} bytes of arrays>" if self else "<Kept: no states>"
            )
        steps = f"steps {self[0].step} to {self[-1].step}"
        return f"<Kept: {len(self)} states, {steps}, {self.nbytes // len(self)} bytes of arrays each>"


def progress(run: Run[S], total: int | None = None, *, lr: float | Callable[[int], float] | None = None) -> Iterator[S]:
    """The states, under a bar of tqdm that shows the step, steps per second, the cost, and the rate if `lr` is given.

    `total` is the number of the last step, `len(data)`; with it the bar knows how much time is left. A run that resumes
    goes on counting where it was. A bar is drawn ten times a second at most, on standard error.

    >>> from funcnn import TrainState, batches, cosine, mlp, mse, progress, train, value_and_grad
    >>> import numpy as np
    >>> x, lr = np.zeros((8, 2)), cosine(0.1, 200)
    >>> data = batches(x, x, 4, epochs=100, seed=0)
    >>> run = train(TrainState(mlp([2, 2], seed=0)), data, value_and_grad(mse), lr)
    >>> run = progress(run, len(data), lr=lr)  # needs tqdm when the first state is asked for

    Raises:
        ImportError: tqdm is not installed.
        KindError: `run` gives no TrainStates.
    """
    try:
        from tqdm.auto import tqdm  # noqa: PLC0415  optional, and needed here alone
    except ImportError:
        raise ImportError('progress needs tqdm; write pip install "funcnn[progress]"') from None

    with closing(states_of(run, "progress")) as states, tqdm(total=total, unit="step") as bar:
        for now in states:
            if bar.n == 0:
                bar.initial = bar.n = bar.last_print_n = max(now.step - 1, 0)  # no step of before counts as fast
            rate = "" if lr is None else f", lr {float(lr(now.step - 1) if callable(lr) else lr):.3g}"
            bar.set_postfix_str(f"cost {float(now.cost):.4g}{rate}", refresh=False)
            bar.update(now.step - bar.n)
            yield now


def checkpoint_every(
    run: Run[S], path: str | PathLike[str], *, steps: int | None = None, seconds: float | None = None
) -> Iterator[S]:
    """The states, each saved at `path` if it is due, before it is given, and the last when the run has ended.

    Due is a state whose step `steps` divides, or the first after `seconds` seconds without a save. Where the loop is
    left early, by `break` or by an error, the file holds the last state that was due: a generator which somebody still
    refers to would write later, over what newer runs have saved. So let it be the outermost: around `early_stopping` it
    saves the state at which that stops, with the best of all, while inside it would be left early.

    >>> import os, tempfile
    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, checkpoint_every, load, mse, train, value_and_grad
    >>> one = np.ones((1, 1))
    >>> data = [(one, 0 * one)] * 25
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "run.npz")
    ...     run = train(TrainState(Dense(one, None)), data, value_and_grad(mse), 0.1)
    ...     for state in checkpoint_every(run, path, steps=10):
    ...         pass
    ...     load(path) == state
    True

    Raises:
        KindError: `run` gives no TrainStates, `steps` is no whole number, or `seconds` none at all.
        RangeError: not one of `steps` and `seconds` is given, or it is not above 0. And what `save` raises.
    """
    if (steps is None) is (seconds is None):
        raise RangeError(f"checkpoint_every: give either steps or seconds; steps: {steps}, seconds: {seconds}")
    if steps is not None:
        steps = as_count("checkpoint_every", steps)
    elif not as_number("checkpoint_every", seconds, "seconds") > 0:
        raise RangeError(f"checkpoint_every: seconds must be above 0; it is {seconds}")
    return _checkpoint_every(run, path, steps, seconds)


def _checkpoint_every(run: Run[S], path: Any, steps: int | None, seconds: float | None) -> Iterator[S]:
    now, saved, at = None, None, monotonic()
    with closing(states_of(run, "checkpoint_every")) as states:
        for now in states:
            if now.step % steps == 0 if steps else monotonic() - at >= (seconds or 0):
                save(path, now)
                saved, at = now, monotonic()
            yield now
    if now is not saved:
        save(path, now)


def states_of(run: Run[S], whose: str) -> Generator[S, None, None]:
    """The states of a run, which is closed when whoever reads them closes this."""
    if not isinstance(run, Iterable):
        raise KindError(f"{whose}: a run is an iterator of TrainStates, such as train gives, not {kind(run)}")
    try:
        for now in run:
            if not isinstance(now, TrainState):
                raise KindError(f"{whose}: a run gives TrainStates, as train does, not {kind(now)}")
            yield now
    finally:
        getattr(run, "close", tuple)()  # a list of states has no need of it


def _every(run: Run[S], whose: str, every: int) -> Generator[S, None, None]:
    """The states at each step that `every` divides, and the last."""
    between = None
    with closing(states_of(run, whose)) as states:
        for now in states:
            between = now if now.step % every else None
            if between is None:
                yield now
    if between is not None:
        yield between
