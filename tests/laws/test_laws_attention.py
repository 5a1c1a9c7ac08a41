"""Laws of attention and transformer blocks: masks, causality, order, generation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import backward, forward, inference, layers, parameters, predict, reseed, transformer_block, tree_map
from funcnn.core import backward_params
from funcnn.generation import fixed_memory, step
from funcnn.layers.attention.dot_product import no_later
from funcnn.testing import check_vjp
from funcnn.testing.strategies import cases, tensor
from funcnn.trees import astype, leaves
from tests.laws.rows import assert_rows_add_up


@st.composite
def layers_and_x(draw, **fixed):
    """An Attention, x of normal numbers, and a mask."""
    heads, d, m, t = (draw(st.integers(1, most)) for most in (3, 3, 3, 6))
    seed = draw(st.integers(0, 2**31 - 1))
    setting = {"causal": draw(st.booleans()), "rotary": draw(st.sampled_from([None, layers.Rotary()]))} | fixed
    n, rng = heads * 2 * d, np.random.default_rng(seed)
    layer = nn.Attention.init(n, heads, seed=seed, **setting)
    layer = tree_map(lambda a: a + 0.5 * rng.standard_normal(a.shape), layer)  # biases too
    return layer, rng.standard_normal((m, t, n)), rng.random((m, t)) < draw(st.sampled_from([0.0, 0.5, 0.9]))


def near(a, b, tolerance=1e-12):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def run(layer, x, dA):
    """(out, gradients) of a layer."""
    out, cache = forward(layer, x)
    return out, backward(layer, cache, dA)


def cotangent(out):
    return np.random.default_rng(1).standard_normal(out.shape)


# Masks.


@given(cases(nn.Attention), st.sampled_from([np.nan, np.inf, 1e300]))
def test_what_is_not_there_never_matters(case, junk):
    layer, x = case
    x = x[0] if type(x) is tuple else x
    mask = np.random.default_rng(x.size).random(x.shape[:2]) < 0.5
    other = np.where(mask[..., None], x, junk)
    dA = cotangent(forward(layer, x)[0])
    expected, found = (run(layer, (given_x, mask), (dA, None)) for given_x in (x, other))
    assert [a.tobytes() for a in leaves(found)] == [a.tobytes() for a in leaves(expected)]
    (out, _), (dx, _) = expected[0], expected[1].x
    assert not out[~mask].any()
    assert not dx[~mask].any()
    blamed = run(layer, (x, mask), (np.where(mask[..., None], dA, junk), None))[1]
    assert [a.tobytes() for a in leaves(blamed)] == [a.tobytes() for a in leaves(expected[1])]


@given(cases(layers.CrossAttention), st.sampled_from([np.nan, np.inf, 1e300]))
def test_what_a_memory_does_not_hold_never_matters(case, junk):
    layer, (queries, memory, *_) = case
    mask = np.random.default_rng(memory.size).random(memory.shape[:2]) < 0.5
    other = np.where(mask[..., None], memory, junk)
    out, cache = forward(layer, (queries, memory, mask))
    found, other_cache = forward(layer, (queries, other, mask))
    assert found[0].tobytes() == out[0].tobytes()
    assert found[1] is other
    dA = (cotangent(out[0]), None, None)
    expected, grads = backward(layer, cache, dA), backward(layer, other_cache, dA)
    assert [a.tobytes() for a in leaves(grads)] == [a.tobytes() for a in leaves(expected)]
    assert not expected.x[1][~mask].any()


@given(layers_and_x())
def test_a_mask_of_everything_is_no_mask(drawn):
    layer, x, _ = drawn
    out, grads = run(layer, x, cotangent(x))
    everything = np.ones(x.shape[:2], bool)
    for mask in (everything, None):
        (masked, passed), masked_grads = run(layer, (x, mask), (cotangent(x), None))
        assert passed is mask
        near(masked, out)
        near(masked_grads.x[0], grads.x)
        assert masked_grads.x[1] is None


def test_a_place_that_may_attend_to_nothing_gets_the_bias_of_out():
    layer = layers.CrossAttention.init(4, 2, n_memory=3, seed=0)
    layer = tree_map(lambda a: a + 1, layer)
    x = np.ones((2, 5, 4)), np.full((2, 3, 3), np.nan), np.array([[False] * 3] * 2)
    out, grads = run(layer, x, (np.ones((2, 5, 4)), None, None))
    assert (out[0] == layer.out.b).all()
    assert not grads.x[0].any()
    assert not grads.x[1].any()


def test_what_is_not_allowed_weighs_exactly_nothing():
    q, k, v = np.random.default_rng(0).standard_normal((3, 2, 2, 5, 3))
    allowed = no_later(5, 5, np) & np.array([1, 1, 0, 1, 1], bool)
    _, weights = layers.attend(q * 1e3, k, v, allowed)
    assert not weights[..., ~allowed].any()
    near(weights.sum(axis=-1), 1)


@st.composite
def products(draw):
    """q, k and v, and what each query may attend to, in one of the forms that broadcast."""
    t, s, d, e = (draw(st.integers(1, 3)) for _ in range(4))
    before = draw(st.sampled_from([(), (2,), (1, 2)]))
    q, k, v = (draw(tensor((*before, *shape))).clip(-3, 3) for shape in [(t, d), (s, d), (s, e)])
    shape = draw(st.sampled_from([(s,), (t, s), (t, 1), (*before, 1, s), (*before, t, s)]))
    return q, k, v, np.random.default_rng(t).random(shape) < draw(st.sampled_from([0.3, 0.8]))


@given(products())
def test_a_query_gathers_what_it_may_and_nothing_else(drawn):
    q, k, v, allowed = drawn
    out, weights = layers.attend(q, k, v, allowed)
    everywhere = np.broadcast_to(allowed, weights.shape)
    assert not weights[~everywhere].any()
    near(weights.sum(-1), everywhere.any(-1))
    near(out, weights @ v)
    for found, expected in zip(layers.attend(q, k, v, everywhere), (out, weights), strict=True):
        near(found, expected, 0)


@pytest.mark.parametrize("has_factor", [False, True])
@given(drawn=products())
def test_attend_backward_is_its_derivative(drawn, has_factor):
    *arrays, allowed = drawn

    def factor(q, k, _):
        shape = *q.shape[:-1], k.shape[-2]
        return np.random.default_rng(0).uniform(-1, 2, shape).astype(q.real.dtype) if has_factor else None

    def vjp(args, dA):
        weights = layers.attend(*args, allowed, factor(*args))[1]
        return list(layers.attend_backward(*args, weights, dA, factor(*args)))

    check_vjp(lambda *args: layers.attend(*args, allowed, factor(*args))[0], vjp, tuple(arrays))


def test_of_no_keys_nothing_is_gathered():
    out, weights = layers.attend(np.ones((3, 2)), np.ones((0, 2)), np.ones((0, 4)))
    assert not out.any()
    assert (out.shape, weights.shape) == ((3, 4), (3, 0))


@pytest.mark.parametrize("s", [1, 2, 3, 5, 8, 16, 24, 40, 64])
def test_one_key_far_above_the_others_is_all_that_is_seen(s):
    """Wherever it is, it is found to be the largest: else the others' exponentials would overflow, or all vanish."""
    for place in range(s):
        k, v = np.zeros((1, 1, s, 1)), np.arange(s, dtype=float).reshape(1, 1, s, 1)
        k[..., place, :] = 1
        out, weights = layers.attend(np.full((1, 1, 2, 1), 1e4), k, v)
        assert (out == place).all()
        assert (weights[0, 0] == k[0, 0].T).all()
        dq, dk, _ = layers.attend_backward(np.full((1, 1, 2, 1), 1e4), k, v, weights, out)
        assert not dq.any()
        assert not dk.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_of_any_size_do_not_overflow(dtype):
    q = np.array([[[[1e15], [-1e15], [0]]]], dtype)
    out, weights = layers.attend(q, q, np.array([[[[1], [2], [3]]]], dtype))
    assert out.dtype == weights.dtype == dtype
    assert out[0, 0].tolist() == [[1], [2], [2]]


