"""Initializers: functions `(seed, shape, dtype) -> array` that draw the initial weights of a layer.

`constant`, `normal` and `uniform` take a number and return an initializer: `normal(0.01)`. The last two axes of a shape
are the features in and out, `(..., n_in, n_out)`. The other axes, such as the height and width of a kernel, multiply
both fans:

    fan_in = n_in * the product of the other axes,  fan_out = n_out * the product of the other axes

An initializer is a pure function of its arguments: the same seed gives the same weights, to the same bits with every
version of NumPy and on every processor. Weights of float32 are those of float64, rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, cast

import numpy as np

from funcnn import bits
from funcnn.arrays import Array, Namespace, freeze, is_array, kind, namespace, short
from funcnn.checked import checked
from funcnn.draws import WEIGHTS, Key, symmetric
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.fields import as_float_dtype, is_whole
from funcnn.needs import Finite, Positive, Seed, as_seed, function
from funcnn.reflections import orthonormal
from funcnn.sizes import MOST_ENTRIES

__all__ = [
    "constant",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "normal",
    "orthogonal",
    "uniform",
    "zeros",
]

Shape = tuple[int, ...]
Initializer = Annotated[
    Callable[[Seed, Shape, Any], Array], function("an initializer, such as glorot_uniform", takes=3)
]


def zeros(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W = 0"""
    return _constant("zeros", 0.0, seed, shape, dtype)


@checked
def constant(value: Finite) -> Initializer:
    """W = value"""
    return partial(_constant, "constant", value)


@checked
def normal(scale: Positive) -> Initializer:
    """W ~ N(0, scale^2)

    >>> from funcnn import Dense
    >>> from funcnn.initializers import normal
    >>> Dense.init(1, 2, seed=0, weights=normal(0.01))
    Dense(W=<f64 [[ 0.004  -0.0007]]>, b=<f64 [0. 0.]>)
    """
    return partial(_normal, "normal", scale)


@checked
def uniform(limit: Positive) -> Initializer:
    """W ~ U(-limit, limit)"""
    return partial(_uniform, "uniform", limit)


