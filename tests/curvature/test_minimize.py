"""Training by SciPy's methods: equal to calling SciPy by hand, with fewer evaluations than steps of sgd."""

import subprocess
import sys

import numpy as np
import pytest

import funcnn as nn
from funcnn.errors import NotFiniteError
from funcnn.interop.scipy import METHODS, Minimum, minimize
from funcnn.losses import weighted
from funcnn.trees import from_vector, leaves, to_vector
from tests.says import assert_says, each_row, kind_error, shape_error

optimize = pytest.importorskip("scipy.optimize", reason="its methods are what is called")

RNG = np.random.default_rng(0)
X = RNG.uniform(-2, 2, (40, 2))
Y = np.sin(X[:, :1]) + 0.5 * X[:, 1:]
NET = nn.mlp([2, 5, 1], hidden=nn.Tanh(), seed=1)


def by_hand(net, method, **options):
    """What SciPy's users would write"""
    seen = []

    def fun(vector):
        params = from_vector(net, vector)
        out, cache = nn.forward(params, X)
        cost, dA = nn.mse(out, Y)
        seen.append(cost)
        return cost, to_vector(nn.backward(params, cache, dA).params)

    return optimize.minimize(fun, to_vector(net), jac=True, method=method, **options), seen


@pytest.mark.parametrize("method", METHODS)
def test_it_is_the_call_by_hand(method):
    ours = minimize(NET, X, Y, nn.mse, method=method, steps=15)
    theirs, seen = by_hand(NET, method, options={"maxiter": 15})
    assert type(ours) is Minimum
    assert to_vector(ours.params).tolist() == theirs.x.tolist()
    assert ours.cost == theirs.fun
    assert ours.evaluations == len(seen)
    assert ours.message == theirs.message
    assert (ours.converged, theirs.nit) == (False, 15)
    assert nn.mse(nn.forward(ours.params, X)[0], Y)[0] == ours.cost


@pytest.mark.parametrize("method", METHODS)
def test_history_is_the_cost_after_each_iteration(method):
    """It begins with that of the network given, and a shorter run is its beginning"""
    runs = [minimize(NET, X, Y, nn.mse, method=method, steps=steps) for steps in range(1, 8)]
    history = runs[-1].history
    assert history.dtype == float
    assert not history.flags.writeable
    assert history[0] == nn.mse(nn.forward(NET, X)[0], Y)[0]
    assert history.tolist() == [history[0], *[run.cost for run in runs]]
    assert [run.history.tolist() for run in runs] == [history[: k + 1].tolist() for k in range(1, 8)]
    assert history[-1] < 0.5 * history[0]


def test_the_tolerance_is_that_of_scipy():
    loose, tight = [minimize(NET, X, Y, nn.mse, tolerance=tolerance) for tolerance in (1e-1, 1e-10)]
    assert loose.evaluations < tight.evaluations
    theirs, seen = by_hand(NET, "L-BFGS-B", tol=1e-1)
    assert to_vector(loose.params).tolist() == theirs.x.tolist()
    assert loose.evaluations == len(seen)


def test_a_float32_network_stays_one():
    net = nn.tree_map(lambda a: a.astype(np.float32), NET)
    found = minimize(net, X.astype(np.float32), Y, nn.mse, steps=20)
    assert {leaf.dtype for leaf in leaves(found.params)} == {np.dtype(np.float32)}
    assert found.history.dtype == float
    assert type(found.cost) is float
    assert found.cost < 0.1 * found.history[0]
    assert found.cost == nn.mse(nn.forward(found.params, X.astype(np.float32))[0], Y)[0]


def test_a_weighted_loss_has_its_weight_in_y():
    weight = np.zeros((40, 1))
    weight[:20] = 1.0
    found = minimize(NET, X, (Y, weight), weighted(nn.mse), steps=10)
    half = minimize(NET, X[:20], Y[:20], nn.mse, steps=10)
    np.testing.assert_allclose(found.history, 0.5 * half.history, rtol=1e-6)


@nn.record
class Centre:
    """out = x + b - the mean of all batches before"""

    b: nn.Array
    mean: nn.Array = nn.state(default=np.zeros(2))


@nn.forward.register(Centre)
def centre_forward(params, x):
    return x + params.b - params.mean, x


