"""Error messages of optimizers and `train`, pinned word for word."""

import math

import numpy as np

import funcnn as nn
from funcnn import evolve, mlp, mse, optimizers, record, state, train, tree_map, update, value_and_grad
from funcnn.errors import FuncnnError
from funcnn.records import registry
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
net = mlp([2, 9, 1], seed=1)
small = nn.Dense(np.array([[1.0], [2.0]]), np.array([3.0]))
half = tree_map(lambda a: a.astype(np.float32), small)
grads = value_and_grad(mse)(net, x, y)[1]
PATTERN = 'a pattern of paths, such as "*.W", or a tuple of them'
PATHS = "there are 0.W, 0.b, 2.W, 2.b"


def test_every_number_of_every_optimizer_declares_its_limits():
    made = [cls for cls in registry.values() if cls.__module__.startswith("funcnn.optimizers.")]
    assert [cls for cls in made for field in cls.__attrs_attrs__ if field.type == "float"] == []


def remembering(optimizer, params=small):
    return update(optimizer, nn.Grads(params, None), params)[1]


@record
class Remembering:
    """An optimizer of a user, whose first update makes its memory, and which has no rule for `init`"""

    memory: object = state(default=None)


@update.register(Remembering)
def remembering_update(optimizer, grads, params):
    return grads, evolve(optimizer, memory=grads.params)


def stepping(*returned):
    """An update by an optimizer of a user whose step returns this"""

    @record
    class Mine(optimizers.PerArray):
        def step(self, g, p, t, *memory):
            return returned[0]

    return lambda: update(Mine(), nn.Grads(small.W, None), small.W)


def planned(**own):
    """What makes an optimizer of a user with these attributes"""
    return record(type("Mine", (optimizers.PerArray,), {"__module__": __name__, **own}))


def trained(optimizer=(), data=((x, y),) * 3, lr=0.1, **options):
    return lambda: list(train(nn.TrainState(net, optimizer), data, value_and_grad(mse), lr, **options))


def exhausted():
    batches = iter([(x, y)] * 2)
    list(train(nn.TrainState(net), batches, value_and_grad(mse), 0.1))
    return batches


