"""Where a number of a page comes from: expressions that are computed again, and how they read."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import Array, Dense, Grads, LayerNorm, Momentum, backward, forward, gradient, mse, record
from funcnn.arrays import is_array, is_float, namespace
from funcnn.layers import Elu, Here, LogSoftmax, Remat, Shared, Silu, Softplus
from funcnn.recording import record_step
from funcnn.recording.leaves import leaves_of
from funcnn.teach import write_playground
from funcnn.testing import strategies as fst
from tests.counts import at_most, in_full
from tests.live.networks import NETWORKS
from tests.teach.playing import data_of_page, flat, node_result

rng = np.random.default_rng(0)
x, y = np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[4.0], [6.0]])
narrow = x.astype(np.float32)


@record
class Scaled:
    """out = x * factor, whose rule has a variable."""

    factor: Array


@forward.register(Scaled)
def scaled_forward(params, x):
    doubled = 2 * x
    return doubled * params.factor, x


@backward.register(Scaled)
def scaled_backward(params, x, dA):
    return Grads(gradient(params, factor=2 * (dA * x).sum(axis=0)), 2 * dA * params.factor)


def with_padding(out, y):
    cost, dA = mse(out[0], y)
    return cost, (dA, None)


masked = rng.normal(size=(2, 3, 2)), np.array([[True, True, False], [True, True, True]])
CASES = {
    **{name: (live.params, live.x, live.y, live.loss) for name, live in NETWORKS.items()},
    "activations": ((nn.Gelu(), Silu(), Elu(), Softplus(), nn.Sigmoid(), nn.Tanh()), x, x, mse),
    "norm inside": ((nn.Residual((LayerNorm.init(2), Dense.init(2, 2, seed=1), nn.Tanh())),), x, x, mse),
    "probabilities": ((Dense.init(2, 3, seed=0), nn.Softmax()), x, rng.normal(size=(2, 3)), mse),
    "log": ((Dense.init(2, 3, seed=0), LogSoftmax()), x, rng.normal(size=(2, 3)), mse),
    "attention": ((nn.Attention.init(4, 2, seed=0),), rng.normal(size=(1, 3, 4)), np.zeros((1, 3, 4)), mse),
    "shared": (Shared(Dense.init(2, 2, seed=0), (Here(), nn.Tanh(), Here())), x, x, mse),
    "remat": ((Remat((Dense.init(2, 2, seed=0), nn.Tanh())),), x, x, mse),
    "one layer": (Dense.init(2, 1, seed=0), x, y, nn.huber),
    "a layer of one's own": ((Scaled(np.array([3.0, 5.0])), Dense.init(2, 1, seed=0)), x, y, mse),
    "a mask": (nn.LSTM.init(2, 2, seed=0), masked, np.zeros((2, 3, 2)), with_padding),
    "float32": ((Dense.init(2, 2, seed=0, dtype=np.float32), nn.Tanh()), narrow, narrow, mse),
}
FOLLOWED = Path(__file__).with_name("origin.js").read_text("utf-8")


@pytest.fixture(scope="module")
def origins(tmp_path_factory):
    """What Node finds on the page of each network."""
    folder = tmp_path_factory.mktemp("origins")
    pages = []
    for case in CASES.values():
        write_playground(*case, 0.05, folder / "page.html")
        pages.append(data_of_page(folder / "page.html"))
    return dict(zip(CASES, node_result(FOLLOWED, pages, folder), strict=True))


@in_full
@pytest.mark.parametrize("name", CASES)
def test_the_terms_of_each_number_make_it(name, origins):
    made = origins[name]
    assert made["wrong"] == []
    assert made["count"] > 20
    assert len(made["unread"]) < made["count"] / 5  # sums of more than 64 terms


def test_terms_of_an_optimizer_with_memory(tmp_path):
    write_playground(*CASES["ring"], 0.05, tmp_path / "page.html", optimizer=Momentum())
    [made] = node_result(FOLLOWED, [data_of_page(tmp_path / "page.html")], tmp_path)
    assert made["wrong"] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ring", "forward of 2 Dense: out[0,0] = Σₖ x[0,k] · W[k,0] + b[0]"),
        ("ring", "backward of 2 Dense: dx[0,0] = Σₖ dA[0,k] · W[0,k]"),
        ("ring", "forward of 1 Tanh: out[0,0] = tanh(x[0,0])"),
        ("ring", "sgd: W after[0,0] = W[0,0] \N{MINUS SIGN} lr · dW[0,0]"),
        ("one layer", "backward of Dense: dW[0,0] = x[0,0] · dA[0,0] + x[1,0] · dA[1,0]"),
        ("one layer", "backward of Dense: db[0] = dA[0,0] + dA[1,0]"),
        ("lstm", "forward of 0 LSTM: h₃[0,0] = o₃[0,0] · squashed₃[0,0]"),
        ("lstm", "backward of 0 LSTM: dh₇[0,0] = 0 + dout₇[0,0]"),
        ("lstm", "backward of 0 LSTM: dh₂[0,0] = dh₂\N{PRIME}[0,0] + dout₂[0,0]"),
        ("attention", "backward of 0.query Dense: dW[0,0] = Σₖ x[0,k,0] · dA[k,0]"),
        ("a layer of one's own", "forward of 0 Scaled: out[0,0] = doubled[0,0] · factor[0]"),
        ("a layer of one's own", "backward of 0 Scaled: dfactor[1] = 2 · (dA[0,1] · x[0,1] + dA[1,1] · x[1,1])"),
        ("dropout", "forward of 1 Dropout: keep[0,0] = random bits ≥ 1.29e9"),
    ],
)
def test_expressions_have_the_names_of_the_rules(name, text, origins):
    assert text in origins[name]["texts"]


def ones(out, y):
    """A loss of any out: the sum of its floats."""
    if type(out) is tuple:
        costs = [ones(part, y) for part in out]
        return sum([cost for cost, _ in costs]), tuple([dA for _, dA in costs])
    return (out.sum(), namespace(out).ones_like(out)) if is_array(out) and is_float(out) else (0.0, None)


@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
@at_most(2, quick=1)
@given(data=st.data())
def test_the_terms_of_every_layer_make_its_numbers(layer, data, tmp_path_factory):
    params, x = data.draw(fst.cases(layer))
    program = record_step(params, x, np.zeros(()), ones, 0.1, inputs=True)
    leaves = {**leaves_of(params, "params"), **leaves_of(x, "x"), "lr": 0.1}
    job = {"program": program.to_json(), "inputs": {name: flat(a) for name, a in leaves.items()}}
    [made] = node_result(FOLLOWED, [job], tmp_path_factory.mktemp("layer"))
    assert made["wrong"] == []
