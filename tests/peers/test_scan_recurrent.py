"""The loop of recurrent layers as `lax.scan`: one copy of the cell in the program, and the gradients of NumPy."""

from functools import partial

import numpy as np
import pytest

from funcnn import GRU, LSTM, Array, Dense, Dropout, backward, forward, record
from funcnn.compilation.inside import inside
from funcnn.core import backward_params
from funcnn.errors import KindError
from funcnn.layers import RNN, Bidirectional, Recurrent
from funcnn.layers.recurrent import loop
from funcnn.layers.recurrent.loop import Scanned

jax = pytest.importorskip("jax", reason="this is its loop")
pytestmark = pytest.mark.usefixtures("jax64")
random = np.random.default_rng(0)


@record
class Own(Recurrent):
    """h_t = tanh(x_t @ W + b + h_{t-1} @ U) + s inner(h_{t-1}), with a scale s and a chain of layers of its own"""

    s: Array
    inner: tuple

    def cell(self, z, before):
        [h] = before
        y, cache = forward(self.inner, h)
        g = h @ self.U
        g += z
        g = jax.numpy.tanh(g) if isinstance(g, jax.Array) else np.tanh(g)
        return (g + self.s * y,), [g, {"y": y, "cache": cache}, None]

    def back(self, kept, before, after, dafter):
        (g, others, _), [dh] = kept, dafter
        dz = 1 - g * g
        dz *= dh
        return dz, dz, (backward(self.inner, others["cache"], self.s * dh).x,)

    def own_gradients(self, kept, before, after, dafter, dz, du):
        (_, others, _), [dh] = kept, dafter
        inner = backward_params(self.inner, others["cache"], self.s * dh)
        return {"s": (dh * others["y"]).sum(axis=0), "inner": inner}


def own():
    inner = Dense.init(3, 3, seed=1), Dropout(0.5, seed=2)
    return Own(*[random.standard_normal(shape) for shape in ((2, 3), (3, 3), (3,), (3,))], inner)


LAYERS = {
    "RNN": RNN.init(2, 3, seed=0),
    "GRU": GRU.init(2, 3, seed=0),
    "both ways": Bidirectional(GRU.init(2, 1, seed=1), LSTM.init(2, 2, seed=2)),
    "of one's own": own(),
}
every = pytest.mark.parametrize("name", LAYERS)


def drawn(t):
    """(x, mask), dA"""
    return (random.standard_normal((4, t, 2)), random.random((4, t)) < 0.7), random.standard_normal((4, t, 3))


def rules(layer, given, dA):
    out, cache = forward(layer, given)
    return out[0], backward(layer, cache, (dA, None))


