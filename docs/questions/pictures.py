"""The pictures of the questions: each page's code is run, and what it computed is drawn, as SVG."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

mpl.use("Agg")  # the pictures go into files: no screen needed
mpl.rcParams.update(
    {
        "svg.hashsalt": "funcnn",  # the same names of shapes in each run
        "svg.fonttype": "none",  # text as text: a third of the size
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "legend.frameon": False,
        "path.simplify_threshold": 0.5,
    }
)
PAGES = Path(__file__).parent
GREY, BLUE, ORANGE, GREEN, RED = "#666666", "#1f77b4", "#d95f02", "#2a7f3f", "#b2182b"
Values = dict[str, Any]


def values_of(page: str) -> Values:
    """All names of a page's Python block, which is run."""
    names: Values = {"__name__": "__main__"}
    text = (PAGES / f"{page}.md").read_text("utf-8")
    for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(block, page, "exec"), names)  # noqa: S102  the pages are ours
    return names


def small(svg: str) -> str:
    """The picture with coordinates to a hundredth of a point, and without metadata and indentation."""
    svg = re.sub(r"<metadata>.*?</metadata>|<!DOCTYPE.*?>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"-?\d+\.\d{4,}", lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), svg)
    return re.sub(r"\s*\n\s*", "\n", svg)


def arrow(ax: Any, start: tuple[float, float], end: tuple[float, float], color: str, width: float = 1.5) -> None:
    """Draw an arrow between two points."""
    style = {"arrowstyle": "-|>", "color": color, "lw": width, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", end, start, arrowprops=style)


def node(ax: Any, at: tuple[float, float], text: str, color: str = "white") -> None:
    """Draw a circle with a text in it."""
    ax.add_patch(plt.Circle(at, 0.3, facecolor=color, edgecolor="black", zorder=3))
    ax.text(*at, text, ha="center", va="center", zorder=4)


def zeros(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    for name, color in (("random", BLUE), ("equal", ORANGE)):
        axes[0].plot(v["runs"][name][1], color=color, lw=1.5)
    axes[0].plot([], color=ORANGE, label="equal: four curves in one place")
    axes[0].plot([], color=BLUE, label="random: four curves")
    axes[0].set(xlabel="step", title="Weight from input 1 to each of 4 units", ylim=(-1.3, 2.4))
    axes[0].legend(loc="upper left")
    for (name, (costs, _)), color in zip(v["runs"].items(), (GREY, ORANGE, BLUE), strict=True):
        axes[1].plot(costs, color=color, label=name)
    axes[1].set(xlabel="step", title="Cost", ylim=(0, 1.4))
    axes[1].legend(loc="center right", bbox_to_anchor=(1, 0.3))


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
                arrow(ax, *((start, end) if forward else (end, start)), color, 1.8 if used else 1)
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
    axes[0].set_title("Forward: output 2 uses column 2 of W")
    axes[1].set_title("Backward: the gradient of input 1 uses row 1 of W")


def nan(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    axes[0].plot(np.log10(v["costs"]), color=BLUE)
    axes[0].axhline(308.25, color=GREY, ls="--", lw=1)
    axes[0].text(5, 312, "largest number of float64", color=GREY, va="bottom")
    axes[0].plot(324, 308.25, "o", color=RED)
    axes[0].text(250, 285, "step 324: infinity", color=RED, ha="right", va="center")
    axes[0].set(xlabel="step", ylabel="log10 of the cost", title="Learning rate 2 for the cost $w^2$", ylim=(0, 345))
    axes[1].plot(v["z"], v["stable"], color=BLUE, lw=4, alpha=0.4, label="loss of the logit z")
    finite = np.isfinite(v["unstable"])
    axes[1].plot(v["z"][finite], v["unstable"][finite], color=RED, label="-log(1 - sigmoid(z))")
    axes[1].plot(v["z"][finite][-1], v["unstable"][finite][-1], "o", color=RED)
    axes[1].text(v["z"][finite][-1] + 2, 31, "infinity from here", color=RED, va="center")
    axes[1].set(xlabel="z", title="The cost of z for the label 0")
    axes[1].legend(loc="upper left")


def vanishing_gradients(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    layers = np.arange(v["depth"], 0, -1)
    for (name, sizes), color in zip(v["found"].items(), (RED, BLUE, GREEN, ORANGE, GREY), strict=True):
        axes[0].semilogy(layers, sizes, "o-", ms=3, color=color, label=f"{name}: r = {v['factor'][name]:.2f}")
    axes[0].set(xlabel="layer, from the last to the first", ylabel="size of the gradient", xlim=(21, 0))
    axes[0].set_xticks([20, 15, 10, 5, 1])
    axes[0].legend(loc="center left", bbox_to_anchor=(1, 0.5))


def batch_norm(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    at = np.arange(1, len(v["x"]) + 1)
    parts = [
        (v["g"], "g", GREY),
        (v["centred"], "g less its mean", BLUE),
        (v["projected"], "also less its slope", ORANGE),
    ]
    for i, (values, label, color) in enumerate(parts):
        axes[0].bar(at + 0.27 * (i - 1), values.ravel(), 0.25, color=color, label=label)
    axes[0].axhline(0, color="black", lw=0.8)
    axes[0].set(xlabel="row", title="From g to dx s", xticks=at, ylim=(-3.3, 4.8))
    axes[0].legend(loc="upper left", fontsize=9)
    x_hat, g = v["x_hat"].ravel(), v["g"].ravel()
    line = (v["g"] - v["projected"]).ravel()
    axes[1].plot(x_hat, line, color=GREY, label="mean(g) + x̂ mean(g x̂)")
    axes[1].vlines(x_hat, line, g, color=ORANGE, lw=3, label="dx s: what is left over")
    axes[1].plot(x_hat, g, "o", color="black", label="g")
    axes[1].set(xlabel="x̂", title="The fitted line", ylim=(-3.3, 4.8))
    axes[1].legend(loc="upper left", fontsize=9)


def softmax_derivative(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    shown = [("logits z", v["z"], GREY), ("probabilities p", v["p"], BLUE)]
    shown += [("label y", v["y"], GREEN), ("gradient p - y", v["dA"], ORANGE)]
    for ax, (title, values, color) in zip(axes, shown, strict=True):
        bars = ax.bar(range(1, 5), values[0], color=color)
        ax.bar_label(bars, fmt="{:.2g}", padding=2, fontsize=9)
        ax.axhline(0, color="black", lw=0.8)
        ax.margins(y=0.15)
        ax.set(title=title, xticks=range(1, 5), xlabel="class", yticks=[])
        ax.spines["left"].set_visible(False)
    for ax in axes[1:]:
        ax.set_ylim(-1.15, 1.2)


def learning_rate(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    w = np.linspace(-2.3, 2.3, 60)
    axes[0].plot(w, v["c"] / 2 * w**2, color="#aaaaaa")
    for (times, path), color in zip(v["paths"].items(), (BLUE, GREEN, RED), strict=True):
        axes[0].plot(path, v["c"] / 2 * path**2, "o-", ms=3, lw=0.8, color=color, label=f"{times} / c")
    axes[0].set(xlabel="w - w*", ylabel="cost", title="8 steps on a parabola, from w - w* = 1", ylim=(-0.3, 17))
    axes[0].legend(title="learning rate", loc="upper center")
    for (lr, curve), color in zip(v["curves"].items(), (GREY, BLUE, GREEN, RED), strict=True):
        axes[1].semilogy(curve[curve < 1e4], color=color, label=f"{lr}")
    axes[1].set(xlabel="step", ylabel="cost", title="A network", ylim=(0.02, 100))
    axes[1].legend(title="learning rate", loc="upper right")


def overfitting(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    steps = 10 * np.arange(len(v["seen"]))
    axes[0].semilogy(steps, v["new"], color=RED, label="200 other examples (validation)")
    axes[0].semilogy(steps, v["seen"], color=BLUE, label="12 training examples")
    axes[0].axhline(v["noise"] ** 2, color=GREY, ls="--", lw=1, label="variance of the noise")
    axes[0].plot(steps[v["best"]], v["new"][v["best"]], "o", color=RED)
    axes[0].set(xlabel="step", title="Cost; the dot marks the best step", ylim=(1e-6, 3))
    axes[0].legend(loc="lower left", fontsize=9)
    grid = np.linspace(-1, 1, 101)[:, None]
    axes[1].plot(grid, np.sin(3 * grid), color=GREY, ls="--", lw=1, label="without noise")
    for name, color in (("early", GREEN), ("late", ORANGE)):
        label = "at the best step" if name == "early" else "at the end"
        axes[1].plot(grid, v["nn"].predict(v[name], grid), color=color, label=label)
    axes[1].plot(v["x"], v["y"], "o", color=BLUE, ms=4)
    axes[1].set(title="The network", xlabel="x", ylim=(-2.6, 2.6))
    axes[1].legend(loc="upper left", fontsize=9)


SIZES: dict[Callable[[Values, Any], None], tuple[int, float, float]] = {  # panels, width, height in inches
    zeros: (2, 8, 3),
    why_the_transpose: (2, 8, 3.4),
    nan: (2, 8, 3),
    vanishing_gradients: (1, 8, 3.2),
    batch_norm: (2, 8, 3.2),
    softmax_derivative: (4, 8, 2.4),
    learning_rate: (2, 8, 3.2),
    overfitting: (2, 8, 3.2),
}


def main(pages: list[str]) -> None:
    """Draw the pictures of some pages, or of all, into the current folder."""
    for draw, (panels, *size) in SIZES.items():
        page = draw.__name__
        if pages and page not in pages:
            continue
        figure, axes = plt.subplots(1, panels, figsize=size, layout="constrained", squeeze=False)
        draw(values_of(page), axes[0])
        for ax in axes[0]:
            ax.minorticks_off()
        figure.savefig(file := StringIO(), format="svg")
        Path(f"{page}.svg").write_text(small(file.getvalue()), "utf-8")
        plt.close(figure)


if __name__ == "__main__":
    main(sys.argv[1:])
