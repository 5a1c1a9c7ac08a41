"""Dropout and noise, whose random numbers are a function of a seed and a step number in the layer."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numpy as np

from funcnn.arrays import Array, Namespace, as_array, namespace
from funcnn.bits import normal, words
from funcnn.checked import checked
from funcnn.core import backward, backward_params, forward, inference, reseed
from funcnn.errors import RangeError
from funcnn.generation import maps_alone, mixes_positions, only_trains, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.activations.base import Identity
from funcnn.layers.checks import Held
from funcnn.needs import Fraction, Rate, Seed, as_seed
from funcnn.nested import inside
from funcnn.records import record, state
from funcnn.seeds import check_block
from funcnn.shapes import shapes
from funcnn.traits import gives_probabilities, like_x
from funcnn.trees.edits import evolve

P = TypeVar("P")
S = TypeVar("S", bound="Stochastic")


@record
class Stochastic:
    """The base of layers that are random in training and the identity in prediction.

    `seed`, an int, a key of `jax.random` or a tuple of them, and `step` are states. The random numbers depend on
    (seed, step) alone, so `forward` gives the same result until `step` changes: the gradient holds the next step,
    step + 1, and 0 after 2**31 - 1. With `reseed`, row block i gets child i of the seed.

    Raises:
        KindError: `seed` is not a seed, or `step` not a whole number.
        RangeError: `step` is not in [0, 2**31).
    """

    seed: Seed = state(kw_only=True)
    step: int = state(default=0, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if type(self.step) is int and not 0 <= self.step < 2**31:
            raise RangeError(f"{type(self).__name__}: step must be in [0, 2**31), not {self.step}")

    @property
    def key(self) -> tuple[Any, ...]:
        """The key of the random numbers of this step."""
        return (*as_seed(type(self).__name__, "seed", self.seed), self.step)


@record
class Active:
    """Protects a layer from `inference`, so that the layer stays random; an Active is not a layer."""

    layer: Any


inference.register(Stochastic)(lambda _: Identity())
inference.register(Active)(lambda params: params.layer)
step.register(Stochastic)(only_trains)
mixes_positions.register(Stochastic)(maps_alone)
gives_probabilities.register(Stochastic)(like_x)


@reseed.register(Stochastic)
def reseed_stochastic(params: Any, i: int) -> Any:
    """Child i of the seed"""
    check_block(i)
    return evolve(params, seed=(*as_seed("reseed", "seed", params.seed), i))


@checked
def noisy(net: Held[P]) -> P:
    """`inference(net)` with its dropout and noise still random: Monte Carlo dropout, with one draw for each `reseed`

    The mean of `forward(reseed(noisy(net), i), x)[0]` over i is a prediction; the standard deviation is its spread.

    Gal & Ghahramani 2016, Dropout as a Bayesian Approximation, eq. 6 and 7.

    >>> from funcnn import BatchNorm, Dropout, layers
    >>> layers.noisy((BatchNorm.init(2), Dropout(0.5, seed=0)))
    (Affine(scale=<f64 [1. 1.]>, shift=<f64 [0. 0.]>), Dropout(seed=(0,), step=0, rate=0.5))
    """
    return inference(_with_active(net))


def _with_active(net: Any) -> Any:
    if isinstance(net, Stochastic):
        return Active(net)
    return tuple(map(_with_active, net)) if type(net) is tuple else inside(_with_active, net, function="noisy")


@shapes(x="...", out="...", cache="mask")
@record
class Dropout(Stochastic):
    """out = x mask / (1 - rate), each entry of mask 0 with probability rate, else 1

    dx = dA mask / (1 - rate). The expectation of out is x, so `inference` replaces the layer by an `Identity`. The mask
    is a hash of (seed, step) and the entry's index, equal in NumPy and in JAX; each step has another mask. To change
    all seeds of a network write `reseed(net, i)`.

    Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014, Dropout: A Simple Way to Prevent Neural Networks
    from Overfitting, section 4, scaled as in section 10.

    >>> import numpy as np
    >>> from funcnn import Dropout, backward, forward, sgd
    >>> layer = Dropout(0.5, seed=1)
    >>> out, cache = forward(layer, np.ones((1, 8)))
    >>> out
    array([[0., 2., 2., 0., 2., 2., 0., 0.]])
    >>> sgd(layer, backward(layer, cache, out), lr=0.1)
    Dropout(seed=(1,), step=1, rate=0.5)

    Raises:
        RangeError: `rate` is not in [0, 1), or `step` is not in [0, 2**31).
        KindError: x is not an array of floats.
    """

    rate: Fraction


@shapes(x="m ... c", out="m ... c", cache="mask")
@record
class ChannelDropout(Dropout):
    """out = x mask / (1 - rate), one entry of mask for each channel of each example, for all positions

    mask: (m, 1, ..., c). dx = dA mask / (1 - rate). Neighbouring positions of an image are correlated, so dropping
    single entries removes little information. On a sequence (m, t, c) the mask is the same at all times (Gal &
    Ghahramani 2016, A Theoretically Grounded Application of Dropout in Recurrent Neural Networks).

    Tompson, Goroshin, Jain, LeCun & Bregler 2015, Efficient Object Localization Using Convolutional Networks, section
    3, SpatialDropout.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.ChannelDropout(0.5, seed=1), np.ones((1, 2, 4)))[0]
    array([[[0., 2., 2., 0.],
            [0., 2., 2., 0.]]])

    Raises:
        RangeError, KindError: as `Dropout`.
        ShapeError: x has fewer than two axes.
    """


@forward.register(Dropout)
def dropout_forward(params: Dropout, x: Array) -> tuple[Array, Array]:
    """The cache is the mask, one byte for each entry"""
    keep = _keep(params, namespace(x), x.shape)
    return _masked(params, keep, x), keep


@forward.register(ChannelDropout)
def channel_dropout_forward(params: ChannelDropout, x: Array) -> tuple[Array, Array]:
    """The cache is the mask, one byte for each channel of each example, broadcast"""
    xp = namespace(x)
    m, *positions, c = x.shape
    keep = xp.broadcast_to(_keep(params, xp, (m, *[1] * len(positions), c)), x.shape)
    return _masked(params, keep, x), keep


@backward.register(Dropout)
def dropout_backward(params: Dropout, keep: Array, dA: Array) -> Grads[Dropout]:
    """dx = dA mask / (1 - rate)"""
    return Grads(_next(params), _masked(params, keep, dA))


def _masked(params: Dropout, keep: Array, a: Array) -> Array:
    """a * mask / (1 - rate), as a product, which is many times faster than `where`"""
    out = a * (1 / (1 - params.rate))
    out *= keep
    return as_array(out)


def _keep(params: Dropout, xp: Namespace, shape: tuple[int, ...]) -> Array:
    """True with probability 1 - rate: where a random word is at least rate 2^32"""
    return as_array(words(xp, params.key, shape) >= np.uint32(min(round(params.rate * 2**32), 2**32 - 1)))


@shapes(x="...", out="...")
@record
class GaussianNoise(Stochastic):
    """out = x + std z, z normal of mean 0 and variance 1, drawn anew for each entry in each step

    std is in the units of x. dx = dA. On inputs the noise acts as a penalty on steep functions: Bishop 1995, Training
    with Noise is Equivalent to Tikhonov Regularization.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.GaussianNoise(0.1, seed=1), np.ones((1, 3)))[0].round(3)
    array([[1.094, 0.931, 0.991]])

    Raises:
        RangeError: `std` is negative or not finite.
        KindError: x is not an array of floats.
    """

    std: Rate


@forward.register(GaussianNoise)
def gaussian_noise_forward(params: GaussianNoise, x: Array) -> tuple[Array, Array]:
    """out = x + std z"""
    z = normal(namespace(x), params.key, x.shape, x.real.dtype)
    return as_array(x + params.std * z), x


@backward.register(GaussianNoise)
def gaussian_noise_backward(params: GaussianNoise, x: Array, dA: Array) -> Grads[GaussianNoise]:
    """dx = dA"""
    return Grads(_next(params), dA)


def stochastic_backward_params(params: S, cache: Array, dA: Array) -> S:
    """As `dropout_backward`, without dx; another layer on the base may have parameters, or another cache"""
    return _next(params)


backward_params.register(Dropout)(stochastic_backward_params)
backward_params.register(GaussianNoise)(stochastic_backward_params)


def _next(params: P) -> P:
    """The gradient, which holds the next step, computed without overflow of the 32-bit integers of JAX"""
    step = cast("Any", params).step
    more = step != 2**31 - 1
    return gradient(params, step=(step + more) * more)
