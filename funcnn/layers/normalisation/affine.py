"""The affine map of each feature: batch normalisation with fixed statistics."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array, as_dtype
from funcnn.checked import checked
from funcnn.core import backward, forward
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.normalisation.standardization import (
    ones_and_zeros,
    rescaled,
    rescaled_backward,
)
from funcnn.needs import FloatDtype
from funcnn.records import record
from funcnn.shapes import axes, shapes
from funcnn.sizes import Size


@shapes(x="m ... n", out="m ... n", cache="x,")
@record
class Affine:
    """out = x scale + shift, feature by feature

    `inference` replaces a batch normalisation by an `Affine`.

        dx = dA scale,  dscale = sum(dA x),  dshift = sum(dA), over all axes but the last

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Affine(np.array([2.0, 3.0]), np.array([0.0, 1.0])), np.array([[1.0, 1.0]]))[0]
    array([[2., 4.]])

    Raises:
        ShapeError: scale and shift are not both (n,), or x has another number of features.
        KindError: shift or x is not of the dtype of scale.
    """

    scale: Array = axes("n")
    shift: Array = axes("n")

    @classmethod
    @checked
    def init(cls, n: Size, *, dtype: FloatDtype = np.float64) -> Affine:
        """For n features: scale = 1, shift = 0.

        >>> Affine.init(2)
        Affine(scale=<f64 [1. 1.]>, shift=<f64 [0. 0.]>)
        """
        return cls(*ones_and_zeros(n, dtype))


@forward.register(Affine)
def affine_forward(params: Affine, x: Array) -> tuple[Array, tuple[Array]]:
    """out = x scale + shift"""
    return rescaled(x, params.scale, params.shift), (x,)


@backward.register(Affine)
def affine_backward(params: Affine, cache: tuple[Array], dA: Array) -> Grads[Affine]:
    """dx = dA scale, dscale = sum(dA x), dshift = sum(dA)"""
    dscale, dshift = [as_dtype(d, dA.dtype) for d in rescaled_backward(cache[0], dA)]
    return Grads(gradient(params, scale=dscale, shift=dshift), dA * params.scale)


step.register(Affine)(positionwise)
