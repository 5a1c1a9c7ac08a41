"""Rules of a user's own: what kernels can do, alone and in sums over rows, and what they cannot."""

import operator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import Array, Grads, TrainState, backward, forward, gradient, layers, mse, namespace, record, value_and_grad
from funcnn.bits import words
from funcnn.compilation import compiled, explain
from funcnn.conditions import is_outside
from funcnn.trees import leaves
from tests.kernelled import why_not

rng = np.random.default_rng(0)
x, y = rng.normal(size=(19, 3)), rng.normal(size=(19, 3))
CONSTANT = np.array([0.5, 2.0, -1.0])


@record
class Rule(layers.Elementwise):
    """An activation with a rule that is given."""

    f: Any

    def value(self, x):
        return self.f(x)

    def slope(self, kept):
        return namespace(kept).ones_like(kept)


RULES = {
    "absolute": lambda x: np.abs(x) + abs(x) + namespace(x).abs(x),
    "square": np.square,
    "reciprocal": lambda x: np.reciprocal(x + 10),
    "zeros": lambda x: x + namespace(x).zeros(x.shape, x.dtype) + np.zeros_like(x),
    "ones": lambda x: x - namespace(x).ones(3, x.dtype) + np.ones_like(x),
    "sum of a row": lambda x: x * np.sum(x, axis=-1, keepdims=True),
    "mean of a row": lambda x: x - x.mean(axis=-1, keepdims=True),
    "least of a row": lambda x: x - x.min(axis=-1, keepdims=True),
    "sum of one number": lambda x: x * x.max(axis=-1, keepdims=True).sum(axis=-1, keepdims=True),
    "powers": lambda x: x**3 - x**2 + abs(x) ** 0.5,
    "other powers": lambda x: (
        abs(x) ** 2.5 + 2.0**x + (x * x + 1) ** CONSTANT + np.power(x, 3) + namespace(x).pow(x, 5.0) + x**-1
    ),
    "finite": lambda x: np.where(np.isfinite(x), x, 0),
    "logic": lambda x: x * (~(x > 0) | ((x < -1) & (x != 0)) & np.logical_not(x >= 5)),
    "truth of a number": lambda x: np.where(np.logical_and(x, x > 0), x, -x),
    "largest of two": lambda x: np.maximum(x, x * x) + np.minimum(-x, 0.3),
    "products of bools": lambda x: x * ((x > 0) * (x < 1)),
    "sums of bools": lambda x: x + (x > 0) + np.maximum(x > 1, x < 0),
    "constants": lambda x: (x * CONSTANT + CONSTANT) / CONSTANT + CONSTANT[:, None].T * np.float64(3),
    "same numbers again": lambda x: (x * 0.125 + 0.125) * CONSTANT - CONSTANT,
    "axes": lambda x: x[:, None, :].reshape(x.shape) + x[..., None][..., 0] + x.reshape(-1, 3),
    "flat": lambda x: np.tanh(x.reshape(-1)).reshape(x.shape) + (x.reshape(-1) * 2).reshape(x.shape),
    "products with vectors": lambda x: x * (x @ CONSTANT)[:, None],
    "products with matrices": lambda x: x @ np.outer(CONSTANT, CONSTANT) + np.matmul(x, np.eye(3)),
    "sqrt and sign": lambda x: np.sqrt(x * x) * np.sign(x),
    "rows of rows": lambda x: x * (x[:, None, :] @ x[:, :, None])[..., 0],
    "real": lambda x: x.real,
    "periodic": lambda x: np.sin(x) * np.cos(2 * x),
    "sums over rows": lambda x: (x - x.mean(axis=0)) / np.sqrt(np.square(x).sum(axis=0) + 1) - x.sum(),
    "counts of rows": lambda x: x * (x > 0).sum(axis=0) - (x > 1).sum(),
    "sums of rows of sums": lambda x: (x - x.mean(axis=0, keepdims=True)).sum(axis=-1, keepdims=True).sum() * x,
    "choices by sums": lambda x: x * np.where((x.sum(axis=0) > 0) & (x.sum() < 9), CONSTANT * x.sum(), -1.0),
    "constants like x": lambda x: x * np.full_like(x, 2.5) + np.full_like(x, 1),
    "functions for methods": lambda x: (
        np.max(x, axis=1, keepdims=True) * x - np.min(x, axis=-1)[:, None] - np.mean(x, axis=0) + np.mean(x)
    ),
    "several axes": lambda x: x * (x[..., None] - x[..., None].max((1, 2), keepdims=True)).sum(axis=(2, 1))[:, None],
    "many steps": lambda x: sum([x * i for i in range(400)]),
}


