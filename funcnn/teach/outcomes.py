"""Outcome of a test of an exercise: done, open or wrong, and what is wrong; with a limit of time."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from threading import Event, Lock, Thread, get_ident
from types import FunctionType
from typing import Any, TypeVar

from funcnn.teach.progress import Exercise, Result

T = TypeVar("T")
Test = Callable[..., object]


class OutOfTime(BaseException):
    """A learner's code took too long; not an Exception, so that `except Exception` in its loop does not catch it."""


def within(seconds: float, act: Callable[[], T]) -> T:
    """The result of `act()`, which OutOfTime interrupts after so many seconds, and again after each further second."""
    thread, lock, ended, finished = get_ident(), Lock(), Event(), list[bool]()

    def interrupt() -> None:
        import ctypes  # noqa: PLC0415  where there are threads, there is ctypes

        set_error, wait = ctypes.pythonapi.PyThreadState_SetAsyncExc, seconds
        while not (ended.wait(wait) or finished):
            with lock:  # so that it does not interrupt what follows
                _ = finished or set_error(ctypes.c_ulong(thread), ctypes.py_object(OutOfTime))
            wait = 1

    def stop() -> None:
        """After which no interruption comes; one that came before may interrupt this too."""
        while not finished:
            with suppress(OutOfTime), lock:
                finished.append(True)
        ended.set()

    try:
        try:
            with suppress(RuntimeError):  # a Python for WebAssembly has no threads
                Thread(target=interrupt, name="limit of time", daemon=True).start()
            return act()
        finally:
            stop()
    except OutOfTime as error:
        stop()
        text = f"it takes longer than {seconds:g} seconds; does a loop never end?"
        raise OutOfTime(text).with_traceback(error.__traceback__) from None


def declared_in(found: Mapping[str, Any]) -> list[Any]:
    """The tests of exercises among the values of a module, in their order."""
    return [value for value in found.values() if isinstance(_declared(value), Exercise)]


def _declared(value: Any) -> Any:
    return getattr(value, "__dict__", {}).get("exercise") if callable(value) else None


def result_of(number: int, test: Any, path: str, seconds: float, seed: int | None = None) -> Result:
    """What became of one exercise; `exit()` in a function of a learner is reported like an error."""
    try:
        within(seconds, lambda: _run(test, seed))
    except OutOfTime as error:
        return Result(number, test.exercise, "wrong", "\n".join([str(error), place_of(error, path)]))
    except (Exception, SystemExit) as error:  # noqa: BLE001  a learner writes anything
        *_, cause = _causes(error)
        if isinstance(cause, NotImplementedError) or _has_unwritten(test):
            return Result(number, test.exercise, "open", "")
        return Result(number, test.exercise, "wrong", _message(error, cause, path))
    return Result(number, test.exercise, "done", "")


def _run(test: FunctionType, seed: int | None) -> None:
    """A test, with the seed if it takes one."""
    takes_seed = seed is not None and "seed" in inspect.signature(test).parameters
    test(**{"seed": seed} if takes_seed else {})


def _has_unwritten(test: FunctionType) -> bool:
    """Whether a function that the test names only raises NotImplementedError, though another one failed before it."""
    return any([is_unwritten(test.__globals__.get(name)) for name in test.__code__.co_names])


def is_unwritten(f: object) -> bool:
    """Whether a function only raises NotImplementedError."""
    return isinstance(f, FunctionType) and f.__code__.co_names == ("NotImplementedError",)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and the errors from which it was raised, such as that of a vjp which a check called."""
    while error is not None:
        yield error
        error = error.__cause__


def _message(error: BaseException, cause: BaseException, path: str) -> str:
    """The text of the error; where it is not the text of an assertion, also the line of the file that raised it."""
    text = sentence(error)
    if isinstance(cause, AssertionError) and str(cause):
        return text
    none = "a function that ends without return gives None" * ("NoneType" in str(cause))
    changed = "your function changes its argument in place" * ("read-only" in str(cause))
    return "\n".join(filter(None, [text, place_of(cause, path), none, changed]))


def sentence(error: BaseException) -> str:
    """The class and the text, without its empty lines."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return ": ".join([type(error).__name__, *["\n".join(lines)] * bool(lines)])


def place_of(error: BaseException, path: str) -> str:
    """The last line of the file that the error passed; empty if there is none, as for a SyntaxError.

    An error of another process tells its own place.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return getattr(error, "place", "") or (f"line {frames[-1].lineno}: {frames[-1].line}" if frames else "")
