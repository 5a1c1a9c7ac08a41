"""One step with all that went through it: nothing is computed otherwise, and the numbers are those of the arrays."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funcnn import (
    GRU,
    Array,
    Attention,
    Copy,
    Dense,
    Embedding,
    First,
    Frozen,
    FuncnnError,
    Grads,
    Here,
    Identity,
    Map,
    Parallel,
    Probe,
    Relu,
    Remat,
    Residual,
    Scale,
    Shared,
    Sigmoid,
    Sum,
    Tanh,
    Tied,
    backward,
    forward,
    gradient,
    inference,
    mlp,
    mse,
    record,
    reseed,
    sgd,
    softmax_cross_entropy,
    step,
    trace,
    tree_map,
    value_and_grad,
)
from funcnn.arrays import is_array, is_float, same
from funcnn.core import backward_params
from funcnn.inspection.probe import Seen
from funcnn.inspection.probing import bare, held_bytes
from funcnn.testing import strategies as fst

x = np.linspace(-1, 2, 12).reshape(4, 3)
dense = Dense.init(3, 3, seed=0)


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
@settings(max_examples=20)
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
    elif layer is Probe:
        assert [visit.path.split(".")[0] for visit in seen.visits] == ["layer"] * len(seen.visits)
    else:
        assert same(seen[""].out, out)
        assert same(seen[""].dA, dA)
        assert seen[""].gradient == grads
        assert held_bytes(seen[""].cache) == held_bytes(cache)
        assert same(bare(seen[""].cache), seen[""].cache)
    assert str(seen).count("\n") == len(seen.visits) + 1


def test_the_layers_within_are_visited_wherever_they_are():
    net = (
        Residual((Dense.init(3, 3, seed=1), Tanh(), Scale(np.array(0.5)))),
        Copy(2),
        Parallel(((), (Remat((Dense.init(3, 3, seed=2), Relu())),))),
        Sum(),
        Shared(Dense.init(3, 3, seed=3), (Here(), Tanh(), Here())),
        Frozen((Dense.init(3, 2, seed=4), Tanh())),
    )
    seen = trace(net, x, np.zeros((4, 2)), mse)
    assert [(visit.path, type(visit.layer).__name__) for visit in seen.visits] == [
        ("0", "Residual"),
        ("0.layer.0", "Dense"),
        ("0.layer.1", "Tanh"),
        ("0.layer.2", "Scale"),
        ("1", "Copy"),
        ("2", "Parallel"),
        ("2.layers.1.0", "Remat"),
        ("2.layers.1.0.layer.0", "Dense"),
        ("2.layers.1.0.layer.1", "Relu"),
        ("3", "Sum"),
        ("4", "Shared"),
        ("4.layer", "Dense"),
        ("4.net.0", "Here"),
        ("4.net.1", "Tanh"),
        ("4.net.2", "Here"),
        ("5", "Frozen"),
        ("5.layer.0", "Dense"),
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
    assert same(seen["4.layer"].out, seen["4.net.2"].out)  # the last of its places
    assert not same(seen["4.layer"].out, seen["4.net.0"].out)
    assert same(seen["4.layer"].dA, seen["4"].dA)
    assert seen["5.layer.0"].gradient is None  # not trained
    assert same(seen["5.layer.1"].out, seen["5"].out)


def test_the_table_of_a_network_with_layers_within_layers():
    net = (Frozen(Dense(np.eye(3), None)), Residual((Dense(np.eye(3), np.zeros(3)), Relu())))
    text = str(trace(net, x, np.zeros((4, 3)), mse))
    assert (
        text
        == """\
layer                                out  min  mean   max  zero  cache  |dA|  gradients
0 -> Frozen                          4x3  -1   0.5    2          96 B
  0.layer -> Dense (W: 3x3)          4x3  -1   0.5    2          96 B
1 -> Residual                        4x3  -1   1.2    4          192 B  1.17
  1.layer.0 -> Dense (W: 3x3, b: 3)  4x3  -1   0.5    2          96 B   1.15  W 3.92, b 1.65
  1.layer.1 -> Relu                  4x3  0    0.697  2    33 %  96 B   1.17
The cost is 4.10331; 288 B were kept for backward."""
    )


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
            return Grads(params, dA / (2 * np.sqrt(x)))

    text = str(trace((Dense(np.eye(3), None), Root(), Sigmoid()), x, np.zeros((4, 3)), mse))
    assert (
        text
        == """\
