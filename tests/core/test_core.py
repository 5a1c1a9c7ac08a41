"""The four lines and the functions made of them."""

import pickle
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, forward, gradient, inference, mlp, mse, predict, record, reseed, sgd, state, value_and_grad
from funcnn.core import backward_params, forward_only
from funcnn.layers import Identity
from funcnn.traits import gives_probabilities, is_inert
from funcnn.trees import leaves

L = TypeVar("L")


@record
class RunningMean:
    """out = x - mean; the mean of what it sees is a state, and so is how often it saw something."""

    mean: nn.Array = state()
    seen: int = state(default=0)
    keep: float = 0.9


forward.register(RunningMean)(lambda params, x: (x - params.mean, x))


@backward.register(RunningMean)
def running_mean_backward(params: RunningMean, x: nn.Array, dA: nn.Array):
    mean = params.keep * params.mean + (1 - params.keep) * x.mean(axis=0)
    return nn.Grads(gradient(params, mean=mean, seen=params.seen + 1), dA)


@record
class Noisy:
    """A layer that trains otherwise than it predicts, and has a seed."""

    seed: nn.Seed = state()


@forward.register(Noisy)
def noisy_forward(params: Noisy, x: nn.Array):
    return x + np.random.default_rng(params.seed).standard_normal(x.shape), ()


backward.register(Noisy)(lambda params, cache, dA: nn.Grads(gradient(params), dA))
inference.register(Noisy)(lambda params: Identity())
reseed.register(Noisy)(lambda params, i: nn.evolve(params, seed=(*params.seed, i)))


@record
class Twice(Generic[L]):
    """A combinator of one's own, which needs its two rules only."""

    first: L
    second: Any
    share: float = 0.5
    sizes: tuple = (1, 2)


@forward.register(Twice)
def twice_forward(params: Twice, x: nn.Array):
    (a, first), (b, second) = forward(params.first, x), forward(params.second, x)
    return params.share * (a + b), (first, second)


@backward.register(Twice)
def twice_backward(params: Twice, cache: tuple, dA: nn.Array):
    a, b = (
        backward(part, kept, params.share * dA) for part, kept in zip((params.first, params.second), cache, strict=True)
    )
    return nn.Grads(gradient(params, first=a.params, second=b.params), a.x + b.x)


r = np.random.default_rng(0)
x, y = r.standard_normal((20, 2)), r.standard_normal((20, 1))
net = (
    nn.Dense.init(2, 4, seed=1),
    RunningMean(np.zeros(4)),
    Twice(Noisy(5), (nn.Relu(), Noisy(6), nn.Dense.init(4, 4, seed=2))),
    nn.Dense.init(4, 1, seed=3),
)


def test_the_four_lines_word_for_word():
    params, lr, costs = net, 0.05, []
    for _ in range(100):
        out, cache = forward(params, x)
        cost, dA = mse(out, y)
        grads = backward(params, cache, dA)
        params = sgd(params, grads, lr)
        costs.append(cost)
    assert costs[-1] < 0.8 * costs[0]
    assert params[1].seen == 100
    assert params[1].mean.any()
    assert net[1].seen == 0


def test_a_gradient_never_resets_a_state():
    params = RunningMean(np.ones(2), seen=7, keep=0.5)
    held = gradient(params)
    assert held == evolve_unchecked(params, mean=None, seen=None)
    after = sgd(params, nn.Grads(held, None), 0.1)
    assert after == params
    _, cache = forward(params, x)
    assert sgd(params, backward(params, cache, x), 0.0) == RunningMean(0.5 + 0.5 * x.mean(axis=0), seen=8, keep=0.5)


def evolve_unchecked(params, **changes):
    from funcnn.records import build, plans

    return build(type(params), [changes.get(name, getattr(params, name)) for name, _ in plans[type(params)]])


