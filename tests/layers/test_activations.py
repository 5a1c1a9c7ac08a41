"""Activations: values of their formulas, slopes at kinks, tails, and the array kept for backward."""

import math
import subprocess
import sys

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, forward, layers, parameters, record, reseed, sgd, softmax_cross_entropy, value_and_grad
from funcnn.core import backward_params
from funcnn.testing import check_layer
from funcnn.testing.strategies import registered
from funcnn.traits import gives_probabilities, is_inert

SCALE, ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
E1, E2 = math.exp(-1), math.exp(-2)


def normal_cdf(x):
    return (1 + math.erf(x / math.sqrt(2))) / 2


def mish(x):
    return x * math.tanh(math.log1p(math.exp(x)))


VALUES = {  # at -1, 0 and 2, from the formulas
    layers.Selu(): (SCALE * ALPHA * (E1 - 1), 0, SCALE * 2),
    layers.Celu(): (E1 - 1, 0, 2),
    layers.Celu(0.5): (0.5 * (E2 - 1), 0, 2),
    layers.Threshold(): (0, 0, 2),
    layers.Threshold(1.0, -3.0): (-3, -3, 2),
    layers.Relu6(): (0, 0, 2),
    layers.HardTanh(): (-1, 0, 1),
    layers.HardTanh(-0.5, 3.0): (-0.5, 0, 2),
    layers.HardSigmoid(): (1 / 3, 1 / 2, 5 / 6),
    layers.HardSwish(): (-1 / 3, 0, 5 / 3),
    layers.SoftShrink(): (-0.5, 0, 1.5),
    layers.SoftShrink(1.5): (0, 0, 0.5),
    layers.HardShrink(): (-1, 0, 2),
    layers.HardShrink(1.5): (0, 0, 2),
    layers.Silu(): (-1 / (1 + math.e), 0, 2 / (1 + E2)),
    layers.Mish(): (mish(-1), 0, mish(2)),
    layers.ExactGelu(): (-normal_cdf(-1), 0, 2 * normal_cdf(2)),
    layers.Softsign(): (-1 / 2, 0, 2 / 3),
    layers.LogSigmoid(): (-math.log(1 + math.e), -math.log(2), -math.log(1 + E2)),
    layers.TanhShrink(): (math.tanh(1) - 1, 0, 2 - math.tanh(2)),
    layers.Sine(): (-math.sin(1), 0, math.sin(2)),
    layers.Sine(3.0): (-math.sin(3), 0, math.sin(6)),
    layers.PRelu.init(): (-0.25, 0, 2),
    layers.PRelu(np.array([0.5, 0.5, 0.5])): (-0.5, 0, 2),
    nn.Softmax(): tuple(p / (E1 + 1 + math.exp(2)) for p in (E1, 1, math.exp(2))),
    layers.LogSoftmax(): tuple(x - math.log(E1 + 1 + math.exp(2)) for x in (-1, 0, 2)),
}
every = pytest.mark.parametrize("layer", VALUES, ids=str)


def slopes(layer, *x):
    """dx of an activation where dA is 1."""
    x = np.array([x], float)
    return backward(layer, forward(layer, x)[1], np.ones_like(x)).x[0].tolist()


@every
def test_the_values_are_those_of_the_formula(layer):
    out, _ = forward(layer, np.array([[-1.0, 0.0, 2.0]]))
    assert out[0] == pytest.approx(VALUES[layer], rel=1e-14, abs=1e-15)


@every
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows(layer, dtype):
    top = np.finfo(dtype).max ** 0.75
    x = np.array([[-top, -800, -89], [-30, 0, 30], [89, 800, top]], dtype)
    layer = layers.PRelu(layer.alpha.astype(dtype)) if type(layer) is layers.PRelu else layer
    out, cache = forward(layer, x)
    grads = backward(layer, cache, np.ones_like(x))
    assert np.isfinite(out).all()
    assert np.isfinite(grads.x).all()
    assert out.dtype == grads.x.dtype == dtype


@every
def test_what_is_no_number_stays_none(layer):
    """A network that diverges is to be noticed."""
    assert np.isnan(forward(layer, np.full((1, 3), np.nan))[0]).all()


