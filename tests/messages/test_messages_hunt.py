"""Error messages of a hunt for invalid arguments and specs, pinned word for word."""

from pathlib import Path

import numpy as np

from funcnn.errors import MissingError, NoFileError
from funcnn.testing import strategies as fst
from funcnn.testing.hunt import Target, hunt, verify
from tests.says import assert_says, each_row, file_error, kind_error, raises, range_error

SINE, ONE = (np.sin, lambda args, dA: [dA * np.cos(args[0])]), fst.tensors("n")
HEAD = "from tests.messages.test_messages_hunt import *\n"
GOOD = "TARGETS = [Target('sin', SINE, ONE)]"
KINDS = (
    "GradientError, WrongGradient, WrongAtKink, WrongTogether, NotFinite, WrongShape, WrongDtype, NotPure, "
    "NotDeterministic, Aliased, NotLinear, NotTransposed, NotSymmetric, WrongForLayout, WrongForFloat32, "
    "WrongForFloat16, Raised, RefusedLayout, RefusedDtype, NoDerivative, BrokenPromise, Inconclusive, Error, Crashed, "
    "Hung"
)


def told(text, state=None, path="spec.py", **options):
    """A hunt with a spec of this text, in an empty folder or beside this state."""

    def act():
        Path("spec.py").write_text(HEAD + text, "utf-8")
        if state is not None:
            Path("state.json").write_text(state, "utf-8")
        hunt(path, ".", workers=0, **options)

    return act


def verified(text, kept=None, **options):
    """A verification of a page of this text, in an empty folder or beside this file of an earlier run."""

    def act():
        Path("page.md").write_text(text, "utf-8")
        if kept is not None:
            Path("verified.json").write_text(kept, "utf-8")
        verify("page.md", ".", **options)

    return act


PAGE = f"<!-- verify: numpy=={np.__version__} -->\n## `sin` at 0\n```python\nassert True\n```\n"
ROWS = [
    kind_error(lambda: Target("sin", np.sin, ONE)) >> "Target: pair must be a pair of functions (f, vjp), not ufunc",
    kind_error(lambda: Target("sin", SINE, [np.ones(2)]))
    >> "Target: arguments must be a strategy of hypothesis, not list",
    kind_error(lambda: Target("sin", SINE, ONE, known=["Hung"]))
    >> "Target: known must be a dict from kinds of findings to reasons, not list",
    range_error(lambda: Target("sin", SINE, ONE, known={"Slow": "large"}))
    >> f"Target: known must name kinds of findings ({KINDS}), not 'Slow'",
    kind_error(lambda: Target("sin", SINE, ONE, known={"Hung": 1}))
    >> "Target: known['Hung'] must be a string, not int",
    kind_error(lambda: Target("sin", SINE, ONE, domains={})) >> "Target: check_vjp has no option domains; its options "
    "are argnums, kwargs, convention, resolution, aliasing, nondeterministic, domain, structure, at_kinks, tolerance, "
    "exact, oracle, fast, float32, layouts, purity",
    kind_error(lambda: hunt(3, ".")) >> "hunt: spec must be a path, not int",
    range_error(lambda: hunt(".", ".")) >> "hunt: no file in . defines TARGETS",
    file_error(told("TARGETS = [", path="."))
    >> "hunt: spec.py cannot be run: SyntaxError: '[' was never closed (spec.py, line 2)",
    range_error(lambda: hunt(["one/spec.py", "two/spec.py"], "."))
    >> "hunt: two specs have the name spec: one/spec.py and two/spec.py",
    range_error(told(GOOD, seconds=0)) >> "hunt: seconds must be finite and above 0, not 0",
    range_error(lambda: hunt("spec.py", ".", workers=-1)) >> "hunt: workers must be at least 0, not -1",
    range_error(told(GOOD, examples=0)) >> "hunt: examples must be at least 1, not 0",
    range_error(told(GOOD, only="cos")) >> "hunt: only must match the name of a target in spec.py, not 'cos'",
    raises(NoFileError, lambda: hunt("gone.py", ".")) >> "hunt: there is no file gone.py",
    raises(MissingError, told("import no_library"))
    >> "hunt: spec.py cannot be run: ModuleNotFoundError: No module named 'no_library'",
    kind_error(told("")) >> "hunt: TARGETS of spec.py must be a list of Targets, not None",
    kind_error(told("TARGETS = [SINE]")) >> "hunt: TARGETS of spec.py must be a list of Targets, not a list with tuple",
    range_error(told("TARGETS = []")) >> "hunt: TARGETS of spec.py must not be empty",
    range_error(told("TARGETS = [Target('sin', SINE, ONE)] * 2")) >> "hunt: two targets of spec.py have the name sin",
    kind_error(told(f"{GOOD}; LIBRARIES = 'numpy'")) >> "hunt: LIBRARIES of spec.py must be a list of strings, not str",
    kind_error(told(f"{GOOD}; MODULES = [1]")) >> "hunt: MODULES of spec.py must be a list of strings, not list",
    raises(MissingError, told(f"{GOOD}; MODULES = ['no.module']"))
    >> "hunt: MODULES of spec.py names no.module, which cannot be imported: No module named 'no'",
    raises(MissingError, told(f"{GOOD}; LIBRARIES = ['no-library']"))
    >> "hunt: LIBRARIES of spec.py names no-library, which is not installed",
    raises(MissingError, told("import no_library", installed=True))
    >> "hunt: installed=True leaves no spec: spec.py cannot "
    "be run: ModuleNotFoundError: No module named 'no_library'",
    file_error(told("1 / 0", installed=True)) >> "hunt: spec.py cannot be run: ZeroDivisionError: division by zero",
    file_error(told(GOOD, state="[]"))
    >> "hunt: state.json is not the state of a hunt; delete it, or name another folder",
    range_error(told(GOOD, state='{"seed": 1, "examples": 100, "results": {}}'))
    >> "hunt: seed must be 1, as in state.json, not 0; for seed=0 name another folder",
    range_error(told(GOOD, state='{"seed": 0, "examples": 5, "results": {}}'))
    >> "hunt: examples must be 5, as in state.json, not 100; for examples=100 name another folder",
    kind_error(lambda: verify(3, ".")) >> "verify: pages must be a path, not int",
    range_error(lambda: verify(".", ".")) >> "verify: no file in . has the ending .md",
    raises(NoFileError, lambda: verify("gone.md", ".")) >> "verify: there is no file gone.md",
    file_error(verified("## sin")) >> "verify: page.md must have a line such as <!-- verify: numpy==2.4.6 -->",
    range_error(verified(PAGE.replace("==", ">=")))
    >> f"verify: requirements of page.md must have the form numpy==2.4.6 or github:owner/name@1a2b3c4, not "
    f"numpy>={np.__version__}",
    file_error(verified(PAGE.replace("## ", ""))) >> "verify: page.md must have a section for each mistake",
    file_error(verified(PAGE + "## cos\n")) >> "verify: section cos of page.md must have a block of Python code",
    range_error(verified(PAGE + PAGE)) >> "verify: two sections of page.md have the title sin at 0",
    range_error(verified(PAGE, only="cos"))
    >> "verify: only must match the name of a mistake, such as page/sin at 0, not 'cos'",
    file_error(verified(PAGE, kept="[]"))
    >> "verify: verified.json is not the file of an earlier run; delete it, or name another folder",
]


@each_row(ROWS)
def test_it_says(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_says(row, np.ones(2))
