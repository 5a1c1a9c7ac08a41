"""Error messages of combinators, pinned word for word.

Each row: the call, the class of the error, the sentence, and the notes that say where, the innermost first.
"""

from functools import partial, reduce
from typing import Any

import numpy as np
import pytest

from funcnn import (
    GRU,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAvgPool,
    Relu,
    Residual,
    Tanh,
    backward,
    evolve,
    forward,
    record,
)
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.generation import fixed_memory, only_trains, step
from funcnn.gradients import added
from funcnn.layers import (
    Concat,
    Conv1d,
    Copy,
    First,
    Function,
    Glu,
    Here,
    Map,
    Parallel,
    Remat,
    Reshape,
    Scale,
    Shared,
    Sum,
    Take,
    Tied,
)
from funcnn.layers.wrapper import Wrapper
from tests.says import assert_says

x = np.linspace(-1, 1, 12).reshape(4, 3)
half = x.astype(np.float32)
film = np.ones((2, 3, 4))
ids, mask = np.array([[0, 1, 4]]), np.array([[True, True, False]])
dense = Dense(np.ones((3, 2)), None)
tied = Tied(np.ones((5, 2)), ())
DROPOUT = Dropout(0.5, seed=0)
two, HERE = Parallel((Relu(), Tanh())), Here()


def given(layer, x):
    return lambda: forward(layer, x)


def back(layer, x, dA):
    return lambda: backward(layer, forward(layer, x)[1], dA)


def square(x):
    return x * x


def square_vjp(x, dA):
    return (2 * x * dA).sum(axis=0)


def halved(x):
    return x.astype(np.float32)


class Maker:
    def method(self, x):
        return x


@record
class Twice:
    """A combinator with its two rules, and none for `step`."""

    layers: tuple[Any, ...]


forward.register(Twice)(lambda params, x: forward(params.layers * 2, x))


@record
class Jitter:
    """A layer that `step` refuses while it trains, and that does not say whether it mixes positions."""


forward.register(Jitter)(lambda params, x: (x, None))
step.register(Jitter)(only_trains)


@record
class Backwards(Wrapper):
    """A wrapper that mixes positions."""

    def enter(self, x):
        return x[:, ::-1], None


@record
class Entering(Wrapper):
    """A wrapper that takes arrays alone in enter."""

    factor: Any = 2

    def enter(self, x):
        return self.factor * x, None


@record
class Leaving(Wrapper):
    """A wrapper that takes arrays alone in leave."""

    factor: Any = 2

    def enter(self, x):
        return x, None

    def leave(self, out, aside):
        return self.factor * out, None


