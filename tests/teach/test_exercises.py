"""`python -m funcnn.teach check FILE`: what is done, what is wrong and where, and what to look at next."""

import re
import subprocess
import sys
import threading
from contextlib import suppress

import numpy as np
import pytest

from funcnn.errors import FileError, KindError
from funcnn.teach import check, exercise, expect
from funcnn.teach.__main__ import main
from funcnn.teach.outcomes import OutOfTime, within
from funcnn.testing import check_vjp

HEAD = """\
import numpy as np
from funcnn.teach import exercise
from funcnn.testing import check_vjp

def double(x):
    {double}

def vjp(args, dA):
    {vjp}

@exercise("Double", page="page one", hint="Twice.")
def test_double():
    {test}

@exercise("Go back", page="page two")
def test_back():
    check_vjp(double, vjp, [np.array([1.0, -3.0])])
"""
RIGHT = "return [2 * dA]"


@pytest.fixture
def progress(tmp_path):
    """The progress of a file with these lines."""

    def progress(vjp=RIGHT, test="assert double(1) == 2", more="", exercise=None, double="return 2 * x", seconds=60):
        path = tmp_path / "unit.py"
        path.write_text(HEAD.format(vjp=vjp, test=test, double=double) + more, "utf-8")
        return check(path, exercise=exercise, seconds=seconds)

    return progress


def test_all_is_done(progress):
    found = progress(more="NEXT = 'unit 2'\n")
    assert [(result.state, result.message) for result in found.results] == [("done", "")] * 2
    assert found.following is None
    assert str(found).splitlines()[1:] == [
        "  done  1. Double",
        "  done  2. Go back",
        "2 of 2 exercises are done.",
        "Next is unit 2.",
    ]
    assert str(progress()).endswith("2 of 2 exercises are done.")


def test_what_is_not_written_is_open_also_where_a_check_calls_it(progress):
    found = progress(vjp="raise NotImplementedError")
    assert [result.state for result in found.results] == ["done", "open"]
    assert str(found).endswith("1 of 2 exercises are done.\nNext is exercise 2. Look at page two.")


def test_what_is_not_written_is_open_also_if_the_function_that_it_needs_is_wrong(progress):
    found = progress(double="return None", vjp="raise NotImplementedError")
    assert [result.state for result in found.results] == ["wrong", "open"]
    assert [result.state for result in progress(double="return None").results] == ["wrong", "wrong"]


def test_a_hint_is_shown_if_it_is_wanted_and_there_is_one(progress):
    found = progress(test="raise NotImplementedError")
    assert "Twice" not in str(found)
    assert found.text(hint=1).endswith("Look at page one.\nHint: Twice.")
    assert "Hint" not in progress(vjp="raise NotImplementedError").text(hint=1)


ASKED = "has a mistake to find; --exercise 3 shows its message"
MISTAKE = """
@exercise("Find", page="page three", hint="Look.", mistake=True)
def test_find():
    assert double(1) == {right}, "double(1) is not right"
"""


@pytest.mark.parametrize(
    ("test", "right", "states", "message"),
    [
        ("raise NotImplementedError", 3, ["open", "done", "open"], ASKED),
        ("raise NotImplementedError", 2, ["open", "done", "done"], ""),
        ("assert False", 3, ["wrong", "done", "open"], ASKED),
        ("pass", 3, ["done", "done", "wrong"], "AssertionError: double(1) is not right"),
    ],
)
def test_a_mistake_to_find_is_open_until_all_others_are_done(progress, test, right, states, message):
    found = progress(test=test, more=MISTAKE.format(right=right))
    assert [result.state for result in found.results] == states
    assert found.results[-1].message == message


def test_one_exercise_is_checked_alone_with_its_message(progress):
    found = progress(test="raise AssertionError('not called')", more=MISTAKE.format(right=3), exercise=3)
    assert found.total == 3
    assert found.text(hint=1).splitlines()[1:] == [
        "  wrong 3. Find",
        "           AssertionError: double(1) is not right",
        "Next is exercise 3. Look at page three.",
        "Hint: Look.",
    ]
    done = progress(test="raise AssertionError('not called')", more="NEXT = 'unit 2'", exercise=2)
    assert str(done).splitlines()[1:] == ["  done  2. Go back"]


def test_what_is_begun_and_wrong_is_next_before_what_is_left_out(progress):
    assert progress(vjp="return [dA]", test="raise NotImplementedError").following.number == 2
    assert progress(test="raise NotImplementedError", more=MISTAKE.format(right=3)).following.number == 1


