"""Smooth activations, which have a derivative everywhere."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from funcnn.arrays import Array, namespace
from funcnn.elementary import (
    absolute,
    largest_exponent,
    minus_tanh,
    normal_cdf,
    sigmoid,
    sigmoid_and_denominator,
    softplus,
)
from funcnn.layers.activations.elementwise import Elementwise
from funcnn.needs import Positive
from funcnn.records import record


@record
class Silu(Elementwise):
    """out = x s, s = 1 / (1 + e^-x)

    Also known as Swish. slope = s + x s (1 - s)

    Elfwing, Uchibe & Doya 2018, Sigmoid-Weighted Linear Units for Neural Network Function Approximation in
    Reinforcement Learning; Ramachandran, Zoph & Le 2017, Searching for Activation Functions.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Silu(), np.array([[-1.0, 1.0]]))[0].round(4)
    array([[-0.2689,  0.7311]])
    """

    def value(self, x: Array) -> Array:
        """x s, with x clipped below, where s is 0, since an infinite x would give NaN"""
        xp = namespace(x)
        x = xp.maximum(x, -2 * largest_exponent(xp, x.dtype))
        return x * sigmoid(x)

    def slope(self, kept: Array) -> Array:
        """s (1 + x / d), d = 1 + e^x, where 1 / d = 1 - s does not cancel"""
        most = largest_exponent(xp := namespace(kept), kept.dtype)
        s, d = sigmoid_and_denominator(x := xp.clip(kept, -2 * most, most))
        return s * (1 + x / d)


@record
class Mish(Elementwise):
    """out = x t, t = tanh(log(1 + e^x))

    With p / q = e^x and neither above 1, tanh is a fraction without overflow or cancellation:

        t = n / d,  n = p (p + 2 q),  d = n + 2 q^2;  slope = t + x t',  t' = 4 p q^2 (p + q) / d^2

    Misra 2020, Mish: A Self Regularized Non-Monotonic Activation Function.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Mish(), np.array([[-1.0, 1.0]]))[0].round(4)
    array([[-0.3034,  0.8651]])
    """

    def value(self, x: Array) -> Array:
        p, q = _ratio(x)
        n = p * (p + 2 * q)
        return x * (n / (n + 2 * q * q))

    def slope(self, kept: Array) -> Array:
        """t + x (1 - t^2) / (1 + e^-x), without cancellation"""
        p, q = _ratio(kept)
        n = p * (p + 2 * q)
        d = n + 2 * q * q
        return n / d + kept * (4 * p * q * q * (p + q) / (d * d))


def _ratio(x: Array) -> tuple[Array, Array]:
    """(p, q), of which one is 1"""
    xp = namespace(x)
    return xp.exp(xp.minimum(x, 0)), xp.exp(-xp.maximum(x, 0))


@record
class Gelu(Elementwise):
    """out = x (1 + tanh u) / 2, u = sqrt(2 / pi) (x + 0.044715 x^3)

    Computed as x s, s = e^(2 u) / (1 + e^(2 u)), which keeps its digits in the left tail. The slope is
    s (1 + x (1 - s) 2 u'). x has any shape.

    Hendrycks & Gimpel 2016, Gaussian Error Linear Units, section 2, by tanh, within 0.0005 of `ExactGelu`.

    >>> import numpy as np
    >>> from funcnn import Gelu, forward
    >>> forward(Gelu(), np.array([[-1.0, 1.0]]))[0].round(4)
    array([[-0.1588,  0.8412]])
    """

    def value(self, x: Array) -> Array:
        return namespace(x).maximum(x, -2 * _gelu_end(x.dtype)) * _gelu_gate(x)[2]

    def slope(self, kept: Array) -> Array:
        """s (1 + x 2 u' / d), d = 1 + e^(2 u), where 1 / d = 1 - s does not cancel"""
        x, cube, s, d = _gelu_gate(kept)
        return s * (1 + x * (_C + 3 * cube) / d)


_C = 2 * math.sqrt(2 / math.pi)
_D = _C * 0.044715


def _gelu_gate(x: Array) -> tuple[Array, Array, Array, Array]:
    """x clipped, so that nothing overflows, 2 u / x less its constant, s, and 1 + e^(2 u)."""
    end = _gelu_end(x.dtype)
    x = namespace(x).clip(x, -2 * end, end)  # at -2 end e^(2 u) is 0
    cube = _D * (x * x)
    s, d = sigmoid_and_denominator(x * (_C + cube))
    return x, cube, s, d


@cache
def _gelu_end(dtype: Any) -> float:
    """The x where 2 u is the largest exponent of the dtype: beyond, out is 0 or x to rounding."""
    return float(np.roots([_D, 0, _C, -largest_exponent(np, dtype)]).real.max())


@record
class ExactGelu(Elementwise):
    """out = x P, where P = erfc(-x / sqrt(2)) / 2 is the probability that a standard normal number is below x

    slope = P + x e^(-x^2 / 2) / sqrt(2 pi). `Gelu`, an approximation by tanh, is several times faster in NumPy:
    since NumPy has no erfc, `math.erfc` is called for each number. For JAX arrays `jax.scipy.special.erfc` is called;
    for arrays of another library, `erfc` of their namespace, if it has one.

    Hendrycks & Gimpel 2016, Gaussian Error Linear Units, section 2.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.ExactGelu(), np.array([[-1.0, 1.0]]))[0].round(4)
    array([[-0.1587,  0.8413]])
    """

    def value(self, x: Array) -> Array:
        return x * normal_cdf(x)

    def slope(self, kept: Array) -> Array:
        """P + x e^(-x^2 / 2) / sqrt(2 pi)"""
        xp = namespace(kept)
        x = xp.clip(kept, -40, 40)  # beyond +-40 the density is 0 in every dtype, and the square could overflow
        return normal_cdf(kept) + x * xp.exp(x * x / -2) / math.sqrt(2 * math.pi)


@record
class Softsign(Elementwise):
    """out = x / (1 + |x|)

    Like tanh, but with polynomial tails, so that out saturates far more slowly. The slope is 1 / (1 + |x|)^2.

    Glorot & Bengio 2010, Understanding the Difficulty of Training Deep Feedforward Neural Networks, section 3.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Softsign(), np.array([[-1.0, 3.0]]))[0]
    array([[-0.5 ,  0.75]])
    """

    def value(self, x: Array) -> Array:
        return x / (1 + absolute(x))

    def slope(self, kept: Array) -> Array:
        """1 / (1 + |x|)^2, squared last, so that nothing overflows"""
        inverse = 1 / (1 + absolute(kept))
        return inverse * inverse


@record
class LogSigmoid(Elementwise):
    """out = log(1 / (1 + e^-x)), as min(x, 0) - log(1 + e^-|x|), which cannot overflow.

    The slope is 1 / (1 + e^x).

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.LogSigmoid(), np.array([[-800.0, 0.0]]))[0].round(4)
    array([[-8.000e+02, -6.931e-01]])
    """

    def value(self, x: Array) -> Array:
        return -softplus(-x)

    def slope(self, kept: Array) -> Array:
        """1 / (1 + e^x)"""
        return sigmoid(-kept)


@record
class TanhShrink(Elementwise):
    """out = x - tanh(x)

    out is about x^3 / 3 near 0, and x - 1 or x + 1 far from 0. The slope is tanh(x)^2.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.TanhShrink(), np.array([[-1.0, 0.0, 3.0]]))[0].round(4)
    array([[-0.2384,  0.    ,  2.0049]])
    """

    def value(self, x: Array) -> Array:
        return minus_tanh(x)

    def slope(self, kept: Array) -> Array:
        """tanh(x)^2"""
        t = namespace(kept).tanh(kept)
        return t * t


@record
class Sine(Elementwise):
    """out = sin(omega x)

    Used in networks that represent an image, a sound or a field and its derivatives as a function of coordinates. The
    paper takes omega = 30 and weights uniform up to sqrt(6 / n_in) / omega (1 / n_in in the first layer). The slope is
    omega cos(omega x).

    Sitzmann, Martel, Bergman, Lindell & Wetzstein 2020, Implicit Neural Representations with Periodic Activation
    Functions, section 3.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Sine(np.pi), np.array([[0.0, 0.5]]))[0]
    array([[0., 1.]])

    Raises:
        RangeError: `omega` is 0 or negative.
    """

    omega: Positive = 1.0

    def value(self, x: Array) -> Array:
        return namespace(x).sin(self.omega * x)

    def slope(self, kept: Array) -> Array:
        """omega cos(omega x)"""
        return self.omega * namespace(kept).cos(self.omega * kept)
