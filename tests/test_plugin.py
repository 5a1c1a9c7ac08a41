"""The pytest plugin, tested by running small test suites in a separate pytest."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# No checker: one that says what it is told to, as the real one would.
TOLD = """
import sys
import hypothesis

class GradientError(AssertionError): ...
class WrongShape(GradientError): ...

def check(subject, verdict="pass", *, error=WrongShape, **more):
    __tracebackhide__ = True
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

    def run(tests, *options, plugin=("-p", "funcnn_pytest"), head=HEAD):
        (tmp_path / "told.py").write_text(TOLD, "utf-8")
        (tmp_path / "test_it.py").write_text(head + tests, "utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
        outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, *options],
            cwd=tmp_path,
            env=outside | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
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
    message = f"ERROR: funcnn_resolution must be a number between 0 and 1, such as 1e-7; it is {given!r}"
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
