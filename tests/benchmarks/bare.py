"""The same step in NumPy alone: the operations of funcnn's rules in the same order, without checks."""

import numpy as np

from tests.benchmarks.timing import Contender
from tests.benchmarks.workloads import LR, Workload

# The value of each activation, and its slope as a function of that value: a new array.
ACTIVATIONS = {
    "relu": (lambda x: np.maximum(x, 0), lambda out: (out > 0).astype(out.dtype)),
    "tanh": (np.tanh, lambda out: (1 - out) * (1 + out)),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-np.maximum(x, -709))), lambda out: out * (1 - out)),
}


def mse(out, y):
    """Mean squared error and its gradient."""
    e = out - y
    return float((e * e).mean()), e * (2 / e.size)


def cross_entropy(out, y):
    """Cross-entropy of logits and its gradient."""
    e = np.exp(np.minimum(out, -out))
    step = (out > 0.0).astype(out.dtype)
    above = step - y
    cost = above * out + np.log1p(e)
    return float(cost.mean()), (above + (1.0 - step - y) * e) / (1.0 + e) * (1 / out.size)


def product(x, W):
    """x @ W, stored by columns if it is tall; with one column of x, elementwise."""
    tall = 1 < W.shape[1] <= len(x) / 128 and x.shape[1] <= 128
    if len(W) == 1:
        return (W.T * x.T).T if tall else x * W[0]
    return (W.T @ x.T).T if tall else x @ W


def bare(workload: Workload) -> Contender:
    """Like the four lines, it makes dx of the first layer too."""
    x, y = workload.data()
    loss = {"mse": mse, "cross-entropy": cross_entropy}[workload.loss]
    kinds = [workload.hidden] * (len(workload.sizes) - 2) + ["sigmoid"] * workload.sigmoid
    values, slopes = [ACTIVATIONS[kind][0] for kind in kinds], [ACTIVATIONS[kind][1] for kind in kinds]

    def step(params):
        Ws, bs = params
        last = len(Ws) - 1
        inputs, out = [], x
        for i in range(len(Ws)):
            inputs.append(out)
            out = product(out, Ws[i])
            out += bs[i]
            if i < len(values):
                out = values[i](out)
        outs = [*inputs[1:], out]
        cost, dA = loss(out, y)
        dWs, dbs = [], []
        for i in range(last, -1, -1):
            if i < len(slopes):
                slope = slopes[i](outs[i])
                slope *= dA
                dA = slope
            dWs.append(inputs[i].T @ dA)
            dbs.append(np.ones(len(dA), dA.dtype) @ dA)
            dA = product(dA, Ws[i].T)
        Ws = [W - LR * dW for W, dW in zip(Ws, dWs[::-1], strict=True)]
        bs = [b - LR * db for b, db in zip(bs, dbs[::-1], strict=True)]
        return cost, (Ws, bs)

    def arrays(params):
        return [array for layer in zip(*params, strict=True) for array in layer]

    start = tuple(map(list, zip(*workload.parameters(), strict=True)))
    return Contender(lambda: start, step, arrays)
