"""The variants of the exercises: each text that changes is there, and each solution is right."""

import importlib

import pytest

from funcnn.teach import check
from funcnn.testing import WrongGradient
from tests.counts import in_full
from tests.teach.answered import COURSE
from tests.teach.test_course import all_files, loaded
from tests.teach.test_course_seeds import NAMES, exercised

pytestmark = pytest.mark.unwatched  # as in test_course_answers
FOLDERS = ("exercises", "solutions")


@pytest.fixture
def course(monkeypatch):
    monkeypatch.syspath_prepend(COURSE)
    return importlib.import_module("variants")


@pytest.fixture
def proven(tmp_path):
    """Whether these files are open with a mistake to find, and solved."""

    def proven(*texts):
        exercise, solution = [tmp_path / f"{folder}.py" for folder in FOLDERS]
        for path, text in zip((exercise, solution), texts, strict=True):
            path.write_text(text, "utf-8")
        assert [(one.state, one.message) for one in check(solution).results] == [("done", "")] * 5
        assert [one.state for one in check(exercise).results] == ["open"] * 5
        *_, test = exercised(loaded(exercise))
        with pytest.raises(WrongGradient):
            test()
        assert "no gradient is wrong" not in test.exercise.tutor().where

    return proven


@in_full
@all_files
def test_each_other_given_function_is_solved_and_each_other_given_mistake_is_wrong(course, proven, number):
    texts = [(COURSE / folder / f"unit{number}.py").read_text("utf-8") for folder in FOLDERS]
    for place in course.FUNCTIONS[int(number)]:
        for table in place:
            for old, new in table.items():
                assert any([old in text for text in texts]), old
                assert old != new
            proven(*[course.varied(text, table) for text in texts])


@in_full
@pytest.mark.parametrize("seed", range(1, 11))
def test_each_variant_is_solved_and_has_numbers_of_its_own(course, proven, monkeypatch, seed):
    files = {name: text.decode() for name, text in course.variants(seed).items()}
    assert files == {name: text.decode() for name, text in course.variants(seed).items()}
    for unit in NAMES:
        exercise, solution = [files[f"{folder}/unit{unit}.py"] for folder in FOLDERS]
        assert exercise.startswith(f'"""Unit {unit}, variant {seed}: ')
        for old, new in course.changes(int(unit), seed).items():
            assert (new in exercise) or (new in solution), old
        proven(exercise, solution)


@pytest.mark.parametrize("name", ["by_hand", "distance", "first_weights", "largest_rate"])
def test_an_answer_to_the_exercise_of_the_course_is_wrong_in_a_variant_and_has_no_tutor(
    course, tmp_path, monkeypatch, name
):
    number = "3" if name == "by_hand" else "4"
    path = tmp_path / "solution.py"
    path.write_bytes(course.variants(7)[f"solutions/unit{number}.py"])
    module = loaded(path)
    monkeypatch.setattr(module, name, getattr(loaded(COURSE / "solutions" / f"unit{number}.py"), name))
    test = getattr(module, f"test_{name}")
    assert test.exercise.tutor is None
    with pytest.raises(AssertionError):
        test()