@every
def test_the_slope_is_the_complex_step(layer):
    """Which is exact to rounding: the rules are analytic away from corners."""
    x, dA = np.array([[-2.3, -0.2, 0.7]]), np.array([[0.5, -1.0, 2.0]])
    twin = layers.PRelu(layer.alpha.astype(complex)) if type(layer) is layers.PRelu else layer
    exact = [(forward(twin, x + 1e-30j * unit)[0].imag * dA).sum() / 1e-30 for unit in np.eye(3)]
    ours = backward(layer, forward(layer, x)[1], dA).x
    assert ours[0] == pytest.approx(exact, rel=1e-12, abs=1e-15)


CORNERS = [
    (layers.Selu(), {0: SCALE * ALPHA, 1e-9: SCALE}),
    (layers.Celu(0.5), {0: 1, 1e-9: 1}),
    (layers.PRelu.init(), {0: 0.25, 1e-9: 1}),
    (layers.Threshold(1.0, 5.0), {1: 0, 1 + 1e-9: 1, 0: 0}),
    (layers.Relu6(), {0: 0, 1e-9: 1, 6 - 1e-9: 1, 6: 0}),
    (layers.HardTanh(-0.5, 2.0), {-0.5: 0, -0.5 + 1e-9: 1, 2 - 1e-9: 1, 2: 0}),
    (layers.HardSigmoid(), {-3: 0, -3 + 1e-9: 1 / 6, 3 - 1e-9: 1 / 6, 3: 0}),
    (layers.HardSwish(), {-3: 0, -2.5: -1 / 3, 0: 1 / 2, 2.5: 4 / 3, 3: 1}),
    (layers.SoftShrink(1.0), {-1 - 1e-9: 1, -1: 0, 0: 0, 1: 0, 1 + 1e-9: 1}),
    (layers.HardShrink(1.0), {-1 - 1e-9: 1, -1: 0, 0: 0, 1: 0, 1 + 1e-9: 1}),
    (layers.Softsign(), {0: 1, -1: 1 / 4, 3: 1 / 16}),
]


@pytest.mark.parametrize(("layer", "expected"), CORNERS, ids=[str(layer) for layer, _ in CORNERS])
def test_the_slope_at_a_corner_is_the_one_that_is_written_there(layer, expected):
    assert slopes(layer, *expected) == pytest.approx(list(expected.values()), rel=1e-8, abs=1e-15)


def test_an_alpha_learns_nothing_at_0_and_what_it_serves_is_summed():
    x, dA = np.array([[[0.0, -1.0], [2.0, -3.0]]]), np.array([[[7.0, 10.0], [100.0, 1000.0]]])
    for alpha, expected in (([0.5, 0.5], [0, -3010]), ([0.5], [-3010])):
        layer = layers.PRelu(np.array(alpha))
        _, cache = forward(layer, x)
        grads = backward(layer, cache, dA)
        assert grads.params.alpha.tolist() == expected
        assert grads.x.tolist() == [[[3.5, 5], [100, 500]]]
        assert backward_params(layer, cache, dA) == grads.params
        assert sgd(layer, grads, 1e-3).alpha.tolist() == [a - 1e-3 * g for a, g in zip(alpha, expected, strict=True)]


