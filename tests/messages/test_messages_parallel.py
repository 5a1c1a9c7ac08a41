"""Error messages of `funcnn.parallel`, pinned word for word."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import funcnn as nn
from funcnn.errors import NoItemError, WorkerError
from funcnn.parallel import sharded, shards, threads
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error
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


def in_parts(*arguments, **options):
    return lambda: shards(*arguments, **options)


PARTS = shards([x[:5], x[5:]])
ROWS = [
    kind_error(in_parts("x.npy")) >> "shards: parts must be a list of arrays or paths, not str; write [parts]",
    kind_error(in_parts(x)) >> "shards: parts must be a list of arrays or paths, not float64 array",
    kind_error(in_parts([x, 3])) >> "shards: parts[1] must be a path or an array of NumPy, not int",
    range_error(in_parts([])) >> "shards: parts must have at least one array or path, not 0",
    range_error(in_parts([x[:0], x[:0]])) >> "shards: parts must have at least one row, not 0",
    shape_error(in_parts([x, x[:, :1]]))
    >> "shards: parts must have rows of one shape and dtype; an array has (12, 2) of float64, but an array has (12, 1) "
    "of float64",
    shape_error(in_parts([x, x.astype("f4")]))
    >> "shards: parts must have rows of one shape and dtype; an array has (12, 2) of float64, but an array has (12, 2) "
    "of float32",
    kind_error(in_parts([x > 0, np.array(5.0)]))
    >> "shards: parts must have rows of numbers; an array has () of float64",
    kind_error(in_parts([x], executor=ThreadPoolExecutor))
    >> "shards: executor must be an Executor of concurrent.futures, not the class ThreadPoolExecutor",
    kind_error(lambda: nn.predict(net, PARTS)) >> "Shards: x must be an array here, not rows that are not read; write "
    "x.read(), or sharded(value_and_grad(loss)), which reads rows where it computes them" >> 1,
    kind_error(lambda: PARTS[3])
    >> "Shards: an index must be a slice, or an array of row numbers, not int; read() gives "
    "the rows as an array",
    raises(NoItemError, lambda: PARTS[np.array([12])]) >> "Shards: an index is out of range; there are 12 rows",
    shape_error(step(net, PARTS, shards([y[:6], y[6:]])))
    >> "sharded: x and y must have parts of equally many rows, not [5, 7] and [6, 6]",
    shape_error(step(net, PARTS[np.array([0, 7])], shards([y[:5], y[5:]])[np.array([7, 0])]))
    >> "sharded: x and y must have the same rows of their parts; index both alike",
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
