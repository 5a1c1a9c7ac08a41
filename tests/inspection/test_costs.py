"""Operation counts, checked by hand for layers with a rule, and laws for every layer."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import backward, forward, layers, mlp, record, summary, trace, tree_map
from funcnn.errors import KindError
from funcnn.inspection import flops
from funcnn.inspection.summaries import held_bytes, scaled
from funcnn.testing import strategies as fst
from funcnn.trees.walks import arrays_in
from tests.counts import at_most

rows, film, image = np.ones((5, 3)), np.ones((5, 7, 3)), np.ones((5, 8, 8, 3))
ids, mask = np.zeros((5, 7), int), np.ones((5, 7), bool)
dense = nn.Dense.init(3, 4, seed=0)  # 3 products, 2 sums of them, 1 of the bias: 6 a number of out; 3 sums count as 3
square = nn.Dense.init(3, 3, seed=0)
A_ROW = 4 * (2 * 3 + 1)
SQUARE = 3 * (2 * 3 + 1)


@pytest.mark.parametrize(
    ("layer", "x", "operations"),
    [
        ((), rows, 0),
        (dense, rows, 5 * A_ROW),
        (nn.Dense.init(3, 4, seed=0, bias=False), rows, 5 * 4 * 2 * 3),
        (dense, film, 35 * A_ROW),
        (nn.Relu(), film, 5 * 7 * 3),
        (layers.Identity(), film, 0),
        (mlp([3, 4, 3], seed=0), rows, 5 * (A_ROW + 4 + 3 * (2 * 4 + 1))),
        ((dense, (nn.Tanh(), ())), rows, 5 * (A_ROW + 4)),
        (layers.Conv1d.init(3, 4, 2, seed=0), film, 5 * 6 * 4 * (2 * 2 * 3 + 1)),
        (nn.Conv2d.init(3, 4, 3, seed=0, padding="same"), image, 5 * 64 * 4 * (2 * 9 * 3 + 1)),
        (nn.Conv2d.init(3, 3, 3, seed=0, stride=2, groups=3, bias=False), image, 5 * 9 * 3 * 2 * 9),
        (layers.ConvTranspose2d.init(3, 4, 2, seed=0, stride=2), image, 5 * 64 * 3 * 2 * 4 * 4 + 5 * 16 * 16 * 4),
        (layers.ConvTranspose2d.init(3, 3, 2, seed=0, groups=3, bias=False), image, 5 * 64 * 3 * 2 * 4),
        (nn.MaxPool(2), image, 5 * 16 * 3 * 4),
        (layers.AvgPool((2, 4)), image, 5 * 8 * 3 * 8),
        (layers.AvgPool(7), film, 5 * 7 * 3),
        (layers.AdaptiveAvgPool((3, 2)), image, 5 * 3 * (8 * 2 * 4 + 3 * 2 * 3)),
        (layers.Pad(2), image, 0),
        (nn.GlobalAvgPool(), image, image.size),
        (layers.Upsample(2), image, 0),
        (layers.Upsample(2, linear=True), film, 5 * 3 * 3 * 2 * 6),
        (layers.Upsample((2, 3), linear=True), image, 5 * 3 * 3 * 2 * (7 * 8 + 16 * 7)),
        (nn.BatchNorm.init(3), rows, 7 * 15),
        (nn.Softmax(), rows, 4 * 15),
        (layers.Rotary(), np.ones((5, 7, 4)), 3 * 5 * 7 * 4),
        (layers.RNN.init(3, 4, seed=0), film, 5 * 7 * 4 * (2 * 3 + 2 * 4 + 3)),
        (nn.GRU.init(3, 4, seed=0), (film, mask), 5 * 7 * 12 * (2 * 3 + 2 * 4 + 3)),
        (layers.Bidirectional(layers.RNN.init(3, 4, seed=0), layers.RNN.init(3, 4, seed=1)), film, 2 * 5 * 7 * 4 * 17),
        (nn.Attention.init(6, 2, seed=0), np.ones((5, 7, 6)), 35 * 4 * 6 * 13 + 5 * 49 * (4 * 6 + 4 * 2)),
        (
            layers.CrossAttention.init(6, 2, n_memory=3, seed=0, bias=False),
            (np.ones((5, 7, 6)), np.ones((5, 9, 3))),
            35 * 2 * 6 * 12 + 45 * 2 * 6 * 6 + 5 * 63 * (4 * 6 + 4 * 2),
        ),
        (nn.Embedding.init(4, 3, seed=0), ids, 0),
        (layers.Tied.init(4, 3, net=layers.First(square), seed=0), (ids, mask), 35 * SQUARE + 2 * 35 * 4 * 3),
        (nn.Residual(square), rows, 5 * SQUARE + 15),
        (nn.Residual(layers.First(square)), (film, mask), 35 * SQUARE + 105),
        (layers.Remat(square), rows, 5 * SQUARE),
        (nn.Frozen(square), rows, 5 * SQUARE),
        (layers.Map(square), film, 35 * SQUARE),
        (layers.Glu(), np.ones((5, 6)), 15 + 15),
        (layers.Shared(square, (layers.Here(), nn.Tanh(), layers.Here())), rows, 2 * 5 * SQUARE + 15),
        ((layers.Copy(3), layers.Parallel((square, nn.Tanh(), ())), layers.Sum()), rows, 5 * SQUARE + 15 + 30),
        ((layers.Copy(2), layers.Concat(), nn.Flatten()), rows, 0),
        (layers.Last(), (film, film[..., 0] > 0), 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_operations_counted_by_hand(layer, x, operations):
    count = flops(layer, x)
    assert type(count) is int
    assert count == operations


@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
@at_most(20, quick=4)
@given(st.data())
def test_twice_the_rows_are_twice_the_operations(layer, data):
    params, x = data.draw(fst.cases(layer))
    once = flops(params, x)
    assert once >= 0
    assert flops(params, tree_map(lambda a: np.concatenate([a, a]), x)) == 2 * once


def test_a_layer_of_ones_own_costs_what_it_holds_or_says():
    @record
    class Halves:
        one: Any
        other: Any

    @forward.register(Halves)
    def halves_forward(params, x):
        one, cache = forward(params.one, x)
        other, second = forward(params.other, one)
        return other, {"both": [cache, second]}

    @backward.register(Halves)
    def halves_backward(params, cache, dA):
        raise AssertionError("nobody goes back")

    assert flops(Halves(square, (dense, nn.Tanh())), rows) == 5 * (SQUARE + A_ROW + 4)

    @record
    class Cube:
        """out = x^3"""

    forward.register(Cube)(lambda params, x: (x**3, x))

    backward.register(Cube)(lambda params, x, dA: nn.Grads(params, 3 * x**2 * dA))

    assert flops(Cube(), rows) == 15
    flops.register(Cube)(lambda params, x: 2 * x.size)
    assert flops((Cube(), Cube()), rows) == 60


def test_what_is_no_layer_has_no_costs():
    for value, wrong in (([dense], "list; write tuple"), (3, "int"), (nn.Relu, "the class Relu"), (nn.Adam(), "Adam")):
        with pytest.raises(KindError, match=f"^flops: params must be a layer or a tuple of layers, not {wrong}"):
            flops(value, rows)
    with pytest.raises(KindError, match=r"^flops.register: list is not a record"):
        flops.register(list)


def allocated(params, x):
    """The bytes of the arrays that are there after a forward and were not before, and the cache."""
    tracemalloc.start()
    _, cache = forward(params, x)
    del _
    traces = tracemalloc.take_snapshot().filter_traces(
        [tracemalloc.DomainFilter(inclusive=True, domain=np.lib.tracemalloc_domain)]
    )
    tracemalloc.stop()
    return sum([one.size for one in traces.traces]), cache


@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
@at_most(5, quick=3)
@given(st.data())
def test_what_a_cache_keeps_is_what_was_allocated_and_is_still_there(layer, data):
    params, x = data.draw(fst.cases(layer))
    forward(params, x)  # what is computed once for all
    measured, cache = allocated(params, x)
    [held] = held_bytes([(0, cache)], params, x)
    assert 0 <= measured - held <= 16 * len(arrays_in((cache,)))  # an array of no numbers has a few bytes too


def test_views_count_as_the_array_that_they_keep_and_what_is_there_anyway_does_not():
    @record
    class Middle:
        """out = x[:, 1:2], of which it keeps two views; and every second number of an array of its own"""

    @forward.register(Middle)
    def middle_forward(params, x):
        out = x[:, 1:2]
        return out, (out, x[1:], {"own": np.ones(100)[::2]})

    backward.register(Middle)(lambda params, cache, dA: nn.Grads(params, np.tile(dA, 3)))

    def ones(out, y):
        return out.sum(), np.ones_like(out)

    whole = np.ones((1000, 3))
    for x in (whole, whole[:5], whole[:5].copy()):
        assert held_bytes([(0, forward(Middle(), x)[1])], x) == [800]
    x = whole[:5]
    net = (square, nn.Residual((nn.Relu(), square)), nn.Relu())
    assert held_bytes([(0, forward(net, x)[1])], net, x) == [240]
    assert [visit.held for visit in trace(net, x, None, ones).visits] == [0, 120, 120, 0, 120]
    assert "and 240 B are kept for backward" in str(summary(net, x, costs=True))


def test_numbers_with_the_prefix_of_their_size():
    texts = {0: "0 B", 999: "999 B", 999.6: "1 kB", 1000: "1 kB", 1234567: "1.23 MB", 2e9: "2 GB", 3e12: "3 TB"}
    assert {number: scaled(number, "B") for number in texts} == texts
    assert scaled(5e15, "B") == "5 PB"
    assert scaled(5e21, "B") == "5e+03 EB"
