"""Products with the Hessian, of every layer and every loss, against `jax.jvp` of the gradient that the rules give."""

import numpy as np
import pytest

from funcnn import LSTM, BatchNorm, Dense, Embedding, Gelu, LayerNorm, Tanh, backward, forward, mlp, mse
from funcnn import softmax_cross_entropy as cross_entropy
from funcnn.curvature import ggnvp, hvp
from funcnn.layers import Function, Last
from funcnn.testing.strategies import registered
from funcnn.trees import from_vector, map_parameters, to_vector
from tests.curved import LOSSES, network, quadratic, shifted

jax = pytest.importorskip("jax", reason="jax.jvp is the oracle")
pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]

FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}

rng = np.random.default_rng(0)
X, Y, CLASSES = rng.normal(size=(6, 2)), rng.normal(size=(6, 3)), rng.integers(0, 3, 6)


def jvp(f, at, tangent):
    """The directional derivative of f, in one program, which XLA need not optimize."""
    program = jax.jit(lambda at, tangent: jax.jvp(f, (at,), (tangent,))[1])
    return program.lower(at, tangent).compile(compiler_options=FAST)(at, tangent)


def gradient(loss, net, x, y):
    """The gradient that the rules give, as a function of the parameters in a vector."""
    x = jax.tree.map(jax.numpy.asarray, x)

    def of_vector(vector):
        params = from_vector(net, vector)
        out, cache = forward(params, x)
        return to_vector(backward(params, cache, loss(out, y)[1]).params)

    return of_vector


def by_jax(loss, net, x, y, v):
    """The product with the Hessian, as JAX finds it."""
    return np.asarray(jvp(gradient(loss, net, x, y), to_vector(net), to_vector(v)))


def assert_within_bound(product, expected, *, method="complex step"):
    assert product.method == method
    error, bound = abs(to_vector(product.value) - expected), to_vector(product.bound)
    assert (error <= bound).all()
    assert bound.max() <= (1e-11 if method == "complex step" else 1e-8) * max(1, abs(expected).max())


@pytest.mark.parametrize("layer", registered(), ids=lambda layer: layer.__name__)
def test_the_product_of_every_layer_is_that_of_jax_within_its_bound(layer):
    net, x, y, v = network(layer, 0)
    method = "differences" if layer is Function else "complex step"
    assert_within_bound(hvp(quadratic)(net, x, y, v), by_jax(quadratic, net, x, y, v), method=method)


def test_the_product_of_every_loss_is_that_of_jax_within_its_bound():
    """All losses in one program."""
    cases = {name: (*case, *shifted(case[1])) for name, case in LOSSES.items()}
    nets, vs = [{name: to_vector(case[i]) for name, case in cases.items()} for i in (3, 4)]

    def gradients(vectors):
        return {name: gradient(loss, net, out, y)(vectors[name]) for name, (loss, out, y, net, _) in cases.items()}

    expected = jvp(gradients, nets, vs)
    for name, (loss, out, y, net, v) in cases.items():
        assert_within_bound(hvp(loss)(net, out, y, v), np.asarray(expected[name]))


NETS = {
    "tanh": (mlp([2, 5, 3], hidden=Tanh(), seed=0), X, mse, Y),
    "gelu": (
        (Dense.init(2, 8, seed=0), LayerNorm.init(8), Gelu(), Dense.init(8, 3, seed=1)),
        X,
        cross_entropy,
        CLASSES,
    ),
    "lstm": (
        (Embedding.init(5, 3, seed=0), LSTM.init(3, 4, seed=1), Last(), Dense.init(4, 3, seed=2)),
        rng.integers(0, 5, (6, 4)),
        cross_entropy,
        CLASSES,
    ),
    "batch norm": ((Dense.init(2, 4, seed=0), BatchNorm.init(4), Tanh(), Dense.init(4, 3, seed=1)), X, mse, Y),
}


def test_products_with_both_matrices_of_networks_are_those_of_jax_within_their_bounds():
    vs = {name: map_parameters(lambda a: rng.normal(size=a.shape), net) for name, (net, *_) in NETS.items()}

    def by_definition(vectors):
        """For each network, H v and J' L J v."""
        found = {}
        for name, (net, x, loss, y) in NETS.items():
            at = to_vector(net)
            out = lambda w, net=net, x=x: forward(from_vector(net, w), x)[0]
            hv = jax.jvp(gradient(loss, net, x, y), (at,), (vectors[name],))[1]
            value, along = jax.jvp(out, (at,), (vectors[name],))
            bent = jax.jvp(lambda o, loss=loss, y=y: loss(o, y)[1], (value,), (along,))[1]
            found[name] = hv, jax.vjp(out, at)[1](bent)[0]
        return found

    expected = jax.jit(by_definition)({name: to_vector(v) for name, v in vs.items()})
    for name, (net, x, loss, y) in NETS.items():
        for products, wanted in zip((hvp, ggnvp), expected[name], strict=True):
            assert_within_bound(products(loss)(net, x, y, vs[name]), np.asarray(wanted))
