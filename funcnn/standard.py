"""Arrays that have nothing but the array API standard, with the methods and names of NumPy that rules use.

A rule computes with what numpy and jax.numpy share, such as `x.sum()` and `concatenate`. The standard has functions,
mostly under the same names, and no methods. So a rule gets arrays of this module, which call the functions of the
library, and its results are unwrapped.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from funcnn.arrays import is_array

_NAMES = {"absolute": "abs", "power": "pow"} | {
    f"arc{name}": f"a{name}" for name in ("cos", "cosh", "sin", "sinh", "tan", "tan2", "tanh")
}


def is_bare(value: Any) -> bool:
    """Whether `value` is an array with the methods of the standard, and without those of NumPy."""
    return is_array(value) and hasattr(type(value), "to_device") and not hasattr(type(value), "astype")


# The dtypes in which bools are added and ordered, which the standard does not do.
_OF_BOOLS = {"sum": np.int64, "mean": np.float64, "argmax": np.int8}


class StandardArray:
    """An array of a library of the standard; NumPy must not convert it, as it must not convert a tracer."""

    __array_ufunc__ = None
    has_numbers = True  # for `conditions`

    def __init__(self, bare: Any) -> None:
        self.bare, self.shape, self.ndim = bare, tuple(bare.shape), bare.ndim
        self.xp, self.dtype = _namespace_of(bare.__array_namespace__()), np.dtype(str(bare.dtype).rpartition(".")[2])

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return self.xp

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("an array of the standard is not an array of NumPy")

    def __repr__(self) -> str:
        """The number of an array without axes, for messages"""
        as_number = {"b": bool, "f": float, "c": complex}.get(self.dtype.kind, int)
        return str(as_number(self.bare)) if not self.ndim else repr(self.bare)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def T(self) -> Any:  # noqa: N802  as NumPy calls it
        return self.transpose()

    @property
    def real(self) -> Any:
        return self.xp.real(self) if self.dtype.kind == "c" else self

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def astype(self, dtype: Any, *, copy: bool = True) -> Any:
        return self.xp.astype(self, dtype, copy=copy)

    def copy(self) -> Any:
        return self.xp.asarray(self, copy=True)

    def repeat(self, n: int, axis: int) -> Any:
        return self.xp.repeat(self, n, axis=axis)

    def reshape(self, *shape: Any) -> Any:
        return self.xp.reshape(self, shape[0] if type(shape[0]) is tuple else shape)

    def cumsum(self, axis: int) -> Any:
        return self.xp.cumulative_sum(self, axis=axis)

    def transpose(self, *axes: int) -> Any:
        return self.xp.permute_dims(self, axes or tuple(range(self.ndim))[::-1])

    def swapaxes(self, a: int, b: int) -> Any:
        axes = list(range(self.ndim))
        axes[a], axes[b] = axes[b], axes[a]
        return self.transpose(*axes)

    @property
    def at(self) -> Any:
        """`x.at[ids].add(rows)`, as in JAX"""
        return _At(self)

    def view(self, dtype: Any) -> Any:
        """The signed numbers of the bits of unsigned ones"""
        if self.dtype != np.uint32 or np.dtype(dtype) != np.int32:
            raise AttributeError("the standard has no view")
        wide = self.astype(np.int64)
        return self.xp.where(wide < 2**31, wide, wide - 2**32).astype(np.int32)

    def __getitem__(self, index: Any) -> Any:
        parts = index if type(index) is tuple else (index,)
        arrays, (*before, ids) = [part for part in parts if is_array(part)], parts
        if len(arrays) == 1 and ids is arrays[0] and ids.dtype.kind in "iu" and all([x == slice(None) for x in before]):
            ids, axis = self.xp.asarray(ids), len(before)
            taken = self.xp.take(self, ids.reshape((ids.size,)), axis=axis)
            return taken.reshape((*self.shape[:axis], *ids.shape, *self.shape[axis + 1 :]))
        if arrays and len(parts) > 1:
            raise IndexError("the standard has no index of arrays and others")
        if Ellipsis not in [part for part in parts if not is_array(part)] and not arrays:
            parts = (*parts, ...)
        return _wrapped(self.bare[tuple([part.bare if type(part) is StandardArray else part for part in parts])])

    def __len__(self) -> int:
        return self.shape[0]


class _At:
    """Rows of an array, to which rows are added by a product with a matrix of zeros and ones"""

    def __init__(self, array: StandardArray) -> None:
        self.array = array

    def __getitem__(self, ids: Any) -> Any:
        n = self.array.xp.arange(len(self.array), dtype=ids.dtype)
        chosen = n[:, None] == ids[None, :]
        return SimpleNamespace(add=lambda rows: self.array + chosen.astype(rows.dtype) @ rows)


class StandardNamespace:
    """The functions of a library of the standard under the names of NumPy, of and to `StandardArray`."""

    def __init__(self, library: Any) -> None:
        self.library, self.__name__ = library, library.__name__

    def __getattr__(self, name: str) -> Any:
        if name == "finfo":
            return np.finfo
        function = getattr(self.library, _NAMES.get(name, name))
        return partial(self._called, function, _OF_BOOLS.get(name)) if callable(function) else function

    def concatenate(self, arrays: Any, axis: int = 0) -> Any:
        return self.concat(list(arrays), axis=axis)

    def pad(self, x: Any, widths: Any, *, constant_values: float = 0) -> Any:
        for axis, sizes in enumerate(widths):
            shapes = [(*x.shape[:axis], n, *x.shape[axis + 1 :]) for n in sizes]
            before, after = [self.full(shape, constant_values, dtype=x.dtype) for shape in shapes]
            x = self.concatenate([before, x, after], axis)
        return x

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        if not is_array(a):  # the standard takes one number, and NumPy two
            a = self.asarray(a, dtype=np.result_type(a, b.dtype if is_array(b) else b))
        return self._called(self.library.where, None, self.asarray(condition), a, b)

    def max(self, x: Any, *, initial: float | None = None, **settings: Any) -> Any:
        return self._extreme(self.maximum, self.library.max, x, initial, settings)

    def min(self, x: Any, *, initial: float | None = None, **settings: Any) -> Any:
        return self._extreme(self.minimum, self.library.min, x, initial, settings)

    def _extreme(self, of_two: Any, of_all: Any, x: Any, initial: float | None, settings: dict[str, Any]) -> Any:
        if initial is not None and not x.size:
            return self.full(self.sum(x, **settings).shape, initial, dtype=x.dtype)
        made = self._called(of_all, np.int8, x, **settings)
        return made if initial is None else of_two(made, initial)

    def _called(self, function: Callable[..., Any], of_bools: Any, *given: Any, **settings: Any) -> Any:
        if of_bools is not None and given[0].dtype == bool:
            given = given[0].astype(of_bools), *given[1:]
        bare = [self._bare(part) for part in given]
        return _wrapped(function(*bare, **{key: self._bare(value) for key, value in settings.items()}))

    def _bare(self, value: Any) -> Any:
        if type(value) is StandardArray:
            return value.bare
        if isinstance(value, np.dtype) or (
            isinstance(value, type) and issubclass(value, np.generic | int | float | complex)
        ):
            return getattr(self.library, np.dtype(value).name)
        if isinstance(value, np.ndarray | np.generic):
            return self.library.asarray(np.array(value))
        return type(value)([self._bare(part) for part in value]) if isinstance(value, list | tuple) else value


@cache
def _namespace_of(library: Any) -> StandardNamespace:
    return StandardNamespace(library)


def _wrapped(made: Any) -> Any:
    return StandardArray(made) if hasattr(type(made), "__array_namespace__") else made


def _alike(a: StandardArray, b: Any, *, divides: bool) -> tuple[Any, Any]:
    """Both operands in the dtype that NumPy would compute in, since the standard mixes no kinds of dtype."""
    if not isinstance(b, bool | int | float | complex) or isinstance(b, np.generic):
        b = a.xp.asarray(b)
    number = None if type(b) is StandardArray else b
    dtype = np.result_type(a.dtype, b if number is not None else b.dtype)
    if divides and dtype.kind in "biu":
        dtype = np.dtype(np.float64)
    x = a if a.dtype == dtype else a.astype(dtype)
    if number is not None:
        return x.bare, dtype.type(number).item()
    return x.bare, (b if b.dtype == dtype else b.astype(dtype)).bare


def _operator(name: str) -> tuple[Any, Any]:
    function = getattr(operator, f"__{name}__")

    def method(self: StandardArray, other: Any) -> Any:
        return _wrapped(function(*_alike(self, other, divides=name == "truediv")))

    def reflected(self: StandardArray, other: Any) -> Any:
        a, b = _alike(self, other, divides=name == "truediv")
        return _wrapped(function(b, a))

    return method, reflected


def _reduction(name: str) -> Any:
    def method(self: StandardArray, axis: Any = None, **settings: Any) -> Any:
        return getattr(self.xp, name)(self, axis=axis, **settings)

    return method


_OF_TWO = "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift"
for _name in _OF_TWO:
    for _prefix, _function in zip(("", "r"), _operator(_name), strict=True):
        setattr(StandardArray, f"__{_prefix}{_name}__", _function)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(StandardArray, f"__{_name}__", _operator(_name)[0])
for _name in ("neg", "pos", "abs", "invert"):
    _of_one = getattr(operator, f"__{_name}__")
    setattr(StandardArray, f"__{_name}__", lambda self, of_one=_of_one: _wrapped(of_one(self.bare)))
for _name in ("all", "any", "argmax", "max", "mean", "min", "sum"):
    setattr(StandardArray, _name, _reduction(_name))
for _cls in (bool, int, float, complex):
    setattr(StandardArray, f"__{_cls.__name__}__", lambda self, cls=_cls: cls(self.bare))
