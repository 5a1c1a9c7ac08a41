"""The array namespace of recorded arrays: what `namespace(x)` is for them, and how NumPy's functions reach them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from funcnn.elementary import erfc
from funcnn.recording import indexing
from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import as_recorded, cast, copied, known, operation
from funcnn.recording.calls import RULES, called, of_method, settled
from funcnn.recording.casts import array_of, as_bits, astype, fill
from funcnn.recording.moves import MOVES, MOVING_METHODS, moved
from funcnn.recording.tape import refuse

METHODS = {
    **{name: getattr(np, name) for name in ("sum", "max", "min", "prod", "any", "all", "mean", "var", "std")},
    **{name: getattr(np, name) for name in ("argmax", "argmin", "cumsum", "argsort", "take", "dot", "clip", "trace")},
}


class RecordedFunctions:
    """NumPy's functions, for recorded arrays; arrays that they make may change in place by what is recorded."""

    __name__ = "funcnn.recording"

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if not callable(found) or isinstance(found, type | np.ufunc):
            return found
        return partial(self.called, found)

    def asarray(self, a: Any, dtype: Any = None, *, copy: bool | None = None, **_: Any) -> RecordedArray:
        """np.asarray: the array itself, if it is one of this dtype"""
        if isinstance(a, np.ndarray) and not copy and dtype in {None, a.dtype}:
            made = known(a)
            made.numbers = made.store.base = a
            made.store.is_shared = True
            return made
        if not isinstance(a, RecordedArray):
            made = as_recorded(self.called(np.array, a))
            return made if dtype is None else astype(made, dtype)
        array = a if isinstance(a.numbers, np.ndarray) else array_of(a)
        return astype(array, array.dtype if dtype is None else dtype, copy=bool(copy))

    def array(self, a: Any, dtype: Any = None, *, copy: bool | None = True, **settings: Any) -> RecordedArray:
        """np.array"""
        return self.asarray(a, dtype, copy=copy, **settings)

    def astype(self, a: Any, dtype: Any, /, **settings: Any) -> RecordedArray:
        """np.astype"""
        return astype(as_recorded(a), dtype, **settings)

    def full(self, shape: Any, fill_value: Any, dtype: Any = None, **_: Any) -> RecordedArray:
        """np.full"""
        value = self.asarray(fill_value, dtype)
        return copied(as_recorded(np.broadcast_to(value, shape)))

    def erfc(self, x: RecordedArray) -> RecordedArray:
        """The complementary error function, which NumPy does not have."""
        return settled("erfc", operation("erfc", x), np.asarray(erfc(x.numbers), x.dtype), [x])

    def entries(self, a: RecordedArray, index: Any) -> Any:
        """a[index]"""
        return indexing.entries(a, index)

    def set_entries(self, a: RecordedArray, index: Any, value: Any) -> None:
        """a[index] = value"""
        indexing.set_entries(a, index, value)

    def add_at(self, a: RecordedArray, index: Any, value: Any) -> None:
        """np.add.at(a, index, value)"""
        indexing.add_at(a, index, value)

    def called(self, function: Callable[..., Any], *args: Any, **settings: Any) -> Any:
        """The result of a function of NumPy."""
        if function is np.astype:
            return self.astype(*args, **settings)
        if function in MOVES and not args:
            first = next(iter(inspect.signature(function).parameters))
            args = (settings.pop(first),)
        if function in MOVES and isinstance(args[0], RecordedArray):
            return moved(function.__name__, function, *args, **settings)
        module = function.__module__.replace("numpy", "np", 1)
        return called(f"{module}.{function.__name__}", function, RULES.get(function), args, settings)

    def method(self, a: RecordedArray, name: str) -> Any:
        """The method of an array."""
        if not callable(getattr(np.ndarray, name)):
            return refuse(f"array.{name}")
        if name in MOVING_METHODS:
            return partial(moved, name, lambda b, *rest, **settings: getattr(b, name)(*rest, **settings), a)
        if name in {"astype", "view", "fill"}:
            return partial({"astype": astype, "view": as_bits, "fill": fill}[name], a)
        rule = RULES[METHODS[name]] if name in METHODS else None
        apply = lambda b, *rest, **settings: getattr(b, name)(*rest, **settings)
        return lambda *rest, **settings: called(f"array.{name}", apply, rule, (a, *rest), settings)

    def of_ufunc(self, function: np.ufunc, method: str, args: Any, out: Any, settings: dict[str, Any]) -> Any:
        """What NumPy calls for an operator, and for a function like np.exp."""
        name = f"np.{function.__name__}{f'.{method}' * (method != '__call__')}"
        if method == "at":
            if function is not np.add or not isinstance(args[0], RecordedArray):
                return refuse(f"{name} of these arguments", "make the array by zeros_like(x)")
            return self.add_at(*args)
        if method == "reduce":
            settings = {"axis": 0, **settings}
        made = called(name, getattr(function, method), of_method(function, method), args, settings)
        if out is None:
            return made
        (target,) = out
        if not isinstance(target, RecordedArray):
            return refuse("a change of an array of NumPy in place", "make the array by zeros_like(x)")
        if not isinstance(target.numbers, np.ndarray):
            return made  # as `a += b` makes another number, where a is one
        if np.broadcast_shapes(made.shape, target.shape) != target.shape:
            raise ValueError(f"non-broadcastable output operand with shape {target.shape}")
        rows: Any = cast(as_recorded(np.broadcast_to(made, target.shape)), target.dtype)
        target.change(rows, lambda: np.copyto(target.numbers, made.numbers, casting="same_kind"))
        return target