def test_numbers_stay_arrays_through_a_step():
    params = nn.Dense(np.ones((1, 1)), np.ones(1))
    _, cache = forward(params, np.ones((1, 1)))
    after = sgd(params, backward(params, cache, np.ones((1, 1))), 1)
    assert after == nn.Dense(np.zeros((1, 1)), np.zeros(1))

    @record
    class Scale:
        k: nn.Array

    scale = Scale(np.float64(2))
    step = nn.Grads(gradient(scale, k=np.float64(1)), None)
    assert sgd(scale, step, np.float32(0.5)) == Scale(np.array(1.5))
    assert sgd(scale, step, np.array(0.5)).k.shape == ()


def test_a_step_keeps_the_dtype_whatever_that_of_the_gradient():
    params = nn.tree_map(lambda a: a.astype(np.float32), mlp([2, 1], seed=0))
    after = sgd(params, nn.Grads(nn.tree_map(lambda a: a.astype(np.float64), params), None), np.float64(0.1))
    assert {a.dtype for a in leaves(after)} == {np.dtype(np.float32)}


def test_inference_and_reseed_reach_into_a_combinator():
    predicting = inference(net)
    assert predicting[2].first == Identity()
    assert predicting[2].second[1] == Identity()
    assert predicting[0] is net[0]
    assert inference(predicting) == predicting
    child = reseed(net, 4)
    assert child[2].first.seed == (5, 4)
    assert child[2].second[1].seed == (6, 4)
    assert child[2].second[2] is net[2].second[2]
    chain = net[:1]  # nothing in it draws
    assert reseed(chain, 1) is chain


def test_predict_takes_rows_a_few_at_a_time():
    whole = predict(net, x)
    assert np.array_equal(whole, forward(inference(net), x)[0])
    for rows in (1, 7, 20, 100):
        assert np.allclose(predict(net, x, rows=rows), whole, rtol=0, atol=1e-14)
    assert predict(net, x[:0]).shape == (0, 1)
    assert np.array_equal(predict(nn.Relu(), x), np.maximum(x, 0))


def test_the_shortcuts_are_the_verbs():
    _, cache = forward(net, x)
    dA = r.standard_normal((20, 1))
    assert backward_params(net, cache, dA) == backward(net, cache, dA).params
    assert np.array_equal(forward_only(net, x), forward(net, x)[0])
    for params in (
        *((), (nn.Relu(),), (nn.Relu(), ()), ((nn.Relu(), nn.Dense.init(2, 1, seed=0)),)),
        (RunningMean(np.zeros(2)), nn.Relu()),
    ):
        out, cache = forward(params, x)
        assert backward_params(params, cache, out) == backward(params, cache, out).params


def test_what_is_inert_needs_no_gradient():
    assert is_inert((nn.Relu(), (), (nn.layers.LeakyRelu(),)))
    assert not is_inert(Noisy(1))
    assert not is_inert((nn.Relu(), (nn.Dense.init(1, 1, seed=0),)))


def test_value_and_grad_is_the_first_three_lines():
    out, cache = forward(net, x)
    cost, dA = mse(out, y)
    assert value_and_grad(mse)(net, x, y) == (cost, nn.Grads(backward(net, cache, dA).params, None))


def test_value_and_grad_has_the_gradient_of_the_inputs_where_asked():
    out, cache = forward(net, x)
    cost, dA = mse(out, y)
    with_inputs = value_and_grad(mse, inputs=True)
    assert with_inputs(net, x, y) == (cost, backward(net, cache, dA))
    assert with_inputs(net, x, y)[1].x.shape == x.shape
    assert pickle.loads(pickle.dumps(with_inputs))(net, x, y) == with_inputs(net, x, y)
    words = nn.Embedding.init(5, 2, seed=0)
    assert with_inputs(words, np.array([0, 3]), np.ones((2, 2)))[1].x is None
    pairs, loss = nn.layers.Parallel((net, net)), nn.losses.joint(mse, mse)
    dx = value_and_grad(loss, inputs=True)(pairs, (x, 2 * x), (y, y))[1].x
    assert np.array_equal(dx[0], with_inputs(net, x, y)[1].x)
    start, data = nn.TrainState(net, nn.Adam()), [(x, y)] * 3
    *_, plain = nn.train(start, data, value_and_grad(mse), 0.1)
    *_, other = nn.train(start, data, with_inputs, 0.1)
    assert plain == other


