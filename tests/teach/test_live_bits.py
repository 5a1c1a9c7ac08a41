"""The engine of a page has the bits of portable programs."""

import math

import numpy as np
import pytest

from funcnn import Momentum, Sigmoid, Tanh, binary_cross_entropy, mlp
from funcnn.bits import words
from funcnn.elementary import normal_cdf
from funcnn.recording import record_function
from funcnn.teach import write_playground
from funcnn.trees.walks import map_arrays
from tests.counts import in_full
from tests.live.networks import NETWORKS, Live
from tests.live.training import trained_portably
from tests.teach.playing import data_of_page, node_result

rng = np.random.default_rng(0)
NASTY = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 2.0, 3.0, 1e-12, 1e300, -1e300, 5e-324, math.inf, -math.inf, math.nan]
RUN = """
const fs = require("fs"), { program, inputs, folder } = JSON.parse(fs.readFileSync(process.argv[2]))
const ready = prepare(program)
for (const name of inputs) new Uint8Array(ready.inputs[name].buffer).set(fs.readFileSync(`${folder}/${name}`))
ready.run()
for (const [name, a] of Object.entries(ready.outputs)) fs.writeFileSync(`${folder}/${name}`, new Uint8Array(a.buffer))
console.log("null")
"""
TRAIN = """
const [data, lr, steps] = JSON.parse(require("fs").readFileSync(process.argv[2])), t = trainer(data, data.choices[0])
t.rate(lr)
t.step(steps)
t.look()
const made = Object.fromEntries(t.names.map((name) => [name, Array.from(t.parameter(name))]))
console.log(JSON.stringify([made, t.cost, t.steps]))
"""


def assert_same_bits(function, inputs, folder):
    """Node has the bits of the portable program, but for those of NaN, which processors choose."""
    program = record_function(function, inputs)
    for name, a in inputs.items():
        (a.astype(float) if a.dtype == np.int64 else a).tofile(folder / name)  # JavaScript's arrays of i8 hold floats
    node_result(RUN, {"program": program.to_json(), "inputs": [*inputs], "folder": str(folder)}, folder)
    for name, a in program(inputs, portable=True).items():
        ours = a.astype(float) if a.dtype == np.int64 else a
        theirs = np.fromfile(folder / name, ours.dtype).reshape(ours.shape)
        kind = f"u{ours.itemsize}"
        wrong = (ours.view(kind) != theirs.view(kind)) & ~(np.isnan(ours) & np.isnan(theirs))
        assert not wrong.any(), (name, ours[wrong][:5], theirs[wrong][:5])


def of_all_magnitudes(dtype, n):
    """Floats whose bits are drawn, numbers near 1, and special ones."""
    drawn = words(np, (1,), (2 * n,)).view(dtype)[:n]
    with np.errstate(over="ignore"):
        return np.concatenate([drawn, rng.normal(size=n) * 10, 10 ** rng.uniform(-9, 6, n), NASTY]).astype(dtype)


ONE = (
    *(np.exp, np.expm1, np.log, np.log1p, np.tanh, np.arctan, normal_cdf, np.sin, np.cos, np.tan, np.sqrt, np.floor),
    *(np.sign, np.absolute, np.negative, np.reciprocal),
)
TWO = (
    *(np.arctan2, np.maximum, np.minimum, np.add, np.subtract, np.multiply, np.divide, np.remainder, np.floor_divide),
    *(np.power, lambda x, y: np.power(np.absolute(x), y), lambda x, y: np.where(x > y, x, y)),
)


def of_one(x):
    return *[f(x) for f in ONE], x**2, x**3, x**0.5


def of_two(x, y):
    return tuple([f(x, y) for f in TWO])


@in_full
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions_of_numbers_of_all_magnitudes(dtype, tmp_path):
    x = of_all_magnitudes(dtype, 35_000)
    assert_same_bits(of_one, {"x": x}, tmp_path)
    x, y = np.concatenate([[x, rng.permutation(x)], np.reshape(np.meshgrid(NASTY, NASTY), (2, -1))], 1).astype(dtype)
    assert_same_bits(of_two, {"x": x, "y": y}, tmp_path)


def of_many(a, b):
    axes = None, 0, 1, 2, (0, 2), (1, 2)
    sums = [f(a, axis) for f in (np.sum, np.prod, np.max, np.min, np.mean, np.std) for axis in axes]
    windows = np.zeros_like(a)
    for i in range(3):
        windows[:, i : i + 20] += a[:, 2:22] * b[0, i]
    folded = np.zeros_like(a)
    np.add.at(folded, (slice(None), [3, 1, 3, 3, 0]), a[:, 7:12])
    zeros = [f(0 * a, 2) for f in (np.max, np.min, np.prod, np.sum)]
    return (
        *sums,
        *zeros,
        a @ b,
        a[0].T @ a[1],
        np.cumsum(a, 1),
        np.einsum("ijk,kl->il", a, b),
        windows,
        folded,
        np.sum(a[:0], 0),
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_whose_terms_cancel(dtype, tmp_path):
    a, b = [
        (rng.normal(size=shape) * 10 ** rng.uniform(-3, 3, shape)).astype(dtype) for shape in ((4, 24, 31), (31, 31))
    ]
    assert_same_bits(of_many, {"a": a, "b": b}, tmp_path)


def test_whole_numbers(tmp_path):
    i, j = rng.integers(-9, 9, (6, 7)), rng.integers(0, 15, (6, 7))
    of_both = lambda i, j: (i**j, i @ j.T, i.sum(), i.max(0), np.minimum(i, j), j**0.3, np.exp(i), i @ np.sqrt(j.T))
    assert_same_bits(of_both, {"i": i, "j": j}, tmp_path)


def trained_in_node(live, steps, folder):
    path = folder / "page.html"
    write_playground(live.params, live.x, live.y, live.loss, live.lr, path, optimizer=live.optimizer)
    return node_result(TRAIN, [data_of_page(path), live.lr, steps], folder)


def test_the_ring_of_the_docs_at_a_rate_at_which_rounding_grows(tmp_path):
    x = np.random.default_rng(3).uniform(-1, 1, (80, 2))
    y = (np.hypot(*x.T) < 0.6).astype(float)[:, None]
    net = (*mlp([2, 6, 5, 1], hidden=Tanh(), seed=1), Sigmoid())
    _, cost, steps = trained_in_node(Live(net, x, y, binary_cross_entropy, 1.0), 300, tmp_path)
    assert (cost, steps) == (0.027393353822726424, 300)  # the number in docs/recording.md


@in_full
@pytest.mark.parametrize("rate", [0.1, 10.0])
def test_networks_of_float32(rate, tmp_path):
    params, x, y = [map_arrays(lambda a: a.astype(np.float32), tree) for tree in NETWORKS["ring"][:3]]
    live = Live(params, x, y, binary_cross_entropy, rate, Momentum())
    made, _, steps = trained_in_node(live, 300, tmp_path)
    expected, taken = trained_portably(live, 300)
    assert steps == taken > 10
    assert made == {path: a.ravel().tolist() for path, a in expected.items()}
