"""The base of convolutions: weights, settings, `init`, and the checks of x."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np

from funcnn.arrays import Array
from funcnn.checked import checked
from funcnn.errors import RangeError, ShapeError
from funcnn.initializers import Initializer, draw, draw_bias, glorot_uniform
from funcnn.layers.checks import (
    channels_first,
    check_array,
    dtype_error,
    foreign_cache_error,
    missing_axis,
    shape_error,
)
from funcnn.layers.convolution.sizes import Padding, Sizes, as_counts, padding, sizes
from funcnn.layers.convolution.windows import Axes
from funcnn.needs import Count, Flag, FloatDtype, Seed
from funcnn.records import record
from funcnn.sizes import Size


@record
class Convolution(ABC):
    """out = b + a sum over the taps of each window; `windows` returns the positions of x in each window

    x: (m, *positions, c_in), W: (*kernel, c_in / groups, c_out), b: (c_out,) or None, out: (m, *positions, c_out).
    """

    W: Array
    b: Array | None
    stride: Sizes = sizes(default=1)
    padding: Padding = padding()
    dilation: Sizes = sizes(default=1)
    groups: Count = 1

    axes: ClassVar[int]
    form: ClassVar[str]

    def __attrs_post_init__(self) -> None:
        W, b, function = self.W, self.b, type(self).__name__
        shapes = f"W: {W.shape}, b: {None if b is None else b.shape}"
        if len(W.shape) != self.axes + 2 or min(W.shape) < 1:
            raise ShapeError(f"{function}: W must be {self.form}, none of them 0; {shapes}")
        c_in, c_out = self.channels()
        if b is not None and b.shape != (c_out,):
            axes = ", ".join(map(str, [*range(2, W.ndim), 1, 0]))
            is_of_torch = b.shape == W.shape[:1] and b.size not in W.shape[1:] and "c_in / groups" in self.form
            remedy = f"; for a W of torch write W.transpose({axes})" if is_of_torch else ""
            raise ShapeError(f"{function}: W must be {self.form} and b (c_out,) or None; {shapes}{remedy}")
        if b is not None and b.dtype != W.dtype:
            raise dtype_error(function, "b", b, "W", W)
        _check_groups(function, c_in, c_out, self.groups)

    @classmethod
    @checked
    def init(
        cls,
        c_in: Size,
        c_out: Size,
        kernel: Sizes,
        *,
        seed: Seed,
        stride: Sizes = 1,
        padding: Padding = 0,
        dilation: Sizes = 1,
        groups: Size = 1,
        weights: Initializer = glorot_uniform,
        bias: Flag = True,
        dtype: FloatDtype = np.float64,
    ) -> Self:
        """W, for a kernel of this size, is drawn by an initializer; b is 0, or None without a bias.

        >>> from funcnn import Conv2d, layers
        >>> Conv2d.init(3, 16, 5, seed=1, padding="same").W.shape, layers.Conv1d.init(2, 8, 3, seed=1).W.shape
        ((5, 5, 3, 16), (3, 2, 8))

        Raises:
            RangeError: a size of the kernel is less than 1, or `groups` does not divide c_in and c_out.
            KindError: a size of the kernel is not a whole number.
        """
        function = f"{cls.__name__}.init"
        _check_groups(function, c_in, c_out, groups)
        shape = (*as_counts(function, "kernel", kernel, cls.axes), *cls.kernel_channels(c_in, c_out, groups))
        W = draw(function, "weights", weights, seed, shape, dtype)
        return cls(W, draw_bias(c_out, dtype, bias=bias), stride, padding, dilation, groups)

    @staticmethod
    def kernel_channels(c_in: int, c_out: int, groups: int) -> tuple[int, int]:
        """The last two axes of W."""
        return c_in // groups, c_out

    def channels(self) -> tuple[int, int]:
        """(c_in, c_out)"""
        return self.W.shape[-2] * self.groups, self.W.shape[-1]

    @abstractmethod
    def windows(self, x: Array) -> Axes:
        """The windows over x as an image."""


def _check_groups(function: str, c_in: int, c_out: int, groups: int) -> None:
    if c_in % groups or c_out % groups:
        raise RangeError(f"{function}: groups must divide c_in, {c_in}, and c_out, {c_out}; it is {groups}")


def check_positions(params: Convolution, x: Any) -> None:
    """Check that x is (m, *positions, c_in), an array of W's dtype."""
    check_array(params, "x", x)
    c, missing = params.channels()[0], params.axes + 2 - x.ndim
    if missing or x.shape[-1] != c:
        remedy = missing_axis(x, c, "channel") if missing == 1 else "" if missing else channels_first(x, c)
        raise shape_error(params, "x", x, f"(m, {'h, w' if params.axes == 2 else 't'}, {c})", remedy)
    if x.dtype != params.W.dtype:
        raise dtype_error(type(params).__name__, "x", x, "W", params.W)


def check_cache(params: Convolution, x: Any) -> None:
    """Check that the cache, which is x, has as many axes as W, c_in channels, and the dtype of W."""
    shape: Any = getattr(x, "shape", ())
    if len(shape) != params.axes + 2 or shape[-1] != params.channels()[0] or x.dtype != params.W.dtype:
        raise foreign_cache_error(params, x)
