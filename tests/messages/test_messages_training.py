"""Error messages of training, batches, scores and predictions for invalid arguments, pinned word for word.

Each row: the call, the class of the error, the sentence, and the notes that say where, the innermost first.
"""

from collections import deque
from decimal import Decimal
from functools import partial

import numpy as np
import pytest

from funcnn import (
    Adam,
    Dense,
    Dropout,
    Grads,
    Relu,
    Sigmoid,
    Tanh,
    TrainState,
    accuracy,
    backward,
    batches,
    binary_cross_entropy_with_logits,
    checkpoint_every,
    cosine,
    early_stopping,
    forward,
    history,
    inference,
    mlp,
    mse,
    predict,
    record,
    reseed,
    sgd,
    train,
    tree_map,
    update,
    validation,
    value_and_grad,
)
from funcnn.errors import FileError, KindError, NoColumnError, NoItemError, NotFiniteError, RangeError, ShapeError
from funcnn.generation import fixed_memory, mixes_positions, pads_with_zeros, step
from funcnn.layers import First, folded
from funcnn.metrics import confusion, perplexity, top_k_accuracy
from funcnn.schedules import Plateau, plateau
from funcnn.training import Birth, WithBest, best_so_far, better, bisect_nan, compare, keep, progress, until
from funcnn.training.table import Table
from funcnn.traits import gives_probabilities, rests, takes_complex
from funcnn.trees import astype
from tests.says import assert_says

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
net = mlp([2, 9, 1], hidden=Tanh(), seed=1)
start, data, gradient = TrainState(net), [(x, y)] * 8, value_and_grad(mse)
out, classes = np.linspace(-1, 1, 30).reshape(10, 3), np.arange(10) % 3
held_out = validation(mse, x, y)
table = history([TrainState(net, step=4, cost=1.0)])[1]


@record
class Bare:
    """A record without a rule."""


@record
class Running:
    """A training state of one's own."""

    params: object
    optimizer: object
    count: int


class Frame:
    """What pandas calls a DataFrame, as far as it is seen here."""

    shape, to_numpy = (10, 2), None


made = batches(x, y, 5, epochs=10, seed=0)
squashed = (Dense(np.eye(2), None), Sigmoid())
words, there = np.ones((5, 4, 2)), np.ones((5, 4), bool)


def generated():
    yield from data


def run(steps=4, start=start):
    return train(start, data[:steps], gradient, 0.1)


used = run()
assert len(keep(used)) == 4


def call(function, *given, **options):
    return lambda: function(*given, **options)


def read(function, *given, **options):
    return lambda: list(function(*given, **options))


def score(now):
    return now.cost


def trained(**options):
    return call(train, **{"start": start, "data": data, "value_and_grad": gradient, "lr": 0.1, **options})


def returning(made):
    """Training with a function that returns this."""
    return read(train, start, data, lambda params, x, y: made, 0.1)


DIRECTION = 'better must be "lower" or "higher"'
UNDECLARED = f'{DIRECTION}, since score does not declare it; for a cost write better="lower"'
OF_STATE = "a function of the state, such as validation(mse, x, y)"
GRADIENT = "value_and_grad must be a function (params, x, y) that returns (cost, Grads)"
RETURNS = "train: value_and_grad must return (cost, Grads(params, x))"
NO_NETWORK = "predict: params must be a layer or a tuple of layers"
RATE = "a number or a function of the step number"
SETS = "on the validation set, x: <f64 10x2>, y: <f64 10x1>"

