"""The figures of unit 1: a line and its errors, the paths of W, the cost as a parabola and as a bowl, a secant."""

from __future__ import annotations

import numpy as np
from networks import EXAMPLES

from figures.pen import Axes, Picture, arrow, box, dot, line, number, picture, text
from funcnn import Dense, backward, forward, mse, sgd

START, X, Y, _, LR = EXAMPLES["1_line"]
PLOT = (304, 118)  # the size of all axes


def of(W: float, b: float) -> Dense:
    """The line as a layer."""
    return Dense(np.array([[W]]), np.array([b]))


def cost_of(params: Dense) -> float:
    """The cost of a line for the two examples."""
    return float(mse(forward(params, X)[0], Y)[0])


def gradient_of(params: Dense) -> tuple[float, float]:
    """The derivatives of this cost with respect to W and b."""
    out, cache = forward(params, X)
    grads = backward(params, cache, mse(out, Y)[1]).params
    return grads.W.item(), grads.b.item()


def network() -> Picture:
    """A layer as a box, with the numbers of the first example."""
    W, b, x = START.W.item(), START.b.item(), X[0, 0]
    out = forward(START, X)[0][0, 0]
    parts = [box((180, 75), "W x + b", "blue", width=110, fill="paleblue")]
    parts += [arrow((62, 75), (125, 75)), arrow((235, 75), (298, 75)), arrow((150, 140), (150, 93))]
    parts += [arrow((210, 140), (210, 93)), text((150, 154), f"W = {number(W)}"), text((216, 154), f"b = {number(b)}")]
    parts += [text((32, 75), f"x = {number(x)}"), text((330, 75), f"out = {number(out)}")]
    parts += [text((32, 45), "input", "grey", size=13), text((330, 45), "output", "grey", size=13)]
    parts += [text((180, 178), "parameters", "grey", size=13), text((180, 45), "layer", "grey", size=13)]
    alt = (
        f"A layer as a box: the input x = {number(x)} enters, the parameters W = {number(W)} and b = {number(b)} stand"
    )
    return picture(f"{alt} below it, and the output {number(out)} leaves.", (360, 195), *parts)


def errors(W: float = 1.0, b: float = 0.0) -> Picture:
    """The line, the two labels, and the errors between them."""
    params = of(W, b)
    out, axes = forward(params, X)[0], Axes((0, 4), (0, 8.5), size=PLOT)
    found = [number(e) for e in (out - Y).ravel()]
    parts = [axes.frame("x", "out", xticks=(1, 2, 3, 4), yticks=(4, 8)), axes.curve([0, 4], [b, 4 * W + b])]
    for x, o, y, e in zip(X.ravel(), out.ravel(), Y.ravel(), found, strict=True):
        parts += [line([axes.at(x, o), axes.at(x, y)], "orange", 2.5), dot(axes.at(x, o), "blue"), dot(axes.at(x, y))]
        place = axes.at(x, (o + y) / 2)
        parts.append(text((place[0] + 7, place[1] - 5), f"e = {e}", "orange", anchor="start"))
        place = axes.at(x, y)
        parts.append(text((place[0] - 9, place[1] - 6), f"y = {number(y)}", anchor="end"))
    parts.append(text(axes.at(3.95, 0.9), f"cost = {number(cost_of(params))}", bold=True, anchor="end"))
    alt = (
        f"The line {number(W)} x + {number(b)}, the labels of x = 1 and x = 3, and the errors {found[0]} and {found[1]}"
    )
    return picture(f"{alt} as vertical distances. The cost is {number(cost_of(params))}.", (360, 190), *parts)


def terms() -> Picture:
    """The term of each example in the cost, as a curve above its error, and its slope, which is dA."""
    axes, e = Axes((-5, 1.5), (-1.5, 13), size=PLOT), np.linspace(-5, 1.5, 53)
    errors_, dA = (forward(START, X)[0] - Y).ravel(), mse(forward(START, X)[0], Y)[1].ravel()
    parts = [axes.frame("e", "e^2 / m", xticks=(-4, -2, 0), yticks=(0, 5, 10)), axes.curve(e, e**2 / len(X), "ink")]
    for i, (at, slope) in enumerate(zip(errors_, dA, strict=True), 1):
        ends = np.array([at - 0.7, at + 0.7])
        place = axes.at(at, at**2 / len(X))
        parts += [axes.curve(ends, at**2 / len(X) + slope * (ends - at), "orange", 2.5), dot(place, "blue")]
        parts.append(text((place[0] + 12, place[1] - 8), f"dA_{i} = {number(slope)}", "orange", anchor="start"))
    shown = f"the slopes at the errors of both examples are {number(dA[0])} and {number(dA[1])}"
    return picture(f"A term of the cost as a parabola above the error e; {shown}.", (360, 190), *parts)


def paths() -> Picture:
    """W reaches the cost through both outputs: slopes are multiplied along a path, and paths are added."""
    out, _ = forward(START, X)
    dA, dW = mse(out, Y)[1].ravel(), gradient_of(START)[0]
    parts = [box((35, 90), "W", "blue", width=50), box((325, 90), "cost", "orange", width=60)]
    for i, (up, x, a) in enumerate(zip((40, 140), X.ravel(), dA, strict=True), 1):
        parts += [box((185, up), f"out_{i}", width=64), arrow((62, 90 + (up - 90) * 0.3), (150, up))]
        parts += [arrow((219, up), (296, 90 + (up - 90) * 0.32))]
        beyond = 42 if up < 90 else 141
        parts.append(text((84, beyond), f"x_{i} = {number(x)}", "blue"))
        parts.append(text((302, beyond), f"dA_{i} = {number(a)}", "orange"))
    shown = " + ".join([f"{number(x)} \u00b7 ({number(a)})" for x, a in zip(X.ravel(), dA, strict=True)])
    parts.append(text((180, 190), f"dW = {shown} = {number(dW)}", bold=True))
    alt = "W reaches the cost on two paths, through output 1 and through output 2. Along each, x is multiplied by dA;"
    return picture(f"{alt} the sum over both is dW = {number(dW)}.", (360, 210), *parts)


