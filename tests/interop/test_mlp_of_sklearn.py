"""scikit-learn's tests of its MLPClassifier and MLPRegressor with the estimators of funcnn, and the page about them."""

import re
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_loader
from pathlib import Path

import pytest

sklearn = pytest.importorskip("sklearn", reason="its tests are run")
from sklearn import neural_network  # noqa: E402  as just said

from tests.interop import shim  # noqa: E402  as just said

FILE = find_spec("sklearn.neural_network.tests.test_mlp")
PAGE = (Path(__file__).parents[2] / "docs" / "sklearn_mlp.md").read_text("utf-8")
[VERSION] = re.findall(r"^scikit-learn (\S+) has", PAGE, re.MULTILINE)
if FILE is None:
    pytest.skip("this scikit-learn has no tests", allow_module_level=True)
if not sklearn.__version__.startswith(f"{VERSION}."):
    pytest.skip(f"the page is about scikit-learn {VERSION}", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # as in its own runs


def rows():
    """The verdict of each test, or of one of its cases, in the table of the page."""
    found = {}
    for verdict, behaviour, tests in re.findall(r"^\| (same|by hand|differs) \| (.*) \| (.*) \|$", PAGE, re.MULTILINE):
        assert ": " in behaviour or verdict != "differs"
        for name in re.findall(r"`(test_\w+(?:\[\w+\])?)`", tests):
            assert name not in found
            found[name] = verdict
    return found


def shimmed():
    """The module of tests, in which `from sklearn.neural_network import MLPClassifier` gave the class of the shim."""
    spec = spec_from_loader("mlp_of_sklearn", SourceFileLoader("mlp_of_sklearn", FILE.origin))
    made = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLPClassifier", "MLPRegressor"):
            patch.setattr(neural_network, name, getattr(shim, name))
        spec.loader.exec_module(made)
    return made


ROWS = rows()
TESTS = {name: test for name, test in vars(shimmed()).items() if name.startswith("test_")}
globals().update(TESTS)


@pytest.fixture
def global_random_seed():
    """The fixture of scikit-learn's conftest."""
    return 42


@pytest.fixture(autouse=True)
def expected(request):
    """A test whose row says that it differs must fail."""
    name = request.node.originalname
    if name in TESTS and "differs" in (ROWS.get(name), ROWS.get(request.node.name)):
        request.applymarker(pytest.mark.xfail(strict=True, reason="the page says so"))


def test_the_page_has_every_test_once(request):
    assert {name.partition("[")[0] for name in ROWS} == TESTS.keys()
    cases = [item for item in request.session.items if item.path == request.path and item.originalname in TESTS]
    if len(cases) > len(TESTS):  # all were collected
        differ = [item for item in cases if "differs" in (ROWS.get(item.originalname), ROWS.get(item.name))]
        counts = re.search(r"file of (\d+) tests.*?\. (\d+) tests pass, (\d+) do not", PAGE, re.DOTALL)
        assert list(map(int, counts.groups())) == [len(cases), len(cases) - len(differ), len(differ)]
