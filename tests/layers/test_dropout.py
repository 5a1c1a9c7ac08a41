"""Dropout and noise: random numbers, the step counter, inference, and a run with all states."""

import math

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, batches, evolve, forward, inference, mse, predict, reseed, save, sgd, train, value_and_grad
from funcnn.core import backward_params
from funcnn.files import fingerprint
from funcnn.layers import ChannelDropout, Copy, First, GaussianNoise, Identity, Parallel, Stochastic, noisy
from funcnn.testing import check_layer

NOISES = [nn.Dropout(0.5, seed=1), ChannelDropout(0.5, seed=1), GaussianNoise(0.5, seed=1)]
every_noise = pytest.mark.parametrize("layer", NOISES, ids=lambda layer: type(layer).__name__)
X = np.random.default_rng(0).normal(size=(6, 5, 8))


def step(layer, x=X):
    out, cache = forward(layer, x)
    return sgd(layer, backward(layer, cache, out), 0.1)


@every_noise
def test_what_is_drawn_follows_from_seed_and_step_alone(layer):
    out = forward(layer, X)[0]
    assert (forward(layer, X)[0] == out).all()
    assert (forward(evolve(layer, seed=1, step=0), X)[0] == out).all()
    others = [reseed(layer, 0), reseed(layer, 1), evolve(layer, seed=2), evolve(layer, step=1)]
    drawn = [out, *[forward(other, X)[0] for other in others]]
    assert len({part.tobytes() for part in drawn}) == 5


@every_noise
def test_the_gradient_holds_the_next_step_and_sgd_takes_it(layer):
    after = step(step(layer))
    assert after == evolve(layer, step=2)
    out, cache = forward(layer, X)
    grads = backward(layer, cache, out)
    assert grads.params.seed is None
    assert backward_params(layer, cache, out) == grads.params
    assert sgd(layer, grads, 0.0).step == 1


@every_noise
def test_prediction_is_the_identity(layer):
    assert inference(layer) == Identity()
    assert predict(layer, X) is X
    assert inference((nn.Relu(), (layer,))) == (nn.Relu(), (Identity(),))


@every_noise
def test_a_seed_has_children_of_its_children(layer):
    assert reseed(reseed(layer, 3), 4).seed == (1, 3, 4)
    assert reseed(nn.Frozen((layer,)), 3).layer[0].seed == (1, 3)
    assert reseed(evolve(layer, step=7), 3).step == 7


@pytest.mark.parametrize("cls", [nn.Dropout, ChannelDropout])
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9, 1 - 2**-40])
def test_entries_are_dropped_at_the_rate_or_scaled(cls, rate):
    x = np.ones((400, 1, 250))
    out, keep = forward(cls(rate, seed=3), x)
    assert abs(keep.mean() - (1 - rate)) < 5 * math.sqrt(rate * (1 - rate) / x.size) + 2**-32
    assert set(np.unique(out)) <= {0, 1 / (1 - rate)}
    assert (keep == (out > 0)).all()


def test_a_channel_is_dropped_at_all_places_of_one_example():
    out, _ = forward(ChannelDropout(0.5, seed=0), np.ones((9, 4, 3, 8)))
    assert (out == out[:, :1, :1]).all()
    assert len(np.unique(out[:, 0, 0], axis=0)) == 9
    rows = np.ones((9, 8))
    assert (forward(ChannelDropout(0.5, seed=0), rows)[0] == forward(nn.Dropout(0.5, seed=0), rows)[0]).all()


def test_what_is_dropped_does_not_matter():
    layer = nn.Dropout(0.5, seed=0)
    out, keep = forward(layer, X)
    hidden = np.where(keep, X, 1e300)
    assert (forward(layer, hidden)[0] == out).all()
    assert (backward(layer, keep, hidden).x == backward(layer, keep, X).x).all()


def test_noise_is_added_with_its_standard_deviation():
    x = np.full((300, 300), 7.0)
    noise = forward(GaussianNoise(2.0, seed=5), x)[0] - x
    assert abs(noise.mean()) < 5 * 2 / 300
    assert abs(noise.std() - 2) < 5 * 2 / (300 * math.sqrt(2))
    assert forward(GaussianNoise(0.0, seed=5), x)[0].tolist() == x.tolist()


