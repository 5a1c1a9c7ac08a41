"""A recorded program gives what the rules give, for all layers, losses and optimizers, with other numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Dense, LayerNorm, Tanh, backward, forward, mse, sgd, update
from funcnn.arrays import is_float
from funcnn.recording import record_function, record_step
from funcnn.recording.leaves import leaves_of
from funcnn.testing import strategies as fst
from funcnn.trees import tree_map
from tests.counts import at_most
from tests.loss_cases import CASES
from tests.sharding import OPTIMIZERS

every_layer = pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
pytestmark = pytest.mark.unwatched
few = at_most(20, quick=2)


def other(tree):
    """Arrays of the same shapes with other numbers, in the range of the given ones."""
    return tree_map(lambda a: (0.75 * a).astype(a.dtype) if is_float(a) else a[::-1] if a.ndim else a, tree)


def cotangent(out):
    if type(out) is tuple:
        return tuple(map(cotangent, out))
    if out is None or not is_float(out):
        return None
    return np.cos(np.arange(out.size)).reshape(out.shape).astype(out.dtype)


def rules(params, x, dA):
    out, cache = forward(params, x)
    grads = backward(params, cache, dA)
    return out, grads.params, grads.x


def check(program, expected, inputs):
    """Compare the outputs of a program with the arrays of a tree; an output that no input reaches is not recorded."""
    made, expected = program(inputs), leaves_of(expected, "out")
    for path, ours in made.items():
        np.testing.assert_allclose(ours, expected[path], rtol=1e-12, atol=1e-12, err_msg=path)
    return expected.keys() - made.keys()


@every_layer
@few
@given(data=st.data())
def test_a_layer(layer, data):
    params, x = data.draw(fst.cases(layer))
    dA = cotangent(forward(params, x)[0])
    program = record_function(rules, {"params": params, "x": x, "dA": dA})
    inputs = {**leaves_of(params, "params"), **leaves_of(x, "x"), **leaves_of(dA, "dA")}
    for net, rows in [(params, x), (other(params), other(x))]:
        missing = check(program, rules(net, rows, dA), {**inputs, **leaves_of(net, "params"), **leaves_of(rows, "x")})
        assert missing == set()


@pytest.mark.parametrize("name", CASES)
@few
@given(data=st.data())
def test_a_loss(name, data):
    loss, out, y, _ = data.draw(CASES[name])
    program = record_function(lambda out, y: loss(out, y), {"out": out, "y": y})  # noqa: PLW0108  losses name them otherwise
    cost, dA = loss(out, y)
    assert check(program, (np.asarray(cost), dA), {**leaves_of(out, "out"), **leaves_of(y, "y")}) == set()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer(name):
    optimizer, net = OPTIMIZERS[name], (Dense.init(3, 4, seed=0), LayerNorm.init(4), Tanh(), Dense.init(4, 2, seed=1))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    for _ in range(4):
        program = record_step(net, x, y, mse, 0.1, optimizer=optimizer)
        inputs = {**leaves_of(net, "params"), **leaves_of(optimizer, "optimizer"), "x": x, "y": y, "lr": 0.1}
        made = program(inputs)
        out, cache = forward(net, x)
        _, dA = mse(out, y)
        grads, optimizer = update(optimizer, backward(net, cache, dA), net)
        net = sgd(net, grads, 0.1)
        after = {**leaves_of(net, "params"), **leaves_of(optimizer, "optimizer")}
        for path, ours in made.items():
            if path in after:
                np.testing.assert_allclose(ours, after[path], rtol=1e-12, atol=1e-12, err_msg=path)
