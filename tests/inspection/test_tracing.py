"""`trace`: the step is unchanged, and the numbers are those of the arrays."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import backward, forward, gradient, mse, parameters, record, sgd, trace, tree_map, value_and_grad
from funcnn.arrays import is_array, is_float, same
from funcnn.core import backward_params
from funcnn.errors import ShapeError
from funcnn.files import fingerprint
from funcnn.generation import step
from funcnn.gradients import added
from funcnn.inspection import Probe
from funcnn.inspection.log import bare
from funcnn.inspection.probe import Seen
from funcnn.inspection.summaries import held_bytes
from funcnn.layers import Copy, First, Here, Identity, Map, Parallel, Remat, Scale, Shared, Sum, Tied
from funcnn.testing import strategies as fst
from funcnn.traits import gives_probabilities
from funcnn.trees import leaves
from tests.counts import at_most

x = np.linspace(-1, 2, 12).reshape(4, 3)
dense = nn.Dense.init(3, 3, seed=0)


def ones(out, y):
    """A loss of any out: the sum of all its floats, y being of no account."""
    if type(out) is tuple:
        costs = [ones(part, y) for part in out]
        return sum([cost for cost, _ in costs]), tuple([dA for _, dA in costs])
    return (out.sum(), np.ones_like(out)) if is_array(out) and is_float(out) else (0.0, None)


def total(out, y):
    return (out.sum() - y.sum()) ** 2, 2 * (out.sum() - y.sum()) * np.ones_like(out)


def flat(chain):
    for part in chain:
        yield from flat(part) if type(part) is tuple else (part,)


@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
@at_most(20, quick=4)
@given(st.data())
def test_what_is_traced_is_the_step_that_is_taken(layer, data):
    """Of every layer that there is, whatever it holds: the last out, the cost and the gradient, bit by bit."""
    params, given_x = data.draw(fst.cases(layer))
    out, cache = forward(params, given_x)
    cost, dA = ones(out, None)
    grads = backward_params(params, cache, dA)
    seen = trace(params, given_x, None, ones)
    assert same(seen.cost, cost)
    if layer is tuple:
        assert [visit.layer for visit in seen.visits] == list(flat(params))
    else:
        assert same(seen[""].out, out)
        assert same(seen[""].dA, dA)
        assert seen[""].gradient == grads
        assert [seen[""].held] == held_bytes([(0, cache)], params, given_x)
        assert same(bare(seen[""].cache), seen[""].cache)
    assert_the_gradients_are(grads, seen)


def assert_the_gradients_are(grads, seen):
    """The gradient of each array is that of the step, is in one row of the table, and its norm is printed there."""
    expected, paths = parameters(grads), {visit.path for visit in seen.visits}
    rows = str(seen).splitlines()[1:-1]
    found = {}
    for row, visit in zip(rows, seen.visits, strict=True):
        if visit.gradient is None:
            continue
        here = {f"{visit.path}.{name}".strip("."): g for name, g in parameters(visit.gradient).items()}
        assert all([same(expected[path], g) for path, g in here.items()])
        own = {path: g for path, g in here.items() if max([p for p in paths if is_at(p, path)], key=len) == visit.path}
        names = {path.removeprefix(visit.path).strip("."): g for path, g in own.items()}
        norms = [f"{name} {math.hypot(*g.astype(float).ravel()):.3g}" for name, g in names.items()]
        assert row.endswith(", ".join(norms))
        assert not found.keys() & own.keys()
        found |= own
    assert found.keys() == expected.keys()


def is_at(path, longer):
    return longer.startswith(f"{path}.".lstrip("."))


@record
class Loop:
    """out = layer(... layer(x)), so many times"""

    inner: Any
    times: int = 3


@forward.register(Loop)
def loop_forward(params, x):
    caches = []
    for _ in range(params.times):
        x, cache = forward(params.inner, x)
        caches.append(cache)
    return x, {"backwards": caches[::-1]}


@backward.register(Loop)
def loop_backward(params, cache, dA):
    gradients = []
    for own in cache["backwards"]:
        grads = backward(params.inner, own, dA)
        gradients.append(grads.params)
        dA = grads.x
    return nn.Grads(gradient(params, inner=added(gradients[::-1])), dA)


def nests():
    """Networks of (m, 3) -> (m, 3) in which combinators are in one another, as they come."""
    leaf = st.sampled_from([dense, nn.Tanh(), Scale(np.array(0.5)), nn.BatchNorm.init(3), nn.Dropout(0.3, seed=1), ()])
    here = st.sampled_from([(Here(), nn.Tanh(), Here()), (nn.Residual(Here()), Remat((Here(), nn.Tanh())))])
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(tuple),
            inner.map(nn.Residual),
            inner.map(Remat),
            inner.map(nn.Frozen),
            inner.map(Loop),
            inner.map(Probe),
            st.builds(Shared, inner, here),
            st.builds(lambda layer, last: Shared(layer, (nn.Frozen(Here("b")), Here("b"), last), "b"), inner, leaf),
            st.builds(lambda one, two: (Copy(2), Parallel((one, two)), Sum()), inner, inner),
        ),
        max_leaves=6,
    )


@at_most(150)
@given(nests())
def test_in_nests_of_combinators_gradients_stand_at_their_paths(inner):
    net = (inner, nn.Dense.init(3, 2, seed=1))
    y = np.zeros((4, 2))
    cost, grads = value_and_grad(mse)(net, x, y)
    seen = trace(net, x, y, mse)
    assert same(seen.cost, cost)
    assert same(seen["1"].out, forward(net, x)[0])
    assert_the_gradients_are(grads.params, seen)
    for visit, after in pairwise(seen.visits):
        assert after.depth <= visit.depth + 1
        assert after.depth == 0 or is_at(visit.path.split(".")[0], after.path)
    assert seen.visits[0].depth == 0
    total = held_bytes([(0, forward(net, x)[1])], net, x)
    assert [sum([visit.held for visit in seen.visits if visit.depth == 0])] == total


def test_the_layers_within_are_visited_wherever_they_are():
    net = (
        nn.Residual((nn.Dense.init(3, 3, seed=1), nn.Tanh(), Scale(np.array(0.5)))),
        Copy(2),
        Parallel(((), (Remat((nn.Dense.init(3, 3, seed=2), nn.Relu())),))),
        Sum(),
        Shared(nn.Dense.init(3, 3, seed=3), (Here(), nn.Tanh(), Here())),
        nn.Frozen((nn.Dense.init(3, 2, seed=4), nn.Tanh())),
    )
    seen = trace(net, x, np.zeros((4, 2)), mse)
    assert [(visit.path, type(visit.layer).__name__) for visit in seen.visits] == [
        *(("0", "Residual"), ("0.layer.0", "Dense"), ("0.layer.1", "Tanh"), ("0.layer.2", "Scale"), ("1", "Copy")),
        *(("2", "Parallel"), ("2.layers.1.0", "Remat"), ("2.layers.1.0.layer.0", "Dense")),
        *(("2.layers.1.0.layer.1", "Relu"), ("3", "Sum"), ("4", "Shared"), ("4.net.0", "Here"), ("4.layer", "Dense")),
        *(("4.net.1", "Tanh"), ("4.net.2", "Here"), ("4.layer", "Dense"), ("5", "Frozen"), ("5.layer.0", "Dense")),
        ("5.layer.1", "Tanh"),
    ]
    grads = value_and_grad(mse)(net, x, np.zeros((4, 2)))[1].params
    for path, expected in (("0", grads[0]), ("2", grads[2]), ("4", grads[4]), ("4.layer", grads[4].layer)):
        assert seen[path].gradient == expected
    assert seen["0.layer.2"].gradient == grads[0].layer[2]
    assert same(seen["0"].out, x + seen["0.layer.2"].out)
    assert same(seen["0"].dA, seen["0.layer.2"].dA)
    assert seen["2.layers.1.0.layer.0"].cache is None  # thrown away, and made again
    assert same(seen["2.layers.1.0.layer.1"].out, seen["2.layers.1.0"].out)
    assert same(seen["4.layer"].out, seen["4.net.0"].out)
    assert same(seen["4.layer", 1].out, seen["4"].out)
    assert same(seen["4.layer", 1].dA, seen["4"].dA)
    assert seen["4.layer", 1].gradient is None  # which is the sum, and stands at the first
    assert seen["5.layer.0"].gradient is None  # not trained
    assert same(seen["5.layer.1"].out, seen["5"].out)


def test_a_layer_in_several_places_has_a_row_for_each():
    net = (
        Shared((nn.Dense(np.eye(3), np.zeros(3)), nn.Relu()), (Here(), nn.Residual(Here()))),
        Remat(Loop(Scale(np.array(0.5)), 2)),
    )
    text = str(trace(net, x, np.zeros((4, 3)), mse))
    expected = """\
