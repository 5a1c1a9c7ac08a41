"""Kernels of max-pooling: one pass over the windows, for all channels of a pixel at once."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from funcnn.compilation.kernels.calls import Call, are_plain, windows_of
from funcnn.compilation.memory import fresh, sealed
from funcnn.compilation.strips import Strips, lanes
from funcnn.compilation.text import Index
from funcnn.gradients import Grads, gradient
from funcnn.layers.convolution.windows import Axes, image_of, like, padded

MOST_TAPS = 25  # which are written out


def max_pool_forward(params: Any, x: Any) -> Any:
    """out = the maximum over the taps"""
    if not are_plain(x.dtype, x) or (axes := axes_of(params, x)) is None:
        return None
    wide = padded(image_of(x), axes, -np.inf)
    rows, columns = axes
    out = fresh((len(x), rows.out, columns.out, x.shape[-1]), x.dtype)
    pool(x.dtype, x.shape[-1], *sizes_of(axes))(wide, out, len(x), *wide.shape[1:3], rows.out, columns.out)
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
    wide, (rows, columns) = padded(image_of(x), axes, np.nan), axes
    if all([axis.stride == axis.size and axis.out * axis.size == axis.padded for axis in axes]):
        dx = fresh(wide.shape, x.dtype)  # in which each number is written once
    else:
        dx = np.zeros(wide.shape, x.dtype)
    sizes = sizes_of(axes)
    route(x.dtype, x.shape[-1], *sizes)(wide, out, dA, dx, len(x), *wide.shape[1:3], rows.out, columns.out)
    dx = dx[:, rows.before : rows.before + rows.positions, columns.before : columns.before + columns.positions]
    return Grads(gradient(params), like(x, dx))


def axes_of(params: Any, x: Any) -> Axes | None:
    """The windows; None if there is no kernel for the pooling."""
    axes = windows_of(params, x)
    return axes if axes is not None and axes[0].size * axes[1].size <= MOST_TAPS else None


def sizes_of(axes: Axes) -> tuple[int, ...]:
    """The sizes and the strides."""
    return axes[0].size, axes[1].size, axes[0].stride, axes[1].stride


class _Windows:
    """Loops over the windows of images without padding; `pixels` are the addresses of the pixels of a window."""

    def __init__(self, dtype: Any, c: int, sizes: tuple[int, ...]) -> None:
        self.t, self.c = Strips(dtype, most=lanes(c)), c
        self.size, self.stride = sizes[:2], sizes[2:]

    def each(self, body: Any) -> None:
        """`body(o, at, row)` for each window, the last first: its number times c, and what `pixels` needs.

        A number of x that several windows share then receives their parts in the order of the taps, as in the rule.
        """
        t = self.t
        row = t.times("%w", self.c)

        def image(i: Index) -> None:
            def line(back: Index) -> None:
                oi = t.minus(t.minus("%ho", 1), back)
                first = t.times(t.plus(t.times(i, "%h"), t.times(oi, self.stride[0])), row)
                before = t.times(t.plus(t.times(i, "%ho"), oi), "%wo")

                def window(back: Index) -> None:
                    oj = t.minus(t.minus("%wo", 1), back)
                    at = t.plus(first, t.times(oj, self.stride[1] * self.c))
                    body(t.times(t.plus(before, oj), self.c), at, row)

                t.loop("%wo", window)

            t.loop("%ho", line)

        t.loop("%m", image)

    def pixels(self, pointer: str, at: Index, row: Index) -> list[str]:
        """The addresses of the taps, row by row."""
        t, found = self.t, []
        for k in range(self.size[0]):
            start = t.at(pointer, t.plus(at, t.times(row, k)))
            found += [t.at(start, tap * self.c) for tap in range(self.size[1])]
        return found


_NUMBERS = ["m", "h", "w", "ho", "wo"]


@cache
def pool(dtype: Any, c: int, *sizes: int) -> Call:
    """The maxima."""
    windows = _Windows(dtype, c, sizes)
    t = windows.t

    def window(o: Index, at: Index, row: Index) -> None:
        first, *others = windows.pixels("%x", at, row)
        out = t.at("%out", o)

        def panel(f: Index) -> None:
            most = t.read(first, f)
            for other in others:
                x = t.read(other, f)
                larger = t.select(t.compare("ogt", most, x), most, x)  # NaN if x is NaN
                most = t.select(t.compare("uno", most, most), most, larger)
            t.write(most, out, f)

        t.strips(c, panel)

    windows.each(window)
    return Call(t, ["x", "out"], _NUMBERS)


@cache
def route(dtype: Any, c: int, *sizes: int) -> Call:
    """dA at the maxima."""
    windows = _Windows(dtype, c, sizes)
    t, apart = windows.t, all([stride >= size for size, stride in zip(sizes[:2], sizes[2:], strict=True)])
    every = f"<{', '.join(['i1 true'] * t.rows)}>"

    def window(o: Index, at: Index, row: Index) -> None:
        pixels, places = windows.pixels("%x", at, row), windows.pixels("%dx", at, row)
        out, dA = t.at("%out", o), t.at("%dA", o)

        def panel(f: Index) -> None:
            most, d, free = t.read(out, f), t.read(dA, f), every
            for pixel, place in zip(pixels, places, strict=True):
                first = t.logic("and", t.compare("oeq", t.read(pixel, f), most), free)
                free = t.logic("xor", free, first)
                part = t.mul(d, t.select(first, t.constant(1), t.constant(0)))  # 0 times inf is NaN, as in the rule
                t.write(part if apart else t.add(t.read(place, f), part), place, f)

        t.strips(c, panel)

    with t.each_rounded():
        windows.each(window)
    return Call(t, ["x", "out", "dA", "dx"], _NUMBERS)
