"""Kernels of LSTM and GRU beside the steps in NumPy."""

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import GRU, LSTM, backward, forward, record
from funcnn.compilation.kernels import recurrent
from funcnn.core import backward_params, forward_only
from funcnn.errors import FuncnnError
from funcnn.layers import RNN
from funcnn.layers.recurrent.steps import Cache, Stacked, steps_forward
from funcnn.trees import leaves
from tests.kernelled import for_all_sizes, kernels_are_on, without_kernels  # noqa: F401  used by every test

random = np.random.default_rng(0)
CELLS = [LSTM, GRU]
TOLERANCES = {np.float64: 1e-13, np.float32: 1e-5}
SHAPES = [  # m, t, n, k: parts of blocks and of panels
    (np.float64, (1, 1, 2, 1)),
    (np.float64, (7, 4, 3, 16)),
    (np.float64, (9, 3, 2, 33)),
    (np.float32, (13, 3, 1, 40)),
]


def drawn(*shape, dtype=np.float64):
    return random.standard_normal(shape).astype(dtype)


def states(cls, *shape, dtype):
    return drawn(*shape, dtype=dtype) if cls.states == 1 else (drawn(*shape, dtype=dtype), drawn(*shape, dtype=dtype))


def forms(cls, m, t, n, k, dtype):
    """x and dA in all forms."""
    x, dA, mask = drawn(m, t, n, dtype=dtype), drawn(m, t, k, dtype=dtype), random.random((m, t)) < 0.6
    first, dlast = states(cls, m, k, dtype=dtype), states(cls, m, k, dtype=dtype)
    padded = np.where(mask[..., None], x, np.nan).astype(dtype)
    yield x, dA
    yield (padded, mask), (dA, None)
    yield (x, None, first), (dA, None, dlast)
    yield (padded, np.asfortranarray(mask), first), (None, None, dlast)


def both_ways(layer, given, dA):
    out, cache = forward(layer, given)
    grads = backward(layer, cache, dA)
    params = backward_params(layer, cache, dA)
    made = [out, forward_only(layer, given), grads.x, *leaves(grads.params), *leaves(params)]
    return cache, [a for a in leaves(tuple(made)) if a is not None and a.dtype != bool]


def are_alike(made, plain, within):
    for one, other in zip(made, plain, strict=True):
        assert (one.dtype, one.shape, one.flags.writeable) == (other.dtype, other.shape, False)
        assert abs(one - other).max() <= within * max(1, abs(other).max())


@pytest.mark.parametrize("cls", CELLS)
@pytest.mark.parametrize(("dtype", "shape"), SHAPES)
def test_all_steps_are_those_of_the_rule(cls, shape, dtype):
    layer = cls.init(*shape[2:], seed=1, dtype=dtype)
    for given, dA in forms(cls, *shape, dtype):
        with for_all_sizes(steps_forward):
            cache, made = both_ways(layer, given, dA)
            with without_kernels():
                plain, found = both_ways(layer, given, dA)
                again = backward(layer, cache, dA)
        assert (type(cache), type(plain)) == (Stacked, Cache)
        are_alike(made, found, TOLERANCES[dtype])
        are_alike(leaves(again.params), leaves(backward(layer, plain, dA).params), TOLERANCES[dtype])


@pytest.mark.parametrize("cls", CELLS)
def test_infinite_and_missing_numbers_spread_as_in_the_rule(cls):
    layer, x, dA = cls.init(3, 5, seed=0), drawn(4, 6, 3), drawn(4, 6, 5)
    x[1, 2, 0], x[2, 3, 1], dA[3, 4, 0] = np.nan, np.inf, np.nan
    with for_all_sizes(steps_forward), np.errstate(invalid="ignore", over="ignore"):
        _, made = both_ways(layer, x, dA)
        with without_kernels():
            _, plain = both_ways(layer, x, dA)
    for one, other in zip(made, plain, strict=True):
        assert np.array_equal(np.isfinite(one), np.isfinite(other))


@record
class Louder(LSTM):
    """A user's subclass without a rule of its own."""


def test_what_goes_to_kernels():
    is_stacked = lambda layer, m, t: type(forward(layer, drawn(m, t, 4))[1]) is Stacked
    assert is_stacked(LSTM.init(4, 32, seed=0), 1, 32)
    assert not is_stacked(LSTM.init(4, 32, seed=0), 1, 31)  # few entries
    assert not is_stacked(LSTM.init(4, 64, seed=0), 16, 3)  # few steps
    assert not is_stacked(Louder.init(4, 32, seed=0), 1, 32)
    assert not is_stacked(RNN.init(4, 32, seed=0), 4, 32)
    assert not is_stacked(GRU.init(4, 32, seed=0), 0, 32)


def test_caches_that_kernels_leave_to_the_rule():
    layer, x, dA = LSTM.init(2, 4, seed=0), drawn(3, 5, 2), drawn(3, 5, 4)
    with for_all_sizes(steps_forward):
        cache, wide = forward(layer, x)[1], forward(LSTM.init(2, 5, seed=0), x)[1]
        gru = forward(GRU.init(2, 4, seed=0), x)[1]
    dlast = tuple([a[:, -1].copy() for a in cache.states])
    assert recurrent.steps_backward(layer, cache, None, dA, dlast) is not None
    assert recurrent.steps_backward(layer, cache, None, dA[:, ::-1], dlast) is None
    assert recurrent.steps_backward(layer, cache._replace(gates=(3, 2)), None, dA, dlast) is None
    assert recurrent.steps_backward(RNN.init(2, 4, seed=0), cache, None, dA, dlast) is None
    for foreign in (wide, gru):
        with pytest.raises(FuncnnError, match=r"cache must be what forward returned for this layer; cache: .*LSTM"):
            backward(layer, foreign, dA)
    reversed_ = backward(layer, cache, dA[:, ::-1])
    are_alike(leaves(reversed_.params), leaves(backward(layer, cache, dA[:, ::-1].copy()).params), 1e-13)
