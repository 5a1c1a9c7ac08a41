"""The figures of unit 6: a method, windows and their way back, batch norm and its three paths, a step of an LSTM."""

from __future__ import annotations

import numpy as np
from networks import EXAMPLES

from figures.pen import Axes, Picture, array, arrow, box, dot, gate, line, number, picture, text
from funcnn import BatchNorm, backward, forward

CONV, X, *_ = EXAMPLES["6_layer"]
W, x = CONV.W.ravel(), X.ravel()
OUT, CACHE = forward(CONV, X)
DA = np.array([1.0, 0.0, 2.0])
CONV_GRADS = backward(CONV, CACHE, DA[None, :, None])
CELL = 44.0


def row(y: float, values: np.ndarray, name: str, color: str, start: int = 0, pale: object = ()) -> str:
    """A row of cells with its name before it; the first cell is in the column `start`."""
    cells = array((100 + CELL * start, y), values, color=color, cell=(CELL, 30), pale=[(0, i) for i in pale])
    return cells + text((90, y + 15), name, color, anchor="end", bold=True)


def windows(place: int = 1) -> Picture:
    """The kernel on one of its windows."""
    parts = [row(20, x, "x", "blue", pale=range(place, place + len(W))), row(82, W, "W", "green", place)]
    parts.append(row(150, OUT.ravel(), "out", "blue", pale=[place]))
    for k in range(len(W)):
        left = 122 + CELL * (place + k)
        parts += [line([(left, 50), (left, 82)], "faint"), text((left, 66), "\u00d7", "grey")]
        parts.append(arrow((left, 112), (122 + CELL * place, 148), "grey"))
    terms = " + ".join(
        [f"{number(a)} \u00b7 {f'({number(b)})' if b < 0 else number(b)}" for a, b in zip(x[place:], W, strict=False)]
    )
    parts.append(text((180, 206), f"out_{place + 1} = {terms} = {number(OUT[0, place, 0])}"))
    alt = f"The kernel W stands below window {place + 1} of x. Each number of the window is multiplied by the one"
    return picture(
        f"{alt} below it, and the sum is output {place + 1}, {number(OUT[0, place, 0])}.", (360, 224), *parts
    )


def back() -> Picture:
    """Each dA times the kernel goes back onto its window; the columns are added."""
    parts = [text((188, 12), "dA times W, on its window", "grey", size=13)]
    for i, a in enumerate(DA):
        parts.append(row(26 + 38 * i, a * W + 0.0, f"{number(a)} \u00b7 W", "orange", i, pale=range(len(W))))
    parts.append(line([(40, 144), (276, 144)], "ink"))
    parts.append(row(152, CONV_GRADS.x.ravel(), "dx", "orange", pale=range(len(x))))
    parts.append(text((180, 202), "each column is added", "grey", size=13))
    shown = ", ".join([number(a) for a in CONV_GRADS.x.ravel()])
    return picture(
        f"Three rows, dA 1, 0 and 2 times the kernel, each below its window. The sum of each column is dx: {shown}.",
        (360, 216),
        *parts,
    )


def kernel(k: int = 1) -> Picture:
    """dW_k: each dA times the number of x that W_k met in its window."""
    parts = [row(24, x, "x", "blue", pale=range(k, k + len(DA))), row(104, DA, "dA", "orange", k, pale=range(len(DA)))]
    for i in range(len(DA)):
        left = 122 + CELL * (k + i)
        parts += [line([(left, 54), (left, 104)], "faint"), text((left, 79), "\u00d7", "grey")]
    terms = " + ".join([f"{number(a)} \u00b7 {number(d)}" for a, d in zip(x[k:], DA, strict=False)])
    parts.append(text((180, 166), f"dW_{k + 1} = {terms} = {number(CONV_GRADS.params.W.ravel()[k])}"))
    alt = f"Below the numbers of x that W {k + 1} is multiplied by stands dA. The sum of the products is its gradient,"
    return picture(f"{alt} {number(CONV_GRADS.params.W.ravel()[k])}.", (360, 184), *parts)


