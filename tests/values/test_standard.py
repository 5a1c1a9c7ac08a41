"""Arrays that have nothing but the array API standard go through every layer, loss and optimizer as NumPy's do."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from funcnn import (
    Adam,
    Grads,
    TrainState,
    accuracy,
    batches,
    forward,
    mlp,
    mse,
    predict,
    sgd,
    train,
    update,
    value_and_grad,
)
from funcnn.arrays import is_array, namespace
from funcnn.core import backward, backward_params, forward_only
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.files import save
from funcnn.generation import step
from funcnn.layers import LSTM, Embedding, ExactGelu
from funcnn.losses import masked
from funcnn.standard import StandardArray
from funcnn.testing import strategies as fst
from funcnn.trees import astype, from_vector, leaves, to_vector
from funcnn.trees.walks import arrays_in, map_arrays
from tests.loss_cases import CASES
from tests.said import fails, says
from tests.sharding import OPTIMIZERS

xp = pytest.importorskip("array_api_strict", reason="its arrays are meant")
pytestmark = pytest.mark.filterwarnings("ignore:You are comparing a array_api_strict dtype against a NumPy")
PAGE = (Path(__file__).parents[2] / "docs" / "jax.md").read_text("utf-8")


def standard(tree):
    return map_arrays(lambda a: xp.asarray(np.array(a)), tree)


def drawn(strategy, n):
    """The first cases of a strategy that have no empty array."""
    found = []

    @settings(max_examples=n, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(strategy)
    def draw(case):
        found.append(case)

    draw()
    return [case for case in found if 0 not in [size for a in arrays_in(tuple(case)) for size in a.shape]]


def assert_as_in_numpy(made, expected):
    """The same shapes, dtypes and numbers, in arrays of the standard."""
    for a, b in zip(leaves(made), leaves(expected), strict=True):
        assert type(a) is xp._array_object.Array
        assert (tuple(a.shape), str(a.dtype)) == (b.shape, f"array_api_strict.{b.dtype}")
        np.testing.assert_allclose(np.asarray(a), b, rtol=1e-9, atol=1e-9)


def cotangent(out):
    return map_arrays(lambda a: np.linspace(-1, 1, a.size).reshape(a.shape) if a.dtype.kind == "f" else a, out)


def refused():
    """The layers that the page says are refused."""
    return re.search(r"each layer but `(\w+)`", PAGE)[1]


@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
def test_each_layer_gives_what_it_gives_in_numpy_or_is_refused_by_name(layer):
    for params, x in drawn(fst.cases(layer), 5):
        ours = standard(params), standard(x)
        if layer.__name__ == refused():
            needed = f"forward: the arguments must be arrays of NumPy or JAX for {layer.__name__}"
            says(KindError, f"{needed}, not array_api_strict.float64 array", forward, *ours)
            continue
        (out, cache), (made, kept) = forward(params, x), forward(*ours)
        dA = cotangent(out)
        grads, found = backward(params, cache, dA), backward(ours[0], kept, standard(dA))
        assert_as_in_numpy((made, found.params, found.x), (out, grads.params, grads.x))
        assert_as_in_numpy(forward_only(*ours), out)
        assert_as_in_numpy(backward_params(ours[0], kept, standard(dA)), grads.params)


@pytest.mark.parametrize("name", CASES)
def test_each_loss_gives_what_it_gives_in_numpy(name):
    for loss, out, y, terms in drawn(CASES[name], 5):
        for weight in ((), (np.linspace(0, 2, terms[0]),)):
            (cost, dA), (made, found) = loss(out, y, *weight), loss(*map(standard, (out, y, *weight)))
            assert float(made) == pytest.approx(cost, rel=1e-9)
            assert_as_in_numpy(found, dA)


NET = mlp([2, 3, 1], seed=0)
X, Y = np.linspace(-1, 1, 8).reshape(4, 2), np.linspace(0, 1, 4).reshape(4, 1)


def steps(net, optimizer, x, y):
    """The four lines, three times, with an optimizer."""
    for _ in range(3):
        _, grads = value_and_grad(mse)(net, x, y)
        grads, optimizer = update(optimizer, grads, net)
        net = sgd(net, grads, 0.1)
    return net


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimizer_steps_as_in_numpy(name):
    optimizer = OPTIMIZERS[name]
    assert_as_in_numpy(steps(standard(NET), optimizer, standard(X), standard(Y)), steps(NET, optimizer, X, Y))


def test_what_else_takes_them():
    net, x, y = map(standard, (NET, X, Y))
    last = [*train(TrainState(net, Adam()), [(x, y)] * 2, value_and_grad(mse), 0.1)][-1]
    ours = [*train(TrainState(NET, Adam()), [(X, Y)] * 2, value_and_grad(mse), 0.1)][-1]
    assert_as_in_numpy(last.params, ours.params)
    assert_as_in_numpy(predict(net, x, 3), predict(NET, X))
    assert_as_in_numpy(to_vector(net), to_vector(NET))
    assert_as_in_numpy(from_vector(net, to_vector(net)), NET)
    assert_as_in_numpy(astype(net, np.float32), astype(NET, np.float32))
    lstm = LSTM.init(2, 3, seed=0)
    assert_as_in_numpy(step(standard(lstm), standard(X[None]))[0], step(lstm, X[None])[0])
    assert accuracy(standard(np.eye(3)), standard(np.arange(3))) == 1


def test_an_array_of_numpy_beside_them_becomes_one_of_theirs():
    assert_as_in_numpy(forward(standard(NET), X)[0], forward(NET, X)[0])
    assert_as_in_numpy(mse(standard(X), 0 * X)[1], mse(X, 0 * X)[1])


def test_errors_are_those_of_numpy_and_name_the_layer_inside():
    says(ShapeError, r"Dense: x must be \(m, ..., 2\), not \(2, 4\)", forward, NET, standard(X.T))
    table, ids = standard(Embedding.init(3, 2, seed=0)), standard(np.array([[0, -1]]))
    says(RangeError, "^Embedding: ids must be from 0 to 2; they are from -1 to 0$", forward, table, ids)
    says(RangeError, r"^mse: weight must not be .*; it has -1.0$", mse, *map(standard, (X, X, -np.ones(4))))
    with pytest.raises(KindError, match=r"forward: the arguments must .* for ExactGelu, not") as caught:
        forward((*NET, ExactGelu()), standard(X))
    assert "in layer 3, ExactGelu()" in caught.value.__notes__[0]
    says(
        KindError,
        r"save: value.W must be an array of numbers, .* write np.asarray\(value.W\)",
        save,
        "n.npz",
        standard(NET[0]),
    )


def test_a_users_loss_gets_methods_too():
    def squares(out, y):
        return ((out - y) ** 2).mean(), 2 * (out - y) / out.size

    cost, grads = value_and_grad(squares)(*map(standard, (NET, X, Y)))
    expected, ours = value_and_grad(squares)(NET, X, Y)
    assert float(cost) == pytest.approx(expected)
    assert_as_in_numpy(grads.params, ours.params)


def test_an_error_of_a_users_loss_is_raised_as_it_is():
    def broken(out, y, weight=None):
        raise TypeError("it is broken")

    says(TypeError, "^it is broken$", masked(broken), (X, np.ones((4, 2), bool)), X)


A = np.array([[1.0, -2.5], [0.5, 4.0], [-3.0, 2.0]])
EXPRESSIONS = [
    *(lambda a: namespace(a).clip(a, 0, 1), lambda a: a.repeat(2, axis=1), lambda a: a.cumsum(axis=0), lambda a: a.T),
    *(lambda a: a.swapaxes(0, -1), lambda a: a[1:, ::-1], lambda a: a[1], lambda a: a[np.array([2, 0])]),
    *(lambda a: a[:, np.array([[1, 0], [0, 0]])], lambda a: a[namespace(a).argmax(a, axis=0)]),
    *(lambda a: a[None, :, 0], lambda a: (a > 0).sum(axis=1), lambda a: (a > 0).mean(), lambda a: (a > 0).argmax(0)),
    *(lambda a: a.astype(np.int64) / 2, lambda a: 2 / a, lambda a: 2**a, lambda a: a % 2, lambda a: a // 2),
    *(lambda a: -abs(a), lambda a: np.float64(3) * a, lambda a: a - np.ones(2), lambda a: a @ np.ones((2, 1))),
    *(lambda a: a * (a > 0), lambda a: ~(a > 0), lambda a: a.max(initial=5), lambda a: a[:0].min(0, initial=-1)),
    *(lambda a: a.real.copy(), lambda a: (a + 1j).real, lambda a: namespace(a).where(a > 0, 1.0, 0.5)),
    *(lambda a: namespace(a).arctan2(a, 2 * a), lambda a: namespace(a).pad(a, ((0, 1), (2, 0)))),
    *(lambda a: abs(a).astype(np.uint32).view(np.int32), lambda a: namespace(a).zeros(2, dtype=float)),
]


@pytest.mark.parametrize("f", EXPRESSIONS)
def test_an_expression_gives_what_it_gives_in_numpy(f):
    made, expected = f(StandardArray(xp.asarray(A))), f(A)
    assert (made.shape, made.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(np.asarray(made.bare), expected, rtol=1e-15)


def test_batches_have_rows_of_numpy():
    act = partial(batches, size=2, seed=0)
    needed = "must be an array of NumPy or JAX, or a tuple of them, not array_api_strict.float64 array"
    says(KindError, rf": x {needed}; write tree_map\(np.asarray, x\)$", act, standard(X), X)
    says(KindError, rf": y {needed}; write tree_map\(np.asarray, y\)$", act, X, (X, standard(X)))


def test_what_the_standard_lacks_is_an_error():
    array = StandardArray(xp.asarray(A))
    assert is_array(array)
    for error, f in (
        (TypeError, np.asarray),
        (AttributeError, lambda a: a.view(np.int32)),
        (AttributeError, lambda a: namespace(a).einsum("ij->ji", a)),
        (IndexError, lambda a: a[np.array([0]), 1]),
    ):
        fails(error, f, array)
    assert [float(part.sum()) for part in array] == [-1.5, 4.5, -1.0]


def test_a_step_mixes_no_arrays_of_the_standard_with_others():
    ours, theirs = (mlp([2, 1], seed=0), standard(mlp([2, 1], seed=0)))
    for params, other, needed in (
        (ours, theirs, "float64 array, not array_api_strict.float64 array"),
        (theirs, ours, "array_api_strict.float64 array, not float64 array"),
    ):
        grads = Grads(map_arrays(lambda a: a + 1, other), None)
        says(KindError, f"sgd: grads must be arrays of the library of params, {needed}", sgd, params, grads, 0.1)
