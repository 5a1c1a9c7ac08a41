"""The four lines, and the other functions that a script uses."""

import numpy as np

import funcnn as nn
from funcnn import backward, forward, gradient, inference, namespace, predict, reseed, value_and_grad
from funcnn.core import backward_params, forward_only
from funcnn.generation import step
from funcnn.sampling import generate, sample, top_k, top_p
from tests.kinds.kinds import NET, X, array, layer, loss, tree
from tests.kinds.rows import kind, row
from tests.kinds.wrong import ANYTHING

written = kind(predict(NET, X).copy())  # so that the call, which writes to it, does not change it
WRITER = nn.Embedding.init(4, 3, seed=0), nn.Dense.init(3, 4, seed=1)
ROWS = [
    row(forward, speaks="x"),
    row(backward, speaks="dA"),
    row(forward_only, speaks="forward; x"),
    row(backward_params, speaks="backward; dA"),
    *[row(verb, params=layer | "record") for verb in (inference, reseed)],
    row(step, memory=kind(None, "None"), speaks="x"),
    *[row(f, logits=array) for f in (sample, top_p)],
    row(top_k, logits=array),
    row(generate, params=layer(WRITER), x=kind(np.array([[0, 1]])), choose=kind(sample), stop=kind(1, "None")),
    row(predict, out=written | "None", speaks="x"),
    row(value_and_grad(loss.make()), "value_and_grad(mse)", speaks="value_and_grad; x; mse"),
    row(nn.Grads, params=tree, x=array | "None; 0-d; texts"),
    row(gradient, params=kind(nn.Dense(np.eye(3), None)), others=kind(()), W=array(np.eye(3)), b=kind(None, "None")),
    # The names are read only where x is refused.
    row(namespace, x=array | "0-d; texts", name=kind("x", ANYTHING), whose=kind("", ANYTHING), speaks="x"),
]
