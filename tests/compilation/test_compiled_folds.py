"""Several steps of training in one call: the states of `train`, whatever the number of steps and of threads."""

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import (
    Adam,
    AdamW,
    Array,
    ClipNorm,
    Dense,
    Dropout,
    Elementwise,
    Frozen,
    Grads,
    Momentum,
    Sigmoid,
    Tanh,
    TrainState,
    backward,
    binary_cross_entropy,
    cosine,
    evolve,
    forward,
    gradient,
    mlp,
    mse,
    namespace,
    record,
    sgd,
    state,
    train,
    update,
    value_and_grad,
)
from funcnn.compilation import compiled
from funcnn.errors import NotFiniteError, RangeError
from funcnn.optimizers import Adagrad, AMSGrad, Decay, Lion, NAdam, PerArray, RAdam, RMSProp
from funcnn.training import best_so_far, keep
from funcnn.trees import leaves
from funcnn.trees.walks import map_arrays

rng = np.random.default_rng(0)
x, y = rng.normal(size=(70, 2)), rng.normal(size=(70, 1))
net = mlp([2, 5, 1], hidden=Tanh(), seed=0)
batch = [(x, y)]


@record
class Counted(PerArray):
    """A user's optimizer: the mean of all gradients, and a factor that shrinks."""

    def step(self, g, p, t, s=0, factor=1.0):
        s = s + g
        return factor * s / t, s, factor * 0.99


@record
class Matrix:
    """A layer that does not look at the shape of its array."""

    W: Array


@forward.register(Matrix)
def matrix_forward(params, x):
    return x @ params.W, x


@backward.register(Matrix)
def matrix_backward(params, x, dA):
    return Grads(gradient(params, W=x.T @ dA), dA @ params.W.T)


@record
class Flat:
    """An optimizer whose steps have another shape than the parameters."""


@update.register(Flat)
def flat_update(optimizer, grads, params):
    return Grads(map_arrays(lambda g: g.reshape(-1), grads.params), None), optimizer


@record
class Late:
    """An optimizer that counts in twos, and steps only after a while."""

    after: int = 4
    t: int = state(default=0)


@update.register(Late)
def late_update(optimizer, grads, params):
    return Grads(grads.params, None), evolve(optimizer, t=optimizer.t + 2)


@record
class Told:
    """An optimizer whose state is not a number after the step."""

    t: object = state(default=0)


@update.register(Told)
def told_update(optimizer, grads, params):
    return grads, evolve(optimizer, t="done")


@record
class Changed:
    """An optimizer that counts its updates in a setting."""

    count: int = 0


@update.register(Changed)
def changed_update(optimizer, grads, params):
    return grads, evolve(optimizer, count=optimizer.count + 1)


@record
class Fresh(PerArray):
    """An optimizer that remembers nothing of the gradients."""

    def step(self, g, p, t, s=0):
        return g, namespace(g).ones_like(g)


@record
class Seen(Elementwise):
    """A layer with an array that is a state."""

    seen: Array = state()

    def value(self, x):
        return x * 1

    def slope(self, kept):
        return namespace(kept).ones_like(kept)

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


