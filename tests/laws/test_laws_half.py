"""In float16, sums and means of more than 65,520 terms are as close to float64 as float16 allows."""

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Adam, ClipNorm, Dense, Grads, Momentum, losses, mse, optimizers, sgd, tree_map, update
from funcnn.arrays import is_float
from funcnn.losses import joint
from funcnn.testing import strategies as fst
from funcnn.trees import astype, leaves
from funcnn.trees.walks import row_count
from tests.cards import OPTIMIZERS as OF_CARDS
from tests.counts import at_most
from tests.narrow import LAYERS, LOSSES, MANY, check_layer_of_halves, check_loss_of_halves, drawn, of_many_terms

one = at_most(1)  # of each layer, with as many rows


def with_many_rows(x):
    """Rows as those of x, the floats in them drawn anew."""
    times = -(-MANY // row_count("test", "x", x))

    def of(a):
        if is_float(a):
            return drawn(times * len(a), *a.shape[1:])
        return np.tile(a, (times, *(1,) * (a.ndim - 1)))

    return tree_map(of, x)


@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
@one
@given(st.data())
def test_a_layer_of_many_rows(layer, data):
    params, x = data.draw(fst.cases(layer).filter(lambda case: row_count("test", "x", case[1]) > 0))
    check_layer_of_halves(params, with_many_rows(x))


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_of_many_terms(name):
    check_layer_of_halves(*of_many_terms(name))


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_of_many_terms(name):
    check_loss_of_halves(*LOSSES[name])


def test_every_loss_stands_in_the_table():
    assert {name.split(" ")[0].rstrip(",") for name in LOSSES} >= set(losses.__all__) - {
        *("weighted", "masked", "of_logits", "of_complex", "normalised"),
    }


OPTIMIZERS = [
    *[cls() for cls in OF_CARDS if all([field.default is not attrs.NOTHING for field in attrs.fields(cls)])],
    *[optimizers.RMSProp(centred=True, momentum=0.5), Momentum(nesterov=True)],
    *[
        *((ClipNorm(1e-3), Adam()), ClipNorm(9.0), optimizers.ClipValue(1e-3), optimizers.Decay(1e-3)),
        *(optimizers.L2(1e-3), optimizers.Rates((("*", 1e-3),))),
    ],
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0, 2e4])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_an_optimizer_computes_in_float32(optimizer, size):
    """In float16, 1e-8 is 0 as eps or as a square, and the square of 256 is infinite."""
    random = np.random.default_rng(0)
    net = astype(Dense(random.standard_normal((3, 2)), random.standard_normal(2)), np.float16)
    given = [tree_map(lambda p: (size * random.uniform(-1, 1, p.shape)).astype(np.float16), net) for _ in range(4)]
    zero = tree_map(lambda p: 0 * p, net)
    narrow, full = optimizer, optimizer
    for grads in (*given, zero):
        made, narrow = update(narrow, Grads(grads, None), net)
        expected, full = update(full, Grads(astype(grads, np.float32), None), astype(net, np.float32))
        for half, single in zip(leaves(made.params), leaves(expected.params), strict=True):
            assert half.dtype == np.float16
            np.testing.assert_allclose(half, single, rtol=2e-3, atol=2e-7 + 1e-3 * abs(single).max())
    assert {memory.dtype for memory in leaves((narrow,)) if is_float(memory)} <= {np.dtype(np.float32)}


def test_a_step_of_a_small_rate():
    p, g = np.zeros(2, np.float16), np.full(2, 6e4, np.float16)
    assert sgd(p, Grads(g, None), 1e-8).tolist() == np.full(2, -6e-4, np.float16).tolist()
    assert sgd(np.full(2, 6e4, np.float16), Grads(g, None), 2.0).tolist() == [-6e4, -6e4]


def test_an_average_and_a_projection():
    net = Dense(np.full((400, 1), 100, np.float16), None)
    _, optimizer = update(optimizers.Average(0.999), Grads(net, None), net)
    for _ in range(999):
        _, optimizer = update(optimizer, Grads(net, None), net)
    assert optimizers.averaged(optimizer, net) == net  # whose sums would be infinite in float16
    assert np.allclose(optimizers.unit_norm(net.W), 0.05, rtol=1e-3)
    assert optimizers.unit_norm(net.W).dtype == np.float16


def test_a_small_factor_of_a_joint_loss():
    out = np.full((1, 1), 6e4, np.float16)
    _, (dA,) = joint(mse, factors=[1e-8])((out / 2,), (out * 0,))
    assert dA.dtype == np.float16
    assert dA.item() == pytest.approx(6e-4, rel=1e-3)
