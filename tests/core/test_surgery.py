"""Surgery on networks: freezing, slicing and replacing; dtypes, counts and differences."""

import math
import pickle
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import backward, evolve, forward, gradient, inference, parameters, predict, record, state, train, tree_map
from funcnn.core import backward_params, forward_only
from funcnn.errors import NotFiniteError, ShapeError
from funcnn.files import fingerprint
from funcnn.layers import Identity
from funcnn.testing import BrokenPromise, GradientError, check_layer
from funcnn.testing import strategies as fst
from funcnn.training import Divergence, compare
from funcnn.traits import gives_probabilities, is_inert, rests
from funcnn.trees import astype, count, difference, leaves, replace, select, to_vector
from tests.counts import at_most

random = np.random.default_rng(0)
x, y = random.standard_normal((10, 2)), random.standard_normal((10, 1))
net = nn.mlp([2, 5, 4, 1], hidden=nn.Tanh(), seed=1)
prefix = (*map(nn.Frozen, net[:3]), *net[3:])
whole = (nn.Frozen(net[:3]), *net[3:])
step_of = nn.value_and_grad(nn.mse)


def bits(tree):
    return [leaf.tobytes() for leaf in leaves(tree)]


# Layers that say what is done to them.

calls = []


@record
class Watched:
    """out = gain x; each of its rules notes that it ran"""

    name: str
    gain: nn.Array


@forward.register(Watched)
def watched_forward(params, x):
    calls.append(f"forward {params.name}")
    return params.gain * x, x


@forward_only.register(Watched)
def watched_forward_only(params, x):
    calls.append(f"forward only {params.name}")
    return params.gain * x


@backward.register(Watched)
def watched_backward(params, x, dA):
    calls.append(f"backward {params.name}")
    return nn.Grads(gradient(params, gain=np.sum(dA * x)), params.gain * dA)


@backward_params.register(Watched)
def watched_backward_params(params, x, dA):
    calls.append(f"without dx {params.name}")
    return gradient(params, gain=np.sum(dA * x))


@record
class Features:
    """out = cos(x @ W), by weights that are drawn once and never change"""

    W: nn.Array = state()


rests.register(Features)(lambda params: True)
forward.register(Features)(lambda params, x: (np.cos(x @ params.W), x))


@backward.register(Features)
def features_backward(params, x, dA):
    calls.append("backward features")
    return nn.Grads(gradient(params), -(dA * np.sin(x @ params.W)) @ params.W.T)


def watched(name):
    return Watched(name, np.array(2.0))


@pytest.fixture(autouse=True)
def no_calls_yet():
    calls.clear()


# Selected, and replaced at once.


def test_records_are_selected_by_class_and_by_predicate_wherever_they_stand():
    block = nn.Residual((nn.Dropout(0.5, seed=1), nn.Residual(nn.Relu())))
    params = (nn.Dense.init(2, 2, seed=0), block, nn.Frozen((nn.Relu(),)))
    start = nn.TrainState(params, (nn.ClipNorm(1.0), nn.Adam()))
    assert select(params, nn.Relu) == {"1.layer.1.layer": nn.Relu(), "2.layer.0": nn.Relu()}
    assert list(select(params, nn.Residual)) == ["1", "1.layer.1"]
    assert list(select(params, (nn.Dense, nn.Dropout))) == ["0", "1.layer.0"]
    assert list(select(params, lambda layer: getattr(layer, "rate", 0) > 0.2)) == ["1.layer.0"]
    assert list(select(start, nn.Adam)) == ["optimizer.1"]
    assert select(block, nn.Residual)[""] is block
    assert select(params, nn.Tanh) == {} == select(x, nn.Tanh)


