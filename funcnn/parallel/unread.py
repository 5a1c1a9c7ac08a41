"""Rows in several files or arrays, which are read where they are used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any

import attrs
import numpy as np

from funcnn.arrays import Array, freeze, is_array, kind, unmapped
from funcnn.checked import checked
from funcnn.errors import (
    FuncnnError,
    KindError,
    NoItemError,
    RangeError,
    ShapeError,
    WorkerError,
)
from funcnn.needs import Text, instance, passing
from funcnn.parallel.shard import Shard, shard_of


def are_equal(rows: Any, others: Any) -> bool:
    """Whether two ranges or arrays are equal; ranges are not made arrays, which would have all rows of a file."""
    return rows == others if isinstance(rows, range) and isinstance(others, range) else np.array_equal(rows, others)


def _index(rows: Any) -> Any:
    """A range as a slice, which gives a view of an array."""
    return slice(rows.start, rows.stop) if isinstance(rows, range) else rows


@attrs.frozen(eq=False, repr=False)
class Shards:
    """Rows of several files or arrays, one after the other; `shards` makes them.

    Like an array, it has a `shape` and a `dtype`, and a slice or an array of row numbers gives some of the rows, which
    are not read either. `read()` gives them as an array.
    """

    parts: tuple[Shard, ...]
    chosen: Any  # the numbers of its rows: a range of step 1, or an array

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of rows, and the shape of a row."""
        return len(self.chosen), *self.parts[0].shape[1:]

    @property
    def dtype(self) -> Any:
        """The dtype of the rows."""
        return self.parts[0].dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return len(self.chosen)

    def __repr__(self) -> str:
        return f"Shards({len(self)} rows of {len(self.parts)} parts, {self.dtype}, {self.shape[1:]})"

    def __eq__(self, other: object) -> Any:
        """Whether these are the same rows of the same parts, as one truth value: `map` compares two results with it."""
        alike = isinstance(other, Shards) and self.parts == other.parts and are_equal(self.chosen, other.chosen)
        return np.bool_(alike)

    def __hash__(self) -> int:
        return hash((self.parts, len(self)))

    def __getitem__(self, rows: Any) -> Shards:
        """Some rows, by a slice, or by an array of whole numbers or of truth values."""
        if isinstance(rows, slice):
            if isinstance(made := self.chosen[rows], range) and made.step != 1:
                made = np.arange(made.start, made.stop, made.step)
            return Shards(self.parts, made)
        if not isinstance(rows, np.ndarray) or rows.ndim != 1 or rows.dtype.kind not in "iub":
            needed = "a slice, or an array of row numbers"
            raise KindError(f"Shards: an index must be {needed}, not {kind(rows)}; read() gives the rows as an array")
        if rows.dtype.kind == "b" and len(rows) == len(self):
            rows = np.flatnonzero(rows)
        elif len(rows) and not (rows.dtype.kind != "b" and -len(self) <= rows.min() <= rows.max() < len(self)):
            raise NoItemError(f"Shards: an index is out of range; there are {len(self)} rows")
        if not isinstance(self.chosen, range):
            return Shards(self.parts, self.chosen[rows])
        rows = rows.astype(np.intp)  # a sum in int8 would be another row
        return Shards(self.parts, self.chosen.start + np.where(rows < 0, rows + len(self), rows))

    def read(self) -> Array:
        """The rows as an array.

        Raises:
            FileError: a file cannot be read, or was changed since the shards were made.
        """
        if len(self.divided) == 1:
            ((shard, _, there),) = self.divided
            return freeze(shard.read(_index(there)))
        made = np.empty(self.shape, self.dtype)
        for shard, here, there in self.divided:
            made[_index(here)] = shard.read(_index(there))
        return freeze(made)

    @cached_property
    def divided(self) -> list[tuple[Shard, Any, Any]]:
        """Each part that has some of these rows; their places here; and in the part: as ranges, or as arrays."""
        sizes = [shard.shape[0] for shard in self.parts]
        starts = [0, *accumulate(sizes)]
        if isinstance(self.chosen, range):
            cuts = [min(max(start, self.chosen.start), self.chosen.stop) for start in starts]
            order: Any = range(len(self))
            bounds = [cut - self.chosen.start for cut in cuts]
        else:
            owners = np.searchsorted(starts[1:], self.chosen, "right")
            order = np.argsort(owners, kind="stable")
            bounds = [0, *np.bincount(owners, minlength=len(sizes)).cumsum().tolist()]
        found: list[tuple[Shard, Any, Any]] = []
        for shard, start, first, last in zip(self.parts, starts, bounds, bounds[1:], strict=False):
            if first < last:
                here = order[first:last]
                if isinstance(here, range):
                    begin = self.chosen.start + first - start
                    there: Any = range(begin, begin + last - first)
                else:
                    there = self.chosen[here] - start
                found.append((shard, here, there))
        return found

    def piece(self, part: int, start: int, stop: int) -> Any:
        """Some of the rows that one of `divided` has: an array, or unread rows of a file."""
        shard, _, there = self.divided[part]
        made = Shards((shard,), there[start:stop])
        return made if shard.version is not None else made.read()

    @property
    def is_in_files(self) -> bool:
        """Whether a part is a file."""
        return any([shard.version is not None for shard in self.parts])

    def __array_namespace__(self, *_: Any, **__: Any) -> Any:
        remedy = "write x.read(), or sharded(value_and_grad(loss)), which reads rows where it computes them"
        raise KindError(f"Shards: x must be an array here, not rows that are not read; {remedy}")

    __array__ = __array_namespace__

    def __reduce__(self) -> Any:
        return Shards, (self.parts, self.chosen)  # shorter than the names and values of fields, and quicker

    __array_ufunc__ = None  # NumPy's operators refuse it


