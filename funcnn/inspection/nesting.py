"""Layers inside layers: the contents of values, and records with the layers in their fields replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from funcnn.core import is_layer
from funcnn.records import build, is_record, plans, values


def contents(value: Any) -> Iterable[Any]:
    """The contents of a record, a tuple, a list or a dict; any other value has none."""
    if isinstance(value, dict):
        return value.values()
    return values(value) if is_record(value) else value if isinstance(value, tuple | list) else ()


def replaced(value: Any, replace: Callable[[str, Any], Any], path: str = "") -> Any:
    """`replace(path, layer)` for a layer; for a tuple, a chain or branches, a tuple with each layer replaced."""
    if type(value) is tuple:
        return tuple([replaced(part, replace, f"{path}.{i}".lstrip(".")) for i, part in enumerate(value)])
    return replace(path, value) if is_layer(value) else value


def with_replaced_fields(layer: Any, replace: Callable[[str, Any], Any], path: str = "") -> Any:
    """`layer` with `replace(path, inner)` for each layer in its fields, states included.

    The record is built without a check, since a class may accept only layers of one kind.
    """
    fields = zip(plans[type(layer)], values(layer), strict=True)
    return build(type(layer), [replaced(part, replace, f"{path}.{name}".lstrip(".")) for (name, _), part in fields])
