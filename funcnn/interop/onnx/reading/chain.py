"""The layers that were read so far, and where each number of a value of the model is in their result."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.interop.onnx.reading.refusals import Misplaced
from funcnn.layers.activations.elementwise import Elementwise
from funcnn.layers.activations.rectifiers import PRelu
from funcnn.layers.combinators.shapes import Flatten, Reshape
from funcnn.layers.dense import Dense
from funcnn.layers.recurrent.last import Last
from funcnn.prediction import predict


class Chain:
    """A network, its result `a` for the example x, and the index of each number of a value of the model in `a`.

    `a.reshape(-1)[index]` is the value: so an operator that moves numbers is applied to `index`, and is no layer.
    """

    def __init__(self, layers: tuple[Any, ...], a: Array, index: Array) -> None:
        """As above; the rows are the first axis of `a`, and features its last"""
        self.layers, self.a, self.index = layers, a, index

    @classmethod
    def of(cls, a: Array, order: tuple[int, ...]) -> Chain:
        """A chain without layers; the value is `a` with its axes in this order."""
        return cls((), a, places(a.shape).transpose(order))

    def value(self) -> Array:
        """The numbers that the model has here."""
        return self.a.reshape(-1)[self.index]

    def then(self, layer: Any, index: Array | None = None) -> Chain:
        """The chain with one more layer; the value has this index in the result, by default the same index."""
        return Chain((*self.layers, layer), predict(layer, self.a), self.index if index is None else index)

    def moved(self, move: Callable[[Array], Array]) -> Chain:
        """The chain behind an operator that moves numbers, or takes the last position of sequences."""
        chain = Chain(self.layers, self.a, move(self.index))
        m, *axes, n = self.a.shape
        if len(chain.index) == m and chain.index.size == self.a.size:
            if len(axes) > 1 and chain.index.ndim == 3:  # an image as a sequence
                return chain.shaped((m, prod(axes), n))
            if axes and chain.index.ndim == 2:
                return chain.shaped((m, prod(axes) * n))
        if self.a.ndim == 3 and chain.index.size < self.a.size:
            _, t, n = self.a.shape
            row, feature = np.divmod(chain.index, n)
            if (row % t == t - 1).all():
                return Chain((*self.layers, Last()), predict(Last(), self.a), row // t * n + feature)
        return chain

    def shaped(self, shape: tuple[int, ...]) -> Chain:
        """The chain with the numbers of `a` in another shape, in the same order."""
        if shape == self.a.shape:
            return self
        return self.then(Flatten() if len(shape) == 2 else Reshape(shape[1:]))

    def as_array(self, index: Array) -> Chain:
        """The chain whose `a` is `a.reshape(-1)[index]`.

        If the order within rows differs, as behind an unflattened image, the features of the last Dense are reordered.
        """
        m, size = len(self.a), self.a.size
        if index.size != size or len(index) != m:
            raise Misplaced
        order = index.reshape(m, -1)[0]
        if (index.reshape(m, -1) != order + places((m, size // m))[:, :1]).any():
            raise Misplaced
        return (self if (order == np.arange(order.size)).all() else self._ordered(order)).shaped(index.shape)

    def _ordered(self, order: Array) -> Chain:
        """The chain with the features of the last Dense in this order."""
        last = len(self.layers) - 1
        while last >= 0 and isinstance(self.layers[last], Elementwise) and not isinstance(self.layers[last], PRelu):
            last -= 1
        if last < 0 or type(dense := self.layers[last]) is not Dense or self.a.ndim != 2:
            raise Misplaced
        made = Dense(dense.W[:, order], None if dense.b is None else dense.b[order])
        back = np.argsort(order)
        index = self.index // order.size * order.size + back[self.index % order.size]
        return Chain((*self.layers[:last], made, *self.layers[last + 1 :]), self.a[:, order], index)

    def features(self, axis: int) -> Features:
        """The value with the features of this axis in the last axis of `a`."""
        moved = np.moveaxis(self.index, axis, -1)
        m, n = len(self.a), moved.shape[-1]
        flat = (m, prod(self.a.shape[1:]))
        for shape in (self.a.shape, flat, *([moved.shape] if len(moved) == m and moved.size == self.a.size else [])):
            rows, order = np.divmod(moved, n)
            one = order.reshape(-1, n)[0]
            if shape[-1] == n and (rows == rows[..., :1]).all() and (order == one).all():
                return Features(self.shaped(shape), axis, rows[..., 0], one)
        raise Misplaced


class Features:
    """A chain whose last axis has the features of an axis of the value, possibly in another order."""

    def __init__(self, chain: Chain, axis: int, rows: Array, order: Array) -> None:
        """`rows`: the number of the row of `a` at each place of the value; `order`: the feature of `a` at each"""
        self.chain, self.axis, self.rows, self.order = chain, axis, rows, order

    def own(self, array: Array) -> Array:
        """An array of the model with an entry, or a row, for each feature, in the order of funcnn."""
        own = np.empty(array.shape, array.dtype)
        own[self.order] = array
        return own

    def then(self, layer: Any) -> Chain:
        """The chain with one more layer, which keeps the features as they are."""
        return self.chain.then(layer)

    def through(self, layer: Any, axis: int | None = None) -> Chain:
        """The chain with one more layer, which makes new features; the value has them in this axis."""
        n = predict(layer, self.chain.a[:1]).shape[-1]
        index = self.rows[..., None] * n + np.arange(n)
        return self.chain.then(layer, np.moveaxis(index, -1, self.axis if axis is None else axis))


def places(shape: tuple[int, ...]) -> Array:
    """The number of each entry of an array."""
    return np.arange(prod(shape)).reshape(shape)
