"""The pytest plugin, tested by running small test suites in a separate pytest."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import funcnn_pytest

ROOT = Path(__file__).parents[2]
# No checker: one that says what it is told to, as the real one would.
TOLD = """
import sys
import hypothesis

__name__ = "funcnn.testing.told"  # the frames of its functions are those of the checker

class GradientError(AssertionError): ...
class WrongShape(GradientError): ...

def check(subject, verdict="pass", *, error=WrongShape, **more):
    sys.modules["funcnn_pytest"].ledger.record(subject, verdict, **more)
    if verdict == "fail":
        raise error(f"{subject} is wrong")
    if verdict == "inconclusive":
        hypothesis.reject()
"""
HEAD = """
import pytest
from hypothesis import HealthCheck, assume, example, given, settings, strategies as st
from told import GradientError, check
"""


@pytest.fixture
def run(tmp_path):
    """Runs a suite, and gives the exit code and what it printed."""

    def run(tests, *options, plugin=("-p", "funcnn_pytest"), head=HEAD, start=("-m", "pytest"), **variables):
        (tmp_path / "told.py").write_text(TOLD, "utf-8")
        (tmp_path / "test_it.py").write_text(head + tests, "utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
        outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        own = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        done = subprocess.run(
            [sys.executable, *start, "-p", "no:cacheprovider", *plugin, *options],
            cwd=tmp_path,
            env=outside | own | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def section(printed):
    """The lines below "gradients"."""
    lines = printed.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("=") and " gradients " in line) + 1
    return lines[start : next(i for i in range(start, len(lines)) if lines[i].startswith("="))]


SUITE = """
def test_dense():
    check("Dense", kind="layer", resolution=1e-9, decided=("x", "params.W"), undecided=("params.b", "params.c"))
    check("Dense", kind="layer", resolution=1e-9, decided=("params.c",))
def test_dense_again():
    with pytest.raises(BaseException):
        check("Dense", "inconclusive", kind="layer", kinks=1)
    check("Dense", kind="layer", resolution=1e-9, decided=("params.b",))
def test_relu():
    check("Relu", kind="layer", kinks=2, resolution=1e-9, decided=("x",))
def test_step():
    check("Relu", kind="layer", decided=("x",), tolerated={"x": 2e-7, "W": 1e-7})
    check("Relu", kind="layer", decided=("x",), tolerated={"x": 1e-7})
    with pytest.raises(BaseException):
        check("Step", "inconclusive", kind="layer", undecided=("x",), reason="f jumps")
def test_wrong():
    check("Wrong", kind="layer", kinks=1)
    check("Wrong", "fail", kind="layer", undecided=("x",))
def test_wanted():
    check("Planted", kind="layer")
    with pytest.raises(GradientError):
        check("Planted", "fail", kind="layer")
    check("mse", kind="loss", resolution=1e-5)
    check("huber", kind="loss", resolution=1e-7)
    check("sgd", kind="optimizer")
"""


@pytest.mark.parametrize("options", [[], ["-p", "xdist", "-n", "2"]], ids=["alone", "xdist"])
def test_the_summary_counts_subjects_and_names_what_was_never_decided(run, options):
    code, printed = run(SUITE, *options)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert section(printed) == [
        "2 layers tested, 1 with kinks, 1 inconclusive, 1 wrong at float64 1e-9",
        "2 losses tested at float64 1e-7 to 1e-5",
        "1 optimizer tested",
        "the gradient of W of Relu is off by up to 1e-7, tolerated in test_it.py::test_step",
        "the gradient of x of Relu is off by up to 2e-7, tolerated in test_it.py::test_step",
        "params.b of Dense was never decided in test_it.py::test_dense",
        "every check of Step was inconclusive in test_it.py::test_step: f jumps",
    ]


def test_a_worker_that_dies_takes_only_its_own_verdicts_along(run):
    suite = "import os\ndef test_dies(): check('f'); os._exit(3)\ndef test_lives(): check('g')"
    code, printed = run(suite, "-p", "xdist", "-n", "1")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert section(printed) == ["1 function tested"]


def test_a_suite_without_checks_prints_what_it_always_did(run):
    def printed_by(**plugin):
        code, printed = run("def test_it(): assert 1 + 1 == 3", "-q", head="", **plugin)
        return code, [line for line in printed.splitlines() if not line.startswith("1 failed in ")]

    assert printed_by() == printed_by(plugin=())


def test_the_plugin_imports_nothing_that_is_large():
    probe = "import sys, funcnn_pytest; print({'numpy', 'hypothesis', 'funcnn', 'attrs', 'attr'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


REAL = """
import numpy as np
from hypothesis import Phase, example, given, settings, strategies as st
from funcnn.testing import check_vjp, strategies as fst
phases = [Phase.explicit, Phase.generate]
settings.register_profile("quick", phases=phases, max_examples=30, database=None, deadline=None)
settings.load_profile("quick")
def mine(vjp, args):
    check_vjp(np.sin, vjp, args)
