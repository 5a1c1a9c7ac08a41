"""Rules of the protocol of layers for gradients and dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import short
from funcnn.core import backward_params
from funcnn.gradients import Grads
from funcnn.testing.verdict import BrokenPromise
from funcnn.trees.walks import arrays_in, map_arrays, walk


def check_gradients(params: Any, cache: Any, dA: Any, grads: Grads[Any]) -> None:
    """Check that gradients are read-only, and those of `backward_params` the same."""
    check_class(params, grads)
    if bits(backward_params(params, cache, dA)) != bits(grads.params):
        raise BrokenPromise("backward_params(params, cache, dA) differs from backward(params, cache, dA).params")
    given = [id(a) for a in arrays_in((cache, dA))]
    for path, array in walk(grads, "grads"):
        if array.flags.writeable and id(array) not in given:
            raise BrokenPromise(f"{path} is not read-only")


def check_class(params: Any, grads: Grads[Any]) -> None:
    """Check that the gradient of a layer is of its class."""
    if type(grads.params) is not type(params):
        raise BrokenPromise(f"Grads.params must be a {type(params).__name__}, as params is, not {short(grads.params)}")


def check_no_float64(name: str, tree: Any) -> None:
    """Check that no array of a tree is float64."""
    for path, array in walk(tree, name):
        if array.dtype == np.float64:
            raise BrokenPromise(f"{path} is float64 where the layer and x are float32")


def cast(tree: Any, dtype: Any) -> Any:
    """The tree with every float array in a dtype."""
    return map_arrays(lambda a: a.astype(dtype) if a.dtype.kind == "f" else a, tree)


def bits(tree: Any) -> list[bytes]:
    """The bytes of every array in a tree, or in a list or dict of trees."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [np.ascontiguousarray(a).tobytes() for a in arrays_in(tuple(tree) if isinstance(tree, list) else tree)]
