"""Sums, extrema and other functions of NumPy that reduce axes, or that go along one of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import as_recorded, cast, known, operation
from funcnn.recording.tape import refuse


def _axes(a: RecordedArray, axis: Any) -> list[int]:
    axes = range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else [axis]
    return sorted([int(i) % max(a.ndim, 1) for i in axes]) if a.ndim else []


def _reduced(name: str, a: RecordedArray, axis: Any, keepdims: Any) -> RecordedArray:
    axes = _axes(a, axis)
    made = operation(name, a, settings={"axes": axes})
    return as_recorded(np.expand_dims(made, tuple(axes)) if keepdims else made)


def _extremum(name: str, joined: np.ufunc) -> Callable[..., RecordedArray]:
    """np.max or np.min; `initial` is one of the entries"""

    def extremum(a: Any, axis: Any = None, *, keepdims: Any = False, initial: Any = None) -> Any:
        a = as_recorded(a)
        if initial is None or a.size:
            made = _reduced(name, a, axis, keepdims)
            return made if initial is None else joined(made, cast(as_recorded(initial), made.dtype))
        return _reduced(name, known(np.full([n or 1 for n in a.shape], initial, a.dtype)), axis, keepdims)

    return extremum


largest, smallest = _extremum("maximum_of", np.maximum), _extremum("minimum_of", np.minimum)


def _reduction(name: str) -> Callable[..., RecordedArray]:
    """np.sum or np.prod"""

    def reduction(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False) -> RecordedArray:
        a = as_recorded(a)
        if dtype is None:
            return _reduced(name, a, axis, keepdims)
        return cast(_reduced(name, cast(a, dtype), axis, keepdims), dtype)  # sums of int32 are int64

    return reduction


total, product = _reduction("sum"), _reduction("product_of")


def some(a: Any, axis: Any = None, *, keepdims: Any = False) -> RecordedArray:
    """np.any"""
    return largest(a if a.dtype.kind == "b" else a != 0, axis, keepdims=keepdims, initial=False)


def every(a: Any, axis: Any = None, *, keepdims: Any = False) -> RecordedArray:
    """np.all"""
    return smallest(a if a.dtype.kind == "b" else a != 0, axis, keepdims=keepdims, initial=True)


def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> RecordedArray:
    """np.count_nonzero"""
    return total(a != 0, axis, keepdims=keepdims)


def _wide(a: RecordedArray) -> RecordedArray:
    """Floats in which NumPy takes a mean."""
    return cast(a, np.float32) if a.dtype == np.float16 else a if a.dtype.kind == "f" else cast(a, float)


def _count(a: RecordedArray, axis: Any) -> int:
    return math.prod([a.shape[i] for i in _axes(a, axis)])


def mean(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False) -> RecordedArray:
    """np.mean"""
    a = as_recorded(a)
    wide = _wide(a) if dtype is None else cast(a, dtype)
    made = total(wide, axis, keepdims=keepdims) / _count(a, axis)
    return cast(made, a.dtype) if dtype is None and a.dtype.kind == "f" else made


def var(a: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: Any = False) -> RecordedArray:
    """np.var"""
    a = as_recorded(a)
    wide = _wide(a) if dtype is None else cast(a, dtype)
    d: Any = a - total(wide, axis, keepdims=True) / _count(a, axis)
    made: Any = total(d * d, axis, wide.dtype, keepdims=keepdims) / max(_count(a, axis) - ddof, 0)
    return cast(made, a.dtype) if dtype is None and a.dtype.kind == "f" else made


def std(*args: Any, **settings: Any) -> RecordedArray:
    """np.std"""
    return as_recorded(np.sqrt(var(*args, **settings)))


def argmax(a: Any, axis: Any = None, *, keepdims: Any = False) -> RecordedArray:
    """np.argmax"""
    a = as_recorded(a)
    if axis is None:
        made = _reduced("argmax", a.reshape(-1), 0, keepdims=False)
        return made.reshape([1] * a.ndim) if keepdims else made
    return _reduced("argmax", a, axis, keepdims)


def argmin(a: Any, axis: Any = None, *, keepdims: Any = False) -> RecordedArray:
    """np.argmin, where -a or the inverse of all bits turns the order"""
    return argmax(-a if a.dtype.kind == "f" else ~a, axis, keepdims=keepdims)


def cumsum(a: Any, axis: int | None = None) -> RecordedArray:
    """np.cumsum"""
    return _along("cumsum", as_recorded(a), axis)


def argsort(a: Any, axis: int | None = -1, kind: Any = None, *, stable: Any = None) -> RecordedArray:
    """np.argsort; the order of equal numbers depends on the processor, unless it is stable"""
    if kind != "stable" and not stable:
        return refuse("np.argsort without kind='stable'", "write argsort(a, kind='stable')")
    return _along("argsort", as_recorded(a), axis)


def sort(a: Any, axis: int | None = -1, kind: Any = None, *, stable: Any = None) -> Any:
    """np.sort"""
    a = as_recorded(a)
    a, axis = (a.reshape(-1), 0) if axis is None else (a, axis)
    order: Any = _along("argsort", a, axis)
    return np.take_along_axis(a, order, axis)


def _along(name: str, a: RecordedArray, axis: int | None) -> RecordedArray:
    a, axis = (a.reshape(-1), 0) if axis is None else (a, axis)
    made: RecordedArray = operation(name, a, settings={"axes": _axes(a, axis)})
    return made


REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: total,
    np.prod: product,
    np.any: some,
    np.all: every,
    np.count_nonzero: count_nonzero,
    np.max: largest,
    np.min: smallest,
    np.mean: mean,
    np.var: var,
    np.std: std,
    np.argmax: argmax,
    np.argmin: argmin,
    np.cumsum: cumsum,
    np.argsort: argsort,
    np.sort: sort,
    np.diff: lambda a: a[..., 1:] - a[..., :-1],
    np.trace: lambda a: total(np.diagonal(a), -1),
}
"""Functions of NumPy, and what computes them."""