@pytest.mark.parametrize("layer", [nn.Dropout(0.5, seed=1), GaussianNoise(0.5, seed=1)])
def test_a_single_number_stays_an_array(layer):
    out, cache = forward(layer, np.array(1.0))
    grads = backward(layer, cache, np.array(1.0))
    assert type(out) is type(grads.x) is np.ndarray
    assert out.shape == grads.x.shape == ()


LAST = 2**31 - 1


@every_noise
@pytest.mark.parametrize("last", [LAST, np.asarray(LAST), np.asarray(LAST, np.int32)], ids=["int", "int64", "int32"])
def test_the_step_after_the_last_is_the_first(layer, last):
    at_last = evolve(layer, step=last)
    out, cache = forward(at_last, X)
    assert sgd(at_last, backward(at_last, cache, out), 0.0).step == 0
    assert backward_params(at_last, cache, out).step == 0
    assert step(evolve(layer, step=LAST - 1)).step == LAST
    assert step(step(evolve(layer, step=LAST - 1))) == layer


@every_noise
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_stays_and_the_mask_does_not_depend_on_it(layer, dtype):
    x = X.astype(dtype)
    out, cache = forward(layer, x)
    assert out.dtype == backward(layer, cache, out).x.dtype == dtype
    np.testing.assert_allclose(out, forward(layer, X)[0], rtol=1e-5, atol=1e-5)


@every_noise
def test_the_derivative_is_analytic(layer):
    """A step along the imaginary axis gives the derivative to the last digit."""
    out, cache = forward(layer, X)
    direction = np.cos(np.arange(X.size)).reshape(X.shape)
    moved = forward(layer, X + 1e-30j * direction)[0]
    np.testing.assert_allclose(moved.real, out, rtol=1e-15)
    slope = backward(layer, cache, np.ones_like(X)).x * direction
    np.testing.assert_allclose(moved.imag / 1e-30, slope, rtol=1e-14)


def test_dropped_activations_have_the_mean_of_those_that_are_not():
    """Monte Carlo dropout: over many children of the seed, the mean is the prediction, as far as the net is linear."""
    net = (nn.Dropout(0.5, seed=0), nn.Dense.init(8, 1, seed=1))
    drawn = np.array([forward(reseed(net, i), X)[0] for i in range(2000)])
    error = drawn.mean(axis=0) - predict(net, X)
    assert (abs(error) < 5 * drawn.std(axis=0) / math.sqrt(2000)).all()


def test_monte_carlo_behind_a_batch_norm_keeps_the_noise_and_predicts_with_all_else():
    """One row, which a batch norm in training refuses."""
    norm = nn.BatchNorm(np.ones(8), np.zeros(8), np.full(8, 2.0), np.full(8, 4.0))
    net = (norm, nn.Dropout(0.5, seed=0), nn.Dense.init(8, 1, seed=1))
    row = X[:1, 0]
    drawn = np.array([forward(reseed(noisy(net), i), row)[0] for i in range(2000)])
    error = drawn.mean(axis=0) - predict(net, row)
    assert drawn.std() > 0
    assert (abs(error) < 5 * drawn.std(axis=0) / math.sqrt(2000)).all()


def test_noise_is_kept_wherever_it_stands_and_all_else_predicts():
    branches = Parallel((nn.Dropout(0.5, seed=0), nn.BatchNorm.init(2)))
    net = (Copy(2), branches, nn.Residual(First((ChannelDropout(0.1, seed=1), nn.BatchNorm.init(2)))))
    predicting = noisy(net)
    assert predicting[1] == Parallel((branches.layers[0], inference(branches.layers[1])))
    assert predicting[2] == nn.Residual(First((net[2].layer.layer[0], inference(net[2].layer.layer[1]))))
    assert inference(predicting) == inference(net)
    assert noisy(nn.Relu()) == nn.Relu()


# All states at once.


def network(dtype=np.float64):
    net = (
        GaussianNoise(0.1, seed=(4, 0)),
        nn.Dense.init(8, 16, seed=1),
        nn.BatchNorm.init(16),
        nn.Relu(),
        nn.Dropout(0.25, seed=2),
        (nn.Dense.init(16, 4, seed=3), ChannelDropout(0.1, seed=3)),
        nn.Dense.init(4, 1, seed=4),
    )
    return nn.trees.astype(net, dtype)