ROWS = {
    # TrainState.
    **{
        f"{cls} for a network": (
            call(TrainState, given),
            KindError,
            f"TrainState: params must be a network, not {cls}",
        )
        for cls, given in (("TrainState", start), ("Grads", gradient(net, x, y)[1]))
    },
    **{
        f"{verb.__name__} of a state": (
            call(verb, start, *given),
            KindError,
            f"{verb.__name__}: there is no rule for TrainState; write state.{what}",
        )
        for verb, given, what in (
            (forward, (x,), "params"),
            (backward, (forward(net, x)[1], y), "params"),
            (update, (gradient(net, x, y)[1], net), "optimizer"),
            (step, (x,), "params"),
            (fixed_memory, (1, 1), "params"),
            (inference, (), "params"),
            (reseed, (1,), "params"),
            (folded, (), "params"),
            (mixes_positions, (), "params"),
            (gives_probabilities, (), "params"),
        )
    },
    **{
        f"{verb.__name__} of {named}": (
            call(verb, given, *others),
            KindError,
            f"{verb.__name__}: {named} is not a layer; a layer is a record{rule} or a tuple of layers",
        )
        for verb, others in (
            (forward, (x,)),
            (step, (x,)),
            (inference, ()),
            (mixes_positions, ()),
            (pads_with_zeros, ()),
            (rests, ()),
            (takes_complex, ()),
        )
        for named, given, rule in (
            ("Grads", gradient(net, x, y)[1], " with a rule for forward,"),
            ("Adam", Adam(), " with a rule for forward,"),
            ("str", "net", ""),
        )
    },
    "a step of a record without a rule": (
        call(step, Bare(), x),
        KindError,
        "step: there is no rule for Bare; write one with @step.register(Bare)",
    ),
    "the inference of a state of another class": (
        call(inference, Running(net, Adam(), 1)),
        KindError,
        "inference: there is no rule for Running; write state.params",
    ),
    **{
        f"{verb.__name__} of a chain with a state": (
            call(verb, (Relu(), start), *given),
            KindError,
            f"{verb.__name__}: there is no rule for TrainState; write state.params",
        )
        for verb, given in ((inference, ()), (reseed, (1,)))
    },
    **{
        f"{verb.__name__} with a state for the network": (
            call(verb, *given),
            KindError,
            f"{verb.__name__}: params must be a layer or a tuple of layers, not TrainState; write state.params",
        )
        for verb, given in (
            (sgd, (start, gradient(net, x, y)[1], 0.1)),
            (update, (Adam(), gradient(net, x, y)[1], start)),
        )
    },
    **{
        f"a state of {name}": (
            call(TrainState, given),
            KindError,
            f"TrainState: params must be a record, a tuple or an array, not {kind}",
        )
        for name, given, kind in [
            ("a text", "net", "str"),
            ("a class", Dense, "the class Dense"),
            ("nothing", None, "None"),
            ("a number", 1.5, "float"),
        ]
    },
    "a state of a list": (
        call(TrainState, list(net)),
        KindError,
        "TrainState: params must be immutable, not list; write tuple(params)",
    ),
    "a state of the optimizer first": (
        call(TrainState, Adam(), net),
        KindError,
        "TrainState: params must be a network, not the optimizer Adam; write TrainState(params, optimizer)",
    ),
    **{
        f"a state with {name} as its optimizer": (
            call(TrainState, net, given),
            KindError,
            f"TrainState: optimizer must be an optimizer, such as Adam(), or a tuple of them, not {kind}",
        )
        for name, given, kind in [
            ("a learning rate", 0.1, "float"),
            ("a layer", (Adam(), Relu()), "Relu"),
            ("a name", "adam", "str"),
            ("a class", Adam, "the class Adam"),
            ("nothing", None, "None; write () for none"),
        ]
    },
    "a state before the first": (
        call(TrainState, net, (), -1),
        RangeError,
        "TrainState: step must not be negative; it is -1",
    ),
    "a state that costs a text": (
        call(TrainState, net, cost="1"),
        KindError,
        "TrainState: cost must be a number, not str",
    ),
    "a state that costs labels": (
        call(TrainState, net, cost=np.array(["a"])),
        KindError,
        "TrainState: cost must be a number, not <U1 array",
    ),
    "a best that is a network": (
        call(WithBest, net, best_or_none=net),
        KindError,
        "WithBest: best_or_none must be a TrainState or None, not tuple",
    ),
    "a wait of less than no score": (
        call(WithBest, net, waited=-1),
        RangeError,
        "WithBest: waited must not be negative; it is -1",
    ),
    "a network of WithBest that is a text": (
        call(WithBest, "net"),
        KindError,
        "WithBest: params must be a record, a tuple or an array, not str",
    ),
    # train.
    "training a network": (
        trained(start=net),
        KindError,
        "train: start must be a TrainState, not tuple; write TrainState(params)",
    ),
    "training a layer": (
        trained(start=net[0]),
        KindError,
        "train: start must be a TrainState, not Dense; write TrainState(params)",
    ),
    "training a function": (
        call(train, gradient, data, start, 0.1),
        KindError,
        "train: start must be a TrainState, not BoundFunction",
    ),
    "training an optimizer": (trained(start=Adam()), KindError, "train: start must be a TrainState, not Adam"),
    "training on a dict": (
        trained(data={"x": x}),
        KindError,
        "train: data must be an iterable of batches (x, y), not dict",
    ),
    "training on a frame": (trained(data=Frame()), KindError, "train: data must give batches (x, y), not Frame"),
    "training on a queue of rows": (
        trained(data=deque([x])),
        KindError,
        "train: data must give batches (x, y), not float64 array; write [(x, y)] for one batch of all rows",
    ),
    "training on pairs and then a single": (
        read(train, start, iter([(x, y), x]), gradient, 0.1),
        KindError,
        "train: data must give batches (x, y), not float64 array; write [(x, y)] for one batch of all rows",
    ),
    "a gradient of two arguments": (
        trained(value_and_grad=lambda params, batch: None),
        KindError,
        f"train: {GRADIENT}, not a function (params, batch)",
    ),
    "a metric for the gradient": (
        trained(value_and_grad=accuracy),
        KindError,
        f"train: {GRADIENT}, not accuracy(out, y, threshold); write value_and_grad(loss)",
    ),
    "a gradient alone": (returning(Grads(net, None)), KindError, f"{RETURNS}, not Grads"),
    "a cost alone": (returning(0.5), KindError, f"{RETURNS}, not float"),
    "a cost and an array": (returning((0.5, x)), KindError, f"{RETURNS}, not (float, float64 array)"),
    "a cost, a gradient and more": (
        returning((0.5, Grads(net, None), 1)),
        KindError,
        f"{RETURNS}, not (float, Grads, int)",
    ),
    "a cost for each row": (
        returning((np.ones(10), Grads(net, None))),
        KindError,
        "train: value_and_grad must return a number as the cost, not float64 array",
    ),
    "a cost in words": (
        returning(("low", Grads(net, None))),
        KindError,
        "train: value_and_grad must return a number as the cost, not str",
    ),
    "a loss that returns only a number": (
        read(train, start, data, value_and_grad(lambda out, y: 0.5), 0.1),
        KindError,
        "value_and_grad: the loss must return (cost, dA), dA being the gradient of cost, not float",
    ),
    **{
        f"a rate that is {name}": (trained(lr=given), error, f"train: lr must be {sentence}")
        for name, given, error, sentence in [
            ("a text", "0.1", KindError, "a number, not str; write float(lr)"),
            ("True", True, KindError, "a number, not bool"),
            ("a decimal", Decimal("0.1"), KindError, "a number, not Decimal; write float(lr)"),
            ("negative", -0.1, RangeError, "finite and not negative, not -0.1"),
            ("a class", Dense, KindError, "a number or a function of the step number, not the class Dense"),
            (
                "a function of two",
                lambda step, cost: 0.1,
                KindError,
                "a number or a function of the step number, not a function (step, cost)",
            ),
        ]
    },
    "a schedule that gives a text": (
        read(train, start, data, gradient, lambda step: "0.1"),
        KindError,
        "train: lr(0) must be a number, not str; write float(lr(0))",
    ),
    "a constraint that is a network": (
        trained(constraint=net),
        KindError,
        "train: constraint must be a function of the parameters, not tuple",
    ),
    "a constraint of two arguments": (
        trained(constraint=lambda params, lr: params),
        KindError,
        "train: constraint must be a function of the parameters, not a function (params, lr)",
    ),
    "a NaN from a function that forward does not know": (
        read(train, TrainState(Bare()), data, lambda params, x, y: (float("nan"), Grads(params, None)), 0.1),
        NotFiniteError,
        "train: in step 0 the cost is nan; params, x and y are finite, so value_and_grad is the cause",
    ),
    # until, progress, checkpoint_every, compare, bisect_nan, keep.
    "until a number": (call(until, run(), 5), KindError, "until: done must be a function of the state, not int"),
    "until a function of nothing": (
        call(until, run(), lambda: True),
        KindError,
        "until: done must be a function of the state, not a function ()",
    ),
    "until an answer that is none": (
        read(until, run(), lambda now: None),
        KindError,
        "until: done must return True or False, not None",
    ),
    "until an answer in words": (
        read(until, run(), lambda now: "no"),
        KindError,
        "until: done must return True or False, not str",
    ),
    "a run that is a dict": (
        call(keep, {}),
        KindError,
        "keep: run must be an iterable of TrainStates, such as train gives, not dict",
    ),
    "a run that is an array": (
        call(keep, x),
        KindError,
        "keep: run must be an iterable of TrainStates, such as train gives, not float64 array",
    ),
    "kept states by a name": (
        lambda: keep(run())["last"],
        KindError,
        "States: an index must be a whole number or a slice, not str",
    ),
    "batches by half a number": (
        lambda: batches(x, y, 4, seed=0)[0.5],
        KindError,
        "Batches: an index must be a whole number or a slice, not float",
    ),
    "batches from a state on": (
        lambda: batches(x, y, 4, seed=0)[start:],
        KindError,
        "Batches: an index must be a whole number or a slice, not TrainState",
    ),
    "batches by True": (
        lambda: batches(x, y, 4, seed=0)[True],
        KindError,
        "Batches: an index must be a whole number or a slice, not bool",
    ),
    "progress at a rate in words": (
        call(progress, run(), lr="0.1"),
        KindError,
        "progress: lr must be a number, not str; write float(lr)",
    ),
    "checkpoints nowhere": (
        call(checkpoint_every, run(), None, steps=1),
        KindError,
        "checkpoint_every: path must be a string or a Path, not None",
    ),
    "checkpoints in a folder": (
        call(checkpoint_every, run(), ".", steps=1),
        FileError,
        "checkpoint_every: . is a folder; give the path of a file",
    ),
    "a comparison with nothing": (
        call(compare, [], iter([])),
        RangeError,
        "compare: one of the runs must have a state, got none",
    ),
    "a bisection without a loss": (
        call(bisect_nan, [start], data, None, 0.1),
        KindError,
        "bisect_nan: loss must be a function (out, y), not None",
    ),
    "a bisection without a rate": (
        call(bisect_nan, [start], data, mse, None),
        KindError,
        "bisect_nan: lr must be a number, not None",
    ),
    "a bisection of a queue": (
        call(bisect_nan, [start], deque(data), mse, 0.1),
        KindError,
        "bisect_nan: data must be a sequence of batches, for data[step:], not deque",
    ),
    "a bisection of rows": (
        call(bisect_nan, [start], x, mse, 0.1),
        KindError,
        "bisect_nan: data must give batches (x, y), not float64 array; write [(x, y)] for one batch of all rows",
    ),
    "a birth without an array": (
        call(Birth, 3, "loss", "", "cost", "nan"),
        KindError,
        "Birth: value must be an array of floats, not str",
    ),
    # Where a run begins.
    "a resumed run on all batches": (
        trained(start=TrainState(net, step=4), data=made),
        RangeError,
        "train: data must begin with batch 4, the step of start, not with batch 0; to resume write "
        "data[start.step:], for another run evolve(start, step=0)",
    ),
    "a resumed run on batches cut too early": (
        trained(start=TrainState(net, step=4), data=made[2:]),
        RangeError,
        "train: data must begin with batch 4, the step of start, not with batch 2",
    ),
    "a first run on the last batches": (
        trained(data=made[4:]),
        RangeError,
        "train: data must begin with batch 0, the step of start, not with batch 4",
    ),
    "a bisection of the last batches": (
        call(bisect_nan, [start], made[4:], mse, 0.1),
        RangeError,
        "bisect_nan: data must be all batches of the run, from step 0 on; they begin with batch 4",
    ),
    "data that are a function": (
        trained(data=generated),
        KindError,
        "train: data must be an iterable of batches (x, y), not function; write data()",
    ),
    "data that are a class": (
        trained(data=type(made)),
        KindError,
        "train: data must be an iterable of batches (x, y), not the class Batches",
    ),
    "a batch that is not there": (
        lambda: made[20],
        NoItemError,
        "Batches: index 20 is out of range; there are 20 batches",
    ),
    "a state that is not there": (
        lambda: keep(run())[-5],
        NoItemError,
        "States: index -5 is out of range; there are 4 states",
    ),
    "a constraint that changes a shape": (
        read(train, start, data, gradient, 0.1, constraint=lambda p: tree_map(lambda a: a[:1], p)),
        ShapeError,
        "train: constraint must keep shapes and dtypes; <f64 2x9> became <f64 1x9>",
    ),
    "a constraint that changes the dtype": (
        read(train, start, data[:1], gradient, 0.1, constraint=lambda p: astype(p, np.float32)),
        ShapeError,
        "train: constraint must keep shapes and dtypes; <f64 2x9> became <f32 2x9>",
    ),
    "a constraint that loses a layer": (
        read(train, TrainState((Relu(), Relu())), [(y, y)], gradient, 0.1, constraint=lambda p: p[:1]),
        ShapeError,
        "train: the trees are not alike: (Relu(),), (Relu(), Relu())",
    ),
    **{
        f"{name} of a run that was read before": (
            act,
            RangeError,
            f"{name}: {what} was read to its end before; a generator can be read once, so make a new one",
        )
        for name, what, act in (
            ("keep", "run", call(keep, used)),
            ("history", "run", call(history, used)),
            ("early_stopping", "run", call(early_stopping, used, held_out, patience=1)),
            ("progress", "run", call(progress, used)),
            ("compare", "run_b", call(compare, run(), used)),
        )
    },
    "batches of lists": (
        call(batches, x.tolist(), y, 2, seed=0),
        KindError,
        "batches: x must be an array or a tuple of arrays, rows first, not list; write np.asarray(x)",
    ),
    # Learning rates.
    **{
        f"{name} at the rate of {what}": (act, KindError, f"{name}: lr must be {needed}, not {given}")
        for what, wrong, needed, given in (
            ("the function that makes one", cosine, RATE, "cosine, which makes a schedule; write cosine(lr, steps)"),
            ("half a schedule", partial(cosine, 0.1), RATE, "cosine, which makes a schedule"),
            ("the function of plateaus", plateau, RATE, "plateau(now, cost)"),
            ("a plateau", Plateau(0.1), "a number", "Plateau; write lr.lr"),
        )
        for name, act in (
            ("train", trained(lr=wrong)),
            ("bisect_nan", call(bisect_nan, [start], data, mse, wrong)),
            ("progress", call(progress, run(), lr=wrong)),
        )
    },
    # Scores.
    "a best where nothing was scored": (
        lambda: [*best_so_far(run(), score, better="lower", every=9)][-1].best,
        RangeError,
        "WithBest: there is no best up to step 4, since no state was scored",
    ),
    "a best of scores of NaN": (
        lambda: [*early_stopping(run(), lambda now: np.nan, better="lower", patience=3)][-1].best,
        RangeError,
        "WithBest: there is no best up to step 3, since none of 3 scores is finite",
    ),
    "a best of a state that was trained on": (
        lambda: next(train(WithBest(net, best_or_none=start, step=4), made[4:], gradient, 0.1)).best,
        RangeError,
        "WithBest: there is no best up to step 5, since no state was scored",
    ),
    "a validation of probabilities by a loss of logits": (
        lambda: validation(binary_cross_entropy_with_logits, x, y)(TrainState(squashed)),
        KindError,
        "validation: metric takes logits, so leave out the layer at the end of (Dense(W=<f64 [[1. 0.] [0. 1.]]>, "
        "b=None), Sigmoid())",
    ),
    "a validation of probabilities by their perplexity": (
        lambda: validation(perplexity, x, y)(TrainState(squashed)),
        KindError,
        "validation: metric takes logits, so leave out the layer at the end of (Dense(W=<f64 [[1. 0.] [0. 1.]]>, "
        "b=None), Sigmoid())",
    ),
    "a validation of probabilities with a threshold for logits": (
        lambda: validation(partial(accuracy, threshold=0), x, y)(TrainState(squashed)),
        RangeError,
        "validation: threshold must be in (0, 1), as the network gives probabilities, not 0; write threshold=0.5",
    ),
    "a validation of masked sequences": (
        lambda: validation(accuracy, (words, there), there * 1)(TrainState(First(Dense(np.eye(2), None)))),
        KindError,
        "accuracy: out must be an array, not tuple; for (out, mask) write masked(loss), or metric(out[mask], y[mask])",
        [
            "on the validation set, x: (<f64 5x4x2>, <b8 5x4>), y: <i64 5x4>",
            "the network gives (out, mask); for a metric of arrays write unpadded(metric)",
        ],
    ),
    "a score without a direction": (
        call(early_stopping, run(), score, patience=1),
        KindError,
        f"early_stopping: {UNDECLARED}",
    ),
    "a metric of a validation without a direction": (
        read(best_so_far, run(), validation(lambda out, y: 0.5, x, y)),
        KindError,
        f"best_so_far: {UNDECLARED}",
    ),
    "a direction in other words": (
        call(best_so_far, run(), score, better="less"),
        KindError,
        f"best_so_far: {DIRECTION}, not 'less'",
    ),
    "a direction that is True": (
        call(best_so_far, run(), score, better=True),
        KindError,
        f"best_so_far: {DIRECTION}, not bool",
    ),
    "an accuracy that should be low": (
        call(early_stopping, run(), validation(partial(accuracy, threshold=0), x, y), patience=1, better="lower"),
        KindError,
        'early_stopping: better must be "higher", as score declares, not "lower"',
    ),
    "a loss that should be high": (
        read(early_stopping, run(), held_out, patience=1, better="higher"),
        KindError,
        'early_stopping: better must be "lower", as score declares, not "higher"',
    ),
    "a loss for a score": (
        call(early_stopping, run(), mse, patience=1),
        KindError,
        f"early_stopping: score must be {OF_STATE}, not mse(out, y, weight)",
    ),
    "a score that is a number": (
        call(best_so_far, run(), 0.5, better="lower"),
        KindError,
        f"best_so_far: score must be {OF_STATE}, not float",
    ),
    "a confusion for a score": (
        read(best_so_far, run(), validation(partial(confusion, threshold=0), x, y), better="higher"),
        KindError,
        "best_so_far: score must give a number, not <i64 [[ 0  0] [ 0 10]]>",
    ),
    "a run that forgets its best": (
        read(early_stopping, run(start=WithBest(net, step=2)), held_out, patience=1),
        KindError,
        "early_stopping: start must be given, as run goes on from a state with a best; write start=state",
    ),
    "a run that does not go on": (
        read(early_stopping, run(), held_out, patience=1, start=TrainState(net, step=1)),
        RangeError,
        "early_stopping: start must be the state from which run goes on, at step 0, not at step 1",
    ),
    "a run that goes on from a later state": (
        read(best_so_far, list(run())[1:], held_out, start=WithBest(net)),
        RangeError,
        "best_so_far: start must be the state from which run goes on, at step 1, not at step 0",
    ),
    **{
        f"a table of {whole}": (
            call(Table, whole),
            KindError,
            "Table: whole must be a mapping from names to arrays with equal numbers of rows",
        )
        for whole in (
            [1, 2],
            {"step": [1, 2]},
            {"step": np.array(1)},
            {"step": np.arange(3), "cost": np.ones(2)},
        )
    },
    "a column that a table does not have": (
        lambda: table["loss"],
        NoColumnError,
        "Table: there is no column 'loss'; its columns are step, cost",
    ),
    "a declared direction in other words": (
        call(better, "more"),
        KindError,
        'better: direction must be "lower" or "higher", not \'more\'',
    ),
    "a direction without a word": (
        call(better, accuracy),
        KindError,
        'better: direction must be "lower" or "higher", not function',
    ),
    "a direction of a number": (
        call(better("lower"), 0.5),
        KindError,
        "better: the metric must be a function, not float",
    ),
    "a direction of a function in C": (
        call(better("lower"), max),
        KindError,
        "better: the metric must be a Python function, not builtin_function_or_method",
    ),
    # history.
    "a history of a metric": (
        call(history, run(), {"accuracy": accuracy}),
        KindError,
        "history: the measure 'accuracy' must be a function of the state, such as validation(accuracy, x, y), "
        "not accuracy(out, y, threshold)",
    ),
    "a history of a number": (
        call(history, run(), {"half": 0.5}),
        KindError,
        "history: the measure 'half' must be a function of the state, such as validation(accuracy, x, y), not float",
    ),
    "a measure without a name": (
        call(history, run(), {0: score}),
        KindError,
        "history: the name of a measure must be a string, not int",
    ),
    "a measure with the name of an entry": (
        call(history, run(), {"a": lambda now: x[0], "a.1": score}),
        RangeError,
        "history: two columns are called 'a.1'; give a measure another name",
    ),
    "a history in a dict": (
        call(history, run(), table={"step": [1]}),
        KindError,
        "history: table must be the table of an earlier call, not dict",
    ),
    "a history with other columns": (
        call(history, run(), {"score": score}, table=table),
        KindError,
        "history: table must have the columns step, cost, score; its columns are step, cost",
    ),
    "a history that repeats itself": (
        call(history, run(), table=table),
        RangeError,
        "history: run must go on from step 4; its first state is at step 1",
    ),
    # validation.
    "validation of no function": (
        call(validation, x, y, mse),
        KindError,
        "validation: metric must be a function (out, y), not float64 array",
    ),
    "validation of a function of the state": (
        call(validation, held_out, x, y),
        KindError,
        "validation: metric must be a function (out, y), not a function (state)",
    ),
    "validation on a frame": (
        call(validation, mse, Frame(), y),
        KindError,
        "validation: x must be an array or a tuple of arrays, rows first, not Frame; write x.to_numpy()",
    ),
    "validation of a state's cost": (
        call(held_out, 0.5),
        KindError,
        "validation: state must be a TrainState, not float",
    ),
    **{
        f"a metric that gives {name}": (
            call(validation(lambda out, y, made=made: made, x, y), start),
            KindError,
            f"validation: metric must return a number, an array, or (cost, dA) as a loss does, not {given}",
            [SETS],
        )
        for name, made, given in [
            ("nothing", None, "None"),
            ("two numbers", (0.5, 0.7), "(float, float)"),
            ("three", (0.5, x[:, :1], 1), "(float, float64 array, int)"),
            ("a gradient of other outputs", (0.5, x), "(float, float64 array)"),
        ]
    },
    # predict.
    "predicting with True": (call(predict, net, x, True), KindError, "predict: rows must be a whole number, not bool"),  # noqa: FBT003  the value
    "predicting with a state": (
        call(predict, start, x),
        KindError,
        f"{NO_NETWORK}, not TrainState; write state.params",
    ),
    "predicting with a best": (
        call(predict, WithBest(net), x),
        KindError,
        f"{NO_NETWORK}, not WithBest; write state.params",
    ),
    "predicting with an optimizer": (call(predict, Adam(), x), KindError, f"{NO_NETWORK}, not Adam"),
    "predicting the network": (
        call(predict, x, net),
        KindError,
        f"{NO_NETWORK}, not float64 array; write predict(params, x)",
    ),
    "predicting with two arrays": (
        call(predict, x, x),
        KindError,
        f"{NO_NETWORK}, not float64 array",
    ),
    "predicting with a class": (
        call(predict, Relu, x),
        KindError,
        f"{NO_NETWORK}, not the class Relu",
    ),
    "predicting a frame": (
        call(predict, net, Frame()),
        KindError,
        "predict: x must be an array or a tuple of arrays, rows first, not Frame; write x.to_numpy()",
    ),
    "predicting a pair of unequal rows": (
        call(predict, net, (x, y[:9])),
        ShapeError,
        "predict: x must hold arrays with equally many rows; rows: [10, 9]",
    ),
    # batches.
    "batches of a frame": (
        call(batches, x, Frame(), 4, seed=0),
        KindError,
        "batches: y must be an array or a tuple of arrays, rows first, not Frame; write y.to_numpy()",
    ),
    "batches of two and a bit": (
        call(batches, x, y, 2.0, seed=0),
        KindError,
        "batches: size must be a whole number, not float; write int(size)",
    ),
    "batches with the size in place of y": (
        call(batches, x, 4, y, seed=0),
        KindError,
        "batches: size must be a whole number, not float64 array",
    ),
    # plateau.
    "a plateau of a rate": (
        call(plateau, 0.1, 2.0),
        KindError,
        "plateau: now must be a Plateau, not float; write Plateau(lr)",
    ),
    "a plateau of a state": (call(plateau, start, 2.0), KindError, "plateau: now must be a Plateau, not TrainState"),
    "a plateau at True": (call(plateau, Plateau(0.1), True), KindError, "plateau: cost must be a number, not bool"),  # noqa: FBT003  the value
    # Metrics.
    "the answers first": (
        call(accuracy, classes, out),
        KindError,
        "accuracy: out must be an array of floats, not int64 array; write accuracy(out, y), the output of the network "
        "first",
    ),
    "a threshold in words": (
        call(accuracy, out, out > 0, threshold="0"),
        KindError,
        "accuracy: threshold must be a number, not str; write float(threshold)",
    ),
    "the largest of one output": (
        call(top_k_accuracy, out[:, :1], classes, 1),
        RangeError,
        "top_k_accuracy: out must have two classes or more; out: (10, 1)",
    ),
    "the perplexity of one output": (
        call(perplexity, out[:, :1], classes),
        RangeError,
        "perplexity: out must have two classes or more; out: (10, 1)",
    ),
    "the perplexity of one row without its axis": (
        call(perplexity, out[0], np.array(1)),
        ShapeError,
        "perplexity: out must be (m, ..., k), rows first; out: (3,)",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row, tmp_path, monkeypatch):
    if row.startswith("progress"):
        pytest.importorskip("tqdm", reason="draws the bar")
    monkeypatch.chdir(tmp_path)
    assert_says(ROWS[row], start, x, y, out, classes)
    assert list(tmp_path.iterdir()) == []


def test_dropout_can_be_predicted_with_for_it_is_a_layer():
    assert np.array_equal(predict(Dropout(0.5, seed=0), x), x)
