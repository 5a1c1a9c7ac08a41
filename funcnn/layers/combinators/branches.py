"""Branches: several layers side by side. `joins` has the layers that join their outputs.

`(Copy(2), Parallel((left, right)), Sum())` is out = left(x) + right(x): each of the three has its own derivative, and
the tuple applies the chain rule.
"""

from __future__ import annotations

from typing import Any

from funcnn.arrays import check_arrays, counted
from funcnn.core import backward, backward_params, forward, forward_only
from funcnn.errors import RangeError, ShapeError
from funcnn.generation import fixed_memory, mixes_positions, positionwise, step
from funcnn.gradients import Grads, added, gradient
from funcnn.layers.checks import check_held, check_tuple, foreign_cache_error
from funcnn.layers.notes import noted
from funcnn.layers.outlines import as_gradient_like, nothing, outline
from funcnn.needs import Count
from funcnn.records import branches, record
from funcnn.traits import gives_probabilities

Parts = tuple[Any, ...]


@record
class Copy:
    """out = (x, ..., x), n times; dx = dA_1 + ... + dA_n

    x is an array of any shape and kind, or a tuple. A value used n times receives the sum of n gradients: if out_i = x
    moves by delta, the cost changes by sum_i dA_i . delta. A None in dA, of a branch without a gradient, adds 0.

    >>> import numpy as np
    >>> from funcnn import backward, forward, layers
    >>> out, cache = forward(layers.Copy(2), np.array([[7.0]]))
    >>> backward(layers.Copy(2), cache, (np.array([[1.0]]), np.array([[10.0]]))).x
    array([[11.]])

    Raises:
        RangeError: n is less than 1.
        ShapeError: dA is not a tuple of n parts like x.
    """

    n: Count


@forward.register(Copy)
def copy_forward(params: Copy, x: Any) -> tuple[Parts, Any]:
    """out = (x, ..., x); the cache is the outline of x"""
    check_arrays("Copy", "x", x)
    return (x,) * params.n, outline(x)


@backward.register(Copy)
def copy_backward(params: Copy, kept: Any, dA: Parts) -> Grads[Copy]:
    """dx = sum_i dA_i"""
    if kept is None:
        raise foreign_cache_error(params, kept)
    return Grads(params, added(as_gradient_like(params, dA, (kept,) * params.n)))


@record
class Parallel:
    """out = (layer_1(x_1), ..., layer_n(x_n)), for x = (x_1, ..., x_n); dx = (dx_1, ..., dx_n)

    Branch i is given x_i alone, so the branches have independent derivatives. `()` is a branch that returns x_i, which
    may be a mask. For the same x in all branches write `Copy(n)` before it, and `Sum()` or `Concat()` after it.

    Szegedy et al. 2015, Going Deeper with Convolutions, figure 2.

    >>> import numpy as np
    >>> from funcnn import Relu, forward, layers
    >>> forward((layers.Copy(2), layers.Parallel(((), Relu()))), np.array([[-1.0, 2.0]]))[0]
    (array([[-1.,  2.]]), array([[0., 2.]]))

    Raises:
        KindError: `layers` is not a tuple of layers, or x is not a tuple.
        ShapeError: there is no layer, or x or dA has another number of parts. A note on an error names the branch.
    """

    layers: tuple[Any, ...] = branches()

    def __attrs_post_init__(self) -> None:
        check_tuple(type(self).__name__, "layers", self.layers, why=" of layers, one for each branch")
        for i, layer in enumerate(self.layers):
            check_held(type(self).__name__, f"layers[{i}]", layer)


def _branches(params: Parallel, verb: Any, *given: Parts) -> list[Any]:
    """The results of `verb`, called for each branch with its layer and its part of each of `given`."""
    parts = enumerate(zip(params.layers, *given, strict=True))
    return [noted(f"in branch {i} of Parallel", verb, layer, *own) for i, (layer, *own) in parts]


def _as_inputs(params: Parallel, x: Any) -> Parts:
    n = len(params.layers)
    check_tuple("Parallel", "x", x, n, ", one for each layer", f"; for one x put Copy({n}) before Parallel")
    return tuple(x)


