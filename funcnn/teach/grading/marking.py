"""The program that marks one file: it runs the teacher's tests, and asks the learner's process for the results."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from funcnn.records import plans
from funcnn.teach.grading.proxies import Ended, LearnerProcess, NotStarted, Told
from funcnn.teach.grading.sheets import ASK, Sheet, sheet
from funcnn.teach.grading.values import WireError
from funcnn.teach.outcomes import declared_in, place_of, result_of, sentence

FOREVER = 1e9  # seconds of a test: the learner's process is killed before, and the process of the tests after it


def marks(tests: str, file: str, seed: int, seconds: float, memory: int) -> Iterator[dict[str, Any]]:
    """The titles and points of the exercises, then a dict for each with what became of it.

    A dict with `error` says that the teacher's file cannot be used.
    """
    try:
        page = sheet(Path(tests).read_text("utf-8"), tests)
        given = _module(page, tests, [], {})
    except (Exception, SystemExit) as error:  # noqa: BLE001  the file is a program
        yield {"error": f"{Path(tests).name} cannot be run: {sentence(error)}"}
        return
    declared = [test.exercise for test in declared_in(given)]
    yield {"exercises": [{"title": one.title, "points": one.points} for one in declared]}
    with closing(LearnerProcess(Path(file).name, Path(file).read_bytes(), seconds, memory)) as learner:
        yield from _marks(page, tests, learner, seed)


def _marks(page: Sheet, tests: str, learner: LearnerProcess, seed: int) -> Iterator[dict[str, Any]]:
    try:
        with learner.exercise():
            written, owned = learner.run(page.functions, page.classes)
            classes = {name: learner.find(name) for name in owned}
    except NotStarted as error:
        yield {"error": str(error)}
        return
    except (Told, Ended, WireError) as error:
        place = place_of(error, "")
        text = f"the file cannot be run: {error if isinstance(error, Ended) else sentence(error)}"
        yield {"promises": learner.promises, "wrong": f"{text}{place and f' ({place})'}"}
        return
    yield {"promises": learner.promises}
    found = _module(page, tests, written, classes, lambda *args, **kwargs: learner.call("function", *args, **kwargs))
    given = [value for value in found.values() if isinstance(value, type) and value.__module__ == "teacher"]
    learner.classes |= {cls.__name__: cls for cls in given if cls in plans}
    for number, test in enumerate(declared_in(found), 1):
        with learner.exercise():
            result = result_of(number, test, tests, FOREVER, seed)
        state, message = ("wrong", learner.fault) if learner.fault else (result.state, result.message)
        if state == "done" and not learner.calls:
            yield {"error": f"the test of exercise {number} of {Path(tests).name} calls nothing that a learner writes"}
        yield {"number": number, "state": state, "message": message}


def _module(page: Sheet, path: str, written: list[str], classes: dict[str, type], ask: Any = None) -> dict[str, Any]:
    """The names of the teacher's file, run with these functions and classes of the learner."""
    module = sys.modules["teacher"] = ModuleType("teacher")
    vars(module).update({ASK: ask, "__file__": path}, **classes)
    exec(page.code(path, written, list(classes)), vars(module))  # noqa: S102  the teacher's own program
    return vars(module)


def main(tests: str, file: str, seed: int, seconds: float, memory: int) -> None:
    """Write each dict of `marks` as a line of JSON to the pipe that was the standard output."""
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    with suppress(ImportError, ValueError):
        import resource  # noqa: PLC0415  Windows has no such module

        resource.setrlimit(resource.RLIMIT_AS, (4 * memory, 4 * memory))
    for mark in marks(tests, file, seed, seconds, memory):
        print(json.dumps(mark), file=sink, flush=True)
