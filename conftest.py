"""Runs the code blocks of README and docs and the examples in docstrings; turns skips into failures where asked to."""

from doctest import ELLIPSIS
from importlib.util import find_spec

import pytest
from hypothesis import settings
from sybil import Sybil
from sybil.document import PythonDocStringDocument
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser

settings.register_profile("funcnn", deadline=None, print_blob=True)  # the first call of a thing is often its slowest
settings.load_profile("funcnn")

pages = Sybil(parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS)], patterns=["README.md", "docs/*.md"])
docstrings = Sybil(
    parsers=[DocTestParser(ELLIPSIS)],
    patterns=["funcnn/*.py", "funcnn/*/*.py"],
    excludes=[] if find_spec("jax") else ["funcnn/interop/jax.py"],
    document_types={".py": PythonDocStringDocument},
)
pytest_collect_file = (pages + docstrings).pytest()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --no-skips` is for machines on which everything is installed."""
    parser.addoption("--no-skips", action="store_true", help="a skipped test is a failed one")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run with skips fails where none is allowed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
