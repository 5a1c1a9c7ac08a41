"""What is installed never changes a number."""

from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from funcnn.testing import strategies as fst
from funcnn.trees import leaves
from funcnn.trees.walks import row_count
from tests.counts import in_full
from tests.installed import OPTIONAL, WIDE, bits_of
from tests.narrow import LOSSES
from tests.sharding import OPTIMIZERS

REGISTERED = {cls.__name__: cls for cls in fst.registered()}
EVERYTHING = [*REGISTERED, *[f"{name}, wide" for name in WIDE], *LOSSES, *OPTIMIZERS]


def largest_case(layer):
    """Of a few cases the one with the most numbers."""
    found = []

    @settings(max_examples=3, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(fst.cases(layer))
    def draw(case):
        found.append(case)

    draw()
    return max(found, key=lambda case: (row_count("test", "x", case[1]) > 0, sum([a.size for a in leaves(case)])))


@cache
def both():
    """The bits where everything is installed, and where nothing is that can be left out."""
    cases = {name: largest_case(cls) for name, cls in REGISTERED.items()}
    return bits_of(cases), bits_of(cases, without=OPTIONAL)


@in_full
@pytest.mark.unwatched
@pytest.mark.parametrize("name", EVERYTHING)
def test_what_is_installed_never_changes_a_number(name):
    everything, nothing = both()
    assert everything[name] == nothing[name]
