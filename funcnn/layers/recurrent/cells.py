"""The cells of recurrent layers: RNN, GRU and LSTM."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from funcnn.arrays import Array, namespace
from funcnn.elementary import sigmoid, sum_over_rows
from funcnn.layers.recurrent.base import Recurrent
from funcnn.layers.recurrent.states import State
from funcnn.records import record
from funcnn.shapes import axes


@record
class RNN(Recurrent):
    """h_t = tanh(x_t @ W + b + h_{t-1} @ U), out_t = h_t

    x: (m, t, n), or with a mask, or with a mask and the first state, see `Recurrent`; W: (n, k), U: (k, k), b: (k,),
    state: h, (m, k); out: (m, t, k).

    Backwards in time, with dh the gradient of h_t, the sum of the gradients from out_t and from step t + 1:

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
        h = before[0] @ self.U
        h += z
        return (namespace(z).tanh(h),), ()

    def back(self, kept: State, before: State, after: State, dafter: State) -> tuple[Array, Array, tuple[Any, ...]]:
        """dz = dh (1 - h^2)"""
        dz = 1 - after[0] * after[0]
        dz *= dafter[0]
        return dz, dz, (None,)


@record
class GRU(Recurrent):
    """h_t = n + u (h_{t-1} - n), out_t = h_t

    where x_t @ W + b is split into (z_1, z_2, z_3), each (m, k), and h_{t-1} @ U into (v_1, v_2, v_3), and

        r = sigmoid(z_1 + v_1),   u = sigmoid(z_2 + v_2),   n = tanh(z_3 + r (v_3 + c))

    are reset gate, update gate and candidate. The reset gate acts after the product with U, as in cuDNN, torch and
    Keras, while in the paper it acts before the product. So the candidate has a second bias, c: (k,).

    x: (m, t, n), or with a mask, or with a mask and the first state, see `Recurrent`; W: (n, 3 k), U: (k, 3 k),
    b: (3 k,), state: h, (m, k); out: (m, t, k).

    Backwards in time, with dh the gradient of h_t, the sum of the gradients from out_t and from step t + 1:

        dn = dh (1 - u) (1 - n^2),   dr = dn (v_3 + c) r (1 - r),   du = dh (h_{t-1} - n) u (1 - u)
        dz_t = (dr, du, dn),   dv_t = (dr, du, dn r),   dh_{t-1} = dh u + dv_t @ U^T,   dc = sum_t dn r

    Cho et al. 2014, Learning Phrase Representations using RNN Encoder-Decoder, section 2.3; the variant with c:
    Appleyard, Kocisky & Blunsom 2016, Optimizing Performance of Recurrent Neural Networks on GPUs.

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

    c: Array = axes("k")

    gates: ClassVar[int] = 3

    @classmethod
    def first_biases(cls, k: int, dtype: Any) -> tuple[Array, ...]:
        return np.zeros(3 * k, dtype), np.zeros(k, dtype)

    def cell(self, z: Array, before: State) -> tuple[State, State]:
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
        return {"b": sum_over_rows(dz), "c": sum_over_rows(du[:, 2 * len(self.U) :])}


@record
class LSTM(Recurrent):
    """c_t = f c_{t-1} + i g,  h_t = o tanh(c_t), out_t = h_t

    where i, f, o = sigmoid and g = tanh of a quarter each of x_t @ W + b + h_{t-1} @ U, in that order: input, forget
    and output gate, and the candidate.

    x: (m, t, n), or with a mask, or with a mask and the first state, see `Recurrent`; W: (n, 4 k), U: (k, 4 k),
    b: (4 k,), state: (h, c), each (m, k); out: (m, t, k). `init` sets the bias of the forget gate to 1, so that the
    cell keeps its content at the start of training.

    Backwards in time, with dh the gradient of h_t, from out_t and from step t + 1, and dc the gradient of c_t, from
    step t + 1:

        dc += dh o (1 - tanh(c_t)^2)
        di = dc g,   df = dc c_{t-1},   do = dh tanh(c_t),   dg = dc i
        dz_t = (di i (1 - i), df f (1 - f), do o (1 - o), dg (1 - g^2))
        dh_{t-1} = dz_t @ U^T,   dc_{t-1} = dc f

    Hochreiter & Schmidhuber 1997, Long Short-Term Memory; the forget gate: Gers, Schmidhuber & Cummins 2000, Learning
    to Forget; the bias 1: Jozefowicz et al. 2015, An Empirical Exploration of Recurrent Network Architectures.

    >>> import numpy as np
    >>> from funcnn import LSTM, forward
    >>> layer = LSTM.init(2, 3, seed=0)
    >>> out, _, (h, c) = forward(layer, (np.ones((1, 4, 2)), None, None))[0]
    >>> out.shape, bool((h == out[:, -1]).all()), c.shape
    ((1, 4, 3), True, (1, 3))

    Raises:
        ShapeError, KindError: as `RNN`.
    """

    gates: ClassVar[int] = 4
    states: ClassVar[int] = 2

    @classmethod
    def first_biases(cls, k: int, dtype: Any) -> tuple[Array, ...]:
        return (np.repeat(np.array([0, 1, 0, 0], dtype), k),)

    def cell(self, z: Array, before: State) -> tuple[State, State]:
        h, c = before
        k = h.shape[1]
        a = h @ self.U
        a += z
        s, g = sigmoid(a[:, : 3 * k]), namespace(a).tanh(a[:, 3 * k :])
        c = s[:, k : 2 * k] * c
        c += s[:, :k] * g
        squashed = namespace(c).tanh(c)
        return (s[:, 2 * k :] * squashed, c), (s, g, squashed)

    def back(self, kept: State, before: State, after: State, dafter: State) -> tuple[Array, Array, tuple[Any, ...]]:
        """dz and dc_{t-1} as above, with the three sigmoids as one block"""
        (s, g, squashed), (dh, dc) = kept, dafter
        k, xp = g.shape[1], namespace(g)
        i, f, o = s[:, :k], s[:, k : 2 * k], s[:, 2 * k :]
        through = 1 - squashed * squashed
        through *= o
        through *= dh
        dc = dc + through
        ds = xp.concatenate([dc * g, dc * before[1], dh * squashed], axis=1)
        ds *= s - s * s
        dg = 1 - g * g
        dg *= dc
        dg *= i
        dz = xp.concatenate([ds, dg], axis=1)
        return dz, dz, (None, dc * f)
