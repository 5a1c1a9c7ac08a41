"""Files for what worker processes print."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from funcnn.testing.hunt.example import ExampleOutcome, outcomes_of

MOST = 4000  # chosen: characters of an output that a report shows, the last ones


def new_file() -> Path:
    """A file for `redirect`."""
    descriptor, path = mkstemp(prefix=f"funcnn-hunt-{os.getpid()}-", suffix=".txt")
    os.close(descriptor)
    return Path(path)


def redirect(path: Path) -> None:
    """Let this process write to a file instead of stdout and stderr, also from C, and its stack if it crashes."""
    with path.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    faulthandler.enable(2)


def printed_outcomes(printed: Path, path: str, name: str, seed: int, most: int, i: int) -> list[ExampleOutcome] | None:
    """As `outcomes_of`, with what the example printed, in a process that `redirect` has changed."""
    os.truncate(printed, 0)
    found = outcomes_of(path, name, seed, most, i)
    if not found:
        return found
    sys.stdout.flush()
    sys.stderr.flush()
    with suppress(AttributeError, OSError, TypeError):  # TypeError: on Windows no library has every name
        ctypes.CDLL(None).fflush(None)  # C holds back what it writes to a file
    return [one._replace(output=read(printed)) for one in found]


def read(path: Path) -> str:
    """The last `MOST` characters of a file."""
    text = path.read_text("utf-8", "replace").strip()
    return text if len(text) <= MOST else f"... {text[-MOST:]}"
