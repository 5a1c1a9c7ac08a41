"""Layers that hold others, or that put arrays together and into other shapes."""

import numpy as np
from hypothesis import strategies as st

from funcnn import Flatten, Frozen, Residual, Tanh
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
from funcnn.testing.networks.cases.combinators import swish, swish_vjp
from funcnn.testing.strategies import tensor
from tests.peers.cases.dense import dense
from tests.peers.cases.drawing import within

MASK = np.array([[True, True, False], [False, True, True]])
IDS = np.array([[0, 3, 3], [1, 0, 3]])  # one of them three times, another not at all


def with_mask(x):
    return st.tuples(x, st.just(MASK))


def pairs(x):
    return st.tuples(with_mask(x), with_mask(x))


def block(n):
    return st.tuples(dense(n, n), st.just(Tanh()))


HERE = Here()
TWICE = (HERE, Tanh(), HERE, Tanh())
BRANCHES = (Copy(2), Parallel(((), TWICE)), Sum(), HERE)

CASES = {
    Frozen: [
        (st.builds(Frozen, dense(3, 4)), tensor((5, 3))),
        (st.builds(Frozen, st.tuples(dense(3, 5), st.just(Tanh()), dense(5, 1))), within(30, 2, 4, 3)),
    ],
    Copy: [
        (st.just(Copy(3)), tensor((4, 3))),
        (st.just(Copy(2)), with_mask(tensor((2, 3, 2)))),
    ],
    Parallel: [
        (st.builds(Parallel, st.tuples(dense(3, 2), block(4))), st.tuples(within(3, 5, 3), within(3, 5, 4))),
        (st.builds(Parallel, st.tuples(st.just(()), dense(3, 2))), st.tuples(within(3, 5, 3), within(3, 5, 3))),
    ],
    Sum: [
        (st.just(Sum()), st.tuples(*[tensor((4, 3))] * 3)),
        (st.just(Sum()), pairs(tensor((2, 3, 2)))),
    ],
    Concat: [
        (st.just(Concat()), st.tuples(tensor((4, 3)), tensor((4, 1)), tensor((4, 2)))),
        (st.just(Concat()), pairs(tensor((2, 3, 2)))),
    ],
    Take: [
        (st.just(Take(1)), st.tuples(tensor((4, 3)), tensor((4, 2)))),
        (st.just(Take(0)), with_mask(tensor((2, 3, 2)))),
    ],
    Residual: [
        (st.builds(Residual, block(3)), within(30, 5, 3)),
        (st.builds(Residual, st.builds(First, block(2))), with_mask(within(30, 2, 3, 2))),
    ],
    First: [
        (st.builds(First, block(3)), within(30, 5, 3)),
        (st.builds(First, block(2)), with_mask(within(30, 2, 3, 2))),
    ],
    Scale: [
        (st.builds(Scale, within(3, 3)), within(30, 5, 3)),
        (st.builds(Scale, within(3, 2)), within(30, 2, 3, 2)),
        (st.builds(Scale, within(3, 1).map(lambda a: a.reshape(()))), within(30, 5, 3)),
    ],
    Flatten: [
        (st.just(Flatten()), tensor((4, 3))),
        (st.just(Flatten()), tensor((2, 3, 2, 2))),
    ],
    Reshape: [
        (st.just(Reshape((3, -1))), tensor((4, 6))),
        (st.just(Reshape((6,))), tensor((2, 3, 2))),
    ],
    Map: [
        (st.builds(Map, st.tuples(st.just(Flatten()), dense(4, 3))), within(3, 2, 3, 2, 2)),
        (st.just(Map(Sum())), st.tuples(tensor((2, 3, 2)), tensor((2, 3, 2)))),
    ],
    Remat: [
        (st.builds(Remat, block(3)), within(30, 5, 3)),
        (st.builds(Remat, st.builds(First, block(2))), with_mask(within(30, 2, 3, 2))),
    ],
    Here: [(st.builds(Here, st.just("block"), block(3)), within(30, 5, 3))],
    Shared: [
        (st.builds(Shared, dense(3, 3), st.just(TWICE)), within(3, 5, 3)),
        (st.builds(Shared, dense(3, 3), st.tuples(st.just(BRANCHES), dense(3, 2))), within(3, 2, 5, 3)),
    ],
    Tied: [
        (st.builds(Tied, within(3, 5, 2), st.just(())), st.just(IDS)),
        (st.builds(Tied, within(3, 5, 2), st.builds(First, block(2))), st.just((IDS, MASK))),
    ],
    Function: [(st.just(Function(swish, swish_vjp)), within(30, 4, 3))],
}
