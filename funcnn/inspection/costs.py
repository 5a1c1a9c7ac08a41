"""Counts of the floating-point operations in `forward`."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, Protocol, TypeVar, cast

from funcnn.arrays import is_float
from funcnn.checked import checked
from funcnn.core import forward_only
from funcnn.dispatch import verb
from funcnn.inspection.checks import Network, registering
from funcnn.inspection.log import inner_calls
from funcnn.layers.activations.base import Identity
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.softmax import LogSoftmax, Softmax
from funcnn.layers.attention.cross_attention import CrossAttention
from funcnn.layers.attention.heads import MultiHead
from funcnn.layers.combinators.branches import Copy, Take
from funcnn.layers.combinators.joins import Concat, Sum
from funcnn.layers.combinators.residual import Residual
from funcnn.layers.combinators.shapes import Flatten, Reshape
from funcnn.layers.combinators.tied import Tied
from funcnn.layers.convolution.adaptive import AdaptivePool
from funcnn.layers.convolution.base import Convolution
from funcnn.layers.convolution.global_pool import GlobalAvgPool, GlobalMaxPool
from funcnn.layers.convolution.pad import Pad
from funcnn.layers.convolution.pool import AvgPool, MaxPool
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.convolution.upsample import Upsample
from funcnn.layers.dense import Dense
from funcnn.layers.embedding.positions import Rotary
from funcnn.layers.embedding.symbols import Embedding
from funcnn.layers.normalisation.affine import Affine
from funcnn.layers.normalisation.batchnorm import BatchNorm
from funcnn.layers.normalisation.groupnorm import GroupNorm, InstanceNorm
from funcnn.layers.normalisation.norm import LayerNorm, RMSNorm
from funcnn.layers.recurrent.base import Recurrent
from funcnn.layers.recurrent.last import Last
from funcnn.needs import Arrays
from funcnn.trees.walks import arrays_in

P = TypeVar("P")
Rule = Callable[[P, Any], int]


def _by_default(params: Any, x: Any) -> int:
    """The operations of the layers inside; without any, one operation for each float of out"""
    calls = inner_calls(params, x)
    return sum([_counted(*call) for call in calls]) if calls else _floats(forward_only(params, x))


_by_default.__name__ = "flops"  # the name in errors of register
_counted: Any = verb(object)(_by_default)


class Flops(Protocol):
    """`flops(params, x) -> int`."""

    def __call__(self, params: Any, x: Any, /) -> int: ...
    def register(self, cls: type[P], /) -> Callable[[Rule[P]], Rule[P]]: ...


@cast("Callable[[Any], Flops]", registering(_counted.register))
@checked
def flops(params: Network[Any], x: Arrays, /) -> int:
    """The number of operations on floats in `forward(params, x)`.

    A multiplication, an addition, exp and every other function of one number count as one operation; moving numbers
    counts as 0 operations. By default a layer has the operations of the layers inside it, and a layer without layers
    inside has one for each float of out. Another count is registered with `@flops.register(Layer)`. A backward has
    about twice as many operations.

    >>> import numpy as np
    >>> from funcnn import mlp
    >>> from funcnn.inspection import flops
    >>> flops(mlp([2, 27, 1], seed=0), np.ones((1, 2)))  # 2 (2 27) + 27, the 27 of Relu, 2 27 + 1
    217

    Raises:
        Any error that `forward` raises.
    """
    forward_only(params, x)  # checks x, since the rules below only read its shape
    return _counted(params, x)


def _floats(x: Any) -> int:
    """The number of floats in x."""
    return sum([leaf.size for leaf in arrays_in(x) if is_float(leaf)])


def _first(x: Any) -> Any:
    return x[0] if type(x) is tuple else x


@flops.register(tuple)
def chain_flops(params: tuple[Any, ...], x: Any) -> int:
    """The operations of all layers"""
    total = 0
    for layer in params:
        total += _counted(layer, x)
        x = forward_only(layer, x)
    return total


@flops.register(Dense)
def dense_flops(params: Dense, x: Any) -> int:
    """2 n_in n_out for each row, and n_out for the bias"""
    return _of_rows(params, int(x.size // len(params.W)))


def _of_rows(layer: Dense, rows: int) -> int:
    n_in, n_out = layer.W.shape
    return rows * (2 * n_in + (layer.b is not None)) * n_out


@flops.register(Convolution)
def convolution_flops(params: Convolution, x: Any) -> int:
    """For each number of out, 2 for each weight of its window, and 1 for the bias"""
    out = forward_only(params, x)
    return int(out.size) * (2 * prod(params.W.shape[:-1]) + (params.b is not None))


@flops.register(ConvTranspose2d)
def conv_transpose2d_flops(params: ConvTranspose2d, x: Any) -> int:
    """For each number of x, 2 for each weight of the kernel; for each number of out, 1 for the bias"""
    kh, kw, _, per_group = params.W.shape
    bias = 0 if params.b is None else int(forward_only(params, x).size)
    return int(x.size) * 2 * kh * kw * per_group + bias


def pool_flops(params: Any, x: Any) -> int:
    """For each number of out, 1 for each number in its window"""
    size, axes = params.size, x.ndim - 2
    return int(forward_only(params, x).size) * (prod(size) if type(size) is tuple else size**axes)


flops.register(MaxPool)(pool_flops)
flops.register(AvgPool)(pool_flops)


@flops.register(AdaptivePool)
def adaptive_pool_flops(params: AdaptivePool, x: Any) -> int:
    """Axis by axis, the last first: each number of the result counts 1 for each number in the longest window"""
    total, numbers = 0, int(x.size)
    for n, k in list(zip(x.shape[1:-1], params.sizes(x), strict=True))[::-1]:
        numbers = numbers // n * k
        total += numbers * -(-n // k)
    return total


@flops.register(Recurrent)
def recurrent_flops(params: Recurrent, x: Any) -> int:
    """For each step and each of g k gates, 2 (n + k) for the two products, and 3 for two sums and a function"""
    m, t, n = _first(x).shape
    k, gates = params.U.shape
    return int(m * t * gates * (2 * (n + k) + 3))


@flops.register(MultiHead)
def attention_flops(params: MultiHead, x: Any) -> int:
    """The four dense layers; and for each pair of positions, 4 n for the two products and 4 a head for the softmax"""
    (m, t, _), s = _first(x).shape, (x[1] if type(params) is CrossAttention else _first(x)).shape[1]
    rows = ((params.query, m * t), (params.key, m * s), (params.value, m * s), (params.out, m * t))
    n = int(params.query.W.shape[1])
    return sum([_of_rows(layer, count) for layer, count in rows]) + m * t * s * 4 * (n + params.heads)


@flops.register(Residual)
def residual_flops(params: Residual[Any], x: Any) -> int:
    """The operations of the layer, and 1 for each sum"""
    return _counted(params.layer, x) + _floats(_first(x))


@flops.register(Glu)
def glu_flops(params: Glu, x: Any) -> int:
    """The operations of the gate, and 1 for each product"""
    return sum([_counted(*call) for call in inner_calls(params, x)]) + int(x.size) // 2


@flops.register(Tied)
def tied_flops(params: Tied, x: Any) -> int:
    """The operations of net, and 2 n for each logit"""
    logits = _first(forward_only(params, x))
    return sum([_counted(*call) for call in inner_calls(params, x)]) + 2 * int(logits.size * params.W.shape[1])


@flops.register(Sum)
def sum_flops(params: Sum, x: Any) -> int:
    """1 for each number in x, except in its first part"""
    return _floats(x) - _floats(x[0])


def _per_number(operations: int) -> Callable[[Any, Any], int]:
    return lambda _, x: operations * _floats(x)


@flops.register(Upsample)
def upsample_flops(params: Upsample, x: Any) -> int:
    """0 for copies; for linear interpolation, on each axis, 3 for each number between two positions of x"""
    total, size = 0, int(x.size)
    for before, after in zip(x.shape[1:-1], forward_only(params, x).shape[1:-1], strict=True):
        factor = after // before
        between = factor - factor % 2  # an odd factor has one number at each position
        total += 3 * between * (before - 1) * (size // before)
        size *= factor
    return total if params.linear else 0


# The operations for each float of x, by the formulas in the docstrings of the layers.
for _operations, _layers in {
    0: (Identity, Copy, Take, Last, Concat, Flatten, Reshape, Embedding, Pad),
    1: (GlobalAvgPool, GlobalMaxPool),
    2: (Affine,),
    3: (Rotary,),  # two products and a sum
    4: (Softmax, LogSoftmax, RMSNorm),  # maximum, difference, exp, sum; or square, sum, two products
    7: (LayerNorm, GroupNorm, InstanceNorm, BatchNorm),  # mean, difference, square, sum, quotient, scale, shift
}.items():
    for _layer in _layers:
        flops.register(_layer)(_per_number(_operations))