def checked(a):
    is_outside(a, -1e9, 1e9)
    return a


def zeroed(x):
    made = x * 2
    made[made < 0] = 0
    return made


WHOLE = "; kernels take whole rows; in layer 0"
FEATURES = "; kernels have it for the features of each row; in layer 0"
CONSTANT_ROWS = "; one is a constant with numbers for each row; in layer 0"
REFUSED = [
    ("np.exp with where", lambda x: np.exp(x, where=x > 0)),
    ("np.add with reduce", lambda x: x + np.add.reduce(x)),
    ("np.exp with out", lambda x: np.exp(x, out=np.empty((19, 3)))),
    (f"the part [::-1] of an array (19, 3){WHOLE}", lambda x: x[::-1]),
    (f"the part [:, 1:] of an array (19, 3){WHOLE}", lambda x: x[:, 1:]),
    (f"the part [0] of an array (19, 3){WHOLE}", lambda x: x[0] * x),
    (f"the part [..., 2:3] of an array (19, 3){WHOLE}", lambda x: x[..., 2:3] * x),
    ("the part [0] of an array (3,)", lambda x: x.sum(axis=0)[0] * x),
    (f"the part [<i64 19>] of an array (19, 3){WHOLE}", lambda x: x[np.arange(19)[::-1]]),
    ("an index that depends on numbers", lambda x: x * x[x > 0].sum()),
    ("a loop over an array (19, 3)", lambda x: np.stack([row * 2 for row in x])),
    ("an assignment to entries of an array", zeroed),
    ("an index that depends on numbers", lambda x: x * operator.index(x.sum())),
    ("a conversion to an array of NumPy", lambda x: np.array(x) * x),
    ("a branch that depends on numbers", lambda x: x if (x > 0).any() else -x),
    ("all or any of an array over an axis", lambda x: x * (x > 0).all(axis=1)[:, None]),
    ("the method std of an array", lambda x: x / x.std()),
    ("the attribute flat of an array", lambda x: x * x.flat[0]),
    ("a branch that depends on numbers", lambda x: x * max(x.sum(), 0)),
    ("there is no kernel for norm", lambda x: x / np.linalg.norm(x)),
    ("an array filled with a number that is computed", lambda x: x * namespace(x).full((19, 3), x.sum())),
    ("TypeError: ", lambda x: x * np.sum(x, dtype=float)),
    ("a reshape from (19, 3) to (3, 19)", lambda x: x.reshape(3, 19).T),
    ("the transpose of an array (57,)", lambda x: x.reshape(-1).T),
    ("multiply of arrays (3, 19) and (3, 19)", lambda x: (x.T * x.T).T),
    ("the transpose of an array (3, 3)", lambda x: (x.T @ x).T),
    ("a conversion from float64 to int32", lambda x: x.astype(np.int32) * x),
    (f"the maximum of an array (19, 3) over axes (0,){FEATURES}", lambda x: x - x.max(axis=0)),
    ("add in int64 of a sum over all rows", lambda x: x * ((x > 0).sum(axis=0) + 1)),
    ("the sum of an array (3,) over axes (0,)", lambda x: x - x.sum(axis=0).sum()),
    ("a product of arrays (19, 3) and (3,)", lambda x: x * (x @ x.sum(axis=0))[:, None]),
    ("a check of numbers that no row takes part in", lambda x: x * checked(x.sum(axis=0))),
    (f"add of arrays (19, 3) and (19, 3){CONSTANT_ROWS}", lambda x: x + y),
    ("add of arrays (19,) and (19, 19)", lambda x: x @ CONSTANT + x @ np.ones((3, 19))),
    ("a product of float64 and float32", lambda x: x @ np.eye(3, dtype=np.float32)),
    ("a product of arrays (3, 3) and (19, 3)", lambda x: np.eye(3) @ x),
    ("a product of arrays (3, 19) and (19,)", lambda x: x + x.T @ np.ones(19)),
    (f"the part [::2] of an array (57,){WHOLE}", lambda x: x + x.reshape(-1)[::2].sum()),
    ("a conversion to a number of Python", lambda x: float(x) * x),
    ("a concatenation", lambda x: np.concatenate([x, x])),
    ("there is no kernel for sort", np.sort),
    ("words", lambda x: x * (words(namespace(x), (1,), x.shape) > np.uint32(7))),
]


