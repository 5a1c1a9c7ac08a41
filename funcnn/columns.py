"""A table of numbers: columns of equal length by name, as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from funcnn.arrays import Array, is_array, kind, owned, same, short
from funcnn.errors import KindError, NoColumnError, RangeError
from funcnn.tables import Rows, html, text

_NEEDED = "a mapping from names to arrays with equal numbers of rows"
_SHOWN = 20  # the most rows in print; of a longer table, the first and the last rows are printed


class Table(dict[str, Array]):  # noqa: PLW1641  like every dict, it has no hash
    """The table that `history` makes: columns by name, arrays of equal length; it cannot be changed.

    `Table({"rate": [0.1, 0.01], "cost": [0.5, 0.2]})` makes one of arrays or of lists of numbers. `save` takes it.

    A table is a dict of columns, which `pandas.DataFrame(table)` takes. A measure that gives arrays has a column for
    each entry, `name.0` or `name.0.2`; `table[name]` holds all entries, in the shape `(rows, ...)`.

    Raises:
        KindError: a column is not an array or a list of numbers, or the columns have different numbers of rows.
        NoColumnError: there is no column of that name.
    """

    __slots__ = ("whole",)

    def __init__(self, whole: Mapping[str, Array | Sequence[float]]) -> None:
        """A table of these arrays, by the names of the columns."""
        if not isinstance(whole, Mapping):
            raise KindError(f"Table: whole must be {_NEEDED}, not {kind(whole)}")
        self.whole = {name: owned(_column(name, values)) for name, values in whole.items()}
        lengths = {name: len(array) for name, array in self.whole.items()}
        if len(set(lengths.values())) > 1:
            given = ", ".join([f"{length} of {name!r}" for name, length in lengths.items()])
            raise KindError(f"Table: whole must be {_NEEDED}, not {given}")
        for name, array in self.whole.items():
            for column, part in _entries(name, array):
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


def _column(name: Any, values: Any) -> Array:
    """The values of a column as an array."""
    array: Any
    try:
        array = np.asarray(values) if isinstance(values, list | tuple) else values
    except ValueError:  # lists of different lengths
        array = None
    if not (is_array(array) and array.ndim) or (array is not values and array.dtype.hasobject):
        raise KindError(f"Table: whole must be {_NEEDED}, not {{{name!r}: {short(values)}}}")
    return array


def _entries(name: str, array: Array) -> Iterator[tuple[str, Array]]:
    """Each entry of a measure as a column; the measure itself if its values are numbers."""
    if array.ndim < 2:
        yield name, array
        return
    for i in range(array.shape[1]):
        yield from _entries(f"{name}.{i}", array[:, i])


def _cell(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else short(value)
