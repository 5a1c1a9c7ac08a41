"""The figures of unit 4: what a Relu adds, equal weights, sizes through layers, slopes, steps and costs by rate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from figures.pen import Axes, Picture, arrow, box, dot, number, picture, text
from funcnn import Dense, Relu, Sigmoid, Tanh, backward, forward, mlp, mse, predict, sgd

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = (
    Dense(W=np.array([[1.0, 1.0], [1.0, 1.0]]), b=np.array([0.0, -1.0])),
    Relu(),
    Dense(W=np.array([[1.0], [-2.0]]), b=np.array([0.0])),
)
RATES = {0.05: "slow", 0.25: "good", 0.75: "jumps", 1.1: "grows"}


def bends(units: int = 8, seed: int = 4) -> Picture:
    """A network of two dense layers on a line of inputs, without an activation and with a Relu."""
    x, parts, random = np.linspace(-2, 2, 121)[:, None], [], np.random.default_rng(seed)
    first = Dense(random.normal(size=(1, units)), random.uniform(-1.5, 1.5, units))
    last = Dense(random.normal(size=(units, 1)), None)
    for i, (name, between) in enumerate({"no activation": (), "with Relu": Relu()}.items()):
        out = predict((first, between, last), x)
        axes = Axes((-2, 2), (out.min() - 0.3, out.max() + 0.3), (16 + 182 * i, 30), (148, 116))
        parts += [axes.frame("x", "", xticks=(-2, 0, 2)), axes.curve(x[:, 0], out[:, 0])]
        parts.append(text((90 + 182 * i, 16), name, bold=True))
    alt = "The output of the same two dense layers above x: without an activation it is a straight line, with a Relu"
    return picture(f"{alt} between them it is a line with {units} bends or fewer.", (360, 190), *parts)


def corners() -> Picture:
    """The four corners with their labels."""
    axes = Axes((-0.4, 1.4), (-0.4, 1.4), (70, 30), (220, 116))
    parts = [axes.frame("x_1", "x_2", xticks=(0, 1), yticks=(0, 1))]
    for point, out in zip(CORNERS, predict(XOR, CORNERS).ravel(), strict=True):
        place, color = axes.at(*point), "blue" if out else "ink"
        parts += [dot(place, color, 6), text((place[0] + 13, place[1] - 13), number(out), color, bold=True)]
    alt = "The corners of a square with the labels 0 at (0, 0), 1 at (0, 1), 1 at (1, 0) and 0 at (1, 1): equal labels"
    return picture(f"{alt} are diagonally opposite.", (360, 188), *parts)


def folds() -> Picture:
    """The two hidden units of exclusive or above x1 + x2, and the output that they add up to."""
    t = np.linspace(-0.5, 2.5, 61)
    hidden = predict(XOR[:2], np.stack([t, 0 * t], axis=1))
    axes = Axes((-0.5, 2.5), (-2.2, 2.2), (40, 20), (210, 122))
    parts = [axes.frame("x_1 + x_2", "", xticks=(0, 1, 2), yticks=(-2, 0, 2))]
    names = ("first Relu", "\u22122 \u00b7 second", "their sum")
    curves = (hidden[:, 0], -2 * hidden[:, 1], predict(XOR[2], hidden)[:, 0])
    for name, curve, color, up in zip(names, curves, ("green", "grey", "blue"), (32, 124, 82), strict=True):
        parts.append(axes.curve(t, curve, color, 3 if color == "blue" else 1.5, dashed=color != "blue"))
        parts.append(text((258, up), name, color, anchor="start", bold=color == "blue"))
    for at, out in zip((0, 1, 2), predict(XOR, CORNERS[[0, 1, 3]]).ravel(), strict=True):
        place = axes.at(at, out)
        parts += [dot(place, "blue"), text((place[0], place[1] - 15), number(out), "blue", bold=True)]
    alt = (
        "Above the sum of both inputs, the first unit rises from 0, minus twice the second unit falls from 1, and their"
    )
    return picture(f"{alt} sum is 0, 1 and 0 where the inputs have the sum 0, 1 and 2.", (360, 186), *parts)


def twins(weight: float = 1.0, lr: float = 0.1) -> Picture:
    """Two hidden units that start with equal weights: their gradients are equal, so they stay equal."""
    net = (Dense(np.full((1, 2), weight), None), Relu(), Dense(np.full((2, 1), weight), None))
    x, y = np.array([[1.0]]), np.array([[1.0]])
    out, caches = forward(net, x)
    grads = backward(net, caches, mse(out, y)[1])
    after, grads = sgd(net, grads, lr), grads.params
    parts = [
        text((16, 91), f"x = {number(x.item())}", anchor="start"),
        box((322, 91), f"out = {number(out.item())}", width=72),
    ]
    for j, up in enumerate((36, 146)):
        parts += [box((178, up), "Relu", width=60, fill="paleblue")]
        parts += [arrow((62, 91 + (up - 91) * 0.15), (146, up)), arrow((210, up), (285, 91 + (up - 91) * 0.2))]
        for at, a, g in ((72, net[0].W[0, j], grads[0].W[0, j]), (284, net[2].W[j, 0], grads[2].W[j, 0])):
            beyond = 25 if j == 0 else 142  # clear of the arrows
            parts.append(text((at, beyond), f"w = {number(a)}", "blue"))
            parts.append(text((at, beyond + 18), f"dw = {number(g)}", "orange"))
    parts.append(text((180, 190), f"after a step all weights are {number(after[0].W[0, 0])}"))
    alt = f"Two hidden units with all weights {number(weight)}. All four gradients are {number(grads[0].W[0, 0])},"
    return picture(
        f"{alt} so after a step all weights are {number(after[0].W[0, 0])} and the units are still equal.",
        (360, 205),
        *parts,
    )


def sizes(layers: int = 20, n: int = 100) -> Picture:
    """The mean square of the outputs of each layer with a Relu, for three variances of the weights."""
    axes = Axes((0, layers), (-9, 9), (40, 30), (212, 128))
    parts = [axes.frame("layer", "mean square, as a power of 10", xticks=(0, layers // 2, layers), yticks=(-6, 0, 6))]
    ends = []
    for name, variance, color in (("1", 1.0, "red"), ("2/n", 2 / n, "green"), ("1/n", 1 / n, "blue")):
        random = np.random.default_rng(1)
        x = random.normal(size=(50, n))
        found = [float(np.log10((x**2).mean()))]
        for _ in range(layers):
            x = predict((Dense(random.normal(0, np.sqrt(variance), (n, n)), None), Relu()), x)
            found.append(float(np.log10((x**2).mean())))
        parts.append(axes.curve(range(layers + 1), found, color))
        parts += [dot(axes.at(i, up), color, 2.5) for i, up in enumerate(found) if up < 9]
        place = axes.at(layers, min(found[-1], 7.4))
        parts.append(text((place[0] + 9, place[1]), f"variance {name}", color, anchor="start", size=13))
        ends.append(f"{number(round(found[-1]))} for {name}")
    alt = f"The mean square of the outputs through {layers} layers as a power of 10. At the end it is {ends[0]},"
    return picture(f"{alt} {ends[1]} and {ends[2]}, where n = {n} is the number of inputs.", (360, 200), *parts)


def slopes(layers: int = 8) -> Picture:
    """The size of dA before each layer of deep networks with three activations, from the output back to the input."""
    axes, parts, ends = Axes((1, layers), (-6, 1), (40, 30), (245, 128)), [], []
    parts.append(axes.frame("layer", "size of dA, as a power of 10", xticks=(1, layers), yticks=(-6, -4, -2, 0)))
    for name, layer, color in (("Relu", Relu(), "green"), ("tanh", Tanh(), "blue"), ("sigmoid", Sigmoid(), "red")):
        random = np.random.default_rng(0)
        x, variance = random.normal(size=(50, 50)), (2 if name == "Relu" else 1) / 50
        net = tuple([(Dense(random.normal(0, np.sqrt(variance), (50, 50)), None), layer) for _ in range(layers)])
        _, caches = forward(net, x)
        dA, found = random.normal(size=x.shape), []
        for pair, cache in zip(reversed(net), reversed(caches), strict=True):
            dA = backward(pair, cache, dA).x
            found.append(float(np.log10(np.sqrt((dA**2).mean()))))
        parts.append(axes.curve(range(layers, 0, -1), found, color))
        parts += [dot(axes.at(layers - i, up), color, 3) for i, up in enumerate(found)]
        parts.append(
            text(
                (292, axes.at(0, found[0])[1] + {"Relu": -12, "tanh": 4, "sigmoid": 13}[name]),
                name,
                color,
                anchor="start",
            )
        )
        ends.append(f"10^{number(round(found[-1], 1))} with {name}")
    alt = f"The size of dA on its way back through {layers} layers. At the first layer it is {ends[0]}, {ends[1]} and"
    return picture(f"{alt} {ends[2]}.".replace("^", " to the power "), (360, 200), *parts)


def steps(rates: tuple[float, ...] = tuple(RATES)) -> Picture:
    """Steps from w = 1 on the cost w^2, at four learning rates."""
    parts = []
    w = np.linspace(-1.6, 1.6, 65)
    for i, rate in enumerate(rates):
        axes = Axes((-1.6, 1.6), (0, 2.6), (14 + 176 * (i % 2), 26 + 112 * (i // 2)), (156, 68))
        found = [1.0]
        while len(found) < 4 and abs(found[-1]) < 1.25:
            params = Dense(np.array([[found[-1]]]), None)
            out, cache = forward(params, np.ones((1, 1)))
            found.append(sgd(params, backward(params, cache, 2 * out), rate).W.item())
        parts += [axes.frame("", "", xticks=(-1, 0, 1)), axes.curve(w, w**2, "grey", 1)]
        places = [axes.at(a, a * a) for a in found]
        parts += [arrow(a, b, "orange") for a, b in pairwise(places)]
        parts += [dot(place, "blue", 3.5) for place in places]
        parts.append(
            text(
                (92 + 176 * (i % 2), 13 + 112 * (i // 2)),
                f"rate {number(rate)}: {RATES.get(rate, '')}".rstrip(": "),
                bold=True,
            )
        )
    alt = "Three steps from w = 1 on the parabola w squared. At 0.05 they are short; at 0.25 they halve w; at 0.75 they"
    return picture(
        f"{alt} jump across the minimum and come closer; at 1.1 they jump across it and go away.", (360, 228), *parts
    )


def factors(c: float = 2.0) -> Picture:
    """The factor of a step above the learning rate; the cost falls where it is between -1 and 1."""
    axes = Axes((0, 1.3), (-1.7, 1.3), (40, 30), (270, 132))
    (left, top), (right, low) = axes.at(0, 1), axes.at(1.3, -1)
    parts = [f'<rect x="{left}" y="{top:.1f}" width="{right - left}" height="{low - top:.1f}" fill="var(--paleblue)"/>']
    parts.append(axes.frame("rate", f"factor, for c = {number(c)}", xticks=(0, 0.5, 1), yticks=(-1, 0, 1)))
    parts.append(axes.curve([0, 1.3], [1, 1 - 1.3 * c], "ink"))
    for rate in RATES:
        place, color = axes.at(rate, 1 - rate * c), "blue" if abs(1 - rate * c) < 1 else "red"
        parts += [dot(place, color), text((place[0] + 9, place[1] - 9), number(rate), color, anchor="start", size=13)]
    alt = f"The factor 1 - {number(c)} times the rate falls from 1. It is in the band up to the rate {number(2 / c)};"
    return picture(f"{alt} 1.1 is outside.", (360, 204), *parts)


def costs(rates: tuple[float, ...] = (0.01, 0.1, 0.5), count: int = 200) -> Picture:
    """The cost of one network at three learning rates; a run ends where its cost leaves the figure."""
    x, top = np.linspace(-2, 2, 40)[:, None], 1.0
    y, axes = np.sin(2 * x), Axes((0, count), (0, top), (40, 30), (270, 132))
    parts = [axes.frame("step", "cost", xticks=(0, count // 2, count), yticks=(0, 0.5, 1))]
    names, ends = "ABC", []
    for name, rate, color in zip(names, rates, ("blue", "green", "red"), strict=True):
        params, found = mlp([1, 16, 1], hidden=Tanh(), seed=0), []
        while len(found) <= count and (not found or found[-1] < top):
            out, cache = forward(params, x)
            cost, dA = mse(out, y)
            params = sgd(params, backward(params, cache, dA), rate)
            found.append(min(cost, top))
        parts.append(axes.curve(range(len(found)), found, color, 2.5))
        place = axes.at(len(found) - 1, found[-1])
        parts.append(text((place[0] + 10, place[1] - 2), name, color, anchor="start", bold=True))
        ends.append(f"{name} ends at step {len(found) - 1} with {number(round(found[-1], 2))}")
    return picture(
        f"The cost of three runs above the step: {'; '.join(ends)}, the top of the figure.", (360, 204), *parts
    )
