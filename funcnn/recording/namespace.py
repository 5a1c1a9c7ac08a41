"""The array namespace of recorded arrays: what `namespace(x)` is for them, and how NumPy's functions reach them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from funcnn.elementary import erfc
from funcnn.recording import indexing
from funcnn.recording.arrays import (
    RecordedArray,
    as_recorded,
    cast,
    checked,
    fresh,
    known,
    numbers_of,
    operation,
    recorded_of,
)
from funcnn.recording.joins import JOINS
from funcnn.recording.moves import MOVES, MOVING_METHODS, moved
from funcnn.recording.products import PRODUCTS
from funcnn.recording.reductions import REDUCTIONS
from funcnn.recording.selections import SELECTIONS
from funcnn.recording.tape import current, quiet, refuse
from funcnn.recording.ufuncs import ufunc

RULES: dict[Any, Callable[..., Any]] = {**JOINS, **REDUCTIONS, **PRODUCTS, **SELECTIONS}
"""Functions of NumPy that are no ufuncs and do more than move entries, and what computes them."""
ABOUT = {np.shape, np.ndim, np.size, np.result_type, np.iscomplexobj, np.isrealobj}
"""Functions of shapes and dtypes."""
MAKING = {np.zeros_like, np.ones_like, np.full_like, np.empty_like}
"""Functions of a shape and a dtype, whose results are known."""
METHODS = {
    **{name: getattr(np, name) for name in ("sum", "max", "min", "prod", "any", "all", "mean", "var", "std")},
    **{name: getattr(np, name) for name in ("argmax", "argmin", "cumsum", "argsort", "take", "dot", "clip", "trace")},
}
_REDUCING = {
    **{np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min},
    **{np.logical_and: np.all, np.logical_or: np.any},
}
_STABLE = {np.sort, np.argsort}


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
        array = a if isinstance(a.numbers, np.ndarray) else _copy_of(a)
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
        made: RecordedArray = np.broadcast_to(value, shape).copy()  # type: ignore[assignment,arg-type]
        return made

    def erfc(self, x: RecordedArray) -> RecordedArray:
        """The complementary error function, which NumPy does not have."""
        return _settled("erfc", operation("erfc", x), np.asarray(erfc(x.numbers), x.dtype), [x])

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
        if function in MOVES and args and isinstance(args[0], RecordedArray):
            return moved(function.__name__, function, *args, **settings)
        return _called(f"np.{function.__name__}", function, RULES.get(function), args, settings)

    def method(self, a: RecordedArray, name: str) -> Any:
        """The method of an array."""
        if not callable(getattr(np.ndarray, name)):
            return refuse(f"array.{name}")
        if name in MOVING_METHODS:
            return partial(moved, name, lambda b, *rest, **settings: getattr(b, name)(*rest, **settings), a)
        if name in {"astype", "view", "fill"}:
            return partial({"astype": astype, "view": as_bits, "fill": _fill}[name], a)
        rule = RULES[METHODS[name]] if name in METHODS else None
        apply = lambda b, *rest, **settings: getattr(b, name)(*rest, **settings)  # noqa: E731  as NumPy's functions
        return lambda *rest, **settings: _called(f"array.{name}", apply, rule, (a, *rest), settings)

    def of_ufunc(self, function: np.ufunc, method: str, args: Any, out: Any, settings: dict[str, Any]) -> Any:
        """What NumPy calls for an operator, and for a function like np.exp."""
        name = f"np.{function.__name__}{f'.{method}' * (method != '__call__')}"
        if method == "at":
            if function is not np.add or not isinstance(args[0], RecordedArray):
                return refuse(f"{name} of these arguments", "make the array by zeros_like(x)")
            return self.add_at(*args)
        made = _called(name, getattr(function, method), _of_method(function, method), args, settings)
        if out is None:
            return made
        (target,) = out
        if not isinstance(target, RecordedArray):
            return refuse("a change of an array of NumPy in place", "make the array by zeros_like(x)")
        if not isinstance(target.numbers, np.ndarray):
            return made  # as `a += b` makes another number, where a is one
        if np.broadcast_shapes(made.shape, target.shape) != target.shape:
            raise ValueError(f"non-broadcastable output operand with shape {target.shape}")
        rows = cast(np.broadcast_to(made, target.shape), target.dtype)
        target.change(rows, lambda: np.copyto(target.numbers, made.numbers, casting="same_kind"))
        return target


def _of_method(function: np.ufunc, method: str) -> Callable[..., Any] | None:
    """What computes a method of a ufunc."""
    if method == "__call__":
        return lambda *args, dtype=None: ufunc(
            function, *[a if dtype is None else cast(as_recorded(a), dtype) for a in args]
        )
    if method == "outer":
        return lambda a, b: ufunc(function, _with_axes(as_recorded(a), as_recorded(b).ndim), b)
    if method == "reduce" and function in _REDUCING:
        rule = RULES[_REDUCING[function]]
        return lambda a, axis=0, **settings: rule(a, axis, **settings)
    return None


def _with_axes(a: RecordedArray, n: int) -> RecordedArray:
    made: RecordedArray = a.reshape(*a.shape, *[1] * n)
    return made


def _called(
    name: str, function: Callable[..., Any], rule: Callable[..., Any] | None, args: Any, settings: dict[str, Any]
) -> Any:
    """NumPy's result, with its place on the tape."""
    settings = {key: value for key, value in settings.items() if value is not np._NoValue}  # noqa: SLF001
    if settings.get("out", 0) is None:
        del settings["out"]
    if function in _STABLE or name == "array.argsort":
        settings = {**settings, "kind": "stable"}
    given = list(recorded_of([*args, *settings.values()]))
    with quiet():
        numbers = function(*numbers_of(args), **{key: numbers_of(value) for key, value in settings.items()})
    if function in ABOUT:
        return numbers
    if function in {np.empty, np.empty_like}:
        numbers[...] = 0
    if function in MAKING and all([a.is_known for a in recorded_of([*args[1:], *settings.values()])]):
        return fresh(numbers)
    if "out" in settings or _is_shared(numbers, given):
        return refuse(f"{name} that writes to an array, or gives a view of one,")
    if all([a.is_known for a in given]):
        return _known(numbers)
    if rule is None:
        return refuse(name)
    try:
        _signature(rule).bind(*args, **settings)
    except TypeError:
        return refuse(f"{name} with {', '.join(settings) or f'{len(args)} arguments'}")
    return _settled(name, as_recorded(rule(*args, **settings)), numbers, given)


