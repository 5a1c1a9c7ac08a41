"""The computation of a block, in any thread or process."""

from __future__ import annotations

import traceback
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from funcnn.allocation import keep_freed_memory
from funcnn.arrays import freeze
from funcnn.parallel.blas import one_thread
from funcnn.parallel.orphans import end_with_parent
from funcnn.parallel.packing import Packed, packed, unpacked
from funcnn.parallel.sent import HeldArray, KeptArray, MappedArray
from funcnn.training.arguments import check_returned

_MOST_BYTES = 1 << 28  # of arrays that are kept in a process; what was used longest ago is dropped
_LOCK = Lock()
_arrays: OrderedDict[bytes, Any] = OrderedDict()
_HANDLING = {"ignore", "warn", "raise", "print"}  # others need a function, which stays where it is


class Task(NamedTuple):
    """A block for another process."""

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
    """The error of a block: itself, or packed; with its text, in case that it does not pickle."""

    error: Any
    text: str


def current_handling() -> dict[str, Any]:
    """NumPy's handling of errors in this thread, on which a step depends besides its arguments."""
    return {name: how for name, how in np.geterr().items() if how in _HANDLING}


def computed(function: Any, params: Any, x: Any, y: Any) -> Any:
    """(cost, Grads), with matrix products in one thread."""
    keep_freed_memory("sharded")
    with one_thread():
        made = function(params, x, y)
    check_returned("sharded", made)
    return made


def work(task: Task) -> Any:
    """A block in another process: Packed, Failed, Unread or Missing."""
    end_with_parent()
    arrays = [_array(form) for form in task.forms]
    if missing := [i for i, array in enumerate(arrays) if array is None]:
        return Missing(missing)
    try:
        what = "value_and_grad"
        function = _function(task.function)
        what = "params, x and y"
        params, x, y = unpacked(task.stream, arrays)
    except Exception as error:  # noqa: BLE001  a class may raise anything when it is loaded
        return Unread(what, f"{type(error).__name__}: {error}")
    try:
        with np.errstate(**task.handling):
            made = computed(function, params, x, y)
        return packed(made, by_value=task.by_value)
    except Exception as error:  # noqa: BLE001  whatever it is, it is raised where the block came from
        return _failed(error, by_value=task.by_value)


def _failed(error: Exception, *, by_value: bool) -> Failed:
    text = "".join(traceback.format_exception(error))
    try:
        whole = packed(error, by_value=by_value, apart=False).stream
        unpacked(whole, [])
    except Exception:  # noqa: BLE001  an error whose class does not pickle, or cannot be made again
        return Failed(None, text)
    return Failed(whole, text)


def result_of(reply: Any) -> Any:
    """What `computed` returned, or Failed with the error itself."""
    if isinstance(reply, Packed):
        return unpacked(*reply)
    if isinstance(reply, Failed) and isinstance(reply.error, bytes):
        return Failed(unpacked(reply.error, []), reply.text)
    return reply


def _array(form: Any) -> Any:
    """The array, read-only; None if it is not here."""
    if isinstance(form, HeldArray):
        with _LOCK:
            if form.token in _arrays:
                _arrays.move_to_end(form.token)
            return _arrays.get(form.token)
    if isinstance(form, MappedArray):
        return _in_file(form)
    if not isinstance(form, KeptArray):
        return freeze(form)
    with _LOCK:
        array = _arrays.setdefault(form.token, freeze(form.array))
        while len(_arrays) > 1 and sum([a.nbytes for a in _arrays.values()]) > _MOST_BYTES:
            _arrays.popitem(last=False)
    return array


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
