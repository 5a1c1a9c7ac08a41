"""Columns of numbers as arrays, from blocks of rows that are read when they are needed.

A block is a row group of a Parquet file, or a record batch of an Arrow file or a table. Columns are chosen by name: a
name is one column, a list of names is several columns side by side, and a tuple is a tuple of arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import attrs
import numpy as np
import pyarrow as pa

from funcnn.arrays import Array, kind
from funcnn.checked import checked
from funcnn.data.sequence import Batches
from funcnn.data.windows import windowed
from funcnn.errors import KindError
from funcnn.interop.arrow.parts import parts_of
from funcnn.needs import Count, Natural, Seed

_NAME = "arrow_batches"


@checked
def arrow_batches(
    source: Any, size: Count, *, x: Any, y: Any, window: Count, epochs: Natural = 1, seed: Seed
) -> Batches[Any, Any]:
    """Batches `(x, y)` of columns, as `funcnn.data.windowed_batches` makes them of blocks that a file already has.

    `source` is the path of a Parquet file or of an Arrow file (Feather version 2), a list of paths of files with equal
    columns, or a `pyarrow.Table`. x and y name columns: `"a"` is an array (m,), `["a", "b"]` is (m, 2), and a tuple of
    these is a tuple of arrays. A column of lists of one fixed length n is (m, n), and only alone. The dtype is that of
    the columns: whole numbers, floats or bools; columns side by side have one dtype.

    In each epoch the blocks, which are row groups or record batches, come in a random order; the rows of each `window`
    blocks in that order are read and put into a random order; and what follows is cut into batches of `size` rows. So
    rows of one block are never farther apart than a window. The bits depend on the blocks, so on how the file was
    written, on `window` and on the seed. Files are opened anew for each window, and none stays open. A loop holds the
    rows of one window in memory, and while it reads, those of one block more.

    >>> import numpy as np, pyarrow as pa
    >>> from funcnn.interop.arrow import arrow_batches
    >>> table = pa.table({"a": np.arange(6.0), "b": np.ones(6), "label": np.arange(6) % 2})
    >>> data = arrow_batches(table, 4, x=["a", "b"], y="label", window=1, epochs=5, seed=0)
    >>> (x, y), *_ = data
    >>> len(data), x.shape, y.dtype, bool((x[:, 0] % 2 == y).all())
    (10, (4, 2), dtype('int64'), True)

    Raises:
        KindError: `source` is not a path, a list of paths or a table; a column is missing, is there twice, is not of
            numbers, or has another type than those beside it or in another file. Or, when its block is read, a column
            has nulls.
        FileError: a file cannot be read, has changed since, or is neither a Parquet file nor an Arrow file.
        RangeError: there are no files, or `size` is greater than the number of rows.
    """
    columns = _as_columns("x", x), _as_columns("y", y)
    parts = parts_of(_NAME, source)
    forms = [{name: _form(part, name) for name in names_in(columns)} for part in parts]
    for part, form in zip(parts, forms, strict=True):
        for name, found in form.items():
            if found != forms[0][name]:
                raise KindError(
                    f"{_NAME}: column {name!r} must have one type in all files; it is {forms[0][name]} in "
                    f"{parts[0].name} and {found} in {part.name}"
                )
    _check_alike(columns, forms[0])
    blocks = [(part, i, rows) for part in parts for i, rows in enumerate(part.sizes(list(forms[0])))]
    counts = np.array([rows for _, _, rows in blocks], int)
    reader = ColumnReader(columns, forms[0], tuple(blocks))
    return windowed(_NAME, reader, counts, size, window=window, epochs=epochs, seed=seed)


class Form(NamedTuple):
    """The dtype of a column, and the shape of a row: () for a number, (n,) for a list of n."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"lists of {self.shape[0]} {self.dtype}" if self.shape else str(self.dtype)


def _as_columns(argument: str, names: Any) -> Any:
    """Checked names: a list becomes a frozen one."""
    if type(names) is tuple and names:
        return tuple([_as_columns(f"{argument}[{i}]", part) for i, part in enumerate(names)])
    if type(names) is list and names and all([type(name) is str for name in names]):
        return Beside(names)
    if type(names) is not str:
        given = kind(names)
        if type(names) in {list, tuple}:
            other = next((name for name in names if type(name) is not str), None)
            given = f"a {given} with {kind(other)}" if names else f"an empty {given}"
        raise KindError(
            f"{_NAME}: {argument} must be the name of a column, a list of names, or a tuple of these, not {given}"
        )
    return names


