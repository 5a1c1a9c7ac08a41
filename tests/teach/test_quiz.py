"""The numbers of the quiz, which its page has without a program, since a program would tell the answers."""

import numpy as np

from funcnn import (
    BatchNorm,
    Dense,
    Relu,
    Softmax,
    Tanh,
    backward,
    forward,
    mlp,
    mse,
    predict,
    sgd,
    softmax_cross_entropy,
    tree_map,
)
from funcnn.layers import Conv1d


def back(layer, x, dA):
    return backward(layer, forward(layer, np.array(x))[1], np.array(dA))


def test_unit_1():
    def step(x, y):
        params = Dense(W=np.array([[2.0]]), b=np.array([1.0]))
        out, cache = forward(params, x)
        _, dA = mse(out, y)
        grads = backward(params, cache, dA)
        return dA, grads.params, sgd(params, grads, 0.1)

    x, y = np.array([[3.0]]), np.array([[5.0]])
    dA, grads, after = step(x, y)
    assert (dA.item(), grads.W.item(), grads.b.item()) == (4, 12, 4)
    assert np.isclose(after.W.item(), 0.8)
    assert step(np.tile(x, (2, 1)), np.tile(y, (2, 1)))[1].W == grads.W


def test_unit_2():
    w, x = 2.0, 3.0
    dp = 2 * w * x
    assert (dp, dp * w, dp * x, dp * w * x) == (12, 24, 36, 72)
    above, below = [z * z + 3 * z for z in (2 + 1e-6, 2 - 1e-6)]
    assert np.isclose((above - below) / 2e-6, 7)
    assert np.isclose(back(Tanh(), [[np.arctanh(0.6)]], [[10.0]]).x.item(), 6.4)
    assert round(10 * (1 - np.tanh(0.6) ** 2), 1) == 7.1
    assert back(Relu(), [[-1.0, 2.0]], [[3.0, -4.0]]).x.tolist() == [[0, -4]]


def test_unit_3():
    layer = Dense(W=np.eye(2), b=np.zeros(2))
    assert back(layer, [[1.0, 2.0]], [[3.0, 0.0]]).params.W.tolist() == [[3, 0], [6, 0]]
    grads = back(Dense(W=np.ones((3, 2)), b=np.zeros(2)), np.ones((5, 3)), np.ones((5, 2)))
    assert grads.params.W.shape == (3, 2)
    assert grads.params.b.tolist() == [5, 5]


def test_unit_4():
    assert 2 / 50 == 0.04
    assert np.isclose(np.sqrt(2 / 50), 0.2)
    for rate, grows in [(0.33, False), (0.34, True)]:
        w = 1.0
        for _ in range(1000):
            w = w - rate * 6 * w
        assert (abs(w) > 1) == grows
    zeros = tree_map(np.zeros_like, mlp([2, 4, 1], seed=0))
    out, cache = forward(zeros, np.ones((3, 2)))
    first, _, last = backward(zeros, cache, mse(out, np.ones((3, 1)))[1]).params
    assert [bool(a.any()) for a in (first.W, first.b, last.W, last.b)] == [False, False, False, True]


def test_unit_5():
    z = np.array([[0.0, np.log(3)]])
    assert np.allclose(predict(Softmax(), z), [[0.25, 0.75]])
    assert np.allclose(predict(Softmax(), z + 100), [[0.25, 0.75]])
    assert np.allclose(softmax_cross_entropy(z, np.array([[1.0, 0.0]]))[1], [[-0.75, 0.75]])
    assert predict(Softmax(), np.array([[0.0, 1.0]])).round(2).tolist() == [[0.27, 0.73]]


def test_unit_6():
    assert predict(Conv1d(np.ones((3, 1, 1)), None), np.ones((1, 6, 1))).shape == (1, 4, 1)
    conv = Conv1d(np.ones((2, 1, 1)), None)
    assert back(conv, [[[1.0], [2.0], [3.0]]], [[[1.0], [1.0]]]).params.W.ravel().tolist() == [3, 5]
    norm, x = BatchNorm.init(1), np.array([[1.0], [2.0], [4.0]])
    assert np.allclose(forward(norm, x)[0], forward(norm, x + 7)[0])
    dx = back(norm, x, [[1.0], [0.0], [3.0]]).x
    assert abs(dx.sum()) < 1e-9
    assert dx.all()
    assert round(0.5**10, 3) == 0.001
