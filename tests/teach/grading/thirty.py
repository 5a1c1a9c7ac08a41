"""`python -m tests.teach.grading.thirty`: marks of 30 files of the course, two of which hang."""
# ruff: noqa: T201  a command prints

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from funcnn.teach import grade

COURSE = Path(__file__).parents[3] / "docs" / "course"


def main():
    with TemporaryDirectory() as folder:
        for i in range(30):
            unit = f"unit{i % 6 + 1}.py"
            text = (COURSE / "solutions" / unit).read_text("utf-8")
            if i == 0:  # the process ends in each exercise
                text = text.replace('    """', '    while True: pass\n    """')
            if i == 1:  # and here before the first
                text += "while True: pass\n"
            place = Path(folder, f"learner{i}", unit)
            place.parent.mkdir()
            place.write_text(text, "utf-8")
        start = time.monotonic()
        marks = grade(folder, tests=COURSE / "exercises", workers=2)
        seconds = time.monotonic() - start
    print(marks)
    assert sum([paper.points == paper.most for paper in marks.papers]) == 28
    print(f"{seconds:.0f} seconds")


if __name__ == "__main__":
    main()
