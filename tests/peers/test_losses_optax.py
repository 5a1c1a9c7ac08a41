"""Values and gradients of losses against optax, and combined losses under `jax.jit`."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Dense, backward, forward, losses, sgd, value_and_grad
from funcnn.trees import leaves
from tests.counts import at_most

jax = pytest.importorskip("jax", reason="it differentiates what optax computes")
optax = pytest.importorskip("optax", reason="its losses are the oracle")
jnp = jax.numpy
pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]


def smooth(out, y):
    return optax.losses.softmax_cross_entropy(out, optax.losses.smooth_labels(jax.nn.one_hot(y, 4), 0.1))


def numbers(random):
    return random.standard_normal((6, 4))


def distributions(random):
    p = np.maximum(random.standard_normal((6, 4)), 0) + 1e-9 * np.eye(4)[random.integers(0, 4, 6)]
    return p / p.sum(axis=1, keepdims=True)


# (the loss, the terms of optax, how y is drawn)
CASES = {
    "huber": (losses.huber, optax.losses.huber_loss, numbers),
    "log cosh": (losses.log_cosh, optax.losses.log_cosh, numbers),
    "hinge": (losses.hinge, lambda out, y: optax.losses.hinge_loss(out, 2 * y - 1), lambda r: r.integers(0, 2, (6, 4))),
    "kl": (losses.kl_divergence, lambda out, y: optax.losses.kl_divergence(jax.nn.log_softmax(out), y), distributions),
    "cosine": (losses.cosine_distance, optax.losses.cosine_distance, numbers),
    "focal": (
        partial(losses.binary_focal, gamma=1.5),
        partial(optax.losses.sigmoid_focal_loss, gamma=1.5),
        lambda r: r.integers(0, 2, (6, 4)),
    ),
    "smoothed": (partial(losses.softmax_cross_entropy, smoothing=0.1), smooth, lambda r: r.integers(0, 4, 6)),
}


@pytest.mark.parametrize("name", CASES)
@at_most(20)
@given(seed=st.integers(0, 2**32 - 1), weigh=st.booleans())
def test_value_and_gradient_are_those_of_optax(name, seed, weigh):
    loss, terms, draw = CASES[name]
    random = np.random.default_rng(seed)
    out, y = 3 * random.standard_normal((6, 4)), draw(random)
    weight = random.uniform(0, 3, 6) if weigh else np.ones(6)

    def value(out):
        each = terms(out, y)
        return (each * weight.reshape(weight.shape + (1,) * (each.ndim - 1))).mean()

    wanted, wanted_dA = jax.value_and_grad(value)(jnp.asarray(out))
    cost, dA = loss(out, y, weight)
    np.testing.assert_allclose(cost, wanted, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dA, wanted_dA, rtol=1e-12, atol=1e-12)


def test_the_balance_of_classes_is_a_weight():
    random = np.random.default_rng(0)
    out, y = random.standard_normal((6, 4)), random.integers(0, 2, (6, 4))
    wanted = optax.losses.sigmoid_focal_loss(out, y, alpha=0.25).mean()
    cost, _ = losses.weighted(losses.binary_focal)(out, (y, np.where(y, 0.25, 0.75)))
    assert cost == pytest.approx(float(wanted), rel=1e-12)


# Losses made of losses, of arrays that are traced.


def parts(dtype="f8"):
    random = np.random.default_rng(0)
    out = tuple([random.standard_normal((4, 3, 2)).astype(dtype) for _ in range(3)])
    y = (random.standard_normal((4, 3, 2)), random.integers(0, 2, (4, 3)))
    return out, y, random.random((4, 3)) > 0.4


def mixture(out, y, mask):
    """Two heads, one of which is a pair, and a mask that goes to one of them."""
    a, b, c = out
    return losses.joint(losses.gaussian_nll, losses.masked(losses.softmax_cross_entropy), factors=(0.5, 2.0))(
        ((a, b), (c, mask)), y
    )


def test_of_traced_arrays_they_are_what_they_are_of_numpys():
    out, y, mask = parts()
    cost, dA = mixture(out, y, mask)
    arrays = jax.tree.map(jnp.asarray, (out, y, mask))
    for jax_cost, jax_dA in (jax.jit(mixture)(out, y, mask), mixture(*arrays), mixture(out, *arrays[1:])):
        assert float(jax_cost) == pytest.approx(cost, rel=1e-14)
        assert jax_dA[1][1] is None
        for d, other in zip(leaves(dA), leaves(jax_dA), strict=True):
            np.testing.assert_allclose(d, other, rtol=1e-13, atol=1e-15)
    wanted = jax.grad(lambda out: mixture(out, y, mask)[0])(out)
    for d, other in zip(leaves(dA), wanted, strict=True):
        np.testing.assert_allclose(d, other, rtol=1e-12, atol=1e-14)


def test_a_jitted_step_compiles_once_and_stays_float32():
    out, y, mask = parts("f4")
    net, compiled = Dense.init(2, 2, seed=0), []
    net = jax.tree.map(lambda a: jnp.asarray(a, "f4"), net)

    @jax.jit
    def step(net, x, y, mask):
        compiled.append(1)
        heads, cache = forward(net, x)
        _, ((d, _), _) = losses.joint(losses.masked(losses.mse), losses.masked(losses.softmax_cross_entropy))(
            ((heads, mask), (heads, mask)), y
        )
        return sgd(net, backward(net, cache, d), 0.1)

    for i in range(5):
        net = step(net, out[0] + np.float32(i), y, mask)
    assert len(compiled) == 1
    assert {a.dtype for a in leaves(net)} == {np.dtype("f4")}


@pytest.mark.parametrize("loss", [losses.binary_focal, losses.cosine_distance, losses.kl_divergence, losses.hinge])
def test_a_whole_step_with_a_weighted_loss_is_traced(loss):
    (out, *_), (y, _), _ = parts()
    net, y = Dense.init(2, 2, seed=0), (abs(y) < 0.5, np.array([0.0, 1.0, 2.0, 3.0]))
    step = value_and_grad(losses.weighted(loss))
    cost, grads = step(net, out, y)
    jax_cost, jax_grads = jax.jit(step)(net, out, y)
    assert float(jax_cost) == pytest.approx(cost, rel=1e-13)
    for g, other in zip(leaves(grads.params), leaves(jax_grads.params), strict=True):
        np.testing.assert_allclose(g, other, rtol=1e-12, atol=1e-14)
