"""An executor of Ray, for `sharded` on several processes or machines."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures import wait as finished
from functools import partial
from typing import Any, cast
from weakref import WeakSet

from funcnn.errors import KindError
from funcnn.extras import needing

with needing("funcnn.interop.ray", "ray"):
    import ray
    from ray.exceptions import RayTaskError


class RayExecutor(Executor):
    """An `Executor` of `concurrent.futures` whose workers are those of the Ray cluster to which `ray.init()` connected.

    Each call is a task of Ray on one CPU. Ray starts a new worker for one that died; Ray does not try the task again,
    which `sharded` does with `retries`. The end of a `with` block waits for all calls, and leaves the cluster as it is.

        ray.init()  # or ray.init("auto") on a node of a cluster
        step = sharded(value_and_grad(mse), executor=RayExecutor(), retries=2)

    Raises:
        KindError: Ray is not connected to a cluster.
    """

    def __init__(self) -> None:
        if not ray.is_initialized():
            raise KindError("RayExecutor: ray must be connected to a cluster; write ray.init()")
        self._max_workers = int(cast("Any", ray).cluster_resources().get("CPU", 1))
        self._remote = ray.remote(num_cpus=1, max_retries=0)(_called)
        self._futures: WeakSet[Future[Any]] = WeakSet()
        self._is_open = True

    def submit(self, f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future of `f(*args, **kwargs)` in a worker, with the result or the error of f."""
        if not self._is_open:
            raise RuntimeError("cannot schedule new futures after shutdown")
        if not ray.is_initialized():  # Ray would start a cluster on this machine
            raise RuntimeError("Ray is not connected to a cluster; write ray.init()")
        task, future = self._remote.remote(f, *args, **kwargs), Future[Any]()
        task.future().add_done_callback(partial(_end, future))
        future.add_done_callback(lambda done: ray.cancel(task) if done.cancelled() else None)
        self._futures.add(future)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  as Executor
        """Take no more calls; wait for those that were submitted."""
        self._is_open = False
        if cancel_futures:
            for future in self._futures:
                future.cancel()
        if wait:
            finished([future for future in self._futures if not future.cancelled()])


def _end(future: Future[Any], done: Future[Any]) -> None:
    """End a future as the future of Ray ended, with the error itself in place of Ray's error around it."""
    if not future.set_running_or_notify_cancel():
        return
    if (error := done.exception()) is None:
        future.set_result(done.result())
    elif isinstance(error, RayTaskError):
        error.cause.__cause__ = error  # has the traceback of the worker, as in a ProcessPoolExecutor
        future.set_exception(error.cause)
    else:
        future.set_exception(error)


def _called(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return f(*args, **kwargs)
