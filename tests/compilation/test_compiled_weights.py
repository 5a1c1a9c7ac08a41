"""Weighted losses as kernels: y is a tuple of arrays, whose rows stand side by side."""

from functools import partial

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import Adam, Dense, Sigmoid, TrainState, losses, mlp, mse, train, value_and_grad
from funcnn.compilation import compiled, explain
from funcnn.losses import weighted
from funcnn.trees import leaves
from tests.said import refusal

pytestmark = pytest.mark.unwatched

rng = np.random.default_rng(0)
ROWS = 37
WEIGHTS = {
    "floats": rng.random(ROWS),
    "bools": rng.random(ROWS) > 0.3,
    "whole numbers": rng.integers(0, 3, ROWS),
    "a large share of zeros": np.where(rng.random(ROWS) > 0.9, 2.0, 0.0),
}
LOSSES = [
    *[(mse, "numbers"), (losses.mae, "numbers"), (losses.huber, "numbers"), (losses.log_cosh, "numbers")],
    *[(partial(losses.quantile, q=0.3), "numbers"), (losses.poisson_nll, "positive"), (losses.hinge, "bits")],
    *[
        (losses.squared_hinge, "bits"),
        (losses.binary_cross_entropy_with_logits, "bits"),
        (losses.kl_divergence, "shares"),
    ],
    *[(losses.softmax_cross_entropy, "classes"), (losses.softmax_cross_entropy, "shares")],
    *[(losses.softmax_focal, "classes"), (partial(losses.softmax_cross_entropy, smoothing=0.1), "classes")],
    *[(losses.cosine_distance, "numbers"), (losses.binary_cross_entropy, "bits")],
]


def labels(kind, n):
    y = rng.normal(size=(ROWS, n))
    made = {"numbers": y, "positive": np.exp(y), "bits": (y > 0) * 1.0, "classes": rng.integers(0, n, ROWS)}
    return made[kind] if kind in made else np.exp(y) / np.exp(y).sum(1, keepdims=True)


@pytest.mark.parametrize(("loss", "kind"), LOSSES)
@pytest.mark.parametrize("sizes", [(5, 3), (1, 2), (3, 7)], ids=str)
def test_weighted_losses(loss, kind, sizes):
    end = (Sigmoid(),) if loss is losses.binary_cross_entropy else ()
    net, x, y = (Dense.init(*sizes, seed=0), *end), rng.normal(size=(ROWS, sizes[0])), labels(kind, sizes[1])
    function, plain = compiled(weighted(loss)), value_and_grad(weighted(loss))
    weights = [*WEIGHTS.values(), *([rng.random((ROWS, sizes[1]))] if loss in {mse, losses.hinge} else [])]
    for weight in weights:
        cost, grads = function(net, x, (y, weight))
        expected_cost, expected = plain(net, x, (y, weight))
        assert explain(function, net, x, (y, weight)).startswith("compiled: ")
        assert cost == pytest.approx(expected_cost, rel=1e-12)
        for a, b in zip(leaves(grads), leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, 1e-12, 1e-14)
    for bad in (-1.0, np.nan):
        weight = np.where(np.arange(ROWS) == 20, bad, 1.0)
        assert refusal(function, net, x, (y, weight)) == refusal(plain, net, x, (y, weight))


def test_folds_with_weights_have_the_bits_of_single_steps():
    function, net = compiled(weighted(losses.softmax_cross_entropy)), mlp([5, 6, 3], seed=0)
    sizes = [20] * 7 + [21] * 5 + [20] * 8
    data = [(rng.normal(size=(m, 5)), (rng.integers(0, 3, m), rng.random(m))) for m in sizes]
    run = lambda every: [*train(TrainState(net, Adam()), iter(data), function, 0.01, every=every)]
    assert run(5) == run(1)[4::5]


def test_parts_of_y_that_do_not_fit():
    x, y, net = rng.normal(size=(ROWS, 5)), labels("numbers", 3), (Dense.init(5, 3, seed=0),)
    first = lambda out, y: mse(out, y[0])
    for parts, reason in (
        ((y, np.ones(5)), "y must have the rows of x, 37; y: (5,)"),
        ((y, np.ones(37, complex)), "y must hold numbers, not complex128"),
        ((y, None), "x and y must be NumPy arrays, or tuples of them, got float64 array and tuple"),
    ):
        assert explain(compiled(first), net, x, parts) == f"plain NumPy: {reason}"
    assert explain(compiled(first), net, x, (y, y > 0)).startswith("compiled: ")
