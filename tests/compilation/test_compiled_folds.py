"""Several steps of training in one call: the states of `train`, whatever the number of steps and of threads."""

import re

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

import funcnn as nn
from funcnn.compilation import compiled
from funcnn.errors import NotFiniteError, RangeError
from funcnn.optimizers import Adagrad, AMSGrad, Decay, Lion, NAdam, PerArray, RAdam, Rates, RMSProp, Scheduled
from funcnn.training import best_so_far, keep
from funcnn.trees import leaves
from funcnn.trees.walks import map_arrays

rng = np.random.default_rng(0)
x, y = rng.normal(size=(70, 2)), rng.normal(size=(70, 1))
net = nn.mlp([2, 5, 1], hidden=nn.Tanh(), seed=0)
batch = [(x, y)]


@nn.record
class Counted(PerArray):
    """A user's optimizer: the mean of all gradients, and a factor that shrinks."""

    def step(self, g, p, t, s=0, factor=1.0):
        s = s + g
        return factor * s / t, s, factor * 0.99


@nn.record
class Matrix:
    """A layer that does not look at the shape of its array."""

    W: nn.Array


nn.forward.register(Matrix)(lambda params, x: (x @ params.W, x))
nn.backward.register(Matrix)(lambda params, x, dA: nn.Grads(nn.gradient(params, W=x.T @ dA), dA @ params.W.T))


@nn.record
class Flat:
    """An optimizer whose steps have another shape than the parameters."""


@nn.update.register(Flat)
def flat_update(optimizer, grads, params):
    return nn.Grads(map_arrays(lambda g: g.reshape(-1), grads.params), None), optimizer


@nn.record
class Late:
    """An optimizer that counts in twos, and steps only after a while."""

    after: int = 4
    t: int = nn.state(default=0)


@nn.update.register(Late)
def late_update(optimizer, grads, params):
    return nn.Grads(grads.params, None), nn.evolve(optimizer, t=optimizer.t + 2)


@nn.record
class Told:
    """An optimizer whose state is not a number after the step."""

    t: object = nn.state(default=0)


nn.update.register(Told)(lambda optimizer, grads, params: (grads, nn.evolve(optimizer, t="done")))


@nn.record
class Changed:
    """An optimizer that counts its updates in a setting."""

    count: int = 0


nn.update.register(Changed)(lambda optimizer, grads, params: (grads, nn.evolve(optimizer, count=optimizer.count + 1)))


@nn.record
class Fresh(PerArray):
    """An optimizer that remembers nothing of the gradients."""

    def step(self, g, p, t, s=0):
        return g, nn.namespace(g).ones_like(g)


@nn.record
class Seen(nn.Elementwise):
    """A layer with an array that is a state."""

    seen: nn.Array = nn.state()

    def value(self, x):
        return x * 1

    def slope(self, kept):
        return nn.namespace(kept).ones_like(kept)

    def own_gradients(self, dA, kept):
        return {"seen": dA.sum(axis=0)}


def last(run):
    *_, now = run
    return now


def spy(function):
    """The function, and the numbers of steps that its folds took."""
    taken = []

    class Spied:
        def __call__(self, params, x, y):
            taken.append(1)
            return function(params, x, y)

        def fold(self, now, batches, lrs):
            made = function.fold(now, batches, lrs)
            if made is not None:
                taken.append(made.step - now.step)
            return made

    return Spied(), taken


def fading(step):
    return 1e-3 / (1 + step)


def thawing(step):
    return ("0.*", 0.5 * (step >= 10)), ("*.b", 2.0)


OPTIMIZERS = [
    *[
        *[(), nn.Momentum(), nn.Momentum(nesterov=True), nn.Adam(), nn.AdamW(where="!*.b"), AMSGrad(), RAdam()],
        *[RMSProp(), Lion(), NAdam()],
    ],
    *[Adagrad(), (nn.Momentum(), Decay(1e-3)), (RMSProp(), ()), Counted(), Late()],
    Scheduled((nn.Momentum(), Decay(1e-3)), (("0.beta", nn.cosine(0.95, 50, final=0.5)), ("1.rate", fading))),
    (nn.Adam(), Scheduled(Rates(()), (("factors", thawing),))),
]


def name_of(optimizer):
    """The repr, without the addresses of functions."""
    return re.sub(r" at 0x\w+", "", repr(optimizer))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=name_of)
def test_folds_of_any_length_are_the_run(optimizer):
    start, lr = nn.TrainState(net, optimizer), nn.cosine(0.05, steps=100)
    plain = last(nn.train(start, batch * 100, nn.value_and_grad(nn.mse), lr))
    single = last(nn.train(start, batch * 100, compiled(nn.mse), lr))
    for every in (3, 7, 20, 100):
        function, taken = spy(compiled(nn.mse))
        folded = last(nn.train(start, batch * 100, function, lr, every=every))
        assert sum(taken) == folded.step == 100
        assert max(taken) >= every - 1
        assert type(folded.cost) is float
        for a, b in zip(leaves(folded), leaves(plain), strict=True):
            np.testing.assert_allclose(a, b, 1e-10, 1e-10)
        assert folded == single


