"""The scripts of a page in their order: those of each page, and those of what its middle shows."""

from __future__ import annotations

import math
from typing import Any

ENGINE = ("scalars", "engine", "loops", "movements", "trainer")
TERMS = ("numbers", "naming", "origin", "formula")
NETWORK = ("diagram", "units", "inspector", "cost", "gradients")
VIEWS = {"curve": ("points", "curve"), "plane": ("points", "plane"), "images": ("images",), "table": ("table",)}
PANEL = ("where", "arrays", "equations", "terms", "predict", "nudging", "address", "keys")


def scripts_of(view: str, choices: list[dict[str, Any]]) -> list[str]:
    """The names of the scripts for a view, of which "playground" starts the page."""
    surface = ["surface"] if any(map(_is_of_two_numbers, choices)) else []
    contour = ["contour"] if surface or view == "plane" else []
    return [*ENGINE, *TERMS, *NETWORK, *contour, *VIEWS[view], *surface, *PANEL, "playground", "rows"]


def _is_of_two_numbers(choice: dict[str, Any]) -> bool:
    """Whether a network has two trained numbers, so that its cost is a surface."""
    return sum([math.prod(choice["start"][f"params.{path}"]["shape"]) for path in choice["parameters"]]) == 2
