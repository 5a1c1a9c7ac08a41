"""Usual mistakes in the exercises of unit 5, softmax and cross-entropy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.comparing import AnswerRules

Z = np.array([[0.5, -1.0, 2.0], [0.0, 0.25, -0.5]])
SQUARE = np.array([[0.5, -1.0, 2.0], [0.0, 0.25, -0.5], [1.5, 0.1, 0.7]])
LARGE = np.array([[1000.0, 1000.0, 0.0], [-1000.0, 0.0, 3.0]])
Y, SQUARE_Y = np.eye(3)[[2, 0]], np.eye(3)[[2, 0, 0]]
_COLUMN: Any = {"axis": 1, "keepdims": True}


def _softmax(z: Array, *, shift: Any = lambda z: z.max(**_COLUMN), total: Any = lambda e: e.sum(**_COLUMN)) -> Array:
    e = np.exp(z - shift(z))
    return np.asarray(e / total(e))


def _with(**other: Any) -> Callable[[Array], Array]:
    return lambda z: _softmax(z, **other)


def _after_exp(z: Array) -> Array:
    e = np.exp(z)
    e = e - e.max(**_COLUMN)
    return np.asarray(e / e.sum(**_COLUMN))


def _log_softmax(z: Array) -> Array:
    z = z - z.max(**_COLUMN)
    return np.asarray(z - np.log(np.exp(z).sum(**_COLUMN)))


_NO_SHIFT: Any = lambda z: 0.0
_SUMS: dict[str, Any] = {
    "the sum runs over the whole array, and must run over each row": lambda e: e.sum(),
    "the sum runs over the examples, axis 0; it must run over the classes, axis 1": lambda e: e.sum(axis=0),
    "keepdims=True is missing in the sum: one number for each row must be a column": lambda e: e.sum(axis=1),
    "the mean has the place of the sum, so a row adds up to the number of classes": lambda e: e.mean(**_COLUMN),
    "the largest exponential has the place of the sum": lambda e: e.max(**_COLUMN),
    "the exponentials are not divided by their sum": lambda e: 1.0,
}
_SHIFTS: dict[str, Any] = {
    "": lambda z: z.max(**_COLUMN),
    "the largest logit is not subtracted, so e^1000 is infinite": _NO_SHIFT,
    "the largest logit of the whole array is subtracted; a row that is far below it becomes 0 / 0": lambda z: z.max(),
    "the largest logit of each column is subtracted; it must be that of the row": lambda z: z.max(axis=0),
    "keepdims=True is missing in the max: one number for each row must be a column": lambda z: z.max(axis=1),
    "the mean is subtracted in place of the largest logit, so e^x may still be infinite": lambda z: z.mean(**_COLUMN),
    "the smallest logit is subtracted in place of the largest": lambda z: z.min(**_COLUMN),
    "the largest logit is added, and must be subtracted": lambda z: -z.max(**_COLUMN),
}
SOFTMAX = AnswerRules(
    _softmax,
    {
        **{
            "; ".join(filter(None, (text, other))): _with(shift=shift, total=total)
            for text, shift in _SHIFTS.items()
            for other, total in {"": lambda e: e.sum(**_COLUMN), **_SUMS}.items()
            if text or other
        },
        "the largest logit is subtracted after exp; e^1000 is infinite before": _after_exp,
        "the logits are divided by the largest of their row; only subtracting it leaves the softmax as it is": lambda z: _softmax(z / z.max(**_COLUMN)),
        "the logits are divided by the largest absolute value of their row; only a subtraction leaves the softmax as it is": lambda z: _softmax(z / abs(z).max(**_COLUMN)),
        "the logits are divided by the largest of all; only subtracting it leaves the softmax as it is": lambda z: _softmax(z / z.max()),
        "the logits are divided by the deviation of their row": lambda z: _softmax((z - z.mean(**_COLUMN)) / z.std(**_COLUMN)),
        "the logits are limited, for example to 100, in place of subtracting the largest": lambda z: _softmax(np.clip(z, -100, 100)),
        "2^z in place of e^z": lambda z: _softmax(z * np.log(2)),
        "the softmax is applied twice": lambda z: _softmax(_softmax(z)),
        "squares have the place of exponentials": lambda z: z**2 / (z**2).sum(**_COLUMN),
        "exp is missing": lambda z: z / z.sum(**_COLUMN),
        "exp is missing; the largest logit is subtracted": lambda z: (z - z.max(**_COLUMN)) / (z - z.max(**_COLUMN)).sum(**_COLUMN),
        "this is the sigmoid: the exponentials are not divided by their sum over the classes": lambda z: 1 / (1 + np.exp(-z)),
        "this is the logarithm of the softmax": _log_softmax,
        "the sign of the logits is reversed": lambda z: _softmax(-z),
        "the largest logit is 1 and the others 0: this is argmax": lambda z: (z == z.max(**_COLUMN)) * 1.0,
    },
    [(Z,), (SQUARE,), (LARGE,)],
    ("softmax",),
)  # fmt: skip


def _entropy(cost: Any, dz: Any) -> Any:
    def rule(z: Array, y: Array) -> tuple[Any, Any]:
        log_p = _log_softmax(z)
        given = {"z": z, "y": y, "l": log_p, "p": np.exp(log_p), "m": len(z)}
        return cost(**given), dz(**given)

    return rule


_COST: Any = lambda z, y, l, p, m: -(y * l).sum() / m
_DZ: Any = lambda z, y, l, p, m: (p - y) / m
_COSTS: dict[str, Any] = {
    "the cost is a sum over the examples, and must be their mean": lambda z, y, l, p, m: -(y * l).sum(),
    "the cost is the mean over all entries; it must be that over the examples": lambda z, y, l, p, m: -(y * l).mean(),
    "the cost has the opposite sign": lambda z, y, l, p, m: (y * l).sum() / m,
    "the cost is a sum over the examples, with the opposite sign": lambda z, y, l, p, m: (y * l).sum(),
    "the cost has a number for each example; the mean is missing": lambda z, y, l, p, m: -(y * l).sum(axis=1),
    "the cost has a number for each entry": lambda z, y, l, p, m: -(y * l),
    "ln of a probability that is rounded to 0: use z - max - ln(sum)": lambda z, y, l, p, m: -(y * np.log(p)).sum() / m,
    "the terms of the wrong classes, (1 - y) ln(1 - p), do not belong here: there are several classes": lambda z, y, l, p, m: (
        -(y * l + (1 - y) * np.log(1 - p)).sum() / m
    ),
    "ln is missing: the cost is the mean of the probabilities": lambda z, y, l, p, m: -(y * p).sum() / m,
    "the logits have the place of ln p": lambda z, y, l, p, m: -(y * z).sum() / m,
    "ln p of all classes is added; y must choose that of the true class": lambda z, y, l, p, m: -l.sum() / m,
    "ln p of all classes is averaged; y must choose that of the true class": lambda z, y, l, p, m: -l.mean(),
    "y and p are exchanged in the cost: it is p ln y": lambda z, y, l, p, m: -(p * np.log(y)).sum() / m,
    "the cost is the squared error of p": lambda z, y, l, p, m: ((p - y) ** 2).sum() / m,
    "the cost is the mean squared error of p": lambda z, y, l, p, m: ((p - y) ** 2).mean(),
    "the cost is half of the mean": lambda z, y, l, p, m: -(y * l).sum() / m / 2,
    "the logarithm is that of base 2": lambda z, y, l, p, m: -(y * l).sum() / m / np.log(2),
}
_SLOPES: dict[str, Any] = {
    "1/m is missing in the gradient: the cost is a mean": lambda z, y, l, p, m: p - y,
    "the gradient is divided by all entries; the cost is a mean over the examples": lambda z, y, l, p, m: (
        (p - y) / y.size
    ),
    "the gradient is divided by the number of classes, and must be by that of examples": lambda z, y, l, p, m: (
        (p - y) / y.shape[1]
    ),
    "the gradient has the opposite sign: it is y - p": lambda z, y, l, p, m: (y - p) / m,
    "the gradient has the opposite sign, and 1/m is missing: it is y - p": lambda z, y, l, p, m: y - p,
    "the gradient has the logits z in place of the probabilities p": lambda z, y, l, p, m: (z - y) / m,
    "the gradient has the logits z in place of the probabilities p, and 1/m is missing": lambda z, y, l, p, m: z - y,
    "the gradient is that of p, -y / p; the slope of the softmax is missing": lambda z, y, l, p, m: -y / p / m,
    "the gradient is that of p, -y / p, without the slope of the softmax and without 1/m": lambda z, y, l, p, m: -y / p,
    "the gradient is at the true class alone; the other logits change the cost too": lambda z, y, l, p, m: (
        y * (p - 1) / m
    ),
    "the gradient at the true class alone, without 1/m": lambda z, y, l, p, m: y * (p - 1),
    "the gradient is p; y is not subtracted": lambda z, y, l, p, m: p / m,
    "the gradient is p; y is not subtracted, and 1/m is missing": lambda z, y, l, p, m: p,
    "the gradient has ln p in place of p": lambda z, y, l, p, m: (l - y) / m,
    "the gradient is multiplied by the slope p (1 - p), which p - y has already": lambda z, y, l, p, m: (
        (p - y) * p * (1 - p) / m
    ),
    "the gradient goes through the softmax once more; p - y is that of the logits already": lambda z, y, l, p, m: (
        p * ((p - y) - ((p - y) * p).sum(**_COLUMN)) / m
    ),
    "the gradient goes through the softmax once more, and 1/m is missing": lambda z, y, l, p, m: (
        p * ((p - y) - ((p - y) * p).sum(**_COLUMN))
    ),
    "the gradient goes through the diagonal of the softmax from -y / p; each logit changes all p": lambda z, y, l, p, m: (
        -y * (1 - p) / m
    ),
    "the gradient is 1 - p at the true class and 0 elsewhere": lambda z, y, l, p, m: y * (1 - p) / m,
    "the gradient has the factor y: only the logit of the true class has one": lambda z, y, l, p, m: y * (p - y) / m,
    "the gradient has a factor 2, as of a squared error": lambda z, y, l, p, m: 2 * (p - y) / m,
    "the gradient is multiplied by p": lambda z, y, l, p, m: (p - y) * p / m,
    "1/m is applied twice in the gradient": lambda z, y, l, p, m: (p - y) / m**2,
    "the gradient is averaged over the examples; each logit has a number of its own": lambda z, y, l, p, m: (
        p - y
    ).mean(axis=0),
    "the gradient is added over the classes; each logit has a number of its own": lambda z, y, l, p, m: (
        (p - y).sum(axis=1) / m
    ),
}
_NONE: Any = lambda z, y, l, p, m: np.nan


def _epsilon(e: float) -> Any:
    return lambda z, y, l, p, m: -(y * np.log(p + e)).sum() / m


_EPSILON = "a small number is added to p, which bounds the cost; compute ln p as z - max - ln(sum of e^(z - max))"
CROSS_ENTROPY = AnswerRules(
    _entropy(_COST, _DZ),
    {
        **{text: _entropy(cost, _NONE) for text, cost in _COSTS.items()},
        **{f"{_EPSILON}, here {e:g}": _entropy(_epsilon(e), _NONE) for e in [10.0**-k for k in range(4, 17)]},
        **{text: _entropy(_NONE, dz) for text, dz in _SLOPES.items()},
        "no largest logit is subtracted, so e^1000 is infinite": lambda z, y: _unshifted(z, y),
        "the sum of exponentials runs over the whole array, and must run over each row": lambda z, y: _over_all(z, y),
    },
    [(Z, Y), (SQUARE, SQUARE_Y), (1000 * Z, Y)],
    ("the cost", "the gradient"),
)  # fmt: skip


def _unshifted(z: Array, y: Array) -> Any:
    p = np.exp(z) / np.exp(z).sum(**_COLUMN)
    return -(y * np.log(p)).sum() / len(z), (p - y) / len(z)


def _over_all(z: Array, y: Array) -> Any:
    s = z - z.max()
    log_p = s - np.log(np.exp(s).sum())
    return -(y * log_p).sum() / len(z), (np.exp(log_p) - y) / len(z)
