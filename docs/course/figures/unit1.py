"""The figures of unit 1: a line and its errors, the cost as a parabola, and the step."""

from __future__ import annotations

import numpy as np
from figures.pen import Axes, Picture, arrow, dot, line, number, picture, text
from networks import EXAMPLES

from funcnn import Dense, backward, forward, mse, sgd

_, X, Y, _, LR = EXAMPLES["1_line"]


def errors(W: float = 1.0, b: float = 0.0) -> Picture:
    """The line, the two labels, and the errors between them."""
    out, _ = forward(Dense(np.array([[W]]), np.array([b])), X)
    cost, _ = mse(out, Y)
    axes = Axes((0, 4), (0, 8))
    found = [number(e) for e in (out - Y).ravel()]
    parts = [axes.frame("x", "out", xticks=(1, 2, 3, 4), yticks=(2, 4, 6, 8))]
    parts.append(axes.curve([0, 4], [b, 4 * W + b]))
    for x, o, y, e in zip(X.ravel(), out.ravel(), Y.ravel(), found, strict=True):
        parts += [line([axes.at(x, o), axes.at(x, y)], "orange", 2.5), dot(axes.at(x, o), "blue"), dot(axes.at(x, y))]
        place = axes.at(x, (o + y) / 2)
        parts.append(text((place[0] + 7, place[1]), f"e = {e}", "orange", anchor="start"))
        place = axes.at(x, y)
        parts.append(text((place[0] - 9, place[1] - 6), f"y = {number(y)}", anchor="end"))
    parts.append(text(axes.at(3.95, 0.6), f"cost = {number(cost)}", bold=True, anchor="end"))
    alt = f"The line out = {number(W)} x + {number(b)}, two labels above x = 1 and x = 3, and the errors "
    return picture(
        f"{alt}{found[0]} and {found[1]} as vertical distances; the cost is {number(cost)}.", (360, 240), *parts
    )