@pytest.mark.parametrize("name", RULES)
def test_rules_compile(name):
    net = (Rule(RULES[name]),)
    function = compiled(mse)
    assert explain(function, net, x, y).startswith("compiled: "), explain(function, net, x, y)
    assert function(net, x, y)[0] == pytest.approx(value_and_grad(mse)(net, x, y)[0], rel=1e-13)


@pytest.mark.parametrize(("reason", "f"), REFUSED)
def test_rules_that_do_not(reason, f):
    assert why_not(compiled(mse), (Rule(f),), x, y).startswith(reason)


@record
class Sums:
    """A layer whose gradient is `f` of two sums over rows; `w` is used before the rows."""

    W: Array
    w: Array
    f: Any


@forward.register(Sums)
def sums_forward(params, x):
    root = namespace(x).sqrt(params.w * params.w) * namespace(x).ones(3, x.dtype) + params.W[0] * params.W[:, 1]
    return x * root + x @ params.W[::-1] + x @ params.W.T[[0, 2, 1]], x


@backward.register(Sums)
def sums_backward(params, x, dA):
    W = params.f(x.T @ dA, dA.T @ x)
    return Grads(gradient(params, W=W, w=(x * dA).sum(axis=0)), dA)


SUMS = [
    *[lambda a, b: -a, lambda a, b: a + b, lambda a, b: a - b, lambda a, b: 2 * a, lambda a, b: a * 2.0],
    *[
        lambda a, b: a / 4,
        lambda a, b: -(3 * a - b / 2).reshape(9).reshape(3, 3),
        lambda a, b: (a + b).astype(np.float64),
    ],
    *[lambda a, b: abs(a) - np.exp(b) * a.reshape(9).reshape(3, 3), lambda a, b: a * np.eye(3) + 1.0],
]


@pytest.mark.parametrize("f", SUMS)
def test_gradients_are_computed_from_sums_over_rows(f):
    net = (Sums(np.arange(9.0).reshape(3, 3) / 10, np.array([1.0, -2.0, 3.0]), f),)
    function = compiled(mse)
    assert explain(function, net, x, y).startswith("compiled: "), explain(function, net, x, y)
    (cost, made), (expected_cost, expected) = function(net, x, y), value_and_grad(mse)(net, x, y)
    assert cost == pytest.approx(expected_cost, rel=1e-13)
    for a, b in zip(leaves(made), leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, 1e-12, 1e-14)
    assert function.update_told(TrainState(net), x, y).startswith("in a call of its own: ")  # constants change with W


def of_parts(out, y):
    e = out - y
    size = abs(e).sum()
    return (size * size + (e * e).sum()) ** 0.5 / 2 - e.mean(), e


def of_no_rows(out, y):
    is_outside(namespace(out).ones(3, out.dtype) * 1.0, 0, 1)
    return mse(out, y)


def test_costs_may_be_any_function_of_sums():
    function, net = compiled(of_parts), (Rule(np.tanh),)
    assert function(net, x, y)[0] == pytest.approx(float(of_parts(np.tanh(x), y)[0]), rel=1e-13)
    assert "compiled" in explain(function, net, x, y)


def test_a_loss_need_not_use_y():
    function, net = compiled(lambda out, y: ((out * out).sum(), 2 * out)), (Rule(np.tanh),)
    assert function(net, x, y)[0] == pytest.approx(float((np.tanh(x) ** 2).sum()), rel=1e-13)
    assert "compiled" in explain(function, net, x, y)


def test_a_gradient_that_is_no_sum_runs_plain():
    net = (Sums(np.eye(3), np.ones(3), lambda a, b: 0 * np.eye(3)),)
    assert why_not(compiled(mse), net, x, y).startswith("a gradient that is not a sum over the rows")


LOSSES = {
    "a cost that is not a sum over the rows": lambda out, y: (1.0, out - y),
    "a check of numbers that no row takes part in": of_no_rows,
}


@pytest.mark.parametrize("reason", LOSSES)
def test_losses_that_do_not(reason):
    assert why_not(compiled(LOSSES[reason]), (Rule(np.tanh),), x, y).startswith(reason)


def test_checks_of_a_tracer_are_left_out():
    assert not is_outside(object(), 0, 1)
