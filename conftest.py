"""Runs the code blocks of README and docs and the examples in docstrings; turns skips into failures where asked to."""

import gc
import re
from collections.abc import Iterator
from doctest import ELLIPSIS
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from sybil import Document, Region, Sybil
from sybil.document import PythonDocStringDocument
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser

import funcnn.testing.networks.cases  # noqa: F401  registers layers in one order, whichever tests are run, and the profile "funcnn"
from funcnn.testing.hunt.record import load_pages
from tests.printed import up_to_rounding

# `pytest` draws few examples of each law, and the same ones each time; `pytest --hypothesis-profile full` draws others
# each time, up to 20 of each law, as many as keep CI short. CI sets their seed, so that it fails for all or for nobody.
settings.register_profile("full", settings.get_profile("funcnn"), max_examples=20)
settings.register_profile("quick", settings.get_profile("funcnn"), max_examples=10, derandomize=True)
settings.load_profile("quick")

pytest_plugins = ["tests.browser", "tests.budget", "tests.watched"]

ADAPTERS = [
    (library, f"funcnn/testing/{library}.py") for library in ("autograd", "jax", "mygrad", "scipy", "thinc", "torch")
]
BRIDGES = [(library, f"funcnn/interop/{library}.py") for library in ("safetensors", "scipy")]
CONVERSIONS = [
    (library, path.relative_to(Path(__file__).parent).as_posix())
    for library, folder in (
        ("jax", "jax"),
        ("optax", "optax"),
        ("pyarrow", "arrow"),
        ("torch", "torch"),
        ("spox", "onnx"),
    )
    for path in (Path(__file__).parent / "funcnn/interop" / folder).rglob("*.py")
]
SKLEARN = [("sklearn", f"funcnn/interop/sklearn/{name}.py") for name in ("classifier", "regressor")]
ORACLES = [
    *BRIDGES,
    *CONVERSIONS,
    *SKLEARN,
    *[("llvmlite", f"funcnn/compilation/{name}.py") for name in ("compiler", "prediction", "state_step")],
    ("sklearn", "funcnn/metrics/regression.py"),
    ("threadpoolctl", "funcnn/parallel/blas.py"),
    ("threadpoolctl", "funcnn/parallel/sharding.py"),
    ("tqdm", "funcnn/training/progress_bar.py"),
    ("tqdm", "funcnn/training/progress.py"),
    ("scipy", "funcnn/testing/hessian.py"),
    *ADAPTERS,
]  # files whose examples need a library


def pytest_configure(config: pytest.Config) -> None:
    """In full the seed alone decides: Hypothesis also draws constants of loaded modules, others in each worker."""
    if config.getoption("--hypothesis-profile") == "full":
        providers._get_local_constants = Constants  # noqa: SLF001  there is no public way


@pytest.fixture(autouse=True, scope="session")
def kernels_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kernels are compiled anew, and not kept in the user's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUNCNN_CACHE", str(tmp_path_factory.mktemp("kernels")))
        yield


LIBRARIES = """
array_api_strict autograd distributed equinox fsspec jax keras llvmlite mpmath mygrad onnx onnxruntime optax pandas
polars pyarrow safetensors scipy sklearn spox statsmodels threadpoolctl thinc torch tqdm treescope
"""


class Runnable(CodeBlockParser):
    """The blocks of a page, less those that name a library which is not installed."""

    def __call__(self, document: Document) -> Iterator[Region]:
        """Every block that needs another library names it."""
        absent = {name for name in LIBRARIES.split() if not find_spec(name)}
        for region in super().__call__(document):
            if not set(re.findall(r"\w+", region.parsed)) & absent:
                yield region


class PageParser(PythonCodeBlockParser):
    """The Python blocks of a page."""

    codeblock_parser_class = Runnable

    def __init__(self) -> None:
        """Printed numbers are compared up to rounding."""
        super().__init__(doctest_optionflags=ELLIPSIS)
        up_to_rounding(self.doctest_parser.evaluator)


# Pages of found mistakes run where their versions are installed.
NEEDED = {
    f"docs/found/{page.path.name}": [*page.missing(), *page.absent()]
    for page in load_pages([Path(__file__).parent / "docs/found"])
}
pages = Sybil(
    parsers=[PageParser()],
    patterns=[
        *("README.md", "docs/*.md"),
        *[f"docs/{name}/*.md" for name in ("cookbook", "course", "found", "layers", "questions")],
    ],
    excludes=[page for page, needed in NEEDED.items() if needed],
)
docstrings = Sybil(
    parsers=[DocTestParser(ELLIPSIS)],
    patterns=["funcnn/*.py", "funcnn/*/*.py", "funcnn/*/*/*.py", "funcnn/*/*/*/*.py"],
    excludes=[path for library, path in ORACLES if not find_spec(library)],
    document_types={".py": PythonDocStringDocument},
)
pytest_collect_file = (pages + docstrings).pytest()


def pytest_report_header() -> list[str]:
    """The pages of found mistakes that are not run."""
    needed = ", ".join([f"{page} ({' '.join(needed)})" for page, needed in NEEDED.items() if needed])
    return [f"not run, since another version is installed: {needed}"] if needed else []


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --no-skips` is for machines on which everything is installed, `--full` for those that have hours."""
    parser.addoption("--no-skips", action="store_true", help="a skipped test is a failed one")
    parser.addoption("--full", action="store_true", help="test the checker and the files with ten times the examples")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Modules and tests live as long as the session: no collection of garbage looks through them, now or later.

    Hypothesis calls `gc.collect` in each new thread, which takes a second while there are 20,000 tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000)  # Python's 700 is for programs with less memory than tests have
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """What the tests of a file leave, such as imported modules and compiled programs, is not looked through either."""
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path != item.path:
            gc.collect()
            gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests come first, so that no worker waits for one at the end."""
    longest = {"test_transmission.py", "test_examples.py", "test_kill.py", "test_site.py"}
    items.sort(key=lambda item: item.path.name not in longest)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run with skips fails where none is allowed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
