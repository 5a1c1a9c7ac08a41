"""The data of a page as JSON: arrays, steps, terms and nudges."""

from __future__ import annotations

import base64
import math
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.teach.rows import StepArray
from funcnn.teach.steps import Walk


def encoded(values: Any) -> str:
    """Float64 in base64, eight bytes each, the least significant first."""
    return base64.b64encode(np.ascontiguousarray(values, "<f8").tobytes()).decode()


def data_of(walk: Walk, nudges: dict[int, dict[str, Any]], numbers: int, cells: int) -> dict[str, Any]:
    """The page without the terms; arrays of more than `numbers` numbers are heat maps of at most `cells` cells."""
    rows = [_row(row, numbers, cells) for row in walk.rows.rows]
    names = [row.name for row in walk.rows.rows]
    for index, nudge in nudges.items():
        if nudge["gradient"] is not None:
            rows[nudge["gradient"]]["nudges"] = index
    steps = [attrs.asdict(step) for step in walk.steps]
    return {"cost": names.index("cost"), "after": walk.after, "rows": rows, "steps": steps, "nudges": nudges}


def _row(row: StepArray, numbers: int, cells: int) -> dict[str, Any]:
    values = np.asarray(row.values)
    n = values.ndim
    found: dict[str, Any] = {
        "name": row.name,
        "shape": values.shape,
        "axes": [axis % n for axis in row.axes[-n:]] if n else [],
    }
    if values.dtype.kind == "b":
        found["type"] = "bool"
    if values.size and (values.size <= numbers or n == 0):
        return {**found, "values": encoded(values)}
    return {**found, "heat": _heat(values, cells)}


def _heat(values: Array, cells: int) -> dict[str, Any]:
    """The means of blocks of rows and columns, as levels from 1 to 255, where 128 is 0; and the legend."""
    flat = np.asarray(values, np.float64)
    flat = flat.reshape(-1, flat.shape[-1]) if flat.size else np.zeros((1, 1))
    for axis, most in ((0, max(1, math.isqrt(cells // 2))), (1, max(1, math.isqrt(2 * cells)))):
        starts = np.unique(np.arange(most) * flat.shape[axis] // most)
        counts = np.diff([*starts, flat.shape[axis]])
        flat = np.add.reduceat(flat, starts, axis) / (counts[:, None] if axis == 0 else counts)
    finite = np.nan_to_num(flat, nan=0.0, posinf=0.0, neginf=0.0)
    levels = 128 + np.rint(127 * finite / (abs(finite).max() or 1.0))
    legend = {name: float(f(values)) if values.size else 0.0 for name, f in _LEGEND.items()}
    shown = base64.b64encode(levels.astype(np.uint8).tobytes()).decode()
    return {"rows": flat.shape[0], "columns": flat.shape[1], "levels": shown, **legend}


_LEGEND: dict[str, Any] = {"least": np.min, "mean": np.mean, "most": np.max}
