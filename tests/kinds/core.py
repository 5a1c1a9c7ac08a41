"""The four lines, and the other functions that a script uses."""

import numpy as np

from funcnn import (
    Dense,
    Grads,
    backward,
    forward,
    gradient,
    inference,
    namespace,
    predict,
    reseed,
    sgd,
    update,
    value_and_grad,
)
from funcnn.core import backward_params, forward_only
from funcnn.generation import fixed_memory, step
from tests.kinds.kinds import CACHE, NET, OUT, X, Y, array, count, flag, grads, layer, loss, number, optimizer
from tests.kinds.rows import kind, row
from tests.kinds.wrong import ANYTHING

anything = kind("", ANYTHING)
written = kind(predict(NET, X).copy())  # so that the call, which writes to it, does not change it
ROWS = [
    row(forward, params=layer, x=array, speaks="x"),
    row(backward, params=layer, cache=kind(CACHE), dA=array(OUT), speaks="dA"),
    row(forward_only, params=layer, x=array, speaks="forward; x"),
    row(backward_params, params=layer, cache=kind(CACHE), dA=array(OUT), speaks="backward; dA"),
    row(inference, params=layer | "record"),
    row(reseed, params=layer | "record", i=count),
    row(step, params=layer, x=array, memory=kind(None, "None"), speaks="x"),
    row(fixed_memory, params=layer, m=count, t_most=count),
    row(predict, params=layer, x=array, rows=count | "None", out=written | "None", speaks="x"),
    row(sgd, params=layer, grads=grads, lr=number),
    row(value_and_grad, loss=loss, inputs=flag),
    row(
        value_and_grad(loss.make()),
        "value_and_grad(mse)",
        params=layer,
        x=array,
        y=array(Y),
        speaks="value_and_grad; x; mse",
    ),
    row(update, optimizer=optimizer, grads=grads, params=layer),
    row(Grads, params=kind(NET, "0-d; record"), x=array | "None; 0-d; texts"),
    row(gradient, params=kind(Dense(np.eye(3), None)), others=kind(()), W=array(np.eye(3)), b=kind(None, "None")),
    # The names are read only where x is refused.
    row(
        namespace,
        x=array | "0-d; texts",
        name=kind("x", ANYTHING),
        whose=kind("", ANYTHING),
        speaks="x",
    ),
]
