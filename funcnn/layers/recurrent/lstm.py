"""The LSTM: three gates control what a cell adds, keeps and puts out."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from funcnn.arrays import Array, namespace
from funcnn.elementary import sigmoid
from funcnn.layers.recurrent.base import Recurrent, State
from funcnn.records import record


@record
class LSTM(Recurrent):
    """c_t = f c_{t-1} + i g,  h_t = o tanh(c_t), out_t = h_t

    where i, f, o = sigmoid and g = tanh of a quarter each of x_t @ W + b + h_{t-1} @ U, in that order: input, forget
    and output gate, and the candidate.

    x: (m, t, n), or with a mask, or with a mask and the first state, see `Recurrent`; W: (n, 4 k), U: (k, 4 k),
    b: (4 k,), state: (h, c), each (m, k); out: (m, t, k). `init` sets the bias of the forget gate to 1, so that
    the cell keeps its content at first.

    Backwards in time, with dh the gradient of h_t, from out_t and from step t + 1, and dc that of c_t, from step t + 1:

        dc += dh o (1 - tanh(c_t)^2)
        di = dc g,   df = dc c_{t-1},   do = dh tanh(c_t),   dg = dc i
        dz_t = (di i (1 - i), df f (1 - f), do o (1 - o), dg (1 - g^2))
        dh_{t-1} = dz_t @ U^T,   dc_{t-1} = dc f

    Hochreiter & Schmidhuber 1997, Long Short-Term Memory; the forget gate: Gers, Schmidhuber & Cummins 2000, Learning
    to Forget; its 1: Jozefowicz, Zaremba & Sutskever 2015, An Empirical Exploration of Recurrent Network Architectures.

    >>> import numpy as np
    >>> from funcnn import LSTM, forward
    >>> layer = LSTM.init(2, 3, seed=0)
    >>> out, _, (h, c) = forward(layer, (np.ones((1, 4, 2)), None, None))[0]
    >>> out.shape, bool((h == out[:, -1]).all()), c.shape
    ((1, 4, 3), True, (1, 3))

    Raises:
        ShapeError: W, U and b do not fit together, or x, mask or state do not fit them.
        KindError: an array is not of floats or not of the dtype of W, or the mask not of bools.
    """

    gates: ClassVar[int] = 4
    states: ClassVar[int] = 2

    @classmethod
    def first_biases(cls, k: int, dtype: Any) -> tuple[Array, ...]:
        """b = 0, but 1 for the forget gate"""
        return (np.repeat(np.array([0, 1, 0, 0], dtype), k),)

    def cell(self, z: Array, before: State) -> tuple[State, State]:
        """c = f c + i g, h = o tanh(c)"""
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
