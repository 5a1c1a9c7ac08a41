"""The equation in the card of a loss gives its cost."""

import numpy as np
import pytest

from funcnn.about import card_of, cards
from tests.cards import LOSSES, arguments, set_up, terms


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("seed", range(3))
def test_the_cost_is_the_mean_of_the_terms_of_the_equation(name, seed):
    for loss in set_up(LOSSES[name]):
        out, y = arguments(LOSSES[name], (4, 3), seed)
        cost, _ = loss(out, y)
        assert cost == pytest.approx(np.mean(terms(loss, out, y)), rel=1e-12)


def test_every_card_of_a_loss_has_an_equation_and_says_what_it_takes():
    assert all([card.latex and len(card.takes) == 2 for card in cards("losses").values()])
    assert card_of(set_up(LOSSES["huber"])[0]) is card_of(LOSSES["huber"])