TUTORED = """
class Diagnosis:
    name, where, kind, page = {name!r}, "dx is wrong.", "{name}: twice.", "page.md"

@exercise("Once more", page="page three", hint="Look.", tutor={tutor})
def test_more():
    {test}
"""


@pytest.mark.parametrize(
    ("name", "tutor", "test", "hints"),
    [
        ("doubled", "lambda: Diagnosis", "assert False", ["dx is wrong.", "doubled: twice.", "page.md"]),
        (None, "lambda: Diagnosis", "assert False", ["dx is wrong.", "None: twice.", "page.md"]),
        ("doubled", "lambda: Diagnosis", "raise NotImplementedError", []),
        ("doubled", "lambda: 1 / 0", "assert False", []),
        ("doubled", "None", "assert False", []),
    ],
)
def test_a_tutor_says_more_for_each_hint_if_a_gradient_is_wrong(progress, name, tutor, test, hints):
    found = progress(more=TUTORED.format(name=name, tutor=tutor, test=test))
    for level in (1, 2, 3):
        own = ["Look."] * (not hints or name is None)
        text = found.text(hint=level)
        assert text.split("page three.\n")[1].splitlines() == [f"Hint: {hint}" for hint in [*hints[:level], *own]]
    assert "Hint" not in str(found)


def test_a_tutor_whose_arguments_hide_the_mistake_says_nothing(progress):
    found = progress(vjp="return [2 * dA if dA.size < 3 else dA]", more=HIDDEN)
    assert found.following.number == 3
    assert found.text(hint=3).split("page three.\n")[1] == "Hint: Look."


HIDDEN = """
from funcnn.teach import diagnose

@exercise("Three", page="page three", hint="Look.", tutor=lambda: diagnose(double, vjp, [np.ones(2)]))
def test_three():
    check_vjp(double, vjp, [np.ones(3)])
"""


def test_a_wrong_gradient_is_shown_with_its_numbers_and_no_line(progress):
    result = progress(vjp="return [dA]").following
    lines = result.message.splitlines()
    assert lines[0] == "WrongGradient: double: dx, 2 of 2 entries wrong, first x[0]"
    assert lines[2] == "    every wrong entry: analytic = 0.5 x numeric"
    assert not any(["line" in line for line in lines])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ({"test": "assert double(1) == 3"}, "AssertionError\nline 13: assert double(1) == 3"),
        ({"test": "assert double(1) == 3, 'three'"}, "AssertionError: three"),
        ({"test": "double(*[1, 2])"}, "{}\nline 13: double(*[1, 2])"),
        ({"test": "a, b = None"}, "{}\nline 13: a, b = None\na function that ends without return gives None"),
        ({"test": "exit(0)"}, "SystemExit: 0\nline 13: exit(0)"),
        ({"test": "int('x')"}, "ValueError: invalid literal for int() with base 10: 'x'\nline 13: int('x')"),
        ({"test": "from funcnn import mlp; mlp(3)"}, "{}\nline 13: from funcnn import mlp; mlp(3)"),
        ({"vjp": "return [2 / 0 * dA]"}, "Raised: double: vjp raised {}\nline 9: return [2 / 0 * dA]"),
    ],
)
def test_an_error_is_shown_with_the_line_of_the_file_that_raised_it(progress, lines, message):
    found = progress(**lines).following
    assert found.state == "wrong"
    first, _, last = message.partition("{}")
    assert found.message.startswith(first)
    assert found.message.endswith(last)


def test_an_error_without_a_line_of_the_file_is_its_text_alone(tmp_path):
    path = tmp_path / "unit.py"
    path.write_text("from tests.teach.test_exercises import elsewhere\n", "utf-8")
    assert check(path).following.message == "KeyError: 'x'"


@exercise("Look up", page="page one")
def elsewhere():
    {}["x"]


