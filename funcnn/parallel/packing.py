"""Values as bytes, with their large arrays apart; and which part of a value cannot be pickled."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import short
from funcnn.errors import KindError
from funcnn.records import is_record, plans

LEAST = 4096  # bytes of an array that goes apart: for a smaller one, its name would be as long as the array


class Packed(NamedTuple):
    """The bytes of a value, and the arrays of which it has only the numbers."""

    stream: bytes
    arrays: list[Any]


def takes_by_value(executor: Any) -> bool:
    """Whether classes and functions of `__main__` travel by value, with cloudpickle: processes of multiprocessing
    import the main module themselves, others do not.
    """
    return not isinstance(executor, ProcessPoolExecutor) and find_spec("cloudpickle") is not None


def packed(value: Any, *, by_value: bool, apart: bool = True) -> Packed:
    """The value as bytes, and its large arrays, each once; all arrays are in the bytes if `apart` is False."""
    file = io.BytesIO()
    pickler = _pickler(by_value)(file, 5)
    pickler.numbers, pickler.arrays, pickler.least = {}, [], LEAST if apart else float("inf")
    pickler.dump(value)
    return Packed(file.getvalue(), pickler.arrays)


def unpacked(stream: bytes, arrays: Sequence[Any]) -> Any:
    """The value that was packed."""
    unpickler = _Unpickler(io.BytesIO(stream))
    unpickler.arrays = arrays
    return unpickler.load()


@cache
def _pickler(by_value: bool) -> Any:  # noqa: FBT001  `cache` has no use for names
    base = import_module("cloudpickle" if by_value else "pickle").Pickler
    return type("Packer", (base,), {"persistent_id": _number_of})


def _number_of(self: Any, value: Any) -> int | None:
    if type(value) is not np.ndarray or value.nbytes < self.least or value.dtype.hasobject:
        return None
    number: int = self.numbers.setdefault(id(value), len(self.arrays))
    if number == len(self.arrays):
        self.arrays.append(value)
    return number


class _Unpickler(pickle.Unpickler):
    arrays: Sequence[Any]

    def persistent_load(self, number: int) -> Any:
        return self.arrays[number]


def pickling_error(engine: str, parts: dict[str, Any], *, by_value: bool) -> KindError:
    """The error for values of which one does not pickle: it names the innermost field that does not."""
    wrong = [name for name, value in parts.items() if not _pickles(value, by_value=by_value)]
    path, culprit = _culprit(parts[wrong[0]], wrong[0], by_value=by_value)
    name = getattr(culprit, "__qualname__", "")
    what = f"the function {name}" if name else short(culprit)
    remedy = "; define it with def, at the top of a module" if "<" in name else ""
    needed = f"a value that can be sent to {engine}"
    return KindError(f"sharded: {path} must be {needed}, not {what}, which does not pickle{remedy}")


def _pickles(value: Any, *, by_value: bool) -> bool:
    try:
        packed(value, by_value=by_value)
    except Exception:  # noqa: BLE001  a pickler raises what a class raises
        return False
    return True


def _culprit(value: Any, path: str, *, by_value: bool) -> tuple[str, Any]:
    """The innermost part of a value that does not pickle, and its path."""
    for name, part in _parts(value):
        if not _pickles(part, by_value=by_value):
            return _culprit(part, f"{path}.{name}", by_value=by_value)
    return path, value


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, partial):
        names = [*signature(value.func).parameters]
        yield from zip(["func", *names], [value.func, *value.args], strict=False)
        yield from value.keywords.items()
    elif type(value) is tuple:
        yield from zip(map(str, range(len(value))), value, strict=True)
    elif is_record(value):
        yield from [(name, getattr(value, name)) for name, _ in plans[type(value)]]
    elif not hasattr(value, "__qualname__"):  # a function or a class pickles by its name, not by its attributes
        yield from getattr(value, "__dict__", {}).items()
