"""The picture of embedding.md: sinusoidal positions, and dot products of rotated vectors against their distance."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import forward
from funcnn.layers import SinusoidalPosition, rotate

mpl.use("Agg")  # the picture goes into a file: no screen needed
PLACES, FEATURES = 60, 64


def main() -> None:
    """Draw `embedding.png`."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained")
    waves, _ = forward(SinusoidalPosition(), np.zeros((1, PLACES, FEATURES)))
    image = left.imshow(waves[0], cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    left.set(xlabel="feature", ylabel="place", title="Added by SinusoidalPosition")
    figure.colorbar(image, ax=left)
    one = np.ones((PLACES, FEATURES)) / np.sqrt(FEATURES)
    products = rotate(one) @ rotate(one).T  # of vectors that are equal before they are turned
    for place, style in ((0, "-"), (20, "--"), (45, ":")):
        right.plot(np.arange(PLACES) - place, products[place], style, label=f"a query at place {place}")
    right.set(xlabel="place of the key - place of the query", ylabel="dot product", title="Turned by Rotary")
    right.legend()
    figure.savefig("embedding.png", dpi=110)


if __name__ == "__main__":
    main()
