"""The hash behind dropout: uniform, without memory, and equal wherever it is computed. All seeds are fixed."""

import itertools
import math

import numpy as np
import pytest

from funcnn import bits
from funcnn.bits import normal, uniform, words
from funcnn.errors import RangeError
from tests.says import assert_says, each_row, kind_error

N = 1 << 16


def bits_of(numbers):
    return np.unpackbits(numbers.reshape(-1, 1).view(np.uint8), axis=1, bitorder="little")


def chi_square(counts):
    """In standard deviations from what equal chances give."""
    expected, free = counts.sum() / counts.size, counts.size - 1
    return (((counts - expected) ** 2 / expected).sum() - free) / math.sqrt(2 * free)


def test_words_are_pinned():
    """A saved network draws the same masks with every version."""
    assert words(np, (7, 0), (4,)).tolist() == [455756453, 1120889872, 1213860322, 3657183425]
    assert words(np, (), (2,)).tolist() == [1630649908, 2833812036]
    assert words(np, (2**31 - 1, 5, 0), (1,)).tolist() == [3794124144]


def test_they_are_words_of_the_shape_asked_for():
    for shape in [(), (0,), (3,), (2, 3), (4, 1, 5)]:
        made = words(np, (1,), shape)
        assert (made.dtype, made.shape) == (np.uint32, shape)
    assert (words(np, (1,), (6, 4)).ravel() == words(np, (1,), (24,))).all()


def test_long_arrays_made_in_blocks_begin_as_short_ones():
    short, long = words(np, (1, 2), (1 << 14,)), words(np, (1, 2), (40_000,))
    assert (long[: 1 << 14] == short).all()
    singly = [words(np, (1, 2), (n,))[-1] for n in (1, 16_384)]
    assert singly == [long[0], long[16_383]]
    assert len(np.unique(long)) > 39_990


def test_each_key_has_words_of_its_own():
    keys = [*itertools.product(range(9), repeat=1), *itertools.product(range(9), repeat=2), (0, 0, 0), ()]
    first = {words(np, key, (2,)).tobytes() for key in keys}
    assert len(first) == len(keys)


@pytest.mark.parametrize("key", [(0,), (1, 0), (0, 1), (12345, 678, 9)])
def test_every_byte_is_as_likely_as_any_other(key):
    made = words(np, key, (N,))
    for shift in (0, 8, 16, 24):
        assert abs(chi_square(np.bincount((made >> np.uint32(shift)) & np.uint32(255), minlength=256))) < 4


@pytest.mark.parametrize("key", [(0,), (1, 0), (12345, 678, 9)])
def test_pairs_of_neighbours_are_uniform_in_the_square(key):
    top = (words(np, key, (2 * N,)) >> np.uint32(28)).astype(int)
    for lag in (1, 2, 3, 64, 1000):
        pairs = 16 * top[:-lag] + top[lag:]
        assert abs(chi_square(np.bincount(pairs, minlength=256))) < 4


def correlation(a, b):
    """Of bits that are 0 or 1, each with each, in standard deviations."""
    return ((2.0 * bits_of(a) - 1).T @ (2.0 * bits_of(b) - 1)) / math.sqrt(len(a))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(((0,), (1,)), ((5, 0), (5, 1)), ((5, 0), (6, 0)), ((5, 7), (7, 5)), ((3,), (3, 0)), ((2**30,), (0,))),
        ((9, 4), (9, 1028)),
    ],
    ids=str,
)
def test_no_bit_of_one_key_says_anything_about_another(one, other):
    """1024 correlations, of which the largest is below 5 standard deviations; also of one key with itself, moved."""
    a, b = words(np, one, (N,)), words(np, other, (N,))
    assert abs(correlation(a, b)).max() < 5
    assert abs(correlation(a[1:], a[:-1])).max() < 5
    assert abs(correlation(a[1:], b[:-1])).max() < 5


def test_over_steps_each_place_is_drawn_anew():
    """One place, seen over many steps, is as random as many places in one step; so is one place over many seeds."""
    for keys in ([(3, step) for step in range(4096)], [(seed, 3) for seed in range(4096)]):
        made = np.array([words(np, key, (3,)) for key in keys])
        for place in made.T:
            assert abs(chi_square(np.bincount(place >> np.uint32(28), minlength=16))) < 4
            mean = (bits_of(place) - 0.5).mean(axis=0) * 2 * math.sqrt(len(place))
            assert abs(mean).max() < 5
        assert abs(correlation(made[1:, 0], made[:-1, 0])).max() < 5