def test_states_of_the_network_change():
    frozen = nn.Frozen(nn.Dense.init(8, 8, seed=3))
    drops = (nn.Dense.init(2, 8, seed=1), nn.Dropout(0.3, seed=2), frozen, nn.Dense.init(8, 1, seed=4))
    start = nn.TrainState(drops, nn.Momentum())
    plain = last(nn.train(start, batch * 10, nn.value_and_grad(nn.mse), 0.01))
    function, taken = spy(compiled(nn.mse))
    folded = last(nn.train(start, batch * 10, function, 0.01, every=5))
    assert taken == [1, 4, 5]
    assert folded.params[1] == plain.params[1] == nn.Dropout(0.3, seed=2, step=10)
    assert folded.params[2].layer is drops[2].layer
    for a, b in zip(leaves(folded), leaves(plain), strict=True):
        np.testing.assert_allclose(a, b, 1e-10, 1e-10)


def test_batches_of_another_shape_end_a_fold():
    data = [(x, y), (x, y), (x[:9], y[:9]), (x, y), (x, y), (x, y)]
    function, taken = spy(compiled(nn.mse))
    folded = last(nn.train(nn.TrainState(net), data, function, 0.1, every=6))
    assert taken == [2, 1, 3]
    assert folded.params == last(nn.train(nn.TrainState(net), data, compiled(nn.mse), 0.1, every=2)).params


@pytest.mark.parametrize("optimizer", [(), nn.Momentum(), nn.AdamW()], ids=repr)
def test_a_state_that_is_an_array_takes_its_next_value(optimizer):
    start, function = nn.TrainState((*net, Seen(np.zeros(1))), optimizer), compiled(nn.mse)
    made = last(nn.train(start, batch * 4, function, 0.1, every=4))
    assert made == last(nn.train(start, batch * 4, function, 0.1))
    plain = last(nn.train(start, batch * 4, nn.value_and_grad(nn.mse), 0.1))
    np.testing.assert_allclose(made.params[-1].seen, plain.params[-1].seen, 1e-10)
    assert function.fold(made, batch * 2, [0.1, 0.1]) is not None


def test_a_step_of_another_shape_is_not_folded():
    layer = (Matrix(np.ones((2, 1))),)
    assert compiled(nn.mse).fold(nn.TrainState(layer), batch * 2, [0.1, 0.1]) is not None
    assert compiled(nn.mse).fold(nn.TrainState(layer, Flat()), batch * 2, [0.1, 0.1]) is None


def test_wide_networks_and_plain_functions_take_single_steps():
    wide, function = nn.mlp([2, 300, 300, 1], seed=0), compiled(nn.mse)
    assert function.fold(nn.TrainState(wide), batch * 2, [0.1, 0.1]).step == 2
    steps = [now.step for now in nn.train(nn.TrainState(net), batch * 7, nn.value_and_grad(nn.mse), 0.1, every=3)]
    assert steps == [3, 6, 7]
    resumed = nn.train(nn.TrainState(net, step=4), batch * 7, nn.value_and_grad(nn.mse), 0.1, every=3)
    assert [now.step for now in resumed] == [6, 9, 11]
    constrained = nn.train(nn.TrainState(net), batch * 4, compiled(nn.mse), 0.1, every=2, constraint=lambda net: net)
    assert [now.step for now in constrained] == [2, 4]


def test_errors_name_their_step():
    huge = [(x, y)] * 3 + [(x, np.full_like(y, 1e300))] + [(x, y)] * 2
    with pytest.raises(NotFiniteError, match="in step 3 the cost is inf"), np.errstate(over="ignore"):
        last(nn.train(nn.TrainState(net), huge, compiled(nn.mse), 0.1, every=6))
    shares = [(x, np.full((70, 1), 0.5))] * 2 + [(x, np.full((70, 1), 1.5))]
    with pytest.raises(RangeError, match="y must be in "):
        last(nn.train(nn.TrainState((*net, nn.Sigmoid())), shares, compiled(nn.binary_cross_entropy), 0.1, every=3))


def test_a_state_that_was_scored_loses_its_score():
    run = nn.train(nn.TrainState(net), batch * 4, nn.value_and_grad(nn.mse), 0.1)
    run = best_so_far(run, lambda now: now.cost, better="lower")
    scored = keep(run)[-1]
    after = last(nn.train(scored, batch * 4, compiled(nn.mse), 0.1, every=4))
    assert (after.step, after.best_or_none, after.waited) == (8, None, 0)