layer                                           out  min  mean   max  zero  cache  |dA|    gradients
0 -> Shared                                     4x3  0    1.39   4    33 %  192 B  0.0718
  0.net.0 -> Here                               4x3  0    0.697  2    33 %  96 B   0.144
    0.layer.0 -> Dense (W: 3x3, b: 3)           4x3  -1   0.5    2                 0.144   W 0.736, b 0.309
    0.layer.1 -> Relu                           4x3  0    0.697  2    33 %  96 B   0.144
  0.net.1 -> Residual                           4x3  0    1.39   4    33 %  96 B   0.0718
    0.net.1.layer -> Here                       4x3  0    0.697  2    33 %  96 B   0.0718
      0.layer.0 #1 -> Dense (W: 3x3, b: 3)      4x3  0    0.697  2    33 %         0.0718
      0.layer.1 #1 -> Relu                      4x3  0    0.697  2    33 %  96 B   0.0718
1 -> Remat                                      4x3  0    0.348  1    33 %  96 B   0.287
  1.layer -> Loop                               4x3  0    0.348  1    33 %         0.287
    1.layer.inner -> Scale (factor: number)     4x3  0    0.697  2    33 %         0.144   factor 1.98
    1.layer.inner #1 -> Scale (factor: number)  4x3  0    0.348  1    33 %         0.287
