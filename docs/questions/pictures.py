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
from circuits import gates, lstm, lstm_gates, what_dA_is
from diagrams import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    Values,
    attention,
    convolution,
    vjp,
    why_a_cache,
    why_db_sums_over_rows,
    why_the_transpose,
)

mpl.use("Agg")  # the pictures go into files: no screen needed
mpl.rcParams.update(
    {
        "svg.hashsalt": "funcnn",  # the same names of shapes in each run
        "svg.fonttype": "none",  # text as text: a third of the size
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 8,
        "legend.frameon": False,
        "legend.fontsize": 7,
        "path.simplify_threshold": 0.5,
    }
)
PAGES = Path(__file__).parent


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
    svg = svg.replace("font-family: 'DejaVu Sans', sans-serif; ", "")
    svg = svg.replace("</style>", "text{font-family: 'DejaVu Sans', sans-serif}</style>")
    return re.sub(r"\s*\n\s*", "\n", svg)


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
    axes[0].legend(loc="upper left")
    u, g = v["u"].ravel(), v["g"].ravel()
    line = (v["g"] - v["projected"]).ravel()
    axes[1].plot(u, line, color=GREY, label="mean(g) + u mean(g u)")
    axes[1].vlines(u, line, g, color=ORANGE, lw=3, label="dx s: what is left over")
    axes[1].plot(u, g, "o", color="black", label="g")
    axes[1].set(xlabel="u", title="The fitted line", ylim=(-3.3, 4.8))
    axes[1].legend(loc="upper left")


