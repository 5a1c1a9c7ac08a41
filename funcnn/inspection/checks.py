"""The checks of a network and of an x that `summary`, `flops`, `trace` and others are given."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Annotated, Any, TypeVar

import numpy as np

from funcnn.arrays import check_arrays, kind
from funcnn.core import check_is_layer, forward_only
from funcnn.errors import FuncnnError, KindError
from funcnn.fields import is_whole
from funcnn.needs import passing
from funcnn.trees.walks import arrays_in

P = TypeVar("P")


def registering(register: Any) -> Any:
    """A decorator for a function whose rules another function registers."""

    def put(function: Any) -> Any:
        function.register = register
        return function

    return put


def check_network(function: str, argument: str, params: Any) -> None:
    """Check that `params` is a layer or a tuple of layers, at any depth."""
    check_is_layer(function, argument, params)
    for i, layer in enumerate(params if type(params) is tuple else ()):
        check_network(function, f"{argument}[{i}]", layer)


Network = Annotated[P, passing("a layer or a tuple of layers, at any depth", check_network)]


def check_example(function: str, params: Any, x: Any) -> None:
    """Check that `x` is None, an array or a tuple of arrays; a shape is refused."""
    if is_whole(x) or (type(x) is tuple and x and all(map(is_whole, x))):
        given = f"a shape {x}{_remedy(params, x)}" if type(x) is tuple else kind(x)
        raise KindError(f"{function}: x must be an array or a tuple of arrays, not {given}")
    if x is not None:
        check_arrays(function, "x", x)


def _remedy(params: Any, shape: tuple[int, ...]) -> str:
    """Zeros of the shape, or of one row of the shape: the first that the network takes"""
    dtype = next((leaf.dtype for leaf in arrays_in(params)), np.dtype(float))
    of_dtype = "" if dtype.name == "float64" else f", {dtype.name!r}"
    for written, whole in (("x", shape), ("(1, *x)", (1, *shape))):
        if min(shape) > 0 and math.prod(shape) < _MOST:
            with suppress(FuncnnError):
                forward_only(params, np.zeros(whole, dtype))
                return f"; write np.zeros({written}{of_dtype})"
    return ""


_MOST = 1_000_000  # entries of an x that is tried for the sake of a remedy
