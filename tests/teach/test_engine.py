"""The engine of a page that trains has NumPy's results for each operation of a program."""

import math

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from tests.teach.playing import flat, node_result, run_in_node

rng = np.random.default_rng(0)
NASTY = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 7.0, 1e-12, -1e-12, 1e300, math.inf, -math.inf, math.nan]
ONE = (
    *("negative", "absolute", "sign", "sqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "arctan", "floor"),
    "isfinite",
)
TWO = (
    *("add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power", "maximum", "minimum", "arctan2"),
    *("equal", "not_equal", "greater", "greater_equal", "less", "less_equal"),
)
BITS = ("bitwise_and", "bitwise_or", "bitwise_xor")
letters = {"float64": "f8", "float32": "f4", "int64": "i8", "int32": "i4", "uint32": "u4", "uint8": "u1", "bool": "b1"}


def job(op, arrays, wanted, settings=0):
    """A program of one operation, with its inputs and the result that it must have."""
    wanted = np.asarray(wanted)
    inputs = [[f"a{i}", list(a.shape), letters[a.dtype.name]] for i, a in enumerate(arrays)]
    operation = [op, list(range(len(arrays))), list(wanted.shape), letters[wanted.dtype.name], settings]
    program = {
        "inputs": inputs,
        "constants": [],
        "operations": [operation],
        "outputs": {"out": len(arrays)},
        "steps": [],
    }
    return {"program": program, "inputs": {f"a{i}": flat(a) for i, a in enumerate(arrays)}}, wanted, op


def compare(jobs, tmp_path, ulps=8):
    results = run_in_node([job for job, *_ in jobs], tmp_path)
    for (_, wanted, op), result in zip(jobs, results, strict=True):
        made = np.array(result["out"], np.float64).reshape(wanted.shape)
        eps = np.finfo(wanted.dtype if wanted.dtype.kind == "f" else float).eps
        tolerance = 0 if wanted.dtype.kind != "f" else ulps * eps
        np.testing.assert_allclose(
            made, wanted.astype(float), rtol=tolerance, atol=0, err_msg=f"{op} of {wanted.dtype}"
        )


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_functions_of_numbers_are_those_of_numpy(tmp_path):
    jobs = []
    for dtype in (np.float64, np.float32):
        wide = np.concatenate([NASTY, rng.normal(size=200), rng.normal(size=200) * 30, 10 ** rng.uniform(-9, 2, 200)])
        a = wide.astype(dtype)
        b = rng.permutation(a)
        jobs += [job(op, [a], getattr(np, op)(a)) for op in ONE]
        jobs += [job(op, [a, b], getattr(np, op)(a, b)) for op in TWO]
        jobs.append(job("where", [a > b, a, b], np.where(a > b, a, b)))
    compare(jobs, tmp_path)


def test_powers_of_a_number_are_those_of_numpy(tmp_path):
    a, exponents = np.array([0.5, 3.0, -2.0, 0.0, -1.0]), (2.0, 3.0, 0.5, -1.0, 0.0, math.inf)
    with np.errstate(all="ignore"):
        compare([job("power", [a, np.array(e)], np.power(a, e)) for e in exponents], tmp_path)


def test_erfc_keeps_its_digits(tmp_path):
    x = np.concatenate([np.linspace(-7, 26, 3001), [math.inf, -math.inf, math.nan, 0.84375, 1.25, 1 / 0.35, 28, 40]])
    compare([job("erfc", [x], np.array([math.erfc(one) for one in x]))], tmp_path, ulps=4.5)


def test_small_results_keep_their_digits(tmp_path):
    x = 10 ** rng.uniform(-18, 0, 500)
    compare([job(op, [x], getattr(np, op)(x)) for op in ("expm1", "log1p", "tanh", "sin")], tmp_path, ulps=4.5)


def test_whole_numbers_and_bools(tmp_path):
    u, v = rng.integers(0, 2**32, (2, 50), dtype=np.uint32)
    of_bits = ("add", "subtract", "multiply", "maximum", "floor_divide", "remainder", "less", *BITS)
    jobs = [job(op, [u, v], getattr(np, op)(u, v)) for op in of_bits]
    few = rng.integers(0, 32, 50, dtype=np.uint32)
    jobs += [job(op, [u, few], getattr(np, op)(u, few)) for op in ("left_shift", "right_shift")]
    jobs += [job("invert", [u], ~u), job("astype", [u], u.astype(float)), job("astype", [u], u.astype(np.int64))]
    for dtype in (np.int64, np.int32):
        i = rng.integers(-50, 50, 60).astype(dtype)
        j = rng.permutation(i)
        for op in ("add", "multiply", "floor_divide", "remainder", "minimum", "greater", *BITS):
            with np.errstate(divide="ignore"):
                jobs.append(job(op, [i, j], getattr(np, op)(i, j)))
        jobs += [job("invert", [i], ~i), job("negative", [i], -i), job("right_shift", [i, abs(j) % 9], i >> abs(j) % 9)]
    p, q = rng.random((2, 40)) < 0.5
    jobs += [job(op, [p, q], getattr(np, op)(p, q)) for op in ("add", "multiply", "maximum", "equal", *BITS)]
    jobs += [job("invert", [p], ~p), job("astype", [p], p.astype(float))]
    for dtype in (np.int64, np.int32, np.bool_, np.float32):
        a = np.array([-2.7, -0.5, 0.0, 0.1, 2.7, 1e9])
        jobs.append(job("astype", [a], a.astype(dtype)))
    compare(jobs, tmp_path)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_arguments_broadcast(dtype, tmp_path):
    shapes = [(), (1,), (4,), (3, 1), (3, 4), (1, 4), (2, 1, 1), (2, 3, 1), (2, 1, 4), (2, 3, 4), (0, 1, 4)]
    jobs = []
    for one in shapes:
        for other in shapes:
            if 0 in one and 2 in other[:1] and len(other) == 3:
                continue
            if 0 in other and 2 in one[:1] and len(one) == 3:
                continue
            a, b = rng.normal(size=one).astype(dtype), rng.normal(size=other).astype(dtype)
            jobs += [
                job(op, [a, b], getattr(np, op)(a, b)) for op in ("add", "multiply", "divide", "subtract", "maximum")
            ]
            jobs.append(job("where", [np.asarray(a > 0), a, b], np.where(a > 0, a, b)))
    compare(jobs, tmp_path)


def test_products_of_matrices(tmp_path):
    jobs = []
    for one, other in [
        *[((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 1)), ((5, 1, 2, 3), (1, 6, 3, 4))],
        *[((2, 0), (0, 3)), ((1, 7), (7, 1))],
    ]:
        for dtype in (np.float64, np.float32):
            a, b = rng.uniform(1, 2, one).astype(dtype), rng.uniform(1, 2, other).astype(dtype)
            jobs.append(job("matmul", [a, b], a @ b))
    compare(jobs, tmp_path)


def test_reductions_and_orders(tmp_path):
    jobs = []
    for dtype in (np.float64, np.float32):
        a = rng.uniform(1, 2, (3, 4, 5)).astype(dtype)
        for axes in [(0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2), ()]:
            kind = {"axes": list(axes)}
            jobs += [job("sum", [a], a.sum(axes), kind), job("product_of", [a], a.prod(axes), kind)]
            jobs += [job("maximum_of", [a], a.max(axes), kind), job("minimum_of", [a], a.min(axes), kind)]
        for axis in range(3):
            kind, tied = {"axes": [axis]}, np.round(a * 3)
            jobs += [job("argmax", [tied], tied.argmax(axis), kind), job("cumsum", [a], a.cumsum(axis), kind)]
            jobs.append(job("argsort", [tied], tied.argsort(axis, kind="stable"), kind))
    holes = np.array([[1.0, math.nan, 3.0, math.nan], [math.inf, 2.0, -math.inf, 2.0]])
    for op, f in {"maximum_of": np.max, "minimum_of": np.min, "argmax": np.argmax, "sum": np.sum}.items():
        with np.errstate(invalid="ignore"):
            jobs.append(job(op, [holes], f(holes, 1), {"axes": [1]}))
    jobs.append(job("argsort", [holes], np.argsort(holes, 1, kind="stable"), {"axes": [1]}))
    bools = rng.random((4, 3)) < 0.5
    jobs += [job("sum", [bools], bools.sum(0), {"axes": [0]}), job("maximum_of", [bools], bools.max(0), {"axes": [0]})]
    jobs.append(job("sum", [np.zeros((0, 3))], np.zeros(3), {"axes": [0]}))
    compare(jobs, tmp_path)


def test_movements(tmp_path):
    a = rng.normal(size=(3, 4, 5))
    views = {
        "transpose": (a.transpose(2, 0, 1), 0, (1, 20, 5)),
        "reversed": (a[:, ::-1], 15, (20, -5, 1)),
        "part": (a[1:, ::2, 3], 23, (20, 10)),
        "repeated": (np.broadcast_to(a[:, :1], (3, 6, 5)), 0, (20, 0, 1)),
        "windows": (as_strided(a, (57, 4), (8, 8)), 0, (1, 1)),
        "same": (a, 0, (20, 5, 1)),
        "empty": (a[:0], 0, (20, 5, 1)),
        "one": (a[1, 1, 1], 26, ()),
    }
    jobs = [
        job("view", [a], wanted, {"offset": offset, "strides": strides}) for wanted, offset, strides in views.values()
    ]
    jobs += [job("reshape", [a], a.reshape(6, 10)), job("reshape", [a[:1, :1, :1].copy()], a[0, 0, 0])]
    for axis in range(3):
        parts = [np.take(a, range(n), axis) for n in (1, 3, 0, 2)]
        jobs.append(job("concatenate", parts, np.concatenate(parts, axis), {"axes": [axis]}))
    positions = rng.integers(0, a.size, (7, 2))
    jobs.append(job("take", [a, positions], a.reshape(-1)[positions]))
    rows = rng.normal(size=(7, 2))
    for one in (rows, np.array(2.0)):
        placed, added = a.copy(), a.copy()
        placed.reshape(-1)[positions] = one
        np.add.at(added.reshape(-1), positions, one)
        jobs += [job("put", [a, positions, one], placed), job("put_add", [a, positions, one], added)]
    placed, added, some = a.copy(), a.copy(), rng.normal(size=(3, 2, 5))
    placed[:, ::2] = some
    added[:, ::2] += some
    kind = {"offset": 0, "strides": [20, 10, 1]}
    jobs += [job("put", [a, some], placed, kind), job("put_add", [a, some], added, kind)]
    compare(jobs, tmp_path)


def test_what_no_input_changes_and_outputs_that_are_inputs(tmp_path):
    program = {
        "inputs": [["x", [3], "f8"]],
        "constants": [[[3], "f8", [1, "inf", "nan"]], [[], "f8", 2], [[3], "i8", 1]],
        "operations": [
            ["multiply", [1, 2], [3], "f8"],
            ["add", [0, 4], [3], "f8"],
            ["reshape", [0], [1, 3], "f8"],
            ["add", [3, 3], [3], "i8"],
        ],
        "outputs": {"out": 5, "same": 6, "known": 4, "two": 7},
        "steps": [],
    }
    [made] = run_in_node([{"program": program, "inputs": {"x": [1, 2, 3]}}], tmp_path)
    np.testing.assert_equal(
        made,
        {"out": [3, math.inf, math.nan], "same": [1, 2, 3], "known": [2, math.inf, math.nan], "two": [2, 2, 2]},
    )


def test_an_output_that_is_an_input_is_read_before_another_output_replaces_it(tmp_path):
    program = {
        "inputs": [["params.a", [1], "f8"], ["params.b", [1], "f8"], ["lr", [], "f8"], ["optimizer.before", [1], "f8"]],
        "constants": [],
        "operations": [["add", [0, 1], [1], "f8"]],
        "outputs": {"cost": 4, "grads.a": 0, "params.a": 1, "params.b": 0, "optimizer.before": 1},
        "steps": [],
    }
    start = {"params.a": {"data": [1]}, "params.b": {"data": 2}, "optimizer.before": {"data": "nan"}}
    data = {"x": [], "y": [], "choices": [{"first": program, "start": start, "parameters": ["a"]}]}
    code = """
    const data = JSON.parse(require("fs").readFileSync(process.argv[2])), t = trainer(data, data.choices[0])
    t.step()
    console.log(JSON.stringify(Object.fromEntries([...t.arrays].map(([name, [v]]) => [name, v]))))
    """
    made = node_result(code, data, tmp_path)
    assert made == {"params.a": 2, "params.b": 1, "lr": 0, "optimizer.before": 2}
