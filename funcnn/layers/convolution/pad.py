"""Padding: positions added around x, with a number or with copies of positions of x."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.core import backward, forward
from funcnn.errors import ShapeError
from funcnn.generation import no_step, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import check_out_gradient
from funcnn.layers.convolution.sizes import Sides, as_entries, sides
from funcnn.layers.convolution.windows import along, unfolded
from funcnn.needs import number, word
from funcnn.records import record
from funcnn.shapes import shapes

Mode = Annotated[Literal["constant", "reflect", "edge", "wrap"], word("constant", "reflect", "edge", "wrap")]
Value = Annotated[float, number("-inf <= value <= inf", "a number other than NaN")]


@shapes(x="m t+ c | m h+ w+ c | m d+ h+ w+ c", out="m t_out c | m h_out w_out c | m d_out h_out w_out c")
@record
class Pad:
    """out[m, i, j, c] = x[m, p(i), p(j), c], where p(i) is the position of x that is copied to position i of out

    h_out = before + h + after, and w_out, t_out and d_out alike. `padding` is a number for all sides, or a tuple with a
    pair (before, after) for each axis of positions. With i counted from the first position of x, p(i) = i
    within x; outside, `mode` says what is copied, as in `numpy.pad`:

        "constant": `value`, instead of a position of x
        "reflect": p(i) = -i before x, 2 (h - 1) - i after x: x mirrored at its first and its last position
        "edge": p(i) = 0 before x, h - 1 after x
        "wrap": p(i) = i mod h

    An entry of out is an entry of x, or `value`: dx[m, q, r, c] = the sum of dA[m, i, j, c] over all i, j that copy it,
    p(i) = q and p(j) = r. The cache is x.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Pad(2, mode="reflect"), np.array([[[1.0], [2.0], [3.0]]]))[0].ravel()
    array([3., 2., 1., 2., 3., 2., 1.])

    Raises:
        ShapeError: x has another number of axes, or no positions; or it has too few positions along an axis: "reflect"
            needs more than its padding, "wrap" as many.
        KindError: `padding` is not a whole number, or `mode` is another word.
        RangeError: a padding is negative, or `value` is NaN.
    """

    padding: Sides = sides()
    mode: Mode = "constant"
    value: Value = 0.0

    axes: ClassVar[int] = 0  # 0: the number of axes of x

    def pairs(self, x: Array) -> list[tuple[int, int]]:
        """(before, after) along each axis of positions of x."""
        entries = as_entries(self, "padding", self.padding, x.ndim - 2)
        pairs = [(side, side) if type(side) is int else side for side in entries]
        more = {"reflect": 1, "wrap": 0}.get(self.mode, -math.inf)
        for axis, (n, pair) in enumerate(zip(x.shape[1:-1], pairs, strict=True), 1):
            if n < max(pair) + more:
                needed = f"at least {max(pair) + more} positions along axis {axis}, to be padded by {pair}"
                raise ShapeError(f'Pad: x must have {needed} with mode "{self.mode}", not {n}')
        return pairs


def _copied(mode: str, n: int, before: int, after: int) -> tuple[slice, slice]:
    """The positions of x that are copied before x, and after it."""
    if mode == "reflect":
        return slice(1, before + 1), slice(n - 1 - after, n - 1)
    return (slice(n - before, n), slice(0, after)) if mode == "wrap" else (slice(0, 1), slice(n - 1, n))


@forward.register(Pad)
def pad_forward(params: Pad, x: Array) -> tuple[Array, Array]:
    """Along each axis: the positions before, x, and the positions after"""
    xp, mode, out = namespace(x), params.mode, x

    def end(part: Array, count: int) -> Array:
        if mode == "constant":
            return xp.full((part.shape[0], count, part.shape[2]), params.value, dtype=x.dtype)
        if mode == "edge":
            return xp.repeat(part, count, axis=1)
        return part[:, ::-1] if mode == "reflect" else part

    for axis, pair in enumerate(params.pairs(x), 1):
        n, flat = x.shape[axis], along(out, axis)
        before, after = [end(flat[:, at], count) for at, count in zip(_copied(mode, n, *pair), pair, strict=True)]
        out = unfolded(xp.concatenate([before, flat, after], axis=1), out, axis)
    return out, x


@backward.register(Pad)
def pad_backward(params: Pad, x: Array, dA: Array) -> Grads[Pad]:
    """dx: dA within x, plus dA at the copies"""
    xp, mode, sides = namespace(x), params.mode, params.pairs(x)
    positions = [sum(pair) + n for pair, n in zip(sides, x.shape[1:-1], strict=True)]
    check_out_gradient(params, dA, (x.shape[0], *positions, x.shape[-1]), x.dtype)

    def back(part: Array) -> Array:
        if mode == "edge":
            return part.sum(axis=1, keepdims=True)
        return part[:, ::-1] if mode == "reflect" else part

    dx: Any = wide(dA)
    for axis, pair in enumerate(sides, 1):
        n, flat = x.shape[axis], along(dx, axis)
        inner, ends = flat[:, pair[0] : pair[0] + n], (flat[:, : pair[0]], flat[:, pair[0] + n :])
        if mode != "constant":
            for at, part in zip(_copied(mode, n, *pair), ends, strict=True):
                whole = inner[:, at] + back(part)
                inner = xp.concatenate([inner[:, : at.start], whole, inner[:, at.stop :]], axis=1)
        dx = unfolded(inner, dx, axis)
    return Grads(gradient(params), as_dtype(dx, x.dtype))


step.register(Pad)(no_step)
