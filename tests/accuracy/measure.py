"""The worst errors of a rule and the arguments where they are."""

import numpy as np
from mpmath import mp, mpf

from funcnn import backward, forward
from tests.accuracy import subjects
from tests.accuracy.definitions import ELEMENTWISE
from tests.accuracy.ulps import DIGITS, Errors, derivatives, errors


def of_elementwise(layer, dtype, rng, n):
    """{"out": worst, "dx": worst}, where worst is a pair (error, x) for each column."""
    x = subjects.numbers(rng, n, dtype)
    out, cache = forward(layer, x)
    dx = backward(layer, cache, np.ones_like(x)).x
    definition, points = ELEMENTWISE[layer], zip(x, out, dx, strict=True)
    found = [of_row(lambda row: [definition(row[0])], [a], [b], [1], [c], None, dtype) for a, b, c in points]
    return worst(found, x, "out", "dx")


def of_rows(name, dtype, rng, n):
    """As `of_elementwise`, for a rule of rows of four numbers, or of columns."""
    make, definition, back = subjects.ROWS[name]
    layer, found, at = make(dtype), [], [*subjects.rows(rng, n, dtype, 4)]
    for x in at:
        out, cache = forward(layer, x[:, None] if name in subjects.COLUMNS else x[None])
        dA = rng.standard_normal(out.shape).astype(dtype)
        dx = backward(layer, cache, dA).x
        kept = [[mpf(float(v)) for v in a.ravel()] for a in (cache if type(cache) is tuple else (cache,))]
        exact_dA = [mpf(float(v)) for v in dA.ravel()]
        with mp.workdps(DIGITS[dtype]):
            given = back and back(kept if type(cache) is tuple else kept[0], exact_dA)
        found.append(of_row(definition, x, out.ravel(), dA.ravel(), dx.ravel(), given, dtype))
    return worst(found, at, "out", "dx")


def of_loss(name, dtype, rng, n):
    """As `of_elementwise`, for the cost and dA of one example."""
    loss, definition, draw = subjects.LOSSES[name]
    found, at = [], draw(rng, n, dtype)
    for out, y in at:
        cost, dA = loss(*arguments(name, out, y))
        exact_y = [mpf(float(v)) for v in y]
        got = np.ravel(np.stack(dA)) if type(dA) is tuple else dA.ravel()
        found.append(of_row(lambda row, y=exact_y: [definition(row, y)], out, [cost], [1], got, None, dtype))
    return worst(found, at, "cost", "dA")


def arguments(name, out, y):
    """A batch of one row, as the loss takes it; the classes of a one-hot y."""
    if name == "gaussian_nll":
        return (out[:1, None], out[1:, None]), y[None]
    if name == "triplet":
        return out.reshape(1, 3, 2), y
    return out[None], np.array([y.argmax()]) if y.size > 1 and y.max() == 1 else y[None]


def of_row(definition, x, out, dA, dx, given, dtype):
    """The errors of the value and of the gradient, number by number."""
    with mp.workdps(DIGITS[dtype]):
        right = derivatives(definition, x, dA, dtype)
        of_out = errors(out, right.value, right.slack, dtype)
        return of_out, errors(dx, right.gradient, right.gradient_slack, dtype, given)


def worst(found, at, *names):
    """{result: (worst of each column, argument of the worst plain error, (errors, argument) of the worst least)}."""
    table = {}
    for which, name in enumerate(names):
        every = [(error, x) for row, x in zip(found, at, strict=True) for error in row[which]]
        columns = zip(*[error for error, _ in every], strict=True)
        most = Errors(*[None if column[0] is None else max(column) for column in columns])
        table[name] = most, max(every, key=lambda pair: pair[0].plain)[1], max(every, key=lambda pair: pair[0].least)
    return table
