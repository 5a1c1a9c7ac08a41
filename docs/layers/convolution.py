"""The picture of convolution.md: which places each window covers, computed by the layers themselves."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from funcnn import MaxPool
from funcnn.layers import Conv1d, ConvTranspose2d
from funcnn.layers.convolution.windows import Axis

mpl.use("Agg")  # the picture goes into a file: no screen needed
BLUE, ORANGE, GREY = "#1f6fb4", "#d95f02", "#999999"


def conv(size: int, places: int, **settings: object) -> tuple[Axis, bool]:
    """The windows of a Conv1d over so many places."""
    return Conv1d(np.ones((size, 1, 1)), None, **settings).windows(np.ones((1, places, 1)))[1], False


def pool(size: int, places: int, **settings: object) -> tuple[Axis, bool]:
    """The windows of a MaxPool."""
    return MaxPool(size, **settings).windows(np.ones((1, places, 1)))[1], False


def transposed(size: int, places: int, **settings: object) -> tuple[Axis, bool]:
    """The windows over out of a row of a ConvTranspose2d."""
    layer = ConvTranspose2d(np.ones((1, size, 1, 1)), None, **settings)
    return layer.windows(np.ones((1, 1, places, 1)))[1], True


PANELS = {
    "kernel 3": conv(3, 8),
    'kernel 3, padding="same"': conv(3, 8, padding="same"),
    'kernel 4, padding="same"': conv(4, 8, padding="same"),
    'kernel 3, stride 2, padding="same"': conv(3, 8, stride=2, padding="same"),
    "kernel 2, dilation 3, padding=(3, 0): causal": conv(2, 8, dilation=3, padding=(3, 0)),
    "MaxPool(2)": pool(2, 8),
    'MaxPool(3, 2, "same")': pool(3, 8, stride=2, padding="same"),
    "ConvTranspose2d: kernel 4, stride (1, 2)": transposed(4, 4, stride=(1, 2)),
    'the same, padding="same"': transposed(4, 4, stride=(1, 2), padding="same"),
}


def draw(axes: Axes, axis: Axis, *, upside_down: bool) -> None:
    """Places in a row, those added as padding dashed, and above each window a line to what it sees."""
    many, few = (1, 0) if upside_down else (0, 1)  # a transposed convolution goes from few to many
    middle = [o * axis.stride + (axis.reach - 1) / 2 - axis.before for o in range(axis.out)]
    for o, at in enumerate(middle):
        color = ORANGE if o == axis.out // 2 else GREY
        for tap in range(axis.size):
            place = o * axis.stride + tap * axis.dilation - axis.before
            axes.plot([at, place], [few, many], color=color, lw=2 if color == ORANGE else 0.8, zorder=1)
    for place in range(-axis.before, axis.positions + axis.after):
        inside = 0 <= place < axis.positions
        axes.plot(place, many, "s", ms=11, mec=BLUE if inside else GREY, mfc=BLUE if inside else "white", zorder=2)
    axes.plot(middle, [few] * axis.out, "s", ms=11, color=BLUE, zorder=2)
    axes.set(xlim=(-4, 10.5), ylim=(-0.35, 1.35))
    for y, name in ((0, "x"), (1, "out")):
        axes.text(-3.9, y, name, va="center")
    axes.axis("off")


def main() -> None:
    """Draw `convolution.png`."""
    figure, grid = plt.subplots(3, 3, figsize=(11, 5.4), layout="constrained")
    for axes, (title, (axis, upside_down)) in zip(grid.flat, PANELS.items(), strict=True):
        draw(axes, axis, upside_down=upside_down)
        axes.set_title(title, fontsize=9, family="monospace")
    figure.savefig("convolution.png", dpi=110)


if __name__ == "__main__":
    main()
