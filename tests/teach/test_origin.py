"""Where a number of a page comes from: expressions that are computed again, and how they read."""

from pathlib import Path

import numpy as np
import pytest

from funcnn import (
    GRU,
    BatchNorm,
    Conv2d,
    Dense,
    Embedding,
    Flatten,
    LayerNorm,
    MaxPool,
    Momentum,
    Relu,
    Sigmoid,
    Tanh,
    binary_cross_entropy,
    mlp,
    mse,
    softmax_cross_entropy,
    transformer_block,
)
from funcnn.layers import Last
from funcnn.teach import write_playground
from tests.teach.playing import data_of_page, node_result

rng = np.random.default_rng(0)
x2, x4 = rng.normal(size=(7, 2)), rng.normal(size=(5, 6, 4))
labels = rng.integers(0, 3, 7)
NETWORKS = {
    "dense": (
        (*mlp([2, 4, 3, 1], hidden=Tanh(), seed=0), Sigmoid()),
        *(x2, (x2[:, :1] > 0) * 1.0, binary_cross_entropy),
    ),
    "norms": (
        (Dense.init(2, 4, seed=0), LayerNorm.init(4), BatchNorm.init(4), Relu(), Dense.init(4, 3, seed=1)),
        *(x2, labels, softmax_cross_entropy),
    ),
    "images": (
        (Conv2d.init(1, 2, 3, seed=0, padding=1), Relu(), MaxPool(2), Flatten(), Dense.init(8, 3, seed=1)),
        *(rng.normal(size=(3, 4, 4, 1)), labels[:3], softmax_cross_entropy),
    ),
    "sequences": (
        (GRU.init(4, 3, seed=0), Last(), Dense.init(3, 2, seed=1)),
        *(x4, rng.normal(size=(5, 2)), mse),
    ),
    "words": (
        (Embedding.init(9, 4, seed=0), Flatten(), Dense.init(8, 3, seed=1)),
        *(rng.integers(0, 9, (7, 2)), labels, softmax_cross_entropy),
    ),
    "attention": (transformer_block(4, 2, 8, seed=6), x4, x4, mse),
}
COMPUTED = Path(__file__).with_name("origin.js").read_text("utf-8")


def origins_of(name, folder, optimizer=()):
    params, x, y, loss = NETWORKS[name]
    write_playground(params, x, y, loss, 0.1, folder / "page.html", optimizer=optimizer)
    return node_result(COMPUTED, data_of_page(folder / "page.html"), folder)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_terms_of_each_number_make_it(name, tmp_path):
    made = origins_of(name, tmp_path)
    assert made["wrong"] == []
    assert made["count"] > 60


def test_terms_of_an_optimizer_with_memory(tmp_path):
    made = origins_of("dense", tmp_path, Momentum())
    assert made["wrong"] == []


def test_expressions_have_the_names_of_the_rules(tmp_path):
    texts = origins_of("dense", tmp_path)["texts"]
    assert "forward of 2 Dense: out[0,0] = Σₖ x[0,k] · W[k,0] + b[0]" in texts
    assert "backward of 2 Dense: dW[0,0] = Σₖ x[k,0] · dA[k,0]" in texts
    assert "forward of 1 Tanh: out[0,0] = tanh(x[0,0])" in texts
    assert "sgd: W after[0,0] = W[0,0] \N{MINUS SIGN} lr · dW[0,0]" in texts
    assert not [text for text in texts if "(…)" in text]
