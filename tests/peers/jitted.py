"""A training step in NumPy and under `jax.jit`, compared."""

from itertools import count

import numpy as np

from funcnn import backward, forward, mse, sgd, tree_map
from funcnn.arrays import is_float
from funcnn.trees import astype, leaves


def train_step(loss, params, x, y, lr):
    """The four lines; where out is a tuple, its first part is what counts."""
    out, cache = forward(params, x)
    if type(out) is tuple:
        cost, dA = loss(out[0], y)
        dA = (dA, *[None for _ in out[1:]])
    else:
        cost, dA = loss(out, y)
    return sgd(params, backward(params, cache, dA), lr), cost


def assert_compiled_once(net, x, y, dtype, *, loss=mse, within=1e-12):
    """Five steps with another lr each trace once, keep their dtype, and lead where they lead in NumPy."""
    import jax

    traces = count()

    def counted(*args):
        next(traces)
        return train_step(loss, *args)

    net, x, y = astype((net, x, y), dtype)
    jitted, twin = jax.jit(counted), net
    for t in range(5):
        lr = np.asarray(0.1 / (1 + t), dtype)
        net, cost = train_step(loss, net, x, y, float(lr))
        twin, twin_cost = jitted(twin, x, y, lr)
        assert twin_cost.dtype == dtype
        assert abs(cost - twin_cost) < (1e-10 if dtype is np.float64 else 1e-4)
    assert next(traces) == 1
    assert {leaf.dtype for leaf in leaves((net, twin)) if is_float(leaf)} == {np.dtype(dtype)}
    within = within if dtype is np.float64 else 1e-4
    tree_map(lambda a, b: np.testing.assert_allclose(a, b, rtol=within, atol=within) or a, net, twin)
