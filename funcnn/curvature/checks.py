"""Checks of the arguments of `hvp` and `ggnvp`."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import check_arrays, kind, short
from funcnn.core import Loss, check_is_layer, forward
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.gradients import Grads
from funcnn.logits import squashed_twice
from funcnn.refusals import check_tree_of_layers
from funcnn.trees.walks import arrays_in, map_arrays, walk


def check_network(function: str, loss: Loss, params: Any, x: Any) -> None:
    """Check that params is a network with real parameters, and that it can be given x, all in arrays of NumPy."""
    check_is_layer(function, "params", params)
    check_tree_of_layers(function, params)
    check_arrays(function, "x", x)
    if found := squashed_twice("the loss", loss, params):
        raise KindError(f"{function}: {found}")
    for argument, tree in (("params", params), ("x", x)):
        for a in arrays_in(tree):
            if type(a) is not np.ndarray:
                raise KindError(f"{function}: {argument} must hold arrays of NumPy, got {type(a).__name__}")
            if a.dtype.kind == "c":
                raise KindError(f"{function}: {argument} must hold real numbers, got {kind(a)}")
    sizes = [a.size for _, a in walk(params, states=False)]
    if not sum(sizes):
        raise KindError(f"{function}: params must have a parameter to differentiate by; {short(params)} has none")
    if len({a.dtype for a in arrays_in((params, x)) if a.dtype.kind not in "biu"}) > 1:
        forward(params, x)  # in double precision, a mixture of dtypes would not be refused


def check_line(function: str, params: Any, v: Any) -> None:
    """Check that v is like params: of one class, with finite numbers of the same shapes and dtypes."""
    remedy = "; write v.params" if type(v) is Grads else ""
    try:
        map_arrays(lambda p, _: p, params, v, states=False)
    except ShapeError:
        raise KindError(
            f"{function}: v must be of the classes of params, {short(params)}, not {short(v)}{remedy}"
        ) from None
    own, others = dict(walk(params, states=False)), dict(walk(v, states=False))
    if own.keys() != others.keys():
        needed, given = ", ".join(own), ", ".join(others)
        raise KindError(f"{function}: v must have the parameters ({needed}) of params, not ({given})")
    for path, p in own.items():
        d = others[path]
        if type(d) is not np.ndarray or d.dtype != p.dtype:
            raise KindError(f"{function}: v must hold {p.dtype} at {path}, as params do, not {kind(d)}")
        if d.shape != p.shape:
            raise ShapeError(f"{function}: v must have the shape {p.shape} at {path}, as params have, not {d.shape}")
        if not np.isfinite(d).all():
            raise RangeError(f"{function}: v must be finite, got {d[~np.isfinite(d)][0]} at {path}")