def test_what_is_selected_is_replaced_at_once():
    params = nn.mlp([2, 5, 5, 1], hidden=nn.Dropout(0.5, seed=0), seed=1)
    less = replace(params, {path: evolve(layer, rate=0.1) for path, layer in select(params, nn.Dropout).items()})
    assert [layer.rate for layer in select(less, nn.Dropout).values()] == [0.1, 0.1]
    assert difference(params, less) == pytest.approx({"1.rate": 0.4, "3.rate": 0.4})
    assert less[0] is params[0]
    wide = {"0.W": np.ones((2, 7)), "0.b": np.ones(7), "2.W": np.ones((7, 5))}
    assert predict(replace(params, wide), x).shape == (10, 1)
    with pytest.raises(ShapeError, match=r"^Dense: W must be "):
        replace(params, "0.W", wide["0.W"])  # alone, it does not fit b
    assert replace(params, {}) == params == replace(params, {"": params})
    assert replace(params, "", nn.Relu()) == nn.Relu()


# Frozen.


@st.composite
def partly_frozen(draw):
    """A network of which any layer may be frozen, a network in it too, or any number of its first layers together."""
    params, x = draw(fst.networks())

    def frozen(layer):
        if type(layer) is tuple:
            layer = tuple(map(frozen, layer))
        return nn.Frozen(layer) if draw(st.booleans()) else layer

    cut = draw(st.integers(0, len(params)))
    params = tuple(map(frozen, params))
    return draw(st.sampled_from([params, (nn.Frozen(params[:cut]), *params[cut:]), ((params[:cut]), *params[cut:])])), x


def thawed(layer):
    while type(layer) is nn.Frozen:
        layer = layer.layer
    return tuple(map(thawed, layer)) if type(layer) is tuple else layer


@at_most(20)
@given(partly_frozen())
def test_a_network_with_frozen_layers_is_proven(case):
    check_layer(*case)


@given(partly_frozen())
def test_what_is_not_frozen_has_the_gradient_that_it_had(case):
    params, x = case
    free = thawed(params)
    out, cache = forward(params, x)
    assert bits(out) == bits(forward(free, x)[0]) == bits(predict(params, x))
    grads, expected = backward(params, cache, out), backward(free, forward(free, x)[1], out)
    assert bits(grads.x) == bits(expected.x)
    assert bits(thawed_like(params, grads.params)) == bits(only_trained(params, expected.params))


def thawed_like(params, grads):
    """Every gradient of what is not frozen, one after the other."""
    if type(params) is nn.Frozen:
        assert grads == evolve(params, layer=None)
        return ()
    return tuple(map(thawed_like, params, grads)) if type(params) is tuple else grads


def only_trained(params, grads):
    """The same of the gradients of the thawed network."""
    if type(params) is nn.Frozen:
        return ()
    return tuple(map(only_trained, params, grads)) if type(params) is tuple else grads


def test_the_layer_is_neither_trained_nor_counted_but_saved():
    assert list(parameters(prefix)) == ["4.W", "4.b"]
    assert count(prefix) == to_vector(prefix).size == 5
    assert len(leaves(prefix)) == len(leaves(net)) == 6
    assert pickle.loads(pickle.dumps(prefix)) == prefix
    assert len({fingerprint(each) for each in (net, prefix, whole)}) == 3
    assert "There are 5 trainable parameters" in str(nn.summary(whole, x))


def test_it_is_saved_and_loaded(tmp_path):
    for each in (prefix, whole, backward(whole, *forward(whole, x)[::-1])):
        nn.save(tmp_path / "net", each)
        assert nn.load(tmp_path / "net") == each


@pytest.mark.parametrize("start", [prefix, whole], ids=["layer by layer", "as one"])
def test_training_leaves_it_as_it_is(start):
    data = nn.batches(x, y, 5, epochs=10, seed=0)
    *_, last = train(nn.TrainState(start, nn.Adam()), data, step_of, 0.01)
    assert all([new is old for new, old in zip(leaves(last.params)[:4], leaves(net)[:4], strict=True)])
    assert last.params[-1] != net[-1]
    assert len(leaves(last.optimizer)) == 4  # two moments for each of the two arrays that are trained