def normalised() -> Picture:
    """Two features of very different sizes, before batch norm and after it."""
    random = np.random.default_rng(0)
    one, two = 3 + 0.25 * random.normal(size=40), -1.5 + 1.5 * random.normal(size=40)
    data = np.stack([one, two], axis=1)
    after, parts = forward(BatchNorm.init(2), data)[0], []
    for i, (name, points) in enumerate({"before": data, "after": after}.items()):
        axes = Axes((-6, 6), (-6, 6), (27 + 181 * i, 34), (146, 146))
        parts += [
            axes.frame("", "", xticks=(-4, 0, 4), yticks=(-4, 0, 4) if i == 0 else ()),
            text((100 + 181 * i, 16), name, bold=True),
        ]
        parts += [axes.curve([-6, 6], [0, 0], "faint", 1), axes.curve([0, 0], [-6, 6], "faint", 1)]
        parts += [dot(axes.at(*point), "blue", 2.5) for point in points]
    alt = "Forty points with two features. Before batch norm they lie far from 0 and spread much more in one direction;"
    return picture(f"{alt} afterwards both features have the mean 0 and the same spread.", (360, 216), *parts)


def paths() -> Picture:
    """x_j reaches the outputs on three paths: directly, through the mean and through the deviation."""
    parts = [text((16, 90), "x_j", bold=True, anchor="start"), box((165, 30), "its own output", width=118)]
    parts += [
        box((165, 90), "mean \u03bc", width=118),
        box((165, 150), "deviation s", width=118),
        box((314, 90), "all outputs", width=90),
    ]
    for up in (30, 90, 150):
        parts.append(arrow((38, 90 + (up - 90) * 0.2), (104, up)))
    parts += [arrow((226, 90), (267, 90)), arrow((226, 150), (284, 109))]
    for at, word in (
        ((265, 30), "1 / s"),
        ((62, 134), "out_j / N"),
        ((72, 80), "1 / N"),
        ((246, 76), "\u22121 / s"),
        ((296, 140), "\u2212out_i / s"),
    ):
        parts.append(text(at, word, "orange", size=14))
    alt = (
        "The number x j reaches its own output with the slope 1/s, and all outputs on two more paths: through the mean,"
    )
    more = "with the slopes 1/N and -1/s, and through the deviation, with the slopes out j / N and -out i / s"
    return picture(f"{alt} {more}.", (360, 180), *parts)


