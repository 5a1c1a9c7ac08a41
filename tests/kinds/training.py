"""Runs, and functions of runs."""

from funcnn import TrainState, checkpoint_every, early_stopping, history, train
from funcnn.training import Birth, WithBest, best_so_far, bisect_nan, compare, keep, progress, until, while_finite
from tests.kinds.harness import kind, row
from tests.kinds.kinds import (
    NET,
    X,
    Y,
    array,
    count,
    function,
    gradient_of,
    layer,
    loss,
    number,
    path,
    run,
    schedule,
    text,
)

data = kind([(X, Y)] * 4)
start = kind(TrainState(NET))
constraint = kind(lambda params: params, "None")
optimizer = kind(())
states = kind([TrainState(NET)])
ROWS = [
    row(TrainState, params=layer, optimizer=optimizer, step=count, cost=number),
    row(WithBest, params=layer, optimizer=optimizer, step=count, cost=number, best=start | "None", waited=count),
    row(train, start=start, data=data, value_and_grad=gradient_of, lr=schedule, constraint=constraint),
    row(history, run=run, measures=kind({"half": lambda state: 0.5}, "{}"), every=count),
    row(keep, run=run | "[]", every=count),
    row(progress, run=run | "[]", total=count | "None", lr=schedule | "None"),
    row(checkpoint_every, run=run | "[]", path=path, steps=count, seconds=kind(None, "None")),
    row(checkpoint_every, "checkpoint_every(seconds=1)", run=run | "[]", path=path, seconds=number),
    row(until, run=run | "[]", done=function),
    row(while_finite, run=run | "[]"),
    row(best_so_far, run=run | "[]", score=function, every=count, start=start | "None"),
    row(early_stopping, run=run | "[]", score=function, patience=count, every=count, start=start | "None"),
    row(bisect_nan, states=states, data=data, loss=loss, lr=schedule, constraint=constraint),
    row(compare, run_a=run, run_b=run),
    row(Birth, step=count, phase=text, layer=text, array=text, value=array | "1.5; 0-d"),
]
