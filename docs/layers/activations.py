"""The picture of activations.md: each activation of one number, and its slope, between -4 and 4."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from funcnn import Gelu, Relu, Sigmoid, Tanh, backward, forward
from funcnn.layers import (
    Celu,
    Elu,
    ExactGelu,
    HardShrink,
    HardSigmoid,
    HardSwish,
    HardTanh,
    Identity,
    LeakyRelu,
    LogSigmoid,
    Mish,
    PRelu,
    Relu6,
    Selu,
    Silu,
    Sine,
    Softplus,
    SoftShrink,
    Softsign,
    TanhShrink,
)

mpl.use("Agg")  # the picture goes into a file: no screen needed
BLUE, RED, GREY = "#1f6fb4", "#d1495b", "#cccccc"
LAYERS: dict[str, Any] = {
    "Identity()": Identity(),
    "Relu()": Relu(),
    "LeakyRelu(0.1)": LeakyRelu(0.1),
    "PRelu.init()": PRelu.init(),
    "Elu()": Elu(),
    "Celu(0.5)": Celu(0.5),
    "Selu()": Selu(),
    "Softplus()": Softplus(),
    "Gelu()": Gelu(),
    "ExactGelu()": ExactGelu(),
    "Silu()": Silu(),
    "Mish()": Mish(),
    "Sigmoid()": Sigmoid(),
    "Tanh()": Tanh(),
    "Softsign()": Softsign(),
    "LogSigmoid()": LogSigmoid(),
    "TanhShrink()": TanhShrink(),
    "Sine(2)": Sine(2),
    "HardSigmoid()": HardSigmoid(),
    "HardTanh()": HardTanh(),
    "Relu6()": Relu6(),
    "HardSwish()": HardSwish(),
    "SoftShrink()": SoftShrink(),
    "HardShrink()": HardShrink(),
}


def main() -> None:
    """Draw `activations.png`."""
    x = np.linspace(-4, 4, 1601)[:, None]
    figure, axes = plt.subplots(4, 6, figsize=(10, 7.7), layout="constrained", sharex=True, sharey=True)
    for ax, (call, layer) in zip(axes.flat, LAYERS.items(), strict=True):
        out, cache = forward(layer, x)
        slope = backward(layer, cache, np.ones_like(x)).x
        ax.axhline(0, color=GREY, lw=0.8)
        ax.axvline(0, color=GREY, lw=0.8)
        for y, color, width in ((slope, RED, 1.2), (out, BLUE, 1.8)):
            jump = abs(np.diff(y, axis=0, append=y[-1:])) > 0.05  # a line across it would be part of no function
            ax.plot(x, np.where(jump, np.nan, y), color=color, lw=width)
        ax.set_title(call, fontsize=9, family="monospace")
        ax.set(xlim=(-4, 4), ylim=(-2.2, 3.2), xticks=[-3, 0, 3], yticks=[-1, 0, 1, 2])
        ax.tick_params(labelsize=8)
    lines = [plt.Line2D([], [], color=color, lw=width) for color, width in ((BLUE, 1.8), (RED, 1.2))]
    figure.legend(lines, ["out", "slope"], loc="outside upper right", ncols=2, frameon=False)
    figure.savefig("activations.png", dpi=110)


if __name__ == "__main__":
    main()
