"""What coverage looks at: the first examples of each law, and nothing of a test that is marked `unwatched`.

Tracing makes a test take up to twice as long, and the examples after the first ones run the same lines again.
"""

import os
import sys
from collections.abc import Iterator
from functools import wraps

import pytest

WATCHED = 10  # examples, as many as a plain `pytest` draws
CHILDREN = "COVERAGE_PROCESS_CONFIG"  # the variable by which coverage looks at the processes that a test starts


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """The function that traces, if there is one, is taken away within the test and given back after it."""
    trace, children = sys.gettrace(), os.environ.get(CHILDREN)
    law = getattr(getattr(item, "obj", None), "hypothesis", None)
    whole = law and law.inner_test
    if trace and item.get_closest_marker("unwatched"):
        sys.settrace(None)
        os.environ.pop(CHILDREN, None)
    elif trace and law:
        law.inner_test = _watched_at_first(law.inner_test)
    try:
        return (yield)
    finally:
        if law:
            law.inner_test = whole
        sys.settrace(trace)
        if children:
            os.environ[CHILDREN] = children


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
