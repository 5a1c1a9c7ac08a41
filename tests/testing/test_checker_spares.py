"""No alarm for what is right, however hard it is to differentiate; the layers are checked in test_layers.py."""

from contextlib import nullcontext, suppress
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
    phases=[Phase.generate], database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
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
    share = undecided(nasty.pair, nasty.arguments, 1000 if full else 4, record_property, nasty.options)
    assert share < 1 or not nasty.decidable, nasty.why


@pytest.mark.parametrize("name", [*ORDINARY][::EVERY])
def test_what_a_mutant_was_made_from_is_spared(name, full, record_property):
    mutant = ORDINARY[name]
    assert undecided(mutant.right, mutant.arguments, 150 if full else 2, record_property) < 1


LOGITS = [[21.496392164261454, 6.707540236357915], [1.7074319697566098, -1.0195130483681154]]
LOGITS += [[-10.282898349665155, 26.744042918667184], [-12.858994517307242, 1.067202574248047]]
TIED = [[0.5, 0.5, 0.5, 0.5], [2.0, 0.5, 0.5, 0.5], [0.5, 2.0, 0.5, 0.5], [2.0, 0.5, 0.5, 0.5]]
RARE = {  # one example in thousands
    "kl of two softmaxes": [LOGITS, LOGITS],  # a term of 1e-16 is lost where all values of f are 0
    "max of mins": [TIED],  # few directions at a tie show that there is one
    "log2(1 + x^2)": [[[1e-7]]],  # all values near x have lost digits
    "hypot at 1e200": [[-5.2e174, -1.7e191, -7.2e-178], [7.7e195, 4.5e159, 2.4e-189]],  # no unit fits them all
}


@pytest.mark.parametrize("name", RARE)
def test_a_rare_example_is_spared(name):
    pair = HARD[name].pair if name in HARD else ORDINARY[name].right
    options = HARD[name].options if name in HARD else {}
    # Where both arguments are equal, every slope is 0 but for rounding, so that nothing is decided.
    hidden = suppress(Inconclusive) if name == "kl of two softmaxes" else nullcontext()
    with np.errstate(all="ignore"), hidden:
        check_vjp(*pair, [np.array(a) for a in RARE[name]], **options)
