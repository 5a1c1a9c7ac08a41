"""The Axes that a plot draws on."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from funcnn.arrays import kind
from funcnn.errors import KindError


def axes(name: str, ax: Any) -> Axes:
    """`ax`, or the Axes of a new figure; a KindError if `ax` is of another kind."""
    if ax is None:
        return plt.subplots()[1]
    if not isinstance(ax, Axes):
        raise KindError(f"{name}: ax must be an Axes of matplotlib, not {kind(ax)}")
    return ax
