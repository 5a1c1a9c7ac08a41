"""How small an error is noticed in the backward pass of a layer: the table of docs/proving_a_gradient.md."""

import pytest

from funcnn import Dense, Frozen, Gelu, Relu, Sigmoid, Tanh
from funcnn.layers import Elu, Identity, LeakyRelu, Softplus
from tests.counts import FULL
from tests.mutants.sensitivity import is_noticed

pytestmark = pytest.mark.unwatched

# Of those that sum much, such as convolutions, no more is asked than the 1e-7 of every check.
TABLE = [Dense, Tanh, Frozen, *[Identity, LeakyRelu, Gelu, tuple, Relu, Elu, Softplus, Sigmoid] * FULL]
every_layer = pytest.mark.parametrize("layer", TABLE, ids=lambda layer: layer.__name__)


@every_layer
@pytest.mark.parametrize("error", [1e-7, 1e-8, -1e-8])
def test_a_factor_next_to_1_is_noticed(layer, error):
    assert is_noticed(layer, error)


@every_layer
def test_a_factor_of_1_is_not(layer):
    assert not is_noticed(layer, 0.0, examples=25)  # the layer alone is spared more often, in test_layers.py
