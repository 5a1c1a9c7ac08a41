"""No alarm for what is right, however hard it is to differentiate; the layers are checked in test_layers.py."""

from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from funcnn.testing import Inconclusive, check_vjp
from tests.counts import FULL
from tests.mutants import LATER, MUTANTS
from tests.nasty import NASTY

pytestmark = pytest.mark.unwatched

HARD = {nasty.name: nasty for nasty in NASTY}
EVERY = 1 if FULL else 15
# One for each right pair, whose name comes first.
ORDINARY = {mutant.name.split(":")[0]: mutant for mutant in [*MUTANTS, *LATER]}


QUIET = settings(
    phases=[Phase.generate],
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def full(request):
    return request.config.getoption("--full")


def undecided(pair, arguments, examples, record_property, options=MappingProxyType({})):
    """The share of examples on which no probe decided. An alarm comes through."""
    cases = []

    @settings(QUIET, max_examples=examples)
    @given(arguments)
    def draw(args):
        cases.append(args)

    draw()  # and check outside, where what cannot be judged says so
    count = 0
    with np.errstate(all="ignore"):  # these functions overflow, and leave their domain, by design
        for args in cases:
            try:
                check_vjp(*pair, args, **options)
            except Inconclusive:
                count += 1
    share = count / len(cases)
    record_property("inconclusive", share)
    print(f"{share:.0%} inconclusive")  # noqa: T201  shown by -s, and with a failure
    return share


def test_names_are_unique():
    assert len(HARD) == len(NASTY)
    assert len(NASTY) >= 60


@pytest.mark.parametrize("name", [*HARD][::EVERY])
def test_a_nasty_function_is_spared(name, full, record_property):
    nasty = HARD[name]
    share = undecided(nasty.pair, nasty.arguments, 1000 if full else 6, record_property, nasty.options)
    assert share < 1 or not nasty.decidable, nasty.why


@pytest.mark.parametrize("name", [*ORDINARY][::EVERY])
def test_what_a_mutant_was_made_from_is_spared(name, full, record_property):
    mutant = ORDINARY[name]
    assert undecided(mutant.right, mutant.arguments, 150 if full else 3, record_property) < 1
