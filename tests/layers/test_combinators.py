"""Combinators: properties that the tests of gradients do not cover."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import (
    GRU,
    Adam,
    Array,
    Dense,
    Embedding,
    Flatten,
    Frozen,
    Grads,
    Residual,
    Seed,
    Sigmoid,
    Tanh,
    backward,
    evolve,
    forward,
    gradient,
    inference,
    load,
    mlp,
    mse,
    parameters,
    predict,
    record,
    reseed,
    save,
    sgd,
    softmax_cross_entropy,
    state,
    update,
    value_and_grad,
)
from funcnn.core import backward_params, forward_only
from funcnn.errors import KindError
from funcnn.files import fingerprint
from funcnn.generation import step
from funcnn.gradients import added
from funcnn.layers import (
    Concat,
    Copy,
    First,
    Function,
    Here,
    Map,
    Parallel,
    Remat,
    Reshape,
    Scale,
    Shared,
    Sum,
    Take,
    Tied,
)
from funcnn.layers.outlines import as_gradient_like, nothing, outline
from funcnn.testing.networks.cases.combinators import swish, swish_vjp
from funcnn.testing.strategies import cases
from funcnn.traits import gives_probabilities, is_inert
from funcnn.trees import count, leaves
from tests.counts import at_most

FAMILY = [
    *(Copy, Parallel, Take, Sum, Concat, Residual, First, Scale, Flatten, Reshape, Map, Remat, Here, Shared, Tied),
    Function,
]
x = np.linspace(-1, 1, 12).reshape(4, 3)
mask = np.array([[True, False], [True, True], [False, False]])
HERE = Here()


@record
class Noisy:
    """out = x * (a factor of the seed and of the number of steps): what dropout does, in short; and it remembers."""

    W: Array
    seed: Seed = state(default=0)
    steps: int = state(default=0)
    mean: Array = state(default=np.zeros(()))


def factor(params):
    return np.random.default_rng((*params.seed, params.steps)).uniform(1, 2)


@forward.register(Noisy)
def noisy_forward(params, x):
    return x * params.W * factor(params), x


@backward.register(Noisy)
def noisy_backward(params, x, dA):
    dW = (x * dA).reshape(-1, x.shape[-1]).sum(axis=0) * factor(params)
    return Grads(
        gradient(params, W=dW, steps=params.steps + 1, mean=np.asarray(x.mean())), dA * params.W * factor(params)
    )


@reseed.register(Noisy)
def noisy_reseed(params, i):
    return evolve(params, seed=(*params.seed, i))


@inference.register(Noisy)
def noisy_inference(params):
    return Scale(1.5 * params.W)


@step.register(Noisy)
def noisy_step(params, x, memory=None):
    total = x if memory is None else x + memory
    return total, total


noisy = Noisy(np.array([1.0, 2.0, -1.0]), seed=3)

HOLDERS = {
    "Parallel": Parallel((noisy,)),
    "Residual": Residual(noisy),
    "First": First(noisy),
    "Map": Map(noisy),
    "Remat": Remat(noisy),
    "Shared": Shared(noisy, HERE),
    "Tied": Tied(np.eye(3), noisy),
    "Here": Here(layer=noisy),
}
GIVEN = {"Parallel": (x,), "Map": x.reshape(4, 1, 3), "Tied": np.array([[2], [0]])}
holders = pytest.mark.parametrize("name", HOLDERS)


def held(layer):
    """The layer inside of one of the HOLDERS."""
    return layer.layers[0] if type(layer) is Parallel else layer.net if type(layer) is Tied else layer.layer


@holders
def test_a_verb_reaches_inside(name):
    layer, given_x = HOLDERS[name], GIVEN.get(name, x)
    assert held(inference(layer)) == Scale(1.5 * noisy.W)
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
    for grads in (backward(layer, cache, dA), Grads(backward_params(layer, cache, dA), None)):
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
def test_it_is_pickled_and_saved(layer, data, tmp_path_factory):
    params, given_x = data.draw(cases(layer))
    again = pickle.loads(pickle.dumps(params))
    assert again == params
    assert hash(again) == hash(params)
    if layer is Function:
        return
    path = tmp_path_factory.getbasetemp() / "value.npz"
    save(path, params)
    loaded = load(path)
    assert loaded == params
    assert fingerprint(loaded) == fingerprint(params)
    assert fingerprint(forward(loaded, given_x)[0]) == fingerprint(forward(params, given_x)[0])


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
    _, cache = forward(Copy(3), x)
    assert backward(Copy(3), cache, (x, None, x)).x.tolist() == (2 * x).tolist()
    assert backward(Copy(3), cache, (None, None, None)).x is None


def test_what_has_no_gradient_gets_none_whatever_is_asked():
    pair = (x, np.arange(3), None, np.array([True]))
    kept = outline(pair)
    assert [a if a is None else a.nbytes for a in kept] == [0, 0, None, 0]
    assert as_gradient_like(Tanh(), (x, x, x, x), kept)[1:] == (None, None, None)
    assert as_gradient_like(Tanh(), None, kept) == (None,) * 4
    zeros = nothing(kept)
    assert zeros[0].tolist() == np.zeros((4, 3)).tolist()
    assert zeros[1:] == (None, None, None)


def test_ids_go_through_shapes_and_copies_without_a_gradient():
    ids = np.arange(6).reshape(2, 3)
    for layer, out in ((Flatten(), ids), (Reshape((3, 1)), ids[..., None])):
        got, cache = forward(layer, ids)
        assert got.tolist() == out.tolist()
        assert backward(layer, cache, None).x is None
    net = (Copy(2), Parallel((Embedding.init(6, 4, seed=0), (Embedding.init(6, 2, seed=1), Tanh()))), Concat())
    out, cache = forward(net, ids)
    grads = backward(net, cache, np.ones_like(out))
    assert out.shape == (2, 3, 6)
    assert grads.x is None


def test_the_first_mask_stays_where_two_are_joined():
    other = ~mask
    a, b = np.ones((3, 2, 1)), np.full((3, 2, 1), 2.0)
    for layer, expected in ((Sum(), a + b), (Concat(), np.concatenate([a, b], -1))):
        (out, kept), cache = forward(layer, ((a, mask), (b, other)))
        assert out.tolist() == expected.tolist()
        assert kept is mask
        grads = backward(layer, cache, (np.ones_like(out), None))
        assert [[None if d is None else d.shape for d in part] for part in grads.x] == [[(3, 2, 1), None]] * 2
        assert backward(layer, cache, (None, None)).x == ((None, None), (None, None))


def test_nothing_is_broadcast_on_the_way_back_either():
    for layer, given_x in ((Sum(), (x, x)), (Concat(), (x, x)), (Take(0), (x, x)), (Flatten(), x), (Copy(1), x)):
        out, cache = forward(layer, given_x)
        wrong = (x[:1],) if type(layer) is Copy else x[:1]
        with pytest.raises(ValueError, match=r"dA(\[0\])? must have the shape of out"):
            backward(layer, cache, wrong)
        with pytest.raises(TypeError, match=r"dA(\[0\])? must be float64, as out(\[0\])? is, not float32"):
            backward(layer, cache, as32(out))


def as32(out):
    return tuple([a.astype("f4") for a in out]) if type(out) is tuple else out.astype("f4")


def test_the_caches_of_copies_sums_and_shapes_hold_no_bytes():
    big = np.zeros((10, 6))
    taken = {Copy(2): big, Sum(): (big, big), Concat(): (big, big), Take(0): (big, big), Flatten(): big}
    taken |= {Reshape((3, 2)): big, First(()): (big, big)}
    for layer, given_x in taken.items():
        assert sum([a.nbytes for a in leaves((forward(layer, given_x)[1],))]) == 0


def test_a_mask_goes_past_as_it_is():
    layer = First(Dense.init(1, 2, seed=0))
    (out, kept), cache = forward(layer, (np.ones((3, 2, 1)), mask))
    assert out.shape == (3, 2, 2)
    assert kept is mask
    assert backward_params(layer, cache, (out, None)) == backward(layer, cache, (out, None)).params
    assert backward_params(layer, cache, (out, None)).layer.b.tolist() == pytest.approx(out.sum(axis=(0, 1)))
    out, kept = forward(Residual(First(Tanh())), (np.ones((3, 2, 1)), mask))[0]
    assert np.allclose(out, 1 + np.tanh(1) * mask[..., None])
    assert kept is mask
    assert forward(First(Tanh()), (x, None))[0][1] is None


def test_a_deep_network_of_residual_blocks_begins_as_the_identity_and_learns_where_a_chain_does_not():
    pairs = [(Dense.init(3, 3, seed=(0, i)), Tanh()) for i in range(50)]
    y, costs = np.sin(3 * x), []
    for net in (tuple([Residual((*pair, Scale.init(value=0.0))) for pair in pairs]), tuple(pairs)):
        assert np.array_equal(predict(net, x), x) == (type(net[0]) is Residual)
        for _ in range(60):
            cost, grads = value_and_grad(mse)(net, x, y)
            costs.append(cost)
            net = sgd(net, grads, 0.3)  # noqa: PLW2901  a fold
    assert costs[59] < 0.6 * costs[0]
    assert costs[119] > 2 * costs[0]


def test_layers_that_learn_nothing_may_be_held():
    for layer, given_x in ((Residual(()), x), (Parallel(((), ())), (x, x)), (Remat(((), ())), x), (First(()), x)):
        out, cache = forward(layer, given_x)
        grads = backward(layer, cache, out)
        assert grads.params == layer
        assert sgd(layer, grads, 0.1) == layer


def test_a_branch_that_says_probabilities_is_seen():
    for layer in (First(Sigmoid()), Map(Sigmoid()), Remat(Sigmoid()), Here(layer=Sigmoid())):
        assert gives_probabilities((layer,))
        assert not gives_probabilities(evolve(layer, layer=Tanh()))
    assert gives_probabilities(Shared(Sigmoid(), (Tanh(), HERE)))
    assert not gives_probabilities(Shared(Sigmoid(), (HERE, Tanh())))


# Rematerialisation.


def test_remat_has_the_same_bits_and_moves_states_once():
    net = (noisy, Tanh(), noisy)
    out, cache = forward(net, x)
    again, kept = forward(Remat(net), x)
    assert kept is x
    assert again.tolist() == out.tolist()
    grads, remade = backward(net, cache, out), backward(Remat(net), kept, out)
    assert fingerprint(remade.params.layer) == fingerprint(grads.params)
    assert remade.x.tolist() == grads.x.tolist()
    assert [layer.steps for layer in (remade.params.layer[0], remade.params.layer[2])] == [1, 1]


def bytes_of(cache):
    return sum({id(a): a.nbytes for a in leaves((cache,))}.values())


def test_remat_in_blocks_keeps_the_square_root():
    """16 layers, each of whose outputs is what the next one keeps."""
    n, rows = 8, np.ones((100, 8))
    net = mlp([n] * 17, hidden=Tanh(), seed=0)
    blocks = tuple([Remat(net[i : i + 8]) for i in range(0, 32, 8)])
    one = rows.nbytes
    assert bytes_of(forward(net, rows)[1]) == 16 * one
    assert bytes_of(forward(blocks, rows)[1]) == 4 * one
    assert bytes_of(forward(Remat(net), rows)[1]) == one
    assert fingerprint((forward(net, rows)[0],)) == fingerprint((forward(blocks, rows)[0],))


# One layer in several places.


def test_shared_is_what_is_written_out_by_hand():
    layer, body = Dense.init(3, 3, seed=0), lambda layer: (layer, Tanh(), Residual((layer, Tanh())), layer)
    net = Shared(layer, body(HERE))
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
    assert list(parameters(net)) == ["layer.W", "layer.b"]


def test_shared_is_trained_and_stepped_as_one():
    net = Shared(Dense.init(3, 3, seed=0), (HERE, Tanh(), HERE))
    optimizer = Adam()
    costs = []
    for _ in range(50):
        cost, grads = value_and_grad(mse)(net, x, np.sin(x))
        grads, optimizer = update(optimizer, grads, net)
        net = sgd(net, grads, 0.02)
        costs.append(cost)
    assert costs[-1] < 0.1 * costs[0]
    assert net.net == (HERE, Tanh(), HERE)


def test_a_place_that_holds_a_layer_already_is_refused():
    other = Dense.init(3, 3, seed=1)
    for net in ((Here(layer=other),), (HERE, Here(layer=other)), (HERE, Frozen((Here(layer=other),)))):
        with pytest.raises(KindError, match=r"each Here in net must hold no layer of its own; write Here\(\)"):
            Shared(other, net)
    with pytest.raises(KindError, match=r"write Here\('a'\)"):
        Shared(other, Here("a", other), "a")
    assert forward(Shared(other, (HERE, Here("b", other))), x)[0].shape == (4, 3)  # its own, and nobody else's


def test_a_ufunc_of_one_array_is_no_vjp():
    """It would take dA for the array that it is to write to."""
    with pytest.raises(KindError, match=r"^Function: vjp must take x and dA, but the ufunc cos takes 1 argument$"):
        Function(np.sin, np.cos)
    dA = np.full((4, 3), 2.0)
    layer = Function(swish, np.multiply)
    assert np.array_equal(backward(layer, forward(layer, x)[1], dA).x, 2 * x)


def test_one_number_that_is_shared_stays_an_array():
    net = Shared(Scale.init(value=2.0), (HERE, HERE))
    out, cache = forward(net, x)
    dfactor = backward(net, cache, np.ones_like(out)).params.layer.factor
    assert type(dfactor) is np.ndarray
    assert dfactor == pytest.approx(4 * x.sum(), abs=1e-12)
    assert not dfactor.flags.writeable


def test_a_state_is_that_of_the_last_place():
    net = Shared(noisy, (HERE, Scale.init(value=2.0), HERE))
    out, cache = forward(net, x + 1)
    after = backward(net, cache, out).params.layer
    assert after.steps == 1
    assert after.seed is None
    assert after.mean == pytest.approx((2 * (x + 1) * noisy.W * factor(noisy)).mean())


def test_a_frozen_place_uses_the_layer_and_adds_nothing():
    layer = Dense.init(3, 3, seed=0)
    net = Shared(layer, (HERE, Tanh(), Frozen((HERE, Tanh()))))
    plain = (layer, Tanh(), Frozen((layer, Tanh())))
    out, cache = forward(net, x)
    expected = forward(plain, x)
    assert out.tolist() == expected[0].tolist()
    assert backward(net, cache, out).params.layer == backward(plain, expected[1], out).params[0]


def test_shared_layers_of_two_names_may_stand_in_one_another():
    a, b = Dense.init(3, 3, seed=0), Dense.init(3, 3, seed=1)
    net = Shared(a, (Here("a"), Shared(b, (Here("b"), Here("a"), Here("b")), "b")), "a")
    out, cache = forward(net, x)
    plain = (a, (b, a, b))
    expected, plain_cache = forward(plain, x)
    assert out.tolist() == expected.tolist()
    grads, (first, (left, second, right)) = backward(net, cache, out), backward(plain, plain_cache, out).params
    assert grads.params.layer == added([first, second])
    assert grads.params.net[1].layer == added([left, right])
    with pytest.raises(TypeError, match="another Shared with name='a'"):
        Shared(a, (Here("a"), Shared(b, Here("a"), "a")), "a")


def test_a_memory_for_each_place():
    net = Shared(noisy, (HERE, Scale.init(value=2.0), HERE))
    _, memory = step(net, x)
    _, memory = step(net, x, memory)
    assert [None if m is None else (m / x)[0, 0] for m in memory] == pytest.approx([2, None, 6])


def test_symbol_by_symbol_is_the_whole_at_once():
    """Through every layer that holds others, with a recurrent one inside, which must remember."""
    gru = lambda i: GRU.init(4, 4, seed=i)
    branches = (
        Copy(2),
        Parallel((gru(0), ())),
        Sum(),
        Copy(2),
        Parallel(((), gru(1))),
        Concat(),
        Dense.init(8, 4, seed=2),
    )
    twice = Shared(gru(3), (HERE, Tanh(), HERE))
    net = (
        Residual(gru(4)),
        *branches,
        Remat(gru(5)),
        twice,
        First(gru(6)),
        Map(Dense.init(4, 4, seed=7)),
        Scale.init(4, value=2.0),
    )
    model, ids = Tied.init(5, 4, net=net, seed=8), np.array([[0, 3, 3, 1], [4, 4, 2, 0]])
    whole, memory = forward(model, ids)[0], None
    for s in range(4):
        out, memory = step(model, ids[:, s : s + 1], memory)
        np.testing.assert_allclose(out[:, 0], whole[:, s], rtol=1e-12, atol=1e-15)


def test_tied_is_an_embedding_a_net_and_a_dense_layer_of_one_table():
    ids, block = np.array([[0, 3, 3], [1, 0, 2]]), (Dense.init(4, 4, seed=1), Tanh())
    tied = Tied.init(5, 4, net=block, seed=0)
    plain = (Embedding(tied.W), *block, Dense(tied.W.T, None))
    out, cache = forward(tied, ids)
    expected, plain_cache = forward(plain, ids)
    assert out.tolist() == expected.tolist()
    dA = softmax_cross_entropy(out, (ids + 1) % 5)[1]
    grads, by_hand = backward(tied, cache, dA), backward(plain, plain_cache, dA)
    assert np.allclose(grads.params.W, by_hand.params[0].W + by_hand.params[-1].W.T, rtol=1e-14)
    assert grads.params.net == by_hand.params[1:-1]
    assert grads.x is None
    assert count(tied) == count(block) + 20


# A function as a layer.


def test_a_function_is_a_layer():
    layer = Function(swish, swish_vjp)
    assert repr(layer) == "Function(swish, swish_vjp)"
    assert parameters(layer) == {}
    assert predict((Dense.init(3, 2, seed=0), layer), x).shape == (4, 2)
    assert layer != Function(swish_vjp, swish)


def test_a_function_of_a_single_number_gives_an_array():
    layer = Function(swish, swish_vjp)
    out, cache = forward(layer, np.array(2.0))
    grads = backward(layer, cache, np.array(1.0))
    assert type(out) is type(grads.x) is np.ndarray


def test_a_function_without_a_gradient_says_none():
    layer = Function(no_ids, no_ids_vjp)
    out, cache = forward(layer, np.array([1, 2]))
    assert out.tolist() == [2, 4]
    assert backward(layer, cache, None).x is None


def no_ids(ids):
    return 2 * ids


def no_ids_vjp(ids, dA):
    return dA


def test_a_function_is_not_saved(tmp_path):
    with pytest.raises(TypeError, match=r"^save: value\[0\]\.f must be a record, .*, not function; write a record"):
        save(tmp_path / "net.npz", (Function(swish, swish_vjp),))


# Where an error was.


def notes(act):
    with pytest.raises(ValueError) as caught:
        act()
    return caught.value.__notes__


def test_an_error_inside_says_where_it_was():
    dense, good = Dense(np.eye(3), None), Dense(np.eye(2), None)
    shown = "Dense(W=<f64 3x3>, b=None), x: <f64 4x2>"
    bad = np.ones((4, 2))
    assert notes(lambda: forward(Parallel((good, dense)), (bad, bad))) == [f"in branch 1 of Parallel, {shown}"]
    for name, layer in {"Residual": Residual(dense), "First": First(dense), "Remat": Remat(dense)}.items():
        for verb in (forward, forward_only, step):
            assert notes(lambda verb=verb, layer=layer: verb(layer, bad)) == [f"in {name}, {shown}"]
    assert notes(lambda: forward(Map(dense), bad[None])) == [f"in Map, {shown}"]
    assert notes(lambda: forward((Tanh(), Residual((Tanh(), dense))), bad)) == [
        f"in layer 1, {shown}",
        "in Residual, (Tanh(), Dense(W=<f64 3x3>, b=None)), x: <f64 4x2>",
        "in layer 1, Residual(layer=(Tanh(), Dense(W=<f64 3x3>, b=None))), x: <f64 4x2>",
    ]
    _, cache = forward(Parallel((good, good)), (bad, bad))
    assert notes(lambda: backward(Parallel((good, good)), cache, (bad, x))) == [
        "in branch 1 of Parallel, Dense(W=<f64 [[1. 0.] [0. 1.]]>, b=None), dA: <f64 4x3>"
    ]
    assert notes(lambda: backward_params(Parallel((good, good)), cache, (x, bad))) == [
        "in branch 0 of Parallel, Dense(W=<f64 [[1. 0.] [0. 1.]]>, b=None), dA: <f64 4x3>"
    ]
