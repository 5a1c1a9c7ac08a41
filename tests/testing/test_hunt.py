"""A hunt: its findings, its reports, the continuation of a run that ended early, and processes that crash or hang."""

import json
import os
import runpy
import shlex
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from funcnn.testing.__main__ import main
from funcnn.testing.hunt import hunt, output, schedule
from funcnn.testing.hunt.example import ExampleOutcome
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
    cases = suite.findall("testcase")
    assert {case.attrib["name"] for case in cases if len(case) == 0} == {"sin", "one example"}
    assert {case.attrib["classname"] for case in cases} == {"spec"}
    assert {case.attrib["file"] for case in cases} == {str(tmp_path / "spec.py")}
    assert [one.attrib["name"] for one in suite.iter("property")] == ["numpy"]
    assert suite.find(".//failure").attrib["type"] == "WrongGradient"
    page = (tmp_path / "findings.md").read_text("utf-8")
    assert "### spec/tan: WrongGradient\n\n3 examples" in page
    assert "\na typing error\n" in page
    assert page.count("```") == 2 * 5


def test_specs_without_their_library_are_left_out_on_demand(spec, tmp_path, capsys):
    spec('Target("sin", sin, ONE)')
    spec('Target("sin", sin, ONE)', "['no-library']", "unlucky")
    words = ["hunt", str(tmp_path), "--folder", str(tmp_path), "--workers", "0", "--examples", "1"]
    assert main(words) == 2
    assert main([*words, "--installed", "--only", "unlucky/*"]) == 2
    assert f"a target in {tmp_path / 'spec.py'}, not" in capsys.readouterr().err
    assert main([*words, "--installed"]) == 0
    why = f"LIBRARIES of {tmp_path / 'unlucky.py'} names no-library, which is not installed"
    assert f"left out: {why}\n" in capsys.readouterr().out
    assert f"## Specs left out\n\n- {why}\n" in (tmp_path / "findings.md").read_text("utf-8")
    suite = ET.parse(tmp_path / "junit.xml").getroot()
    assert (suite.attrib["tests"], suite.attrib["skipped"]) == ("2", "1")
    assert suite.find(".//testcase[@classname='unlucky']/skipped").attrib["message"] == why


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
    assert {name: (result.examples, result.complete) for name, result in again.results.items()} == {
        "sin": (2, True),
        "tan": (1, False),
    }


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


@pytest.fixture
def scheduled(tmp_path, monkeypatch):
    """A run with a clock as its worker: the lines that it shows, and the examples of each function."""

    def act(clock, names, seconds, most):
        state, lines = load_state(tmp_path / "state.json", 0, most), []
        monkeypatch.setattr(schedule, "time", clock)
        state.results = {name: TargetResult(name) for name in names}
        places = {name: schedule.TargetPlace("spec.py", name) for name in names}
        schedule.run(state, places, [clock], seconds, lines.append)
        return lines, [state.results[name].examples for name in names]

    return act


def test_slow_functions_share_what_quick_ones_leave(scheduled):
    clock = Clock()
    lines, examples = scheduled(clock, ["slow", "quick", "also quick", "slow, too"], 39, 5)
    assert lines[0] == "slow: 4 examples"  # the first at 3 s, and those that begin in (36 - 3 * 3) / 4 seconds
    assert lines[-1] == "slow: 5 examples"
    assert examples == [5, 5, 5, 5]
    assert clock.now == 40


def test_time_is_left_for_the_first_examples_of_the_others(scheduled):
    clock = Clock()
    lines, _ = scheduled(clock, ["quick", "slow", "slow, too", "slow as well"], 14, 20)
    # of 13 seconds, 3 times 1 are left for the first examples, as long as that of quick: 2.5 are its share
    assert lines == ["quick: 4 examples", "slow: 2 examples", "slow, too: 1 example", "slow as well: 1 example"]
    assert clock.now == 16


class Undecided(Clock):
    """A clock of which the slow function is decided by its fourth example, and another one by none."""

    def outcomes(self, place, seed, most, i):
        super().outcomes(place, seed, most, i)
        decided = place.name == "quick" or (place.name == "slow" and i == 3)
        return [] if decided else [ExampleOutcome("Inconclusive", "rough")]


def test_examples_that_decide_nothing_are_followed_by_more(scheduled):
    lines, _ = scheduled(Undecided(), ["slow", "rough", "quick"], 30, 40)
    assert lines == ["slow: 4 examples, Inconclusive", "rough: 16 examples, Inconclusive", "quick: 2 examples"]


