"""Virtual environments with the versions that a page names, and processes that run its code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from funcnn.testing.hunt.record import BESIDE

THIS_PYTHON = (sys.executable, "-P")  # without the folder of the code, whose files may have names of modules
FAILED = 3  # the exit code if an assertion of the code failed
_MARK = "\0"  # ends what libraries print
_RUN = f"""
import runpy, sys, traceback
path = sys.argv[1]
try:
    runpy.run_path(path, run_name="__main__")
except BaseException as error:
    frames = traceback.extract_tb(error.__traceback__)
    failed = isinstance(error, AssertionError) and frames[-1].filename == path
    head = frames[-1].line if failed else f"{{type(error).__name__}}: {{error}}"
    sys.stderr.write({_MARK!r} + head + "\\n\\n" + traceback.format_exc())
    sys.exit({FAILED} if failed else 1)
"""


class NoEnvironmentError(Exception):
    """An environment cannot be made. The message is that of venv or pip."""


def environment(folder: Path, versions: Sequence[str]) -> tuple[str, ...]:
    """The command of a Python with these versions, which is made in the folder if it is not there.

    Raises:
        NoEnvironmentError: venv or pip failed.
    """
    home = folder / digest([sys.version, *versions])
    python = str(home / ("Scripts" if os.name == "nt" else "bin") / "python")
    complete = home / "complete.txt"
    if not complete.exists():
        shutil.rmtree(home, ignore_errors=True)  # an earlier run may have ended before it was complete
        _call([sys.executable, "-m", "venv", str(home)])
        _call([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *versions, *BESIDE])
        complete.write_text("\n".join(versions) + "\n", "utf-8")
    return python, "-I"


def _call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  of venv and pip
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"{' '.join(command)} failed"]
        raise NoEnvironmentError(next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1]))


def run_code(python: Sequence[str], path: Path, patience: float) -> tuple[int, str]:
    """The exit code of a file of Python code, and the report of its error, which begins with a line that says most.

    Raises:
        subprocess.TimeoutExpired: the process did not end in time.
    """
    done = subprocess.run(  # noqa: S603  the code of a page that the caller chose
        [*python, "-c", _RUN, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
        cwd=path.parent,
    )
    report = done.stderr.rpartition(_MARK)[2]
    return done.returncode, report or f"the process ended with the exit code {done.returncode}"


def digest(parts: Sequence[str]) -> str:
    """A short hash of texts."""
    return sha256("\n".join(parts).encode()).hexdigest()[:16]
