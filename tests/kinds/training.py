"""The functions of `funcnn.training`."""

from funcnn import TrainState, checkpoint_every, early_stopping, history, train
from funcnn.training import (
    Birth,
    WithBest,
    best_so_far,
    better,
    bisect_nan,
    compare,
    keep,
    lr_range_test,
    progress,
    until,
    while_finite,
)
from tests.kinds.kinds import (
    NET,
    STATES,
    X,
    Y,
    array,
    count,
    function,
    gradient_of,
    loss,
    number,
    path,
    run,
    schedule,
    text,
    tree,
)
from tests.kinds.rows import kind, row

data = kind([(X, Y)] * 4)
start = kind(TrainState(NET))
constraint = kind(lambda params: params, "None")
optimizer = kind(())
some_run = run | "[]; generator"  # a run that is read later, state by state
direction = kind("lower")
states = kind([TrainState(NET)])
table = kind(history(STATES[:2])[1])
later = run.made(lambda: iter(STATES[2:]))
ROWS = [
    row(TrainState, params=tree, optimizer=optimizer, step=count, cost=number | "nan"),
    row(
        WithBest,
        params=tree,
        optimizer=optimizer,
        step=count,
        cost=number | "nan",
        best_or_none=start | "None",
        waited=count,
    ),
    row(
        train,
        start=start,
        data=data | "[]; generator",
        value_and_grad=gradient_of,
        lr=schedule,
        constraint=constraint,
        every=count,
    ),
    row(
        history,
        run=run,
        measures=kind({"half": lambda state: 0.5}, "{}"),
        every=count,
        start=kind(None, "None"),
        table=kind(None, "None"),
    ),
    row(history, "history(table=...)", run=later | "[]", start=kind(STATES[1], "None"), table=table | "None"),
    row(
        lr_range_test,
        start=start,
        data=data,
        value_and_grad=gradient_of,
        low=number(0.1),
        high=number(2.0),
        stop=number(4.0),
        constraint=constraint,
        speaks="train",
    ),
    row(better, direction=direction),
    row(keep, run=run | "[]", every=count),
    row(progress, run=some_run, total=count | "None", lr=schedule | "None", needs="tqdm"),
    row(checkpoint_every, run=some_run, path=path, steps=count, seconds=kind(None, "None")),
    row(checkpoint_every, "checkpoint_every(seconds=1)", run=some_run, path=path, seconds=number),
    row(until, run=some_run, done=function),
    row(while_finite, run=some_run),
    row(best_so_far, run=some_run, score=function, better=direction, every=count, start=start | "None"),
    row(
        early_stopping,
        run=some_run,
        score=function,
        better=direction,
        patience=count,
        every=count,
        start=start | "None",
    ),
    row(bisect_nan, states=states, data=data | "[]", loss=loss, lr=schedule, constraint=constraint, speaks="train"),
    row(compare, run_a=run | "[]", run_b=run | "[]"),
    row(Birth, step=count, phase=text, layer=text, array=text, value=array | "1.5; 0-d; nan"),
]
