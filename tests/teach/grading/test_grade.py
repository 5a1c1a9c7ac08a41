"""`grade`: whose functions are tested by what, in which folders, and the forms of the marks."""

import csv
import io
import json
import os
import sys

import pytest

from funcnn.errors import FileError
from funcnn.teach import grade
from funcnn.teach.__main__ import main
from funcnn.teach.grading.confinement import PROMISES
from funcnn.teach.grading.grade import _paper
from funcnn.teach.grading.marking import marks
from funcnn.teach.grading.marks import NBGRADER, Mark, Marks, Paper
from tests.counts import in_full
from tests.teach.grading.classes import DOUBLE, HEAD, LAYER, RIGHT, SHEET, SQUARE, write

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="files are marked in processes")


@pytest.fixture
def marked(tmp_path):
    """The marks of a text, in this process: of each exercise the number, the state and the message."""

    def marked(text, sheet=SHEET, seed=0, seconds=10):
        folder = write(tmp_path, sheet, ada=text)
        return list(marks(str(tmp_path / "unit.py"), str(folder / "ada" / "unit.py"), seed, seconds, 2**30))

    return marked


def states(lines):
    return [line["state"] for line in lines if "number" in line]


def test_what_a_learner_wrote_is_tested_and_what_is_not_there_is_open(marked):
    lines = marked(HEAD + SQUARE)
    assert lines[0] == {
        "exercises": [
            {"title": "Double", "points": 1.0},
            {"title": "Repair", "points": 2},
            {"title": "A layer", "points": 1.0},
        ]
    }
    assert states(lines) == ["open", "done", "open"]


def test_a_wrong_result_has_the_message_of_the_test_and_an_error_its_line(marked):
    lines = marked(HEAD + "def double(x):\n    return x[5]\n" + LAYER.replace("dA * params.w)", "dA)"))
    assert states(lines) == ["wrong", "wrong", "wrong"]
    [_, _, double, square, layer] = [line.get("message", "") for line in lines]
    assert double.endswith("out of bounds for axis 0 with size 3\nline 7: return x[5]")
    assert square.startswith("WrongGradient: square: dx, 2 of 2 entries wrong")
    assert layer.startswith("WrongGradient: Scale: dx")


@in_full
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:\n", "the file cannot be run: SyntaxError: invalid syntax (unit.py, line 1)"),
        (
            "\nimport scipy\n",
            "scipy cannot be imported here, only NumPy, funcnn and what Python has (line 2: import scipy)",
        ),
        ("import os\nos._exit(3)\n", "the file cannot be run: Python ended with the code 3, as by os._exit()"),
        ("import ctypes\nctypes.string_at(0)\n", "Python ended by the signal SIGSEGV, as by os._exit()"),
        ("while True: pass\n", "the file cannot be run: it took longer than 2 seconds; does a loop never end?"),
    ],
)
def test_a_file_that_cannot_be_run_is_wrong_as_a_whole(marked, text, message):
    lines = marked(text, seconds=2)
    assert len(lines) == 2
    assert lines[1]["wrong"].endswith(message)


def test_after_an_end_the_process_starts_again(marked):
    text = RIGHT.replace("return 2 * x", "import os; os._exit(0)")
    lines = marked(text)
    assert states(lines) == ["wrong", "done", "done"]
    assert lines[2]["message"] == "Python ended with the code 0, as by os._exit()"


def test_a_seed_gives_other_numbers(marked):
    text = HEAD + "def double(x):\n    return np.array([0.251460443, -0.264209735, 1.280845298])\n"
    assert states(marked(text))[0] == "done"


def test_a_number_of_one_seed_is_wrong_for_another(marked):
    text = HEAD + "def double(x):\n    return np.array([0.251460443, -0.264209735, 1.280845298])\n"
    assert states(marked(text, seed=1))[0] == "wrong"


