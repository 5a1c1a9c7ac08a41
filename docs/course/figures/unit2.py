"""The figures of unit 2: circuits with values forward and gradients backward, two paths, activations, a chain."""

from __future__ import annotations

import numpy as np
from networks import EXAMPLES

from figures.pen import Axes, Picture, Point, arrow, box, dot, gate, line, number, picture, text
from funcnn import Dense, Elementwise, Relu, Sigmoid, Tanh, backward, forward, mse

CHAIN, X, Y, *_ = EXAMPLES["2_chain_rule"]


def wire(start: Point, end: Point, value: str, gradient: str) -> str:
    """An arrow with a value above it and, if there is one, a gradient below it."""
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    below = text((x, y + 17), gradient, "orange") if gradient else ""
    return arrow(start, end) + text((x - 3, y - 15), value, "blue") + below


def chain_of_gates(*, backwards: bool) -> list[str]:
    """The gates of the page; their numbers come from the same chain as layers, a line and a square."""
    w, b, x, y = CHAIN[0].W.item(), CHAIN[0].b.item(), X.item(), Y.item()
    out, caches = forward(CHAIN, X)
    cost, ds = mse(out, Y)
    grads = backward(CHAIN, caches, ds)
    dz = grads.params[0].b.item()
    z = forward(CHAIN[0], X)[0].item()
    found = [grads.params[0].W.item(), grads.x.item(), dz, dz, dz, ds.item(), 1.0]
    dw, dx, db, dp, dz, ds, one = [number(a) if backwards else "" for a in found]
    gates = {"\u00d7": (78, 70), "+": (150, 70), "z^2": (222, 70), "(s\u2212y)^2": (300, 70)}
    parts = [gate(at, sign) if len(sign) < 4 else box(at, sign, width=62) for sign, at in gates.items()]
    parts += [wire((95, 70), (132, 70), number(w * x), dp), wire((168, 70), (204, 70), number(z), dz)]
    parts += [wire((240, 70), (268, 70), number(out.item()), ds), arrow((331, 70), (358, 70))]
    parts += [text((340, 44), f"{number(cost)}", "blue"), text((344, 88), one, "orange")]
    parts += [arrow((32, 30), (64, 59)), arrow((32, 110), (64, 81)), arrow((150, 128), (150, 88))]
    parts += [text((18, 20), f"w = {number(w)}", "blue", anchor="start"), text((42, 57), dw, "orange", anchor="end")]
    parts += [text((18, 125), f"x = {number(x)}", "blue", anchor="start"), text((42, 86), dx, "orange", anchor="end")]
    parts += [text((150, 142), f"b = {number(b)}", "blue"), text((163, 108), db, "orange", anchor="start")]
    parts += [arrow((300, 128), (300, 87)), text((300, 142), f"y = {number(y)}", "blue")]
    return parts + [
        text((at, 24), name, "grey", size=13) for at, name in ((113, "p"), (186, "z"), (254, "s"), (340, "cost"))
    ]


def gates() -> Picture:
    """The circuit with its values."""
    alt = (
        "Four gates in a row, product, sum, square and squared error, with the values 6, 2, 4 and 9 on the wires after"
    )
    parts = [*chain_of_gates(backwards=False), text((180, 172), "values, from left to right", "blue", size=13)]
    return picture(f"{alt} them.", (360, 185), *parts)


def circuit() -> Picture:
    """The circuit with its values and its gradients."""
    alt = "The four gates with values above the wires and gradients below: from right to left 1, 6, 24 and 24, then 72"
    words = (
        text((90, 172), "values, forward", "blue", size=13),
        text((262, 172), "gradients, backward", "orange", size=13),
    )
    return picture(f"{alt} for w, 48 for x and 24 for b.", (360, 185), *chain_of_gates(backwards=True), *words)


def question() -> Picture:
    """What a gate is given and what it returns, for the gate z^2 of the page."""
    z = forward(CHAIN[0], X)[0].item()
    _, ds = mse(forward(CHAIN, X)[0], Y)
    slope = 2 * z
    parts = [box((180, 70), "s = z^2", width=96, fill="paleblue"), arrow((20, 60), (131, 60), "blue")]
    parts += [
        arrow((229, 60), (340, 60), "blue"),
        arrow((340, 82), (229, 82), "orange"),
        arrow((131, 82), (20, 82), "orange"),
    ]
    parts += [text((75, 42), f"z = {number(z)}", "blue"), text((285, 42), f"s = {number(z * z)}", "blue")]
    parts += [text((285, 102), f"dA = ds = {number(ds.item())}", "orange")]
    parts += [
        text((72, 102), f"dz = {number(ds.item() * slope)}", "orange"),
        text((180, 126), f"slope 2 z = {number(slope)}"),
    ]
    parts += [text((180, 156), f"dz = dA \u00b7 slope = {number(ds.item())} \u00b7 {number(slope)}", bold=True)]
    alt = (
        f"The square of z is given dA = {number(ds.item())} from its right, multiplies it by its slope {number(slope)},"
    )
    return picture(f"{alt} and returns dz = {number(ds.item() * slope)} to its left.", (360, 175), *parts)


