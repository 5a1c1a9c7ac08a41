"""One number of a network changed by a small step in both directions: the slope of the cost that follows."""

from __future__ import annotations

from typing import Annotated, Any, cast

import numpy as np

from funcnn.arrays import Array, kind, short
from funcnn.checked import checked
from funcnn.core import Loss, forward_only
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.fields import is_whole
from funcnn.inspection.checks import Network
from funcnn.losses.protocol import evaluated
from funcnn.needs import Arrays, Need, Positive, Text
from funcnn.records import borrowed, record
from funcnn.trees.edits import replace
from funcnn.trees.walks import walk

STEP = 2.0**-10  # about 0.001, and exact: p + h and p - h are rounded at most in the last digits of p


@record
class Nudge:
    """The outputs and costs of a network after one number was changed by -h and by +h.

    `below` and `above` are the costs at p - h and p + h, `out_below` and `out_above` the outputs of the network.
    """

    h: float
    below: float
    above: float
    out_below: Any = borrowed()
    out_above: Any = borrowed()

    @property
    def slope(self) -> float:
        """The central difference (above - below) / (2 h)"""
        return (self.above - self.below) / (2 * self.h)


def _as_index(function: str, argument: str, value: Any) -> tuple[int, ...]:
    several = value if type(value) is tuple else (value,)
    if not all(map(is_whole, several)):
        given = short(value) if type(value) is tuple else kind(value)
        raise KindError(f"{function}: {argument} must be an int or a tuple of ints, not {given}")
    return tuple(map(int, several))


Index = Annotated[int | tuple[int, ...], Need("an int or a tuple of ints", "False", _as_index)]


@checked
def nudge(
    params: Network[Any], x: Arrays, y: Any, loss: Loss, path: Text, index: Index, *, h: Positive = STEP
) -> Nudge:
    """Change one number by -h and by +h, run forward and the loss for both, and compare the costs.

    The number is the entry `index` of the array at `path`, which is a path of `parameters`, such as "0.W", or "x". The
    slope (cost(p + h) - cost(p - h)) / (2 h) differs from the gradient by a term in h^2 and by rounding, unless the
    cost has a kink between p - h and p + h.

    >>> import numpy as np
    >>> from funcnn import Dense, backward, forward, mse
    >>> from funcnn.teach import nudge
    >>> layer, x, y = Dense(np.array([[2.0]]), np.array([1.0])), np.array([[3.0]]), np.array([[5.0]])
    >>> found = nudge(layer, x, y, mse, "W", (0, 0), h=0.5)
    >>> found.below, found.above, found.slope
    (0.25, 12.25, 12.0)
    >>> out, cache = forward(layer, x)
    >>> backward(layer, cache, mse(out, y)[1]).params.W
    array([[12.]])

    Raises:
        KindError: `loss` does not return (cost, dA), or `path` is not the path of an array of floats of NumPy.
        ShapeError: the array has no entry `index`.
        RangeError: `h` is smaller than the last digit of the number.
        Any error of forward or the loss.
    """
    place = cast("tuple[int, ...]", index)
    _check_place("nudge", params, x, path, place)
    made = []
    for step in (-h, h):
        out = forward_only(*_moved(params, x, path, place, step))
        made.append((float(evaluated("nudge", loss, out, y)[0]), out))
    (below, out_below), (above, out_above) = made
    return Nudge(h, below, above, out_below, out_above)


def _moved(params: Any, x: Any, path: str, place: tuple[int, ...], step: float) -> tuple[Any, Any]:
    """The network and x with one number changed."""
    old = _nudgeable(params, x)[path]
    new = old.copy()
    new[place] += step
    if new[place] == old[place]:
        raise RangeError(f"nudge: h must change {path}{list(place)}, which is {old[place]}; it is {abs(step)}")
    return (params, new) if path == "x" else (replace(params, path, new), x)


def _nudgeable(params: Any, x: Any) -> dict[str, Array]:
    """The arrays of floats of NumPy that can be nudged, by path: the trained arrays, and x if it is an array."""
    arrays = {**dict(walk(params, states=False)), **({"x": x} if type(x) is np.ndarray else {})}
    return {path: a for path, a in arrays.items() if path and type(a) is np.ndarray and a.dtype.kind == "f"}


def _check_place(function: str, params: Any, x: Any, path: str, place: tuple[int, ...]) -> None:
    """Check that `place` is the place of an entry of the array at the path."""
    arrays = _nudgeable(params, x)
    if path not in arrays:
        paths = ", ".join(map(repr, arrays))
        raise KindError(f"{function}: path must be one of {paths}, the paths of arrays of floats, not {path!r}")
    shape = arrays[path].shape
    if len(place) != len(shape) or not all([0 <= i < n for i, n in zip(place, shape, strict=True)]):
        raise ShapeError(f"{function}: index must be the place of an entry of {path}, of shape {shape}, not {place}")
