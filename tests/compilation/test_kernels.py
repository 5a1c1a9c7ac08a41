"""Rules with kernels compute what they compute without, also small arrays, if the kernels get them."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from inspect import unwrap
from platform import machine

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import backward, evolve, forward, inference, layers, namespace, record, softmax_cross_entropy
from funcnn.bits import words
from funcnn.compilation.engine import Engine
from funcnn.compilation.kernels import calls, rows, table  # noqa: F401  which attaches them
from funcnn.compilation.kernels.convolution import convolution_backward
from funcnn.compilation.kernels.recurrent import steps_forward
from funcnn.compilation.kernels.table import least
from funcnn.core import backward_params
from funcnn.errors import FuncnnError
from funcnn.layers.activations import base, softmax
from funcnn.layers.normalisation import affine, batchnorm, norm
from funcnn.losses import classification
from funcnn.trees import leaves
from tests.kernelled import for_all_sizes, kernels_are_on, without_kernels  # noqa: F401  used by every test
from tests.said import refusal

MODULES = {module.__name__ for module in (base, affine, batchnorm, norm, softmax, classification)}
RULES = {rule.__name__: rule for rule in least if rule.__module__ in MODULES}
LAYERS = [layers.LayerNorm, layers.RMSNorm, layers.BatchNorm, layers.Affine, layers.Softmax, layers.LogSoftmax]
SHAPES = [(2, 2), (5, 6, 19), (129, 32), (64, 64), (3, 200)]
TOLERANCES = {np.float64: 1e-13, np.float32: 3e-6}


@pytest.fixture
def used(monkeypatch):
    """The kernels that are used, which get arrays of any size."""
    found = []
    call = rows.RowKernel.__call__
    monkeypatch.setattr(rows.RowKernel, "__call__", lambda self, arrays: found.append(self) or call(self, arrays))
    with for_all_sizes(*RULES.values()):
        yield found


def is_close(made, plain, tolerance):
    arrays = [list(map(np.asarray, leaves(tree))) for tree in (made, plain)]
    assert arrays[0]
    for a, b in zip(*arrays, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        largest = max(1, abs(b[np.isfinite(b)]).max(initial=0))
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * largest)


def layer_and_data(cls, shape, dtype, seed=0):
    random = np.random.default_rng(seed)
    n = shape[-1]
    layer = cls() if cls in {layers.Softmax, layers.LogSoftmax} else cls.init(n, dtype=dtype)
    if hasattr(layer, "scale"):
        layer = evolve(layer, scale=random.normal(size=n).astype(dtype))
    return layer, *(random.normal(1, 2, (2, *shape))).astype(dtype)


def all_of(layer, x, dA):
    out, cache = forward(layer, x)
    return out, cache, backward(layer, cache, dA), backward_params(layer, cache, dA)


@pytest.mark.unwatched
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("cls", LAYERS)
def test_layers(cls, dtype, used):
    for shape in SHAPES:
        layer, x, dA = layer_and_data(cls, shape, dtype)
        with without_kernels():
            plain = all_of(layer, x, dA)
            assert used == []
        is_close(all_of(layer, x, dA), plain, TOLERANCES[dtype])
        assert len(used) >= 2
        used.clear()


@pytest.mark.parametrize("cls", [layers.LayerNorm, layers.BatchNorm])
def test_layers_without_a_shift(cls, used):
    layer, x, dA = layer_and_data(cls, (9, 12), np.float64)
    layer = evolve(layer, shift=None)
    with without_kernels():
        plain = all_of(layer, x, dA)
    is_close(all_of(layer, x, dA), plain, 1e-13)
    assert len(used) >= 2


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_cross_entropy(dtype, used):
    random = np.random.default_rng(0)
    for shape in SHAPES:
        out, other = random.normal(0, 3, (2, *shape)).astype(dtype)
        classes, soft = random.integers(0, shape[-1], shape[:-1]), np.exp(other) / np.exp(other).sum(-1, keepdims=True)
        smoothed = partial(softmax_cross_entropy, smoothing=0.1)
        for loss in (softmax_cross_entropy, smoothed):
            for y in (classes, classes.astype(np.uint16), soft):
                with without_kernels():
                    plain = loss(out, y)
                made = loss(out, y)
                assert type(made[0]) is float
                is_close(made, plain, TOLERANCES[dtype])
                assert made[1].flags.writeable
    assert len(used) == 6 * len(SHAPES)


def test_a_sure_prediction_keeps_its_digits(used):
    out, y = np.array([[0.0, -40.0], [0.0, -700.0]]), np.array([0, 0])
    cost, dA = softmax_cross_entropy(out, y)
    assert len(used) == 1
    assert cost == pytest.approx(np.exp(-40) / 2, rel=1e-13)
    np.testing.assert_allclose(dA[:, 1], np.exp([-40.0, -700.0]) / 2, rtol=1e-12)


@pytest.mark.parametrize("cls", LAYERS)
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite(cls, number, used):
    layer, x, dA = layer_and_data(cls, (6, 40), np.float64)
    for i in ((2, 3), (3, 39), (3, 4)):
        x[i] = number
        with without_kernels(), np.errstate(all="ignore"):
            plain = all_of(layer, x, dA)
        is_close(all_of(layer, x, dA), plain, 1e-13)
    x[4] = -np.inf
    y = np.array([0, 3, 39, 4, 5, 6])
    with without_kernels(), np.errstate(all="ignore"):
        plain = softmax_cross_entropy(x, y)
    is_close(softmax_cross_entropy(x, y), plain, 1e-13)
    assert len(used) >= 3


# Where the rule itself computes.


def is_plain(used, layer, x, dA):
    used.clear()
    made = all_of(layer, x, dA)
    assert used == []
    with without_kernels():
        assert str(made) == str(all_of(layer, x, dA))


def test_other_arrays_are_computed_by_numpy(used):
    layer, x, dA = layer_and_data(layers.LayerNorm, (6, 8), np.float64)
    is_plain(used, layer, x[:, ::-1], dA.T.copy().T)
    is_plain(used, layer, np.asfortranarray(x), np.asfortranarray(dA))
    assert forward(layers.LayerNorm.init(8, dtype=np.float16), x.astype(np.float16))[0].dtype == np.float16
    assert forward(layers.LayerNorm.init(1), x[:, :1])[0].shape == (6, 1)
    assert used == []


def test_a_layer_of_another_library_is_computed_by_its_rule(used):
    jax = pytest.importorskip("jax", reason="its arrays are tried")
    layer, x, _ = layer_and_data(layers.LayerNorm, (6, 8), np.float32)
    made = forward(evolve(layer, scale=jax.numpy.asarray(layer.scale)), x)[0]
    assert used == []
    is_close(np.asarray(made), forward(layer, x)[0], 1e-5)


def test_read_only_arrays_are_read(used):
    layer, x, dA = layer_and_data(layers.LayerNorm, (6, 8), np.float64)
    x.setflags(write=False)
    dA.setflags(write=False)
    out, cache, grads, _ = all_of(layer, x, dA)
    assert len(used) == 3
    assert cache[0] is x
    assert not any([a.flags.writeable for a in (out, *cache, grads.x, *leaves(grads.params))])
    assert all([a.base is None for a in (out, *cache[1:], grads.x, *leaves(grads.params))])


def test_a_subclass_may_mean_something_else(used):
    @record
    class Mine(layers.LayerNorm):
        pass

    layer, x, dA = layer_and_data(layers.LayerNorm, (6, 8), np.float64)
    is_plain(used, Mine(layer.scale, layer.shift), x, dA)


def test_small_arrays_are_left_to_numpy():
    assert all([least[unwrap(rule)] >= 1 << 12 for rule in RULES.values()])


WRONG = [
    *[(np.full(6, 8), None), (np.full(6, -1), None), (np.full(6, 0.5), None), (np.full((6, 8), 1.5), None)],
    *[(np.zeros((6, 7)), None), (np.zeros(6, int), -np.ones(6)), (np.zeros(6, int), np.ones(5))],
]


@pytest.mark.parametrize(("y", "weight"), WRONG)
def test_errors_are_those_of_the_rule(y, weight, used):
    _, x, _ = layer_and_data(layers.Softmax, (6, 8), np.float64)
    with without_kernels():
        plain = refusal(softmax_cross_entropy, x, y, weight)
    assert refusal(softmax_cross_entropy, x, y, weight) == plain


def test_errors_of_layers_are_those_of_the_rule(used):
    layer, x, dA = layer_and_data(layers.LayerNorm, (6, 8), np.float64)
    _, cache = forward(layer, x)
    used.clear()
    for wrong in (
        lambda: forward(layer, x[:, :7].copy()),
        lambda: forward(layer, x[0]),
        lambda: forward(layer, x.astype(np.float32)),
        lambda: backward(layer, cache, dA[:5]),
        lambda: backward(layer, cache[:1], dA),
        lambda: backward(layer, cache, dA.astype(np.float32)),
        lambda: backward(layers.LayerNorm.init(8, dtype=np.float32), cache, dA),
        lambda: forward(layers.BatchNorm.init(8), x[:1]),
    ):
        with without_kernels():
            plain = refusal(wrong)
        assert refusal(wrong) == plain
    assert used == []


WEIGHTS = [  # the kind of the weight, its axes, and whether the kernel computes
    (np.float64, 1, False),
    (np.float64, 2, True),
    (np.int64, 2, True),
    (bool, 2, True),
    (np.float32, 2, False),
]


@pytest.mark.parametrize(("kind", "axes", "is_kernel"), WEIGHTS)
def test_weights(kind, axes, is_kernel, used):
    random = np.random.default_rng(1)
    out, soft = random.normal(0, 3, (2, 5, 6, 19))
    weight = random.integers(0, 3, (5, 6)[:axes]).astype(kind)
    for y in (random.integers(0, 19, (5, 6)), softmax_of(soft)):
        with without_kernels():
            plain = softmax_cross_entropy(out, y, weight)
        is_close(softmax_cross_entropy(out, y, weight), plain, 1e-13)
    assert len(used) == 2 * is_kernel


@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_a_weight_that_is_refused(bad, used):
    _, x, _ = layer_and_data(layers.Softmax, (6, 8), np.float64)
    softmax_cross_entropy(x, np.arange(6), np.ones(6))
    with pytest.raises(FuncnnError, match="weight must not be negative or NaN"):
        softmax_cross_entropy(x, np.arange(6), np.where(np.arange(6) == 3, bad, 1.0))
    assert len(used) == 2


softmax_of = lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True)

# Rules that are traced.


UNTRACEABLE = {
    "a product over all rows": lambda x: x.T @ x,
    "an array of other rows": lambda x: x @ np.ones((8, 3)),
    "a branch": lambda x: x if x.sum() > 0 else -x,
    "bools": lambda x: x > 0,
    "more features": lambda x: x[:, :4],
    "another dtype": lambda x: x.astype(np.float32),
    "random numbers": lambda x: x * (words(namespace(x), (1,), x.shape) >= 7),
}


@pytest.mark.parametrize("name", UNTRACEABLE)
def test_what_cannot_be_traced_is_computed_by_numpy(name):
    x = np.random.default_rng(0).normal(size=(6, 8))
    assert rows.by_rows(UNTRACEABLE[name], at=0)(x) is None


def test_what_is_not_read_in_order_is_computed_by_numpy():
    x = np.ones((6, 8))
    assert rows.by_rows(lambda params, x: x * 2.0, at=1)(layers.Dropout(0.5, seed=1), x) is None
    assert rows.by_rows(lambda x, y: x * y, at=0)(x, np.ones((6, 8), np.float32)) is None
    assert rows.by_rows(lambda x, y: x * y, at=0)(x, np.ones(8, np.float32)) is None


def test_a_column_of_a_parameter_is_read():
    layer, rule = layers.Dense.init(37, 3, seed=0), lambda params, x: x * params.W[:, 1]
    x = np.random.default_rng(0).normal(size=(5, 37))
    assert (rows.by_rows(rule, at=1)(layer, x) == rule(layer, x)).all()


TRACEABLE = {
    "sums in sweeps": lambda x: (x - x.sum(0) / 300 - (x * x.sum(0)).sum(0) / 300, x.sum(0)),
    "the sum of all": lambda x: (x.sum(), (x * x.max(axis=-1, keepdims=True)).sum(), x - x.sum()),
    "numbers of rows": lambda x: (x.min(axis=-1), x.max(axis=-1, keepdims=True), x.sum(-1).sum(), x.sum(-1)),
    "one number in two shapes": lambda x: (x.sum(-1), x.sum(-1, keepdims=True), x.sum(-1)[:, None] * x),
    "what it was given": lambda x: (x, x * 1.0, x, (x.reshape(len(x), 37),)),
    "dear in two passes": lambda x: (np.exp(x) - np.exp(x).sum(-1, keepdims=True), np.exp(x).sum(0)),
    "dear in an output": lambda x: (np.exp(x), np.exp(x) / np.exp(x).sum(-1, keepdims=True), np.tanh(x).sum(0)),
    "three passes": lambda x: x / (x - x.max(-1, keepdims=True)).sum(-1, keepdims=True) + np.arange(37.0),
    "no row": lambda x: (x * 2.0).sum(0) * 3.0,
}


@pytest.mark.parametrize("name", TRACEABLE)
def test_what_can_be_traced(name):
    rule = TRACEABLE[name]
    x = np.random.default_rng(0).normal(size=(300, 37))
    is_close(rows.by_rows(rule, at=0)(x), rule(x), 1e-12)


def test_inputs_are_handed_through():
    x = np.ones((6, 37))
    made = rows.by_rows(TRACEABLE["what it was given"], at=0)(x)
    assert made[0] is made[2] is x
    assert made[1] is not x


def test_settings_and_shapes_make_other_kernels(monkeypatch):
    monkeypatch.setattr(rows, "_MOST", 2)
    kernel = rows.by_rows(lambda x, factor: x * factor, at=0)
    for _ in range(2):
        for factor in (2.0, 3.0, -0.0, 0.0):
            made = kernel(np.ones((4, 8)), factor)
            assert (made == factor).all()
            assert (np.signbit(made) == np.signbit(factor)).all()
    assert kernel(np.ones((4, 8)), np.ones(3)) is None


def test_many_rows_are_summed_in_blocks():
    x = np.full((100_000, 4), 0.1, np.float32)
    total = rows.by_rows(lambda x: x.sum(0), at=0)(x)
    np.testing.assert_allclose(total, 100_000 * 0.1, 2e-5)  # one after the other, it would be 1.4e-4


def test_threads_share_a_kernel(used):
    cases = [layer_and_data(layers.BatchNorm, (500, 64), np.float64, seed) for seed in range(8)]
    expected = [all_of(*case) for case in cases]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            runs = [partial(copy_context().run, all_of, *case) for case in cases]
            for made, alone in zip(pool.map(lambda run: run(), runs), expected, strict=True):
                is_close(made, alone, 0)


@pytest.mark.parametrize("cls", [layers.LayerNorm, layers.RMSNorm, layers.Softmax, layers.LogSoftmax])
def test_the_bits_of_a_row_do_not_depend_on_other_rows(cls, used):
    layer, x, dA = layer_and_data(cls, (7, 150), np.float32)
    out, cache = forward(layer, x)
    dx = backward(layer, cache, dA).x
    for i in range(7):
        row, kept = forward(layer, x[i : i + 1])
        assert (row == out[i]).all()
        assert (backward(layer, kept, dA[i : i + 1]).x == dx[i]).all()
    assert len(used) == 16


def test_predictions_of_a_batch_norm(used):
    layer, x, _ = layer_and_data(layers.BatchNorm, (40, 64), np.float64)
    quiet = inference(layer)
    out = forward(quiet, x)[0]
    assert used
    single = np.concatenate([forward(quiet, row[None])[0] for row in x])
    assert (out == single).all()


@pytest.mark.skipif(machine() not in {"x86_64", "AMD64"}, reason="the names are those of x86")
def test_a_processor_without_avx(monkeypatch):
    baseline = Engine("x86-64", "")
    monkeypatch.setattr(calls, "engine", lambda: baseline)
    for dtype, tolerance in TOLERANCES.items():
        for cls, name in ((layers.LayerNorm, "layer_norm_forward"), (layers.BatchNorm, "batch_norm_forward")):
            layer, x, _ = layer_and_data(cls, (9, 37), dtype)
            rule = RULES[name]
            is_close(rows.by_rows(rule, at=1)(layer, x), rule(layer, x), tolerance)
        rule = unwrap(classification.cross_entropy)
        is_close(rows.by_rows(rule, at=1)("", x, np.arange(9)), rule("", x, np.arange(9)), tolerance)


@pytest.mark.parametrize("cls", [layers.GRU, layers.LSTM])
def test_padded_steps_of_a_layer_of_a_size_of_its_own(cls):
    rng = np.random.default_rng(0)
    layer, x = cls.init(2, 13, seed=0), rng.normal(size=(5, 6, 2))
    given = x, np.arange(6) < rng.integers(1, 7, (5, 1))
    with for_all_sizes(*least):
        (out, _), cache = forward(layer, given)
        grads = backward(layer, cache, (np.ones_like(out), None))
    with without_kernels():
        (plain, _), cache = forward(layer, given)
        expected = backward(layer, cache, (np.ones_like(out), None))
    assert np.allclose(out, plain, rtol=1e-12)
    assert np.allclose(grads.params.W, expected.params.W, rtol=1e-12)


def test_no_rows_and_half_precision_have_no_kernel():
    layer = layers.GRU.init(2, 3, seed=0)
    assert steps_forward(layer, None, np.zeros((0, 4, 9)), None, (np.zeros((0, 3)),), keeps=True) is None
    x = np.zeros((2, 5, 5, 2), np.float16)
    assert convolution_backward(layers.Conv2d.init(2, 3, 3, seed=0), x, np.zeros((2, 3, 3, 3), x.dtype)) is None
