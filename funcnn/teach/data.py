"""The data of a page as JSON: arrays, steps, terms and nudges."""

from __future__ import annotations

import base64
import math
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.core import Loss
from funcnn.inspection.tracing import trace
from funcnn.teach.nudges import STEP, moved, nudgeable, nudged
from funcnn.teach.rows import StepArray
from funcnn.teach.steps import Walk, inner_first
from funcnn.trees.walks import arrays_in

MOST_NUDGED = 1000  # numbers, each with two forwards
MOST_REPLAYED = 6000  # numbers of all forwards together
MOST_SIZE = 1e6  # of a number that is nudged: h must not be lost in rounding
STEPS = {8: STEP, 4: 2.0**-6}  # by the bytes of a number


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
        starts = np.unique([i * flat.shape[axis] // most for i in range(most)])
        counts = np.diff([*starts, flat.shape[axis]])
        flat = np.add.reduceat(flat, starts, axis) / (counts[:, None] if axis == 0 else counts)
    finite = np.nan_to_num(flat, nan=0.0, posinf=0.0, neginf=0.0)
    levels = 128 + np.rint(127 * finite / (abs(finite).max() or 1.0))
    legend = {name: float(f(values)) if values.size else 0.0 for name, f in _LEGEND.items()}
    shown = base64.b64encode(levels.astype(np.uint8).tobytes()).decode()
    return {"rows": flat.shape[0], "columns": flat.shape[1], "levels": shown, **legend}


_LEGEND: dict[str, Any] = {"least": np.min, "mean": np.mean, "most": np.max}


def nudges_of(walk: Walk, params: Any, x: Any, y: Any, loss: Loss, most: int) -> dict[int, dict[str, Any]]:
    """By the row of a parameter or of x: h, the costs and, where they are few, the outputs at -h and at +h.

    Arrays of more than `most` numbers are left out.
    """
    rows, seen = walk.rows, walk.seen
    arrays = [
        (path, a, index)
        for path, a in nudgeable(params, x).items()
        if (index := rows.index(a)) is not None and 0 < a.size <= most
        if a.dtype.itemsize in STEPS and abs(a).max() < MOST_SIZE
    ]
    count = sum([a.size for _, a, _ in arrays])
    if count > MOST_NUDGED:
        return {}
    made = [i for step in walk.steps if step.phase == "forward" for _, i in step.made]
    ends = {i for step in walk.steps if step.phase == "loss" for _, i in step.given}
    choices = [[k for k, i in enumerate(made) if i in wanted and i not in made[:k]] for wanted in (set(made), ends)]
    widths = [sum([rows.rows[made[k]].values.size for k in places]) for places in choices]
    fitting = [pair for pair in zip(choices, widths, strict=True) if 2 * count * pair[1] <= MOST_REPLAYED]
    places, width = fitting[0] if fitting else ([], 0)
    gradients, found = {**nudgeable(seen.grads.params, None), "x": seen.grads.x}, {}
    for path, a, index in arrays:
        h, costs, outs = STEPS[a.dtype.itemsize], list[tuple[float, float]](), list[Any]()
        for place in np.ndindex(a.shape):
            if width:
                both = [trace(*moved(params, x, path, place, step), y, loss) for step in (-h, h)]
                costs.append((float(both[0].cost), float(both[1].cost)))
                for again in both:
                    made_again = [out for i in inner_first(again.visits) for out in arrays_in((again.visits[i].out,))]
                    outs += [made_again[k].ravel() for k in places]
            else:
                nudge = nudged(params, x, y, loss, path, place, h)
                costs.append((nudge.below, nudge.above))
        below, above = zip(*costs, strict=True)
        found[index] = {
            "h": h,
            "below": encoded(below),
            "above": encoded(above),
            "gradient": rows.index(gradients.get(path)),
            "replayed": [made[k] for k in places],
            "width": width,
            "replay": encoded(np.concatenate(outs)) if outs else "",
        }
    return found
