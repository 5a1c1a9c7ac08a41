"""Error messages of optimizers and `train`, pinned word for word.

Each row: the call, the class of the error, the sentence, and the notes that say where.
"""

import math
from functools import partial

import numpy as np
import pytest

from funcnn import (
    Adam,
    AdamW,
    Dense,
    FuncnnError,
    Grads,
    Momentum,
    TrainState,
    evolve,
    mlp,
    mse,
    record,
    train,
    tree_map,
    update,
    value_and_grad,
)
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.optimizers import (
    L2,
    Average,
    ClipValue,
    Decay,
    Lion,
    PerArray,
    Rates,
    averaged,
    nonnegative,
    project,
    unit_norm,
)
from funcnn.records import registry
from tests.says import assert_says

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
net = mlp([2, 9, 1], seed=1)
small = Dense(np.array([[1.0], [2.0]]), np.array([3.0]))
half = tree_map(lambda a: a.astype(np.float32), small)
grads = value_and_grad(mse)(net, x, y)[1]
PATTERN = 'a pattern of paths, such as "*.W", or a tuple of them'
PATHS = "there are 0.W, 0.b, 2.W, 2.b"


def test_every_number_of_every_optimizer_declares_its_limits():
    made = [cls for cls in registry.values() if cls.__module__.startswith("funcnn.optimizers.")]
    assert [cls for cls in made for field in cls.__attrs_attrs__ if field.type == "float"] == []


def call(function, *given, **options):
    return lambda: function(*given, **options)


def remembering(optimizer, params=small):
    return update(optimizer, Grads(params, None), params)[1]


def stepping(*returned):
    """An update by an optimizer of a user whose step returns this"""

    @record
    class Mine(PerArray):
        def step(self, g, p, t, *memory):
            return returned[0]

    return lambda: update(Mine(), Grads(small.W, None), small.W)


def planned(**own):
    """What makes an optimizer of a user with these attributes"""
    return record(type("Mine", (PerArray,), {"__module__": __name__, **own}))


def trained(optimizer=(), data=((x, y),) * 3, lr=0.1, **options):
    return lambda: list(train(TrainState(net, optimizer), data, value_and_grad(mse), lr, **options))


def exhausted():
    batches = iter([(x, y)] * 2)
    list(train(TrainState(net), batches, value_and_grad(mse), 0.1))
    return batches


