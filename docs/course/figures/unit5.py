"""The figures of unit 5: softmax as bars, the cost as a curve, p - y, all slopes, a step, a classifier."""

from __future__ import annotations

import numpy as np

from figures.pen import Axes, Picture, array, dot, line, number, picture, text
from funcnn import Relu, Softmax, accuracy, backward, forward, mlp, predict, sgd, softmax_cross_entropy

Z, Y = np.log(np.array([[1.0, 2.0, 5.0]])), np.array([[0.0, 0.0, 1.0]])
CLASSES = ("class 1", "class 2", "class 3")


def panel(i: int, values: np.ndarray, name: str, color: str, low: float, high: float) -> str:
    """Three bars with a name above, the panel i of three."""
    axes = Axes((-0.6, 2.6), (low, high), (8 + 120 * i, 40), (104, 104))
    return axes.bars(values, color, names=("1", "2", "3")) + text((60 + 120 * i, 14), name, color, bold=True)


def bars(shift: float = 0.0) -> Picture:
    """Logits, their exponentials and the probabilities; a shift of all logits changes the first two alone."""
    z = Z + shift
    e, p = np.exp(z), predict(Softmax(), z)
    rows = (("logits z", z.round(2), "ink"), ("e^z", e.round(2), "ink"), ("softmax p", p.round(3), "blue"))
    parts = [panel(i, values, name, color, 0, values.max() * 1.15) for i, (name, values, color) in enumerate(rows)]
    parts.append(text((180, 176), "class 1, 2 and 3", "grey", size=13))
    shown = [", ".join([number(v) for v in values.ravel()]) for _, values, _ in rows]
    alt = f"Three groups of three bars. The logits are {shown[0]}, their exponentials {shown[1]}, and the probabilities"
    return picture(f"{alt} {shown[2]}.", (360, 188), *parts)


def curve() -> Picture:
    """The cross-entropy above the probability of the true class, with the examples of the page."""
    axes, p = Axes((0, 1), (-0.9, 4), (40, 30), (290, 150)), np.linspace(0.01, 1, 100)
    parts = [axes.frame("p of the true class", "cost", xticks=(0, 0.5, 1), yticks=(0, 2, 4))]
    parts.append(axes.curve(p, -np.log(p), "grey"))
    found = []
    examples = {0.05: "sure and wrong", 1 / 3: "a guess among 3", 0.625: "the example", 1.0: "sure and right"}
    for at, name in examples.items():
        cost = softmax_cross_entropy(np.log([[at, max(1 - at, 1e-300)]]), np.array([[1.0, 0.0]]))[0]
        shown = number(abs(round(cost, 2)))
        x, y = axes.at(at, cost)
        side, place = ("end", (x + 4, y + 16)) if at == 1 else ("start", (x + 8, y - 10))
        parts += [dot((x, y), "blue"), text(place, f"{name}: {shown}", anchor=side, size=14)]
        found.append(f"{number(round(at, 3))} it is {shown}")
    return picture(
        f"The cost falls with the probability of the true class. At {', at '.join(found)}.", (360, 222), *parts
    )


def difference() -> Picture:
    """The probabilities, the label, and their difference, which is the gradient."""
    p, dz = predict(Softmax(), Z), softmax_cross_entropy(Z, Y)[1]
    rows = (("p", p, "blue"), ("y", Y, "ink"), ("p \u2212 y", dz, "orange"))
    parts = [panel(i, values, name, color, -0.75, 1.15) for i, (name, values, color) in enumerate(rows)]
    parts += [text((120, 75), "\u2212", bold=True), text((240, 75), "=", bold=True)]
    parts.append(text((180, 176), "class 1, 2 and 3", "grey", size=13))
    shown = [", ".join([number(v) for v in values.ravel()]) for _, values, _ in rows]
    alt = f"Three groups of bars: the probabilities {shown[0]}, less the label {shown[1]}, are the gradient {shown[2]}:"
    return picture(f"{alt} positive for the wrong classes, negative for the true class.", (360, 188), *parts)


