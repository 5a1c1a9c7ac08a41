"""Every activation, its value and its slope, against torch."""

import numpy as np
import pytest

from funcnn import Elementwise, Gelu, Relu, Sigmoid, Tanh, backward, forward
from funcnn.layers import (
    Celu,
    Elu,
    ExactGelu,
    HardShrink,
    HardSigmoid,
    HardSwish,
    HardTanh,
    Identity,
    LeakyRelu,
    LogSigmoid,
    Mish,
    Relu6,
    Selu,
    Silu,
    Sine,
    Softplus,
    SoftShrink,
    Softsign,
    TanhShrink,
)
from funcnn.testing.strategies import registered

torch = pytest.importorskip("torch", reason="its activations are the oracle")
F = torch.nn.functional

PEERS = [
    (Identity(), lambda x: x * 1),
    (Relu(), F.relu),
    (LeakyRelu(), F.leaky_relu),
    (LeakyRelu(0.0), lambda x: F.leaky_relu(x, 0.0)),
    (LeakyRelu(2.0), lambda x: F.leaky_relu(x, 2.0)),
    (Sigmoid(), torch.sigmoid),
    (Tanh(), torch.tanh),
    (Softplus(), lambda x: -F.logsigmoid(-x)),  # torch's own softplus is linear from 20 on
    (Elu(), F.elu),
    (Elu(0.5), lambda x: F.elu(x, 0.5)),
    (Elu(0.0), lambda x: F.elu(x, 0.0)),
    (Gelu(), lambda x: F.gelu(x, approximate="tanh")),
    (ExactGelu(), F.gelu),
    (Selu(), F.selu),
    (Celu(), F.celu),
    (Celu(0.5), lambda x: F.celu(x, 0.5)),
    (Relu6(), F.relu6),
    (HardTanh(), F.hardtanh),
    (HardTanh(-0.5, 3.0), lambda x: F.hardtanh(x, -0.5, 3.0)),
    (HardSigmoid(), lambda x: F.relu6(x + 3) / 6),  # the slope of torch's own is 1 / 6 to the digits of float32 alone
    (HardSwish(), F.hardswish),
    (SoftShrink(), F.softshrink),
    (SoftShrink(1.0), lambda x: F.softshrink(x, 1.0)),
    (HardShrink(), F.hardshrink),
    (HardShrink(1.0), lambda x: F.hardshrink(x, 1.0)),
    (Silu(), F.silu),
    (Mish(), F.mish),
    (Softsign(), F.softsign),
    (LogSigmoid(), F.logsigmoid),
    (TanhShrink(), F.tanhshrink),
    (Sine(), torch.sin),
    (Sine(30.0), lambda x: torch.sin(30 * x)),
]

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
    activations = {layer for layer in registered() if issubclass(layer, Elementwise)}
    assert {layer.__name__ for layer in activations} == {type(activation).__name__ for activation, _ in PEERS}


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
