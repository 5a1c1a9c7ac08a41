"""Tests that run once in CI: the second run leaves out those whose result it would only repeat.

`pytest --passed-to FILE` writes the tests that passed and need no second run. `pytest --not-again FILE` leaves them
out, unless it has another Python, or another version of a library. These tests run again:

- laws, and tests that draw as many examples as the profile allows, which are more in the second run
- tests that start processes, which may have other libraries there
- all tests of a file in which a library was imported or searched for that is not installed, in a test or at the top of
  a module of tests
- all blocks of a page, and all examples of a module, if one of them did not pass, since they share their names
- tests that coverage traces, which it does in the second run alone
"""

import ast
import json
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import distributions
from itertools import compress
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import Popen
from types import FrameType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture.engine import ConjectureRunner

from tests.watched import is_law, is_unwatched

ROOT = Path(__file__).parents[1]
OWN = ("funcnn", "funcnn_pytest", "tests")  # a module of ours that does not exist is missing everywhere
# SymPy needs an older mpmath than the newest; the stage with the oldest versions has such a one.
ANY_VERSION = {"funcnn", "mpmath", "pip", "setuptools"}
LEFT: pytest.StashKey = pytest.StashKey()  # what was left out, in words
again = {"tests.counts.FULL"}  # names of modules: loops of files that import this one are longer in full
running = ""  # the module of the running test
events = 0  # draws and processes so far


class Missing:
    """The last finder of modules, which is asked for those that no other finder has."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        """Note for whom: the file of the running test, and modules of tests that are being imported.

        Libraries ask for modules too, which they do without.
        """
        frame = sys._getframe(1)
        while frame and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        if name.partition(".")[0] in OWN or not (frame and _is_ours(frame)):
            return
        again.add(running)
        while frame:
            if frame.f_code.co_name == "<module>" and _is_ours(frame):
                again.add(_module(Path(frame.f_code.co_filename)))
            frame = frame.f_back


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(f"{ROOT}{os.sep}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --passed-to FILE`, `pytest --not-again FILE`."""
    parser.addoption("--passed-to", type=Path, help="write the tests that passed and need no second run")
    parser.addoption("--not-again", type=Path, help="leave out the tests in this file")


def pytest_configure(config: pytest.Config) -> None:
    """Before the first test file is imported."""
    if config.getoption("--passed-to"):
        sys.meta_path.append(Missing)
        _count(Popen, "__init__")
        _count(BaseProcess, "start")
        _count(ConjectureRunner, "__init__", lambda run: run.settings.max_examples == settings.default.max_examples)
        config.pluginmanager.register(Recorder(config))


def _count(cls: type, method: str, counts: Callable[[Any], bool] = lambda _: True) -> None:
    plain = getattr(cls, method)

    def counted(self, *args, **options):
        global events  # noqa: PLW0603  there is one count
        plain(self, *args, **options)
        events += counts(self)

    setattr(cls, method, counted)


class Recorder:
    """Which tests passed and need no second run."""

    def __init__(self, config: pytest.Config) -> None:
        self.config, self.once, self.failed = config, set(), set()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """A test, and its fixtures."""
        global running  # noqa: PLW0603  modules are asked for anywhere
        before, running = events, _module(item.path)
        try:
            return (yield)
        finally:
            running = ""
            if events == before and not is_law(item):
                self.once.add(item.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        """Other tests may need the same fixtures."""
        before = events
        try:
            return (yield)
        finally:
            if events > before:
                again.add(running)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The setup, the call and the teardown of each test."""
        if not report.passed:
            self.failed.add(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """A worker of pytest-xdist has ended."""
        self.once.update(getattr(node, "workeroutput", {}).get("once", ()))

    def pytest_sessionfinish(self) -> None:
        """A worker hands on what it found; the process that began the run writes it."""
        done = sorted([name for name in self.once - self.failed if not _is_again(name.partition("::")[0])])
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["once"] = done
        else:
            found = {"versions": _versions(), "passed": done}
            self.config.getoption("--passed-to").write_text(json.dumps(found), "utf-8")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what passed in the first run."""
    if not (file := config.getoption("--not-again")):
        return
    found, here = json.loads(file.read_text("utf-8")), _versions()
    if changed := [name for name, version in found["versions"].items() if here.get(name) != version]:
        config.stash[LEFT] = f"no test is left out, since other versions are installed: {', '.join(changed)}"
        return
    passed = {*found["passed"]}
    pages = {item.path for item in items if item.nodeid not in passed and not item.path.name.startswith("test_")}
    is_left = [item.nodeid in passed and item.path not in pages and is_unwatched(item) for item in items]
    left = [*compress(items, is_left)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item, gone in zip(items, is_left, strict=True) if not gone]
    config.stash[LEFT] = f"{len(left):,} tests are left out, which passed in the first run"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells what it left out."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left"] = session.config.stash.get(LEFT, "")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    """All workers leave out the same tests."""
    node.config.stash[LEFT] = getattr(node, "workeroutput", {}).get("left", "")


def pytest_terminal_summary(terminalreporter) -> None:
    """How many tests were left out."""
    if said := terminalreporter.config.stash.get(LEFT, ""):
        terminalreporter.line(said)


def _versions() -> dict[str, str]:
    libraries = {found.name.lower(): found.version for found in distributions()}
    return {"python": sys.version} | {name: libraries[name] for name in libraries.keys() - ANY_VERSION}


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _is_again(file: str) -> bool:
    """Whether a library is missing for this file or for a module of tests that it imports, by others or itself."""
    seen, todo = set(), {_module(ROOT / file)}
    while todo:
        seen.add(name := todo.pop())
        todo |= _imports(name) - seen
    return not seen.isdisjoint(again)


@cache
def _imports(name: str) -> set[str]:
    """The modules of tests, and their names, that a module imports; and the package that it is in."""
    paths = [ROOT / f"{name.replace('.', '/')}{end}" for end in (".py", "/__init__.py")]
    found = {name.rpartition(".")[0]}
    for node in [node for path in paths if path.is_file() for node in ast.walk(ast.parse(path.read_text("utf-8")))]:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *[f"{node.module}.{alias.name}" for alias in node.names]}
    return {name for name in found if name.startswith("tests.")}
