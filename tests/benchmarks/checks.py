"""`python -m tests.benchmarks checks [--before FOLDER_OR_REVISION]`: CPU time of checks before a change and after it.

Before is another checkout, or a revision of git, whose package is unpacked. Each side is one process; they take turns.
"""
# ruff: noqa: T201  a command prints

import argparse
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.benchmarks.checked import CHECKS, FAILING, PASSING
from tests.benchmarks.measure import pinned
from tests.benchmarks.tables import seconds, table
from tests.benchmarks.timing import median_ratio

HERE = Path(__file__).parents[2]
BEFORE, AFTER = "before", "after"
ALL = "all ten"


def main(words):
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks checks", description=__doc__.split("\n")[0])
    parser.add_argument("--before", default="HEAD~1", help="a folder that holds funcnn, or a revision; HEAD~1")
    parser.add_argument("--repeats", type=int, default=11, help="turns of each side with each function; 11")
    asked = parser.parse_args(words)
    with ExitStack() as stack:
        folder = Path(asked.before)
        if not (folder / "funcnn").is_dir():
            try:
                folder = stack.enter_context(unpacked(asked.before))
            except subprocess.CalledProcessError as error:
                parser.error(f"--before must be a folder that holds funcnn, or a revision\n{error.stderr.decode()}")
        stack.enter_context(pinned(1))
        sides = {BEFORE: Side(folder), AFTER: Side(HERE)}
        for side in sides.values():
            stack.enter_context(side)
        print(report(interleaved(sides, asked.repeats), asked.before))


@contextmanager
def unpacked(revision: str) -> Iterator[Path]:
    """A temporary folder with the package of a revision."""
    command = ["git", "archive", "--format=tar", revision, "funcnn"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, check=True)
    with TemporaryDirectory() as folder, tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
        yield Path(folder)


class Side:
    """A process that checks by the funcnn in a folder."""

    def __init__(self, folder):
        self.folder = folder.resolve()

    def __enter__(self):
        command = [sys.executable, "-P", str(Path(__file__).with_name("checked.py"))]  # -P: no names of this folder
        environment = os.environ | {"PYTHONPATH": str(self.folder)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, encoding="utf-8")
        found = Path(self._answer())
        assert found.is_relative_to(self.folder), f"{found} is not in {self.folder}"
        return self

    def __exit__(self, *_):
        with self.process:  # waits until it has ended
            self.process.stdin.close()

    def time_of(self, name, kind):
        """CPU seconds of the checks of a function."""
        print(f"{name}|{kind}", file=self.process.stdin, flush=True)
        return float(self._answer())

    def _answer(self):
        if not (line := self.process.stdout.readline()):
            raise SystemExit(f"checks: the process of {self.folder} ended; its error stands above")
        return line.strip()


def interleaved(sides, repeats):
    """Seconds by kind of check, function and side; a first turn of each is not counted."""
    times = {kind: {name: {side: [] for side in sides} for name in CHECKS} for kind in (PASSING, FAILING)}
    lot = Random(0)
    for repeat in range(repeats + 1):
        for kind, by_name in times.items():
            for name, found in by_name.items():
                for side in lot.sample(list(sides), len(sides)):
                    took = sides[side].time_of(name, kind)
                    if repeat:
                        found[side].append(took)
    return times


def report(times, before):
    """Medians of both sides, and the median of the ratio within a repeat: after / before."""
    for by_name in times.values():
        every = [by_name[name] for name in CHECKS]
        sums = {side: [sum(turn) for turn in zip(*[one[side] for one in every], strict=True)] for side in every[0]}
        by_name[ALL] = sums
    rows = {
        name: [
            cell
            for kind in (PASSING, FAILING)
            for own in [times[kind][name]]
            for cell in (seconds(own[BEFORE]), seconds(own[AFTER]), f"{median_ratio(own[AFTER], own[BEFORE]):.2f}")
        ]
        for name in (*CHECKS, ALL)
    }
    repeats = len(times[PASSING][ALL][AFTER])
    columns = [f"{kind}, {what}" for kind in (PASSING, FAILING) for what in (BEFORE, AFTER, "ratio")]
    title = f"Checks at three points, {before} and this folder, one core, CPU time ({repeats} repeats)"
    return f"{title}\n\n{table(columns, rows)}"
