"""Schedules against optax, and a whole training run against optax and torch."""

from itertools import repeat

import numpy as np
import pytest

from funcnn import Tanh, TrainState, cosine, mlp, mse, train, value_and_grad, warm_up
from funcnn.schedules import exponential, inverse_time, stages, step_decay
from funcnn.trees import leaves

jax = pytest.importorskip("jax", reason="optax is made of it")
optax = pytest.importorskip("optax", reason="its schedules are the oracle")
pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]
jnp = jax.numpy

STEPS = [0, 1, 7, 49, 50, 51, 99, 100, 101, 250, 1000]


def assert_same_rates(ours, theirs):
    rates = [ours(step) for step in STEPS]
    assert {type(rate) for rate in rates} == {float}
    assert len(set(rates)) > 2
    np.testing.assert_allclose(rates, [float(theirs(step)) for step in STEPS], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("lr", "factor", "steps"), [(0.1, 0.5, 100), (3, 0.96, 7)])
def test_exponential_is_optax_exponential_decay(lr, factor, steps):
    assert_same_rates(exponential(lr, factor, steps), optax.exponential_decay(lr, steps, factor))


@pytest.mark.parametrize(("lr", "steps", "final"), [(0.1, 100, 0.0), (2, 99, 0.5), (0.1, 400, 0.2)])
def test_cosine_is_optax_cosine_decay(lr, steps, final):
    assert_same_rates(cosine(lr, steps, final=final), optax.cosine_decay_schedule(float(lr), steps, alpha=final / lr))


def test_warm_up_of_a_rate_is_optax_linear_schedule():
    assert_same_rates(warm_up(0.3, 100), optax.linear_schedule(0.0, 0.3, 100))


def test_warm_up_of_a_schedule_is_its_product_with_a_ramp():
    ramp, decay = optax.linear_schedule(0.0, 1.0, 50), optax.cosine_decay_schedule(0.3, 400)
    assert_same_rates(warm_up(cosine(0.3, 400), 50), lambda step: ramp(step) * decay(step))


def test_stages_are_optax_piecewise_constants():
    ours = stages((2.8, 50), (1.4, 50), (0.7, 150), (0.07, 1))
    assert_same_rates(ours, optax.piecewise_constant_schedule(2.8, {50: 0.5, 100: 0.5, 250: 0.1}))


@pytest.mark.parametrize("schedule", [exponential(0.1, 0.5, 7), step_decay(0.1, 0.5, 7), inverse_time(0.1, 7)])
def test_a_step_of_jax_is_a_step(schedule):
    """Traced where the formula is arithmetic alone; as an array everywhere."""
    assert [float(jax.jit(schedule)(step)) for step in STEPS] == pytest.approx(list(map(schedule, STEPS)), rel=1e-6)
    assert schedule(jnp.asarray(7)) == schedule(np.asarray(7)) == schedule(7)
    assert cosine(0.1, 9)(jnp.asarray(7)) == cosine(0.1, 9)(7)


# A 2-8-1 network with tanh, 50 steps of gradient descent on the mean squared error.

RNG = np.random.default_rng(0)
X = RNG.standard_normal((64, 2))
Y = np.sin(X[:, :1]) * X[:, 1:]
NET = mlp([2, 8, 1], Tanh(), seed=1)


def trajectory(lr):
    """The arrays W0, b0, W2, b2 after each step, and the costs."""
    states = list(train(TrainState(NET), repeat((X, Y), 50), value_and_grad(mse), lr))
    return [leaves(state.params) for state in states], [state.cost for state in states]


def assert_same_trajectory(ours, theirs):
    (arrays, costs), (peer_arrays, peer_costs) = ours, theirs
    assert len(arrays) == len(peer_arrays) == 50
    assert costs[-1] < 0.5 * costs[0]
    np.testing.assert_allclose(costs, peer_costs, rtol=1e-12)
    for step, peer_step in zip(arrays, peer_arrays, strict=True):
        for array, peer_array in zip(step, peer_step, strict=True):
            np.testing.assert_allclose(array, peer_array, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("schedule", ["constant", "exponential"])
def test_training_is_that_of_optax_sgd_and_jax_grad(schedule):
    decay = optax.exponential_decay(0.3, 20, 0.5)
    ours, theirs = {
        "constant": (0.2, 0.2),
        "exponential": (exponential(0.3, 0.5, 20), lambda count: decay(count.astype(float))),  # of an int32: float32
    }[schedule]

    @jax.jit
    def step(weights, memory):
        def cost(weights):
            W0, b0, W2, b2 = weights
            return jnp.mean((jnp.tanh(X @ W0 + b0) @ W2 + b2 - Y) ** 2)

        cost, gradients = jax.value_and_grad(cost)(weights)
        updates, memory = optimizer.update(gradients, memory)
        return optax.apply_updates(weights, updates), memory, cost

    optimizer = optax.sgd(theirs)
    weights = [jnp.asarray(leaf) for leaf in leaves(NET)]
    memory, arrays, costs = optimizer.init(weights), [], []
    for _ in range(50):
        weights, memory, cost = step(weights, memory)
        arrays.append(weights)
        costs.append(cost)
    assert_same_trajectory(trajectory(ours), (arrays, costs))


def test_training_is_that_of_torch_sgd():
    torch = pytest.importorskip("torch", reason="its SGD is the oracle")
    net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)).double()
    with torch.no_grad():
        for weight, leaf in zip(net.parameters(), leaves(NET), strict=True):
            weight.copy_(torch.tensor(leaf.T))
    optimizer, x, y = torch.optim.SGD(net.parameters(), lr=0.2), torch.tensor(X), torch.tensor(Y)
    arrays, costs = [], []
    for _ in range(50):
        optimizer.zero_grad()
        cost = torch.nn.functional.mse_loss(net(x), y)
        cost.backward()
        optimizer.step()
        arrays.append([weight.detach().numpy().T.copy() for weight in net.parameters()])
        costs.append(cost.item())
    assert_same_trajectory(trajectory(0.2), (arrays, costs))
