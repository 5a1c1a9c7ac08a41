"""Error messages for files of exercises that cannot be checked, pinned word for word."""

from functools import partial
from pathlib import Path

import pytest

from funcnn.errors import NoFileError
from funcnn.teach import check, exercise, expect, grade
from funcnn.teach.__main__ import main
from tests.says import assert_says, each_row, file_error, kind_error, raises, range_error

HERE = str(Path(__file__).parents[1])
HEAD = "from funcnn.teach import exercise\n"
GOOD = "@exercise('Do', page='one')\ndef test_do():\n    pass\n"


def checked(text):
    """A check of a file of this text."""

    def act():
        Path("unit.py").write_text(text, "utf-8")
        check("unit.py")

    return act


def alone(number):
    """A check of an exercise of a file that has one."""

    def act():
        Path("unit.py").write_text(HEAD + GOOD, "utf-8")
        check("unit.py", exercise=number)

    return act


def classed(name, tests):
    """Marks of a class with one file."""

    def act():
        for folder, file, text in (("class", name, ""), ("tests", "unit.py", tests)):
            Path(folder).mkdir()
            Path(folder, file).write_text(text, "utf-8")
        grade("class", tests="tests")

    return act


ROWS = [
    raises(NoFileError, lambda: check(f"{HERE}/gone.py")) >> f"check: there is no file {HERE}/gone.py",
    raises(NoFileError, lambda: check(HERE)) >> f"check: there is no file {HERE}",
    range_error(alone(2)) >> "check: exercise must be from 1 to 1, the number of exercises in unit.py, not 2",
    range_error(alone(0)) >> "check: exercise must be from 1 to 1, the number of exercises in unit.py, not 0",
    file_error(checked("def f(:\n")) >> "check: unit.py cannot be run: SyntaxError: invalid syntax (unit.py, line 1)",
    file_error(checked("\nimport no_library\n"))
    >> "check: unit.py cannot be run: ModuleNotFoundError: No module named 'no_library' (line 2: import no_library)",
    file_error(checked("raise SystemExit")) >> "check: unit.py cannot be run: SystemExit (line 1: raise SystemExit)",
    range_error(checked("def test_do():\n    pass\n"))
    >> "check: unit.py must have a function below @exercise(...); it has none",
    kind_error(checked(HEAD + GOOD + "NEXT = 2")) >> "check: NEXT of unit.py must be a string, not int",
    range_error(lambda: check("unit.py", seconds=0)) >> "check: seconds must be finite and above 0, not 0",
    range_error(lambda: exercise("Do", page="one", points=0)(len))
    >> "exercise: points must be finite and above 0, not 0",
    raises(NoFileError, lambda: grade("gone", tests=HERE + "/teach")) >> "grade: there is no folder gone",
    raises(NoFileError, lambda: grade("gone", tests="none"))
    >> "grade: there is no folder none with files of tests; pass tests",
    range_error(classed("x.py", GOOD)) >> "grade: class must have a file whose name ends in unit.py; it has none",
    file_error(classed("unit.py", "def f(:\n"))
    >> "grade: unit.py cannot be run: SyntaxError: invalid syntax (unit.py, line 1)",
    file_error(classed("unit.py", HEAD + GOOD))
    >> "grade: the test of exercise 1 of unit.py calls nothing that a learner writes",
    kind_error(lambda: expect(1, 2, 2)) >> "expect: what must be a string, not int",
    range_error(lambda: expect("dW", 2, 2, tolerance=0)) >> "expect: tolerance must be finite and above 0, not 0",
    kind_error(lambda: exercise("Do", page="one")(Path)) >> "exercise: the test must be a function, not the class Path",
    kind_error(lambda: exercise("Do", page="one")(partial(checked)))
    >> "exercise: the test must be a function, not partial",
    kind_error(lambda: exercise("Do", page="one")(checked))
    >> "exercise: the test must be a function without arguments, not checked(text)",
]


@each_row(ROWS)
def test_it_says_what_is_needed_and_what_was_given(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_says(row)


def test_the_command_prints_the_sentence_and_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["check", "gone.py"]) == 2
    assert capsys.readouterr().err == f"check: there is no file gone.py in the folder {tmp_path}\n"
    with pytest.raises(SystemExit, match="2"):
        main(["check"])
    assert "the following arguments are required: file" in capsys.readouterr().err
