"""Each activation as a torch module: out and all gradients, in random settings, at kinks and in saturation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Relu, Sigmoid, backward, forward, parameters
from funcnn.layers import (
    Celu,
    Glu,
    HardShrink,
    HardSigmoid,
    HardSwish,
    HardTanh,
    PRelu,
    Relu6,
    Selu,
    Silu,
    SoftShrink,
    Softsign,
    TanhShrink,
)
from funcnn.testing.strategies import cases
from tests.cards import OTHERS
from tests.counts import at_most

torch = pytest.importorskip("torch", reason="its modules are the oracle")
# After that line: without the library there is nothing to import.
from funcnn.interop.torch import to_torch  # noqa: E402  as just said


def assert_equal(name, ours, theirs):
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * max(1, abs(theirs).max()), err_msg=name)


def compare(layer, x):
    """Out, dx and the gradients of the parameters."""
    module, given_x = to_torch(layer), torch.tensor(x, requires_grad=True)
    out, cache = forward(layer, x)
    dA = np.random.default_rng(x.size).uniform(0.5, 1, out.shape)
    grads = backward(layer, cache, dA)
    torch_out = module(given_x)
    torch_out.backward(torch.tensor(dA))
    assert_equal("out", out, torch_out)
    assert_equal("dx", grads.x, given_x.grad)
    ours, theirs = list(parameters(grads.params).values()), list(module.parameters())
    assert len(ours) == len(theirs)
    for gradient, parameter in zip(ours, theirs, strict=True):
        assert_equal("dparams", gradient, parameter.grad)


@pytest.mark.parametrize("layer", OTHERS, ids=lambda layer: layer.__name__)
@at_most(25)
@given(data=st.data())
def test_out_and_all_gradients_are_those_of_the_module(layer, data):
    compare(*data.draw(cases(layer)))


CORNERS = np.array([[-6, -3, -2, -1, -0.5, -0.1, -0.0, 0, 0.1, 0.5, 1, 2, 3, 6]])


@pytest.mark.parametrize(
    "layer",
    [
        *(Selu(), Celu(0.5), PRelu(np.array([0.25])), PRelu(np.linspace(-1, 2, 14)), Relu6(), HardTanh()),
        *(HardTanh(-0.5, 2.0), HardSigmoid(), HardSwish(), SoftShrink(), SoftShrink(0.1), HardShrink()),
        *(HardShrink(0.1), Softsign(), TanhShrink(), Glu(), Glu(Relu()), Glu(Silu()), Glu((HardTanh(), Sigmoid()))),
    ],
    ids=str,
)
def test_the_slope_at_a_corner_is_that_of_torch(layer):
    compare(layer, CORNERS)
