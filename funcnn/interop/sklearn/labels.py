"""The target of a classifier, found in y or given as the classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target

from funcnn.arrays import Array, short
from funcnn.errors import KindError, RangeError
from funcnn.interop.sklearn.columns import Columns
from funcnn.interop.sklearn.rows import Rows
from funcnn.interop.sklearn.targets import Classes, Labels, unique


def found_in(function: str, y: Array) -> Any:
    """The target that y shows."""
    if type_of_target(y) == "multilabel-indicator":
        return Labels(y.shape[1])
    if y.ndim == 1:
        return Classes(unique(function, "y", y))
    return Columns(tuple([Classes(unique(function, "y", column)) for column in y.T]))


def as_target(function: str, y: Array, classes: Any) -> Any:
    """The target of the classes that the first call of `partial_fit` is given."""
    if y.ndim == 1:
        return Classes(_as_classes(function, classes))
    labels = Labels(y.shape[1])
    if classes is None or alike(classes, labels.values):
        return labels
    if not isinstance(classes, list | tuple) or len(classes) != y.shape[1]:
        needed = f"a list of {y.shape[1]} lists of labels, one for each column"
        raise KindError(f"{function}: classes must be {needed}, not {short(classes)}")
    return Columns(tuple([Classes(_as_classes(function, of_column)) for of_column in classes]))


def _as_classes(function: str, classes: Any) -> Array:
    if classes is None:
        raise KindError(f"{function}: classes must be given in the first call, since y may not have all of them")
    if not _is_list(classes):
        raise KindError(f"{function}: classes must be a list of labels, not {short(classes)}")
    if len(found := unique(function, "classes", np.asarray(classes))) < 2:
        raise RangeError(f"{function}: classes must hold at least 2 classes, not {len(found)}")
    return found


def _is_list(labels: Any) -> bool:
    """Whether `labels` is a list of labels, which are not lists themselves."""
    if not isinstance(labels, list | tuple | range | np.ndarray):
        return False
    return not any([isinstance(label, list | tuple | range | np.ndarray) for label in labels])


def alike(classes: Any, known: Any) -> bool:
    """Whether these are the known classes, in any order."""
    if isinstance(known, list):
        return isinstance(classes, list | tuple) and len(classes) == len(known) and all(map(alike, classes, known))
    return _is_list(classes) and set(np.asarray(classes).tolist()) == set(known.tolist())


def check_classes(function: str, target: Any, rows: Rows) -> None:
    """Check that each column has two classes at least. A label may be 0 in all rows."""
    codes = rows.codes if rows.weight is None else rows.codes[rows.weight > 0]
    for _, column in [] if isinstance(target, Labels) else target.columns(codes):
        if len(np.unique(column)) < 2:
            raise RangeError(f"{function}: y must have at least 2 classes with weights above 0; it has 1 class")
