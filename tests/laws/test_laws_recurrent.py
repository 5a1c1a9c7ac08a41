"""Laws of embeddings, positions and recurrent layers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import backward, forward, layers, mse, parameters, predict, record, reseed, sgd, summary, tree_map
from funcnn.core import backward_params
from funcnn.generation import step
from funcnn.inspection import flops
from funcnn.layers.embedding.symbols import rows_added
from funcnn.testing import check_layer, check_vjp
from funcnn.testing import strategies as fst
from funcnn.trees import astype, leaves
from tests.counts import at_most
from tests.laws.rows import assert_rows_add_up

N, T = 4, 5
LAYERS = {
    **{kind.__name__: kind.init(N, 3, seed=0) for kind in (layers.RNN, nn.GRU, nn.LSTM)},
    "both ways": layers.Bidirectional(nn.GRU.init(N, 2, seed=1), nn.LSTM.init(N, 3, seed=2)),
    "stacked": (nn.LSTM.init(N, 3, seed=1), nn.GRU.init(3, 2, seed=2)),
    "both ways of stacks": layers.Bidirectional(
        (layers.RNN.init(N, 2, seed=1), nn.GRU.init(2, 2, seed=2)), nn.LSTM.init(N, 3, seed=3)
    ),
    "dense before": (layers.First(nn.Dense.init(N, 3, seed=1)), nn.GRU.init(3, 2, seed=2)),
    "norm before": (layers.First(nn.LayerNorm.init(N)), nn.GRU.init(N, 2, seed=2)),
    "SinusoidalPosition": layers.SinusoidalPosition(),
    "LearnedPosition": layers.LearnedPosition.init(T + 1, N, seed=0),
    "Rotary": layers.Rotary(base=3.0),
    "Embedding": nn.Embedding.init(7, N, seed=0),
}
FORWARD_IN_TIME = [name for name in LAYERS if "both" not in name]
HAVE_STATES = ["RNN", "GRU", "LSTM", "both ways"]
seeds = st.integers(0, 2**31 - 1)
quick = at_most(25)
every = pytest.mark.parametrize("name", LAYERS)


def sequences(name, rng, m=3):
    """(x, mask); of one row nothing is there."""
    x = rng.integers(0, 7, (m, T)) if name == "Embedding" else rng.standard_normal((m, T, N))
    mask = rng.random((m, T)) < 0.6
    mask[-1] = False
    return x, mask


def states(name, rng, m=3):
    h, c = rng.standard_normal((2, m, 3))
    return {"RNN": h, "GRU": h, "LSTM": (h, c), "both ways": (h[:, :2], (h, c))}[name]


def passes(layer, x, rng):
    """(out, gradients of the parameters, dx)"""
    out, cache = forward(layer, x)
    dA = tree_map(lambda a: a if a.dtype == bool else rng.standard_normal(a.shape), out)
    grads = backward(layer, cache, dA)
    return out, grads.params, grads.x


def same_bits(a, b):
    pairs = list(zip(leaves(a), leaves(b), strict=True))
    assert pairs
    return all(np.array_equal(p, q) for p, q in pairs)


def close(a, b):
    for p, q in zip(leaves(a), leaves(b), strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-12, atol=1e-12)


@every
@quick
@given(seeds)
def test_a_batch_is_its_rows_and_their_gradients_add_up(name, seed):
    assert_rows_add_up(LAYERS[name], sequences(name, np.random.default_rng(seed)), 1e-12)


@every
def test_no_rows_are_no_error(name):
    layer, (x, mask) = LAYERS[name], sequences(name, np.random.default_rng(0))
    (out, _), cache = forward(layer, (x[:0], mask[:0]))
    assert out.shape[0] == 0
    grads = backward(layer, cache, (out, None))
    assert grads.x[0] is None or grads.x[0].shape == x[:0].shape
    assert all([(a == 0).all() for a in parameters(grads.params).values()])


@every
@pytest.mark.parametrize("content", [-1.0, 1e300, np.nan, np.inf])
@quick
@given(seeds)
def test_what_is_not_there_never_matters(name, content, seed):
    rng = np.random.default_rng(seed)
    layer, (x, mask) = LAYERS[name], sequences(name, rng)
    other = x.copy()
    other[~mask] = -7 if x.dtype.kind == "i" else content
    rngs = [np.random.default_rng(seed) for _ in range(2)]
    results = [passes(layer, (x, mask), rng) for x, rng in zip((x, other), rngs, strict=True)]
    assert same_bits(*results)
    out, _, dx = results[0]
    assert not out[0][~mask].any()
    assert dx[0] is None or not dx[0][~mask].any()
    assert out[1] is mask


@every
@quick
@given(seeds)
def test_what_is_said_of_out_where_nothing_is_never_matters(name, seed):
    rng = np.random.default_rng(seed)
    layer, given = LAYERS[name], sequences(name, rng)
    out, cache = forward(layer, given)
    dA = rng.standard_normal(out[0].shape)
    other = np.where(given[1][..., None], dA, np.nan)
    assert same_bits(backward(layer, cache, (dA, None)), backward(layer, cache, (other, None)))


@pytest.mark.parametrize("name", FORWARD_IN_TIME)
@quick
@given(seeds, st.integers(1, T - 1))
def test_the_future_never_matters(name, seed, now):
    rng = np.random.default_rng(seed)
    layer, (x, mask) = LAYERS[name], sequences(name, rng)
    other = x.copy()
    other[:, now:] = 6 if x.dtype.kind == "i" else rng.standard_normal(x[:, now:].shape)
    one, two = (forward(layer, (x, mask))[0][0] for x in (x, other))
    assert np.array_equal(one[:, :now], two[:, :now])


@every
@quick
@given(seeds)
def test_a_mask_of_everything_is_none(name, seed):
    layer, (x, mask) = LAYERS[name], sequences(name, np.random.default_rng(seed))
    rngs = [np.random.default_rng(seed) for _ in range(2)]
    out, grads, dx = passes(layer, x, rngs[0])
    masked, grads_too, dx_too = passes(layer, (x, np.ones_like(mask)), rngs[1])
    close(out, masked[0])
    close(tuple(parameters(grads).values()), tuple(parameters(grads_too).values()))
    if dx is not None:
        close(dx, dx_too[0])


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
@quick
@given(seeds, st.booleans())
def test_a_sequence_in_two_parts_is_one(name, seed, masked):
    """The last state of the first part is the first of the second, and its gradient goes the other way."""
    rng = np.random.default_rng(seed)
    layer, (x, mask), first = LAYERS[name], sequences(name, rng), states(name, rng)
    mask = mask if masked else None
    part = lambda i: (x[:, i], None if mask is None else mask[:, i])
    (out, _, last), cache = forward(layer, (x, mask, first))
    (one, _, middle), one_cache = forward(layer, (*part(slice(None, 2)), first))
    (two, _, last_too), two_cache = forward(layer, (*part(slice(2, None)), middle))
    close((out, last), (np.concatenate([one, two], axis=1), last_too))
    dA, dlast = rng.standard_normal(out.shape), tree_map(lambda a: rng.standard_normal(a.shape), last)
    whole = backward(layer, cache, (dA, None, dlast))
    later = backward(layer, two_cache, (dA[:, 2:], None, dlast))
    sooner = backward(layer, one_cache, (dA[:, :2], None, later.x[2]))
    close(whole.x, (np.concatenate([sooner.x[0], later.x[0]], axis=1), None, sooner.x[2]))
    pairs = zip(*[parameters(grads.params).values() for grads in (sooner, later)], strict=True)
    close(tuple(parameters(whole.params).values()), tuple([a + b for a, b in pairs]))


@pytest.mark.parametrize("name", HAVE_STATES)
def test_no_state_is_a_state_of_zeros_and_no_gradient_is_one_of_zeros(name):
    rng = np.random.default_rng(0)
    layer, (x, mask) = LAYERS[name], sequences(name, rng)
    zeros = tree_map(np.zeros_like, states(name, rng))
    (out, _, last), cache = forward(layer, (x, mask, zeros))
    assert same_bits(forward(layer, (x, mask, None))[0], (out, mask, last))
    assert same_bits(forward(layer, (x, mask))[0], (out, mask))
    dA, dlast = rng.standard_normal(out.shape), tree_map(np.ones_like, last)
    nothing = tree_map(np.zeros_like, dlast)
    assert same_bits(backward(layer, cache, (dA, None, None)), backward(layer, cache, (dA, None, nothing)))
    assert same_bits(backward(layer, cache, (None, None, dlast)), backward(layer, cache, (0 * dA, None, dlast)))
    assert backward(layer, forward(layer, (x, None, None))[1], (dA, None, dlast)).x[1:] == (None, None)
    for triple in ((x, mask, None), (x, None, None)):
        assert same_bits(predict(layer, triple), forward(layer, triple)[0])
        once, part = predict(layer, triple), predict(layer, triple, rows=2)
        assert part[1] is None or same_bits(part[1], once[1])
        assert all(np.allclose(a, b, rtol=0, atol=1e-14) for a, b in zip(leaves(part), leaves(once), strict=True))


def test_of_a_pair_of_states_either_may_have_no_gradient():
    rng = np.random.default_rng(0)
    layer, (x, mask) = LAYERS["LSTM"], sequences("LSTM", rng)
    _, cache = forward(layer, (x, mask, None))
    dh = rng.standard_normal((3, 3))
    a, b = (backward(layer, cache, (None, None, d)) for d in [(dh, None), (dh, 0 * dh)])
    assert same_bits(a, b)


@every
@quick
@given(seeds)
def test_the_shortcuts_are_those_of_the_long_way(name, seed):
    rng = np.random.default_rng(seed)
    layer, given = LAYERS[name], sequences(name, rng)
    out, cache = forward(layer, given)
    dA = (rng.standard_normal(out[0].shape), None)
    assert same_bits(predict(layer, given), out)
    if parameters(layer):
        assert same_bits(backward_params(layer, cache, dA), backward(layer, cache, dA).params)
    assert nn.inference(layer) == layer == reseed(layer, 1)


@every
def test_float32_stays_float32(name):
    rng = np.random.default_rng(0)
    layer, given = astype((LAYERS[name], sequences(name, rng)), np.float32)
    out, cache = forward(layer, given)
    grads = backward(layer, cache, (np.ones_like(out[0]), None))
    assert {a.dtype for a in (out[0], *parameters(grads.params).values())} == {np.dtype(np.float32)}
    assert grads.x[0] is None or grads.x[0].dtype == np.float32


# Generation.


@pytest.mark.parametrize("name", FORWARD_IN_TIME)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("size", [1, 2, T])
def test_parts_one_after_another_are_the_whole(name, masked, size):
    layer, (x, mask) = LAYERS[name], sequences(name, np.random.default_rng(1))
    whole, memory = forward(layer, (x, mask) if masked else x)[0], None
    for i in range(0, T, size):
        part = x[:, i : i + size]
        out, memory = step(layer, (part, mask[:, i : i + size]) if masked else part, memory)
        close(out[0] if masked else out, (whole[0] if masked else whole)[:, i : i + size])
        assert not masked or out[1].base is mask


@pytest.mark.parametrize("size", [1, 2, T])
def test_a_gate_goes_on_with_its_memory(size):
    x = np.random.default_rng(0).standard_normal((2, T, N))
    layer, memory = (layers.Glu(nn.GRU.init(2, 2, seed=0)), layers.RNN.init(2, 3, seed=1)), None
    whole = forward(layer, x)[0]
    for i in range(0, T, size):
        out, memory = step(layer, x[:, i : i + size], memory)
        close(out, whole[:, i : i + size])


# The last step.


def last_of(x, mask, rng):
    out, cache = forward(layers.Last(), (x, mask))
    dA = rng.standard_normal(out.shape)
    return out, dA, backward(layers.Last(), cache, dA).x[0]


@quick
@given(seeds)
def test_the_last_step_is_that_of_a_loop_and_all_blame_goes_there(seed):
    rng = np.random.default_rng(seed)
    x, mask = sequences("RNN", rng)
    out, dA, dx = last_of(x, mask, rng)
    expected, dexpected = np.zeros_like(out), np.zeros_like(x)
    for i, row in enumerate(mask):
        for s in row.nonzero()[0][-1:]:
            expected[i], dexpected[i, s] = x[i, s], dA[i]
    assert same_bits((out, dx), (expected, dexpected))
    assert not out[-1].any()


@pytest.mark.parametrize("content", [-1.0, 1e300, np.nan, np.inf])
@quick
@given(seeds)
def test_what_is_not_there_is_never_the_last_step(content, seed):
    x, mask = sequences("RNN", np.random.default_rng(seed))
    other = np.where(mask[..., None], x, content)
    longer = [np.concatenate([x, np.full((3, 2, N), content)], axis=1), np.concatenate([mask, mask[:, :2] & False], 1)]
    one, two, three = (last_of(*given, np.random.default_rng(seed)) for given in ((x, mask), (other, mask), longer))
    assert same_bits(one, two)
    assert same_bits(one, (*three[:2], three[2][:, :T]))
    assert not three[2][:, T:].any()


@quick
@given(seeds)
def test_the_last_steps_of_a_batch_are_those_of_its_rows(seed):
    rng = np.random.default_rng(seed)
    x, mask = sequences("RNN", rng)
    out, cache = forward(layers.Last(), (x, mask))
    dA = rng.standard_normal(out.shape)
    for i in range(len(x)):
        row, row_cache = forward(layers.Last(), (x[i : i + 1], mask[i : i + 1]))
        dx, _ = backward(layers.Last(), row_cache, dA[i : i + 1]).x
        assert same_bits((row, dx), (out[i : i + 1], backward(layers.Last(), cache, dA).x[0][i : i + 1]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_a_mask_the_last_step_is_at_the_end(dtype):
    x = np.random.default_rng(0).standard_normal((3, T, N)).astype(dtype)
    whole = np.ones((3, T), bool)
    results = [(given, *forward(layers.Last(), given)) for given in (x, (x, None), (x, whole))]
    for given_x, out, cache in results:
        dx = backward(layers.Last(), cache, out).x
        assert type(dx) is type(given_x)
        dx = dx[0] if type(dx) is tuple else dx
        assert same_bits((out, dx[:, -1]), (x[:, -1], x[:, -1]))
        assert not dx[:, :-1].any()
        assert out.dtype == dx.dtype == dtype
        assert not np.shares_memory(out, x)  # or a cache that holds out would hold all of x
    assert backward(layers.Last(), results[1][2], results[1][1]).x[1] is None
    out, cache = forward(layers.Last(), (x[:0], whole[:0]))
    assert out.shape == (0, N)
    assert backward(layers.Last(), cache, out).x[0].shape == (0, T, N)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("size", [1, 2, T])
def test_in_generation_the_last_step_is_that_so_far(masked, size):
    x, mask = sequences("RNN", np.random.default_rng(1))
    mask[0], memory = [False, True, False, False, False], None
    for i in range(0, T, size):
        parts = x[:, i : i + size], mask[:, i : i + size]
        out, memory = step(layers.Last(), parts if masked else parts[0], memory)
        sofar = x[:, : i + size], mask[:, : i + size]
        assert same_bits((out, memory), (forward(layers.Last(), sofar if masked else sofar[0])[0],) * 2)


@pytest.mark.parametrize("kind", [layers.RNN, nn.GRU, nn.LSTM])
def test_the_last_step_of_a_recurrent_layer_is_its_last_state(kind):
    x, mask = sequences("RNN", np.random.default_rng(2))
    layer = kind.init(N, 3, seed=0)
    mask[:-1, 0] = True
    _, _, state = forward(layer, (x, mask, None))[0]
    assert same_bits(forward((layer, layers.Last()), (x, mask))[0], state[0] if kind is nn.LSTM else state)


# Pools over time.

pools = pytest.mark.parametrize(
    "pool", [nn.GlobalAvgPool(), layers.GlobalMaxPool()], ids=lambda pool: type(pool).__name__
)


def pooled(pool, given, seed=0):
    out, cache = forward(pool, given)
    dA = np.random.default_rng(seed).standard_normal(out.shape).astype(out.dtype)
    return out, dA, backward(pool, cache, dA).x


@pools
@quick
@given(seeds)
def test_a_pool_is_that_of_the_places_that_are_there(pool, seed):
    x, mask = sequences("RNN", np.random.default_rng(seed))
    out, dA, (dx, dmask) = pooled(pool, (x, mask), seed)
    assert dmask is None
    for i, row in enumerate(mask):
        if not row.any():
            assert not out[i].any()
            assert not dx[i].any()
            continue
        one, cache = forward(pool, x[i : i + 1, row])
        close(out[i : i + 1], one)
        close(dx[i : i + 1, row], backward(pool, cache, dA[i : i + 1]).x)
        assert not dx[i, ~row].any()


@pools
@pytest.mark.parametrize("content", [-1.0, 1e300, np.nan, np.inf, -np.inf])
@quick
@given(seeds)
def test_what_is_not_there_is_never_pooled(pool, content, seed):
    x, mask = sequences("RNN", np.random.default_rng(seed))
    other = np.where(mask[..., None], x, content)
    assert same_bits(*[pooled(pool, (given_x, mask)) for given_x in (x, other)])


@pools
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_pool_of_all_places_needs_no_mask(pool, dtype):
    x = np.random.default_rng(0).standard_normal((3, T, N)).astype(dtype)
    x[:, 2] = x[:, 1]
    dA = x[:, 0]
    plain, cache = forward(pool, x)
    for mask in (None, np.ones((3, T), bool)):
        out, masked_cache = forward(pool, (x, mask))
        dx = backward(pool, masked_cache, dA).x
        assert same_bits((out, dx[0]), (plain, backward(pool, cache, dA).x))
        assert out.dtype == dx[0].dtype == dtype
        assert dx[1] is None
    image = x.reshape(3, T, 2, 2)
    assert same_bits(pooled(pool, (image, None)), pooled(pool, image))
    assert forward(pool, (x[:0], np.ones((0, T), bool)))[0].shape == (0, N)


def test_where_all_that_is_there_is_minus_infinity_the_first_of_it_is_blamed():
    x, mask = np.full((1, T, 2), -np.inf), np.array([[False, False, True, True, False]])
    x[0, 0] = 3
    out, dA, (dx, _) = pooled(layers.GlobalMaxPool(), (x, mask))
    assert (out == -np.inf).all()
    assert (dx[:, 2] == dA).all()
    assert np.count_nonzero(dx) == 2


def test_the_mean_over_a_mask_does_not_overflow_in_half_precision():
    x = np.full((1, 2000, 1), 100, np.float16)
    out = forward(nn.GlobalAvgPool(), (x, np.ones((1, 2000), bool)))[0]
    assert (out.dtype, out.item()) == (np.float16, 100)


@pools
def test_a_pool_of_a_masked_sequence_is_counted_and_printed(pool):
    x, mask = sequences("RNN", np.random.default_rng(0))
    assert flops(pool, (x, mask)) == x.size
    assert f"{type(pool).__name__}" in str(summary((pool, nn.Dense.init(N, 2, seed=0)), (x, mask)))


# Each layer's own.


def test_the_gates_of_an_lstm_are_input_forget_output_and_candidate():
    """Wide open or shut, each does what its name says; shut is e^-709 open, the least that a sigmoid gives."""
    W, U, shut, wide = np.zeros((1, 4)), np.zeros((1, 4)), -800.0, 800.0
    x, state = np.zeros((1, 1, 1)), (np.zeros((1, 1)), np.full((1, 1), 3.0))

    def after(i, f, o, g):
        return [float(part[0, 0]) for part in forward(nn.LSTM(W, U, np.array([i, f, o, g])), (x, None, state))[0][2]]

    assert after(shut, wide, shut, 0.5) == pytest.approx([0, 3], rel=0, abs=1e-307)
    assert after(shut, shut, wide, 0.5) == pytest.approx([0, 0], rel=0, abs=1e-307)
    assert after(wide, shut, shut, 0.5) == pytest.approx([0, np.tanh(0.5)], rel=0, abs=1e-307)
    assert after(wide, wide, wide, 0.5) == [np.tanh(3 + np.tanh(0.5)), 3 + np.tanh(0.5)]


def test_the_gates_of_a_gru_are_reset_update_and_candidate():
    W, U, c, shut, wide = np.zeros((1, 3)), np.zeros((1, 3)), np.array([0.25]), -800.0, 800.0
    x, state = np.zeros((1, 1, 1)), np.full((1, 1), 3.0)

    def after(r, u, n):
        return float(forward(nn.GRU(W, U, np.array([r, u, n]), c), (x, None, state))[0][2][0, 0])

    assert after(wide, wide, 0.5) == 3
    assert after(shut, shut, 0.5) == np.tanh(0.5)
    assert after(wide, shut, 0.5) == np.tanh(0.75)


@pytest.mark.parametrize("kind", [layers.RNN, nn.GRU, nn.LSTM])
def test_init_draws_gate_by_gate_and_u_carries_without_loss(kind):
    layer = kind.init(5, 3, seed=7)
    assert layer == kind.init(5, 3, seed=7) != kind.init(5, 3, seed=8)
    for U in np.split(layer.U, kind.gates, axis=1):
        np.testing.assert_allclose(U @ U.T, np.eye(3), atol=1e-14)
    assert len({U.tobytes() for U in np.split(layer.U, kind.gates, axis=1)}) == kind.gates
    assert abs(layer.W).max() <= np.sqrt(6 / 8)
    assert layer.b.tolist() == ([0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0] if kind is nn.LSTM else [0] * 3 * kind.gates)
    small = kind.init(5, 3, seed=7, dtype=np.float32)
    assert {a.dtype for a in leaves(small)} == {np.dtype(np.float32)}


def test_a_cell_of_ones_own_is_a_layer_with_masks_states_and_generation():
    @record
    class Leaky(layers.Recurrent):
        """h_t = (h_{t-1} + tanh(z + h_{t-1} @ U)) / 2"""

        def cell(self, z: nn.Array, before):
            [h] = before
            new = np.tanh(z + h @ self.U)
            return ((h + new) / 2,), (new,)

        def back(self, kept, before, after, dafter):
            [new], [dh] = kept, dafter
            dz = dh / 2 * (1 - new**2)
            return dz, dz, (dh / 2,)

    rng = np.random.default_rng(0)
    layer, x = Leaky.init(2, 3, seed=0), rng.standard_normal((2, 4, 2))
    mask, h = rng.random((2, 4)) < 0.5, rng.standard_normal((2, 3))
    for form in (x, (x, mask), (x, mask, h)):
        check_layer(layer, form)
    out, memory = step(layer, x[:, :1])
    out, memory = step(layer, x[:, 1:], memory)
    close(out, forward(layer, x)[0][:, 1:])


# Symbols and ids: a product, `reduceat` alone, short runs, short and long runs, ids beyond 16 bits.
@pytest.mark.parametrize(("n", "m"), [(5, 60), (5, 0), (40, 0), (40, 90), (900, 300), (40, 300), (1 << 17, 300)])
@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_rows_are_added_as_by_a_loop(n, m, dtype):
    rng = np.random.default_rng(m)
    ids, rows = (n * rng.random(m) ** 2).astype(dtype), rng.standard_normal((m, 2))
    expected = np.zeros((n, 2))
    for i, row in zip(ids, rows, strict=True):
        expected[i] += row
    np.testing.assert_allclose(rows_added(ids, rows, n), expected, rtol=1e-13, atol=1e-13)


def test_an_infinite_row_reaches_its_own_symbol_alone():
    dW = rows_added(np.array([1, 0, 1]), np.array([[np.inf], [2.0], [np.nan]]), 3)
    np.testing.assert_array_equal(dW, [[2], [np.nan], [0]])


@quick
@given(st.integers(1, 4), st.integers(0, 1000), seeds)
def test_the_angle_between_turned_vectors_depends_on_their_distance_alone(half, start, seed):
    q, k = np.random.default_rng(seed).standard_normal((2, 2, 3, T, 2 * half))
    products = [layers.rotate(q, s) @ layers.rotate(k, s).swapaxes(-1, -2) for s in (0, start)]
    np.testing.assert_allclose(*products, rtol=0, atol=1e-10)
    np.testing.assert_allclose(abs(layers.rotate(q) ** 2).sum(-1), (q**2).sum(-1), rtol=1e-12)
    np.testing.assert_allclose(layers.rotate_backward(layers.rotate(q, start), start), q, rtol=0, atol=1e-12)


@quick
@given(fst.tensors("m t 4"), st.integers(0, 9))
def test_rotate_backward_is_its_derivative(arrays, start):
    check_vjp(lambda x: layers.rotate(x, start, 3.0), lambda args, dA: [layers.rotate_backward(dA, start, 3.0)], arrays)


def test_the_waves_are_those_of_the_paper():
    out = forward(layers.SinusoidalPosition(), np.zeros((1, 50, 6)))[0][0]
    for p in (0, 1, 49):
        for i in range(3):
            angle = p / 10000 ** (2 * i / 6)
            assert out[p, 2 * i : 2 * i + 2] == pytest.approx([np.sin(angle), np.cos(angle)], abs=1e-14)


def test_far_places_keep_their_digits_in_float32():
    x = np.ones((1, 1, 2))
    far = [step(layers.Rotary(), x.astype(dtype), 10**6)[0] for dtype in (np.float32, np.float64)]
    np.testing.assert_allclose(*far, rtol=1e-6)


def test_places_that_x_does_not_reach_do_not_move():
    layer = layers.LearnedPosition.init(9, 2, seed=0)
    _, cache = forward(layer, np.ones((3, 4, 2)))
    dP = backward(layer, cache, np.ones((3, 4, 2))).params.P
    assert dP.tolist() == [[3, 3]] * 4 + [[0, 0]] * 5


def test_an_embedding_takes_ids_of_any_shape():
    layer = nn.Embedding.init(5, 2, seed=0)
    for shape in ((3,), (3, 4), (3, 4, 2)):
        ids = np.random.default_rng(0).integers(0, 5, shape)
        out, cache = forward(layer, ids)
        assert out.shape == (*shape, 2)
        assert backward(layer, cache, np.ones_like(out)).params.W.sum() == ids.size * 2
        mask = ids > 0
        (shown, _), cache = forward(layer, (ids, mask))
        assert same_bits((shown,), (np.where(mask[..., None], out, 0),))
        assert backward(layer, cache, (np.ones_like(out), None)).params.W.sum() == mask.sum() * 2
    assert forward(layer, np.zeros((0, 3), np.uint8))[0].shape == (0, 3, 2)


def test_a_network_of_all_of_it_learns_to_count():
    """How many ones there have been so far, of sequences of unequal lengths."""
    rng = np.random.default_rng(0)
    ids, mask = rng.integers(0, 2, (32, 8)), np.arange(8) < rng.integers(1, 9, (32, 1))
    y = (np.cumsum(ids, axis=1) * mask)[..., None] / 8
    body, head = (nn.Embedding.init(2, 4, seed=1), nn.LSTM.init(4, 8, seed=2)), nn.Dense.init(8, 1, seed=3)
    costs = []
    for _ in range(300):
        (h, _), cache = forward(body, (ids, mask))
        out, head_cache = forward(head, h)
        cost, dA = mse(np.where(mask[..., None], out, 0), y)
        grads = backward(head, head_cache, dA * mask[..., None])
        body = sgd(body, backward(body, cache, (grads.x, None)), 0.5)
        head = sgd(head, grads, 0.5)
        costs.append(cost)
    assert costs[-1] < 0.05 * costs[0]
