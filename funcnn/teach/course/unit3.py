"""Usual mistakes in the exercises of unit 3, a dense layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.core import forward
from funcnn.teach.comparing import AnswerRules

X, W, DA = np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([[-1.0, 3.0], [2.0, 1.0]])
_DW, _DB, _DX = X.T @ DA, DA.sum(axis=0), DA @ W.T
_NAN = np.nan
W3 = np.array([[1.0, -0.5, 0.3], [2.0, 0.1, -1.2], [0.4, 0.9, 0.6]])


def _of(dW: Any = _NAN, db: Any = _NAN, dx: Any = _NAN) -> Callable[[], Any]:
    return lambda: (dW, db, dx)


def outputs_of(layer: Callable[..., Any]) -> Callable[..., Any]:
    """The output of the layer with these two parameters, as a function of arrays."""
    return lambda x, W, V: forward(layer(W, V), x)[0]


QUADRATIC = AnswerRules(
    lambda x, W, V: x @ W + x**2 @ V,
    {
        "x is not squared before the product with V": lambda x, W, V: x @ W + x @ V,
        "the product x V is squared, and x must be: x^2 V": lambda x, W, V: x @ W + (x @ V) ** 2,
        "the sum is squared; x must be squared, and multiplied by V": lambda x, W, V: (x @ W + x @ V) ** 2,
        "V is squared, and x must be": lambda x, W, V: x @ W + x @ V**2,
        "x^2 V is missing": lambda x, W, V: x @ W,
        "x W is missing": lambda x, W, V: x**2 @ V,
        "W and V are exchanged": lambda x, W, V: x @ V + x**2 @ W,
        "x is squared for W too": lambda x, W, V: x**2 @ W + x**2 @ V,
        "x^2 V is subtracted": lambda x, W, V: x @ W - x**2 @ V,
        "x^2 V has a factor 1/2": lambda x, W, V: x @ W + x**2 @ V / 2,
        "x has a factor 2 in place of a square": lambda x, W, V: x @ W + 2 * x @ V,
        "both products are multiplied, and must be added": lambda x, W, V: (x @ W) * (x**2 @ V),
        "x^2 is a matrix product; it is number by number": lambda x, W, V: x @ W + x @ x @ V,
    },
    [(0.5 + np.arange(9.0).reshape(3, 3) / 7, W3, W3.T * 0.3 - 1), (X, W, DA)],
    ("the output",),
)
HAND = AnswerRules(
    _of(_DW, _DB, _DX),
    {
        "dW is x times dA; x must be transposed, so that the sum runs over the examples": _of(dW=X @ DA),
        "dW is x times dA transposed; x must be transposed, not dA": _of(dW=X @ DA.T),
        "dW is transposed: it is dA^T x, and must be x^T dA": _of(dW=_DW.T),
        "dW is dA x, and must be x^T dA": _of(dW=DA @ X),
        "dW is the product number by number of x and dA; each entry is a sum over the examples": _of(dW=X * DA),
        "dW has the first example alone; each entry adds over the examples": _of(dW=np.outer(X[0], DA[0])),
        "dW has the last example alone; each entry adds over the examples": _of(dW=np.outer(X[1], DA[1])),
        "dW is a mean over the examples, and must be a sum": _of(dW=_DW / 2),
        "dW has the opposite sign": _of(dW=-_DW),
        "dW is computed with W in place of x": _of(dW=W.T @ DA),
        "db adds over the outputs, and must add over the examples": _of(db=DA.sum(axis=1)),
        "db is a mean over the examples, and must be a sum": _of(db=_DB / 2),
        "db has the first example alone": _of(db=DA[0]),
        "db has the last example alone": _of(db=DA[1]),
        "db is dA; it must be the sum over the examples, with the shape of b": _of(db=DA),
        "db is one number; there is one for each output": _of(db=DA.sum()),
        "db keeps an axis for the examples; it must have the shape of b": _of(db=DA.sum(axis=0, keepdims=True)),
        "db is ones: dA is missing": _of(db=np.ones(2)),
        "db is the number of examples: dA is missing": _of(db=np.full(2, 2.0)),
        "db has the opposite sign": _of(db=-_DB),
        "dx is dA W; W must be transposed, so that the sum runs along a row of W": _of(dx=DA @ W),
        "dx is W dA; it must be dA W^T": _of(dx=W @ DA),
        "dx is W^T dA; it must be dA W^T": _of(dx=W.T @ DA),
        "dx is W dA^T, transposed; it must be dA W^T": _of(dx=W @ DA.T),
        "dx is the product number by number of dA and W; each entry is a sum over the outputs": _of(dx=DA * W),
        "dx has the first output alone; each entry adds over the outputs": _of(dx=np.outer(DA[:, 0], W[:, 0])),
        "dx has the last output alone; each entry adds over the outputs": _of(dx=np.outer(DA[:, 1], W[:, 1])),
        "dx is dA: the weights are missing": _of(dx=DA),
        "dx is computed with x in place of W": _of(dx=DA @ X.T),
        "dx has the opposite sign": _of(dx=-_DX),
        "the gradients are in another order: dx, db, dW": _of(_DX, _DB, _DW),
        "the gradients are in another order: db, dW, dx": _of(_DB, _DW, _DX),
        "the gradients are in another order: dx, dW, db": _of(_DX, _DW, _DB),
        "the gradients are in another order: dW, dx, db": _of(_DW, _DX, _DB),
        "the gradients are in another order: db, dx, dW": _of(_DB, _DX, _DW),
    },
    [()],
    ("dW", "db", "dx"),
)