# Masks of pairs.


def bits(tree):
    return [a.tobytes() for a in leaves(tree)]


def pairs_of(x, share=0.5):
    """Which place may attend to which, at random."""
    return np.random.default_rng(x.size).random((len(x), x.shape[1], x.shape[1])) < share


@given(layers_and_x())
def test_pairs_that_leave_out_keys_are_a_mask_of_places(drawn):
    layer, x, mask = drawn
    pairs = np.repeat(mask[:, None], x.shape[1], axis=1)
    dA = cotangent(x) * mask[..., None]
    (expected, _), grads = run(layer, (x, mask), (dA, None))
    (out, passed), pair_grads = run(layer, (x, pairs), (dA, None))
    assert passed is pairs
    near(out[mask], expected[mask])
    for found, gradient in zip(leaves(pair_grads), leaves(grads), strict=True):
        near(found, gradient)


@given(cases(layers.CrossAttention))
def test_pairs_that_leave_out_places_of_a_memory_are_a_mask_of_it(case):
    layer, (queries, memory, *_) = case
    mask = np.random.default_rng(memory.size).random(memory.shape[:2]) < 0.5
    pairs = np.repeat(mask[:, None], queries.shape[1], axis=1)
    dA = (cotangent(forward(layer, (queries, memory))[0][0]), None, None)
    (expected, *_), grads = run(layer, (queries, memory, mask), dA)
    (out, _, passed), pair_grads = run(layer, (queries, memory, pairs), dA)
    assert passed is pairs
    near(out, expected)
    for found, gradient in zip(leaves(pair_grads), leaves(grads), strict=True):
        near(found, gradient, 1e-10)


