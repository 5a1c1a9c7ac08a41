"""How many examples a test draws: its own number, or the limit of the profile if that is smaller."""

import pytest
from hypothesis import Phase, settings

FULL = settings.default.max_examples > 10  # the profile "full"; the other one is "quick"
# Tests that take seconds to a minute. A plain `pytest` skips them to stay short; CI runs all of them in full, where a
# skip is a failure.
in_full = pytest.mark.skipif(not FULL, reason="takes long, and runs with --hypothesis-profile full")


# For a failure that is wanted: it is not made small, and no second one is looked for.
to_fail = settings(max_examples=25, phases=[Phase.generate], report_multiple_bugs=False)


def at_most(examples, *, quick=settings.default.max_examples):
    """Hypothesis's settings with at most so many examples, and with fewer in the profile "quick"."""
    return settings(max_examples=min(examples, settings.default.max_examples if FULL else quick))
