"""funcnn's recurrent layers, with a mask and both ends of the state: one mistake in each rule."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import GRU, LSTM, GlobalAvgPool, backward, forward, parameters, record
from funcnn.layers import RNN, Bidirectional, GlobalMaxPool, Last
from funcnn.testing import strategies as fst
from tests.mutants.family import family


def with_change(kind):
    """`change` takes (self, kept, before, after, dafter) and the right result."""

    @record
    class Wrong(kind):
        change: object

        def back(self, *given):
            return self.change(self, *given, kind.back(self, *given))

    return Wrong


WRONG = {kind: with_change(kind) for kind in (RNN, LSTM, GRU)}


def sizes_of(kind):
    g = kind.gates
    weights = [lambda s: (s["n"], g * s["k"]), lambda s: (s["k"], g * s["k"]), lambda s: (g * s["k"],)]
    weights += [lambda s: (s["k"],)] if kind is GRU else []
    return [lambda s: (s["m"], s["t"], s["n"]), *weights, *[lambda s: (s["m"], s["k"])] * kind.states]


def sequences(kind):
    """(mask, x, W, U, b, first state)"""

    def arrays(sizes):
        mask = hnp.arrays(bool, (sizes["m"], sizes["t"]))
        return st.tuples(mask, *[fst.tensor(shape(sizes)) for shape in sizes_of(kind)])

    return fst.dims("m", "t", "n", "k", most=3).flatmap(arrays)


def split(kind, arrays):
    """(weights, state)"""
    return arrays[: -kind.states], arrays[-1] if kind.states == 1 else tuple(arrays[-2:])


def whole(kind):
    """The outputs of all steps, and the last state."""

    def f(mask, x, *arrays):
        weights, state = split(kind, arrays)
        out, _, last = forward(kind(*weights), (x, mask, state))[0]
        parts = last if type(last) is tuple else (last,)
        return np.concatenate([out, *[part[:, None] for part in parts]], axis=1)

    return f


def gradients(kind, *, layer=None, cached=lambda cache: cache, change_dA=lambda dA: dA, found=lambda grads: grads):
    """The vjp by the rules of funcnn, with another layer, cache or dA in backward, or another result."""

    def vjp(mask, x, *rest):
        *arrays, dA = rest
        weights, state = split(kind, arrays)
        _, cache = forward(kind(*weights), (x, mask, state))
        t = x.shape[1]
        last = tuple([dA[:, t + i] for i in range(kind.states)])
        dA = change_dA((dA[:, :t], None, last if kind.states > 1 else last[0]))
        grads = backward(layer(*weights) if layer else kind(*weights), cached(cache), dA)
        dx, _, dstate = grads.x
        own = list(parameters(grads.params).values())
        return [None, *found([dx, *own, *(dstate if kind.states > 1 else [dstate])])]

    return vjp


of_kind = lambda name, kind: family(name, sequences(kind))(whole(kind), gradients(kind))

rnn, lstm, gru = (of_kind(f"{kind.__name__} with a mask", kind) for kind in (RNN, LSTM, GRU))


def changed(kind, change):
    return gradients(kind, layer=lambda *weights: WRONG[kind](*weights, change))


def no_mask(cache):
    x, mask, state = cache.given
    return cache._replace(given=(x, np.ones_like(mask), state))


states_after = lambda cache: cache._replace(before=(*cache.before[1:], cache.last))


def forget_gate_of_the_new_cell(layer, kept, before, after, dafter, right):
    return LSTM.back(layer, kept, (before[0], after[1]), after, dafter)


def swapped(dz):
    i, f, o, g = np.split(dz, 4, axis=1)
    return np.concatenate([i, o, f, g], axis=1)


def without_bias_of_reset(grads):
    dx, dW, dU, db, dc, dh = grads
    return [dx, dW, dU, db, db[-len(dc) :], dh]


def update_gate_negative(dz):
    r, u, n = np.split(dz, 3, axis=1)
    return np.concatenate([r, -u, n], axis=1)


# Both directions: the second layer reads the sequence backwards.


def both(x, *arrays):
    return forward(Bidirectional(RNN(*arrays[:3]), RNN(*arrays[3:])), x)[0]


def both_vjp(*args, change_dA=lambda d, e: (d, e[:, ::-1]), turn=lambda dx: dx[:, ::-1]):
    x, *arrays, dA = args
    one, other = RNN(*arrays[:3]), RNN(*arrays[3:])
    k = len(one.U)
    d, e = change_dA(dA[..., :k], dA[..., k:])
    a, b = backward(one, forward(one, x)[1], d), backward(other, forward(other, x[:, ::-1])[1], e)
    return [a.x + turn(b.x), *parameters((a.params, b.params)).values()]


def both_but(**change):
    return lambda *args: both_vjp(*args, **change)


ways = family("both ways", fst.tensors("m t n", "n k", "k k", "k", "n k", "k k", "k", most=3))(both, both_vjp)

# The last step that is not padding.


def at_positions(mask, x, dA, positions):
    """dA at one position of each row, padded or not."""
    return [None, np.where((np.arange(x.shape[1]) == positions[:, None])[..., None], dA[:, None], 0)]


def last_vjp(mask, x, dA):
    return [None, backward(Last(), forward(Last(), (x, mask))[1], dA).x[0]]


last = family(
    "last step with a mask",
    fst.dims("m", "t", "k").flatmap(
        lambda s: st.tuples(hnp.arrays(bool, (s["m"], s["t"])), fst.tensor((s["m"], s["t"], s["k"])))
    ),
)(lambda mask, x: forward(Last(), (x, mask))[0], last_vjp)

# The mean and the maximum over positions that are not padding.


def masked_pool(name, pool):
    return family(name, last.arguments)(
        lambda mask, x: forward(pool, (x, mask))[0], lambda mask, x, dA: [None, backward(pool, (x, mask), dA).x[0]]
    )


mean = masked_pool("global average pooling with a mask", GlobalAvgPool())
largest = masked_pool("global max pooling with a mask", GlobalMaxPool())

MUTANTS = [
    rnn.but("the mask in forward only: padding is 0 anyway")(gradients(RNN, cached=no_mask)),
    rnn.but("the last state's gradient left out: the last state was not used")(
        gradients(RNN, change_dA=lambda dA: (*dA[:2], None))
    ),
    rnn.but("dU from the state after: off by one in time")(gradients(RNN, cached=states_after)),
    rnn.but("1 - h for 1 - h^2: a square forgotten")(
        changed(RNN, lambda self, kept, before, after, d, right: ((1 - after[0]) * d[0],) * 2 + ((None,),))
    ),
    rnn.but("no gradient of the first state: it is 0")(
        gradients(RNN, found=lambda grads: [*grads[:-1], 0 * grads[-1]])
    ),
    lstm.but("the mask in forward only: padding is 0 anyway")(gradients(LSTM, cached=no_mask)),
    lstm.but("the forget gate from the new cell: overwritten in place")(changed(LSTM, forget_gate_of_the_new_cell)),
    lstm.but("gates in another order: torch's order, or the paper's")(
        changed(LSTM, lambda self, kept, before, after, d, right: (swapped(right[0]),) * 2 + right[2:])
    ),
    lstm.but("the cell is not carried back: h carries it all")(
        changed(LSTM, lambda self, kept, before, after, d, right: (*right[:2], (None, 0 * right[2][1])))
    ),
    lstm.but("the last cell's gradient left out: out is h alone")(
        gradients(LSTM, change_dA=lambda dA: (*dA[:2], (dA[2][0], None)))
    ),
    gru.but("the mask in forward only: padding is 0 anyway")(gradients(GRU, cached=no_mask)),
    gru.but("dU without the reset gate: as if it acted on nothing")(
        changed(GRU, lambda self, kept, before, after, d, right: (right[0], right[0], right[2]))
    ),
    gru.but("h is not passed on by the update gate: all goes through U")(
        changed(GRU, lambda self, kept, before, after, d, right: (*right[:2], (None,)))
    ),
    gru.but("the sign of the update gate: u or 1 - u, as the paper and torch differ")(
        changed(GRU, lambda self, kept, before, after, d, right: (*map(update_gate_negative, right[:2]), right[2]))
    ),
    gru.but("the second bias's gradient is the first's: two biases of one sum, as in the LSTM")(
        gradients(GRU, found=without_bias_of_reset)
    ),
    ways.but("dx of the second not turned round: it has the shape")(both_but(turn=lambda dx: dx)),
    ways.but("dA of the second not turned round: out was turned, dA not")(both_but(change_dA=lambda d, e: (d, e))),
    ways.but("halves taken for each other: both have one width")(both_but(change_dA=lambda d, e: (e, d[:, ::-1]))),
    last.but("the mask in forward only: x[:, -1] backwards")(
        lambda mask, x, dA: at_positions(mask, x, dA, np.full(len(x), x.shape[1] - 1))
    ),
    last.of(1).but("dA at every unpadded step: copied to all")(
        lambda mask, x, dA: np.where(mask[..., None], dA[:, None], 0)
    ),
    last.of(1).but("the first unpadded step: argmax finds the first")(
        lambda mask, x, dA: np.where(mask[..., None], at_positions(mask, x, dA, mask.argmax(1))[1], 0)
    ),
    last.but("dA at padded rows: argmax of no positions is 0")(
        lambda mask, x, dA: at_positions(mask, x, dA, x.shape[1] - 1 - mask[:, ::-1].argmax(1))
    ),
    last.but("gaps in the mask: the number of unpadded steps taken for the last index")(
        lambda mask, x, dA: at_positions(mask, x, dA, mask.sum(1) - 1)
    ),
    mean.of(1).but("divided by the number of all positions: a mean over the axis")(
        lambda mask, x, dA: mask[..., None] * dA[:, None] / x.shape[1]
    ),
    mean.but("dA at padded rows: the mask in forward only")(
        lambda mask, x, dA: [None, 0 * x + (dA / np.maximum(mask.sum(1), 1)[:, None])[:, None]]
    ),
    largest.of(1).but("the maximum over all positions: argmax of x as it is")(
        lambda mask, x, dA: np.where(mask[..., None], backward(GlobalMaxPool(), x, dA).x, 0)
    ),
    largest.but("dA at padded rows: argmax of no positions is 0")(
        lambda mask, x, dA: [None, backward(GlobalMaxPool(), np.where(mask[..., None], x, -np.inf), dA).x]
    ),
]