def glorot_uniform(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ U(-a, a), a = sqrt(6 / (fan_in + fan_out)): variance 2 / (fan_in + fan_out).

    Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, eq. 16.
    """
    return _uniform("glorot_uniform", math.sqrt(6 / sum(_fans("glorot_uniform", shape))), seed, shape, dtype)


def glorot_normal(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ N(0, 2 / (fan_in + fan_out)). Glorot & Bengio 2010, eq. 12."""
    return _normal("glorot_normal", math.sqrt(2 / sum(_fans("glorot_normal", shape))), seed, shape, dtype)


def lecun_uniform(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ U(-a, a), a = sqrt(3 / fan_in): variance 1 / fan_in. LeCun et al. 1998, Efficient BackProp, eq. 16."""
    return _uniform("lecun_uniform", math.sqrt(3 / _fans("lecun_uniform", shape)[0]), seed, shape, dtype)


def lecun_normal(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ N(0, 1 / fan_in), as `Selu` needs. LeCun et al. 1998, eq. 16."""
    return _normal("lecun_normal", math.sqrt(1 / _fans("lecun_normal", shape)[0]), seed, shape, dtype)


def he_uniform(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ U(-a, a), a = sqrt(6 / fan_in): variance 2 / fan_in, for layers followed by a Relu.

    He et al. 2015, Delving Deep into Rectifiers, eq. 10.
    """
    return _uniform("he_uniform", math.sqrt(6 / _fans("he_uniform", shape)[0]), seed, shape, dtype)


def he_normal(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W ~ N(0, 2 / fan_in), for layers followed by a Relu. He et al. 2015, eq. 10."""
    return _normal("he_normal", math.sqrt(2 / _fans("he_normal", shape)[0]), seed, shape, dtype)


def orthogonal(seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    """W has orthonormal columns, or rows if those are fewer, as a matrix (product of the other axes, n_out).

    W is uniformly distributed over all such matrices. Saxe et al. 2014, Exact solutions to the nonlinear dynamics of
    learning in deep linear neural networks.
    """
    _fans("orthogonal", shape)
    rows, columns = math.prod(shape[:-1]), shape[-1]

    def make(key: Key) -> Array:
        tall = orthonormal(key, max(rows, columns), min(rows, columns))
        return (tall if rows >= columns else tall.T).reshape(shape)

    return _made("orthogonal", seed, shape, dtype, make)


def fans(shape: Shape) -> tuple[int, int]:
    """`(fan_in, fan_out)` of weights of this shape.

    >>> from funcnn.initializers import fans
    >>> fans((2, 27)), fans((3, 3, 16, 32))
    ((2, 27), (144, 288))

    Raises:
        KindError: `shape` is not a tuple of whole numbers.
        ShapeError: the shape has fewer than two axes, or an axis of 0.
    """
    return _fans("fans", shape)


def draw(function: str, argument: str, weights: Initializer, seed: Seed, shape: Shape, dtype: Any) -> Array:
    """Call an initializer and check its result. Errors name `function` and `argument`.

    Raises:
        KindError: the initializer returns another dtype, or a value that is not an array.
        ShapeError: the initializer returns another shape.
    """
    W = weights(seed, shape, dtype)
    if not is_array(W) or W.dtype != dtype or W.shape != shape:
        error = ShapeError if is_array(W) and W.dtype == dtype else KindError
        given = f"{W.shape} of {W.dtype}" if is_array(W) else kind(W)
        raise error(f"{function}: {argument} must return an array of shape {shape} of {dtype.name}, not {given}")
    return W


def draw_bias(n: int, dtype: Any, *, bias: bool) -> Array | None:
    """A bias of n zeros, or None if `bias` is False."""
    return zeros(0, (n,), dtype) if bias else None


def _fans(function: str, shape: Shape) -> tuple[int, int]:
    _check_shape(function, shape)
    if len(shape) < 2:
        raise ShapeError(f"{function}: shape must be (..., n_in, n_out), not {shape}")
    *others, n_in, n_out = shape
    return n_in * math.prod(others), n_out * math.prod(others)


def _check_shape(function: str, shape: Any) -> None:
    if type(shape) is not tuple or not all(map(is_whole, shape)):
        given = short(shape) if type(shape) is tuple else kind(shape)
        raise KindError(f"{function}: shape must be a tuple of whole numbers, such as (2, 8), not {given}")
    if min(shape, default=1) < 1:
        raise ShapeError(f"{function}: each axis of shape must be at least 1, not {short(shape)}")
    if math.prod(map(int, shape)) > MOST_ENTRIES:
        raise ShapeError(f"{function}: shape must be of an array of at most {MOST_ENTRIES} entries, not {short(shape)}")


# The functions above with their name as first argument, for errors.


def _constant(function: str, value: float, seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    return _made(function, seed, shape, dtype, lambda _: np.full(shape, value))


def _normal(function: str, scale: float, seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    return _made(function, seed, shape, dtype, lambda key: scale * bits.normal(np, key, shape, np.float64))


def _uniform(function: str, limit: float, seed: Seed, shape: Shape, dtype: Any = np.float64) -> Array:
    return _made(function, seed, shape, dtype, lambda key: symmetric(key, shape, limit))


def _made(function: str, seed: Seed, shape: Shape, dtype: Any, make: Callable[[Key], Array]) -> Array:
    """The array that `make` draws from the key of a seed, read-only; check the arguments of an initializer."""
    _check_shape(function, shape)
    words, new = as_seed(function, "seed", seed), as_float_dtype(function, "dtype", dtype)

    def drawn(*words: Any) -> Array:
        return make((*map(int, words), WEIGHTS)).astype(new, copy=False)

    try:
        return freeze(drawn(*words))
    except TypeError:  # from JAX, for a tracer, whose value is not known
        traced = next(filter(is_array, words))
        if (in_library := DRAWS.get(namespace(traced))) is None:
            raise KindError(f"{function}: seed must be known, not traced; import funcnn.interop.jax") from None
        return cast("Array", in_library(function, drawn, words, shape, new))
    except MemoryError:
        raise RangeError(f"{function}: shape must be of an array that fits into memory, not {shape}") from None


# How each library draws from seeds that it traces; `funcnn.interop.jax` writes how JAX does.
DRAWS: dict[Namespace, Callable[..., Any]] = {}
