"""Marks of a class, as a table, as JSON and CSV, and in the forms of Gradescope and nbgrader."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from funcnn.teach.grading.confinement import PROMISES

# The columns of `nbgrader export`.
NBGRADER = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


@attrs.frozen
class Mark:
    """What became of one exercise: `state` is "done", "open" or "wrong"; it counts `most` points if it is done."""

    number: int
    title: str
    most: float
    state: str
    message: str

    @property
    def points(self) -> float:
        """The points of the exercise."""
        return self.most * (self.state == "done")


@attrs.frozen
class Paper:
    """The marks of one file. `promises` says what the system could guarantee, `seconds` how long it took."""

    file: str
    learner: str
    unit: str
    marks: tuple[Mark, ...]
    promises: dict[str, bool]
    seconds: float

    @property
    def points(self) -> float:
        """The points of all exercises."""
        return sum([mark.points for mark in self.marks])

    @property
    def most(self) -> float:
        """The points that can be had."""
        return sum([mark.most for mark in self.marks])


@attrs.frozen
class Marks:
    """The marks of a class. `left_out` are Python files without tests, or which are links; `seed` is that of the tests.

    `text` prints them, and `json`, `csv`, `gradescope` and `nbgrader` are the texts of files.
    """

    papers: tuple[Paper, ...]
    left_out: tuple[str, ...]
    seed: int

    @property
    def missing(self) -> tuple[str, ...]:
        """What the system did not guarantee, as sentences."""
        return tuple([f"not guaranteed: {text}" for name, text in PROMISES.items() if not self._holds(name)])

    def _holds(self, name: str) -> bool:
        return all([paper.promises[name] for paper in self.papers])

    def text(self) -> str:
        """A line for each file, and what was left out or is not guaranteed."""
        signs = {"done": "+", "open": ".", "wrong": "-"}
        width = max([len(paper.learner) for paper in self.papers])
        lines = [
            f"{paper.learner:{width}}  {paper.unit}  {''.join([signs[mark.state] for mark in paper.marks])}  "
            f"{paper.points:g} of {paper.most:g}"
            for paper in self.papers
        ]
        return "\n".join([*lines, *[f"left out: {file}" for file in self.left_out], *self.missing])

    def __str__(self) -> str:
        return self.text()

    def json(self) -> str:
        """All that is known, with the messages."""
        papers = [
            {**attrs.asdict(paper), "points": paper.points, "most": paper.most, "seconds": round(paper.seconds, 2)}
            for paper in self.papers
        ]
        found = {"seed": self.seed, "papers": papers, "left_out": self.left_out, "not_guaranteed": self.missing}
        return json.dumps(found, indent=1) + "\n"

    def csv(self) -> str:
        """A row for each file: the learner, the unit, the points, what can be had, and the points of each exercise."""
        count = max([len(paper.marks) for paper in self.papers])
        rows = [
            [paper.learner, paper.unit, paper.points, paper.most, *[mark.points for mark in paper.marks]]
            for paper in self.papers
        ]
        return _table(["learner", "unit", "points", "most", *range(1, count + 1)], rows)

    def nbgrader(self) -> str:
        """The table that `nbgrader export` writes, with a row for each learner and assignment.

        The folder is that of nbgrader, `submitted/LEARNER/ASSIGNMENT/FILE`; `timestamp.txt` beside a file is its time.
        """
        rows: dict[tuple[str, str], list[Any]] = {}
        for paper in self.papers:
            stamp = Path(paper.file).with_name("timestamp.txt")
            time = stamp.read_text("utf-8").strip() if stamp.is_file() else ""
            first = [paper.unit, "", time, paper.learner, "", "", "", 0.0, 0.0, 0.0, 0.0]
            row = rows.setdefault((paper.learner, paper.unit), first)
            for column, more in (("raw_score", paper.points), ("score", paper.points), ("max_score", paper.most)):
                row[NBGRADER.index(column)] += more
        return _table(NBGRADER, rows.values())

    def gradescope(self) -> str:
        """The `results.json` of Gradescope, in which all files are those of one submission."""
        tests = [
            {
                "score": mark.points,
                "max_score": mark.most,
                "status": "passed" if mark.state == "done" else "failed",
                "name": f"{paper.unit}, {mark.number}. {mark.title}",
                "number": f"{i}.{mark.number}",
                "output": mark.message or {"done": "done", "open": "not begun"}[mark.state],
                "output_format": "text",
                "visibility": "visible",
            }
            for i, paper in enumerate(self.papers, 1)
            for mark in paper.marks
        ]
        text = "\n".join([f"left out: {Path(file).name}" for file in self.left_out])
        about = {"output": text, "output_format": "text", "stdout_visibility": "hidden", "visibility": "visible"}
        seconds = round(sum([paper.seconds for paper in self.papers]))
        extra = {"seed": self.seed, "not_guaranteed": self.missing}
        return json.dumps({**about, "execution_time": seconds, "extra_data": extra, "tests": tests}, indent=1) + "\n"


def _table(head: Iterable[Any], rows: Iterable[list[Any]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([head, *rows])
    return file.getvalue()