def test_each_mistake_of_an_example_is_counted(spec, tmp_path):
    two = "lambda args, dA: [2.0 * np.cos(args[0]).astype(np.float64) * dA]"
    path = spec(f'Target("two", (np.sin, {two}), ONE, known={{"WrongDtype": "of NumPy"}})')
    found = hunt(path, tmp_path / "out", workers=0, examples=3)
    assert [(one.kind, one.count) for one in (*found.new, *found.known)] == [("WrongGradient", 3), ("WrongDtype", 3)]


SUMS = """
def squares(x, W, y):
    return ((x @ W - y) ** 2).sum()

def squares_vjp(args, dA, wrong=slice(None)):
    x, W, y = args
    d = 2 * dA * (x @ W - y)
    kept = np.where(abs(d) > 1e6, 0.0, d)
    return [d @ W.T, x.T @ kept, -d]

def square_vjp(args, dA):
    (x,) = args
    return [2 * dA * np.where(x > 2, 2.0, x)]

def at(*outliers, m=8):
    x, W, y = np.linspace(-1, 1, 3 * m).reshape(m, 3), np.ones((3, 2)), np.zeros((m, 2))
    for i in outliers:
        y[i] = 1e7
    return st.just([x, W, y])

def total(x):
    return (x * x).sum() if x.size != 4 else {"sum": (x * x).sum()}

def total_vjp(args, dA):
    return [2 * np.where(args[0] > 2, 0, args[0]) * (dA if args[0].size != 4 else dA["sum"])]

sums = (squares, squares_vjp)
TARGETS = [
    Target("row", sums, at(5)),
    Target("rows", sums, at(4, 5)),
    Target("one row", sums, at(0, m=1)),
    Target("rows of a matrix of as many rows", sums, at(2, m=3)),
    Target("entry", (total, total_vjp), st.just([np.array([1.0, 3.0, 2.0])])),
    Target("sum, unnamed", (np.sum, total_vjp), st.just([np.array([1.0, 3.0, 2.0])])),
    Target("a tree", (total, total_vjp), st.just([np.array([1.0, 3.0, 2.0, 4.0])])),
    Target("no sum", (np.square, square_vjp), st.just([np.array([1.0, 3.0])])),
    Target("all", (total, lambda args, dA: [dA * args[0]]), st.just([np.array([1.0, 1.0, 0.0])])),
]
"""


def test_the_wrong_rows_of_a_sum_are_found_by_bisection(tmp_path):
    path = tmp_path / "spec.py"
    path.write_text(HEAD + SUMS, "utf-8")
    found = hunt(path, tmp_path / "out", workers=0, examples=1)
    ends = {one.target: one.message.rpartition("\n")[2] for one in found.new if one.kind == "WrongGradient"}
    for name, rows in {
        "row": "row 5 of x, y alone",
        "rows": "row 4 of x, y alone",
        "rows of a matrix of as many rows": "row 2 of x, y alone",
        "entry": "row 1 of x alone",
        "sum, unnamed": "row 0 of a alone",
        "all": "row 0 of x alone",
    }.items():
        assert ends[f"spec/{name}"] == f"    {rows}: the same kind of mistake"
    for name in ("one row", "a tree", "no sum"):
        assert "alone" not in ends[f"spec/{name}"]


