"""The picture of attention.md: the weights of layers that are not trained yet."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import Attention, forward
from funcnn.layers import Rotary

mpl.use("Agg")  # the picture goes into a file: no screen needed
mpl.rcParams.update({"font.size": 8, "axes.titlesize": 8})
PLACES, FEATURES, GAPS = 12, 16, (3, 4, 9)


def weights(layer: Attention, x: Any) -> Any:
    """Of the only sequence and head, a row for each query: they are in the cache."""
    _, (_, cache) = forward(layer, x)
    return cache.weights[0, 0]


def main() -> None:
    """Draw `attention.png`."""
    x = np.random.default_rng(4).standard_normal((1, PLACES, FEATURES))
    mask = ~np.isin(np.arange(PLACES), GAPS)[None]
    layer, causal = (Attention.init(FEATURES, 1, seed=1, causal=causal) for causal in (False, True))
    same = np.ones_like(x) / 2
    turned = Attention(layer.query, layer.query, layer.value, layer.out, 1, rotary=Rotary(base=100.0))
    drawn = {
        "all": weights(layer, x),
        "causal=True": weights(causal, x),
        "causal, and a mask with gaps": weights(causal, (x, mask)),
        "the same x everywhere, rotary": weights(turned, same),
    }
    figure, axes = plt.subplots(2, 2, figsize=(5.2, 5.4), layout="constrained")  # a phone shows it without scrolling
    for ax, (title, w) in zip(axes.flat, drawn.items(), strict=True):
        ax.imshow(np.where(w > 0, w, np.nan), cmap="Blues", vmin=0, vmax=w.max())
        ax.set(title=title, xlabel="key", facecolor="0.9", xticks=range(0, PLACES, 2), yticks=range(0, PLACES, 2))
        ax.label_outer()
    for ax in axes[:, 0]:
        ax.set(ylabel="query")
    figure.savefig("attention.png", dpi=110)


if __name__ == "__main__":
    main()
