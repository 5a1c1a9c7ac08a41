"""Faults of executors: dead workers, time-outs, executors that are shut down, and values that do not pickle."""

import os
import signal
import threading
import time
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest

import funcnn as nn
from funcnn.errors import KindError, WorkerError, WorkerTimeoutError
from funcnn.parallel import sharded, threads
from tests.said import fails, says
from tests.sharding import Copying, X, Y, after

pytest.importorskip("threadpoolctl", reason="matrix products are computed in one thread by it")
NET = nn.mlp([6, 5, 2], hidden=nn.Tanh(), seed=0)
FUNCTION = nn.value_and_grad(nn.mse)
ALONE = after(sharded(FUNCTION, rows=6), NET, (), X, Y)


class Deadly:
    """A gradient whose worker is killed in the third block, as often as there are files in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, params, x, y):
        """The gradient of the mean squared error"""
        left = sorted(self.folder.iterdir())
        if left and np.array_equal(x, X[12:18]):
            left[0].unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return FUNCTION(params, x, y)


@pytest.fixture
def deadly(tmp_path):
    """Of this many deaths."""

    def made(deaths):
        for i in range(deaths):
            (tmp_path / str(i)).touch()
        return Deadly(tmp_path)

    return made


def one_process():
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
def test_a_killed_worker_ends_the_step_or_is_replaced(deadly):
    with one_process() as given:
        step = sharded(deadly(1), rows=6, executor=given, retries=3)
        says(WorkerError, "ProcessPoolExecutor failed to compute blocks 0 to 3 of 4: Broken", step, NET, X, Y)
    with one_process() as given:
        step = sharded(deadly(1), rows=6, executor=given, workers=4)
        says(WorkerError, r"ProcessPoolExecutor failed to compute block [0-2] of 4, rows \d+:\d+: Br", step, NET, X, Y)
    step = sharded(deadly(2), rows=6, executor=one_process, retries=2)
    assert after(step, NET, (), X, Y) == ALONE


class Breaking(Copying):
    """An executor that breaks at a task, and then is broken."""

    def __init__(self, at=2, error=BrokenExecutor):
        super().__init__()
        self.at, self.error = at, error

    def computed(self, function, *given):
        """The result, or the error of a worker that died"""
        if len(self.tasks) >= self.at:
            raise self.error("a worker died")
        return function(*given)


def test_a_fresh_executor_tries_again_with_the_same_bits():
    made = []

    def fresh():
        made.append(Breaking(at=3 if len(made) < 4 else 10**6))
        return made[-1]

    assert after(sharded(FUNCTION, rows=6, executor=fresh, retries=1), NET, (), X, Y) == ALONE
    assert len(made) == 5
    assert [pool.is_open for pool in made] == [False] * 4 + [True]
    made.clear()
    with pytest.raises(WorkerError, match="Breaking failed to compute block 2 of 4, rows 12:18: Broken"):
        sharded(FUNCTION, rows=6, executor=fresh)(NET, X, Y)


def test_an_executor_that_was_given_tries_a_block_again():
    class Forgetful(Breaking):
        def computed(self, function, *given):
            if len(self.tasks) % 5 == 0:
                raise OSError("the network was down")
            return function(*given)

    assert after(sharded(FUNCTION, rows=6, executor=Forgetful(), retries=1), NET, (), X, Y) == ALONE
    with pytest.raises(WorkerError, match="Forgetful failed to compute block 0 of 4, rows 0:6: OSError: the net"):
        after(sharded(FUNCTION, rows=6, executor=Forgetful()), NET, (), X, Y)


def test_what_is_shut_down_takes_no_block():
    for executor in (ThreadPoolExecutor(1), Copying()):
        executor.shutdown()
        with pytest.raises(WorkerError, match="failed to compute block 0 of 4, rows 0:6: RuntimeError: cannot"):
            sharded(FUNCTION, rows=6, executor=executor)(NET, X, Y)


def test_a_block_that_takes_too_long_ends_the_step():
    go = threading.Event()

    def slow(params, x, y):
        if np.array_equal(x, X[6:12]):
            go.wait(60)
        return FUNCTION(params, x, y)

    with threads(2) as pool:
        with pytest.raises(WorkerTimeoutError) as caught:
            sharded(slow, rows=6, executor=pool, timeout=0.5)(NET, X, Y)
        go.set()
    needed = "Threads must compute block 1 of 4, rows 6:12 within 0.5 s; there is no result after that time"
    assert str(caught.value) == f"sharded: {needed}"
    assert isinstance(caught.value, TimeoutError)


def test_a_block_that_took_too_long_is_tried_again():
    calls = []

    def slow_once(params, x, y):
        calls.append(len(x))
        if len(calls) == 1:
            time.sleep(0.5)
        return FUNCTION(params, x, y)

    for executor in (partial(ThreadPoolExecutor, 4), ThreadPoolExecutor(4)):
        calls.clear()
        step = sharded(slow_once, rows=6, executor=executor, timeout=0.2, retries=5)
        assert step(NET, X, Y) == sharded(FUNCTION, rows=6)(NET, X, Y)


def test_an_error_of_the_function_is_raised_as_it_is_with_the_block():
    labels = np.arange(24) % 3
    labels[20] = 7
    net = nn.mlp([6, 3], seed=0)
    loss = nn.value_and_grad(nn.softmax_cross_entropy)
    executors = (None, ""), (ThreadPoolExecutor(2), ", on ThreadPoolExecutor"), (Copying(), ", on Copying")
    for executor, where in executors:
        with pytest.raises(nn.FuncnnError, match="softmax_cross_entropy") as caught:
            sharded(loss, rows=6, executor=executor)(net, X, labels)
        assert caught.value.__notes__[-1] == f"in block 3 of 4, rows 18:24{where}"


class Unpicklable(Exception):
    """An error with an attribute that does not pickle, which libraries that teach errors to pickle cannot help."""

    def __init__(self, one, other):
        super().__init__(f"{one} and {other}")
        self.lock = threading.Lock()


def raising(params, x, y):
    raise Unpicklable(1, 2)


def test_an_error_that_does_not_pickle_is_told_by_its_traceback():
    with pytest.raises(WorkerError, match=r"and its error does not pickle:\nTraceback(.|\n)*Unpicklable: 1 and 2"):
        sharded(raising, rows=6, executor=Copying())(NET, X, Y)


class Unloadable:
    """A gradient that pickles and cannot be loaded."""

    def __call__(self, params, x, y):
        """The gradient of the mean squared error"""
        return FUNCTION(params, x, y)

    def __reduce__(self):
        return int, ("no number",)


def test_what_the_workers_cannot_load_is_named():
    with pytest.raises(WorkerError, match="the workers of Copying failed to load value_and_grad: ValueErr"):
        sharded(Unloadable(), rows=6, executor=Copying())(NET, X, Y)


class ByName(Copying, ProcessPoolExecutor):
    """Functions travel by name, as to a ProcessPoolExecutor."""


class Loss:
    """A loss with an attribute that does not pickle."""

    def __init__(self):
        self.factors = (1.0, threading.Lock())

    def __call__(self, out, y):
        """The mean squared error"""
        return nn.mse(out, y)


def local(out, y):
    return nn.mse(out, y)


local.__qualname__ = "nowhere.<locals>.local"


@pytest.mark.parametrize(
    ("function", "path", "given"),
    [
        (nn.value_and_grad(lambda out, y: nn.mse(out, y + 0)), "value_and_grad.loss", "the function <lambda>"),
        (lambda params, x, y: FUNCTION(params, x, y + 0), "value_and_grad", "the function <lambda>"),
        (nn.value_and_grad(local), "value_and_grad.loss", "the function nowhere.<locals>.local"),
        (nn.value_and_grad(Loss()), "value_and_grad.loss.factors.1", "<unlocked _thread.lock"),
        (nn.value_and_grad(partial(nn.huber, delta=threading.Lock())), "value_and_grad.loss.delta", "<unlocked"),
    ],
    ids=["lambda as loss", "lambda", "local function", "attribute", "argument of a partial"],
)
def test_what_does_not_pickle_is_named(function, path, given):
    with pytest.raises(KindError) as caught:
        sharded(function, rows=6, executor=ByName())(NET, X, Y)
    text = str(caught.value)
    assert text.startswith(f"sharded: {path} must be a value that can be sent to ByName, not {given}")
    assert text.endswith("; define it with def, at the top of a module") is ("<l" in given)


@nn.record
class Calls(nn.Elementwise):
    """out = f(x), with a setting that may not pickle."""

    f: object

    def value(self, x):
        """f(x)"""
        return self.f(x)

    def slope(self, kept):
        """The slope of the identity"""
        return 1.0


def test_a_field_of_a_layer_that_does_not_pickle_is_named():
    needed = r"a value that can be sent to ByName, not the function \S+<lambda>, which does not pickle"
    with pytest.raises(KindError, match=rf"sharded: params\.1\.f must be {needed}"):
        sharded(FUNCTION, rows=6, executor=ByName())((NET, Calls(lambda x: x)), X, Y)


def test_no_block_is_begun_after_one_that_failed_and_the_error_is_that_of_the_first():
    begun, has_failed = [], threading.Event()

    def failing(params, x, y):
        begun.append(x[0, 0])
        if np.array_equal(x, X[6:12]):
            has_failed.set()
            raise ArithmeticError("in the second")
        has_failed.wait(60)
        raise ArithmeticError("in the first")

    with threads(2) as pool, pytest.raises(ArithmeticError, match="in the first") as caught:
        sharded(failing, rows=6, executor=pool)(NET, X, Y)
    assert caught.value.__notes__ == ["in block 0 of 4, rows 0:6, on Threads"]
    assert set(begun) == {X[0, 0], X[6, 0]}


@pytest.mark.parametrize("kind", [ArithmeticError, KeyboardInterrupt, SystemExit])
def test_an_error_is_raised_while_the_last_block_goes_on(kind):
    go, ended = threading.Event(), []

    def failing(params, x, y):
        if np.array_equal(x, X[:12]):
            raise kind("in the first")
        ended.append(go.wait(60))
        return FUNCTION(params, x, y)

    with threads(2) as pool:
        says(kind, "in the first", sharded(failing, rows=12, executor=pool), NET, X, Y)
        assert ended == []
        go.set()


def test_large_gradients_are_added_as_they_come(monkeypatch):
    added, in_time = threading.Event(), []

    class Cost(float):
        def __rmul__(self, share):
            added.set()
            return share * float(self)

    def counted(params, x, y):
        if np.array_equal(x, X[12:]):
            in_time.append(added.wait(10))
        cost, grads = FUNCTION(params, x, y)
        return Cost(cost), grads

    monkeypatch.setattr("funcnn.parallel.engine._MOST_BYTES", 0)
    with threads(2) as pool:
        made = sharded(counted, rows=12, executor=pool)(NET, X, Y)
    assert in_time == [True]
    assert made == sharded(FUNCTION, rows=12)(NET, X, Y)


class Keeping(ThreadPoolExecutor):
    """Threads, and the futures of all blocks that were submitted."""

    futures = ()

    def submit(self, f, /, *given):
        """The future"""
        self.futures = (*self.futures, super().submit(f, *given))
        return self.futures[-1]


def test_an_attempt_that_fails_after_it_took_too_long_ends_nothing():
    attempts = []

    def late(params, x, y):
        if np.array_equal(x, X[:6]):
            attempts.append(threading.Event())
            if len(attempts) == 1:
                attempts[0].wait(60)
                raise ArithmeticError("in an attempt that nobody waits for")
            attempts[0].set()
            pool.futures[0].result(60)
        return FUNCTION(params, x, y)

    with Keeping(2) as pool:
        made = sharded(late, rows=6, executor=pool, timeout=0.1, retries=100, pending=1)(NET, X, Y)
    assert made == sharded(FUNCTION, rows=6)(NET, X, Y)


def test_blocks_that_wait_are_cancelled_if_gradients_do_not_fit():
    begun, go = [], threading.Event()

    def unlike(params, x, y):
        begun.append(x[0, 0])
        if len(begun) == 4:
            go.wait(60)
        return 1.0, nn.Grads(params if len(begun) == 1 else params[:1], None)

    with threads(1) as pool:
        with pytest.raises(KindError, match="gradients of the same arrays for each block") as caught:
            sharded(unlike, rows=1, executor=pool, pending=20)(NET, X, Y)
        go.set()
    assert len(begun) <= 4  # the fourth may have begun before the sum
    assert caught.value.__traceback__ is not None  # it keeps what the functions hold that raised the error


class Untold(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def untold(params, x, y):
    raise Untold


def test_an_error_without_a_text_is_raised_as_it_is():
    for executor in (None, ThreadPoolExecutor(1), Copying()):
        fails(Untold, sharded(untold, rows=6, executor=executor), NET, X, Y)


def test_an_executor_that_is_shut_down_by_a_block_ends_the_step():
    pool = Keeping(1)

    def closing(params, x, y):
        while len(pool.futures) < 4:
            time.sleep(1e-3)
        pool.shutdown(wait=False, cancel_futures=True)
        return FUNCTION(params, x, y)

    with pytest.raises(WorkerError, match=r"failed to compute block 1 of 4, rows 6:12: CancelledError$"):
        sharded(closing, rows=6, executor=pool)(NET, X, Y)


def test_nothing_is_summed_by_halves():
    """After any fault the next step has its bits."""
    executor = Breaking(at=3)
    step = sharded(FUNCTION, rows=6, executor=executor)
    fails(WorkerError, step, NET, X, Y)
    executor.at = 10**6
    assert step(NET, X, Y) == sharded(FUNCTION, rows=6)(NET, X, Y)
