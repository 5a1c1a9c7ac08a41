"""What coverage looks at: the first examples of each law, and nothing of a test that is marked `unwatched`.

Tracing makes a test take up to twice as long, and the examples after the first ones run the same lines again. Nothing
is traced either in most pages and in the files of `AGAIN`, which run lines that other tests run.
"""

import os
import sys
from collections.abc import Iterator
from functools import wraps

import pytest
from coverage import Coverage

WATCHED = 10  # examples, as many as a plain `pytest` draws
PAGES = {"compilation.md", "jax.md"}  # the ones that are traced
# These tests are not marked `unwatched`: CI runs them with the oldest versions too, without what is marked.
AGAIN = {
    *["test_checker_calls.py", "test_house.py", "test_laws.py", "test_laws_activations.py", "test_laws_convolution.py"],
    *["test_packaging.py", "test_questions.py", "test_sklearn_tools.py", "test_stepper.py", "test_types.py"],
}
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


def _is_unwatched(item: pytest.Item) -> bool:
    name = item.path.name
    again = name in AGAIN or (item.path.suffix == ".md" and name not in PAGES)
    return again or item.get_closest_marker("unwatched") is not None


def _traced(item: pytest.Item) -> Iterator[None]:
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
