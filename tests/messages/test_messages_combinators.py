"""Error messages of combinators, pinned word for word."""

from functools import partial, reduce
from typing import Any

import numpy as np

import funcnn as nn
from funcnn import backward, forward, layers, record
from funcnn.generation import fixed_memory, only_trains, step
from funcnn.gradients import added
from funcnn.layers.wrapper import Wrapper
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

x = np.linspace(-1, 1, 12).reshape(4, 3)
half = x.astype(np.float32)
film = np.ones((2, 3, 4))
padded, gru = (film, film[..., 0] > 0), nn.GRU.init(4, 4, seed=0)
ids, mask = np.array([[0, 1, 4]]), np.array([[True, True, False]])
dense = nn.Dense(np.ones((3, 2)), None)
tied = layers.Tied(np.ones((5, 2)), ())
DROPOUT = nn.Dropout(0.5, seed=0)
two, HERE = layers.Parallel((nn.Relu(), nn.Tanh())), layers.Here()


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


ALONE = "treats each position on its own"

ROWS = [
    shape_error(back(layers.Copy(2), x, x)) >> "Copy: dA must be like out, a tuple of 2, not <f64 4x3>",
    shape_error(back(layers.Copy(2), x, (x, x, x)))
    >> "Copy: dA must be like out, a tuple of 2, not (<f64 4x3>, <f64 4x3>, <f64 4x3>)",
    shape_error(back(layers.Copy(2), x, (x, x[:1]))) >> "Copy: dA[1] must have the shape of out[1], (4, 3), not (1, 3)",
    shape_error(back(layers.Copy(2), (x, mask), ((x, None), x))) >> "Copy: dA[1] must be like out[1], a tuple of 2, "
    "not <f64 4x3>",
    kind_error(lambda: layers.Parallel(nn.Relu()))
    >> "Parallel: layers must be a tuple of layers, one for each branch, not Relu",
    shape_error(lambda: layers.Parallel(()))
    >> "Parallel: layers must be a tuple of layers, one for each branch, not an empty one",
    kind_error(lambda: layers.Parallel((nn.Relu(), nn.Tanh)))
    >> "Parallel: layers[1] must be a layer, such as Relu(), or a tuple of layers, not the class Tanh; write Tanh()",
    kind_error(given(two, x))
    >> "Parallel: x must be a tuple of 2, one for each layer, not <f64 4x3>; for one x put Copy(2) before Parallel",
    kind_error(given(two, [x, x])) >> "Parallel: x must be a tuple of 2, one for each layer, not list; write tuple(x)",
    shape_error(given(two, (x, x, x)))
    >> "Parallel: x must be a tuple of 2, one for each layer, not a tuple of 3; for one x put Copy(2) before Parallel",
    shape_error(given((layers.Copy(2), layers.Parallel((nn.Relu(), dense))), film))
    >> "Dense: x must be (m, ..., 3), not (2, 3, 4)"
    >> ["in branch 1 of Parallel, Dense...", "in layer 1, Parallel..."],
    kind_error(back(two, (x, x), x)) >> "Parallel: dA must be a tuple of 2, one for each layer, not <f64 4x3>",
    shape_error(lambda: backward(two, forward(layers.Parallel((nn.Relu(),)), (x,))[1], (x, x)))
    >> "Parallel: the cache must be a tuple of 2, one for each layer, not a tuple of 1",
    shape_error(lambda: step(two, (x, x), (None,) * 3)) >> "step: memory of Parallel must be a tuple of 2, one for "
    "each layer, as the last step returned it, not a tuple of 3",
    shape_error(back(two, (x, x), (x, x[:1])))
    >> "Tanh: dA must have the shape of out, (4, 3), not (1, 3)"
    >> ["in branch 1 of Parallel, Tanh..."],
    range_error(lambda: layers.Take(-1)) >> "Take: i must be at least 0, the first part, not -1",
    shape_error(given(layers.Take(2), (x, x))) >> "Take: i must be at most 1, as x has 2 parts, not 2",
    kind_error(given(layers.Take(0), x)) >> "Take: x must be a tuple of arrays, not <f64 4x3>",
    shape_error(given(layers.Take(0), ())) >> "Take: x must be a tuple of arrays, not an empty one",
    kind_error(given(layers.Sum(), x)) >> "Sum: x must be a tuple of the parts to be joined, not <f64 4x3>",
    shape_error(given(layers.Sum(), (x, x[:1]))) >> "Sum: the parts of x must have one shape; shapes: (4, 3), (1, 3)",
    kind_error(given(layers.Sum(), (x, half))) >> "Sum: the parts of x must have one dtype, not float64, float32",
    kind_error(given(layers.Sum(), (ids, ids))) >> "Sum: the parts of x must all be arrays of floats, or all pairs "
    "(array of floats, mask); x: (<i64 [[0 1 4]]>, <i64 [[0 1 4]]>)",
    kind_error(given(layers.Sum(), (x, mask))) >> "Sum: the parts of x must all be arrays of floats, or all pairs "
    "(array of floats, mask); x: (<f64 4x3>, <b8 [[ True  True False]]>)",
    kind_error(given(layers.Sum(), ((x, mask), x))) >> "Sum: the parts of x must all be arrays of floats, or all "
    "pairs (array of floats, mask); x: ((<f64 4x3>, <b8 [[ True  True False]]>), <f64 4x3>)",
    shape_error(given(layers.Concat(), (x, x[:2])))
    >> "Concat: the parts of x must be (m, ..., n_i), equal in all axes but the last; shapes: (4, 3), (2, 3)",
    shape_error(given(layers.Concat(), (x[0], x[0])))
    >> "Concat: the parts of x must be (m, ..., n_i), equal in all axes but the last; shapes: (3,), (3,)",
    kind_error(given(layers.Concat(), (half, x))) >> "Concat: the parts of x must have one dtype, not float32, float64",
    range_error(lambda: reduce(lambda layer, _: nn.Residual((layer,)), range(100), nn.Relu()))
    >> "Residual: layer must be nested at most 99 deep",
    shape_error(given(nn.Residual(dense), x)) >> "Residual: layer must keep the shape of x, (4, 3), not return (4, 2)",
    kind_error(given(nn.Residual(layers.Function(halved, square_vjp)), x))
    >> "Residual: layer must keep the dtype of x, float64, not return float32",
    kind_error(given(nn.Residual(layers.Take(0)), (film, mask))) >> "Residual: layer must return a tuple, as x is "
    "one; x: (<f64 2x3x4>, <b8 [[ True  True False]]>), out: <f64 2x3x4>",
    shape_error(given((nn.Relu(), nn.Residual((nn.Relu(), dense))), film))
    >> "Dense: x must be (m, ..., 3), not (2, 3, 4)"
    >> ["in layer 1, Dense...", "in Residual, (Relu...", "in layer 1, Residual..."],
    kind_error(back(layers.First(nn.Relu()), (x, mask), x))
    >> "First: dA must be a tuple of 2, like out, not <f64 4x3>",
    shape_error(lambda: layers.Scale(x)) >> "Scale: factor must be (n,) or (); factor: (4, 3)",
    shape_error(given(layers.Scale(np.ones(())), np.ones(()))) >> "Scale: x must be (m, ...), not ()",
    shape_error(given(nn.Flatten(), x[0])) >> "Flatten: x must be (m, ...), with two axes or more; x: (3,)",
    kind_error(lambda: layers.Reshape((3, 1.0)))
    >> "Reshape: shape must be a tuple of ints, the shape of a row, not (3, 1.0)",
    range_error(lambda: layers.Reshape((3, 0))) >> "Reshape: shape must have sizes of at least 1, of which one may be "
    "-1, not (3, 0)",
    range_error(lambda: layers.Reshape((-1, -1))) >> "Reshape: shape must have sizes of at least 1, of which one may "
    "be -1, not (-1, -1)",
    shape_error(given(layers.Reshape((2, 2)), x))
    >> "Reshape: a row of 3 entries cannot have the shape (2, 2); x: (4, 3)",
    shape_error(given(layers.Reshape((2, -1)), x))
    >> "Reshape: a row of 3 entries cannot have the shape (2, -1); x: (4, 3)",
    shape_error(given(layers.Reshape((-1,)), np.ones((4, 0)))) >> "Reshape: a row of 0 entries cannot have the shape "
    "(-1,); x: (4, 0)",
    shape_error(given(layers.Reshape((1,)), np.ones(()))) >> "Reshape: x must be (m, ...), rows first; x: ()",
    shape_error(given(layers.Map(nn.Relu()), x[0]))
    >> "Map: x must be (m, t, ...), with the same m and t in all arrays; x: (3,)",
    shape_error(given(layers.Map(layers.Sum()), (film, film[:, :2])))
    >> "Map: x must be (m, t, ...), with the same m and t in all arrays; x: (2, 3, 4), (2, 2, 4)",
    shape_error(given(layers.Map(nn.GRU.init(4, 2, seed=0)), (film, np.ones((2, 3), bool))))
    >> "Map: x must not have a mask, since the layer is given rows; write First(Map(layer)), or leave out Map if "
    "the layer takes a mask",
    kind_error(given(layers.Map(nn.Relu()), ())) >> "Map: x must be an array, or a tuple of arrays, not ()",
    kind_error(given(layers.Map(nn.Relu()), (None,))) >> "Map: x must be an array, or a tuple of arrays, not (None,)",
    shape_error(given(layers.Map(dense), film)) >> "Dense: x must be (m, ..., 3), not (6, 4)" >> ["in Map, Dense..."],
    shape_error(back(layers.Map(nn.Relu()), film, np.ones((3, 2, 4))))
    >> "Map: dA must have the shape of out, (2, 3, ...), not (3, 2, 4)",
    shape_error(given(layers.Remat(dense), film))
    >> "Dense: x must be (m, ..., 3), not (2, 3, 4)"
    >> ["in Remat, Dense..."],
    kind_error(given((nn.Relu(), HERE), x))
    >> "Here: Here() must be in the net of a Shared, whose layer it calls"
    >> ["in layer 1, Here..."],
    kind_error(given(layers.Shared(nn.Relu(), (HERE, layers.Here("other"))), x))
    >> "Here: Here('other') must be in the net of a Shared with name='other', whose layer it calls"
    >> ["in layer 1, Here...", "in Shared, (Here..."],
    kind_error(lambda: layers.Shared(nn.Relu(), (nn.Relu(), nn.Tanh())))
    >> "Shared: net must contain Here() outside of any Frozen, as a place where layer is called",
    kind_error(lambda: layers.Shared(nn.Relu(), layers.Here("a"), "b"))
    >> "Shared: net must contain Here('b') outside of any Frozen, as a place where layer is called",
    kind_error(lambda: layers.Shared(nn.Relu(), (HERE, layers.Shared(nn.Relu(), HERE))))
    >> "Shared: net must not contain another Shared with name=''; rename one of them",
    shape_error(given(layers.Shared(dense, (nn.Relu(), HERE, HERE)), x))
    >> "Dense: x must be (m, ..., 3), not (4, 2)"
    >> ["in Here, Dense...", "in layer 2, Here...", "in Shared, (Relu..."],
    shape_error(lambda: layers.Tied(np.ones(3), ())) >> "Tied: W must be (n_symbols, n); W: (3,)",
    kind_error(given(tied, x))
    >> "Embedding: ids must be an array of whole numbers, not float64 array"
    >> ["in Tied, Embedding..."],
    range_error(given(tied, ids + 1))
    >> "Embedding: ids must be from 0 to 4; they are from 1 to 5"
    >> ["in Tied, Embedding..."],
    range_error(given(tied, ids - 1))
    >> "Embedding: ids must be from 0 to 4; they are from -1 to 3"
    >> ["in Tied, Embedding..."],
    shape_error(given(layers.Tied(np.ones((5, 3)), dense), ids))
    >> "Tied: net must return (m, ..., 3), as many features as W has; out: <f64 [[[3. 3.]  [3. 3.]  [3. 3.]]]>",
    kind_error(given(layers.Tied(np.ones((5, 2)), layers.Take(0)), (ids, mask))) >> "Tied: net must return a tuple, "
    "as x is one; x: (<i64 [[0 1 4]]>, <b8 [[ True  True False]]>), out: <f64 [[[1. 1.]  [1. 1.]  [0. 0.]]]>",
    shape_error(back(tied, (ids, mask), np.ones((1, 3, 5))))
    >> "Tied: dA must be like out, a tuple of 2, not <f64 1x3x5>",
    kind_error(lambda: layers.Function(3, square_vjp)) >> "Function: f must be a function, not int",
    kind_error(lambda: layers.Function(square, lambda x, dA: dA)) >> "Function: vjp must be a function at the top of "
    "a module, where pickle finds it by its name, not <lambda>.<locals>.<lambda>",
    kind_error(lambda: layers.Function(back(nn.Relu(), x, x), square_vjp)) >> "Function: f must be a function at the "
    "top of a module, where pickle finds it by its name, not back.<locals>.<lambda>",
    kind_error(lambda: layers.Function(partial(square), square_vjp))
    >> "Function: f must be a function at the top of a module, where pickle finds it by its name, not partial",
    kind_error(lambda: layers.Function(Maker().method, square_vjp))
    >> "Function: f must be a function at the top of a module, where pickle finds it by its name, not Maker.method",
    shape_error(back(layers.Function(square, square_vjp), x, x))
    >> "Function: square_vjp must return dx in the shape of x, (4, 3), not <f64 [3.2397 2.9752 3.2397]>",
    shape_error(lambda: backward(layers.Take(1), (x[:0],), x))
    >> "backward: cache must be what forward returned for this layer; cache: (<f64 0x3>,), layer: Take(i=1)",
    shape_error(lambda: backward(layers.Sum(), (), x))
    >> "backward: cache must be what forward returned for this layer; cache: (), layer: Sum()",
    shape_error(lambda: backward(layers.Concat(), (x, x), x))
    >> "backward: cache must be what forward returned for this layer; cache: (<f64 4x3>, <f64 4x3>), layer: Concat()",
    shape_error(lambda: backward(nn.Flatten(), (None, None), x))
    >> "backward: cache must be what forward returned for this layer; cache: None, layer: Flatten()",
    shape_error(lambda: backward(layers.Map(nn.Relu()), (x, x), film))
    >> "backward: cache must be what forward returned for this layer; cache: <f64 4x3>, layer: Map(layer=Relu())",
    shape_error(lambda: added([x, x[:1]])) >> "backward: the gradients of a value that is used several times must "
    "have one shape, not <f64 4x3>, <f64 [[-1.     -0.8182 -0.6364]]>",
    shape_error(lambda: added([(x,), (x, x)])) >> "backward: the gradients of a value that is used several times must "
    "have one shape, not (<f64 4x3>,), (<f64 4x3>, <f64 4x3>)",
    shape_error(given(layers.Glu(layers.Copy(2)), film))
    >> "Glu: gate must keep the shape of its half of x, (2, 3, 2), not return (<f64 2x3x2>, <f64 2x3x2>)",
    shape_error(given(layers.Glu(dense), film))
    >> "Dense: x must be (m, ..., 3), not (2, 3, 2)"
    >> ["in Glu, Dense..."],
    shape_error(lambda: backward(layers.Glu(dense), (film, film[..., :2], ()), film[..., :2]))
    >> "backward: cache must be what forward returned for this layer; cache: (), layer: Dense(W=<f64 [[1. 1.] [1. 1.] "
    "[1. 1.]]>, b=None)" >> ["in Glu, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), dA: <f64 2x3x2>"],
    kind_error(lambda: step((nn.Tanh(), Twice((nn.Tanh(), nn.Residual(gru)))), film))
    >> "step: there is no rule for Twice; if out at each position depends on x at that position only, write "
    "step.register(Twice)(positionwise), else a rule with @step.register(Twice)" >> 1,
    kind_error(lambda: step(Backwards(gru), film)) >> "step: there is no rule for Backwards; if "
    "its enter and leave treat each position on its own, write step.register(Backwards)(step_inside)",
    kind_error(lambda: step(layers.Function(square, square_vjp), film)) >> "step: there is no rule for Function, "
    "since square may mix positions; write a record with a rule for step in its place",
    kind_error(lambda: fixed_memory(Backwards(gru), 2, 9)) >> "fixed_memory: there is no rule "
    "for Backwards; if its enter and leave treat each position on its own, write step.register(Backwards)(step_inside)",
    kind_error(lambda: step(layers.Map(nn.Dropout(0.5, seed=0)), film))
    >> "step: Map differs between training and prediction; write step(inference(net), x, memory)",
    *[
        kind_error(lambda net=net: fixed_memory(net, 2, 9))
        >> f"fixed_memory: {cls} differs between training and prediction; write fixed_memory(inference(net), m, t_most)"
        >> ([f"in {place}, Dropout(seed=(0,), step=0, rate=0.5), m: 2, t_most: 9"] if place else [])
        for cls, place, net in [
            *(("Dropout", "", DROPOUT), ("Dropout", "layer 1", (nn.Tanh(), DROPOUT)), ("Map", "", layers.Map(DROPOUT))),
            *(("Dropout", "Residual", nn.Residual(DROPOUT)), ("Dropout", "Glu", layers.Glu(DROPOUT))),
            ("Dropout", "branch 1 of Parallel", layers.Parallel((nn.Tanh(), DROPOUT))),
            ("Dropout", "Tied", layers.Tied(np.ones((5, 2)), DROPOUT)),
        ]
    ],
    *[
        kind_error(given(layer, (np.ones((1, 3, 4)), mask)))
        >> f"{type(layer).__name__}: {what} must be an array, not tuple; for (x, mask) write First(layer)"
        for factor in (2, 2.0)
        for layer, what in [(Entering(gru, factor), "x"), (Leaving(gru, factor), "out of the layer")]
    ],
    shape_error(given(Entering(dense), np.ones((1, 3, 4)))) >> "Dense: x must be (m, ..., 3), not (1, 3, 4)" >> 1,
    kind_error(lambda: layers.Shared(nn.Relu(), layers.Here(layer=nn.Tanh())))
    >> "Shared: each Here in net must hold no layer of its own; write Here()",
    kind_error(lambda: layers.Function(np.sin, np.cos)) >> "Function: vjp must take x and dA, but the ufunc cos takes "
    "1 argument",
    *[
        kind_error(given(layers.First(layer), padded))
        >> f"First: layer must not mix positions if x has a mask, since the padding would enter the result; {reason}"
        for layer, reason in (
            (nn.GlobalAvgPool(), "GlobalAvgPool mixes them"),
            ((nn.Tanh(), nn.Residual((layers.Remat(nn.BatchNorm.init(4)), nn.Relu()))), "BatchNorm mixes them"),
            (Twice(()), f"if Twice {ALONE}, write step.register(Twice)(positionwise)"),
            (Jitter(), f"if Jitter {ALONE}, write mixes_positions.register(Jitter)(maps_alone)"),
            (
                Backwards(()),
                "if enter and leave of Backwards treat each position on its own, write "
                "step.register(Backwards)(step_inside)",
            ),
        )
    ],
    shape_error(given(layers.First(layers.Conv1d.init(4, 4, 3, seed=0)), padded))
    >> "First: layer must return (m, t, ...) with the m and t of the mask, (2, 3), not <f64 2x1x4>",
    kind_error(given(layers.Conv1d.init(4, 4, 3, padding="same", seed=0), padded))
    >> "Conv1d: x must be an array, not tuple; for (x, mask) write First(layer)",
    kind_error(given(gru, list(padded))) >> "GRU: x must be an array, not list; write (x, mask), a tuple",
    kind_error(lambda: step((nn.Tanh(), nn.Dropout(0.5, seed=0)), film))
    >> "step: Dropout differs between training and prediction; write step(inference(net), x, memory)"
    >> 1,
    kind_error(lambda: step((nn.Residual(nn.BatchNorm.init(4)), gru), film))
    >> "step: BatchNorm differs between training and prediction; write step(inference(net), x, memory)"
    >> 2,
    *[
        shape_error(lambda layer=layer: step(layer, film, "junk"))
        >> f"step: memory must be what the last step returned, or None in the first; {type(layer).__name__} needs "
        "None, not 'junk'"
        for layer in (nn.Tanh(), layers.Map(nn.Tanh()))
    ],
    kind_error(lambda: step((nn.Tanh(), nn.Flatten()), film))
    >> "step: Flatten mixes positions, so it cannot take one part of a sequence alone"
    >> ["in layer 1, Flatten..."],
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, x, half, film, ids, mask)
