"""Cards, and their table."""

from funcnn import record
from funcnn.about import Card, card_of, cards, register
from tests.kinds.kinds import text
from tests.kinds.rows import kind, row
from tests.kinds.wrong import ANYTHING


@record
class Carded:
    """A class that gets a card."""


ROWS = [
    row(
        Card,
        latex=text,
        symbols=kind((("a", "the first half"),)),
        settings=kind(((),)),
        axes=kind(("m n",)),
        corners=kind((1.0,)),
        jumps=kind((1.0,)),
        takes=kind(("numbers", "bits")),
        torch=text,
        jax=text,
        onnx=text,
        mistakes=kind((("half", "a factor", "slope / 2"),)),
    ),
    row(register, subject=kind(Carded).but("class"), card=kind(Card())),  # it would take the card of another class
    row(card_of, subject=kind(Carded, ANYTHING)),
    row(cards, family=kind("activations")),
]
