"""Kernels of convolutions without groups: the sums of some windows and channels stay in registers.

The numbers of a window in one row of the image follow one another in memory, so that for each row of taps a block of
windows is a product with a matrix, W[k] as (kw c, o). No window is copied.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from funcnn.compilation.engine import engine
from funcnn.compilation.kernels.calls import Call
from funcnn.compilation.kernels.depthwise import NUMBERS, Images, settings_of
from funcnn.compilation.text import Index
from funcnn.layers.convolution.windows import Axes


def lanes_of(dtype: Any, o: int) -> int:
    """The numbers of a panel of channels: a power of 2 that divides them, at least 4, or 0."""
    found = min(engine().registers.vector // dtype.itemsize, o & -o)
    return found if found >= 4 else 0


def _even(count: int, most: int) -> int:
    """The size of blocks of at most so many of `count` things, as even as can be."""
    return -(-count // -(-count // most))


class _Block:
    """Sums of `many` panels of o channels for `size` of `count` other things; several blocks are as even as can be."""

    def __init__(self, dtype: Any, c: int, o: int, settings: Any, count: int, *, divides: bool = False) -> None:
        lanes, (rows, most) = lanes_of(dtype, o), engine().registers.block
        self.images, self.c, self.o, self.count = Images(dtype, c, settings, lanes), c, o, count
        self.t, panels = self.images.t, o // lanes
        self.many = max([n for n in range(1, most + 1) if panels % n == 0])
        self.wide, self.blocks, largest = self.many * lanes, panels // self.many, rows * most // self.many
        self.size, self.most = _even(count, largest), rows * most
        if divides:
            self.size = max([n for n in range(1, largest + 1) if count % n == 0])

    def added(self, sums: tuple[str, ...], places: list[str], stride: int, panels: list[str]) -> list[str]:
        """The sums, with the product of each of the numbers that follow one another at the places and each panel."""
        t, left = self.t, iter(sums)
        numbers = [t.splat(t.number(place, n * stride)) for place in places for n in range(self.size)]
        return [t.fma(number, w, next(left)) for number in numbers for w in panels]


class _Forward(_Block):
    """The sums over the taps, for windows of a row and channels; of several rows at once, if there are few windows"""

    def __init__(self, dtype: Any, c: int, o: int, settings: Any, out: tuple[int, int], *, has_bias: bool) -> None:
        super().__init__(dtype, c, o, settings, out[1])
        self.has_bias, (self.ho, _) = has_bias, out
        self.height = _even(self.ho, self.most // (self.many * self.size))
        self.images.each(self._image)
        self.call = Call(self.t, ["x", "W", "b", "out", "A"], NUMBERS)

    def packed(self, memory: Any) -> Any:
        """Memory for W as the kernel reads it: the channels of a block side by side."""
        return memory.reshape(-1, self.images.rows[0], self.images.columns[0], self.c, self.wide)

    def parts(self, W: Any) -> Any:
        """W, (kh, kw, c, o), as a view of this shape."""
        return W.reshape(*W.shape[:3], -1, self.wide).transpose(3, 0, 1, 2, 4)

    def _image(self, i: Index, x: str) -> None:
        t, kh, length = self.t, self.images.rows[0], self.images.columns[0] * self.c

        def rows(b: Index) -> None:  # the last block has rows, and windows, of the block before, if there are too few
            r = t.least(t.times(b, self.height), self.ho - self.height)
            out = t.at("%out", t.times(t.plus(t.times(i, "%ho"), r), t.times("%wo", self.o)))
            lines = [self.images.lines(x, t.plus(r, k), 0) for k in range(self.height)]

            def channels(f: Index) -> None:
                first, W = t.times(f, self.wide), t.at("%W", t.times(f, kh * length * self.wide))

                def windows(b: Index) -> None:
                    q = t.least(t.times(b, self.size), self.count - self.size)
                    to, totals = t.at(out, t.plus(t.times(q, self.o), first)), iter(self._windows(lines, q, W, first))
                    for k in range(self.height):
                        line = t.at(to, t.times(t.times("%wo", self.o), k))
                        for n in range(self.size * self.many):
                            t.write(next(totals), line, n // self.many * self.o + n % self.many * t.rows)

                t.loop(-(-self.count // self.size), windows)

            t.loop(self.blocks, channels)

        t.loop(-(-self.ho // self.height), rows)

    def _windows(self, lines: list[list[str]], q: Index, W: str, first: Index) -> Any:
        """out for the windows from q on and the channels from `first` on, row by row."""
        t, (kw, stride, _) = self.t, self.images.columns
        length, b = kw * self.c, t.at("%b", first)
        zero = [t.read(b, j * t.rows) if self.has_bias else "zeroinitializer" for j in range(self.many)]
        totals: Any = zero * self.size * self.height
        for k in range(self.images.rows[0]):
            starts = [t.at(line[k], t.times(q, stride * self.c)) for line in lines]

            def more(e: Index, *sums: str, k: int = k, starts: list[str] = starts) -> list[str]:
                at = t.at(W, t.times(t.plus(e, k * length), self.wide))
                panels = [t.load(at, j * t.rows) for j in range(self.many)]
                return self.added(sums, [t.at(start, e) for start in starts], stride * self.c, panels)

            totals = t.loop(length, more, *totals)
        return totals


_forward = cache(_Forward)


def forward_kernel(dtype: Any, W: Any, axes: Axes, *, has_bias: bool) -> _Forward:
    """The kernel for W of this shape and these windows."""
    return _forward(dtype, *W.shape[2:], settings_of(axes), (axes[0].out, axes[1].out), has_bias=has_bias)


class _Gradient(_Block):
    """The sums over the windows of an image, for numbers of a window in one row of taps and channels"""

    def __init__(self, dtype: Any, c: int, o: int, settings: Any) -> None:
        super().__init__(dtype, c, o, settings, settings[1][0] * c, divides=True)
        self.images.each(self._image)
        self.call = Call(self.t, ["x", "dA", "dW", "A"], NUMBERS)

    def _image(self, i: Index, x: str) -> None:
        t, o, length = self.t, self.o, self.count
        dA = t.at("%dA", t.times(i, t.times(t.times("%ho", "%wo"), o)))

        def channels(f: Index) -> None:
            first = t.times(f, self.wide)
            here = t.at(dA, first)
            for k in range(self.images.rows[0]):

                def numbers(b: Index, k: int = k) -> None:
                    e = t.times(b, self.size)
                    totals = self._over_windows(x, k, e, here)
                    for n in range(self.size):
                        self._add(t.plus(t.times(t.plus(e, n + k * length), o), first), totals[n * self.many :])

                t.loop(length // self.size, numbers)
            biases = self._over_windows("", 0, 0, here)
            self._add(t.plus(first, self.images.rows[0] * length * o), biases)

        t.loop(self.blocks, channels)

    def _over_windows(self, x: str, k: int, e: Index, dA: str) -> Any:
        """The sums of numbers e, e + 1, ... in row k of taps times dA; or the sums of dA, if there is no x."""
        t, (_, stride, _) = self.t, self.images.columns

        def row(r: Index, *sums: str) -> Any:
            d = t.at(dA, t.times(r, t.times("%wo", self.o)))
            line = t.at(self.images.lines(x, r, 0)[k], e) if x else ""

            def window(q: Index, *sums: str) -> list[str]:
                here = t.at(d, t.times(q, self.o))
                panels = [t.read(here, j * t.rows) for j in range(self.many)]
                if not x:
                    return [t.add(one, d) for one, d in zip(sums, panels, strict=True)]
                return self.added(sums, [t.at(line, t.times(q, stride * self.c))], 1, panels)

            return t.loop("%wo", window, *sums)

        return t.loop("%ho", row, *["zeroinitializer"] * self.many * (self.size if x else 1))

    def _add(self, at: Index, totals: Any) -> None:
        """Add panels of channels to the result."""
        for j in range(self.many):
            to = self.t.at("%dW", self.t.plus(at, j * self.t.rows))
            self.t.write(self.t.add(self.t.read(to), totals[j]), to)


@cache
def gradient_kernel(dtype: Any, c: int, o: int, settings: Any) -> Call:
    """dW and db, side by side, which are added to what is there."""
    return _Gradient(dtype, c, o, settings).call