@given(fst.tensors("m"))
def test_drawn(args):
    mine(lambda args, dA: [dA * np.sin(args[0])], args)
@example((np.ones(1),))
@given(fst.tensors("m"))
def test_example(args):
    mine(lambda args, dA: [dA * np.sin(args[0])], args)
def test_bare():
    mine(lambda args, dA: [2 * dA * np.cos(args[0])], (np.ones(2),))
def test_refused():
    mine(lambda args, dA: [dA * np.cos(args[0])], (3,))
@example(0)
@example(99)
@given(st.integers(0, 100))
def test_two_ways(n):
    mine(lambda args, dA: [dA] if n < 50 else [dA[:1]], (np.ones(2),))
"""


def test_a_failure_ends_at_the_call_of_the_checker(run):
    code, printed = run(REAL, head="")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "5 failed" in printed
    assert printed.count(">       check_vjp(np.sin, vjp, args)") == 4  # the last one is refused for its arguments
    assert printed.count("    | funcnn.testing.verdict.") == 2  # that of two ways is a group
    assert printed.count("    |     check_vjp(np.sin, vjp, args)") == 2
    for name in ("drawn", "example"):
        assert re.search(rf"^E  .*: test_{name}\($", printed, re.MULTILINE)  # the note of hypothesis
    for inside in ("funcnn/testing/", "hypothesis/", "pluggy/", ">   def test_", "\n>   @"):
        assert inside not in printed.replace("\\", "/")


def test_all_frames_are_there_for_those_who_ask(run):
    _, printed = run(REAL, "--full-trace", "-k", "bare", head="")
    assert "funcnn/testing/" in printed.replace("\\", "/")


def test_a_chain_of_errors_is_kept_and_one_without_a_frame_of_the_users_is_left_alone(run):
    suite = """
def test_chain():
    try:
        int("seven")
    except ValueError as error:
        later = GradientError("outer")
        later.__cause__, error.__cause__ = error, later
        raise later

def hidden():
    __tracebackhide__ = True
    raise GradientError("alone")

test_hidden = hidden
"""
    _, printed = run(suite)
    assert "ValueError: invalid literal" in printed
    assert "told.GradientError: outer" in printed
    assert "told.GradientError: alone" in printed


EXHAUSTED = """
@given(st.integers())
def test_health(n):
    check("f", "inconclusive", reason="f rounds coarsely", resolution=1e-9)
@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 3))
def test_unsatisfiable(n):
    check("f", "inconclusive")
@given(st.integers())
def test_assumption(n):
    if n == 0:
        check("f")
    assume(False)
@given(st.integers())
def test_nothing(n):
    assume(False)
"""


def test_a_test_that_could_decide_nothing_says_so(run):
    _, printed = run(EXHAUSTED)
    advice = "draw arguments of moderate size, away from kinks and jumps, or ask for a coarser resolution"
    health = next(line for line in printed.splitlines() if line.startswith("E ") and "rounds coarsely" in line)
    n = health.split(" of ")[0].split()[-1]
    assert int(n) >= 50
    assert health.endswith(f": {n} of {n} examples were inconclusive: f rounds coarsely; {advice} than 1e-9")
    assert f"4 of 4 examples were inconclusive: no probe decided; {advice}\n" in printed
    assert printed.count("were inconclusive") == 4  # each is there twice, the second time in pytest's own summary
    assert printed.count("E   hypothesis.errors.") == 4  # the other two are as hypothesis has them


@pytest.mark.parametrize("given", ["tiny", "0", "1", "nan", "-1e-3"])
def test_a_resolution_is_a_number_between_0_and_1(run, given):
    code, printed = run("def test_it(): pass", "-o", f"funcnn_resolution={given}")
    assert code == pytest.ExitCode.USAGE_ERROR
    message = f"ERROR: funcnn_resolution must be a number between 0 and 1, such as 1e-7, not {given!r}"
    assert message in printed.splitlines()


def test_the_ledger_is_that_of_the_session_that_runs(run):
    suite = """
import funcnn_pytest

