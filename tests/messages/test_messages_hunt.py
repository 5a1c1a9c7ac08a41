"""Error messages of a hunt for invalid arguments and specs, pinned word for word."""

from pathlib import Path

import numpy as np
import pytest

from funcnn.errors import FileError, KindError, NoFileError, RangeError
from funcnn.testing import strategies as fst
from funcnn.testing.hunt import Target, hunt
from tests.says import assert_says

SINE, ONE = (np.sin, lambda args, dA: [dA * np.cos(args[0])]), fst.tensors("n")
HEAD = "from tests.messages.test_messages_hunt import *\n"
GOOD = "TARGETS = [Target('sin', SINE, ONE)]"
KINDS = (
    "GradientError, WrongGradient, WrongAtKink, WrongTogether, NotFinite, WrongShape, WrongDtype, NotPure, "
    "NotDeterministic, Aliased, NotLinear, NotTransposed, NotSymmetric, WrongForLayout, WrongForFloat32, "
    "WrongForFloat16, Raised, RefusedLayout, RefusedDtype, NoDerivative, BrokenPromise, Inconclusive, Error, Crashed, "
    "Hung"
)


def call(function, *given, **settings):
    return lambda: function(*given, **settings)


def told(text, state=None, path="spec.py", **options):
    """A hunt with a spec of this text, in an empty folder or beside this state."""

    def act():
        Path("spec.py").write_text(HEAD + text, "utf-8")
        if state is not None:
            Path("state.json").write_text(state, "utf-8")
        hunt(path, ".", workers=0, **options)

    return act


ROWS = {
    "a number for a name": (call(Target, 3, SINE, ONE), KindError, "Target: name must be a string, not int"),
    "no pair": (
        call(Target, "sin", np.sin, ONE),
        KindError,
        "Target: pair must be a pair of functions (f, vjp), not ufunc",
    ),
    "arguments for a strategy": (
        call(Target, "sin", SINE, [np.ones(2)]),
        KindError,
        "Target: arguments must be a strategy of hypothesis, not list",
    ),
    "a known kind without a reason": (
        call(Target, "sin", SINE, ONE, known=["Hung"]),
        KindError,
        "Target: known must be a dict of reasons by kinds of findings, not list",
    ),
    "an unknown kind": (
        call(Target, "sin", SINE, ONE, known={"Slow": "large"}),
        RangeError,
        f"Target: known must name kinds of findings ({KINDS}), not 'Slow'",
    ),
    "a number for a reason": (
        call(Target, "sin", SINE, ONE, known={"Hung": 1}),
        KindError,
        "Target: known['Hung'] must be a string, not int",
    ),
    "an unknown option": (
        call(Target, "sin", SINE, ONE, domains={}),
        KindError,
        "Target: there is no option domains of check_vjp; there are argnums, kwargs, convention, "
        "resolution, aliasing, nondeterministic, domain, structure, at_kinks, tolerance, exact, "
        "oracle, fast, float32, layouts, purity",
    ),
    "a number for a spec": (call(hunt, 3, "."), KindError, "hunt: spec must be a path, not int"),
    "a number in a list of specs": (
        call(hunt, ["spec.py", 3], "."),
        KindError,
        "hunt: spec[1] must be a path, not int",
    ),
    "a folder without specs": (call(hunt, ".", "."), RangeError, "hunt: no file in . defines TARGETS"),
    "a folder with a file that is not Python": (
        told("TARGETS = [", path="."),
        FileError,
        "hunt: spec.py cannot be run: SyntaxError: '[' was never closed (spec.py, line 2)",
    ),
    "two specs of one name": (
        call(hunt, ["one/spec.py", "two/spec.py"], "."),
        RangeError,
        "hunt: two specs have the name spec: one/spec.py and two/spec.py",
    ),
    "a number for a folder": (call(hunt, "spec.py", 3), KindError, "hunt: folder must be a path, not int"),
    "no time": (told(GOOD, seconds=0), RangeError, "hunt: seconds must be finite and above 0, not 0"),
    "endless patience": (
        told(GOOD, patience=float("inf")),
        RangeError,
        "hunt: patience must be finite and above 0, not inf",
    ),
    "fewer than no workers": (
        call(hunt, "spec.py", ".", workers=-1),
        RangeError,
        "hunt: workers must be at least 0, not -1",
    ),
    "no examples": (told(GOOD, examples=0), RangeError, "hunt: examples must be at least 1, not 0"),
    "a seed of 0.5": (told(GOOD, seed=0.5), KindError, "hunt: seed must be a whole number, not float"),
    "a number for a pattern": (told(GOOD, only=1), KindError, "hunt: only must be a string, not int"),
    "a pattern of nothing": (
        told(GOOD, only="cos"),
        RangeError,
        "hunt: only must match a name of spec.py; it is 'cos'",
    ),
    "no file": (call(hunt, "gone.py", "."), NoFileError, "hunt: there is no file gone.py"),
    "a library that is not installed": (
        told("import no_library"),
        FileError,
        "hunt: spec.py cannot be run: ModuleNotFoundError: No module named 'no_library'",
    ),
    "no targets": (
        told(""),
        KindError,
        "hunt: spec.py must define TARGETS, a list of Targets; TARGETS is None",
    ),
    "functions for targets": (
        told("TARGETS = [SINE]"),
        KindError,
        "hunt: spec.py must define TARGETS, a list of Targets; TARGETS is list",
    ),
    "an empty list of targets": (told("TARGETS = []"), RangeError, "hunt: TARGETS of spec.py must not be empty"),
    "a name twice": (
        told("TARGETS = [Target('sin', SINE, ONE)] * 2"),
        RangeError,
        "hunt: two targets of spec.py have the name sin",
    ),
    "a library for its name": (
        told(f"{GOOD}; LIBRARIES = 'numpy'"),
        KindError,
        "hunt: LIBRARIES of spec.py must be a list of strings, not str",
    ),
    "a library of another name": (
        told(f"{GOOD}; LIBRARIES = ['no-library']"),
        RangeError,
        "hunt: LIBRARIES of spec.py names no-library, which is not installed",
    ),
    "another file for the state": (
        told(GOOD, state="[]"),
        FileError,
        "hunt: state.json is not the state of a hunt; delete it, or name another folder",
    ),
    "another seed": (
        told(GOOD, state='{"seed": 1, "examples": 100, "results": {}}'),
        RangeError,
        "hunt: seed must be 1, as in state.json, or name another folder, not 0",
    ),
    "another number of examples": (
        told(GOOD, state='{"seed": 0, "examples": 5, "results": {}}'),
        RangeError,
        "hunt: examples must be 5, as in state.json, or name another folder, not 100",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_says(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_says(row, np.ones(2))
