"""The Axes that a plot draws on."""

from __future__ import annotations

from typing import Annotated, Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from funcnn.arrays import kind
from funcnn.errors import KindError
from funcnn.needs import passing


def check_axes(function: str, argument: str, ax: Any) -> None:
    """Check that `ax` is an Axes."""
    if not isinstance(ax, Axes):
        raise KindError(f"{function}: {argument} must be an Axes of matplotlib, not {kind(ax)}")


Ax = Annotated[Axes, passing("an Axes of matplotlib", check_axes)]


def axes_of(ax: Axes | None) -> Axes:
    """`ax`, or the Axes of a new figure."""
    return plt.subplots()[1] if ax is None else ax
