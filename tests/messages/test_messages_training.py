"""Error messages of training, batches, scores and predictions for invalid arguments, pinned word for word."""

from collections import deque
from decimal import Decimal
from functools import partial

import numpy as np
import pytest

import funcnn as nn
from funcnn import accuracy, batches, cosine, early_stopping, history, mse, predict, train, validation, value_and_grad
from funcnn.columns import Table
from funcnn.errors import KindError, NoColumnError, NoItemError, NotFiniteError, RangeError
from funcnn.generation import fixed_memory, mixes_positions, pads_with_zeros, step
from funcnn.layers import First, folded
from funcnn.metrics import perplexity, top_k_accuracy
from funcnn.schedules import Plateau, plateau
from funcnn.training import Birth, WithBest, WithTable, best_so_far, better, bisect_nan, compare, keep, progress, until
from funcnn.traits import gives_probabilities, rests, takes_complex
from funcnn.trees import astype
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
net = nn.mlp([2, 9, 1], hidden=nn.Tanh(), seed=1)
start, data, gradient = nn.TrainState(net), [(x, y)] * 8, value_and_grad(mse)
out, classes = np.linspace(-1, 1, 30).reshape(10, 3), np.arange(10) % 3
held_out = validation(mse, x, y)
table = history([nn.TrainState(net, step=4, cost=1.0)])[1]


@nn.record
class Bare:
    """A record without a rule."""


@nn.record
class Running:
    """A training state of one's own."""

    params: object
    optimizer: object
    count: int


class Frame:
    """What pandas calls a DataFrame, as far as it is seen here."""

    shape, to_numpy = (10, 2), None


made = batches(x, y, 5, epochs=10, seed=0)
squashed = (nn.Dense(np.eye(2), None), nn.Sigmoid())
words, there = np.ones((5, 4, 2)), np.ones((5, 4), bool)


def generated():
    yield from data


def run(steps=4, start=start):
    return train(start, data[:steps], gradient, 0.1)


used = run()
assert len(keep(used)) == 4


def read(function, *given, **options):
    return lambda: list(function(*given, **options))


def score(now):
    return now.cost


def trained(**options):
    return lambda: train(**{"start": start, "data": data, "value_and_grad": gradient, "lr": 0.1, **options})


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

