"""What coverage looks at: the first examples of each law, and nothing of a test that runs what others run.

Tracing makes a test take twice as long, and the examples after the first ones run the same lines again. Nothing is
traced in most pages, in tests that are marked `unwatched`, and in those of again.txt, functions or single cases, whose
branches at least two other tests take. `coverage run -m pytest --contexts --junitxml TIMES.xml`, with the options of
CI, records which test takes which branch; after `coverage combine`, `python -m tests.watched .coverage TIMES.xml` adds
to again.txt what it finds redundant. Begin with an empty list to write it anew. A new test is traced. Where coverage
misses something, because a test has changed or because an earlier test that is not traced did the first call, a line of
again.txt has to go.
"""

import os
import re
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
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
TRACE: pytest.StashKey = pytest.StashKey()  # what traced before tests were collected
CHILDREN = "COVERAGE_PROCESS_CONFIG"  # the variable by which coverage looks at the processes that a test starts


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """The function that traces, if there is one, is taken away: tracing how 23,000 tests are collected takes 12 s.

    It is given back while a test file is imported.
    """
    session.stash[TRACE] = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(session.stash[TRACE])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """A test file is imported here; an exception is raised again when its tests are collected."""
    if isinstance(collector, pytest.Module):
        sys.settrace(collector.session.stash[TRACE])
        with suppress(Exception, pytest.skip.Exception):
            _ = collector.obj
        sys.settrace(None)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """The function that traces is taken away between tests and given back at the end.

    What it has seen is saved then, since a worker that needs more than 10 s to end is killed.
    """
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
    if item.session.stash[TRACE] and law and not is_unwatched(item):
        law.inner_test = _watched_at_first(law.inner_test)
    if is_unwatched(item):
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


def is_law(item: pytest.Item) -> bool:
    """Whether Hypothesis draws the arguments of the test."""
    return hasattr(getattr(item, "obj", None), "hypothesis")


def is_unwatched(item: pytest.Item) -> bool:
    """Whether coverage need not see the test."""
    file = item.path.name
    again = f"{file}::{item.name}" in AGAIN or f"{file}::{getattr(item, 'originalname', '')}" in AGAIN
    page = item.path.suffix == ".md" and item.path.name not in PAGES
    return again or page or item.get_closest_marker("unwatched") is not None


def _traced(item: pytest.Item) -> Iterator[None]:
    if item.config.getoption("--contexts") and not is_unwatched(item) and (coverage := Coverage.current()):
        context = f"{item.path.name}::{item.name}" + DRAWN * is_law(item)
        coverage.switch_context(context)
        # The processes that the test starts have its name too.
        coverage.config.context, found = context, coverage.config.context
        os.environ[CHILDREN] = coverage.config.serialize()
        coverage.config.context = found
    sys.settrace(None if is_unwatched(item) else item.session.stash[TRACE])
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


DRAWN = " draws"  # the end of the name of a test whose arguments Hypothesis draws
SLOW = 0.1  # seconds that all cases of a function take; tracing a quicker one is cheap
SLOW_CASE = 0.2  # seconds of one case, since each case is a line of the list
RARE = 3  # a process may take a branch once, in whichever test comes first: two workers make two tests of that
ENOUGH = 2  # one test that is traced takes each branch; two if they draw, since examples differ from run to run

Branches = dict[str, set[tuple[int, ...]]]  # by test


def redundant(coverage: str, times: str) -> list[str]:
    """The functions whose branches others take, the slowest first, and single cases of the other functions.

    By the file of coverage and the times of a run.
    """
    taken, seconds = _branches(coverage), _seconds(times)
    takers, left, cases = Counter(chain.from_iterable(taken.values())), _counted(taken, taken), defaultdict(list)
    for name in filter(re.compile(".*::test_").match, taken):  # the examples in docstrings have no lasting names
        cases[name.removesuffix(DRAWN).partition("[")[0]].append(name)

    def time(names: list[str]) -> float:
        return sum([seconds[name.removesuffix(DRAWN)] for name in names])

    def goes(names: list[str]) -> bool:
        own = _counted(taken, names)
        if any([takers[branch] < RARE or left[branch] - count < ENOUGH for branch, count in own.items()]):
            return False
        left.subtract(own)
        return True

    found = []
    for function, names in sorted(cases.items(), key=lambda one: -time(one[1])):
        if time(names) >= SLOW and goes(names):
            found.append(function)
        else:
            single = [name for name in names if "[" in name and time([name]) >= SLOW_CASE and goes([name])]
            found += [name.removesuffix(DRAWN) for name in single]
    return found


def _branches(coverage: str) -> Branches:
    taken: Branches = defaultdict(set)
    with closing(sqlite3.connect(coverage)) as data:
        query = "select context, file_id, fromno, tono from arc join context on context.id = arc.context_id"
        for context, *branch in data.execute(query):
            taken[context].add(tuple(branch))
    imports = taken.pop("", set())  # of test files, which are always traced
    return {name: branches - imports for name, branches in taken.items()}


def _seconds(times: str) -> Counter[str]:
    seconds: Counter[str] = Counter()
    for case in ET.parse(times).iter("testcase"):
        file = case.attrib["classname"].rpartition(".")[2]
        seconds[f"{file}.py::{case.attrib['name']}"] += float(case.attrib["time"])
    return seconds


def _counted(taken: Branches, names: Iterable[str]) -> Counter[tuple[int, ...]]:
    """How often tests take each branch; one that draws counts half."""
    counted: Counter[tuple[int, ...]] = Counter()
    for name in names:
        counted.update(dict.fromkeys(taken[name], 1 if name.endswith(DRAWN) else 2))
    return counted


if __name__ == "__main__":
    LIST.write_text("".join([f"{name}\n" for name in sorted({*AGAIN, *redundant(*sys.argv[1:])})]), "utf-8")
