"""Functions of JAX as layers: their gradients, training in NumPy, dtypes, compilation, pickling and files."""

import pickle
from functools import partial

import numpy as np
import pytest

import funcnn as nn
from funcnn.errors import KindError
from funcnn.testing import check_layer
from funcnn.trees import astype, leaves

jax = pytest.importorskip("jax", reason="the layers are made of its functions")
jnp = jax.numpy
# After that line: without JAX there is nothing to import.
from funcnn.interop.jax import JaxFunction, JaxLayer  # noqa: E402  as just said

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((6, 3)), rng.standard_normal((6, 2))
traced = []


def dense(W, b, x):
    traced.append(x.shape)
    return jnp.tanh(x @ W + b)


def around(net, x):
    return jnp.sin(nn.forward(net, x)[0])


chosen = lambda table, x: table[x[0]] * x[1][:, None]


@nn.record
class Bilinear(JaxLayer):
    """out = scale (x A) (x B), less a mean that is carried."""

    A: nn.Array
    B: nn.Array
    scale: float = 2.0
    mean: nn.Array | None = nn.state(default=None)

    def value(self, x):
        return self.scale * (x @ self.A) * (x @ self.B) - (0 if self.mean is None else self.mean)


def layer(dtype=np.float64):
    return JaxFunction(dense, (astype(0.5 * rng.standard_normal((3, 2)), dtype), astype(np.ones(2), dtype)))


def bilinear():
    return Bilinear(rng.standard_normal((3, 2)), rng.standard_normal((3, 2)), mean=np.ones(2))


@pytest.mark.parametrize(
    "net",
    [
        layer(),
        (nn.Dense.init(3, 3, seed=0), layer(), nn.Tanh()),
        bilinear(),
        JaxFunction(jnp.tanh),
        JaxFunction(around, (nn.mlp([3, 2, 2], nn.Tanh(), seed=0),)),
        JaxFunction(partial(dense, np.ones((3, 2), np.float32)), (np.ones(2),)),
    ],
    ids=["function", "in a chain", "class", "without parameters", "around a network", "partial"],
)
def test_its_gradients_are_proven(net):
    assert check_layer(net, X[:3]).verdict == "pass"


@pytest.mark.usefixtures("jax64")
def test_its_gradients_are_proven_in_float32_with_64_bits_on():
    assert check_layer(layer(np.float32), X[:3].astype(np.float32)).verdict == "pass"


@pytest.mark.parametrize("optimizer", [(), nn.Momentum(), nn.Adam()], ids=str)
def test_it_trains_in_the_four_lines_as_numpy_does(optimizer):
    net = (nn.Dense.init(3, 4, seed=0), nn.Tanh(), nn.Dense.init(4, 2, seed=1), nn.Tanh())
    twin = (*net[:2], JaxFunction(dense, (net[2].W, net[2].b)))
    data = [(X, Y)] * 30
    for ours, theirs in zip(
        *[nn.train(nn.TrainState(p, optimizer), data, nn.value_and_grad(nn.mse), 0.1) for p in (net, twin)], strict=True
    ):
        assert theirs.cost == pytest.approx(ours.cost, rel=1e-12)
    assert theirs.cost < 0.9 * nn.mse(nn.predict(net, X), Y)[0]
    assert {type(leaf) for leaf in leaves(theirs.params)} == {np.ndarray}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.usefixtures("x64")
def test_dtypes_are_kept(dtype):
    net, x = layer(np.dtype(dtype)), X.astype(dtype)
    out, cache = nn.forward(net, x)
    grads = nn.backward(net, cache, out)
    found = [out, grads.x, *leaves(grads.params), *leaves(nn.sgd(net, grads, 0.1))]
    assert {(type(a), a.dtype) for a in found} == {(np.ndarray, np.dtype(dtype))}
    assert not any([a.flags.writeable for a in found])


def test_bfloat16_is_kept_too():
    dtype = jnp.bfloat16.dtype
    net = nn.tree_map(lambda a: a.astype(dtype), layer())
    out, cache = nn.forward(net, X.astype(dtype))
    assert {a.dtype for a in (out, *leaves(nn.backward(net, cache, out).params))} == {dtype}


