"""Powers in kernels, against 40 digits; and noise, which is the same in kernels and in NumPy."""

import mpmath
import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import Adam, Dense, Residual, Tanh, TrainState, layers, mse, train, value_and_grad
from funcnn.bits import normal
from funcnn.compilation import compiled, explain
from funcnn.compilation.engine import Engine, engine
from funcnn.formulas.power import power
from funcnn.trees import astype, leaves
from tests.compilation.test_compiled_functions import applied

DTYPES = [np.float64, np.float32]


def arguments(dtype):
    """Pairs whose power reaches from 0 to infinity: x over the whole range, near 1, and of usual size."""
    info, rng = np.finfo(dtype), np.random.default_rng(0)
    x = 2.0 ** rng.uniform(np.log2(info.tiny) - 10, np.log2(info.max), 400)
    near, usual = 1 + rng.normal(size=400) * 2.0 ** rng.uniform(-20, -3, 400), abs(rng.normal(size=400))
    x = np.concatenate([x, near])
    y = rng.uniform(-1, 1, 800) * np.log2(info.max) * 1.1 / np.maximum(abs(np.log2(x)), 1e-6)
    exponents = rng.choice([-3, -2.5, -0.5, 1 / 3, 1.5, 2.5, 5, 1e-9], 400)
    return np.concatenate([x, usual]).astype(dtype), np.concatenate([y, exponents]).astype(dtype)


@pytest.mark.parametrize("features", [None, "+sse2"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_are_exact_to_rounding(dtype, features):
    if features and engine().triple.partition("-")[0] not in {"x86_64", "AMD64"}:
        pytest.skip("the features are those of x86")  # pragma: no cover  this line runs on other processors alone
    x, y = arguments(dtype)
    made = applied(power, x, y, compiler=Engine("x86-64", features) if features else None)
    largest = mpmath.mpf(float(np.finfo(dtype).max))
    with mpmath.workdps(40):
        for a, b, got in zip(x, y, made, strict=True):
            exact = mpmath.mpf(float(a)) ** mpmath.mpf(float(b))
            if exact > largest:
                assert got == np.inf, (a, b, got)
            else:
                unit = float(np.spacing(dtype(float(exact))))
                assert abs(exact - mpmath.mpf(float(got))) <= 1.3 * unit, (a, b, got)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_limits_of_powers_are_those_of_numpy(dtype):
    info = np.finfo(dtype)
    digits = info.nmant
    special = [0.0, 1 / 3, 0.5, 1.0, 2.0, 2.5, 3.0, np.inf, np.nan, info.max, info.tiny, info.smallest_subnormal]
    special += [1 + info.eps, 1 - info.eps / 2, 2.0 ** (digits - 1) + 0.5, 2.0**digits - 1, 2.0 ** (digits + 1) - 1]
    special += [2.0 ** (digits + 2), 1e30]
    values = np.array([*special, *[-one for one in special]], dtype)
    x, y = [a.ravel() for a in np.meshgrid(values, values)]
    made = applied(power, x, y)
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    np.testing.assert_allclose(made, expected, 4 * info.eps, 2 * info.smallest_subnormal)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(made[numbers]), np.signbit(expected[numbers]))


# Noise.

rng = np.random.default_rng(0)
noisy = (
    *[layers.GaussianNoise(0.3, seed=(1, 2)), Dense.init(5, 6, seed=0)],
    *[Residual((layers.GaussianNoise(0.1, seed=4, step=2**31 - 1), Tanh())), Dense.init(6, 2, seed=1)],
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", [1, 2, 7, 601, 2100])
def test_noise_is_that_of_numpy(rows, dtype):
    x, y, net = rng.normal(size=(rows, 5)).astype(dtype), rng.normal(size=(rows, 2)).astype(dtype), astype(noisy, dtype)
    function = compiled(mse, threads=2)
    assert explain(function, net, x, y).startswith("compiled: ")
    (cost, grads), (expected_cost, expected) = function(net, x, y), value_and_grad(mse)(net, x, y)
    bound = 1e-12 if dtype is np.float64 else 1e-4
    assert cost == pytest.approx(expected_cost, rel=bound)
    for a, b in zip(leaves(grads), leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, bound, bound * max(1, abs(b).max()))
    assert grads.params[0] == expected.params[0]
    assert grads.params[2] == expected.params[2]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_bits_of_noise_are_those_of_numpy(dtype):
    """x has one 1 in each row, and W is 0: so the gradient of W is z times a power of two."""
    rows, features = 256, 32
    layer = layers.GaussianNoise(1.0, seed=5)
    net, x = (Dense(np.zeros((rows, features), dtype), None), layer), np.eye(rows, dtype=dtype)
    function, y = compiled(mse), np.zeros((rows, features), dtype)
    assert explain(function, net, x, y).startswith("compiled: ")
    _, grads = function(net, x, y)
    assert np.array_equal(grads.params[0].W * (rows * features / 2), normal(np, layer.key, y.shape, dtype))


def test_a_fold_has_other_noise_in_each_step():
    data = [(rng.normal(size=(70, 5)), rng.normal(size=(70, 2)))] * 12
    runs = [list(train(TrainState(noisy, Adam()), data, compiled(mse), 0.01, every=every)) for every in (1, 5)]
    assert runs[0][-1] == runs[1][-1]
    assert runs[0][-1].params[0].step == 12
    plain = list(train(TrainState(noisy, Adam()), data, value_and_grad(mse), 0.01))
    for a, b in zip(leaves(runs[0][-1].params), leaves(plain[-1].params), strict=True):
        np.testing.assert_allclose(a, b, 1e-9)
