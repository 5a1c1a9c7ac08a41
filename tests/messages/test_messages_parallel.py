"""Error messages of `funcnn.parallel`, pinned word for word."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import funcnn as nn
from funcnn.errors import WorkerError
from funcnn.parallel import sharded, threads
from tests.says import assert_says, each_row, kind_error, raises, shape_error
from tests.sharding import Copying, gradient_by_machine_code, normalising

pytest.importorskip("threadpoolctl", reason="both functions need it")
x = np.linspace(-1, 1, 24).reshape(12, 2)
y = np.where([[True, i % 3 == 0] for i in range(12)], 1.0, -1.0)
net = nn.mlp([2, 2], seed=0)
function = nn.value_and_grad(nn.mse)
closed = ThreadPoolExecutor(1)
closed.shutdown()
AN_EXECUTOR = "an Executor of concurrent.futures, or a function that makes one"


def made(function=function, **options):
    return lambda: sharded(function, **options)


def step(*given, function=function, **options):
    return lambda: sharded(function, **({"rows": 4} | options))(*given)


def no_grads(params, x, y):
    return 1.0, params


def some_columns(params, x, y):
    return 1.0, nn.Grads(nn.tree_map(lambda a: a[..., : len(x) - 4], params), None)


class Client:
    """A client of Dask has this method."""

    def get_executor(self):
        """The executor"""


ROWS = [
    kind_error(made(sharded(function))) >> "sharded: value_and_grad must not be a function that sharded returned",
    kind_error(made(executor=threads)) >> f"sharded: executor must be {AN_EXECUTOR}, not threads(n)",
    kind_error(made(executor=Client()))
    >> f"sharded: executor must be {AN_EXECUTOR}, not Client; write executor.get_executor()",
    kind_error(step(net, x, y, executor=lambda: 5))
    >> f"sharded: executor must be {AN_EXECUTOR}, not a function that returns int",
    shape_error(step(net, x, y[:5])) >> "sharded: x and y must have equally many rows; x: 12, y: 5",
    shape_error(step(net, (x, x[:3]), y)) >> "sharded: x must hold arrays with equally many rows; rows: [12, 3]",
    kind_error(step(net, x, y, function=no_grads, executor=Copying()))
    >> "sharded: value_and_grad must return (cost, Grads(params, x)), not (float, tuple)"
    >> ["in block 0 of 3, rows 0:4, on Copying"],
    kind_error(step(net, x[:11], y[:11], function=some_columns, rows=6)) >> "sharded: value_and_grad must return "
    "gradients of the same arrays for each block, not of the shapes (2, 1) and (2, 2)",
    *[
        kind_error(step(net, x, y, function=of(normalising))) >> "sharded: the loss must be a mean over rows, not "
        "normalising, whose gradient for a row depends on other rows or on their number; check_loss shows it"
        for of in (nn.value_and_grad, gradient_by_machine_code)
    ],
    raises(WorkerError, step(net, x, y, executor=closed)) >> "sharded: ThreadPoolExecutor failed to compute block 0 "
    "of 3, rows 0:4: RuntimeError: cannot schedule new futures after shutdown",
]


@each_row(ROWS)
def test_messages(row):
    assert_says(row, x, y)
