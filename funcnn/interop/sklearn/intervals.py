"""Intervals that hold y with a given probability, from what a regressor was trained with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

from funcnn.arrays import Array, short
from funcnn.core import inference, value_and_grad
from funcnn.curvature.examples import per_example
from funcnn.errors import KindError, RangeError
from funcnn.interop.sklearn.course import Course
from funcnn.interop.sklearn.rows import dense, outputs
from funcnn.interop.sklearn.settings import called, innermost, levels_of
from funcnn.losses.combinators import joined
from funcnn.losses.likelihoods import gaussian_nll
from funcnn.losses.regression import mse
from funcnn.needs import as_number
from funcnn.trees.walks import astype, walk

ROWS = 256  # in a block of slopes
Ends = tuple[Array, Array]


def check_trained_on(function: str, loss: Any, given: Any) -> None:
    """Check that the rows of the fit are given for `mse`, and for no other loss."""
    is_mse, is_pair = loss is None or innermost(loss) is mse, type(given) is tuple and len(given) == 2
    if not (is_pair if is_mse else given is None):
        needed = "the pair (X, y) of the fit for mse" if is_mse else f"None for {called(loss)}"
        raise KindError(f"{function}: trained_on must be {needed}, not {short(given)}")


def interval(function: str, course: Course, X: Any, coverage: Any, rows: Any) -> Ends:
    """The interval for a loss that says how y is spread; `rows` are X and y (m, n) of the fit, or None."""
    if not 0 < as_number(function, "coverage", coverage) < 1:
        raise RangeError(f"{function}: coverage must be above 0 and below 1, not {coverage}")
    loss, network, target = course.loss, course.network, course.target
    if rows is not None:
        ends = _of_linear_part(network, rows, X, coverage)
    elif levels := levels_of(joined(loss)):
        return _between_quantiles(function, target, levels, outputs(network, X, course.dtype), coverage)
    elif innermost(loss) is gaussian_nll:
        ends = _of_normal(outputs(network, X, course.dtype), coverage)
    else:
        needed = "mse, gaussian_nll, or joint losses partial(quantile, q=q), such as for 0.05 and 0.95"
        raise KindError(f"{function}: loss must be {needed}, not {called(loss)}")
    return target.prediction(ends[0]), target.prediction(ends[1])


def _between_quantiles(function: str, target: Any, levels: list[float], out: Array, coverage: float) -> Ends:
    """The outputs for q = (1 - coverage) / 2 and for 1 - q, exchanged where they cross."""
    ends = [(1 - coverage) / 2, (1 + coverage) / 2]
    found = [np.flatnonzero(np.isclose(levels, q, rtol=0, atol=1e-9)) for q in ends]
    if not all(map(len, found)):
        needed = f"the quantiles {ends[0]:.6g} and {ends[1]:.6g} for the coverage {coverage:g}"
        raise RangeError(f"{function}: loss must have {needed}; it has {', '.join([f'{q:g}' for q in levels])}")
    lower, upper = [target.part(out, int(i[0])) for i in found]
    return np.minimum(lower, upper), np.maximum(lower, upper)


def _of_normal(out: tuple[Array, Array], coverage: float) -> Ends:
    """mu - z e^(s / 2) and mu + z e^(s / 2), where z is the quantile (1 + coverage) / 2 of the normal distribution."""
    mu, s = out
    width = ndtri((1 + coverage) / 2) * np.exp(s / 2)
    return mu - width, mu + width


def _of_linear_part(network: Any, rows: tuple[Any, Array], X: Any, coverage: float) -> Ends:
    """The interval of the linear part of the network, for each column of y alone; see `predict_interval`."""
    network = astype(inference(network), np.float64)
    ends = [_of_column(network, rows, X, coverage, column) for column in range(rows[1].shape[1])]
    lower, upper = [np.stack(end, axis=1) for end in zip(*ends, strict=True)]
    return lower, upper


def _of_column(network: Any, rows: tuple[Any, Array], X: Any, coverage: float, column: int) -> Ends:
    parameters = np.concatenate([a.ravel() for _, a in walk(network, states=False)])
    R, errors = np.zeros((0, parameters.size)), []
    for out, J, at in _linear(network, rows[0], column):
        R = np.asarray(np.linalg.qr(np.concatenate([R, J]), mode="r"))  # so that R'R = J'J
        errors.append(rows[1][at, column] - out)
    _, roots, V = np.linalg.svd(R, full_matrices=False)
    freedom, variance, precision, shrunk = _evidence(roots**2, np.concatenate(errors), parameters)
    t, ends = stdtrit(freedom, (1 + coverage) / 2), []
    for out, J, _ in _linear(network, X, column):
        spread = ((J * J).sum(axis=1) - (J @ V.T) ** 2 @ shrunk) / precision
        width = t * np.sqrt(variance + np.maximum(spread, 0))
        ends.append((out - width, out + width))
    lower, upper = [np.concatenate(end) for end in zip(*ends, strict=True)]
    return lower, upper


def _evidence(eigenvalues: Array, errors: Array, parameters: Array) -> tuple[float, float, float, Array]:
    """m - g, the variance s^2 of the noise, the precision a of the prior, and l / (l + a s^2) for each eigenvalue l."""
    tiny, ridge = np.finfo(float).tiny, 0.0
    for _ in range(100):
        shrunk = np.divide(eigenvalues, eigenvalues + ridge, out=np.zeros_like(eigenvalues), where=eigenvalues > 0)
        freedom = max(len(errors) - shrunk.sum(), 1.0)
        variance, precision = errors @ errors / freedom, max(shrunk.sum(), tiny) / (parameters @ parameters + tiny)
        ridge = precision * variance
    return freedom, variance, precision, shrunk


def _linear(network: Any, X: Any, column: int) -> Iterator[tuple[Array, Array, slice]]:
    """For blocks of rows, an output (m,), its derivatives by the parameters (m, p), and where the rows are."""
    value_and_slope = per_example(value_and_grad(partial(_output, column)))
    for i in range(0, X.shape[0], ROWS):
        x = dense(X[i : i + ROWS], np.float64)
        out, grads = value_and_slope(network, x, x)
        slopes = [g.reshape(len(out), -1) for _, g in walk(grads.params, states=False)]
        yield out, np.concatenate(slopes, axis=1), slice(i, i + ROWS)


def _output(column: int, out: Array, _: Array) -> tuple[float, Array]:
    """The mean of an output over the rows, as a loss."""
    dA = np.zeros_like(out)
    dA[:, column] = 1 / len(out)
    return float(out[:, column].mean()), dA