ROWS = {
    "dA of a copy that is one array": (
        back(Copy(2), x, x),
        ShapeError,
        "Copy: dA must be like out, a tuple of 2, not <f64 4x3>",
    ),
    "dA of a copy with one part too many": (
        back(Copy(2), x, (x, x, x)),
        ShapeError,
        "Copy: dA must be like out, a tuple of 2, not (<f64 4x3>, <f64 4x3>, <f64 4x3>)",
    ),
    "dA of a copy of another shape": (
        back(Copy(2), x, (x, x[:1])),
        ShapeError,
        "Copy: dA must have the shape of out, (4, 3); it has (1, 3)",
    ),
    "dA of a copy of another dtype": (
        back(Copy(2), x, (x, half)),
        KindError,
        "Copy: dA is float32, out is float64; write dA.astype('float64')",
    ),
    "dA of a copied pair that is no pair": (
        back(Copy(2), (x, mask), ((x, None), x)),
        ShapeError,
        "Copy: dA must be like out, a tuple of 2, not <f64 4x3>",
    ),
    "one layer in the place of branches": (
        lambda: Parallel(Relu()),
        KindError,
        "Parallel: layers must be a tuple of layers, one for each branch, not Relu",
    ),
    "a list of branches": (
        lambda: Parallel([Relu()]),
        KindError,
        "Parallel: layers must be immutable, not list; write tuple(layers)",
    ),
    "no branches": (
        lambda: Parallel(()),
        ShapeError,
        "Parallel: layers must be a tuple of layers, one for each branch, not an empty one",
    ),
    "a class as a branch": (
        lambda: Parallel((Relu(), Tanh)),
        KindError,
        "Parallel: layers[1] must be a layer, such as Relu(), or a tuple of layers, not the class Tanh",
    ),
    "one x for two branches": (
        given(two, x),
        KindError,
        "Parallel: x must be a tuple of 2, one for each layer, not <f64 4x3>; for one x put Copy(2) before Parallel",
    ),
    "a list for two branches": (
        given(two, [x, x]),
        KindError,
        "Parallel: x must be a tuple of 2, one for each layer, not list; write tuple(x)",
    ),
    "three parts of x for two branches": (
        given(two, (x, x, x)),
        ShapeError,
        "Parallel: x must be a tuple of 2, one for each layer, not one of 3; for one x put Copy(2) before Parallel",
    ),
    "an error in a branch": (
        given((Copy(2), Parallel((Relu(), dense))), film),
        ShapeError,
        "Dense: x must be (m, ..., 3), not (2, 3, 4)",
        [
            "in branch 1 of Parallel, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 2x3x4>",
            (
                "in layer 1, Parallel(layers=(Relu(), Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None))), x: (<f64 "
                "2x3x4>, <f64 2x3x4>)"
            ),
        ],
    ),
    "dA of branches that is one array": (
        back(two, (x, x), x),
        KindError,
        "Parallel: dA must be a tuple of 2, one for each layer, not <f64 4x3>",
    ),
    "dA of branches with a part too few": (
        back(two, (x, x), (x,)),
        ShapeError,
        "Parallel: dA must be a tuple of 2, one for each layer, not one of 1",
    ),
    "the cache of other branches": (
        lambda: backward(two, forward(Parallel((Relu(),)), (x,))[1], (x, x)),
        ShapeError,
        "Parallel: the cache must be a tuple of 2, one for each layer, not one of 1",
    ),
    "the cache of no branches": (
        lambda: backward(two, x, (x, x)),
        KindError,
        "Parallel: the cache must be a tuple of 2, one for each layer, not <f64 4x3>",
    ),
    "the memory of other branches": (
        lambda: step(two, (x, x), (None,) * 3),
        ShapeError,
        "step: Parallel: the memory must be a tuple of 2, one for each layer, not one of 3",
    ),
    "the memory of no branches": (
        lambda: step(two, (x, x), x),
        KindError,
        "step: Parallel: the memory must be a tuple of 2, one for each layer, not <f64 4x3>",
    ),
    "an error on the way back through a branch": (
        back(two, (x, x), (x, x[:1])),
        ShapeError,
        "Tanh: dA must have the shape of out, (4, 3); it has (1, 3)",
        ["in branch 1 of Parallel, Tanh(), dA: <f64 [[-1.     -0.8182 -0.6364]]>"],
    ),
    "a part counted from the end": (
        lambda: Take(-1),
        RangeError,
        "Take: i must be at least 0, the first part, not -1",
    ),
    "a part that is not there": (
        given(Take(2), (x, x)),
        ShapeError,
        "Take: x has 2 parts, the last being 1; there is no part 2",
    ),
    "a part of an array": (
        given(Take(0), x),
        KindError,
        "Take: x must be a tuple, not <f64 4x3>",
    ),
    "a part of nothing": (
        given(Take(0), ()),
        ShapeError,
        "Take: x must be a tuple, not an empty one",
    ),
    "dA of a part of another shape": (
        back(Take(0), (x, x), x[:1]),
        ShapeError,
        "Take: dA must have the shape of out, (4, 3); it has (1, 3)",
    ),
    "the sum of one array": (
        given(Sum(), x),
        KindError,
        "Sum: x must be a tuple of the parts to be joined, not <f64 4x3>",
    ),
    "the sum of nothing": (
        given(Sum(), ()),
        ShapeError,
        "Sum: x must be a tuple of the parts to be joined, not an empty one",
    ),
    "the sum of two shapes": (
        given(Sum(), (x, x[:1])),
        ShapeError,
        "Sum: the parts of x must have one shape; shapes: (4, 3), (1, 3)",
    ),
    "the sum of two dtypes": (
        given(Sum(), (x, half)),
        KindError,
        "Sum: the parts of x must have one dtype, not float64, float32",
    ),
    "the sum of whole numbers": (
        given(Sum(), (ids, ids)),
        KindError,
        "Sum: the parts of x must all be arrays of floats, or all pairs of one and its mask; x: (<i64 [[0 1 "
        "4]]>, <i64 [[0 1 4]]>)",
    ),
    "the sum of x and its mask": (
        given(Sum(), (x, mask)),
        KindError,
        "Sum: the parts of x must all be arrays of floats, or all pairs of one and its mask; x: (<f64 4x3>, "
        "<b8 [[ True  True False]]>)",
    ),
    "the sum of a pair and an array": (
        given(Sum(), ((x, mask), x)),
        KindError,
        "Sum: the parts of x must all be arrays of floats, or all pairs of one and its mask; x: ((<f64 4x3>, "
        "<b8 [[ True  True False]]>), <f64 4x3>)",
    ),
    "the sum of pairs of floats": (
        given(Sum(), ((x, x), (x, x))),
        KindError,
        "Sum: the parts of x must all be arrays of floats, or all pairs of one and its mask; x: ((<f64 4x3>, "
        "<f64 4x3>), (<f64 4x3>, <f64 4x3>))",
    ),
    "dA of a sum of another shape": (
        back(Sum(), (x, x), x[:1]),
        ShapeError,
        "Sum: dA must have the shape of out, (4, 3); it has (1, 3)",
    ),
    "rows that do not fit beside one another": (
        given(Concat(), (x, x[:2])),
        ShapeError,
        "Concat: the parts of x must be (m, ..., n_i), equal in all axes but the last; shapes: (4, 3), (2, 3)",
    ),
    "two numbers of axes side by side": (
        given(Concat(), (film, x)),
        ShapeError,
        "Concat: the parts of x must be (m, ..., n_i), equal in all axes but the last; shapes: (2, 3, 4), (4, 3)",
    ),
    "vectors side by side": (
        given(Concat(), (x[0], x[0])),
        ShapeError,
        "Concat: the parts of x must be (m, ..., n_i), equal in all axes but the last; shapes: (3,), (3,)",
    ),
    "two dtypes side by side": (
        given(Concat(), (half, x)),
        KindError,
        "Concat: the parts of x must have one dtype, not float32, float64",
    ),
    "lists side by side": (
        given(Concat(), (x.tolist(), x.tolist())),
        KindError,
        "Concat: the parts of x must all be arrays of floats, or all pairs of one and its mask; x: (list, list)",
    ),
    "dA of a concatenation that is its parts": (
        back(Concat(), (x, x), (x, x)),
        KindError,
        "Concat: dA must be an array of the shape of out, (4, 6), not tuple",
    ),
    "a class in a residual": (
        lambda: Residual(Relu),
        KindError,
        "Residual: layer must be a layer, such as Relu(), or a tuple of layers, not the class Relu",
    ),
    "a hundred residuals around one another": (
        lambda: reduce(lambda layer, _: Residual((layer,)), range(100), Relu()),
        RangeError,
        "Residual: layer must be nested at most 99 deep",
    ),
    "a residual that changes the shape": (
        given(Residual(dense), x),
        ShapeError,
        "Residual: the layer must keep the shape of x, (4, 3); it gives (4, 2)",
    ),
    "a residual that changes the dtype": (
        given(Residual(Function(halved, square_vjp)), x),
        KindError,
        "Residual: the layer must keep the dtype of x, float64; it gives float32",
    ),
    "a residual that forgets the mask": (
        given(Residual(Take(0)), (film, mask)),
        KindError,
        "Residual: the layer must give a tuple for a tuple; x: (<f64 2x3x4>, <b8 [[ True  True "
        "False]]>), out: <f64 2x3x4>",
    ),
    "an error in a residual": (
        given((Relu(), Residual((Relu(), dense))), film),
        ShapeError,
        "Dense: x must be (m, ..., 3), not (2, 3, 4)",
        [
            "in layer 1, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 2x3x4>",
            "in Residual, (Relu(), Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None)), x: <f64 2x3x4>",
            ("in layer 1, Residual(layer=(Relu(), Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None))), x: <f64 2x3x4>"),
        ],
    ),
    "a class in a first": (
        lambda: First(Relu),
        KindError,
        "First: layer must be a layer, such as Relu(), or a tuple of layers, not the class Relu",
    ),
    "a number in a first": (
        lambda: First(3),
        KindError,
        "First: layer must be a layer, such as Relu(), or a tuple of layers, not int",
    ),
    "the first of nothing": (
        given(First(Relu()), ()),
        ShapeError,
        "First: x must be a tuple, (x, *rest), not an empty one",
    ),
    "dA of a first without the mask's": (
        back(First(Relu()), (x, mask), x),
        KindError,
        "First: dA must be a tuple of 2, like out, not <f64 4x3>",
    ),
    "dA of a first with a part too many": (
        back(First(Relu()), (x, mask), (x, None, None)),
        ShapeError,
        "First: dA must be a tuple of 2, like out, not one of 3",
    ),
    "a matrix of factors": (
        lambda: Scale(x),
        ShapeError,
        "Scale: factor must be (n,), or () for one number, not (4, 3)",
    ),
    "a list of factors": (
        lambda: Scale([1.0]),
        KindError,
        "Scale: factor must be an array of floats, not list; write np.array(factor, float)",
    ),
    "no features to scale": (
        lambda: Scale.init(0, value=1.0),
        RangeError,
        "Scale.init: n must be at least 1, not 0",
    ),
    "factors for other features": (
        given(Scale(np.ones(2)), x),
        ShapeError,
        "Scale: x must be (m, ..., 2), not (4, 3)",
    ),
    "a factor of another dtype": (
        given(Scale(np.ones(3)), half),
        KindError,
        "Scale: x is float32, factor is float64; write x.astype('float64')",
    ),
    "whole numbers scaled": (
        given(Scale(np.ones(3)), ids),
        KindError,
        "Scale: x is int64, factor is float64; write x.astype('float64')",
    ),
    "a number scaled": (
        given(Scale(np.ones(())), np.ones(())),
        ShapeError,
        "Scale: x must be (m, ..., n), not ()",
    ),
    "dA of a scale of another shape": (
        back(Scale(np.ones(3)), x, x[:1]),
        ShapeError,
        "Scale: dA must have the shape of out, (4, 3); it has (1, 3)",
    ),
    "a vector flattened": (
        given(Flatten(), x[0]),
        ShapeError,
        "Flatten: x must be (m, ...), with two axes or more; x: (3,)",
    ),
    "a list flattened": (
        given(Flatten(), x.tolist()),
        KindError,
        "Flatten: x must be an array, not list; write np.asarray(x)",
    ),
    "dA of the shape that was flattened": (
        back(Flatten(), film, film),
        ShapeError,
        "Flatten: dA must have the shape of out, (2, 12); it has (2, 3, 4)",
    ),
    "a shape that is a number": (
        lambda: Reshape(3),
        KindError,
        "Reshape: shape must be a tuple, not int",
    ),
    "a shape of floats": (
        lambda: Reshape((3, 1.0)),
        KindError,
        "Reshape: shape must be a tuple of ints, the shape of a row, not (3, 1.0)",
    ),
    "a size of 0": (
        lambda: Reshape((3, 0)),
        RangeError,
        "Reshape: sizes must be at least 1, and one may be -1; shape: (3, 0)",
    ),
    "two sizes left": (
        lambda: Reshape((-1, -1)),
        RangeError,
        "Reshape: sizes must be at least 1, and one may be -1; shape: (-1, -1)",
    ),
    "a shape that does not fit": (
        given(Reshape((2, 2)), x),
        ShapeError,
        "Reshape: a row of 3 entries cannot be (2, 2); x: (4, 3)",
    ),
    "a shape with a rest that does not fit": (
        given(Reshape((2, -1)), x),
        ShapeError,
        "Reshape: a row of 3 entries cannot be (2, -1); x: (4, 3)",
    ),
    "a shape for rows of nothing": (
        given(Reshape((-1,)), np.ones((4, 0))),
        ShapeError,
        "Reshape: a row of 0 entries cannot be (-1,); x: (4, 0)",
    ),
    "a number reshaped": (
        given(Reshape((1,)), np.ones(())),
        ShapeError,
        "Reshape: x must be (m, ...), rows first; x: ()",
    ),
    "dA of the shape before": (
        back(Reshape((3, 1)), x, x),
        ShapeError,
        "Reshape: dA must have the shape of out, (4, 3, 1); it has (4, 3)",
    ),
    "a class to be mapped": (
        lambda: Map(Relu),
        KindError,
        "Map: layer must be a layer, such as Relu(), or a tuple of layers, not the class Relu",
    ),
    "a vector to map over": (
        given(Map(Relu()), x[0]),
        ShapeError,
        "Map: x must be (m, t, ...), with the same m and t in all arrays; x: (3,)",
    ),
    "arrays of two lengths to map over": (
        given(Map(Sum()), (film, film[:, :2])),
        ShapeError,
        "Map: x must be (m, t, ...), with the same m and t in all arrays; x: (2, 3, 4), (2, 2, 4)",
    ),
    "a sequence with its mask to map over": (
        given(Map(GRU.init(4, 2, seed=0)), (film, np.ones((2, 3), bool))),
        ShapeError,
        "Map: x must not have a mask, since the layer is given rows; write First(Map(layer)), or without Map "
        "a layer that takes a mask",
    ),
    "nothing to map over": (
        given(Map(Relu()), ()),
        KindError,
        "Map: x must be an array, or a tuple of arrays, not ()",
    ),
    "None to map over": (
        given(Map(Relu()), (None,)),
        KindError,
        "Map: x must be an array, or a tuple of arrays, not (None)",
    ),
    "a list to map over": (
        given(Map(Relu()), [film]),
        KindError,
        "Map: x must be an array, or a tuple of arrays, not list",
    ),
    "an error in a map": (
        given(Map(dense), film),
        ShapeError,
        "Dense: x must be (m, ..., 3), not (6, 4)",
        ["in Map, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 6x4>"],
    ),
    "dA of a map with rows and moments exchanged": (
        back(Map(Relu()), film, np.ones((3, 2, 4))),
        ShapeError,
        "Map: dA must have the shape of out, (2, 3, ...); it has (3, 2, 4)",
    ),
    "a class to be made again": (
        lambda: Remat(Relu),
        KindError,
        "Remat: layer must be a layer, such as Relu(), or a tuple of layers, not the class Relu",
    ),
    "an error in what is made again": (
        given(Remat(dense), film),
        ShapeError,
        "Dense: x must be (m, ..., 3), not (2, 3, 4)",
        ["in Remat, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 2x3x4>"],
    ),
    "a place without a layer": (
        given((Relu(), HERE), x),
        KindError,
        "Here: there is no Shared around it",
        ["in layer 1, Here(name='', layer=None), x: <f64 4x3>"],
    ),
    "a place of another name": (
        given(Shared(Relu(), (HERE, Here("other"))), x),
        KindError,
        "Here: there is no Shared of the name 'other' around it",
        [
            "in layer 1, Here(name='other', layer=None), x: <f64 4x3>",
            "in Shared, (Here(name='', layer=Relu()), Here(name='other', layer=None)), x: <f64 4x3>",
        ],
    ),
    "a place for a class": (
        lambda: evolve(HERE, layer=Relu),
        KindError,
        "Here: layer must be a layer, such as Relu(), or a tuple of layers, not the class Relu",
    ),
    "no place for what is shared": (
        lambda: Shared(Relu(), (Relu(), Tanh())),
        KindError,
        "Shared: net must have a Here() outside of Frozen, so that the layer is trained",
    ),
    "a place of another name alone": (
        lambda: Shared(Relu(), Here("a"), "b"),
        KindError,
        "Shared: net must have a Here('b') outside of Frozen, so that the layer is trained",
    ),
    "a class to be shared": (
        lambda: Shared(Relu, HERE),
        KindError,
        "Shared: layer must be a layer, such as Relu(), or a tuple of layers, not the class Relu",
    ),
    "a list of layers to share with": (
        lambda: Shared(Relu(), [HERE]),
        KindError,
        "Shared: net must be a layer, such as Relu(), or a tuple of layers, not list; write tuple(net)",
    ),
    "dA of logits that is None": (
        back(tied, ids, None),
        KindError,
        "Tied: dA must be an array of the shape of out, (1, 3, 5), not None",
    ),
    "a shared name within itself": (
        lambda: Shared(Relu(), (HERE, Shared(Relu(), HERE))),
        KindError,
        "Shared: net must not have a Shared of the same name, ''; rename one of them",
    ),
    "an error in a place": (
        given(Shared(dense, (Relu(), HERE, HERE)), x),
        ShapeError,
        "Dense: x must be (m, ..., 3), not (4, 2)",
        [
            "in Here, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 4x2>",
            "in layer 2, Here(name='', layer=Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None)), x: <f64 4x2>",
            (
                "in Shared, (Relu(), Here(name='', layer=Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None)), "
                "Here(name='', layer=Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None))), x: <f64 4x3>"
            ),
        ],
    ),
    "a table that is a row": (
        lambda: Tied(np.ones(3), ()),
        ShapeError,
        "Tied: W must be (n_symbols, n), not (3,)",
    ),
    "a table of whole numbers": (
        lambda: Tied(ids, ()),
        KindError,
        "Tied: W must be an array of floats, not int64 array; write np.array(W, float)",
    ),
    "ids that are floats": (
        given(tied, x),
        KindError,
        "Embedding: ids must be an array of whole numbers, not float64 array",
        ["in Tied, Embedding(W=<f64 5x2>), x: <f64 4x3>"],
    ),
    "an id that is too large": (
        given(tied, ids + 1),
        RangeError,
        "Embedding: ids must be from 0 to 4; they are from 1 to 5",
        ["in Tied, Embedding(W=<f64 5x2>), x: <i64 [[1 2 5]]>"],
    ),
    "an id that is negative": (
        given(tied, ids - 1),
        RangeError,
        "Embedding: ids must be from 0 to 4; they are from -1 to 3",
        ["in Tied, Embedding(W=<f64 5x2>), x: <i64 [[-1  0  3]]>"],
    ),
    "a net that changes the features": (
        given(Tied(np.ones((5, 3)), dense), ids),
        ShapeError,
        "Tied: net must return (m, ..., 3), as many features as W has; out: <f64 [[[3. 3.]  [3. 3.]  [3. 3.]]]>",
    ),
    "a net that takes no mask": (
        given(Tied(np.ones((5, 2)), Take(0)), (ids, mask)),
        KindError,
        "Tied: net must return a tuple for a tuple; x: (<i64 [[0 1 4]]>, <b8 [[ True  True False]]>), "
        "out: <f64 [[[1. 1.]  [1. 1.]  [0. 0.]]]>",
    ),
    "dA of logits of another shape": (
        back(tied, ids, film),
        ShapeError,
        "Tied: dA must have the shape of out, (1, 3, 5); it has (2, 3, 4)",
    ),
    "dA of logits without the mask's": (
        back(tied, (ids, mask), np.ones((1, 3, 5))),
        ShapeError,
        "Tied: dA must be like out, a tuple of 2, not <f64 1x3x5>",
    ),
    "a number as a function": (
        lambda: Function(3, square_vjp),
        KindError,
        "Function: f must be a function, not int",
    ),
    "a class as a function": (
        lambda: Function(Maker, square_vjp),
        KindError,
        "Function: f must be a function, not Maker",
    ),
    "a lambda as a function": (
        lambda: Function(square, lambda x, dA: dA),
        KindError,
        "Function: vjp must be a function at the top of a module, where pickle finds it by its name, not "
        "<lambda>.<locals>.<lambda>",
    ),
    "a function inside a function": (
        lambda: Function(back(Relu(), x, x), square_vjp),
        KindError,
        "Function: f must be a function at the top of a module, where pickle finds it by its name, not "
        "back.<locals>.<lambda>",
    ),
    "a partial as a function": (
        lambda: Function(partial(square), square_vjp),
        KindError,
        "Function: f must be a function at the top of a module, where pickle finds it by its name, not partial",
    ),
    "a method as a function": (
        lambda: Function(Maker().method, square_vjp),
        KindError,
        "Function: f must be a function at the top of a module, where pickle finds it by its name, not Maker.method",
    ),
    "a dx of another shape": (
        back(Function(square, square_vjp), x, x),
        ShapeError,
        "Function: square_vjp must give dx of the shape of x, (4, 3); it is <f64 [3.2397 2.9752 3.2397]>",
    ),
    "dA of a function of another shape": (
        back(Function(square, square_vjp), x, x[:1]),
        ShapeError,
        "Function: dA must have the shape of out, (4, 3); it has (1, 3)",
    ),
    "another cache of a choice": (
        lambda: backward(Take(1), (x[:0],), x),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 0x3>,), layer: Take(i=1)",
    ),
    "no cache of a sum": (
        lambda: backward(Sum(), (), x),
        ShapeError,
        "backward: the cache is of another network; cache: (), layer: Sum()",
    ),
    "another cache of what was joined": (
        lambda: backward(Concat(), (x, x), x),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 4x3>, <f64 4x3>), layer: Concat()",
    ),
    "another cache of a First": (
        lambda: backward(First(Relu()), x, x),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 4x3>, layer: First(layer=Relu())",
    ),
    "another cache of a scale": (
        lambda: backward(Scale(np.ones(3)), (x,), x),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 4x3>,), layer: Scale(factor=<f64 [1. 1. 1.]>)",
    ),
    "another cache of a shape": (
        lambda: backward(Flatten(), (None, None), x),
        ShapeError,
        "backward: the cache is of another network; cache: None, layer: Flatten()",
    ),
    "another cache of a map": (
        lambda: backward(Map(Relu()), (x, x), film),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 4x3>, layer: Map(layer=Relu())",
    ),
    "another cache of a table": (
        lambda: backward(tied, (x, x), x),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 4x3>, <f64 4x3>), layer: Tied(W=<f64 5x2>, net=())",
    ),
    "another cache of a function": (
        lambda: backward(Function(square, square_vjp), x, x),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 4x3>, layer: Function(square, square_vjp)",
    ),
    "gradients of one thing that differ": (
        lambda: added([x, x[:1]]),
        ShapeError,
        "the gradients of a shared value must be alike: <f64 4x3>, <f64 [[-1.     -0.8182 -0.6364]]>",
    ),
    "gradients of one thing with other parts": (
        lambda: added([(x,), (x, x)]),
        ShapeError,
        "the gradients of a shared value must be alike: (<f64 4x3>,), (<f64 4x3>, <f64 4x3>)",
    ),
    "a gate that makes two of one": (
        given(Glu(Copy(2)), film),
        ShapeError,
        "Glu: gate must keep the shape of its half, (2, 3, 2), not return (<f64 2x3x2>, <f64 2x3x2>)",
    ),
    "an error in a gate": (
        given(Glu(dense), film),
        ShapeError,
        "Dense: x must be (m, ..., 3), not (2, 3, 2)",
        ["in Glu, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 2x3x2>"],
    ),
    "an error on the way back through a gate": (
        lambda: backward(Glu(dense), (film, film[..., :2], ()), film[..., :2]),
        ShapeError,
        "backward: the cache is of another network; cache: (), layer: Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None)",
        ["in Glu, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), dA: <f64 2x3x2>"],
    ),
    "a step of a combinator that has no rule for the memory inside": (
        lambda: step((Tanh(), Twice((Tanh(), Residual(GRU.init(4, 4, seed=0))))), film),
        KindError,
        "step: Twice is not declared to map each position alone; if it does, write "
        "step.register(Twice)(positionwise), else a rule with @step.register(Twice)",
        1,
    ),
    "a step of a wrapper that might mix positions": (
        lambda: step(Backwards(GRU.init(4, 4, seed=0)), film),
        KindError,
        "step: Backwards does not declare that enter and leave map each position alone; if they do, write "
        "step.register(Backwards)(step_inside)",
    ),
    "a step of a function": (
        lambda: step(Function(square, square_vjp), film),
        KindError,
        "step: whether square maps each position alone is not known for a Function; write a record with a "
        "rule for step",
    ),
    "a memory for a wrapper that might mix positions": (
        lambda: fixed_memory(Backwards(GRU.init(4, 4, seed=0)), 2, 9),
        KindError,
        "fixed_memory: Backwards does not declare that enter and leave map each position alone; if they do, write "
        "step.register(Backwards)(step_inside)",
    ),
    "a memory for a function": (
        lambda: fixed_memory(Function(square, square_vjp), 2, 9),
        KindError,
        "fixed_memory: whether square maps each position alone is not known for a Function; write a record with a "
        "rule for step",
    ),
    "a step of what is no layer": (
        lambda: step("net", film),
        KindError,
        "step: str is not a layer; a layer is a record or a tuple of layers",
    ),
    "a step of dropout in a map": (
        lambda: step(Map(Dropout(0.5, seed=0)), film),
        KindError,
        "step: Map differs between training and prediction; write step(inference(net), x, memory)",
    ),
    **{
        f"a memory for dropout in {place or 'nothing'}": (
            lambda net=net: fixed_memory(net, 2, 9),
            KindError,
            f"fixed_memory: {cls} differs between training and prediction; "
            "write fixed_memory(inference(net), m, t_most)",
            [f"in {place}, Dropout(seed=(0,), step=0, rate=0.5), m: 2, t_most: 9"] if place else [],
        )
        for cls, place, net in [
            ("Dropout", "", DROPOUT),
            ("Dropout", "layer 1", (Tanh(), DROPOUT)),
            ("Dropout", "Residual", Residual(DROPOUT)),
            ("Dropout", "Glu", Glu(DROPOUT)),
            ("Dropout", "branch 1 of Parallel", Parallel((Tanh(), DROPOUT))),
            ("Dropout", "Tied", Tied(np.ones((5, 2)), DROPOUT)),
            ("Map", "", Map(DROPOUT)),
        ]
    },
    **{
        f"a mask for a wrapper of arrays, {layer}": (
            given(layer, (np.ones((1, 3, 4)), mask)),
            KindError,
            f"{type(layer).__name__}: {what} must be an array, not tuple; for (x, mask) write First(layer)",
        )
        for factor in (2, 2.0)
        for layer, what in [
            (Entering(GRU.init(4, 4, seed=0), factor), "x"),
            (Leaving(GRU.init(4, 4, seed=0), factor), "out of the layer"),
        ]
    },
    "a wrapper whose layer refuses": (
        given(Entering(dense), np.ones((1, 3, 4))),
        ShapeError,
        "Dense: x must be (m, ..., 3), not (1, 3, 4)",
        1,
    ),
    "a wrapper of a class": (
        lambda: Backwards(Relu),
        KindError,
        "Backwards: layer must be a layer, such as Relu(), or a tuple of layers, not the class Relu",
    ),
    "another cache of a wrapper": (
        lambda: backward(Backwards(Relu()), film, film),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 2x3x4>, layer: Backwards(layer=Relu())",
    ),
    "a place that is filled already": (
        lambda: Shared(Relu(), Here(layer=Tanh())),
        KindError,
        "Shared: each Here in net must be empty; write Here()",
    ),
    "a ufunc of one number as a vjp": (
        lambda: Function(np.sin, np.cos),
        KindError,
        "Function: vjp must take x and dA, but the ufunc cos takes 1",
    ),
    "a mean over all places within a First": (
        lambda: forward(First(GlobalAvgPool()), (film, film[..., 0] > 0)),
        KindError,
        "First: with a mask, the layer must map each position alone; GlobalAvgPool mixes positions",
    ),
    "a batch norm deep in a First": (
        lambda: forward(First((Tanh(), Residual((Remat(BatchNorm.init(4)), Relu())))), (film, film[..., 0] > 0)),
        KindError,
        "First: with a mask, the layer must map each position alone; BatchNorm mixes positions",
    ),
    "a batch norm over the moments of a First": (
        lambda: forward(First(Map((Relu(), BatchNorm.init(4)))), (film, film[..., 0] > 0)),
        KindError,
        "First: with a mask, the layer must map each position alone; Map mixes positions",
    ),
    "ids with a mask to a recurrent layer in a First": (
        lambda: forward(First((Embedding.init(3, 4, seed=0), GRU.init(4, 4, seed=0))), (ids % 3, ids > 0)),
        KindError,
        "First: with a mask, the layer must map each position alone; GRU mixes positions",
    ),
    "a convolution behind another layer in a First": (
        lambda: forward(First((Relu(), Conv1d.init(4, 4, 3, padding="same", seed=0))), (film, film[..., 0] > 0)),
        KindError,
        "First: with a mask, the layer must map each position alone; Conv1d mixes positions",
    ),
    "a convolution in a First that shortens x": (
        lambda: forward(First(Conv1d.init(4, 4, 3, seed=0)), (film, film[..., 0] > 0)),
        ShapeError,
        "First: with a mask, (2, 3), the layer must keep the number of positions; it gives <f64 2x1x4>",
    ),
    "a layer of one's own in a First": (
        lambda: forward(First(Twice((Tanh(),))), (film, film[..., 0] > 0)),
        KindError,
        "First: with a mask, the layer must map each position alone; Twice is not declared to; if it does, "
        "write step.register(Twice)(positionwise)",
    ),
    "a random layer of one's own in a First": (
        lambda: forward(First(Jitter()), (film, film[..., 0] > 0)),
        KindError,
        "First: with a mask, the layer must map each position alone; Jitter is not declared to; if it does, "
        "write mixes_positions.register(Jitter)(maps_alone)",
    ),
    "a wrapper of one's own in a First": (
        lambda: forward(First(Backwards(Tanh())), (film, film[..., 0] > 0)),
        KindError,
        "First: with a mask, the layer must map each position alone; Backwards is not declared to; if it "
        "does, write step.register(Backwards)(step_inside)",
    ),
    "a mask to a layer that mixes positions": (
        lambda: forward(BatchNorm.init(4), (film, film[..., 0] > 0)),
        KindError,
        "BatchNorm: x must be an array, not tuple",
    ),
    "a mask to a convolution": (
        lambda: forward(Conv1d.init(4, 4, 3, padding="same", seed=0), (film, film[..., 0] > 0)),
        KindError,
        "Conv1d: x must be an array, not tuple; for (x, mask) write First(layer)",
    ),
    "a list of x and mask": (
        lambda: forward(GRU.init(4, 4, seed=0), [film, film[..., 0] > 0]),
        KindError,
        "GRU: x must be an array, not list; write (x, mask), a tuple",
    ),
    "a step of a network that trains": (
        lambda: step((Tanh(), Dropout(0.5, seed=0)), film),
        KindError,
        "step: Dropout differs between training and prediction; write step(inference(net), x, memory)",
        1,
    ),
    "a step of a batch norm inside": (
        lambda: step((Residual(BatchNorm.init(4)), GRU.init(4, 4, seed=0)), film),
        KindError,
        "step: BatchNorm differs between training and prediction; write step(inference(net), x, memory)",
        2,
    ),
    **{
        f"a memory of {type(layer).__name__}, which has none": (
            lambda layer=layer: step(layer, film, "junk"),
            ShapeError,
            f"step: the memory of {type(layer).__name__} must be None, not 'junk'",
        )
        for layer in (Tanh(), Map(Tanh()))
    },
    "a step through a shape": (
        lambda: step((Tanh(), Flatten()), film),
        KindError,
        "step: Flatten mixes positions, so it cannot take one part of a sequence alone",
        ["in layer 1, Flatten(), x: <f64 2x3x4>"],
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], x, half, film, ids, mask)