def test_outer(tmp_path):
    outer = funcnn_pytest.ledger
    assert outer.resolution == 1e-6
    inner = tmp_path / "test_inner.py"
    inner.write_text("import funcnn_pytest\\ndef test_it(): assert funcnn_pytest.ledger.resolution is None")
    options = ["-p", "funcnn_pytest", "-c", str(tmp_path / "none.ini"), str(inner)]
    (tmp_path / "none.ini").write_text("[pytest]")
    assert pytest.main(options) == 0
    assert pytest.main([*options, "-o", "funcnn_resolution=2"]) == pytest.ExitCode.USAGE_ERROR
    assert funcnn_pytest.ledger is outer
"""
    code, printed = run(suite, "-o", "funcnn_resolution=1e-6")
    assert code == pytest.ExitCode.OK, printed


def test_a_long_list_is_cut(run):
    suite = "".join(
        f'def test_{i}():\n    check("f", decided=("x",), undecided=("y",), resolution=1e-7)\n' for i in range(13)
    )
    _, printed = run(suite)
    lines = section(printed)
    assert lines[0] == "1 function tested at float64 1e-7"
    assert lines[1:11] == [
        f"y of f was never decided in test_it.py::test_{i}" for i in sorted(map(str, range(13)))[:10]
    ]
    assert lines[11:] == ["and 3 more"]


def test_a_whole_suite(run):
    """The real checks: of some layers, of a loss, and of one that never decides."""
    suite = """
import numpy as np
from funcnn import Dense, Relu, Tanh, mse
from funcnn.testing import check_layer, check_loss, check_vjp, strategies as fst
@pytest.mark.parametrize("layer", [Dense, Relu, Tanh])
@settings(max_examples=5, deadline=None)
@given(st.data())
def test_every_layer(layer, data):
    check_layer(*data.draw(fst.cases(layer)))
@settings(max_examples=5, deadline=None)
@given(fst.tensors("m k", "m k"))
def test_mse(args):
    check_loss(mse, *args)
def test_floor():
    with pytest.raises(Exception):
        check_vjp(np.floor, lambda args, dA: [0 * dA], [np.ones(2)])
"""
    code, printed = run(suite, "-o", "funcnn_resolution=1e-8")
    assert code == pytest.ExitCode.OK, printed
    lines = section(printed)
    assert lines[0] == "0 functions tested, 1 inconclusive at float64 1e-8"
    assert re.fullmatch(r"3 layers tested(, 1 with kinks)? at float64 1e-8", lines[1])
    assert lines[2] == "1 loss tested at float64 1e-8"
    assert lines[3].startswith("every check of floor was inconclusive in test_it.py::test_floor: f jumps")


HOSTILE = """
import dataclasses
import pytest
from told import GradientError, check

class Number(Exception):
    exceptions = 3

class Text(Exception):
    exceptions = "a text"

class Raising(Exception):
    @property
    def exceptions(self):
        raise RuntimeError("exceptions")

class Attributes(Exception):
    def __getattr__(self, name):
        raise AttributeError if name == "__notes__" else RuntimeError(name)  # which pytest asks for

class Silent(Exception):
    def __str__(self):
        raise RuntimeError("str")
    __repr__ = __str__

class Noted(Exception):
    __notes__ = 3

class Unequal(Exception):
    __hash__ = None
    def __eq__(self, other):
        raise RuntimeError("eq")

@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    pass

def nested(depth):
    made = ValueError("inside")
    for _ in range(depth):
        made = ExceptionGroup("group", [made])
    return made

def circle():
    made, other = ValueError("one"), ValueError("other")
    made.__cause__, other.__cause__ = other, made
    return made

MADE = [
    *[Number, Text, Raising, Attributes, Silent, Noted, Unequal, Frozen, circle],
    *[lambda: nested(60), lambda: BaseExceptionGroup("base", [SystemExit()])],
    *[lambda: ExceptionGroup("many", [ValueError(i) for i in range(3000)])],
]

@pytest.mark.parametrize("i", range(len(MADE)))
def test_alone(i):
    raise MADE[i]()
"""
AFTER_A_CHECK = """
@pytest.mark.parametrize("i", range(len(MADE)))
def test_raised_from_a_failed_check(i):
    try:
        check("f", "fail")
    except GradientError as error:
        raise MADE[i]() from error

@pytest.mark.parametrize("i", range(len(MADE)))
def test_cause_of_a_failed_check(i):
    try:
        raise MADE[i]()
    except BaseException:
        check("f", "fail")
