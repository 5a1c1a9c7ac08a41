"""Error messages of functions of runs, pinned word for word.

Each row: the call, the class of the error, the sentence, and the notes that say where, the innermost first.
"""

from functools import partial
from itertools import islice

import numpy as np
import pytest

from funcnn import (
    Dense,
    FuncnnError,
    Grads,
    Tanh,
    TrainState,
    accuracy,
    checkpoint_every,
    early_stopping,
    history,
    mlp,
    mse,
    record,
    train,
    tree_map,
    validation,
    value_and_grad,
)
from funcnn import backward as backward_of
from funcnn import forward as forward_of
from funcnn.errors import KindError, NotFiniteError, RangeError, ShapeError
from funcnn.losses import masked, quantile
from funcnn.metrics import confusion, r2
from funcnn.training import best_so_far, bisect_nan, keep, progress, until, while_finite
from tests.says import assert_says

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
net = mlp([2, 9, 1], hidden=Tanh(), seed=1)
start = TrainState(net)
data = [(x, y)] * 8
out = np.linspace(-1, 1, 30).reshape(10, 3)
classes = np.arange(10) % 3
LAYER = "in layer 0, Dense(W=<f64 2x9>, b=<f64 9>), x: <f64 10x3>"
EXACTLY_ONE = "exactly one of steps and seconds must be given"
SETS = "on the validation set, x: <f64 10x3>, y: <f64 10x1>"


def run(steps=4):
    return train(start, data[:steps], value_and_grad(mse), 0.1)


def read(function, *given, **options):
    """The function, and then the states of the run that it makes."""
    return lambda: list(function(*given, **options))


def call(function, *given, **options):
    return lambda: function(*given, **options)


def score(now):
    return now.cost


def overflow():
    hundred = np.array([[100.0]])
    with np.errstate(over="ignore"):
        next(train(TrainState(Dense(1e306 * hundred, None)), [(hundred, hundred)], value_and_grad(mse), 0.1))


def dead(step):
    return TrainState(tree_map(lambda a: a * np.nan, net), step=step)


@record
class Fickle:
    """A layer that is not pure: its second answer is another."""


answers = []


@forward_of.register(Fickle)
def fickle_forward(params, x):
    answers.append(0)
    return x * (np.nan if len(answers) == 1 else 1.0), ()


@backward_of.register(Fickle)
def fickle_backward(params, cache, dA):
    return Grads(params, dA)


def fickle():
    answers.clear()
    return bisect_nan([TrainState((Fickle(),))], [(x, x)] * 3, once_nan, 0.1)


def once_nan(out, y):
    return mse(np.asarray(out) * 1.0, y)


NO_RUN = "run must be an iterable of TrainStates, such as train gives, not TrainState"
NO_STATES = "run must give TrainStates, not tuple"
WRAPPERS = {
    "until": lambda run, _: until(run, score),
    "while_finite": lambda run, _: while_finite(run),
    "best_so_far": lambda run, _: best_so_far(run, score, better="lower"),
    "early_stopping": lambda run, _: early_stopping(run, score, patience=1, better="lower"),
    "progress": lambda run, _: progress(run),
    "checkpoint_every": lambda run, _: checkpoint_every(run, "nowhere", steps=1),
    "history": lambda run, _: history(run),
    "keep": lambda run, _: keep(run),
}
EVERY = {
    "best_so_far": partial(best_so_far, better="lower"),
    "early_stopping": partial(early_stopping, patience=1, better="lower"),
    "history": lambda run, _, every: history(run, every=every),
    "keep": lambda run, _, every: keep(run, every=every),
}

