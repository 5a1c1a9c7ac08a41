"""The picture of normalisation.md: which numbers of a batch of images are normalised together."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import Array, BatchNorm, LayerNorm, backward, forward
from funcnn.layers import GroupNorm, InstanceNorm

mpl.use("Agg")  # the picture goes into a file: no screen needed
BLUE, PALE = "#1f6fb4", "#e4e7ec"
M, PLACES, C = 4, 5, 6
LAYERS = {
    "BatchNorm": BatchNorm.init(C),
    "LayerNorm, RMSNorm": LayerNorm.init(C),
    "GroupNorm, 2 groups": GroupNorm.init(C, groups=2),
    "InstanceNorm": InstanceNorm.init(C),
}


def reached(layer: object) -> Array:
    """Which entries of x move the output of the first example, first place, first channel: where its dx is not 0."""
    x = np.random.default_rng(0).normal(size=(M, PLACES, C))
    out, cache = forward(layer, x)
    dA = np.zeros_like(out)
    dA[0, 0, 0] = 1
    return backward(layer, cache, dA).x != 0


def draw() -> None:
    """A box of small cubes a layer: examples to the right, channels to the back, places upwards."""
    figure = plt.figure(figsize=(11, 3.1))
    for i, (name, layer) in enumerate(LAYERS.items()):
        axes = figure.add_subplot(1, len(LAYERS), i + 1, projection="3d", proj_type="ortho")
        blue = reached(layer)[:, ::-1].transpose(0, 2, 1)  # the first place on top
        colours = np.where(blue, BLUE, PALE)
        axes.voxels(np.ones_like(blue), facecolors=colours, edgecolor="white", linewidth=0.4, shade=False)
        axes.set_box_aspect((M, C, PLACES))
        axes.view_init(elev=24, azim=-50)
        axes.set_axis_off()
        axes.set_title(name, fontsize=11, y=0.97)
        for text, where in (("examples", (M / 2, -1.6, -0.6)), ("channels", (M + 1.2, C / 2, -0.8))):
            axes.text(*where, text, ha="center", va="top", fontsize=8, color="#667085")
        axes.text(-0.6, -0.6, PLACES / 2, "places", ha="right", va="center", fontsize=8, color="#667085")
    figure.subplots_adjust(left=0.025, right=1, bottom=0.02, top=0.92, wspace=0)
    figure.savefig("docs/layers/normalisation.png", dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    draw()