layer                out  min    mean   max    not finite  cache  |dA|  gradients
0 -> Dense (W: 3x3)  4x3  -1     0.5    2                  96 B   nan   W nan
1 -> Root            4x3  0.302  0.96   1.41   33 %        96 B   nan
2 -> Sigmoid         4x3  0.575  0.718  0.804  33 %        96 B   nan
The cost is nan; 288 B were kept for backward."""
    )
    passed_on = str(trace((Identity(), Root()), x, np.zeros((4, 3)), mse)).splitlines()
    assert passed_on[:2] == [
        "layer          out  min    mean  max   not finite  cache",
        "0 -> Identity  4x3  -1     0.5   2                 96 B",
    ]


def test_ids_masks_states_and_what_has_no_numbers():
    ids, mask = np.array([[0, 2, 1], [1, 0, 0]]), np.array([[True, True, True], [True, False, False]])
    net = (Embedding.init(3, 4, seed=0), GRU.init(4, 4, seed=1), Residual(Attention.init(4, 2, seed=2, causal=True)))
    seen = trace(net, (ids, mask), None, ones)
    assert [visit.path for visit in seen.visits] == [
        *["0", "1", "2", "2.layer"],
        *[f"2.layer.{name}" for name in ("query", "key", "value", "out")],
    ]
    assert "(2x3x4, 2x3)" in str(seen)
    tied = Tied.init(3, 4, net=(First(Dense.init(4, 4, seed=1)),), seed=0)
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

    @forward.register(Pick)
    def pick_forward(params, x):
        return x[params.place], x

    @backward.register(Pick)
    def pick_backward(params, x, dA):
        raise AssertionError("nobody needs it")

    seen = trace((Pick(), Embedding.init(3, 2, seed=0)), (np.array([[0, 2]]), x[:1]), None, ones)
    assert same(seen["0"].out, np.array([[0, 2]]))
    assert seen["0"].dA is None
    assert seen["0"].gradient is None
    assert seen["1"].gradient.W.shape == (3, 2)


def test_a_combinator_of_ones_own_needs_its_two_rules_and_no_more():
    @record
    class Twice:
        inner: Any
        by: Array

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
        return Grads(gradient(params, inner=both, by=(dA * cache["out"]).sum(0)), first.x)

    seen = trace(Twice(dense, np.ones(3)), x, x, mse)
    assert [visit.path for visit in seen.visits] == ["", "inner"]
    assert seen["inner"].gradient == seen[""].gradient.inner  # the sum of both
    assert same(seen["inner"].out, forward(dense, x)[0])  # but what was seen is no sum
    assert str(seen).splitlines()[1].split()[-2] == "by"


def test_errors_read_as_they_do_without_probes():
    net = (Residual((Dense.init(3, 5, seed=0), Relu())), dense)
    notes = []
    for step_taken in (lambda: forward(net, x), lambda: trace(net, x, x, mse)):
        with pytest.raises(FuncnnError) as caught:
            step_taken()
        notes.append((str(caught.value), caught.value.__notes__))
    assert notes[0] == notes[1]
    assert len(notes[0][1]) == 1


def test_what_trace_refuses():
    with pytest.raises(FuncnnError) as caught:
        trace((dense, Sigmoid()), x, np.array([0, 1, 2, 0]), softmax_cross_entropy)
    assert str(caught.value).startswith("trace: the loss takes logits, so leave out the layer at the end of (Dense(")
    with pytest.raises(FuncnnError) as caught:
        trace((dense, Relu()), x, x, mse)["2"]
    assert str(caught.value) == "trace: there is no layer '2'; there are 0, 1"


def test_a_probe_is_a_layer():
    net = Probe((*mlp([3, 2], seed=0), Sigmoid()))
    assert forward(net, x)[0].tobytes() == forward(net.layer, x)[0].tobytes()
    assert net.gives_probabilities
    assert inference(net) == net == reseed(net, 1)
    assert repr(net) == repr(net.layer)
    assert Probe(dense).W is dense.W
    with pytest.raises(AttributeError, match="nothing"):
        _ = Probe(dense).nothing
    out, memory = step(Probe(Relu()), x)
    assert same(out, np.maximum(x, 0))
    assert memory is None
    _, grads = value_and_grad(mse)(net, x, np.zeros((4, 2)))
    after = sgd(net, grads, 0.1)
    assert type(after.seen) is Seen
    assert same(after.seen.x, x)
    assert same(after.seen.out, forward(net, x)[0])
    assert after.layer == sgd(net.layer, Grads(grads.params.layer, None), 0.1)
    _, cache = forward((Probe(()), dense), x)
    assert backward((Probe(()), dense), cache, x).params[0].layer == ()
