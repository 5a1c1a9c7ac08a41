"""A trained factor, such as the factor of a residual branch."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array, as_dtype, wide
from funcnn.checked import checked
from funcnn.core import backward, forward
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import constant, draw
from funcnn.needs import Finite, FloatDtype, as_count
from funcnn.records import record
from funcnn.shapes import axes, shapes


@shapes(x="m ... n | m ...", out="m ... n | m ...")
@record
class Scale:
    """out = factor * x; dx = factor * dA, dfactor = the sum of x * dA over all entries that the factor multiplies

    There is a factor for each feature, or one for all. The factor is trained; a fixed factor is `Frozen(Scale(...))`.
    At the end of a residual branch, a factor near 0 makes the block nearly the identity.

    Touvron et al. 2021, Going Deeper with Image Transformers (LayerScale), section 2; Bachlechner et al. 2021, ReZero
    is All You Need, equation 1.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Scale(np.array([1.0, 10.0])), np.array([[1.0, 2.0]]))[0]
    array([[ 1., 20.]])

    Raises:
        ShapeError: factor has two axes or more, or another number of entries than x has features.
        KindError: factor is not an array of floats, or has another dtype than x.
    """

    factor: Array = axes("n | ()")

    @classmethod
    @checked
    def init(cls, n: int | tuple[()] = (), *, value: Finite, dtype: FloatDtype = np.float64) -> Scale:
        """The same value for each of n features; without n, one number for all features.

        >>> Scale.init(3, value=1e-4)
        Scale(factor=<f64 [0.0001 0.0001 0.0001]>)

        Raises:
            RangeError: n is less than 1.
            KindError: n is not a whole number.
        """
        function = f"{cls.__name__}.init"
        shape = () if type(n) is tuple and not n else (as_count(function, "n", n),)
        return cls(draw(function, "weights", constant(value), 0, shape, dtype))


@forward.register(Scale)
def scale_forward(params: Scale, x: Array) -> tuple[Array, Array]:
    """out = factor * x"""
    return x * params.factor, x


@backward.register(Scale)
def scale_backward(params: Scale, x: Array, dA: Array) -> Grads[Scale]:
    """dx = factor * dA, dfactor = sum x * dA"""
    per_entry = wide(x) * dA
    axes = tuple(range(per_entry.ndim - params.factor.ndim))
    return Grads(gradient(params, factor=as_dtype(per_entry.sum(axes), x.dtype)), dA * params.factor)


step.register(Scale)(positionwise)