def test_freezing_all_leaves_nothing_to_train():
    for everything in (nn.Frozen(net), (nn.Frozen(net),), tuple(map(nn.Frozen, net))):
        cost, grads = step_of(everything, x, y)
        assert cost == step_of(net, x, y)[0]
        assert leaves(grads) == []
        assert nn.sgd(everything, grads, 0.1) == everything


def test_thawing_gives_the_layer_back():
    assert tuple([layer.layer for layer in prefix[:3]]) == whole[0].layer == net[:3]
    assert whole[0].layer[0] is net[0]
    thawed_net = whole[0].layer + whole[1:]
    assert thawed_net == net
    assert count(thawed_net) == count(net)


@pytest.mark.parametrize(
    ("front", "back"),
    [
        ((nn.Frozen(watched("a")),), 1),
        ((nn.Frozen((watched("a"), watched("b"))), nn.Relu()), 2),
        ((nn.Relu(), nn.Frozen(watched("a")), nn.Frozen(nn.Dropout(0.5, seed=0))), 3),
        (((nn.Frozen(watched("a")), ()), (), nn.Frozen(())), 3),
        ((nn.Residual((nn.Frozen(watched("a")), nn.Relu())),), 1),
        ((nn.Frozen(nn.Frozen(watched("a"))),), 1),
    ],
)
def test_nothing_walks_back_to_what_only_frozen_layers_precede(front, back):
    net = (*front, watched("trained"), nn.Tanh(), watched("last"))
    _, grads = step_of(net, x, x)
    assert [call for call in calls if not call.startswith("forward")] == ["backward last", "without dx trained"]
    assert list(parameters(grads.params)) == [f"{back}.gain", f"{back + 2}.gain"]
    out, cache = forward(net, x)
    assert grads.params == backward(net, cache, nn.mse(out, x)[1]).params
    assert "backward a" in calls


def test_alone_it_does_not_walk_back_at_all():
    frozen = nn.Frozen((watched("a"), watched("b")))
    assert step_of(frozen, x, x)[1].params == gradient(frozen)
    assert calls == ["forward a", "forward b"]


def test_a_network_inside_need_not_begin_with_a_frozen_layer():
    step_of(((nn.Frozen(watched("a")), watched("b")), watched("c")), x, x)
    assert calls[3:] == ["backward c", "without dx b"]


def test_but_back_through_a_frozen_layer_to_what_is_trained():
    step_of((watched("a"), nn.Frozen(watched("b")), watched("c")), x, x)
    assert calls[3:] == ["backward c", "backward b", "without dx a"]


def test_a_layer_of_ones_own_may_say_that_its_states_rest():
    features = Features(W=random.standard_normal((2, 3)))
    check_layer(features, x)
    start = (features, nn.Dense.init(3, 1, seed=0))
    check_layer(start, x)
    calls.clear()
    stepped = nn.sgd(start, step_of(start, x, y)[1], 0.1)
    assert calls == []
    assert stepped[0] == features
    assert is_inert(features)
    assert is_inert(nn.Residual(features))
    assert not is_inert(nn.Dropout(0.5, seed=0))
    assert not is_inert(nn.Residual((features, net[0])))


@record
class HalfAtRest:
    """Its state rests, its parameter is trained."""

    W: nn.Array
    mean: nn.Array = state()


rests.register(HalfAtRest)(lambda params: True)


def test_what_rests_are_its_states_alone():
    assert not is_inert(HalfAtRest(np.ones(1), mean=np.ones(1)))


def test_the_states_in_it_rest_too():
    start = ((nn.Dropout(0.5, seed=0), nn.Frozen(nn.Dropout(0.5, seed=3))), nn.Dense.init(2, 1, seed=0))
    stepped = nn.sgd(start, step_of(start, x, y)[1], 0.1)
    assert stepped[0][0].step == 1
    assert stepped[0][1] == start[0][1]