def test_modules_are_covered(tmp_path, monkeypatch):
    (tmp_path / "quarry.py").write_text(PREY, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "spec.py"
    path.write_text(HEAD + COVERED, "utf-8")
    found = hunt(path, tmp_path / "out", workers=0, examples=2)
    line = "quarry: 10 of 13 functions checked; without a derivative: ruleless; not checked: crooked, same"
    assert [*map(str, found.coverage)] == [line, "string: 0 of 1 function checked; not checked: capwords"]
    assert f"\n{line}\n" in str(found)
    assert f"\n- {line}\n" in (tmp_path / "out" / "findings.md").read_text("utf-8")


PREY = """
import functools
from math import cos  # of another library
import numpy as np

class Meta(type):
    def __call__(cls, x):
        return np.tanh(x)

class tanh(metaclass=Meta):
    pass

class Layer:
    pass

def double(x): return 2 * x
def triple(x): return 3 * x
def plain(x): return x
def same(x): return plain(x)
def ruleless(x): return np.sin(x)
def crooked(x): raise ValueError
def in_lambda(x): return x
def in_import(x): return x
def in_list(x): return x
def in_partial(a, x): return a * x
def in_default(x): return x
@functools.lru_cache
def cached(): return 2.0
_hidden = double
constant = 1.0
"""
COVERED = """
import functools, quarry
one, two = (lambda args, dA: [dA]), (lambda args, dA: [2 * dA])

def imports(x):
    from quarry import in_import
    return in_import(x)

def recurs(x, n=1):
    def again(x, n):
        return again(x, n - 1) if n else x
    return again(x, n)

class Holder:
    def method(self, x):
        return quarry.in_default(x)

LISTED = [quarry.in_list]
MODULES = ["quarry", "string"]
TARGETS = [
    Target("double", (quarry.double, two), ONE),
    Target("wrong", (quarry.triple, two), ONE),
    Target("no rule", (quarry.ruleless, refuses(NotImplementedError("of it"))), ONE),
    Target("crooked", (quarry.crooked, one), ONE),
    Target("lambda", (lambda x: np.add(quarry.in_lambda(x), quarry.in_lambda.twice) if x is None else x, one), ONE),
    Target("import", (imports, one), ONE),
    Target("list", (lambda x: LISTED[0](x), one), ONE),
    Target("recurs", (recurs, one), ONE),
    Target("partial", (functools.partial(quarry.in_partial, 2.0), two), ONE),
    Target("method", (Holder().method, one), ONE),
    Target("tanh", (lambda x: [f(x) for f in (quarry.tanh,)][0], lambda args, dA: [dA / np.cosh(args[0]) ** 2]), ONE),
    Target("cached", (lambda x: quarry.cached() * x, two), ONE),
    Target("plain", (quarry.plain, one), ONE),
]
"""


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


def test_an_array_that_cannot_be_written_to_bytes_is_told_by_the_code_that_reads_it(tmp_path):
    """An array with units, such as astropy's, raises NotImplementedError."""
    kind = "class Units(np.ndarray):\n    tobytes = refuses(NotImplementedError())\n    __reduce__ = tobytes\n"
    held = "HELD = np.ones(1).view(Units)\nTARGETS = [Target('held', (lambda x: len(HELD) * x, sin[1]), ONE)]"
    (tmp_path / "spec.py").write_text(HEAD + kind + held, "utf-8")
    assert hunt(tmp_path / "spec.py", tmp_path / "out", workers=0, examples=1).targets == ("spec/held",)


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


PRINTING = """
import ctypes, faulthandler, sys
def printing(x):
    print("Python", file=sys.stderr)
    ctypes.CDLL(None).puts(b"C")
    os.write(1, b"descriptor \\x1b\\n")
    if x.size == 5:
        faulthandler._sigsegv()
    return np.tan(x)

wrong = (printing, lambda args, dA: [dA * np.tan(args[0])])
FIVE = st.just([np.ones(5)])
TARGETS = [Target("crash", wrong, FIVE), Target("loud", wrong, ONE), Target("sin", sin, ONE),
           Target("known", wrong, ONE, known={"WrongGradient": "loud"}),
           Target("right", (lambda x: print("all is well") or np.sin(x), sin[1]), ONE)]
"""


@pytest.mark.skipif(os.name != "posix", reason="the library of C has another name")
def test_what_a_target_prints_stands_beside_its_findings(spec, tmp_path, capfd):
    path = spec("")
    path.write_text(HEAD + PRINTING, "utf-8")
    found = hunt(path, tmp_path / "out", examples=2)
    assert capfd.readouterr() == ("", "")
    outputs = {(one.target, one.kind): one.output for one in (*found.new, *found.known)}
    crash = outputs.pop(("spec/crash", "Crashed"))
    assert "Fatal Python error: Segmentation fault" in crash
    assert "in printing" in crash
    assert outputs.keys() == {("spec/loud", "WrongGradient"), ("spec/known", "WrongGradient")}
    for text in outputs.values():
        assert {"Python", "C"} <= {*text.splitlines()}
        assert "descriptor" in text
        assert len(text) <= 4004
    suite = ET.parse(tmp_path / "out" / "junit.xml").getroot()
    assert {case.attrib["name"] for case in suite.findall("testcase") if case.find("system-out") is not None} == {
        "crash: Crashed",
        "loud: WrongGradient",
        "known: WrongGradient",
    }
    page = (tmp_path / "out" / "findings.md").read_text("utf-8")
    assert page.count("\nPrinted:\n") == 3
    assert "all is well" not in page
    assert not [*Path(tempfile.gettempdir()).glob(f"funcnn-hunt-{os.getpid()}-*")]


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


def test_a_worker_begins_with_the_spec(spec, tmp_path, monkeypatch):
    path, printed = str(spec('Target("sin", sin, ONE), Target("tan", tan, ONE)')), []
    monkeypatch.setattr(schedule, "redirect", printed.append)
    assert schedule._begin(path, tmp_path / "printed") == os.getpid()
    assert printed == [tmp_path / "printed"]
    (tmp_path / "printed").write_text("of an earlier example")
    assert output.printed_outcomes(tmp_path / "printed", path, "sin", 0, 1, 0) == []
    (one,) = output.printed_outcomes(tmp_path / "printed", path, "tan", 0, 1, 0)
    assert (one.kind, one.output) == ("WrongGradient", "")


@pytest.mark.parametrize(("name", "code"), [("sin", 0), ("tan", 1), ("gone", 2)])
def test_the_exit_code_says_whether_findings_are_new(spec, tmp_path, capsys, name, code):
    words = [str(spec(ALL_KINDS)), "--only", name, "--workers", "0", "--examples", "1"]
    assert main(["hunt", *words, "--folder", str(tmp_path)]) == code
    assert "hunt: only must match" in capsys.readouterr().err if code == 2 else not capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [(PermissionError("no place"), 2, "no place"), (KeyboardInterrupt(), 130, ""), (ZeroDivisionError("0"), 3, "hunt")],
)
def test_the_exit_code_of_a_hunt_that_ends_early(error, code, said, monkeypatch, capsys):
    def ends(*args, **kwargs):
        raise error

    monkeypatch.setattr("funcnn.testing.__main__.hunt", ends)
    assert main(["hunt", "spec.py"]) == code
    assert said in capsys.readouterr().err


