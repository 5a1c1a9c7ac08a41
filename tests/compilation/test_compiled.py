"""`compiled(loss)` is `value_and_grad(loss)` to rounding errors, with the same bits for any number of threads."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import (
    Dense,
    Dropout,
    Elementwise,
    Frozen,
    LayerNorm,
    Residual,
    Sigmoid,
    Tanh,
    layers,
    losses,
    mlp,
    mse,
    record,
    value_and_grad,
)
from funcnn.compilation import compiled, explain
from funcnn.errors import RangeError
from funcnn.trees import astype, leaves

ROWS, N_IN, WIDTH, N_OUT = 37, 5, 9, 3


@record
class Cubed(Elementwise):
    """A user's activation, written with NumPy's own functions."""

    def value(self, x):
        return np.tanh(x) ** 3 + np.where(x > 1, x, 0)

    def slope(self, kept):
        t = np.tanh(kept)
        return 3 * t**2 * (1 - t**2) + (kept > 1)


ACTIVATIONS = [
    *[
        layers.Relu(),
        layers.LeakyRelu(),
        layers.Elu(),
        layers.Selu(),
        layers.Celu(2.0),
        layers.Relu6(),
        Tanh(),
        Sigmoid(),
    ],
    *[layers.Gelu(), layers.Silu(), layers.Mish(), layers.Softplus(), layers.Softsign(), layers.LogSigmoid()],
    *[layers.TanhShrink(), layers.HardTanh(), layers.HardSigmoid(), layers.HardSwish(), layers.SoftShrink(0.5)],
    *[layers.HardShrink(0.5), layers.Identity(), Cubed()],
    *[layers.ExactGelu(), layers.Sine(), layers.Sine(3.0)],
]
OTHERS = [
    *[layers.Softmax(), layers.LogSoftmax(), LayerNorm.init(WIDTH), LayerNorm.init(WIDTH, bias=False)],
    *[layers.RMSNorm.init(WIDTH), layers.PRelu.init(WIDTH), layers.PRelu.init(), layers.Affine.init(WIDTH)],
    *[layers.Scale.init(WIDTH, value=0.3), layers.Scale.init(value=0.3), Dropout(0.3, seed=1), Dropout(0.0, seed=2)],
    *[Residual((Dense.init(WIDTH, WIDTH, seed=1), Tanh())), Frozen(Dense.init(WIDTH, WIDTH, seed=2)), ()],
    *[
        Dense.init(WIDTH, WIDTH, seed=3, bias=False),
        (Frozen(Tanh()), (Dense.init(WIDTH, 1, seed=4), Dense.init(1, WIDTH, seed=5))),
    ],
]
rng = np.random.default_rng(0)
x, y = rng.normal(size=(ROWS, N_IN)), rng.normal(size=(ROWS, N_OUT))
classes, positive = rng.integers(0, N_OUT, ROWS), np.exp(y)
shares, bits = positive / positive.sum(1, keepdims=True), (y > 0) * 1.0
LOSSES = [
    *[(mse, y), (losses.mae, y), (losses.huber, y), (losses.log_cosh, y), (partial(losses.quantile, q=0.3), y)],
    *[(losses.poisson_nll, np.floor(positive)), (losses.hinge, bits), (losses.squared_hinge, bits)],
    *[(losses.binary_cross_entropy_with_logits, bits), (losses.binary_cross_entropy_with_logits, y > 0)],
    *[(losses.softmax_cross_entropy, classes), (losses.softmax_cross_entropy, shares), (losses.softmax_focal, classes)],
    *[(partial(losses.softmax_cross_entropy, smoothing=0.1), classes), (losses.kl_divergence, shares)],
    *[(losses.cosine_distance, y), (losses.softmax_cross_entropy, classes.astype(np.uint8))],
]


def with_layer(layer):
    return Dense.init(N_IN, WIDTH, seed=0), layer, Dense.init(WIDTH, N_OUT, seed=7)


normalises = lambda layer: isinstance(layer, LayerNorm | layers.RMSNorm)


def check(net, x, y, loss=mse, digits=1e-12, **options):
    """Compare with the plain path: each gradient relative to its largest entry; NaN and infinity alike.

    A normalisation cancels most of the gradients before it: they are compared relative to the largest of the network.
    """
    function = compiled(loss, **options)
    with np.errstate(all="ignore"):
        assert explain(function, net, x, y).startswith("compiled: "), explain(function, net, x, y)
        cost, grads = function(net, x, y)
        plain_cost, plain = value_and_grad(loss)(net, x, y)
    assert type(cost) is float
    np.testing.assert_allclose(cost, plain_cost, digits, digits * np.spacing(0))
    assert grads.x is None
    size = lambda a: np.abs(a[np.isfinite(a)]).max(initial=0)
    largest = max([size(a) for a in leaves(plain.params)], default=0) if any(map(normalises, net)) else 0
    for made, expected in zip(leaves(grads.params), leaves(plain.params), strict=True):
        assert not made.flags.writeable
        assert made.dtype == expected.dtype
        np.testing.assert_allclose(made, expected, digits, digits * max(size(expected), largest))
    return grads


name_of = lambda value: getattr(value, "__name__", None) or type(value).__name__


@pytest.mark.parametrize("layer", [*ACTIVATIONS, *OTHERS], ids=name_of)
def test_layers(layer):
    check(with_layer(layer), x, y)
    narrow = astype(with_layer(layer), np.float32)
    check(narrow, x.astype(np.float32), y.astype(np.float32), digits=2e-5)


@pytest.mark.parametrize(("loss", "y"), LOSSES, ids=name_of)
def test_losses(loss, y):
    check(mlp([N_IN, WIDTH, N_OUT], hidden=Tanh(), seed=0), x, y, loss)


@st.composite
def runs(draw):
    """A network, and a batch for it."""
    sizes = draw(st.lists(st.integers(1, 40), min_size=2, max_size=5))
    net, of_size = (), {True: ACTIVATIONS, False: [layers.Softmax(), *ACTIVATIONS]}
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        net += (Dense.init(n_in, n_out, seed=i, bias=draw(st.booleans())),)
        net += tuple(draw(st.lists(st.sampled_from(of_size[n_out == 1]), max_size=2)))
        if draw(st.booleans()):
            net += (draw(st.sampled_from([LayerNorm.init(n_out), layers.RMSNorm.init(n_out), Dropout(0.4, seed=i)])),)
    m = draw(st.integers(1, 300))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x, y = rng.normal(size=(m, sizes[0])), rng.normal(size=(m, sizes[-1]))
    if draw(st.integers(0, 3)) == 0:
        x[rng.integers(m), 0] = draw(st.sampled_from([np.nan, np.inf, -np.inf, 1e300]))
    return net, x, y


@given(runs())
def test_networks(run):
    net, x, y = run
    check(net, x, y)


def test_a_cost_that_is_a_function_of_a_sum():
    negative_root = lambda out, y: (-np.sqrt(((out - y) ** 2).mean()), (out - y) / len(y))
    net, function = mlp([N_IN, 4, N_OUT], hidden=Tanh(), seed=0), compiled(negative_root)
    assert explain(function, net, x, y).startswith("compiled: ")
    (cost, grads), (plain_cost, plain) = function(net, x, y), value_and_grad(negative_root)(net, x, y)
    assert type(cost) is type(plain_cost) is np.float64
    np.testing.assert_allclose(cost, plain_cost, 1e-12)
    np.testing.assert_allclose(grads.params[0].W, plain.params[0].W, 1e-10)


@pytest.mark.parametrize("sizes", [[625, 7, 1], [2, 1000, 1], [300, 32, 3]], ids=str)
def test_wide_beside_narrow(sizes):
    x, y = rng.normal(size=(37, sizes[0])), rng.normal(size=(37, sizes[-1]))
    check(mlp(sizes, hidden=Tanh(), seed=0), x, y)


def test_any_number_of_threads_has_the_same_bits():
    net = mlp([2, 27, 5, 1], hidden=Tanh(), seed=0)
    x, y = rng.normal(size=(5000, 2)), rng.normal(size=(5000, 1))
    one, two, three = [check(net, x, y, threads=n) for n in (1, 2, 3)]
    assert one == two == three


def test_rows_of_any_number_use_one_kernel():
    function, net = compiled(mse), mlp([N_IN, WIDTH, N_OUT], hidden=Tanh(), seed=0)
    texts = set()
    for m in (16, 17, 23, 36):
        cost, _ = function(net, x[:m], y[:m])
        assert cost == pytest.approx(value_and_grad(mse)(net, x[:m], y[:m])[0], rel=1e-13)
        texts.add(function.step(net, x[:m], y[:m], [], []).kernel.text)
    assert len(texts) == 1


def test_values_that_a_check_refuses_have_the_error_of_the_plain_path():
    net, function = mlp([N_IN, N_OUT], seed=0), compiled(losses.softmax_cross_entropy)
    function(net, x, classes)
    with pytest.raises(RangeError, match=r"y must hold the classes 0 \.\. 2; it has 0 \.\. 3"):
        function(net, x, np.append(classes[1:], 3))
    probabilities = (Dense(np.full((1, 1), 3.0), None),)
    function = compiled(losses.binary_cross_entropy)
    for y in (np.array([[0.5]]), np.array([[1.5]])):
        with pytest.raises(RangeError, match="must be in "):
            function(probabilities, np.ones((1, 1)), y)


def test_a_pickle_is_the_same_function():
    function = pickle.loads(pickle.dumps(compiled(mse, threads=2)))
    assert repr(function) == "compiled(mse)"
    assert function.threads == 2
    net = mlp([N_IN, N_OUT], seed=0)
    assert function(net, x, y)[1] == compiled(mse)(net, x, y)[1]


def test_a_batch_may_be_a_view():
    net = mlp([N_IN, N_OUT], seed=0)
    wide, tall = np.repeat(x, 2, axis=1), np.asfortranarray(y)
    assert compiled(mse)(net, wide[:, ::2], tall)[1] == compiled(mse)(net, x, y)[1]


def test_threads_may_call_one_function():
    function, nets = compiled(mse), [mlp([N_IN, width, N_OUT], seed=0) for width in range(21, 29)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda net: function(net, x, y)[0], nets * 8))
    assert made == [compiled(mse)(net, x, y)[0] for net in nets] * 8