def softmax_derivative(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    shown = [("logits z", v["z"], GREY), ("probabilities p", v["p"], BLUE)]
    shown += [("label y", v["y"], GREEN), ("gradient p - y", v["dA"], ORANGE)]
    for ax, (title, values, color) in zip(axes, shown, strict=True):
        bars = ax.bar(range(1, 5), values[0], color=color)
        ax.bar_label(bars, fmt="{:.2g}", padding=2, fontsize=7)
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
    steps = 10 * np.arange(len(v["training"]))
    axes[0].semilogy(steps, v["validation"], color=RED, label="200 others (validation)")
    axes[0].semilogy(steps, v["training"], color=BLUE, label="12 training examples")
    axes[0].axhline(v["noise"] ** 2, color=GREY, ls="--", lw=1, label="variance of the noise")
    axes[0].plot(steps[v["best"]], v["validation"][v["best"]], "o", color=RED)
    axes[0].set(xlabel="step", title="Cost; the dot marks the best step", ylim=(1e-7, 3))
    axes[0].legend(loc="lower left")
    grid = np.linspace(-1, 1, 101)[:, None]
    axes[1].plot(grid, np.sin(3 * grid), color=GREY, ls="--", lw=1, label="without noise")
    for name, label, color in (
        ("early stopping", "at the best step", GREEN),
        ("no remedy", "at the end", ORANGE),
    ):
        axes[1].plot(grid, v["nn"].predict(v["ends"][name].params, grid), color=color, label=label)
    axes[1].plot(*v["few"], "o", color=BLUE, ms=4)
    axes[1].set(title="The network", xlabel="x", ylim=(-2.6, 3.4))
    axes[1].legend(loc="upper left")
    names, costs = [*v["costs"]][::-1], [*v["costs"].values()][::-1]
    bars = axes[2].barh(names, costs, color=[GREEN] * (len(names) - 1) + [ORANGE])
    axes[2].bar_label(bars, fmt="{:.2f}", padding=2)
    axes[2].axvline(v["noise"] ** 2, color=GREY, ls="--", lw=1)
    axes[2].set(title="Cost of 2000 new examples; the line is the variance of the noise", xlim=(0, 0.34))
    axes[2].tick_params(axis="y", length=0)


def dead_relus(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    for (name, (_, costs, zeros)), color in zip(v["runs"].items(), (RED, BLUE, ORANGE, GREEN, GREY), strict=True):
        axes[0].semilogx(np.arange(1, 301), zeros, color=color, label=name)
        axes[1].loglog(np.arange(1, 301), costs, color=color, label=name)
    axes[0].set(title="Units that are 0 for all points, of 32", ylim=(-1, 62), yticks=[0, 10, 20, 30])
    axes[0].legend(loc="upper left", ncols=3)
    axes[1].set(xlabel="step", title="Cost")


def one_over_m(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    for ax, which, title in zip(axes, ("means", "sums"), ("Mean: with 1/m", "Sum: without 1/m"), strict=True):
        for i, found in enumerate(v[which].values()):
            ends = np.tile([i - 0.2, i + 0.2, np.nan], len(found))  # one short line for each batch
            ax.plot(ends, np.repeat(found, 3), color=BLUE, lw=0.8)
        ax.set(title=title, xlabel="rows of the batch, m", ylabel="dW", xticks=range(5), xticklabels=v["sizes"])
    axes[0].axhline(v["full"], color=ORANGE, lw=1, label="gradient of all rows")
    axes[0].legend(loc="lower right")
    axes[0].set_ylim(-32, 5)


def kinks(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    for g, color in ((0, BLUE), (0.5, GREEN), (1, ORANGE)):
        axes[0].plot([-1, 1], [-g, g], "--", lw=1.2, color=color, label=f"slope {g:g}")
    axes[0].plot(v["x"], v["out"][:, 0], color="black", lw=2.5)
    axes[0].set(title="Relu, and lines through its kink", xlabel="x")
    axes[0].legend(loc="upper left")
    for part in (slice(None, 21), slice(21, None)):
        axes[1].plot(v["x"][part], v["slope"][part], color="black", lw=2.5)
    axes[1].plot([], color="black", lw=2.5, label="gradient")
    axes[1].plot(v["x"], v["quotient"], color=RED, label=f"difference quotient, h = {v['h']}")
    axes[1].plot(0, 0.5, "o", color=RED)
    axes[1].set(title="Slopes", xlabel="x", ylim=(-0.1, 1.4))
    axes[1].legend(loc="upper left")


SIZES: dict[Callable[[Values, Any], None], tuple[str, float]] = {  # panels, with a letter each, and height in inches
    zeros: ("AB", 2.1),
    why_the_transpose: ("AB", 2.4),
    nan: ("AB", 2.1),
    vanishing_gradients: ("A", 2.2),
    batch_norm: ("AB", 2.3),
    softmax_derivative: ("ABCD", 1.7),
    learning_rate: ("AB", 2.2),
    overfitting: ("AB;CC", 4.0),
    why_a_cache: ("A", 1.9),
    one_over_m: ("AB", 2.1),
    why_db_sums_over_rows: ("AB", 2.3),
    what_dA_is: ("A", 2.3),
    gates: ("A", 2.5),
    vjp: ("ABC", 1.9),
    kinks: ("AB", 2.1),
    dead_relus: ("A;B", 4.8),
    lstm: ("AB", 2.3),
    lstm_gates: ("A;B;B", 6.0),
    attention: ("AB;CD", 4.1),
    convolution: ("A", 4.2),
}
WIDTH = 5.4  # inches, so that a picture fits on a phone and its text can be read
LARGE = dict.fromkeys(("font.size", "axes.titlesize", "legend.fontsize"), 12)  # 11 pixels on a phone of 400
LARGE_TEXT = (gates, dead_relus, lstm_gates)


def main(pages: list[str]) -> None:
    """Draw the pictures of some pages, or of all, into the current folder."""
    for draw, (panels, height) in SIZES.items():
        page = draw.__name__
        if pages and page not in pages:
            continue
        with mpl.rc_context(LARGE if draw in LARGE_TEXT else {}):
            figure, panel = plt.subplot_mosaic(panels, figsize=(WIDTH, height), layout="constrained")
            axes = [panel[letter] for letter in sorted(panel)]
            draw(values_of(page), axes)
            for ax in axes:
                ax.minorticks_off()
            figure.savefig(file := StringIO(), format="svg")
        Path(f"{page}.svg").write_text(small(file.getvalue()), "utf-8")
        plt.close(figure)


if __name__ == "__main__":
    main(sys.argv[1:])
