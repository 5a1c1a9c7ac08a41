"""Usual mistakes in the exercises of unit 4, what makes training work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.comparing import AnswerRules

POINTS = np.array([[3.0, 1.0], [1.0, 3.0], [2.0, 2.0], [-1.0, 0.5], [0.0, -4.0], [-3.0, -2.0]])
_T, _S = POINTS[:, :1] - POINTS[:, 1:], POINTS[:, :1] + POINTS[:, 1:]
_ABS, _UP, _DOWN = abs(_T), np.maximum(_T, 0), np.maximum(-_T, 0)


def out_of(weights: Callable[[], Any]) -> Callable[[], Array]:
    """The outputs of the network Dense, Relu, Dense with these weights."""

    def out() -> Array:
        W1, b1, W2, b2 = [np.asarray(a, float) for a in weights()]
        return np.asarray(np.maximum(POINTS @ W1 + b1, 0) @ W2 + b2)

    return out


def _gives(out: Array) -> Callable[[], Array]:
    return lambda: out


DISTANCE = AnswerRules(
    _gives(_ABS),
    {
        "out is max(x1 - x2, 0): the unit for the negative differences, with max(x2 - x1, 0), is missing": _gives(_UP),
        "out is max(x2 - x1, 0): the unit for the positive differences, with max(x1 - x2, 0), is missing": _gives(_DOWN),
        "out is x1 - x2: the outputs of the two units are subtracted, and must be added": _gives(_T),
        "out is x2 - x1: the outputs of the two units are subtracted, and must be added": _gives(-_T),
        "out has the opposite sign: both weights of the second layer must be 1": _gives(-_ABS),
        "out is half of the distance": _gives(_ABS / 2),
        "out is twice the distance": _gives(2 * _ABS),
        "out is 2 max(x1 - x2, 0): both units compute x1 - x2, and one must compute x2 - x1": _gives(2 * _UP),
        "out is 2 max(x2 - x1, 0): both units compute x2 - x1, and one must compute x1 - x2": _gives(2 * _DOWN),
        "the signs in W1 are by rows, and must be by columns: unit 1 computes x1 + x2, and must compute x1 - x2": _gives(
            np.maximum(_S, 0) + np.maximum(-_S, 0)
        ),
        "W1 is transposed: column k of W1 has the weights of unit k; both units give max of x1 - x2 times 1 and -1": _gives(
            np.maximum(_T, 0) - np.maximum(_T, 0)
        ),
        "both units compute x1 + x2; one must compute x1 - x2 and the other x2 - x1": _gives(2 * np.maximum(_S, 0)),
        "the units do not subtract: unit 1 is x1 and unit 2 is x2, each through the Relu": _gives(
            np.maximum(POINTS[:, :1], 0) - np.maximum(POINTS[:, 1:], 0)
        ),
        "the units do not subtract: out is max(x1, 0) + max(x2, 0)": _gives(
            np.maximum(POINTS[:, :1], 0) + np.maximum(POINTS[:, 1:], 0)
        ),
        "out is 0 for all inputs": _gives(np.zeros_like(_ABS)),
        "a bias is 1; all biases are 0 here": _gives(_ABS + 1),
        "the biases of the units are 1; all biases are 0 here": _gives(np.maximum(_T + 1, 0) + np.maximum(1 - _T, 0)),
    },
    [()],
    ("out",),
)  # fmt: skip


def spread_of(weights: Callable[[Any, int], Any]) -> Callable[[], Array]:
    """The shape, the mean and the logarithm of the standard deviation of weights for 50 and 200 units."""

    def spread() -> Array:
        found: list[float] = []
        for n in (50, 200):
            W = np.asarray(weights(np.random.default_rng(n), n), float)
            size = float(W.std())
            found += [W.shape == (n, n), abs(W.mean()) > 0.1 * size, float(np.log(size + 1e-300))]
        return np.array(found)

    return spread


def _normal(s: Callable[[int], float]) -> Callable[[], Any]:
    return spread_of(lambda random, n: random.normal(0, s(n), (n, n)))


WEIGHTS = AnswerRules(
    _normal(lambda n: np.sqrt(2 / n)),
    {
        "2/n is the variance; random.normal takes the standard deviation, which is its root": _normal(lambda n: 2 / n),
        "the variance is 1/n; a Relu keeps one half of the mean square, so it must be 2/n": _normal(lambda n: 1 / n**0.5),
        "the standard deviation is 1/n; it must be the root of 2/n": _normal(lambda n: 1 / n),
        "the standard deviation does not depend on n: it is 1": _normal(lambda n: 1),
        "the standard deviation does not depend on n: it is 0.01": _normal(lambda n: 0.01),
        "the standard deviation does not depend on n: it is 0.1": _normal(lambda n: 0.1),
        "the standard deviation is the root of 2 n; it must be the root of 2/n": _normal(lambda n: np.sqrt(2 * n)),
        "the standard deviation is the root of n; it must be the root of 2/n": _normal(lambda n: np.sqrt(n)),
        "the standard deviation is 2 divided by the root of n; the 2 belongs under the root": _normal(lambda n: 2 / n**0.5),
        "the standard deviation is the root of 2, divided by n; n belongs under the root": _normal(lambda n: 2**0.5 / n),
        "the standard deviation is the root of n/2; it must be the root of 2/n": _normal(lambda n: np.sqrt(n / 2)),
        "the variance is 1/(2n) in place of 2/n": _normal(lambda n: np.sqrt(1 / (2 * n))),
        "the variance is 3/n in place of 2/n": _normal(lambda n: np.sqrt(3 / n)),
        "the variance is (2/n)^2: the root is missing, and 2/n is squared again": _normal(lambda n: (2 / n) ** 2),
        "all weights are 0, or all are equal, so that all units stay equal": spread_of(lambda random, n: np.zeros((n, n))),
        "the weights are between 0 and 1; their mean must be 0": spread_of(lambda random, n: random.uniform(0, 1, (n, n))),
        "the weights are between -1 and 1, whatever n is": spread_of(lambda random, n: random.uniform(-1, 1, (n, n))),
        "the mean is the root of 2/n and the deviation 1: random.normal takes the mean first": spread_of(
            lambda random, n: random.normal(np.sqrt(2 / n), 1, (n, n))
        ),
        "there is a row of n weights; the array must be (n, n)": spread_of(
            lambda random, n: random.normal(0, np.sqrt(2 / n), n)
        ),
    },
    [()],
    ("the spread of the weights",),
    close=0.02,
)  # fmt: skip


RATE = AnswerRules(
    lambda x: 1 / (x**2).mean(),
    {
        "it is 2 divided by the mean of x^2; the second derivative has a factor 2 too, so 2/c is 1 / mean": lambda x: (
            2 / (x**2).mean()
        ),
        "it is half of the largest rate: 1/c is the best rate, and the largest is 2/c": lambda x: 0.5 / (x**2).mean(),
        "the sum of x^2 has the place of the mean: the cost is a mean": lambda x: 1 / (x**2).sum(),
        "it is 2 divided by the sum of x^2; the cost is a mean, and its second derivative has a factor 2": lambda x: (
            2 / (x**2).sum()
        ),
        "half of 1 / sum of x^2; the cost is a mean, and the largest rate is 2/c": lambda x: 0.5 / (x**2).sum(),
        "the square of the mean has the place of the mean of the squares": lambda x: 1 / x.mean() ** 2,
        "x is not squared": lambda x: 1 / x.mean(),
        "x is not squared, and 2 is divided by its mean": lambda x: 2 / x.mean(),
        "the largest x^2 has the place of the mean": lambda x: 1 / (x**2).max(),
        "the largest x has the place of the mean of x^2": lambda x: 1 / abs(x).max(),
        "it is the mean of x^2; the rate is its inverse": lambda x: (x**2).mean(),
        "it is the second derivative, 2 mean of x^2; the rate is 2 divided by it": lambda x: 2 * (x**2).mean(),
        "a rate for each example; the cost is a mean over the examples": lambda x: 1 / x**2,
        "the root of the mean of x^2 has the place of the mean": lambda x: 1 / np.sqrt((x**2).mean()),
        "the variance of x has the place of the mean of x^2": lambda x: 1 / x.var(),
        "the mean of the rates of the examples; the mean is taken before the quotient": lambda x: (1 / x**2).mean(),
        "the absolute value has the place of the square": lambda x: 1 / abs(x).mean(),
        "four times too large: 2/c with c = mean(x^2) / 2": lambda x: 4 / (x**2).mean(),
        "a quarter of the largest rate: 1/c with c = 4 mean(x^2)": lambda x: 0.25 / (x**2).mean(),
        "divided by the number of examples twice": lambda x: 1 / (x**2).mean() / len(x),
        "a number that does not depend on x: 3/14 is the rate for x = (1, -2, 3) alone": lambda x: 3 / 14,
        "a number that does not depend on x": lambda x: 0.1,
    },
    [(np.array([1.0, -2.0, 3.0]),), (np.array([0.5, 1.5, -1.0, 4.0]),)],
    ("the rate",),
)  # fmt: skip
