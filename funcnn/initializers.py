"""Initializers: `(seed, shape, dtype) -> array`, the first weights of a layer.

Those that need a number are made by a function that takes it: `normal(0.01)`. The last two axes of a shape are the
features in and out, `(..., n_in, n_out)`; axes before them, as those of a convolution's kernel, count towards both:

    fan_in = n_in * the product of the others,  fan_out = n_out * the product of the others

Every one of them is a pure function of its arguments: the same seed gives the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from funcnn.annotations import Seed, seed_words
from funcnn.arrays import Array, freeze, kind
from funcnn.errors import KindError, RangeError, ShapeError

Shape = tuple[int, ...]
Initializer = Callable[[Seed, Shape, Any], Array]


def zeros(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W = 0"""
    return freeze(np.zeros(shape, dtype))


def constant(value: float) -> Initializer:
    """W = value"""
    return partial(_constant, float(value))


def normal(scale: float) -> Initializer:
    """W ~ N(0, scale^2)

    >>> from funcnn import Dense, normal
    >>> Dense.init(1, 2, seed=0, weights=normal(0.01))
    Dense(W=<f64 [[ 0.0013 -0.0013]]>, b=<f64 [0. 0.]>)
    """
    return partial(_normal, _positive("normal", scale))


def uniform(limit: float) -> Initializer:
    """W ~ U(-limit, limit)"""
    return partial(_uniform, _positive("uniform", limit))


def glorot_uniform(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ U(-a, a), a = sqrt(6 / (fan_in + fan_out)): variance 2 / (fan_in + fan_out).

    Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, eq. 16.
    """
    return _uniform(math.sqrt(6 / sum(fans(shape))), seed, shape, dtype)


def glorot_normal(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ N(0, 2 / (fan_in + fan_out)). Glorot & Bengio 2010, eq. 12."""
    return _normal(math.sqrt(2 / sum(fans(shape))), seed, shape, dtype)


def lecun_uniform(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ U(-a, a), a = sqrt(3 / fan_in): variance 1 / fan_in. LeCun et al. 1998, Efficient BackProp, eq. 16."""
    return _uniform(math.sqrt(3 / fans(shape)[0]), seed, shape, dtype)


def lecun_normal(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ N(0, 1 / fan_in). LeCun et al. 1998, eq. 16; what self-normalising networks start from."""
    return _normal(math.sqrt(1 / fans(shape)[0]), seed, shape, dtype)


def he_uniform(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ U(-a, a), a = sqrt(6 / fan_in): variance 2 / fan_in, for layers followed by a Relu.

    He et al. 2015, Delving Deep into Rectifiers, eq. 10.
    """
    return _uniform(math.sqrt(6 / fans(shape)[0]), seed, shape, dtype)


def he_normal(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ N(0, 2 / fan_in), for layers followed by a Relu. He et al. 2015, eq. 10."""
    return _normal(math.sqrt(2 / fans(shape)[0]), seed, shape, dtype)


def orthogonal(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W^T W = I or W W^T = I, whichever is the smaller, W being of shape `(the product of the others, n_out)`.

    Uniform over all such matrices: Q of the QR decomposition of a normal matrix, with signs that make R's diagonal
    positive. Saxe et al. 2014, Exact solutions to the nonlinear dynamics of learning; the signs: Mezzadri
    2007, How to generate random matrices from the classical compact groups, section 5.
    """
    fans(shape)
    rows, columns = math.prod(shape[:-1]), shape[-1]
    tall = _normal(1, seed, (max(rows, columns), min(rows, columns)), np.float64)
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diagonal(r))
    return freeze((q if rows >= columns else q.T).reshape(shape).astype(dtype))


def draw(whose: str, weights: Initializer, seed: Seed, shape: Shape, dtype: Any, *, what: str = "weights") -> Array:
    """What an initializer draws; errors call the function that was given it, and the argument, by their names.

    Raises:
        KindError: `weights` is no initializer, but a name or an array.
    """
    if not callable(weights):
        raise KindError(f"{whose}: {what} must be an initializer, such as glorot_uniform, not {kind(weights)}")
    return weights(seed, shape, dtype)


def fans(shape: Shape) -> tuple[int, int]:
    """`(fan_in, fan_out)` of weights of this shape.

    >>> from funcnn.initializers import fans
    >>> fans((2, 27)), fans((3, 3, 16, 32))
    ((2, 27), (144, 288))

    Raises:
        ShapeError: the shape has fewer than two axes.
    """
    if len(shape) < 2:
        raise ShapeError(f"initializers: fans need a shape of (..., n_in, n_out), not {shape}")
    *others, n_in, n_out = shape
    return n_in * math.prod(others), n_out * math.prod(others)


def _constant(value: float, seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    return freeze(np.full(shape, value, dtype))


def _normal(scale: float, seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    return freeze((scale * np.random.default_rng(seed_words(seed)).standard_normal(shape)).astype(dtype))


def _uniform(limit: float, seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    return freeze(np.random.default_rng(seed_words(seed)).uniform(-limit, limit, shape).astype(dtype))


def _positive(name: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise RangeError(f"{name}: the width must be positive and finite; it is {value}")
    return float(value)
