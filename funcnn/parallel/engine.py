"""Runs of blocks on an executor: they are submitted, waited for in their order, and tried again."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from threading import Event, Lock
from typing import Any, cast

from funcnn.arrays import kind
from funcnn.errors import KindError, WorkerError, WorkerTimeoutError
from funcnn.parallel.blocks import bytes_of
from funcnn.parallel.packing import packed, pickling_error, takes_by_value
from funcnn.parallel.runs import BlockRun, divided, words_of_blocks, workers_of
from funcnn.parallel.sent import Sent, Traffic, size_of
from funcnn.parallel.sums import PartialSum
from funcnn.parallel.worker import BlockTerms, Failed, Missing, Task, Unread, current_handling, result_of, work

_MOST_BYTES = 1 << 26  # chosen: of gradients that wait until all are there


class InThreads:
    """Blocks that share memory with the caller: nothing is copied or sent."""

    def __init__(self, function: Any) -> None:
        self._function, self._last, self._is_over = function, math.inf, Event()

    def submit(self, executor: Executor, run: BlockRun) -> Future[Any]:
        """Each run runs in a copy of the caller's context, which has NumPy's handling of errors."""
        return executor.submit(copy_context().run, self._attempted, run)

    def _attempted(self, run: BlockRun) -> Any:
        if run.blocks[0].i > self._last:  # the error of an earlier block ends the step
            return None
        terms = BlockTerms(self._function, run)
        made: Any = None
        try:
            made = [*terms]
        except Exception as error:  # noqa: BLE001  whatever it is, it is raised where the block came from
            made = Failed(error, "", terms.i)
        finally:
            if made is None or isinstance(made, Failed):  # None after SystemExit and the like, which go on
                self._last = min(self._last, terms.i)
                self._is_over.set()
        return made

    def wait_for_all(self, waiting: deque[tuple[BlockRun, Future[Any]]]) -> None:
        """Wait for the last block or for an error: each time that the caller is woken, it takes Python's lock from the
        others. Large gradients are added as they come, since there would be one of each block in memory.
        """
        run, last = waiting[-1]
        if not self._is_over.is_set() and len(waiting) * bytes_of(run.params) <= _MOST_BYTES:
            last.add_done_callback(lambda _: self._is_over.set())
            self._is_over.wait()

    def received(self, run: BlockRun, reply: Any) -> Any:
        """The reply as it is; None for a block that was not begun, to submit it again: all blocks before it are there,
        so the error was one of an attempt that had taken too long.
        """
        if reply is None:
            self._last = math.inf
        return reply


class InProcesses:
    """Runs for other processes, as bytes, for one step."""

    def __init__(self, function: Any, executor: Executor, sent: Sent, traffic: Traffic) -> None:
        self._name, self._by_value = type(executor).__name__, takes_by_value(executor)
        self._sent, self._handling, self._traffic = sent, current_handling(), traffic
        traffic.sent = traffic.returned = traffic.missed = 0
        sent.next_step()
        self._function = self._packed({"value_and_grad": function}, function, apart=False).stream
        self._tasks: dict[int, tuple[Task, list[Any]]] = {}

    def submit(self, executor: Executor, run: BlockRun) -> Future[Any]:
        """The task is packed once, since a run may be submitted again."""
        first = run.blocks[0].i
        if first not in self._tasks:
            parts = {"params": run.params, "x": run.blocks[0].x, "y": run.blocks[0].y}
            own = run._replace(blocks=[block._replace(which="") for block in run.blocks])
            stream, arrays = self._packed(parts, tuple(own))
            forms = [self._sent.form_of(a) for a in arrays]
            self._tasks[first] = Task(self._function, stream, forms, self._by_value, self._handling), arrays
        task = self._tasks[first][0]
        self._traffic.sent += len(task.function) + len(task.stream) + sum(map(size_of, task.forms))
        return executor.submit(work, task)

    def wait_for_all(self, _: deque[tuple[BlockRun, Future[Any]]]) -> None:
        """Wait for nothing: what has come is unpacked while the others compute."""

    def _packed(self, parts: dict[str, Any], value: Any, *, apart: bool = True) -> Any:
        try:
            return packed(value, by_value=self._by_value, apart=apart)
        except Exception as error:
            raise pickling_error(self._name, parts, by_value=self._by_value) from error

    def received(self, run: BlockRun, reply: Any) -> Any:
        """The result; None if arrays were missing, which are in the task from now on."""
        task, arrays = self._tasks[run.blocks[0].i]
        if isinstance(reply, Missing):
            self._traffic.missed += len(reply.numbers)
            forms = [
                self._sent.missed(form, array) if i in reply.numbers else form
                for i, (form, array) in enumerate(zip(task.forms, arrays, strict=True))
            ]
            self._tasks[run.blocks[0].i] = task._replace(forms=forms), arrays
            return None
        if not isinstance(reply, Failed | Unread):
            self._traffic.returned += len(reply.stream) + sum(map(size_of, reply.arrays))
        del self._tasks[run.blocks[0].i]
        return result_of(reply)


class BlockRunner:
    """Computes blocks on an executor, or on those that a function makes: `pending` at a time, with retries."""

    def __init__(
        self,
        executor: Executor | Callable[[], Executor],
        timeout: float | None,
        retries: int,
        pending: int,
        workers: int | None,
    ) -> None:
        self._given, self._timeout, self._retries, self._pending = executor, timeout, retries, pending
        self._made: Executor | None = None
        self._workers, self._counted = workers, cast("tuple[Executor | None, int | None]", (None, None))
        self._lock, self._sent, self.traffic = Lock(), Sent(), Traffic()

    def results(self, function: Any, whole: BlockRun) -> Generator[PartialSum]:
        """The sums of all runs, in the order of their blocks.

        Raises:
            WorkerError: the executor cannot compute a run.
            FuncnnError: the error that `function` raises for a block, with a note that names the block.
        """
        executor = self._current(None)
        is_here = isinstance(executor, ThreadPoolExecutor)
        carrier = InThreads(function) if is_here else InProcesses(function, executor, self._sent, self.traffic)
        waiting = deque[tuple[BlockRun, Future[Any]]]()
        runs, most = self._divided(executor, whole)
        rest, tries = iter(runs), Counter[int]()
        try:
            while True:  # until the generator is closed, when all sums are there
                for run in islice(rest, most - len(waiting)):
                    waiting.append((run, _submitted(carrier, executor, run)))
                run, future = waiting[0]
                if self._timeout is None and len(waiting) < most:
                    carrier.wait_for_all(waiting)
                try:
                    reply = carrier.received(run, future.result(self._seconds(run)))
                except Exception as error:
                    i = run.blocks[0].i
                    if tries[i] >= self._retries:
                        raise self._run_error(executor, run, future, error) from error
                    tries[i] += 1
                    if executor is not (executor := self._current(executor)):
                        _cancel(waiting)
                        waiting = deque([(one, _submitted(carrier, executor, one)) for one, _ in waiting])
                        continue
                    reply = None
                if reply is None:
                    waiting[0] = (run, _submitted(carrier, executor, run))
                    continue
                waiting.popleft()
                yield from _sums_in(executor, run, reply)
        finally:
            _cancel(waiting)

    def _divided(self, executor: Executor, whole: BlockRun) -> tuple[list[BlockRun], int]:
        """The runs of this step, and how many the executor has at a time: threads take single blocks."""
        if isinstance(executor, ThreadPoolExecutor):
            return divided(whole, whole.k, self._pending)
        if self._counted[0] is not executor:
            self._counted = executor, self._workers or workers_of(executor)
        return divided(whole, self._counted[1], self._pending)

    def _seconds(self, run: BlockRun) -> float | None:
        return None if self._timeout is None else self._timeout * len(run.blocks)

    def _current(self, failed: Executor | None) -> Executor:
        """The executor; in place of one that failed, a new one, unless it was given."""
        if isinstance(self._given, Executor):
            return self._given
        with self._lock:
            if self._made is None or self._made is failed:
                if failed is not None:
                    failed.shutdown(wait=False)
                self._made = _as_executor(self._given())
            return self._made

    def _run_error(self, executor: Executor, run: BlockRun, future: Future[Any], error: Exception) -> WorkerError:
        name, which = type(executor).__name__, words_of_blocks(run.blocks, run.k)
        if not future.done():
            needed = f"compute {which} within {self._seconds(run):g} s; there is no result after that time"
            return WorkerTimeoutError(f"sharded: {name} must {needed}")
        given = f"{type(error).__name__}: {error}".removesuffix(": ")  # of an error without a text
        return WorkerError(f"sharded: {name} failed to compute {which}: {given}")


def _as_executor(executor: Any) -> Executor:
    if not isinstance(executor, Executor):
        needed = "an Executor of concurrent.futures, or a function that makes one"
        raise KindError(f"sharded: executor must be {needed}, not a function that returns {kind(executor)}")
    return executor


def _cancel(waiting: deque[tuple[BlockRun, Future[Any]]]) -> None:
    for _, future in waiting:
        future.cancel()


def _submitted(carrier: InThreads | InProcesses, executor: Executor, run: BlockRun) -> Future[Any]:
    """The future of a run; an executor that is shut down or broken gives one that has failed."""
    try:
        return carrier.submit(executor, run)
    except KindError:
        raise
    except Exception as error:  # noqa: BLE001  executors raise errors of their own
        failed: Future[Any] = Future()
        failed.set_exception(error)
        return failed


def _sums_in(executor: Executor, run: BlockRun, reply: Any) -> list[PartialSum]:
    """The sums that a run gave; or the error that one of its blocks raised."""
    name = type(executor).__name__
    if isinstance(reply, Unread):
        raise WorkerError(f"sharded: the workers of {name} failed to load {reply.what}: {reply.why}")
    if not isinstance(reply, Failed):
        return reply
    which = words_of_blocks([block for block in run.blocks if block.i == reply.i], run.k)
    if reply.error is None:
        raise WorkerError(f"sharded: {name} failed to compute {which}, and its error does not pickle:\n{reply.text}")
    reply.error.add_note(f"in {which}, on {name}")
    raise reply.error
