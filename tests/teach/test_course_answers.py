"""The exercises of the course accept right answers in any form, and refuse wrong ones with a message that helps."""

import re
from collections import Counter

import pytest

from funcnn.teach import check
from tests.counts import in_full
from tests.teach.answered import answers, solved

UNITS = [*[f"unit{number}" for number in range(1, 7)], "homework"]
ALL = [answer for unit in UNITS for answer in answers(unit)]
pytestmark = pytest.mark.unwatched  # the tests of `check` and of the tutor run the same lines


@pytest.fixture
def result(tmp_path):
    """What `check` says of an answer."""

    def result(answer):
        path = tmp_path / "answer.py"
        path.write_text(answer.file(), "utf-8")
        return check(path, exercise=answer.number).results[0]

    return result


def test_each_exercise_has_ten_wrong_answers_and_three_right_ones():
    found = Counter([(answer.unit, answer.number, answer.is_right) for answer in ALL])
    for unit in UNITS:
        for number in range(1, solved(unit).count("\n@exercise(") + 1):
            assert found[unit, number, True] >= 3
            assert found[unit, number, False] >= 10


@in_full
@pytest.mark.parametrize("answer", [answer for answer in ALL if answer.is_right], ids=str)
def test_a_right_answer_is_accepted_and_the_tutor_finds_nothing(result, answer):
    found = result(answer)
    assert (found.state, found.message) == ("done", "")
    if found.exercise.tutor and answer.function != "classify":  # there is no one right way to train
        assert (found.exercise.tutor().name, found.exercise.tutor().kind) == (None, "")


@in_full
@pytest.mark.parametrize("answer", [answer for answer in ALL if not answer.is_right], ids=str)
def test_a_wrong_answer_is_refused_with_what_is_wrong_or_the_line(result, answer):
    found = result(answer)
    assert found.state == "wrong"
    assert answer.says in found.message
    kind, _, sentence = found.message.partition(":")
    assert sentence
    if not re.match(r"AssertionError|Wrong|Not", kind):
        assert re.search(r"^line \d+: ", found.message, re.MULTILINE)
