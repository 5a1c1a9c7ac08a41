"""Scores of checkers on planted mistakes."""

import pkgutil

import numpy as np
import pytest

from funcnn.testing import Inconclusive, check_vjp
from funcnn.testing.mutation import is_caught, score
from tests.mutants import MUTANTS, ablation


def test_a_check_that_finds_nothing_scores_nothing():
    table = score(MUTANTS[:3], check=lambda f, vjp, args: None, seeds=[0, 1], examples=2)
    assert [row.caught for row in table.survivors] == [0, 0, 0]
    assert str(table).splitlines()[0] == f"0/2  {MUTANTS[0].name}"
    assert str(table).endswith("0 of 3 mutants are caught at every seed")


def test_survivors_come_first():
    passed = MUTANTS[1].wrong
    table = score(MUTANTS[:2], lambda f, vjp, args: None if (f, vjp) == passed else check_vjp(f, vjp, args), seeds=[0])
    assert [line[:3] for line in str(table).splitlines()] == ["0/1", "1/1", "1 o"]
    assert is_caught(MUTANTS[0]) in str(table)


def test_what_cannot_be_judged_is_not_caught():
    def undecided(f, vjp, args):
        raise Inconclusive("a fog")

    assert is_caught(MUTANTS[0], undecided) is None


def test_an_error_of_another_kind_comes_through():
    def broken(f, vjp, args):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        is_caught(MUTANTS[0], broken)


@pytest.mark.parametrize("part", ablation.PARTS)
def test_a_check_without_a_part_still_compares_numbers_and_the_part_comes_back(part):
    pair, x = (np.sin, lambda args, dA: [2 * dA * np.cos(args[0])]), np.array([0.5, 2.0])
    with ablation.without(part) as options:
        assert ablation.is_found(pair, [(x,)], options)
        right = np.sin, lambda args, dA: [dA * np.cos(args[0])]
        calls = []
        assert not ablation.verdicts([(right, [(x,)], {})], options, calls).total()
        assert calls[0] > 20
    for target, other in ablation.PARTS[part].items():
        assert "." not in target or pkgutil.resolve_name(target) is not other
