"""The functions of kernels, against 40 digits; and kernels for processors with fewer features."""

import ctypes
from importlib import import_module

import mpmath
import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import Dense, Tanh, layers, mlp, mse, softmax_cross_entropy, value_and_grad
from funcnn.compilation import compiled, explain
from funcnn.compilation.engine import Engine, engine
from funcnn.compilation.memory import address, aligned
from funcnn.compilation.text import Text
from funcnn.elementary import erfc
from funcnn.formulas.arctangent import arctan2
from funcnn.formulas.trigonometric import LARGEST
from funcnn.layers import Elementwise
from funcnn.records import record
from funcnn.trees import leaves

pytestmark = pytest.mark.unwatched

functions = {
    name: getattr(import_module(f"funcnn.formulas.{module}"), name)
    for module, names in (
        *[("functions", "exp expm1 log log1p tanh"), ("trigonometric", "sin cos"), ("normal", "erfc")],
        ("arctangent", "arctan"),
    )
    for name in names.split()
}
NAMES = list(functions)
UNITS = dict.fromkeys(NAMES, 1.3) | {"erfc": 2.5}  # in the last place
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.625, -0.625, 0.5, 2.0]


def applied(function, *arrays, compiler=None):
    """A function of kernels, of arrays."""
    t, size = Text(arrays[0].dtype), arrays[0].size
    count = -(-size // t.rows) * t.rows
    given = [aligned(count, t.dtype) for _ in range(1 + len(arrays))]
    for array, values in zip(given, arrays, strict=False):
        array[:size] = values
    *inputs, target = [f"%X{k}" for k in range(len(given))]
    write = lambda i: t.store(function(t, *[t.load(name, i) for name in inputs]), target, i)
    t.loop(count, write, step=t.rows)
    pointers = ", ".join([f"ptr {name}" for name in ("%C", *inputs, target)])
    panels = np.frombuffer(b"".join(t.table), arrays[0].dtype)
    table = aligned(panels.size, panels.dtype)
    table[:] = panels
    (at,) = (compiler or engine()).functions("\n".join([*t.declared, *t.function("run", pointers)]), ("run",))
    ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (1 + len(given)))(at)(*map(address, [table, *given]))
    return given[-1][:size].copy()


