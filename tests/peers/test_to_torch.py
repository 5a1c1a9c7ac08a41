"""Every layer as a module of torch: out and all gradients, in random settings; and errors of layers without a rule."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn.errors import KindError
from funcnn.layers import Conv1d, Function, GlobalAvgPool, GlobalMaxPool, Scale
from funcnn.layers.dropout import Stochastic
from funcnn.testing.strategies import cases, registered
from tests.counts import at_most

pytest.importorskip("torch", reason="to_torch makes modules of it")
# After that line: without torch there is nothing to import.
from funcnn.interop.torch import to_torch
from tests.peers.twins import assert_as_torch, generic

# The parameters of recurrent layers and of attention are parts of those of torch, in another order.
IN_OTHER_TESTS = {"Attention", "CrossAttention", "RNN", "GRU", "LSTM", "Bidirectional"}
OTHERS = {layer for layer in registered() if layer is Function or issubclass(layer, Stochastic)}
LAYERS = [layer for layer in registered() if layer.__name__ not in IN_OTHER_TESTS and layer not in OTHERS]
AS_DRAWN = ("funcnn.layers.activations", "funcnn.layers.convolution")  # with values at kinks, in saturation and in ties


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.__name__)
@at_most(25)
@given(data=st.data())
def test_out_and_all_gradients_are_those_of_the_module(layer, data):
    (params, x), rng = data.draw(cases(layer)), np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    is_drawn = layer.__module__.startswith(AS_DRAWN)
    assert_as_torch(generic(params, rng), x if is_drawn else generic(x, rng), rng)


@pytest.mark.parametrize("pool", [GlobalAvgPool(), GlobalMaxPool()], ids=lambda pool: type(pool).__name__)
def test_places_that_a_mask_leaves_out_are_left_out_in_torch(pool):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4, 2))
    assert_as_torch(pool, x, rng)
    assert_as_torch(pool, (x, np.arange(4) < [[4], [2], [0]]), rng)


def test_a_layer_without_a_rule_is_named():
    sentence = "to_torch: there is no rule for Function; write one with @to_torch.register(Function)"
    with pytest.raises(KindError, match=re.escape(sentence)):
        to_torch((Function(np.sin, math.pow),))


def test_the_repr_of_a_module_has_the_function_that_it_computes():
    assert repr(to_torch(Scale(np.ones(1)))) == "Computed(scaled)"
    assert repr(to_torch(Conv1d.init(1, 1, 1, seed=0))).startswith("Around(\n  padding\n  (module): Conv1d(1, 1, ")
