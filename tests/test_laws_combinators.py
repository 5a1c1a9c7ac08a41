"""What is true of every layer that holds others, whatever it is given."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from funcnn import (
    Concat,
    Copy,
    Dense,
    First,
    Flatten,
    Function,
    Here,
    Map,
    Parallel,
    Remat,
    Reshape,
    Residual,
    Scale,
    Shared,
    Sum,
    Take,
    Tanh,
    Tied,
    backward,
    forward,
    leaves,
    parameters,
    tree_map,
)
from funcnn.arrays import same
from funcnn.layers.parts import added
from funcnn.testing import strategies as fst
from funcnn.testing.strategies import cases

FAMILY = [
    *(Copy, Parallel, Take, Sum, Concat, Residual, First, Scale, Flatten, Reshape, Map, Remat, Here, Shared, Tied),
    Function,
]
family = pytest.mark.parametrize("layer", FAMILY, ids=lambda layer: layer.__name__)


def rows(tree, start, end):
    return tree_map(lambda a: a[start:end], tree)


def close(a, b):
    """But for rounding: of one row and of many, BLAS adds up in another order."""
    a, b = leaves((a,)), leaves((b,))
    assert [p.shape for p in a] == [q.shape for q in b]
    for p, q in zip(a, b, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-10, atol=1e-10 * max(1, abs(q.astype(float)).max(initial=0)))


def blame(out):
    """A cotangent that depends on the row alone."""
    return tree_map(lambda a: np.cos(a) if a.dtype.kind == "f" else a, out)


@family
@settings(max_examples=30)
@given(data=st.data())
def test_a_batch_is_its_rows_one_by_one(layer, data):
    params, x = data.draw(cases(layer))
    out = forward(params, x)[0]
    for i in range(len(leaves((x,))[0])):
        close(forward(params, rows(x, i, i + 1))[0], rows(out, i, i + 1))


@family
@settings(max_examples=30)
@given(data=st.data())
def test_gradients_of_blocks_of_rows_add_up(layer, data):
    params, x = data.draw(cases(layer))
    m = len(leaves((x,))[0])
    cut = data.draw(st.integers(0, m))
    out, cache = forward(params, x)
    whole = backward(params, cache, blame(out))
    blocks = []
    for start, end in ((0, cut), (cut, m)):
        out, cache = forward(params, rows(x, start, end))
        blocks.append(backward(params, cache, blame(out)))
    close(added([block.params for block in blocks]), whole.params)
    assert parameters(whole.params).keys() == parameters(params).keys()


@given(fst.cases(Residual))
def test_remat_changes_no_bit(case):
    params, x = case
    out, cache = forward(params, x)
    grads = backward(params, cache, blame(out))
    again, kept = forward(Remat(params), x)
    made = backward(Remat(params), kept, blame(out))
    assert same(again, out)
    assert kept is x
    assert same(made.params.layer, grads.params)
    assert same(made.x, grads.x)


@given(fst.tensors("m t n", "n k", "k"))
def test_map_is_a_loop_over_time(arrays):
    x, W, b = arrays
    layer = (Dense(W, b), Tanh())
    out = forward(Map(layer), x)[0]
    loop = np.stack([forward(layer, x[:, s])[0] for s in range(x.shape[1])], axis=1)
    close(out, loop)


@given(fst.tensors("m t n k"))
def test_a_shape_comes_back(arrays):
    (x,) = arrays
    net = (Flatten(), Reshape(x.shape[1:]), Reshape((-1, x.shape[-1])), Reshape(x.shape[1:]))
    out, cache = forward(net, x)
    assert same(out, x)
    assert np.shares_memory(out, x)
    assert same(backward(net, cache, x).x, x)


@given(fst.tensors("m n", "m k", "m j"))
def test_what_is_joined_can_be_taken_apart(arrays):
    out, cache = forward(Concat(), arrays)
    assert same(backward(Concat(), cache, out).x, arrays)


@given(fst.tensors("m n", "n n", "n"))
def test_a_residual_is_a_copy_two_branches_and_a_sum(arrays):
    x, W, b = arrays
    layer = (Dense(W, b), Tanh())
    net = (Copy(2), Parallel(((), layer)), Sum())
    out, cache = forward(Residual(layer), x)
    written, written_cache = forward(net, x)
    assert same(out, written)
    grads, others = backward(Residual(layer), cache, out), backward(net, written_cache, out)
    assert same(grads.params.layer, others.params[1].layers[1])
    assert same(grads.x, others.x)


@given(fst.tensors("m n", "n n", "n"), st.integers(1, 4))
def test_shared_in_k_places_has_the_sum_of_k_gradients(arrays, k):
    x, W, b = [np.clip(a, -3, 3) for a in arrays]
    layer = Dense(W, b)
    shared, written = Shared(layer, (Here(), Tanh()) * k), (layer, Tanh()) * k
    out, cache = forward(shared, x)
    plain, plain_cache = forward(written, x)
    assert same(out, plain)
    grads, others = backward(shared, cache, out), backward(written, plain_cache, out)
    assert same(grads.params.layer, added(others.params[::2]))
    assert same(grads.x, others.x)


@st.composite
def masked_cases(draw):
    """Layers that look at each place alone, x with a mask, and an x that differs where nothing is there."""
    x, other, W, b = draw(fst.tensors("m t n", "m t n", "n n", "n"))
    mask = draw(st.lists(st.booleans(), min_size=x[..., 0].size, max_size=x[..., 0].size))
    mask = np.array(mask).reshape(x.shape[:2])
    block = First((Dense(W, b), Tanh()))
    joined = (Copy(2), Parallel((block, ())), draw(st.sampled_from([Sum(), Concat()])))
    net = draw(st.sampled_from([block, Residual(block), Remat(block), joined, Shared(block, (Here(), Here()))]))
    return net, x, np.where(mask[..., None], x, other), mask


@given(masked_cases())
def test_what_is_not_there_never_matters(case):
    net, x, other, mask = case
    outs, gradients = [], []
    for given_x in (x, other):
        (out, kept), cache = forward(net, (given_x, mask))
        outs.append(np.where(mask[..., None], out, 0))
        dA = np.where(mask[..., None], np.cos(outs[-1]), 0)
        grads = backward(net, cache, (dA, None))
        gradients.append(grads)
        assert kept is mask
        assert grads.x[1] is None
    assert same(*outs)
    assert same(gradients[0].params, gradients[1].params)
    assert same(gradients[0].x[0], gradients[1].x[0])
    assert not gradients[0].x[0][~mask].any()


@given(fst.cases(Tied), st.data())
def test_a_symbol_that_is_not_there_never_matters(case, data):
    tied, x = case
    assume(type(x) is tuple)
    ids, mask = x
    other = np.where(mask, ids, data.draw(st.integers(-5, 99)))
    outs = [np.where(mask[..., None], forward(tied, (given_ids, mask))[0][0], 0) for given_ids in (ids, other)]
    assert same(*outs)
