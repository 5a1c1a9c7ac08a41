"""How small an error is noticed in the backward pass of every layer: the table of docs/proving_a_gradient.md."""

import pytest

from funcnn.testing import strategies as fst
from tests.mutants.sensitivity import is_noticed

every_layer = pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)


@every_layer
@pytest.mark.parametrize("error", [1e-7, 1e-8, -1e-8])
def test_a_factor_next_to_1_is_noticed(layer, error):
    assert is_noticed(layer, error)


@every_layer
def test_a_factor_of_1_is_not(layer):
    assert not is_noticed(layer, 0.0)
