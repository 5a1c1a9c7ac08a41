"""The commands `python -m funcnn.testing hunt SPEC` and `python -m funcnn.testing write NAME`."""
# ruff: noqa: T201  a command prints

from __future__ import annotations

import sys
import traceback
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import partial
from typing import Any

from funcnn.errors import FuncnnError
from funcnn.testing.hunt.hunt import hunt
from funcnn.testing.hunt.verify import verify as verify_pages

# Exit codes. 1 and 2 are also those of Python for an exception and for a wrong command line.
FINDINGS, WRONG_COMMAND, INTERNAL_ERROR, INTERRUPTED = 1, 2, 3, 130


def main(words: Sequence[str]) -> int:
    """Run the command. The result is the exit code: 0, or one of those above."""
    parser = ArgumentParser(prog="python -m funcnn.testing")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser(
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
    command.add_argument("--installed", action="store_true", help="leave out specs whose libraries are not installed")
    command.add_argument("--verify", action="store_true", help="run the code of pages of found mistakes")
    command.set_defaults(run=_hunt)
    command = commands.add_parser(
        "write", help="print tests of the derivatives of functions", formatter_class=ArgumentDefaultsHelpFormatter
    )
    command.add_argument("names", nargs="+", help="of functions, layers or losses, such as torch.nn.functional:gelu")
    command.add_argument("--examples", type=int, default=5, help="with which each test is tried")
    command.set_defaults(run=_write)
    asked = vars(parser.parse_args(words))
    run: Callable[..., int] = asked.pop("run")
    try:
        return run(**asked)
    except (FuncnnError, OSError) as error:
        print(error, file=sys.stderr)
        return WRONG_COMMAND
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:  # noqa: BLE001  the code of Python for an exception would mean findings
        traceback.print_exc()
        return INTERNAL_ERROR


def _hunt(*, verify: bool, **asked: Any) -> int:
    """With `verify`, a found mistake that is gone, or whose code is broken, counts as a finding."""
    show = partial(print, flush=True)
    if verify:
        options = {name: asked[name] for name in ("folder", "workers", "patience", "only")}
        verified = verify_pages(asked["spec"], **options, show=show)
        print(verified)
        return FINDINGS if verified.failed else 0
    found = hunt(**asked, show=show)
    print(found)
    return FINDINGS if found.new else 0


def _write(names: Sequence[str], examples: int) -> int:
    from funcnn.testing.write import write  # noqa: PLC0415  it loads the layers, which a hunt does not need

    with redirect_stdout(sys.stderr):  # what functions print is no part of the file
        written = write(*names, examples=examples)
    print(written.source, end="")
    if written.unfinished:
        print(f"not ready: {', '.join(written.unfinished)}", file=sys.stderr)
    return FINDINGS if written.unfinished else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