CELL = """
from funcnn.layers import Identity

@record
class Inner(Identity):
    w: Array

@record
class Mine:
    inner: Inner
    power: int = 1
    seen: int = state(default=0)

@forward.register(Mine)
def f(params, x):
    return x * params.inner.w, {"x": x, "kept": object()}

@backward.register(Mine)
def b(params, cache, dA):
    inner = gradient(params.inner, w=(dA * cache["x"]).sum(axis=0))
    return Grads(gradient(params, inner=inner, seen=params.seen + 1), dA * params.inner.w)

def example(scale, *parts, name="Mine", **others):
    assert (parts, others, Dense) == ((2,), {"deep": True}, type(others["deep"] and DENSE))
    return Mine(Inner(scale * np.ones(2))), np.ones((3, 2))

DENSE = Dense(np.ones((2, 2)), np.ones(2))
"""
OPEN = f"""{HEAD}
from funcnn import sgd, mse, parameters

@record
class Mine:
    w: Array

@forward.register(Mine)
def mine_forward(params, x):
    raise NotImplementedError

@backward.register(Mine)
def mine_backward(params, cache, dA):
    raise NotImplementedError

def example(scale, *parts, name="Mine", **others):
    raise NotImplementedError

@exercise("A layer of your choice", page="one")
def test_mine():
    layer, x = example(2.0, 2, name="Mine", deep=True)
    assert isinstance(layer, Mine), layer
    bases = [base.__name__ for base in type(layer.inner).__mro__ if base.__module__.startswith("funcnn.")]
    assert bases == ["Identity", "Elementwise"]
    assert list(parameters(layer)) == ["inner.w"]
    out, cache = forward(layer, x)
    layer = sgd(layer, backward(layer, cache, np.ones((3, 2))), 0.5)
    assert layer.inner.w.tolist() == [0.5, 0.5]
    assert (layer.seen, layer.power, out.tolist()[0]) == (1, 1, [2, 2])
    check_layer(Mine(layer.inner, power=2), x)
"""


def test_a_layer_may_have_other_fields_bases_states_and_layers_inside(marked):
    lines = marked(HEAD + CELL, OPEN)
    assert states(lines) == ["done"], lines


RULE = f"""{HEAD}
@record
class Scale:
    w: Array

@forward.register(Scale)
def scale_forward(params, x):
    return x * params.w, x

@backward.register(Scale)
def scale_backward(params, cache, dA):
    raise NotImplementedError(scale_backward)

@exercise("Its backward pass", page="one")
def test_scale():
    check_layer(Scale(np.array([2.0])), np.array([[1.0], [3.0]]))
"""


def test_of_a_layer_with_a_given_rule_only_the_other_one_is_the_learners(marked):
    lines = marked(RIGHT.replace("x * params.w, x", "0 * x, x"), RULE)
    assert states(lines) == ["done"], lines


@pytest.mark.parametrize(
    ("sheet", "error"),
    [
        ("import nothing\n", "unit.py cannot be run: ModuleNotFoundError: No module named 'nothing'"),
        (
            HEAD + DOUBLE + "@exercise('D', page='1')\ndef test_d():\n    double(1)\n",
            "unit.py calls nothing that a learner writes",
        ),
    ],
)
def test_a_teachers_file_that_tests_nothing_is_an_error(marked, sheet, error):
    assert marked(RIGHT, sheet)[-1 if "exercise" not in sheet else -2]["error"].endswith(error)


def test_if_the_learners_process_does_not_start_it_is_not_the_learners_mistake(marked, monkeypatch):
    monkeypatch.setattr("funcnn.teach.grading.proxies.command", lambda *_: [sys.executable, "-c", "exit(1)"])
    error = "the process for learners' files does not start: Python ended with the code 1, as by os._exit()"
    assert marked(RIGHT)[-1] == {"error": error}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of a class, laid out as nbgrader does; the tests are in `exercises` of the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / "unit.py").write_text(SHEET.partition("\n@record")[0], "utf-8")
    for learner, text in {"ada": HEAD + DOUBLE + SQUARE, "bob": HEAD + DOUBLE}.items():
        place = tmp_path / "submitted" / learner / "ps1"
        place.mkdir(parents=True)
        (place / "unit.py").write_text(text, "utf-8")
        (place / "notes.py").write_text("", "utf-8")
    (place / "timestamp.txt").write_text("2030-02-01 10:00:00 UTC\n", "utf-8")
    return tmp_path / "submitted"


