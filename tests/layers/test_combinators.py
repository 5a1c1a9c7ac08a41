"""Combinators: properties that the tests of gradients do not cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import backward, forward, inference, layers, predict, record, reseed, save, sgd, state, value_and_grad
from funcnn.core import backward_params, forward_only
from funcnn.errors import KindError
from funcnn.files import fingerprint
from funcnn.generation import step
from funcnn.gradients import added
from funcnn.layers.outlines import as_gradient_like, nothing, outline
from funcnn.testing.networks.cases.combinators import swish, swish_vjp
from funcnn.testing.strategies import cases
from funcnn.traits import gives_probabilities, is_inert
from funcnn.trees import count, leaves
from tests.counts import at_most

FAMILY = [
    getattr(layers, name)
    for name in (
        *("Copy", "Parallel", "Take", "Sum", "Concat", "Residual", "First", "Scale", "Flatten", "Reshape", "Map"),
        *("Remat", "Here", "Shared", "Tied", "Function"),
    )
]
x = np.linspace(-1, 1, 12).reshape(4, 3)
mask = np.array([[True, False], [True, True], [False, False]])
HERE = layers.Here()


@record
class Noisy:
    """out = x * (a factor of the seed and of the number of steps): what dropout does, in short; and it remembers."""

    W: nn.Array
    seed: nn.Seed = state(default=0)
    steps: int = state(default=0)
    mean: nn.Array = state(default=np.zeros(()))


def factor(params):
    return np.random.default_rng((*params.seed, params.steps)).uniform(1, 2)


forward.register(Noisy)(lambda params, x: (x * params.W * factor(params), x))


@backward.register(Noisy)
def noisy_backward(params, x, dA):
    dW = (x * dA).reshape(-1, x.shape[-1]).sum(axis=0) * factor(params)
    return nn.Grads(
        nn.gradient(params, W=dW, steps=params.steps + 1, mean=np.asarray(x.mean())), dA * params.W * factor(params)
    )


reseed.register(Noisy)(lambda params, i: nn.evolve(params, seed=(*params.seed, i)))
inference.register(Noisy)(lambda params: layers.Scale(1.5 * params.W))


@step.register(Noisy)
def noisy_step(params, x, memory=None):
    total = x if memory is None else x + memory
    return total, total


noisy = Noisy(np.array([1.0, 2.0, -1.0]), seed=3)

HOLDERS = {
    "Parallel": layers.Parallel((noisy,)),
    "Residual": nn.Residual(noisy),
    "First": layers.First(noisy),
    "Map": layers.Map(noisy),
    "Remat": layers.Remat(noisy),
    "Shared": layers.Shared(noisy, HERE),
    "Tied": layers.Tied(np.eye(3), noisy),
    "Here": layers.Here(layer=noisy),
}
GIVEN = {"Parallel": (x,), "Map": x.reshape(4, 1, 3), "Tied": np.array([[2], [0]])}
holders = pytest.mark.parametrize("name", HOLDERS)


def held(layer):
    """The layer inside of one of the HOLDERS."""
    return (
        layer.layers[0] if type(layer) is layers.Parallel else layer.net if type(layer) is layers.Tied else layer.layer
    )


@holders
def test_a_verb_reaches_inside(name):
    layer, given_x = HOLDERS[name], GIVEN.get(name, x)
    assert held(inference(layer)) == layers.Scale(1.5 * noisy.W)
    assert type(inference(layer)) is type(layer)
    assert held(reseed(layer, 7)).seed == (3, 7)
    assert not is_inert(layer)
    assert count(layer) == 3 + 9 * (name == "Tied")
    out = forward(layer, given_x)[0]
    assert leaves((forward_only(layer, given_x), out))[0].tolist() == leaves((out, out))[0].tolist()
    assert not np.array_equal(leaves((out,))[0], leaves((forward(reseed(layer, 7), given_x)[0],))[0])


@holders
def test_states_move_on_by_one_even_at_rate_0(name):
    layer, given_x = HOLDERS[name], GIVEN.get(name, x)
    out, cache = forward(layer, given_x)
    dA = (np.ones_like(out[0]),) if type(out) is tuple else np.ones_like(out)
    for grads in (backward(layer, cache, dA), nn.Grads(backward_params(layer, cache, dA), None)):
        after = held(sgd(layer, grads, 0.0))
        assert (after.steps, after.seed, after.W.tolist()) == (1, (3,), noisy.W.tolist())
        assert after.mean != 0 or name in {"Tied", "Residual"} or abs(x.mean()) < 1e-9


@holders
def test_a_memory_is_the_layer_s_own(name):
    if name == "Map":  # each moment stands alone: there is no memory
        assert step(inference(HOLDERS[name]), GIVEN[name])[1] is None
        return
    layer, given_x = HOLDERS[name], GIVEN.get(name, x)
    _, memory = step(layer, given_x)
    out, memory = step(layer, given_x, memory)
    kept = memory[0] if name == "Parallel" else memory
    rows = np.eye(3)[given_x] if name == "Tied" else x
    assert np.array_equal(kept, 2 * rows)
    expected = {"Parallel": 2 * x, "Residual": 3 * x, "Tied": 2 * rows}
    assert np.allclose(out[0] if name == "Parallel" else out, expected.get(name, 2 * x))


@pytest.mark.parametrize("layer", FAMILY, ids=lambda layer: layer.__name__)
@at_most(10)
@given(data=st.data())
def test_forward_only_gives_the_same_bits(layer, data):
    params, given_x = data.draw(cases(layer))
    assert fingerprint((forward_only(params, given_x),)) == fingerprint((forward(params, given_x)[0],))


# Gradients that add up.


def test_none_is_no_gradient():
    a, b = np.ones(2), np.full(2, 10.0)
    assert added([None, None]) is None
    assert added([None, a]) is a
    assert added([a, None, b, a]).tolist() == [12, 12]
    assert a.tolist() == [1, 1]
    assert added([(a, None), (b, None), None])[0].tolist() == [11, 11]
    _, cache = forward(layers.Copy(3), x)
    assert backward(layers.Copy(3), cache, (x, None, x)).x.tolist() == (2 * x).tolist()
    assert backward(layers.Copy(3), cache, (None, None, None)).x is None


def test_what_has_no_gradient_gets_none_whatever_is_asked():
    pair = (x, np.arange(3), None, np.array([True]))
    kept = outline(pair)
    assert [a if a is None else a.nbytes for a in kept] == [0, 0, None, 0]
    assert as_gradient_like(nn.Tanh(), (x, x, x, x), kept)[1:] == (None, None, None)
    assert as_gradient_like(nn.Tanh(), None, kept) == (None,) * 4
    zeros = nothing(kept)
    assert zeros[0].tolist() == np.zeros((4, 3)).tolist()
    assert zeros[1:] == (None, None, None)


def test_ids_go_through_shapes_and_copies_without_a_gradient():
    ids = np.arange(6).reshape(2, 3)
    for layer, out in ((nn.Flatten(), ids), (layers.Reshape((3, 1)), ids[..., None])):
        got, cache = forward(layer, ids)
        assert got.tolist() == out.tolist()
        assert backward(layer, cache, None).x is None
    net = (
        layers.Copy(2),
        layers.Parallel((nn.Embedding.init(6, 4, seed=0), (nn.Embedding.init(6, 2, seed=1), nn.Tanh()))),
        layers.Concat(),
    )
    out, cache = forward(net, ids)
    grads = backward(net, cache, np.ones_like(out))
    assert out.shape == (2, 3, 6)
    assert grads.x is None


def test_the_first_mask_stays_where_two_are_joined():
    other = ~mask
    a, b = np.ones((3, 2, 1)), np.full((3, 2, 1), 2.0)
    for layer, expected in ((layers.Sum(), a + b), (layers.Concat(), np.concatenate([a, b], -1))):
        (out, kept), cache = forward(layer, ((a, mask), (b, other)))
        assert out.tolist() == expected.tolist()
        assert kept is mask
        grads = backward(layer, cache, (np.ones_like(out), None))
        assert [[None if d is None else d.shape for d in part] for part in grads.x] == [[(3, 2, 1), None]] * 2
        assert backward(layer, cache, (None, None)).x == ((None, None), (None, None))


def test_nothing_is_broadcast_on_the_way_back_either():
    for layer, given_x in (
        (layers.Sum(), (x, x)),
        (layers.Concat(), (x, x)),
        (layers.Take(0), (x, x)),
        (nn.Flatten(), x),
        (layers.Copy(1), x),
    ):
        out, cache = forward(layer, given_x)
        wrong = (x[:1],) if type(layer) is layers.Copy else x[:1]
        with pytest.raises(ValueError, match=r"dA(\[0\])? must have the shape of out"):
            backward(layer, cache, wrong)
        with pytest.raises(TypeError, match=r"dA(\[0\])? must be float64, as out(\[0\])? is, not float32"):
            backward(layer, cache, as32(out))


def as32(out):
    return tuple([a.astype("f4") for a in out]) if type(out) is tuple else out.astype("f4")


def test_the_caches_of_copies_sums_and_shapes_hold_no_bytes():
    big = np.zeros((10, 6))
    taken = {
        layers.Copy(2): big,
        layers.Sum(): (big, big),
        layers.Concat(): (big, big),
        layers.Take(0): (big, big),
        nn.Flatten(): big,
    }
    taken |= {layers.Reshape((3, 2)): big, layers.First(()): (big, big)}
    for layer, given_x in taken.items():
        assert sum([a.nbytes for a in leaves((forward(layer, given_x)[1],))]) == 0


def test_a_mask_goes_past_as_it_is():
    layer = layers.First(nn.Dense.init(1, 2, seed=0))
    (out, kept), cache = forward(layer, (np.ones((3, 2, 1)), mask))
    assert out.shape == (3, 2, 2)
    assert kept is mask
    assert backward_params(layer, cache, (out, None)) == backward(layer, cache, (out, None)).params
    assert backward_params(layer, cache, (out, None)).layer.b.tolist() == pytest.approx(out.sum(axis=(0, 1)))
    out, kept = forward(nn.Residual(layers.First(nn.Tanh())), (np.ones((3, 2, 1)), mask))[0]
    assert np.allclose(out, 1 + np.tanh(1) * mask[..., None])
    assert kept is mask
    assert forward(layers.First(nn.Tanh()), (x, None))[0][1] is None


def test_a_deep_network_of_residual_blocks_begins_as_the_identity_and_learns_where_a_chain_does_not():
    pairs = [(nn.Dense.init(3, 3, seed=(0, i)), nn.Tanh()) for i in range(50)]
    y, costs = np.sin(3 * x), []
    for net in (tuple([nn.Residual((*pair, layers.Scale.init(value=0.0))) for pair in pairs]), tuple(pairs)):
        assert np.array_equal(predict(net, x), x) == (type(net[0]) is nn.Residual)
        for _ in range(60):
            cost, grads = value_and_grad(nn.mse)(net, x, y)
            costs.append(cost)
            net = sgd(net, grads, 0.3)  # noqa: PLW2901  a fold
    assert costs[59] < 0.6 * costs[0]
    assert costs[119] > 2 * costs[0]


def test_layers_that_learn_nothing_may_be_held():
    for layer, given_x in (
        (nn.Residual(()), x),
        (layers.Parallel(((), ())), (x, x)),
        (layers.Remat(((), ())), x),
        (layers.First(()), x),
    ):
        out, cache = forward(layer, given_x)
        grads = backward(layer, cache, out)
        assert grads.params == layer
        assert sgd(layer, grads, 0.1) == layer


def test_a_branch_that_says_probabilities_is_seen():
    for layer in (
        layers.First(nn.Sigmoid()),
        layers.Map(nn.Sigmoid()),
        layers.Remat(nn.Sigmoid()),
        layers.Here(layer=nn.Sigmoid()),
    ):
        assert gives_probabilities((layer,))
        assert not gives_probabilities(nn.evolve(layer, layer=nn.Tanh()))
    assert gives_probabilities(layers.Shared(nn.Sigmoid(), (nn.Tanh(), HERE)))
    assert not gives_probabilities(layers.Shared(nn.Sigmoid(), (HERE, nn.Tanh())))


# Rematerialisation.


def test_remat_has_the_same_bits_and_moves_states_once():
    net = (noisy, nn.Tanh(), noisy)
    out, cache = forward(net, x)
    again, kept = forward(layers.Remat(net), x)
    assert kept is x
    assert again.tolist() == out.tolist()
    grads, remade = backward(net, cache, out), backward(layers.Remat(net), kept, out)
    assert fingerprint(remade.params.layer) == fingerprint(grads.params)
    assert remade.x.tolist() == grads.x.tolist()
    assert [layer.steps for layer in (remade.params.layer[0], remade.params.layer[2])] == [1, 1]


def bytes_of(cache):
    return sum({id(a): a.nbytes for a in leaves((cache,))}.values())


def test_remat_in_blocks_keeps_the_square_root():
    """16 layers, each of whose outputs is what the next one keeps."""
    n, rows = 8, np.ones((100, 8))
    net = nn.mlp([n] * 17, hidden=nn.Relu(), seed=0)
    blocks = tuple([layers.Remat(net[i : i + 8]) for i in range(0, 32, 8)])
    one = rows.nbytes
    assert bytes_of(forward(net, rows)[1]) == 16 * one
    assert bytes_of(forward(blocks, rows)[1]) == 4 * one
    assert bytes_of(forward(layers.Remat(net), rows)[1]) == one
    assert fingerprint((forward(net, rows)[0],)) == fingerprint((forward(blocks, rows)[0],))


# One layer in several places.


def test_shared_is_what_is_written_out_by_hand():
    layer, body = nn.Dense.init(3, 3, seed=0), lambda layer: (layer, nn.Tanh(), nn.Residual((layer, nn.Tanh())), layer)
    net = layers.Shared(layer, body(HERE))
    out, cache = forward(net, x)
    plain, plain_cache = forward(body(layer), x)
    assert out.tolist() == plain.tolist()
    grads, by_hand = backward(net, cache, out), backward(body(layer), plain_cache, out)
    first, _, second, third = by_hand.params
    for name in ("W", "b"):
        parts = [getattr(place, name) for place in (first, second.layer[0], third)]
        assert getattr(grads.params.layer, name).tolist() == (parts[0] + parts[1] + parts[2]).tolist()
    assert grads.x.tolist() == by_hand.x.tolist()
    assert grads.params.net == net.net
    assert list(nn.parameters(net)) == ["layer.W", "layer.b"]


def test_shared_is_trained_and_stepped_as_one():
    net = layers.Shared(nn.Dense.init(3, 3, seed=0), (HERE, nn.Tanh(), HERE))
    optimizer = nn.Adam()
    costs = []
    for _ in range(50):
        cost, grads = value_and_grad(nn.mse)(net, x, np.sin(x))
        grads, optimizer = nn.update(optimizer, grads, net)
        net = sgd(net, grads, 0.02)
        costs.append(cost)
    assert costs[-1] < 0.1 * costs[0]
    assert net.net == (HERE, nn.Tanh(), HERE)


def test_a_place_that_holds_a_layer_already_is_refused():
    other = nn.Dense.init(3, 3, seed=1)
    for net in (
        (layers.Here(layer=other),),
        (HERE, layers.Here(layer=other)),
        (HERE, nn.Frozen((layers.Here(layer=other),))),
    ):
        with pytest.raises(KindError, match=r"each Here in net must hold no layer of its own; write Here\(\)"):
            layers.Shared(other, net)
    with pytest.raises(KindError, match=r"write Here\('a'\)"):
        layers.Shared(other, layers.Here("a", other), "a")
    assert forward(layers.Shared(other, (HERE, layers.Here("b", other))), x)[0].shape == (
        4,
        3,
    )  # its own, and nobody else's


def test_a_ufunc_of_one_array_is_no_vjp():
    """It would take dA for the array that it is to write to."""
    with pytest.raises(KindError, match=r"^Function: vjp must take x and dA, but the ufunc cos takes 1 argument$"):
        layers.Function(np.sin, np.cos)
    dA = np.full((4, 3), 2.0)
    layer = layers.Function(swish, np.multiply)
    assert np.array_equal(backward(layer, forward(layer, x)[1], dA).x, 2 * x)


def test_one_number_that_is_shared_stays_an_array():
    net = layers.Shared(layers.Scale.init(value=2.0), (HERE, HERE))
    out, cache = forward(net, x)
    dfactor = backward(net, cache, np.ones_like(out)).params.layer.factor
    assert type(dfactor) is np.ndarray
    assert dfactor == pytest.approx(4 * x.sum(), abs=1e-12)
    assert not dfactor.flags.writeable


def test_a_state_is_that_of_the_last_place():
    net = layers.Shared(noisy, (HERE, layers.Scale.init(value=2.0), HERE))
    out, cache = forward(net, x + 1)
    after = backward(net, cache, out).params.layer
    assert after.steps == 1
    assert after.seed is None
    assert after.mean == pytest.approx((2 * (x + 1) * noisy.W * factor(noisy)).mean())


def test_a_frozen_place_uses_the_layer_and_adds_nothing():
    layer = nn.Dense.init(3, 3, seed=0)
    net = layers.Shared(layer, (HERE, nn.Tanh(), nn.Frozen((HERE, nn.Tanh()))))
    plain = (layer, nn.Tanh(), nn.Frozen((layer, nn.Tanh())))
    out, cache = forward(net, x)
    expected = forward(plain, x)
    assert out.tolist() == expected[0].tolist()
    assert backward(net, cache, out).params.layer == backward(plain, expected[1], out).params[0]


def test_shared_layers_of_two_names_may_stand_in_one_another():
    a, b = nn.Dense.init(3, 3, seed=0), nn.Dense.init(3, 3, seed=1)
    net = layers.Shared(
        a, (layers.Here("a"), layers.Shared(b, (layers.Here("b"), layers.Here("a"), layers.Here("b")), "b")), "a"
    )
    out, cache = forward(net, x)
    plain = (a, (b, a, b))
    expected, plain_cache = forward(plain, x)
    assert out.tolist() == expected.tolist()
    grads, (first, (left, second, right)) = backward(net, cache, out), backward(plain, plain_cache, out).params
    assert grads.params.layer == added([first, second])
    assert grads.params.net[1].layer == added([left, right])
    with pytest.raises(TypeError, match="another Shared with name='a'"):
        layers.Shared(a, (layers.Here("a"), layers.Shared(b, layers.Here("a"), "a")), "a")


def test_a_memory_for_each_place():
    net = layers.Shared(noisy, (HERE, layers.Scale.init(value=2.0), HERE))
    _, memory = step(net, x)
    _, memory = step(net, x, memory)
    assert [None if m is None else (m / x)[0, 0] for m in memory] == pytest.approx([2, None, 6])


def test_symbol_by_symbol_is_the_whole_at_once():
    """Through every layer that holds others, with a recurrent one inside, which must remember."""
    gru = lambda i: nn.GRU.init(4, 4, seed=i)
    branches = (
        layers.Copy(2),
        layers.Parallel((gru(0), ())),
        layers.Sum(),
        layers.Copy(2),
        layers.Parallel(((), gru(1))),
        layers.Concat(),
        nn.Dense.init(8, 4, seed=2),
    )
    twice = layers.Shared(gru(3), (HERE, nn.Tanh(), HERE))
    net = (
        nn.Residual(gru(4)),
        *branches,
        layers.Remat(gru(5)),
        twice,
        layers.First(gru(6)),
        layers.Map(nn.Dense.init(4, 4, seed=7)),
        layers.Scale.init(4, value=2.0),
    )
    model, ids = layers.Tied.init(5, 4, net=net, seed=8), np.array([[0, 3, 3, 1], [4, 4, 2, 0]])
    whole, memory = forward(model, ids)[0], None
    for s in range(4):
        out, memory = step(model, ids[:, s : s + 1], memory)
        np.testing.assert_allclose(out[:, 0], whole[:, s], rtol=1e-12, atol=1e-15)


def test_tied_is_an_embedding_a_net_and_a_dense_layer_of_one_table():
    ids, block = np.array([[0, 3, 3], [1, 0, 2]]), (nn.Dense.init(4, 4, seed=1), nn.Tanh())
    tied = layers.Tied.init(5, 4, net=block, seed=0)
    plain = (nn.Embedding(tied.W), *block, nn.Dense(tied.W.T, None))
    out, cache = forward(tied, ids)
    expected, plain_cache = forward(plain, ids)
    assert out.tolist() == expected.tolist()
    dA = nn.softmax_cross_entropy(out, (ids + 1) % 5)[1]
    grads, by_hand = backward(tied, cache, dA), backward(plain, plain_cache, dA)
    assert np.allclose(grads.params.W, by_hand.params[0].W + by_hand.params[-1].W.T, rtol=1e-14)
    assert grads.params.net == by_hand.params[1:-1]
    assert grads.x is None
    assert count(tied) == count(block) + 20


# A function as a layer.


def test_a_function_is_a_layer():
    layer = layers.Function(swish, swish_vjp)
    assert repr(layer) == "Function(swish, swish_vjp)"
    assert nn.parameters(layer) == {}
    assert predict((nn.Dense.init(3, 2, seed=0), layer), x).shape == (4, 2)
    assert layer != layers.Function(swish_vjp, swish)


def test_a_function_of_a_single_number_gives_an_array():
    layer = layers.Function(swish, swish_vjp)
    out, cache = forward(layer, np.array(2.0))
    grads = backward(layer, cache, np.array(1.0))
    assert type(out) is type(grads.x) is np.ndarray


def test_a_function_without_a_gradient_says_none():
    layer = layers.Function(no_ids, no_ids_vjp)
    out, cache = forward(layer, np.array([1, 2]))
    assert out.tolist() == [2, 4]
    assert backward(layer, cache, None).x is None


def no_ids(ids):
    return 2 * ids


def no_ids_vjp(ids, dA):
    return dA


def test_a_function_is_not_saved(tmp_path):
    with pytest.raises(TypeError, match=r"^save: value\[0\]\.f must be a record, .*, not function; write a record"):
        save(tmp_path / "net.npz", (layers.Function(swish, swish_vjp),))


# Where an error was.


def notes(act):
    with pytest.raises(ValueError) as caught:
        act()
    return caught.value.__notes__


def test_an_error_inside_says_where_it_was():
    dense, good = nn.Dense(np.eye(3), None), nn.Dense(np.eye(2), None)
    shown = "Dense(W=<f64 3x3>, b=None), x: <f64 4x2>"
    bad = np.ones((4, 2))
    assert notes(lambda: forward(layers.Parallel((good, dense)), (bad, bad))) == [f"in branch 1 of Parallel, {shown}"]
    for name, layer in {
        "Residual": nn.Residual(dense),
        "First": layers.First(dense),
        "Remat": layers.Remat(dense),
    }.items():
        for verb in (forward, forward_only, step):
            assert notes(lambda verb=verb, layer=layer: verb(layer, bad)) == [f"in {name}, {shown}"]
    assert notes(lambda: forward(layers.Map(dense), bad[None])) == [f"in Map, {shown}"]
    assert notes(lambda: forward((nn.Tanh(), nn.Residual((nn.Tanh(), dense))), bad)) == [
        f"in layer 1, {shown}",
        "in Residual, (Tanh(), Dense(W=<f64 3x3>, b=None)), x: <f64 4x2>",
        "in layer 1, Residual(layer=(Tanh(), Dense(W=<f64 3x3>, b=None))), x: <f64 4x2>",
    ]
    _, cache = forward(layers.Parallel((good, good)), (bad, bad))
    assert notes(lambda: backward(layers.Parallel((good, good)), cache, (bad, x))) == [
        "in branch 1 of Parallel, Dense(W=<f64 [[1. 0.] [0. 1.]]>, b=None), dA: <f64 4x3>"
    ]
    assert notes(lambda: backward_params(layers.Parallel((good, good)), cache, (x, bad))) == [
        "in branch 0 of Parallel, Dense(W=<f64 [[1. 0.] [0. 1.]]>, b=None), dA: <f64 4x3>"
    ]
