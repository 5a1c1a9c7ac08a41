"""The gallery of examples: its pictures and numbers, compared with what an example draws and prints."""

import re
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parents[1] / "docs"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
MARK = re.compile(r"\b[0-9a-f]{16}\b")  # a fingerprint
# What they draw and print depends on the machine: on speed, rounding, when a process ends, Python's documentation.
OTHER_EVERYWHERE = {"data_parallel", "names", "prove_your_own", "resume", "transformer"}
OTHER_PICTURES = {*OTHER_EVERYWHERE, "digits_conv"}  # by rounding, other digits are mistaken after hundreds of steps


def sections() -> dict[str, str]:
    """The text of each example of the gallery."""
    text = (DOCS / "gallery.md").read_text("utf-8")
    return {re.findall(r"examples/(\w+)\.py", part)[0]: part for part in text.split("\n## ")[1:]}


def assert_current(name: str, picture: Path, printed: str) -> None:
    """The gallery shows this picture, and lines that were printed; numbers within a tenth, since rounding differs."""
    part = sections()[name]
    shown = thumbnail(DOCS / re.findall(r"!\[[^]]*\]\(([^)]*)\)", part)[0])
    if name not in OTHER_PICTURES:
        assert abs(shown - thumbnail(picture)).mean() < 8, f"{name}: docs/gallery.md has another picture"
    printed = MARK.sub("mark", printed)
    for line in MARK.sub("mark", part.split("```text\n")[1].split("```")[0]).splitlines():
        alike = [other for other in printed.splitlines() if form(other) == form(line)]
        close = [other for other in alike if numbers(other) == pytest.approx(numbers(line), rel=0.1)]
        assert alike if name in OTHER_EVERYWHERE else close, line


def numbers(line: str) -> list[float]:
    """The numbers of a line."""
    return [float(number) for number in NUMBER.findall(line)]


def form(line: str) -> str:
    """The line without its numbers, whose widths decide how many spaces stand between them."""
    return " ".join(NUMBER.sub(" # ", line).split())


def thumbnail(picture: Path) -> np.ndarray:
    """The brightness of 48 x 32 parts, 0 to 255."""
    image = pytest.importorskip("PIL.Image", reason="the pictures of examples are compared where Pillow is installed")
    with image.open(picture) as file:
        return np.asarray(file.convert("RGBA").convert("RGB").convert("L").resize((48, 32)), float)