def test_a_command_that_is_wrong_ends_with_2(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["hunt"])
    assert ended.value.code == 2


def test_the_package_is_a_command(spec, tmp_path, monkeypatch):
    words = ["hunt", str(spec('Target("sin", sin, ONE)')), "--workers", "0", "--examples", "1"]
    monkeypatch.delitem(sys.modules, main.__module__)  # which runpy refuses to run once more
    monkeypatch.setattr(sys, "argv", ["funcnn.testing", *words, "--folder", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("funcnn.testing", run_name="__main__")
    assert ended.value.code == 0


def test_the_workflow_on_the_page_is_one_of_github_and_its_commands_run(spec, tmp_path, monkeypatch):
    yaml = pytest.importorskip("yaml", reason="it reads the workflow")
    page = (Path(__file__).parents[2] / "docs" / "hunting.md").read_text("utf-8")
    flow = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    assert len(flow[True]["schedule"][0]["cron"].split()) == 5  # YAML 1.1 reads the key `on` as True
    (job,) = flow["jobs"].values()
    assert all(
        step.keys() <= {"uses", "with", "run", "if"} and ("uses" in step) != ("run" in step) for step in job["steps"]
    )
    uses = {step["uses"].partition("@")[0]: step for step in job["steps"] if "uses" in step}
    restored, saved, uploaded = [
        uses[f"actions/{name}"]["with"] for name in ("cache/restore", "cache/save", "upload-artifact")
    ]
    assert restored["key"] == saved["key"]
    assert saved["key"].startswith(restored["restore-keys"])
    after = next(i for i, step in enumerate(job["steps"]) if "hunt specs" in step.get("run", "")) + 1
    assert {step.get("if") for step in job["steps"][after:]} == {"always()"}
    (tmp_path / "specs").mkdir()
    spec('Target("tan", tan, ONE)').rename(tmp_path / "specs" / "spec.py")
    monkeypatch.chdir(tmp_path)
    _, *words = shlex.split(job["steps"][after - 1]["run"].removeprefix("python -m "))
    assert main([*words, "--examples", "1"]) == 1
    assert {restored["path"], saved["path"], uploaded["path"]} == {"findings"}
    assert {"junit.xml", "findings.md", "state.json"} <= {path.name for path in Path("findings").iterdir()}
    assert [step["run"].split()[1] for step in job["steps"][after:] if "run" in step] == ["findings/findings.md"]


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
