"""The claim of every case: `right` is right and `wrong` is wrong, tested without a gradient checker."""

import numpy as np
import pytest

from . import CASES
from .oracles import slopes

RIGHT = 1e-9  # relative to the true slope of the entry
WRONG = 1e-6


def _cotangents(out):
    """Two arrays dA without symmetry: one of mixed signs, one positive."""
    count = np.arange(out.size).reshape(out.shape)
    return [np.cos(1 + 2 * count) + 0.1, 0.5 + np.sin(1 + 0.7 * count) ** 2]


def _errors(gradients, true):
    """The largest error over all entries, relative to the true slope of each entry."""
    worst = 0.0
    for gradient, slope in zip(gradients, true, strict=True):
        assert gradient.shape == slope.shape
        error = np.abs(gradient - slope)
        relative = np.divide(error, np.abs(slope), where=slope != 0, out=np.where(error > 0, np.inf, 0.0))
        worst = max(worst, float(np.max(relative)))
    return worst


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_right_is_right_and_wrong_is_wrong(case):
    out = case.f(*case.args)
    assert isinstance(out, np.ndarray)
    assert out.dtype == np.float64
    assert np.all(np.isfinite(out))
    for dA in _cotangents(out):
        true = slopes(case, dA)
        assert _errors(case.right(case.args, dA), true) <= RIGHT
        assert _errors(case.wrong(case.args, dA), true) >= WRONG


def test_names_are_unique():
    assert len({case.name for case in CASES}) == len(CASES)


def test_arguments_are_small_arrays_of_float64():
    for case in CASES:
        for arg in case.args:
            assert arg.dtype == np.float64
            assert 1 <= arg.size <= 30, case.name


def test_many_cases_mix_magnitudes():
    sizes = [np.abs(np.concatenate([arg.ravel() for arg in case.args])) for case in CASES]
    assert sum(case.ratio >= 1e7 for case in CASES) >= 30
    assert sum(bool(np.all(size >= 1e12)) for size in sizes) >= 6
    assert sum(bool(np.all((size >= 1e-8) & (size <= 1e-4))) for size in sizes) >= 5