@nn.backward.register(Centre)
def centre_backward(params, x, dA):
    return nn.Grads(nn.gradient(params, b=dA.sum(0), mean=params.mean + x.mean(0)), dA)


def test_states_stay_and_wait_for_a_pass():
    net = (Centre(np.zeros(2), np.ones(2)), NET)
    found = minimize(net, X, Y, nn.mse, steps=10)
    assert found.params[0].mean.tolist() == [1, 1]
    assert found.params[0].b.any()
    *_, last = nn.train(nn.TrainState(found.params), [(X, Y)], nn.value_and_grad(nn.mse), 0.0)
    assert to_vector(last.params).tolist() == to_vector(found.params).tolist()
    np.testing.assert_allclose(last.params[0].mean, 1 + X.mean(0))


def test_steps_may_need_more_evaluations_than_scipy_would_allow(monkeypatch):
    given = {}
    monkeypatch.setattr(optimize, "minimize", lambda *args, **options: given.update(options) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        minimize(NET, X, Y, nn.mse, steps=20000)
    assert given["options"] == {"maxiter": 20000, "maxfun": 2000000}


ROWS = [
    kind_error(lambda: minimize(NET, X, Y, nn.mse, method="Powell"))
    >> "minimize: method must be one of L-BFGS-B, BFGS, CG, Newton-CG, not 'Powell'",
    kind_error(lambda: minimize(NET, X, Y, nn.mse, method=["BFGS"]))
    >> "minimize: method must be one of L-BFGS-B, BFGS, CG, Newton-CG, not ['BFGS']",
    kind_error(lambda: minimize((nn.Relu(),), X, Y, nn.mse))
    >> "minimize: params must have real numbers to train, not be (Relu(),)",
    kind_error(lambda: minimize(nn.Dense(np.ones((2, 1), complex), None), X.astype(complex), Y, nn.mse))
    >> "minimize: params must have real numbers to train, not be Dense(W=<c128 2x1>, b=None)",
    kind_error(lambda: minimize([nn.Relu()], X, Y, nn.mse))
    >> "minimize: params must be a layer or a tuple of layers, not list; write tuple(params)",
    kind_error(lambda: minimize(nn.TrainState(NET), X, Y, nn.mse))
    >> "minimize: params must be a layer or a tuple of layers, not TrainState; write state.params",
    kind_error(lambda: minimize(NET, X.tolist(), Y, nn.mse))
    >> "minimize: x must be an array, not list; write np.asarray(x)",
    kind_error(lambda: minimize(NET, X, Y, nn.mse, method=np.array(["BFGS", "CG"])))
    >> "minimize: method must be one of L-BFGS-B, BFGS, CG, Newton-CG, not <str 2>",
    kind_error(
        lambda: minimize((nn.Dense.init(2, 1, seed=0), nn.Sigmoid()), X, Y > 0, nn.binary_cross_entropy_with_logits)
    )
    >> "minimize: the loss takes logits, so leave out the layer at the end of (Dense(W=<f64 [[ 0.4347] [-0.0816]]>, "
    "b=<f64 [0.]>), Sigmoid())",
    shape_error(lambda: minimize(NET, X, Y[:, 0], nn.mse))
    >> "mse: out and y must have the same shape; out: (40, 1), y: (40,); write y[:, None]",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row)


@pytest.mark.parametrize("method", METHODS)
def test_a_cost_that_is_not_finite_is_refused(method):
    holed = np.where(np.arange(80).reshape(40, 2) == 7, np.nan, X)
    with np.errstate(all="ignore"), pytest.raises(NotFiniteError, match=r"^minimize: the cost is nan after \d+ iter"):
        minimize(NET, holed, Y, nn.mse, method=method)


def test_a_network_of_jax_comes_back_as_numpys():
    jnp = pytest.importorskip("jax.numpy", reason="whose arrays come back as NumPy's")
    single = nn.tree_map(lambda a: jnp.asarray(a, jnp.float32), NET)
    found = minimize(single, jnp.asarray(X, jnp.float32), jnp.asarray(Y, jnp.float32), nn.mse, steps=3)
    assert {(type(leaf), leaf.dtype.name) for leaf in leaves(found.params)} == {(np.ndarray, "float32")}
    assert found.cost < found.history[0]


def test_scipy_is_loaded_by_the_call_alone():
    code = "import sys, funcnn.interop.scipy; print('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
