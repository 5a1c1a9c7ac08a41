"""The process of a learner's file, as the teacher's tests see it: its functions, its layers, its errors, its end."""

from __future__ import annotations

import builtins
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from keyword import iskeyword
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np

import funcnn
from funcnn.records import plans, record, state, values
from funcnn.teach.grading.values import WireError
from funcnn.teach.grading.wire import Peer

# What an error of the other process may be here: not StopIteration, which ends a loop in silence.
ERRORS = (
    *(ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, OSError, RuntimeError),
    *(SyntaxError, TypeError, ValueError),
)
START = "import sys; sys.path[:] = {path!r}; from funcnn.teach.grading.{module} import main; main{arguments!r}"
KEPT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # without which some Pythons do not start
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Told(Exception):  # noqa: N818  it is a base of errors of other names
    """An error that the learner's process told, with its class, its text and the line of the file."""

    place = ""


class Ended(Exception):  # noqa: N818  a process that ends is not always an error
    """The learner's process ended."""


class NotStarted(Exception):  # noqa: N818  as Ended
    """The process ended before it got the learner's file."""


def command(module: str, *arguments: Any) -> list[str]:
    """The command that calls `main` of a module of this folder, in a Python that does not look into the working folder.

    There may be a `numpy.py` of a learner.
    """
    places = [place for place in sys.path if place and Path(place).resolve() != Path.cwd()]
    path = [str(Path(funcnn.__file__).parents[1]), *places]
    return [sys.executable, "-I", "-c", START.format(path=path, module=module, arguments=arguments)]


class LearnerProcess(Peer):
    """The process of a learner's file. It starts when it is asked, and again after it ended.

    `fault` says why it ended in this exercise; `calls` counts what it was asked. `classes` are the record classes that
    stand for those of the file.
    """

    def __init__(self, name: str, text: bytes, seconds: float, memory: int) -> None:
        self.name, self.text, self.seconds, self.memory = name, text, seconds, memory
        self.fault, self.calls = "", 0
        self.promises: dict[str, bool] = {}
        self.classes: dict[str, type] = {}
        self._asked: tuple[list[str], list[str]] = [], []
        self._is_run = False
        self._process: Any = None

    def _start(self) -> None:
        """Start the process, which first says what the system promises."""
        environment = {name: os.environ[name] for name in KEPT if name in os.environ} | ONE_THREAD
        self._process = subprocess.Popen(  # noqa: S603  this Python
            command("learner", 20 * round(self.seconds + 1), self.memory),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        super().__init__(self._process.stdout, self._process.stdin, self.find, told_error)
        self._is_run = False
        try:
            self.promises = self._answered("promises")
        except Ended as error:
            self.close()
            raise NotStarted(f"the process for learners' files does not start: {error}") from None

    def run(self, functions: list[str], classes: list[str]) -> tuple[list[str], list[str]]:
        """Run the file, and say which of these functions and classes it has."""
        self._asked, self._is_run = (functions, classes), True
        text = np.frombuffer(self.text, np.uint8)
        written, owned = self._answered("load", self.name, text, functions, classes)
        return [name for name in functions if name in written], [name for name in classes if name in owned]

    def call(self, target: str | int, /, *args: Any, **kwargs: Any) -> Any:
        """The result from the learner's process.

        Raises:
            Told: the function raised an error.
            Ended: the process ended.
        """
        self.calls += 1
        if self.fault:
            raise Ended(self.fault)
        if not self._is_run:
            self.run(*self._asked)
        return self._answered(target, *args, **kwargs)

    def _answered(self, target: str | int, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().call(target, *args, **kwargs)
        except Told:
            raise
        except (EOFError, OSError, WireError) as error:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0 if isinstance(error, WireError) else 1)  # to have its own code
            self.close()
            self.fault = self.fault or self._reason(error)
            raise Ended(self.fault) from None

    def _reason(self, error: Exception) -> str:
        if isinstance(error, WireError):
            return f"it sent something else than a result: {error}"
        code = self._process.returncode
        ended = f"by the signal {signal.Signals(-code).name}" if code < 0 else f"with the code {code}"
        return f"Python ended {ended}, as by os._exit()"

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):  # what was not sent is lost
                    pipe.close()

    @contextmanager
    def exercise(self) -> Iterator[None]:
        """A time in which the process is killed if it takes too long; it is started again after it ended."""
        if self.fault or self._process is None:
            self.close()
            self.fault = ""
            self._start()
        self.calls = 0
        timer = Timer(self.seconds, self._out_of_time)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _out_of_time(self) -> None:
        self.fault = f"it took longer than {self.seconds:g} seconds; does a loop never end?"
        self._process.kill()

    def find(self, name: str) -> type:
        """The class that stands for a record class of the file."""
        if name not in self.classes:
            self.classes[name] = self._class(name, *self.call("describe", name))
        return self.classes[name]

    def _class(self, name: str, fields: Any, rules: Any, bases: Any) -> type:
        """A record class with these fields, whose rules are computed by the learner's process.

        Its bases have names, so that a test can refuse a layer of funcnn, and nothing else.
        """
        if not all([word.isidentifier() and not iskeyword(word) for word in (name, *[field for field, _ in fields])]):
            raise WireError("names that are not names")  # attrs makes code of them

        def make(itself: Any, *args: Any, **kwargs: Any) -> None:
            made = values(self.call("make", name, *args, **kwargs))
            for (field, _), value in zip(plans[type(itself)], made, strict=True):
                object.__setattr__(itself, field, value)

        space: dict[str, Any] = {"__init__": make, "__module__": "teacher"}
        space["__annotations__"] = {field: Any for field, _ in fields}
        space |= {field: state() for field, is_state in fields if is_state}
        named = [type(base, (), {"__module__": module, "__slots__": ()}) for base, module in bases]
        cls: Any = record(type(name, tuple(named), space))
        from funcnn.teach.grading.learner import VERBS  # noqa: PLC0415  it needs hypothesis, which `load` may not need

        for rule in rules:
            VERBS[rule].register(cls)(self._rule(rule))
        return cls

    def _rule(self, name: str) -> Any:
        return lambda *args: self.call("verb", name, *args)


def told_error(error: Any) -> Exception:
    """The exception that stands for an error of the learner's process: of a class of that name, with its text."""
    name, text, place = [str(error[part]) for part in ("name", "text", "place")]
    base: Any = getattr(builtins, name, Exception)
    if not (isinstance(base, type) and issubclass(base, ERRORS)):
        base = Exception
    cls: Any = type(name, (Told, base), {"__str__": lambda _: text, "place": place})
    made: Exception = cls.__new__(cls)
    return made
