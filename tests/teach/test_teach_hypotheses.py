"""Hypotheses of the tutor, each on a function that it fits, or that it leaves alone."""

import numpy as np
import pytest

from funcnn.teach import diagnose
from funcnn.testing import GradientError
from tests.classics import normal, rnn, rnn_dU_truncated

X, W, V = normal((4, 3), (3, 2), (3, 3))


def scaled_rows(x, g):
    return g * (x - x.mean(axis=1, keepdims=True))


def test_a_reshape_in_place_of_a_transpose():
    assert diagnose(lambda x: x.T.copy(), lambda args, dA: [dA.reshape(args[0].shape)], [X]).name == "transposed"


def test_a_gradient_of_the_transposed_shape():
    found = diagnose(lambda x, W: x @ W, lambda args, dA: [dA @ args[1].T, dA.T @ args[0]], (X, W))
    assert (found.name, found.where) == ("transposed", "dW has the shape (2, 3); W has (3, 2). dx is right.")


def test_a_scale_on_the_wrong_side_of_a_sum_is_no_transpose():
    def after_the_mean(args, dA):
        x, g = args
        return [g * (dA - dA.mean(axis=1, keepdims=True)), (dA * (x - x.mean(axis=1, keepdims=True))).sum(axis=0)]

    assert diagnose(scaled_rows, after_the_mean, (X, V[0])).name == "factor too late"


def test_states_that_the_input_does_not_reach_have_no_name():
    x, W, U = normal((2, 4, 1), (1, 3), (3, 3))
    assert diagnose(rnn, rnn_dU_truncated, (x, W, U)).name is None


def test_each_step_by_itself():
    def cumulated(x):
        return np.cumsum(x**3, axis=1)

    assert diagnose(cumulated, lambda args, dA: [dA * 3 * args[0] ** 2], [X]).name == "truncated sequence"


def test_what_is_subtracted_is_held_constant():
    def centred(x):
        return x - x.mean(axis=0)

    assert diagnose(centred, lambda args, dA: [dA], [X]).name == "statistics constant"


def test_a_norm_is_held_constant():
    def unit(x):
        return x / np.sqrt((x * x).sum(axis=1, keepdims=True))

    found = diagnose(unit, lambda args, dA: [dA / np.sqrt((args[0] ** 2).sum(axis=1, keepdims=True))], [X])
    assert found.name == "statistics constant"


def test_a_gate():
    def gated(a, x):
        return a * np.tanh(x)

    found = diagnose(gated, lambda args, dA: [dA * np.tanh(args[1]), dA * args[0]], (X, X[::-1].copy()))
    assert found.name == "slope missing"
    assert "(the slope of what a is multiplied by)" in found.kind


def test_arguments_that_are_no_gates():
    def added(x, a, b):
        return np.tanh(x) + a + b

    def vjp(args, dA):
        return [dA * (1 - args[0] ** 2), dA, dA.sum()]

    assert diagnose(added, vjp, (X, X + 1, np.array(0.5))).name == "slope at x"


def test_one_number_is_too_few_for_a_formula():
    assert diagnose(np.tanh, lambda args, dA: [dA * (1 - args[0] ** 2)], [np.array([0.5])]).name is None


def test_a_constant_slope_is_a_factor():
    assert diagnose(lambda x: 3 * x, lambda args, dA: [dA], [X]).name == "factor"


def test_zeros_have_no_norm():
    assert diagnose(lambda x: x @ V, lambda args, dA: [dA @ V + dA], [np.zeros((4, 3))]).name is None


def test_two_numbers_are_too_few_for_a_variance():
    two = X[:, :2].copy()
    assert diagnose(scaled_rows, lambda args, dA: [dA @ V[:2, :2], dA.sum(axis=0)], (two, V[0, :2])).name is None


def test_a_rotation_in_the_wrong_direction_may_be_the_opposite_angle():
    R = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert diagnose(lambda x: x @ R, lambda args, dA: [dA @ R], [X[:1, :2].copy()]).name is None


def test_softmax_by_the_input_or_over_the_other_axis():
    def softmax(x):
        e = np.exp(x)
        return e / e.sum(axis=1, keepdims=True)

    def over_rows(args, dA):
        p = softmax(args[0])
        return [p * (dA - (p * dA).sum(axis=0))]

    def of_x(args, dA):
        (x,) = args
        return [x * (dA - (x * dA).sum(axis=1, keepdims=True))]

    assert diagnose(softmax, over_rows, [X]).name == "wrong sum"
    assert diagnose(softmax, of_x, [X]).name == "slope at x"


def test_calls_away_from_the_arguments_may_raise():
    def positive(x):
        if (x < 0).any():
            raise ValueError("negative")
        return x**2

    def refuses_large(args, dA):
        if (args[0] > 1.35).any():
            raise ValueError("large")
        return [dA * args[0]]

    assert diagnose(positive, refuses_large, [abs(X)]).name == "factor"


def test_a_gradient_of_another_structure():
    def scaled(params, x):
        return params["a"] * x

    with pytest.raises(GradientError, match="scaled: the gradient of params must be a dict of 'a', not"):
        diagnose(scaled, lambda args, dA: [[dA.sum()], dA], ({"a": np.array(3.0)}, X))
