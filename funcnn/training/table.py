"""The history of a run: a table of its costs and measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from funcnn.arrays import Array, as_array, freeze, is_array, kind, short
from funcnn.checked import checked
from funcnn.columns import Table
from funcnn.errors import FuncnnError, KindError, RangeError
from funcnn.fields import check_function
from funcnn.needs import Count, as_text
from funcnn.records import build, record, state, values
from funcnn.training.finite import as_finite_state
from funcnn.training.loop import TrainState
from funcnn.training.runs import Run, Start, check_not_saved, every_kth, states_of

P = TypeVar("P")
S = TypeVar("S", bound=TrainState[Any])
Measures = Mapping[str, Callable[[Any], Any]]


@checked
def history(
    run: Run[S],
    measures: Mapping[str, Callable[[S], Any]] = MappingProxyType({}),
    *,
    every: Count = 1,
    start: Start[S] | None = None,
    table: Table | None = None,
) -> tuple[S, Table]:
    """`(last, table)`: the last state, and a table with the columns "step", "cost" and one for each measure.

    There is a row for each step that `every` divides, and for the last step. A measure is a function of the state that
    gives a number or an array, such as `validation(accuracy, x, y)`. The cost at a step is the cost of its own batch.

    If the run goes on from an earlier run, `start` is the state from which it goes on, and `table` the table of the
    earlier run, to which the new rows are added. If no batch is left, the last state is `start`.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, history, mse, train, value_and_grad
    >>> one = np.ones((1, 1))
    >>> start, data = TrainState(Dense(one, None)), [(one, 0 * one)] * 5
    >>> run = train(start, data, value_and_grad(mse), 0.25)
    >>> last, table = history(run, {"W": lambda state: state.params.W.item()}, every=2)
    >>> last.step, table["W"]
    (5, array([0.25   , 0.0625 , 0.03125]))
    >>> table
    step        cost        W
       2        0.25     0.25
       4    0.015625   0.0625
       5  0.00390625  0.03125

    Raises:
        KindError: `measures` is not a mapping from names to functions, a measure does not give numbers or arrays of one
            shape, or `table` has other columns.
        RangeError: the run is empty and there is no `start`, the run does not go on from `start`, or two columns have
            one name.
        NotFiniteError: as `keep`.
    """
    _check_measures("history", measures)
    if not (table is None or isinstance(table, Table)):
        raise KindError(f"history: table must be the table of an earlier call, not {kind(table)}")
    rows = _Rows("history", measures, every, {} if table is None else table.whole, -1 if start is None else start.step)
    last: S | None = None
    with every_kth("history", run, every) as states:
        for last in states:
            rows.add(last)
    if last is None:
        if start is None:
            raise RangeError(
                "history: run must give at least one state, not 0; a generator can be read once, and a finished run "
                "needs start"
            )
        last = start
    return last, Table(dict(rows.columns()))


@record
class WithTable(TrainState[P]):
    """A TrainState with the table of its run so far: what `history_so_far` gives.

    `columns` are the columns of the table, as `tuple(table.whole.items())`, so the table is a part of the state, and of
    each file that holds the state. `train` carries them along unchanged.

    Raises:
        KindError, RangeError: as TrainState; or `columns` are not columns of a table.
    """

    columns: Any = state(default=())

    def __attrs_post_init__(self) -> None:
        """Check that each field has the kind that it needs."""
        super().__attrs_post_init__()
        try:
            is_table = isinstance(self.columns, tuple) and Table(dict(self.columns)) is not None
        except (TypeError, ValueError, FuncnnError):
            is_table = False
        if not is_table:
            needed = "the columns of a table, as tuple(table.whole.items())"
            raise KindError(f"{type(self).__name__}: columns must be {needed}, not {short(self.columns)}")

    @property
    def table(self) -> Table:
        """The table of the run up to this state."""
        return Table(dict(self.columns))

    _repr_pretty_ = TrainState._repr_pretty_  # IPython prefers the repr of a class to a method of its base


@checked
def history_so_far(
    run: Run[TrainState[P]], measures: Measures = MappingProxyType({}), *, every: Count = 1
) -> Iterator[WithTable[P]]:
    """The states, each with the `table` of the run up to it: the columns of `history`, and a row for each step that
    `every` divides.

    The table is a part of the state. So `checkpoint_every`, which must be around this function, saves it, and a run
    that goes on from a saved state goes on with its table: the table is the same, bit for bit, as the table of a run
    that never stopped.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, train, value_and_grad
    >>> from funcnn.training import history_so_far
    >>> one = np.ones((1, 1))
    >>> start, data = TrainState(Dense(one, None)), [(one, 0 * one)] * 4
    >>> half, *_ = history_so_far(train(start, data[:2], value_and_grad(mse), 0.25))
    >>> *_, last = history_so_far(train(half, data[half.step :], value_and_grad(mse), 0.25))
    >>> last.table
    step      cost
       1         1
       2      0.25
       3    0.0625
       4  0.015625

    Raises:
        KindError: as `history`; the table of the run so far has other columns; or `checkpoint_every` is inside.
        RangeError: the run does not go on behind the last row of its table, or two columns have one name.
        NotFiniteError: a state that is measured has a parameter, a state or a memory of the optimizer that is not
            finite.
    """
    _check_measures("history_so_far", measures)
    check_not_saved("history_so_far", "table", run)
    return _with_table(run, measures, every)


def _with_table(run: Run[Any], measures: Measures, every: int) -> Iterator[WithTable[Any]]:
    rows: _Rows | None = None
    columns: Any = ()
    with states_of("history_so_far", "run", run) as states:
        for now in states:
            has_table = isinstance(now, WithTable)
            if rows is None:
                columns = now.columns if has_table else ()
                rows = _Rows("history_so_far", measures, every, dict(columns))
            if now.step % every == 0:
                rows.add(as_finite_state("history_so_far", now))
                columns = rows.columns()
            kept = values(now)
            if has_table:
                yield build(type(now), (*kept[:4], columns, *kept[5:]))
            else:
                yield build(WithTable, (*kept[:4], columns))


class _Rows:
    """The rows of a table, to which rows are added, in buffers that double their length."""

    def __init__(
        self, function: str, measures: Measures, every: int, columns: Mapping[str, Array], before: int = -1
    ) -> None:
        names = ["step", "cost", *measures]
        if columns and list(columns) != names:
            needed, given = ", ".join(names), ", ".join(columns)
            raise KindError(f"{function}: table must have the columns {needed}; its columns are {given}")
        self._function, self._measures, self._every, self._is_first = function, measures, every, True
        self._buffers = {name: np.array(column) for name, column in columns.items()} or {
            name: np.empty(0, int if name == "step" else float) for name in names
        }
        self._n = len(self._buffers["step"])
        self._before = max([before, *self._buffers["step"][-1:]])

    def add(self, now: TrainState[Any]) -> None:
        """Add the row of a state."""
        if self._is_first:
            self._begin(now)
        self._put("step", np.asarray(now.step, int))
        self._put("cost", np.asarray(now.cost))
        for name, measure in self._measures.items():
            self._put(name, _as_measure(self._function, name, measure(now)))
        self._n += 1
        if self._is_first:
            Table(dict(self.columns()))  # refuses two columns of one name before the run goes on
            self._is_first = False

    def _begin(self, now: TrainState[Any]) -> None:
        if now.step <= self._before:
            needed = f"after step {self._before}, the last step of start and table"
            raise RangeError(f"{self._function}: run must begin {needed}, not with step {now.step}")
        if self._n and self._buffers["step"][-1] % self._every:  # that row was added as the last of its run
            self._n -= 1

    def _put(self, name: str, value: Array) -> None:
        n, buffer = self._n, self._buffers[name]
        if n and buffer.shape[1:] != value.shape:
            given = f"{buffer.shape[1:]} and {value.shape}"
            raise KindError(f"{self._function}: the measure {name!r} must give arrays of one shape, not {given}")
        dtype = np.result_type(buffer, value) if n else value.dtype
        if n == len(buffer) or buffer.dtype != dtype or not n:
            longer = np.empty((2 * n + 16, *value.shape), dtype)
            longer[:n] = buffer[:n] if n else 0
            self._buffers[name] = buffer = longer
        buffer[n] = value

    def columns(self) -> tuple[tuple[str, Array], ...]:
        """The columns, as read-only views of the rows so far, which do not change when rows are added."""
        return tuple([(name, freeze(buffer[: self._n])) for name, buffer in self._buffers.items()])


def _check_measures(function: str, measures: Any) -> None:
    if not isinstance(measures, Mapping):
        example = '{"accuracy": validation(accuracy, x, y)}'
        raise KindError(f"{function}: measures must be a mapping, such as {example}, not {kind(measures)}")
    for name, measure in measures.items():
        as_text(function, "the name of a measure", name)
        needed = "a function of the state, such as validation(accuracy, x, y)"
        check_function(function, f"the measure {name!r}", measure, needed, takes=1)
    if taken := {"step", "cost"} & measures.keys():
        raise RangeError(f"{function}: {min(taken)!r} is in the table already; give the measure another name")


def _as_measure(function: str, name: str, value: Any) -> Array:
    array = np.asarray(value) if isinstance(value, int | float) or is_array(as_array(value)) else None
    if array is None or array.dtype.kind not in "biuf":
        raise KindError(f"{function}: the measure {name!r} must give a number or an array of them, not {kind(value)}")
    return array
