"""Draws from seeds: the same bits on every processor and with every version of NumPy, and their distributions."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy._core import _multiarray_umath

from funcnn.data.elementary import cos_and_sin, log, logistic
from funcnn.data.mixtures import mixup
from funcnn.draws import BATCHES, BLOCKS, ROWS, SYMBOLS, WEIGHTS, below, bools, key_of, permutation, symmetric
from funcnn.initializers import orthogonal
from tests.fromseed import found

PINNED = {
    "normal": "-0x1.b067b45f98ed5p-1 0x1.500f9b29274b5p-1 cc691b01b31b7d96",
    "uniform": "-0x1.d14dc1b200000p-2 0x1.9f17d83e00000p-2 8a7bb72b97f7b857",
    "glorot_normal": "0x1.8f7f9badade7cp-5 0x1.5f84b62131af6p-7 860cbba4f35c2ef3",
    "glorot_uniform": "0x1.11566ab4dbb93p-4 0x1.e58eb0107cfebp-7 84a0a197a35a3d64",
    "he_normal": "0x1.01e00a0733872p-4 0x1.c5ceed4ad4f76p-7 f7fb12ae14033052",
    "he_uniform": "0x1.60e0956b75bbdp-4 0x1.396d0a3888657p-6 ed9cc5bebfee03cb",
    "lecun_normal": "0x1.6cb0c72688ca3p-5 0x1.40e414212c261p-7 044fa20677de1883",
    "lecun_uniform": "0x1.f30b38c845d6dp-5 0x1.bb404f608953cp-7 5f23ac820189189c",
    "orthogonal": "0x1.4411cfc701c05p-5 0x1.4e712917c0226p-4 ca2836ff73ccdee9",
    "a kernel of float32": "-0x1.97acea0000000p-2 0x1.3cd7600000000p-2 2a4e484ce3dac233",
    "orthogonal, wide": "-0x1.148ded1220d00p-2 0x1.addee51baf61ap-3 3e3b8b6d50f7918b",
    "words": "0x1b2a4aa5 0x42cf6c10 44568fcd1f6d74e5",
    "uniform numbers": "0x1.b2a4a00000000p-4 0x1.0b3db00000000p-2 37a4c0d88b936992",
    "normal numbers": "0x1.13aa7fcd1d24cp-2 0x1.6b3d17769778ap-1 9920319617cbfa27",
    "normal numbers of float32": "0x1.13aa800000000p-2 0x1.6b3d160000000p-1 2b8b2ef693ca1fd9",
    "rows": "0xee 0x120 15ebd45a284b2d93",
    "rows, balanced": "0x3a 0x251 2165050d3134e9fd",
    "rows in buckets": "0x58 0x20 3f52a0d184ed5636",
    "symbols": "0x12 0x8 47690f23ede465b9",
    "rows in windows": "0x180 0xe1 e00353ff8bf5aa4f",
    "noise": "-0x1.744c953407159p-4 0x1.819620bb8205ep-5 abb7f53f6b7f54b4",
    "mixtures": "0x1.ffffdb535213bp-4 0x1.ffffeda9a909ep-3 8b803eec9c1eed89",
    "flips": "0x0.0p+0 0x1.0000000000000p-3 5c4f4b8ec02d9f9b",
    "crops": "0x1.0000000000000p-1 0x1.4000000000000p-1 c1d2167d27f7e090",
    "turns": "0x1.0000000000000p-3 0x0.0p+0 2053909502c0a389",
    "rotations": "0x0.0p+0 0x0.0p+0 6a9f3f571bd62536",
    "brightness": "0x0.0p+0 0x1.5d06d0b300000p-4 e6203feaebee3d19",
    "squares": "0x0.0p+0 0x1.0000000000000p-3 6d27798e56e85fa0",
    "windows": "0x26 0x27 75a69034f8b14b25",
    "tokens": "0x0 0x1 4d7b35ee931067a3",
}


def test_the_bits_are_pinned():
    """They hold on every platform: a difference is a mistake, not a rounding error."""
    assert found() == PINNED


def test_no_loop_of_numpy_for_a_newer_processor_changes_a_bit():
    features = [name for name in _multiarray_umath.__cpu_dispatch__ if _multiarray_umath.__cpu_features__[name]]
    env = os.environ | {"NPY_DISABLE_CPU_FEATURES": " ".join(features)}
    done = subprocess.run([sys.executable, "-m", "tests.fromseed"], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{name}: {bits}" for name, bits in PINNED.items()]


def test_a_seed_gives_each_use_keys_of_its_own():
    assert min(WEIGHTS, ROWS, BLOCKS, BATCHES, SYMBOLS) >= 2**31  # which no seed and no step reaches
    assert len({WEIGHTS, ROWS, BLOCKS, BATCHES, SYMBOLS}) == 5


def deviation(counts):
    """The chi-square statistic against equal chances, in standard deviations."""
    expected, free = counts.sum() / counts.size, counts.size - 1
    return (((counts - expected) ** 2 / expected).sum() - free) / math.sqrt(2 * free)


def test_symmetric_numbers_are_uniform():
    u = symmetric((1, WEIGHTS), (1 << 16,), 3.0)
    assert 2.999 < abs(u).max() < 3
    assert abs(deviation(np.histogram(u, 256, (-3, 3))[0])) < 4
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 5 / 256


def test_whole_numbers_are_uniform_below_their_bounds():
    for bound in (1, 2, 7, 1000):
        counts = np.bincount(below((1, bound), bound, (40_000,)), minlength=bound)
        assert counts.size == bound
        assert bound == 1 or abs(deviation(counts)) < 4
    bounds = np.arange(1, 10_001)
    assert (below((2,), bounds, bounds.shape) < bounds).all()
    assert below((3,), 2**32, (4,)).max() > 2**31


def test_every_order_is_as_likely_as_any_other():
    orders = np.array([permutation((i, ROWS), 4) for i in range(24 * 400)])
    assert (np.sort(orders) == np.arange(4)).all()
    assert abs(deviation(np.unique(orders, axis=0, return_counts=True)[1])) < 4
    long = permutation((1, ROWS), 100_000)
    assert (np.sort(long) == np.arange(100_000)).all()
    assert abs(np.corrcoef(long[1:], long[:-1])[0, 1]) < 5 / math.sqrt(100_000)
    assert [permutation((0,), n).tolist() for n in (0, 1)] == [[], [0]]


def test_bools_have_their_chance():
    for rate in (0.0, 0.3, 1 - 2**-40):
        assert abs(bools((5,), (40_000,), rate).mean() - rate) < 5 * math.sqrt(rate * (1 - rate) / 40_000) + 1e-9


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox])
def test_a_generator_gives_another_key_in_each_call(bits):
    rng = np.random.Generator(bits(3))
    keys = [key_of(rng) for _ in range(100)]
    assert len(set(keys)) == 100
    assert np.array(keys).min() >= 0
    assert 2**31 < np.array(keys).max() < 2**32


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 8), (33, 7), (64, 64), (3, 3, 2, 5)])
def test_orthogonal_weights_are_orthonormal(shape):
    W = orthogonal(2, shape).reshape(-1, shape[-1])
    gram = W.T @ W if W.shape[0] >= W.shape[1] else W @ W.T
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=4e-15)


def test_orthogonal_weights_are_uniformly_distributed():
    """The trace of a uniformly distributed rotation or reflection of n axes has the mean 0 and the variance 1.

    Diaconis & Evans 2001, Linear Functionals of Eigenvalues of Random Matrices.
    """
    drawn = np.array([orthogonal((3, i), (4, 4)) for i in range(3000)])
    traces = drawn.trace(axis1=1, axis2=2)
    assert abs(traces.mean()) < 5 / math.sqrt(3000)
    assert abs(traces.var() - 1) < 5 * math.sqrt(2 / 3000)
    assert abs(drawn.mean(axis=0)).max() < 5 / math.sqrt(4 * 3000)
    assert abs((drawn**2).mean(axis=0) - 1 / 4).max() < 5 * 0.25 / math.sqrt(3000)
    assert abs((np.linalg.det(drawn) > 0).mean() - 1 / 2) < 5 * 0.5 / math.sqrt(3000)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0, 1e4])
def test_shares_have_the_moments_of_a_beta_distribution(alpha):
    m = 20_000
    _, y = mixup(np.zeros((m, 1)), np.arange(m, dtype=float)[:, None], np.random.default_rng(0), alpha=alpha)
    share = mixed_share(y[:, 0], m)
    variance = 1 / (4 * (2 * alpha + 1))
    fourth = 3 / (16 * (2 * alpha + 1) * (2 * alpha + 3))  # the fourth central moment
    assert abs(share.mean() - 0.5) < 5 * math.sqrt(variance / m)
    assert abs(share.var() - variance) < 5 * math.sqrt((fourth - variance**2) / m)
    assert abs(np.corrcoef(share[1:], share[:-1])[0, 1]) < 5 / math.sqrt(m)


def mixed_share(y, m):
    """s of y = s i + (1 - s) partner_i, for the rows that are their own partners too."""
    partner = permutation((*key_of(np.random.default_rng(0)), 1), m)
    moved = partner != np.arange(m)
    return (y - partner)[moved] / (np.arange(m) - partner)[moved]


def test_the_smallest_and_the_largest_alpha_give_shares():
    for alpha in (5e-324, 1e300):
        x, _ = mixup(np.eye(9), np.eye(9), np.random.default_rng(0), alpha=alpha)
        np.testing.assert_allclose(x.sum(axis=1), 1)
        assert x.min() >= 0


def test_elementary_functions_are_near_those_of_numpy():
    near, x = np.random.default_rng(0).uniform(-1, 1, 10_000), np.linspace(-40, 40, 10_001)
    for positive in (1 + near / 2, np.exp(300 * near), np.array([1.0, 0.5, math.sqrt(0.5), 2.0**-1022])):
        np.testing.assert_allclose(log(positive), np.log(positive), rtol=1e-15)
    np.testing.assert_allclose(logistic(x), 1 / (1 + np.exp(-x)), rtol=2e-14)
    cos, sin = cos_and_sin(25 * x)
    np.testing.assert_allclose([cos, sin], [np.cos(np.radians(25 * x)), np.sin(np.radians(25 * x))], atol=3e-15)
