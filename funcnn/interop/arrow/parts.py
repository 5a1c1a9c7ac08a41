"""Parquet files, Arrow files and tables of pyarrow, each with blocks of rows that are read one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
from pyarrow import parquet

from funcnn.arrays import kind
from funcnn.errors import FileError, KindError, NoFileError, RangeError
from funcnn.files.places import as_path


def parts_of(function: str, source: Any) -> list[Any]:
    """The table, or each of the files; errors name `function`."""
    if isinstance(source, pa.Table):
        return [OfTable(source.schema, tuple(source.to_batches()))]
    if type(source) is list and not source:
        raise RangeError(f"{function}: source must hold at least one file, not 0")
    paths = source if type(source) is list else [source]
    for path in paths:
        if not isinstance(path, str | os.PathLike):
            given = f"a list with {kind(path)}" if type(source) is list else kind(path)
            needed = "a path, a list of paths or a pyarrow.Table"
            raise KindError(f"{function}: source must be {needed}, not {given}{_remedy(source)}")
    return [_opened(function, as_path(function, path)) for path in paths]


def _remedy(source: Any) -> str:
    """The end of a sentence about an iterator, such as of Path.glob, or a DataFrame of polars or pandas."""
    if isinstance(source, Iterator):
        return "; for paths write sorted(source)"
    if hasattr(type(source), "write_parquet"):
        return "; write source.to_arrow()"
    return "; write pyarrow.Table.from_pandas(source)" if hasattr(type(source), "to_parquet") else ""


def _opened(function: str, path: Path) -> Any:
    """The file by its first bytes, since names differ."""
    with _reading(function, path):
        with path.open("rb") as file:
            first = file.read(6)
        if first[:4] == b"PAR1":
            return OfParquet(function, path, _stamp(path), parquet.read_metadata(path))
        if first == b"ARROW1":
            with pa.memory_map(str(path)) as file:
                return OfArrow(function, path, _stamp(path), pa.ipc.open_file(file).schema)
    raise FileError(f"{function}: the file {path} is neither a Parquet file nor an Arrow file")


@contextmanager
def _reading(function: str, path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NoFileError(f"{function}: there is no file {path}") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise FileError(f"{function}: the file {path} cannot be read: {error}") from error


def _stamp(path: Path) -> tuple[int, int]:
    """The size of a file, and when it was last written."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


@attrs.frozen(eq=False)
class OfTable:
    """The record batches of a table, which is in memory, or is a memory map."""

    schema: Any
    batches: tuple[Any, ...]
    name = "the table"

    def sizes(self, names: list[str]) -> list[int]:
        """The number of rows of each record batch."""
        return [batch.num_rows for batch in self.batches]

    def read(self, i: int, names: list[str]) -> Any:
        """A record batch as a table; its columns are chosen by name."""
        return pa.Table.from_batches([self.batches[i]])


@attrs.frozen(eq=False)
class _OfFile:
    """The blocks of a file, which is opened for each of them, so that it pickles; `stamp` is that of its rows."""

    function: str
    path: Path
    stamp: tuple[int, int]

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def _check_unchanged(self) -> None:
        """Check that the file is as it was: the rows of its blocks are known, and are not read again for each block."""
        with _reading(self.function, self.path):
            found = _stamp(self.path)
        if found != self.stamp:
            raise FileError(f"{self.function}: {self.path} must stay as it was when the batches were made")


@attrs.frozen(eq=False)
class OfParquet(_OfFile):
    """The row groups of a Parquet file."""

    metadata: Any

    @property
    def schema(self) -> Any:
        """The columns."""
        return self.metadata.schema.to_arrow_schema()

    def sizes(self, names: list[str]) -> list[int]:
        """The number of rows of each row group."""
        return [self.metadata.row_group(i).num_rows for i in range(self.metadata.num_row_groups)]

    def read(self, i: int, names: list[str]) -> Any:
        """The columns of a row group, read one after the other: together, in threads of pyarrow, each takes memory to
        decode, and how much they take at a time is up to chance.
        """
        self._check_unchanged()
        with _reading(self.function, self.path), parquet.ParquetFile(self.path, metadata=self.metadata) as file:
            columns = [file.read_row_group(i, columns=[name], use_threads=False).column(0) for name in names]
        return pa.table(columns, names)


@attrs.frozen(eq=False)
class OfArrow(_OfFile):
    """The record batches of an Arrow file, as memory maps of it if it is not compressed."""

    schema: Any

    def sizes(self, names: list[str]) -> list[int]:
        """The number of rows of each record batch, for which one column is read."""
        with self._opened(names[:1]) as file:
            return [file.get_batch(i).num_rows for i in range(file.num_record_batches)]

    def read(self, i: int, names: list[str]) -> Any:
        """The columns of a record batch."""
        with self._opened(names) as file:
            return pa.Table.from_batches([file.get_batch(i)])

    @contextmanager
    def _opened(self, names: list[str]) -> Iterator[Any]:
        self._check_unchanged()
        fields = sorted([self.schema.get_field_index(name) for name in names])
        with _reading(self.function, self.path), pa.memory_map(str(self.path)) as source:
            yield pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=fields))