def test_inference_and_reseed_reach_inside():
    layer = nn.Frozen((nn.Dropout(0.5, seed=3), net[0]))
    assert inference(layer) == nn.Frozen((Identity(), net[0]))
    assert nn.reseed(layer, 7) == nn.Frozen((nn.Dropout(0.5, seed=(3, 7)), net[0]))
    assert nn.Frozen(inference(layer.layer)) == inference(layer)
    assert bits(predict(layer, x)) == bits(forward(net[0], x)[0])
    assert bits(forward(layer, x)[0]) != bits(predict(layer, x))
    assert inference(prefix) == prefix


def test_predict_drops_its_caches():
    predict((nn.Frozen((watched("a"), watched("b"))),), x)
    assert calls == ["forward only a", "forward only b"]


def test_probabilities_are_seen_through_it():
    assert gives_probabilities((net, nn.Frozen((net[0], nn.Sigmoid()))))
    assert gives_probabilities(nn.Frozen(nn.Sigmoid()))
    assert not gives_probabilities(nn.Frozen(net))
    assert not gives_probabilities(gradient(nn.Frozen(nn.Sigmoid())))


def test_where_an_error_was_is_said_inside_and_outside():
    with pytest.raises(ShapeError, match="Dense: x must be") as caught:
        forward((Identity(), nn.Frozen(net)), np.ones((1, 3)))
    assert [note.split(",")[0] for note in caught.value.__notes__] == ["in layer 0", "in Frozen", "in layer 1"]


def test_a_frozen_embedding_has_no_dx():
    @record
    class Embedding:
        table: nn.Array

    forward.register(Embedding)(lambda params, x: (params.table[x], x))
    backward.register(Embedding)(lambda params, x, dA: nn.Grads(gradient(params, table=0 * params.table), None))
    ids, start = (
        np.array([0, 2, 1]),
        (nn.Frozen(Embedding(random.standard_normal((3, 4)))), nn.Dense.init(4, 1, seed=0)),
    )
    out, cache = forward(start, ids)
    assert backward(start, cache, out).x is None
    assert list(parameters(step_of(start, ids, 0 * out)[1])) == ["params.1.W", "params.1.b"]


# Mistakes planted in the rules themselves; those in pairs of functions are in tests/mutants/frozen.py.


def backward_of_the_layer(params, cache, dA):
    grads = backward(params.layer, cache, dA)
    return nn.Grads(gradient(params, layer=grads.params), grads.x)


