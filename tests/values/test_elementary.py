"""Sigmoid and softplus keep their digits in both tails, and do not overflow."""

import numpy as np
import pytest

from funcnn.elementary import sigmoid, softplus

mpmath = pytest.importorskip("mpmath", reason="the values to compare with")
BOTH = {
    "sigmoid": (sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "softplus": (softplus, lambda x: mpmath.log1p(mpmath.exp(x))),
}


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(("dtype", "digits", "least"), [(np.float64, 4e-16, -700), (np.float32, 3e-7, -86)])
def test_the_digits_of_both_tails(name, dtype, digits, least):
    made, exact = BOTH[name]
    x = np.concatenate([np.linspace(least, 1000, 301), [0, -1e-9, 1e-9, -40, 40]]).astype(dtype)
    with mpmath.workdps(40):
        expected = np.array([float(exact(mpmath.mpf(float(value)))) for value in x])
    np.testing.assert_allclose(made(x), expected, rtol=digits, atol=0)
    assert made(x).dtype == dtype


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_nothing_overflows(dtype):
    x = np.array([-np.inf, np.finfo(dtype).min, -1e4, 1e4, np.finfo(dtype).max, np.inf], dtype)
    assert (sigmoid(x) < 1.7e-5).tolist() == [True] * 3 + [False] * 3
    assert sigmoid(x)[3:].tolist() == [1] * 3
    assert softplus(x)[:3].tolist() == [0] * 3
    assert softplus(x)[3:].tolist() == x[3:].tolist()
    assert np.isnan(sigmoid(x * np.nan)).all()
    assert np.isnan(softplus(x * np.nan)).all()
