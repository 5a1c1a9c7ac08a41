"""How many examples a test draws: as many as it asks for, or the few that a profile asks for."""

import pytest
from hypothesis import settings

FULL = settings.default.max_examples >= 100  # the profile "full"; the other one is "quick"
in_full = pytest.mark.skipif(not FULL, reason="takes long, and runs with --hypothesis-profile full")


def at_most(examples, *, quick=settings.default.max_examples):
    """Hypothesis's settings with at most so many examples, and with fewer in the profile "quick"."""
    return settings(max_examples=min(examples, settings.default.max_examples if FULL else quick))
