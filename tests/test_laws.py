"""Laws that hold for every network: of purity, of composition, of the step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import (
    Array,
    Dense,
    Grads,
    backward,
    forward,
    gradient,
    inference,
    leaves,
    map_parameters,
    mse,
    parameters,
    predict,
    record,
    sgd,
    state,
    tree_map,
    value_and_grad,
)
from funcnn.testing import strategies as fst

every_layer = pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)


def bits(tree):
    return [(a.dtype, a.shape, a.tobytes()) for a in leaves(tree)]


def step(params, x):
    """Everything that a step makes."""
    out, cache = forward(params, x)
    dA = np.cos(np.arange(out.size)).reshape(out.shape).astype(out.dtype)
    grads = backward(params, cache, dA)
    return out, cache, dA, grads, sgd(params, grads, 0.1)


@every_layer
@given(st.data())
def test_arguments_are_left_alone_and_the_same_call_gives_the_same_bits(layer, data):
    params, x = data.draw(fst.cases(layer))
    x = x.copy()
    before = bits((params, x))
    first = step(params, x)
    held = bits(first)
    second = step(params, x)
    assert bits((params, x)) == before
    assert bits(first) == bits(second) == held
    assert x.flags.writeable


@every_layer
@given(st.data())
def test_a_forward_in_between_changes_nothing(layer, data):
    params, x = data.draw(fst.cases(layer))
    out, cache = forward(params, x)
    expected = bits(backward(params, cache, out))
    forward(params, x + 1)
    backward(params, forward(params, 2 * x)[1], out)
    assert bits(backward(params, cache, out)) == expected


def made(tree, given):
    """The arrays in a tree that were not given, with all that lies below them."""
    own = [id(a) for a in leaves(given)]
    for array in leaves(tree):
        below = array
        while isinstance(below, np.ndarray) and id(below) not in own:
            yield below
            below = below.base


@every_layer
@given(st.data())
def test_nothing_writeable_comes_out_of_a_rule(layer, data):
    params, x = data.draw(fst.cases(layer))
    x = x.copy()
    out, cache, dA, grads, after = step(params, x)
    for array in made((params, out, cache, grads, after, predict(params, x)), (x, dA)):
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert x.flags.writeable
    assert dA.flags.writeable


@every_layer
@given(st.data())
def test_float32_in_float32_out(layer, data):
    params, x = data.draw(fst.cases(layer))
    params, x = tree_map(lambda a: a.astype(np.float32), (params, x))
    made = step(params, x), predict(params, x), inference(params), value_and_grad(mse)(params, x, step(params, x)[0])
    assert {a.dtype for a in leaves(made)} == {np.dtype(np.float32)}


@every_layer
@given(st.data())
def test_a_step_of_rate_0_changes_no_parameter(layer, data):
    params, x = data.draw(fst.cases(layer))
    grads = step(params, x)[3]
    assert bits(sgd(params, grads, 0)) == bits(params)
    endless = Grads(map_parameters(lambda a: np.full_like(a, np.inf), grads.params), None)
    assert bits(sgd(params, endless, 0.0)) == bits(params)


@every_layer
@given(st.data())
def test_gradients_add_over_rows(layer, data):
    params, x = data.draw(fst.cases(layer))
    out, _, dA, grads, _ = step(params, x)
    rows = []
    for i in range(len(x)):
        one, cache = forward(params, x[i : i + 1])
        assert np.allclose(one, out[i : i + 1], rtol=1e-12, atol=1e-12)
        rows.append(backward(params, cache, dA[i : i + 1]))
    total = tree_map(lambda *parts: sum(parts), *[row.params for row in rows])
    for whole, parts in zip(leaves(grads.params), leaves(total), strict=True):
        assert np.allclose(whole, parts, rtol=1e-9, atol=1e-9 * max(1, abs(whole).max(initial=0)))
    assert np.allclose(grads.x, np.concatenate([row.x for row in rows]), rtol=1e-12, atol=1e-12)


@every_layer
@given(st.data())
def test_no_rows_are_rows_too(layer, data):
    params, x = data.draw(fst.cases(layer))
    out, _, _, grads, after = step(params, x[:0])
    assert out.shape[0] == 0
    assert grads.x.shape == x[:0].shape
    assert after == params
    assert not any(a.any() for a in parameters(grads.params).values())


@given(fst.networks())
def test_nesting_does_not_matter(case):
    net, x = case
    flat = flattened(net)
    nested = step(net, x)
    plain = step(flat, x)
    assert bits((nested[0], nested[3].x)) == bits((plain[0], plain[3].x))
    assert bits(nested[3].params) == bits(plain[3].params)


def flattened(net):
    return sum([flattened(layer) if type(layer) is tuple else (layer,) for layer in net], ())


@given(fst.networks(), st.data())
def test_a_slice_of_a_chain_is_a_network(case, data):
    net, x = case
    cut = data.draw(st.integers(0, len(net)))
    middle = forward(net[:cut], x)[0]
    assert bits(forward(net[cut:], middle)[0]) == bits(forward(net, x)[0])
    assert net[:cut] + net[cut:] == net


@given(fst.tensors("m n"))
def test_the_empty_chain_is_the_identity(arrays):
    [x] = arrays
    assert forward((), x) == (x, ())
    assert backward((), (), x) == Grads((), x)
    assert predict((), x) is x
    assert sgd((), Grads((), None), 0.1) == ()


def test_the_bits_of_x_do_not_depend_on_its_layout():
    params, x = Dense.init(5, 3, seed=0), np.random.default_rng(0).standard_normal((7, 5))
    for other in (np.asfortranarray(x), x[::-1][::-1], np.repeat(x, 2, axis=1)[:, ::2]):
        assert np.allclose(forward(params, other)[0], forward(params, x)[0], rtol=0, atol=1e-15)


def test_what_a_users_rule_returns_is_sealed_and_what_it_was_given_is_not():
    shared = np.ones((2, 2))

    @record
    class Careless:
        W: Array
        seen: Array = state()

    @forward.register(Careless)
    def careless_forward(params, x):
        return x * params.W, (x, [x.copy()], (x + 1, {"twice": 2 * x}))

    @backward.register(Careless)
    def careless_backward(params, cache, dA):
        return Grads(gradient(params, W=(dA * cache[0]).sum(axis=0), seen=params.seen + 1), dA)

    params = Careless(np.ones(2), seen=np.zeros(1))
    out, cache = forward(params, shared)
    grads = backward(params, cache, shared)
    assert shared.flags.writeable
    assert cache[0] is shared
    assert grads.x is shared
    for array in (out, cache[1][0], cache[2][0], cache[2][1]["twice"], grads.params.W, grads.params.seen):
        assert not array.flags.writeable
    for array in leaves(sgd(params, grads, 0.1)):
        assert not array.flags.writeable
