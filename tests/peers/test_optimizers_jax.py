"""A step with each optimizer inside `jax.jit`: traced twice, equal to NumPy, and float32 for a float32 network."""

import numpy as np
import pytest

from funcnn import (
    Adam,
    AdamW,
    ClipNorm,
    Grads,
    Momentum,
    layers,
    mse,
    one_cycle,
    record,
    sgd,
    tree_map,
    update,
    value_and_grad,
)
from funcnn.optimizers import (
    L2,
    Adadelta,
    Average,
    Decay,
    Muon,
    NAdam,
    RAdam,
    Rates,
    RMSProp,
    Scheduled,
    averaged,
    init,
    nonnegative,
    project,
    unit_norm,
)
from funcnn.schedules import stages
from funcnn.trees import leaves
from tests.cards import OPTIMIZERS as OF_CARDS
from tests.cards import optimizers_of

jax = pytest.importorskip("jax", reason="its jit is what the steps run in")
jnp = jax.numpy
pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]


@record
class Thawing:
    every: int = 2

    def __call__(self, step):
        return (("0.*", 0.5 * (step >= self.every)), ("2.*", 1.0))


OPTIMIZERS = [
    *((), Momentum(nesterov=True), NAdam(psi=1e6), RAdam(b2=0.6), RMSProp(centred=True, momentum=0.5)),
    *(Muon(nesterov=False), AdamW(where="!*.b"), Decay(0.1, "*.W"), Rates((("0.*", 0.1),))),
    *[optimizer for cls in OF_CARDS for optimizer in optimizers_of(cls)],
    Scheduled(Decay(0.1), (("rate", one_cycle(0.1, 4)),)),
    Scheduled(Rates((("0.*", 1.0),)), (("factors.0.1", stages((0, 2), (1, 1))),)),
    (Adam(), Scheduled(Rates(()), (("factors", Thawing()),))),
    (ClipNorm(0.1), L2(0.1), Adam(), Rates((("2.*", 2.0),)), Decay(0.1), Average(0.9)),
]
NET = layers.mlp([2, 4, 1], hidden=layers.Tanh(), seed=0)
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((20, 2)), RNG.standard_normal((20, 1))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_a_training_step_is_traced_twice_and_gives_what_numpy_gives(optimizer, dtype):
    x, y = X.astype(dtype), Y.astype(dtype)
    traced = []

    def step(params, optimizer, x, y, lr):
        traced.append(type(x))
        _, grads = value_and_grad(mse)(params, x, y)
        grads, optimizer = update(optimizer, grads, params)
        return sgd(params, grads, lr), optimizer

    jitted = jax.jit(step)
    ours = theirs = tree_map(lambda a: a.astype(dtype), NET), optimizer
    lr = 1.0 if isinstance(optimizer, Adadelta) else 0.01
    for _ in range(5):
        ours, theirs = step(*ours, x, y, lr), jitted(*theirs, x, y, lr)
    assert len([cls for cls in traced if cls is not np.ndarray]) <= 2
    a, b = [[leaf for leaf in leaves(run) if leaf.shape] for run in (ours, theirs)]  # of jit, numbers are arrays too
    for mine, other in zip(a, b, strict=True):
        np.testing.assert_allclose(other, mine, rtol=0, atol=1e-12 if dtype is np.float64 else 1e-5)
    assert {leaf.dtype for leaf in b} == {np.dtype(dtype)}
    if isinstance(optimizer, Average):
        a, b = [leaves(averaged(*reversed(run))) for run in (ours, theirs)]
        for mine, other in zip(a, b, strict=True):
            np.testing.assert_allclose(other, mine, rtol=1e-5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_a_scan_is_a_loop_where_the_memory_is_made_before_it(optimizer):
    def step(carry, _):
        params, optimizer = carry
        grads, optimizer = update(optimizer, value_and_grad(mse)(params, X, Y)[1], params)
        return (sgd(params, grads, 0.01), optimizer), None

    carry = start = NET, init(optimizer, NET)
    scanned, _ = jax.lax.scan(step, start, length=4)
    for _ in range(4):
        carry, _ = step(carry, None)
    ours, theirs = [
        [leaf for leaf in leaves(run) if leaf.shape] for run in (carry, scanned)
    ]  # of a scan, numbers are too
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-12)
    assert jax.tree.structure(scanned) == jax.tree.structure(start)


@pytest.mark.parametrize("onto", [nonnegative, unit_norm])
def test_constraints_are_those_of_numpy(onto):
    ours = project(NET, onto, "*.W")
    theirs = jax.jit(lambda net: project(net, onto, "*.W"))(NET)
    for a, b in zip(leaves(ours), leaves(theirs), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-14)


@pytest.mark.parametrize("size", [1e-30, 1e20])
def test_lengths_whose_square_is_no_number(size):
    g = (np.arange(-3.0, 5).reshape(4, 2) * size).astype(np.float32)
    for f in (unit_norm, lambda g: update(ClipNorm(size), Grads(g, None), g)[0].params):
        ours, theirs = f(g), jax.jit(f)(g)
        assert theirs.dtype == np.float32
        np.testing.assert_allclose(theirs, ours, rtol=1e-6)
        assert np.isfinite(ours).all()
        assert ours.any()


def test_a_number_for_a_parameter():
    net = (layers.Dense(np.ones((1, 1)), None), np.array(2.0))
    grads = Grads((layers.Dense(np.ones((1, 1)), None), np.array(3.0)), None)
    for optimizer in (Momentum(), Momentum(nesterov=True), Adam(), AdamW(), NAdam(), NAdam(psi=1e6), RAdam()):
        ours, theirs = update(optimizer, grads, net)[0], jax.jit(update)(optimizer, grads, net)[0]
        assert theirs.params[1].shape == ()
        np.testing.assert_allclose(theirs.params[1], ours.params[1], rtol=1e-12)
