"""Schedules against optax."""

import numpy as np
import pytest

from funcnn import cosine, warm_up
from funcnn.schedules import exponential, inverse_time, stages, step_decay

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
