"""The functions of `funcnn.training`."""

import numpy as np

from funcnn import TrainState, history, train, training
from funcnn.training import Birth, WithBest, WithTable, better, bisect_nan, compare, keep, lr_range_test
from tests.kinds.kinds import NET, STATES, array, count, data, function, number, run, start, tree
from tests.kinds.rows import kind, row

some_run = run | "[]; generator"  # a run that is read later, state by state
later = run.made(lambda: iter(STATES[2:]))
state = {"params": tree, "optimizer": kind(()), "cost": number | "nan"}
none = kind(None, "None")
columns = kind((("step", np.arange(3)),))
best = {"run": some_run, "score": function, "better": kind("lower"), "start": start | "None"}
ROWS = [
    row(TrainState, **state),
    row(WithTable, **state, columns=columns),
    row(WithBest, **state, columns=columns, best_or_none=start | "None"),
    row(train, data=data | "[]; generator"),
    row(history, run=run, measures=kind({"half": lambda state: 0.5}, "{}"), start=none, table=none),
    row(training.history_so_far, run=some_run, measures=kind({"half": lambda state: 0.5}, "{}")),
    row(
        history,
        "history(table=...)",
        run=later | "[]",
        start=kind(STATES[1], "None"),
        table=kind(history(STATES[:2])[1], "None"),
    ),
    row(lr_range_test, low=number(0.1), high=number(2.0), stop=number(4.0), speaks="train"),
    row(better, direction=kind("lower")),
    row(keep, run=run | "[]"),
    row(training.progress, run=some_run, needs="tqdm"),
    row(training.checkpoint_every, run=some_run, steps=count, seconds=none),
    row(training.checkpoint_every, "checkpoint_every(seconds=1)", run=some_run, steps=none, seconds=number),
    row(training.until, run=some_run, done=function),
    row(training.until_signal, run=some_run, number=kind(15)),
    row(training.while_finite, run=some_run),
    *[row(follow, **best) for follow in (training.best_so_far, training.early_stopping)],
    row(bisect_nan, states=kind([TrainState(NET)]), data=data | "[]", speaks="train"),
    row(compare, run_a=run | "[]", run_b=run | "[]"),
    row(Birth, value=array | "1.5; 0-d; nan"),
]