@given(layers_and_x(), st.data())
def test_a_place_never_matters_to_those_that_may_not_attend_to_it(drawn, data):
    layer, x, _ = drawn
    j, pairs = data.draw(st.integers(0, x.shape[1] - 1)), pairs_of(x)
    other = x.copy()
    other[:, j] = 100 * cotangent(x)[:, j]
    unseen = ~pairs[:, :, j] & (np.arange(x.shape[1]) != j)
    out, found = (forward(layer, (given_x, pairs))[0][0] for given_x in (x, other))
    assert found[unseen].tobytes() == out[unseen].tobytes()


@given(layers_and_x(), st.data())
def test_a_place_that_nobody_attends_to_never_matters_to_others(drawn, data):
    layer, x, _ = drawn
    j, pairs = data.draw(st.integers(0, x.shape[1] - 1)), pairs_of(x, 0.7)
    pairs[:, :, j] = False
    other = x.copy()
    other[:, j] = np.nan
    rest = np.arange(x.shape[1]) != j
    out, found = (forward(layer, (given_x, pairs))[0][0] for given_x in (x, other))
    assert found[:, rest].tobytes() == out[:, rest].tobytes()


@given(layers_and_x(), st.data(), st.sampled_from([np.nan, np.inf, 1e300]))
def test_a_place_that_neither_sees_nor_is_seen_never_matters(drawn, data, junk):
    layer, x, _ = drawn
    j, pairs, dA = data.draw(st.integers(0, x.shape[1] - 1)), pairs_of(x, 0.7), (cotangent(x), None)
    pairs[:, :, j] = pairs[:, j] = False
    other = x.copy()
    other[:, j] = junk
    expected, grads = (run(layer, (given_x, pairs), dA) for given_x in (x, other))
    assert bits(grads) == bits(expected)
    assert (expected[0][0][:, j] == layer.out.b).all()
    assert not expected[1].x[0][:, j].any()


@given(cases(layers.CrossAttention), st.sampled_from([np.nan, np.inf, 1e300]))
def test_what_no_query_may_see_and_who_may_see_nothing_are_not_read(case, junk):
    layer, (queries, memory, *_) = case
    pairs = np.random.default_rng(memory.size).random((*queries.shape[:2], memory.shape[1])) < 0.4
    others = [
        np.where(seen[..., None], a, junk) for a, seen in ((queries, pairs.any(axis=2)), (memory, pairs.any(axis=1)))
    ]
    dA = (cotangent(forward(layer, (queries, memory))[0][0]), None, None)
    (out, *_), grads = run(layer, (queries, memory, pairs), dA)
    (found, *_), other_grads = run(layer, (*others, pairs), dA)
    assert found.tobytes() == out.tobytes()
    assert bits(other_grads) == bits(grads)
    assert not grads.x[0][~pairs.any(axis=2)].any()
    assert not grads.x[1][~pairs.any(axis=1)].any()


