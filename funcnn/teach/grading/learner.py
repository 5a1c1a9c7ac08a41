"""The program of the process that runs a learner's file: it answers calls, and decides nothing.

It starts with an own copy of its pipes, so that what a learner prints goes nowhere. It confines itself before it gets
the text of the file. Anything that a learner writes to the pipe is a result, as one that a function returned.
"""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import suppress
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import funcnn
from funcnn import testing
from funcnn.arrays import Array
from funcnn.core import backward, backward_params, forward, forward_only, inference, reseed
from funcnn.records import plans
from funcnn.teach.grading.confinement import confine
from funcnn.teach.grading.wire import Peer
from funcnn.teach.outcomes import is_unwritten

VERBS: dict[str, Any] = {
    "forward": forward,
    "backward": backward,
    "forward_only": forward_only,
    "backward_params": backward_params,
    "inference": inference,
    "reseed": reseed,
}
ANSWERS = "funcnn.teach.course"  # its rules contain right answers: here it is blank, and its files cannot be read
LIBRARIES = ("numpy", "attr", "attrs", "funcnn", "hypothesis", "_hypothesis_globals", "sortedcontainers")
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/dev/urandom")


class Blank(Loader):
    """A loader of modules in which each name is None."""

    def create_module(self, spec: ModuleSpec) -> None:
        """None, so that Python makes the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Give the module a value for each name."""
        vars(module)["__getattr__"] = {}.get


class Only:
    """A finder that refuses all modules but Python's own and LIBRARIES, and makes ANSWERS blank."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """None, so that the next finder is asked."""
        if name == ANSWERS or name.startswith(f"{ANSWERS}."):
            return ModuleSpec(name, Blank(), is_package=True)
        if (first := name.partition(".")[0]) not in LIBRARIES and first not in sys.stdlib_module_names:
            raise ModuleNotFoundError(
                f"{name} cannot be imported here, only NumPy, funcnn and what Python has", name=name
            )
        return None


class Server:
    """The learner's module, and what may be asked of it."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self.module = ModuleType("learner")
        self.peer = Peer(source, sink, self._class, _called_error)
        asked = (self.load, self.describe, self.function, self.make, self.verb)
        self.peer.named = {ask.__name__: ask for ask in asked}
        self.peer.place = self.place

    def load(self, name: str, text: Array, functions: list[str], classes: list[str]) -> Any:
        """Run the file, and say which of the functions are written, and what the classes are."""
        source = bytes(text).decode("utf-8-sig", "replace")
        self.module.__file__ = name
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        sys.modules["learner"] = self.module
        exec(compile(bytes(text), name, "exec"), vars(self.module))  # noqa: S102  this process is for it
        found = vars(self.module)
        written = [one for one in functions if callable(found.get(one)) and not is_unwritten(found[one])]
        return written, [one for one in classes if isinstance(found.get(one), type) and found[one] in plans]

    def describe(self, name: str) -> Any:
        """The fields of a record class of the file, the verbs that have a rule for it, and its bases in funcnn."""
        cls = self._class(name)
        rules = [name for name, verb in VERBS.items() if verb.dispatch(cls) is not verb.dispatch(object)]
        bases = [(base.__name__, base.__module__) for base in cls.__mro__ if base.__module__.startswith("funcnn.")]
        return plans[cls], rules, bases

    def function(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """The result of a function of the file."""
        result = vars(self.module)[name](*args, **kwargs)
        return tuple(result) if isinstance(result, tuple) else result  # as a NamedTuple it would stay here

    def make(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """A record of a class of the file, as its constructor makes it."""
        return self._class(name)(*args, **kwargs)

    @staticmethod
    def verb(name: str, *args: Any) -> Any:
        """What `forward` and others give for a layer of the file."""
        return VERBS[name](*args)

    def place(self, error: BaseException) -> str:
        """The last line of the file that the error passed."""
        name = self.module.__file__
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name]
        return f"line {frames[-1].lineno}: {frames[-1].line}" if frames else ""

    def _class(self, name: str) -> Any:
        """The record class of the file that has this name, the last one if there are several."""
        found = [cls for cls in plans if (cls.__module__, cls.__name__) == ("learner", name)]
        return found[-1]


def _called_error(error: Any) -> Exception:
    """The error of a function of the test that was called from here."""
    return RuntimeError(f"{error['name']}: {error['text']}")


def folders() -> Iterator[str]:
    """What the process may read: Python, its libraries, and those of the system that they load."""
    yield from SYSTEM
    yield from [sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib")]
    yield from [os.path.realpath(sys.base_prefix + "/lib"), os.path.realpath(sys.executable)]
    for library in LIBRARIES:
        if (spec := find_spec(library)) and spec.origin:
            place = Path(spec.origin)
            yield from _but_answers(place.parent if spec.submodule_search_locations else place)
            yield str(place.parents[1] / f"{library}.libs")


def _but_answers(place: Path) -> Iterator[str]:
    """A folder, or what is in it if the folder of ANSWERS is one of its folders."""
    hidden = Path(funcnn.__path__[0], *ANSWERS.split(".")[1:])
    if place in hidden.parents:
        for inside in place.iterdir():
            yield from _but_answers(inside)
    elif place != hidden:
        yield str(place)


def main(seconds: int, memory: int) -> None:
    """Say which promises hold, then answer calls until the pipe is closed."""
    for name in vars(testing)["__all__"]:
        getattr(testing, name)  # it imports hypothesis, which reads files of its own
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    server, nowhere = Server(source, sink), os.open(os.devnull, os.O_RDWR)
    promises = confine(list(folders()), seconds, memory)
    server.peer.named["promises"] = lambda: promises
    sys.meta_path.insert(0, Only())
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    with suppress(EOFError):
        server.peer.answer()