def test_the_end_of_a_network_is_found():
    assert gives_probabilities((nn.Relu(), (nn.Sigmoid(), ()), ()))
    assert not gives_probabilities((nn.Sigmoid(), nn.Relu()))
    assert not gives_probabilities(())
    logits = nn.losses.weighted(nn.binary_cross_entropy_with_logits)
    with pytest.raises(nn.errors.KindError, match="takes logits"):
        value_and_grad(logits)((nn.Dense.init(2, 1, seed=1), (nn.Sigmoid(),)), x, (y, y))
    value_and_grad(nn.losses.weighted(nn.mse))((nn.Dense.init(2, 1, seed=1), nn.Sigmoid()), x, (y, y * y))


def test_no_rule_of_a_chain_reaches_a_named_tuple():
    class Pair(NamedTuple):
        first: Any
        second: Any

    for verb, rest in ((forward, (x,)), (backward, ((), x)), (inference, ()), (reseed, (1,))):
        with pytest.raises(nn.errors.KindError, match=r"not Pair; write tuple\(params\)"):
            verb(Pair(nn.Relu(), nn.Relu()), *rest)


def test_a_rule_registered_later_is_found():
    @record
    class Late(nn.Relu):
        pass

    assert np.array_equal(forward(Late(), x)[0], np.maximum(x, 0))
    forward.register(Late)(lambda params, x: (x, x))
    assert forward(Late(), x)[0] is x
    assert forward.dispatch(Late)(Late(), x) == (x, x)


def test_parts_of_a_rule_are_those_of_the_nearest_class():
    @record
    class LateConv(nn.layers.Conv1d):
        pass

    @record
    class LateTanh(nn.Tanh):
        pass

    steps = np.ones((1, 4, 2))
    conv = LateConv.init(2, 2, kernel=1, seed=0)
    assert forward_only(LateTanh(), steps)[0, 0, 0] == np.tanh(1)
    assert backward_params(conv, forward(conv, steps)[1], steps).W.any()
    for cls in (LateConv, LateTanh):
        forward.register(cls)(lambda params, x: (x, x))
        backward.register(cls)(lambda params, x, dA: nn.Grads(params, dA))
    assert forward_only(LateTanh(), steps) is steps
    assert backward_params(conv, steps, steps) is conv


def test_a_dense_layer_without_a_bias():
    params = nn.Dense.init(2, 3, seed=0, bias=False)
    out, cache = forward(params, x)
    assert np.array_equal(out, x @ params.W)
    grads = backward(params, cache, out)
    assert grads.params.b is None
    assert sgd(params, grads, 0.1).b is None
    assert list(nn.parameters(params)) == ["W"]


def test_an_mlp_from_its_sizes():
    net = mlp(
        [2, 27, 31, 31, 1], hidden=nn.layers.LeakyRelu(0.1), seed=1, weights=nn.he_normal, bias=False, dtype=np.float32
    )
    assert [type(layer).__name__ for layer in net] == ["Dense", "LeakyRelu"] * 3 + ["Dense"]
    assert {leaf.dtype for leaf in leaves(net)} == {np.dtype(np.float32)}
    assert net[2] == nn.Dense.init(27, 31, seed=(1, 1), weights=nn.he_normal, bias=False, dtype=np.float32)
    assert sum(leaf.size for leaf in leaves(mlp([2, 27, 31, 31, 1], seed=1))) == 1973
    noisy = mlp([2, 3, 3, 1], hidden=Noisy(9), seed=1)
    assert noisy[1].seed != noisy[3].seed


@pytest.mark.parametrize("params", [[nn.Dense.init(1, 1, seed=0)], (nn.Adam(),)], ids=["list", "optimizers"])
def test_what_is_no_network_has_no_inference(params):
    with pytest.raises(nn.errors.KindError, match=r"inference: params must be a layer or a tuple of layers, not"):
        inference(params)
