"""The networks that train on the pages of the site, by name: the arguments of `write_playground`."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

import funcnn as nn
from funcnn.layers import RNN, Last
from funcnn.losses import binary_cross_entropy_with_logits

sys.path.insert(0, str(Path(__file__).parent / "course"))

from networks import EXAMPLES

rng = np.random.default_rng(3)
places = rng.uniform(-1, 1, (80, 2)).round(3)
ring = (np.hypot(*places.T) < 0.6).astype(float)[:, None]
CORNERS, XOR = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]), np.array([[-1.0], [1.0], [1.0], [-1.0]])
angles = rng.uniform(0, 2, 90) + 2 * np.pi / 3 * (np.arange(90) % 3)
spirals = np.stack([np.cos(angles), np.sin(angles)], -1) * rng.uniform(0.3, 1, (90, 1))
waves = np.linspace(-2, 2, 40)[:, None]
few = rng.uniform(-1, 1, (12, 1)).round(2)
words, lights = rng.normal(size=(12, 8, 2)).round(2), np.zeros((12, 6, 6, 1))
for i, image in enumerate(lights):  # a bright row or a bright column
    image[(i // 2, slice(None)) if i % 2 else (slice(None), i // 2)] = 1

TITLES = {
    "1_line": "A line through two points",
    "2_chain_rule": "A line, squared",
    "3_dense": "Three outputs of two inputs",
    "4_training": "Exclusive or, with two relus",
    "5_softmax": "Probabilities of three classes",
    "6_layer": "A convolution of four numbers",
}


def net(*sizes: int, hidden: Any = None, seed: int = 0) -> Any:
    """Dense layers with tanh between them."""
    return nn.mlp([*sizes], hidden=hidden or nn.Tanh(), seed=seed)


def deep(hidden: Any) -> Any:
    """Six hidden layers."""
    return net(2, *[8] * 6, 1, hidden=hidden, seed=1)


def filled(value: float) -> Any:
    """The network of exclusive or with equal weights."""
    return nn.tree_map(lambda a: np.full_like(a, value), net(2, 4, 1, seed=2))


def unscaled(*between: Any) -> Any:
    """A network whose first layer gives large numbers."""
    first, *rest = net(2, 8, 1, seed=4)
    return (nn.evolve(first, W=20 * first.W), *between, *rest)


def as_logits(params: Any, *, optimizer: Any = (), lr: float = 1.0, **settings: Any) -> dict[str, Any]:
    """The ring, told by one logit."""
    given = {"params": params, "x": places, "y": ring, "loss": binary_cross_entropy_with_logits, "lr": lr}
    return {**given, "optimizer": optimizer, **settings}


def fit(params: Any, x: Any, y: Any, lr: float, **settings: Any) -> dict[str, Any]:
    """Squared errors."""
    return {"params": params, "x": x, "y": y, "loss": nn.mse, "lr": lr, **settings}


def of_sequences(layer: Any) -> tuple[Any, ...]:
    """A layer that reads a sequence, and an output from its last place."""
    return (layer, Last(), nn.Dense.init(6, 1, seed=9))


PLAYGROUNDS: dict[str, dict[str, Any]] = {
    "ring": {
        "params": (*net(2, 6, 5, 1, seed=1), nn.Sigmoid()),
        "x": places,
        "y": ring,
        "loss": nn.binary_cross_entropy,
        "lr": 0.3,
        "title": "A ring of points",
        "choices": {"with relu": (*net(2, 6, 5, 1, hidden=nn.Relu(), seed=1), nn.Sigmoid())},
    },
    **{
        unit: {**dict(zip(("params", "x", "y", "loss", "lr"), example, strict=True)), "title": TITLES[unit]}
        for unit, example in EXAMPLES.items()
    },
    "learning_rate": fit(net(1, 16, 1), waves, np.sin(2 * waves), 0.1, title="A curve, and the learning rate"),
    "zeros": fit(
        net(2, 4, 1, seed=2),
        *(CORNERS, XOR, 0.1),
        choices={"all weights 0": filled(0.0), "all weights 0.5": filled(0.5)},
        title="Exclusive or, from three starts",
    ),
    "vanishing_gradients": as_logits(
        deep(nn.Sigmoid()), choices={"tanh": deep(nn.Tanh()), "relu": deep(nn.Relu())}, title="Six hidden layers"
    ),
    "nan": fit((nn.Dense(np.ones((1, 1)), None),), np.ones((1, 1)), np.zeros((1, 1)), 2.0, title="A cost that grows"),
    "overfitting": fit(
        net(1, 30, 30, 1, seed=1),
        *(few, np.sin(3 * few) + rng.normal(0, 0.3, (12, 1)), 0.005),
        optimizer=nn.Adam(),
        choices={"a small network": (net(1, 4, 1, seed=1), nn.Adam())},
        title="Twelve points with noise",
    ),
    "batch_norm": as_logits(
        unscaled(nn.BatchNorm.init(8)),
        choices={"without batch norm": unscaled()},
        title="Large numbers, with batch norm and without",
    ),
    "softmax_derivative": {
        "params": net(2, 8, 3, seed=5),
        "x": spirals,
        "y": np.arange(90) % 3,
        "loss": nn.softmax_cross_entropy,
        "lr": 0.5,
        "title": "Three classes",
    },
    "convolution": {
        "params": (nn.Conv2d.init(1, 2, 3, seed=0), nn.Relu(), nn.Flatten(), nn.Dense.init(32, 2, seed=1)),
        "x": lights,
        "y": np.arange(12) % 2,
        "loss": nn.softmax_cross_entropy,
        "lr": 0.1,
        "title": "Bright rows and bright columns",
    },
    "lstm": fit(
        of_sequences(nn.LSTM.init(2, 6, seed=0)),
        *(words, words[:, 0, :1], 0.02),
        optimizer=nn.Adam(),
        choices={"a plain recurrent layer": (of_sequences(RNN.init(2, 6, seed=0)), nn.Adam())},
        title="The first number of a sequence, remembered",
    ),
    "attention": fit(
        (nn.Dense.init(2, 6, seed=1), *nn.transformer_block(6, 2, 12, seed=2), nn.Dense.init(6, 1, seed=3)),
        *(words[:, :5], words[:, :5, :1] - words[:, :5, :1].mean(axis=1, keepdims=True), 0.02),
        optimizer=nn.Adam(),
        title="Each number less the mean of its sequence",
    ),
}