def two_paths(z: float = 2.0) -> Picture:
    """z is both factors of a product: two wires lead from z to the gate."""
    each = number(z)
    parts = [text((22, 80), "z"), arrow((36, 80), (105, 80)), gate((250, 80), "\u00d7"), arrow((267, 80), (345, 80))]
    parts += [text((70, 62), each, "blue"), text((70, 99), number(2 * z), "orange", bold=True)]
    parts += [text((305, 62), number(z * z), "blue"), text((305, 99), "1", "orange")]
    for up, start, end in ((34, 80, 68), (126, 80, 92)):
        parts += [line([(105, start), (145, up), (195, up)]), arrow((195, up), (236, end))]
        parts += [text((170, up - 16), each, "blue"), text((170, up + 17), each, "orange")]
    parts += [
        dot((105, 80)),
        text((70, 121), f"= {each} + {each}", "orange", bold=True),
    ]
    alt = f"The number z = {each} splits into two wires that both enter a product. Backward, each brings {each}; at the"
    return picture(f"{alt} split they are added: {number(2 * z)}.", (360, 160), *parts)


def activations() -> Picture:
    """Three activations in blue, and their slopes in orange."""
    x = np.linspace(-4, 4, 81)
    parts, slopes = [], []
    found: dict[str, Elementwise] = {"Relu": Relu(), "tanh": Tanh(), "sigmoid": Sigmoid()}
    for i, (name, layer) in enumerate(found.items()):
        axes = Axes((-4, 4), (-1.1, 1.6), (28 + 114 * i, 30), (96, 130))
        value, cache = forward(layer, x)
        slope = backward(layer, cache, np.ones_like(x)).x
        slopes.append(number(slope.max()))
        parts += [axes.frame("", "", xticks=(-4, 0, 4), yticks=(-1, 0, 1) if i == 0 else ())]
        parts += [axes.curve(x, value), text((76 + 114 * i, 16), name)]
        parts += [axes.curve(x[half], slope[half], "orange", dashed=True) for half in (x <= 0, x > 0)]
    words = text((100, 196), "value", "blue", size=13), text((250, 196), "slope (dashed)", "orange", size=13)
    alt = (
        "Curves of relu, tanh and sigmoid with their slopes. The slope of relu is 0 or 1; those of tanh and sigmoid are"
    )
    return picture(
        f"{alt} largest at 0, {slopes[1]} and {slopes[2]}, and almost 0 far from 0.", (360, 210), *parts, *words
    )


def cube(x: np.ndarray) -> np.ndarray:
    """The activation of the page."""
    return x**3


def layers() -> Picture:
    """The chain of the page, Dense, Cube, Tanh: outputs to the right, gradients to the left."""
    dense = Dense(np.array([[2.0]]), np.array([-5.0]))
    z = forward(dense, X)[0]
    a = cube(z)
    out, cache = forward(Tanh(), a)
    dA = mse(out, Y)[1]
    da = backward(Tanh(), cache, dA).x
    dz = da * 3 * z**2
    dx = backward(dense, forward(dense, X)[1], dz).x
    values, gradients = [[number(round(v.item(), 2)) for v in row] for row in ((X, z, a, out), (dx, dz, da, dA))]
    parts = [
        box((74 + 104 * i, 72), name, width=60, fill="paleblue") for i, name in enumerate(("Dense", "Cube", "Tanh"))
    ]
    for i, (name, value, gradient) in enumerate(zip(("x", "z", "a", "out"), values, gradients, strict=True)):
        left, middle, right = 2 + 104 * i, 23 + 104 * i, 42 + 104 * i
        parts += [arrow((left + 2, 65), (right, 65), "blue"), arrow((right, 80), (left + 2, 80), "orange")]
        parts += [text((middle, 22), name, "grey", size=13), text((middle, 46), value, "blue")]
        parts.append(text((middle, 102), gradient, "orange"))
    alt = f"Three layers in a row. Above the arrows the values {', '.join(values)}, forward; below them the gradients"
    return picture(f"{alt} {', '.join(reversed(gradients))}, backward.", (360, 125), *parts)
