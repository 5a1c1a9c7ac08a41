"""Calls of NumPy's functions: NumPy's result, with its place on the tape."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np

from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import as_recorded, cast, fresh, numbers_of, real_numbers, recorded_of
from funcnn.recording.joins import JOINS
from funcnn.recording.products import PRODUCTS
from funcnn.recording.reductions import REDUCTIONS
from funcnn.recording.selections import SELECTIONS
from funcnn.recording.tape import current, quiet, refuse
from funcnn.recording.ufuncs import ufunc

RULES: dict[Any, Callable[..., Any]] = {**JOINS, **REDUCTIONS, **PRODUCTS, **SELECTIONS}
"""Functions of NumPy that are no ufuncs and do more than move entries, and what computes them."""
_ABOUT = {  # functions of shapes and dtypes
    np.shape,
    np.ndim,
    np.size,
    np.result_type,
    np.iscomplexobj,
    np.isrealobj,
}
_MAKING = {  # functions of the shape and the dtype of their first argument
    np.zeros_like,
    np.ones_like,
    np.full_like,
    np.empty_like,
}
_REDUCING = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}


@cache
def of_method(function: np.ufunc, method: str) -> Callable[..., Any] | None:
    """What computes a method of a ufunc."""
    if method == "__call__":
        return lambda *args, dtype=None: ufunc(function, *[a if dtype is None else _in(a, dtype) for a in args])
    if method == "outer":
        return lambda a, b: ufunc(function, _with_axes(as_recorded(a), as_recorded(b).ndim), b)
    return RULES[_REDUCING[function]] if method == "reduce" and function in _REDUCING else None


def _in(a: Any, dtype: Any) -> RecordedArray:
    return cast(as_recorded(a), dtype)


def _with_axes(a: RecordedArray, n: int) -> RecordedArray:
    made: RecordedArray = a.reshape((*a.shape, *[1] * n))
    return made


def called(
    name: str, function: Callable[..., Any], rule: Callable[..., Any] | None, args: Any, settings: dict[str, Any]
) -> Any:
    """NumPy's result, with its place on the tape."""
    settings = _given(settings)
    given = list(recorded_of([*args, *settings.values()]))
    used = list(recorded_of([*args[1:], *settings.values()])) if function in _MAKING else given
    is_known = function in _ABOUT or all([a.is_known for a in used])
    if "out" in settings:
        return refuse(f"{name} with out")
    if not is_known and (rule is None or (misfit := _misfit(rule, args, settings))):
        return refuse(name if rule is None else f"{name} with {misfit}")
    with quiet():
        numbers = function(*numbers_of(args), **{key: numbers_of(value) for key, value in settings.items()})
    if _is_shared(numbers, given):
        return refuse(f"{name}, which gives a view of an array,")
    if rule is None or is_known:
        return _known(np.zeros_like(numbers) if function in {np.empty, np.empty_like} else numbers)
    return settled(name, as_recorded(rule(*args, **settings)), numbers, used)


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that have been given; NumPy passes the others on in its methods."""
    given = {key: value for key, value in settings.items() if value is not np._NoValue}  # noqa: SLF001  NumPy has no other name for it
    return {key: value for key, value in given.items() if key != "out" or value is not None}


def _misfit(rule: Callable[..., Any], args: Any, settings: dict[str, Any]) -> str:
    """The arguments of a call that a rule does not take, or an empty text."""
    try:
        _signature(rule).bind(*args, **settings)
    except TypeError:
        return ", ".join(settings) or f"{len(args)} arguments"
    return ""


_signature = cache(inspect.signature)


def _is_shared(numbers: Any, given: Iterable[RecordedArray]) -> bool:
    if isinstance(numbers, list | tuple):
        given = list(given)
        return any([_is_shared(part, given) for part in numbers])
    return isinstance(numbers, np.ndarray) and any([np.may_share_memory(numbers, a.store.base) for a in given])


def _known(numbers: Any) -> Any:
    """Results of known arrays as known arrays."""
    if isinstance(numbers, list | tuple):
        return type(numbers)(map(_known, numbers)) if type(numbers) in {list, tuple} else tuple(map(_known, numbers))
    return fresh(real_numbers(numbers)) if isinstance(numbers, np.ndarray | np.generic) else numbers


def settled(name: str, made: RecordedArray, numbers: Any, given: list[RecordedArray]) -> RecordedArray:
    """NumPy's result at the place of the one that is computed by operations, if they are the same."""
    real_numbers(numbers)
    if made.is_known:
        return fresh(numbers)
    place = made.place()
    if not current().settle(place, np.asarray(numbers), [np.asarray(a.numbers) for a in given]):
        return refuse(f"{name} of these arguments")
    return fresh(numbers, place)
