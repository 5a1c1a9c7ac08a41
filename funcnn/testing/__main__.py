"""The command `python -m funcnn.testing hunt SPEC`."""
# ruff: noqa: T201  a command prints

from __future__ import annotations

import sys
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from collections.abc import Sequence

from funcnn.errors import FuncnnError
from funcnn.testing.hunt.hunt import hunt
from funcnn.testing.hunt.verify import verify


def main(words: Sequence[str]) -> int:
    """Run the command. The result is 1 if there are new findings, 2 if the command is wrong, otherwise 0.

    With `--verify` it is 1 if a found mistake is gone or its code is broken.
    """
    parser = ArgumentParser(prog="python -m funcnn.testing")
    command = parser.add_subparsers(required=True).add_parser(
        "hunt", help="check a list of functions under a time budget", formatter_class=ArgumentDefaultsHelpFormatter
    )
    command.add_argument("spec", nargs="+", help="a Python file that defines TARGETS, or a folder of them")
    command.add_argument("--folder", default="hunt", help="where the state and the reports are")
    command.add_argument("--seconds", type=float, default=60, help="the time of this run")
    command.add_argument("--workers", type=int, default=1, help="processes; 0 is this process")
    command.add_argument("--seed", type=int, default=0, help="of the examples")
    command.add_argument("--examples", type=int, default=100, help="at most, of each function")
    command.add_argument("--patience", type=float, default=60, help="seconds after which an example hangs")
    command.add_argument("--only", default="*", help="a pattern of names, such as linalg.* or jax/*")
    command.add_argument("--verify", action="store_true", help="run the code of pages of found mistakes")
    asked = vars(parser.parse_args(words))
    try:
        if asked.pop("verify"):
            options = {name: asked[name] for name in ("folder", "workers", "patience", "only")}
            verified = verify(asked["spec"], **options, show=lambda line: print(line, flush=True))
            print(verified)
            return int(verified.failed)
        found = hunt(**asked, show=lambda line: print(line, flush=True))
    except FuncnnError as error:
        print(error, file=sys.stderr)
        return 2
    print(found)
    return 1 if found.new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
