"""Combined and weighted losses under `jax.jit`, and the balance of classes in optax."""

import numpy as np
import pytest

from funcnn import Dense, backward, forward, losses, sgd, value_and_grad
from funcnn.trees import leaves

jax = pytest.importorskip("jax", reason="it traces them")
optax = pytest.importorskip("optax", reason="its losses are the oracle")
jnp = jax.numpy
pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]


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
