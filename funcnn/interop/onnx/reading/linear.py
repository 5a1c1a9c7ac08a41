"""Products with constant matrices; factors and summands of features, as layers or parameters of the layer before."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.interop.onnx.reading.chain import Chain
from funcnn.interop.onnx.reading.node import OnnxNode
from funcnn.interop.onnx.reading.refusals import check
from funcnn.layers.activations.rectifiers import PRelu
from funcnn.layers.attention.self_attention import Attention
from funcnn.layers.dense import Dense
from funcnn.layers.embedding.positions import LearnedPosition
from funcnn.layers.normalisation.affine import Affine
from funcnn.layers.normalisation.norm import LayerNorm, RMSNorm
from funcnn.trees.edits import evolve


def product(node: OnnxNode, chain: Chain) -> Chain:
    """A product with a constant matrix, on either side; of Gemm with its bias"""
    check("one factor that depends on x", "two", holds=len(node.moving) == 1 and node.place < 2)
    left = node.place == 1
    W = node.array(1 - node.place)
    check("a matrix as its constant factor", f"an array {W.shape}", holds=W.ndim == 2)
    of_x, of_W = [node.setting(name, 0) for name in ("transA", "transB")][:: -1 if left else 1]
    W = W.T if bool(of_W) != left else W
    W = W * W.dtype.type(node.setting("alpha", 1.0))
    features = chain.features(-1 if left == bool(of_x) else -2)
    made = features.through(Dense(features.own(W), None), -2 if left else -1)
    bias = node.part(2) if node.operator == "Gemm" and node.setting("beta", 1.0) else None
    return made if bias is None else affine(made, summand=bias * bias.dtype.type(node.setting("beta", 1.0)))


def contracted(node: OnnxNode, chain: Chain) -> Chain:
    """A product of an axis of x with a constant matrix, as an Einsum"""
    equation = node.setting("equation").replace(" ", "")
    letters, _, out = equation.partition("->")
    of_x, of_W = letters.split(",")[:: -1 if node.place == 1 else 1] if letters.count(",") == 1 else ("", "")
    gone, made = [letter for letter in of_W if letter not in out], [letter for letter in of_W if letter not in of_x]
    fits = len(gone) == len(made) == 1 and len(of_W) == 2 and len(set(of_x)) == len(of_x)
    kept = fits and of_x.replace(gone[0], "") == out.replace(made[0], "")
    check("a product of one axis with a matrix, such as btn,nk->btk", equation, holds=kept)
    features, W = chain.features(of_x.index(gone[0])), node.array(1 - node.place)
    return features.through(Dense(features.own(W if of_W[0] == gone[0] else W.T), None), out.index(made[0]))


def affine(chain: Chain, *, factor: Array | None = None, summand: Array | None = None) -> Chain:
    """x factor or x + summand: a parameter of the layer before, or a layer if that one has this parameter already"""
    array = np.asarray(summand if factor is None else factor)
    check("one dtype", f"{chain.a.dtype} and {array.dtype}", holds=array.dtype == chain.a.dtype)
    shape = chain.index.shape
    if factor is None and len(shape) == 3 and array.shape in (shape[1:], (1, *shape[1:])) and shape[1] > 1:
        return chain.as_array(chain.index).then(LearnedPosition(array.reshape(shape[1:])))
    axis = axis_of(array, shape)
    if array.size == 1:  # whatever the order of axes is
        before, own = chain, np.full(chain.a.shape[-1], array.item(), array.dtype)
    else:
        features = chain.features(axis)
        before, own = features.chain, features.own(array.reshape(-1))
    merged = _merged(before.layers[-1] if before.layers else None, own, is_factor=factor is not None)
    if merged is not None:
        a = before.a * own if summand is None else before.a + own
        return Chain((*before.layers[:-1], merged), a, before.index)
    ones = np.ones_like(own)
    return before.then(Affine(own, 0 * ones) if summand is None else Affine(ones, own))


def axis_of(array: Array, shape: tuple[int, ...]) -> int:
    """The one axis along which a constant has several numbers; the last, if it is a number."""
    axes = [i - array.ndim for i, n in enumerate(array.shape) if n != 1]
    fits = len(axes) <= 1 and array.ndim <= len(shape) and (not axes or array.size == shape[axes[0]])
    check("a number, or one for each feature, as its constant", f"an array {array.shape} for {shape}", holds=fits)
    return axes[0] if axes else -1


def _merged(last: Any, own: Array, *, is_factor: bool) -> Any:
    """The layer before with this factor or summand as its parameter, or None if it has one."""
    if type(last) is Affine:
        return Affine(last.scale * own, last.shift * own) if is_factor else evolve(last, shift=last.shift + own)
    if is_factor:
        is_new = isinstance(last, LayerNorm | RMSNorm) and getattr(last, "shift", None) is None
        return evolve(last, scale=own) if is_new and (last.scale == 1).all() else None
    if isinstance(last, Attention) and last.out.b is None:
        return evolve(last, out=evolve(last.out, b=own))
    for bias in ("b", "shift"):
        if getattr(last, bias, own) is None:
            return evolve(last, **{bias: own})
    return None


def arithmetic(node: OnnxNode, chain: Chain) -> Chain:
    """x and a constant: number by number, or feature by feature"""
    c, operator = node.array(1 - node.place), node.operator
    check("a result of the shape of x", f"{node.result.shape}", holds=node.result.shape == node.given.shape)
    if operator == "Sub" and node.place == 1:
        return affine(negative(node, chain), summand=c)
    if operator in ("Add", "Sub"):
        return affine(chain, summand=-c if operator == "Sub" else c)
    check("x as its dividend", "x as its divisor", holds=operator == "Mul" or node.place == 0)
    check("a divisor without 0", "one with 0", holds=operator == "Mul" or bool(c.all()))
    return affine(chain, factor=1 / c if operator == "Div" else c)


def negative(node: OnnxNode, chain: Chain) -> Chain:
    """-x"""
    return affine(chain, factor=np.full((), -1, chain.a.dtype))


def scaler(node: OnnxNode, chain: Chain) -> Chain:
    """(x - offset) scale, as skl2onnx writes the scalers of scikit-learn"""
    offset, scale = [np.array(node.setting(name), chain.a.dtype) for name in ("offset", "scale")]
    return affine(affine(chain, summand=-offset), factor=scale)


def prelu(node: OnnxNode, chain: Chain) -> Chain:
    """One slope, or one for each feature"""
    alpha = node.array(1)
    if alpha.size == 1:
        return chain.then(PRelu(alpha.reshape(1)))
    features = chain.features(axis_of(alpha, chain.index.shape))
    return features.then(PRelu(features.own(alpha.reshape(-1))))
