"""The pictures of the cookbook: each page's code is run, and what it computed is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import chdir
from io import BytesIO
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from drawing import PAGES, Values, moons, plane, values_of
from PIL import Image

from funcnn import Sigmoid, predict
from funcnn.plot import pictures

mpl.use("Agg")  # the pictures go into files: no screen needed
mpl.rcParams.update({"font.size": 8, "axes.titlesize": 8, "legend.fontsize": 7})  # read on a phone, 5 inches wide


def accumulation(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    axes[0].plot([state.cost for state in v["at_once"]], lw=4, color="#9ecae1", label="at once")
    axes[0].plot([state.cost for state in v["blockwise"]], "k--", label="in blocks of 100")
    axes[0].set(xlabel="step", ylabel="cost", title="Fifteen steps with 600 rows")
    axes[0].legend(frameon=False)
    axes[1].plot(v["peaks"].keys(), np.array([*v["peaks"].values()]) / 1e6, "o-")
    axes[1].set(xlabel="rows in a block", ylabel="peak memory, MB", xlim=(0, None), ylim=(0, None))
    axes[1].set_title("One gradient of 1797 rows")


def categories(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    for scores, label, color, marker in ((v["own"], "embeddings", "C1", "o"), (v["hot"], "one-hot columns", "C0", "x")):
        axes[0].plot(v["rows"], np.mean(scores, axis=1), color=color, label=label)
        axes[0].plot(v["rows"], scores, marker, ms=4, color=color)
    axes[0].set(xlabel="training rows", ylabel="R²", ylim=(-0.3, 1), xticks=v["rows"], title="On 4000 test rows")
    axes[0].legend(frameon=False, loc="lower right")
    centred = v["of_products"] - v["of_products"].mean(axis=0)
    at = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    drawn = axes[1].scatter(*at.T, c=v["taste"][:, 0], s=18, cmap="RdBu_r", vmin=-2, vmax=2, edgecolors="grey", lw=0.3)
    axes[1].figure.colorbar(drawn, label="a hidden number")
    axes[1].set(xticks=[], yticks=[], title="The numbers of 30 products")


def ensembles(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    axes[0].bar(range(1, 6), v["scores"], color="#9ecae1")
    axes[0].errorbar([6.5], [v["estimate"]], v["error"], fmt="o", color="k", capsize=5, label="mean, standard error")
    axes[0].axhline(v["accuracy"], color="C1", label="test accuracy")
    axes[0].set(ylim=(0, 1.45), xlabel="fold", ylabel="accuracy", xticks=range(1, 6), title="Five folds")
    axes[0].set_yticks(np.linspace(0, 1, 6))
    axes[0].legend(frameon=False, loc="upper left")
    grids = [plane(axes[1], net, (2.3, 1.7), (Sigmoid(),)) for net in v["nets"][5:]]
    mean = np.mean([p[..., 0] for _, _, p in grids], axis=0)
    axes[1].contourf(*grids[0][:2], mean, np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.6)
    for across, up, p in grids:
        axes[1].contour(across, up, p[..., 0], [0.5], colors="k", linewidths=0.6)
    moons(v, axes[1])
    axes[1].set_title("Eight seeds and their mean")


def federated(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    for name, values in (("five local epochs", v["fed_avg"]), ("one local step", v["fed_sgd"])):
        axes[0].plot(range(1, 1 + len(values)), values, "o-", ms=3, label=name)
    axes[0].axhline(v["alone"], color="grey", ls=":", label="client 0 alone")
    axes[0].set(xlabel="round", ylabel="test accuracy", ylim=(0, 1.5), xticks=range(0, 21, 5))
    axes[0].set_yticks(np.linspace(0, 1, 6))
    axes[0].legend(frameon=False, loc="upper left")
    counts = [np.bincount(v["y"][rows], minlength=10) for rows in v["clients"]]
    axes[1].imshow(counts, cmap="Blues", aspect="auto")
    axes[1].set(xlabel="digit", ylabel="client", xticks=range(10), yticks=range(10))
    axes[1].set_title("How many rows of each digit")


def transfer(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    axes[0].barh(*zip(*[*v["accuracies"].items()][::-1], strict=True), color=["C1", "C0", "grey"])
    for i, value in enumerate([*v["accuracies"].values()][::-1]):
        axes[0].text(value - 0.01, i, f"{100 * value:.0f} %", ha="right", va="center", color="white", weight="bold")
    axes[0].set(xlim=(0, 1), xlabel="accuracy on new digits", title="Odd or even, from 30 labels")
    pictures(1 - v["few"].reshape(-1, 8, 8), [""] * len(v["few"]), axes[1], columns=6)
    axes[1].set_title("The 30 labelled digits")


def gan(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    real = np.concatenate([v["real_and_noise"]()[0] for _ in range(10)])
    axes[0].scatter(*real.T, s=3, color="C0")
    axes[0].set(title="Real", aspect="equal", xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[])
    across, up, p = plane(axes[1], v["discriminator"], (3, 3), (Sigmoid(),))
    axes[1].contourf(across, up, p[..., 0], np.linspace(0, 1, 11), cmap="Greys", alpha=0.6)
    axes[1].scatter(*v["drawn"][:960].T, s=3, color="C1")
    axes[1].set(title="Drawn by the generator", xlim=(-3, 3), ylim=(-3, 3))


def vae(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    for digit in range(10):
        at = v["codes"][v["digits"][1500:] == digit]
        axes[0].scatter(*at.T, s=8, color=plt.cm.tab10(digit), label=str(digit))
    axes[0].legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8, handletextpad=0, markerscale=2)
    axes[0].set(title="Codes of test digits", xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
    drawn = np.pad(v["drawn"].reshape(12, 12, 8, 8), ((0, 0), (0, 0), (1, 1), (1, 1)))
    sheet = drawn.swapaxes(1, 2).reshape(120, 120)
    axes[1].imshow(sheet, cmap="gray_r", interpolation="nearest", extent=(-2, 2, -2, 2))
    axes[1].set_title("The decoder on a grid of codes")


def siamese(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    for ax, (name, at) in zip(axes, v["places"].items(), strict=True):
        ax.scatter(*at.T, s=4, c=v["y_test"], cmap="tab10")
        for digit in range(10):
            middle = np.median(at[v["y_test"] == digit], axis=0)
            ax.text(*middle, str(digit), size=12, weight="bold", ha="center", va="center")
        ax.set(xticks=[], yticks=[], title=f"{name}: {100 * v['right'][name]:.0f} % right")


def experts(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    across, up, out = plane(axes[1], v["sparse"], (1, 1))
    truth = v["target"](np.stack([across, up], axis=-1).reshape(-1, 2)).reshape(160, 160)
    extent = (-1, 1, -1, 1)
    axes[0].imshow(truth, cmap="RdBu_r", vmin=-1, vmax=1, origin="lower", extent=extent)
    axes[1].imshow(out[..., 0], cmap="RdBu_r", vmin=-1, vmax=1, origin="lower", extent=extent)
    first = plane(axes[2], v["sparse"].gate, (1, 1))[2].argmax(axis=-1)
    axes[2].imshow(first, cmap="Set2", vmin=0, vmax=7, origin="lower", extent=extent)
    for expert in np.unique(first):
        axes[2].text(across[first == expert].mean(), up[first == expert].mean(), str(expert), ha="center", va="center")
    for ax, title in zip(axes, ("Target", "Learned by the mixture", "Expert of largest weight"), strict=True):
        ax.set(xticks=[], yticks=[], title=title)


def neural_ode(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    axes[0].plot(v["true"][:, 0], lw=4, color="#9ecae1", label="true")
    axes[0].plot(v["learned"][:, 0], "ko--", ms=4, label="learned")
    axes[0].set(xlabel="seconds", ylabel="angle", title="Ten seconds from pairs one second apart")
    axes[0].legend(frameon=False)
    at = np.stack(np.meshgrid(np.linspace(-2, 2, 13), np.linspace(-2, 2, 13)), axis=-1).reshape(-1, 2)
    axes[1].quiver(*at.T, *predict(v["one_second"].layer, at).T, color="grey", width=0.003)
    fine, path = v["flow"](v["one_second"].layer, 0.05, 2), [v["learned"][:1]]
    for _ in range(100):
        path.append(predict(fine, path[-1]))
    axes[1].plot(*np.concatenate(path).T, color="C1")
    axes[1].set(xlabel="angle", ylabel="velocity", aspect="equal", title="The learned field")


def pinn(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    axes[0].plot(v["times"], v["exact"], lw=4, color="#9ecae1", label="exact")
    axes[0].plot(v["times"], v["solved"], "k--", label="network")
    axes[0].set(xlabel="seconds", ylabel="u", title="A mass on a spring, without data")
    axes[0].legend(frameon=False)
    axes[1].plot(v["times"], v["error"], color="C1")
    axes[1].set(xlabel="seconds", ylabel="error of u", ylim=(0, 0.01), title="Between network and exact solution")


def serving(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    [*_, (_, requests)] = v["latencies"].items()
    for i, name in enumerate(("predictor", "ONNX Runtime", "predict")):
        bars = axes[0].bar(np.arange(2) + 0.27 * (i - 1), v["latencies"][name], 0.25, label=name)
        axes[0].bar_label(bars, fmt="%.0f", fontsize=7)
    axes[0].legend(frameon=False, loc="upper left")
    axes[0].set(ylim=(0, 1.5 * max(v["latencies"]["predict"])), title="A call", ylabel="microseconds")
    axes[1].bar_label(axes[1].bar(range(2), requests, 0.5, color="grey"), fmt="%.0f", fontsize=7)
    axes[1].set(title="A request by HTTP, with JSON", ylabel="microseconds", ylim=(0, 1.2 * max(requests)))
    for ax in axes:
        ax.set_xticks(range(2), ["1 row", "32 rows"])


def hypernetwork(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    titles = ("Tasks not trained on: the curves (wide)", "and what is drawn (dashed)")
    for i, (ax, title) in enumerate(zip(axes, titles, strict=True)):
        for j in range(3 * i, 3 * i + 3):
            ax.plot(v["grid"], v["curves"](v["new"])[j], lw=4, color="#c6dbef")
            ax.plot(v["grid"], v["drawn"][j], "--", color=f"C{j}")
        ax.set(xlabel="input of the main network", title=title, ylim=(-1.1, 1.1), xticks=np.linspace(-1, 1, 5))


def adversarial(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    net, x, y = v["net"], v["x_test"], v["y_test"]
    attacked = v["fast_gradient_sign"](net, x, y, 0.1)
    before, after = predict(net, x).argmax(axis=1), predict(net, attacked).argmax(axis=1)
    some = np.flatnonzero((before == y) & (after != y))[:3]
    maps = v["saliency"](net, x[some])
    shown = 1 - np.concatenate([x[some], maps / maps.max(axis=1, keepdims=True), attacked[some]])
    titles = [f"digit {i}" for i in y[some]] + ["saliency"] * 3 + [f"called {i}" for i in after[some]]
    pictures(shown.reshape(-1, 8, 8), titles, axes[0], columns=3)
    for name, values in (("random signs", v["random_signs"]), ("signs of the gradient", v["attacked"])):
        axes[1].plot(v["sizes"], values, "o-", ms=4, label=name)
    axes[1].set(xlabel="change of each pixel", ylabel="accuracy", ylim=(0, 1))
    axes[1].legend(frameon=False)


def learning_rate(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    axes[0].plot(v["rates"], v["costs"], color="#9ecae1", label="cost of a batch")
    axes[0].plot(v["middle"], v["smooth"], color="k", label="smoothed")
    axes[0].axvline(v["fastest"], color="C1", ls="--", label=f"fastest fall, {v['fastest']:.2g}")
    axes[0].set(xscale="log", xlabel="learning rate", ylim=(0, 4), title="150 steps with a growing rate")
    axes[0].legend(frameon=False)
    axes[1].bar([f"{lr:.2g}" for lr in v["tried"]], v["tried"].values(), color=["#9ecae1", "C1", "#9ecae1"])
    axes[1].set(xlabel="learning rate", ylabel="cost", title="After 200 steps at a constant rate")


def evolution(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    axes[0].plot(v["costs"])
    axes[0].set(xlabel="step", ylabel="cost", ylim=(0, None), title="Of the network with step units")
    across, up, out = plane(axes[1], v["net"], (1.9, 1.2), (Sigmoid(),))
    axes[1].contourf(across, up, out[..., 0], np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.6)
    moons(v, axes[1])
    axes[1].set_title(f"{100 * v['accuracy']:.1f} % right")


def sampling(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    for name in v["table"]:
        axes[0].plot(v["temperatures"], v["right"][name], "o-", ms=3, label=name)
        axes[1].plot(v["temperatures"], v["different"][name], "o-", ms=3)
    axes[0].set(xlabel="temperature", ylim=(0, 1.05), title="Share of sentences that are right")
    axes[1].set(xlabel="temperature", ylim=(0, 300), title="Different right ones, of 300")
    axes[0].legend(frameon=False, loc="lower left")


def contrastive(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    x, rng = v["x"][:3], np.random.default_rng(0)
    shown = 1 - np.clip(np.concatenate([x, v["view"](x, rng), v["view"](x, rng)]), 0, 1)
    pictures(shown[..., 0], [f"digit {i}" for i in v["y"][:3]] + ["a view"] * 3 + ["another"] * 3, axes[0], columns=3)
    for (name, values), style in zip(v["table"].items(), ("o--", "o:", "o-"), strict=True):
        axes[1].plot(v["labels"], values, style, ms=4, label=name)
    axes[1].set(xlabel="labels", ylabel="accuracy on new digits", ylim=(0.5, 1), xticks=v["labels"])
    axes[1].legend(frameon=False, loc="lower right")


def forecasting(v: Values, axes: Any) -> None:
    """Draw the picture of the page of this name."""
    ahead, shown = v["ahead"], slice(0, 72)
    low, middle, high, true = [part[shown, -1] for part in (v["low"], v["middle"], v["high"], v["true"])]
    axes[0].fill_between(range(72), low, high, color="#9ecae1", label="90 % band")
    axes[0].plot(middle, color="C0", lw=1, label="forecast")
    axes[0].plot(true, "k.", ms=2.5, label="load")
    axes[0].set(xlabel="hour", ylim=(None, 22), xticks=range(0, 73, 24), title=f"{ahead} hours ahead")
    axes[0].legend(frameon=False, loc="upper left", ncols=3, columnspacing=0.8, handlelength=1)
    axes[1].plot(range(1, 1 + ahead), v["error_before"], "o-", ms=3, color="grey", label="a day earlier")
    axes[1].plot(range(1, 1 + ahead), v["error"], "o-", ms=3, color="C0", label="forecast")
    axes[1].set(xlabel="hours ahead", ylabel="mean error", ylim=(0, None), title="On hours that are new")
    axes[1].legend(frameon=False)


DRAWN: list[Callable[[Values, Any], None]] = [
    *(accumulation, categories, ensembles, federated, transfer, gan, vae, siamese),
    *(experts, neural_ode, pinn, serving, hypernetwork, adversarial, learning_rate, evolution, sampling, contrastive),
    forecasting,
]


def main(pages: list[str]) -> None:
    """Draw the pictures of some pages, or of all, into the current folder."""
    for draw in DRAWN:
        page = draw.__name__
        if pages and page not in pages:
            continue
        panels = 3 if draw in {siamese, experts} else 2
        figure, axes = plt.subplots(1, panels, figsize=(5.2, 2.2), layout="constrained")
        with chdir(PAGES.parents[1]):  # the pages read examples/data
            values = values_of(page)
        draw(values, axes)
        figure.savefig(file := BytesIO(), dpi=110)
        plt.close(figure)
        Image.open(file).convert("RGB").quantize(256 if page == "vae" else 64).save(f"{page}.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