"""


def failures(printed):
    """The lines on failed tests, without addresses. Tracebacks of groups name the hooks of plugins, in pytest 8.0."""
    return [re.sub(r"0x[0-9a-f]+", "", line) for line in printed.splitlines() if line.startswith(("FAILED ", "E  "))]


def test_exceptions_of_others_are_reported_as_without_the_plugin(run):
    code, printed = run(HOSTILE, head="")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "INTERNALERROR" not in printed
    without = run(HOSTILE, head="", plugin=())
    assert failures(printed)
    assert (code, failures(printed)) == (without[0], failures(without[1]))


@pytest.mark.parametrize("options", [[], ["-p", "xdist", "-n", "1"]], ids=["alone", "xdist"])
def test_whatever_exceptions_do_the_run_goes_on(run, options):
    code, printed = run(HOSTILE + AFTER_A_CHECK, "--tb=short", *options, head="")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "INTERNALERROR" not in printed
    failed = len(re.findall(r"^FAILED ", printed, re.MULTILINE))
    assert f" {failed} failed in " in printed
    assert failed % 3 == 0
    assert section(printed) == ["0 functions tested, 1 wrong"]


class Causes(Exception):
    @property
    def __cause__(self):
        raise RuntimeError("cause")


class Another(Exception):
    @property
    def __class__(self):
        raise RuntimeError("class")


class Shadowed(ExceptionGroup):
    exceptions = 3


class Nothing(Exception):
    def __getattribute__(self, name):
        raise RuntimeError(name)


def test_exceptions_that_pytest_cannot_report_pass_the_plugin():
    for made in (Causes(), Another(), Shadowed("shadowed", [ValueError(), Nothing()]), Nothing()):
        with pytest.raises(type(made)) as found:
            raise made
        before = found.traceback
        call = pytest.CallInfo(None, found, 0.0, 0.0, 0.0, "call", _ispytest=True)
        funcnn_pytest.Ledger(None, None).pytest_runtest_makereport(SimpleNamespace(nodeid="", config=None), call)
        assert found.traceback is before


ONCE = """
import importlib.metadata, sys
import pytest
every = importlib.metadata.distributions
importlib.metadata.distributions = lambda: {one.name: one for one in reversed(list(every()))}.values()  # each name once
sys.exit(pytest.main())
"""


@pytest.fixture
def installed(tmp_path, run):
    """As `run`, where funcnn is installed from a wheel, and pytest finds the plugin by its entry point."""
    about = tmp_path / "site" / "funcnn-0.1.0.dist-info"
    about.mkdir(parents=True)
    points = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["pytest11"]
    lines = ["[pytest11]", *[f"{name} = {module}" for name, module in points.items()]]
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: funcnn\nVersion: 0.1.0\n", "utf-8")
    (about / "entry_points.txt").write_text("\n".join(lines), "utf-8")
    (about / "RECORD").write_text("funcnn/__init__.py,,\nfuncnn/core.py,,\nfuncnn_pytest.py,,\n", "utf-8")
    found = {"PYTHONPATH": f"{about.parent}{os.pathsep}{ROOT}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}
    return lambda tests, *options: run(tests, *options, plugin=(), head="", start=("-c", ONCE), **found)


def test_python_imports_funcnn_as_outside_pytest(installed):
    """Although pytest rewrites the assertions of all that is installed with a plugin."""
    suite = """
import funcnn.core, funcnn_pytest
from importlib.machinery import SourceFileLoader
def test_it(request):
    assert request.config.pluginmanager.get_plugin("funcnn-ledger")
    assert type(funcnn.__loader__) is type(funcnn.core.__loader__) is SourceFileLoader
    assert type(funcnn_pytest.__loader__) is type(__loader__)
"""
    code, printed = installed(suite)
    assert code == pytest.ExitCode.OK, printed


def test_pytest_may_rewrite_nothing(installed):
    code, printed = installed("def test_it(): assert 1 + 1 == 3", "--assert=plain")
    assert code == pytest.ExitCode.TESTS_FAILED, printed


@pytest.mark.parametrize("asked", ["-p", "conftest.py"])
def test_an_installed_plugin_may_be_asked_for_too(installed, asked, tmp_path):
    if asked == "conftest.py":
        (tmp_path / asked).write_text('pytest_plugins = ["funcnn_pytest"]', "utf-8")
    code, printed = installed("def test_it(): pass", *(["-p", "funcnn_pytest"] if asked == "-p" else []))
    assert code == pytest.ExitCode.OK, printed
