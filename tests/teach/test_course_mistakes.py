"""The exercises of the course: usual mistakes do not pass, and each right choice does."""

import numpy as np
import pytest

from funcnn import Grads, backward, forward, gradient, record
from funcnn.layers import Recurrent
from funcnn.testing import WrongGradient
from tests.teach.test_course import COURSE, all_files, loaded


def exercises_of(module):
    return [value for name, value in vars(module).items() if name.startswith("test_")]


@all_files
def test_the_given_mistake_is_a_wrong_gradient(number):
    module = loaded(COURSE / "exercises" / f"unit{number}.py")
    assert [test.exercise.mistake for test in exercises_of(module)] == [False] * 4 + [True]
    with pytest.raises(WrongGradient):
        exercises_of(module)[-1]()


def forward_walk(vjps, inputs, dA):
    for vjp, x in zip(vjps, inputs, strict=True):
        [dA] = vjp((x,), dA)
    return dA


def with_x_not_transposed():
    x, dA = np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[-1.0, 3.0], [2.0, 1.0]])
    return x @ dA, dA.sum(axis=0), [[2, -2], [3, 4]]


@pytest.mark.parametrize(
    ("number", "name", "wrong", "test", "error"),
    [
        ("2", "backward_chain", forward_walk, "test_backward_chain", WrongGradient),
        ("3", "by_hand", with_x_not_transposed, "test_by_hand", AssertionError),
    ],
)
def test_a_usual_mistake_does_not_pass(monkeypatch, number, name, wrong, test, error):
    module = loaded(COURSE / "solutions" / f"unit{number}.py")
    getattr(module, test)()
    monkeypatch.setattr(module, name, wrong)
    with pytest.raises(error):
        getattr(module, test)()


@record
class Norm:
    """Choice B of unit 6: gain u + bias, with the batch norm u of exercise 2."""

    gain: np.ndarray
    bias: np.ndarray


@record
class Unable:
    """The batch norm of the page of unit 6, which has no parameter."""


@record
class Plain(Recurrent):
    """Choice C of unit 6: a plain cell."""

    def cell(self, z, before):
        return (np.tanh(z + before[0] @ self.U),), ()

    def back(self, kept, before, after, dafter):
        dz = dafter[0] * (1 - after[0] ** 2)
        return dz, dz, (None,)


def test_each_choice_of_unit_6_passes_as_a_layer(monkeypatch):
    unit6 = loaded(COURSE / "solutions" / "unit6.py")

    @forward.register(Norm)
    def norm_forward(params, x):
        return params.gain * unit6.batch_norm(x) + params.bias, x

    @backward.register(Norm)
    def norm_backward(params, x, dA):
        found = {"gain": (dA * unit6.batch_norm(x)).sum(axis=0), "bias": dA.sum(axis=0)}
        return Grads(gradient(params, **found), unit6.batch_norm_vjp([x], dA * params.gain)[0])

    x = unit6.numbers(4, 2)
    for layer, given in [(Norm(np.ones(2), np.zeros(2)), x), (Plain.init(2, 3, seed=0), unit6.numbers(2, 3, 2))]:
        monkeypatch.setattr(unit6, "Mine", type(layer))
        monkeypatch.setattr(unit6, "example", lambda found=(layer, given): found)
        unit6.test_mine()
    monkeypatch.setattr(unit6, "Mine", Unable)
    monkeypatch.setattr(unit6, "example", lambda: (Unable(), x))
    with pytest.raises(AssertionError, match="your layer has no parameter, so it cannot train"):
        unit6.test_mine()
