"""How many examples a test draws: its own number, or fewer under a profile that asks for fewer."""

from hypothesis import settings

FULL = settings.default.max_examples >= 100  # the profile "full", and not the one for every day, "quick"


def at_most(examples, **others):
    """Hypothesis's settings, with so many examples at most."""
    return settings(max_examples=min(examples, settings.default.max_examples), **others)
