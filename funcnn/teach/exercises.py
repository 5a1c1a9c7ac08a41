"""Exercises: a file in which a learner fills in functions, with the tests that say when they are right."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from os import fspath
from pathlib import Path
from types import FunctionType
from typing import Annotated, Any

import numpy as np

from funcnn.arrays import Array, kind
from funcnn.checked import checked
from funcnn.errors import FileError, KindError, NoFileError, RangeError
from funcnn.fields import check_function
from funcnn.needs import FilePath, Flag, Positive, Text, Whole, function
from funcnn.teach.outcomes import OutOfTime, Test, declared_in, place_of, result_of, sentence, within
from funcnn.teach.progress import Diagnosis, Exercise, Progress, Result

Tutor = Annotated[Callable[[], Diagnosis], function("a function without arguments", takes=0)]


@checked
def exercise(
    title: Text,
    *,
    page: Text,
    hint: Text = "",
    tutor: Tutor | None = None,
    mistake: Flag = False,
    points: Positive = 1.0,
) -> Callable[[Test], Test]:
    """Declare a function without arguments as the test of an exercise, which `check` finds in its file.

    The test calls what the learner has to write. It passes if it returns, and fails if it raises. A function that is
    not written yet raises NotImplementedError, and its exercise is open. pytest runs the same test if its name begins
    with `test_`. A test that draws its numbers may have an argument `seed` with a default, as in `test_double(seed=0)`:
    `grade` passes a seed, `check` and pytest do not.

    >>> from funcnn.teach import exercise
    >>> def double(x):
    ...     raise NotImplementedError
    >>> @exercise("Double a number", page="the page on numbers", hint="Add x to itself.")
    ... def test_double():
    ...     assert double(3) == 6

    Args:
        title: what the learner has to do, on one line.
        page: what to read if it fails.
        hint: what is shown on request.
        tutor: a function without arguments that returns the diagnosis of a wrong gradient, such as
            `lambda: diagnose(f, vjp, args)`. It is shown in place of the hint if it names the mistake.
        mistake: whether the function is given, with a mistake to find. The exercise is open, without the message of its
            test, until all others are done, or `check` is asked for this one. `grade` needs the test to be named after
            the function, with `test_` before.
        points: what the exercise counts in `grade`.

    Raises:
        KindError: the test is not a function without arguments.
    """

    def declare(test: Test) -> Test:
        if not isinstance(test, FunctionType):
            raise KindError(f"exercise: the test must be a function, not {kind(test)}")
        check_function("exercise", "the test", test, "a function without arguments", takes=0)
        vars(test)["exercise"] = Exercise(title, page, hint, tutor, mistake, points)
        return test

    return declare


@checked
def check(file: FilePath, *, exercise: Whole | None = None, seconds: Positive = 10.0) -> Progress:
    """Run a Python file and then the tests of its exercises; the progress prints what is done and what is next.

    The file may define `NEXT`, a string, which is named when all exercises are done.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from funcnn.teach import check
    >>> text = '''
    ... from funcnn.teach import exercise
    ... def double(x):
    ...     return x * x
    ... @exercise("Double a number", page="the page on numbers")
    ... def test_double():
    ...     assert double(3) == 6, f"double(3) must be 6, not {double(3)}"
    ... '''
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "numbers.py"
    ...     _ = path.write_text(text)
    ...     progress = check(path)
    >>> print(progress)
    /...numbers.py
      wrong 1. Double a number
               AssertionError: double(3) must be 6, not 9
    0 of 1 exercises are done.
    Next is exercise 1. Look at the page on numbers.

    Args:
        file: the path of the file.
        exercise: the number of the exercise to check alone, from 1, or None for all of the file.
        seconds: the time after which an exercise is interrupted, and is wrong. A Python without threads, as in a page,
            does not interrupt it.

    Raises:
        KindError: `NEXT` is not a string.
        NoFileError: there is no such file.
        FileError: the file cannot be run.
        RangeError: no function of the file is declared with `exercise`, or there is no exercise of this number.
    """
    path = fspath(file)
    if not Path(path).is_file():
        folder = "" if Path(path).is_absolute() else f" in the folder {Path.cwd()}"
        raise NoFileError(f"check: there is no file {path}{folder}")
    try:
        found = within(seconds, lambda: runpy.run_path(path))
    except (Exception, SystemExit, OutOfTime) as error:
        text, where = str(error) if isinstance(error, OutOfTime) else sentence(error), place_of(error, path)
        raise FileError(f"check: {path} cannot be run: {text}{where and f' ({where})'}") from error
    if not (tests := declared_in(found)):
        raise RangeError(f"check: {path} must have a function below @exercise(...); it has none")
    after = found.get("NEXT", "")
    if not isinstance(after, str):
        raise KindError(f"check: NEXT of {path} must be a string, not {kind(after)}")
    if exercise is None:
        results = _without_mistakes([result_of(i, test, path, seconds) for i, test in enumerate(tests, 1)])
    elif 1 <= exercise <= len(tests):
        results = [result_of(exercise, tests[exercise - 1], path, seconds)]
    else:
        needed = f"from 1 to {len(tests)}, the number of exercises in {path}"
        raise RangeError(f"check: exercise must be {needed}, not {exercise}")
    return Progress(path, tuple(results), len(tests), after)


def _without_mistakes(results: list[Result]) -> list[Result]:
    """Mistakes to find are open while other exercises are not done."""
    if all([one.state == "done" or one.exercise.mistake for one in results]):
        return results
    text = "has a mistake to find; --exercise {} shows its message"
    return [
        Result(one.number, one.exercise, "open", text.format(one.number))
        if one.exercise.mistake and one.state == "wrong"
        else one
        for one in results
    ]


@checked
def expect(what: Text, found: Any, wanted: Any, *, tolerance: Positive = 1e-7) -> None:
    """Compare what a learner's function returned with the numbers that are wanted, up to a relative tolerance.

    >>> from funcnn.teach import expect
    >>> expect("dW", [[-14.0]], [[-14]])
    >>> expect("dW", [-14.0], [[-14]])
    Traceback (most recent call last):
    ...
    AssertionError: dW must have the shape (1, 1), not (1,)
    >>> expect("dW", [[-13.0]], [[-14]])
    Traceback (most recent call last):
    ...
    AssertionError: dW must be [[-14.]], not [[-13.]]

    Args:
        what: the name of what is compared.
        found: a number, an array or a list of numbers; None if a function returns nothing.
        wanted: a number, an array or a list of numbers.
        tolerance: the largest error, relative to the number that is wanted, or absolute if that number is below 1.

    Raises:
        AssertionError: found is something else, has another shape or other numbers.
    """
    right, given = np.asarray(wanted, float), _numbers(found)
    if given is None:
        raise AssertionError(f"{what} must be {_text(right, 7)}, not {kind(found)}")
    if given.shape != right.shape:
        raise AssertionError(f"{what} must have the shape {right.shape}, not {given.shape}")
    if not np.allclose(given, right, rtol=tolerance, atol=tolerance):
        digits = 7 if _text(right, 7) != _text(given, 7) else 17
        raise AssertionError(f"{what} must be {_text(right, digits)}, not {_text(given, digits)}")


def _numbers(found: Any) -> Array | None:
    """An array of floats; None for what is not made of numbers."""
    try:
        made = np.asarray(found)
    except ValueError:  # rows of different lengths
        return None
    return made.astype(float) if made.dtype.kind in "iuf" else None


def _text(a: Array, digits: int) -> str:
    return " ".join(np.array2string(a, precision=digits, separator=", ", suppress_small=True).split())
