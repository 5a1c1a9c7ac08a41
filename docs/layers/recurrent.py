"""The picture of recurrent.md: the size of the gradient against the steps back, in layers that are not trained yet."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import GRU, LSTM, backward, evolve, forward
from funcnn.layers import RNN

mpl.use("Agg")  # the picture goes into a file: no screen needed
ROWS, STEPS, FEATURES, WIDTH = 64, 60, 8, 24


def reach(layer: Any) -> Any:
    """The size of the gradient of the last out with respect to each x, the last first, relative to that of the last."""
    rng = np.random.default_rng(0)
    out, cache = forward(layer, rng.standard_normal((ROWS, STEPS, FEATURES)))
    dA = np.zeros_like(out)
    dA[:, -1] = rng.standard_normal((ROWS, WIDTH))
    size = np.sqrt((backward(layer, cache, dA).x ** 2).sum(axis=(0, 2)))
    return size[::-1] / size[-1]


def main() -> None:
    """Draw `recurrent.png`."""
    rnn, gru, lstm = (kind.init(FEATURES, WIDTH, seed=0) for kind in (RNN, GRU, LSTM))
    layers = {
        "LSTM, its forget gate started at 3": evolve(lstm, b=3 * lstm.b),
        "LSTM": lstm,
        "LSTM, its forget gate started at 0": evolve(lstm, b=0 * lstm.b),
        "RNN": rnn,
        "GRU": gru,
    }
    figure, axes = plt.subplots(figsize=(8, 4.2), layout="constrained")
    for name, layer in layers.items():
        axes.semilogy(reach(layer), label=name)
    axes.set(xlabel="steps back", ylabel="gradient, relative to the last step's", title="Vanishing gradients")
    axes.legend()
    figure.savefig("recurrent.png", dpi=110)


if __name__ == "__main__":
    main()
