"""Error messages for files of exercises that cannot be checked, pinned word for word."""

from functools import partial
from pathlib import Path

import pytest

from funcnn.errors import FileError, KindError, NoFileError, RangeError
from funcnn.teach import check, exercise, expect
from funcnn.teach.command import main
from tests.says import assert_says

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


def call(function, *given, **settings):
    return lambda: function(*given, **settings)


ROWS = {
    "no file": (call(check, f"{HERE}/gone.py"), NoFileError, f"check: there is no file {HERE}/gone.py"),
    "a folder": (call(check, HERE), NoFileError, f"check: there is no file {HERE}"),
    "no exercise of this number": (
        alone(2),
        RangeError,
        "check: exercise must be from 1 to 1 for unit.py, got 2",
    ),
    "exercise 0": (
        alone(0),
        RangeError,
        "check: exercise must be from 1 to 1 for unit.py, got 0",
    ),
    "a file that is not Python": (
        checked("def f(:\n"),
        FileError,
        "check: unit.py cannot be run: SyntaxError: invalid syntax (unit.py, line 1)",
    ),
    "a library that is not installed": (
        checked("\nimport no_library\n"),
        FileError,
        "check: unit.py cannot be run: ModuleNotFoundError: No module named 'no_library' (line 2: import no_library)",
    ),
    "a file that ends the program": (
        checked("raise SystemExit"),
        FileError,
        "check: unit.py cannot be run: SystemExit (line 1: raise SystemExit)",
    ),
    "a function that only has the name of a test": (
        checked("def test_do():\n    pass\n"),
        RangeError,
        "check: unit.py must have a function that is declared with exercise; it has none",
    ),
    "a number that is next": (
        checked(HEAD + GOOD + "NEXT = 2"),
        KindError,
        "check: NEXT of unit.py must be a string, not int",
    ),
    "a diagnosis for a tutor": (
        call(exercise, "Do", page="one", tutor="transposed"),
        KindError,
        "exercise: tutor must be a function without arguments, not str",
    ),
    "a number for a name": (call(expect, 1, 2, 2), KindError, "expect: what must be a string, not int"),
    "no tolerance": (
        call(expect, "dW", 2, 2, tolerance=0),
        RangeError,
        "expect: tolerance must be finite and above 0, not 0",
    ),
    "a class for a test": (
        call(exercise("Do", page="one"), Path),
        KindError,
        "exercise: the test must be a function, not the class Path",
    ),
    "a partial for a test": (
        call(exercise("Do", page="one"), partial(checked)),
        KindError,
        "exercise: the test must be a function, not partial",
    ),
    "a test with an argument": (
        call(exercise("Do", page="one"), checked),
        KindError,
        "exercise: the test must be a function without arguments, not checked(text)",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
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
