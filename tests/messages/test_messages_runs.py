"""Error messages of functions of runs, pinned word for word."""

from functools import partial

import numpy as np
import pytest

import funcnn as nn
from funcnn import accuracy, checkpoint_every, early_stopping, history, mse, train, tree_map, validation, value_and_grad
from funcnn import backward as backward_of
from funcnn import forward as forward_of
from funcnn.errors import KindError, NotFiniteError, RangeError
from funcnn.losses import masked, quantile
from funcnn.metrics import confusion, r2
from funcnn.training import best_so_far, bisect_nan, history_so_far, keep, progress, until, until_signal, while_finite
from tests.messages.test_messages_training import classes, data, net, out, read, run, score, start, x, y
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

LAYER = "in layer 0, Dense(W=<f64 2x9>, b=<f64 9>), x: <f64 10x3>"
EXACTLY_ONE = "exactly one of steps and seconds must be given"
SETS = "on the validation set, x: <f64 10x3>, y: <f64 10x1>"


def dead(step):
    return nn.TrainState(tree_map(lambda a: a * np.nan, net), step=step)


@nn.record
class Fickle:
    """A layer that is not pure: its second answer is another."""


answers = []


@forward_of.register(Fickle)
def fickle_forward(params, x):
    answers.append(0)
    return x * (np.nan if len(answers) == 1 else 1.0), ()


backward_of.register(Fickle)(lambda params, cache, dA: nn.Grads(params, dA))


def fickle():
    answers.clear()
    return bisect_nan([nn.TrainState((Fickle(),))], [(x, x)] * 3, once_nan, 0.1)


def once_nan(out, y):
    return mse(np.asarray(out) * 1.0, y)


NO_STATES = "run must give TrainStates, not tuple"
WRAPPERS = {
    "until": lambda run, _: until(run, score),
    "while_finite": lambda run, _: while_finite(run),
    "best_so_far": lambda run, _: best_so_far(run, score, better="lower"),
    "early_stopping": lambda run, _: early_stopping(run, score, patience=1, better="lower"),
    "progress": lambda run, _: progress(run),
    "history_so_far": lambda run, _: history_so_far(run),
    "until_signal": lambda run, _: until_signal(run),
    "checkpoint_every": lambda run, _: checkpoint_every(run, "nowhere", steps=1),
    "history": lambda run, _: history(run),
    "keep": lambda run, _: keep(run),
}

NOT_SAVED = "run must be a run that checkpoint_every does not save yet, since its file would not have the"
SAVED = {  # in any depth
    "best_so_far": ("best state", lambda run: best_so_far(run, score, better="lower")),
    "early_stopping": ("best state", lambda run: early_stopping(until(run, score), score, patience=1, better="lower")),
    "history_so_far": ("table", lambda run: history_so_far(until(while_finite(run), lambda _: False))),
}

