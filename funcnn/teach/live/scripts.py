"""The script of a page: the parts of every page, those of its middle, and the functions that its programs need."""

from __future__ import annotations

import math
from typing import Any

from funcnn.formulas.table import FORMULAS
from funcnn.teach.html import asset
from funcnn.teach.live.functions import functions_script

ENGINE = ("scalars", "engine", "loops", "functions", "movements", "trainer")
TERMS = ("numbers", "naming", "origin", "formula")
NETWORK = ("diagram", "units", "inspector", "cost", "gradients")
VIEWS = {"curve": ("points", "curve"), "plane": ("points", "plane"), "images": ("images",), "table": ("table",)}
PANEL = ("where", "arrays", "equations", "terms", "predict", "nudging", "address", "keys")


def script_of(view: str, choices: list[dict[str, Any]]) -> str:
    """The script for a view, in which "playground" starts the page."""
    surface = ["surface"] if any(map(_is_of_two_numbers, choices)) else []
    contour = ["contour"] if surface or view == "plane" else []
    names = [*ENGINE, *TERMS, *NETWORK, *contour, *VIEWS[view], *surface, *PANEL, "playground", "rows"]
    functions = functions_script(_operations(choices) & FORMULAS.keys())
    return "".join([functions if name == "functions" else asset(f"live/{name}.js") for name in names])


def _operations(choices: list[dict[str, Any]]) -> set[str]:
    """The names of the operations of the programs, also of those for fewer rows."""
    parts = [part for choice in choices for part in (choice, *choice.get("fewer", {}).values())]
    programs = [part[name] for part in parts for name in ("first", "next", "predict") if name in part]
    return {operation[0] for program in programs for operation in program["operations"]}


def _is_of_two_numbers(choice: dict[str, Any]) -> bool:
    """Whether a network has two trained numbers, so that its cost is a surface."""
    return sum([math.prod(choice["start"][f"params.{path}"]["shape"]) for path in choice["parameters"]]) == 2