@given(layers_and_x(causal=True))
def test_of_pairs_a_causal_layer_takes_those_that_come_in_time(drawn):
    layer, x, _ = drawn
    pairs, dA = pairs_of(x), (cotangent(x), None)
    (out, _), grads = run(layer, (x, pairs), dA)
    (expected, _), expected_grads = run(layer, (x, np.tril(pairs)), dA)
    ahead = nn.Attention(layer.query, layer.key, layer.value, layer.out, layer.heads, causal=False, rotary=layer.rotary)
    assert bits((out, grads)) == bits((expected, expected_grads))
    assert forward(ahead, (x, np.tril(pairs)))[0][0].tobytes() == out.tobytes()


@pytest.mark.parametrize(
    "setting", [{}, {"causal": True}, {"rotary": layers.Rotary()}], ids=["all", "causal", "rotary"]
)
def test_sequences_packed_into_one_do_not_see_each_other(setting):
    """Rotary sees distances alone, so it does not matter where in the row a sequence begins."""
    net = transformer_block(4, 2, 8, seed=0, **setting), transformer_block(4, 2, 8, seed=1, pre_norm=False, **setting)
    x, owner = np.random.default_rng(0).standard_normal((2, 6, 4)), np.array([0, 0, 0, 1, 1, 2])
    pairs = np.repeat((owner[:, None] == owner)[None], 2, axis=0)
    (out, passed), grads = run(net, (x, pairs), (np.ones_like(x), None))
    assert passed is pairs
    for i in range(3):
        alone, alone_grads = run(net, x[:, owner == i], np.ones_like(x[:, owner == i]))
        near(out[:, owner == i], alone)
        near(grads.x[0][:, owner == i], alone_grads.x)
    near(predict(net, (x, pairs), rows=1)[0], out)


# Causality and order.


@given(layers_and_x(causal=True), st.data())
def test_the_future_never_matters(drawn, data):
    layer, x, mask = drawn
    t = data.draw(st.integers(0, x.shape[1]))
    other = np.concatenate([x[:, :t], 100 * np.random.default_rng(0).standard_normal(x[:, t:].shape)], axis=1)
    for wrap in (lambda x: x, lambda x: (x, mask)):
        out, found = (leaves(forward(layer, wrap(given_x))[0])[0] for given_x in (x, other))
        assert found[:, :t].tobytes() == out[:, :t].tobytes()


@given(layers_and_x(causal=True))
def test_nobody_is_blamed_for_the_past(drawn):
    layer, x, _ = drawn
    dA = cotangent(x)
    dA[:, -1] = 0
    assert not run(layer, x, dA)[1].x[:, -1].any()


@given(layers_and_x(causal=False, rotary=None), st.randoms(use_true_random=False))
def test_without_positions_order_is_nothing(drawn, random):
    layer, x, mask = drawn
    order = random.sample(range(x.shape[1]), x.shape[1])
    out, _ = forward(layer, (x, mask))[0]
    found, _ = forward(layer, (x[:, order], mask[:, order]))[0]
    near(found, out[:, order])


@given(layers_and_x(rotary=layers.Rotary(base=50.0)), st.integers(1, 5))
def test_rotary_positions_see_distances_alone(drawn, shift):
    layer, x, mask = drawn
    out, _ = forward(layer, (x, mask))[0]
    before = np.zeros((len(x), shift, x.shape[2]))
    later = np.concatenate([before, x], axis=1), np.concatenate([before[..., 0] > 0, mask], axis=1)
    near(forward(layer, later)[0][0][:, shift:], out, 1e-10)


def test_rotary_positions_do_matter():
    layer = nn.Attention.init(4, 2, seed=0)
    turned = nn.Attention(layer.query, layer.key, layer.value, layer.out, 2, rotary=layers.Rotary())
    x = np.random.default_rng(0).standard_normal((1, 3, 4))
    assert abs(forward(layer, x)[0] - forward(turned, x)[0]).max() > 1e-3


