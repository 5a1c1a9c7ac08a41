"""The learning-rate range test, and schedules that grow."""

import math

import numpy as np
import pytest

from funcnn import Adam, Dense, Tanh, TrainState, batches, history, mlp, mse, train, value_and_grad
from funcnn.errors import NotFiniteError, RangeError
from funcnn.schedules import exponential
from funcnn.training import Table, lr_range_test
from tests.says import assert_says, each_row, kind_error, range_error

random = np.random.default_rng(0)
x = random.uniform(-2, 2, (64, 2))
y = x[:, :1] * x[:, 1:]
data = batches(x, y, 16, epochs=40, seed=0)
start, gradient = TrainState(mlp([2, 16, 1], hidden=Tanh(), seed=1)), value_and_grad(mse)
one = np.ones((1, 1))
line, zeros = TrainState(Dense(one, None)), [(one, 0 * one)] * 20


def test_the_cost_falls_and_rises_again():
    table = lr_range_test(start, [(x, y)] * 100, gradient, low=1e-4, high=100.0)
    assert type(table) is Table
    assert list(table) == ["step", "lr", "cost"]
    rates, costs = table["lr"], table["cost"]
    assert len(rates) < 100  # it ended as the cost rose
    assert rates[0] == 1e-4
    assert np.allclose(rates[1:] / rates[:-1], 1e6 ** (1 / 99))
    assert costs[-1] > 4 * costs[:-1].min()
    best = rates[costs.argmin()]
    assert 0.01 < best < 5
    *_, good = train(start, data, gradient, best / 10)
    *_, low = train(start, data, gradient, 1e-4)
    assert good.cost < 0.2 * low.cost


def test_it_is_a_run_at_growing_rates():
    """The same costs as of `train` with an exponential schedule"""
    table = lr_range_test(start, data[:21], gradient, low=1e-3, high=0.1, stop=math.inf)
    lr = exponential(1e-3, 100, 20)
    _, wanted = history(train(start, data[:21], gradient, lr), {"lr": lambda now: lr(now.step - 1)})
    assert np.array_equal(table["step"], wanted["step"])
    assert np.allclose(table["lr"], wanted["lr"], rtol=1e-12)
    assert np.allclose(table["cost"], wanted["cost"], rtol=1e-12)
    assert table["lr"][-1] == 0.1


def test_it_goes_on_from_a_state_and_has_its_optimizer():
    *_, now = train(TrainState(start.params, Adam()), data[:30], gradient, 0.01)
    table = lr_range_test(now, data[30:50], gradient, low=1e-3, high=0.1)
    assert table["step"].tolist() == list(range(31, 51))
    assert (table["lr"][0], table["lr"][-1]) == (1e-3, 0.1)
    assert table["cost"][0] == gradient(now.params, *data[30])[0]


def test_it_ends_where_the_cost_is_not_finite():
    with np.errstate(over="ignore"):
        table = lr_range_test(line, zeros * 10, gradient, low=1.0, high=1e300, stop=math.inf)
    assert 5 < len(table["cost"]) < 200
    assert np.isfinite(table["cost"]).all()
    with pytest.raises(NotFiniteError, match="train: in step 0 the cost is nan"):
        lr_range_test(line, [(np.nan * one, one)] * 3, gradient, low=0.1, high=1.0)


def test_costs_may_be_negative():
    def shifted(out, y):
        cost, dA = mse(out, y)
        return cost - 2, dA

    table = lr_range_test(line, zeros, value_and_grad(shifted), low=0.01, high=0.5)
    assert len(table["cost"]) == 20
    assert table["cost"][-1] < -1.99


def test_a_constraint_holds():
    bound = lambda params: Dense(np.maximum(params.W, 0.5), None)
    table = lr_range_test(line, zeros, gradient, low=0.01, high=0.5, constraint=bound)
    assert table["cost"].min() == 0.25


@pytest.mark.parametrize("step", [0, 1, 7, 1000])
def test_an_exponential_may_grow(step):
    assert exponential(0.001, 10, 100)(step) == 0.001 * 10 ** (step / 100)


def test_a_rate_above_the_largest_float_is_infinite():
    assert exponential(1.0, 10, 1)(400) == math.inf
    assert exponential(0.0, 10, 1)(400) == 0
    with pytest.raises(RangeError, match=r"train: lr\(0\) must be finite and not negative, not inf"):
        list(train(line, zeros, gradient, lambda step: exponential(1.0, 10, 1)(400)))


def ranged(low=0.1, high=1.0, start=line, data=zeros, value_and_grad=gradient, **options):
    return lambda: lr_range_test(start, data, value_and_grad, low=low, high=high, **options)


NAME = "lr_range_test"
ROWS = [
    kind_error(ranged(start=start.params))
    >> f"{NAME}: start must be a TrainState, not tuple; write TrainState(params)",
    kind_error(ranged(data=(batch for batch in zeros)))
    >> f"{NAME}: data must be a sequence of batches, such as data[:100], not generator",
    range_error(ranged(data=zeros[:1])) >> f"{NAME}: data must have two batches or more, not 1",
    range_error(ranged(data=data[:0])) >> f"{NAME}: data must have two batches or more, not 0",
    range_error(ranged(start=start, data=data[7:]))
    >> f"{NAME}: data must begin with batch 0, the step of start, not with batch 7",
    kind_error(ranged(data=x))
    >> f"{NAME}: data must give batches (x, y), not float64 array; write [(x, y)] for one batch of all rows",
    kind_error(ranged(value_and_grad=mse))
    >> f"{NAME}: value_and_grad must be a function (params, x, y) that returns (cost, Grads), not mse(out, y, weight); "
    "write value_and_grad(loss)",
    range_error(ranged(1.0, 0.1)) >> f"{NAME}: high must be above low, 1.0, not 0.1",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, start, line, x, y)
