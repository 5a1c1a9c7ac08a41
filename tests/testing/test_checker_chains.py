"""Values of chains for difference quotients, which begin at the first layer that moved."""

from collections import Counter

import numpy as np
import pytest

from funcnn import Dense, Dropout, Grads, Relu, Sigmoid, Tanh, backward, forward, gradient, record
from funcnn.layers import BatchNorm, Residual
from funcnn.testing import NotDeterministic, WrongGradient, check_layer
from funcnn.testing.networks.layer import LayerFunction
from funcnn.trees import parameters

X = np.random.default_rng(0).standard_normal((3, 4))
CHAIN = (
    Tanh(),
    Dense.init(4, 4, seed=0),
    BatchNorm.init(4),
    (Dense.init(4, 4, seed=1), Sigmoid()),
    Residual((Dense.init(4, 4, seed=2), Relu())),
    Dropout(0.5, seed=3),
    Dense(np.asfortranarray(np.random.default_rng(1).standard_normal((4, 5))), np.zeros(5)),
)
calls = Counter()


@record
class Counted:
    """The identity of a name, whose calls are counted."""

    name: str


@forward.register(Counted)
def counted_forward(params, x):
    calls[params.name] += 1
    return x * 1.0, ()


@backward.register(Counted)
def counted_backward(params, cache, dA):
    return Grads(gradient(params), dA * 1.0)


@record
class Halved:
    """A Dense whose W has half of its gradient."""

    dense: Dense


forward.register(Halved)(lambda params, x: forward(params.dense, x))


@backward.register(Halved)
def halved_backward(params, cache, dA):
    grads = backward(params.dense, cache, dA)
    return Grads(gradient(params, dense=gradient(grads.params, W=grads.params.W / 2, b=grads.params.b)), grads.x)


@record
class Drifting:
    """Another result in each call."""


@forward.register(Drifting)
def drifting_forward(params, x):
    calls["drifting"] += 1
    return x + calls["drifting"], ()


@backward.register(Drifting)
def drifting_backward(params, cache, dA):
    return Grads(gradient(params), dA * 1.0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_a_value_that_begins_at_a_layer_has_the_same_bits(dtype):
    function, args = LayerFunction(CHAIN, X), [*parameters(CHAIN).values(), X]
    function.value(*args)
    for k in (*range(len(args))[::-1], *range(len(args))):
        moved = [a.astype(dtype) for a in args]
        moved[k] = moved[k] + dtype(0.25)
        found, whole = function.value(*moved), LayerFunction(CHAIN, X).value(*moved)
        assert found.dtype == whole.dtype == dtype
        assert found.tobytes() == whole.tobytes()


def test_layers_before_the_one_that_moved_are_not_computed_again():
    calls.clear()
    net = (Counted("first"), Dense.init(4, 4, seed=0), Counted("middle"), Dense.init(4, 4, seed=1), Counted("last"))
    assert check_layer(net, X).verdict == "pass"
    per_layer = 6 * (16 + 4)  # three steps on both sides for each entry of a Dense
    assert calls["last"] - calls["middle"] > per_layer
    assert calls["middle"] - calls["first"] > per_layer


def test_a_layer_is_checked_after_layers_that_did_not_move():
    wrong = (Tanh(), Dense.init(4, 4, seed=0), Tanh(), Halved(Dense.init(4, 3, seed=1)))
    with pytest.raises(WrongGradient, match=r"params\.3\.dense\.W\[0, 0\]"):
        check_layer(wrong, X)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_layer_with_a_memory_is_found_at_every_place(place):
    layers = [Dense.init(4, 4, seed=0), Tanh()]
    with pytest.raises(NotDeterministic):
        check_layer((*layers[:place], Drifting(), *layers[place:]), X)
