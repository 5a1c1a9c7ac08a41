"""The diagrams of the questions that are circuits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from diagrams import BLUE, GREEN, GREY, ORANGE, RED, Values, arrow, box, node

Point = tuple[float, float]


def circuit(ax: Any, gates: dict[Point, str], wires: Sequence[tuple[Point, Point, str, float | None]]) -> None:
    """Draw gates and the wires between them: above a wire its value, forward; below it the gradient, backward.

    A wire without a gradient is a line to a branch, with its text at its start.
    """
    for at, sign in gates.items():
        node(ax, at, sign, "#eeeeee")
    for start, end, value, gradient in wires:
        a, b = np.array(start), np.array(end)
        unit = (b - a) / np.linalg.norm(b - a)
        a, b = a + 0.32 * unit * (start in gates), b - 0.32 * unit * (end in gates)
        if end in gates or gradient is None or end[0] > 8:
            arrow(ax, (a[0], a[1]), (b[0], b[1]), "black", 1.2)
        else:
            ax.plot(*zip(a, b, strict=True), color="black", lw=1.2)
            ax.plot(*b, "o", color="black", ms=4)
        x, y = (a + b) / 2
        side = int(np.sign(np.round(unit[1], 1)))  # a wire that rises has its value on its left, clear of the wire
        first, second = ("left", "center", "right")[side + 1], ("right", "center", "left")[side + 1]
        dx, dy = 0.08 * side, 0.08
        ax.text(x - dx, y + dy, value, color=BLUE, ha=first, va="bottom")
        if gradient is not None:
            ax.text(x + dx, y - dy, f"{gradient:g}", color=ORANGE, ha=second, va="top")
    ax.set(aspect="equal")
    ax.axis("off")


def colours(ax: Any, at: Point) -> None:
    """Say what the two colours mean."""
    ax.text(*at, "blue: values, forward", color=BLUE, ha="right")
    ax.text(at[0], at[1] - 0.45, "orange: gradients, backward", color=ORANGE, ha="right")


def what_dA_is(v: Values, axes: Any) -> None:  # noqa: N802  the page's name
    """Draw the picture of the page of this name."""
    first, plus, last, branch = (2.0, 1.5), (4.5, 1.0), (7.0, 0.5), (1.0, -0.6)
    wires = [
        ((0.0, 2.0), first, f"w = {v['w']:g}", v["dw"]),
        (branch, first, "", v["x_from_z"]),
        (first, plus, f"z = {v['z']:g}", v["dz"]),
        ((2.4, 0.0), plus, f"b = {v['b']:g}", v["db"]),
        (plus, last, f"s = {v['s']:g}", v["ds"]),
        (branch, last, "", v["x_from_cost"]),
        (last, (9.4, 0.5), f"cost = {v['cost']:g}", v["dcost"]),
        ((-0.2, -0.6), branch, f"x = {v['x']:g}", v["dx"]),
    ]
    circuit(axes[0], {first: "$\\times$", plus: "+", last: "$\\times$"}, wires)
    colours(axes[0], (9.4, 2.2))
    axes[0].set(xlim=(-0.6, 9.6), ylim=(-1.2, 2.6))


def gates(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    first, larger, plus, last, branch = (2.2, 2.6), (2.2, -0.2), (4.2, 1.3), (6.2, 1.3), (0.9, 1.3)
    wires = [
        ((0.2, 2.6), first, f"w = {v['w']:g}", v["dw"]),
        (branch, first, "", v["x_from_z"]),
        (branch, larger, "", v["x_from_m"]),
        ((0.2, -0.2), larger, f"c = {v['c']:g}", v["dc"]),
        (first, plus, f"z = {v['z']:g}", v["dz"]),
        (larger, plus, f"m = {v['m']:g}", v["dm"]),
        (plus, last, f"s = {v['s']:g}", v["ds"]),
        ((6.2, -1.0), last, f"v = {v['v']:g}", v["dv"]),
        (last, (8.2, 1.3), f"cost = {v['cost']:g}", v["dcost"]),
        ((-0.5, 1.3), branch, f"x = {v['x']:g}", v["dx"]),
    ]
    circuit(axes[0], {first: "$\\times$", larger: "max", plus: "+", last: "$\\times$"}, wires)
    for at, text in (
        *(((2.2, 3.0), "swaps"), ((2.2, -0.95), "routes"), ((4.9, 0.5), "distributes"), ((6.2, 1.7), "swaps")),
        ((0.6, 0.45), "adds"),
    ):
        axes[0].text(*at, text, ha="center", va="bottom", color=GREY, style="italic")
    colours(axes[0], (8.25, 3.0))
    axes[0].set(xlim=(-0.65, 8.35), ylim=(-1.1, 3.4))


def step(ax: Any) -> None:
    """Draw one step of an LSTM."""
    for at, sign in (((2, 3), "$\\times$"), ((4, 3), "+"), ((4, 1.6), "$\\times$"), ((6, 1.6), "$\\times$")):
        node(ax, at, sign, "#eeeeee")
    box(ax, (6, 2.3), "tanh", "#888888", 1.3)
    for left, right in ((0.5, 1.7), (2.3, 3.7), (4.3, 7.4)):
        arrow(ax, (left, 3), (right, 3), ORANGE, 2.5)
    for start, end in (
        *(((2, 0.75), (2, 2.7)), ((3.4, 0.75), (3.85, 1.32)), ((4.6, 0.75), (4.15, 1.32)), ((4, 1.9), (4, 2.7))),
        *(((6, 3), (6, 2.56)), ((6, 2.04), (6, 1.9)), ((6, 0.75), (6, 1.3)), ((6.3, 1.6), (7.4, 1.6))),
    ):
        arrow(ax, start, end, "black", 1)
    for x, text in ((2.0, "$f_t$"), (3.4, "$i_t$"), (4.6, "$g_t$"), (6.0, "$o_t$")):
        ax.text(x, 0.6, text, ha="center", va="top")
    for x, y, text in ((0.4, 3.0, "$c_{t-1}$"), (8.3, 3.0, "$c_t$"), (8.3, 1.6, "$h_t$")):
        ax.text(x, y, text, ha="right", va="center")
    ax.text(4, -0.45, "all four from $x_t$ and $h_{t-1}$", ha="center")
    ax.set(xlim=(-0.8, 8.6), ylim=(-0.7, 3.5), aspect="equal", title="One step; the path of the cell is orange")
    ax.axis("off")


def lstm(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    step(axes[0])
    for (name, found), color in zip(v["reach"].items(), (RED, BLUE, GREEN), strict=True):
        axes[1].semilogy(np.arange(v["t"])[::-1], found, color=color, label=name)
    axes[1].set(xlabel="steps back from the last output", title="Size of the gradient of x", ylim=(1e-9, 5))
    axes[1].legend(loc="lower left")


def lstm_gates(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    step(axes[0])
    named = {"value": v["value"], "write": v["write"], "read": v["read"]}
    named |= {"input gate i": v["i"], "forget gate f": v["f"], "candidate g": v["g"], "cell c": v["c"]}
    named |= {"output gate o": v["o"], "output h": v["h"]}
    rows = np.array([*named.values()])
    axes[1].imshow(np.clip(rows, -1, 1), cmap="RdBu", vmin=-2, vmax=2, aspect="auto")
    for (row, column), number in np.ndenumerate(rows):
        text = f"{number:.2f}".replace("0.", ".").replace("1.00", "1").replace("-.00", "0").replace(".00", "0")
        axes[1].text(column, row, text, ha="center", va="center")
    axes[1].axhline(2.5, color="black", lw=1)
    axes[1].set(xticks=range(8), xticklabels=range(1, 9), yticks=range(len(named)), yticklabels=named)
    axes[1].set(title="Eight steps of one unit", xlabel="step t")
    axes[1].tick_params(length=0)
    axes[1].spines[:].set_visible(False)
