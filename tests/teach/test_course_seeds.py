"""The seed of a test of the course gives other numbers: solutions pass, and results learned by heart do not."""

import inspect

import numpy as np
import pytest

from funcnn.testing import WrongGradient
from tests.counts import FULL
from tests.teach.answered import COURSE
from tests.teach.test_course import all_files, loaded

pytestmark = pytest.mark.unwatched  # as in test_course_answers

# Two have no arguments, one has a generator, and two are layers, whose rules are found by their class.
NOT_LEARNED = {"by_hand", "distance", "first_weights", "quadratic", "mine"}
NAMES = {
    "1": ["line", "squares", "line_vjp", "fit", "through_zero_vjp"],
    "2": ["product_vjp", "sigmoid_vjp", "gated_vjp", "backward_chain", "tanh_vjp"],
    "3": ["by_hand", "dense_vjp", "shifted_vjp", "quadratic", "without_bias_vjp"],
    "4": ["leaky_relu_vjp", "distance", "first_weights", "largest_rate", "softplus_vjp"],
    "5": ["softmax", "softmax_vjp", "cross_entropy", "classify", "probabilities_vjp"],
    "6": ["convolution_vjp", "batch_norm_vjp", "lstm_step_vjp", "mine", "blur_vjp"],
}


def exercised(module):
    return [value for name, value in vars(module).items() if name.startswith("test_")]


@all_files
def test_every_test_has_a_seed_whose_default_is_0_and_is_named_after_what_the_learner_writes(number):
    tests = exercised(loaded(COURSE / "exercises" / f"unit{number}.py"))
    assert [test.__name__ for test in tests] == [f"test_{name}" for name in NAMES[number]]
    assert {str(inspect.signature(test)) for test in tests} == {"(seed=0)"}


@pytest.mark.parametrize("seed", range(10 if FULL else 2))
@all_files
def test_a_solution_passes_with_each_seed(number, seed):
    for test in exercised(loaded(COURSE / "solutions" / f"unit{number}.py")):
        test(seed)


@all_files
def test_the_given_mistake_is_a_wrong_gradient(number):
    *_, test = exercised(loaded(COURSE / "exercises" / f"unit{number}.py"))
    assert test.exercise.mistake
    with pytest.raises(WrongGradient):
        test()


def key_of(args):
    """What an answer can compare of its arguments: the numbers."""
    if isinstance(args, tuple | list):
        return tuple(map(key_of, args))
    return None if callable(args) else (np.shape(args), np.asarray(args).tobytes())


@pytest.mark.parametrize(
    ("number", "name"),
    [(number, name) for number, names in NAMES.items() for name in names if name not in NOT_LEARNED],
)
def test_an_answer_that_knows_the_results_of_seed_0_fails_with_seed_1(monkeypatch, number, name):
    module = loaded(COURSE / "solutions" / f"unit{number}.py")
    test, function, known = getattr(module, f"test_{name}"), getattr(module, name), {}
    monkeypatch.setattr(module, name, lambda *args: known.setdefault(key_of(args), function(*args)))
    test(0)
    monkeypatch.setattr(module, name, lambda *args: known.get(key_of(args), next(iter(known.values()))))
    test(0)
    with pytest.raises(AssertionError):
        test(1)
