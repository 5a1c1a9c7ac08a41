"""A page of found mistakes: what its code needs, and a section with code for each mistake."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from os import PathLike
from pathlib import Path

import attrs

from funcnn.errors import FileError, NoFileError, RangeError

PREY = "FUNCNN_PREY"  # the variable that names the folder of repositories
BESIDE = ("mpmath", "numpy")  # code may import them, whether its page names them or not
_VERIFY = re.compile(r"^<!-- verify: (.*?) *-->$", re.MULTILINE)
_VERSION = re.compile(r"([\w.-]+)(?:\[[\w.,-]+\])?==([\w.!+]+)")
_COMMIT = re.compile(r"github:([\w.-]+)/([\w.-]+)@[0-9a-f]{7,40}")
# Blocks are read whole, since `## ` in a block is a comment.
_PART = re.compile(r"^```(?P<language>[^\n`]*)\n(?P<code>.*?)^```$|^## (?P<title>[^\n]+)$", re.MULTILINE | re.DOTALL)


@attrs.frozen
class FoundMistake:
    """The heading of a section, its text, and its code.

    The code begins with the blocks above the first section, which the sections share.
    """

    heading: str
    text: str
    code: str

    @property
    def title(self) -> str:
        """The heading without backticks."""
        return self.heading.replace("`", "")

    @property
    def anchor(self) -> str:
        """The anchor of the section's heading."""
        return re.sub(r"[^\w -]", "", self.title.lower()).replace(" ", "-")


@attrs.frozen
class FoundPage:
    """The path of a page, its requirements, such as numpy==2.4.6, and its mistakes."""

    path: Path
    requirements: tuple[str, ...]
    mistakes: tuple[FoundMistake, ...]

    @property
    def versions(self) -> list[str]:
        """The requirements that pip can install."""
        return [one for one in self.requirements if _VERSION.fullmatch(one)]

    def missing(self) -> list[str]:
        """The versions that this Python does not have, and numpy or mpmath if it does not have them at all."""
        pairs = [(one, _VERSION.fullmatch(one)) for one in self.requirements]
        pinned = [one for one, found in pairs if found and _installed(found[1]) != found[2]]
        return [*pinned, *[name for name in BESIDE if not _installed(name)]]

    def absent(self) -> list[str]:
        """The repositories that are not in the folder that `FUNCNN_PREY` names, each as owner+name."""
        folder = Path(os.environ.get(PREY) or os.devnull)
        pairs = [(one, _COMMIT.fullmatch(one)) for one in self.requirements]
        return [one for one, found in pairs if found and not (folder / f"{found[1]}+{found[2]}").is_dir()]


def load_page(path: str | PathLike[str]) -> FoundPage:
    """The page in a file.

    Raises:
        NoFileError: there is no such file.
        FileError: the page has no line with its requirements, no section, or a section without Python code.
        RangeError: a requirement has another form, or two sections have the same title.
    """
    if not Path(path).is_file():
        raise NoFileError(f"verify: there is no file {path}")
    text = Path(path).read_text("utf-8")
    line = _VERIFY.search(text)
    if line is None:
        raise FileError(f"verify: {path} must have a line such as <!-- verify: numpy==2.4.6 -->")
    requirements = tuple(line[1].split())
    for one in requirements:
        if not (_VERSION.fullmatch(one) or _COMMIT.fullmatch(one)):
            form = "numpy==2.4.6 or github:owner/name@1a2b3c4"
            raise RangeError(f"verify: requirements of {path} must have the form {form}, not {one}")
    mistakes = _mistakes(text)
    if not mistakes:
        raise FileError(f"verify: {path} must have a section for each mistake")
    titles = [one.title for one in mistakes]
    for one in mistakes:
        if not one.code:
            raise FileError(f"verify: section {one.title} of {path} must have a block of Python code")
        if titles.count(one.title) > 1:
            raise RangeError(f"verify: two sections of {path} have the title {one.title}")
    return FoundPage(Path(path), requirements, mistakes)


def load_pages(paths: Iterable[str | PathLike[str]]) -> list[FoundPage]:
    """The pages; a folder stands for its files with the ending .md.

    Raises:
        RangeError: a folder has no such file.
    """
    found: list[FoundPage] = []
    for path in map(Path, paths):
        pages = sorted(path.glob("*.md")) if path.is_dir() else [path]
        if not pages:
            raise RangeError(f"verify: no file in {path} has the ending .md")
        found += map(load_page, pages)
    return found


def _mistakes(text: str) -> tuple[FoundMistake, ...]:
    parts = [*_PART.finditer(text)]
    begins = [i for i, part in enumerate(parts) if part["title"]]
    shared = _code(parts[: begins[0]]) if begins else ""
    found = []
    for begin, end in pairwise([*begins, len(parts)]):
        head, own = parts[begin], _code(parts[begin + 1 : end])
        until = parts[end].start() if end < len(parts) else len(text)
        found.append(FoundMistake(head["title"], text[head.end() : until].strip(), shared + own if own else ""))
    return tuple(found)


def _code(parts: list[re.Match[str]]) -> str:
    return "".join([part["code"] + "\n" for part in parts if part["language"] == "python"])


def _installed(name: str) -> str:
    """The version of a distribution without the label of a build, as in 2.13.0+cpu; "" if it is not installed."""
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return ""
