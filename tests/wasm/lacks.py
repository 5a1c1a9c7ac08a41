"""A plugin of pytest: tests that fail for want of what WebAssembly has not are skipped."""

import pytest

# The words of the errors. Without flags of floating-point exceptions, NumPy does not warn about overflow.
LACKS = (
    *("does not support processes", "can't start new thread", "lacks multiprocessing", "mmap is unavailable"),
    "DID NOT WARN. No warnings of type (<class 'RuntimeWarning'>,)",
)


def pytest_configure(config):
    """Warnings of Hypothesis under Python 3.15, and of tqdm without threads, are no errors."""
    of_hypothesis = ("It looks like `register_random`", "Module globals is missing a __spec__.loader")
    for message in (*of_hypothesis, "tqdm.disabling monitor support"):
        config.addinivalue_line("filterwarnings", f"ignore:{message}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """What a fixture needs."""
    return (yield from _or_skipped())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """What the test needs."""
    return (yield from _or_skipped())


def _or_skipped():
    try:
        return (yield)
    except (Exception, pytest.fail.Exception) as error:
        if any([words in str(error) for words in LACKS]):
            pytest.skip(f"WebAssembly: {error}")
        raise
