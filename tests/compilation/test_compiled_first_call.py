"""The first call of a compiled function compares the kernel with NumPy on some thousand rows, not on all of them."""

import gc

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import BatchNorm, Dense, Relu, Tanh, losses, mlp, mse, value_and_grad
from funcnn.compilation import compiled, explain
from funcnn.compilation.agreement import MOST_COMPARED, guarded
from funcnn.trees import to_vector

rng = np.random.default_rng(0)
x = rng.normal(size=(3 * MOST_COMPARED, 2))
y = np.sin(x[:, :1])
plain_net = mlp([2, 4, 1], hidden=Tanh(), seed=0)
normed = (Dense.init(2, 4, seed=0), BatchNorm.init(4), Relu(), Dense.init(4, 1, seed=1))


def counting(loss):
    """A loss, and the numbers of rows that NumPy has computed with it."""
    rows = []

    def counted(out, y):
        if type(out) is np.ndarray:
            rows.append(len(out))
        return loss(out, y)

    return counted, rows


def assert_alike(made, plain):
    (cost, grads), (plain_cost, plain_grads) = made, plain
    assert cost == pytest.approx(plain_cost)
    ours, theirs = to_vector(grads.params), to_vector(plain_grads.params)
    assert (abs(ours - theirs) <= 1e-9 * abs(theirs).max()).all()


@pytest.mark.parametrize("net", [plain_net, normed], ids=["mlp", "with sums over all rows"])
def test_numpy_computes_few_rows(net):
    loss, rows = counting(mse)
    function = compiled(loss)
    assert_alike(function(net, x, y), value_and_grad(mse)(net, x, y))
    assert rows == [MOST_COMPARED]
    assert explain(function, net, x, y).startswith("compiled: ")
    assert rows == [MOST_COMPARED]


def test_parts_of_y_are_cut_like_x():
    loss, rows = counting(losses.weighted(mse))
    function, weight = compiled(loss), rng.uniform(size=(len(x), 1))
    assert_alike(function(plain_net, x, (y, weight)), value_and_grad(losses.weighted(mse))(plain_net, x, (y, weight)))
    assert rows == [MOST_COMPARED]


def wrong(out, y):
    """A loss that computes something else with symbolic arrays."""
    cost, dA = mse(out, y)
    return cost, dA if type(out) is np.ndarray else dA * 2


def test_a_kernel_that_is_wrong_on_few_rows_is_not_used():
    function = compiled(wrong)
    assert explain(function, plain_net, x, y) == "plain NumPy: the kernel's result differs from that of NumPy"
    assert function(plain_net, x, y) == value_and_grad(wrong)(plain_net, x, y)


def of_many(out, y):
    """A loss whose formula depends on the number of rows."""
    cost, dA = mse(out, y)
    return (cost, dA) if len(out) <= MOST_COMPARED else (cost * 1.0, np.where(out > 0.0, dA, dA * 2.0))


def of_no_beginning(out, y):
    """A loss that refuses the first rows alone."""
    if type(out) is np.ndarray and len(out) == MOST_COMPARED:
        raise ValueError
    return mse(out, y)


def of_no_traced_beginning(out, y):
    """A loss that refuses symbolic arrays of few rows."""
    if type(out) is not np.ndarray and len(out) == MOST_COMPARED:
        raise ValueError
    return mse(out, y)


@pytest.mark.parametrize("loss", [of_many, of_no_beginning, of_no_traced_beginning])
def test_where_the_first_rows_say_nothing_all_rows_are_compared(loss):
    counted, rows = counting(loss)
    function = compiled(counted)
    assert_alike(function(plain_net, x, y), value_and_grad(loss)(plain_net, x, y))
    assert explain(function, plain_net, x, y).startswith("compiled: ")
    assert rows[-1] == len(x)


def test_few_rows_are_compared_as_they_are():
    loss, rows = counting(mse)
    compiled(loss)(plain_net, x[:MOST_COMPARED], y[:MOST_COMPARED])
    assert rows == [MOST_COMPARED]


@pytest.mark.parametrize("is_enabled", [True, False])
def test_garbage_collection_is_as_it_was(is_enabled):
    made = []

    def make(error=None):
        made.append(gc.isenabled())
        if error:
            raise error
        return "made"

    (gc.enable if is_enabled else gc.disable)()
    try:
        assert guarded(make, [])[0] == "made"
        assert gc.isenabled() is is_enabled
        with pytest.raises(ValueError, match="as it is"):
            guarded(lambda: make(ValueError("as it is")), [])
        assert gc.isenabled() is is_enabled
    finally:
        gc.enable()
    assert made == [False, False]
