"""Methods that fit an estimator wholly or not at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def atomic(method: Callable[Concatenate[T, P], T]) -> Callable[Concatenate[T, P], T]:
    """A method that leaves the attributes of the estimator as they were if it fails, so that an older fit stays."""

    @wraps(method)
    def fitted(self: T, /, *args: P.args, **kwargs: P.kwargs) -> T:
        before = vars(self).copy()
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return fitted
