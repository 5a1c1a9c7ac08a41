"""Negative log-likelihoods of counts and of real numbers, without the terms that do not depend on the network."""

from __future__ import annotations

import math
from typing import Any

from funcnn.arrays import Array, float_namespace, kind, namespace, short, wide
from funcnn.errors import KindError, ShapeError
from funcnn.losses.base import as_arguments, check_not_negative, per_output, weigh
from funcnn.trees.libraries import in_any_library


@per_output
def poisson_nll(out: Array, y: Array, weight: Array | None = None) -> tuple[float, Array]:
    """Negative log-likelihood of Poisson counts of the rate e^out: cost = mean (e^out - y out), dA = (e^out - y) / size

    out: the logarithm of the rate; y: counts, or any numbers from 0 up, of out's shape. The logarithm of y! is left
    out, as it does not depend on the network. A rate beyond the largest float is infinite, and so is the cost. Nelder &
    Wedderburn 1972, Generalized Linear Models.

    >>> import numpy as np
    >>> from funcnn.losses import poisson_nll
    >>> poisson_nll(np.array([[0.0]]), np.array([[3]]))
    (1.0, array([[-2.]]))

    Raises:
        ShapeError, KindError: as `mse`.
        RangeError: as `mse`; or y is negative.
    """
    check_not_negative("poisson_nll", y)
    rate = namespace(out).exp(out)
    return weigh(rate - y * out, rate - y, weight)


@in_any_library
def gaussian_nll(out: Any, y: Array, weight: Array | None = None) -> tuple[float, tuple[Array, Array]]:
    """Negative log-likelihood of normal y: cost = mean (s + (mu - y)^2 e^-s) / 2, of the variance e^s, out = (mu, s)

    dA = ((mu - y) e^-s, (1 - (mu - y)^2 e^-s) / 2) / size. mu, s and y have one shape. The network predicts its own
    uncertainty: the gradient of mu is small where s is large, and s, the logarithm of the variance, tends to the
    logarithm of the squared error. Where mu = y, a term is s / 2, however small s is. The constant log(2 pi) / 2 is
    left out. Nix & Weigend 1994, Estimating the Mean and Variance of the Target Probability Distribution, equation 4.

    >>> import numpy as np
    >>> from funcnn.losses import gaussian_nll
    >>> mu, s = np.array([[3.0]]), np.array([[0.0]])
    >>> gaussian_nll((mu, s), np.array([[1.0]]))
    (2.0, (array([[2.]]), array([[-1.5]])))

    Raises:
        KindError: as `mse`; or out is not a pair, or its arrays are of two dtypes.
        ShapeError, RangeError: as `mse`.
    """
    if type(out) is not tuple or len(out) != 2:
        given = short(out) if type(out) is tuple else kind(out)
        raise KindError(f"gaussian_nll: out must be a pair (mu, s), the mean and the log of the variance, not {given}")
    mu, s = out
    a, y, weight = as_arguments("gaussian_nll", mu, y, weight)
    xp = float_namespace("gaussian_nll", "s", s)
    if s.shape != mu.shape:
        raise ShapeError(f"gaussian_nll: mu and s must have the same shape; mu: {mu.shape}, s: {s.shape}")
    if s.dtype != mu.dtype:
        raise KindError(
            f"gaussian_nll: s must be {mu.dtype}, as mu is, not {s.dtype}; write s.astype({mu.dtype.name!r})"
        )
    s = wide(s)
    most = math.floor(math.log(xp.finfo(s.dtype).max))
    root = xp.exp(
        -0.5 * xp.maximum(s, -2 * most)
    )  # sqrt(e^-s), kept finite, so that an error of 0 gives a term of s / 2
    r = (a - y) * root
    cost, dmu = weigh(0.5 * (s + r * r), r * root, weight, mu.dtype)
    return cost, (dmu, weigh(s, 0.5 * (1 - r * r), weight, mu.dtype)[1])
