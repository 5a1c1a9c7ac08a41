"""What coverage looks at: the first examples of each law, and nothing of a test that runs what others run.

Tracing makes a test take up to twice as long, and the examples after the first ones run the same lines again. Nothing
is traced in most pages, in tests that are marked `unwatched`, and in those of again.txt, whose branches at least two
other tests take. `coverage run -m pytest --contexts --junitxml TIMES.xml` records which test takes which branch; after
`coverage combine`, `python -m tests.watched .coverage TIMES.xml` writes again.txt anew. A new test is traced. Where
coverage misses something, because a test has changed or because only a process that a test starts runs it, a line of
again.txt has to go.
"""

import os
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from functools import wraps
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from coverage import Coverage

WATCHED = 10  # examples, as many as a plain `pytest` draws
PAGES = {"compilation.md", "jax.md"}  # the ones that are traced
# Beside marks, since CI runs what is not marked with the oldest versions too.
LIST = Path(__file__).with_name("again.txt")
AGAIN = frozenset(LIST.read_text("utf-8").splitlines())
TRACE: pytest.StashKey = pytest.StashKey()  # what traced when the first test began
CHILDREN = "COVERAGE_PROCESS_CONFIG"  # the variable by which coverage looks at the processes that a test starts


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """The function that traces, if there is one, is taken away between tests and given back at the end.

    What it has seen is saved then, since a worker that needs more than 10 s to end is killed.
    """
    session.stash[TRACE] = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(session.stash[TRACE])
        if coverage := Coverage.current():
            coverage.save()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Fixtures are traced."""
    return (yield from _traced(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Fixtures are traced."""
    return (yield from _traced(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test is traced, and the processes that it starts are, unless it is unwatched."""
    children = os.environ.get(CHILDREN)
    law = getattr(getattr(item, "obj", None), "hypothesis", None)
    whole = law and law.inner_test
    if item.session.stash[TRACE] and law and not _is_unwatched(item):
        law.inner_test = _watched_at_first(law.inner_test)
    if _is_unwatched(item):
        os.environ.pop(CHILDREN, None)
    try:
        return (yield from _traced(item))
    finally:
        if law:
            law.inner_test = whole
        if children:
            os.environ[CHILDREN] = children


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --contexts`."""
    parser.addoption("--contexts", action="store_true", help="record which test takes which branch")


def _name(item: pytest.Item) -> str:
    """The file and the function of a test."""
    return f"{item.path.name}::{getattr(item, 'originalname', '')}"


def _is_unwatched(item: pytest.Item) -> bool:
    again = _name(item) in AGAIN and not item.config.getoption("--contexts")
    page = item.path.suffix == ".md" and item.path.name not in PAGES
    return again or page or item.get_closest_marker("unwatched") is not None


def _traced(item: pytest.Item) -> Iterator[None]:
    if item.config.getoption("--contexts") and (coverage := Coverage.current()):
        coverage.switch_context(_name(item))
    sys.settrace(None if _is_unwatched(item) else item.session.stash[TRACE])
    try:
        return (yield)
    finally:
        sys.settrace(None)


def _watched_at_first(test):
    examples = 0

    @wraps(test)
    def watched(*args, **settings):
        nonlocal examples
        examples += 1
        if examples > WATCHED:
            sys.settrace(None)
        return test(*args, **settings)

    return watched


SLOW = 0.1  # seconds; tracing a quicker test is cheap
OTHERS = 2  # tests that take each branch, since the examples of a law differ from run to run


def redundant(coverage: str, times: str) -> list[str]:
    """The tests whose branches others take, the slowest first, by the file of coverage and the times of a run."""
    seconds: Counter[str] = Counter()
    for case in ET.parse(times).iter("testcase"):
        file, function = case.attrib["classname"].rpartition(".")[2], case.attrib["name"].partition("[")[0]
        seconds[f"{file}.py::{function}"] += float(case.attrib["time"])
    taken: dict[str, set[tuple[int, ...]]] = defaultdict(set)
    with closing(sqlite3.connect(coverage)) as data:
        query = "select context, file_id, fromno, tono from arc join context on context.id = arc.context_id"
        for context, *branch in data.execute(query):
            taken[context].add(tuple(branch))
    left = Counter(chain.from_iterable(taken.values()))
    found = []
    for name in sorted(taken, key=lambda name: -seconds[name]):
        if seconds[name] >= SLOW and all([left[branch] > OTHERS for branch in taken[name]]):
            left.subtract(taken[name])
            found.append(name)
    return found


if __name__ == "__main__":
    LIST.write_text("".join([f"{name}\n" for name in sorted(redundant(*sys.argv[1:]))]), "utf-8")
