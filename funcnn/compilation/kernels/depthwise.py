"""Kernels of depthwise convolutions: the numbers of a tap, for a panel of channels, stay in a register."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from funcnn.compilation.engine import engine
from funcnn.compilation.kernels.calls import Call
from funcnn.compilation.memory import fresh, sealed
from funcnn.compilation.strips import Strips, lanes
from funcnn.compilation.text import Index
from funcnn.layers.convolution.windows import Axes

MOST_TAPS = 25  # which are written out


def fits(W: Any, groups: int, c: int) -> bool:
    """Whether there is a kernel for W: a depthwise convolution of c channels, with one kernel for each."""
    return bool(groups == c == W.shape[-1] and W.shape[-2] == 1 and W.size <= MOST_TAPS * c)


def correlated(x: Any, W: Any, axes: Axes, b: Any) -> Any:
    """out = b + the sum over the taps of each window"""
    out = fresh((len(x), axes[0].out, axes[1].out, x.shape[3]), x.dtype)
    kernel = _forward(x.dtype, x.shape[3], settings_of(axes), b is not None)
    kernel(x, W, W if b is None else b, out, memory_of(x, axes), *sizes_of(len(x), axes))
    return sealed(out)


def settings_of(axes: Axes) -> tuple[Any, ...]:
    """What the text depends on: sizes, strides, dilations, and whether there is padding."""
    is_padded = any([axis.before + axis.after for axis in axes])
    return (*[(axis.size, axis.stride, axis.dilation) for axis in axes], is_padded)


def sizes_of(m: int, axes: Axes) -> list[int]:
    """The whole numbers that a kernel is called with, NUMBERS."""
    rows, columns = axes
    both = [(axis.positions, axis.padded, axis.before, axis.out) for axis in (rows, columns)]
    return [m, *both[0], *both[1]]


def memory_of(x: Any, axes: Axes, padding: float = 0.0) -> Any:
    """Memory for an image with its padding."""
    is_padded = any([axis.before + axis.after for axis in axes])
    return np.full(axes[0].padded * axes[1].padded * x.shape[-1] if is_padded else 1, padding, x.dtype)


NUMBERS = ["m", "h", "hp", "hb", "ho", "w", "wp", "wb", "wo"]


class Images:
    """Loops over images, and the taps of a window."""

    def __init__(self, dtype: Any, c: int, settings: Any, most: int) -> None:
        self.t, self.c = Strips(dtype, most=min(engine().registers.vector // dtype.itemsize, most)), c
        self.rows, self.columns, self.is_padded = settings
        self.taps = [(k, j) for k in range(self.rows[0]) for j in range(self.columns[0])]

    def each(self, body: Callable[[Index, str], object]) -> None:
        """`body(i, pointer)` for each image, with its padding"""
        t = self.t
        size, line = t.times("%h", t.times("%w", self.c)), t.times("%w", self.c)

        def image(i: Index) -> None:
            x = t.at("%x", t.times(i, size))
            if self.is_padded:
                first = t.at("%A", t.times(t.plus(t.times("%hb", "%wp"), "%wb"), self.c))

                def copy(r: Index) -> None:
                    source, to = t.at(x, t.times(r, line)), t.at(first, t.times(r, t.times("%wp", self.c)))
                    t.strips(line, lambda f: t.write(t.read(source, f), to, f))

                t.loop("%h", copy)
                x = "%A"
            body(i, x)

        t.loop("%m", image)

    def of_windows(self, name: str, i: Index, r: Index, f: Index = 0) -> str:
        """The address of row r of image i, from feature f on, in an array of the numbers of windows."""
        t = self.t
        return t.at(name, t.plus(t.times(t.plus(t.times(i, "%ho"), r), t.times("%wo", self.c)), f))

    def lines(self, x: str, r: Index, f: Index) -> list[str]:
        """For each row of taps, the address of its first number in row r of the windows, from feature f on."""
        t = self.t
        row = t.times("%wp", self.c)
        start = t.times(r, self.rows[1])
        return [t.at(x, t.plus(t.times(t.plus(start, k * self.rows[2]), row), f)) for k in range(self.rows[0])]

    def pixels(self, lines: list[str], q: Index) -> Iterator[str]:
        """The addresses under the taps of window q."""
        t = self.t
        at = t.times(q, self.columns[1] * self.c)
        starts = [t.at(line, at) for line in lines]
        for k, j in self.taps:
            yield t.at(starts[k], j * self.columns[2] * self.c)


@cache
def _forward(dtype: Any, c: int, settings: Any, has_bias: bool) -> Call:  # noqa: FBT001  of a cached function
    images = Images(dtype, c, settings, lanes(c))
    t = images.t

    def image(i: Index, x: str) -> None:
        def row(r: Index) -> None:
            out = images.of_windows("%out", i, r)

            def panel(f: Index) -> None:
                W = [t.read("%W", t.plus(k * c, f)) for k in range(len(images.taps))]
                b, lines, here = t.read("%b", f) if has_bias else "", images.lines(x, r, f), t.at(out, f)

                def window(q: Index) -> None:
                    first, *others = map(t.read, images.pixels(lines, q))
                    value = t.mul(first, W[0])
                    for seen, w in zip(others, W[1:], strict=True):
                        value = t.fma(seen, w, value)
                    t.write(t.add(value, b) if has_bias else value, here, t.times(q, c))

                t.loop("%wo", window)

            t.strips(c, panel)

        t.loop("%ho", row)

    images.each(image)
    return Call(t, ["x", "W", "b", "out", "A"], NUMBERS)


@cache
def kernel_gradient(dtype: Any, c: int, settings: Any) -> Call:
    """dW and db, side by side."""
    images = Images(dtype, c, settings, lanes(c))
    t = images.t
    zeros = ["zeroinitializer"] * (len(images.taps) + 1)

    def image(i: Index, x: str) -> None:
        def panel(f: Index) -> None:
            def row(r: Index, *sums: str) -> Any:
                dA, lines = images.of_windows("%dA", i, r, f), images.lines(x, r, f)

                def window(q: Index, *sums: str) -> Any:
                    d = t.read(dA, t.times(q, c))
                    seen = list(map(t.read, images.pixels(lines, q)))
                    dW = [t.fma(x, d, one) for x, one in zip(seen, sums, strict=False)]
                    return *dW, t.add(sums[-1], d)

                return t.loop("%wo", window, *sums)

            for k, one in enumerate(t.loop("%ho", row, *zeros)):
                to = t.at("%dW", t.plus(k * c, f))
                t.write(t.add(t.read(to), one), to)

        t.strips(c, panel)

    images.each(image)
    return Call(t, ["x", "dA", "dW", "A"], NUMBERS)
