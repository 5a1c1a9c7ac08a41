"""The pages of one training step that docs/stepper.md leads to, written beside it."""

from pathlib import Path

import numpy as np
from sphinx.application import Sphinx

from funcnn import LSTM, Dense, Relu, Tanh, binary_cross_entropy_with_logits, mse
from funcnn.layers import Last
from funcnn.teach import write_steps


def write(app: Sphinx, error: Exception | None) -> None:
    """Called when all pages are written."""
    if app.builder.name != "html" or error is not None:
        return
    out = Path(app.outdir)
    screen = (
        Dense(np.array([[1.0, 2.0], [1.0, -1.0]]), np.array([0.0, -1.0])),
        Relu(),
        Dense(np.array([[2.0], [-1.0]]), np.array([1.0])),
    )
    x, y = np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[4.0], [6.0]])
    write_steps(screen, x, y, mse, 0.01, out / "step_one_screen.html")

    angle = np.linspace(0, np.pi, 8)[:-1]  # the outermost point of each petal of examples/rose.py
    r = 4 * np.cos(7 * angle)
    points = np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1).round(1)
    is_blue = np.arange(7)[:, None] % 3 == 0
    rose = (Dense.init(2, 4, seed=0), Tanh(), Dense.init(4, 1, seed=1))
    write_steps(rose, points, is_blue, binary_cross_entropy_with_logits, 1.2, out / "step_rose.html")

    words = np.random.default_rng(0).normal(size=(2, 3, 2)).round(1)
    memory = (LSTM.init(2, 2, seed=0), Last(), Dense.init(2, 1, seed=1))
    write_steps(memory, words, np.array([[1.0], [-1.0]]), mse, 0.1, out / "step_lstm.html")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True}