WRONG = {
    "no dx": lambda params, cache, dA: nn.Grads(gradient(params), np.zeros_like(backward(params.layer, cache, dA).x)),
    "dA for dx": lambda params, cache, dA: nn.Grads(gradient(params), dA),
    "the gradient for the next state": backward_of_the_layer,
    "the layer's own gradient": lambda params, cache, dA: backward(params.layer, cache, dA),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_in_its_rules_is_caught(what):
    @record
    class Cold:
        layer: Any = state()

    forward.register(Cold)(lambda params, x: forward(params.layer, x))
    backward.register(Cold)(WRONG[what])
    backward_params.register(Cold)(lambda params, cache, dA: gradient(params))
    with pytest.raises(GradientError):
        check_layer(Cold((nn.Dense.init(2, 2, seed=0), nn.Tanh())), x)


def test_a_shortcut_that_forgets_the_none_is_caught():
    @record
    class Cold:
        layer: Any = state()

    forward.register(Cold)(lambda params, x: forward(params.layer, x))
    backward.register(Cold)(lambda params, cache, dA: nn.Grads(gradient(params), backward(params.layer, cache, dA).x))
    backward_params.register(Cold)(lambda params, cache, dA: params)
    with pytest.raises(BrokenPromise, match="backward_params"):
        check_layer(Cold(net[0]), x)


# Transfer learning.


def test_a_network_is_cut_and_gets_a_head():
    body, head = net[:4], nn.Dense.init(4, 3, seed=5)
    labels = random.standard_normal((10, 3))
    start = (*map(nn.Frozen, body), head)
    costs = [now.cost for now in train(nn.TrainState(start), [(x, labels)] * 50, step_of, 0.1)]
    assert costs[-1] < costs[0]
    assert replace(net, "4", head) == (*body, head)
    assert bits(predict(start, x)) == bits(predict(replace(net, "4", head), x))
    assert replace(replace(prefix, "0", prefix[0].layer), "2.layer", net[0])[0] == net[0]


@pytest.mark.parametrize("optimizer", [nn.Adam(), nn.Momentum()], ids=["Adam", "Momentum"])
@pytest.mark.parametrize(
    "other",
    [
        prefix,
        whole,
        net[2:],
        replace(net, "4", nn.Dense.init(4, 3, seed=5)),
        astype(net, np.float32),
        (*net, nn.Dense.init(1, 1, seed=0)),
    ],
    ids=["frozen", "frozen as one", "cut", "another head", "another dtype", "longer"],
)
def test_the_memory_of_the_network_before_is_refused(optimizer, other):
    *_, trained = train(nn.TrainState(net, optimizer), [(x, y)] * 2, step_of, 0.1)
    dtype = leaves(other)[0].dtype
    x_of = random.standard_normal((3, other[0].W.shape[0] if type(other[0]) is nn.Dense else 2)).astype(dtype)
    batch = x_of, np.zeros(predict(other, x_of).shape, dtype)
    with pytest.raises(ShapeError):
        next(train(nn.TrainState(other, trained.optimizer), [batch], step_of, 0.1))
    assert next(train(nn.TrainState(other, optimizer), [batch], step_of, 0.1)).step == 1


def test_a_memory_goes_on_after_a_slice_that_changed_nothing():
    *_, trained = train(nn.TrainState(net, nn.Adam()), [(x, y)] * 2, step_of, 0.1)
    again = evolve(trained, params=trained.params[:2] + trained.params[2:])
    assert next(train(again, [(x, y)], step_of, 0.1)) == next(train(trained, [(x, y)], step_of, 0.1))


# count and astype.


@record
class Everything:
    W: nn.Array
    mean: nn.Array = state()
    words: str = "words"
    ids: Any = state(default=())
    seen: int = state(default=3)


everything = Everything(np.ones((2, 3)), mean=np.ones(3), ids=(np.arange(4), np.array([True]), np.ones(2, np.float16)))


def test_count_is_of_the_trained_numbers():
    assert count(net) == 15 + 24 + 5 == to_vector(net).size
    assert count(everything) == 6
    assert count((everything, (), np.ones((2, 2)))) == 10
    assert count(()) == count(nn.Relu()) == count(nn.Frozen(net)) == 0
    assert count(nn.TrainState(net, nn.Adam())) == count(net)
    assert type(count(net)) is int


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, "float32", np.dtype("f4"), float])
def test_every_array_of_floats_is_cast_and_no_other(dtype):
    new = astype((everything, net), dtype)
    assert new[0].mean.dtype == new[0].W.dtype == new[0].ids[2].dtype == np.dtype(dtype)
    assert [array.dtype for array in new[0].ids[:2]] == [np.arange(4).dtype, np.dtype(bool)]
    assert (new[0].words, new[0].seen) == ("words", 3)
    assert {leaf.dtype for leaf in leaves(new[1])} == {np.dtype(dtype)}
    assert not any(leaf.flags.writeable for leaf in leaves(new))
    assert tree_map(lambda a: a.astype(float), new) == tree_map(
        lambda a: a.astype(dtype).astype(float), (everything, net)
    )


def test_what_has_the_dtype_already_is_shared():
    assert all([new is old for new, old in zip(leaves(astype(net, float)), leaves(net), strict=True)])
    once = astype(net, np.float32)
    assert astype(astype(once, np.float64), np.float32) == once


