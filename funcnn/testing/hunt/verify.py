"""Verification of found mistakes: the code of each runs with the versions that its page names."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from threading import Lock
from typing import cast
from xml.etree.ElementTree import Element, ElementTree, SubElement

import attrs

from funcnn.arrays import counted
from funcnn.checked import checked
from funcnn.errors import FileError, RangeError
from funcnn.needs import FilePath, Natural, Positive, Text
from funcnn.testing.hunt.environment import FAILED, THIS_PYTHON, NoEnvironmentError, digest, environment, run_code
from funcnn.testing.hunt.hunt import Show, SpecPath, Specs
from funcnn.testing.hunt.record import PREY, FoundMistake, FoundPage, load_pages
from funcnn.testing.hunt.reports import legal

THERE, GONE, BROKEN, NOT_RUN = "still there", "gone", "broken", "not run"
_JUNIT = {GONE: "failure", BROKEN: "error", NOT_RUN: "skipped"}


@attrs.frozen
class Verdict:
    """The outcome for one mistake, named as in `jax/i0 at 0`: still there, gone, broken or not run.

    A mistake is gone if an assertion of its code fails. The code is broken if it raises another error. `reason` says
    why the outcome is not `still there`.
    """

    name: str
    outcome: str
    reason: str = ""

    def __str__(self) -> str:
        head = self.reason.partition("\n")[0]
        return f"{self.name}: {self.outcome}{head and ': '}{head}"


@attrs.frozen
class Verified:
    """The verdicts of a verification."""

    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> bool:
        """Whether a mistake is gone, or the code of one is broken."""
        return any([one.outcome in {GONE, BROKEN} for one in self.verdicts])

    def __str__(self) -> str:
        count = Counter([one.outcome for one in self.verdicts])
        outcomes = ", ".join([f"{count[outcome]} {outcome}" for outcome in (THERE, *_JUNIT)])
        return f"{counted(len(self.verdicts), 'found mistake')}: {outcomes}"


@checked
def verify(
    pages: Specs,
    folder: FilePath,
    *,
    workers: Natural = 1,
    patience: Positive = 60,
    only: Text = "*",
    show: Show = lambda _: None,
) -> Verified:
    """Run the code of found mistakes with the versions that their pages name.

    Each code runs in a process of its own. If this Python has the versions, the process is one of this Python,
    otherwise of a virtual environment in the folder, which is made with venv and pip. A mistake is still there if its
    code ends without an error, and gone if an assertion fails. The folder gets `junit.xml` and `verified.json`. In a
    later run with the same folder, mistakes that were still there are not run again, unless their code or the versions
    have changed.

    >>> import tempfile, pathlib
    >>> import numpy
    >>> from funcnn.testing.hunt import verify
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> page = f'''# Found in numpy
    ... <!-- verify: numpy=={numpy.__version__} -->
    ... ## `sinc` at 0
    ... ```python
    ... import numpy as np
    ... assert np.isnan(np.sinc(0.0))
    ... ```
    ... '''
    >>> _ = (folder / "numpy.md").write_text(page)
    >>> print(verify(folder / "numpy.md", folder))
    1 found mistake: 0 still there, 1 gone, 0 broken, 0 not run

    Args:
        pages: the path of a page, or of a folder of pages, or a list of paths.
        folder: the path of the folder, which is made if it does not exist.
        workers: the number of processes that run at the same time; 0 is 1.
        patience: the seconds after which a process is ended.
        only: a pattern of names, such as "jax/*".
        show: a function that gets a line after each mistake.

    Raises:
        NoFileError: there is no such page.
        FileError: a page has no requirements, no section, or a section without code; `verified.json` is not the file of
            an earlier run.
        RangeError: a folder has no page; a requirement has another form; two sections have the same title; no name
            matches `only`.
    """
    found, into = load_pages(cast("Sequence[SpecPath]", pages)), Path(folder)
    names = {_name(page, one) for page in found for one in page.mistakes}
    asked = {name for name in names if fnmatchcase(name, only)}
    if not asked:
        raise RangeError(f"verify: only must match the name of a mistake, such as {min(names)}, not {only!r}")
    kept = _Kept(into / "verified.json")
    verdicts: list[Verdict] = []
    with ThreadPoolExecutor(workers or 1) as threads:
        for page in found:
            mistakes = [one for one in page.mistakes if _name(page, one) in asked]
            is_kept = all([kept.has(page, one) for one in mistakes])
            python, reason = ((), "") if is_kept else _python(page, into / "environments")
            judge = partial(_verdict, page, python, reason, kept, into / "code" / page.path.stem, patience)
            for verdict in threads.map(judge, mistakes):
                verdicts.append(verdict)
                show(str(verdict))
    result = Verified(tuple(verdicts))
    _junit(result).write(into / "junit.xml", "utf-8", xml_declaration=True)
    return result


def _name(page: FoundPage, one: FoundMistake) -> str:
    return f"{page.path.stem}/{one.title}"


class _Kept:
    """A file with hashes of the mistakes that were still there."""

    def __init__(self, path: Path) -> None:
        self.path, self.lock, self.hashes = path, Lock(), set[str]()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            try:
                self.hashes.update(json.loads(path.read_text("utf-8"))["still there"])
            except (ValueError, TypeError, KeyError) as error:
                raise FileError(
                    f"verify: {path} is not the file of an earlier run; delete it, or name another folder"
                ) from error

    def has(self, page: FoundPage, one: FoundMistake) -> bool:
        """Whether the mistake was still there with this code and these versions."""
        return self._hash(page, one) in self.hashes

    def add(self, page: FoundPage, one: FoundMistake) -> None:
        """Keep that the mistake is still there."""
        with self.lock:
            self.hashes.add(self._hash(page, one))
            self.path.write_text(json.dumps({"still there": sorted(self.hashes)}, indent=1) + "\n", "utf-8")

    def _hash(self, page: FoundPage, one: FoundMistake) -> str:
        return digest([sys.version, *page.requirements, one.code])


def _python(page: FoundPage, folder: Path) -> tuple[tuple[str, ...], str]:
    """The command of a Python that has what a page needs, or the reason why there is none."""
    if absent := page.absent():
        return (), f"{absent[0]} is not in the folder that {PREY} names"
    if not page.missing():
        return THIS_PYTHON, ""
    try:
        return environment(folder, page.versions), ""
    except NoEnvironmentError as error:
        return (), str(error)


def _verdict(
    page: FoundPage,
    python: Sequence[str],
    reason: str,
    kept: _Kept,
    folder: Path,
    patience: float,
    one: FoundMistake,
) -> Verdict:
    name = _name(page, one)
    if kept.has(page, one):
        return Verdict(name, THERE)
    if reason:
        return Verdict(name, NOT_RUN, reason)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / f"{one.anchor}.py"
    path.write_text(one.code, "utf-8")
    try:
        code, report = run_code(python, path, patience)
    except subprocess.TimeoutExpired:
        return Verdict(name, NOT_RUN, f"no result after {patience:g} s")
    if code == 0:
        kept.add(page, one)
        return Verdict(name, THERE)
    return Verdict(name, GONE if code == FAILED else BROKEN, report)


def _junit(result: Verified) -> ElementTree[Element]:
    """A test case for each mistake: gone is a failure, broken an error, and not run is skipped."""
    outcomes = [_JUNIT.get(one.outcome, "") for one in result.verdicts]
    counts = {"tests": len(outcomes)} | {f"{kind}s": outcomes.count(kind) for kind in ("failure", "error")}
    counts["skipped"] = outcomes.count("skipped")
    suite = Element("testsuite", {"name": "verify", **{name: str(count) for name, count in counts.items()}})
    for one, kind in zip(result.verdicts, outcomes, strict=True):
        page, _, title = one.name.partition("/")
        case = SubElement(suite, "testcase", {"classname": page, "name": legal(title)})
        if kind:
            head = legal(one.reason.partition("\n")[0])
            SubElement(case, kind, {"message": head}).text = legal(one.reason)
    return ElementTree(suite)