def assert_close(made, expected):
    pairs = zip(jax.tree.leaves(made), jax.tree.leaves(expected), strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def operations(f, *args):
    """The operations of a program, those in its loops and functions included."""
    return str(jax.make_jaxpr(partial(f))(*args)).count(" = ")  # a new function, which JAX has not cached


@every
def test_the_program_is_the_same_for_any_number_of_steps(name):
    layer = LAYERS[name]
    few, many = (operations(rules, layer, *drawn(t)) for t in (2, 50))
    assert few == many > 20
    few, many = (
        operations(jax.grad(lambda *a: (rules(*a)[0] ** 2).sum(), allow_int=True), layer, *drawn(t)) for t in (2, 50)
    )
    assert few == many > 20


@pytest.mark.parametrize("name", ["GRU", "both ways", "of one's own"])
def test_caches_cross_the_border_in_both_directions(name):
    layer, (given, dA) = LAYERS[name], drawn(5)
    expected, cache = rules(layer, given, dA)[1], forward(layer, given)[1]
    crossed = jax.jit(forward)(layer, given)[1]
    assert_close(backward(layer, crossed, (dA, None)), expected)
    assert_close(jax.jit(backward)(layer, cache, (dA, None)), expected)


def test_the_gradient_of_out_may_be_traced_alone():
    layer, (given, dA) = LAYERS["RNN"], drawn(3)
    cache = forward(layer, given)[1]
    made = jax.jit(lambda dA: backward(layer, cache, (dA, None)))(dA)
    assert_close(made, backward(layer, cache, (dA, None)))


def test_each_row_by_vmap_is_as_in_numpy():
    layer, (given, dA) = LAYERS["GRU"], drawn(3)
    one = lambda x, mask, dA: rules(layer, (x[None], mask[None]), dA[None])[1].params
    each = jax.vmap(one)(*given, dA)
    assert_close(jax.tree.map(lambda a: a.sum(axis=0), each), rules(layer, given, dA)[1].params)


def test_a_cache_of_a_kernel_goes_into_jit_and_back():
    pytest.importorskip("llvmlite", reason="kernels need llvmlite")
    layer, x = GRU.init(2, 16, seed=0), random.standard_normal((8, 16, 2))
    with inside([]):
        out, cache = forward(layer, x)
    assert type(cache).__name__ == "Stacked"
    expected = backward(layer, cache, out)
    assert_close(jax.jit(backward)(layer, cache, out), expected)
    returned = jax.tree.map(jax.numpy.asarray, cache)
    assert type(returned) is type(cache)
    assert returned.gates == cache.gates
    assert_close(backward(layer, returned, out), expected)


@record
class Counted(RNN):
    """Counts the calls of its cell, which looks at values where it can."""

    def cell(self, z, before):
        seen.append(z.shape)
        if not isinstance(z, jax.core.Tracer):
            assert float(z[0, 0]) < 100
        return RNN.cell(self, z, before)


seen = []


def test_arrays_that_are_not_traced_go_through_the_loop_in_python():
    seen.clear()
    layer, (given, _) = Counted.init(2, 3, seed=0), drawn(5)
    _, cache = jax.tree.map(jax.numpy.asarray, forward(layer, given))
    assert len(seen) == len(cache.before) == 5
    out, cache = forward(*jax.tree.map(jax.numpy.asarray, (layer, given)))
    assert len(seen) == 10
    assert type(cache.before) is tuple
    assert_close(out, forward(layer, given)[0])


def test_outside_jit_a_gradient_compiles_the_loop_once():
    slope = jax.grad(lambda layer, x: forward(layer, x)[0].sum())
    layer, ((x, _), _) = Counted.init(2, 3, seed=0), drawn(7)
    first = slope(layer, x)
    seen.clear()
    assert_close(slope(layer, x), first)
    assert seen == []


def test_without_a_loop_of_jax_there_are_t_copies_of_the_cell(monkeypatch):
    monkeypatch.delitem(loop.LOOPS, jax.numpy)
    layer = LAYERS["GRU"]
    sizes = [operations(rules, layer, *drawn(t)) for t in (3, 4, 5)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0] > 20
    given, _ = drawn(3)
    out, cache = jax.jit(partial(forward))(layer, given)
    assert type(cache.before) is tuple
    assert_close(out, forward(layer, given)[0])


@record
class Odd(Recurrent):
    returned: str = "cell"

    def cell(self, z, before):
        return ((z.astype("f4") if self.returned == "cell" else z),), ()

    def back(self, kept, before, after, dafter):
        return dafter * 2 if self.returned == "back" else (*dafter, *dafter, (None,))

    def own_gradients(self, *given):
        return "W" if self.returned == "own_gradients" else {}


@pytest.mark.parametrize("returned", ["cell", "back", "own_gradients"])
def test_results_of_a_cell_are_checked_while_jax_traces(returned):
    layer = Odd.init(2, 3, seed=0)
    layer = Odd(layer.W, layer.U, layer.b, returned)
    with pytest.raises(KindError, match=f"^Odd: {returned} must return "):
        jax.jit(partial(rules, layer))(*drawn(2))


def test_a_series_holds_lists_dicts_named_tuples_and_none():
    series = Scanned((np.arange(6.0).reshape(3, 2), [np.arange(3)], {"a": Scanned(np.arange(3))}, None))
    _, (kept,) = loop.in_python(lambda _, carry, value: (carry, (value,)), 3, None, (), (series,), reverse=True)
    first, [second], third, fourth = kept[1]
    assert (first.tolist(), int(second), int(third["a"].tree), fourth) == ([2, 3], 1, 1, None)
