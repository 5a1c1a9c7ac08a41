"""The gated linear unit: one half of the features multiplied by a gate of the other half."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, is_array, namespace
from funcnn.core import backward, forward
from funcnn.errors import KindError, ShapeError
from funcnn.generation import fixed_memory, mixes_positions, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.activations.base import Sigmoid
from funcnn.layers.checks import Held, shown
from funcnn.layers.notes import noted
from funcnn.records import record
from funcnn.shapes import shapes


@shapes(x="m ... 2*n", out="m ... n", cache="x, out, _")
@record
class Glu:
    """out = a gate(b), where a is the first half of x along its last axis, and b the second

    The gate is any layer that keeps the shape of b; its parameters are trained. `Glu()` is GLU, `Glu(Identity())`
    bilinear, `Glu(Relu())` ReGLU, `Glu(Gelu())` GEGLU, `Glu(Silu())` SwiGLU. A dense layer before the Glu computes both
    halves: `Dense.init(n_in, 2 * n, seed=1)`.

        da = dA gate(b);  db = dx of the gate, given dA a;  dx = (da, db)

    Dauphin, Fan, Auli & Grangier 2017, Language Modeling with Gated Convolutional Networks, eq. 1; Shazeer 2020, GLU
    Variants Improve Transformer, section 2.

    >>> import numpy as np
    >>> from funcnn import Relu, forward, layers
    >>> forward(layers.Glu(Relu()), np.array([[3.0, 5.0, 2.0, -2.0]]))[0]
    array([[6., 0.]])

    Raises:
        ShapeError: x has fewer than two axes, or an odd number of features; or the gate changes the shape.
        KindError: `gate` is not a layer, or changes the dtype.
    """

    gate: Held[Any] = Sigmoid()


@forward.register(Glu)
def glu_forward(params: Glu, x: Array) -> tuple[Array, tuple[Array, Array, Any]]:
    """out = a gate(b); the cache is x, gate(b) and the cache of the gate"""
    a, passed, cache = _gated(forward, params, x)
    return a * passed, (x, passed, cache)


@backward.register(Glu)
def glu_backward(params: Glu, cache: tuple[Array, Array, Any], dA: Array) -> Grads[Glu]:
    """dx = (dA gate(b), dx of the gate), the gate given dA a"""
    x, passed, inner = cache
    grads = noted("in Glu", backward, params.gate, inner, dA * _halves(x)[0])
    return Grads(gradient(params, gate=grads.params), namespace(x).concatenate([dA * passed, grads.x], axis=-1))


@step.register(Glu)
def glu_step(params: Glu, x: Array, memory: Any = None) -> tuple[Array, Any]:
    """out = a gate(b), and the gate's memory"""
    a, passed, memory = _gated(step, params, x, memory)
    return a * passed, memory


fixed_memory.register(Glu)(lambda params, m, t_most: noted("in Glu", fixed_memory, params.gate, m, t_most))

mixes_positions.register(Glu)(lambda params: mixes_positions(params.gate))


def _gated(verb: Any, params: Glu, x: Array, *memory: Any) -> tuple[Array, Array, Any]:
    """a, gate(b), and the cache or the memory that `verb` of the gate returns."""
    a, b = _halves(x)
    passed, rest = noted("in Glu", verb, params.gate, b, *memory)
    if not is_array(passed) or passed.shape != b.shape:
        made = passed.shape if is_array(passed) else shown(passed)
        raise ShapeError(f"Glu: gate must keep the shape of its half of x, {b.shape}, not return {made}")
    if passed.dtype != b.dtype:
        raise KindError(f"Glu: gate must keep the dtype of its half of x, {b.dtype}, not return {passed.dtype}")
    return a, passed, rest


def _halves(x: Array) -> tuple[Array, Array]:
    n = x.shape[-1] // 2
    return x[..., :n], x[..., n:]