LIKE = (
    "Mine: step must return (g, *memory), where g is like p, <f64 [[1.] [2.]]>, and each part of memory is like p or a "
    "number, not "
)
ANOTHER = "Average: params must be the network whose sums the Average holds; "
OF_ANOTHER = "update: the memory of Momentum is of another network: it holds"
A_STEP = "Mine: step must be a method (self, g, p, t, ...), with a default for each argument after t, not "
ROWS = [
    # Scheduled, and init.
    kind_error(lambda: optimizers.Scheduled(nn.Momentum(), ("beta", nn.cosine(0.9, 9))))
    >> "Scheduled: settings must be pairs of a path and a schedule, such as "
    """(("beta", cosine(0.95, 100, final=0.85)),), not ('beta', cosine(0.9, 9))""",
    kind_error(lambda: optimizers.Scheduled(nn.Momentum(), ()))
    >> "Scheduled: settings must be pairs of a path and a schedule, such as "
    """(("beta", cosine(0.95, 100, final=0.85)),), not ()""",
    kind_error(lambda: optimizers.Scheduled(nn.Momentum(), (("beta", 0.9),)))
    >> "Scheduled: the schedule of 'beta' must be a function of the step number, not float",
    kind_error(lambda: optimizers.Scheduled(nn.Momentum(), (("beta", nn.cosine),)))
    >> "Scheduled: the schedule of 'beta' must be a function of the step number, not cosine, which makes a schedule; "
    "write cosine(lr, steps)",
    kind_error(lambda: optimizers.Scheduled(nn.Momentum(), (("t", nn.cosine(0.9, 9)),)))
    >> "Scheduled: 't' must lead to a setting, not to a state",
    kind_error(lambda: optimizers.Scheduled(nn.Momentum, (("beta", nn.cosine(0.9, 9)),)))
    >> "Scheduled: optimizer must be an optimizer, such as Adam(), or a tuple of them, not the class Momentum; write "
    "Momentum()",
    raises(FuncnnError, lambda: optimizers.Scheduled((nn.Momentum(),), (("1.beta", nn.cosine(0.9, 9)),)))
    >> "Scheduled: path '1.beta' does not exist; the tuple has 0",
    range_error(lambda: optimizers.Scheduled(nn.Momentum(), (("beta", nn.cosine(1.5, 9)),)))
    >> "Momentum: beta must be in [0, 1), not 1.5",
    range_error(trained(optimizers.Scheduled(nn.Momentum(), (("beta", lambda step: step / 2),))))
    >> "Momentum: beta must be in [0, 1), not 1.0",
    kind_error(lambda: optimizers.init(nn.Adam, net))
    >> "init: optimizer must be an optimizer, such as Adam(), or a tuple of them, not the class Adam; write Adam()",
    kind_error(lambda: optimizers.init(net, nn.Adam()))
    >> "init: optimizer must be an optimizer, such as Adam(), or a tuple of them, not Dense",
    kind_error(lambda: optimizers.init(nn.Adam(), [1.0]))
    >> "init: params must be a record, a tuple or an array, not list; write tuple(params)",
    kind_error(lambda: optimizers.init(Remembering(), net))
    >> "init: there is no rule for Remembering; write one with @init.register(Remembering)",
    kind_error(planned(step=lambda self, g: (g,))) >> f"{A_STEP}a function (g)",
    kind_error(planned(step=lambda self, g, p, m=0: (g, m))) >> f"{A_STEP}a function (g, p, m)",
    # Patterns.
    kind_error(lambda: optimizers.Decay(0.1, ["*.W"]))
    >> f"Decay: where must be {PATTERN}, not ['*.W']; write tuple(where)",
    kind_error(lambda: nn.AdamW(where=""))
    >> "AdamW: where must be a pattern of paths, such as \"*.W\", or a tuple of them, not ''",
    kind_error(lambda: optimizers.Decay(0.1, ()))
    >> 'Decay: where must be a pattern of paths, such as "*.W", or a tuple of them, not ()',
    raises(nn.FuncnnError, lambda: update(nn.AdamW(where="*.V"), grads, net))
    >> f"update: no parameter matches '*.V'; {PATHS}",
    raises(nn.FuncnnError, lambda: update(optimizers.Decay(0.1, ("*.W", "!*.bias")), grads, net))
    >> f"update: no parameter matches '!*.bias'; {PATHS}",
    # Rates.
    kind_error(lambda: optimizers.Rates((("*.W", 0.1, 0.2),)))
    >> 'Rates: factors must be pairs, such as (("0.*", 0.1), ("*.b", 2.0)), not ((\'*.W\', 0.1, 0.2),)',
    kind_error(lambda: optimizers.Rates((("*.W", "fast"),)))
    >> "Rates: factors must be pairs, such as ((\"0.*\", 0.1), (\"*.b\", 2.0)), not (('*.W', 'fast'),)",
    kind_error(lambda: optimizers.Rates(((0.1, 0.2),)))
    >> 'Rates: the first of a pair must be a pattern of paths, such as "*.W", or a tuple of them, not 0.1',
    range_error(lambda: optimizers.Rates((("*.W", 1), ("*.b", -0.1))))
    >> "Rates: a factor must be finite and not negative, not -0.1",
    range_error(lambda: optimizers.Rates((("*.W", math.nan),)))
    >> "Rates: a factor must be finite and not negative, not nan",
    # What is no optimizer.
    kind_error(lambda: update([nn.Adam()], grads, net))
    >> "update: optimizer must be an optimizer, such as Adam(), or a tuple of them, not list; write tuple(optimizer)",
    kind_error(lambda: update((), None, net)) >> "update: grads must be a Grads, as backward returns it, not None",
    kind_error(lambda: update(nn.Adam(), grads, list(net)))
    >> "update: params must be a record, a tuple or an array, not list; write tuple(params)",
    kind_error(lambda: update(nn.Adam, grads, net))
    >> "update: optimizer must be an optimizer, such as Adam(), or a tuple of them, not the class Adam; write Adam()",
    # What update is given.
    kind_error(lambda: update(nn.Adam(), (grads, nn.Adam()), net))
    >> "update: grads must be a Grads, as backward returns it, not tuple; write grads[0]",
    shape_error(lambda: update(nn.Adam(), nn.Grads(small.W.T, None), small.W))
    >> "update: each gradient must be like its parameter, <f64 [[1.] [2.]]>, not <f64 [[1. 2.]]>",
    shape_error(lambda: update(optimizers.ClipValue(1.0), nn.Grads(half, None), small))
    >> "update: each gradient must be like its parameter, <f64 [[1.] [2.]]>, not <f32 [[1.] [2.]]>",
    shape_error(lambda: update(nn.Adam(), nn.Grads(net, None), small))
    >> "update: grads must be gradients of these params; params: Dense(W=<f64 [[1.] [2.]]>, b=<f64 [3.]>), grads: "
    "(Dense(W=<f64 2x9>, b=<f64 9>), Relu(), Dense(W=<f64 9x1>, b=<f64 [0.]>))",
    # Memory.
    shape_error(lambda: update(remembering(nn.Momentum(), net[0]), nn.Grads(small, None), small))
    >> f"{OF_ANOTHER} (<f64 2x9>,) for the parameter <f64 [[1.] [2.]]>; start anew with Momentum(...)",
    shape_error(lambda: update(remembering(nn.Momentum(), half), nn.Grads(small, None), small))
    >> f"{OF_ANOTHER} (<f32 [[1.] [2.]]>,) for the parameter <f64 [[1.] [2.]]>; start anew with Momentum(...)",
    shape_error(lambda: update(remembering(nn.Momentum()), nn.Grads(small.W, None), small.W))
    >> f"{OF_ANOTHER} (<f64 [3.]>,) for the parameter <f64 [[1.] [2.]]>; start anew with Momentum(...)",
    shape_error(lambda: update(evolve(nn.Momentum(), memory=(("m",), ("m",)), t=1), nn.Grads(small, None), small))
    >> f"{OF_ANOTHER} ('m',) for the parameter <f64 [[1.] [2.]]>; start anew with Momentum(...)",
    # A step of a user.
    kind_error(stepping(small.W)) >> LIKE + "float64 array",
    kind_error(stepping(())) >> LIKE + "()",
    kind_error(stepping((small.W.T,))) >> LIKE + "(<f64 [[1. 2.]]>,)",
    kind_error(stepping((half.W,))) >> LIKE + "(<f32 [[1.] [2.]]>,)",
    kind_error(stepping((0.5,))) >> LIKE + "(0.5,)",
    kind_error(stepping((small.W, small.b))) >> LIKE + "(<f64 [[1.] [2.]]>, <f64 [3.]>)",
    kind_error(stepping((small.W, None))) >> LIKE + "(<f64 [[1.] [2.]]>, None)",
    # Average.
    kind_error(lambda: optimizers.averaged((nn.Adam(), ()), net))
    >> "averaged: optimizer must hold exactly one Average, not 0",
    kind_error(lambda: optimizers.averaged(net, (nn.Adam(), optimizers.Average())))
    >> "averaged: optimizer must hold exactly one Average, not 0; write averaged(optimizer, params)",
    kind_error(lambda: optimizers.averaged((optimizers.Average(), (optimizers.Average(0.9),)), net))
    >> "averaged: optimizer must hold exactly one Average, not 2",
    shape_error(lambda: update(nn.Adam(), nn.Grads((np.float64(2), x), None), (np.array(1.0), x)))
    >> "update: grads and params must have the same structure; where the first has np.float64(2.0), the second has "
    "<f64 1.>",
    shape_error(lambda: optimizers.averaged(remembering(optimizers.Average()), net))
    >> ANOTHER
    + "all trees must have the same structure; where the first has (Dense(W=<f64 2x9>, b=<f64 9>), Relu(), "
    "Dense(W=<f64 9x1>, "
    "b=<f64 [0.]>)), the second has Dense(W=<f64 [[0.] [0.]]>, b=<f64 [0.]>)",
    shape_error(lambda: update(remembering(optimizers.Average()), nn.Grads(net[0], None), net[0]))
    >> ANOTHER + "the sums hold <f64 [[0.] [0.]]> for the parameter <f64 2x9>",
    shape_error(lambda: optimizers.averaged(remembering(optimizers.Average(), nn.Dense(small.W, None)), small))
    >> ANOTHER + "the sums hold None for the parameter <f64 [3.]>",
    # Constraints.
    shape_error(lambda: optimizers.project(small, np.ravel))
    >> "project: onto must give an array like <f64 [[1.] [2.]]>, not <f64 [1. 2.]>",
    shape_error(lambda: optimizers.project(small, lambda p: p.astype(np.float32)))
    >> "project: onto must give an array like <f64 [[1.] [2.]]>, not <f32 [[1.] [2.]]>",
    kind_error(lambda: optimizers.project(small, lambda p: None))
    >> "project: onto must give an array like <f64 [[1.] [2.]]>, not None",
    kind_error(trained(constraint=lambda params: None))
    >> "train: constraint must return parameters like those it is given, not None",
    # Schedules and batches in train.
    range_error(trained(lr=lambda step: 0.1 if step < 2 else math.nan))
    >> "train: lr(2) must be finite and not negative, not nan",
    range_error(trained(lr=math.nan)) >> "train: lr must be finite and not negative, not nan",
    range_error(trained(data=exhausted()))
    >> "train: data must give at least one batch, not 0; a generator can be read once, so make a new one",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, net, small, half, grads, x, y)


def test_a_list_of_batches_that_is_empty_is_taken():
    """A run that is resumed where it ended has no batch left; only what gives its batches once is suspected"""
    assert list(train(nn.TrainState(net), [], value_and_grad(mse), 0.1)) == []