@forward.register(Parallel)
def parallel_forward(params: Parallel, x: Parts) -> tuple[Parts, Parts]:
    """out_i, cache_i = forward(layer_i, x_i)"""
    outs, caches = zip(*_branches(params, forward, _as_inputs(params, x)), strict=True)
    return outs, caches


@forward_only.register(Parallel)
def parallel_forward_only(params: Parallel, x: Parts) -> Parts:
    """out_i = layer_i(x_i)"""
    return tuple(_branches(params, forward_only, _as_inputs(params, x)))


@backward.register(Parallel)
def parallel_backward(params: Parallel, cache: Parts, dA: Parts) -> Grads[Parallel]:
    """dx_i, and the gradient of layer_i, from dA_i"""
    grads = _branches(params, backward, cache, _as_output_gradients(params, cache, dA))
    return Grads(gradient(params, layers=tuple([g.params for g in grads])), tuple([g.x for g in grads]))


@backward_params.register(Parallel)
def parallel_backward_params(params: Parallel, cache: Parts, dA: Parts) -> Parallel:
    """The gradient of layer_i, from dA_i"""
    return gradient(
        params, layers=tuple(_branches(params, backward_params, cache, _as_output_gradients(params, cache, dA)))
    )


def _as_output_gradients(params: Parallel, cache: Any, dA: Any) -> Parts:
    for name, given in (("the cache", cache), ("dA", dA)):
        check_tuple("Parallel", name, given, len(params.layers), ", one for each layer")
    return tuple(dA)


@step.register(Parallel)
def parallel_step(params: Parallel, x: Parts, memory: Any = None) -> tuple[Parts, Parts]:
    """out_i, memory_i = step(layer_i, x_i, memory_i)"""
    x = _as_inputs(params, x)
    before = (None,) * len(x) if memory is None else memory
    check_tuple("step", "memory of Parallel", before, len(x), ", one for each layer, as the last step returned it")
    outs, memories = zip(*_branches(params, step, x, before), strict=True)
    return outs, memories


@fixed_memory.register(Parallel)
def parallel_fixed_memory(params: Parallel, m: int, t_most: int) -> Parts:
    """The memory of each layer"""
    n = len(params.layers)
    return tuple(_branches(params, fixed_memory, (m,) * n, (t_most,) * n))


mixes_positions.register(Parallel)(lambda params: mixes_positions(params.layers))
gives_probabilities.register(Parallel)(lambda params: tuple(map(gives_probabilities, params.layers)))


@record
class Take:
    """out = x_i, for a tuple x; dx_i = dA, and 0 for every other part

    The other parts have no influence on the cost. `Take(0)` drops the mask of a pair (x, mask).

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Take(1), (np.array([[1.0]]), np.array([[2.0]])))[0]
    array([[2.]])

    Raises:
        RangeError: i is negative.
        KindError: x is not a tuple.
        ShapeError: x has no part i, counted from 0.
    """

    i: int

    def __attrs_post_init__(self) -> None:
        if self.i < 0:
            raise RangeError(f"{type(self).__name__}: i must be at least 0, the first part, not {self.i}")


@forward.register(Take)
def take_forward(params: Take, x: Parts) -> tuple[Any, Any]:
    """out = x_i"""
    check_tuple("Take", "x", x, why=" of arrays")
    check_arrays("Take", "x", x)
    if params.i >= len(x):
        raise ShapeError(f"Take: i must be at most {len(x) - 1}, as x has {counted(len(x), 'part')}, not {params.i}")
    return x[params.i], outline(x)


@backward.register(Take)
def take_backward(params: Take, kept: Parts, dA: Any) -> Grads[Take]:
    """dx_i = dA, and 0 elsewhere"""
    if type(kept) is not tuple or len(kept) <= params.i:
        raise foreign_cache_error(params, kept)
    d = as_gradient_like(params, dA, kept[params.i])
    return Grads(params, tuple([d if i == params.i else nothing(part) for i, part in enumerate(kept)]))


for _layer in (Copy, Take):
    step.register(_layer)(positionwise)
