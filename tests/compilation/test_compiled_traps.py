"""What a kernel would compute otherwise than NumPy runs plain: the result, or the error, is that of value_and_grad."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

import funcnn as nn
from funcnn import layers, losses
from funcnn.compilation import compiled, explain
from funcnn.compilation.compiler import agree
from funcnn.optimizers import Average
from funcnn.training import best_so_far
from funcnn.trees import astype, leaves

rng = np.random.default_rng(0)
x, y = rng.normal(size=(37, 5)), rng.normal(size=(37, 3))
net = nn.mlp([5, 9, 3], hidden=nn.Tanh(), seed=0)
bools, small = y > 0, rng.integers(0, 200, (37, 3)).astype(np.uint8)


@nn.record
class Rule(nn.Elementwise):
    """An activation with a rule that is given, and a setting or a state that the rule reads."""

    f: Any
    p: Any = 1.0

    def value(self, x):
        return self.f(x, self.p)

    def slope(self, kept):
        return nn.namespace(kept).ones_like(kept)


@nn.record
class Product:
    """x @ W without a check."""

    W: nn.Array


nn.forward.register(Product)(lambda params, x: (x @ params.W, x))
nn.backward.register(Product)(lambda params, x, dA: nn.Grads(nn.gradient(params, W=np.asarray(params.W) * 0.0), dA))


def outcome(function, *arguments):
    """The result as numbers, or the class of the error."""
    try:
        with np.errstate(all="ignore"):
            cost, grads = function(*arguments)
    except Exception as error:  # noqa: BLE001  any error may be the right one
        return type(error), str(error)
    return float(cost), leaves(grads.params)


def is_plain(loss, net, x, y):
    """The outcomes of the compiled and the plain function agree, at the first call and at the second."""
    function = compiled(loss)
    expected = outcome(nn.value_and_grad(loss), net, x, y)
    for _ in range(2):
        made = outcome(function, net, x, y)
        if isinstance(expected[0], type):
            assert made == expected
        else:
            np.testing.assert_allclose(made[0], expected[0], 1e-5)
            for a, b in zip(made[1], expected[1], strict=True):
                np.testing.assert_allclose(a, b, 1e-4, 1e-6)


mean_of = lambda d: ((d * d).mean(), 2 * d / d.size)

LOSSES = {
    "fewer rows of y": (lambda out, y: ((out * out).sum() + y.sum(), 2 * out), y[:5]),
    "more rows of y": (lambda out, y: ((out * out).sum() + y.sum(), 2 * out), np.concatenate([y, y])),
    "y without entries": (lambda out, y: ((out * out).sum(), 2 * out), y[:, :0]),
    "some rows": (lambda out, y: (((out - y)[:10] ** 2).sum(), 2 * (out - y)), y),
    "a list of rows": (lambda out, y: (((out - y)[[0, 1]] ** 2).sum(), 2 * (out - y)), y),
    "the first two rows": (lambda out, y: ((out - y)[:2].mean(), 2 * (out - y)), y),
    "a sum of bools": (lambda out, y: (((y + y) * out).sum(), out), bools),
    "bits of whole numbers": (lambda out, y: (((y & 2) * out).sum(), out), small),
    "bits of whole numbers, or": (lambda out, y: (((y | 2) * out).sum(), out), small),
    "bits of floats": (lambda out, y: ((out & 2).sum(), out), y),
    "inverted whole numbers": (lambda out, y: ((~y * out).sum(), out), small),
    "whole numbers below 0": (lambda out, y: (((y - 1) * out).sum(), out), small),
    "whole numbers that overflow": (lambda out, y: (((y * 200) * out).sum(), out), small),
    "minus a whole number": (lambda out, y: ((-y * out).sum(), out), small),
    "a large whole number": (lambda out, y: (((y == 1 << 25) * out).sum(), out), np.full((37, 3), (1 << 25) + 1)),
    "a difference of bools": (lambda out, y: (((out > 0) - (y > 0)).sum(), out), y),
    "minus a bool": (lambda out, y: ((-(out > 0)).sum(), out), y),
    "a bound that is NaN": (lambda out, y: (np.maximum(out - y, np.nan).sum(), out), y),
    "one bound": (lambda out, y: mean_of(np.clip(out - y, None, 1.0)), y),
    "the other bound": (lambda out, y: mean_of(np.clip(out - y, -1.0, None)), y),
    "fewer digits between": (lambda out, y: ((out - y).astype(np.float32).astype(np.float64).sum(), out), y),
    "logic of bools": (lambda out, y: ((((out > 0) & (y > 0)) | (out > 1)).astype(float).sum() * 1.0, out), y),
    "bools inverted": (lambda out, y: ((out * ~(y > 0)).sum(), out), y),
    "bools as y": (lambda out, y: ((out * y).sum(), out * 1.0), bools),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    loss, y = LOSSES[name]
    is_plain(loss, net, x, y)


NARROW = astype(net, np.float32)
OF_FLOAT32 = {
    "large numbers": (lambda out, y: mean_of(out - (y - 1.7e9).astype(out.dtype)), y + 1.7e9),
    "large whole numbers": (
        lambda out, y: mean_of(out - (y - 20_000_000).astype(out.dtype)),
        20_000_000 + small.astype(np.int64),
    ),
    "a label above 1": (losses.softmax_cross_entropy, np.full((37, 3), 1 + 1e-9) * [1.0, 0.0, 0.0]),
    "a label below 0": (losses.softmax_cross_entropy, np.full((37, 3), 1.0) * [1.0, -1e-60, 0.0]),
    "a gradient in float64": (lambda out, y: mean_of(out - y), small.astype(np.int64)),
    "a cost in float64": (lambda out, y: ((out * np.float64(2)).sum(), out), y.astype(np.float32)),
    "y in float64": (nn.mse, y),
    "y in float16": (nn.mse, y.astype(np.float16)),
}


@pytest.mark.parametrize("name", OF_FLOAT32)
def test_losses_in_float32(name):
    loss, y = OF_FLOAT32[name]
    is_plain(loss, NARROW, x.astype(np.float32), y)


RULES = {
    "a sum of bools": (lambda x, p: x * ((x > 0) + (x > 1)), 1.0),
    "a wide constant": (lambda x, p: x * np.sqrt(2 / np.pi), 1.0),
    "whole numbers": (lambda x, p: x * np.where(x > 0, 1, 0), 1.0),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", RULES)
def test_rules(name, dtype):
    is_plain(nn.mse, astype((nn.Dense.init(5, 3, seed=0), Rule(*RULES[name])), dtype), x.astype(dtype), y.astype(dtype))


@pytest.mark.parametrize("shape", [(4, 3), (6, 3), (8, 3), (1, 3), (5, 3)])
def test_products_fit(shape):
    is_plain(nn.mse, (Product(np.ones(shape)),), x, y)
    is_plain(nn.mse, (Product(np.ones((shape[0], 2))),), x[:4], y[:4, :2])


@nn.record
class Pair:
    """Two settings."""

    a: Any
    b: Any


nn.forward.register(Pair)(lambda params, x: (x * (2.0 if params.a == () else 1.0), x))
nn.backward.register(Pair)(lambda params, x, dA: nn.Grads(nn.gradient(params), dA))


APART = [
    [Rule(lambda x, p: x * (2.0 if p is True else 1.0), p) for p in (True, 1, 1.0)],
    [Rule(lambda x, p: x * (2.0 + np.copysign(1.0, p)), p) for p in (0.0, -0.0)],
    [Pair((), 0), Pair(0, ())],
    [layers.Elu(1.0), layers.Elu(2.0)],
]


@pytest.mark.parametrize("kinds", APART)
def test_settings_that_differ_have_kernels_of_their_own(kinds):
    function, first = compiled(nn.mse), nn.Dense.init(5, 3, seed=0)
    for layer in kinds:
        expected, _ = nn.value_and_grad(nn.mse)((first, layer), x, y)
        assert function((first, layer), x, y)[0] == pytest.approx(expected, rel=1e-12)


def test_minus_zero_and_zero_are_two_constants():
    def loss(out, y):
        return np.where(out > 0, 0.0, 1.0 / np.where(y > 0, -0.0, -0.0)).max(axis=-1).sum() * 0 + (out * out).sum(), out

    is_plain(lambda out, y: ((np.where(y > 0, 0.0, -0.0) + out * out).sum(), out), net, x, y)
    is_plain(loss, net, x, y)


@nn.record
class Scaled(nn.Elementwise):
    """A layer with a number as a state, which changes."""

    s: Any = nn.state(default=2)

    def value(self, x):
        return x * self.s

    def slope(self, kept):
        return self.s

    def own_gradients(self, dA, kept):
        return {"s": self.s + 1}


@pytest.mark.parametrize("s", [2, 2.5])
def test_a_number_as_a_state_may_be_used(s):
    nets = (nn.Dense.init(5, 3, seed=0), Scaled(s))
    is_plain(nn.mse, nets, x, y)
    made = [last(nn.train(nn.TrainState(nets), [(x, y)] * 4, function, 1e-4, every=2)) for function in BOTH]
    assert made[0].params[1] == made[1].params[1] == Scaled(s + 4)
    np.testing.assert_allclose(made[0].cost, made[1].cost, 1e-10)


BOTH = [compiled(nn.mse), nn.value_and_grad(nn.mse)]


def last(run):
    *_, now = run
    return now


def same_run(net, optimizer=(), every=4, **data):
    batches = data.get("batches", [(x, y)] * 8)
    made = [last(nn.train(nn.TrainState(net, optimizer), list(batches), f, 0.01, every=every)) for f in BOTH]
    for a, b in zip(leaves(made[0]), leaves(made[1]), strict=True):
        np.testing.assert_allclose(a, b, 1e-9, 1e-9)


def test_an_optimizer_that_keeps_the_states_of_the_network():
    same_run((nn.Dense.init(5, 4, seed=0), nn.Dropout(0.3, seed=1), nn.Dense.init(4, 3, seed=2)), Average())


def test_frozen_chains_with_dropout_compile():
    nets = (nn.Frozen((nn.Dense.init(5, 4, seed=0), nn.Dropout(0.3, seed=1))), nn.Dense.init(4, 3, seed=2))
    assert explain(compiled(nn.mse), nets, x, y).startswith("compiled: ")
    is_plain(nn.mse, nets, x, y)
    same_run(nets)


def test_shared_layers():
    shared = layers.Shared(nn.Dense.init(5, 5, seed=0), (layers.Here(), nn.Tanh(), layers.Here()))
    nets = (shared, nn.Dense.init(5, 3, seed=1))
    assert explain(compiled(nn.mse), nets, x, y).startswith("compiled: ")
    is_plain(nn.mse, nets, x, y)
    same_run(nets)


def test_batches_that_use_their_arrays_again():
    def batches():
        a, b, rng = np.empty((8, 5)), np.empty((8, 3)), np.random.default_rng(0)
        for _ in range(40):
            a[...], b[...] = rng.normal(size=a.shape), rng.normal(size=b.shape)
            yield a, b

    for function in BOTH:
        runs = [last(nn.train(nn.TrainState(net), batches(), function, 0.1, every=every)) for every in (1, 10, 40)]
        assert runs[0] == runs[1] == runs[2]


def test_functions_of_runs_around_folds():
    score = nn.validation(nn.mse, x, y)
    for function in BOTH:
        start = nn.TrainState(net)
        run = lambda start, n: nn.train(start, [(x, y)] * n, function, 0.05, every=5)  # noqa: B023  used at once
        best = last(best_so_far(run(start, 20), score))
        assert best.step == 20
        assert best.best.step == 20
        stopped = last(nn.early_stopping(run(start, 40), score, patience=3))
        assert stopped.step % 5 == 0
        assert last(run(last(run(start, 20)), 20)).params == last(run(start, 40)).params


def test_a_fold_that_fails_is_tried_twice():
    calls = []

    def lr(step):
        calls.append(step)
        return 0.1

    data = [(x, y)] * 30 + [(x, np.full_like(y, 1e300))]
    with pytest.raises(ArithmeticError, match="in step 30"), np.errstate(over="ignore"):
        last(nn.train(nn.TrainState(net), data, compiled(nn.mse), lr, every=31))
    assert len(calls) <= 1 + 2 * 31  # checked once, and each step is asked for once


def test_a_kernel_whose_result_differs_is_not_used(monkeypatch):
    monkeypatch.setattr("funcnn.compilation.compiler.agree", lambda *_: False)
    function = compiled(nn.mse)
    assert explain(function, net, x, y) == "plain NumPy: the kernel's result differs from that of NumPy"
    assert function(net, x, y) == nn.value_and_grad(nn.mse)(net, x, y)


def test_a_fold_whose_result_differs_is_not_used(monkeypatch):
    monkeypatch.setattr("funcnn.compilation.fold.sgd", lambda params, grads, lr: params)
    same_run(net)


def test_results_agree_to_rounding():
    cost, grads = nn.value_and_grad(nn.mse)(net, x, y)
    assert agree((cost, grads), (cost * (1 + 1e-12), grads), np.float64)
    assert not agree((cost, grads), (cost * 1.001, grads), np.float64)
    assert not agree((np.nan, grads), (cost, grads), np.float64)
    assert not agree((cost, grads), (cost, nn.Grads(astype(grads.params, np.float64)[::-1], None)), np.float64)