def test_one_bit_of_the_counter_moves_half_of_the_word():
    made = words(np, (4, 2), (N,))
    for bit in range(16):
        flipped = made ^ made[np.arange(N) ^ (1 << bit)]
        assert abs(bits_of(flipped).mean(axis=0) - 0.5).max() < 0.02


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_uniform_numbers_lie_in_the_unit_interval_and_are_exact(dtype):
    u = uniform(np, (3, 1), (N,), dtype)
    assert u.dtype == dtype
    assert 0 <= u.min() < 1e-3
    assert 1 - 1e-3 < u.max() < 1
    assert (u == uniform(np, (3, 1), (N,), np.float64)).all()
    assert (u * 2.0**24 == np.floor(u * 2.0**24)).all()
    ranks = np.sort(u)
    assert abs(ranks - (np.arange(N) + 0.5) / N).max() < 1.63 / math.sqrt(N)  # Kolmogorov & Smirnov, 1 in 100


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normal_numbers_are_normal(dtype):
    z = normal(np, (3, 1), (N,), dtype)
    assert z.dtype == dtype
    below = 0.5 * (1 + np.vectorize(math.erf)(np.sort(z).astype(float) / math.sqrt(2)))
    assert abs(below - (np.arange(N) + 0.5) / N).max() < 1.63 / math.sqrt(N)
    for power, moment in ((1, 0), (2, 1), (3, 0), (4, 3)):
        assert abs((z.astype(float) ** power).mean() - moment) < 5 * math.sqrt(105 / N)
    for a in (z, z**2, z**3):
        for lag in (1, 2, 64, N // 2):
            assert abs(np.corrcoef(a[:-lag], a[lag:])[0, 1]) < 5 / math.sqrt(N - lag)


def test_normal_numbers_reach_the_tails():
    z = normal(np, (3, 2), (1 << 21,), np.float64)
    for bound in (2, 3, 4, 4.5):
        chance = math.erfc(bound / math.sqrt(2)) / 2
        for beyond in (z > bound, z < -bound):
            assert abs(beyond.mean() - chance) < 5 * math.sqrt(chance / len(z))


@pytest.mark.parametrize(("dtype", "near"), [(np.float64, 2.0**-33), (np.float32, 2.0**-22)])
def test_a_normal_number_is_the_quantile_of_its_word(dtype, near, monkeypatch):
    """Of words from the first to the last, in both tails, around 0 and where the two fractions meet."""
    edges = [0, 2**31 - 1, -(2**31), -1, *[s * bits.TAIL_BEGIN + i for s in (-1, 1) for i in range(-3, 4)]]
    k = np.array([*edges, *range(-(2**31), 2**31, 2**18 + 3)], np.int32)
    monkeypatch.setattr(bits, "_words", lambda *_: k.view(np.uint32))
    z = normal(np, (), k.shape, dtype).astype(float)
    upper = np.vectorize(math.erfc)(abs(z) / math.sqrt(2)) / 2
    assert abs(upper - (0.5 - abs(k + 0.5) / 2**32)).max() < near
    assert (np.sign(z) == np.sign(k + 0.5)).all()
    assert np.array_equal(z[:2], -z[[3, 2]])
    assert 6.33 < z.max() < 6.34


def test_normal_numbers_of_half_precision_are_those_of_float32_rounded():
    assert (normal(np, (3, 1), (N,), np.float16) == normal(np, (3, 1), (N,), np.float32).astype(np.float16)).all()


def test_normal_numbers_come_in_any_shape():
    for shape in [(), (0,), (1,), (3,), (3, 5)]:
        assert normal(np, (1,), shape, np.float64).shape == shape
    assert np.isfinite(normal(np, (1,), (N,), np.float32)).all()


WRONG = [
    kind_error(lambda: words("numpy", (7,), (2,))) >> "words: xp must be numpy or jax.numpy, not str",
    kind_error(lambda: words(np, 7, (2,))) >> "words: key must be a tuple of 64-bit ints, not 7",
    kind_error(lambda: uniform(np, (7, 1.5), (2,), np.float32))
    >> "uniform: key must be a tuple of 64-bit ints, not (7, 1.5)",
    kind_error(lambda: normal(np, (7,), 2, np.float32))
    >> "normal: shape must be a tuple of whole numbers, none negative, not 2",
    kind_error(lambda: normal(np, (7,), (2, -1), np.float32))
    >> "normal: shape must be a tuple of whole numbers, none negative, not (2, -1)",
    kind_error(lambda: uniform(np, (7,), (2,), int))
    >> "uniform: dtype must be a type of real floats, such as np.float32, not int64",
]


@each_row(WRONG)
def test_it_says(row):
    assert_says(row)


def test_a_key_takes_words_of_numpy():
    assert words(np, (np.int32(7), np.array(0)), (2,)).tolist() == words(np, (7, 0), (2,)).tolist()


def test_a_shape_beyond_all_memory_is_refused():
    with pytest.raises(RangeError, match=r"shape must be of an array of at most \d+ entries"):
        words(np, (1,), (2**62,))
