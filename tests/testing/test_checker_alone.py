"""The checker of plain functions stands alone: it loads nothing of networks, and little of anything."""

import os
import subprocess
import sys

import pytest

GROUND = "annotations arrays checked constructors displays errors extras fields guards lazy needs records remedies"
GROUND += " seeds shapes tracebacks"
FUNCTION = "f, df, x = np.sin, np.cos, np.array([0.5, 2.0])\n"
CHECKS = {
    "check_vjp": "check_vjp(f, lambda args, dA: [{wrong} * dA * df(args[0])], [x])",
    "check_jvp": "check_jvp(f, lambda args, dx: {wrong} * dx[0] * df(args[0]), [x])",
    "check_gradient": "check_gradient(lambda x: f(x).sum(), lambda x: {wrong} * df(x), x)",
    "check_hessian": "check_hessian(df, lambda x: -{wrong} * np.diag(f(x)), x)",
}


def loaded_by(code):
    """The modules of funcnn that a new process has loaded in the end."""
    code = f"import sys, numpy as np\n{code}\nprint(*[name for name in sys.modules if name.startswith('funcnn')])"
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run([sys.executable, "-c", code], env=outside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def of_networks(modules):
    """The modules that are neither of the checker of functions nor of the values that it stands on."""
    ground = {"funcnn", "funcnn_hypothesis", "funcnn_pytest", *[f"funcnn.{name}" for name in GROUND.split()]}
    checker = {name for name in modules if f"{name}.".startswith("funcnn.testing.") and ".networks" not in name}
    return modules - ground - checker


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_of_a_function_loads_nothing_of_networks(check):
    modules = loaded_by(f"from funcnn.testing import {check}")
    assert of_networks(modules) == set()
    assert len(modules) <= (60 if check in {"check_vjp", "check_gradient"} else 62)  # the others need tangents
    failing = CHECKS[check].format(wrong=2)
    steps = [
        f"from funcnn.testing import GradientError, {check}",
        FUNCTION + CHECKS[check].format(wrong=1),
        "before = {*sys.modules}",
        f"try:\n    {failing}\nexcept GradientError as error:\n    assert 'wrong' in str(error)",
        "assert 'funcnn.testing.comparison.explanation' in {*sys.modules} - before",
    ]
    assert of_networks(loaded_by("\n".join(steps))) == set()


def test_what_an_option_needs_is_loaded_with_it():
    steps = [
        "from funcnn.testing import check_vjp",
        FUNCTION + CHECKS["check_vjp"].format(wrong=1),
        "assert not [name for name in sys.modules if name.endswith(('.fast', '.quick', '.projections', 'mpmath'))]",
        "check_vjp(f, lambda args, dA: [dA * df(args[0])], [x], fast=True, structure={'x': lambda x: x})",
        "assert 'mpmath' not in sys.modules",
    ]
    modules = loaded_by("\n".join(steps))
    assert {"funcnn.testing.fast", "funcnn.testing.projections"} <= modules
    assert of_networks(modules) == set()


SUITE = """
import numpy as np
from hypothesis import given, settings
from funcnn.testing import check_vjp, strategies as fst

@settings(max_examples=2, deadline=None)
@given(fst.tensors("n"))
def test_sin(arrays):
    x = np.clip(arrays, -10, 10)
    check_vjp(np.sin, lambda args, dA: [dA * np.cos(args[0])], [*x])
"""


@pytest.mark.unwatched
def test_a_suite_with_the_plugin_loads_nothing_of_networks(tmp_path):
    (tmp_path / "test_suite.py").write_text(SUITE, "utf-8")
    run = "['-p', 'no:cacheprovider', '--rootdir', '.', 'test_suite.py']"
    modules = loaded_by(f"import os, pytest; os.chdir({str(tmp_path)!r})\nassert pytest.main({run}) == 0")
    assert "funcnn_pytest" in modules
    assert of_networks(modules) == set()
