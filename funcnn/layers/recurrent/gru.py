"""The GRU: a gate sets how far the state moves towards a candidate."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from funcnn.arrays import Array, namespace
from funcnn.elementary import sigmoid
from funcnn.errors import ShapeError
from funcnn.layers.recurrent.base import Recurrent, State
from funcnn.records import record


@record
class GRU(Recurrent):
    """h_t = n + u (h_{t-1} - n), out_t = h_t

    where, with the three thirds of x_t @ W + b as z and of h_{t-1} @ U as v,

        r = sigmoid(z_1 + v_1),   u = sigmoid(z_2 + v_2),   n = tanh(z_3 + r (v_3 + c))

    are reset gate, update gate and candidate. The reset gate acts after the product with U, as in cuDNN, torch and
    Keras, while in the paper it acts before the product. So the candidate has a second bias, c: (k,).

    x: (m, t, n), or with a mask, or with a mask and the first state, see `Recurrent`; W: (n, 3 k), U: (k, 3 k),
    b: (3 k,), state: h, (m, k); out: (m, t, k).

    Backwards in time, with dh the gradient of h_t, the sum of those from out_t and from step t + 1:

        dn = dh (1 - u) (1 - n^2),   dr = dn (v_3 + c) r (1 - r),   du = dh (h_{t-1} - n) u (1 - u)
        dz_t = (dr, du, dn),   dv_t = (dr, du, dn r),   dh_{t-1} = dh u + dv_t @ U^T,   dc = sum_t dn r

    Cho et al. 2014, Learning Phrase Representations using RNN Encoder-Decoder, section 2.3; the variant: Appleyard,
    Kocisky & Blunsom 2016, Optimizing Performance of Recurrent Neural Networks on GPUs.

    >>> import numpy as np
    >>> from funcnn import GRU
    >>> from funcnn.generation import step
    >>> layer, x = GRU.init(2, 3, seed=0), np.ones((1, 1, 2))
    >>> out, state = step(layer, x)
    >>> out, state = step(layer, x, state)
    >>> bool((state == out[:, 0]).all())
    True

    Raises:
        ShapeError: W, U, b and c do not fit together, or x, mask or state do not fit them.
        KindError: an array is not of floats or not of the dtype of W, or the mask not of bools.
    """

    c: Array

    gates: ClassVar[int] = 3

    def __attrs_post_init__(self) -> None:
        """W, U, b and c fit together."""
        Recurrent.__attrs_post_init__(self)
        k = len(self.U)
        if self.c.shape != (k,):
            raise ShapeError(f"GRU: c must be (k,), ({k},); it is {self.c.shape}")
        self.check_dtypes(c=self.c)

    @classmethod
    def first_biases(cls, k: int, dtype: Any) -> tuple[Array, ...]:
        """b = 0, c = 0"""
        return np.zeros(3 * k, dtype), np.zeros(k, dtype)

    def cell(self, z: Array, before: State) -> tuple[State, State]:
        """h = n + u (h - n)"""
        [h] = before
        k = h.shape[1]
        v = h @ self.U
        s = sigmoid(z[:, : 2 * k] + v[:, : 2 * k])
        carried = v[:, 2 * k :] + self.c
        n = s[:, :k] * carried
        n += z[:, 2 * k :]
        n = namespace(n).tanh(n)
        after = h - n
        after *= s[:, k:]
        after += n
        return (after,), (s, carried, n)

    def back(self, kept: State, before: State, after: State, dafter: State) -> tuple[Array, Array, State]:
        """dz, dv, and dh_{t-1} without the path through U"""
        (s, carried, n), [h], [dh] = kept, before, dafter
        k, xp = h.shape[1], namespace(h)
        r, u = s[:, :k], s[:, k:]
        direct = dh * u
        dn = 1 - n * n
        dn *= dh - direct
        ds = xp.concatenate([dn * carried, dh * (h - n)], axis=1)
        ds *= s - s * s
        return xp.concatenate([ds, dn], axis=1), xp.concatenate([ds, dn * r], axis=1), (direct,)

    def biases(self, dz: Array, du: Array) -> dict[str, Array]:
        """db = sum_t dz_t, dc = sum_t dn r"""
        ones = namespace(dz).ones(dz.shape[0], dtype=dz.dtype)
        return {"b": ones @ dz, "c": ones @ du[:, 2 * len(self.U) :]}
