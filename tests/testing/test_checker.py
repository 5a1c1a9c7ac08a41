"""The checker is code too: what it says of whole layers and losses, right and wrong."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from funcnn import Array, Grads, backward, evolve, forward, gradient, inference, layers, mse, record, reseed, state
from funcnn.core import backward_params
from funcnn.layers.dense import dense_forward
from funcnn.testing import GradientError, check_layer, check_loss
from funcnn.testing import strategies as fst
from funcnn.testing.verdict import BrokenPromise, NotPure, WrongGradient
from tests.counts import FULL
from tests.said import says

X = np.array([[1.0, -2.0]])

# No time spent on making the failure that is wanted small.
many = settings(max_examples=60, database=None, phases=[Phase.generate], report_multiple_bugs=False)
few = settings(many, max_examples=60 if FULL else 10)


def passes(cases, check, examples=few):
    """No alarm on any drawn case. A test of hypothesis returns None, a check its report."""

    def test(case):
        check(*case)

    examples(given(cases)(test))()


def caught(cases, check, match, kind=GradientError):
    """The check fails on some of the drawn cases."""
    with pytest.raises(kind, match=match):
        passes(cases, check, many)


def dense_with(wrong):
    """A dense layer whose backward goes through `wrong(params, x, dA, grads)`."""

    @record
    class Planted:
        W: Array
        b: Array

    @forward.register(Planted)
    def planted_forward(params, x):
        return dense_forward(params, x)

    @backward.register(Planted)
    def planted_backward(params, x, dA):
        flat_x, flat_dA = x.reshape(-1, x.shape[-1]), dA.reshape(-1, dA.shape[-1])
        grads = {"W": flat_x.T @ flat_dA, "b": flat_dA.sum(axis=0), "x": dA @ params.W.T} | wrong(params, x, dA)
        return Grads(gradient(params, W=grads["W"], b=grads["b"]), grads["x"])

    return Planted


def test_a_loss_that_forgets_to_average_is_caught():
    def forgets(out, y):
        return mse(out, y)[0], mse(out, y)[1] * out.size

    def normalises(out, y):
        cost, dA = mse(out, y)
        return cost * len(out), dA * len(out)

    def widens(out, y):
        cost, dA = mse(out, y)
        return cost, dA.astype(np.float64)

    pairs = fst.tensors("m k", "m k")
    caught(pairs, lambda out, y: check_loss(forgets, out, y), "^forgets: dout, .* of .* entries wrong")
    caught(pairs, lambda out, y: check_loss(normalises, out, y), "is the cost a mean")
    caught(pairs, lambda out, y: check_loss(widens, out, y), "dA must have the dtype and shape of out, float32")


def test_a_loss_whose_gradient_is_no_mean_is_caught():
    calls = []

    def drifts(out, y):
        calls.append(len(out))
        cost, dA = mse(out, y)
        return cost, dA + (1e-3 if len(out) == 1 and len(calls) > 3 and max(calls) > 1 else 0)

    with pytest.raises(GradientError, match="dA of all rows is not the weighted sum"):
        check_loss(drifts, np.ones((3, 1)), np.zeros((3, 1)))


# What a layer promises besides its numbers.


def layer(backward_rule, params_rule=None, forward_rule=lambda params, x: (params.k * x, x)):
    @record
    class Mine:
        k: Array
        seen: Array = state()

    forward.register(Mine)(forward_rule)
    backward.register(Mine)(backward_rule)
    if params_rule is not None:
        backward_params.register(Mine)(params_rule)
    return Mine(np.array(2.0), seen=np.zeros(1))


def right(params, x, dA, **states):
    return Grads(gradient(params, k=(dA * x).sum(), **states), params.k * dA)


def test_a_layer_that_keeps_its_promises_is_spared():
    check_layer(layer(right), X)
    check_layer(layer(lambda p, x, dA: right(p, x, dA, seen=p.seen + 1)), X)


def test_a_layer_that_remembers_its_last_input_is_caught():
    last = {}

    def remembers(params, x):
        last["x"] = x
        return params.k * x, ()

    with pytest.raises(WrongGradient, match=r"^Mine: dk, 1 of 1 entries wrong, first params.k\n"):
        check_layer(layer(lambda p, cache, dA: right(p, last["x"], dA), forward_rule=remembers), X)


def test_a_shortcut_that_differs_is_caught():
    with pytest.raises(BrokenPromise, match=r"backward_params.* differs"):
        check_layer(layer(right, lambda p, x, dA: gradient(p, k=2 * (dA * x).sum())), X)


def test_a_mask_that_is_not_there_needs_no_gradient():
    check_layer(layers.GRU.init(2, 2, seed=0), (np.ones((1, 3, 2)), None))


def test_a_rule_that_writes_to_its_arguments_is_caught():
    def writes(params, x, dA):
        dA *= params.k
        return right(params, x, dA)

    says(NotPure, "Mine: vjp writes to its arguments, which are read-only", check_layer, layer(writes), X)


def test_grads_of_another_class_are_caught():
    with pytest.raises(BrokenPromise, match=r"Grads\.params must be a Mine, as params is, not ()"):
        check_layer(layer(lambda p, x, dA: Grads((), p.k * dA)), X)


def test_a_gradient_that_can_be_written_to_is_caught():
    def lends(params, x, dA):
        return Grads(gradient(params, k=np.asarray((dA * x).sum()).view(Open)), params.k * dA)

    class Open(np.ndarray):
        """An array that escapes the seal, which knows NumPy's own class only."""

    says(BrokenPromise, r"grads\.params\.k is not read-only", check_layer, layer(lends), X)


def test_a_layer_that_turns_float32_into_float64_is_caught():
    widens = lambda params, x: (np.float64(1) * (params.k * x), x)
    with pytest.raises(BrokenPromise, match="out is float64 where the layer and x are float32"):
        check_layer(layer(right, forward_rule=widens), X)


def test_a_layer_that_is_random_where_it_predicts_is_caught():
    rng = np.random.default_rng(0)

    @record
    class Noisy:
        k: Array
        predicts: bool = False

    @forward.register(Noisy)
    def noisy_forward(params, x):
        return params.k * x + (rng.standard_normal(x.shape) if params.predicts else 0), x

    backward.register(Noisy)(right)
    inference.register(Noisy)(lambda params: evolve(params, predicts=True))
    with pytest.raises(BrokenPromise, match=r"forward of inference\(params\) gives another result when it is called"):
        check_layer(Noisy(np.array(2.0)), X)


def test_a_layer_whose_parameters_follow_from_its_seed_is_caught():
    grown = layer(right)
    reseed.register(type(grown))(lambda params, i: evolve(params, k=params.k + i))
    says(BrokenPromise, "reseed must leave the parameters as they are", check_layer, grown, X)


def test_networks_are_layers():
    passes(fst.networks(), check_layer, settings(few, max_examples=min(20, few.max_examples)))
    planted = dense_with(lambda p, x, dA: {"W": 2 * x.T @ dA})
    with pytest.raises(WrongGradient, match=r"^network: dW, 2 of 2 entries wrong, first params\.1\.W\[0, 0\]\n"):
        check_layer((layers.Relu(), planted(np.ones((2, 1)), np.ones(1))), np.ones((3, 2)))


def test_layers_of_nothing_and_of_whole_numbers():
    assert check_layer((), X).decided == ("x",)
    assert check_layer(layers.Dense(np.ones((2, 1)), None), np.zeros((0, 2))).probed == "nothing"
