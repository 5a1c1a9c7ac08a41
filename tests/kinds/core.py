"""The four lines, and the other verbs of a script."""

import numpy as np

from funcnn import (
    Dense,
    Grads,
    Momentum,
    backward,
    forward,
    gradient,
    inference,
    namespace,
    predict,
    reseed,
    sgd,
    step,
    update,
    value_and_grad,
)
from funcnn.core import backward_params, forward_only
from tests.kinds.harness import kind, row
from tests.kinds.kinds import CACHE, NET, OUT, X, Y, array, count, grads, layer, loss, number

NUMBERS = np.arange(8.0).reshape(4, 2)
ROWS = [
    row(forward, params=layer, x=array, speaks="x"),
    row(backward, params=layer, cache=kind(CACHE), dA=array(OUT), speaks="dA"),
    row(forward_only, params=layer, x=array, speaks="forward; x"),
    row(backward_params, params=layer, cache=kind(CACHE), dA=array(OUT), speaks="backward; dA"),
    row(inference, params=layer | "record"),
    row(reseed, params=layer | "record", i=count),
    row(step, params=layer, x=array, memory=kind(None, "None"), speaks="x"),
    row(predict, params=layer, x=array, rows=count | "None", speaks="x"),
    row(sgd, params=layer, grads=grads, lr=number),
    row(value_and_grad, loss=loss),
    row(
        value_and_grad(loss.make()),
        "value_and_grad(mse)",
        params=layer,
        x=array,
        y=array(Y),
        speaks="value_and_grad; x",
    ),
    row(update, optimizer=kind((Momentum(),)), grads=grads, params=layer),
    row(Grads, params=kind(NET), x=kind(X, "None")),
    row(gradient, params=kind(Dense(np.eye(2), None)), W=array(np.ones((2, 2))), b=kind(None, "None")),
    row(namespace, x=array | "0-d; texts", name=kind("x", "text"), whose=kind("", "text")),
]