@given(layers_and_x(causal=False, rotary=None))
def test_attention_to_oneself_is_cross_attention_to_oneself(drawn):
    layer, x, _ = drawn
    cross = layers.CrossAttention(layer.query, layer.key, layer.value, layer.out, layer.heads)
    dA = cotangent(x)
    out, grads = run(layer, x, dA)
    (cross_out, _), cross_grads = run(cross, (x, x), (dA, None))
    near(cross_out, out)
    near(sum(cross_grads.x), grads.x)
    for path, gradient in parameters(grads.params).items():
        near(parameters(cross_grads.params)[path], gradient)


@given(layers_and_x())
def test_rows_do_not_know_of_one_another_and_their_gradients_add_up(drawn):
    layer, x, mask = drawn
    assert_rows_add_up(layer, (x, mask), 1e-11)


@given(cases(layers.CrossAttention))
def test_a_memory_is_blamed_for_what_is_done_with_it_behind(case):
    layer, x = case
    out, cache = forward(layer, x)
    d, behind = cotangent(out[0]), cotangent(x[1])
    rest = (None,) if len(x) == 3 else ()
    alone, both = (backward(layer, cache, (d, other, *rest)) for other in (None, behind))
    assert both.x[1].tobytes() == (alone.x[1] + behind).tobytes()
    assert both.x[2:] == rest
    assert both.x[0].tobytes() == alone.x[0].tobytes()
    assert both.params == alone.params == backward_params(layer, cache, (d, behind, *rest))


@given(layers_and_x())
def test_nothing_but_dx_is_left_out_where_nobody_asks_for_it(drawn):
    layer, x, mask = drawn
    pair = cotangent(x), None
    for given_x, dA in ((x, cotangent(x)), ((x, mask), pair), ((x, pairs_of(x)), pair)):
        _, cache = forward(layer, given_x)
        assert backward_params(layer, cache, dA) == backward(layer, cache, dA).params


# Generation.


def generated(net, x, sizes, memory=None):
    """What `step` makes of x part by part, and the last memory."""
    outs, start = [], 0
    for size in sizes:
        out, memory = step(net, tree_map(lambda a, i=start, j=start + size: a[:, i:j], x), memory)
        outs.append(out[0] if type(out) is tuple else out)
        start += size
    return np.concatenate(outs, axis=1), memory


@st.composite
def parts(draw, t):
    """Sizes of parts of t places: mostly single ones."""
    ends = draw(st.sampled_from([range(1, t), sorted(draw(st.sets(st.integers(1, t))))]))
    return np.diff([0, *[end for end in ends if end < t], t]).tolist()


@given(layers_and_x(causal=True), st.data())
def test_part_by_part_it_is_the_whole(drawn, data):
    layer, x, mask = drawn
    sizes = data.draw(parts(x.shape[1]))
    near(generated(layer, x, sizes)[0], forward(layer, x)[0])
    near(generated(layer, (x, mask), sizes)[0], forward(layer, (x, mask))[0][0])


@given(layers_and_x(causal=True), st.integers(0, 2), st.data())
def test_a_memory_of_a_fixed_size_makes_no_difference(drawn, more, data):
    layer, x, mask = drawn
    m, t = x.shape[:2]
    sizes = data.draw(parts(t))
    for given_x in (x, (x, mask)):
        out, memory = generated(layer, given_x, sizes, fixed_memory(layer, m, t + more))
        near(out, generated(layer, given_x, sizes)[0])
        assert (memory.k.shape[2], memory.length) == (t + more, t)
        there = memory.mask[:, :t] if given_x is not x else memory.mask
        assert there is None or np.array_equal(there, mask)


def test_every_layer_with_a_memory_has_one_of_a_fixed_size():
    table = nn.Embedding.init(5, 4, seed=0).W
    causal = nn.Attention.init(4, 2, seed=0, causal=True)
    net = (
        layers.Tied(table, (layers.SinusoidalPosition(), nn.Residual(causal))),
        nn.Dense.init(5, 4, seed=1),
        layers.Map(nn.Dense.init(4, 4, seed=2)),
        layers.Copy(2),
        layers.Parallel(
            (nn.LSTM.init(4, 2, seed=3), (nn.Dense.init(4, 4, seed=4), layers.Glu(nn.GRU.init(2, 2, seed=5))))
        ),
    )
    ids = np.array([[0, 3, 1, 4], [2, 2, 0, 1]])
    memory = fixed_memory(net, 2, 4)
    assert memory[0][0] == 0
    assert memory[1:4] == (None, None, None)
    shapes = tree_map(np.shape, memory[4])
    outs = []
    for i in range(4):
        out, memory = step(net, ids[:, i : i + 1], memory)
        outs.append(out)
    assert tree_map(np.shape, memory[4]) == shapes
    for ours, whole in zip(zip(*outs, strict=True), forward(net, ids)[0], strict=True):
        near(np.concatenate(ours, axis=1), whole)


