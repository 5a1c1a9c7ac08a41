"""Training as a fold of immutable states."""

import math
from functools import partial
from typing import Any

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, forward, mlp, mse, record, sgd, state, train, tree_map, update, value_and_grad
from funcnn.errors import NotFiniteError
from funcnn.files import fingerprint
from funcnn.optimizers import nonnegative, project
from funcnn.training import while_finite
from funcnn.trees import map_parameters

r = np.random.default_rng(0)
x = r.standard_normal((60, 2))
y = np.sin(x[:, :1])
net = mlp([2, 8, 1], hidden=nn.Tanh(), seed=1)
step = value_and_grad(mse)


@record
class Momentum:
    """Polyak 1964: m' = beta m + g"""

    beta: float = 0.9
    memory: Any = state(default=None)


@update.register(Momentum)
def momentum_update(optimizer, grads, params):
    memory = grads.params
    if optimizer.memory is not None:
        memory = map_parameters(lambda g, m: g + optimizer.beta * m, memory, optimizer.memory)
    return nn.Grads(memory, grads.x), nn.evolve(optimizer, memory=memory)


def last(states):
    *_, final = states
    return final


def test_it_is_the_four_lines():
    params, lr = net, 0.1
    for now in train(nn.TrainState(net), [(x, y)] * 5, step, lr):
        out, cache = forward(params, x)
        cost, dA = mse(out, y)
        grads = backward(params, cache, dA)
        params = sgd(params, grads, lr)
        assert now.params == params
        assert now.cost == cost
    assert now.step == 5
    assert now.optimizer == ()


def test_every_may_be_any_count():
    one, all_at_once = [last(train(nn.TrainState(net), [(x, y)] * 3, step, 0.1, every=n)) for n in (1, 2**63 - 1)]
    assert all_at_once == one


def test_an_optimizer_transforms_the_gradient():
    heavy, plain = [last(train(nn.TrainState(net, o), [(x, y)] * 3, step, 0.01)) for o in (Momentum(), ())]
    velocity, params = 0, net
    for _ in range(3):
        _, grads = step(params, x, y)
        velocity = tree_map(lambda g, m: g + 0.9 * m, grads.params, velocity) if velocity else grads.params
        params = sgd(params, nn.Grads(velocity, None), 0.01)
    assert heavy.params == params
    assert heavy.params != plain.params
    assert heavy.optimizer.memory is not None


def test_the_momentum_of_a_user_has_the_bits_of_the_one_that_is_there():
    ours, theirs = [last(train(nn.TrainState(net, o), [(x, y)] * 9, step, 0.01)) for o in (nn.Momentum(), Momentum())]
    assert ours.params == theirs.params


def test_a_constraint_follows_each_step():
    """Also the last, and that before which a run stops and resumes; states are not touched"""
    positive = partial(project, onto=nonnegative, where="*.W")
    options = {"constraint": positive}
    start = nn.TrainState(net, Momentum())
    states = list(train(start, [(x, y)] * 6, step, 0.05, **options))
    for now in states:
        assert min(now.params[0].W.min(), now.params[2].W.min()) >= 0
    assert states[-1].params[0].b.min() < 0
    by_hand = positive(next(train(start, [(x, y)], step, 0.05)).params)
    assert states[0].params == by_hand
    *_, resumed = train(states[2], [(x, y)] * 3, step, 0.05, **options)
    assert fingerprint(resumed) == fingerprint(states[-1])


def test_a_constraint_may_return_arrays_that_can_be_written_to():
    vectors = (np.ones(2), np.ones(3))
    gradient = lambda params, x, y: (1.0, nn.Grads(params, None))
    start = nn.TrainState(vectors)
    now = next(train(start, [(x, y)], gradient, 0.25, constraint=lambda p: tuple([np.array(a) for a in p])))
    assert [a.tolist() for a in now.params] == [[0.75, 0.75], [0.75, 0.75, 0.75]]
    assert not any([a.flags.writeable for a in now.params])


def test_states_are_of_the_class_of_their_start():
    @record
    class Named(nn.TrainState):
        name: str = state(default="")

    run = list(train(Named(net, Momentum(), name="mine"), [(x, y)] * 3, step, 0.1))
    assert [(type(now), now.name, now.step) for now in run] == [(Named, "mine", i) for i in (1, 2, 3)]
    plain = last(train(nn.TrainState(net, Momentum()), [(x, y)] * 3, step, 0.1))
    assert (run[-1].params, run[-1].optimizer) == (plain.params, plain.optimizer)


def test_the_last_state_of_a_run_that_is_finished():
    start = nn.TrainState(net, step=2)
    assert [start, *train(start, ([(x, y)] * 2)[start.step :], step, 0.1)][-1] is start


# Numbers that are not finite, with a value_and_grad of one's own


@record
class Pair:
    """A record without a rule for forward."""

    generator: Any
    critic: Any


def of_two(params, x, y):
    """The gradient of two networks, of which the second sees the output of the first, and other data as well."""
    first, second = params if type(params) is tuple else (params.generator, params.critic)
    made, cache = forward(first, x)
    out, cache_of_second = forward(second, np.concatenate([made, y], axis=1))
    cost, dA = mse(out, 0 * out)
    grads = backward(second, cache_of_second, dA)
    both = (backward(first, cache, grads.x[:, :1]).params, grads.params)
    return cost, nn.Grads(both if type(params) is tuple else Pair(*both), None)


@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
@pytest.mark.parametrize("params", [(net, mlp([2, 4, 1], seed=2)), Pair(net, mlp([2, 4, 1], seed=2))])
def test_two_networks_end_in_a_not_finite_error_too(params):
    run = lambda: train(nn.TrainState(params), [(x, y)] * 99, of_two, 1e9)
    with pytest.raises(NotFiniteError, match=r"^train: in step \d+ the cost is (nan|inf); .* is the cause$"):
        list(run())
    assert 1 <= len(list(while_finite(run()))) < 99


def test_the_origin_of_a_nan_is_found_among_the_arguments_of_any_function():
    holed = np.where(np.arange(60) == 7, np.nan, 1.0)[:, None]
    hundred = Pair(net, (nn.Dense(np.full((2, 1), np.inf), None),))
    function = lambda params, x, y: (np.nan, nn.Grads(params, None))
    for params, y_given, culprit in ((Pair(net, net), holed, "y"), (hundred, y, "params.critic.0.W")):
        with pytest.raises(NotFiniteError, match=f"the first array that is not finite is {culprit}$"):
            next(train(nn.TrainState(params), [(x, y_given)], function, 0.1))


def test_a_layer_is_found_where_forward_applies():
    wild = (nn.Tanh(), (nn.Dense(np.full((2, 1), 1e308), None), nn.Tanh()))
    with pytest.raises(NotFiniteError, match=r"is out of layer 1.0, Dense\(W=<f64 \[\[1.e\+308\] \[1.e\+308\]\]>"):
        next(train(nn.TrainState(wild), [(9 + 9 * abs(x), y)], lambda *given: (np.nan, nn.Grads(wild, None)), 0.1))


def test_nothing_to_do_is_done():
    assert list(train(nn.TrainState(net), [], step, 0.1)) == []
    assert math.isnan(nn.TrainState(net).cost)


def test_a_saturated_sigmoid_trains_on():
    """In the article's classes it turned every weight into NaN."""
    wild = (nn.Dense(np.full((2, 1), 1e4), np.zeros(1)), nn.Sigmoid())
    final = last(train(nn.TrainState(wild), [(x, (y > 0) * 1.0)] * 50, value_and_grad(nn.binary_cross_entropy), 1.0))
    assert math.isfinite(final.cost)