The cost is 0.247245; 288 B were kept for backward."""
    assert text == expected
    shapes = str(trace((nn.Dropout(0.5, seed=1), Map(dense)), np.ones((4, 2, 3)), np.ones((4, 2, 3)), mse))
    assert "0 -> Dropout (seed=(1,), rate=0.5)  " in shapes  # a tuple of numbers is no layer within
    assert "1 -> Map  " in shapes


def test_the_table_of_a_network_with_layers_within_layers():
    net = (nn.Frozen(nn.Dense(np.eye(3), None)), nn.Residual((nn.Dense(np.eye(3), np.zeros(3)), nn.Relu())))
    text = str(trace(net, x, np.zeros((4, 3)), mse))
    expected = """\
layer                                out  min  mean   max  zero  cache  |dA|  gradients
0 -> Frozen                          4x3  -1   0.5    2
  0.layer -> Dense (W: 3x3)          4x3  -1   0.5    2
1 -> Residual                        4x3  -1   1.2    4          192 B  1.17
  1.layer.0 -> Dense (W: 3x3, b: 3)  4x3  -1   0.5    2          96 B   1.15  W 3.92, b 1.65
  1.layer.1 -> Relu                  4x3  0    0.697  2    33 %  96 B   1.17
The cost is 4.10331; 192 B were kept for backward."""
    assert text == expected


def test_a_nan_is_seen_where_it_begins():
    @record
    class Root:
        """out = sqrt(x)"""

    @forward.register(Root)
    def root_forward(params, x):
        with np.errstate(invalid="ignore"):
            return np.sqrt(x), x

    @backward.register(Root)
    def root_backward(params, x, dA):
        with np.errstate(all="ignore"):
            return nn.Grads(params, dA / (2 * np.sqrt(x)))

    text = str(trace((nn.Dense(np.eye(3), None), Root(), nn.Sigmoid()), x, np.zeros((4, 3)), mse))
    expected = """\