def test_the_memory_is_keys_values_and_mask():
    layer = nn.Attention.init(4, 2, seed=0, causal=True)
    x, mask = np.ones((3, 2, 4)), np.array([[True, True], [False, True], [False, False]])
    _, (k, v, there) = step(layer, x)
    assert (k.shape, v.shape, there) == ((3, 2, 2, 2), (3, 2, 2, 2), None)
    _, (k, v, there) = step(layer, (x, mask), (k, v, there))
    assert (k.shape, v.shape) == ((3, 2, 4, 2), (3, 2, 4, 2))
    assert there.tolist() == np.concatenate([np.ones((3, 2), bool), mask], axis=1).tolist()
    out, (_, _, there) = step(layer, x[:, :1], (k, v, there))
    assert there.tolist() == np.concatenate([np.ones((3, 2), bool), mask, np.ones((3, 1), bool)], axis=1).tolist()
    whole = np.concatenate([x, x, x[:, :1]], axis=1), there
    near(out, forward(layer, whole)[0][0][:, -1:])


def test_a_cross_attention_looks_at_its_memory_once(monkeypatch):
    layer = layers.CrossAttention.init(4, 2, n_memory=3, seed=0)
    rng = np.random.default_rng(0)
    queries, memory, mask = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 5, 3)), rng.random((2, 5)) < 0.7
    for rest in ((memory,), (memory, mask)):
        whole = forward(layer, (queries, *rest))[0]
        kept, outs = None, []
        for t in range(3):
            (out, *passed), kept = step(layer, (queries[:, t : t + 1], *rest), kept)
            assert all(a is b for a, b in zip(passed, rest, strict=True))
            outs.append(out)
        near(np.concatenate(outs, axis=1), whole[0])
    broken = layers.CrossAttention(layer.query, *[nn.Dense(np.full((3, 4), np.nan), None)] * 2, layer.out, 2)
    near(step(broken, (queries[:, :1], memory, mask), kept)[0][0], outs[0])


def transformer(dtype=np.float64, *, position=(), **setting):
    blocks = [transformer_block(8, 2, 12, seed=i, causal=True, dtype=dtype, **setting) for i in (1, 2)]
    ends = nn.LayerNorm.init(8, dtype=dtype), nn.Dense.init(8, 5, seed=4, dtype=dtype)
    return (nn.Embedding.init(5, 8, seed=3, dtype=dtype), *position, *blocks, *ends)


@pytest.mark.parametrize("pre_norm", [True, False])
@pytest.mark.parametrize(
    "position", [None, layers.Rotary(), layers.LearnedPosition.init(9, 8, seed=5), layers.SinusoidalPosition()]
)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-6)])
def test_a_whole_transformer_generates_what_it_predicts(position, pre_norm, dtype, tolerance):
    turned = type(position) is layers.Rotary
    setting = {"rotary": position if turned else None, "position": () if turned or position is None else (position,)}
    net = inference(astype(transformer(dropout=0.3, pre_norm=pre_norm, **setting), dtype))
    ids = np.random.default_rng(0).integers(0, 5, (3, 9))
    whole = predict(net, ids)
    for sizes in ([1] * 9, [4, 1, 1, 3]):
        out, memory = generated(net, ids, sizes)
        assert out.dtype == dtype
        near(out, whole, tolerance)
    assert {leaf.dtype for leaf in leaves(memory)} == {np.dtype(dtype)}


# Blocks.


