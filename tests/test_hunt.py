"""A hunt: its findings, its reports, the continuation of a run that ended early, and processes that crash or hang."""

import json
import os
import runpy
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from funcnn.testing.hunt import command, hunt, worker
from funcnn.testing.hunt.schedule import run
from funcnn.testing.hunt.state import load_state

HEAD = """
import os, time
import numpy as np
from hypothesis import strategies as st
from funcnn.testing import strategies as fst
from funcnn.testing.hunt import Target

ONE = fst.tensors("n")
sin = (np.sin, lambda args, dA: [dA * np.cos(args[0])])
tan = (np.tan, lambda args, dA: [dA * np.tan(args[0])])


def refuses(error):
    def refuse(*args):
        raise error

    return refuse

"""


@pytest.fixture
def spec(tmp_path):
    def write(targets, libraries="[]"):
        path = tmp_path / "spec.py"
        path.write_text(f"{HEAD}\nLIBRARIES = {libraries}\nTARGETS = [{targets}]\n", "utf-8")
        return path

    return write


ALL_KINDS = """
Target("sin", sin, ONE),
Target("tan", tan, ONE),
Target("tan, known", tan, ONE, known={"WrongGradient": "a typing error", "NotFinite": "it was nan"}),
# Libraries raise this error for a function without a rule.
Target("no rule", (np.sin, refuses(NotImplementedError("of sin"))), ONE, known={"NoDerivative": "has no rule"}),
Target("no forward", (refuses(ZeroDivisionError("bell \\x07 ```")), sin[1]), ONE),
Target("never decided", (np.floor, lambda args, dA: [np.zeros_like(dA)]), ONE.map(lambda args: [np.floor(args[0])])),
Target("one example", sin, st.just([np.ones(2)])),
"""


def test_findings_are_new_known_or_not_seen(spec, tmp_path):
    found = hunt(spec(ALL_KINDS, "['numpy']"), tmp_path / "out", workers=0, examples=3)
    new = [(one.target, one.kind) for one in found.new]
    assert new == [("tan", "WrongGradient"), ("no forward", "Error"), ("never decided", "Inconclusive")]
    known = [(one.target, one.reason) for one in found.known]
    assert known == [("tan, known", "a typing error"), ("no rule", "has no rule")]
    assert found.unseen == (("tan, known", "NotFinite", "it was nan"),)
    assert (found.unfinished, found.examples, found.inconclusive) == ((), 19, 3)
    assert "analytic" in found.new[0].message
    assert found.new[1].message.startswith("ZeroDivisionError: bell")
    last = "7 functions, 19 examples, 3 inconclusive: 3 new findings, 2 known, 1 known issues not seen"
    assert str(found).endswith(f"{last}; 0 functions unfinished")
    assert "not seen: tan, known: NotFinite, known as: it was nan" in str(found)


def test_reports_hold_the_findings(spec, tmp_path):
    hunt(spec(ALL_KINDS, "['numpy']"), tmp_path, workers=0, examples=3)
    plain = json.loads((tmp_path / "findings.json").read_text("utf-8"))
    assert [one["target"] for one in plain["new"]] == ["tan", "no forward", "never decided"]
    assert list(plain["versions"]) == ["numpy"]
    suite = ET.parse(tmp_path / "junit.xml").getroot()
    counts = {name: int(suite.attrib[name]) for name in ("tests", "failures", "skipped")}
    assert counts == {"tests": 7, "failures": 3, "skipped": 2}
    assert {case.attrib["name"] for case in suite if len(case) == 0} == {"sin", "one example"}
    assert suite.find(".//failure").attrib["type"] == "WrongGradient"
    page = (tmp_path / "findings.md").read_text("utf-8")
    assert "### tan: WrongGradient\n\n3 examples" in page
    assert "\na typing error\n" in page
    assert page.count("```") == 2 * 5


def test_an_early_end_is_continued(spec, tmp_path):
    path = spec(ALL_KINDS)
    hunt(path, tmp_path / "whole", workers=0, examples=3)
    first = hunt(path, tmp_path / "parts", workers=0, examples=3, seconds=1e-9)
    assert first.examples == 7  # one of each
    assert len(first.unfinished) == 7
    assert first.unseen == ()
    assert "Inconclusive" not in {one.kind for one in first.new}  # the other examples may be decided
    for _ in range(3):
        last = hunt(path, tmp_path / "parts", workers=0, examples=3, seconds=1e-9)
    assert last.unfinished == ()
    results = [json.loads((tmp_path / name / "state.json").read_text("utf-8")) for name in ("whole", "parts")]
    assert results[0] == results[1]


