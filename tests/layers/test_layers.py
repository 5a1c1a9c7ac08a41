"""The gradients of every layer: one test for each, and none missing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import Array, Dense, Elementwise, Grads, backward, forward, gradient, record
from funcnn.generation import fixed_memory, mixes_positions, positionwise, step
from funcnn.records import registry
from funcnn.testing import check_layer
from funcnn.testing import strategies as fst
from funcnn.testing.networks.table import table
from funcnn.testing.verdict import BrokenPromise
from tests.counts import at_most


@pytest.mark.unwatched
@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
@at_most(8, quick=3)
@given(st.data())
def test_its_gradients_are_those_of_its_values(layer, data):
    check_layer(*data.draw(fst.cases(layer)))


def test_no_layer_is_unproven():
    assert fst.unproven() == []
    assert len(fst.registered()) == len(set(fst.registered())) > 60


def test_a_layer_without_a_strategy_is_noticed(monkeypatch):
    @record
    class Newcomer(Elementwise):
        def value(self, x: Array) -> Array:
            return 2 * x

        def slope(self, kept: Array) -> Array:
            return 0 * kept + 2

    [name] = [name for name, cls in registry.items() if cls is Newcomer]
    monkeypatch.setitem(registry, name, Newcomer)  # and out again when the test is over
    module = __name__.split(".")[0]
    assert fst.unproven(module) == ["Newcomer"]
    with pytest.raises(nn.errors.KindError, match="no strategy for Newcomer"):
        fst.cases(Newcomer)
    monkeypatch.setitem(table, Newcomer, None)  # to be undone as well
    fst.register(Newcomer, fst.tensors("m n").map(lambda arrays: (Newcomer(), *arrays)))
    assert fst.unproven(module) == []

    def test(case):
        check_layer(*case)

    given(fst.cases(Newcomer))(test)()
    del registry[name]


C = math.sqrt(2 / math.pi)
VALUES = {  # at -1, 0 and 2, from the formulas
    nn.layers.Identity(): (-1, 0, 2),
    nn.Relu(): (0, 0, 2),
    nn.layers.LeakyRelu(): (-0.01, 0, 2),
    nn.layers.LeakyRelu(0.5): (-0.5, 0, 2),
    nn.Sigmoid(): (1 / (1 + math.e), 0.5, 1 / (1 + math.exp(-2))),
    nn.Tanh(): (math.tanh(-1), 0, math.tanh(2)),
    nn.layers.Softplus(): (math.log(1 + math.exp(-1)), math.log(2), math.log(1 + math.exp(2))),
    nn.layers.Elu(): (math.exp(-1) - 1, 0, 2),
    nn.layers.Elu(3.0): (3 * (math.exp(-1) - 1), 0, 2),
    nn.Gelu(): (-1 / (1 + math.exp(2 * C * 1.044715)), 0, 2 / (1 + math.exp(-2 * C * 2.35772))),
}


@pytest.mark.parametrize("layer", VALUES, ids=str)
def test_an_activation_has_the_values_of_its_formula(layer):
    out, _ = forward(layer, np.array([[-1.0, 0.0, 2.0]]))
    assert out[0] == pytest.approx(VALUES[layer], rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("layer", VALUES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_activation_never_overflows(layer, dtype):
    top = np.finfo(dtype).max ** 0.75
    x = np.array([[-top, -800, -89, -30, 0, 30, 89, 800, top]], dtype)
    out, cache = forward(layer, x)
    grads = backward(layer, cache, np.ones_like(x))
    assert np.isfinite(out).all()
    assert np.isfinite(grads.x).all()


def test_a_sigmoid_keeps_its_digits_in_both_tails():
    out, _ = forward(nn.Sigmoid(), np.array([[-700.0, -37.0, -1.0, 36.0]]))
    exact = [math.exp(-700), math.exp(-37) / (1 + math.exp(-37)), 1 / (1 + math.e), 1 / (1 + math.exp(-36))]
    assert out[0] == pytest.approx(exact, rel=1e-15, abs=0)


def test_a_slope_may_be_what_was_kept_without_harm():
    """The gradient is not formed in the array that slope returns."""

    @record
    class HalfSquare(Elementwise):
        whole: bool = True

        def value(self, x: Array) -> Array:
            return x * x / 2

        def slope(self, kept: Array) -> Array:
            return kept if self.whole else kept[:]

    @record
    class Double(Elementwise):
        def value(self, x: Array) -> Array:
            return 2 * x

        def slope(self, kept: Array) -> int:
            return 2

    for layer in (HalfSquare(), HalfSquare(whole=False), Double()):
        x = np.array([[3.0, 5.0]])
        _, cache = forward(layer, x)
        grads = backward(layer, cache, np.array([[10.0, 1.0]]))
        assert grads.x.tolist() == ([[20, 2]] if layer == Double() else [[30, 5]])
        assert x.tolist() == [[3, 5]]
        check_layer(layer, np.array([[3.0, 5.0]]))


def test_what_slope_returns_stays_the_user_s():
    whole = np.full((3, 4), 2.0)

    @record
    class Twice(Elementwise):
        def value(self, x: Array) -> Array:
            return 2 * x

        def slope(self, kept: Array) -> Array:
            return whole

    @record
    class Steep(nn.Sigmoid):
        keeps = "x"

        def slope(self, kept: Array) -> Array:
            return whole

    for layer in (Twice(), Twice(), Steep()):
        _, cache = forward(layer, np.ones((3, 4)))
        assert np.array_equal(backward(layer, cache, np.full((3, 4), 5.0)).x, np.full((3, 4), 10.0))
        assert np.array_equal(whole, np.full((3, 4), 2.0))
        assert whole.flags.writeable


@pytest.mark.parametrize("a", [3.0, [3.0], [1.0, 2.0, 3.0], [[1.0], [2.0]], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
def test_a_slope_may_broadcast_to_the_shape_of_x(a):
    @record
    class Line(Elementwise):
        a: Array

        def value(self, x: Array) -> Array:
            return self.a * x

        def slope(self, kept: Array) -> Array:
            return self.a

        def own_gradients(self, dA: Array, kept: Array) -> dict[str, Array]:
            ways = tuple(range(dA.ndim - self.a.ndim))
            return {"a": np.sum(np.sum(dA * kept, ways), axis=_narrow(self.a), keepdims=True).reshape(self.a.shape)}

    layer, x = Line(np.array(a)), np.array([[1.0, -2.0, 3.0], [0.5, 5.0, -7.0]])
    check_layer(layer, x)
    grads = backward(layer, forward(layer, x)[1], np.ones_like(x))
    assert np.array_equal(grads.x, np.broadcast_to(np.array(a), x.shape))
    assert np.array_equal(layer.a, a)


def _narrow(a: Array) -> tuple[int, ...]:
    return tuple([i for i, n in enumerate(a.shape) if n == 1])


@pytest.mark.parametrize("two", [2, 2.0, np.float64(2), np.array(2.0), np.array([[2.0]])])
def test_a_slope_may_be_a_number_of_any_kind(two):
    @record
    class Twice(Elementwise):
        def value(self, x: Array) -> Array:
            return 2 * x

        def slope(self, kept: Array) -> Array:
            return two if np.ndim(two) < 2 else two.astype(kept.dtype)

    check_layer(Twice(), np.array([[3.0, 5.0]]))


@pytest.mark.parametrize("cls", [cls for cls in fst.registered("funcnn") if issubclass(cls, Elementwise)])
def test_every_slope_in_funcnn_is_a_new_array(cls):
    """The gradient is formed in it."""
    for size in (3, 1 << 15):
        kept = np.linspace(0.1, 0.9, size)
        slope = cls().slope(kept)
        assert slope.shape == kept.shape
        assert slope.base is None
        assert slope.flags.writeable
        assert slope is not cls().slope(kept)
        assert slope is not kept


@pytest.mark.parametrize(
    ("shift", "place"), [(lambda x: np.roll(x, 1, 1), "first"), (lambda x: x.cumsum(1), "last")], ids=["roll", "sum"]
)
def test_a_layer_that_is_not_positionwise_is_found(shift, place):
    @record
    class Mixing:
        pass

    forward.register(Mixing)(lambda params, x: (shift(x), x))
    # Both maps are linear, so backward is the transpose: the reverse of the map of the reverse.
    backward.register(Mixing)(lambda params, x, dA: Grads(gradient(params), shift(dA[:, ::-1])[:, ::-1].copy()))
    x = np.random.default_rng(0).normal(size=(2, 3, 2))
    check_layer(Mixing(), x)
    step.register(Mixing)(positionwise)
    with pytest.raises(BrokenPromise, match=f"step is positionwise, but out at the {place} position depends on others"):
        check_layer(Mixing(), x)


def test_an_activation_without_a_slope_cannot_be_made():
    @record
    class Half(Elementwise):
        def value(self, x: Array) -> Array:
            return x

    with pytest.raises(TypeError, match="slope"):
        Half()


@given(fst.tensors("m t n", "n k", "k"))
def test_a_dense_layer_treats_all_leading_axes_alike(arrays):
    x, W, b = arrays
    layer, flat = Dense(W, b), x.reshape(-1, x.shape[-1])
    out, cache = forward(layer, x)
    rows, row_cache = forward(layer, flat)
    assert np.allclose(out.reshape(rows.shape), rows, rtol=1e-13, atol=1e-13)
    a, b = backward(layer, cache, out), backward(layer, row_cache, out.reshape(rows.shape))
    assert a.params == b.params
    assert np.allclose(a.x.reshape(flat.shape), b.x, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("n_out", [1, 2, 3])
def test_a_dense_layer_stores_tall_products_by_columns(n_out):
    layer = Dense.init(2, n_out, seed=0)
    x, dA = [np.random.default_rng(i).standard_normal((500, n)) for i, n in enumerate((2, n_out))]
    (out, cache), few = forward(layer, x), forward(layer, x[:9])
    grads = backward(layer, cache, dA)
    for made, expected in ((out, x @ layer.W + layer.b), (out[:9], few[0]), (grads.x, dA @ layer.W.T)):
        np.testing.assert_allclose(made, expected, rtol=1e-13, atol=1e-15)
    assert out.T.flags.c_contiguous
    assert grads.x.T.flags.c_contiguous
    assert few[0].flags.c_contiguous


def test_check_layer_follows_tuples_and_whole_numbers():
    @record
    class Pick:
        """Rows of a table for ids, scaled: x is a pair, of which only one has a gradient."""

        W: Array

    @forward.register(Pick)
    def pick_forward(params, x):
        ids, scale = x
        return (params.W[ids] * scale, scale + 0), x

    @backward.register(Pick)
    def pick_backward(params, x, dA):
        (ids, scale), (d, dscale) = x, dA
        dW = np.zeros_like(params.W)
        np.add.at(dW, ids, d * scale)
        return Grads(nn.gradient(params, W=dW), (None, (d * params.W[ids]).sum(axis=1, keepdims=True) + dscale))

    check_layer(Pick(np.arange(6.0).reshape(3, 2)), (np.array([0, 2, 2, 1]), np.linspace(1, 2, 4)[:, None]))


def test_batch_norm_inside_a_map_mixes_rows_and_dropout_does_not():
    assert nn.layers.Map(nn.BatchNorm.init(2)) != nn.layers.Map(nn.Dropout(0.5, seed=1))
    assert mixes_positions(nn.layers.Map((nn.BatchNorm.init(2),)))
    assert not mixes_positions(nn.layers.Map((Dense.init(2, 2, seed=0), nn.Dropout(0.5, seed=1))))


def test_layers_that_keep_no_positions_have_no_memory_of_fixed_size():
    assert fixed_memory(nn.layers.Conv1d.init(1, 1, 2, seed=0, padding=(1, 0)), 2, 5) is None
    assert fixed_memory(nn.layers.Upsample(2), 2, 5) is None