_signature = lru_cache(inspect.signature)


def _is_shared(numbers: Any, given: list[RecordedArray]) -> bool:
    if isinstance(numbers, list | tuple):
        return any([_is_shared(part, given) for part in numbers])
    return isinstance(numbers, np.ndarray) and any([np.may_share_memory(numbers, a.store.base) for a in given])


def _known(numbers: Any) -> Any:
    """Results of known arrays as known arrays."""
    if isinstance(numbers, list | tuple):
        return type(numbers)(map(_known, numbers)) if type(numbers) in {list, tuple} else tuple(map(_known, numbers))
    return fresh(checked(numbers)) if isinstance(numbers, np.ndarray | np.generic) else numbers


def _settled(name: str, made: RecordedArray, numbers: Any, given: list[RecordedArray]) -> RecordedArray:
    """NumPy's result at the place of the one that is computed by operations, if they are the same."""
    checked(numbers)
    if made.is_known:
        return fresh(numbers)
    place = made.place()
    if not current().settle(place, np.asarray(numbers), [np.asarray(a.numbers) for a in given]):
        return refuse(f"{name} of these arguments")
    return fresh(numbers, place)


def _copy_of(a: RecordedArray) -> RecordedArray:
    return fresh(np.array(a.numbers), None if a.is_known else a.place())


def astype(
    a: RecordedArray, dtype: Any, order: str = "K", casting: Any = "unsafe", *, copy: bool = True, **_: Any
) -> RecordedArray:
    """The numbers in another dtype."""
    dtype = np.dtype(dtype)
    if not copy and a.dtype == dtype:
        return a
    with quiet():
        numbers = checked(a.numbers.astype(dtype, order, casting))
    return fresh(numbers, None if a.is_known else cast(a, dtype).place())


def as_bits(a: RecordedArray, dtype: Any) -> RecordedArray:
    """The same bits as whole numbers with or without a sign."""
    dtype = np.dtype(dtype)
    if {a.dtype.kind, dtype.kind} - {"i", "u"} or dtype.itemsize != a.itemsize:
        return refuse(f"a view of {a.dtype} as {dtype}")
    a.store.is_shared = isinstance(a.numbers, np.ndarray)
    made = astype(a, dtype)
    made.store.is_shared = a.store.is_shared
    return made


def _fill(a: RecordedArray, value: Any) -> None:
    a[...] = value