def test_empty_lines_of_a_message_are_left_out(progress):
    found = progress(test="np.testing.assert_allclose(double(1.0), 3, err_msg='the double')").following
    assert found.message.startswith("AssertionError: Not equal to tolerance rtol=1e-07, atol=0\nthe double\n")
    assert "\n\n" not in found.message


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (None, "dW must be [[1.5]], not None"),
        ("x", "dW must be [[1.5]], not str"),
        ([["1.5"]], "dW must be [[1.5]], not list"),
        ([[1.0], [1.0, 2.0]], "dW must be [[1.5]], not list"),
        ([1.5], "dW must have the shape (1, 1), not (1,)"),
        ([[1.51]], "dW must be [[1.5]], not [[1.51]]"),
        ([[1.5 + 2.0**-20]], "dW must be [[1.5]], not [[1.500001]]"),
        (np.array([[1.5 + 2.0**-26]]), "dW must be [[1.5]], not [[1.5000000149011612]]"),
        ([[np.nan]], "dW must be [[1.5]], not [[nan]]"),
    ],
)
def test_numbers_that_are_not_those_expected_are_shown_in_a_sentence(found, message):
    with pytest.raises(AssertionError) as caught:
        expect("dW", found, [[1.5]], tolerance=1e-9)
    assert str(caught.value) == message
    expect("dW", np.array([[1.5 + 1e-9]]), [[1.5]])
    expect("the cost", 10 - 0.01, 10, tolerance=0.01)


def test_the_command_shows_each_file_and_fails_if_one_is_not_done(progress, tmp_path, capsys):
    progress()
    path = str(tmp_path / "unit.py")
    assert main(["check", path]) == 0
    assert capsys.readouterr().out.startswith(f"{path}\n  done  1. Double\n")
    progress(test="raise NotImplementedError")
    assert main(["check", path, path, "--hint"]) == 1
    assert capsys.readouterr().out.count(f"{path}\n  open  1. Double\n") == 2
    assert main(["check", path, "--exercise", "2"]) == 0
    assert capsys.readouterr().out == f"{path}\n  done  2. Go back\n"


LOOPS = ["while True: x += 1", "while True:\n        try: x += 1\n        except Exception: pass"]
LOOPS += ["for _ in (1, 2):\n        try:\n            while True: x += 1\n        except: pass\n    return 0"]


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.skipif(sys.platform in ("wasi", "emscripten"), reason="it has no threads, which interrupt a loop")
def test_a_loop_that_never_ends_is_wrong_with_its_line_and_the_next_exercise_is_checked(progress, loop):
    found = progress(double=loop, vjp=RIGHT, test="double(1)", more=MISTAKE.format(right=3), seconds=0.3)
    first, second, third = found.results
    assert (first.state, second.state, third.state) == ("wrong", "wrong", "open")
    if loop == LOOPS[0]:
        assert first.message == ("it takes longer than 0.3 seconds; does a loop never end?\nline 6: while True: x += 1")


@pytest.mark.skipif(sys.platform in ("wasi", "emscripten"), reason="it has no threads, which interrupt a loop")
def test_a_file_that_never_ends_cannot_be_run(tmp_path):
    path = tmp_path / "unit.py"
    path.write_text("x = 1\nwhile True: pass\n", "utf-8")
    reason = "it takes longer than 0.2 seconds; does a loop never end? (line 2: while True: pass)"
    with pytest.raises(FileError, match=re.escape(f"check: {path} cannot be run: {reason}")):
        check(path, seconds=0.2)


def test_without_threads_nothing_is_interrupted(progress, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    assert progress().following is None


def test_an_interruption_that_comes_late_does_not_happen():
    """The clock runs out while the result is there already."""
    for _ in range(300):
        with suppress(OutOfTime):
            assert within(1e-4, lambda: sum(range(2000))) == 1999000
    for thread in threading.enumerate():
        if thread.name == "limit of time":
            thread.join(10)
            assert not thread.is_alive()


def test_check_calls_a_test_without_its_seed(progress):
    test = "pass\n\n@exercise('Draw', page='one')\ndef test_draw(seed=0):\n    assert seed == 0"
    assert progress(test=test).following is None
    with pytest.raises(KindError, match=re.escape("without arguments, not draw(seed)")):
        exercise("Draw", page="one")(draw)


def draw(seed):
    """A seed must have a default, so that pytest and `check` need none."""


@pytest.mark.skipif(sys.platform in ("wasi", "emscripten"), reason="it needs a process")
def test_the_command_ends_if_a_call_cannot_be_interrupted(tmp_path):
    path = tmp_path / "unit.py"
    path.write_text("x = sum(range(10**13))  # one call, in C\n", "utf-8")
    command = [sys.executable, "-m", "funcnn.teach", "check", str(path), "--seconds", "0.2"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 1
    assert re.search(r'unit.py", line 1 in <module>', done.stderr)


def test_the_test_of_an_exercise_is_still_a_function():
    with pytest.raises(KeyError, match="x"):
        elsewhere()
    assert check_vjp(np.sin, lambda args, dA: [dA * np.cos(args[0])], [np.ones(1)]).verdict == "pass"
