"""Every mistake planted in a backward pass is found within a hundred examples, and the message is true."""

import numpy as np
import pytest

from funcnn.about import card_of
from funcnn.layers import Silu
from funcnn.testing import GradientError, check_vjp
from funcnn.testing.mutation import score
from tests.cards import CARDS, ELEMENTWISE, LOSSES, example, set_up
from tests.counts import FULL
from tests.mutants import LATER, MUTANTS, coincidences
from tests.mutants.cards import slope_at, slope_of_term
from tests.mutants.claims import false_claims
from tests.mutants.family import sigmoid

pytestmark = pytest.mark.unwatched

WRONG = {mutant.name: mutant for mutant in [*MUTANTS, *LATER]}
SOME = WRONG if FULL else {*[*WRONG][::20], *[mutant.name for mutant in coincidences.MUTANTS[::5]]}


@pytest.fixture
def seeds(request):
    return range(5 if request.config.getoption("--full") else 1)


def test_names_are_unique():
    assert len(WRONG) == len(MUTANTS) + len(LATER)
    assert len(MUTANTS) >= 84


# Where slopes of activations differ: from saturation to saturation, and between the corners.
X = np.array([[-800, -30, -6.3, -2.7, -1.2, -0.7], [-0.3, 0.2, 0.8, 1.1, 2.9, 6.4]])
OF_CARDS = [(cls, mistake) for cls in ELEMENTWISE for mistake in CARDS[cls].mistakes]


def check_other(made, right, text, also=""):
    assert not np.allclose(made, right, equal_nan=False), (
        f"{text!r} in the card is the right slope{also}; write another"
    )


@pytest.mark.parametrize(("cls", "mistake"), OF_CARDS, ids=str)
def test_a_mistake_of_a_card_is_another_slope(cls, mistake):
    layer, text = example(cls), mistake[2]
    check_other(slope_at(layer, text, X), slope_at(layer, "slope", X), text)


def test_a_mistake_of_the_card_of_a_loss_is_another_slope_of_a_term():
    for loss in LOSSES.values():
        for _, _, text in card_of(loss).mistakes:
            check_terms(set_up(loss)[-1], text)


def check_terms(loss, text):
    out = sigmoid(X[:, 2:])  # which a loss of probabilities takes too
    made, right = slope_of_term(loss, text, out), slope_of_term(loss, "slope", out)
    check_other(made, right, text)
    check_other(made, right / out.size, text, "/ out.size, which the test divides by out.size")


def test_a_right_slope_in_a_card_is_noticed():
    with pytest.raises(AssertionError, match="is the right slope; write another"):
        check_other(slope_at(Silu(), "sigmoid(x) * (1 + x * sigmoid(-x))", X), slope_at(Silu(), "slope", X), "")
    for text in ("slope", "slope / out.size", "2 * (out - y)", "2 * (out - y) / out.size"):
        with pytest.raises(AssertionError, match="is the right slope"):
            check_terms(LOSSES["mse"], text)
    check_terms(LOSSES["mse"], "out - y")


@pytest.mark.parametrize("name", sorted(SOME))
def test_it_is_caught(name, seeds):
    wrong, false = WRONG[name], []

    def check(f, vjp, args):
        try:
            check_vjp(f, vjp, args)
        except GradientError as error:
            false.extend(false_claims(wrong, args, error))
            raise

    table = score([wrong], check, seeds=seeds)
    assert not table.survivors, f"{table}\nwhy anybody would write it: {wrong.why}"
    assert not false
