"""Every activation, its value and its slope, against its twin in torch."""

import numpy as np
import pytest

from funcnn import Elementwise, backward, forward
from funcnn.testing.strategies import registered
from tests.cards import ELEMENTWISE, examples

torch = pytest.importorskip("torch", reason="its activations are the oracle")
# After that line: without the library there is nothing to import.
from funcnn.interop.torch import to_torch  # noqa: E402  as just said

PEERS = [(activation, to_torch(activation)) for cls in ELEMENTWISE for activation in examples(cls)]

POINTS = [-1e5, -800, -100, -30, -20, -8, -3, -1, -0.5, -1e-3, -1e-9, -0.0]
X = np.concatenate([POINTS, np.negative(POINTS), np.random.default_rng(0).normal(scale=3, size=104)]).reshape(4, 8, 4)


def both(activation, peer, dtype):
    """(out, dx) of the activation and of torch, for one x and dA."""
    x, dA = X.astype(dtype), np.random.default_rng(1).uniform(0.5, 1, X.shape).astype(dtype)
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
@pytest.mark.parametrize(("activation", "peer"), PEERS, ids=[repr(activation) for activation, _ in PEERS])
def test_value_and_slope_are_those_of_torch_from_zero_to_saturation(activation, peer, dtype, tolerance):
    ours, theirs = both(activation, peer, dtype)
    for name, a, b in zip(("out", "dx"), ours, theirs, strict=True):
        assert np.isfinite(a).all()
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", ["Sigmoid()", "Softplus()", "LogSigmoid()"])
def test_small_tails_are_right_to_their_last_digits(name):
    [(activation, peer)] = [pair for pair in PEERS if repr(pair[0]) == name]
    ours, theirs = both(activation, peer, np.float64)
    for name, a, b in zip(("out", "dx"), ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-300, err_msg=name)
