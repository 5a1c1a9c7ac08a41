"""Regression losses, functions of the error e = out - y."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, namespace
from funcnn.elementary import absolute, sign
from funcnn.errors import KindError, RangeError
from funcnn.losses.base import mean, per_output, weigh
from funcnn.needs import as_number, as_positive


@per_output
def mse(out: Array, y: Array, weight: Array | None = None) -> tuple[float, Array]:
    """Mean squared error: cost = mean (out - y)^2, dA = 2 (out - y) / size

    With a weight w, cost = mean w (out - y)^2 and dA = 2 w (out - y) / size.

    >>> import numpy as np
    >>> from funcnn import mse
    >>> mse(np.array([[1.0], [4.0]]), np.array([[1.0], [2.0]]))
    (2.0, array([[0.],
           [2.]]))

    Raises:
        ShapeError: out and y differ in shape, or the weight has neither y's shape nor its first axes.
        RangeError: out has no entries, or a weight is negative or NaN.
        KindError: out is not an array of floats, or y or the weight not an array of numbers.
    """
    e = out - y
    we = e if weight is None else weight * e
    return mean(we * e), we * (2 / e.size)  # as weigh(e * e, 2 * e, weight), in a pass less


@per_output
def mae(out: Array, y: Array, weight: Array | None = None) -> tuple[float, Array]:
    """Mean absolute error: cost = mean |out - y|, dA = sign(out - y) / size, which is 0 where out = y

    Raises:
        ShapeError, RangeError, KindError: as `mse`.
    """
    e = out - y
    return weigh(abs(e), sign(e), weight)


@per_output
def huber(out: Array, y: Array, weight: Array | None = None, *, delta: float = 1.0) -> tuple[float, Array]:
    """Huber's loss: cost = mean of e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2), with e = out - y

    dA = e / size, clipped to +-delta / size. Huber 1964, Robust Estimation of a Location Parameter.

    Raises:
        ShapeError, RangeError, KindError: as `mse`; RangeError also if delta is not finite and above 0.
    """
    delta = as_positive("huber", "delta", delta)
    e = out - y
    slope = namespace(e).clip(e, -delta, delta)
    return weigh(slope * (e - 0.5 * slope), slope, weight)  # e^2 / 2 inside, delta (|e| - delta / 2) outside


@per_output
def log_cosh(out: Array, y: Array, weight: Array | None = None) -> tuple[float, Array]:
    """Log-cosh: cost = mean log cosh e, dA = tanh(e) / size, with e = out - y

    About e^2 / 2 near 0 and |e| - log 2 for large errors, as `huber`, but smooth. Computed as
    -log(1 - tanh(e)^2) / 2 where |e| < 1, which keeps the digits of small errors, else as
    |e| + log((1 + e^(-2 |e|)) / 2), which cannot overflow. Green 1990, Bayesian Reconstructions from Emission
    Tomography Data Using a Modified EM Algorithm.

    >>> import numpy as np
    >>> from funcnn.losses import log_cosh
    >>> cost, dA = log_cosh(np.array([[0.0], [800.0]]), np.array([[0.0], [0.0]]))
    >>> round(cost, 4), dA.tolist()
    (399.6534, [[0.0], [0.5]])

    Raises:
        ShapeError, RangeError, KindError: as `mse`.
    """
    e = out - y
    xp, size = namespace(e), absolute(e)
    slope, near = xp.tanh(e), size < 1
    below = -0.5 * xp.log1p(-xp.where(near, slope * slope, 0))
    beyond = size + xp.log1p(0.5 * xp.expm1(-2 * size))
    return weigh(xp.where(near, below, beyond), slope, weight)


@per_output
def quantile(out: Array, y: Array, weight: Array | None = None, *, q: float | None = None) -> tuple[float, Array]:
    """The quantile, or pinball, loss: cost = mean of (1 - q) e where e > 0, else -q e, with e = out - y

    dA = (1 - q) / size where out > y, -q / size where out < y, and 0 where out = y. The best constant is the
    q-quantile of y: the share q of y lies below it. With q = 1/2 this is half of `mae`. Koenker & Bassett 1978,
    Regression Quantiles.

    >>> import numpy as np
    >>> from functools import partial
    >>> from funcnn.losses import quantile
    >>> high = partial(quantile, q=0.875)  # a loss (out, y), for training
    >>> high(np.array([[1.0], [4.0]]), np.array([[2.0], [2.0]]))
    (0.5625, array([[-0.4375],
           [ 0.0625]]))

    Raises:
        ShapeError, RangeError, KindError: as `mse`; RangeError also if q is not in (0, 1); KindError if q is not
            given, since it has no default.
    """
    q, e = _as_share(q), out - y
    side = sign(e)  # 0 where out = y, and so is the slope
    slope = namespace(e).where(e > 0, (1 - q) * side, q * side)
    return weigh(slope * e, slope, weight)


def _as_share(q: Any) -> float:
    if q is None:
        raise KindError("quantile: q must be given; write partial(quantile, q=0.9)")
    if not 0 < (q := as_number("quantile", "q", q)) < 1:
        raise RangeError(f"quantile: q must be in (0, 1), not {q}")
    return q
