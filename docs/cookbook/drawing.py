"""What several pictures share: the values of a page, and the plane of a network of two inputs."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from funcnn import predict

PAGES = Path(__file__).parent
Values = dict[str, Any]


def values_of(page: str) -> Values:
    """All names of a page's Python blocks, which are run one after another."""
    names: Values = {"__name__": "__main__"}
    for block in re.findall(
        r"^```python\n(.*?)^```", (PAGES / f"{page}.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    ):
        exec(compile(block, page, "exec"), names)  # noqa: S102  the pages are ours
    return names


def plane(ax: Any, net: Any, reach: tuple[float, float], after: Any = ()) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grid of the plane, and what a network of two inputs gives there."""
    across, up = np.meshgrid(np.linspace(-reach[0], reach[0], 160), np.linspace(-reach[1], reach[1], 160))
    out = predict((net, *after), np.stack([across, up], axis=-1).reshape(-1, 2))
    ax.set(xticks=[], yticks=[], aspect="equal")
    return across, up, out.reshape(160, 160, -1)


def moons(v: Values, ax: Any) -> None:
    """The examples of two classes."""
    ax.scatter(*v["x"].T, s=14, c=v["y"].ravel(), cmap="RdBu_r", edgecolors="white", linewidths=0.5)