OPTIMIZERS = [
    *[
        (),
        Momentum(),
        Momentum(nesterov=True),
        Adam(),
        AdamW(where="!*.b"),
        AMSGrad(),
        RAdam(),
        RMSProp(),
        Lion(),
        NAdam(),
    ],
    *[Adagrad(), (Momentum(), Decay(1e-3)), (RMSProp(), ()), Counted(), Late()],
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_folds_of_any_length_are_the_run(optimizer):
    start, lr = TrainState(net, optimizer), cosine(0.05, steps=100)
    plain = last(train(start, batch * 100, value_and_grad(mse), lr))
    single = last(train(start, batch * 100, compiled(mse), lr))
    for every in (3, 7, 20, 100):
        function, taken = spy(compiled(mse))
        folded = last(train(start, batch * 100, function, lr, every=every))
        assert sum(taken) == folded.step == 100
        assert max(taken) >= every - 1
        assert type(folded.cost) is float
        for a, b in zip(leaves(folded), leaves(plain), strict=True):
            np.testing.assert_allclose(a, b, 1e-10, 1e-10)
        assert folded == single


def test_threads_have_the_same_bits():
    big = [(rng.normal(size=(3000, 2)), rng.normal(size=(3000, 1)))] * 6
    one, two = [last(train(TrainState(net, Adam()), big, compiled(mse, threads=n), 0.01, every=3)) for n in (1, 2)]
    assert one == two


def test_states_of_the_network_change():
    drops = (Dense.init(2, 8, seed=1), Dropout(0.3, seed=2), Frozen(Dense.init(8, 8, seed=3)), Dense.init(8, 1, seed=4))
    start = TrainState(drops, Momentum())
    plain = last(train(start, batch * 10, value_and_grad(mse), 0.01))
    function, taken = spy(compiled(mse))
    folded = last(train(start, batch * 10, function, 0.01, every=5))
    assert taken == [1, 4, 5]
    assert folded.params[1] == plain.params[1] == Dropout(0.3, seed=2, step=10)
    assert folded.params[2].layer is drops[2].layer
    for a, b in zip(leaves(folded), leaves(plain), strict=True):
        np.testing.assert_allclose(a, b, 1e-10, 1e-10)


def test_batches_of_another_shape_end_a_fold():
    data = [(x, y), (x, y), (x[:9], y[:9]), (x, y), (x, y), (x, y)]
    function, taken = spy(compiled(mse))
    folded = last(train(TrainState(net), data, function, 0.1, every=6))
    assert taken == [2, 1, 3]
    assert folded.params == last(train(TrainState(net), data, compiled(mse), 0.1, every=2)).params


@pytest.mark.parametrize(
    "optimizer", [ClipNorm(1.0), (Adam(), ClipNorm(1.0)), Told(), Fresh(), (Adam(), Changed())], ids=repr
)
def test_what_cannot_be_folded_takes_single_steps(optimizer):
    function = compiled(mse)
    start = now = TrainState(net, optimizer)
    for _ in range(20):
        cost, grads = function(now.params, x, y)
        grads, after = update(now.optimizer, grads, now.params)
        now = TrainState(sgd(now.params, grads, 0.01), after, now.step + 1, cost)
    for every in (1, 10):
        assert last(train(start, batch * 20, function, 0.01, every=every)) == now


@pytest.mark.parametrize("optimizer", [(), Momentum(), AdamW()], ids=repr)
def test_a_state_that_is_an_array_takes_its_next_value(optimizer):
    start, function = TrainState((*net, Seen(np.zeros(1))), optimizer), compiled(mse)
    made = last(train(start, batch * 4, function, 0.1, every=4))
    assert made == last(train(start, batch * 4, function, 0.1))
    plain = last(train(start, batch * 4, value_and_grad(mse), 0.1))
    np.testing.assert_allclose(made.params[-1].seen, plain.params[-1].seen, 1e-10)
    assert function.fold(made, batch * 2, [0.1, 0.1]) is not None


def test_a_step_of_another_shape_is_not_folded():
    layer = (Matrix(np.ones((2, 1))),)
    assert compiled(mse).fold(TrainState(layer), batch * 2, [0.1, 0.1]) is not None
    assert compiled(mse).fold(TrainState(layer, Flat()), batch * 2, [0.1, 0.1]) is None


def test_wide_networks_and_plain_functions_take_single_steps():
    wide, function = mlp([2, 300, 300, 1], seed=0), compiled(mse)
    assert function.fold(TrainState(wide), batch * 2, [0.1, 0.1]).step == 2
    steps = [now.step for now in train(TrainState(net), batch * 7, value_and_grad(mse), 0.1, every=3)]
    assert steps == [3, 6, 7]
    resumed = train(TrainState(net, step=4), batch * 7, value_and_grad(mse), 0.1, every=3)
    assert [now.step for now in resumed] == [6, 9, 11]
    constrained = train(TrainState(net), batch * 4, compiled(mse), 0.1, every=2, constraint=lambda params: params)
    assert [now.step for now in constrained] == [2, 4]


def test_errors_name_their_step():
    huge = [(x, y)] * 3 + [(x, np.full_like(y, 1e300))] + [(x, y)] * 2
    with pytest.raises(NotFiniteError, match="in step 3 the cost is inf"), np.errstate(over="ignore"):
        last(train(TrainState(net), huge, compiled(mse), 0.1, every=6))
    shares = [(x, np.full((70, 1), 0.5))] * 2 + [(x, np.full((70, 1), 1.5))]
    with pytest.raises(RangeError, match="y must be in "):
        last(train(TrainState((*net, Sigmoid())), shares, compiled(binary_cross_entropy), 0.1, every=3))


def test_a_state_that_was_scored_loses_its_score():
    run = best_so_far(train(TrainState(net), batch * 4, value_and_grad(mse), 0.1), lambda now: now.cost, better="lower")
    scored = keep(run)[-1]
    after = last(train(scored, batch * 4, compiled(mse), 0.1, every=4))
    assert (after.step, after.best_or_none, after.waited) == (8, None, 0)
