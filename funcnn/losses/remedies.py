"""Remedies in the errors of losses: the end of a sentence; empty if no remedy is certain to be right."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, is_float

Shape = tuple[int, ...]


def for_order(function: str) -> str:
    """The remedy for swapped arguments."""
    return f"; write {function}(out, y), the output of the network first"


def are_outputs(y: Any) -> bool:
    """Whether y holds floats that cannot be labels, since some are not whole numbers."""
    return type(y) is np.ndarray and y.dtype.kind == "f" and bool((y != np.floor(y)).any())


def for_predictions(function: str) -> str:
    """The remedy for predicted classes in place of scores."""
    return "; for predicted classes write (out == y).mean()" if function == "accuracy" else ""


def for_scores(function: str, out: Any, y: Any) -> str:
    """The remedy for classes in place of scores: scores in place of classes, which are not soft labels."""
    are_classes = type(y) is np.ndarray and is_float(y) and y.shape[:-1] == out.shape
    return for_order(function) if are_classes and ((y < 0) | (y > 1)).any() else ""


def for_entries(argument: str, values: Array, *, of_classes: bool) -> str:
    """The remedy for strings or objects in place of numbers."""
    entries = values.ravel().tolist() if values.dtype.kind in "OUST" else []
    if not entries:
        return ""
    if all([isinstance(entry, str | bytes) for entry in entries]) and of_classes:
        return f"; write classes, {argument} = np.unique({argument}, return_inverse=True)"
    try:
        is_lost = np.isnan(values.astype(float)).any()  # None becomes NaN
    except (TypeError, ValueError):
        return ""
    return "" if is_lost else f"; write {argument}.astype(float)"


def for_classes(y: Array, k: int) -> str:
    """The remedy for classes that are not integers, or not in 0 .. k - 1."""
    if type(y) is not np.ndarray or not np.isfinite(y).all() or (y != np.floor(y)).any():
        return ""
    if y.dtype.kind not in "iu":
        return "; write y.astype(int)"
    return "; write y - 1" if (y.min(), y.max()) == (1, k) else ""


def for_class_shape(needed: Shape, y: Array) -> str:
    """As `for_shapes`, for a y of classes, which may be floats too."""
    remedy = for_shapes(needed, y.shape)
    if not remedy or y.dtype.kind in "iu":
        return remedy
    return f"{remedy}.astype(int)" if for_classes(y, 0) else ""


def for_labels(function: str, out: Any, y: Array) -> str:
    """The remedy for labels that are not 0 or 1."""
    if (abs(y) == 1).all():
        return "; write (y + 1) / 2"
    is_labels = type(out) is np.ndarray and out.any() and ((out == 0) | (out == 1)).all()
    return for_order(function) if is_labels else ""


def for_shapes(needed: Shape, given: Shape) -> str:
    """The remedy for a y with an axis too many or too few."""
    if (*given, 1) == needed:
        return f"; write y[{_axes(given)}, None]"
    return f"; write y[{_axes(needed)}, 0]" if given == (*needed, 1) else ""


def for_weights(weight: Shape, terms: Shape, classes: int) -> str:
    """The remedy for one weight for each class or each column, or for weights in a column."""
    of_columns = len(terms) > 1 and weight == terms[-1:]
    if weight == (classes,) and not of_columns:
        return "; for a weight of each class write weight[y]"
    if of_columns and not classes:
        return f"; for a weight of each column write np.broadcast_to(weight, {terms})"
    before = weight[:-1]
    in_column = weight[-1:] == (1,) and before in [terms[: i + 1] for i in range(len(terms))]
    return f"; write weight[{_axes(before)}, 0]" if in_column else ""


def _axes(shape: Any) -> str:
    return ":" if len(shape) == 1 else "..."
