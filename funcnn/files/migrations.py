"""Records of earlier versions of funcnn: what a file says of them, and what they are now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Fields = dict[str, Any]
# {(name, *names of fields, sorted): function of the fields -> (name, fields)}, a line for each record that changed.
CHANGED: dict[tuple[str, ...], Callable[[Fields], tuple[str, Fields]]] = {
    ("Attention", "causal", "heads", "key", "out", "query", "rotary", "value"): (
        lambda fields: ("Attention", fields | {"dropout": None})
    ),
    ("CrossAttention", "heads", "key", "out", "query", "value"): (
        lambda fields: ("CrossAttention", fields | {"dropout": None})
    ),
    ("AvgPool", "padding", "size", "stride"): lambda fields: ("AvgPool", fields | {"ceil": False}),
    ("MaxPool", "padding", "size", "stride"): lambda fields: ("MaxPool", fields | {"ceil": False}),
    ("WithBest", "best_or_none", "cost", "optimizer", "params", "step", "waited"): (
        lambda fields: ("WithBest", fields | {"columns": ()})
    ),
}


def of_today(name: str, fields: Fields) -> tuple[str, Fields]:
    """The name and the fields that a record of a file has now, after all changes since it was saved."""
    while change := CHANGED.get((name, *sorted(fields))):
        name, fields = change(fields)
    return name, fields
