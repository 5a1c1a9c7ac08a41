"""Which values are arrays, and which namespace computes with them."""

import weakref
from types import SimpleNamespace
from unittest.mock import MagicMock, Mock

import numpy as np
import pytest

from funcnn import Dense, Dropout, Relu, Tanh, backward, forward, namespace, parameters, tree_map
from funcnn.arrays import float_namespace, is_array, is_float, same, short
from funcnn.errors import KindError


class Anything:
    def __getattr__(self, name):
        return lambda *given: np


class Subclass(np.ndarray):
    pass


NO_ARRAYS = [
    *(None, 1.0, "text", [1.0], (np.ones(1),), np.float64(1), np.bool_(1), np.ndarray, Subclass, np.float64),
    *(np.dtype(float), np, memoryview(b"1"), Mock(), MagicMock(), Anything()),
    SimpleNamespace(__array_namespace__=lambda: np),
]


@pytest.mark.parametrize("value", NO_ARRAYS, ids=lambda value: type(value).__name__)
def test_no_array(value):
    assert not is_array(value)
    with pytest.raises(KindError, match=r"^x must be an array, not "):
        namespace(value)


def test_arrays_of_numpy():
    for array in (np.ones(2), np.ones(()), np.array("a"), np.array(None), np.ma.ones(2), np.ones(2).view(Subclass)):
        assert is_array(array)
    assert namespace(np.array([1])) is np
    for other in (np.ma.ones(2), np.ones(2).view(Subclass)):  # whose functions are not those of np
        with pytest.raises(KindError, match=r"^x must be an array, not "):
            namespace(other)


def test_a_proxy_of_an_array_is_refused_where_it_should_compute():
    array = np.ones(2).view(Subclass)
    with pytest.raises(KindError, match=r"must be an array, not "):
        namespace(weakref.proxy(array))


def test_arrays_of_jax_and_tracers():
    jax = pytest.importorskip("jax", reason="its tracers are arrays")
    seen = []

    def f(x):
        seen.append(is_array(x))
        assert namespace(x) is jax.numpy
        return x.sum()

    x = jax.numpy.ones(2)
    f(x)
    jax.jit(f)(x)
    jax.grad(f)(x)
    jax.vmap(f)(x[None])
    jax.eval_shape(f, x)
    jax.jit(jax.grad(f))(x)
    assert all(seen)
    assert len(seen) > 4
    for value in (jax.ShapeDtypeStruct((2,), np.float32), jax.numpy.float32, jax.Array, jax.numpy):
        assert not is_array(value)


def test_arrays_that_have_nothing_but_the_standard():
    xp = pytest.importorskip("array_api_strict", reason="its arrays are meant")
    x, W = xp.asarray([[1.0, -2.0]]), xp.asarray([[1.0], [3.0]])
    assert is_array(x)
    assert namespace(x) is float_namespace("test", "x", x) is xp
    assert is_float(x)
    assert not is_float(xp.asarray([1]))
    assert short(x) == "<float64 1x2>"
    assert same(x, xp.asarray([[1.0, -2.0]]))
    assert not same(x, W)
    assert not same(x, xp.astype(x, xp.float32))
    dense = Dense(W, None)
    assert dense == Dense(xp.asarray([[1.0], [3.0]]), None)
    assert hash(dense) == hash(Dense(xp.asarray([[1.0], [3.0]]), None))
    assert repr(dense) == "Dense(W=<float64 2x1>, b=None)"
    assert parameters(dense)["W"] is W
    assert same(tree_map(lambda a: a + 1, (x,))[0], x + 1)
    net = Dense(W, xp.asarray([6.0])), Relu(), Tanh()
    out, cache = forward(net, x)
    assert same(out, xp.tanh(xp.asarray([[1.0]])))
    slope = 1 - float(out[0, 0]) ** 2
    grads = backward(net, cache, xp.ones_like(out))
    assert np.allclose(grads.params[0].W, [[slope], [-2 * slope]])
    assert np.allclose(grads.params[0].b, [slope])
    assert np.allclose(grads.x, [[slope, 3 * slope]])
    with pytest.raises(KindError, match=r"^Relu: x must be an array of floats, not array_api_strict.int64 array"):
        forward(Relu(), xp.asarray([1]))
    with pytest.raises(KindError, match=r"W must be an array of floats, not array_api_strict.int64 array"):
        Dense(xp.asarray([[1]]), None)


def test_keys_of_jax_are_not_arrays():
    jax = pytest.importorskip("jax", reason="its keys are meant")
    key = jax.random.key(0)
    seen = []
    jax.jit(lambda key: seen.append(is_array(key)))(key)
    assert [is_array(key), is_array(jax.random.split(key)), *seen] == [False, False, False]
    with pytest.raises(KindError, match=r"^Relu: x must be an array, not PRNGKeyArray$"):
        forward(Relu(), key)
    assert Dropout(0.5, seed=key).seed == (0, 0, 0, 0)
