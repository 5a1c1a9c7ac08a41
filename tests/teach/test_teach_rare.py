"""The tutor on what is rare: rules that stop or keep results, operations of few functions, and loops that train."""

import numpy as np
import pytest

from funcnn.errors import KindError, RangeError
from funcnn.teach import AnswerRules, diagnose, diagnose_answer
from funcnn.teach.course.classifier import observe, rings
from funcnn.teach.parts import fitting
from funcnn.teach.parts.reverse import Run
from funcnn.teach.parts.trace import traced
from funcnn.testing import check_vjp
from tests.classics import normal

X, W = normal((3, 4), (4, 2))


def dense(x, W):
    return x @ W


def product(x):
    return x.prod(axis=1) ** 2


def with_first(x, a):
    h = 1.5 * x
    h[0] = a
    return h * h


def with_first_vjp(args, dA):
    x, a = args
    dh = 2 * np.concatenate([a[None], 1.5 * x[1:]]) * dA
    return [dh * np.array([0, 1, 1])[:, None], dh[0]]


def shifted(x, b):
    return (x + b) ** 2


@pytest.mark.parametrize(
    ("f", "vjp", "args", "name"),
    [
        (product, lambda args, dA: [dA[:, None] * product(args[0])[:, None] / args[0]], (X,), "factor"),
        (with_first, with_first_vjp, (X, X[1] + 1), "factor"),
        (
            shifted,
            lambda args, dA: [2 * dA * (args[0] + args[1]), 2 * (dA * (args[0] + args[1])).mean(axis=0, keepdims=True)],
            (X, X[:1]),
            "factor",
        ),
        (
            shifted,
            lambda args, dA: [2 * dA * (args[0] + args[1]), (dA * args[0] ** 3)[0]],
            (X[:1], X[1]),
            None,
        ),
        (
            lambda A, v: A @ v,
            lambda args, dA: [np.outer(dA, args[1]), args[0].T @ dA * args[1]],
            (X, X[0]),
            None,
        ),
        (
            dense,
            lambda args, dA: [dA @ args[1].T, args[0].T @ dA + 0.1 * args[1]],
            (X, W),
            "term without dA",
        ),
        (
            lambda x, W, b: x @ W + b,
            lambda args, dA: [dA @ args[1].T, args[0].T @ dA, dA.sum(axis=0, keepdims=True)],
            (X, W, X[0, :2]),
            "shape",
        ),
        (
            lambda x: np.where(x > 0, x, 0.1 * x),
            lambda args, dA: [np.where(args[0] > 0, dA, 0.1)],
            (X,),
            "missing dA",
        ),
        (dense, lambda args, dA: [dA @ args[1], args[0].T @ dA], (X, W), "transposed"),
        (lambda x: W[:2] @ x, lambda args, dA: [W[:2] @ dA], (X[0, :2],), "transposed"),
        (
            shifted,
            lambda args, dA: [2 * dA * (args[0] + args[1]), (dA * args[0] ** 3).sum(keepdims=True)],
            (X[:1], X[1:2, :1]),
            None,
        ),
        (np.sin, lambda args, dA: [dA * (args[0] ** 3 + 5)], (X[0],), None),
        (
            lambda u, v, w: np.stack([u, v, w]),
            lambda args, dA: [dA[1], dA[0], dA[0]],
            normal(4, 4, 4),
            "wrong gradient",
        ),
    ],
)
def test_the_name_of_a_mistake_in_an_operation_that_few_functions_have(f, vjp, args, name):
    assert diagnose(f, vjp, args).name == name


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (product, (X,)),
        (with_first, (X, X[1] + 1)),
        (shifted, (X, X[:1])),
        (lambda A, v: A @ v, (X, X[0])),
        (lambda x: np.sign(x) * np.cumsum(x, axis=1) ** 2, (X,)),
        (lambda x, i: np.concatenate([x[i], x.max(axis=0)[None]]) * 2, (X, np.array([0, 2, 0]))),
    ],
)
def test_the_recorded_operations_of_a_function_give_its_gradient(f, args):
    floats = [i for i, a in enumerate(args) if a.dtype.kind == "f"]
    trace = traced(lambda given: [f(*given)], args, f(*args), floats)

    def vjp(given, dA):
        found = iter(Run(trace, trace.values(given)).backward(dA))
        return [next(found) if i in floats else None for i in range(len(given))]

    assert check_vjp(f, vjp, args, float32=False).verdict == "pass"


def test_a_rule_that_keeps_its_first_result_has_no_name():
    kept = []

    def vjp(args, dA):
        kept.append(dA * np.cos(args[0]))
        return [kept[0]]

    assert diagnose(np.sin, vjp, (X,)).name is None