def arguments(name, dtype):
    """Numbers over the whole range, near 0, near 1, and at the ends."""
    info, rng = np.finfo(dtype), np.random.default_rng(0)
    powers = 2.0 ** rng.uniform(np.log2(info.tiny) - 10, np.log2(info.max), 400)
    signs = rng.choice([-1, 1], 400)
    end = float(np.log(info.max))
    near = [rng.uniform(-end - 25, end + 1, 400), rng.normal(size=400), 1 + 0.5 * rng.normal(size=200), powers * signs]
    values = np.concatenate([*near, SPECIAL, [info.max, info.tiny, info.smallest_subnormal, end, -end]])
    with np.errstate(over="ignore"):
        values = values.astype(dtype)
    if name in {"sin", "cos"}:
        largest = LARGEST[info.bits // 8]
        nearly = np.arange(1, int(largest / 1.6), int(largest / 500)) * np.pi / 2  # multiples of pi / 2, rounded
        values = np.concatenate([values[abs(values) <= largest], rng.uniform(-largest, largest, 400), nearly])
        return np.concatenate([values, SPECIAL]).astype(dtype)
    if name == "erfc":
        values = np.concatenate([values[abs(values) < 1e3], rng.uniform(-6, 28, 800), SPECIAL]).astype(dtype)
    return abs(values) if name == "log" else values[values >= -1] if name == "log1p" else values


def of_numpy(name, values):
    return np.asarray(erfc(values), values.dtype) if name == "erfc" else getattr(np, name)(values)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", NAMES)
def test_functions_are_exact_to_rounding(name, dtype):
    values = arguments(name, dtype)
    made = applied(functions[name], values)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(np.isnan(made), np.isnan(of_numpy(name, values)))
    finite = np.isfinite(values) & ((values > 0) if name == "log" else (values > -1) if name == "log1p" else True)
    largest = mpmath.mpf(float(np.finfo(dtype).max))
    with mpmath.workdps(40):
        for value, got in zip(values[finite], made[finite], strict=True):
            exact = getattr(mpmath, name.replace("arc", "a"))(mpmath.mpf(float(value)))
            if abs(exact) > largest:
                assert got == np.inf
            else:
                unit = float(np.spacing(np.abs(dtype(float(exact)))))
                assert abs(exact - mpmath.mpf(float(got))) <= UNITS[name] * unit, (name, value, got)


@pytest.mark.parametrize("name", NAMES)
def test_the_limits_are_those_of_numpy(name):
    values = np.array(SPECIAL)
    with np.errstate(all="ignore"):
        expected = of_numpy(name, values)
    made = applied(functions[name], values)
    at_limits = ~np.isfinite(values) | (values == 0) | ~np.isfinite(expected)
    np.testing.assert_array_equal(made[at_limits], expected[at_limits])
    zeros = (values == 0) & (expected == 0)
    np.testing.assert_array_equal(np.signbit(made[zeros]), np.signbit(expected[zeros]))


def test_sines_of_large_arguments_are_those_of_numpy():
    rng = np.random.default_rng(0)
    x, net = rng.normal(size=(20, 3)), (Dense.init(3, 4, seed=0), layers.Sine(30.0))
    function, plain = compiled(mse), value_and_grad(mse)
    assert explain(function, net, x, np.ones((20, 4))).startswith("compiled: ")
    for size in (1.0, 1e3, 1e5, 1e9, 1e300, np.inf, np.nan):
        with np.errstate(all="ignore"):
            (cost, made), (expected_cost, expected) = [f(net, x * size, np.ones((20, 4))) for f in (function, plain)]
        np.testing.assert_allclose(cost, expected_cost, 1e-12)
        for a, b in zip(leaves(made), leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, 1e-9 if size < 1e6 else 0)


@record
class Angle(Elementwise):
    def value(self, x):
        return np.arctan2(x, 2.0) + np.arctan(x)

    def slope(self, kept):
        return 2 / (4 + kept * kept) + 1 / (1 + kept * kept)


def test_arctangents_are_compiled():
    x, net = np.random.default_rng(0).normal(size=(20, 3)), (Dense.init(3, 4, seed=0), Angle())
    function, y = compiled(mse), np.ones((20, 4))
    assert explain(function, net, x, y).startswith("compiled: ")
    (cost, made), (expected_cost, expected) = function(net, x, y), value_and_grad(mse)(net, x, y)
    for a, b in zip([cost, *leaves(made)], [expected_cost, *leaves(expected)], strict=True):
        np.testing.assert_allclose(a, b, 1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_angles_are_exact_to_rounding(dtype):
    random, ends = np.random.default_rng(0), np.array([0, -0.0, 1, -1, np.inf, -np.inf, np.nan])
    ys, xs = (random.normal(size=(2, 500)) * 10.0 ** random.integers(-9, 9, (2, 500))).astype(dtype)
    with mpmath.workdps(40):
        for y, x, got in zip(ys, xs, applied(arctan2, ys, xs), strict=True):
            exact = mpmath.atan2(mpmath.mpf(float(y)), mpmath.mpf(float(x)))
            assert abs(exact - mpmath.mpf(float(got))) <= 1.5 * float(np.spacing(np.abs(dtype(float(exact)))))
    y, x = [a.ravel().astype(dtype) for a in np.meshgrid(ends, ends)]
    made, expected = applied(arctan2, y, x), np.arctan2(y, x)
    np.testing.assert_array_max_ulp(made, expected, 1)
    np.testing.assert_array_equal(np.signbit(made)[~np.isnan(made)], np.signbit(expected)[~np.isnan(made)])


@pytest.mark.parametrize("features", ["+sse2", "+avx", "+avx,+avx2,+fma"])
def test_processors_with_fewer_features_compute_the_same(features, monkeypatch):
    if engine().triple.partition("-")[0] not in {"x86_64", "AMD64"}:
        pytest.skip("the features are those of x86")  # pragma: no cover  this line runs on other processors alone
    older = Engine("x86-64", features)
    monkeypatch.setattr("funcnn.compilation.step.engine", lambda: older)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(201, 3))
    net = mlp([3, 13, 4], hidden=Tanh(), seed=0)
    net = (*net, layers.ExactGelu(), layers.Sine())
    for loss, y in ((softmax_cross_entropy, rng.integers(0, 4, 201)), (mse, rng.normal(size=(201, 4)))):
        _, made = compiled(loss)(net, x, y)
        _, expected = value_and_grad(loss)(net, x, y)
        for a, b in zip(leaves(made), leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, 1e-12, 1e-14)
