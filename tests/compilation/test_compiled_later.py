"""Kernels whose first result is right, and that would be wrong later: each call gives the result of value_and_grad."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import Array, Grads, backward, forward, gradient, layers, mse, namespace, record, value_and_grad
from funcnn.compilation import compiled, explain
from funcnn.compilation.shapes import Untraceable
from funcnn.compilation.trace import trace
from funcnn.trees import leaves

rng = np.random.default_rng(0)
x, y = rng.normal(size=(37, 5)), rng.normal(size=(37, 3))
first = layers.Dense.init(5, 3, seed=0)
small, large = x * 0.01, x * 9


@record
class Rule(layers.Elementwise):
    """An activation with a rule that is given."""

    f: Any

    def value(self, x):
        return self.f(x)

    def slope(self, kept):
        return namespace(kept).ones_like(kept)


def are_alike(function, loss, net, x, y):
    """The compiled and the plain function give the same numbers and classes, or the same error."""
    results = []
    for f in (function, value_and_grad(loss)):
        try:
            with np.errstate(all="ignore"):
                results.append(f(net, x, y))
        except Exception as error:  # noqa: BLE001  any error may be the right one
            results.append(repr(error))
    if any([isinstance(one, str) for one in results]):
        assert results[0] == results[1]
        return
    (cost, grads), (expected_cost, expected) = results
    assert type(cost) is type(expected_cost)
    largest = max([1e-3, *[abs(a[np.isfinite(a)]).max(initial=0) for a in map(np.asarray, leaves(expected))]])
    for a, b in zip((cost, *leaves(grads)), (expected_cost, *leaves(expected)), strict=True):
        np.testing.assert_allclose(a, b, 1e-12, 1e-12 * largest)


# Rules that ask for what symbolic arrays do not have.


def catches(x):
    try:
        if (x > 2.5).any():
            return x * 2
    except Exception:  # noqa: BLE001  as a rule may do
        pass
    return x * 1


def asks_for_an_attribute(x):
    return x * 2 if hasattr(x, "flags") and x.max() > 2.5 else x * 1


def asks_for_a_function(x):
    xp = namespace(x)
    return x * 2 if hasattr(xp, "any") and xp.any(x > 2.5) else x * 1


def asks_for_the_class(x):
    return x * 2 if isinstance(x, np.ndarray) and x.max() > 2.5 else x * 1


def changes_another_name(x):
    t = x * 1
    u = t
    u *= np.where(x > 2.5, 2.0, 1.0)
    return t


def changes_a_view(x):
    t = x * 1
    u = t.reshape(-1)
    u *= np.where(x > 2.5, 2.0, 1.0).reshape(-1)
    return t


def changes_what_has_a_view(x):
    t = x * 1
    u = t.reshape(-1)
    t *= np.where(x > 2.5, 2.0, 1.0)
    return u.reshape(x.shape)


def inverts_a_count(x):
    return x * np.where(~(x > 2.5).sum(axis=-1, keepdims=True) < -1, 2.0, 1.0)


inverts_a_power = lambda x: x * np.where(~((x > 2.5) ** 3) == -2, 2.0, 1.0)


@pytest.mark.parametrize(
    "f",
    [
        *[catches, asks_for_an_attribute, asks_for_a_function, asks_for_the_class, changes_another_name],
        *[changes_a_view, changes_what_has_a_view, inverts_a_count, inverts_a_power],
    ],
)
def test_rules_for_later_numbers(f):
    function = compiled(mse)
    for one in (small, large, small):
        are_alike(function, mse, (first, Rule(f)), one, y)


def grown(x):
    t = x * 1
    t += x
    t -= 0.5
    t *= x
    t /= 3
    t **= 2
    n = namespace(x).zeros(()) + 1.0
    n += 1
    return t * n


counted = lambda x: x + ((x > 0) & (x < 1)).sum(axis=-1, keepdims=True) * 0.5


@pytest.mark.parametrize("f", [grown, counted])
def test_changes_in_place_and_counts_compile(f):
    function = compiled(mse)
    are_alike(function, mse, (first, Rule(f)), small, y)
    assert explain(function, (first, Rule(f)), small, y).startswith("compiled: ")


REFUSED = [
    *[lambda x: x // 2, lambda x: 2 % x, lambda x: +x, lambda x: divmod(x, 2)[0], lambda x: x << 1],
    *[lambda x: x.sum(dtype=np.float64) + x, np.asarray, lambda x: x.copy(), lambda x: 1.0 in x],
]


@pytest.mark.parametrize("f", REFUSED)
def test_other_operations_run_plain(f):
    function = compiled(mse)
    assert isinstance(function.step((first, Rule(lambda x: x * 1)), x, y, [], []), object)
    with np.errstate(all="ignore"):
        are_alike(function, mse, (first, Rule(f)), x, y)


@pytest.mark.parametrize("f", [lambda t, x: t.__iadd__(x), lambda t, x: (t > 0).__imul__(x)])
def test_inputs_and_shapes_do_not_change_in_place(f):
    with pytest.raises(Untraceable, match="a change in place"):
        trace(lambda out, y: (f(y, out).sum(), out), (first,), x, y)


def test_what_has_no_such_name_is_no_refusal():
    def f(x):
        return x * (3 if hasattr(x, "of_no_array") or hasattr(namespace(x), "of_no_array") else 1)

    assert explain(compiled(mse), (first, Rule(f)), x, y).startswith("compiled: ")


# Settings and losses that change.


class Factor:
    """A function with an attribute that is in a slot, and others."""

    __slots__ = ("__dict__", "k")

    def __init__(self, k=1.0):
        self.k, self.others, self.me = k, [np.float64(1.0), {"a": 1.0}, 1j, (layers.Tanh(),), np.ones(2), int], self

    def __call__(self, x):
        return x * (self.k * self.others[0] * self.others[1]["a"] * self.others[4][0])

    def loss(self, out, y):
        cost, dA = mse(out, y)
        return self(cost), self(dA)


def test_what_has_too_many_parts_runs_plain():
    f, reason = Factor(), "plain NumPy: what the loss and the rules read cannot be compared in each step: "
    f.many = list(range(10**4))
    assert explain(compiled(f.loss), (first,), x, y).startswith(reason)
    f.many = np.zeros(10**6)  # of which a copy in each step would take long
    function = compiled(f.loss)
    for _ in range(2):
        assert explain(function, (first,), x, y).startswith(reason)
    f.many = 0
    assert explain(function, (first,), x, y).startswith(reason)
    assert explain(compiled(f.loss), (first,), x, y).startswith("compiled: ")


@record
class Times:
    """A layer whose rule is registered twice."""

    W: Array


def test_a_rule_that_is_registered_again():
    def rule(k):
        forward.register(Times)(lambda params, x: (k * (x @ params.W), x))
        backward.register(Times)(lambda params, x, dA: Grads(gradient(params, W=k * (x.T @ dA)), dA @ params.W.T))

    function, net, other = compiled(mse), (Times(np.ones((5, 3))),), layers.mlp([5, 3], seed=0)
    rule(1.0)
    are_alike(function, mse, net, x, y)
    kept = function.step(other, x, y, [], [])
    assert isinstance(function.step((Rule(np.sort),), x, x, [], []), str)
    rule(3.0)
    are_alike(function, mse, net, x, y)
    assert function.step(other, x, y, [], []) is kept
