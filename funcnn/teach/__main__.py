"""The command `python -m funcnn.teach check FILE`."""
# ruff: noqa: T201  a command prints

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from funcnn.errors import FuncnnError
from funcnn.teach.exercises import check

HELP = "a hint for the next exercise; for a wrong gradient, given twice the kind of the mistake, three times the page"


def main(words: Sequence[str]) -> int:
    """Run the command. The result is 0 if all exercises are done, 1 if some are not, 2 if a file cannot be run."""
    parser = ArgumentParser(prog="python -m funcnn.teach")
    command = parser.add_subparsers(required=True).add_parser(
        "check", help="say which exercises of a file are done, and what to look at next"
    )
    command.add_argument("file", nargs="+", help="a Python file with exercises")
    command.add_argument("--hint", action="count", default=0, help=HELP)
    command.add_argument("--exercise", type=int, metavar="N", help="check exercise N alone")
    asked = parser.parse_args(words)
    undone = False
    for file in asked.file:
        try:
            progress = check(file, exercise=asked.exercise)
        except FuncnnError as error:
            print(error, file=sys.stderr)
            return 2
        print(progress.text(hint=asked.hint), flush=True)
        undone = undone or progress.following is not None
    return int(undone)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
