"""A process that times checks of ten functions, by the funcnn that PYTHONPATH names; `checks.py` starts two of them.

It uses public names alone, so that it runs with the funcnn of other revisions. Each line of its input is the name of a
function and "passing" or "failing"; it answers with the CPU seconds of these checks.
"""
# ruff: noqa: T201  it answers by printing

import sys
from time import process_time

import numpy as np

import funcnn
from funcnn import Grads, backward, forward, gradient, mlp, record, softmax_cross_entropy
from funcnn.testing import GradientError, check_gradient, check_layer, check_loss, check_vjp

PASSING, FAILING = "passing", "failing"
LAYER = mlp([3, 4, 2], seed=0)


@record
class Doubled:
    """A network with a gradient of x that is twice too large."""

    network: object


forward.register(Doubled)(lambda params, x: forward(params.network, x))


@backward.register(Doubled)
def doubled_backward(params, cache, dA):
    grads = backward(params.network, cache, dA)
    return Grads(gradient(params, network=grads.params), 2 * grads.x)


def points(*shapes):
    """Arguments of normal numbers, of multiples of 1/2 with ties and zeros, and of numbers of many magnitudes."""
    rng = np.random.default_rng(0)

    def spread(shape):
        return rng.choice([-1.0, 1.0], shape) * 10.0 ** -rng.integers(0, 7, shape)

    kinds = [rng.standard_normal, lambda shape: rng.integers(-4, 5, shape) / 2, spread]
    return [tuple([make(shape) for shape in shapes]) for make in kinds]


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_vjp(args, dA, centred=1):
    out = softmax(*args)
    return [out * (dA - centred * (out * dA).sum(axis=1, keepdims=True))]


def logdet(L):
    return 2 * np.log(np.abs(np.linalg.det(L)))


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def rosenbrock_gradient(x, right=1):
    between = x[1:] - x[:-1] ** 2
    g = np.zeros_like(x)
    g[:-1] = -400 * x[:-1] * between - 2 * right * (1 - x[:-1])
    g[1:] += 200 * between
    return g


def moments(x):
    return {"mean": x["a"].mean() + x["b"].mean(), "square": (x["a"] * x["b"]).sum()}


def moments_vjp(args, dA, right=1):
    a, b = args[0]["a"], args[0]["b"]
    return [{"a": dA["mean"] / a.size + dA["square"] * b, "b": dA["mean"] / b.size + right * dA["square"] * a}]


def of_vjp(f, right, wrong, *shapes, made=lambda *arrays: arrays, **options):
    """A passing and a failing check of every point."""

    def checks(vjp):
        return [lambda args=args: check_vjp(f, vjp, made(*args), **options) for args in points(*shapes)]

    return {PASSING: checks(right), FAILING: checks(wrong)}


def of_slope(f, right, wrong, shape):
    """As `of_vjp`, for an elementwise function and its slope."""
    return of_vjp(f, *[lambda args, dA, slope=slope: [dA * slope(args[0])] for slope in (right, wrong)], shape)


def of_others(right, wrong, *shapes):
    """As `of_vjp`, for a check that is called with the arrays of a point."""
    return {
        PASSING: [lambda args=args: right(*args) for args in points(*shapes)],
        FAILING: [lambda args=args: wrong(*args) for args in points(*shapes)],
    }


def positive_definite(L):
    return (L @ L.T + np.eye(len(L)),)


def labelled(loss):
    return lambda out: check_loss(loss, out, np.eye(4)[np.arange(len(out)) % 4])


def doubled_loss(out, y):
    cost, dA = softmax_cross_entropy(out, y)
    return cost, 2 * dA


CHECKS = {
    "softplus of 5 numbers": of_slope(
        lambda x: np.logaddexp(0, x), lambda x: 1 / (1 + np.exp(-x)), lambda x: 1 / (1 + np.exp(x)), (5,)
    ),
    "relu of 4 x 5": of_slope(lambda x: np.maximum(x, 0), lambda x: x > 0, lambda x: x > -1, (4, 5)),
    "product of 3 x 4 and 4 x 2": of_vjp(
        lambda a, b: a @ b,
        lambda args, dA: [dA @ args[1].T, args[0].T @ dA],
        lambda args, dA: [dA @ args[1].T, 2 * args[0].T @ dA],
        (3, 4),
        (4, 2),
    ),
    "softmax of 4 x 3": of_vjp(softmax, softmax_vjp, lambda args, dA: softmax_vjp(args, dA, 0.5), (4, 3)),
    "log det of 3 x 3, positive definite": of_vjp(
        logdet,
        lambda args, dA: [2 * dA * np.linalg.inv(args[0]).T],
        lambda args, dA: [dA * np.linalg.inv(args[0]).T],
        (3, 3),
        made=positive_definite,
        structure={"L": "positive definite"},
    ),
    "moments of a dict of 3 and 3": of_vjp(
        moments,
        moments_vjp,
        lambda args, dA: moments_vjp(args, dA, 1.5),
        (3,),
        (3,),
        made=lambda a, b: ({"a": a, "b": b},),
    ),
    "tanh of 200 x 200": of_slope(np.tanh, lambda x: 1 - np.tanh(x) ** 2, lambda x: 1 - np.tanh(x), (200, 200)),
    "Rosenbrock of 6, check_gradient": of_others(
        lambda x: check_gradient(rosenbrock, rosenbrock_gradient, x),
        lambda x: check_gradient(rosenbrock, lambda x: rosenbrock_gradient(x, 0), x),
        (6,),
    ),
    "network 3-4-2, check_layer": of_others(
        lambda x: check_layer(LAYER, x), lambda x: check_layer(Doubled(LAYER), x), (5, 3)
    ),
    "cross-entropy of 5 x 4, check_loss": of_others(labelled(softmax_cross_entropy), labelled(doubled_loss), (5, 4)),
}


def check_all(name, kind):
    """Check the function at each point; a failing check must raise a GradientError."""
    for check in CHECKS[name][kind]:
        try:
            check()
        except GradientError:
            if kind == PASSING:
                raise
        else:
            assert kind == PASSING, f"{name}: the wrong gradient passes"


def main():
    """Answer until the input ends; the first answer is where funcnn is."""
    print(funcnn.__file__, flush=True)
    for line in sys.stdin:
        name, kind = line.strip().split("|")
        began = process_time()
        check_all(name, kind)
        print(process_time() - began, flush=True)


if __name__ == "__main__":
    main()
