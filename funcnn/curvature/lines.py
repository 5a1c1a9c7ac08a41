"""Points on a line through the parameters of a network, in double precision."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from funcnn.arrays import Array, is_float
from funcnn.trees.walks import map_arrays, walk

T = TypeVar("T")

Rule = Callable[[Any, Any, Any], Array]
"""`rule(params, moved, x)`: a vector with an entry for each parameter, at the parameters `moved`."""


def converted(f: Callable[[Array], Array], tree: T) -> T:
    """`tree` with f of each array of floats, also of states."""
    return map_arrays(lambda a: f(a) if is_float(a) else a, tree)


def along(params: T, v: T, t: complex) -> T:
    """params + t v; states are unchanged"""
    return map_arrays(lambda p, d: p + t * d, params, v, states=False)


def largest(tree: Any) -> float:
    """The largest power of two that is at most the largest absolute value of a parameter; 1 if all of them are 0."""
    most = max([abs(a).max() for _, a in walk(tree, states=False) if a.size], default=0)
    return math.ldexp(0.5, math.frexp(most)[1]) if most else 1.0


def spread(params: Any, vector: Array) -> Array:
    """For each entry of the vector, the largest entry that belongs to the same array of params."""
    sizes = [a.size for _, a in walk(params, states=False)]
    parts = np.split(vector, np.cumsum(sizes)[:-1])
    return np.repeat([part.max(initial=0) for part in parts], sizes)
