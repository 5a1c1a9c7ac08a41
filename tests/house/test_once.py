"""Which tests CI runs once: those that passed, and have the same result where all libraries are installed."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import once

A, B = "tests/core/test_a.py", "docs/b.md"


@pytest.fixture(autouse=True)
def nothing_asked(monkeypatch):
    """No library is missing, no test runs, and only one test is traced, as far as `tests.once` knows."""
    monkeypatch.setattr(once, "is_unwatched", lambda item: item.nodeid != f"{A}::test_traced")
    monkeypatch.setattr(once, "again", set())
    monkeypatch.setattr(once, "running", "")


def left_in(tmp_path, passed, **versions):
    """The items that still run, and what is said of the others."""
    path = tmp_path / "passed.json"
    path.write_text(json.dumps({"versions": {**once._versions(), **versions}, "passed": passed}))
    gone, stash = [], {}
    config = SimpleNamespace(
        getoption={"--not-again": path}.get,
        stash=stash,
        hook=SimpleNamespace(pytest_deselected=lambda **given: gone.extend(*given.values())),
    )
    names = (f"{A}::test_one", f"{A}::test_two", f"{A}::test_traced", f"{B}::line:1", f"{B}::line:2")
    items = [SimpleNamespace(nodeid=name, path=Path(name.partition("::")[0])) for name in names]
    once.pytest_collection_modifyitems(config, items)
    assert len(items) + len(gone) == len(names)
    return [item.nodeid for item in items], stash[once.LEFT]


def test_what_passed_is_left_out_and_a_page_as_a_whole(tmp_path):
    passed = [f"{A}::test_one", f"{A}::test_traced", f"{B}::line:1", "tests/core/test_c.py::test_gone"]
    left, said = left_in(tmp_path, passed)
    assert left == [f"{A}::test_two", f"{A}::test_traced", f"{B}::line:1", f"{B}::line:2"]
    assert said == "1 tests are left out, which passed in the first run"
    left, _ = left_in(tmp_path, [*passed, f"{B}::line:2"])
    assert left == [f"{A}::test_two", f"{A}::test_traced"]


@pytest.mark.parametrize("name", ["numpy", "python", "a library that is not installed"])
def test_nothing_is_left_out_where_a_version_differs(tmp_path, name):
    left, said = left_in(tmp_path, [f"{A}::test_one"], **{name: "0.1"})
    assert len(left) == 5
    assert said == f"no test is left out, since other versions are installed: {name}"


def test_a_library_that_is_missing_is_noted_for_the_running_test(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, once.Missing])
    monkeypatch.setattr(once, "running", "tests.house.test_once")
    assert find_spec("json")
    assert not find_spec("funcnn.no_module")
    assert once.again == set()
    assert not find_spec("a_library_that_is_missing")
    assert once.again == {"tests.house.test_once"}


def test_a_file_runs_again_if_a_module_that_it_imports_asked_for_a_missing_library():
    assert not once._is_again("tests/house/test_once.py")
    once.again.add("tests.watched")  # which tests.once imports
    assert once._is_again("tests/house/test_once.py")
    once.again.clear()
    once.again.add("tests.counts.FULL")
    assert once._is_again("tests/training/test_kill.py")
    assert not once._is_again("tests/laws/test_laws.py")
    assert not once._is_again("docs/losses.md")


def test_some_calls_are_counted(monkeypatch):
    class Started:
        def start(self, n):
            self.n = n

    monkeypatch.setattr(once, "events", 0)
    once._count(Started, "start", lambda started: started.n > 2)
    for n in (1, 3):
        Started().start(n)
    assert once.events == 1