def step(lr: float = 1.0) -> Picture:
    """The probabilities before and after a step on the logits themselves."""
    cost, dz = softmax_cross_entropy(Z, Y)
    after = Z - lr * dz
    parts, axes = [], Axes((-0.6, 2.6), (0, 0.9), (30, 36), (300, 124))
    for side, values, color in ((-0.2, predict(Softmax(), Z), "faint"), (0.2, predict(Softmax(), after), "blue")):
        for i, p in enumerate(values.ravel()):
            (left, low), (right, high) = axes.at(i + side - 0.17, 0), axes.at(i + side + 0.17, p)
            place = f'x="{left:.1f}" y="{high:.1f}" width="{right - left:.1f}" height="{low - high:.1f}"'
            parts.append(f'<rect {place} fill="var(--{color})"/>')
            ink = "grey" if color == "faint" else color
            parts.append(text(((left + right) / 2, high - 11), number(round(p, 3)), ink, size=13))
    parts += [text((axes.at(i, 0)[0], 174), name, "grey", size=13) for i, name in enumerate(CLASSES)]
    parts.append(line([(30, 160), (330, 160)], "grey", 1))
    costs = [number(round(float(c), 2)) for c in (cost, softmax_cross_entropy(after, Y)[0])]
    parts.append(text((180, 14), f"before (grey): cost {costs[0]}; after a step: {costs[1]}"))
    shown = [", ".join([number(round(p, 3)) for p in predict(Softmax(), z).ravel()]) for z in (Z, after)]
    return picture(f"The probabilities before the step are {shown[0]}, and after it {shown[1]}.", (360, 188), *parts)


def slopes() -> Picture:
    """The slope of each probability with respect to each logit: the diagonal is p (1 - p), the rest -p p."""
    _, cache = forward(Softmax(), Z)
    rows = np.concatenate([backward(Softmax(), cache, one[None]).x for one in np.eye(3)])
    parts = [array((110, 56), rows.round(3), color="orange", cell=(70, 32), pale=[(0, 0), (1, 1), (2, 2)])]
    for i in range(3):
        parts += [text((145 + 70 * i, 42), f"z_{i + 1}"), text((98, 72 + 32 * i), f"p_{i + 1}", "blue", anchor="end")]
    parts += [
        text((205, 20), "slope of a row with respect to a column", size=14),
        text((215, 168), "the sum of each row and column is 0", "grey", size=14),
    ]
    alt = "A table of slopes: on the diagonal"
    own = ", ".join([number(v) for v in rows.diagonal().round(3)])
    return picture(
        f"{alt} {own}, elsewhere negative numbers; each row and each column has the sum 0.", (360, 184), *parts
    )


def blobs() -> tuple[np.ndarray, np.ndarray]:
    """The examples of the page."""
    random, label = np.random.default_rng(0), np.arange(150) % 3
    means = np.array([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])
    return means[label] + 0.5 * random.normal(size=(150, 2)), label


def classifier(steps: int = 100, lr: float = 0.5) -> Picture:
    """The examples of the page, and the borders between the classes after training."""
    (x, label), params = blobs(), mlp([2, 8, 3], hidden=Relu(), seed=0)
    for _ in range(steps):
        out, cache = forward(params, x)
        params = sgd(params, backward(params, cache, softmax_cross_entropy(out, np.eye(3)[label])[1]), lr)
    axes = Axes((-3.6, 3.6), (-2.8, 3.6), (10, 6), (340, 196))
    xs, ys = np.linspace(*axes.x, 61), np.linspace(*axes.y, 641)
    grid = np.stack(np.meshgrid(xs, ys), axis=-1)
    logits = predict(params, grid.reshape(-1, 2)).reshape(len(ys), len(xs), 3)
    above = (logits.argmax(axis=2) == 0).argmax(axis=0)  # the first row of class 1 in each column
    fine = predict(params, np.stack(np.meshgrid(np.linspace(*axes.x, 721), ys[::20]), axis=-1).reshape(-1, 2))
    side = (fine[:, 1] > fine[:, 2]).reshape(-1, 721).argmax(axis=1) / 100 - 3.6  # where class 2 begins
    below = ys[::20] < np.interp(side, xs, ys[above])
    parts = [axes.curve(xs, ys[above], "ink", 1.5), axes.curve(side[below], ys[::20][below], "ink", 1.5)]
    for point, k in list(zip(x, label, strict=True))[:90]:
        parts.append(dot(axes.at(*point), ("blue", "orange", "green")[k], 3))
    right = accuracy(predict(params, x), label)
    for k, (at, color) in enumerate((((0, 3.3), "blue"), ((2.6, -2.5), "orange"), ((-2.6, -2.5), "green"))):
        parts.append(text(axes.at(*at), CLASSES[k], color, bold=True))
    alt = "Points of three classes, and the borders of the trained classifier between them;"
    return picture(f"{alt} {100 * right:.0f} % of the points are on the right side.", (360, 208), *parts)
