"""The check of a network that `summary`, `flops`, `trace` and others are given."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import kind
from funcnn.errors import KindError
from funcnn.inspection.nesting import is_layer
from funcnn.records import is_record


def check_network(name: str, params: Any, what: str = "params") -> None:
    """`params` is a layer or a tuple of layers."""
    if type(params) is tuple:
        for i, layer in enumerate(params):
            check_network(name, layer, f"{what}[{i}]")
    elif not is_layer(params):
        remedy = f"; write tuple({what})" if isinstance(params, list) else ""
        if is_record(params) and hasattr(params, "params"):  # a TrainState, a gradient
            remedy = "; write state.params" if hasattr(params, "optimizer") else f"; write {what}.params"
        needed = "a layer or a tuple of layers"
        raise KindError(f"{name}: {what} must be {needed}, not {kind(params)}{remedy}")
