"""The figure of the homework: bumps of three widths above the distance, and a bump too far away to have a slope."""

from __future__ import annotations

import numpy as np

from figures.pen import Axes, Picture, dot, number, picture, text


def bump(widths: tuple[float, ...] = (0.25, 1.0, 4.0)) -> Picture:
    """The output of a unit with its centre at 0, for three widths; the rows of x are dots."""
    axes, x = Axes((-3, 5), (0, 1.1), (30, 30), (310, 130)), np.linspace(-3, 5, 161)
    parts = [axes.frame("x, with c = 0", "out", xticks=(-2, 0, 2, 4), yticks=(0, 1))]
    for i, (b, color) in enumerate(zip(widths, ("green", "blue", "orange"), strict=True)):
        parts.append(axes.curve(x, np.exp(-b * x**2), color))
        parts.append(text((340, 40 + 20 * i), f"b = {number(b)}", color, anchor="end", size=14))
    parts += [dot(axes.at(row, 0), "ink", 4) for row in (-1.2, -0.4, 0.3, 4.4)]
    parts.append(text((352, axes.at(0, 0.17)[1]), "no slope here", "grey", anchor="end", size=13))
    alt = f"The output of a unit above x: a bump of height 1 around its centre, wider for b = {number(widths[0])} than"
    return picture(
        f"{alt} for b = {number(widths[-1])}. For a row far from the centre all are flat.", (360, 206), *parts
    )