class Beside(list[str]):
    """Names of columns that stand side by side in one array."""


def names_in(columns: Any) -> list[str]:
    """Each name once."""
    if type(columns) is str:
        return [columns]
    return list(dict.fromkeys([name for part in columns for name in names_in(part)]))


def _form(part: Any, name: str) -> Form:
    """The form of a column, checked to be one of numbers."""
    if (times := part.schema.names.count(name)) != 1:
        given = f"{times} of them" if times else f"only {', '.join(map(repr, part.schema.names))}"
        raise KindError(f"{_NAME}: {part.name} must have one column {name!r}, not {given}")
    column = part.schema.field(name).type
    is_list = pa.types.is_fixed_size_list(column)
    entry = column.value_type if is_list else column
    if not (pa.types.is_integer(entry) or pa.types.is_floating(entry) or pa.types.is_boolean(entry)):
        raise KindError(
            f"{_NAME}: column {name!r} must be of numbers, or of lists of numbers of a fixed length, not {column}"
        )
    return Form(np.dtype(entry.to_pandas_dtype()), (column.list_size,) if is_list else ())


def _check_alike(columns: Any, forms: dict[str, Form]) -> None:
    """Check that columns side by side have one type, and are not of lists."""
    if type(columns) is tuple:
        for part in columns:
            _check_alike(part, forms)
    elif type(columns) is Beside:
        first, *others = columns
        for name in others:
            if forms[name] != forms[first]:
                raise KindError(
                    f"{_NAME}: the columns in a list must have one type; {first!r} is {forms[first]}, "
                    f"{name!r} is {forms[name]}"
                )
        if forms[first].shape:
            raise KindError(f"{_NAME}: a column of lists must be alone; write {first!r} for [{first!r}]")


@attrs.frozen(eq=False)
class ColumnReader:
    """The columns of a file or of several, whose blocks are read when they are needed."""

    columns: Any
    forms: dict[str, Form] = attrs.field(repr=False)
    blocks: tuple[tuple[Any, int, int], ...] = attrs.field(repr=False)

    def read(self, blocks: Sequence[int]) -> tuple[Any, Any]:
        """The rows of these blocks, of which one at a time is in memory twice."""
        chosen = [self.blocks[k] for k in blocks]
        made = _empty(self.columns, self.forms, sum([rows for _, _, rows in chosen]))
        start = 0
        for part, i, rows in chosen:
            _write(made, self.columns, part.read(i, list(self.forms)), f"block {i} of {part.name}", start)
            start += rows
        return cast("tuple[Any, Any]", made)


def _empty(columns: Any, forms: dict[str, Form], rows: int) -> Any:
    if type(columns) is tuple:
        return tuple([_empty(part, forms, rows) for part in columns])
    form = forms[names_in(columns)[0]]
    return np.empty((rows, *form.shape) if type(columns) is str else (rows, len(columns)), form.dtype)


def _write(made: Any, columns: Any, table: Any, where: str, start: int) -> None:
    """Write the rows of a block into the arrays, from row `start` on."""
    if type(columns) is tuple:
        for array, part in zip(made, columns, strict=True):
            _write(array, part, table, where, start)
        return
    rows = made[start : start + table.num_rows]
    if type(columns) is str:
        rows[:] = _numbers(table, columns, where).reshape(rows.shape)
    else:
        for k, name in enumerate(columns):
            rows[:, k] = _numbers(table, name, where)


def _numbers(table: Any, name: str, where: str) -> Array:
    """A column as an array, checked to have no nulls, which would become NaN."""
    column = table.column(name)
    nulls = column.null_count
    if pa.types.is_fixed_size_list(column.type) and not nulls:
        column = column.combine_chunks().flatten()
        nulls = column.null_count
    if nulls:
        raise KindError(f"{_NAME}: column {name!r} must have no nulls; it has {nulls} in {where}")
    return np.asarray(column.to_numpy(zero_copy_only=False))