def _check_parts(function: str, argument: str, parts: Any) -> None:
    """Check that `parts` is a list or tuple of arrays and paths, and not empty."""
    if not isinstance(parts, list | tuple):
        given = f"{kind(parts)}; write [{argument}]" if isinstance(parts, str | os.PathLike) else kind(parts)
        raise KindError(f"{function}: {argument} must be a list of arrays or paths, not {given}")
    if not parts:
        raise RangeError(f"{function}: {argument} must have at least one array or path, not 0")
    for i, part in enumerate(parts):
        if not isinstance(part, str | os.PathLike) and type(unmapped(part)) is not np.ndarray:
            raise KindError(f"{function}: {argument}[{i}] must be a path or an array of NumPy, not {kind(part)}")


Parts = Annotated[Sequence[Any], passing("a list of arrays or paths", _check_parts)]
AnExecutor = Annotated[Executor, instance(Executor, "an Executor of concurrent.futures")]


@checked
def shards(parts: Parts, name: Text | None = None, *, executor: AnExecutor | None = None) -> Shards:
    """The rows of several files or arrays as one x or y, whose rows are read where a block of `sharded` is computed.

    The process that trains holds no rows of the files: a block has rows of one part alone, and the worker that computes
    it reads them. `batches` of shards are shards, and so are slices. The bits of a run do not depend on whether parts
    are paths or arrays, nor on who reads them.

    Args:
        parts: arrays, or paths of `.npy` files, from which a worker reads the rows of a block, or of `.npz` files,
            which a worker reads as a whole and keeps, up to 256 MiB. x and y need parts of equally many rows.
        name: the name of the array in each `.npz` file.
        executor: an executor whose workers read the shapes, if the process that trains does not have the files.

    >>> import os, tempfile
    >>> import numpy as np
    >>> from funcnn import batches, mlp, mse, value_and_grad
    >>> from funcnn.parallel import sharded, shards
    >>> x = np.linspace(-1, 1, 200).reshape(100, 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = [os.path.join(folder, f"{i}.npz") for i in range(4)]
    ...     for path, rows in zip(paths, np.split(x, 4)):
    ...         np.savez(path, x=rows, y=rows[:, :1])
    ...     files = shards(paths, "x"), shards(paths, "y")
    ...     step, net = sharded(value_and_grad(mse)), mlp([2, 8, 1], seed=0)
    ...     made = [step(net, *batch) for batch in batches(*files, 40, epochs=2, seed=0)]
    >>> arrays = shards(np.split(x, 4)), shards(np.split(x[:, :1], 4))
    >>> made == [step(net, *batch) for batch in batches(*arrays, 40, epochs=2, seed=0)]
    True

    Raises:
        KindError: a part is not an array or a path; a `.npz` file has no array of this name, or no part is a file.
        ShapeError: the rows of two parts differ in shape or dtype.
        RangeError: there are no parts, or no rows.
        FileError: a file cannot be read; a NoFileError if it is absent.
    """
    sources = [part if is_array(part) else str(Path(part).absolute()) for part in map(unmapped, parts)]
    if name is not None and all(map(is_array, sources)):
        raise KindError(f"shards: name must be of arrays in .npz files, not {name!r} for parts that are arrays")
    found = [shard_of(source, name) for source in sources] if executor is None else _found(executor, sources, name)
    first = found[0]
    for shard in found:
        if not shard.shape or shard.dtype.kind not in "biufc":
            raise KindError(f"shards: parts must have rows of numbers; {shard.titled}")
        if (shard.shape[1:], shard.dtype) != (first.shape[1:], first.dtype):
            needed = "rows of one shape and dtype"
            raise ShapeError(f"shards: parts must have {needed}; {first.titled}, but {shard.titled}")
    rows = sum([shard.shape[0] for shard in found])
    if not rows:
        raise RangeError("shards: parts must have at least one row, not 0")
    return Shards(tuple(found), range(rows))


def _found(executor: Executor, sources: list[Any], name: str | None) -> list[Shard]:
    """What workers find of the files: shapes, dtypes, and versions."""
    try:
        waiting = {source: executor.submit(shard_of, source, name) for source in sources if isinstance(source, str)}
        return [waiting[s].result() if isinstance(s, str) else shard_of(s, name) for s in sources]
    except FuncnnError:
        raise
    except Exception as error:
        engine, why = type(executor).__name__, f"{type(error).__name__}: {error}".removesuffix(": ")
        raise WorkerError(f"shards: {engine} failed to find the shapes of files: {why}") from error