ROWS = [
    # TrainState.
    *[
        kind_error(partial(nn.TrainState, given)) >> f"TrainState: params must be a network, not {cls}"
        for cls, given in (("TrainState", start), ("Grads", gradient(net, x, y)[1]))
    ],
    *[
        kind_error(partial(verb, *given))
        >> f"{verb.__name__}: params must be a layer or a tuple of layers, not TrainState; write state.params"
        for verb, *given in (
            *((nn.forward, start, x), (nn.backward, start, nn.forward(net, x)[1], y), (step, start, x)),
            *((fixed_memory, start, 1, 1), (nn.inference, start), (nn.reseed, start, 1), (folded, start)),
            *((mixes_positions, start), (gives_probabilities, start), (nn.sgd, start, gradient(net, x, y)[1], 0.1)),
            (nn.update, nn.Adam(), gradient(net, x, y)[1], start),
        )
    ],
    kind_error(lambda: nn.update(start, gradient(net, x, y)[1], net)) >> "update: optimizer must be an optimizer, "
    "such as Adam(), or a tuple of them, not TrainState; write state.optimizer",
    *[
        kind_error(partial(verb, given, *others))
        >> f"{verb.__name__}: params must be a layer or a tuple of layers, not {named}"
        for verb, *others in (
            *((nn.forward, x), (step, x), (nn.inference,), (mixes_positions,), (pads_with_zeros,), (rests,)),
            (takes_complex,),
        )
        for named, given in (("Grads", gradient(net, x, y)[1]), ("Adam", nn.Adam()), ("str", "net"))
    ],
    kind_error(lambda: step(Bare(), x)) >> "step: there is no rule for Bare; write one with @step.register(Bare)",
    kind_error(lambda: nn.inference(Running(net, nn.Adam(), 1)))
    >> "inference: params must be a layer or a tuple of layers, not Running; write state.params",
    kind_error(lambda: nn.TrainState(nn.Adam(), net))
    >> "TrainState: params must be a network, not the optimizer Adam; write TrainState(params, optimizer)",
    *[
        kind_error(partial(nn.TrainState, net, given))
        >> f"TrainState: optimizer must be an optimizer, such as Adam(), or a tuple of them, not {kind}"
        for given, kind in [((nn.Adam(), nn.Relu()), "Relu"), (None, "None; for plain gradient descent write ()")]
    ],
    range_error(lambda: nn.TrainState(net, (), -1)) >> "TrainState: step must not be negative; it is -1",
    kind_error(lambda: nn.TrainState(net, cost="1")) >> "TrainState: cost must be a number, not str",
    kind_error(lambda: WithBest(net, best_or_none=net))
    >> "WithBest: best_or_none must be a TrainState or None, not tuple",
    *[
        kind_error(partial(WithTable, net, columns=columns))
        >> f"WithTable: columns must be the columns of a table, as tuple(table.whole.items()), not {given}"
        for columns, given in (
            ((1,), "(1,)"),
            ((("step", 1),), "(('step', 1),)"),
            ((("step", x), ("cost", x[:9])), "(('step', <f64 10x2>), ('cost', <f64 9x2>))"),
            ("", "''"),
        )
    ],
    range_error(lambda: WithBest(net, waited=-1)) >> "WithBest: waited must not be negative; it is -1",
    # train.
    kind_error(lambda: train(gradient, data, start, 0.1)) >> "train: start must be a TrainState, not BoundFunction",
    kind_error(trained(data=deque([x])), read(train, start, iter([(x, y), x]), gradient, 0.1))
    >> "train: data must give batches (x, y), not float64 array; write [(x, y)] for one batch of all rows",
    kind_error(trained(value_and_grad=accuracy))
    >> f"train: {GRADIENT}, not accuracy(out, y, threshold); write value_and_grad(loss)",
    kind_error(returning(nn.Grads(net, None))) >> f"{RETURNS}, not Grads",
    kind_error(returning(0.5)) >> f"{RETURNS}, not float",
    kind_error(returning((0.5, x))) >> f"{RETURNS}, not (float, float64 array)",
    kind_error(returning((0.5, nn.Grads(net, None), 1))) >> f"{RETURNS}, not (float, Grads, int)",
    kind_error(returning((np.ones(10), nn.Grads(net, None))))
    >> "train: value_and_grad must return a number as the cost, not float64 array",
    kind_error(returning(("low", nn.Grads(net, None))))
    >> "train: value_and_grad must return a number as the cost, not str",
    *[
        raises(error, trained(lr=given)) >> f"train: lr must be {sentence}"
        for given, error, sentence in [
            ("0.1", KindError, "a number, not str; write float(lr)"),
            (True, KindError, "a number, not bool"),
            (Decimal("0.1"), KindError, "a number, not Decimal; write float(lr)"),
            (-0.1, RangeError, "finite and not negative, not -0.1"),
            (nn.Dense, KindError, "a number or a function of the step number, not the class Dense"),
            (
                lambda step, cost: 0.1,
                KindError,
                "a number or a function of the step number, not a function (step, cost)",
            ),
        ]
    ],
    kind_error(read(train, start, data, gradient, lambda step: "0.1"))
    >> "train: lr(0) must be a number, not str; write float(lr(0))",
    kind_error(trained(constraint=lambda params, lr: params))
    >> "train: constraint must be a function of the parameters, not a function (params, lr)",
    raises(
        NotFiniteError,
        read(train, nn.TrainState(Bare()), data, lambda params, x, y: (float("nan"), nn.Grads(params, None)), 0.1),
    )
    >> "train: in step 0 the cost is nan; params, x and y are finite, so value_and_grad is the cause",
    # until, progress, checkpoint_every, compare, bisect_nan, keep.
    kind_error(lambda: until(run(), lambda: True)) >> "until: done must be a function of the state, not a function ()",
    kind_error(read(until, run(), lambda now: None)) >> "until: done must return True or False, not None",
    kind_error(read(until, run(), lambda now: "no")) >> "until: done must return True or False, not str",
    kind_error(lambda: keep({})) >> "keep: run must be an iterable of TrainStates, such as train gives, not dict",
    kind_error(lambda: keep(run())["last"]) >> "States: an index must be a whole number or a slice, not str",
    kind_error(lambda: batches(x, y, 4, seed=0)[start:])
    >> "Batches: an index must be a whole number or a slice, not TrainState",
    kind_error(lambda: batches(x, y, 4, seed=0)[True])
    >> "Batches: an index must be a whole number or a slice, not bool",
    kind_error(lambda: nn.checkpoint_every(run(), None, steps=1))
    >> "checkpoint_every: path must be a string, a Path or a file object, not None",
    range_error(lambda: compare([], iter([]))) >> "compare: one of the runs must give at least one state; both "
    "are empty",
    kind_error(lambda: bisect_nan([start], deque(data), mse, 0.1))
    >> "bisect_nan: data must be a sequence of batches with slices, data[step:], not deque",
    kind_error(lambda: Birth(3, "loss", "", "cost", "nan")) >> "Birth: value must be an array of floats, not str",
    # Where a run begins.
    range_error(trained(start=nn.TrainState(net, step=4), data=made)) >> "train: data must begin with batch 4, the "
    "step of start, not with batch 0; to resume write data[start.step:], for another run evolve(start, step=0)",
    range_error(trained(start=nn.TrainState(net, step=4), data=made[2:]))
    >> "train: data must begin with batch 4, the step of start, not with batch 2",
    range_error(trained(data=made[4:])) >> "train: data must begin with batch 0, the step of start, not with batch 4",
    range_error(lambda: bisect_nan([start], made[4:], mse, 0.1))
    >> "bisect_nan: data must be all batches of the run, from step 0 on; they begin with batch 4",
    kind_error(trained(data=generated))
    >> "train: data must be an iterable of batches (x, y), not function; write data()",
    kind_error(trained(data=type(made))) >> "train: data must be an iterable of batches (x, y), not the class Batches",
    raises(NoItemError, lambda: made[20]) >> "Batches: index 20 is out of range; there are 20 batches",
    raises(NoItemError, lambda: keep(run())[-5]) >> "States: index -5 is out of range; there are 4 states",
    shape_error(read(train, start, data, gradient, 0.1, constraint=lambda p: nn.tree_map(lambda a: a[:1], p)))
    >> "train: constraint must keep shapes and dtypes; <f64 2x9> became <f64 1x9>",
    shape_error(read(train, start, data[:1], gradient, 0.1, constraint=lambda p: astype(p, np.float32)))
    >> "train: constraint must keep shapes and dtypes; <f64 2x9> became <f32 2x9>",
    shape_error(read(train, nn.TrainState((nn.Relu(), nn.Relu())), [(y, y)], gradient, 0.1, constraint=lambda p: p[:1]))
    >> "train: what constraint returns and params must have the same structure; where the first has (Relu(),), "
    "the second has (Relu(), Relu())",
    *[
        range_error(act)
        >> f"{name}: {what} was read to its end before; a generator can be read once, so make a new one"
        for name, what, act in (
            ("keep", "run", partial(keep, used)),
            ("history", "run", partial(history, used)),
            ("early_stopping", "run", partial(early_stopping, used, held_out, patience=1)),
            ("progress", "run", partial(progress, used)),
            ("compare", "run_b", partial(compare, run(), used)),
        )
    ],
    # Learning rates.
    *[
        kind_error(act) >> f"{name}: lr must be {needed}, not {given}"
        for wrong, needed, given in (
            (cosine, RATE, "cosine, which makes a schedule; write cosine(lr, steps)"),
            (partial(cosine, 0.1), RATE, "cosine, which makes a schedule"),
            (plateau, RATE, "plateau(now, cost)"),
            (Plateau(0.1), "a number", "Plateau; write lr.lr"),
        )
        for name, act in (
            ("train", trained(lr=wrong)),
            ("bisect_nan", partial(bisect_nan, [start], data, mse, wrong)),
            ("progress", partial(progress, run(), lr=wrong)),
        )
    ],
    # Scores.
    range_error(lambda: [*best_so_far(run(), score, better="lower", every=9)][-1].best)
    >> "WithBest: there is no best up to step 4, since no state was scored",
    range_error(lambda: [*early_stopping(run(), lambda now: np.nan, better="lower", patience=3)][-1].best)
    >> "WithBest: there is no best up to step 3, since none of 3 scores is finite",
    range_error(lambda: next(train(WithBest(net, best_or_none=start, step=4), made[4:], gradient, 0.1)).best)
    >> "WithBest: there is no best up to step 5, since no state was scored",
    kind_error(lambda: validation(nn.binary_cross_entropy_with_logits, x, y)(nn.TrainState(squashed)))
    >> "validation: metric takes logits, so leave out the layer at the end of (Dense(W=<f64 [[1. 0.] [0. 1.]]>, "
    "b=None), Sigmoid())",
    range_error(lambda: validation(partial(accuracy, threshold=0), x, y)(nn.TrainState(squashed)))
    >> "validation: threshold must be in (0, 1), as the network gives probabilities, not 0; write threshold=0.5",
    kind_error(
        lambda: validation(accuracy, (words, there), np.int_(there))(nn.TrainState(First(nn.Dense(np.eye(2), None))))
    )
    >> "accuracy: out must be an array, not tuple; for (out, mask) write masked(loss), or metric(out[mask], y[mask])"
    >> [
        "on the validation set, x: (<f64 5x4x2>, <b8 5x4>), y: <i64 5x4>",
        "the network gives (out, mask); for a metric of arrays write unpadded(metric)",
    ],
    kind_error(lambda: early_stopping(run(), score, patience=1)) >> f"early_stopping: {UNDECLARED}",
    kind_error(read(best_so_far, run(), validation(lambda out, y: 0.5, x, y))) >> f"best_so_far: {UNDECLARED}",
    kind_error(lambda: best_so_far(run(), score, better="less")) >> f"best_so_far: {DIRECTION}, not 'less'",
    kind_error(
        lambda: early_stopping(run(), validation(partial(accuracy, threshold=0), x, y), patience=1, better="lower")
    )
    >> 'early_stopping: better must be "higher", as score declares, not "lower"',
    kind_error(read(early_stopping, run(), held_out, patience=1, better="higher"))
    >> 'early_stopping: better must be "lower", as score declares, not "higher"',
    kind_error(lambda: early_stopping(run(), mse, patience=1))
    >> f"early_stopping: score must be {OF_STATE}, not mse(out, y, weight)",
    kind_error(read(early_stopping, run(start=WithBest(net, step=2)), held_out, patience=1))
    >> "early_stopping: start must be the state that was passed to train, since it holds the best state so far, not "
    "None; for train(state, ...) write start=state",
    range_error(read(early_stopping, run(), held_out, patience=1, start=nn.TrainState(net, step=1)))
    >> "early_stopping: start must be the state that was passed to train, at step 0, one step before the first "
    "state of run, not at step 1",
    range_error(read(best_so_far, list(run())[1:], held_out, start=WithBest(net))) >> "best_so_far: start must be the "
    "state that was passed to train, at step 1, one step before the first state of run, not at step 0",
    *[
        kind_error(partial(Table, whole))
        >> f"Table: whole must be a mapping from names to arrays with equal numbers of rows, not {given}"
        for whole, given in (
            ([1, 2], "list"),
            ({"step": 3}, "{'step': 3}"),
            ({"step": np.array(1)}, "{'step': <i64 1>}"),
            ({"step": [1, [2]]}, "{'step': [1, [2]]}"),
            ({"cost": [0.5, None]}, "{'cost': [0.5, None]}"),
            ({"step": np.arange(3), "cost": [0.5, 0.1]}, "3 of 'step', 2 of 'cost'"),
        )
    ],
    raises(NoColumnError, lambda: table["loss"]) >> "Table: there is no column 'loss'; its columns are step, cost",
    kind_error(lambda: better("lower")(0.5)) >> "better: the metric must be a function, not float",
    kind_error(lambda: better("lower")(max))
    >> "better: the metric must be a Python function, not builtin_function_or_method",
    # history.
    kind_error(lambda: history(run(), {"accuracy": accuracy})) >> "history: the measure 'accuracy' must be a function "
    "of the state, such as validation(accuracy, x, y), not accuracy(out, y, threshold)",
    kind_error(lambda: history(run(), {0: score})) >> "history: the name of a measure must be a string, not int",
    range_error(lambda: history(run(), {"a": lambda now: x[0], "a.1": score}))
    >> "history: two columns are called 'a.1'; give a measure another name",
    kind_error(lambda: history(run(), table={"step": [1]}))
    >> "history: table must be the table of an earlier call, not dict",
    kind_error(lambda: history(run(), {"score": score}, table=table))
    >> "history: table must have the columns step, cost, score; its columns are step, cost",
    range_error(lambda: history(run(), table=table))
    >> "history: run must begin after step 4, the last step of start and table, not with step 1",
    # validation.
    kind_error(lambda: validation(mse, Frame(), y))
    >> "validation: x must be an array or a tuple of arrays, rows first, not Frame; write x.to_numpy()",
    kind_error(lambda: held_out(0.5)) >> "validation: state must be a TrainState, not float",
    *[
        kind_error(partial(validation(lambda out, y, made=made: made, x, y), start))
        >> f"validation: metric must return a number, an array, or (cost, dA) as a loss does, not {given}"
        >> [SETS]
        for made, given in [
            (None, "None"),
            ((0.5, 0.7), "(float, float)"),
            ((0.5, x[:, :1], 1), "(float, float64 array, int)"),
            ((0.5, x), "(float, float64 array)"),
        ]
    ],
    # predict.
    kind_error(lambda: predict(start, x)) >> f"{NO_NETWORK}, not TrainState; write state.params",
    kind_error(lambda: predict(x, net)) >> f"{NO_NETWORK}, not float64 array; write predict(params, x)",
    shape_error(lambda: predict(net, (x, y[:9])))
    >> "predict: x must hold arrays with equally many rows; rows: [10, 9]",
    # batches.
    # plateau.
    kind_error(lambda: plateau(0.1, 2.0)) >> "plateau: now must be a Plateau, not float; write Plateau(lr)",
    kind_error(lambda: plateau(start, 2.0)) >> "plateau: now must be a Plateau, not TrainState",
    # Metrics.
    range_error(lambda: top_k_accuracy(out[:, :1], classes, 1))
    >> "top_k_accuracy: out must have at least two classes; out: (10, 1)",
    shape_error(lambda: perplexity(out[0], np.array(1)))
    >> "perplexity: out must be (m, ..., k), rows first; out: (3,)",
]


@each_row(ROWS)
def test_it_says(row, tmp_path, monkeypatch):
    if row.sentence.startswith("progress"):
        pytest.importorskip("tqdm", reason="draws the bar")
    monkeypatch.chdir(tmp_path)
    assert_says(row, start, x, y, out, classes)
    assert list(tmp_path.iterdir()) == []


def test_dropout_can_be_predicted_with_for_it_is_a_layer():
    assert np.array_equal(predict(nn.Dropout(0.5, seed=0), x), x)
