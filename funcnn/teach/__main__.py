"""The commands `python -m funcnn.teach check FILE` and `python -m funcnn.teach grade FOLDER`."""
# ruff: noqa: T201  a command prints

from __future__ import annotations

import faulthandler
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from funcnn.errors import FuncnnError
from funcnn.teach.exercises import check

HINT = "a hint for the next exercise; for a wrong gradient, given twice the kind of the mistake, three times the page"
SECONDS = "the time of an exercise, after which it is wrong; by default 10"
FORMS = {
    "json": "all that is known",
    "csv": "a row for each file",
    "gradescope": "results.json of Gradescope, for a folder that is one submission",
    "nbgrader": "the table of `nbgrader export`, for a folder like its `submitted`",
}


def main(words: Sequence[str]) -> int:
    """Run the command. The result of `check` is 0 if all exercises are done, 1 if some are not; that of `grade` is 0.

    It is 2 if a file cannot be run.
    """
    parser = ArgumentParser(prog="python -m funcnn.teach")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("check", help="say which exercises of a file are done, and what to look at next")
    command.set_defaults(run=_check)
    command.add_argument("file", nargs="+", help="a Python file with exercises")
    command.add_argument("--hint", action="count", default=0, help=HINT)
    command.add_argument("--exercise", type=int, metavar="N", help="check exercise N alone")
    command.add_argument("--seconds", type=float, default=10.0, help=SECONDS)
    command = commands.add_parser("grade", help="mark the files of a class, each in processes of its own")
    command.set_defaults(run=_grade)
    command.add_argument("folder", help="a folder with a folder for each learner, or with files such as ada_unit1.py")
    command.add_argument("--tests", help="the teacher's file or folder; by default the exercises of the course")
    command.add_argument("--seed", type=int, default=0, help="other numbers in tests that take a seed")
    command.add_argument("--seconds", type=float, default=10.0, help=SECONDS)
    command.add_argument(
        "--memory", type=int, default=1024, metavar="MB", help="of a learner's process; by default 1024"
    )
    command.add_argument("--workers", type=int, help="files at the same time; by default the number of processors")
    for form, text in FORMS.items():
        command.add_argument(f"--{form}", metavar="FILE", help=f"write {text}")
    asked = parser.parse_args(words)
    try:
        code: int = asked.run(asked)
    except FuncnnError as error:
        print(error, file=sys.stderr)
        return 2
    return code


def _check(asked: Namespace) -> int:
    undone = False
    for file in asked.file:
        # For code that cannot be interrupted: a long call of NumPy, or a loop that catches all.
        with suppress(RuntimeError, ValueError):  # without threads, and for a time that check refuses
            faulthandler.dump_traceback_later(12 * asked.seconds, exit=True, file=2)
        try:
            progress = check(file, exercise=asked.exercise, seconds=asked.seconds)
            print(progress.text(hint=asked.hint), flush=True)
        finally:
            faulthandler.cancel_dump_traceback_later()
        undone = undone or progress.following is not None
    return int(undone)


def _grade(asked: Namespace) -> int:
    from funcnn.teach.grading.grade import grade  # noqa: PLC0415  check needs no processes

    options = {name: getattr(asked, name) for name in ("tests", "seed", "seconds", "memory", "workers")}
    marks = grade(asked.folder, **options)
    for form in FORMS:
        if path := getattr(asked, form):
            Path(path).write_text(getattr(marks, form)(), "utf-8")
    print(marks)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
