"""Mistakes of learners: in exercises of the course, and in whole backward passes. The tutor names what it can name."""

import ast
import re
import textwrap
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from attrs import evolve

from funcnn.teach import check, diagnose
from tests.counts import FULL
from tests.teach.passes import attention, dense, gates, norms, recurrent
from tests.teach.test_course import COURSE

HERE = Path(__file__).parent
ANSWER = re.compile(r"^# (\d) \| (\w+) \| (.*) \| (.*)\n((?:    .*\n|\n)+)", re.MULTILINE)
ANSWERS = ANSWER.findall((HERE / "mistakes_of_learners.txt").read_text("utf-8") + "\n")
NAMES = dict([line.split(" | ") for line in (HERE / "passes" / "names.txt").read_text("utf-8").splitlines()])
PASSES = [case for module in (dense, recurrent, attention, norms, gates) for case in module.PASSES]


def some(cases, every):
    """All cases, or in the profile "quick" one of several."""
    return cases if FULL else cases[::every]


def with_answer(number, name, body):
    """The solutions of a unit, with another body of one function."""
    text = (COURSE / "solutions" / f"unit{number}.py").read_text("utf-8")
    [node] = [one for one in ast.parse(text).body if getattr(one, "name", "") == name]
    lines = text.splitlines()
    return "\n".join([*lines[: node.lineno], body, *lines[node.end_lineno :]]) + "\n"


@cache
def place(number, name):
    """The exercise that stays open as long as this function is not written."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"unit{number}.py"
        path.write_text(with_answer(number, name, "    raise NotImplementedError"), "utf-8")
        return check(path).following.number


def named(number, name, body, path):
    """The diagnosis of the exercise that is wrong with this body, and its hints."""
    exercise = place(number, name)
    path.write_text(with_answer(number, name, body), "utf-8")
    progress = check(path, exercise=exercise)
    [result] = progress.results
    tutor = cache(result.exercise.tutor)
    found = evolve(result, exercise=evolve(result.exercise, tutor=tutor))
    return tutor(), evolve(progress, results=(found,)).text(hint=3)


@pytest.mark.parametrize("answer", some(ANSWERS, 12), ids=lambda answer: f"{answer[1]}: {answer[2]}")
def test_the_mistake_in_an_exercise_has_its_name(answer, tmp_path):
    number, name, _, expected, body = answer
    found, text = named(number, name, body, tmp_path / f"unit{number}.py")
    assert (found.name or "-") == expected
    assert found.where.rstrip(".") in text
    assert "$" not in text
    assert "\\" not in found.page


@pytest.mark.parametrize("case", some(PASSES, 12), ids=lambda case: case[0])
def test_the_mistake_in_a_whole_backward_pass_has_its_name(case):
    title, f, vjp, args = case
    with np.errstate(all="ignore"):
        assert (diagnose(f, vjp, args).name or "-") == NAMES[title]


def test_most_of_them_have_names():
    assert len(ANSWERS) == 242
    assert len(NAMES) == len(PASSES) == 106
    assert sum(expected != "-" for *_, expected, _ in ANSWERS) >= 220
    assert sum(name != "-" for name in NAMES.values()) >= 104


def test_a_body_is_put_in_place_of_another(tmp_path):
    body = textwrap.indent("return x", "    ")
    assert "def line(x, W, b):\n    return x\n" in with_answer("1", "line", body)
    found, text = named("1", "line", body, tmp_path / "unit1.py")
    assert found.name is None
    assert "no known mistake gives these numbers." in text