def test_the_command_prints_a_line_for_each_file_and_writes_all_forms(folder, capsys):
    forms = ["json", "csv", "gradescope", "nbgrader"]
    assert (
        main(["grade", str(folder), "--workers", "1", *[word for form in forms for word in (f"--{form}", f"m.{form}")]])
        == 0
    )
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == ["ada  ps1  ++  3 of 3", "bob  ps1  +-  1 of 3"]
    assert printed[2] == f"left out: {folder / 'ada' / 'ps1' / 'notes.py'}"
    found = {form: (folder.parent / f"m.{form}").read_text("utf-8") for form in forms}
    assert [paper["points"] for paper in json.loads(found["json"])["papers"]] == [3, 1]
    assert found["csv"] == "learner,unit,points,most,1,2\nada,ps1,3.0,3.0,1.0,2.0\nbob,ps1,1.0,3.0,1.0,0.0\n"
    rows = list(csv.DictReader(io.StringIO(found["nbgrader"])))
    assert list(rows[0]) == list(NBGRADER)
    picked = [(row["assignment"], row["student_id"], row["timestamp"], row["score"], row["max_score"]) for row in rows]
    assert picked == [("ps1", "ada", "", "3.0", "3.0"), ("ps1", "bob", "2030-02-01 10:00:00 UTC", "1.0", "3.0")]
    results = json.loads(found["gradescope"])
    assert [(test["score"], test["max_score"], test["status"], test["number"]) for test in results["tests"]] == [
        (1.0, 1.0, "passed", "1.1"),
        (2, 2, "passed", "1.2"),
        (1.0, 1.0, "passed", "2.1"),
        (0, 2, "failed", "2.2"),
    ]
    assert results["tests"][3]["output"].startswith("WrongGradient")
    assert results["output"] == "left out: notes.py\nleft out: notes.py"


def test_a_flat_folder_has_a_file_for_each_learner(tmp_path):
    (tmp_path / "unit.py").write_text(SHEET, "utf-8")
    (tmp_path / "class").mkdir()
    for name in ("unit.py", "ada_unit.py", "bob.py"):
        (tmp_path / "class" / name).write_text("", "utf-8")
    table = tmp_path / "marks.csv"
    assert main(["grade", str(tmp_path / "class"), "--tests", str(tmp_path / "unit.py"), "--csv", str(table)]) == 0
    rows = table.read_text("utf-8").splitlines()[1:]
    assert [row.split(",")[:2] for row in rows] == [["ada", "unit"], ["bob", "unit"], ["class", "unit"]]


MARKS = (Mark(1, "Double", 2.0, "done", ""), Mark(2, "Repair", 1.0, "open", ""))


def test_what_is_not_guaranteed_is_said_in_all_that_is_read():
    held = dict.fromkeys(PROMISES, True) | {"network": False}
    found = Marks((Paper("a/unit.py", "ada", "unit", MARKS, held, 1.0),), (), 7)
    said = "not guaranteed: it has no network"
    assert str(found) == f"ada  unit  +.  2 of 3\n{said}"
    assert json.loads(found.json())["not_guaranteed"] == [said]
    results = json.loads(found.gradescope())
    assert results["extra_data"] == {"seed": 7, "not_guaranteed": [said]}
    assert [test["output"] for test in results["tests"]] == ["done", "not begun"]


@in_full
def test_if_the_process_of_the_tests_takes_too_long_what_was_marked_counts(tmp_path, monkeypatch):
    sheet = SHEET + "\n@exercise('Wait', page='four')\ndef test_wait():\n    __import__('time').sleep(99)\n"
    folder = write(tmp_path, sheet, ada=RIGHT)
    monkeypatch.setattr("funcnn.teach.grading.grade.SPARE", -12)
    paper = _paper(folder, folder / "ada" / "unit.py", tmp_path / "unit.py", 0, 2.0, 2**30)
    assert [mark.state for mark in paper.marks] == ["done", "done", "done", "wrong"]
    assert paper.marks[3].message == "the tests took too long"


def test_if_the_process_of_the_tests_ends_before_there_are_marks_it_is_an_error(tmp_path):
    folder = write(tmp_path, "import os\nos._exit(3)\n", ada=RIGHT)
    with pytest.raises(FileError, match="cannot be run: the process of the tests ended"):
        grade(folder, tests=tmp_path / "unit.py")


def test_on_windows_the_process_is_ended_without_its_group(tmp_path, monkeypatch):
    monkeypatch.setattr("funcnn.teach.grading.grade.sys.platform", "win32")
    assert grade(write(tmp_path, ada=RIGHT), tests=tmp_path / "unit.py").papers[0].points == 4