def test_a_whole_training_state_is_cast_and_trains_on():
    *_, now = train(nn.TrainState(net, nn.Adam()), [(x, y)] * 3, step_of, 0.01)
    single = astype(now, np.float32)
    assert {leaf.dtype for leaf in leaves((single.params, single.optimizer))} == {np.dtype(np.float32)}
    assert (single.step, single.optimizer.t) == (3, 3)
    batch = tuple([a.astype(np.float32) for a in (x, y)])
    after, wide = (next(train(start, [data], step_of, 0.01)) for start, data in ((single, batch), (now, (x, y))))
    assert {leaf.dtype for leaf in leaves(after)} == {np.dtype(np.float32)}
    assert max(difference(astype(after.params, float), wide.params).values()) < 1e-6


def test_too_large_a_number_becomes_infinite_with_a_warning():
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert np.isinf(astype(np.array([1e300]), np.float32)).all()


# difference.


def leaf(value):
    return (Everything(np.zeros(1), mean=np.zeros(1), ids=np.asarray(value)),)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([0.0, 1.0], [0.5, 1.25], 0.5),
        ([0.0], [-0.0], None),
        ([math.nan, 1.0], [math.nan, 1.0], None),
        ([math.nan, 1.0], [math.nan, 3.0], 2.0),
        ([math.nan], [1.0], math.inf),
        ([math.inf, 1.0], [math.inf, 1.0], None),
        ([math.inf], [-math.inf], math.inf),
        ([math.inf], [math.nan], math.inf),
        ([math.nan, 1.0], [1.0, math.nan], math.inf),
        ([1e308], [-1e308], math.inf),
        ([5e-324], [0.0], 5e-324),
        ([1.0], [np.nextafter(1, 2)], 2.0**-52),
        (np.float16([60000]), np.float16([-60000]), 120000.0),
        (np.float32([1]), np.float32([1 + 2**-23]), 2.0**-23),
        ([1 + 1j], [1 - 2j], 3.0),
        ([complex(math.nan, 1)], [complex(1, math.nan)], None),
        (np.uint8([3]), np.uint8([5]), 2.0),
        ([-(2**63)], [2**63 - 1], 2.0**64),
        ([2**60], [2**60 + 1], 1.0),
        ([True, False], [True, True], 1.0),
        (np.zeros((0, 3)), np.zeros((0, 3)), None),
        (2.0, 3.0, 1.0),
    ],
    ids=str,
)
def test_the_largest_difference_of_an_array(a, b, expected):
    a, b = np.asarray(a), np.asarray(b)
    for p, q in ((a, b), (b, a)):
        assert difference(p, q) == ({} if expected is None else {"": expected})
        assert (difference(leaf(p), leaf(q)) == {}) is (leaf(p) == leaf(q))
    assert difference(leaf(a), leaf(b)) == ({} if expected is None else {"0.ids": expected})


@record
class Set:
    value: Any = None
    rate: float = 0.0


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1, 3, 2.0),
        (1, 1.0, None),
        (1, 1.5, 0.5),
        (True, False, 1.0),
        (math.nan, math.nan, None),
        (math.nan, 0.0, math.inf),
        (math.nan, 1, math.inf),
        ("relu", "tanh", math.inf),
        ("relu", "relu", None),
        (None, None, None),
        (None, 3, math.inf),
        ("3", 3, math.inf),
        (np.tanh, np.sin, math.inf),
        (np.tanh, np.tanh, None),
        (10**30, 10**30 + 1, 1.0),
        (Fraction(1, 3), Fraction(1, 4), 1 / 12),
        (Fraction(1, 2), 0.25, 0.25),
    ],
    ids=str,
)
def test_settings_differ_too(a, b, expected):
    found = difference((Set(a), nn.Relu()), (Set(b), nn.Relu()))
    assert found == ({} if expected is None else {"0.value": pytest.approx(expected)})
    assert (found == {}) is (Set(a) == Set(b))
    assert difference(Set(b, rate=2.0), Set(a)) == found_at_top(found, rate=2.0)


