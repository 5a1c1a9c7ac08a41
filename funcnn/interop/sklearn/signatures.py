"""Annotations of the arguments of the estimators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike

from funcnn.arrays import Array
from funcnn.core import Layer
from funcnn.schedules.base import Schedule


class SparseRows(Protocol):
    """A sparse array or matrix of SciPy."""

    def toarray(self) -> Any:
        """The dense array."""


RowsLike = ArrayLike | SparseRows  # (m, n_in), also a table, which has `__array__`
Sizes = Sequence[int] | Array
NetworkOrMaker = Layer[Any] | Callable[[int, int, Any], Any]
OptionalLoss = Callable[..., tuple[Any, Any]] | None  # (out, y), or (out, y, weight)
RateOrFunction = float | Schedule
Categories = Literal["auto"] | Sequence[str | int] | None
ClassWeight = Literal["balanced"] | dict[Any, float]
ClassWeights = ClassWeight | list[ClassWeight | None] | None
RandomState = int | np.random.RandomState | None
Scoring = str | Callable[..., float] | None  # the name of a scorer, or (estimator, X, y)
Memory = str | PathLike[str] | None
