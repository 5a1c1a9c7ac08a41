"""A page trains as Python does."""

import pytest

from tests.browser import window
from tests.live.networks import FEW, NETWORKS
from tests.live.training import difference, other_bits

assert window is not None


def test_there_are_thirty_networks_with_three_optimizers():
    assert len(NETWORKS) == 30
    assert {type(live.optimizer).__name__ for live in NETWORKS.values()} == {"tuple", "Momentum", "Adam"}


@pytest.mark.parametrize("name", FEW)
def test_parameters_have_the_bits_of_portable_programs_at_stable_and_large_rates(name, window, tmp_path):
    assert other_bits(name, window.page, tmp_path) == []


@pytest.mark.parametrize("name", FEW)
def test_parameters_after_100_steps_are_those_of_python(name, window, tmp_path):
    found = difference(name, window.page, tmp_path)
    assert found["exact"] <= 1e-12
    assert found["rounded"] <= 1e-8
