"""An array of numbers that keep their terms, and the namespace of its functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

import attrs
import numpy as np

from funcnn.objects import Functions, ObjectArray
from funcnn.teach.numbers import GIVEN, NoTermsError, Number, larger, number, smaller

_dtype: ContextVar[np.dtype[Any]] = ContextVar("dtype")
_DOUBLE = np.dtype(np.float64)
_given = np.frompyfunc(lambda value: Number(float(value), GIVEN), 1, 1)


@contextmanager
def floats(dtype: Any) -> Iterator[None]:
    """A block in which numbers with terms stand for numbers of this dtype; their values are float64."""
    token = _dtype.set(np.dtype(dtype))
    try:
        yield
    finally:
        _dtype.reset(token)


@attrs.define(eq=False)
class TermArray(ObjectArray):
    """An array of numbers with terms, or of whole numbers or bools."""

    entry = Number
    as_entries = np.frompyfunc(number, 1, 1)

    @property
    def dtype(self) -> Any:
        """The dtype of the step for numbers with terms, else the dtype of the entries."""
        return _dtype.get(_DOUBLE) if self.data.dtype == object else self.data.dtype

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return NAMESPACE

    def __array__(self, *args: Any, **settings: Any) -> Any:
        raise NoTermsError("the rule converts its arrays to arrays of NumPy")

    __float__ = __array__

    @classmethod
    def stored(cls, dtype: Any) -> Any:
        """Every dtype of floats stands for numbers with terms."""
        return object if np.dtype(dtype).kind == "f" else dtype

    @classmethod
    def calling(cls, _: Any, /) -> AbstractContextManager[Any]:
        """Without warnings: the step itself has warned."""
        return np.errstate(all="ignore")

    @classmethod
    def elementwise(cls, ufunc: Any, args: Any) -> Any:
        """A function of NumPy, entry by entry; a maximum and an absolute value are operations of the numbers."""
        values = cls.unwrapped(args)
        if ufunc in _BY_VALUE and any([isinstance(a, np.ndarray) and a.dtype.kind == "O" for a in values]):
            return cls.wrapped(_BY_VALUE[ufunc](*values))
        return super().elementwise(ufunc, args)


class _Functions(Functions):
    def clip(self, x: Any, low: Any, high: Any) -> Any:
        """min(max(x, low), high)"""
        return np.minimum(np.maximum(x, low), high)


NAMESPACE = _Functions(TermArray)
_BY_VALUE = {
    np.maximum: np.frompyfunc(larger, 2, 1),
    np.minimum: np.frompyfunc(smaller, 2, 1),
    np.sign: np.frompyfunc(lambda a: number(a).sign(), 1, 1),
    np.absolute: np.frompyfunc(abs, 1, 1),
}


def given(values: Any) -> TermArray:
    """The numbers of a NumPy array as numbers without terms, which are given."""
    return TermArray(np.asarray(_given(values), object))
