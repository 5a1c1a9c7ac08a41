"""Embeddings and positions, with a mask."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import Embedding, forward
from funcnn.layers import LearnedPosition, Rotary, SinusoidalPosition, rotate, rotate_backward
from funcnn.testing import strategies as fst
from tests.mutants.family import family


def with_mask(*shapes, ids=False):
    """(mask, *arrays) or (mask, ids, *arrays), for m sequences of t positions."""

    def arrays(sizes):
        own = [tuple([sizes.get(word) or int(word) for word in shape.split()]) for shape in shapes]
        mt = sizes["m"], sizes["t"]
        some = [hnp.arrays(np.intp, mt, elements=st.integers(0, sizes["s"] - 1))] if ids else []
        return st.tuples(hnp.arrays(bool, mt), *some, *map(fst.tensor, own))

    words = sorted({word for word in " ".join(["m t s", *shapes]).split() if not word.isdecimal()})
    return fst.dims(*words).flatmap(arrays)


there = lambda mask, d: np.where(mask[..., None], d, 0)


def added(mask, ids, W, dA):
    """A matrix of ones and zeros and the rows of dA: their product adds each row of dA to the row of its id."""
    ones = (ids.reshape(-1) == np.arange(len(W))[:, None]) & mask.reshape(-1)
    return ones, dA.reshape(-1, W.shape[1])


def embedding_vjp(mask, ids, W, dA):
    ones, rows = added(mask, ids, W, dA)
    return [None, None, ones.astype(dA.dtype) @ rows]


def by_assignment(mask, ids, W, dA):
    dW = np.zeros_like(W)
    dW[ids] += there(mask, dA)
    return [None, None, dW]


def mean_of_a_symbol(mask, ids, W, dA):
    ones, rows = added(mask, ids, W, dA)
    return [None, None, ones @ rows / np.maximum(ones.sum(1, keepdims=True), 1)]


embedding = family("embedding", with_mask("s n", ids=True))(
    lambda mask, ids, W: forward(Embedding(W), (ids, mask))[0][0], embedding_vjp
)


def learned_vjp(mask, x, P, dA, *, seen=there, rows=lambda d: d.sum(0)):
    d, dP = seen(mask, dA), np.zeros_like(P)
    dP[: x.shape[1]] = rows(d)
    return [None, there(mask, dA), dP]


def learned_but(**change):
    return lambda *args: learned_vjp(*args, **change)


learned = family("learned positions", with_mask("m t n", "t n"))(
    lambda mask, x, P: forward(LearnedPosition(P), (x, mask))[0][0], learned_vjp
)

clocks = family("sinusoidal positions", with_mask("m t 4"))(
    lambda mask, x: forward(SinusoidalPosition(base=3.0), (x, mask))[0][0], lambda mask, x, dA: [None, there(mask, dA)]
)

waves = lambda x: forward(SinusoidalPosition(base=3.0), np.zeros_like(x))[0]

turns = family("rotary positions with a mask", with_mask("m t 4"))(
    lambda mask, x: forward(Rotary(base=3.0), (x, mask))[0][0],
    lambda mask, x, dA: [None, rotate_backward(there(mask, dA), 0, 3.0)],
)

MUTANTS = [
    embedding.but("the last of one id wins: dW[ids] += dA, which adds once")(by_assignment),
    embedding.but("the mask in forward only: padding has an id, too")(
        lambda mask, ids, W, dA: embedding_vjp(np.ones_like(mask), ids, W, dA)
    ),
    embedding.but("the mean over the positions of a symbol: frequent symbols learn too fast")(mean_of_a_symbol),
    embedding.but("id 0 is padding: so it is elsewhere")(
        lambda mask, ids, W, dA: embedding_vjp(mask & (ids > 0), ids, W, dA)
    ),
    learned.but("the mean over rows: the cost is a mean")(learned_but(rows=lambda d: d.mean(0))),
    learned.but("the mask in forward only: P is not a part of x")(learned_but(seen=lambda mask, d: d)),
    learned.but("positions from 1: off by one")(learned_but(rows=lambda d: np.roll(d.sum(0), 1, axis=0))),
    clocks.of(1).but("dA times the waves: as if they were factors")(lambda mask, x, dA: there(mask, dA) * waves(x)),
    clocks.of(1).but("the mask in forward only: dx of padding is not used")(lambda mask, x, dA: +dA),
    clocks.of(1).but("no dx: an encoding is constant")(lambda mask, x, dA: np.zeros_like(x)),
    turns.of(1).but("turned the same way: the sign")(lambda mask, x, dA: rotate(there(mask, dA), 0, 3.0)),
    turns.of(1).but("positions from 1: off by one")(lambda mask, x, dA: rotate_backward(there(mask, dA), 1, 3.0)),
    turns.of(1).but("halves for pairs: the other way to write it")(
        lambda mask, x, dA: rotate_backward(there(mask, dA)[..., [0, 2, 1, 3]], 0, 3.0)[..., [0, 2, 1, 3]]
    ),
    turns.of(1).but("the mask in forward only: a rotation keeps zeros")(
        lambda mask, x, dA: rotate_backward(dA, 0, 3.0)
    ),
]