LIKE = (
    "Mine: step must return (g, *memory), g like p, <f64 [[1.] [2.]]>, and memory of arrays like it or of numbers; not "
)
ANOTHER = "Average: params must be like its sums; "
A_STEP = "Mine: step must be a method (self, g, p, t, ...), with a default for each argument after t, not "
ROWS = {
    "no rule for an array": (planned(), KindError, f"{A_STEP}None"),
    "a rule without the parameter": (planned(step=lambda self, g: (g,)), KindError, f"{A_STEP}a function (g)"),
    "a rule whose memory has no start": (
        planned(step=lambda self, g, p, t, m: (g, m)),
        KindError,
        f"{A_STEP}a function (g, p, t, m)",
    ),
    "a rule without the number of the update": (
        planned(step=lambda self, g, p, m=0: (g, m)),
        KindError,
        f"{A_STEP}a function (g, p, m)",
    ),
    "a setting for a rule": (
        planned(__annotations__={"step": float}, step=1.0),
        KindError,
        f"{A_STEP}float",
    ),
    "no number": (call(Adam, b1="0.9"), KindError, "Adam: b1 must be a number, not str; write float(b1)"),
    # Patterns.
    "a list of patterns": (
        call(Decay, 0.1, ["*.W"]),
        KindError,
        f"Decay: where must be {PATTERN}, not ['*.W']; write tuple(where)",
    ),
    "no pattern": (
        call(AdamW, where=""),
        KindError,
        "AdamW: where must be a pattern of paths, such as \"*.W\", or a tuple of them, not ''",
    ),
    "a function for a pattern": (
        call(L2, 0.1, len),
        KindError,
        'L2: where must be a pattern of paths, such as "*.W", or a tuple of them, not <built-in function len>',
    ),
    "no patterns": (
        call(Decay, 0.1, ()),
        KindError,
        'Decay: where must be a pattern of paths, such as "*.W", or a tuple of them, not ()',
    ),
    "a pattern that matches nothing": (
        call(update, AdamW(where="*.V"), grads, net),
        FuncnnError,
        f"update: no parameter matches '*.V'; {PATHS}",
    ),
    "one of two that matches nothing": (
        call(update, Decay(0.1, ("*.W", "!*.bias")), grads, net),
        FuncnnError,
        f"update: no parameter matches '!*.bias'; {PATHS}",
    ),
    "a factor for nothing": (
        call(update, Rates((("1.*", 0.1),)), grads, net),
        FuncnnError,
        f"update: no parameter matches '1.*'; {PATHS}",
    ),
    "a pattern that matches nothing, in a projection": (
        call(project, net, nonnegative, "1.*"),
        FuncnnError,
        f"project: no parameter matches '1.*'; {PATHS}",
    ),
    "a list of patterns for a projection": (
        call(project, net, nonnegative, ["*.W"]),
        KindError,
        f"project: where must be {PATTERN}, not ['*.W']; write tuple(where)",
    ),
    # Rates.
    "a pair for pairs": (
        call(Rates, ("*.W", 0.1)),
        KindError,
        'Rates: factors must be pairs, such as (("0.*", 0.1), ("*.b", 2.0)), not (\'*.W\', 0.1)',
    ),
    "a number for pairs": (
        call(Rates, 0.1),
        KindError,
        'Rates: factors must be pairs, such as (("0.*", 0.1), ("*.b", 2.0)), not 0.1',
    ),
    "a dict for pairs": (
        call(Rates, {"*.W": 0.1}),
        KindError,
        "Rates: factors must be immutable, not dict; write tuple(factors.items())",
    ),
    "a pair of three": (
        call(Rates, (("*.W", 0.1, 0.2),)),
        KindError,
        'Rates: factors must be pairs, such as (("0.*", 0.1), ("*.b", 2.0)), not ((\'*.W\', 0.1, 0.2),)',
    ),
    "a factor that is none": (
        call(Rates, (("*.W", "fast"),)),
        KindError,
        "Rates: factors must be pairs, such as ((\"0.*\", 0.1), (\"*.b\", 2.0)), not (('*.W', 'fast'),)",
    ),
    "the factor first": (
        call(Rates, ((0.1, 0.2),)),
        KindError,
        'Rates: the first of a pair must be a pattern of paths, such as "*.W", or a tuple of them, not 0.1',
    ),
    "a negative factor": (
        call(Rates, (("*.W", 1), ("*.b", -0.1))),
        RangeError,
        "Rates: a factor must be finite and not negative, not -0.1",
    ),
    "a factor NaN": (
        call(Rates, (("*.W", math.nan),)),
        RangeError,
        "Rates: a factor must be finite and not negative, not nan",
    ),
    # What is no optimizer.
    "no optimizer": (
        call(update, None, grads, net),
        KindError,
        "update: None is not an optimizer; an optimizer is a record or a tuple of optimizers",
    ),
    "a list of optimizers": (
        call(update, [Adam()], grads, net),
        KindError,
        "update: a chain of optimizers is a tuple, not a list; write tuple(optimizers)",
    ),
    "no gradients": (
        call(update, (), None, net),
        KindError,
        "update: grads must be what backward returns, a Grads, not None",
    ),
    "a list of layers": (
        call(update, Adam(), grads, list(net)),
        KindError,
        "update: params must be a record, a tuple or an array, not list; write tuple(params)",
    ),
    "gradients without the parameters": (
        call(Grads, "nonsense", None),
        KindError,
        "Grads: params must be a record, a tuple or an array, not str",
    ),
    "a list of layers to average": (
        call(averaged, Average(), list(net)),
        KindError,
        "averaged: params must be a record, a tuple or an array, not list; write tuple(params)",
    ),
    "a list of layers to project": (
        call(project, list(net), nonnegative),
        KindError,
        "project: params must be a record, a tuple or an array, not list; write tuple(params)",
    ),
    "a list without negative numbers": (
        call(nonnegative, [1.0]),
        KindError,
        "nonnegative: p must be an array, not list; write np.asarray(p)",
    ),
    "whole numbers of length 1": (
        call(unit_norm, np.ones((2, 1), int)),
        KindError,
        "unit_norm: p must be an array of floats, not int64 array; write p.astype(float)",
    ),
    "a class": (call(update, Adam, grads, net), KindError, "update: Adam is a class; pass a value of it, as Adam()"),
    # What update is given.
    "what update returns": (
        call(update, Adam(), (grads, Adam()), net),
        KindError,
        "update: grads must be what backward returns, a Grads, not tuple; write grads[0]",
    ),
    "no Grads": (
        call(update, Adam(), grads.params, net),
        KindError,
        "update: grads must be what backward returns, a Grads, not tuple",
    ),
    "gradients of another shape": (
        call(update, Adam(), Grads(small.W.T, None), small.W),
        ShapeError,
        "update: the gradient of <f64 [[1.] [2.]]> must be like it, not <f64 [[1. 2.]]>",
    ),
    "gradients of another dtype": (
        call(update, ClipValue(1.0), Grads(half, None), small),
        ShapeError,
        "update: the gradient of <f64 [[1.] [2.]]> must be like it, not <f32 [[1.] [2.]]>",
    ),
    "gradients of another network": (
        call(update, Adam(), Grads(net, None), small),
        ShapeError,
        "update: the gradients are of another network; params: Dense(W=<f64 [[1.] [2.]]>, b=<f64 [3.]>), grads: "
        "(Dense(W=<f64 2x9>, b=<f64 9>), Relu(), Dense(W=<f64 9x1>, b=<f64 [0.]>))",
    ),
    # Memory.
    "the memory of a network of another shape": (
        call(update, remembering(Momentum(), net[0]), Grads(small, None), small),
        ShapeError,
        "update: the memory of Momentum is of another network, (<f64 2x9>,) where the parameter is <f64 [[1.] [2.]]>; "
        "start anew with Momentum(...)",
    ),
    "the memory of a network of another dtype": (
        call(update, remembering(Momentum(), half), Grads(small, None), small),
        ShapeError,
        "update: the memory of Momentum is of another network, (<f32 [[1.] [2.]]>,) where the parameter is "
        "<f64 [[1.] [2.]]>; start anew with Momentum(...)",
    ),
    "the memory of fewer arrays": (
        call(update, remembering(Momentum(), small.W), Grads(small, None), small),
        ShapeError,
        "update: the memory of Momentum is of another network, None where the parameter is <f64 [3.]>; "
        "start anew with Momentum(...)",
    ),
    "the memory of more arrays": (
        call(update, remembering(Momentum()), Grads(small.W, None), small.W),
        ShapeError,
        "update: the memory of Momentum is of another network, (<f64 [3.]>,) where the parameter is <f64 [[1.] [2.]]>; "
        "start anew with Momentum(...)",
    ),
    "a memory made by hand": (
        call(update, evolve(Momentum(), memory=(("m",), ("m",)), t=1), Grads(small, None), small),
        ShapeError,
        "update: the memory of Momentum is of another network, ('m',) where the parameter is <f64 [[1.] [2.]]>; "
        "start anew with Momentum(...)",
    ),
    # A step of a user.
    "an array": (stepping(small.W), KindError, LIKE + "float64 array"),
    "nothing at all": (stepping(()), KindError, LIKE + "()"),
    "None": (stepping(None), KindError, LIKE + "None"),
    "a list": (stepping([small.W]), KindError, LIKE + "list"),
    "another shape": (stepping((small.W.T,)), KindError, LIKE + "(<f64 [[1. 2.]]>,)"),
    "another dtype": (stepping((half.W,)), KindError, LIKE + "(<f32 [[1.] [2.]]>,)"),
    "a number for an array": (stepping((0.5,)), KindError, LIKE + "(0.5,)"),
    "memory of another shape": (stepping((small.W, small.b)), KindError, LIKE + "(<f64 [[1.] [2.]]>, <f64 [3.]>)"),
    "memory that is none": (stepping((small.W, None)), KindError, LIKE + "(<f64 [[1.] [2.]]>, None)"),
    # Average.
    "no average": (
        call(averaged, (Adam(), ()), net),
        KindError,
        "averaged: optimizer must hold exactly one Average, got 0",
    ),
    "an average and a network exchanged": (
        call(averaged, net, (Adam(), Average())),
        KindError,
        "averaged: optimizer must hold exactly one Average, got 0; write averaged(optimizer, params)",
    ),
    "two averages": (
        call(averaged, (Average(), (Average(0.9),)), net),
        KindError,
        "averaged: optimizer must hold exactly one Average, got 2",
    ),
    "an average of another class": (
        call(averaged, remembering(Average()), net),
        ShapeError,
        ANOTHER + "the trees are not alike: (Dense(W=<f64 2x9>, b=<f64 9>), Relu(), Dense(W=<f64 9x1>, "
        "b=<f64 [0.]>)), Dense(W=<f64 [[0.] [0.]]>, b=<f64 [0.]>)",
    ),
    "an average of another shape": (
        call(update, remembering(Average()), Grads(net[0], None), net[0]),
        ShapeError,
        ANOTHER + "<f64 [[0.] [0.]]> in the sums, <f64 2x9> in params",
    ),
    "an average of another dtype": (
        call(averaged, remembering(Average()), half),
        ShapeError,
        ANOTHER + "<f64 [[0.] [0.]]> in the sums, <f32 [[1.] [2.]]> in params",
    ),
    "an average without a bias": (
        call(averaged, remembering(Average(), Dense(small.W, None)), small),
        ShapeError,
        ANOTHER + "None in the sums, <f64 [3.]> in params",
    ),
    # Constraints.
    "a projection to another shape": (
        call(project, small, np.ravel),
        ShapeError,
        "project: onto must give an array like <f64 [[1.] [2.]]>, not <f64 [1. 2.]>",
    ),
    "a projection to another dtype": (
        call(project, small, lambda p: p.astype(np.float32)),
        ShapeError,
        "project: onto must give an array like <f64 [[1.] [2.]]>, not <f32 [[1.] [2.]]>",
    ),
    "a projection to nothing": (
        call(project, small, lambda p: None),
        KindError,
        "project: onto must give an array like <f64 [[1.] [2.]]>, not None",
    ),
    "a constraint that forgets to return": (
        trained(constraint=lambda params: None),
        KindError,
        "train: constraint must return parameters like those it is given, not None",
    ),
    "a projection to another shape in train": (
        trained(constraint=partial(project, onto=np.ravel, where="2.W")),
        ShapeError,
        "project: onto must give an array like <f64 9x1>, not <f64 9>",
    ),
    # Schedules and batches in train.
    "a schedule that gives an array": (
        trained(lr=lambda step: np.full(2, 0.1)),
        KindError,
        "train: lr(0) must be a number, not float64 array",
    ),
    "a schedule that gives nothing": (
        trained(lr=lambda step: None),
        KindError,
        "train: lr(0) must be a number, not None",
    ),
    "a schedule that gives NaN": (
        trained(lr=lambda step: 0.1 if step < 2 else math.nan),
        RangeError,
        "train: lr(2) must be finite and not negative, not nan",
    ),
    "a schedule that gives a negative number": (
        trained(lr=lambda step: 0.1 - 0.1 * step),
        RangeError,
        "train: lr(2) must be finite and not negative, not -0.1",
    ),
    "lr a text in train": (trained(lr="0.1"), KindError, "train: lr must be a number, not str; write float(lr)"),
    "lr NaN in train": (trained(lr=math.nan), RangeError, "train: lr must be finite and not negative, not nan"),
    "a generator that has ended": (
        trained(data=exhausted()),
        RangeError,
        "train: data must give a batch, got none; a generator can be read once, so make a new one",
    ),
    "an optimizer with the memory of another network in train": (
        trained(remembering(Lion())),
        ShapeError,
        "update: the memory of Lion is of another network, (<f64 [[0.01] [0.02]]>,) where the parameter is <f64 2x9>; "
        "start anew with Lion(...)",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], net, small, half, grads, x, y)


def test_a_list_of_batches_that_is_empty_is_taken():
    """A run that is resumed where it ended has no batch left; only what gives its batches once is suspected"""
    assert list(train(TrainState(net), [], value_and_grad(mse), 0.1)) == []
