"""The symbols in the equations of a page: each one is an array of the step, or has its meaning below the equation."""

import inspect
import json
import re
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Array, Dense, Elementwise, Grads, MaxPool, backward, forward, gradient, huber, losses, mse, record
from funcnn.inspection.tracing import traced
from funcnn.layers import Conv1d
from funcnn.optimizers import Adam
from funcnn.teach.equations import equations
from funcnn.teach.live.sources import sources_of, symbols_of_rules
from funcnn.teach.symbols import symbols_of
from funcnn.testing import strategies as fst
from funcnn.trees import parameters
from tests.counts import at_most

SYMBOL = re.compile(r"(?<![A-Za-z'])[b-zB-Z](?![A-Za-z'])|(?<!\w)(?:d[A-Za-z]|xhat|before|eps)\b")
DEFINED = re.compile(r"(\w+?)(?:_[\w{}-]+)? = |(?:where|with|and|parameter) (\w)(?:_\w)?\b|, (\w) normal")


def unnamed(lines, symbols, arrays):
    """The letters in equations that neither an array, nor the symbols, nor the equations themselves name."""
    text = re.sub(r"\^T\b|1\^T", "", "\n".join(lines))
    named = {symbol for symbol, _ in symbols} | arrays | {name for names in DEFINED.findall(text) for name in names}
    return set(SYMBOL.findall(text)) - named


LAYERS = [layer for layer in fst.registered() if layer is not tuple]  # the page has the rules of its layers


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.__name__)
@at_most(2, quick=1)
@given(data=st.data())
def test_the_symbols_of_every_layer_are_named(layer, data):
    params, _ = data.draw(fst.cases(layer))
    own = {path.split(".")[-1] for path in parameters(params)}
    for phase in ("forward", "backward"):
        lines = equations(phase, layer)
        assert (
            unnamed(lines, symbols_of(lines, params, []), {"x", "out", "dA", "dx", *own, *[f"d{p}" for p in own]})
            == set()
        )


LOSSES = [loss for name in losses.__all__ if "y" in inspect.signature(loss := getattr(losses, name)).parameters]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_the_symbols_of_every_loss_are_named(loss):
    lines = inspect.getdoc(loss).splitlines()[:1]
    assert unnamed(lines, symbols_of(lines, loss, []), {"out", "y", "cost", "dA"}) == set()


def seen(params, x, y, loss=mse):
    return traced("trace", params, x, y, loss, 0.1, inputs=False)


def test_symbols_have_the_values_of_settings():
    loss = partial(huber, delta=2.0)
    first, second = [Conv1d(np.ones((2, 1, 1)), None, stride=n, padding=(1, 0)) for n in (2, 1)]
    trace = seen((first, second, MaxPool(2)), np.ones((1, 8, 1)), np.ones((1, 2, 1)), loss)
    found = {rule: dict(symbols) for rule, symbols in symbols_of_rules(trace, loss).items()}
    assert found["forward Conv1d"]["s"] == "the stride, here 2"
    assert found["forward 1 Conv1d"]["s"] == "the stride, here 1"
    assert found["forward Conv1d"]["before"] == "the number of positions added before x; the padding is (1, 0)"
    assert found["forward Conv1d"]["b"] == "None here, so it is left out"
    assert found["forward Conv1d"]["sum_kc"] == "the sum over k and c"
    assert found["forward MaxPool"]["s"] == "the stride, here 2"
    assert found["loss huber"]["delta"] == "2.0, an option of the loss"
    assert found["sgd"] == {"lr": "the learning rate", "dp": "∂cost / ∂p"}
    assert json.loads(json.dumps(found)) == found


@record
class Halved:
    """out = x w / 2"""

    w: Array


@forward.register(Halved)
def halved_forward(params, x):
    return x * params.w / 2, x


@backward.register(Halved)
def halved_backward(params, x, dA):
    """dx = dA w / 2, dw = sum(dA x) / 2"""
    return Grads(gradient(params, w=(dA * x).sum() / 2), dA * params.w / 2)


@record
class Bent(Elementwise):
    """out = x |x|"""

    def value(self, x: Array) -> Array:
        return x * abs(x)

    def slope(self, kept: Array) -> Array:
        return 2 * abs(kept)


def test_the_equations_of_rules_of_ones_own_are_those_of_their_docstrings():
    x = np.ones((2, 1))
    found = sources_of(seen((Halved(np.array(2.0)), Bent(), Dense(x[:1], None)), x, x), mse, (Adam(),))
    assert found["forward Halved"] == ["out = x w / 2"]
    assert found["backward Halved"] == ["dx = dA w / 2, dw = sum(dA x) / 2"]
    assert found["forward Bent"] == ["out = x |x|"]
    assert found["backward Dense"] == ["dx = dA @ W^T", "dW = x^T @ dA, db = sum(dA)"]
    assert found["update"] == [inspect.getdoc(Adam).splitlines()[0].rstrip(".")]
    assert found["sgd"] == ["p after = p - lr dp, for each parameter p"]
    assert found["loss mse"] == ["Mean squared error: cost = mean (out - y)^2, dA = 2 (out - y) / size"]