ROWS = {
    **{
        f"{name} of a state": (call(wrapper, start, None), KindError, f"{name}: {NO_RUN}")
        for name, wrapper in WRAPPERS.items()
    },
    **{
        f"{name} of networks": (call(wrapper, [net], None), KindError, f"{name}: {NO_STATES}")
        for name, wrapper in WRAPPERS.items()
    },
    "a measure called cost": (
        call(history, run(), {"held": score, "cost": score}),
        RangeError,
        "history: 'cost' is in the table already; give the measure another name",
    ),
    "a measure called step": (
        call(history, run(), {"step": score, "cost": score}),
        RangeError,
        "history: 'cost' is in the table already; give the measure another name",
    ),
    "the history of nothing": (
        call(history, []),
        RangeError,
        "history: run must have a state, got none; a generator can be read once, and a finished run needs start",
    ),
    "a measure that gives nothing": (
        call(history, run(), {"held": lambda now: None}),
        KindError,
        "history: the measure 'held' must give a number or an array of them, not None",
    ),
    "a measure that is a loss": (
        call(history, run(), {"held": lambda now: mse(x, x)}),
        KindError,
        "history: the measure 'held' must give a number or an array of them, not tuple",
    ),
    "a measure that gives words": (
        call(history, run(), {"held": lambda now: np.array(["low"])}),
        KindError,
        "history: the measure 'held' must give a number or an array of them, not <U3 array",
    ),
    "a measure that grows": (
        call(history, run(), {"held": lambda now: np.ones(now.step)}),
        KindError,
        "history: the measure 'held' must give arrays of one shape, not (1,) and (2,)",
    ),
    "a score that is a loss": (
        read(best_so_far, run(), lambda now: mse(x, x), better="lower"),
        KindError,
        "best_so_far: score must give a number, not tuple",
    ),
    "a score of many numbers": (
        read(early_stopping, run(), lambda now: x, patience=1, better="lower"),
        KindError,
        "early_stopping: score must give a number, not <f64 10x2>",
    ),
    "a score in words": (
        read(best_so_far, run(), lambda now: "good", better="higher"),
        KindError,
        "best_so_far: score must give a number, not str",
    ),
    "a start that is a network": (
        call(best_so_far, run(), score, start=net),
        KindError,
        "best_so_far: start must be the TrainState from which the run goes on, not tuple",
    ),
    **{
        f"checkpoints, {options}": (
            call(checkpoint_every, run(), "nowhere", **options), kind, f"checkpoint_every: {sentence}"
        )
        for options, kind, sentence in (
            ({}, RangeError, f"{EXACTLY_ONE}; steps: None, seconds: None"),
            ({"steps": 1, "seconds": 1.0}, RangeError, f"{EXACTLY_ONE}; steps: 1, seconds: 1.0"),
            ({"steps": 0}, RangeError, "steps must be at least 1, not 0"),
            ({"steps": -1}, RangeError, "steps must be at least 1, not -1"),
            ({"steps": 2.5}, KindError, "steps must be a whole number, not float"),
            ({"seconds": 0.0}, RangeError, "seconds must be finite and above 0, not 0.0"),
            ({"seconds": -1}, RangeError, "seconds must be finite and above 0, not -1"),
            ({"seconds": float("nan")}, RangeError, "seconds must be finite and above 0, not nan"),
            ({"seconds": "60"}, KindError, "seconds must be a number, not str; write float(seconds)"),
        )
    },
    "training on a number": (
        call(train, start, 5, value_and_grad(mse), 0.1),
        KindError,
        "train: data must be an iterable of batches (x, y), not int",
    ),
    **{
        f"training on {name}": (
            call(train, start, data, value_and_grad(mse), 0.1),
            KindError,
            f"train: data must give batches (x, y), not {given}",
        )
        for name, data, given in (
            ("rows", x, "float64 array; write [(x, y)] for one batch of all rows"),
            ("one batch", (x, y), "float64 array; write [(x, y)] for one batch of all rows"),
            ("triples", [(x, y, y)], "tuple of 3"),
            ("singles", [x.tolist()], "list of 10"),
            ("a text", "text", "str"),
        )
    },
    **{
        f"training on {name}": (
            call(train, start, data, given, 0.1),
            KindError,
            f"train: value_and_grad must be a function (params, x, y) that returns (cost, Grads), not {text}",
        )
        for name, given, text in (
            ("a loss", mse, "mse(out, y, weight); write value_and_grad(loss)"),
            (
                "a loss with a setting",
                partial(quantile, q=0.9),
                "a function (out, y, weight, q); write value_and_grad(loss)",
            ),
            ("a loss made of one", masked(mse), "a function (out, y, weight); write value_and_grad(loss)"),
            ("a loss of two arguments", lambda said, true: (0.0, said), "a function (said, true)"),
            ("what makes the function", value_and_grad, "value_and_grad itself; write value_and_grad(loss)"),
            ("a number for the function", 3, "int"),
            ("a class for the function", Dense, "the class Dense"),
        )
    },
    "an error in the function": (
        read(train, start, data, lambda params, x, y: len(3), 0.1),
        TypeError,
        "object of type 'int' has no len()",
    ),
    "measures without a name": (
        lambda: history(run(), validation(mse, x, y)),
        KindError,
        'history: measures must be a mapping, such as {"accuracy": validation(accuracy, x, y)}, not Validation',
    ),
    "no step from a network of NaN": (
        read(train, dead(0), [], value_and_grad(mse), 0.1),
        NotFiniteError,
        "train: params.0.W is not finite after 0 steps; a smaller lr may help",
    ),
    "an overflow in a network of one layer": (
        overflow,
        NotFiniteError,
        "train: in step 0 the cost is inf; the first array that is not finite is out of "
        "Dense(W=<f64 [[1.e+308]]>, b=None)",
    ),
    "a validation set of another shape": (
        call(validation(mse, np.ones((10, 3)), y), start),
        ShapeError,
        "Dense: x must be (m, ..., 2), not (10, 3)",
        [LAYER, SETS],
    ),
    "answers of another shape": (
        call(validation(mse, x, np.ones(10)), start),
        ShapeError,
        "mse: out and y must have the same shape; out: (10, 1), y: (10,); write y[:, None]",
        ["on the validation set, x: <f64 10x2>, y: <f64 10>"],
    ),
    "early stopping on a validation set of another shape": (
        read(early_stopping, run(), validation(mse, np.ones((10, 3)), y), patience=1),
        ShapeError,
        "Dense: x must be (m, ..., 2), not (10, 3)",
        [LAYER, SETS],
    ),
    "the validation of a network": (
        call(validation(mse, x, y), net),
        KindError,
        "validation: state must be a TrainState, not tuple; write TrainState(params)",
    ),
    "accuracy of a list": (
        call(accuracy, out.tolist(), classes),
        KindError,
        "accuracy: out must be an array, not list; write np.asarray(out)",
    ),
    "labels in a list": (
        call(accuracy, out, classes.tolist()),
        KindError,
        "accuracy: y must be an array, not list; write np.asarray(y)",
    ),
    "accuracy of whole numbers": (
        call(accuracy, out.astype(int), classes),
        KindError,
        "accuracy: out must be an array of floats, not int64 array; write out.astype(float)",
    ),
    "labels in words": (
        call(accuracy, out, np.array(["a"] * 10)),
        KindError,
        "accuracy: y must hold numbers, not strings; write classes, y = np.unique(y, return_inverse=True)",
    ),
    "no rows": (
        call(accuracy, out[:0], classes[:0]),
        RangeError,
        "accuracy: out must have at least one entry; out: (0, 3)",
    ),
    **{
        f"{name} of one row without its axis": (
            call(metric, out[0], np.array(1)),
            ShapeError,
            f"{name}: out must be (m, ..., k), rows first, or give a threshold; out: (3,)",
        )
        for name, metric in (("accuracy", accuracy), ("confusion", confusion))
    },
    "no axes": (
        call(confusion, np.array(1.0), np.array(1)),
        ShapeError,
        "confusion: out must be (m, ...), rows first; out: ()",
    ),
    "one output, no threshold": (
        call(accuracy, out[:, :1], y),
        RangeError,
        "accuracy: out must have two classes or more; out: (10, 1); for one output give threshold=0 for logits or "
        "threshold=0.5 for probabilities",
    ),
    "classes of fewer rows": (
        call(confusion, out, classes[:9]),
        ShapeError,
        "confusion: y must be classes (10,) or soft labels (10, 3); y: (9,), out: (10, 3)",
    ),
    "classes in a column": (
        call(accuracy, out, classes[:, None]),
        ShapeError,
        "accuracy: y must be classes (10,) or soft labels (10, 3); y: (10, 1), out: (10, 3); write y[:, 0]",
    ),
    "classes that are floats": (
        call(accuracy, out, classes * 1.0),
        KindError,
        "accuracy: classes must be integers, not float64; write y.astype(int)",
    ),
    "a class that is none": (
        call(accuracy, out, classes + 1),
        RangeError,
        "accuracy: classes must be in 0 .. 2; y has 1 .. 3; write y - 1",
    ),
    "a class below 0": (
        call(confusion, out, classes - 1),
        RangeError,
        "confusion: classes must be in 0 .. 2; y has -1 .. 1",
    ),
    "a threshold, and labels of another shape": (
        call(accuracy, out, classes, threshold=0),
        ShapeError,
        "accuracy: out and y must have the same shape; out: (10, 3), y: (10,)",
    ),
    "a threshold, and labels between": (
        call(accuracy, out[:, :1], y * 0.7, threshold=0),
        RangeError,
        "accuracy: with a threshold y must be 0 or 1; it has 0.7 .. 0.7",
    ),
    "confusion about NaN": (
        call(confusion, out * np.nan, classes),
        RangeError,
        "confusion: out must not hold NaN, which is not a class; out: <f64 10x3>",
    ),
    "states in no order": (
        call(bisect_nan, [start, start], data, mse, 0.1),
        RangeError,
        "bisect_nan: states must be one or more, in the order of their steps; steps: [0, 0]",
    ),
    "no states": (
        call(bisect_nan, [], data, mse, 0.1),
        RangeError,
        "bisect_nan: states must be one or more, in the order of their steps; steps: []",
    ),
    "one state, bare": (
        call(bisect_nan, start, data, mse, 0.1),
        KindError,
        "bisect_nan: states must be a sequence of TrainStates, such as [start], not TrainState",
    ),
    "a run in place of states": (
        call(bisect_nan, run(), data, mse, 0.1),
        KindError,
        "bisect_nan: states must be a sequence of TrainStates, such as [start], not generator",
    ),
    "networks in place of states": (
        call(bisect_nan, [net], data, mse, 0.1),
        KindError,
        "bisect_nan: states must be a sequence of TrainStates, such as [start], not list of tuple",
    ),
    "batches that come once": (
        call(bisect_nan, [start], islice(data, 3), mse, 0.1),
        KindError,
        "bisect_nan: data must be a sequence of batches, for data[step:], not islice",
    ),
    "a dict of batches": (
        call(bisect_nan, [start], {"x": x}, mse, 0.1),
        KindError,
        "bisect_nan: data must be an iterable of batches (x, y), not dict",
    ),
    "a text of batches": (
        call(bisect_nan, [start], "data", mse, 0.1),
        KindError,
        "bisect_nan: data must give batches (x, y), not str",
    ),
    "rows in place of batches": (
        call(bisect_nan, [start], x, mse, 0.1),
        KindError,
        "bisect_nan: data must give batches (x, y), not float64 array; write [(x, y)] for one batch of all rows",
    ),
    "one batch in place of several": (
        call(bisect_nan, [start], (x, y), mse, 0.1),
        KindError,
        "bisect_nan: data must give batches (x, y), not float64 array; write [(x, y)] for one batch of all rows",
    ),
    "a text for the rate of a NaN": (
        call(bisect_nan, [start], data, mse, "low"),
        KindError,
        "bisect_nan: lr must be a number, not str",
    ),
    "a constraint that is a number": (
        call(bisect_nan, [start], data, mse, 0.1, constraint=1.0),
        KindError,
        "bisect_nan: constraint must be a function of the parameters, not float",
    ),
    "data that end before the step": (
        call(bisect_nan, [start, dead(9)], data, mse, 0.1),
        RangeError,
        "bisect_nan: data must be all batches of the run, at least 9 of them; there are 8",
    ),
    "data that end before the last state": (
        call(bisect_nan, [TrainState(net, step=9)], data, mse, 0.1),
        RangeError,
        "bisect_nan: data must be all batches of the run, at least 9 of them; there are 8",
    ),
    "data of another run": (
        call(bisect_nan, [start, dead(5)], data, mse, 0.1),
        FuncnnError,
        "bisect_nan: step 4 of the repeated run differs from the states; data, loss, lr and constraint must be those "
        "of the run, and every rule pure",
    ),
    "a layer that is not pure": (
        fickle,
        FuncnnError,
        "bisect_nan: step 0 of the repeated run differs from the states; data, loss, lr and constraint must be those "
        "of the run, and every rule pure",
    ),
}  # fmt: skip
NEEDING_SKLEARN = {
    "r2 of another shape": (
        call(r2, out, y),
        ShapeError,
        "r2: out and y must have the same shape; out: (10, 3), y: (10, 1)",
    ),
    "r2 of one row": (call(r2, out[:1], out[:1]), RangeError, "r2: there must be two rows or more; out: (1, 3)"),
    "r2 of a y with NaN": (call(r2, x, x * np.nan), RangeError, "r2: y must be finite; y: <f64 10x2>"),
    "r2 of a list": (call(r2, [1.0], y), KindError, "r2: out must be an array, not list; write np.asarray(out)"),
}
NEEDING = {"sklearn": NEEDING_SKLEARN, "tqdm": {name for name in ROWS if name.startswith("progress")}}


@pytest.mark.parametrize("row", [*ROWS, *NEEDING_SKLEARN])
def test_it_says(row, tmp_path, monkeypatch):
    for library, rows in NEEDING.items():
        if row in rows:
            pytest.importorskip(library, reason="the function stands on it")
    monkeypatch.chdir(tmp_path)
    assert_says((ROWS | NEEDING_SKLEARN)[row], start, x, y, out, classes)
    assert list(tmp_path.iterdir()) == []