R = np.random.default_rng(1)
XS = R.normal(2, 3, size=(96, 8))
YS = np.sin(XS[:, :1]) + XS[:, 1:2] / 4
DATA = batches(XS, YS, 32, epochs=20, seed=5)


def test_the_four_lines_train_it_and_carry_all_states():
    net, costs = network(), []
    start = net
    for x, y in DATA:
        out, cache = forward(net, x)
        cost, dA = mse(out, y)
        grads = backward(net, cache, dA)
        net = sgd(net, grads, 0.05)
        costs.append(cost)
    assert np.mean(costs[-10:]) < np.mean(costs[:3]) / 2  # the first epoch
    assert (start[0].step, net[0].step, net[4].step, net[5][1].step) == (0, 60, 60, 60)
    assert start[2].mean.tolist() == [0] * 16
    assert abs(net[2].mean).min() > 0
    [*_, state] = train(nn.TrainState(network()), DATA, value_and_grad(mse), 0.05)
    assert state.params == net


def test_prediction_is_that_of_each_row_alone():
    [*_, state] = train(nn.TrainState(network()), DATA, value_and_grad(mse), 0.05)
    out = predict(state.params, XS)
    np.testing.assert_allclose(out, predict(state.params, XS, rows=1), rtol=1e-12, atol=1e-12)
    assert mse(out, YS)[0] < mse(0 * out + YS.mean(), YS)[0]
    kinds = [type(layer).__name__ for layer in inference(state.params)[:5]]
    assert kinds == ["Identity", "Dense", "Affine", "Relu", "Identity"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_run_that_was_saved_and_resumed_has_the_same_bits(dtype, tmp_path):
    data = batches(XS.astype(dtype), YS.astype(dtype), 32, epochs=5, seed=5)
    whole = list(train(nn.TrainState(network(dtype)), data, value_and_grad(mse), 0.05))
    save(tmp_path / "state.npz", whole[6])
    state = nn.load(tmp_path / "state.npz")
    assert state == whole[6]
    assert state.params[4] == nn.Dropout(0.25, seed=2, step=7)
    resumed = list(train(state, data[state.step :], value_and_grad(mse), 0.05))
    assert [fingerprint(a) for a in resumed] == [fingerprint(b) for b in whole[7:]]
    assert resumed[-1].params[2].mean.dtype == dtype


def test_blocks_of_rows_have_masks_of_their_own_and_gradients_that_add_up():
    """Each block with a child of the seed: the sum of its gradients is that of the whole, of which each row is one."""
    net = (nn.Dense.init(8, 16, seed=1), nn.Dropout(0.5, seed=2), nn.Dense.init(16, 1, seed=3))
    masks = [forward(reseed(net, i)[1], np.ones((32, 16)))[0] for i in range(3)]
    assert len({mask.tobytes() for mask in masks}) == 3
    parts = [value_and_grad(mse)(reseed(net, i), XS[32 * i : 32 * i + 32], YS[32 * i : 32 * i + 32]) for i in range(3)]
    again = [value_and_grad(mse)(reseed(net, i), XS[32 * i : 32 * i + 32], YS[32 * i : 32 * i + 32]) for i in range(3)]
    assert parts == again
    assert [grads.params[1].step for _, grads in parts] == [1, 1, 1]


@nn.record
class TrainedNoise(Stochastic):
    """out = x + std z, with a trained std, and z"""

    std: nn.Array


@forward.register(TrainedNoise)
def trained_noise_forward(params, x):
    z = np.random.default_rng(params.key).standard_normal(x.shape).astype(x.dtype)
    return (x + params.std * z, z), z


@backward.register(TrainedNoise)
def trained_noise_backward(params, z, dA):
    return nn.Grads(nn.gradient(params, std=(dA[0] * z).sum(axis=0), step=params.step + 1), dA[0])


def test_a_layer_of_ones_own_on_this_base_may_have_parameters_and_another_out():
    check_layer(TrainedNoise(np.array([0.5, 2.0]), seed=3), np.array([[1.0, -2.0], [0.5, 0.0]]))
    net = (nn.Dense.init(2, 2, seed=0), TrainedNoise(np.ones(2), seed=1), nn.layers.Take(0))
    _, grads = value_and_grad(mse)(net, np.ones((3, 2)), np.zeros((3, 2)))
    assert sgd(net, grads, 0.1)[1].step == 1
    assert (grads.params[1].std != 0).all()
