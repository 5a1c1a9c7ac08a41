"""Laws of every network: purity, composition, and the step."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import backward, forward, gradient, inference, parameters, predict, record, sgd, state, tree_map
from funcnn.arrays import is_float
from funcnn.layers import ChannelDropout, GaussianNoise
from funcnn.records import is_record, values
from funcnn.testing import strategies as fst
from funcnn.trees import astype, map_parameters
from funcnn.trees.walks import row_count
from tests.counts import at_most
from tests.laws.rows import arrays_in, assert_rows_add_up, cotangent, floats, rows_of

every_layer = pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
few = at_most(6, quick=3)  # of each of so many layers
# Whose rows know of each other: by their statistics, or by what is drawn for all of them together.
COUPLED = {nn.BatchNorm, nn.Dropout, ChannelDropout, GaussianNoise}
SINGLE = [layer for layer in fst.registered() if layer not in COUPLED]
by_rows = pytest.mark.parametrize("layer", SINGLE, ids=lambda layer: layer.__name__)


def bits(tree):
    return [(a.dtype, a.shape, a.tobytes()) for a in arrays_in(tree)]


def of_floats(f, tree):
    """The tree with f(a) for each array of floats: ids and masks stay."""
    return tree_map(lambda a: f(a) if is_float(a) else a, tree)


def copied(x):
    """Arrays of one's own, to which one may write."""
    return tuple(map(copied, x)) if type(x) is tuple else None if x is None else np.array(x)


def step(params, x):
    """Everything that a step makes."""
    out, cache = forward(params, x)
    dA = cotangent(out)
    grads = backward(params, cache, dA)
    return out, cache, dA, grads, sgd(params, grads, 0.1)


def couples(params):
    """Whether there is a layer inside whose rows know of each other."""
    parts = params if type(params) is tuple else values(params) if is_record(params) else ()
    return type(params) in COUPLED or any(map(couples, parts))


@every_layer
@few
@given(st.data())
def test_arguments_are_left_alone_and_the_same_call_gives_the_same_bits(layer, data):
    params, x = data.draw(fst.cases(layer))
    x = copied(x)
    before = bits((params, x))
    first = step(params, x)
    held = bits(first)
    second = step(params, x)
    assert bits((params, x)) == before
    assert bits(first) == bits(second) == held
    assert all(a.flags.writeable for a in arrays_in(x))


@every_layer
@few
@given(st.data())
def test_a_forward_in_between_changes_nothing(layer, data):
    params, x = data.draw(fst.cases(layer))
    out, cache = forward(params, x)
    dA = cotangent(out)
    expected = bits(backward(params, cache, dA))
    forward(params, of_floats(lambda a: a + 1, x))
    backward(params, forward(params, of_floats(lambda a: 2 * a, x))[1], dA)
    assert bits(backward(params, cache, dA)) == expected


@every_layer
@few
@given(st.data())
def test_nothing_writeable_comes_out_of_a_rule(layer, data):
    params, x = data.draw(fst.cases(layer))
    x = copied(x)
    out, cache, dA, grads, after = step(params, x)
    given = {id(array) for array in arrays_in((x, dA))}
    for array in arrays_in((params, out, cache, grads, after, predict(params, x))):
        if id(array) in given:
            continue
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert all(a.flags.writeable for a in arrays_in((x, dA)))


@every_layer
@few
@given(st.data())
def test_float32_in_float32_out(layer, data):
    params, x = astype(data.draw(fst.cases(layer)), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # a case is drawn for the range of float64
        made = step(params, x), predict(params, x), inference(params)
    assert {a.dtype for a in floats(made)} == {np.dtype(np.float32)}


@every_layer
@few
@given(st.data())
def test_a_step_of_rate_0_changes_no_parameter(layer, data):
    params, x = data.draw(fst.cases(layer))
    grads = step(params, x)[3]
    before = bits(tuple(parameters(params).values()))
    assert bits(tuple(parameters(sgd(params, grads, 0)).values())) == before
    endless = nn.Grads(map_parameters(lambda a: np.full_like(a, np.inf), grads.params), None)
    assert bits(tuple(parameters(sgd(params, endless, 0.0)).values())) == before


@by_rows
@few
@given(st.data())
def test_gradients_add_over_rows(layer, data):
    params, x = data.draw(fst.cases(layer))
    assume(not couples(params))
    assert_rows_add_up(params, x)


@by_rows
@few
@given(st.data())
def test_no_rows_are_rows_too(layer, data):
    params, x = data.draw(fst.cases(layer))
    assume(not couples(params))
    out, _, _, grads, after = step(params, rows_of(x, slice(0)))
    assert row_count("test", "x", out) == 0
    assert [a.shape for a in floats(grads.x)] == [a[:0].shape for a in floats(x)]
    assert parameters(after).keys() == parameters(params).keys()
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
    assert backward((), (), x) == nn.Grads((), x)
    assert predict((), x) is x
    assert sgd((), nn.Grads((), None), 0.1) == ()


def test_the_bits_of_x_do_not_depend_on_its_layout():
    params, x = nn.Dense.init(5, 3, seed=0), np.random.default_rng(0).standard_normal((7, 5))
    for other in (np.asfortranarray(x), x[::-1][::-1], np.repeat(x, 2, axis=1)[:, ::2]):
        assert np.allclose(forward(params, other)[0], forward(params, x)[0], rtol=0, atol=1e-15)


def test_what_a_users_rule_returns_is_sealed_and_what_it_was_given_is_not():
    shared = np.ones((2, 2))

    @record
    class Careless:
        W: nn.Array
        seen: nn.Array = state()

    @forward.register(Careless)
    def careless_forward(params, x):
        return x * params.W, (x, [x.copy()], (x + 1, {"twice": 2 * x}))

    @backward.register(Careless)
    def careless_backward(params, cache, dA):
        return nn.Grads(gradient(params, W=(dA * cache[0]).sum(axis=0), seen=params.seen + 1), dA)

    params = Careless(np.ones(2), seen=np.zeros(1))
    out, cache = forward(params, shared)
    grads = backward(params, cache, shared)
    assert shared.flags.writeable
    assert cache[0] is shared
    assert grads.x is shared
    for array in (out, cache[1][0], cache[2][0], cache[2][1]["twice"], grads.params.W, grads.params.seen):
        assert not array.flags.writeable
    for array in arrays_in(sgd(params, grads, 0.1)):
        assert not array.flags.writeable
