"""Every layer against `jax.vjp` of its own forward, an oracle that is exact to rounding and knows nothing of backward.

JAX compiles for each shape, so a layer has at most three fixed ones; their values are drawn. A layer of
`funcnn.testing.strategies.registered()` without a case here fails.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funcnn import (
    Dense,
    Elu,
    Gelu,
    Identity,
    LeakyRelu,
    Relu,
    Sigmoid,
    Softplus,
    Tanh,
    backward,
    forward,
    leaves,
    parameters,
    tree_map,
)
from funcnn.testing.strategies import registered, tensor

jax = pytest.importorskip("jax", reason="jax.vjp is the oracle")
pytestmark = pytest.mark.usefixtures("jax64")

every_layer = pytest.mark.parametrize("layer", registered(), ids=lambda layer: layer.__name__)


def within(limit, *shape):
    """Values of `tensor`, ties and zeros among them, but none of its +-800: sums of those would cancel to noise."""
    return tensor(shape).map(lambda a: a.clip(-limit, limit))


def dense(n_in, n_out, *, bias=True):
    return st.builds(Dense, within(3, n_in, n_out), within(3, n_out) if bias else st.none())


def elementwise(*activations, x=tensor):
    """Each in turn with an x of one, two and three axes, of values up to +-800."""
    shapes = [(7,), (4, 3), (2, 3, 4)]
    return [(st.just(activations[i % len(activations)]), x(shape)) for i, shape in enumerate(shapes)]


# For each layer, how to draw (params, x) of at most three shapes.
CASES = {
    Identity: elementwise(Identity()),
    # JAX halves the gradient of max(x, 0) at 0, where Relu's slope is 0.
    Relu: elementwise(Relu(), x=lambda shape: tensor(shape).map(lambda x: np.where(x == 0, 1e-9, x))),
    LeakyRelu: elementwise(LeakyRelu(), LeakyRelu(0.0), LeakyRelu(2.0)),
    Sigmoid: elementwise(Sigmoid()),
    Tanh: elementwise(Tanh()),
    Softplus: elementwise(Softplus()),
    Elu: elementwise(Elu(), Elu(0.0), Elu(2.0)),
    Gelu: elementwise(Gelu()),
    Dense: [
        (dense(3, 4), tensor((5, 3))),
        (dense(3, 4, bias=False), tensor((2, 5, 3))),
        (dense(3, 1), tensor((2, 5, 3))),  # one column is multiplied by another route
    ],
    tuple: [
        (st.just(()), tensor((4, 3))),
        (st.tuples(dense(3, 5), st.just(Tanh()), dense(5, 2), st.just(Sigmoid())), within(30, 4, 3)),
        (
            st.tuples(
                st.tuples(dense(3, 4), st.just(Softplus())),
                st.just(()),
                st.tuples(st.tuples(st.just(LeakyRelu()), dense(4, 4, bias=False)), st.just(Elu())),
                st.just(Gelu()),
                dense(4, 1),
            ),
            within(30, 2, 4, 3),
        ),
    ],
}


@jax.jit
def vjp_of_forward(params, x, dA):
    """(out, dparams, dx), as JAX finds them from the forward alone."""
    out, vjp = jax.vjp(lambda params, x: forward(params, x)[0], params, x)
    return out, *vjp(dA)


def rules(params, x, dA):
    """(out, dparams, dx), as the layer's own rules find them."""
    out, cache = forward(params, x)
    grads = backward(params, cache, dA)
    return out, grads.params, grads.x


def assert_equal(name, ours, theirs):
    """Equal but for 1e-12 of the largest entry; of one dtype and shape."""
    assert (name, ours.dtype, ours.shape) == (name, theirs.dtype, theirs.shape)
    theirs = np.asarray(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * max(1, abs(theirs).max()), err_msg=name)


def drawn(layer, data):
    """(params, x, dA) for each of a layer's cases."""
    for params, x in CASES[layer]:
        params, x = data.draw(params, "params"), data.draw(x, "x")  # noqa: PLW2901  a strategy becomes its value
        yield params, x, data.draw(within(3, *forward(params, x)[0].shape), "dA")


def test_every_layer_has_a_case_and_at_most_three():
    assert {layer.__name__ for layer in registered()} == {layer.__name__ for layer in CASES}
    assert {len(cases) for cases in CASES.values()} <= {1, 2, 3}


@every_layer
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_backward_is_the_vjp_of_forward(layer, data):
    for params, x, dA in drawn(layer, data):
        out, dparams, dx = rules(params, x, dA)
        jax_out, jax_dparams, jax_dx = vjp_of_forward(params, x, dA)
        assert_equal("out", out, jax_out)
        assert_equal("dx", dx, jax_dx)
        ours, theirs = parameters(dparams), parameters(jax_dparams)
        assert ours.keys() == theirs.keys() == parameters(params).keys()
        for path in ours:
            assert_equal(f"d{path}", ours[path], theirs[path])


@every_layer
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_rules_give_under_jit_what_they_give_in_numpy_and_the_cache_crosses_its_border(layer, data):
    for params, x, dA in drawn(layer, data):
        out, cache = jax.jit(forward)(params, x)
        grads = jax.jit(backward)(params, cache, dA)
        assert jax.tree.structure(grads.params) == jax.tree.structure(params)
        pairs = zip(leaves(rules(params, x, dA)), leaves((out, grads)), strict=True)
        for i, (ours, theirs) in enumerate(pairs):
            assert_equal(f"array {i} of (out, dparams, dx)", ours, theirs)


@every_layer
@settings(max_examples=1, deadline=None)
@given(data=st.data())
def test_float32_stays_float32_though_jax_has_64_bits(layer, data):
    for params, x, dA in drawn(layer, data):
        arguments = tree_map(lambda a: a.astype(np.float32), (params, x, dA))
        traced = jax.eval_shape(rules, *arguments)
        assert {leaf.dtype for leaf in jax.tree.leaves(traced)} == {np.dtype(np.float32)}