ROWS = [
    *[
        kind_error(lambda wrapper=wrapper: wrapper(checkpoint_every(run(), "nowhere", steps=1)))
        >> f"{name}: {NOT_SAVED} {lost}; write checkpoint_every({name}(run, ...), path, ...)"
        for name, (lost, wrapper) in SAVED.items()
    ],
    *[kind_error(partial(wrapper, [net], None)) >> f"{name}: {NO_STATES}" for name, wrapper in WRAPPERS.items()],
    range_error(lambda: history(run(), {"held": score, "cost": score}))
    >> "history: 'cost' is in the table already; give the measure another name",
    range_error(lambda: history(run(), {"step": score, "cost": score}))
    >> "history: 'cost' is in the table already; give the measure another name",
    kind_error(lambda: history_so_far(run(), validation(mse, x, y)))
    >> 'history_so_far: measures must be a mapping, such as {"accuracy": validation(accuracy, x, y)}, not Validation',
    kind_error(lambda: history_so_far(run(), {"held": mse}))
    >> "history_so_far: the measure 'held' must be a function of the state, such as validation(accuracy, x, y), not "
    "mse(out, y, weight)",
    range_error(lambda: history_so_far(run(), {"cost": score}))
    >> "history_so_far: 'cost' is in the table already; give the measure another name",
    kind_error(read(history_so_far, run(), {"held": lambda now: None}))
    >> "history_so_far: the measure 'held' must give a number or an array of them, not None",
    kind_error(read(history_so_far, run(), {"held": lambda now: np.ones(now.step)}))
    >> "history_so_far: the measure 'held' must give arrays of one shape, not (1,) and (2,)",
    range_error(lambda: history_so_far(run(), every=0)) >> "history_so_far: every must be at least 1, not 0",
    kind_error(lambda: until_signal(run(), "SIGTERM"))
    >> "until_signal: number must be a signal, such as signal.SIGTERM, not str",
    range_error(lambda: history([])) >> "history: run must give at least one state, not 0; a generator can be read "
    "once, and a finished run needs start",
    kind_error(lambda: history(run(), {"held": lambda now: None}))
    >> "history: the measure 'held' must give a number or an array of them, not None",
    kind_error(lambda: history(run(), {"held": lambda now: mse(x, x)}))
    >> "history: the measure 'held' must give a number or an array of them, not tuple",
    kind_error(lambda: history(run(), {"held": lambda now: np.ones(now.step)}))
    >> "history: the measure 'held' must give arrays of one shape, not (1,) and (2,)",
    kind_error(read(best_so_far, run(), lambda now: mse(x, x), better="lower"))
    >> "best_so_far: score must give a number, not tuple",
    kind_error(lambda: best_so_far(run(), score, start=net))
    >> "best_so_far: start must be the TrainState that was passed to train, not tuple",
    *[
        raises(kind, partial(checkpoint_every, run(), "nowhere", **options)) >> f"checkpoint_every: {sentence}"
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
    ],
    *[
        kind_error(partial(train, start, data, value_and_grad(mse), 0.1))
        >> f"train: data must give batches (x, y), not {given}"
        for data, given in (
            (x, "float64 array; write [(x, y)] for one batch of all rows"),
            ((x, y), "float64 array; write [(x, y)] for one batch of all rows"),
            ([(x, y, y)], "a tuple of 3"),
            ([x.tolist()], "a list of 10"),
            ("text", "str"),
        )
    ],
    *[
        kind_error(partial(train, start, data, given, 0.1))
        >> f"train: value_and_grad must be a function (params, x, y) that returns (cost, Grads), not {text}"
        for given, text in (
            (mse, "mse(out, y, weight); write value_and_grad(loss)"),
            (partial(quantile, q=0.9), "a function (out, y, weight, q); write value_and_grad(loss)"),
            (masked(mse), "a function (out, y, weight); write value_and_grad(loss)"),
            (lambda said, true: (0.0, said), "a function (said, true)"),
            (value_and_grad, "value_and_grad itself; write value_and_grad(loss)"),
            (3, "int"),
            (nn.Dense, "the class Dense"),
        )
    ],
    raises(TypeError, read(train, start, data, lambda params, x, y: len(3), 0.1))
    >> "object of type 'int' has no len()",
    kind_error(lambda: history(run(), validation(mse, x, y)))
    >> 'history: measures must be a mapping, such as {"accuracy": validation(accuracy, x, y)}, not Validation',
    raises(NotFiniteError, read(train, dead(0), [], value_and_grad(mse), 0.1))
    >> "train: params.0.W is not finite before the first step",
    shape_error(lambda: validation(mse, np.ones((10, 3)), y)(start))
    >> "Dense: x must be (m, ..., 2), not (10, 3)"
    >> [LAYER, SETS],
    shape_error(lambda: validation(mse, x, np.ones(10))(start))
    >> "mse: out and y must have the same shape; out: (10, 1), y: (10,); write y[:, None]"
    >> ["on the validation set, x: <f64 10x2>, y: <f64 10>"],
    shape_error(read(early_stopping, run(), validation(mse, np.ones((10, 3)), y), patience=1))
    >> "Dense: x must be (m, ..., 2), not (10, 3)"
    >> [LAYER, SETS],
    kind_error(lambda: validation(mse, x, y)(net))
    >> "validation: state must be a TrainState, not tuple; write TrainState(params)",
    *[
        shape_error(partial(metric, out[0], np.array(1)))
        >> f"{name}: out must be (m, ..., k), rows first, or give a threshold; out: (3,)"
        for name, metric in (("accuracy", accuracy), ("confusion", confusion))
    ],
    shape_error(lambda: confusion(np.array(1.0), np.array(1)))
    >> "confusion: out must be (m, ...), rows first; out: ()",
    range_error(lambda: accuracy(out[:, :1], y * 0.7, threshold=0))
    >> "accuracy: with a threshold y must be 0 or 1; it has 0.7",
    range_error(lambda: confusion(out * np.nan, classes))
    >> "confusion: out must not hold NaN, which is not a class; out: <f64 10x3>",
    range_error(lambda: bisect_nan([start, start], data, mse, 0.1))
    >> "bisect_nan: states must be one or more, with rising steps; steps: [0, 0]",
    range_error(lambda: bisect_nan([], data, mse, 0.1))
    >> "bisect_nan: states must be one or more, with rising steps; steps: []",
    kind_error(lambda: bisect_nan(start, data, mse, 0.1))
    >> "bisect_nan: states must be a sequence of TrainStates, such as [start], not TrainState",
    kind_error(lambda: bisect_nan([start], "data", mse, 0.1)) >> "bisect_nan: data must give batches (x, y), not str",
    kind_error(lambda: bisect_nan([start], x, mse, 0.1), lambda: bisect_nan([start], (x, y), mse, 0.1))
    >> "bisect_nan: data must give batches (x, y), not float64 array; write [(x, y)] for one batch of all rows",
    range_error(lambda: bisect_nan([start, dead(9)], data, mse, 0.1))
    >> "bisect_nan: data must be all batches of the run, at least 9 of them; there are 8",
    range_error(lambda: bisect_nan([nn.TrainState(net, step=9)], data, mse, 0.1))
    >> "bisect_nan: data must be all batches of the run, at least 9 of them; there are 8",
    raises(nn.FuncnnError, lambda: bisect_nan([start, dead(5)], data, mse, 0.1))
    >> "bisect_nan: step 4 of the repeated run differs from the states; "
    "data, loss, lr and constraint must be those of the run, and every rule pure",
    raises(nn.FuncnnError, fickle) >> "bisect_nan: step 0 of the repeated run differs from the states; "
    "data, loss, lr and constraint must be those of the run, and every rule pure",
    range_error(lambda: r2(out[:1], out[:1])) >> "r2: out must have at least two rows, not (1, 3)",
    range_error(lambda: r2(x, x * np.nan)) >> "r2: y must be finite; y: <f64 10x2>",
]
LIBRARIES = {"r2": "sklearn", "progress": "tqdm"}


@each_row(ROWS)
def test_it_says(row, tmp_path, monkeypatch):
    pytest.importorskip(LIBRARIES.get(row.sentence.split(":")[0], "numpy"), reason="the function stands on it")
    monkeypatch.chdir(tmp_path)
    assert_says(row, start, x, y, out, classes)
    assert list(tmp_path.iterdir()) == []
