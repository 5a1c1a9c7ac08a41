"""The Axes that a plot draws on."""

from __future__ import annotations

from typing import Annotated

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from funcnn.needs import instance

Ax = Annotated[Axes, instance(Axes, "an Axes of matplotlib")]


def axes_of(ax: Axes | None) -> Axes:
    """`ax`, or the Axes of a new figure."""
    return plt.subplots()[1] if ax is None else ax
