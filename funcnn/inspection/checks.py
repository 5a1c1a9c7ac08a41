"""The check of a network that `summary`, `flops`, `trace` and others are given."""

from __future__ import annotations

from typing import Any

from funcnn.core import check_is_layer


def check_network(name: str, params: Any, what: str = "params") -> None:
    """Check that `params` is a layer or a tuple of layers, at any depth."""
    check_is_layer(name, params, what)
    for i, layer in enumerate(params if type(params) is tuple else ()):
        check_network(name, layer, f"{what}[{i}]")
