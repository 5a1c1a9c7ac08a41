"""Piecewise linear activations, and one with a parabola: cheap, and exact in numbers of few bits.

At a corner, where there is no derivative, the slope is 0, as of the flat piece, unless a docstring says otherwise.
"""

from __future__ import annotations

import math

from funcnn.arrays import Array, namespace
from funcnn.elementary import sign
from funcnn.errors import RangeError
from funcnn.layers.activations.elementwise import Elementwise
from funcnn.needs import Positive
from funcnn.records import record
from funcnn.traits import gives_probabilities, probabilities


@record
class Relu6(Elementwise):
    """out = min(max(x, 0), 6)

    The slope is 1 between the two corners and 0 elsewhere, the corners included.

    Krizhevsky 2010, Convolutional Deep Belief Networks on CIFAR-10.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Relu6(), np.array([[-1.0, 2.0, 7.0]]))[0]
    array([[0., 2., 6.]])
    """

    keeps = "out"

    def value(self, x: Array) -> Array:
        return namespace(x).clip(x, 0, 6)

    def slope(self, kept: Array) -> Array:
        """1 where 0 < out < 6, else 0"""
        return _between(kept, 0, 6)


@record
class HardTanh(Elementwise):
    """out = min(max(x, low), high)

    The slope is 1 between the two corners and 0 elsewhere, the corners included. With (-1, 1) out approximates tanh(x).

    Collobert 2004, Large Scale Machine Learning.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.HardTanh(), np.array([[-2.0, 0.5, 2.0]]))[0]
    array([[-1. ,  0.5,  1. ]])

    Raises:
        RangeError: `low` is not below `high`, or one is not finite.
    """

    low: float = -1.0
    high: float = 1.0
    keeps = "out"

    def __attrs_post_init__(self) -> None:
        low, high = self.low, self.high
        if not -math.inf < low < high < math.inf:
            raise RangeError(f"{type(self).__name__}: low must be below high, both finite; low: {low}, high: {high}")

    def value(self, x: Array) -> Array:
        return namespace(x).clip(x, self.low, self.high)

    def slope(self, kept: Array) -> Array:
        """1 where low < out < high, else 0"""
        return _between(kept, self.low, self.high)


@record
class HardSigmoid(Elementwise):
    """out = min(max(x + 3, 0), 6) / 6

    x has any shape. The slope is 1 / 6 between the corners -3 and 3, else 0, also at the corners. out is a probability.

    Howard et al. 2019, Searching for MobileNetV3, section 5.2.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.HardSigmoid(), np.array([[-4.0, 0.0, 1.5, 4.0]]))[0]
    array([[0.  , 0.5 , 0.75, 1.  ]])
    """

    keeps = "out"

    def value(self, x: Array) -> Array:
        return namespace(x).clip(x + 3, 0, 6) / 6

    def slope(self, kept: Array) -> Array:
        """1 / 6 where 0 < out < 1, else 0"""
        return _between(kept, 0, 1) / 6


gives_probabilities.register(HardSigmoid)(probabilities)


@record
class HardSwish(Elementwise):
    """out = x min(max(x + 3, 0), 6) / 6

    Silu with HardSigmoid in place of Sigmoid: 0 up to -3, x from 3 on, a parabola between. At the corners, where the
    slope jumps, it is the slope of the linear piece: 0 at -3, and 1 at 3.

    Howard et al. 2019, Searching for MobileNetV3, section 5.2.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.HardSwish(), np.array([[-4.0, -1.5, 1.5, 4.0]]))[0]
    array([[-0.   , -0.375,  1.125,  4.   ]])
    """

    def value(self, x: Array) -> Array:
        return x * (namespace(x).clip(x + 3, 0, 6) / 6)

    def slope(self, kept: Array) -> Array:
        """0 up to -3, 1 from 3 on, else (2 x + 3) / 6"""
        where = namespace(kept).where
        return where(kept <= -3, 0, where(kept >= 3, 1, (kept + 1.5) / 3))


@record
class SoftShrink(Elementwise):
    """out = x - threshold where x > threshold, x + threshold where x < -threshold, else 0

    The slope is 0 on the flat piece, its two corners included, and 1 elsewhere. out minimizes
    (out - x)^2 / 2 + threshold |out|, so codes become sparse.

    Donoho & Johnstone 1994, Ideal Spatial Adaptation by Wavelet Shrinkage.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.SoftShrink(0.5), np.array([[-2.0, 0.25, 2.0]]))[0]
    array([[-1.5,  0. ,  1.5]])

    Raises:
        RangeError: `threshold` is 0 or negative.
    """

    threshold: Positive = 0.5
    keeps = "out"

    def value(self, x: Array) -> Array:
        return x - namespace(x).clip(x, -self.threshold, self.threshold)

    def slope(self, kept: Array) -> Array:
        """1 where out != 0, else 0"""
        side = sign(kept)
        return side * side


@record
class HardShrink(Elementwise):
    """out = 0 where -threshold <= x <= threshold, else x

    The slope is 0 on the flat piece, ends included, and 1 elsewhere; it leaves out the jump at the threshold.

    Donoho & Johnstone 1994, Ideal Spatial Adaptation by Wavelet Shrinkage.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.HardShrink(0.5), np.array([[-2.0, 0.25, 0.5, 2.0]]))[0]
    array([[-2.,  0.,  0.,  2.]])

    Raises:
        RangeError: `threshold` is 0 or negative.
    """

    threshold: Positive = 0.5
    keeps = "out"

    def value(self, x: Array) -> Array:
        return namespace(x).where((x >= -self.threshold) & (x <= self.threshold), 0, x)

    def slope(self, kept: Array) -> Array:
        """1 where out != 0, else 0"""
        side = sign(kept)
        return side * side


def _between(kept: Array, low: float, high: float) -> Array:
    """1 where low < kept < high, 0 where kept is low or high"""
    xp = namespace(kept)
    return sign(xp.minimum(kept - low, high - kept))