def test_the_seed_gives_the_examples(spec, tmp_path):
    path = spec('Target("tan", tan, ONE)')
    messages = [hunt(path, tmp_path / str(i), workers=0, examples=3, seed=i // 2).new[0].message for i in range(4)]
    assert messages[0] == messages[1]
    assert messages[2] == messages[3]


def test_arguments_may_be_trees(spec, tmp_path):
    f, vjp = "lambda X: X[0].sum() + X[1].sum()", "lambda args, dA: [[2 * dA + 0 * a for a in args[0]]]"
    path = spec(f'Target("trees", ({f}, {vjp}), st.just([[np.ones(1), np.ones((2, 2))]]))')
    assert [one.kind for one in hunt(path, tmp_path, workers=0, examples=1).new] == ["WrongGradient"]


class Stops:
    """A worker that is interrupted at an example of tan."""

    def __init__(self):
        self.asked = []

    def check(self, name, seed, most, i):
        self.asked.append((name, i))
        if name == "tan" and i == 1:
            raise KeyboardInterrupt
        return worker.Outcome("Passed")

    def close(self):
        self.asked.append("closed")


def test_an_interrupted_run_keeps_what_was_done(tmp_path):
    state, stops = load_state(tmp_path / "state.json", 0, 2), Stops()
    with pytest.raises(KeyboardInterrupt):
        run(state, ["sin", "tan", "cos"], [stops], 60, print)
    assert stops.asked == [("sin", 0), ("sin", 1), ("tan", 0), ("tan", 1), "closed"]
    again = load_state(tmp_path / "state.json", 0, 2)
    assert list(again.results) == ["sin"]
    assert again.results["sin"].complete


def test_only_the_named_functions_run(spec, tmp_path):
    assert hunt(spec(ALL_KINDS), tmp_path, workers=0, examples=1, only="tan*").targets == ("tan", "tan, known")


def test_a_crash_and_a_hang_are_findings(spec, tmp_path):
    path = spec(
        'Target("crash", (lambda x: os._exit(3), sin[1]), ONE), Target("sin", sin, ONE),'
        'Target("hang", (lambda x: time.sleep(600) if len(x) > 1 else x, lambda args, dA: [dA]), ONE)'
    )
    lines = []
    found = hunt(path, tmp_path, examples=3, patience=4, show=lines.append)
    kinds = {one.target: one.kind for one in found.new}
    assert (kinds["crash"], kinds["hang"]) == ("Crashed", "Hung")
    assert found.unfinished == ()
    assert len(lines) == 3


def test_a_worker_ends_with_its_parent(monkeypatch):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    worker._end_after(None)  # the process that a person started
    assert ended == []
    worker._end_after(Ended())
    assert ended == [1]


class Ended:
    """A process that has ended."""

    def join(self):
        pass


def test_a_worker_begins_with_the_spec(spec):
    assert worker._begin(str(spec('Target("sin", sin, ONE)'))) == os.getpid()


@pytest.mark.parametrize(("name", "code"), [("sin", 0), ("tan", 1), ("gone", 2)])
def test_the_exit_code_says_whether_findings_are_new(spec, tmp_path, capsys, name, code):
    words = [str(spec(ALL_KINDS)), "--only", name, "--workers", "0", "--examples", "1"]
    assert command.main(["hunt", *words, "--folder", str(tmp_path)]) == code
    assert "hunt: only must match" in capsys.readouterr().err if code == 2 else not capsys.readouterr().err


def test_the_package_is_a_command(spec, tmp_path, monkeypatch):
    words = ["hunt", str(spec('Target("sin", sin, ONE)')), "--workers", "0", "--examples", "1"]
    monkeypatch.setattr(sys, "argv", ["funcnn.testing", *words, "--folder", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("funcnn.testing", run_name="__main__")
    assert ended.value.code == 0


SAMPLE = {
    "autograd": "max*",
    "torch": "am[ai]x of ties",
    "jax": "special.log_ndtr",
    "optax": "huber_loss",
    "scipy": "erf*",
}


@pytest.mark.parametrize(("library", "only"), SAMPLE.items())
def test_a_sample_of_the_specs_has_no_new_finding(library, only, tmp_path):
    pytest.importorskip(library, reason="its functions are checked")
    spec = Path(__file__).parent / "hunts" / f"{library}.py"
    found = hunt(spec, tmp_path, workers=0, examples=2, only=only)
    assert found.targets
    assert found.new == ()