layer                out  min    mean   max    not finite  cache  |dA|  gradients
0 -> Dense (W: 3x3)  4x3  -1     0.5    2                         nan   W nan
1 -> Root            4x3  0.302  0.96   1.41   33 %        96 B   nan
2 -> Sigmoid         4x3  0.575  0.718  0.804  33 %        96 B   nan
The cost is nan; 192 B were kept for backward."""
    assert text == expected
    passed_on = str(trace((Identity(), Root()), x, np.zeros((4, 3)), mse)).splitlines()
    assert passed_on[:2] == ["layer          out  min    mean  max   not finite", "0 -> Identity  4x3  -1     0.5   2"]


@pytest.mark.parametrize(
    ("zeros", "share"),
    [(0, ""), (1, "0.1 %"), (17, "1.7 %"), (994, "99 %"), (996, "> 99 %"), (999, "> 99 %"), (1000, "100 %")],
)
def test_the_share_of_zeros_is_100_percent_only_if_every_number_is_zero(zeros, share):
    out = np.append(-np.ones(zeros), np.ones(1000 - zeros)).reshape(1000, 1)
    head, row, _ = str(trace(nn.Relu(), out, np.zeros((1000, 1)), mse)).splitlines()
    assert ("zero" in head) == bool(share)
    assert f"  {share}  " in row


def test_ids_masks_states_and_what_has_no_numbers():
    ids, mask = np.array([[0, 2, 1], [1, 0, 0]]), np.array([[True, True, True], [True, False, False]])
    net = (
        nn.Embedding.init(3, 4, seed=0),
        nn.GRU.init(4, 4, seed=1),
        nn.Residual(nn.Attention.init(4, 2, seed=2, causal=True)),
    )
    seen = trace(net, (ids, mask), None, ones)
    assert [visit.path for visit in seen.visits] == [
        *["0", "1", "2", "2.layer"],
        *[f"2.layer.{name}" for name in ("query", "key", "value", "out")],
    ]
    assert "(2x3x4, 2x3)" in str(seen)
    tied = Tied.init(3, 4, net=(First(nn.Dense.init(4, 4, seed=1)),), seed=0)
    assert [visit.path for visit in trace(tied, (ids, mask), None, ones).visits] == ["", "net.0", "net.0.layer"]
    whole = trace(Copy(1), ids, None, ones)
    assert "(2x3)  0    0.667  2    50 %" in str(whole)  # whole numbers, where there are no others
    empty = trace(Map(dense), np.zeros((0, 2, 3)), None, ones)
    assert str(empty).splitlines()[0].split() == ["layer", "out", "|dA|", "gradients"]
    assert trace((), x, None, ones).visits == ()


def test_a_layer_that_trains_nothing_before_one_that_needs_no_dx():
    @record
    class Pick:
        """The first of a pair, which are ids: it has no dx, and is never asked for one."""

        place: int = 0

    forward.register(Pick)(lambda params, x: (x[params.place], x))

    @backward.register(Pick)
    def pick_backward(params, x, dA):
        raise AssertionError("nobody needs it")

    seen = trace((Pick(), nn.Embedding.init(3, 2, seed=0)), (np.array([[0, 2]]), x[:1]), None, ones)
    assert same(seen["0"].out, np.array([[0, 2]]))
    assert seen["0"].dA is None
    assert seen["0"].gradient is None
    assert seen["1"].gradient.W.shape == (3, 2)


def test_a_combinator_of_ones_own_needs_its_two_rules_and_no_more():
    @record
    class Twice:
        inner: Any
        by: nn.Array

    @forward.register(Twice)
    def twice_forward(params, x):
        h, first = forward(params.inner, x)
        out, second = forward(params.inner, h)
        return out * params.by, {"caches": [first, second], "out": out}

    @backward.register(Twice)
    def twice_backward(params, cache, dA):
        second = backward(params.inner, cache["caches"][1], dA * params.by)
        first = backward(params.inner, cache["caches"][0], second.x)
        both = tree_map(lambda a, b: a + b, first.params, second.params)
        return nn.Grads(gradient(params, inner=both, by=(dA * cache["out"]).sum(0)), first.x)

    seen = trace(Twice(dense, np.ones(3)), x, x, mse)
    visits = [(visit.path, visit.number, visit.depth) for visit in seen.visits]
    assert visits == [("", 0, 0), ("inner", 0, 1), ("inner", 1, 1)]
    first, second = seen["inner"], seen["inner", 1]
    assert first.gradient == seen[""].gradient.inner  # the sum of both
    assert second.gradient is None
    assert same(first.out, forward(dense, x)[0])  # but what was seen is no sum
    assert same(second.out, forward(dense, first.out)[0])
    assert same(first.dA, backward(dense, second.cache, second.dA).x)
    assert str(seen).splitlines()[1].split()[-2] == "by"


def test_what_is_called_once_more_on_the_way_back_is_one_visit():
    @record
    class Half:
        """other(one(x)), of which only the cache of the other is kept"""

        one: Any
        other: Any

    @forward.register(Half)
    def half_forward(params, x):
        h, _ = forward(params.one, x)
        out, cache = forward(params.other, h)
        return out, (x, cache)

    @backward.register(Half)
    def half_backward(params, cache, dA):
        other = backward(params.other, cache[1], dA)
        one = backward(params.one, forward(params.one, cache[0])[1], other.x)
        return nn.Grads(gradient(params, one=one.params, other=other.params), one.x)

    seen = trace((dense, Half((dense, Remat((nn.Tanh(), dense))), dense)), x, x, mse)
    assert [(visit.path, visit.number, visit.cache is None) for visit in seen.visits] == [
        *(("0", 0, False), ("1", 0, False), ("1.one.0", 0, True), ("1.one.1", 0, True)),
        *(("1.one.1.layer.0", 0, True), ("1.one.1.layer.1", 0, True), ("1.other", 0, False)),
    ]
    assert all([visit.dA is not None for visit in seen.visits])
    not_back = trace((nn.Frozen(Remat((nn.Tanh(), dense))), dense), x, x, mse)
    assert [visit.path for visit in not_back.visits] == ["0", "0.layer", "0.layer.layer.0", "0.layer.layer.1", "1"]
    assert same(not_back["0.layer.layer.1"].out, not_back["0"].out)
    assert not_back["0.layer.layer.1"].dA is None


def test_errors_read_as_they_do_without_probes():
    net = (nn.Residual((nn.Dense.init(3, 5, seed=0), nn.Relu())), dense)
    notes = []
    for step_taken in (lambda: forward(net, x), lambda: trace(net, x, x, mse)):
        with pytest.raises(nn.FuncnnError) as caught:
            step_taken()
        notes.append((str(caught.value), caught.value.__notes__))
    assert notes[0] == notes[1]
    assert len(notes[0][1]) == 1


def test_what_trace_refuses():
    with pytest.raises(nn.FuncnnError) as caught:
        trace((dense, nn.Sigmoid()), x, np.array([0, 1, 2, 0]), nn.softmax_cross_entropy)
    assert str(caught.value).startswith("trace: the loss takes logits, so leave out the layer at the end of (Dense(")
    with pytest.raises(nn.FuncnnError) as caught:
        trace((dense, nn.Relu()), x, x, mse)["2"]
    assert str(caught.value) == "trace: there is no layer '2'; there are '0', '1'"


def test_a_probe_is_a_layer():
    net = Probe((*nn.mlp([3, 2], seed=0), nn.Sigmoid()))
    assert forward(net, x)[0].tobytes() == forward(net.layer, x)[0].tobytes()
    assert gives_probabilities(net)
    assert nn.inference(net) == net == nn.reseed(net, 1)
    assert repr(net) == repr(net.layer)
    assert Probe(dense).W is dense.W
    with pytest.raises(AttributeError, match="nothing"):
        _ = Probe(dense).nothing
    with pytest.raises(AttributeError, match="layer"):
        _ = object.__new__(Probe).W
    out, memory = step(Probe(nn.Relu()), x)
    assert same(out, np.maximum(x, 0))
    assert memory is None
    _, grads = value_and_grad(mse)(net, x, np.zeros((4, 2)))
    after = sgd(net, grads, 0.1)
    assert type(after.seen) is Seen
    assert same(after.seen.x, x)
    assert same(after.seen.out, forward(net, x)[0])
    assert after.layer == sgd(net.layer, nn.Grads(grads.params.layer, None), 0.1)
    _, cache = forward((Probe(()), dense), x)
    assert backward((Probe(()), dense), cache, x).params[0].layer == ()


def test_the_values_of_a_probe_are_its_own():
    """The caller may write to x and dA after the step."""
    mask = np.ones((4, 3), bool)
    for layer, given_x, dA in ((nn.Tanh(), x.copy(), x.copy()), (First(nn.Tanh()), (x.copy(), mask), (x.copy(), None))):
        net = Probe(layer)
        _, cache = forward(net, given_x)
        seen = sgd(net, backward(net, cache, dA), 0.1).seen
        before = fingerprint(tuple(seen))
        for array in leaves((given_x, dA)):
            array[:] = 0
        assert fingerprint(tuple(seen)) == before
        assert not any([array.flags.writeable for array in leaves(tuple(seen))])


def test_arrays_that_the_caller_cannot_write_to_are_not_copied():
    hidden, _ = forward(dense, x)
    out, cache = forward(Probe(nn.Tanh()), hidden)
    seen = backward(Probe(nn.Tanh()), cache, hidden).params.seen
    assert (seen.x is hidden, seen.out is out, seen.dA is hidden) == (True, True, True)


@record
class Named:
    W: nn.Array
    path: str = "abc"


forward.register(Named)(lambda params, x: (x @ params.W, x))


@backward.register(Named)
def named_backward(params, x, dA):
    return nn.Grads(gradient(params, W=x.T @ dA), dA @ params.W.T)


@record
class TimesItsName:
    inner: Any


@forward.register(TimesItsName)
def times_its_name_forward(params, x):
    out, cache = forward(params.inner, x)
    return len(params.inner.path) * out, cache


@backward.register(TimesItsName)
def times_its_name_backward(params, cache, dA):
    grads = backward(params.inner, cache, len(params.inner.path) * dA)
    return nn.Grads(gradient(params, inner=grads.params), grads.x)


def test_fields_of_a_layer_are_read_whatever_they_are_called():
    net, x = (TimesItsName(Named(np.eye(2))),), np.ones((3, 2))
    cost, grads = value_and_grad(mse)(net, x, 0 * x)
    seen = trace(net, x, 0 * x, mse)
    assert seen.cost == cost == 9
    assert seen["0.inner"].gradient == grads.params[0].inner


@record
class Mistaken(TimesItsName):
    pass


@backward.register(Mistaken)
def mistaken_backward(params, cache, dA):
    return nn.Grads(gradient(params, inner=backward(params.inner, (cache,), dA).params), None)


def test_the_cache_of_another_layer_is_refused_as_without_a_trace():
    with pytest.raises(
        ShapeError,
        match=r"forward returned for this layer; cache: \(<f64 \[\[1. 1.] \[1. 1.] \[1. 1.]]>,\), layer: "
        "Named",
    ):
        trace((Mistaken(Named(np.eye(2))),), np.ones((3, 2)), np.ones((3, 2)), mse)


def test_a_norm_neither_overflows_nor_underflows():
    for size in (1e200, 1e-200):
        seen = trace(
            nn.Dense(np.eye(1), None), np.ones((3, 1)), np.ones((3, 1)), lambda out, y, by=size: (1.0, by * out)
        )
        assert f"  {math.sqrt(3) * size:.3g}  W {3 * size:.3g}" in str(seen)


def test_the_trace_of_a_whole_step_has_x_dx_and_the_parameters_after_it():
    net, y = (dense, nn.Residual(nn.Tanh()), nn.Dense.init(3, 1, seed=1)), x[:, :1]
    seen = trace(net, x, y, mse, lr=0.1, inputs=True)
    out, cache = forward(net, x)
    cost, dA = mse(out, y)
    grads = backward(net, cache, dA)
    assert same((seen.cost, seen.out, seen.dA), (cost, out, dA))
    assert seen.grads == grads
    assert seen.after == sgd(net, grads, 0.1)
    assert same(seen["0"].x, x)
    assert same(seen["0"].dx, grads.x)
    for before, after in [("0", "1"), ("1", "2")]:
        assert seen[after].x is seen[before].out
        assert seen[before].dA is seen[after].dx
    assert same(seen["1"].dx, seen["1.layer"].dx + seen["1"].dA)
    without = trace(net, x, y, mse)
    assert without["0"].dx is without.after is without.grads.x is None