@pytest.mark.parametrize("cls", [cls for cls in registered() if issubclass(cls, nn.Elementwise)])
def test_a_single_number_stays_an_array(cls):
    out, cache = forward(cls(), np.array(0.75))
    grads = backward(cls(), cache, np.array(2.0))
    assert type(out) is type(grads.x) is np.ndarray
    assert out.shape == grads.x.shape == ()
    row, cache = forward(cls(), np.array([0.75]))
    assert out == row[0]
    assert grads.x == backward(cls(), cache, np.array([2.0])).x[0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("cls", [*[cls for cls in registered() if issubclass(cls, nn.Elementwise)], layers.PRelu])
def test_out_and_dx_are_nan_where_x_is_and_nowhere_else(cls, dtype):
    layer = layers.PRelu.init(dtype=dtype) if cls is layers.PRelu else cls()
    x = np.linspace(-8, 8, 34, dtype=dtype).reshape(2, 17)
    gap = np.arange(34).reshape(2, 17) % 3 == 1
    (out, cache), (given, same) = forward(layer, x), forward(layer, np.where(gap, np.nan, x).astype(dtype))
    assert np.array_equal(given, np.where(gap, np.nan, out).astype(dtype), equal_nan=True)
    dx, found = [backward(layer, kept, np.ones_like(x)).x for kept in (cache, same)]
    assert np.array_equal(
        found, dx if cls is layers.Identity else np.where(gap, np.nan, dx).astype(dtype), equal_nan=True
    )
    assert np.isfinite(dx).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_large_relu_is_the_same_as_its_parts(dtype):
    dA = np.random.default_rng(0).standard_normal((200, 100)).astype(dtype)
    x = dA[::-1].copy()
    x[:, ::7], x[0, :3] = 0, (-0.0, np.inf, -np.inf)
    for given in (x, np.where(x > 2, np.nan, x).astype(dtype)):
        out, cache = forward(nn.Relu(), given)
        parts = [forward(nn.Relu(), row) for row in given]
        dx = [backward(nn.Relu(), kept, row).x for (_, kept), row in zip(parts, dA, strict=True)]
        assert out.dtype == dtype
        assert np.array_equal(out, np.stack([part for part, _ in parts]), equal_nan=True)
        assert np.array_equal(backward(nn.Relu(), cache, dA).x, np.stack(dx), equal_nan=True)


def test_one_slope_serves_an_x_of_any_shape():
    for shape in ((), (3,), (2, 3), (2, 1, 3)):
        x = np.full(shape, -2.0)
        out, cache = forward(layers.PRelu.init(), x)
        assert out.tolist() == np.full(shape, -0.5).tolist()
        assert backward(layers.PRelu.init(), cache, out).x.shape == shape


def test_slopes_are_made_by_their_number():
    assert layers.PRelu.init() == layers.PRelu(np.array([0.25]))
    assert layers.PRelu.init(3, alpha=0.0, dtype=np.float32) == layers.PRelu(np.zeros(3, np.float32))


def test_an_alpha_below_0_is_followed():
    """Where out no longer tells the sign of x."""
    assert slopes(layers.PRelu(np.array([-2.0])), -1, 1) == [-2, 1]


TAILS = {  # (value, slope) where a formula taken as it stands would have lost all digits
    layers.Silu(): (-40, -40 * math.exp(-40), -39 * math.exp(-40)),
    layers.Mish(): (-40, -40 * math.exp(-40), -39 * math.exp(-40)),
    layers.ExactGelu(): (-12, -6 * math.erfc(12 / math.sqrt(2)), None),
    layers.Softsign(): (-1e9, -1 / (1 + 1e-9), 1 / (1 + 1e9) ** 2),
    layers.LogSigmoid(): (40, -math.exp(-40), math.exp(-40)),
    layers.LogSoftmax(): (0, 0, 0),
    layers.TanhShrink(): (1e-3, None, math.tanh(1e-3) ** 2),
}


@pytest.mark.parametrize("layer", TAILS, ids=str)
def test_a_tail_keeps_its_digits(layer):
    x, value, slope = TAILS[layer]
    if value is not None:
        assert forward(layer, np.array([[float(x)]]))[0].item() == pytest.approx(value, rel=1e-13, abs=0)
    if slope is not None:
        assert slopes(layer, x)[0] == pytest.approx(slope, rel=1e-13, abs=0)


def test_far_below_0_a_gate_of_itself_is_shut():
    """And not at the smallest sigmoid there is times an x that may be larger than that is small."""
    for layer in (layers.Silu(), layers.Mish(), layers.ExactGelu(), layers.HardSwish()):
        x = np.array([[-3e38]], np.float32)
        out, cache = forward(layer, x)
        assert abs(out) < 1e-30
        assert abs(backward(layer, cache, np.ones_like(x)).x) < 1e-30


def test_the_two_forms_of_gelu_differ_by_no_more_than_is_said():
    x = np.linspace(-10, 10, 4001)[None]
    difference = abs(forward(nn.Gelu(), x)[0] - forward(layers.ExactGelu(), x)[0]).max()
    assert 0.0004 < difference < 0.0005


def test_selu_keeps_a_signal_alive_through_many_layers():
    """Mean 0 and variance 1 in, and so out, while tanh lets it fade."""
    random = np.random.default_rng(0)
    h = random.standard_normal((500, 300))
    for _ in range(30):
        h, _ = forward(layers.Selu(), h @ (random.standard_normal((300, 300)) / math.sqrt(300)))
    assert abs(h.mean()) < 0.1
    assert 0.8 < h.var() < 1.2


def test_probabilities_are_refused_before_a_loss_of_logits_and_their_logarithms_are_not():
    assert gives_probabilities(nn.Softmax())
    assert gives_probabilities(layers.HardSigmoid())
    assert not gives_probabilities(layers.LogSoftmax())
    net, x, labels = nn.mlp([2, 4, 3], seed=0), np.linspace(-1, 1, 10).reshape(5, 2), np.array([0, 1, 2, 1, 0])
    bare = value_and_grad(softmax_cross_entropy)(net, x, labels)
    cost, grads = value_and_grad(softmax_cross_entropy)((*net, layers.LogSoftmax()), x, labels)
    assert cost == pytest.approx(bare[0], rel=1e-14)
    for ours, theirs in zip(parameters(grads.params).values(), parameters(bare[1].params).values(), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-15)
    cost, _ = value_and_grad(nn.binary_cross_entropy)((*net, layers.HardSigmoid()), x, np.ones((5, 3)))
    assert math.isfinite(cost)
    assert nn.predict((*net, nn.Softmax()), x).sum(axis=1) == pytest.approx(np.ones(5), rel=1e-15)


GATES = {  # the names of Shazeer 2020
    "GLU": (layers.Glu(), lambda b: 1 / (1 + np.exp(-b))),
    "bilinear": (layers.Glu(layers.Identity()), lambda b: b),
    "ReGLU": (layers.Glu(nn.Relu()), lambda b: np.maximum(b, 0)),
    "GEGLU": (layers.Glu(layers.ExactGelu()), lambda b: np.vectorize(normal_cdf)(b) * b),
    "SwiGLU": (layers.Glu(layers.Silu()), lambda b: b / (1 + np.exp(-b))),
}


@pytest.mark.parametrize("name", GATES)
def test_a_gate_multiplies_the_first_half_by_what_it_makes_of_the_second(name):
    layer, gate = GATES[name]
    x = np.random.default_rng(0).standard_normal((4, 2, 6))
    assert forward(layer, x)[0] == pytest.approx(x[..., :3] * gate(x[..., 3:]), rel=1e-12)


def test_a_gate_may_be_a_network_that_is_trained():
    layer = layers.Glu((nn.Dense.init(3, 3, seed=0), layers.PRelu.init(3)))
    assert list(parameters(layer)) == ["gate.0.W", "gate.0.b", "gate.1.alpha"]
    assert not is_inert(layer)
    assert is_inert(layers.Glu())
    x = np.random.default_rng(0).standard_normal((4, 6))
    out, cache = forward(layer, x)
    grads = backward(layer, cache, np.ones_like(out))
    inner = backward(layer.gate, forward(layer.gate, x[:, 3:])[1], x[:, :3])
    assert grads.params.gate == inner.params
    assert grads.x[:, 3:].tolist() == inner.x.tolist()
    assert nn.gradient(layer, gate=inner.params) == grads.params
    assert nn.inference(layer) == layer
    assert reseed(layer, 1) == layer


@every
def test_it_has_no_more_than_it_shows(layer):
    assert is_inert(layer) is (type(layer) is not layers.PRelu)
    if isinstance(layer, nn.Elementwise):
        x = np.array([[-1.0, 0.0, 2.0]])
        out, cache = forward(layer, x)
        assert cache is (out if layer.keeps == "out" else x)


def test_erfc_of_numpy_arrays_loads_nothing():
    code = "from funcnn.layers.activations.smooth import ExactGelu; from funcnn import forward; import numpy as np, sys"
    code += "; forward(ExactGelu(), np.ones((1, 1))); print('jax' in sys.modules, 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == (
        "False False\n"
    )


def test_a_sigmoid_is_the_gate_unless_another_is_said():
    assert layers.Glu() == layers.Glu(nn.Sigmoid()) != layers.Glu(layers.Silu())


@record
class Lifted(nn.Elementwise):
    """out = x + lift"""

    lift: nn.Array

    def value(self, x: nn.Array) -> nn.Array:
        return x + self.lift

    def slope(self, kept: nn.Array) -> float:
        return 1.0

    def own_gradients(self, dA: nn.Array, kept: nn.Array) -> dict[str, nn.Array]:
        return super().own_gradients(dA, kept) | {"lift": dA.sum(axis=0)}


def test_own_gradients_may_be_added_to_those_of_the_base():
    check_layer(Lifted(np.array([0.5, -1.0])), np.array([[1.0, 2.0], [3.0, 4.0]]))
