"""Laws of combinators, for any layer inside."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import backward, forward, layers, record, transformer_block, tree_map
from funcnn.arrays import same
from funcnn.errors import KindError
from funcnn.generation import mixes_positions, positionwise, step
from funcnn.gradients import added
from funcnn.inspection import Probe
from funcnn.testing import strategies as fst
from funcnn.testing.strategies import cases
from funcnn.trees import leaves
from tests.counts import at_most
from tests.laws.rows import assert_rows_add_up, rows_of

FAMILY = [
    getattr(layers, name)
    for name in (
        *("Copy", "Parallel", "Take", "Sum", "Concat", "Residual", "First", "Scale", "Flatten", "Reshape", "Map"),
        *("Remat", "Here", "Shared", "Tied", "Function"),
    )
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
@at_most(30)
@given(data=st.data())
def test_a_batch_is_its_rows_one_by_one(layer, data):
    assert_rows_add_up(*data.draw(cases(layer)), 1e-10)


@family
@at_most(30)
@given(data=st.data())
def test_gradients_of_blocks_of_rows_add_up(layer, data):
    params, x = data.draw(cases(layer))
    cut = data.draw(st.integers(0, len(leaves((x,))[0])))
    (out, cache), blocks = forward(params, x), []
    for rows in (slice(cut), slice(cut, None)):
        part, kept = forward(params, rows_of(x, rows))
        blocks.append(backward(params, kept, blame(part)))
    close(added([block.params for block in blocks]), backward(params, cache, blame(out)).params)


@given(fst.cases(nn.Residual))
def test_remat_changes_no_bit(case):
    params, x = case
    out, cache = forward(params, x)
    grads = backward(params, cache, blame(out))
    again, kept = forward(layers.Remat(params), x)
    made = backward(layers.Remat(params), kept, blame(out))
    assert same(again, out)
    assert kept is x
    assert same(made.params.layer, grads.params)
    assert same(made.x, grads.x)


@given(fst.tensors("m t n", "n k", "k"))
def test_map_is_a_loop_over_time(arrays):
    x, W, b = arrays
    layer = (nn.Dense(W, b), nn.Tanh())
    out = forward(layers.Map(layer), x)[0]
    loop = np.stack([forward(layer, x[:, s])[0] for s in range(x.shape[1])], axis=1)
    close(out, loop)


@given(fst.tensors("m t n k"))
def test_a_shape_comes_back(arrays):
    (x,) = arrays
    net = (nn.Flatten(), layers.Reshape(x.shape[1:]), layers.Reshape((-1, x.shape[-1])), layers.Reshape(x.shape[1:]))
    out, cache = forward(net, x)
    assert same(out, x)
    assert np.shares_memory(out, x)
    assert same(backward(net, cache, x).x, x)


@given(fst.tensors("m n", "m k", "m j"))
def test_what_is_joined_can_be_taken_apart(arrays):
    out, cache = forward(layers.Concat(), arrays)
    assert same(backward(layers.Concat(), cache, out).x, arrays)


@given(fst.tensors("m n", "n n", "n"))
def test_a_residual_is_a_copy_two_branches_and_a_sum(arrays):
    x, W, b = arrays
    layer = (nn.Dense(W, b), nn.Tanh())
    net = (layers.Copy(2), layers.Parallel(((), layer)), layers.Sum())
    out, cache = forward(nn.Residual(layer), x)
    written, written_cache = forward(net, x)
    assert same(out, written)
    grads, others = backward(nn.Residual(layer), cache, out), backward(net, written_cache, out)
    assert same(grads.params.layer, others.params[1].layers[1])
    assert same(grads.x, others.x)


@given(fst.tensors("m n", "n n", "n"), st.integers(1, 4))
def test_shared_in_k_places_has_the_sum_of_k_gradients(arrays, k):
    x, W, b = [np.clip(a, -3, 3) for a in arrays]
    layer = nn.Dense(W, b)
    shared, written = layers.Shared(layer, (layers.Here(), nn.Tanh()) * k), (layer, nn.Tanh()) * k
    out, cache = forward(shared, x)
    plain, plain_cache = forward(written, x)
    assert same(out, plain)
    grads, others = backward(shared, cache, out), backward(written, plain_cache, out)
    assert same(grads.params.layer, added(others.params[::2]))
    assert same(grads.x, others.x)


@st.composite
def masked_cases(draw):
    """Layers that look at each place that is there, x with a mask, and an x that differs where nothing is."""
    x, other, W, b = draw(fst.tensors("m t n", "m t n", "n n", "n"))
    other = draw(st.sampled_from([other, np.nan, np.inf, -np.inf]))
    mask = draw(st.lists(st.booleans(), min_size=x[..., 0].size, max_size=x[..., 0].size))
    mask = np.array(mask).reshape(x.shape[:2])
    block = layers.First((nn.Dense(W, b), nn.Tanh()))
    joined = (layers.Copy(2), layers.Parallel((block, ())), draw(st.sampled_from([layers.Sum(), layers.Concat()])))
    transformer = transformer_block(len(b), 1, 3, seed=0, pre_norm=draw(st.booleans()))
    nets = [
        block,
        nn.Residual(block),
        layers.Remat(block),
        joined,
        layers.Shared(block, (layers.Here(), layers.Here())),
        transformer,
    ]
    return draw(st.sampled_from(nets)), x, np.where(mask[..., None], x, other), mask


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


@given(fst.cases(layers.Tied), st.data())
def test_a_symbol_that_is_not_there_never_matters(case, data):
    tied, x = case
    assume(type(x) is tuple)
    ids, mask = x
    other = np.where(mask, ids, data.draw(st.integers(-5, 99)))
    outs = [np.where(mask[..., None], forward(tied, (given_ids, mask))[0][0], 0) for given_ids in (ids, other)]
    assert same(*outs)


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 4, 2)])
def test_a_first_shows_zeros_where_nothing_is(shape):
    x, mask = np.random.default_rng(0).standard_normal(shape), np.array([[True, False, True], [False, False, True]])
    zeros = x.copy()
    zeros[~mask] = 0
    x[~mask] = np.nan
    layer = layers.First((layers.Scale.init(shape[-1], value=2.0), nn.Tanh()))
    (out, _), cache = forward(layer, (x, mask))
    inner, inner_cache = forward(layer.layer, zeros)
    assert same(out, inner)
    assert same(step(layer, (x, mask))[0], (inner, mask))
    grads, own = backward(layer, cache, (np.ones(shape), None)), backward(layer.layer, inner_cache, np.ones(shape))
    assert same(grads.params.layer, own.params)
    assert same(grads.x[0][mask], own.x[mask])
    assert not grads.x[0][~mask].any()


@pytest.mark.parametrize(
    "given_x",
    [
        (np.array([[-1.0, 2.0]]), np.array([[False, False]])),  # of features, not of places
        (np.array([[[-1.0, 2.0]]]), np.array([False])),
        (np.array([[[-1.0, 2.0]]]), np.array([[0.0]])),
        (np.array([[[-1.0, 2.0]]]), None),
        (np.array([[[True, False]]]), np.array([[False]])),
        (np.array([[[-1.0, 2.0]]]),),
    ],
)
def test_what_is_no_mask_of_a_sequence_hides_nothing_from_a_first(given_x):
    assert same(forward(layers.First(()), given_x)[0], given_x)


def test_a_first_may_make_branches_of_a_sequence():
    x, mask = np.ones((1, 2, 3)), np.array([[True, False]])
    (branches, _), _ = forward(layers.First(layers.Copy(2)), (x, mask))
    assert same(branches, (x * mask[..., None],) * 2)


@record
class Blind:
    """A layer without dx."""


forward.register(Blind)(lambda params, x: (2 * x, None))
backward.register(Blind)(lambda params, cache, dA: nn.Grads(params, None))
step.register(Blind)(positionwise)


def test_where_the_layer_has_no_dx_a_first_has_none():
    x, mask = np.ones((1, 2, 3)), np.array([[True, False]])
    (out, _), cache = forward(layers.First(Blind()), (x, mask))
    assert backward(layers.First(Blind()), cache, (out, None)).x == (None, None)


# Generation.


@record
class Twice:
    """A layer around others, without a rule for `step`."""

    layers: tuple[Any, ...]


forward.register(Twice)(lambda params, x: forward(params.layers * 2, x))

AROUND = {
    **{cls.__name__: cls for cls in (layers.First, nn.Frozen, layers.Glu, Probe, layers.Remat, nn.Residual)},
    "Here": lambda layer: layers.Here(layer=layer),
    "Parallel": lambda layer: layers.Parallel((layer,)),
    "Shared": lambda layer: layers.Shared(layer, layers.Here()),
    "Tied": lambda layer: layers.Tied(np.eye(4), layer),
}


@pytest.mark.parametrize("name", AROUND)
def test_a_combinator_hands_on_the_memory_of_its_layer(name):
    n = 2 if name == "Glu" else 4
    layer = AROUND[name](nn.GRU.init(n, n, seed=0))
    x = np.random.default_rng(0).standard_normal((1, 3, 4))
    if name == "Tied":
        x = np.array([[0, 3, 1]])
    x = (x,) if name == "Parallel" else x
    memory, outs = None, []
    for i in range(3):
        out, memory = step(layer, tree_map(lambda a: a[:, i : i + 1], x), memory)  # noqa: B023  used at once
        outs.append(out)
    together = tree_map(lambda *parts: np.concatenate(parts, axis=1), outs[0], *outs[1:])
    whole = forward(layer, x)[0]
    for part, wanted in zip(leaves((together,)), leaves((whole,)), strict=True):
        np.testing.assert_allclose(part, wanted, atol=1e-15)


@pytest.mark.parametrize("inside", [(nn.Tanh(),), (nn.GRU.init(4, 4, seed=0),)])
def test_a_combinator_without_a_rule_for_step_is_refused_whatever_it_holds(inside):
    with pytest.raises(
        KindError, match="step: there is no rule for Twice; if out at each position depends on x at that position only"
    ):
        step(Twice(inside), np.ones((1, 3, 4)))


def test_in_a_map_nothing_has_a_memory():
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 4))
    layer = layers.Map(nn.GRU.init(4, 2, seed=0))
    assert same(step(layer, x), (forward(layer, x)[0], None))


# Masks.

MAPS = {
    "a chain": (nn.Dense.init(4, 4, seed=0), nn.Relu()),
    "branches": (layers.Copy(2), layers.Parallel((nn.Tanh(), nn.Relu())), layers.Sum()),
    "a convolution of pictures": layers.Map(
        (layers.Reshape((2, 2, 1)), nn.Conv2d.init(1, 1, 3, padding="same", seed=0), nn.Flatten())
    ),
    "one layer in several places": layers.Shared(
        nn.Dense.init(4, 4, seed=0), (layers.Here(), nn.Tanh(), layers.Here())
    ),
    "a gate": layers.Glu(nn.Sigmoid()),
    "a convolution in time": (layers.Conv1d.init(4, 4, 3, padding="same", seed=0), nn.Relu()),
    "a position encoding": layers.SinusoidalPosition(),
    "layers around layers": nn.Frozen(nn.Residual(layers.Remat(nn.Tanh()))),
}


def test_a_tied_net_mixes_positions_as_its_net_does():
    assert not mixes_positions(layers.Tied.init(5, 4, net=nn.Tanh(), seed=0))
    assert mixes_positions(layers.Tied.init(5, 4, net=nn.GRU.init(4, 4, seed=1), seed=0))


@pytest.mark.parametrize("name", MAPS)
def test_in_a_first_the_padding_changes_nothing(name):
    rng = np.random.default_rng(0)
    x, layer = rng.normal(size=(2, 5, 4)), layers.First(MAPS[name])
    mask = np.arange(5) < np.array([[3], [3]])
    out, cache = forward(layer, (x, mask))
    dA = rng.normal(size=out[0].shape) * mask[..., None]
    grads = backward(layer, cache, (dA, None))
    alone, own = forward(layer, x[:, :3])
    assert np.allclose(out[0][:, :3], alone)
    assert np.allclose(grads.x[0][:, :3], backward(layer, own, dA[:, :3]).x)
    assert not grads.x[0][:, 3:].any()
