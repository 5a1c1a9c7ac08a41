"""Kernels that read the rows several times, since rows need sums over all rows: BatchNorm, and rules of users."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

import funcnn as nn
from funcnn import layers
from funcnn.compilation import compiled, explain
from funcnn.errors import RangeError
from funcnn.losses import weighted
from funcnn.trees import astype, leaves
from tests.said import refusal

rng = np.random.default_rng(0)
WIDTH = 5
PARTS = [
    *[nn.BatchNorm.init(WIDTH), nn.BatchNorm.init(WIDTH, bias=False, momentum=0.5), nn.BatchNorm.init(WIDTH, eps=0.1)],
    *[
        nn.Residual((nn.Dense.init(WIDTH, WIDTH, seed=1), nn.BatchNorm.init(WIDTH), nn.Relu())),
        nn.Dense.init(WIDTH, WIDTH, seed=2),
    ],
    *[
        nn.Frozen((nn.BatchNorm.init(WIDTH), nn.Tanh())),
        nn.Dropout(0.3, seed=3),
        layers.GaussianNoise(0.2, seed=4),
        nn.Tanh(),
    ],
    *[nn.LayerNorm.init(WIDTH), layers.Softmax(), layers.PRelu.init(WIDTH), nn.Residual(nn.BatchNorm.init(WIDTH))],
]
deep = (
    *[nn.Dense.init(3, WIDTH, seed=0, bias=False), nn.BatchNorm.init(WIDTH), nn.Tanh(), nn.Dropout(0.2, seed=1)],
    nn.Residual((nn.Dense.init(WIDTH, WIDTH, seed=2, bias=False), nn.BatchNorm.init(WIDTH), nn.Relu())),
    nn.Dense.init(WIDTH, 2, seed=5),
)


def data_of(rows, dtype=np.float64):
    return rng.normal(size=(rows, 3)).astype(dtype), rng.normal(size=(rows, 2)).astype(dtype)


def are_alike(made, expected, bound):
    """Costs and gradients are equal to rounding errors, relative to the largest gradient."""
    assert type(made[0]) is type(expected[0])
    np.testing.assert_allclose(made[0], expected[0], bound)
    pairs = list(zip(leaves(made[1]), leaves(expected[1]), strict=True))
    largest = max([abs(b[np.isfinite(b)]).max(initial=1e-3) for _, b in pairs])
    for a, b in pairs:
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_allclose(a, b, bound, bound * largest)


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_with_batch_norm(seed):
    rng = np.random.default_rng(seed)
    dtype, bound = [(np.float64, 1e-12), (np.float32, 2e-4)][seed % 4 == 3]
    inside = [PARTS[0], *[PARTS[i] for i in rng.integers(0, len(PARTS), rng.integers(1, 5))]]
    net = (
        nn.Dense.init(3, WIDTH, seed=1),
        *[inside[i] for i in rng.permutation(len(inside))],
        nn.Dense.init(WIDTH, 2, seed=2),
    )
    net = (nn.BatchNorm.init(3), *net) if seed % 2 else (*net, nn.BatchNorm.init(2))
    rows = int(rng.choice([5, 16, 37, 300, 2300]))
    x, y = data_of(rows, dtype)
    net, loss = astype(net, dtype), [nn.mse, nn.softmax_cross_entropy][seed % 3 == 1]
    y = y if loss is nn.mse else rng.integers(0, 2, rows)
    function = compiled(loss)
    text = explain(function, net, x, y)
    assert text.startswith("compiled: "), text
    assert " passes over " in text
    made = function(net, x, y)
    are_alike(made, nn.value_and_grad(loss)(net, x, y), bound)
    if seed < 4 or rows > 2000:
        for threads in (2, 3):
            cost, grads = compiled(loss, threads=threads)(net, x, y)
            assert (cost, grads.params) == (made[0], made[1].params)


@pytest.mark.parametrize("optimizer", [(), nn.Momentum(), nn.Adam()], ids=repr)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_folds_carry_running_statistics(optimizer, dtype):
    x, y = data_of(2100, dtype)
    data, start = [(x, y), (x[::-1], y)] * 6, nn.TrainState(astype(deep, dtype), optimizer)
    *_, single = nn.train(start, data, compiled(nn.mse), 0.01)
    for every, threads in ((12, 1), (5, 2)):
        *_, folded = nn.train(start, data, compiled(nn.mse, threads=threads), 0.01, every=every)
        assert folded == single
    *_, plain = nn.train(start, data, nn.value_and_grad(nn.mse), 0.01)
    assert single.params[3] == plain.params[3]
    bound = 1e-10 if dtype is np.float64 else 1e-2
    for a, b in zip(leaves(single.params), leaves(plain.params), strict=True):
        np.testing.assert_allclose(a, b, bound, bound)
    assert not (single.params[1].var == 1).any()


def test_batches_of_all_sizes_share_the_memory_of_the_largest():
    function = compiled(nn.mse)
    for rows in (40, 3000, 90, 500):
        x, y = data_of(rows)
        are_alike(function(deep, x, y), nn.value_and_grad(nn.mse)(deep, x, y), 1e-12)
        function.fold(nn.TrainState(deep), [(x, y)] * 2, [0.1, 0.1])
    assert len(function._pool) == 1
    assert len(function._pool[0]) >= 3000 * WIDTH * 8


def test_a_deep_network():
    net = (
        nn.Dense.init(3, 4, seed=0),
        *[(nn.Dense.init(4, 4, seed=i), nn.BatchNorm.init(4), nn.Tanh()) for i in range(6)],
    )
    x, y = data_of(60)[0], rng.normal(size=(60, 4))
    assert " in 25 passes over " in explain(compiled(nn.mse), net, x, y)
    are_alike(compiled(nn.mse)(net, x, y), nn.value_and_grad(nn.mse)(net, x, y), 1e-11)


# Unusual numbers.


def test_one_row_has_the_error_of_the_layer():
    function, (x, y) = compiled(nn.mse), data_of(30)
    assert function(deep, x, y)[0] > 0
    for f in (function, nn.value_and_grad(nn.mse)):
        with pytest.raises(RangeError, match="at least two rows for a variance"):
            f(deep, x[:1], y[:1])
    are_alike(function(deep, x[:2], y[:2]), nn.value_and_grad(nn.mse)(deep, x[:2], y[:2]), 1e-12)


@pytest.mark.parametrize("change", [np.nan, np.inf, -np.inf, 1e200, 0.0])
def test_numbers_that_spread_to_all_rows(change):
    x, y = data_of(37)
    function = compiled(nn.mse)
    function(deep, x, y)
    x[5, 1] = change
    if change == 0:
        x[:, 0] = 7.0  # without variance
    with np.errstate(all="ignore"):
        are_alike(function(deep, x, y), nn.value_and_grad(nn.mse)(deep, x, y), 1e-12)


def test_a_large_mean_does_not_cancel():
    x, y = data_of(500)
    x += 1e8
    net = (nn.BatchNorm.init(3), nn.Dense.init(3, 2, seed=0))
    are_alike(compiled(nn.mse)(net, x, y), nn.value_and_grad(nn.mse)(net, x, y), 1e-8)


def test_labels_weights_and_frozen_parts():
    x, _ = data_of(50)
    labels, weights = rng.integers(0, 2, 50), rng.random(50)
    net = (*deep[:-1], nn.Frozen((nn.BatchNorm.init(WIDTH), nn.Dense.init(WIDTH, 2, seed=6))))
    function, plain = [f(weighted(nn.softmax_cross_entropy)) for f in (compiled, nn.value_and_grad)]
    assert explain(function, net, x, (labels, weights)).startswith("compiled: ")
    are_alike(function(net, x, (labels, weights)), plain(net, x, (labels, weights)), 1e-12)
    labels[7] = 2
    assert refusal(function, net, x, (labels, weights)) == refusal(plain, net, x, (labels, weights))
    assert function.fold(nn.TrainState(net), [(x, (labels, weights))] * 2, [0.1, 0.1]) is None


# Rules and losses of users.


def by_mean_size(out, y):
    """A loss that divides by the mean of all outputs' sizes, which counts as a constant."""
    e = (out - y) / (abs(out).sum() / out.size)
    return (e * e).sum() / out.size, 2 * e / out.size


