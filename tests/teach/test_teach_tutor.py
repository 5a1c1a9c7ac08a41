"""The tutor: classic mistakes get their names, right gradients and unknown mistakes get none."""

import re
import time
from pathlib import Path

import numpy as np
import pytest

from funcnn import Dense, Elementwise, Grads, backward, forward, gradient, record
from funcnn.errors import RangeError
from funcnn.layers import First
from funcnn.teach import Diagnosis, diagnose, diagnose_layer
from funcnn.teach.tutor.mistakes import MISTAKES
from funcnn.testing import GradientError, Inconclusive
from tests.classics import CLASSICS, LABELS, normal
from tests.counts import in_full
from tests.mutants.tutoring import has_name, is_right, score, wrong_names

DOCS = Path(__file__).parents[2] / "docs"
# Of the families that were seen while the tutor was written: some mistakes with a name, and some without.
SAMPLE = {
    "dense: dX = dA @ W for square W",
    "dense: dW symmetric for square W",
    "average pooling: counts of where it goes",
    "cumsum: exclusive",
    "shift of rows: db over axis 1 when square",
    "transposed convolution: dX by the flipped kernel",
    "convolution padded to the same size: one zero too many on the left",
    "batch norm: without the variance term",
    "batch norm: without the mean term",
    "cosine similarity: norms held constant",
    "HardTanh(low=-0.5, high=2.0): no lower end",
    "take: both parts",
    "standard deviation: divided by the variance",
}


@pytest.mark.parametrize("classic", CLASSICS, ids=lambda classic: classic.name)
def test_a_classic_mistake_has_its_name_and_its_remedy_has_none(classic):
    began = time.process_time()
    assert diagnose(classic.f, classic.wrong, classic.args).name == classic.label
    assert time.process_time() - began < 5
    assert diagnose(classic.f, classic.right, classic.args).where == "no gradient is wrong at these arguments."


@in_full
def test_mistakes_of_mutants_have_their_names_and_no_wrong_ones():
    rows = score(lambda name: name in SAMPLE)
    assert len(rows) == len(SAMPLE)
    assert wrong_names(rows) == []
    nameable = [row for row in rows if has_name(row[1])]
    assert sum(is_right(*row[1:]) for row in nameable) >= len(nameable) > 5


def test_the_names_are_those_of_the_labels():
    assert [mistake.name for mistake in MISTAKES] == list(dict.fromkeys(mistake.name for mistake in MISTAKES))
    assert {mistake.name for mistake in MISTAKES} == LABELS.keys()


def plain(text):
    """Words of a page without the marks of terms and without line breaks."""
    return " ".join(re.sub(r"\{term\}`([^`<]*?)( <[^>]*>)?`", r"\1", text).split())


@pytest.mark.parametrize(
    "line", list(dict.fromkeys(mistake.line for mistake in MISTAKES if mistake.line)), ids=lambda line: line.words[:40]
)
def test_the_line_of_a_name_is_on_its_page(line):
    page = (DOCS / line.page).read_text("utf-8")
    start = re.search(rf"^#+ {re.escape(line.section)}$", page, re.MULTILINE)
    assert start
    section = re.split(r"^#+ ", page[start.end() :], maxsplit=1, flags=re.MULTILINE)[0]
    assert plain(line.words) in plain(section)


X, W = normal((4, 3), (3, 3))


def product(x, W):
    return x @ W


def not_transposed(args, dA):
    return [dA @ args[1], args[0].T @ dA]


def test_hints_are_three_levels():
    found = diagnose(product, not_transposed, (X, W))
    assert isinstance(found, Diagnosis)
    assert str(found) == found.hint() == found.hint(1)
    assert found.hint(1).startswith("dx is wrong: 12 of 12 entries, first dx[0, 0]. dW is right.\nhint(2)")
    assert found.hint(2).startswith("transposed: a matrix")
    assert found.hint(3) == found.page
    assert found.page.startswith('docs/questions/why_the_transpose.md, "Why transpose in backprop?":\n')


def test_hints_without_a_name():
    two = diagnose(product, lambda args, dA: [np.sin(dA) @ args[1].T, args[0].T @ dA], (X, W))
    assert two.name is None
    assert two.hint(1).startswith("dx is wrong: it is not linear in dA.")
    assert two.hint(2) == two.hint(3)
    assert two.hint(2).startswith("no known mistake explains the gradient alone.")
    right = diagnose(product, lambda args, dA: [dA @ args[1].T, args[0].T @ dA], (X, W))
    assert right.hint(1) == right.hint(2) == right.hint(3) == "no gradient is wrong at these arguments."


