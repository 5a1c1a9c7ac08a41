"""The classic mistakes of learners: check_vjp passes what is right, and finds what is wrong."""

from collections import Counter

import pytest

from funcnn.testing import GradientError, check_vjp
from tests.classics import CLASSICS, LABELS
from tests.mutants.labels import EVERY, LABELLED, OTHERS, family_of, is_even


def test_there_are_twenty_two_classics():
    assert len(CLASSICS) == len({classic.name for classic in CLASSICS}) == 22
    assert set(Counter(classic.label for classic in CLASSICS)) <= LABELS.keys()


@pytest.mark.parametrize("classic", CLASSICS, ids=lambda classic: classic.name)
def test_a_classic_mistake_is_found_and_its_remedy_passes(classic):
    numbers = {"purity": False, "layouts": False, "float32": False}  # the mistakes are in numbers
    assert check_vjp(classic.f, classic.right, classic.args, **numbers).verdict == "pass"
    with pytest.raises(GradientError):
        check_vjp(classic.f, classic.wrong, classic.args, **numbers)


def test_every_mutant_has_a_label():
    for mutant, label, name in LABELLED:
        assert name == mutant.name
        assert {*label.split(" / ")} <= LABELS.keys() | OTHERS.keys()
    assert 0.4 < sum(is_even(family_of(mutant)) for mutant in EVERY) / len(EVERY) < 0.6
