"""A hunt: its findings, its reports, the continuation of a run that ended early, and processes that crash or hang."""

import json
import os
import runpy
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from funcnn.testing.__main__ import main
from funcnn.testing.hunt import hunt, schedule
from funcnn.testing.hunt.findings import TargetResult, load_state

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
    def write(targets, libraries="[]", name="spec"):
        path = tmp_path / f"{name}.py"
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
    assert new == [("spec/tan", "WrongGradient"), ("spec/no forward", "Error"), ("spec/never decided", "Inconclusive")]
    known = [(one.target, one.reason) for one in found.known]
    assert known == [("spec/tan, known", "a typing error"), ("spec/no rule", "has no rule")]
    assert found.unseen == (("spec/tan, known", "NotFinite", "it was nan"),)
    assert (found.unfinished, found.examples, found.inconclusive) == ((), 19, 3)
    assert "analytic" in found.new[0].message
    assert found.new[1].message.startswith("ZeroDivisionError: bell")
    last = "7 functions, 19 examples, 3 inconclusive: 3 new findings, 2 known, 1 known issue not seen"
    assert str(found).endswith(f"{last}; 0 functions unfinished")
    assert "not seen: spec/tan, known: NotFinite, known as: it was nan" in str(found)


def test_reports_hold_the_findings(spec, tmp_path):
    hunt(spec(ALL_KINDS, "['numpy']"), tmp_path, workers=0, examples=3)
    plain = json.loads((tmp_path / "findings.json").read_text("utf-8"))
    assert [one["target"] for one in plain["new"]] == ["spec/tan", "spec/no forward", "spec/never decided"]
    assert list(plain["versions"]) == ["numpy"]
    suite = ET.parse(tmp_path / "junit.xml").getroot()
    counts = {name: int(suite.attrib[name]) for name in ("tests", "failures", "skipped")}
    assert counts == {"tests": 7, "failures": 3, "skipped": 2}
    assert {case.attrib["name"] for case in suite if len(case) == 0} == {"sin", "one example"}
    assert {case.attrib["classname"] for case in suite} == {"spec"}
    assert suite.find(".//failure").attrib["type"] == "WrongGradient"
    page = (tmp_path / "findings.md").read_text("utf-8")
    assert "### spec/tan: WrongGradient\n\n3 examples" in page
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

    def outcomes(self, place, seed, most, i):
        self.asked.append((place.name, i))
        if place.name == "tan" and i == 1:
            raise KeyboardInterrupt
        return []

    def close(self):
        self.asked.append("closed")


def test_an_interrupted_run_keeps_what_was_done(tmp_path):
    state, stops = load_state(tmp_path / "state.json", 0, 2), Stops()
    names = ["sin", "tan", "cos"]
    state.results = {name: TargetResult(name) for name in names}
    with pytest.raises(KeyboardInterrupt):
        schedule.run(state, {name: schedule.TargetPlace("spec.py", name) for name in names}, [stops], 60, print)
    assert stops.asked == [("sin", 0), ("sin", 1), ("tan", 0), ("tan", 1), "closed"]
    again = load_state(tmp_path / "state.json", 0, 2)
    assert list(again.results) == ["sin"]
    assert again.results["sin"].complete


class Clock:
    """A time in which an example of a slow function takes 3 seconds, and of a quick one 1 second."""

    now = 0

    def monotonic(self):
        return self.now

    def outcomes(self, place, seed, most, i):
        self.now += 3 if place.name.startswith("slow") else 1
        return []

    def close(self):
        pass


def test_slow_functions_share_what_quick_ones_leave(tmp_path, monkeypatch):
    state, clock = load_state(tmp_path / "state.json", 0, 5), Clock()
    monkeypatch.setattr(schedule, "time", clock)
    names, lines = ["slow", "quick", "also quick", "slow, too"], []
    state.results = {name: TargetResult(name) for name in names}
    schedule.run(state, {name: schedule.TargetPlace("spec.py", name) for name in names}, [clock], 39, lines.append)
    assert lines[0] == "slow: 4 examples"  # the first one, and those that begin in a quarter of the other 36 seconds
    assert lines[-1] == "slow: 5 examples"
    assert [state.results[name].examples for name in names] == [5, 5, 5, 5]
    assert clock.now == 40


def test_each_mistake_of_an_example_is_counted(spec, tmp_path):
    two = "lambda args, dA: [2.0 * np.cos(args[0]).astype(np.float64) * dA]"
    path = spec(f'Target("two", (np.sin, {two}), ONE, known={{"WrongDtype": "of NumPy"}})')
    found = hunt(path, tmp_path / "out", workers=0, examples=3)
    assert [(one.kind, one.count) for one in (*found.new, *found.known)] == [("WrongGradient", 3), ("WrongDtype", 3)]


def test_a_folder_stands_for_its_specs(spec, tmp_path):
    path = spec('Target("sin", sin, ONE)', "['numpy']", name="one")
    spec('Target("sin", sin, ONE), Target("tan", tan, ONE)', "['attrs']", name="two")
    (tmp_path / "helpers.py").write_text("import no_library", "utf-8")
    found = hunt(tmp_path, tmp_path / "out", workers=1, examples=1)
    assert found.targets == ("one/sin", "two/sin", "two/tan")
    assert [*found.versions] == ["numpy", "attrs"]
    assert hunt([path], tmp_path / "out", workers=0, examples=1).targets == ("one/sin",)
    found = hunt([path, tmp_path / "two.py"], tmp_path / "out", workers=0, examples=1, only="two/*")
    assert found.targets == ("one/sin", "two/sin", "two/tan")  # the results of an earlier run stay


