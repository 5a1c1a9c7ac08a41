"""Every activation, its value and its slope, against its twin in torch."""

import numpy as np
import pytest

from funcnn import Elementwise, Relu, Sigmoid, backward, forward
from funcnn.layers import Glu, HardShrink, HardTanh, LogSigmoid, PRelu, Silu, Softplus, SoftShrink
from funcnn.testing.strategies import registered
from funcnn.trees import astype
from tests.cards import ELEMENTWISE, examples

torch = pytest.importorskip("torch", reason="its activations are the oracle")
# After that line: without the library there is nothing to import.
from funcnn.interop.torch import to_torch  # noqa: E402  as just said

ACTIVATIONS = [
    *[activation for cls in ELEMENTWISE for activation in examples(cls)],
    *(HardTanh(-0.5, 2.0), SoftShrink(0.1), HardShrink(0.1), PRelu(np.array([0.25])), PRelu(np.linspace(-1, 2, 4))),
    *(Glu(), Glu(Relu()), Glu(Silu()), Glu((HardTanh(), Sigmoid()))),
]
POINTS = [-1e5, -800, -100, -30, -20, -8, -6, -3, -2, -1, -0.5, -0.1, -1e-3, -1e-9, -0.0]  # corners among them
X = np.concatenate([POINTS, np.negative(POINTS), np.random.default_rng(0).normal(scale=3, size=98)]).reshape(4, 8, 4)


def both(activation, dtype):
    """(out, dx) of the activation and of torch, for one x and dA."""
    activation, x = astype(activation, dtype), X.astype(dtype)
    peer, like_out = to_torch(activation), X[..., :2] if type(activation) is Glu else X
    dA = np.random.default_rng(1).uniform(0.5, 1, like_out.shape).astype(dtype)
    out, cache = forward(activation, x)
    dx = backward(activation, cache, dA).x
    assert out.dtype == dx.dtype == dtype
    given = torch.tensor(x, requires_grad=True)
    torch_out = peer(given)
    torch_out.backward(torch.tensor(dA))
    return (out, dx), (torch_out.detach().numpy(), given.grad.numpy())


def test_every_activation_has_a_peer():
    assert {cls for cls in registered() if issubclass(cls, Elementwise)} == set(ELEMENTWISE)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-6)], ids=["f64", "f32"])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_value_and_slope_are_those_of_torch_from_zero_to_saturation(activation, dtype, tolerance):
    ours, theirs = both(activation, dtype)
    for name, a, b in zip(("out", "dx"), ours, theirs, strict=True):
        assert np.isfinite(a).all()
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("activation", [Sigmoid(), Softplus(), LogSigmoid()], ids=repr)
def test_small_tails_are_right_to_their_last_digits(activation):
    ours, theirs = both(activation, np.float64)
    for name, a, b in zip(("out", "dx"), ours, theirs, strict=True):
        if (activation, name) != (Sigmoid(), "dx"):  # which torch computes from out
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-300, err_msg=name)
