"""Each function of NumPy that the recorder takes gives NumPy's results, with other numbers than recorded."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn.recording.calls import RULES
from funcnn.recording.moves import MOVES
from funcnn.recording.operations import ELEMENTWISE
from funcnn.recording.ufuncs import COMPOSED
from tests.counts import at_most
from tests.recorded import assert_recorded

few = at_most(30, quick=5)
pytestmark = pytest.mark.filterwarnings("ignore:Mean of empty:RuntimeWarning", "ignore:Degrees of:RuntimeWarning")
HARD = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.5, 1e-300, 1e-9, 5e-324, 39.9, 41.0, 710.4, -750.0, 1e9, 1e20, 1e160, 1e308]
ENDS = [math.inf, -math.inf, math.nan]
SHAPES = [(), (3,), (1,), (0,), (2, 3), (2, 1, 3), (3, 2, 2)]


def floats(dtype):
    with np.errstate(all="ignore"):
        hard = [float(np.asarray(number, dtype)) for number in HARD + ENDS]
    bits = 8 * np.dtype(dtype).itemsize
    return st.one_of(st.sampled_from(hard), st.floats(width=bits), st.floats(-2, 2, width=bits))


def numbers(dtype):
    kind = np.dtype(dtype).kind
    if kind == "f":
        return floats(dtype)
    if kind == "b":
        return st.booleans()
    return st.one_of(hnp.from_dtype(np.dtype(dtype)), st.integers(0, 5))


def arrays(dtype, shape):
    return hnp.arrays(dtype, shape, elements=numbers(dtype))


@st.composite
def pairs(draw, count, dtypes=("f8", "f4", "i8", "i4", "u4", "u1", "b1"), shapes=SHAPES):
    """Arrays for the recording, and others of the same shapes and dtypes."""
    shape = draw(st.sampled_from(shapes))
    kinds = [draw(st.sampled_from(dtypes)) for _ in range(count)]
    sizes = [shape[draw(st.integers(0, len(shape))) :] if i else shape for i in range(count)]
    return [
        {name: draw(arrays(kind, size)) for name, kind, size in zip("abc", kinds, sizes, strict=False)}
        for _ in range(2)
    ]


NO_BOOLS = {np.square, np.conjugate, np.reciprocal}  # their results are int8, and refused
UFUNCS = [getattr(np, name) for name in ELEMENTWISE if name != "where"] + list(COMPOSED)


@pytest.mark.parametrize("ufunc", [one for one in UFUNCS if one.nin == 1], ids=lambda ufunc: ufunc.__name__)
@few
@given(data=st.data())
def test_functions_of_one_array(ufunc, data):
    kinds = [letter for letter in ("f8", "f4", "i8", "u1", "b1") if has_loop(ufunc, letter)]
    recorded, other = data.draw(pairs(1, kinds))
    assert_recorded(ufunc, recorded, other)


@pytest.mark.parametrize(
    "ufunc", [one for one in UFUNCS if one.nin == 2 and one is not np.matmul], ids=lambda ufunc: ufunc.__name__
)
@few
@given(data=st.data())
def test_functions_of_two_arrays(ufunc, data):
    kinds = [letter for letter in ("f8", "f4", "i8", "u4", "b1") if has_loop(ufunc, letter)]
    recorded, other = data.draw(pairs(2, kinds))
    if ufunc is np.power and {a.dtype.kind for a in recorded.values()} <= {"i", "u", "b"}:
        recorded, other = (small(some, 4, np.int64) for some in (recorded, other))
    if ufunc in {np.left_shift, np.right_shift}:
        recorded, other = (small(some, 8, np.uint32) for some in (recorded, other))
    assert_recorded(ufunc, recorded, other)


@few
@given(data=st.data())
def test_functions_of_an_array_and_a_number_of_python(data):
    ufunc = data.draw(st.sampled_from([np.add, np.multiply, np.maximum, np.less, np.power, np.divide, np.hypot]))
    number = data.draw(st.sampled_from([2, 0.5, True]))
    recorded, other = data.draw(pairs(1, ("f8", "f4") if ufunc is np.power else ("f8", "f4", "i4")))
    assert_recorded(lambda a: (ufunc(a, number), ufunc(number, a)), recorded, other)
    assert_recorded(lambda a: np.where(a > 0, a, number), recorded, other)


def small(some, limit, dtype):
    return {name: np.asarray(a % limit, dtype) for name, a in some.items()}


def has_loop(ufunc, letter):
    args = [np.ones(1, letter)] * ufunc.nin
    if (letter == "b1" and ufunc in NO_BOOLS) or (letter in {"i8", "u1"} and ufunc is np.reciprocal):
        return False
    try:
        with np.errstate(all="ignore"):
            return ufunc(*args).dtype.itemsize <= 8
    except TypeError:
        return False


def of_axis(f, **settings):
    """Cases of a function with an axis, with None, and with all of them."""
    return [
        lambda a: f(a, **settings),
        lambda a: f(a, axis=-1, **settings) if a.ndim else f(a, **settings),
        lambda a: f(a, axis=0, **settings) if a.ndim else f(a, **settings),
    ]


def kept(f, **settings):
    return [*of_axis(f, **settings), *of_axis(f, keepdims=True, **settings)]


def with_axis(f, *args, **settings):
    """A function along the last axis of an array that has one."""
    return lambda a: f(np.atleast_1d(a), *args, axis=-1, **settings)


CASES = {
    np.sum: [*kept(np.sum), lambda a: a.sum(dtype=np.float32), lambda a: np.sum(a, axis=tuple(range(a.ndim)))],
    np.prod: [*kept(np.prod), lambda a: a.prod(dtype=float)],
    np.max: [*kept(np.max, initial=0), lambda a: a[None].max(0)],
    np.min: [*kept(np.min, initial=1), lambda a: np.atleast_2d(a).min(0)],
    np.any: kept(np.any),
    np.all: kept(np.all),
    np.count_nonzero: of_axis(np.count_nonzero),
    np.mean: [*kept(np.mean), lambda a: a.mean(dtype=np.float32)],
    np.var: [*kept(np.var), lambda a: a.var(ddof=1), lambda a: np.var(a, dtype=np.float32)],
    np.std: [*kept(np.std), lambda a: a.std(ddof=1)],
    np.argmax: [lambda a: np.argmax(np.ones((2, *a.shape)) * a, axis=0), lambda a: np.append(a, 1).argmax()],
    np.argmin: [lambda a: np.argmin(np.append(a, 1), keepdims=True), lambda a: a[None].argmin(0)],
    np.cumsum: [np.cumsum, with_axis(np.cumsum), lambda a: np.atleast_2d(a).cumsum(0)],
    np.argsort: [
        with_axis(np.argsort, kind="stable"),
        lambda a: np.argsort(a, axis=None, stable=True),
        lambda a: a.ravel().argsort(kind="stable"),
    ],
    np.sort: [with_axis(np.sort), lambda a: np.sort(a, axis=None)],
    np.diff: [lambda a: np.diff(np.append(a, a).astype(float))],
    np.trace: [lambda a: np.trace(np.stack([a.ravel(), a.ravel()])), lambda a: a.reshape(1, 1, -1).trace()],
    np.concatenate: [
        lambda a: np.concatenate([np.atleast_1d(a), np.atleast_1d(a > 0)]),
        lambda a: np.concatenate([a, np.ones(2, "f4")], axis=None),
    ],
    np.stack: [lambda a: np.stack([a, np.zeros_like(a)], axis=-1), lambda a: np.stack((a, a > 0))],
    np.hstack: [lambda a: np.hstack([a, a])],
    np.vstack: [lambda a: np.vstack([a, a])],
    np.column_stack: [lambda a: np.column_stack([np.atleast_1d(a), np.atleast_1d(a)])],
    np.append: [lambda a: np.append(a, 1.5), lambda a: np.append(np.atleast_1d(a), np.atleast_1d(a), axis=0)],
    np.pad: [
        lambda a: np.pad(a, 1) if a.ndim else a,
        lambda a: np.pad(a, 2, constant_values=3) if a.ndim else a,
        lambda a: np.pad(a, 1, mode="edge") if a.size and a.ndim else a,
        lambda a: np.pad(a, (1, 0), mode="wrap") if a.size and a.ndim else a,
    ],
    np.where: [lambda a: np.where(a > 0, a, -1.5), lambda a: np.where(a, a, a)],
    np.clip: [
        lambda a: np.clip(a, 1, 2),
        lambda a: a.clip(max=3),
        lambda a: np.clip(a, min=1),
        lambda a: np.clip(a, a_min=0, a_max=None),
    ],
    np.nan_to_num: [np.nan_to_num, lambda a: np.nan_to_num(a, nan=1, posinf=2, neginf=3)],
    np.full_like: [lambda a: np.full_like(a, a.sum()), lambda a: np.full_like(a, a.max(initial=0), shape=(2, 2))],
    np.tril: [lambda a: np.tril(np.atleast_2d(a)), lambda a: np.tril(np.atleast_2d(a), k=-1)],
    np.triu: [lambda a: np.triu(np.atleast_2d(a), 1)],
    np.array: [],
    np.take: [
        lambda a: np.take(np.append(a, 1), np.array([0, -1])),
        lambda a: np.stack([a, a]).take([0, -1], axis=0),
        lambda a: np.take(np.stack([a, a]), ids(a), axis=0),
        lambda a: np.take(np.append(a, 1), ids(a)),
    ],
    np.take_along_axis: [
        lambda a: np.take_along_axis(np.atleast_2d(a), np.argsort(np.atleast_2d(a), axis=0, kind="stable"), axis=0),
        lambda a: np.take_along_axis(np.atleast_1d(a), np.argsort(a, axis=None, kind="stable"), axis=None),
        lambda a: np.take_along_axis(np.ones((3, 1)), (a.sum() > 0)[None, None] + 1, axis=0),
    ],
}


def ids(a):
    """Whole numbers that are computed: zeros, which are in every axis."""
    return (np.sum(a) * 0 != 0).astype(np.uint8)[None] * 0


@pytest.mark.parametrize("function", [f for f in CASES if CASES[f]], ids=lambda function: function.__name__)
@few
@given(data=st.data())
def test_functions_with_settings(function, data):
    recorded, other = data.draw(pairs(1, ("f8", "f4", "i8", "b1")))
    for case in CASES[function]:
        assert_recorded(case, recorded, other, ulps=64)


PRODUCTS = {
    np.matmul: [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((4, 2, 3), (3, 2)), ((3, 0), (0, 2))],
    np.dot: [((3,), (3,)), ((2, 3), (3, 4)), ((), (3,)), ((2, 3), (4, 3, 2))],
    np.inner: [((3,), (3,)), ((2, 3), (4, 3)), ((2,), ())],
    np.outer: [((3,), (2,)), ((2, 2), (3,))],
    np.vdot: [],
}
TENSORS = (
    [(2, 3), (3, 4), 1],
    [(2, 3), (2, 3), 2],
    [(2, 3), (4, 3), ([1], [1])],
    [(2,), (3,), 0],
    [(2, 3), (3,), (1, 0)],
)
LABELS = [
    ("ij,jk", (2, 3), (3, 2)),
    ("ij,jk->ki", (2, 3), (3, 2)),
    ("i,i->", (3,), (3,)),
    ("bij,j->bi", (2, 2, 3), (3,)),
]


@few
@given(data=st.data())
def test_products(data):
    kinds = data.draw(st.sampled_from([("f8", "f8"), ("f4", "f4"), ("i8", "f8"), ("i4", "i4")]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))

    def of(*shapes):
        return {
            name: np.asarray(rng.normal(size=shape) * 4, kind)
            for name, shape, kind in zip("ab", shapes, kinds, strict=True)
        }

    for f, cases in PRODUCTS.items():
        for a, b in cases:
            assert_recorded(f, of(a, b), of(a, b), ulps=1e4)
    for a, b, axes in TENSORS:
        assert_recorded(lambda a, b, axes=axes: np.tensordot(a, b, axes), of(a, b), of(a, b), ulps=1e4)
    for mode in ("valid", "full"):
        assert_recorded(lambda a, b, mode=mode: np.correlate(a, b, mode), of((5,), (3,)), of((5,), (3,)), ulps=1e4)
        assert_recorded(lambda a, b, mode=mode: np.convolve(a, b, mode), of((3,), (5,)), of((3,), (5,)), ulps=1e4)
    for labels, a, b in LABELS:
        assert_recorded(lambda a, b, labels=labels: np.einsum(labels, a, b), of(a, b), of(a, b), ulps=1e4)
    assert_recorded(lambda a, b: np.linalg.norm(a) + np.linalg.norm(b, axis=0), of((2, 3), (3,)), ulps=1e4)
    assert_recorded(lambda a, b: (a.dot(b), a.T @ a, a.mT), of((2, 3), (3, 2)), ulps=1e4)
    assert_recorded(lambda a, b: np.linalg.norm(a, 2, -1, keepdims=True) * b.sum(), of((2, 3), (3,)), ulps=1e4)
    assert_recorded(lambda a, b: np.linalg.norm(b, 2) * a, of((2, 3), (3,)), ulps=1e4)


MOVED = {
    np.transpose: [np.transpose, lambda a: a.T, lambda a: a.transpose(*range(a.ndim)), lambda a: a.transpose()],
    np.matrix_transpose: [lambda a: np.matrix_transpose(np.atleast_2d(a))],
    np.linalg.matrix_transpose: [lambda a: np.linalg.matrix_transpose(np.atleast_2d(a))],
    np.swapaxes: [lambda a: np.atleast_2d(a).swapaxes(0, -1)],
    np.moveaxis: [lambda a: np.moveaxis(np.atleast_2d(a), 0, -1)],
    np.rollaxis: [lambda a: np.rollaxis(np.atleast_2d(a), 1)],
    np.squeeze: [np.squeeze, lambda a: a[None].squeeze(0)],
    np.expand_dims: [lambda a: np.expand_dims(a, (0, -1))],
    np.reshape: [
        lambda a: np.reshape(a, -1),
        lambda a: a.reshape(a.size, 1),
        lambda a: np.reshape(a, (-1,), order="F"),
    ],
    np.ravel: [np.ravel, lambda a: a.T.ravel(), lambda a: a.ravel(order="F"), lambda a: a.flatten("F")],
    np.broadcast_to: [lambda a: np.broadcast_to(a, (2, *a.shape))],
    np.repeat: [lambda a: np.repeat(a, 2), lambda a: a.repeat(2), lambda a: np.atleast_1d(a)[:1].repeat([3], 0)],
    np.tile: [lambda a: np.tile(a, 2), lambda a: np.tile(a, (2, 1))],
    np.roll: [lambda a: np.roll(a, 1), lambda a: np.roll(np.atleast_1d(a), -1, axis=0)],
    np.flip: [np.flip],
    np.fliplr: [lambda a: np.fliplr(np.atleast_2d(a))],
    np.flipud: [lambda a: np.flipud(np.atleast_1d(a))],
    np.rot90: [lambda a: np.rot90(np.atleast_2d(a))],
    np.diagonal: [lambda a: np.diagonal(np.atleast_2d(a)), lambda a: np.atleast_2d(a).diagonal(1)],
    np.linalg.diagonal: [lambda a: np.linalg.diagonal(np.atleast_3d(a))],
    np.split: [lambda a: tuple(np.split(np.stack([a, a]), 2))],
    np.array_split: [lambda a: tuple(np.array_split(np.ravel(a), 3))],
    np.hsplit: [lambda a: tuple(np.hsplit(np.atleast_2d(a), [1]))],
    np.vsplit: [lambda a: tuple(np.vsplit(np.atleast_2d(a), [1]))],
    np.atleast_1d: [np.atleast_1d],
    np.atleast_2d: [np.atleast_2d],
    np.atleast_3d: [np.atleast_3d],
    np.delete: [lambda a: np.delete(np.append(a, 1), 0)],
    np.resize: [lambda a: np.resize(np.append(a, 1), (2, 3))],
    np.copy: [np.copy, lambda a: a.copy()],
    np.lib.stride_tricks.sliding_window_view: [
        lambda a: np.lib.stride_tricks.sliding_window_view(np.append(a, [1, 2]), 2)
    ],
}


@pytest.mark.parametrize("function", list(MOVED), ids=lambda function: f"{function.__module__}.{function.__name__}")
@few
@given(data=st.data())
def test_functions_that_move_entries(function, data):
    recorded, other = data.draw(pairs(1, ("f8", "f4", "i8", "b1")))
    for case in MOVED[function]:
        assert_recorded(case, recorded, other, ulps=0)


def test_every_function_has_a_case():
    assert set(MOVED) == MOVES
    products = {np.dot, np.inner, np.outer, np.tensordot, np.einsum, np.linalg.norm, np.correlate, np.convolve}
    assert set(CASES) | products == set(RULES)


METHODS = {
    "reduce": lambda a: (np.add.reduce(a[None]), np.maximum.reduce(a[None], axis=0), np.logical_or.reduce(a[None])),
    "reduce all": lambda a: (np.add.reduce(a, axis=None), np.multiply.reduce(a, None, keepdims=True)),
    "outer": lambda a: (np.add.outer(a, a), np.less.outer([1.0, 2.0], a)),
    "dtype": lambda a: (np.add(a, a, dtype=float), np.true_divide(a, 3, dtype=np.float64)),
    "operators": lambda a: (-a, abs(a), a**2, 2 - a, 1 / (a + 1), a % 2, a // 2, +a, a == 1, a != a, a < a.sum()),
    "astype": lambda a: (a.astype("f4"), a.astype(float, copy=False), np.astype(a, np.float64), (a > 0).astype("u1")),
    "about": lambda a: (a * a.ndim * a.size + np.ndim(a) + np.size(a) + len(np.shape(a)), a * np.isrealobj(a)),
    "dtypes": lambda a: (a.astype(np.result_type(a, 2.0)), a * a.itemsize, a * a.nbytes, a.real),
    "iteration": lambda a: sum([row * 2 for row in np.atleast_1d(a)], np.zeros(())) + len(np.atleast_1d(a)),
}


@pytest.mark.parametrize("name", METHODS)
@few
@given(data=st.data())
def test_methods_and_operators(name, data):
    recorded, other = data.draw(pairs(1, ("f8", "f4", "i4")))
    assert_recorded(METHODS[name], recorded, other, ulps=64)


@few
@given(a=hnp.arrays("u4", 3), b=hnp.arrays("u4", 3))
def test_hashes_wrap(a, b):
    def hashed(a):
        with np.errstate(over="ignore"):
            a = (a ^ (a >> 16)) * np.uint32(0x45D9F3B)
            a ^= a >> np.uint32(15)
            return a.view(np.int32), ~a, (a << 5) + 7

    assert_recorded(hashed, {"a": a}, {"a": b})
