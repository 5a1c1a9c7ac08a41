"""Annotations of results that no file takes."""

from __future__ import annotations

from collections.abc import Callable
from inspect import formatannotation, isabstract
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from funcnn.columns import Table
from funcnn.records import plans

_SAVABLE = (NoneType, bool, int, float, str, tuple, dict, Table, np.ndarray, np.float64, np.int64, np.bool_)


def unsavable_result(function: Callable[..., Any]) -> str:
    """The part of the annotation of a function's result that `save` refuses, or "" if none is known."""
    try:
        return _unsavable(get_type_hints(function).get("return", Any))
    except Exception:  # noqa: BLE001  annotations may be any expressions, and their names may be defined later
        return ""


def _unsavable(annotation: Any) -> str:
    cls, parts = get_origin(annotation) or annotation, get_args(annotation)
    if cls in (Union, UnionType):
        found = list(map(_unsavable, parts))
        return found[0] if all(found) else ""
    if cls is tuple:
        return next(filter(None, map(_unsavable, parts)), "")
    if cls is dict and parts:
        return (
            formatannotation(annotation) if _unsavable(parts[0]) or parts[0] in _SAVABLE[:4] else _unsavable(parts[1])
        )
    if annotation is Any or not isinstance(cls, type) or (isabstract(cls) and cls.__module__ != "collections.abc"):
        return ""
    is_array = hasattr(cls, "__array_namespace__") and not issubclass(cls, np.generic)
    # The class of a value that is saved, or a base of it, may have an instance that is saved.
    is_possible = is_array or any([issubclass(one, cls) for one in (*_SAVABLE, *plans)])
    return "" if is_possible else formatannotation(annotation)
