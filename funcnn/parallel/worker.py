"""The computation of blocks, in any thread or process."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from funcnn.allocation import keep_freed_memory
from funcnn.arrays import freeze
from funcnn.core import reseed
from funcnn.parallel.blas import one_thread
from funcnn.parallel.blocks import read
from funcnn.parallel.coupled import check_rows
from funcnn.parallel.orphans import end_with_parent
from funcnn.parallel.packing import Packed, packed, unpacked
from funcnn.parallel.runs import BlockRun
from funcnn.parallel.sent import HeldArray, KeptArray, MappedArray
from funcnn.parallel.store import held, keep
from funcnn.parallel.sums import PartialSum, sums, term
from funcnn.training.arguments import check_returned

_HANDLING = {"ignore", "warn", "raise", "print"}  # others need a function, which stays where it is


class Task(NamedTuple):
    """A run for another process."""

    function: bytes
    stream: bytes
    forms: list[Any]
    by_value: bool
    handling: dict[str, Any]


class Missing(NamedTuple):
    """The numbers of arrays that a worker does not have."""

    numbers: list[int]


class Unread(NamedTuple):
    """What a worker could not load, and why."""

    what: str
    why: str


class Failed(NamedTuple):
    """The error of block i, or of the check of rows: itself, or packed; and its text, if it does not pickle."""

    error: Any
    text: str
    i: int


def current_handling() -> dict[str, Any]:
    """NumPy's handling of errors in this thread, on which a step depends besides its arguments."""
    return {name: how for name, how in np.geterr().items() if how in _HANDLING}


def computed(function: Any, params: Any, x: Any, y: Any) -> Any:
    """(cost, Grads), with matrix products in one thread; rows of shards are read."""
    keep_freed_memory("sharded")
    with one_thread():
        made = function(params, read(x), read(y))
    check_returned("sharded", made)
    return made


class BlockTerms:
    """The terms of a run, block by block; `i` is the block that is computed, -1 while rows are checked."""

    def __init__(self, function: Any, run: BlockRun) -> None:
        self._function, self._run, self.i = function, run, -1

    def __iter__(self) -> Iterator[PartialSum]:
        k, params, blocks, sample = self._run
        if sample is not None:
            check_rows(self._function, params, *sample)
        for self.i, share, _, x, y in blocks:
            own = params if k == 1 else reseed(params, self.i)
            yield term(self.i, share, computed(self._function, own, x, y))


def work(task: Task) -> Any:
    """A run in another process: Packed, Failed, Unread or Missing."""
    end_with_parent()
    arrays = [_array(form) for form in task.forms]
    if missing := [i for i, array in enumerate(arrays) if array is None]:
        return Missing(missing)
    try:
        what = "value_and_grad"
        function = _function(task.function)
        what = "params, x and y"
        run = BlockRun(*unpacked(task.stream, arrays))
    except Exception as error:  # noqa: BLE001  a class may raise anything when it is loaded
        return Unread(what, f"{type(error).__name__}: {error}")
    terms = BlockTerms(function, run)
    try:
        with np.errstate(**task.handling):
            made = [*sums(run.k, terms, run.blocks[0].i, run.blocks[-1].i + 1)]
        return packed(made, by_value=task.by_value)
    except Exception as error:  # noqa: BLE001  whatever it is, it is raised where the block came from
        return _failed(error, terms.i, by_value=task.by_value)


def _failed(error: Exception, i: int, *, by_value: bool) -> Failed:
    text = "".join(traceback.format_exception(error))
    try:
        whole = packed(error, by_value=by_value, apart=False).stream
        unpacked(whole, [])
    except Exception:  # noqa: BLE001  an error whose class does not pickle, or cannot be made again
        return Failed(None, text, i)
    return Failed(whole, text, i)


def result_of(reply: Any) -> Any:
    """The sums of a run, or Failed with the error itself."""
    if isinstance(reply, Packed):
        return unpacked(*reply)
    if isinstance(reply, Failed) and isinstance(reply.error, bytes):
        return reply._replace(error=unpacked(reply.error, []))
    return reply


def _array(form: Any) -> Any:
    """The array, read-only; None if it is not here."""
    if isinstance(form, HeldArray):
        return held(form.token)
    if isinstance(form, MappedArray):
        return _in_file(form)
    return keep(form.token, freeze(form.array)) if isinstance(form, KeptArray) else freeze(form)


def _in_file(form: MappedArray) -> Any:
    """The array in the file, if the file is here and is the one that was meant."""
    try:
        status = Path(form.path).stat()
    except OSError:
        return None
    if (status.st_size, status.st_mtime_ns) != (form.size, form.changed):
        return None
    found = np.memmap(form.path, form.dtype, "r", form.offset, form.shape, form.order)
    return found.view(np.ndarray)


@lru_cache(8)
def _function(stream: bytes) -> Any:
    """The function, loaded once: what `compiled` makes would be compiled anew in each step."""
    return unpacked(stream, [])
