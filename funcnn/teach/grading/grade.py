"""Marks of a folder of learners' files, each in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from os import fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import funcnn
from funcnn.checked import checked
from funcnn.errors import FileError, NoFileError, RangeError
from funcnn.needs import Count, FilePath, Natural, Positive
from funcnn.teach.grading.confinement import PROMISES
from funcnn.teach.grading.marks import Mark, Marks, Paper
from funcnn.teach.grading.proxies import command

LARGEST = 2**20  # bytes of a learner's file
SPARE = 30  # seconds for a file, beside those of twelve exercises


@checked
def grade(
    folder: FilePath,
    *,
    tests: FilePath | None = None,
    seed: Natural = 0,
    seconds: Positive = 10.0,
    memory: Count = 1024,
    workers: Count | None = None,
) -> Marks:
    """Mark the files of a class: the tests are the teacher's, and the learner's functions run in a process apart.

    The folder has a folder for each learner, or files such as `ada_unit1.py`. A file is tested by the teacher's file of
    its name: of that file the tests and the given functions are taken, of the learner's file the functions that raise
    NotImplementedError in the teacher's, the layers whose rules do, and the function with a mistake to find.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from funcnn.teach import grade
    >>> sheet = '''
    ... from funcnn.teach import exercise
    ... def double(x):
    ...     raise NotImplementedError
    ... @exercise("Double a number", page="the page on numbers", points=2)
    ... def test_double(seed=0):
    ...     assert double(3 + seed) == 6 + 2 * seed
    ... '''
    >>> with TemporaryDirectory() as folder:
    ...     tests, ada, bob = [Path(folder) / name for name in ("unit1.py", "class/ada", "class/bob")]
    ...     _ = tests.write_text(sheet)
    ...     for learner, body in ((ada, "2 * x"), (bob, "6")):
    ...         learner.mkdir(parents=True)
    ...         _ = (learner / "unit1.py").write_text(f"double = lambda x: {body}")
    ...     marks = grade(ada.parent, tests=tests, seed=1)
    >>> [(paper.learner, paper.points, paper.most) for paper in marks.papers]
    [('ada', 2.0, 2.0), ('bob', 0.0, 2.0)]

    Args:
        folder: the folder with the learners' files, at any depth.
        tests: the folder with the teacher's files, or one file, with which all files are tested. By default it is the
            folder `exercises` in the working folder or of the course.
        seed: what a test with an argument `seed` gets, for other numbers.
        seconds: the time of an exercise, after which the learner's process is killed.
        memory: the megabytes of a learner's process.
        workers: how many files are marked at the same time; by default the number of processors.

    Raises:
        NoFileError: there is no such folder, or no folder of tests.
        RangeError: no file in the folder has a name for which there are tests.
        FileError: a file of tests cannot be run, or one of its tests calls nothing that a learner writes.
    """
    where, sheets = Path(fspath(folder)), _sheets(tests)
    if not where.is_dir():
        raise NoFileError(f"grade: there is no folder {where}")
    found = list(_papers(where, sheets))
    if not any([sheet for _, sheet in found]):
        raise RangeError(f"grade: {where} must have a file whose name ends in {' or '.join(sheets)}; it has none")
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        tested = [(file, sheet) for file, sheet in found if sheet]
        papers = pool.map(lambda one: _paper(where, one[0], one[1], seed, seconds, memory * 2**20), tested)
        return Marks(tuple(papers), tuple([str(file) for file, sheet in found if not sheet]), seed)


def _sheets(tests: Any) -> dict[str, Path]:
    """The teacher's files by name; one file has the name of all."""
    package = Path(funcnn.__file__).parents[1]
    usual = [Path("exercises"), package / "exercises", package / "docs" / "course" / "exercises"]
    where = Path(fspath(tests)) if tests else next((folder for folder in usual if folder.is_dir()), usual[0])
    if where.is_file():
        return {".py": where}
    if not (sheets := {file.name: file for file in sorted(where.glob("*.py"))}):
        raise NoFileError(f"grade: there is no folder {where} with files of tests; pass tests")
    return sheets


def _papers(where: Path, sheets: dict[str, Path]) -> Iterator[tuple[Path, Path | None]]:
    """Each Python file below a folder, and the teacher's file for it; None for a link, which may lead anywhere."""
    for folder, folders, names in os.walk(where):
        folders[:] = sorted([name for name in folders if not name.startswith((".", "__"))])
        for name in sorted(names):
            file = Path(folder, name)
            if name.endswith(".py"):
                fits = [sheet for own, sheet in sheets.items() if own in (name, ".py") or name.endswith(f"_{own}")]
                is_one = fits and not file.is_symlink() and file.is_file() and file.stat().st_size <= LARGEST
                yield file, fits[0] if is_one else None


def _paper(where: Path, file: Path, sheet: Path, seed: int, seconds: float, memory: int) -> Paper:
    """The marks of one file. What was marked before the process was killed counts."""
    start = time.monotonic()
    lines, ending = _marked(sheet, file, seed, seconds, memory)
    told: dict[str, Any] = {}
    for line in lines:
        told |= {"marks": [*told.get("marks", []), line]} if "number" in line else line
    if "error" in told or "exercises" not in told:
        raise FileError(f"grade: {told.get('error', f'{sheet.name} cannot be run: {ending}')}")
    missing = {"state": "wrong", "message": told.get("wrong", ending)}
    by_number = {mark["number"]: mark for mark in told.get("marks", [])}
    exercises = [
        Mark(number, one["title"], one["points"], **{part: by_number.get(number, missing)[part] for part in missing})
        for number, one in enumerate(told["exercises"], 1)
    ]
    held = told.get("promises") or dict.fromkeys(PROMISES, False)
    parts = file.relative_to(where).parts
    alone = where.resolve().name if file.stem == sheet.stem else file.stem.removesuffix(f"_{sheet.stem}")
    learner = parts[0] if len(parts) > 1 else alone
    unit = parts[-2] if len(parts) > 2 else sheet.stem
    return Paper(str(file), learner, unit, tuple(exercises), held, time.monotonic() - start)


def _marked(sheet: Path, file: Path, seed: int, seconds: float, memory: int) -> tuple[list[dict[str, Any]], str]:
    """The lines of `marking`, and why there are no more, if there are no more."""
    arguments = command("marking", str(sheet.resolve()), str(file.resolve()), seed, seconds, memory)
    with TemporaryDirectory() as empty:
        process = subprocess.Popen(  # noqa: S603  this Python
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=empty, start_new_session=True
        )
        try:
            written, errors = process.communicate(timeout=SPARE + 12 * seconds)
            ending = f"the process of the tests ended with {errors.decode(errors='replace').strip()[-200:]!r}"
        except subprocess.TimeoutExpired:
            ending = "the tests took too long"
        finally:
            _end_all(process)
        if process.returncode is None:
            written, _ = process.communicate()
    return [json.loads(line) for line in written.splitlines(keepends=True) if line.endswith(b"\n")], ending


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError):  # if all of them have ended
        os.killpg(process.pid, signal.SIGKILL)