@pytest.mark.parametrize("pre_norm", [True, False])
def test_a_block_carries_a_mask_and_is_the_same_without_one(pre_norm):
    block = transformer_block(4, 2, 8, seed=0, pre_norm=pre_norm)
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    mask = np.array([[True, True, False], [True, True, True]])
    out, grads = run(block, x, np.ones_like(x))
    (masked, passed), masked_grads = run(block, (x, mask), (np.ones_like(x), None))
    assert passed is mask
    near(masked[1], out[1])
    near(masked_grads.x[0][1], grads.x[1])
    assert abs(masked[0, :2] - out[0, :2]).max() > 1e-6
    near(masked[0, :2], forward(block, x[:1, :2])[0][0])


def test_a_block_drops_what_its_branches_add_and_only_while_it_trains():
    block = transformer_block(4, 2, 8, seed=7, dropout=0.5)
    plain = transformer_block(4, 2, 8, seed=7)
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    assert parameters(block).keys() == parameters(plain).keys()
    near(predict(block, x), forward(plain, x)[0], 0)
    once, other = forward(block, x)[0], forward(reseed(block, 1), x)[0]
    assert len({a.tobytes() for a in (once, other, predict(block, x))}) == 3
    seeds = [block[0].layer[-1].layer.seed, block[1].layer.layer[-1].seed]
    assert seeds == [(7, 3), (7, 4)]
    assert {type(block[0].layer[-1].layer), type(block[1].layer.layer[-1])} == {nn.Dropout}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_init_draws_four_layers_from_four_children_of_the_seed(dtype):
    layer = nn.Attention.init(6, 3, seed=(4, 5), dtype=dtype)
    parts = layer.query, layer.key, layer.value, layer.out
    assert parts == tuple([nn.Dense.init(6, 6, seed=(4, 5, i), dtype=dtype) for i in range(4)])
    cross = layers.CrossAttention.init(6, 3, n_memory=2, seed=1, bias=False, dtype=dtype)
    parts = cross.query, cross.key, cross.value, cross.out
    sizes = (6, 2, 2, 6)
    assert parts == tuple([nn.Dense.init(n, 6, seed=(1, i), bias=False, dtype=dtype) for i, n in enumerate(sizes)])
    assert {leaf.dtype for leaf in leaves((layer, cross))} == {np.dtype(dtype)}


def test_dropped_weights_are_exactly_zero_and_the_others_are_divided_by_the_rate_kept():
    layer = nn.Attention.init(8, 2, seed=3, dropout=0.25)
    assert layer.dropout == nn.Dropout(0.25, seed=(3, 4))
    x, dA = np.random.default_rng(0).standard_normal((2, 40, 9, 8))
    cache = forward(layer, x)[1][1]
    plain = forward(inference(layer), x)[1][1]
    assert inference(layer) == nn.Attention.init(8, 2, seed=3)
    assert (cache.weights == plain.weights).all()
    assert abs(cache.kept.mean() - 0.75) < 0.01
    factor = cache.kept / 0.75
    out, weights = layers.attend(*cache.qkv, factor=factor)
    near(out, (weights * factor) @ cache.qkv[2])
    dead = layers.attend_backward(*cache.qkv, weights, out, factor * (np.arange(9) != 4))[2]
    assert not dead[..., 4, :].any()
    kept = [
        forward(params, x)[1][1].kept for params in (layer, reseed(layer, 1), nn.sgd(layer, run(layer, x, dA)[1], 0))
    ]
    assert len({mask.tobytes() for mask in kept}) == 3
    assert (forward(layer, x[:5])[1][1].kept == kept[0][:5]).all()  # a row does not depend on the rows after it


def test_dropout_of_weights_is_random_in_noisy_alone():
    block = transformer_block(8, 2, 4, seed=0, causal=True, attention_dropout=0.5)
    x = np.random.default_rng(0).standard_normal((3, 5, 8))
    assert block[0].layer[1].dropout == nn.Dropout(0.5, seed=(0, 0, 4))
    near(predict(block, x), predict(transformer_block(8, 2, 4, seed=0, causal=True), x), 0)
    noisy = layers.noisy(block)
    assert noisy[0].layer[1].dropout == block[0].layer[1].dropout
    attention = noisy[0].layer[1]
    drawn = [forward(reseed(attention, i), x)[0] for i in range(1000)]
    assert np.std(drawn, axis=0).min() > 0.01
    near(np.mean(drawn, axis=0), predict(attention, x), 0.1)
