"""The base of convolutions: weights, settings, `init`, and the checks of x."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np

from funcnn.arrays import Array
from funcnn.checked import checked
from funcnn.errors import RangeError
from funcnn.initializers import Initializer, draw, draw_bias, glorot_uniform
from funcnn.layers.convolution.sizes import Padding, Sizes, as_counts, padding, sizes
from funcnn.layers.convolution.windows import Axes
from funcnn.needs import Count, Flag, FloatDtype, Seed
from funcnn.records import record
from funcnn.shapes import axes
from funcnn.sizes import Size


@record
class Convolution(ABC):
    """out = b + a sum over the taps of each window; `windows` returns the positions of x in each window

    x: (m, *positions, c_in), W: (*kernel, c_in / groups, c_out), b: (c_out,) or None, out: (m, *positions, c_out).
    """

    W: Array = axes("... c c_out", nonempty=True, torch=True)
    b: Array | None = axes("c_out")
    stride: Sizes = sizes(default=1)
    padding: Padding = padding()
    dilation: Sizes = sizes(default=1)
    groups: Count = 1

    axes: ClassVar[int]

    def __attrs_post_init__(self) -> None:
        _check_groups(type(self).__name__, *self.channels(), self.groups)

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
        raise RangeError(f"{function}: groups must divide c_in, {c_in}, and c_out, {c_out}, which {groups} does not")
