"""Forward again with one number changed by -h and +h, for each number of the parameters and of x."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.core import Loss
from funcnn.inspection.tracing import trace
from funcnn.teach.data import encoded
from funcnn.teach.nudges import STEP, moved, nudgeable, nudged
from funcnn.teach.steps import Walk, inner_first
from funcnn.trees.walks import arrays_in

MOST_NUDGED = 1000  # numbers, each with two forwards
MOST_REPLAYED = 6000  # numbers of all forwards together
MOST_SIZE = 1e6  # of a number that is nudged: h must not be lost in rounding
STEPS = {8: STEP, 4: 2.0**-6}  # by the bytes of a number


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
