"""The second set of mistakes with names: how many the tutor names, and that no name is wrong."""

import pytest

from funcnn.teach import diagnose
from tests.blind import RIGHT, WRONG
from tests.counts import in_full


@in_full
@pytest.mark.unwatched
def test_most_mistakes_have_their_names_and_none_a_wrong_one():
    found = {case.title: diagnose(case.f, case.vjp, case.args) for case in WRONG}
    assert {title for title, diagnosis in found.items() if "no gradient is wrong" in diagnosis.where} == set()
    names = {title: diagnosis.name for title, diagnosis in found.items() if diagnosis.name}
    assert {case.title: names[case.title] for case in WRONG if names.get(case.title) not in {None, *case.names}} == {}
    assert (len(found), len([case for case in WRONG if case.names])) == (75, 65)
    assert len(names) >= 58


@pytest.mark.unwatched
@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.title)
def test_no_gradient_of_a_right_backward_pass_is_wrong(case):
    assert diagnose(case.f, case.vjp, case.args).where == "no gradient is wrong at these arguments."
