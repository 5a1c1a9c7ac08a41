"""The checks of a network and of an x that `summary`, `flops`, `trace` and others are given."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import check_arrays, kind
from funcnn.core import check_is_layer
from funcnn.errors import KindError
from funcnn.fields import is_whole


def check_network(name: str, params: Any, what: str = "params") -> None:
    """Check that `params` is a layer or a tuple of layers, at any depth."""
    check_is_layer(name, params, what)
    for i, layer in enumerate(params if type(params) is tuple else ()):
        check_network(name, layer, f"{what}[{i}]")


def check_example(name: str, x: Any) -> None:
    """Check that `x` is None, an array or a tuple of arrays; a shape is refused."""
    if is_whole(x) or (type(x) is tuple and x and all(map(is_whole, x))):
        given = f"a shape {x}; write np.zeros(x)" if type(x) is tuple else kind(x)
        raise KindError(f"{name}: x must be an array or a tuple of arrays, not {given}")
    if x is not None:
        check_arrays(name, x)
