"""The history of a run: a table of its costs and measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

import numpy as np

from funcnn.arrays import Array, as_array, is_array, kind, owned, same, short
from funcnn.checked import checked
from funcnn.errors import KindError, NoColumnError, RangeError
from funcnn.fields import check_function
from funcnn.needs import Count, as_text
from funcnn.tables import Rows, html, text
from funcnn.training.loop import TrainState
from funcnn.training.runs import Run, Start, every_kth

S = TypeVar("S", bound=TrainState[Any])

_SHOWN = 20  # the most rows in print; of a longer table, the first and the last rows are printed


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
    _check_measures(measures)
    columns = _as_columns(table, ["step", "cost", *measures])
    before = max([-1 if start is None else start.step, *columns["step"][-1:]])
    last: S | None = None
    with every_kth("history", run, every) as states:
        for now in states:
            if last is None:
                if now.step <= before:
                    needed = f"after step {before}, the last step of start and table"
                    raise RangeError(f"history: run must begin {needed}, not with step {now.step}")
                if columns["step"] and columns["step"][-1] % every:  # that row was added as the last of its run
                    columns = {name: column[:-1] for name, column in columns.items()}
            last = now
            columns["step"].append(now.step)
            columns["cost"].append(now.cost)
            for name, measure in measures.items():
                columns[name].append(_as_measure(name, measure(now), columns[name]))
            if len(columns["step"]) == 1:
                _table(columns)  # refuses two columns of one name before the run goes on
    if last is None:
        if start is None:
            raise RangeError(
                "history: run must give at least one state, not 0; a generator can be read once, and a finished run "
                "needs start"
            )
        last = start
    return last, _table(columns)


def _check_measures(measures: Any) -> None:
    if not isinstance(measures, Mapping):
        example = '{"accuracy": validation(accuracy, x, y)}'
        raise KindError(f"history: measures must be a mapping, such as {example}, not {kind(measures)}")
    for name, measure in measures.items():
        as_text("history", "the name of a measure", name)
        needed = "a function of the state, such as validation(accuracy, x, y)"
        check_function("history", f"the measure {name!r}", measure, needed, takes=1)
    if taken := {"step", "cost"} & measures.keys():
        raise RangeError(f"history: {min(taken)!r} is in the table already; give the measure another name")


def _as_columns(table: Any, names: list[str]) -> dict[str, list[Any]]:
    """The columns so far, as lists."""
    if table is None:
        return {name: [] for name in names}
    if not isinstance(table, Table):
        raise KindError(f"history: table must be the table of an earlier call, not {kind(table)}")
    if list(table.whole) != names:
        needed, given = ", ".join(names), ", ".join(table.whole)
        raise KindError(f"history: table must have the columns {needed}; its columns are {given}")
    return {name: list(column) for name, column in table.whole.items()}


def _table(columns: dict[str, list[Any]]) -> Table:
    return Table({name: np.array(column, int if name == "step" else None) for name, column in columns.items()})


def _as_measure(name: str, value: Any, others: list[Any]) -> Array:
    array = np.asarray(value) if isinstance(value, int | float) or is_array(as_array(value)) else None
    if array is None or array.dtype.kind not in "biuf":
        raise KindError(f"history: the measure {name!r} must give a number or an array of them, not {kind(value)}")
    if others and np.shape(others[0]) != array.shape:
        given = f"{np.shape(others[0])} and {array.shape}"
        raise KindError(f"history: the measure {name!r} must give arrays of one shape, not {given}")
    return array


class Table(dict[str, Array]):  # noqa: PLW1641  like every dict, it has no hash
    """The table that `history` makes: columns by name, arrays of equal length; it cannot be changed.

    A table is a dict of columns, which `pandas.DataFrame(table)` takes. A measure that gives arrays has a column for
    each entry, `name.0` or `name.0.2`; `table[name]` holds all entries, in the shape `(rows, ...)`.

    Raises:
        NoColumnError: there is no column of that name.
    """

    __slots__ = ("whole",)

    def __init__(self, whole: Mapping[str, Array]) -> None:
        """A table of these arrays, by the names of the measures."""
        arrays = whole.values() if isinstance(whole, Mapping) else [None]
        if not all([is_array(array) and array.ndim for array in arrays]) or len(set(map(len, arrays))) > 1:
            raise KindError("Table: whole must be a mapping from names to arrays with equal numbers of rows")
        self.whole = {name: owned(array) for name, array in whole.items()}
        for name, array in self.whole.items():
            for column, part in _columns(name, array):
                if column in self:
                    raise RangeError(f"history: two columns are called {column!r}; give a measure another name")
                super().__setitem__(column, part)

    def __missing__(self, name: str) -> Array:
        if name not in self.whole:
            raise NoColumnError(f"Table: there is no column {name!r}; its columns are {', '.join(self.whole)}")
        return self.whole[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and same(tuple(self.whole.items()), tuple(other.whole.items()))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __reduce__(self) -> tuple[Any, ...]:
        return Table, (self.whole,)

    def _raise_immutable(self, *_: Any, **__: Any) -> NoReturn:
        raise KindError("Table: a table cannot be changed; write {**table, name: column}")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _raise_immutable

    def _rows(self) -> Rows:
        whole = self.whole.values()
        n = len(next(iter(whole), ()))
        shown = [*range(_SHOWN // 2), None, *range(n - _SHOWN // 2, n)] if n > _SHOWN else range(n)
        body = [["..." if i is None else _cell(column[i]) for column in whole] for i in shown]
        return [tuple(self.whole), *body]

    def __repr__(self) -> str:
        return text(self._rows())

    def _repr_html_(self) -> str:
        return html(self._rows())


def _columns(name: str, array: Array) -> Iterator[tuple[str, Array]]:
    """Each entry of a measure as a column; the measure itself if its values are numbers."""
    if array.ndim < 2:
        yield name, array
        return
    for i in range(array.shape[1]):
        yield from _columns(f"{name}.{i}", array[:, i])


def _cell(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else short(value)