def valley(axes: Axes, low: float, high: float) -> str:
    """The cost for b = 0 as a curve above W."""
    W = np.linspace(low, high, 61)
    return axes.curve(W, [cost_of(of(w, 0.0)) for w in W], "ink")


def parabola(W: float = 1.0) -> Picture:
    """The cost above W for b = 0, and the tangent at W, whose slope is dW."""
    axes, cost, slope = Axes((0, 4), (-2, 26), size=PLOT), cost_of(of(W, 0.0)), gradient_of(of(W, 0.0))[0]
    ends = np.array([W - 0.8, W + 0.85])
    parts = [axes.frame("W, for b = 0", "cost", xticks=(1, 2, 3, 4), yticks=(0, 10, 20)), valley(axes, 0.0, 4.0)]
    parts += [axes.curve(ends, cost + slope * (ends - W), "orange", 2.5), dot(axes.at(W, cost), "blue")]
    place = axes.at(W, cost)
    parts.append(text((place[0] + 10, place[1] - 6), f"slope {number(slope)}", "orange", anchor="start", bold=True))
    alt = f"The cost is a parabola above W. The tangent at W = {number(W)}, where the cost is {number(cost)},"
    return picture(f"{alt} has the slope {number(slope)}, which is dW.", (360, 190), *parts)


def secant(W: float = 1.0, h: float = 0.8) -> Picture:
    """The difference quotient of the cost: the slope of the line through the points at W - h and W + h."""
    axes, (below, at, above) = Axes((0, 4), (-2, 26), size=PLOT), [cost_of(of(W + d, 0.0)) for d in (-h, 0.0, h)]
    slope = (above - below) / (2 * h)
    parts = [axes.frame("W, for b = 0", "cost", xticks=(1, 2, 3, 4), yticks=(0, 10, 20)), valley(axes, 0.0, 4.0)]
    parts += [axes.curve([W - h, W + h], [below, above], "green", 2.5), dot(axes.at(W, at), "blue")]
    for x, y, name, side in ((W - h, below, "W \u2212 h", 10), (W + h, above, "W + h", 8)):
        place = axes.at(x, y)
        parts += [dot(place, "green"), text((place[0] + side, place[1] - 8), name, "green", anchor="start")]
    parts.append(text(axes.at(1.75, 21), f"{number(above)} \u2212 {number(below)}", "green"))
    parts.append(line([axes.at(1.3, 18.4), axes.at(2.2, 18.4)], "green", 1))
    parts.append(text(axes.at(1.75, 15.6), f"2 \u00b7 {number(h)}", "green"))
    parts.append(text(axes.at(2.3, 18.4), f"= {number(slope)}", "green", anchor="start", bold=True))
    alt = f"The line through the costs {number(below)} at W - h and {number(above)} at W + h, with h = {number(h)},"
    return picture(f"{alt} has the slope {number(slope)}: the difference quotient.", (360, 190), *parts)


def bowl(steps: int = 25, lr: float = LR) -> Picture:
    """The cost above W and b as curves of equal cost, and the points after each step."""
    axes, params, found = Axes((0.5, 3.1), (-0.6, 1.8), size=PLOT), START, [START]
    for _ in range(steps):
        out, cache = forward(params, X)
        params = sgd(params, backward(params, cache, mse(out, Y)[1]), lr)
        found.append(params)
    points = [(one.W.item(), one.b.item()) for one in found]
    parts = [axes.frame("W", "b", xticks=(1, 2, 3), yticks=(0, 1))]
    design = np.hstack([X, np.ones_like(X)])  # the cost is |design (W, b) - y|^2 / m
    values, axis = np.linalg.eigh(design.T @ design / len(X))
    best = np.linalg.solve(design, Y).ravel()
    turn = np.linspace(0, 2 * np.pi, 121)
    for level in (0.04, 0.32, 2.0, 10.0):
        W, b = best[:, None] + axis @ (np.sqrt(level / values)[:, None] * np.stack([np.cos(turn), np.sin(turn)]))
        inside = (axes.x[0] <= W) & (axes.x[1] >= W) & (axes.y[0] <= b) & (axes.y[1] >= b)
        runs = np.split(np.arange(len(W)), np.flatnonzero(np.diff(inside)) + 1)
        parts += [axes.curve(W[run], b[run], "grey", 1) for run in runs if inside[run[0]]]
    parts.append(axes.curve(*zip(*points, strict=True), "orange", 1.5))
    parts += [dot(axes.at(*point), "orange", 3) for point in points if axes.holds(*point)]
    parts += [dot(axes.at(*points[0]), "blue"), dot(axes.at(*best), "green")]
    place, cost = axes.at(*points[0]), [number(cost_of(one)) for one in found]
    parts.append(text((place[0] + 2, place[1] + 17), f"start: cost {cost[0]}", "blue", anchor="start"))
    place = axes.at(*points[1])
    parts.append(text((place[0] + 7, place[1] + 13), "step 1", "orange", anchor="start"))
    place = axes.at(*best)
    parts.append(text((place[0] + 9, place[1] - 8), "cost 0", "green", anchor="start"))
    alt = (
        f"Curves of equal cost around W = 2, b = 1. The first step leads from a cost of {cost[0]} to {cost[1]}, into a"
    )
    return picture(
        f"{alt} narrow valley; the next {steps - 1} steps follow the valley to a cost of {cost[-1]}.",
        (360, 190),
        *parts,
    )
