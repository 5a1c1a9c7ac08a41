"""The array namespace of recorded arrays: what `namespace(x)` is for them, and how NumPy's functions reach them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from funcnn.recording import indexing
from funcnn.recording.arrays import RecordedArray, as_recorded, known
from funcnn.recording.functions import FUNCTIONS
from funcnn.recording.tape import refuse
from funcnn.recording.ufuncs import elementwise, ufunc

MAKING = {"arange", "asarray", "array", "ones", "zeros", "full", "empty", "eye", "identity", "linspace", "tri"}
METHODS = {
    *("transpose", "swapaxes", "squeeze", "ravel", "repeat", "diagonal", "reshape", "copy", "astype", "view", "sum"),
    *("max", "min", "prod", "any", "all", "mean", "var", "std", "argmax", "argmin", "cumsum", "argsort", "take"),
    *("dot", "clip", "flatten", "trace"),
}
_VARIADIC = {"transpose"}  # a.transpose(1, 0) is np.transpose(a, (1, 0))
_REDUCING = {
    "add": "sum",
    "maximum": "max",
    "minimum": "min",
    "multiply": "prod",
    "logical_and": "all",
    "logical_or": "any",
}


def holds_recorded(parts: Any) -> bool:
    """Whether a list has a recorded array, at any depth."""
    return isinstance(parts, RecordedArray) or (isinstance(parts, tuple | list) and any(map(holds_recorded, parts)))


class RecordedFunctions:
    """NumPy's functions, for recorded arrays."""

    __name__ = "funcnn.recording"

    def __getattr__(self, name: str) -> Any:
        if name in MAKING:
            return partial(self._made, name)
        found = FUNCTIONS.get(name) or getattr(np, name)
        if isinstance(found, np.ufunc) or name in FUNCTIONS or name in {"where", "add_at"}:
            return partial(self.call, name)
        if not callable(found) or isinstance(found, type) or found is np.finfo:
            return found
        return partial(self.call, name)

    def erfc(self, x: Any) -> RecordedArray:
        """The complementary error function, which NumPy does not have."""
        return elementwise("erfc", x)

    def entries(self, a: RecordedArray, index: Any) -> Any:
        """a[index]"""
        return indexing.entries(a, index)

    def set_entries(self, a: RecordedArray, index: Any, value: Any) -> None:
        """a[index] = value"""
        indexing.set_entries(a, index, value)

    def add_at(self, a: RecordedArray, index: Any, value: Any) -> None:
        """np.add.at(a, index, value)"""
        indexing.add_at(a, index, value)

    def _made(self, name: str, *args: Any, dtype: Any = None, **settings: Any) -> RecordedArray:
        """An array that NumPy makes, which may change in place afterwards."""
        first = args[0] if args else None
        if isinstance(first, RecordedArray):
            return first.copy() if dtype is None else first.astype(dtype)
        if name in {"asarray", "array"} and holds_recorded(first):
            made: RecordedArray = self.stack([self._made(name, part) for part in first])
            return made if dtype is None else made.astype(dtype)
        settings = {key: value for key, value in settings.items() if key not in {"copy", "device"}}
        return known(getattr(np, name)(*args, **({} if dtype is None else {"dtype": dtype}), **settings))

    def call(self, name: str, *args: Any, **settings: Any) -> Any:
        """NumPy's function of this name."""
        if isinstance(getattr(np, name, None), np.ufunc) and not settings:
            return ufunc(name, *args)
        if name == "where" and len(args) == 3:
            return elementwise("where", *args)
        if name in FUNCTIONS:
            if args and isinstance(args[0], np.ndarray | np.generic | int | float):
                args = (as_recorded(args[0]), *args[1:])
            return FUNCTIONS[name](*args, **settings)
        return refuse(f"np.{name}")

    def method(self, a: RecordedArray, name: str) -> Any:
        """The method of an array."""
        if name not in METHODS:
            if hasattr(np.ndarray, name):
                return refuse(f"array.{name}")
            raise AttributeError(name)
        if name in _VARIADIC:
            return lambda *axes: FUNCTIONS[name](a, *(axes if len(axes) < 2 else (axes,)))
        if name in {"max", "min"}:
            return lambda axis=None, out=None, **settings: FUNCTIONS[name](a, axis, None, out, **settings)
        return partial(FUNCTIONS[name], a)

    def of_ufunc(self, ufunc_: np.ufunc, method: str, args: Any, out: Any, settings: dict[str, Any]) -> Any:
        """What NumPy calls for an operator, and for a function like np.exp."""
        name = ufunc_.__name__
        if method == "reduce" and name in _REDUCING:
            axis = settings.pop("axis", args[1] if len(args) > 1 else 0)
            return FUNCTIONS[_REDUCING[name]](args[0], axis=axis, **settings)
        if method == "at" and name == "add":
            return self.add_at(*args)
        if method == "outer":
            a, b = (as_recorded(one) for one in args)
            return ufunc(name, a.reshape(*a.shape, *[1] * b.ndim), b)
        if method != "__call__" or settings.keys() - {"dtype", "casting"}:
            return refuse(f"np.{name}.{method}" if method != "__call__" else f"np.{name} with {', '.join(settings)}")
        made = ufunc(name, *args)
        if settings.get("dtype") is not None:
            made = made.astype(settings["dtype"])
        if out is None:
            return made
        if not isinstance(out[0], RecordedArray):
            return refuse("a change of an array of NumPy in place")
        out[0].assign(made)
        return out[0]