def test_the_setting_of_jax_is_as_it_was():
    before = jax.config.jax_enable_x64
    nn.forward(layer(), X)
    assert jax.config.jax_enable_x64 is before


def test_it_is_compiled_once_for_each_shape():
    net = layer(np.float32)
    traced.clear()
    for m in (4, 4, 5, 4, 5):
        x = np.ones((m, 3), np.float32)
        out, cache = nn.forward(net, x)
        grads = nn.backward(net, cache, out)
        net = nn.sgd(net, grads, 0.1)
    assert sorted(traced) == [(4, 3)] * 2 + [(5, 3)] * 2  # forward and backward


def test_integers_in_x_have_no_gradient():
    net, x = JaxFunction(chosen, (rng.standard_normal((4, 2)),)), (np.array([1, 1, 3]), np.array([1.0, 2.0, 3.0]))
    out, cache = nn.forward(net, x)
    grads = nn.backward(net, cache, np.ones((3, 2)))
    assert grads.x[0] is None
    np.testing.assert_allclose(grads.x[1], net.params[0][x[0]].sum(1), rtol=1e-15)
    np.testing.assert_allclose(grads.params.params[0], np.array([[0, 0], [3, 3], [0, 0], [3, 3]]), rtol=1e-15)
    ids = JaxFunction(lambda table, ids: table[ids], (np.eye(3),))
    out, cache = nn.forward(ids, np.array([0, 2]))
    assert np.array_equal(out, np.eye(3)[[0, 2]])
    assert nn.backward(ids, cache, out).x is None


def test_states_are_constants_that_stay():
    net = bilinear()
    out, cache = nn.forward(net, X)
    grads = nn.backward(net, cache, np.ones_like(out))
    assert grads.params.mean is None
    assert nn.sgd(net, grads, 0.1).mean is net.mean
    np.testing.assert_allclose(out, nn.predict(Bilinear(net.A, net.B), X) - 1, rtol=1e-14)


def test_it_is_the_same_layer_for_prediction_and_for_a_block_of_rows():
    net = JaxFunction(around, (nn.mlp([3, 2, 2], nn.Tanh(), seed=0),))
    assert nn.inference(net) is net
    assert nn.reseed(net, 3) == net


@pytest.mark.usefixtures("jax64")
def test_inside_jit_and_with_arrays_of_jax_it_gives_arrays_of_jax():
    net = (nn.Dense.init(3, 3, seed=0), layer())
    step = lambda net, x, y: nn.sgd(net, nn.value_and_grad(nn.mse)(net, x, y)[1], 0.1)
    ours, theirs = step(net, X, Y), jax.jit(step)(net, X, Y)
    for a, b in zip(leaves(ours), leaves(theirs), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-13)
    assert isinstance(nn.forward(nn.tree_map(jnp.asarray, net[1]), jnp.asarray(X))[0], jax.Array)
    assert isinstance(nn.forward(nn.tree_map(jnp.asarray, net[1]), X)[0], jax.Array)
    assert jax.jit(lambda y: y + nn.predict(net[1], X).sum())(1.0) == pytest.approx(1 + nn.predict(net[1], X).sum())


def test_it_equals_itself_after_pickling_and_a_class_after_loading(tmp_path):
    for net in (layer(), bilinear()):
        assert pickle.loads(pickle.dumps(net)) == net
        assert hash(pickle.loads(pickle.dumps(net))) == hash(net)
    net = (bilinear(), nn.Tanh())
    nn.save(tmp_path / "net", net)
    assert nn.load(tmp_path / "net") == net
    with pytest.raises(KindError, match=r"save: value\.f must be"):
        nn.save(tmp_path / "net", layer())


def test_it_shows_the_name_of_its_function():
    assert repr(JaxFunction(around, (np.ones(1),))) == "JaxFunction(around, (<f64 [1.]>,))"
    assert repr(JaxFunction(partial(dense, 1), (np.ones(1),))) == "JaxFunction(partial, (<f64 [1.]>,))"
    assert "JaxFunction" in str(nn.summary((layer(), nn.Tanh())))