def test_two_mistakes_in_two_gradients_are_both_named():
    found = diagnose(product, lambda args, dA: [dA @ args[1], 2 * args[0].T @ dA], (X, W))
    assert found.name == "several mistakes"
    assert "dx: transposed" in found.kind
    assert "dW: factor" in found.kind
    assert found.where.startswith("dx is wrong: 12 of 12 entries, first dx[0, 0]. dW is wrong: 9 of 9 entries")


def test_dA_multiplied_twice():
    assert diagnose(np.sin, lambda args, dA: [dA * dA * np.cos(args[0])], normal((3,))).name == "doubled dA"


def test_options_are_those_of_check_vjp():
    def scaled(params, x, power=1):
        return params["a"] * x**power

    def doubled(args, dA, power=1):
        return [{"a": 2 * (dA * args[1] ** power).sum()}, None]

    found = diagnose(scaled, doubled, ({"a": np.array(3.0)}, X), argnums=0, kwargs={"power": 2})
    assert found.name == "factor"
    assert 'dparams["a"] is wrong.' in found.where
    z = np.array([1.0 + 2.0j, 0.5 - 1.0j])
    assert diagnose(np.square, lambda args, dA: [-2 * dA * args[0]], [z], convention="jax").name == "sign"
    log = diagnose(np.log, lambda args, dA: [2 * dA / args[0]], [np.array([0.5, 2.0])], domain={"x": (0.1, None)})
    assert log.name == "factor"


def test_a_gradient_that_is_no_array_of_floats():
    found = diagnose(product, lambda args, dA: [None, args[0].T @ dA], (X, W))
    assert (found.name, found.where) == (None, "dx is not an array of finite floats. dW is right.")


def test_a_function_without_a_derivative_is_not_compared():
    found = diagnose(lambda x: np.sin(1e12 * x), lambda args, dA: [dA], normal((2,)))
    assert found.where == "no gradient was compared: f has no derivative at the arguments, or near them."


@record
class Shift(Elementwise):
    """out = tanh(x), with the slope at the wrong point"""

    def value(self, x):
        return np.tanh(x)

    def slope(self, kept):
        return 1 - kept**2


@record
class Untransposed:
    """A dense layer without bias, whose dx is not transposed"""

    W: np.ndarray


@forward.register(Untransposed)
def untransposed_forward(params, x):
    return x @ params.W, x


@backward.register(Untransposed)
def untransposed_backward(params, cache, dA):
    return Grads(gradient(params, W=cache.T @ dA), dA @ params.W)


def test_a_sum_that_keeps_its_axis_is_missing():
    found = diagnose(lambda x, c: x + c, lambda args, dA: [dA, dA], normal((2, 3), (2, 1)))
    assert found.name == "missing sum"
    assert found.where == "dc has the shape (2, 3); c has (2, 1). dx is right."


def test_layers_are_diagnosed():
    assert diagnose_layer(Shift(), X).name == "slope at x"
    found = diagnose_layer(Untransposed(W), X)
    assert found.name == "transposed"
    assert found.where == "dx is wrong: 12 of 12 entries, first dx[0, 0]. dW is right."
    assert diagnose_layer((Dense(W, None), Shift()), X).name == "slope at x"
    assert diagnose_layer(Dense(W, None), X).where == "no gradient is wrong at these arguments."
    padded = (X[:, None], np.ones((4, 1), bool))  # whose output is a pair
    assert diagnose_layer(First(Dense(W, None)), padded).where == "no gradient is wrong at these arguments."


def test_errors_of_the_rule_are_raised():
    found = diagnose(lambda x: x * 2, lambda args, dA: [dA / (1 // 0)], [X])
    assert found.where.startswith("your backward raises ZeroDivisionError: integer division or modulo by zero")
    with pytest.raises(GradientError, match="vjp must give a gradient for each argument, 2 in all, in a tuple"):
        diagnose(product, lambda args, dA: [dA], (X, W))
    with pytest.raises(Inconclusive):
        diagnose(np.log, lambda args, dA: [dA / args[0]], [-abs(X)])
    with pytest.raises(RangeError):
        diagnose(product, not_transposed, (np.ones((140, 3)), W))
