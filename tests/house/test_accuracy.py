"""Bounds on the errors of activations, rules of rows and losses, in ulps; `python -m tests.accuracy` prints figures."""

import numpy as np
import pytest

from funcnn.layers import TanhShrink
from tests.accuracy import subjects
from tests.accuracy.definitions import ELEMENTWISE
from tests.accuracy.measure import of_elementwise, of_loss, of_row, of_rows

MOST = 8  # ulps, in the column where the error of a number is least
# Results with larger errors. The reasons are in docs/accuracy.md.
EXCEPT = {
    *(("Softmax", "dx"), ("kl_divergence", "cost"), ("poisson_nll", "dA"), ("triplet", "cost")),
    *(("cosine_distance", "cost"), ("cosine_distance", "dA")),
}
RULES = {
    **{type(layer).__name__: (of_elementwise, layer, 1) for layer in ELEMENTWISE},
    **{name: (of_rows, name, 7) for name in subjects.ROWS},
    **{name: (of_loss, name, 1) for name in subjects.LOSSES},
}


@pytest.mark.unwatched
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", RULES)
def test_errors_are_a_few_ulps(name, dtype):
    measure, rule, count = RULES[name]
    with np.errstate(all="ignore"):
        found = measure(rule, dtype, np.random.default_rng(1), count)
    for result, (_, _, (errors, at)) in found.items():
        assert errors.least <= MOST or (name, result) in EXCEPT, (result, at, errors)


def test_a_difference_that_cancels_is_found():
    x = 1e-3
    value, slope = of_row(
        lambda row: [ELEMENTWISE[TanhShrink()](row[0])],
        [x],
        [x - np.tanh(x)],
        [1],
        [np.tanh(x) ** 2],
        None,
        np.float64,
    )
    assert value[0].least > 100 > MOST > slope[0].least