def found_at_top(found, **more):
    return {path.removeprefix("0."): value for path, value in found.items()} | more


def test_every_path_is_that_of_walk_and_in_field_order():
    moved = tree_map(lambda a: a + 1, (everything, net))
    moved = replace(moved, "0.ids.1", np.array([False]))
    found = difference((everything, net), moved)
    assert list(found) == ["0.W", "0.mean", "0.ids.0", "0.ids.1", "0.ids.2"] + [f"1.{path}" for path in parameters(net)]
    assert set(found.values()) == {1.0}
    nested = difference(nn.Frozen((nn.Relu(), net)), nn.Frozen((nn.Relu(), replace(net, "2.b", net[2].b - 2))))
    assert nested == {"layer.1.2.b": 2.0}


@given(st.data())
def test_there_is_no_difference_exactly_where_values_are_equal(data):
    params, _ = data.draw(fst.networks())
    values = st.sampled_from([0.0, -0.0, 1.0, np.nan, np.inf, 1e-300])
    like = tree_map(lambda a: a if data.draw(st.booleans()) else np.full_like(a, data.draw(values)), params)
    assert (difference(params, like) == {}) is (params == like)
    assert difference(params, params) == difference(like, like) == {}
    assert difference(params, like) == difference(like, params)
    assert difference(params, like).keys() <= parameters(params).keys()


def test_what_a_step_changed():
    *_, last = train(nn.TrainState(prefix, nn.Adam()), [(x, y)] * 3, step_of, 0.01)
    assert list(difference(prefix, last.params)) == ["4.W", "4.b"]
    before, after = (now for now in islice(train(nn.TrainState(prefix, nn.Adam()), [(x, y)] * 3, step_of, 0.01), 1, 3))
    assert list(difference(before, after)) == [
        *["params.4.W", "params.4.b", "optimizer.memory.0.0", "optimizer.memory.0.1", "optimizer.memory.1.0"],
        *["optimizer.memory.1.1", "optimizer.t", "step", "cost"],
    ]
    assert difference(nn.TrainState(net), nn.TrainState(net, step=2, cost=np.float64(3)))["step"] == 2


# compare.


def run(lr=0.01, start=net, steps=6, seed=0, optimizer=()):
    return train(nn.TrainState(start, optimizer), nn.batches(x, y, 5, epochs=3, seed=seed)[:steps], step_of, lr)


def test_equal_runs_never_part():
    assert compare(run(), run()) is None
    assert compare(run(optimizer=nn.Adam()), list(run(optimizer=nn.Adam()))) is None
    assert compare([nn.TrainState(net)], [nn.TrainState(net)]) is None


def test_the_first_step_at_which_they_part():
    parted = compare(run(), run(lambda step: 0.01 if step < 3 else 0.02))
    assert parted.step == 4
    assert set(parted.difference) == {f"params.{path}" for path in parameters(net)}
    expected = difference(list(run())[3], list(run(lambda step: 0.01 if step < 3 else 0.02))[3])
    assert parted == Divergence(4, expected, "")
    path = max(expected, key=expected.get)
    most = f"{path}, by {expected[path]:.3g}"
    assert str(parted) == f"the runs differ from step 4 on: 6 parts differ, most of all {most}"
    assert compare(run(seed=0), run(seed=1)).step == 1
    other = replace(net, "0.W", net[0].W + 1e-9)
    assert str(compare([nn.TrainState(net)], [nn.TrainState(other)])) == (
        "the runs differ from step 0 on: 1 part differs, most of all params.0.W, by 1e-09"
    )


def test_runs_go_no_further_than_where_they_part_and_are_closed():
    seen, closed = [], []

    def noted(run, name):
        try:
            for now in run:
                seen.append((name, now.step))
                yield now
        finally:
            closed.append(name)

    assert compare(noted(run(), "a"), noted(run(lambda step: 0.01 * (1 + (step == 1))), "b")).step == 2
    assert seen == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert sorted(closed) == ["a", "b"]


