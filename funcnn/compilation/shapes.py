"""Arrays without numbers: where their numbers would come from, and views of them."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from funcnn.arrays import short

Shape = tuple[int, ...]
Operand = Any
"""A Symbol, a NumPy array or a number."""


FLOATS = {np.dtype(np.float32), np.dtype(np.float64)}  # in which kernels compute, in the byte order of the machine
VIEWS = {"reshape", "transpose"}  # operations whose result shares memory with their argument
SUMS = {"product", "total"}  # operations that add up all rows


class Untraceable(Exception):  # noqa: N818  not an error for the user: the network runs plain
    """An operation that kernels do not have; its message is a noun phrase."""


_WITHIN = str(Path(__file__).parents[1]), "<attrs"  # files whose code may ask for the class of an array
_REFUSED: ContextVar[list[Untraceable] | None] = ContextVar("refused", default=None)


def raise_untraceable(reason: str) -> Any:
    """End the trace."""
    error = Untraceable(reason)
    if (found := _REFUSED.get()) is not None:
        found.append(error)
    raise error


@contextmanager
def unrefused() -> Iterator[None]:
    """A block that ends with the first refusal inside it, also where a rule catches the exception and goes on.

    Raises:
        Untraceable: something was refused.
    """
    found: list[Untraceable] = []
    token = _REFUSED.set(found)
    try:
        yield
    finally:
        _REFUSED.reset(token)
    if found:
        raise found[0]


class Shaped:
    """An array that was made from `args` by the operation `op`, of which only the shape and the dtype are known.

    Operations have the names of NumPy's functions. `features` says when a kernel knows the numbers:

        None    before it reads rows: a parameter, or what was computed from parameters
        n >= 1  row by row, with n numbers for each row
        0       after the last row: a sum over the rows

    A row's numbers are in C order, also where a reshape merged the axes of rows and features. `data` is for a
    parameter the index of each of its numbers among all parameters, as an array, so that views are views of it. `stage`
    is the number of times that all rows are read before it is known, or, if it has rows, before they can be computed.
    `is_changed` is set where a rule changes the array in place: its old numbers are gone.
    """

    __slots__ = ("args", "data", "dtype", "features", "is_changed", "op", "shape", "stage")
    __array_priority__ = 1000
    functions: ClassVar[Any]  # the array namespace, set where it is defined

    def __init__(
        self, op: str, args: tuple[Operand, ...], shape: Shape, dtype: Any, features: int | None, data: Any = None
    ) -> None:
        self.op, self.args, self.shape, self.dtype = op, args, tuple(shape), np.dtype(dtype)
        self.features, self.data, self.is_changed = features, data, False
        self.stage = 0
        for a in args:
            if isinstance(a, Shaped):
                a.check_unchanged()
                self.stage = max(self.stage, a.stage)
        self.stage += op in SUMS

    def check_unchanged(self) -> None:
        """Refuse an array that was changed in place, itself or as part of another array, and is used again."""
        one = self
        while one.op in VIEWS and not one.is_changed:
            one = one.args[0]
        if one.is_changed:
            raise_untraceable("an array that is used again after a change in place")

    @property  # type: ignore[misc]  # `isinstance` reads it for a class that is not the type
    def __class__(self) -> type:
        if not sys._getframe(1).f_code.co_filename.startswith(_WITHIN):  # noqa: SLF001  `inspect` takes twice as long
            raise_untraceable("a branch that depends on the class of an array")
        return type(self)

    def __getattr__(self, name: str) -> Any:
        """What NumPy's arrays have and these have not is refused, since a rule may ask for it with `hasattr`."""
        if name.startswith(("__array_", "__buffer__")):
            return raise_untraceable("a conversion to an array of NumPy")
        if hasattr(np.ndarray, name):
            return raise_untraceable(
                f"the {'method' if callable(getattr(np.ndarray, name)) else 'attribute'} {name} of an array"
            )
        raise AttributeError(name)

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))
    real = property(lambda self: self)

    @property
    def rows(self) -> int:
        """The number of rows of an array that is known row by row."""
        return self.size // self.features

    @property
    def T(self) -> Self:  # noqa: N802  as NumPy has it
        """The transpose."""
        if self.features is None:
            return (
                self._view(self.data.T)
                if self.op == "parameter"
                else raise_untraceable("the transpose of a computed array")
            )
        if self.features and self.ndim == 2 and self.shape[0] == self.rows:
            return type(self)("transpose", (self,), self.shape[::-1], self.dtype, self.features)
        return raise_untraceable(f"the transpose of an array {self.shape}")

    def _view(self, data: Any) -> Self:
        return type(self)("parameter", (), data.shape, self.dtype, None, data)

    def _reshaped(self, shape: Shape) -> Self:
        return self if shape == self.shape else type(self)("reshape", (self,), shape, self.dtype, self.features)

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return self.functions

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Operand, **kwargs: Any) -> Any:
        """The function of the namespace that has the name of NumPy's: a user's rule may call np.exp."""
        if method != "__call__" or kwargs:
            return raise_untraceable(f"np.{ufunc.__name__} with {', '.join(kwargs) or method}")
        return self._function(ufunc.__name__)(*args)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """As for ufuncs: np.where and others."""
        return self._function(function.__name__)(*args, **kwargs)

    def _function(self, name: str) -> Any:
        """The function of the namespace; functions of other libraries, and of parts of NumPy, are not in it."""
        return getattr(self.functions, name, None) or raise_untraceable(f"there is no kernel for {name}")

    def _truth(self, axis: Any = None, **_: Any) -> Any:
        return raise_untraceable(
            "a branch that depends on numbers" if axis is None else "all or any of an array over an axis"
        )

    all = any = _truth

    def __iter__(self) -> Any:
        return raise_untraceable(f"a loop over an array {self.shape}")

    def __len__(self) -> int:
        return self.shape[0]

    # Shapes.

    def astype(self, dtype: Any, copy: bool = True) -> Self:  # noqa: FBT001, FBT002  as NumPy has it
        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self
        if self.features is not None and (dtype.kind != "f" or (self.dtype.kind == "f" and self.op != "y")):
            return raise_untraceable(f"a conversion from {self.dtype} to {dtype}")
        return type(self)("astype", (self,), self.shape, dtype, self.features)

    def reshape(self, *shape: Any) -> Self:
        new: Shape = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        if -1 in new:
            rest = -math.prod(new)
            new = tuple([self.size // rest if n == -1 else n for n in new])
        if self.op == "parameter":
            return self._view(self.data.reshape(new))
        keeps_rows = self.features and (new[:1] == (self.rows,) or new[0] == math.prod(new))
        if math.prod(new) != self.size or not (keeps_rows or self.features == 0):
            return raise_untraceable(f"a reshape from {self.shape} to {new}")
        return self._reshaped(new)

    def __getitem__(self, key: Any) -> Self:
        if any([isinstance(part, Shaped) for part in (key if isinstance(key, tuple) else (key,))]):
            return raise_untraceable("an index that depends on numbers")
        if self.op == "parameter":
            return self._view(np.asarray(self.data[key]))
        if self.features is None:
            shape = np.empty(self.shape)[key].shape
            return type(self)("index", (self,), shape, self.dtype, None, key)
        if self.features and self.shape[0] == self.rows:
            before = np.arange(self.size).reshape(self.shape)
            after = before[key]
            if after.shape[:1] == self.shape[:1] and np.array_equal(after.ravel(), before.ravel()):
                return self._reshaped(after.shape)
        whole = "; kernels take whole rows" if self.features else ""
        return raise_untraceable(f"the part [{_written(key)}] of an array {self.shape}{whole}")


def _written(key: Any) -> str:
    """An index as it is written."""
    if isinstance(key, slice):
        start, stop, step = ["" if n is None else str(n) for n in (key.start, key.stop, key.step)]
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
    return ", ".join(map(_written, key)) if isinstance(key, tuple) else "..." if key is Ellipsis else short(key)


NUMBER = np.dtype(np.int64)
"""The dtype that marks numbers that differ from step to step; like numbers of Python, they do not widen floats."""