def test_parts_are_compared_as_long_as_there_is_time(monkeypatch):
    vjp = lambda args, dA: [dA @ args[1].T * np.tanh(args[0] @ args[1]).sum(), args[0].T @ dA]
    monkeypatch.setattr(fitting, "MOST_WORK", -1)
    assert diagnose(lambda x, W: np.tanh(x @ W), vjp, (X, W)).name is None


@pytest.mark.parametrize(
    ("f", "vjp", "args"),
    [
        (lambda x: 2 * x, lambda args, dA: [dA + np.ones(5)], (np.arange(1.0, 4.0),)),
        (lambda x: x @ W, lambda args, dA: [dA @ W], (X,)),
        (dense, lambda args, dA: [dA @ np.ones((5, 5)), args[0].T @ dA], (X, W)),
        (dense, lambda args, dA: [dA @ args[1] + np.sin(dA) @ args[1] ** 2, args[0].T @ dA], (X, W)),
        (lambda ids, W: W[ids], lambda args, dA: [None, dA @ args[1]], (np.array([0, 2, 1, 1]), X)),
    ],
)
def test_a_rule_that_stops_since_shapes_do_not_fit_says_so_without_a_name(f, vjp, args):
    found = diagnose(f, vjp, args)
    assert found.name is None
    assert found.where.startswith("your backward raises ValueError")
    assert "Print the shapes" in found.kind


def test_values_that_are_no_numbers_have_no_name():
    rules = AnswerRules(lambda x: 2 * x, {"x is squared": lambda x: x * x}, [(3.0,), (5.0,)])
    assert diagnose_answer(lambda x: "six", rules).name is None


def double(x):
    return 2 * x


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (("x", {}, [(1.0,)]), KindError, "AnswerRules: right must be a function, not str"),
        ((double, [], [(1.0,)]), KindError, "AnswerRules: wrong must be a mapping from texts to functions, not list"),
        ((double, {"half": 0.5}, [(1.0,)]), KindError, "AnswerRules: wrong['half'] must be a function, not float"),
        ((double, {}, [1.0]), KindError, "AnswerRules: args must be a sequence of tuples, the arguments of each call"),
        ((double, {}, []), RangeError, "AnswerRules: args must have at least one call"),
        ((len, {}, [(1.0,)]), RangeError, "diagnose_answer: rules.right must return numbers in each call"),
        (
            (double, {}, [(1.0,)], ("a", "b")),
            RangeError,
            "diagnose_answer: rules.right must return 2 values of numbers in each call",
        ),
    ],
)
def test_rules_that_cannot_be_compared_are_refused(given, error, message):
    with pytest.raises(error) as caught:
        diagnose_answer(double, AnswerRules(*given))
    assert str(caught.value) == message


LOOP = """
from funcnn import Dense, backward, forward, mlp, sgd, softmax_cross_entropy
def classify(x, y):
    params = {net}
    {before}
    for _ in range({n}):
        {body}
    return {result}
"""
FOUR = "out, cache = forward(params, x); _, dA = softmax_cross_entropy(out, y)"
STEP = "params = sgd(params, backward(params, cache, dA), {rate})"


@pytest.mark.parametrize(
    ("loop", "said"),
    [
        ({"body": f"{FOUR}; {STEP.format(rate=0.5)}", "n": 400}, "the classifier is good enough"),
        ({"body": f"{FOUR}; {STEP.format(rate=0.5)}", "n": 400, "result": "None"}, "the parameters are not returned"),
        ({"body": "raise KeyError", "n": 1}, "no known mistake"),
        (
            {"net": "(Dense.init(2, 3, seed=0),)", "body": f"{FOUR}; {STEP.format(rate=0.5)}", "n": 99},
            "the network is linear",
        ),
        ({"before": FOUR, "body": STEP.format(rate=0.1), "n": 400}, "out is computed once"),
        (
            {
                "before": FOUR,
                "body": f"out, cache = forward(params, x); {STEP.format(rate=0.1)}",
                "n": 400,
            },
            "the gradient is computed once",
        ),
        ({"body": f"{FOUR}; {STEP.format(rate=300.0)}", "n": 200}, "is too large"),
        (
            {"body": f"{FOUR}; {STEP.format(rate=0.5)}; raise KeyError", "before": FOUR, "n": 400},
            "no known mistake",
        ),
    ],
)
def test_a_loop_that_trains_a_classifier_is_observed(loop, said):
    names = {}
    exec(
        LOOP.format(**{"net": "mlp([2, 16, 3], seed=0)", "before": "pass", "result": "params", **loop}), names
    )  # a learner's file
    with np.errstate(all="ignore"):
        found = observe(names["classify"], *rings(200))
    assert said in f"{found.where} {found.kind}"
