"""The diagrams of the questions: paths and tables of numbers."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

GREY, BLUE, ORANGE, GREEN, RED = "#666666", "#1f77b4", "#d95f02", "#2a7f3f", "#b2182b"
Values = dict[str, Any]


def arrow(ax: Any, start: tuple[float, float], end: tuple[float, float], color: str, width: float = 1.5) -> None:
    """Draw an arrow between two points."""
    style = {"arrowstyle": "-|>", "color": color, "lw": width, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", end, start, arrowprops=style)


def node(ax: Any, at: tuple[float, float], text: str, color: str = "white") -> None:
    """Draw a circle with a text in it."""
    ax.add_patch(plt.Circle(at, 0.3, facecolor=color, edgecolor="black", zorder=3))
    ax.text(*at, text, ha="center", va="center", zorder=4)


def box(ax: Any, at: tuple[float, float], text: str, color: str, width: float = 1.6) -> None:
    """Draw a box with a text in it."""
    corner = (at[0] - width / 2, at[1] - 0.27)
    ax.add_patch(plt.Rectangle(corner, width, 0.54, facecolor="white", edgecolor=color, lw=1.5, zorder=3))
    ax.text(*at, text, ha="center", va="center", zorder=4)


def grid(ax: Any, at: tuple[float, float], values: np.ndarray, colors: list[str]) -> None:
    """Draw a table of numbers, in squares of 1; at is its lower left corner."""
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            corner = (at[0] + j, at[1] + len(values) - 1 - i)
            ax.add_patch(plt.Rectangle(corner, 1, 1, facecolor=colors[i], edgecolor="black", lw=0.8, zorder=1))
            ax.text(corner[0] + 0.5, corner[1] + 0.5, f"{value:g}", ha="center", va="center", zorder=4)


def why_the_transpose(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    n_in, n_out = v["W"].shape
    left = [(0.0, 2.4 - 1.6 * j) for j in range(n_in)]
    right = [(3.0, 3.2 - 1.6 * k) for k in range(n_out)]
    for ax, forward in zip(axes, (True, False), strict=True):
        for j, a in enumerate(left):
            for k, b in enumerate(right):
                used = k == 1 if forward else j == 0
                color = (BLUE if forward else ORANGE) if used else "#cccccc"
                unit = (np.array(b) - a) / np.linalg.norm(np.array(b) - a)
                start, end = np.array(a) + 0.33 * unit, np.array(b) - 0.33 * unit
                ends = (start[0], start[1]), (end[0], end[1])
                arrow(ax, *(ends if forward else ends[::-1]), color, 1.8 if used else 1)
                if used:
                    at = start + (0.45 if forward else 0.55) * (end - start)
                    white = {"facecolor": "white", "edgecolor": "none", "pad": 1}
                    ax.text(*at, f"$W_{{{j + 1}{k + 1}}}$", ha="center", va="center", color=color, bbox=white)
        for j, a in enumerate(left):
            node(
                ax, a, f"$x_{j + 1}$" if forward else f"$dx_{j + 1}$", "#fee8d6" if not forward and j == 0 else "white"
            )
        for k, b in enumerate(right):
            node(ax, b, f"$o_{k + 1}$" if forward else f"$dA_{k + 1}$", "#d6e6f5" if forward and k == 1 else "white")
        ax.set(xlim=(-0.5, 3.5), ylim=(-0.4, 3.7), aspect="equal")
        ax.axis("off")
    axes[0].set_title("Forward: column 2 of W")
    axes[1].set_title("Backward: row 1 of W")


def why_a_cache(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    ax, names = axes[0], [type(layer).__name__ for layer in v["params"]]
    for i, (name, kept) in enumerate(zip(names, v["cache"], strict=True)):
        at = 2.4 * i
        box(ax, (at, 2), name, BLUE)
        box(ax, (at, 1), f"{'x' if i == 0 else 'a'}: {kept.shape[0]} x {kept.shape[1]}", "#888888")
        box(ax, (at, 0), name, ORANGE)
        arrow(ax, (at, 1.7), (at, 1.3), "#888888")
        arrow(ax, (at, 0.7), (at, 0.3), "#888888")
        for up, color, ends in ((2, BLUE, (-1.6, -0.8)), (0, ORANGE, (-0.8, -1.6))):
            arrow(ax, (at + ends[0], up), (at + ends[1], up), color)
        ax.text(at - 1.2, 2.12, ("x", "z", "a")[i], ha="center", color=BLUE)
        ax.text(at - 1.2, 0.12, ("dx", "dz", "da")[i], ha="center", color=ORANGE)
    arrow(ax, (5.6, 2), (6.4, 2), BLUE)
    arrow(ax, (6.4, 0), (5.6, 0), ORANGE)
    ax.text(6.5, 2, "out", va="center", color=BLUE)
    ax.text(6.5, 0, "dA", va="center", color=ORANGE)
    for up, text in ((2, "forward"), (1, "cache"), (0, "backward")):
        ax.text(-3.1, up, text, va="center", weight="bold")
    ax.set(xlim=(-3.2, 7), ylim=(-0.4, 2.4))
    ax.axis("off")


def why_db_sums_over_rows(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    b, dA, db = v["b"], v["dA"], v["db"]
    copies = np.broadcast_to(b, dA.shape)
    for ax, one, many, color, titles in (
        (axes[0], b, copies, BLUE, ("b", "the b of each row of out")),
        (axes[1], db, dA, ORANGE, ("db", "dA")),
    ):
        grid(ax, (0, 0), many, ["white"] * 4)
        grid(ax, (0, 5.6), one[None], ["#eeeeee"])
        for k in range(3):
            ends = (k + 0.5, 5.5), (k + 0.5, 4.1)
            arrow(ax, *(ends if ax is axes[0] else ends[::-1]), color)
        ax.text(-0.2, 6.1, titles[0], ha="right", va="center", color=color)
        ax.text(-0.2, 2, titles[1].replace(" of each", "\nof each"), ha="right", va="center", color=color)
        ax.set(xlim=(-3.5, 4), ylim=(-0.2, 6.8), aspect="equal")
        ax.axis("off")
    axes[0].set_title("Forward: copied to each row")
    axes[1].set_title("Backward: summed over the rows")


def convolution(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    ax = axes[0]
    ax.add_patch(plt.Rectangle((0, 1.2), 2, 2, facecolor="#fee8d6"))
    table(ax, (0, 1.2), v["W"])
    ax.text(1, 3.4, "kernel W", ha="center")
    for n, (i, j) in enumerate(np.ndindex(v["out"].shape)):
        at = 3.5 + 4.2 * n
        table(ax, (at, 1), v["x"])
        ax.add_patch(plt.Rectangle((at + j, 2 - i), 2, 2, facecolor="#fee8d6", edgecolor=ORANGE, lw=2.5, zorder=1.5))
        arrow(ax, (at + 1.5, 0.9), (at + 1.5, 0.2), ORANGE)
        ax.text(at + 1.5, -0.3, f"out = {v['out'][i, j]:g}", ha="center", va="center", weight="bold")
        ax.text(at + 1.5, 4.2, ("top left", "top right", "bottom left", "bottom right")[n], ha="center")
    strided(v, ax)
    ax.set(xlim=(-0.2, 19.4), ylim=(-10, 4.8), aspect="equal")
    ax.axis("off")


def table(ax: Any, at: tuple[float, float], values: np.ndarray, margin: int = 0) -> None:
    """Draw a table of numbers in squares of 1 with few shapes; the outermost numbers are grey if there is a margin."""
    n = len(values)
    lines, ends = np.repeat(np.arange(n + 1), 3), np.tile([0, n, np.nan], n + 1)  # one path
    ax.plot(at[0] + np.r_[lines, ends], at[1] + np.r_[ends, lines], color="#888888", lw=0.8, zorder=2)
    for row, column in np.ndindex(values.shape):
        is_inside = margin <= row < n - margin and margin <= column < n - margin
        place = at[0] + column + 0.5, at[1] + n - row - 0.5
        color = "black" if is_inside else "#888888"
        ax.text(*place, f"{values[row, column]:g}", ha="center", va="center", color=color, zorder=4)


def strided(v: Values, ax: Any) -> None:
    """Draw two channels with zeros around them, the kernel of each, and the sum of the window at the top right."""
    for c, at in enumerate((0.0, 9.8)):
        table(ax, (at, -7), v["padded"][c], margin=1)
        table(ax, (at + 5.7, -6), v["kernels"][c])
        ax.add_patch(plt.Rectangle((at + 2, -5), 3, 3, facecolor="#fee8d6", edgecolor=ORANGE, lw=2.5, zorder=0.5))
        ax.text(at + 2.5, -1.7, f"channel {c}, zeros around it", ha="center")
        ax.text(at + 7.2, -2.7, "its weights", ha="center")
        ax.text(at + 5.7, -6.7, f"sum {v['shares'][c, 0, 1]:g}", va="center", weight="bold")
    out = v["theirs"][0, :, :, 0]
    bias = v["strided"].b[0]
    table(ax, (9.8, -9.8), out)
    ax.add_patch(plt.Rectangle((10.8, -8.8), 1, 1, facecolor="#fee8d6", edgecolor=ORANGE, lw=2.5, zorder=0.5))
    parts = f"{v['shares'][0, 0, 1]:g} + {v['shares'][1, 0, 1]:g} + bias {bias:g} = {out[0, 1]:g}"
    ax.text(9.2, -8.3, f"top right of out: {parts}", ha="right", va="center", weight="bold")
    ax.text(12.3, -8.8, "out", va="center")


def vjp(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    for ax, J, title in ((axes[0], v["J_tanh"], "tanh"), (axes[1], v["J_dense"], "dense")):
        for i, j in np.ndindex(J.shape):
            if J[i, j]:
                color = plt.cm.RdBu_r(0.5 + 0.4 * J[i, j])
                ax.add_patch(plt.Rectangle((j, 5 - i), 1, 1, facecolor=color))
                ax.text(j + 0.5, 5.5 - i, f"{J[i, j]:.1f}", ha="center", va="center", fontsize=6.5)
        for line in range(7):
            ax.plot([0, 6], [line, line], color="#bbbbbb", lw=0.6)
            ax.plot([line, line], [0, 6], color="#bbbbbb", lw=0.6)
        ax.set(aspect="equal", xticks=[], yticks=[], title=f"Jacobian of {title}", xlabel="inputs", ylabel="outputs")
        ax.spines[:].set_visible(False)
    n = np.array([1.0, 1e5])
    axes[2].loglog(n, n**2, color=RED, label="Jacobian: n²")
    axes[2].loglog(n, n, color=BLUE, label="vjp: n")
    axes[2].set(xlabel="n", title="Numbers for an activation")
    axes[2].legend()


def attention(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    shown = [("scores s", v["s"], 2.0), ("weights w", v["w"], 1.0), ("causal weights", v["causal"], 1.0)]
    for ax, (title, values, most) in zip(axes, [*shown, ("out = w v", v["w"] @ v["v"], 2.0)], strict=True):
        colors = plt.cm.RdBu_r(0.5 + 0.35 * np.clip(values / most, -1, 1))
        for i, j in np.ndindex(values.shape):
            ax.add_patch(plt.Rectangle((j, 3 - i), 1, 1, facecolor=colors[i, j], edgecolor="white"))
            ax.text(j + 0.5, 3.5 - i, f"{values[i, j]:.2f}", ha="center", va="center")
        columns = values.shape[1]
        labels = {"xticks": np.arange(columns) + 0.5, "xticklabels": range(1, columns + 1)}
        ax.set(**labels, yticks=np.arange(4) + 0.5, yticklabels=range(4, 0, -1), xlim=(0, columns), ylim=(0, 4))
        ax.set(aspect="equal", title=title, xlabel="key" if columns == 4 else "number", ylabel="query")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
