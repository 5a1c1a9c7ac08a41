"""Portable programs: the accuracy of their functions, the order of their sums, and bits that no machine changes."""

import hashlib
import math

import numpy as np
import pytest

from funcnn.bits import words
from funcnn.elementary import normal_cdf
from funcnn.errors import KindError
from funcnn.recording import record_function

rng = np.random.default_rng(0)
FUNCTIONS = np.exp, np.expm1, np.log, np.log1p, np.tanh, np.arctan, np.sin, np.cos, normal_cdf, np.sqrt


def portable(function, **inputs):
    """The outputs of the portable program of a function."""
    return [*record_function(function, inputs)(inputs, portable=True).values()]


def of_one(x):
    return tuple([f(x) for f in FUNCTIONS])


def of_two(x, y):
    return np.power(np.absolute(x), y), np.power(x, np.floor(y)), np.arctan2(x, y), np.remainder(x, y), np.maximum(x, y)


def bits_of(*arrays):
    """A hash of bits; those of NaN are chosen by processors."""
    content = b"".join([np.where(np.isnan(a), np.inf, a).tobytes() for a in arrays])
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def drawn(n):
    """Floats with random bits, and numbers near 1."""
    x = words(np, (2, 0), (2 * n,)).view(float)
    near = words(np, (2, 1), (n,)).astype(float) * 2.0**-28 - 8
    return np.concatenate([np.where(np.isnan(x), 0.5, x), near])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions_are_those_of_numpy_up_to_a_few_ulps(dtype):
    x = np.concatenate([rng.normal(size=3000) * 10, 10 ** rng.uniform(-9, 5, 3000), [0, -0.0, math.inf, -math.inf]])
    x = np.append(x, math.nan).astype(dtype)
    with np.errstate(all="ignore"):
        for function, inputs in ((of_one, {"x": x}), (of_two, {"x": x, "y": rng.permutation(x)})):
            program = record_function(function, inputs)
            made, plain = program(inputs, portable=True), program(inputs)
            for name, a in plain.items():
                assert made[name].dtype == dtype
                np.testing.assert_allclose(made[name], a, rtol=4 * np.finfo(dtype).eps, err_msg=name)


def test_bits_are_the_same_on_every_machine():
    x = drawn(10_000)
    assert bits_of(*portable(of_one, x=x), *portable(of_two, x=x, y=x[::-1])) == "61bc09644d61a9e9"
    sums = portable(lambda a: (a @ a.T, a.sum(), a.prod(0)), a=np.where(abs(x) < 1e9, x, 0.25).reshape(100, -1))
    assert bits_of(*sums) == "e5ba0cb5dc36dff0"


def test_angles_of_any_size():
    x = np.concatenate([10 ** rng.uniform(5, 308, 2000), [1e6, -1e6 - 0.7, -1e300, np.finfo(float).max]])
    sine, cosine = portable(lambda x: (np.sin(x), np.cos(x)), x=x)
    np.testing.assert_allclose(sine, np.sin(x), rtol=0, atol=2.0**-51)
    np.testing.assert_allclose(cosine, np.cos(x), rtol=0, atol=2.0**-51)


def from_left(terms):
    total = 0.0
    for term in terms:
        total += term
    return total


def test_sums_and_products_are_taken_from_left_to_right():
    a = rng.normal(size=(3, 50)) * 10 ** rng.uniform(-6, 6, (3, 50))
    b = rng.normal(size=(50, 2))
    rows, everything, products = portable(lambda a, b: (a.sum(1), a.sum(), a @ b), a=a, b=b)
    assert rows.tolist() == [from_left(row) for row in a.tolist()]
    assert everything == from_left(a.ravel().tolist())
    assert products.tolist() == [[from_left((row * column).tolist()) for column in b.T] for row in a]


def test_floats_of_32_bits_are_rounded_once():
    a = rng.normal(size=(4, 30)).astype(np.float32)
    total, squares = portable(lambda a: (a.sum(1), a @ a.T), a=a)
    assert total.dtype == squares.dtype == np.float32
    wide = a.astype(float)
    assert total.tolist() == [np.float32(from_left(row)) for row in wide.tolist()]
    assert squares.tolist() == [[np.float32(from_left(row * other)) for other in wide] for row in wide]


def test_zeros_of_extrema_have_no_sign():
    zeros = np.array([[-0.0, 0.0], [0.0, -0.0], [-0.0, -0.0]])
    for made in portable(lambda x: (x.max(1), x.min(1), np.maximum(x, x[:, ::-1]), x.sum(1), np.sign(x)), x=zeros):
        assert not np.signbit(made).any()


def test_whole_numbers_and_empty_sums_are_those_of_numpy():
    i, j, x = rng.integers(-9, 9, (3, 4)), rng.integers(0, 5, (3, 4)), np.zeros((0, 3))

    def of_whole(i, j, x):
        return i**j, i @ j.T, i.sum(), i.max(1), np.maximum(i, j), x.sum(0), x.prod(0), x.T @ x

    for made, theirs in zip(portable(of_whole, i=i, j=j, x=x), of_whole(i, j, x), strict=True):
        assert made.dtype == np.asarray(theirs).dtype
        np.testing.assert_array_equal(made, theirs)


def test_portable_is_true_or_false():
    program = record_function(lambda x: 2 * x, {"x": np.ones(2)})
    with pytest.raises(KindError, match=r"^Program: portable must be True or False, not int$"):
        program({"x": np.ones(2)}, portable=1)
