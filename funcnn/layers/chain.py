"""Chains: a tuple of layers is a layer. `()` is the identity; `net[:2]` and `net + (head,)` are networks too."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from funcnn.arrays import is_array, kind, short
from funcnn.checked import checked
from funcnn.core import backward, backward_params, forward, forward_only, inference, reseed
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.generation import fixed_memory, step
from funcnn.gradients import Grads
from funcnn.initializers import Initializer, draw, draw_bias, glorot_uniform
from funcnn.layers.activations.base import Relu
from funcnn.layers.checks import Held, check_tuple
from funcnn.layers.dense import Dense
from funcnn.layers.notes import note, noted
from funcnn.needs import Flag, FloatDtype, Seed, words_of
from funcnn.nested import alters
from funcnn.records import build, plans, values
from funcnn.seeds import check_block
from funcnn.sizes import check_sizes
from funcnn.traits import is_inert

Layers = tuple[Any, ...]


@forward.register(tuple)
def chain_forward(params: Layers, x: Any) -> tuple[Any, tuple[Any, ...]]:
    """x through each layer in turn; the cache is the tuple of the caches of the layers"""
    caches = []
    for i, layer in enumerate(params):
        try:
            x, cache = forward(layer, x)
        except Exception as error:
            error.add_note(note(f"in layer {i}", forward, layer, x))
            raise
        caches.append(cache)
    return x, tuple(caches)


@forward_only.register(tuple)
def chain_forward_only(params: Layers, x: Any) -> Any:
    """x through each layer in turn"""
    by_default = forward_only.dispatch(object)
    for i, layer in enumerate(params):
        try:
            x = forward(layer, x)[0] if forward_only.dispatch(type(layer)) is by_default else forward_only(layer, x)
        except Exception as error:
            error.add_note(note(f"in layer {i}", forward, layer, x))
            raise
    return x


def chain_backward(params: Layers, cache: tuple[Any, ...], dA: Any, *, until: int = 0) -> Grads[Layers]:
    """The chain rule: dx of each layer is dA of the layer before it; for the layers from `until` on"""
    if type(cache) is not tuple or len(cache) != len(params):
        needed = f"a tuple of {len(params)}, one for each layer, as forward returned it"
        raise ShapeError(f"backward: cache must be {needed}, not {short(cache)}")
    gradients = []
    for i in range(len(params) - 1, until - 1, -1):
        try:
            grads = backward(params[i], cache[i], dA)
            if grads.x is None and i > 0:
                raise KindError("backward: Grads.x must be the gradient of x, which the layer before needs, not None")  # noqa: TRY301  the handler below adds a note
        except Exception as error:
            error.add_note(note(f"in layer {i}", backward, params[i], cache, dA))
            raise
        gradients.append(grads.params)
        dA = grads.x
    return build(Grads, (tuple(gradients[::-1]), dA))  # without the checks of Grads, which both parts have passed


backward.register(tuple)(chain_backward)


@backward_params.register(tuple)
def chain_backward_params(params: Layers, cache: tuple[Any, ...], dA: Any) -> Layers:
    """The chain rule, down to the first layer with a parameter to train or a state that changes"""
    first = 0
    while first < len(params) and is_inert(params[first]):
        first += 1
    after, rest = chain_backward(params, cache, dA, until=first + 1), _unchanged(params[:first])
    if first == len(params):
        return rest
    grads = noted(f"in layer {first}", backward_params, params[first], cache[first], after.x)
    return (*rest, grads, *after.params)


def _unchanged(layer: Any) -> Any:
    """The gradient of a layer in which nothing is trained: the layer with None for each state."""
    if type(layer) is tuple:
        return tuple(map(_unchanged, layer))
    if not plans.get(type(layer)):
        return layer
    fields = zip(plans[type(layer)], values(layer), strict=True)
    return build(type(layer), [None if is_state else _unchanged(part) for (_, is_state), part in fields])


@step.register(tuple)
def chain_step(params: Layers, x: Any, memory: Any = None) -> tuple[Any, tuple[Any, ...]]:
    """x through each layer in turn, each with a memory of its own"""
    before = (None,) * len(params) if memory is None else memory
    check_tuple("step", "memory", before, len(params), ", one for each layer, as the last step returned it")
    after = []
    for i, (layer, past) in enumerate(zip(params, before, strict=True)):
        x, now = noted(f"in layer {i}", step, layer, x, past)
        after.append(now)
    return x, tuple(after)


@fixed_memory.register(tuple)
def chain_fixed_memory(params: Layers, m: int, t_most: int) -> tuple[Any, ...]:
    """The memory of each layer"""
    return tuple([noted(f"in layer {i}", fixed_memory, layer, m, t_most) for i, layer in enumerate(params)])


@inference.register(tuple)
def chain_inference(params: Layers) -> Layers:
    """The chain of the results of `inference` for each layer"""
    if not alters(inference, params):
        return params
    new = tuple([inference(layer) for layer in params])
    return params if all([a is b for a, b in zip(params, new, strict=True)]) else new


@reseed.register(tuple)
def chain_reseed(params: Layers, i: int) -> Layers:
    """The chain of the results of `reseed` for each layer"""
    check_block(i)
    if not alters(reseed, params):
        return params
    return tuple([reseed(layer, i) for layer in params])


@checked
def mlp(
    sizes: Sequence[int],
    hidden: Held[Any] = Relu(),  # noqa: B008  an immutable value
    *,
    seed: Seed,
    weights: Initializer = glorot_uniform,
    bias: Flag = True,
    dtype: FloatDtype = np.float64,
) -> Layers:
    """A multi-layer perceptron from its sizes: Dense, hidden, Dense, ..., hidden, Dense.

    Dense layer i draws its weights from child i of the seed, `(*seed, i)`. The network ends in a Dense; append further
    layers with +: `mlp([2, 27, 1], seed=1) + (Sigmoid(),)`.

    >>> from funcnn import Tanh, mlp
    >>> mlp([2, 8, 1], hidden=Tanh(), seed=1)
    (Dense(W=<f64 2x8>, b=<f64 8>), Tanh(), Dense(W=<f64 8x1>, b=<f64 [0.]>))

    Raises:
        RangeError: there are fewer than two sizes, or a size is less than 1.
        KindError: `sizes` is not a list of whole numbers.
    """
    row = is_array(sizes) and np.ndim(sizes) == 1
    if isinstance(sizes, str | bytes | bytearray) or not (row or isinstance(sizes, Sequence)):
        raise KindError(f"mlp: sizes must be a list of whole numbers, such as [2, 8, 1], not {kind(sizes)}")
    if len(sizes) < 2:
        raise RangeError(f"mlp: sizes must be at least two numbers, n_in and n_out, not {sizes}")
    check_sizes("mlp", {f"sizes[{i}]": size for i, size in enumerate(sizes)})
    layers: Layers = ()
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        W = draw("mlp", "weights", weights, (*words_of(seed), i), (n_in, n_out), dtype)
        layers += (reseed(hidden, i),) if i else ()
        layers += (Dense(W, draw_bias(n_out, dtype, bias=bias)),)
    return layers
