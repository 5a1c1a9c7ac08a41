"""Kernels of max-pooling: one pass over the windows, for all channels of a pixel at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from funcnn.compilation.kernels.calls import Call, are_plain, windows_of
from funcnn.compilation.kernels.depthwise import MOST_TAPS, NUMBERS, Images, memory_of, settings_of, sizes_of
from funcnn.compilation.memory import fresh, sealed
from funcnn.compilation.strips import lanes
from funcnn.compilation.text import Index
from funcnn.gradients import Grads, gradient
from funcnn.layers.convolution.windows import Axes, image_of, like


def max_pool_forward(params: Any, x: Any) -> Any:
    """out = the maximum over the taps"""
    if not are_plain(x.dtype, x) or (axes := axes_of(params, x)) is None:
        return None
    out = fresh((len(x), *[axis.out for axis in axes], x.shape[-1]), x.dtype)
    memory = memory_of(x, axes, -np.inf)
    pool(x.dtype, x.shape[-1], settings_of(axes))(x, out, memory, *sizes_of(len(x), axes))
    out = like(x, sealed(out))
    return out, (x, out)


def max_pool_backward(params: Any, cache: Any, dA: Any) -> Any:
    """dx = dA at the first maximum of each window"""
    if type(cache) is not tuple or len(cache) != 2 or not are_plain(dA.dtype, *cache, dA):
        return None
    x, out = cache
    axes = axes_of(params, x)
    if axes is None or dA.shape != out.shape or image_of(out).shape != (len(x), axes[0].out, axes[1].out, x.shape[-1]):
        return None
    (rows, columns), c = axes, x.shape[-1]
    is_tiled = all([axis.stride == axis.size and axis.out * axis.size == axis.padded for axis in axes])
    make = fresh if is_tiled else np.zeros  # in tiles each number is written once
    dx: Any = make((len(x), rows.padded, columns.padded, c), x.dtype)
    route(x.dtype, c, settings_of(axes))(x, out, dA, dx, memory_of(x, axes, np.nan), *sizes_of(len(x), axes))
    dx = dx[:, rows.before : rows.before + rows.positions, columns.before : columns.before + columns.positions]
    return Grads(gradient(params), like(x, dx))


def axes_of(params: Any, x: Any) -> Axes | None:
    """The windows; None if there is no kernel for the pooling."""
    axes = windows_of(params, x)
    return axes if axes is not None and axes[0].size * axes[1].size <= MOST_TAPS else None


def _each_window(images: Images, row: Callable[[Index, str, Index], Callable[[Index], None]]) -> None:
    """`row(i, x, r)(q)` for window q of row r of image i, which is at x, the last first.

    A number of x that several windows share then receives their parts in the order of the taps, as in the rule.
    """
    t = images.t

    def image(i: Index, x: str) -> None:
        def line(back: Index) -> None:
            window = row(i, x, t.minus(t.minus("%ho", 1), back))
            t.loop("%wo", lambda back: window(t.minus(t.minus("%wo", 1), back)))

        t.loop("%ho", line)

    images.each(image)


@cache
def pool(dtype: Any, c: int, settings: Any) -> Call:
    """The maxima."""
    images = Images(dtype, c, settings, lanes(c))
    t = images.t

    def row(i: Index, x: str, r: Index) -> Callable[[Index], None]:
        lines, out = images.lines(x, r, 0), images.of_windows("%out", i, r)

        def window(q: Index) -> None:
            (first, *others), to = images.pixels(lines, q), t.at(out, t.times(q, c))

            def panel(f: Index) -> None:
                most = t.read(first, f)
                for other in others:
                    x = t.read(other, f)
                    larger = t.select(t.compare("ogt", most, x), most, x)  # NaN if x is NaN
                    most = t.select(t.compare("uno", most, most), most, larger)
                t.write(most, to, f)

            t.strips(c, panel)

        return window

    _each_window(images, row)
    return Call(t, ["x", "out", "A"], NUMBERS)


@cache
def route(dtype: Any, c: int, settings: Any) -> Call:
    """dA at the maxima."""
    images = Images(dtype, c, settings, lanes(c))
    t, apart = images.t, all([stride >= size for size, stride, _ in (images.rows, images.columns)])
    every = f"<{', '.join(['i1 true'] * t.rows)}>"

    def row(i: Index, x: str, r: Index) -> Callable[[Index], None]:
        wide = t.at("%dx", t.times(i, t.times(t.times("%hp", "%wp"), c)))
        lines, places = images.lines(x, r, 0), images.lines(wide, r, 0)
        out, dA = images.of_windows("%out", i, r), images.of_windows("%dA", i, r)

        def window(q: Index) -> None:
            taps = list(zip(images.pixels(lines, q), images.pixels(places, q), strict=True))
            most_at, d_at = t.at(out, t.times(q, c)), t.at(dA, t.times(q, c))

            def panel(f: Index) -> None:
                most, d, free = t.read(most_at, f), t.read(d_at, f), every
                for pixel, place in taps:
                    first = t.logic("and", t.compare("oeq", t.read(pixel, f), most), free)
                    free = t.logic("xor", free, first)
                    part = t.mul(d, t.select(first, t.constant(1), t.constant(0)))  # 0 times inf is NaN, as in the rule
                    t.write(part if apart else t.add(t.read(place, f), part), place, f)

            t.strips(c, panel)

        return window

    with t.each_rounded():
        _each_window(images, row)
    return Call(t, ["x", "out", "dA", "dx", "A"], NUMBERS)
