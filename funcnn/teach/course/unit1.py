"""Usual mistakes in the exercises of unit 1, a line."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.comparing import AnswerRules

X, Y = np.array([1.0, 3.0, -0.5]), np.array([3.0, 7.0, 2.0])

LINE = AnswerRules(
    lambda x, W, b: W * x + b,
    {
        "b is not added": lambda x, W, b: W * x,
        "x and W are added, and must be multiplied": lambda x, W, b: x + W + b,
        "W multiplies b too: b is added after the product": lambda x, W, b: W * (x + b),
        "W and b are exchanged": lambda x, W, b: b * x + W,
        "b is subtracted, and must be added": lambda x, W, b: W * x - b,
        "b multiplies, and must be added": lambda x, W, b: W * x * b,
        "x is not multiplied by W": lambda x, W, b: x + b,
        "x is missing": lambda x, W, b: W + b,
        "the outputs are added; each example has an output of its own": lambda x, W, b: (W * x + b).sum(),
        "the product is added over the examples; each example has an output of its own": lambda x, W, b: (
            np.dot(np.full(x.shape, W), x) + b
        ),
        "the outputs are averaged; each example has an output of its own": lambda x, W, b: (W * x + b).mean(),
        "x is squared": lambda x, W, b: W * x**2 + b,
        "x is divided by W": lambda x, W, b: x / W + b,
        "the output of the first example alone is returned": lambda x, W, b: W * x[0] + b,
    },
    [(X, 1.5, 0.5), (X[:2], -2.0, 3.0)],
    ("out",),
)


def _squares(cost: Any, dA: Any) -> Any:
    def rule(out: Array, y: Array) -> tuple[Any, Any]:
        e = out - y
        return cost(e, out, y), dA(e, out, y)

    return rule


def _cost(cost: Any) -> Any:
    return _squares(cost, lambda e, out, y: np.nan * e)


def _slope(dA: Any) -> Any:
    return _squares(lambda e, out, y: np.nan, dA)


SQUARES = AnswerRules(
    _squares(lambda e, out, y: (e * e).mean(), lambda e, out, y: 2 * e / len(e)),
    {
        "the cost is a sum, and must be a mean": _cost(lambda e, out, y: (e * e).sum()),
        "the cost is half of the mean; here it has no factor 1/2": _cost(lambda e, out, y: (e * e).mean() / 2),
        "the cost is half of the sum; it must be the mean": _cost(lambda e, out, y: (e * e).sum() / 2),
        "the cost is the mean of the absolute errors, and must be that of their squares": _cost(
            lambda e, out, y: abs(e).mean()
        ),
        "the cost is the mean of the errors; their squares are missing": _cost(lambda e, out, y: e.mean()),
        "the cost is the square of the mean error; the squares come before the mean": _cost(
            lambda e, out, y: e.mean() ** 2
        ),
        "the cost is the root of the mean; no root is taken": _cost(lambda e, out, y: np.sqrt((e * e).mean())),
        "the cost has a number for each example; the mean is missing": _cost(lambda e, out, y: e * e),
        "the sum of the errors is squared; the squares come before the sum": _cost(lambda e, out, y: e.sum() ** 2),
        "the cost has the opposite sign": _cost(lambda e, out, y: -(e * e).mean()),
        "out and y are added in the error, and must be subtracted": _squares(
            lambda e, out, y: ((out + y) ** 2).mean(), lambda e, out, y: 2 * (out + y) / len(e)
        ),
        "the factor 2 of the derivative of a square is missing in dA": _slope(lambda e, out, y: e / len(e)),
        "1/m is missing in dA: the cost is a mean": _slope(lambda e, out, y: 2 * e),
        "2/m is missing in dA; it is 1 only for m = 2": _slope(lambda e, out, y: e),
        "dA has the opposite sign: it is y - out in place of out - y": _slope(lambda e, out, y: -2 * e / len(e)),
        "dA is y - out, with the opposite sign, and 2/m is missing": _slope(lambda e, out, y: -e),
        "dA has the opposite sign, and 1/m is missing": _slope(lambda e, out, y: -2 * e),
        "dA has the opposite sign, and the factor 2 is missing": _slope(lambda e, out, y: -e / len(e)),
        "dA is a mean; each output has a number of its own in dA": _slope(lambda e, out, y: 2 * e.mean()),
        "dA is a sum; each output has a number of its own in dA": _slope(lambda e, out, y: 2 * e.sum() / len(e)),
        "dA is a sum, without 1/m; each output has a number of its own in dA": _slope(lambda e, out, y: 2 * e.sum()),
        "dA has the square of the error, and must have the error": _slope(lambda e, out, y: 2 * e * e / len(e)),
        "dA is the squared error divided by m; it must be the derivative of it": _slope(
            lambda e, out, y: e * e / len(e)
        ),
        "dA is the squared error; it must be the derivative of it": _slope(lambda e, out, y: e * e),
        "dA is the sign of the error: the slope of an absolute error": _slope(lambda e, out, y: np.sign(e) / len(e)),
        "dA is multiplied by m, and must be divided": _slope(lambda e, out, y: 2 * e * len(e)),
        "1/m is applied twice in dA": _slope(lambda e, out, y: 2 * e / len(e) ** 2),
        "dA has out in place of the error out - y": _slope(lambda e, out, y: 2 * out / len(e)),
        "dA is multiplied by y": _slope(lambda e, out, y: 2 * e * y / len(e)),
        "dA is multiplied by out": _slope(lambda e, out, y: 2 * e * out / len(e)),
        "dA is 2/m: the error is missing": _slope(lambda e, out, y: np.full(e.shape, 2 / len(e))),
        "m is 2 in the code, and must be the number of examples": _squares(
            lambda e, out, y: (e * e).sum() / 2, lambda e, out, y: 2 * e / 2
        ),
    },
    [(np.array([1.0, 3.0, 0.5]), np.array([3.0, 7.0, -2.0])), (np.arange(5.0), np.array([1.5, -1.0, 4.0, 0.2, 2.0]))],
    ("the cost", "dA"),
)


def _fit(
    x: Array,
    y: Array,
    W: Any,
    b: Any,
    lr: float,
    steps: int,
    *,
    more: int = 0,
    dA: Any = lambda e: 2 * e / len(e),
    step: Any = lambda W, b, dW, db, lr: (W - lr * dW, b - lr * db),
    gradients: Any = lambda x, dA: ((x * dA).sum(), dA.sum()),
) -> tuple[Any, Any]:
    for _ in range(steps + more):
        W, b = step(W, b, *gradients(x, dA(W * x + b - y)), lr)
    return W, b


def _with(**other: Any) -> Any:
    return lambda *args: _fit(*args, **other)


def _new_weight(x: Array, y: Array, W: Any, b: Any, lr: float, steps: int) -> Any:
    for _ in range(steps):
        W = W - lr * (x * 2 * (W * x + b - y) / len(x)).sum()
        b = b - lr * (2 * (W * x + b - y) / len(x)).sum()
    return W, b


def _new_bias(x: Array, y: Array, W: Any, b: Any, lr: float, steps: int) -> Any:
    for _ in range(steps):
        b = b - lr * (2 * (W * x + b - y) / len(x)).sum()
        W = W - lr * (x * 2 * (W * x + b - y) / len(x)).sum()
    return W, b


def _once(x: Array, y: Array, W: Any, b: Any, lr: float, steps: int) -> Any:
    dA = 2 * (W * x + b - y) / len(x)
    return W - steps * lr * (x * dA).sum(), b - steps * lr * dA.sum()


def _unchanging(x: Array, y: Array, W: Any, b: Any, lr: float, steps: int) -> Any:
    dA = 2 * (W * x + b - y) / len(x)
    return (W, b) if steps == 0 else (W - lr * (x * dA).sum(), b - lr * dA.sum())


def _by_example(x: Array, y: Array, W: Any, b: Any, lr: float, steps: int) -> Any:
    for _ in range(steps):
        for xi, yi in zip(x, y, strict=True):
            e = 2 * (W * xi + b - yi) / len(x)
            W, b = W - lr * xi * e, b - lr * e
    return W, b


_SINGLE: dict[str, dict[str, Any]] = {
    "the step goes up": {"step": lambda W, b, dW, db, lr: (W + lr * dW, b + lr * db)},
    "the learning rate is missing": {"step": lambda W, b, dW, db, lr: (W - dW, b - db)},
    "W is moved by db and b by dW": {"step": lambda W, b, dW, db, lr: (W - lr * db, b - lr * dW)},
    "b is not moved": {"step": lambda W, b, dW, db, lr: (W - lr * dW, b)},
    "W is not moved": {"step": lambda W, b, dW, db, lr: (W, b - lr * db)},
    "1/m is applied twice: it is in dA already": {"gradients": lambda x, dA: ((x * dA).mean(), dA.mean())},
    "x is missing in dW": {"gradients": lambda x, dA: (dA.sum(), dA.sum())},
    "dA is multiplied by m": {"dA": lambda e: 2 * e},
    "the factor 2 of dA is missing": {"dA": lambda e: e / len(e)},
    "the error is used as dA": {"dA": lambda e: e},
    "one step too few": {"more": -1},
    "one step too many": {"more": 1},
}
_PAIRS = {
    f"{a}; {b}": {**_SINGLE[a], **_SINGLE[b]}
    for a, b in combinations(_SINGLE, 2)
    if not _SINGLE[a].keys() & _SINGLE[b].keys()
}
FIT = AnswerRules(
    _fit,
    {
        "the gradient of b is computed with the new W; both gradients belong to the old parameters": _new_weight,
        "the gradient of W is computed with the new b; both gradients belong to the old parameters": _new_bias,
        "the step goes up: lr times the gradient must be subtracted": _with(
            step=lambda W, b, dW, db, lr: (W + lr * dW, b + lr * db)
        ),
        "the step of W has the wrong sign": _with(step=lambda W, b, dW, db, lr: (W + lr * dW, b - lr * db)),
        "the step of b has the wrong sign": _with(step=lambda W, b, dW, db, lr: (W - lr * dW, b + lr * db)),
        "out and dA are computed once, before the loop; they must be computed in each step": _once,
        "one step is made, whatever `steps` is: a return in the loop, or no loop": _unchanging,
        "the learning rate is missing in the step": _with(step=lambda W, b, dW, db, lr: (W - dW, b - db)),
        "one step too many": lambda x, y, W, b, lr, steps: _fit(x, y, W, b, lr, steps + 1),
        "one step too few": lambda x, y, W, b, lr, steps: _fit(x, y, W, b, lr, steps - 1),
        "b is not moved": _with(step=lambda W, b, dW, db, lr: (W - lr * dW, b)),
        "W is not moved": _with(step=lambda W, b, dW, db, lr: (W, b - lr * db)),
        "nothing is moved: the new W and b are not kept": _with(step=lambda W, b, dW, db, lr: (W, b)),
        "W and b become the step alone; it must be subtracted from them": _with(
            step=lambda W, b, dW, db, lr: (lr * dW, lr * db)
        ),
        "W is moved by db and b by dW": _with(step=lambda W, b, dW, db, lr: (W - lr * db, b - lr * dW)),
        "b is moved by dW too": _with(step=lambda W, b, dW, db, lr: (W - lr * dW, b - lr * dW)),
        "W and b are multiplied by the step": _with(step=lambda W, b, dW, db, lr: (W - lr * dW * W, b - lr * db * b)),
        "the step is divided by lr, and must be multiplied": _with(step=lambda W, b, dW, db, lr: (W - dW / lr, b - db / lr)),
        "W and b are returned in another order": lambda *args: _fit(*args)[::-1],
        "1/m is applied twice: it is in dA already": _with(gradients=lambda x, dA: ((x * dA).mean(), dA.mean())),
        "1/m is applied twice in dW: it is in dA already": _with(gradients=lambda x, dA: ((x * dA).mean(), dA.sum())),
        "1/m is applied twice in db: it is in dA already": _with(gradients=lambda x, dA: ((x * dA).sum(), dA.mean())),
        "dA is multiplied by m": _with(dA=lambda e: 2 * e),
        "the cost is used as dA; squares returns (cost, dA)": _with(dA=lambda e: np.full(e.shape, (e * e).mean())),
        "the error is used as dA, without 2/m": _with(dA=lambda e: e),
        "dA has the factor 1/m and no factor 2": _with(dA=lambda e: e / len(e)),
        "the x of the gradient is missing in dW": _with(gradients=lambda x, dA: (dA.sum(), dA.sum())),
        "one example after the other is used; each step uses all examples": _by_example,
        **{text: _with(**other) for text, other in _PAIRS.items()},
        "the outputs do not have b": lambda x, y, W, b, lr, steps: _without_bias(x, y, W, b, lr, steps),
    },
    [(X[:2], Y[:2], 1.0, 0.0, 0.1, 1), (X, Y, 0.5, 0.3, 0.05, 4), (np.arange(-2.0, 5.0), np.arange(7.0) ** 0.5, 0.5, 0.2, 0.01, 3)],
    ("W", "b"),
)  # fmt: skip


def _without_bias(x: Array, y: Array, W: Any, b: Any, lr: float, steps: int) -> Any:
    for _ in range(steps):
        dA = 2 * (W * x - y) / len(x)
        W, b = W - lr * (x * dA).sum(), b - lr * dA.sum()
    return W, b
