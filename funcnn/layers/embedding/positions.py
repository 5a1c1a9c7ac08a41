"""Position encodings: added to x, or as angles of rotation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, as_dtype, is_array, namespace, wide
from funcnn.checked import checked
from funcnn.core import backward, forward
from funcnn.errors import ShapeError
from funcnn.fields import is_whole
from funcnn.generation import fixed_memory, maps_alone, mixes_positions, step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import Initializer, draw, normal
from funcnn.layers.embedding.rotation import rotate_backward, rotated, waves
from funcnn.layers.memories import memory_form_error
from funcnn.layers.sequences import as_out_gradients, as_triple, blank, in_form_of
from funcnn.needs import FloatDtype, Positive, Seed
from funcnn.records import record
from funcnn.shapes import axes, shapes
from funcnn.sizes import Size


@shapes(x="m t+ n", out="m t n", forms=2)
@record
class Position(ABC):
    """The base of position encodings: x is (m, t, n), or (x, mask); out has the form of x, with 0 at padded positions.

    Positions count from 0, padded ones included. The memory of `step` is the number of positions so far.
    """

    @abstractmethod
    def encode(self, x: Array, start: Any) -> Array:
        """x with its positions encoded; `start`, a whole number or a tracer, is the first position."""

    @abstractmethod
    def back(self, dA: Array) -> tuple[Any, Array]:
        """(the gradient of the parameters, dx), for positions from 0 on."""


@forward.register(Position)
def position_forward(params: Position, given: Any) -> tuple[Any, Any]:
    """out = encode(x, 0); the cache is x and the mask"""
    return _encoded(params, given, 0), given


@backward.register(Position)
def position_backward(params: Position, given: Any, dA: Any) -> Grads[Any]:
    """dx of `back`, 0 at padded positions"""
    grads, dx = params.back(blank(as_out_gradients(params, given, dA)[0], as_triple("", given)[1]))
    return Grads(grads, in_form_of(given, dx))


@step.register(Position)
def position_step(params: Position, given: Any, memory: Any = None) -> tuple[Any, Any]:
    """out = encode(x, memory); the memory is the number of positions so far"""
    start: Any = 0 if memory is None else memory
    traced = is_array(start) and start.shape == () and start.dtype.kind in "iu"
    if not traced and not (is_whole(start) and start >= 0):
        raise memory_form_error(params, "a whole number from 0 on", memory)
    return _encoded(params, given, start), start + as_triple("", given)[0].shape[1]


mixes_positions.register(Position)(maps_alone)


@fixed_memory.register(Position)
def position_fixed_memory(params: Position, m: int, t_most: int) -> int:
    """No position so far"""
    return 0


def _encoded(params: Position, given: Any, start: Any) -> Any:
    x, mask, _ = as_triple("", given)
    return in_form_of(given, blank(params.encode(blank(x, mask), start), mask), mask)


@record
class SinusoidalPosition(Position):
    """out_p = x_p + (sin a_0, cos a_0, sin a_1, cos a_1, ...), a_i = p / base^(2 i / n); dx = dA

    x, out: (m, t, n), n even; p is the position, from 0 on; base: a number. Each pair of features is the point on a
    circle at the angle a_i. From one position to the next the angle grows by 1 radian in the first pair, and by nearly
    1 / base in the last. The waves are constant, so dx = dA.

    Vaswani et al. 2017, Attention Is All You Need, section 3.5.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.SinusoidalPosition(), np.zeros((1, 2, 2)))[0]
    array([[[0.        , 1.        ],
            [0.84147098, 0.54030231]]])

    Raises:
        RangeError: base is not finite and above 0.
        ShapeError: x is not (m, t, n), or n is odd.
    """

    base: Positive = attrs.field(default=10000.0, kw_only=True)

    def encode(self, x: Array, start: Any) -> Array:
        sin, cos = waves("SinusoidalPosition", "x", x, start, self.base)
        return x + namespace(x).stack([sin, cos], axis=-1).reshape(x.shape[1:])

    def back(self, dA: Array) -> tuple[Any, Array]:
        """dx = dA"""
        return self, dA


@record
class LearnedPosition(Position):
    """out_p = x_p + P_p; dx = dA, dP_p = the sum of dA_p over all rows

    x, out: (m, t, n), P: (t_most, n), t at most t_most. dx = dA; dP_p is the sum of dA_p over all rows.

    P begins 50 times smaller than `Embedding.init`, which draws N(0, 1). Before learned positions write
    `Embedding.init(..., weights=normal(0.02))`, the value of GPT-2, or the network learns the positions slowly.

    Gehring et al. 2017, Convolutional Sequence to Sequence Learning, section 3.1.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.LearnedPosition(np.array([[10.0], [20.0], [30.0]])), np.ones((1, 2, 1)))[0]
    array([[[11.],
            [21.]]])

    Raises:
        ShapeError: P is not (t_most, n), or x does not fit it.
        KindError: P is not an array of floats, or x of another dtype.
    """

    P: Array = axes("t_most n", nonempty=True)

    @classmethod
    @checked
    def init(
        cls,
        t_most: Size,
        n: Size,
        *,
        seed: Seed,
        weights: Initializer = normal(0.02),  # noqa: B008  an immutable value
        dtype: FloatDtype = np.float64,
    ) -> LearnedPosition:
        """P is drawn by an initializer."""
        return cls(draw(f"{cls.__name__}.init", "weights", weights, seed, (t_most, n), dtype))

    def encode(self, x: Array, start: Any) -> Array:
        t, most, P = x.shape[1], len(self.P), self.P
        last = t if is_array(start) else start + t  # the value of a traced start is unknown
        if last > most:
            needed = f"end at position {most} or before, the last of P"
            raise ShapeError(f"LearnedPosition: x must {needed}, not at {last}; x: {x.shape}")
        return x + (P[namespace(start).arange(t) + start] if is_array(start) else P[start:last])

    def back(self, dA: Array) -> tuple[Any, Array]:
        """dP = sum_m dA, and 0 for positions after the last position of x"""
        rest = namespace(dA).zeros((len(self.P) - dA.shape[1], dA.shape[2]), dtype=dA.dtype)
        return gradient(self, P=namespace(dA).concatenate([as_dtype(wide(dA).sum(0), dA.dtype), rest])), dA


@record
class Rotary(Position):
    """out_p = R_p x_p: pair i of the features rotated by the angle a_i = p / base^(2 i / n); dx_p = R_p^T dA_p

    x, out: (m, t, n), n even; see `rotate`. dx_p = R_p^T dA_p, the rotation back. The dot product of a query at p and a
    key at q then depends on p - q alone. In `Attention`, pass `rotary=Rotary()`: it rotates q and k of each head.

    Su et al. 2021, RoFormer: Enhanced Transformer with Rotary Position Embedding, eq. 15 and 34.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Rotary(), np.array([[[1.0, 0.0], [1.0, 0.0]]]))[0]
    array([[[1.        , 0.        ],
            [0.54030231, 0.84147098]]])

    Raises:
        RangeError, ShapeError: as `SinusoidalPosition`.
    """

    base: Positive = attrs.field(default=10000.0, kw_only=True)

    def encode(self, x: Array, start: Any) -> Array:
        return rotated(x, *waves("Rotary", "x", x, start, self.base))

    def back(self, dA: Array) -> tuple[Any, Array]:
        """dx_p = R_p^T dA_p"""
        return self, rotate_backward(dA, 0, self.base)