def test_a_loss_that_needs_a_sum_over_all_rows():
    net, (x, y) = (nn.Dense.init(3, 2, seed=0), nn.Tanh()), data_of(70)
    assert " in 2 passes over " in explain(compiled(by_mean_size), net, x, y)
    are_alike(compiled(by_mean_size)(net, x, y), nn.value_and_grad(by_mean_size)(net, x, y), 1e-12)


@nn.record
class Centred:
    """x - f(the mean of all rows, w, t), with another gradient and next state, which is `g` of these."""

    w: nn.Array
    f: Any
    g: Any = None
    t: int = nn.state(default=3)


@nn.forward.register(Centred)
def centred_forward(params, x):
    mean = nn.namespace(x).ones(len(x), dtype=x.dtype) @ x / len(x)
    return x - params.f(mean, params.w, params.t), (x, mean)


@nn.backward.register(Centred)
def centred_backward(params, cache, dA):
    x, mean = cache
    dw = (dA * x).sum(axis=0) if params.g is None else params.g(mean, params.w, params.t)
    return nn.Grads(nn.gradient(params, w=dw, t=params.t + 1), dA)


CENTRED = [
    (lambda mean, w, t: mean * w / t, None),
    (lambda mean, w, t: mean * w.reshape(3) * np.ones(3) + w[1] * mean, lambda mean, w, t: w * t + mean),
    (lambda mean, w, t: np.exp(mean) ** w * CENTRED_BY, lambda mean, w, t: w * 2.0),
    (lambda mean, w, t: mean, lambda mean, w, t: w * 0.0 + 1.0),
    (lambda mean, w, t: mean * 1.0 + nn.namespace(mean).zeros(3, mean.dtype), lambda mean, w, t: abs(mean) + w[:3]),
]
CENTRED_BY = np.array([0.5, -1.0, 2.0])


