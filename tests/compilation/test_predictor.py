"""`predictor(net)` is `predict` for the network, to rounding errors, for any number of rows."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import chain

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import Dense, Elementwise, Tanh, forward, layers, mlp, predict, record
from funcnn.compilation import predictor
from funcnn.conditions import is_outside
from funcnn.errors import FuncnnError, KindError
from funcnn.trees import astype
from tests.compilation.test_compiled import ACTIVATIONS, N_IN, OTHERS, WIDTH

predictor_module = import_module("funcnn.compilation.prediction")
ROWS = (0, 1, 2, 15, 16, 17, 5000)
rng = np.random.default_rng(0)
x, many = rng.normal(size=(9, N_IN)), rng.normal(size=(5000, N_IN))
net = mlp([N_IN, 31, 8, 3], hidden=Tanh(), seed=0)


def same(made, expected, digits=1e-12):
    assert (type(made), made.dtype, made.shape) == (type(expected), expected.dtype, expected.shape)
    assert made.flags.writeable == expected.flags.writeable
    largest = abs(expected[np.isfinite(expected)]).max(initial=0)
    np.testing.assert_allclose(made, expected, digits, digits * largest)


def with_dense(some):
    """The layers with a Dense after each, so that their input is neither small nor large."""
    pairs = [(layer, Dense.init(WIDTH, WIDTH, seed=i)) for i, layer in enumerate(some)]
    return Dense.init(N_IN, WIDTH, seed=7), *chain.from_iterable(pairs)


NETWORKS = {
    "a number": mlp([N_IN, 27, 1], hidden=Tanh(), seed=1),
    "three numbers": net,
    "seven numbers": mlp([N_IN, 7], seed=2),
    "eight numbers": mlp([N_IN, 8], seed=2),
    "wide": mlp([N_IN, 200, 70], hidden=layers.Relu(), seed=3),
    "activations": with_dense(ACTIVATIONS),
    "others": with_dense(OTHERS),
    "batch norm": (Dense.init(N_IN, 6, seed=4), layers.BatchNorm.init(6), layers.Softmax()),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=str)
@pytest.mark.parametrize("net", NETWORKS.values(), ids=NETWORKS)
def test_any_number_of_rows(net, dtype):
    net, digits = astype(net, dtype), 1e-12 if dtype is np.float64 else 2e-5
    function = predictor(net)
    for m in ROWS:
        rows = many[:m].astype(dtype)
        for _ in range(2):
            same(function(rows), predict(net, rows), digits)
        assert function.explain(rows).startswith("compiled: " if m else "plain NumPy: ")


def test_a_small_output_may_have_the_rounding_errors_of_large_numbers():
    W = np.array([[1 / 3], [-1 / 3], [1e-5], [1 / 7], [-1 / 7]], np.float32)
    function, narrow = predictor(Dense(W, None)), np.array([[3.1, 3.1, 0.3, 7.3, 7.3]], np.float32)
    assert function.explain(narrow).startswith("compiled: ")
    np.testing.assert_allclose(function(narrow), predict(Dense(W, None), narrow), 0, 1e-6)


def test_nan_and_infinity():
    rows = many[:40].copy()
    rows[3, 0], rows[17, 1], rows[39, 2] = np.nan, np.inf, -np.inf
    with np.errstate(all="ignore"):
        same(predictor(net)(rows), predict(net, rows))
        same(predictor(net)(rows[3:4]), predict(net, rows[3:4]))


def test_arrays_of_any_layout(tmp_path):
    function = predictor(net)
    mapped = np.memmap(tmp_path / "x", np.float64, "w+", shape=x.shape)
    mapped[:] = x
    for rows in (np.asfortranarray(x), many[::100], many[:, ::-1], mapped):
        same(function(rows), predict(net, rows))


WRONG = [[[1.0] * N_IN], x[0], x[:, 1:], x.astype(np.float32), x.astype(complex), x > 0, None, (x, x)]


@pytest.mark.parametrize("rows", WRONG, ids=str)
def test_errors_are_those_of_predict(rows):
    function = predictor(net)
    for _ in range(2):
        with pytest.raises(FuncnnError) as expected:
            predict(net, rows)
        with pytest.raises(FuncnnError) as found:
            function(rows)
        assert (type(found.value), str(found.value)) == (type(expected.value), str(expected.value))
        same(function(x), predict(net, x))


def test_what_is_no_network():
    with pytest.raises(KindError, match="predictor: net must be a layer or a tuple of layers"):
        predictor([Tanh()])


def test_a_pickle_is_the_same_function():
    function = predictor(net)
    same(pickle.loads(pickle.dumps(function))(x), function(x))
    assert repr(function).startswith("predictor((Dense(")


def test_threads_share_a_function():
    function, blocks = predictor(net), [many[i : i + 200] for i in range(0, 4000, 200)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(function, blocks * 20))
    for one, block in zip(made, blocks * 20, strict=True):
        same(one, predict(net, block))


@record
class Counted(Elementwise):
    """A rule whose result depends on the number of rows."""

    def value(self, x):
        return x * len(x)

    def slope(self, kept):
        return np.full_like(kept, len(kept))


def test_a_rule_may_read_the_number_of_rows():
    layer = (*net, Counted())
    function = predictor(layer)
    for m in (20, 30, 1, 2, 20):
        same(function(many[:m]), predict(layer, many[:m]))
        assert function.explain(many[:m]).startswith("compiled: ")


@record
class Own:
    """A layer whose rule computes what a kernel cannot."""

    how: str
    s: np.ndarray


forward.register(Own)(lambda params, x: (RULES[params.how](params, x), ()))


def checked(a, x):
    is_outside(a, -9.0, 9.0)
    return x * a


RULES = {
    "centred": lambda _, x: x - x.mean(axis=0),
    "bools": lambda _, x: x > 0,
    "transposed": lambda _, x: x.T,
    "nothing": lambda _, x: np.zeros_like(x),
    "view": lambda _, x: x.reshape(len(x), 1, -1),
    "loop": lambda _, x: np.stack([row * 2 for row in x]),
    "checked": lambda params, x: checked(params.s, x),
}
PLAIN = {
    "centred": "a sum over all rows",
    "bools": "an output of bool, in a network of float64",
    "transposed": "an output that is not an array of rows",
    "nothing": "an output that is not an array of rows",
    "view": "an output that is x itself",
    "loop": "a loop over an array (9, 5)",
    "checked": "a check of numbers that no row takes part in",
}


@pytest.mark.parametrize("how", PLAIN)
def test_explain_says_why_numpy_computes(how):
    layer = Own(how, np.ones(N_IN))
    function = predictor(layer)
    same(function(x), predict(layer, x))
    assert function.explain(x).startswith(f"plain NumPy: {PLAIN[how]}")


def test_a_wide_network_runs_plain():
    layer = mlp([N_IN, 300, 300, 1], seed=0)
    same(predictor(layer)(x), predict(layer, x))
    reason = "a matrix of 300 x 300 is wider than 256, where NumPy is faster"
    assert predictor(layer).explain(x) == f"plain NumPy: {reason}"


def test_arrays_of_other_libraries_run_plain():
    jnp = pytest.importorskip("jax.numpy", reason="its arrays are tried")
    layer = Dense(jnp.ones((N_IN, 2), np.float32), jnp.zeros(2, np.float32))
    narrow = x.astype(np.float32)
    np.testing.assert_array_equal(predictor(layer)(narrow), predict(layer, narrow))
    assert predictor(layer).explain(narrow) == "plain NumPy: a float32 array in the network"


def test_layers_of_a_network_that_is_not_one_kernel_have_kernels_of_their_own(monkeypatch):
    images = rng.normal(size=(20, 8, 8, 1))
    by_convolution = (layers.Conv2d.init(1, 16, 3, seed=1, padding="same"), Tanh(), layers.MaxPool(2), layers.Flatten())
    by_convolution += mlp([256, 3], seed=2)
    function = predictor(by_convolution)
    for rows in (images, images[:9], images):
        same(function(rows), predict(by_convolution, rows))
    text, why = function.explain(images), "there is no kernel for pad; in layer 0, Conv2d("
    assert text.startswith(f"compiled in segments, since the network is not one kernel: {why}")
    assert text.endswith("; machine code: convolution_forward, max_pool_forward")
    small = function.explain(images[:1])
    monkeypatch.setattr(predictor_module, "are_close", lambda *_: False)
    for text in (small, predictor(by_convolution).explain(images)):
        assert text.startswith(f"plain NumPy: {why}")


def test_other_inputs_than_arrays_run_plain():
    attention = layers.Attention.init(4, 2, seed=0)
    sequences, mask = many[:6].reshape(3, 2, 5)[..., :4], np.ones((3, 2), bool)
    same(predictor(attention)((sequences, mask))[0], predict(attention, (sequences, mask))[0])
    assert predictor(attention).explain((sequences, mask)) == "plain NumPy: x must be a NumPy array, got tuple"


def test_a_check_of_numbers_that_fails():
    """A sine of a large number, which the kernel cannot reduce."""
    layer = (*net, layers.Sine(1e8))
    function = predictor(layer)
    for rows in (x, many[:100]):
        same(function(rows), predict(layer, rows))
        same(function(rows), predict(layer, rows))


factor = 2.0


@record
class Scaled(Elementwise):
    """A rule that reads a variable."""

    def value(self, x):
        return x * factor

    def slope(self, kept):
        return np.full_like(kept, factor)


def test_after_an_edit_of_what_a_rule_reads(monkeypatch):
    layer = (*net, Scaled())
    function = predictor(layer)
    same(function(x), predict(layer, x))
    for i in range(12):
        monkeypatch.setitem(globals(), "factor", 3.0 + i)
        same(function(x), predict(layer, x))
        same(function(x), predict(layer, x))
    assert function.explain(x).startswith("compiled: ")
    for i in range(12):
        monkeypatch.setitem(globals(), "factor", 30.0 + i)
        same(function(x), predict(layer, x))
    assert function.explain(x) == "plain NumPy: a rule reads what changes in each call"


def test_a_rule_of_later_takes_the_place_of_an_old_one():
    @record
    class Later(Elementwise):
        def value(self, x):
            return x * 2

        def slope(self, kept):
            return np.full_like(kept, 2)

    function = predictor(Later())
    same(function(x), predict(Later(), x))
    forward.register(Later)(lambda _, x: (x * 3, ()))
    same(function(x), predict(Later(), x))
    np.testing.assert_array_equal(function(x), x * 3)


def test_few_shapes_are_kept(monkeypatch):
    monkeypatch.setattr(predictor_module, "_MOST_SHAPES", 3)
    function = predictor(net)
    for m in range(60, 70):
        same(function(many[:m]), predict(net, many[:m]))
    assert len(function._runs) <= 3
    assert len(function._codes) == 1


def test_a_kernel_that_errs_is_not_used(monkeypatch):
    monkeypatch.setattr(predictor_module, "are_close", lambda *_: False)
    function = predictor(net)
    same(function(x), predict(net, x))
    assert function.explain(x) == "plain NumPy: the kernel's result differs from that of NumPy"


def test_without_llvmlite_numpy_computes(monkeypatch):
    monkeypatch.setattr(predictor_module, "unavailable", lambda: "llvmlite cannot be used")
    function = predictor(net)
    same(function(x), predict(net, x))
    assert function.explain(x) == "plain NumPy: llvmlite cannot be used"
