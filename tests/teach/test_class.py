"""What a class needs beside the units: the quiz, the homework and the plan of two hours."""

import ast
import re

import numpy as np
import pytest

from funcnn import Dense, backward, forward
from funcnn.losses import binary_cross_entropy_with_logits
from funcnn.testing import WrongGradient
from tests.counts import FULL
from tests.teach.test_course import COURSE, UNITS, declared, loaded, section, sections, source, text_of

QUESTION = re.compile(r"^\*\*(\d+)\.\*\* .*?^</details>$", re.DOTALL | re.MULTILINE)


def test_the_quiz_has_four_questions_for_each_unit_with_one_right_choice_each_and_all_choices_explained():
    text = text_of("quiz")
    found = [match[0] for match in QUESTION.finditer(text)]
    assert [int(match[1]) for match in QUESTION.finditer(text)] == list(range(1, 4 * len(UNITS) + 1))
    right = []
    for question in found:
        asked, answer = question.split("<details")
        letters = re.findall(r"^- \((\w)\) \S", asked, re.MULTILINE)
        right += re.findall(r"^\*\*\((\w)\)\.\*\* \S", answer, re.MULTILINE)
        explained = re.findall(r"^- \((\w)\) \S", answer, re.MULTILINE)
        assert letters == list("abcd")
        assert explained == [letter for letter in letters if letter != right[-1]]
    assert len(right) == len(found)
    assert min([right.count(letter) for letter in "abcd"]) >= 4  # no letter tells the answer
    for unit in UNITS:
        title = text_of(unit).split("\n")[0].removeprefix("# ")
        part = [one for one in sections("quiz") if one.startswith(title[:6])]
        assert len(part) == 1
        assert len(QUESTION.findall(section("quiz", part[0]))) == 4


def test_the_plan_of_two_hours_has_120_minutes_and_slides_that_are_there():
    plan = section("two_hours", "The plan")
    rows = re.findall(r"^\| (\d+) \| (.*?) \| (.*?) \|", plan, re.MULTILINE)
    assert sum([int(row[0]) for row in rows]) == 120
    assert sum([int(row[0]) for row in rows[:6]]) == 62  # where the plan says to look at the clock
    assert "At minute 62" in text_of("two_hours")
    names = [row[2] for row in rows if row[2][:2] in ("1:", "2:")]
    assert len(names) == 8
    for name in names:
        unit = UNITS[int(name[0]) - 1]
        there = re.findall(r"^% slide: (.*)$", text_of(unit), re.MULTILINE)
        left = name[3:]
        for slide in sorted(there, key=len, reverse=True):  # a name may have a comma
            left = left.replace(slide, "")
        assert left.replace(",", "").strip() == ""


def test_the_homework_lists_its_exercises_with_points_and_about_four_hours():
    exercises = declared("exercises", "homework")
    rows = re.findall(r"^\| (\d) \| (\d+) \| (?:(\d)\. )?(.*) \|$", section("homework", "Exercises"), re.MULTILINE)
    assert [row[3] for row in rows[:-1]] == [one["title"] for one in exercises]
    assert [row[2] for row in rows] == [*[str(number) for number in range(1, 8)], ""]
    assert sum([int(row[0]) for row in rows]) == 10
    assert sum([int(row[1]) for row in rows]) == 240
    for one in exercises:
        heading, page = re.fullmatch(r"'(.*)' in (\w+)", one["page"]).groups()
        assert page == "homework"
        assert heading in sections("homework")


def test_the_solution_of_the_homework_differs_in_what_the_learner_writes_and_says_what_a_right_explanation_is():
    exercise, solution = [ast.parse(source(folder, "homework")) for folder in ("exercises", "solutions")]
    assert "if it says these four things" in ast.get_docstring(solution)
    changed = []
    for given, solved in zip(exercise.body[1:], solution.body[1:], strict=True):
        if ast.dump(given) != ast.dump(solved):
            changed.append((given.name, ast.unparse(given.body[-1]) == "raise NotImplementedError"))
            assert ast.dump(given.args) == ast.dump(solved.args)
    written = ("by_hand", "distances_vjp", "bumps_forward", "bumps_backward", "start", "stuck", "train")
    assert changed == [*[(name, True) for name in written], ("bell_vjp", False)]


@pytest.mark.parametrize("seed", range(10 if FULL else 2))
def test_the_solution_of_the_homework_passes_with_each_seed(seed):
    module = loaded(COURSE / "solutions" / "homework.py")
    tests = [value for name, value in vars(module).items() if name.startswith("test_")]
    assert len(tests) == 7
    for test in tests:
        test(seed)


def test_the_given_mistake_of_the_homework_is_a_wrong_gradient():
    module = loaded(COURSE / "exercises" / "homework.py")
    assert module.test_bell_vjp.exercise.mistake
    with pytest.raises(WrongGradient, match="db, 2 of 2"):
        module.test_bell_vjp()


def test_far_centres_leave_the_gradients_that_the_explanation_of_the_homework_names():
    module = loaded(COURSE / "solutions" / "homework.py")
    random = np.random.default_rng(0)
    x, y = random.normal(size=(40, 2)), np.arange(40)[:, None] % 2
    assert np.exp(-745.0) > 0
    assert np.exp(-746.0) == 0

    def gradients(C, b):
        params = (module.Bumps(C, b), Dense.init(12, 1, seed=0))
        out, cache = forward(params, x)
        return backward(params, cache, binary_cross_entropy_with_logits(out, y)[1]).params

    layer, dense = gradients(1000.0 + random.normal(size=(12, 2)), np.ones(12))
    assert not layer.C.any()
    assert not layer.b.any()
    assert not dense.W.any()
    layer, dense = gradients(random.normal(size=(12, 2)), np.zeros(12))
    assert not layer.C.any()
    assert layer.b.all()