@pytest.mark.parametrize(("f", "g"), CENTRED)
def test_what_is_computed_from_sums_and_parameters(f, g):
    net, (x, _) = (Centred(np.array([0.5, -0.2, 0.3]), f, g), nn.Tanh()), data_of(70)
    y = rng.normal(size=(70, 3))
    function = compiled(nn.mse)
    assert explain(function, net, x, y).startswith("compiled: "), explain(function, net, x, y)
    are_alike(function(net, x, y), nn.value_and_grad(nn.mse)(net, x, y), 1e-12)
    *_, folded = nn.train(nn.TrainState(net, nn.Adam()), [(x, y)] * 6, function, 0.01, every=3)
    *_, single = nn.train(nn.TrainState(net, nn.Adam()), [(x, y)] * 6, function, 0.01)
    assert folded == single
    assert folded.params[0].t == 9


REFUSED = [
    ("a part of a parameter beside a sum over all rows", lambda mean, w, t: mean * w[::-1]),
    ("arrays of 3 and 9 numbers from sums over all rows", None),
    ("index of a sum over all rows", lambda mean, w, t: mean * (w * 2)[::-1]),
]


@pytest.mark.parametrize(("reason", "f"), REFUSED)
def test_what_is_not(reason, f):
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 3))
    net = (Centred(np.ones(3), f or (lambda mean, w, t: mean)),)
    if f is None:
        net = (Centred(np.ones((3, 3)), lambda mean, w, t: mean, lambda mean, w, t: w * mean),)
    step = compiled(nn.mse).step(net, x, y, [], [])
    assert isinstance(step, str)
    assert step.startswith(reason), step