def test_a_run_that_ends_before_the_other_parts_from_it():
    assert compare(run(), run(steps=4)) == Divergence(5, {}, "run_b")
    assert compare(run(steps=4), run()) == Divergence(5, {}, "run_a")
    assert compare([], run()) == Divergence(1, {}, "run_a")
    shorter = "ends before step 5, which run_{} has; the steps before it are equal"
    assert str(compare(run(), run(steps=4))) == f"run_b {shorter.format('a')}"
    assert str(compare(run(steps=4), run())) == f"run_a {shorter.format('b')}"


def test_an_error_of_a_run_comes_through():
    holed = np.where(x == x[3, 0], np.nan, x)
    with pytest.raises(NotFiniteError, match="in step 0 the cost is nan"):
        compare(run(), train(nn.TrainState(net), [(holed, y)], step_of, 0.1))


# Under jit.


@pytest.fixture
def jax64():
    """JAX in double precision, and records as its pytrees."""
    jax = pytest.importorskip("jax", reason="this is the bridge to it")
    import funcnn.interop.jax  # noqa: F401  registers the records

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)  # noqa: FBT003  JAX takes no keyword here
    yield jax
    jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("start", [prefix, whole], ids=["layer by layer", "as one"])
def test_a_step_with_frozen_layers_under_jit(jax64, start):
    traces = []

    @jax64.jit
    def jitted(net, x, y):
        traces.append(1)
        cost, grads = step_of(net, x, y)
        return nn.sgd(net, grads, 0.1), cost

    now, compiled = nn.TrainState(start), start
    for _ in range(3):
        now = next(train(now, [(x, y)], step_of, 0.1))
        compiled, cost = jitted(compiled, x, y)
        assert cost == pytest.approx(now.cost, rel=1e-12)
    assert len(traces) == 1
    assert jax64.tree.structure(compiled) == jax64.tree.structure(start)
    assert max(difference(compiled, now.params).values(), default=0.0) < 1e-12
    assert {
        path: d for path, d in difference(compiled, start).items() if not path.startswith(f"{len(start) - 1}.")
    } == {}


def test_trees_of_jax_are_cast_counted_and_told_apart(jax64):
    jnp = jax64.numpy
    theirs = tree_map(jnp.asarray, net)
    assert count(theirs) == count(net)
    assert difference(theirs, net) == {}
    half = astype(theirs, jnp.bfloat16)
    assert {leaf.dtype.name for leaf in leaves(half)} == {"bfloat16"}
    assert not any([isinstance(leaf, np.ndarray) for leaf in leaves(half)])
    assert difference(half, replace(half, "4.b", half[4].b + 1)) == {"4.b": 1.0}
    assert difference(net, astype(astype(theirs, np.float32), np.float64)).keys() == {"0.W", "2.W", "4.W"}
    # What jit turns into an array of no dimension is the number it was.
    counted = Everything(np.zeros(1), mean=np.zeros(1), seen=jnp.asarray(4))
    assert difference(counted, evolve(counted, seen=4)) == {}
    assert difference(counted, evolve(counted, seen=2)) == {"seen": 2.0}
    assert jax64.jit(lambda net: astype(net, np.float32))(theirs) == astype(theirs, np.float32)


def test_a_frozen_layer_remembers_what_its_layer_does():
    @record
    class Sum:
        """out = what has been so far"""

    forward.register(Sum)(lambda params, x: (x.cumsum(axis=1), ()))
    nn.generation.step.register(Sum)(lambda params, x, memory=None: (x + (0 if memory is None else memory),) * 2)
    x, memory = np.arange(6.0).reshape(1, 6, 1), None
    for t in range(6):
        out, memory = nn.generation.step(nn.Frozen(Sum()), x[:, t : t + 1], memory)
    assert out == forward(nn.Frozen(Sum()), x)[0][:, -1:]
