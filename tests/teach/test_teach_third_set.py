"""The third set of mistakes, written without sight of the tutor: how many it names, and that no name is wrong."""

import pytest

from funcnn.teach import check, diagnose
from tests.blind.third import ANSWERS, PASSES
from tests.counts import in_full

pytestmark = [pytest.mark.unwatched, in_full]


def test_most_answers_to_exercises_have_a_true_name(tmp_path):
    names = {}
    for answer in ANSWERS:
        path = tmp_path / f"{answer.unit}.py"
        path.write_text(answer.file(), "utf-8")
        progress = check(path, exercise=answer.number)
        assert progress.following, answer
        told = progress.text(hint=2).split("\nHint: ")[2:]
        names[answer.title] = told[0] if told and answer.says else ""
        assert answer.says or not told or told[0].startswith("no known") or told[0] == progress.following.exercise.hint
        assert names[answer.title].startswith(answer.says), answer
    assert (len(names), len([name for name in names.values() if name])) == (54, 46)


def test_most_backward_passes_have_a_true_name():
    found = {case.title: (diagnose(case.f, case.vjp, case.args).name, case.names) for case in PASSES}
    assert {title: name for title, (name, names) in found.items() if name not in (names or {None})} == {}
    assert (len(found), len([name for name, _ in found.values() if name])) == (23, 17)
