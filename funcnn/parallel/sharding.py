"""`sharded(value_and_grad)`, the same function by blocks of rows."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Executor
from contextlib import closing
from inspect import Parameter, Signature
from typing import Annotated, Any

from funcnn.arrays import kind
from funcnn.checked import checked
from funcnn.core import check_is_layer
from funcnn.errors import KindError
from funcnn.fields import check_function
from funcnn.gradients import Grads
from funcnn.needs import Count, Natural, Positive, passing
from funcnn.parallel.blas import controller
from funcnn.parallel.blocks import (
    blocks,
    bounds_of,
    is_of_shards,
    is_unread,
    laid,
    order_of,
    places_of,
    read,
    rows_of,
    sample,
)
from funcnn.parallel.coupled import ROWS, check_rows
from funcnn.parallel.engine import BlockRunner
from funcnn.parallel.runs import BlockRun, words_of_blocks
from funcnn.parallel.sent import Traffic
from funcnn.parallel.sums import PartialSum, result, sums
from funcnn.parallel.worker import BlockTerms
from funcnn.training.arguments import CostAndGrads

_TAKEN = Signature([Parameter(name, Parameter.POSITIONAL_ONLY) for name in ("params", "x", "y")])


class Sharded:
    """The function that `sharded` returns."""

    def __init__(
        self, function: Any, rows: Any, executor: Any, timeout: Any, retries: int, pending: int, workers: Any = None
    ) -> None:
        self._arguments = (function, rows, executor, timeout, retries, pending, workers)
        self._function, self._rows = function, rows
        self._engine = None if executor is None else BlockRunner(executor, timeout, retries, pending, workers)
        self._is_checked = False
        self.__signature__ = _TAKEN

    def __call__(self, params: Any, x: Any, y: Any, /) -> tuple[Any, Grads[Any]]:
        """(cost, Grads), as the function gives it, but for rounding errors."""
        check_is_layer("sharded", "params", params)
        m = rows_of(x, y)
        places = places_of(bounds_of(m, self._rows, params, x), x, y)
        k = len(places)
        if k == 1 and not (is_of_shards((x, y)) and m):  # of shards in arrays, a block has the bits of one in a file
            return self._function(params, read(x), read(y))
        sampled = None
        if not self._is_checked and k > 1:
            if is_unread((x, y)) and self._engine:  # a worker reads the rows and checks them
                sampled = sample(x, y, m, ROWS)
            else:
                check_rows(self._function, params, x, y, m)
        run = BlockRun(k, laid(params), blocks(places, m, x, y), sampled)
        made_by = _one_by_one if self._engine is None else self._engine.results
        with closing(made_by(self._function, run)) as made_of_blocks:  # blocks that wait are cancelled after an error
            (total,) = sums(k, made_of_blocks, 0, k)
        self._is_checked = self._is_checked or k > 1
        return result(params, total, [block.share for block in run.blocks], order_of(places))

    @property
    def traffic(self) -> Traffic:
        """The bytes that the last call sent to other processes, and those that came back."""
        return Traffic() if self._engine is None else self._engine.traffic

    @property
    def portable(self) -> bool:
        """Whether the function promises the same bits on every processor."""
        return getattr(self._function, "portable", False) is True

    @property
    def update(self) -> Any:
        """The update of an optimizer that a portable function has."""
        return self._function.update

    def __reduce__(self) -> Any:
        return Sharded, self._arguments

    def __repr__(self) -> str:
        return f"sharded({self._function!r})"


_EXECUTOR = "an Executor of concurrent.futures, or a function that makes one"


def _check_executor(function: str, argument: str, executor: Any) -> None:
    """Check that `executor` is an Executor, a class of Executors, or a function without arguments."""
    if isinstance(executor, Executor) or (isinstance(executor, type) and issubclass(executor, Executor)):
        return
    if hasattr(type(executor), "get_executor"):  # a Client of Dask
        given = f"{kind(executor)}; write {argument}.get_executor()"
        raise KindError(f"{function}: {argument} must be {_EXECUTOR}, not {given}")
    check_function(function, argument, executor, _EXECUTOR, takes=0)


ExecutorOrMaker = Annotated[Executor | Callable[[], Executor], passing(_EXECUTOR, _check_executor)]


@checked
def sharded(
    value_and_grad: CostAndGrads,
    *,
    rows: Count | None = None,
    executor: ExecutorOrMaker | None = None,
    timeout: Positive | None = None,
    retries: Natural = 0,
    pending: Count = 64,
    workers: Count | None = None,
) -> Sharded:
    """The same function of (params, x, y), by blocks of rows: cost = sum m_i / m cost_i, grads = sum m_i / m grads_i

    Block i has m_i of the m rows of x and y, and the network `reseed(params, i)`. The division depends on m and `rows`
    alone, and gradients are added in a fixed order, so the result has **the same bits** without an executor and on any
    executor with any number of workers: `threads(n)`, a ProcessPoolExecutor, loky's, Dask's `client.get_executor()`, an
    MPIPoolExecutor of `mpi4py.futures`, or a RayExecutor of `funcnn.interop.ray`. x and y may be `shards`, whose rows
    the workers read; then a block has rows of one part alone. Against the function itself the result differs by
    rounding errors. While a block is computed, BLAS uses one thread, since the bits of a product depend on the number
    of threads.

    `Grads.x`, if the function gives it, has the rows of all blocks, each times m_i / m.

    A loss is a mean over rows, so blocks add up exactly, with weights too. At the first call a few rows show whether
    that holds, and whether each row of the output is its own. Batch normalisation uses the statistics of a block (ghost
    batch normalisation: Hoffer, Hubara & Soudry 2017, Train longer, generalize better, section 4), and its next running
    statistics are the mean over the blocks. Other states whose next values differ among blocks are averaged if they are
    floats, and refused if they are whole numbers; of other values, such as those of a Probe, the last block's is taken.

    Args:
        value_and_grad: a function that `value_and_grad` or `compiled` made, or any that returns (cost, Grads).
        rows: the most rows of a block. Without it, there are as many blocks as pay by a model of cost, up to 64.
        executor: where blocks are computed; or a function that makes an executor, so that one whose worker died or was
            too slow is replaced. Without one, they are computed one after the other, which saves memory.
        timeout: the seconds to wait for a block, once the blocks before it are there; for n blocks of one worker the
            time is n times as long.
        retries: how often blocks are tried again after their worker died or was too slow.
        pending: the most blocks that an executor has at a time, since the caller's memory holds the rows of these
            blocks as bytes for another process. More workers than that do not help. If workers read the rows of
            `shards` from files, `pending` has no effect.
        workers: the number of parts into which blocks are divided for other processes; a worker computes a part, and
            adds its gradients. By default it is the executor's number of workers, if that is known. More parts than
            workers help if some workers are slower than others.

    >>> import numpy as np
    >>> from funcnn import mlp, mse, value_and_grad
    >>> from funcnn.parallel import sharded
    >>> x, params = np.linspace(-1, 1, 200).reshape(100, 2), mlp([2, 8, 1], seed=0)
    >>> cost, grads = sharded(value_and_grad(mse), rows=25)(params, x, x[:, :1])
    >>> abs(cost - value_and_grad(mse)(params, x, x[:, :1])[0]) < 1e-15
    True

    Raises:
        KindError: `value_and_grad` is sharded already. The function that is returned raises it if the loss or the
            network couples rows, or if a value does not pickle that must be sent to another process.
        MissingError: threadpoolctl is not installed.
        WorkerError: an executor could not compute a block; a WorkerTimeoutError if it was too slow. The function that
            is returned raises it. An error of `value_and_grad` is raised as it is, with a note that names the block.
    """
    if isinstance(value_and_grad, Sharded):
        raise KindError("sharded: value_and_grad must not be a function that sharded returned")
    controller("sharded")  # an error if it is not installed
    return Sharded(value_and_grad, rows, executor, timeout, retries, pending, workers)


def _one_by_one(function: Any, run: BlockRun) -> Generator[PartialSum]:
    terms = BlockTerms(function, run)
    try:
        yield from terms
    except Exception as error:
        error.add_note(f"in {words_of_blocks([run.blocks[terms.i]], run.k)}")
        raise