def test_a_spec_may_define_its_targets_in_a_block_or_import_them(spec, tmp_path, monkeypatch):
    path = spec('Target("sin", sin, ONE)')
    path.write_text(
        path.read_text("utf-8").replace("TARGETS =", "with np.errstate(all='ignore'):\n    TARGETS ="), "utf-8"
    )
    (tmp_path / "again.py").write_text("import json\nfrom spec import TARGETS", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert hunt(tmp_path, tmp_path / "out", workers=0, examples=1).targets == ("again/sin", "spec/sin")


BEFORE = """
def wave(x):
    return SCALE * np.sin(x) if abs(x).max() < 9 else x

def scaled(factor):
    return lambda args, dA: [factor * dA * np.cos(args[0])]

SCALE = 2.0
TARGETS = [Target("wave", (wave, scaled(2.0)), ONE, domain={"x": (None, 99)}, known={"Hung": "slow"})]
"""
CHANGES = {
    "nothing": ("", "", False),
    "a comment": ("SCALE =", "# of waves\nSCALE =", False),
    "a reason": ("slow", "in float32", False),
    "another target": ("TARGETS = [", "TARGETS = [Target('sin', sin, ONE), ", False),
    "the code": ("np.sin(x)", "np.sin(x + 0)", True),
    "a constant of the code": ("< 9", "< 8", True),
    "a constant outside": ("SCALE = 2.0", "SCALE = 2.5", True),
    "code in a function": ("factor * dA", "dA * factor", True),
    "a constant in a closure": ("scaled(2.0)", "scaled(2.5)", True),
    "an option": ("99", "98", True),
    "the arguments": ("ONE, d", "fst.tensors('m n'), d", True),
    "arguments that cannot be drawn": ("ONE, d", "ONE.map(refuses(ValueError())), d", True),
    "a version": ("TARGETS =", "LIBRARIES = ['numpy']\nTARGETS =", True),
}


@pytest.mark.parametrize(("old", "new", "again"), CHANGES.values(), ids=CHANGES)
def test_what_has_changed_is_checked_again(tmp_path, old, new, again):
    path, lines = tmp_path / "spec.py", []
    for text in (BEFORE, BEFORE.replace(old, new)):
        path.write_text(HEAD + text, "utf-8")
        lines.clear()
        hunt(path, tmp_path / "out", workers=0, examples=1, show=lines.append)
    assert any(line.startswith("spec/wave: 1 example") for line in lines) == again


def test_a_function_that_reads_what_has_no_hash_is_told_by_its_own_code(tmp_path):
    held = "from threading import Lock\nHELD = Lock()\nTARGETS = [Target('held', (lambda x: HELD and x, sin[1]), ONE)]"
    path, lines = tmp_path / "spec.py", []
    for text, runs in ((held, 1), (held, 1), (held.replace("and x", "and 1 * x"), 2)):
        path.write_text(HEAD + text, "utf-8")
        hunt(path, tmp_path / "out", workers=0, examples=1, show=lines.append)
        assert len(lines) == runs


def test_only_the_named_functions_run(spec, tmp_path):
    found = hunt(spec(ALL_KINDS), tmp_path, workers=0, examples=1, only="tan*")
    assert found.targets == ("spec/tan", "spec/tan, known")


def test_a_crash_and_a_hang_are_findings(spec, tmp_path):
    path = spec(
        'Target("crash", (lambda x: os._exit(3), sin[1]), ONE), Target("sin", sin, ONE),'
        'Target("hang", (lambda x: time.sleep(600) if len(x) > 1 else x, lambda args, dA: [dA]), ONE)'
    )
    lines = []
    found = hunt(path, tmp_path, examples=3, patience=4, show=lines.append)
    kinds = {one.target: one.kind for one in found.new}
    assert (kinds["spec/crash"], kinds["spec/hang"]) == ("Crashed", "Hung")
    assert found.unfinished == ()
    assert len(lines) == 3


def test_a_worker_ends_with_its_parent(monkeypatch):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    schedule._end_after(None)  # the process that a person started
    assert ended == []
    schedule._end_after(Ended())
    assert ended == [1]


class Ended:
    """A process that has ended."""

    def join(self):
        pass


def test_a_worker_begins_with_the_spec(spec):
    assert schedule._begin(str(spec('Target("sin", sin, ONE)'))) == os.getpid()


@pytest.mark.parametrize(("name", "code"), [("sin", 0), ("tan", 1), ("gone", 2)])
def test_the_exit_code_says_whether_findings_are_new(spec, tmp_path, capsys, name, code):
    words = [str(spec(ALL_KINDS)), "--only", name, "--workers", "0", "--examples", "1"]
    assert main(["hunt", *words, "--folder", str(tmp_path)]) == code
    assert "hunt: only must match" in capsys.readouterr().err if code == 2 else not capsys.readouterr().err


def test_the_package_is_a_command(spec, tmp_path, monkeypatch):
    words = ["hunt", str(spec('Target("sin", sin, ONE)')), "--workers", "0", "--examples", "1"]
    monkeypatch.delitem(sys.modules, main.__module__)  # which runpy refuses to run once more
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
    "mygrad": "softmax*",
    "thinc": "Dish*",
    "statsmodels": "copula Frank*",
    "sklearn": "sgd.*",
}


@pytest.mark.parametrize(("library", "only"), SAMPLE.items())
def test_a_sample_of_the_specs_has_no_new_finding(library, only, tmp_path):
    pytest.importorskip(library, reason="its functions are checked")
    spec = Path(__file__).parents[1] / "hunts" / f"{library}.py"
    found = hunt(spec, tmp_path, workers=0, examples=2, only=only)
    assert found.targets
    assert found.new == ()