def three_terms() -> Picture:
    """dA, less its mean, less out times the mean of dA out: the two directions that normalisation cancels are gone."""
    data, dA = np.array([[1.0], [1.0], [3.0], [3.0]]), np.array([[4.0], [0.0], [0.0], [0.0]])
    norm = BatchNorm.init(1, eps=1e-12)
    out, cache = forward(norm, data)
    dx = backward(norm, cache, dA).x
    mean, along = np.full(4, dA.mean()), out * (dA * out).mean()
    rows = (
        ("dA", dA, "orange"),
        ("mean of dA", mean, "ink"),
        ("out \u00b7 mean of dA \u00b7 out", along, "ink"),
        ("dx, for s = 1", dx, "orange"),
    )
    parts = []
    for i, (name, values, color) in enumerate(rows):
        axes = Axes((-0.6, 3.6), (-3, 5), (14 + 182 * (i % 2), 36 + 116 * (i // 2)), (150, 72))
        parts += [
            axes.bars(np.round(values, 6) + 0.0, color),
            text((89 + 182 * (i % 2), 14 + 116 * (i // 2)), name, color, bold=True, size=14),
        ]
    for at, sign in (((178, 74), "\u2212"), ((6, 190), "\u2212"), ((178, 190), "=")):
        parts.append(text(at, sign, bold=True))
    shown = ", ".join([number(v) for v in np.round(dx, 6).ravel() + 0.0])
    return picture(
        f"Four bars each: dA is 4, 0, 0, 0; less its mean, less out times the mean of dA out, it gives dx: {shown}.",
        (360, 240),
        *parts,
    )


WIRES = (
    *(((6, 90), (60, 90)), ((96, 90), (132, 90)), ((168, 90), (354, 90)), ((150, 147), (150, 108))),
    *(((225, 90), (225, 148)), ((252, 165), (282, 165)), ((318, 165), (354, 165)), ((78, 42), (78, 72))),
    *(((80, 165), (132, 165)), ((150, 220), (150, 183)), ((300, 220), (300, 183))),
)


def step_of_lstm(i: float, f: float, o: float, g: float, c0: float, dh: float) -> dict[str, tuple[float, float]]:
    """The value and the gradient of each number of one step, if nothing comes from the next step."""
    c = f * c0 + i * g
    t = np.tanh(c)
    dc = dh * o * (1 - t**2)
    made = {"i": (i, dc * g), "f": (f, dc * c0), "o": (o, dh * t), "g": (g, dc * i), "c_0": (c0, dc * f)}
    made |= {"c": (c, dc), "h": (o * t, dh)}
    return {name: (value + 0.0, gradient + 0.0) for name, (value, gradient) in made.items()}


def circuit(numbers: dict[str, tuple[float, float]], *, backwards: bool) -> list[str]:
    """The gates, the wires, and their numbers."""
    parts = [gate((78, 90), "\u00d7"), gate((150, 90), "+"), gate((150, 165), "\u00d7"), gate((300, 165), "\u00d7")]
    parts += [arrow(start, end) for start, end in WIRES] + [box((225, 165), "tanh", width=52)]
    places = {
        "c_0": (30, 70, 38),
        "f": (78, 12, 18),
        "g": (50, 156, 18),
        "i": (150, 232, 18),
        "o": (300, 232, 18),
        "c": (300, 72, 36),
        "h": (336, 140, 52),
    }
    for name, (at, up, below) in places.items():
        value, gradient = numbers[name]
        parts.append(text((at, up), f"{name} = {number(value)}", "blue", size=14))
        parts += [text((at, up + below), f"d{name} = {number(gradient)}", "orange", size=14)] * backwards
    return parts


def lstm(i: float = 1.0, f: float = 0.5, o: float = 0.5, g: float = -1.0, c0: float = 2.0) -> Picture:
    """One step of an LSTM as a circuit."""
    numbers = step_of_lstm(i, f, o, g, c0, 0.0)
    alt = (
        "One step of an LSTM as a circuit: c0 times f plus i times g is the cell c; tanh of c times o is the output h."
    )
    shown = f"Here c = {number(numbers['c'][0])} and h = {number(numbers['h'][0])}."
    return picture(f"{alt} {shown}", (360, 250), *circuit(numbers, backwards=False))


def lstm_back(
    i: float = 1.0, f: float = 0.5, o: float = 0.5, g: float = -1.0, c0: float = 2.0, dh: float = 4.0
) -> Picture:
    """The same step with its gradients."""
    numbers = step_of_lstm(i, f, o, g, c0, dh)
    shown = ", ".join([f"d{name.replace('_', '')} = {number(gradient)}" for name, (_, gradient) in numbers.items()])
    alt = "The circuit of an LSTM with a gradient below each value:"
    return picture(f"{alt} {shown}.", (360, 264), *circuit(numbers, backwards=True))


def method() -> Picture:
    """A number, the outputs that it changes, and the sum over them."""
    parts = [box((50, 80), "a number", width=84, fill="paleblue")]
    for i, up in enumerate((25, 80, 135), 1):
        parts += [box((215, up), f"out_{i}", width=60), arrow((94, 80 + (up - 80) * 0.25), (183, up))]
        parts.append(text((138, 80 + (up - 80) * 0.62), f"s_{i}", "blue"))
        parts += [arrow((300, up), (248, up), "orange"), text((325, up), f"dA_{i}", "orange")]
    parts.append(text((180, 182), "gradient = s_1 dA_1 + s_2 dA_2 + s_3 dA_3", bold=True))
    alt = "A number changes three outputs with three slopes. Its gradient is the sum of slope times dA."
    return picture(alt, (360, 200), *parts)
