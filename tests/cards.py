"""What tests take from the cards of activations."""

from funcnn import Elementwise
from funcnn.about import cards

CARDS = cards("activations")
ELEMENTWISE = [cls for cls in CARDS if issubclass(cls, Elementwise)]
# The most common ones are in networks of other tests.
OTHERS = [cls for cls in CARDS if not cls.__module__.endswith(".base")]


def examples(cls):
    """The activation with each of its settings."""
    return [cls(*settings) for settings in CARDS[cls].settings]


def example(cls):
    """The activation with the last of its settings, which are not the defaults if it has other ones."""
    return examples(cls)[-1]
