"""The plain recurrent layer, with one tanh."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, namespace
from funcnn.layers.recurrent.base import Recurrent, State
from funcnn.records import record


@record
class RNN(Recurrent):
    """h_t = tanh(x_t @ W + b + h_{t-1} @ U), out_t = h_t

    x: (m, t, n), or with a mask, or with a mask and the first state, see `Recurrent`; W: (n, k), U: (k, k), b: (k,),
    state: h, (m, k); out: (m, t, k).

    Backwards in time, with dh the gradient of h_t, the sum of those from out_t and from step t + 1:

        dz_t = dh (1 - h_t^2),   dh_{t-1} = dz_t @ U^T

    Elman 1990, Finding Structure in Time; Werbos 1990, Backpropagation Through Time: What It Does and How to Do It.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> layer = layers.RNN.init(2, 3, seed=0)
    >>> x, mask = np.ones((1, 4, 2)), np.array([[True, True, True, False]])
    >>> out, _, last = forward(layer, (x, mask, None))[0]
    >>> out.shape, out[0, 3], bool((last == out[:, 2]).all())
    ((1, 4, 3), array([0., 0., 0.]), True)

    Raises:
        ShapeError: W, U and b do not fit together, or x, mask or state do not fit them.
        KindError: an array is not of floats or not of the dtype of W, or the mask not of bools.
    """

    def cell(self, z: Array, before: State) -> tuple[State, State]:
        """h = tanh(z + h @ U)"""
        h = before[0] @ self.U
        h += z
        return (namespace(z).tanh(h),), ()

    def back(self, kept: State, before: State, after: State, dafter: State) -> tuple[Array, Array, tuple[Any, ...]]:
        """dz = dh (1 - h^2)"""
        dz = 1 - after[0] * after[0]
        dz *= dafter[0]
        return dz, dz, (None,)
