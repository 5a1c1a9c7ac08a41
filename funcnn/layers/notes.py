"""Notes on errors: the layer of a network in which an error was raised, and its x or dA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcnn.arrays import short
from funcnn.core import backward, backward_params
from funcnn.generation import fixed_memory
from funcnn.records import is_record, plans, values

LONG = 160  # characters in a note


def noted(where: str, verb: Callable[..., Any], layer: Any, *given: Any) -> Any:
    """`verb(layer, *given)`; an error gets a note with the place, the layer, and its x, its dA, or the sizes."""
    try:
        return verb(layer, *given)
    except Exception as error:
        error.add_note(note(where, verb, layer, *given))
        raise


def note(where: str, verb: Callable[..., Any], layer: Any, *given: Any) -> str:
    """The note on an error that `verb(layer, *given)` raised."""
    if verb is fixed_memory:
        return f"{where}, {named(layer)}, m: {given[0]}, t_most: {given[1]}"
    name, value = ("dA", given[1]) if verb in (backward, backward_params) else ("x", given[0])
    return f"{where}, {named(layer)}, {name}: {short(value)}"


def named(layer: Any) -> str:
    """The text of a layer in a note: its repr or, if this is long, the classes of the layers inside."""
    whole = short(layer)
    if len(whole) <= LONG:
        return whole
    if not is_record(layer):
        return _classes(layer)
    fields = zip(plans[type(layer)], values(layer), strict=True)
    return f"{type(layer).__name__}({', '.join([f'{name}={_classes(value)}' for (name, _), value in fields])})"


def _classes(value: Any) -> str:
    if type(value) is tuple:
        return f"({', '.join(map(_classes, value))}{',' if len(value) == 1 else ''})"
    return type(value).__name__ if is_record(value) else short(value)
