"""Blocks on an executor: they are submitted, waited for in their order, and tried again."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from threading import Event, Lock
from typing import Any

import attrs

from funcnn.arrays import kind
from funcnn.errors import KindError, WorkerError, WorkerTimeoutError
from funcnn.parallel.blocks import RowBlock, bytes_of
from funcnn.parallel.packing import packed, pickling_error, takes_by_value
from funcnn.parallel.sent import Sent, size_of
from funcnn.parallel.worker import Failed, Missing, Task, Unread, computed, current_handling, result_of, work

_MOST_BYTES = 1 << 26  # chosen: of gradients that wait until all are there


class InThreads:
    """Blocks that share memory with the caller: nothing is copied or sent."""

    def __init__(self, function: Any) -> None:
        self._function, self._last, self._is_over = function, math.inf, Event()

    def submit(self, executor: Executor, block: RowBlock) -> Future[Any]:
        """Each block runs in a copy of the caller's context, which has NumPy's handling of errors."""
        return executor.submit(copy_context().run, self._attempted, block)

    def _attempted(self, block: RowBlock) -> Any:
        if block.i > self._last:  # the error of an earlier block ends the step
            return None
        made = None
        try:
            made = computed(self._function, block.params, block.x, block.y)
        except Exception as error:  # noqa: BLE001  whatever it is, it is raised where the block came from
            made = Failed(error, "")
        finally:
            if made is None or isinstance(made, Failed):  # None after SystemExit and the like, which go on
                self._last = min(self._last, block.i)
                self._is_over.set()
        return made

    def wait_for_all(self, waiting: deque[tuple[RowBlock, Future[Any]]]) -> None:
        """Wait for the last block or for an error: each time that the caller is woken, it takes Python's lock from the
        others. Large gradients are added as they come, since there would be one of each block in memory.
        """
        block, last = waiting[-1]
        if not self._is_over.is_set() and len(waiting) * bytes_of(block.params) <= _MOST_BYTES:
            last.add_done_callback(lambda _: self._is_over.set())
            self._is_over.wait()

    def received(self, block: RowBlock, reply: Any) -> Any:
        """The reply as it is; None for a block that was not begun, to submit it again: all blocks before it are there,
        so the error was one of an attempt that had taken too long.
        """
        if reply is None:
            self._last = math.inf
        return reply


@attrs.define
class Traffic:
    """Bytes of the last step that were sent to other processes and came back, and the arrays that were missing."""

    sent: int = 0
    returned: int = 0
    missed: int = 0


class InProcesses:
    """Blocks for other processes, as bytes, for one step."""

    def __init__(self, function: Any, executor: Executor, sent: Sent, traffic: Traffic) -> None:
        self._name, self._by_value = type(executor).__name__, takes_by_value(executor)
        self._sent, self._handling, self._traffic = sent, current_handling(), traffic
        traffic.sent = traffic.returned = traffic.missed = 0
        sent.next_step()
        self._function = self._packed({"value_and_grad": function}, function, apart=False).stream
        self._tasks: dict[int, tuple[Task, list[Any]]] = {}

    def submit(self, executor: Executor, block: RowBlock) -> Future[Any]:
        """The task is packed once, since a block may be submitted again."""
        if block.i not in self._tasks:
            parts = {"params": block.params, "x": block.x, "y": block.y}
            stream, arrays = self._packed(parts, tuple(parts.values()))
            forms = [self._sent.form_of(a) for a in arrays]
            self._tasks[block.i] = Task(self._function, stream, forms, self._by_value, self._handling), arrays
        task = self._tasks[block.i][0]
        self._traffic.sent += len(task.function) + len(task.stream) + sum(map(size_of, task.forms))
        return executor.submit(work, task)

    def wait_for_all(self, _: deque[tuple[RowBlock, Future[Any]]]) -> None:
        """Wait for nothing: what has come is unpacked while the others compute."""

    def _packed(self, parts: dict[str, Any], value: Any, *, apart: bool = True) -> Any:
        try:
            return packed(value, by_value=self._by_value, apart=apart)
        except Exception as error:
            raise pickling_error(self._name, parts, by_value=self._by_value) from error

    def received(self, block: RowBlock, reply: Any) -> Any:
        """The result; None if arrays were missing, which are in the task from now on."""
        task, arrays = self._tasks[block.i]
        if isinstance(reply, Missing):
            self._traffic.missed += len(reply.numbers)
            forms = [
                self._sent.missed(form, array) if i in reply.numbers else form
                for i, (form, array) in enumerate(zip(task.forms, arrays, strict=True))
            ]
            self._tasks[block.i] = task._replace(forms=forms), arrays
            return None
        if not isinstance(reply, Failed | Unread):
            self._traffic.returned += len(reply.stream) + sum(map(size_of, reply.arrays))
        del self._tasks[block.i]
        return result_of(reply)


class BlockRunner:
    """Runs blocks on an executor, or on those that a function makes: `pending` at a time, with retries."""

    def __init__(
        self, executor: Executor | Callable[[], Executor], timeout: float | None, retries: int, pending: int
    ) -> None:
        self._given, self._timeout, self._retries, self._pending = executor, timeout, retries, pending
        self._made: Executor | None = None
        self._lock, self._sent, self.traffic = Lock(), Sent(), Traffic()

    def results(self, function: Any, blocks: list[RowBlock]) -> Generator[tuple[Any, Any]]:
        """The cost and the gradient of each block, in the order of the blocks.

        Raises:
            WorkerError: the executor cannot compute a block.
            FuncnnError: the error that `function` raises for a block, with a note that names the block.
        """
        executor = self._current(None)
        is_local = isinstance(executor, ThreadPoolExecutor)
        carrier = InThreads(function) if is_local else InProcesses(function, executor, self._sent, self.traffic)
        waiting: deque[tuple[RowBlock, Future[Any]]] = deque()
        rest, tries = iter(blocks), Counter[int]()
        try:
            while True:
                for block in islice(rest, self._pending - len(waiting)):
                    waiting.append((block, _submitted(carrier, executor, block)))
                if not waiting:
                    return
                block, future = waiting[0]
                if self._timeout is None and len(waiting) < self._pending:
                    carrier.wait_for_all(waiting)
                try:
                    reply = carrier.received(block, future.result(self._timeout))
                except Exception as error:
                    if tries[block.i] >= self._retries:
                        raise self._block_error(executor, block, len(blocks), future, error) from error
                    tries[block.i] += 1
                    if executor is not (executor := self._current(executor)):
                        _cancel(waiting)
                        waiting = deque([(one, _submitted(carrier, executor, one)) for one, _ in waiting])
                        continue
                    reply = None
                if reply is None:
                    waiting[0] = (block, _submitted(carrier, executor, block))
                    continue
                waiting.popleft()
                yield _result(executor, block, len(blocks), reply)
        finally:
            _cancel(waiting)

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

    def _block_error(
        self, executor: Executor, block: RowBlock, k: int, future: Future[Any], error: Exception
    ) -> WorkerError:
        name, which = type(executor).__name__, f"block {block.i} of {k}, rows {block.start}:{block.stop}"
        if not future.done():
            return WorkerTimeoutError(
                f"sharded: {name} must compute {which} within {self._timeout:g} s; there is no result after that time"
            )
        given = f"{type(error).__name__}: {error}".removesuffix(": ")  # of an error without a text
        return WorkerError(f"sharded: {name} failed to compute {which}: {given}")


def _as_executor(executor: Any) -> Executor:
    if not isinstance(executor, Executor):
        needed = "an Executor of concurrent.futures, or a function that makes one"
        raise KindError(f"sharded: executor must be {needed}, not a function that returns {kind(executor)}")
    return executor


def _cancel(waiting: deque[tuple[RowBlock, Future[Any]]]) -> None:
    for _, future in waiting:
        future.cancel()


def _submitted(carrier: InThreads | InProcesses, executor: Executor, block: RowBlock) -> Future[Any]:
    """The future of a block; an executor that is shut down or broken gives one that has failed."""
    try:
        return carrier.submit(executor, block)
    except KindError:
        raise
    except Exception as error:  # noqa: BLE001  executors raise errors of their own
        failed: Future[Any] = Future()
        failed.set_exception(error)
        return failed


def _result(executor: Executor, block: RowBlock, k: int, reply: Any) -> tuple[Any, Any]:
    """What the block gave, or the error that it raised."""
    which, name = f"block {block.i} of {k}, rows {block.start}:{block.stop}", type(executor).__name__
    if isinstance(reply, Unread):
        raise WorkerError(f"sharded: the workers of {name} failed to load {reply.what}: {reply.why}")
    if not isinstance(reply, Failed):
        cost, grads = reply
        return cost, grads
    if reply.error is None:
        raise WorkerError(f"sharded: {name} failed to compute {which}, and its error does not pickle:\n{reply.text}")
    reply.error.add_note(f"in {which}, on {name}")
    raise reply.error
