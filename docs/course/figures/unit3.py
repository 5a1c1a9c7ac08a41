"""The figures of unit 3: products of matrices with the numbers of the page, copies and sums, the parts of a layer."""

from __future__ import annotations

import numpy as np
from networks import EXAMPLES

from figures.pen import Picture, array, arrow, box, gate, number, picture, text
from funcnn import backward, forward

Place = tuple[int, int]

LAYER, X, *_ = EXAMPLES["3_dense"]
OUT, CACHE = forward(LAYER, X)
DA = np.array([[1.0, 0.0, 2.0], [0.0, -1.0, 1.0]])
GRADS = backward(LAYER, CACHE, DA)


def product(names: tuple[str, str, str], left: np.ndarray, right: np.ndarray, result: np.ndarray, at: Place) -> str:
    """A matrix product as it is done with a pencil: a row and a column give the number where the two meet."""
    (m, n), k, (i, j), (width, height) = left.shape, right.shape[1], at, (34, 27)
    x, y = 24 + n * width + 26, 30 + n * height + 36
    hues = ["orange" if name.startswith("d") else "blue" for name in names]
    parts = [array((x, 30), right, name=names[1], color=hues[1], pale=[(a, j) for a in range(n)])]
    parts += [array((24, y), left, name=names[0], color=hues[0], pale=[(i, a) for a in range(n)])]
    parts += [array((x, y), result, color=hues[2], pale=[at])]
    parts.append(text((x + k * width + 8, y + m * height / 2), names[2], bold=True, anchor="start"))
    return "".join(parts)


def terms(left: np.ndarray, right: np.ndarray) -> str:
    """The sum of products of a row and a column."""
    shown = [f"{number(a)}\u00b7{f'({number(b)})' if b < 0 else number(b)}" for a, b in zip(left, right, strict=True)]
    return " + ".join(shown)


def forwards() -> Picture:
    """Row 1 of x and column 1 of W give an output, and b is added."""
    made = X @ LAYER.W
    parts = [product(("x", "W", "x W"), X, LAYER.W, made, (0, 0))]
    parts.append(array((118, 216), LAYER.b, color="blue", pale=[(0, 0)]))
    parts += [text((104, 229), "+", bold=True), text((228, 229), "b, to each row", "blue", anchor="start", bold=True)]
    shown = f"{terms(X[0], LAYER.W[:, 0])} + {number(LAYER.b[0])} = {number(OUT[0, 0])}"
    parts.append(text((180, 262), f"out_{{11}} = {shown}"))
    alt = f"Row 1 of x, on the left, times column 1 of W, above, gives {number(made[0, 0])}; b is added to each"
    return picture(f"{alt} row, so the output is {number(OUT[0, 0])}.", (360, 280), *parts)


def weights() -> Picture:
    """dW: column 1 of x, which is row 1 of its transpose, times column 3 of dA."""
    dW = GRADS.params.W
    shown = np.full(dW.shape, "?", object)
    shown[0, 2] = number(dW[0, 2])
    parts = [product(("x^T", "dA", "dW"), X.T, DA, shown, (0, 2))]
    parts.append(text((180, 200), f"dW_{{13}} = {terms(X[:, 0], DA[:, 2])} = {number(dW[0, 2])}"))
    alt = "Row 1 of the transpose of x, on the left, times column 3 of dA, above, gives dW for input 1 and output 3,"
    return picture(f"{alt} {number(dW[0, 2])}.", (360, 220), *parts)


def bias() -> Picture:
    """b is copied to each row of the output; db is the sum over the rows of dA."""
    parts = [array((36, 36), LAYER.b, name="b", color="blue"), array((36, 116), np.tile(LAYER.b, (2, 1)))]
    parts += [array((226, 36), GRADS.params.b, name="db", color="orange"), array((226, 116), DA)]
    for k in range(3):
        parts.append(arrow((53 + 34 * k, 66), (53 + 34 * k, 112), "blue"))
        parts.append(arrow((243 + 34 * k, 112), (243 + 34 * k, 66), "orange"))
    parts += [text((87, 184), "copied to each row", "blue"), text((277, 184), "dA, added up", "orange")]
    shown = ", ".join([number(a) for a in GRADS.params.b])
    return picture(
        f"Forward, b is copied to both rows. Backward, the rows of dA are added: db is {shown}.", (360, 205), *parts
    )


def fan() -> Picture:
    """The outputs that one input reaches, with the weights on the way and dA at the end."""
    parts, row = [], LAYER.W[0]
    for j, up in enumerate((70, 170)):
        parts.append(gate((50, up), f"x_{{1{j + 1}}}", "blue", fill="paleblue" if j == 0 else "paper"))
    for k, up in enumerate((30, 120, 210)):
        parts.append(gate((215, up), f"o_{{1{k + 1}}}"))
        parts.append(arrow((68, 170 - (170 - up) * 0.06), (197, up + (170 - up) * 0.06), "faint"))
        parts.append(arrow((197, up + (70 - up) * 0.06), (68, 70 - (70 - up) * 0.06), "orange", 2))
        parts.append(text((118, up + (70 - up) * 0.6), number(row[k]), "blue", bold=True))
        parts.append(text((240, up), f"dA_{{1{k + 1}}} = {number(DA[0, k])}", "orange", anchor="start"))
    shown = terms(DA[0], row)
    parts.append(text((180, 252), f"dx_{{11}} = {shown} = {number(GRADS.x[0, 0])}", bold=True))
    alt = (
        "Input 1 of example 1 reaches all three outputs of its example, through row 1 of W. Backward, dA of each output"
    )
    return picture(f"{alt} is multiplied by its weight, and the sum is {number(GRADS.x[0, 0])}.", (360, 272), *parts)


def rules() -> Picture:
    """What the two rules of a layer are given and return."""
    parts = [box((180, 50), "forward", "blue", width=100, fill="paleblue")]
    parts += [box((180, 170), "backward", "orange", width=100, fill="paleorange")]
    parts += [text((64, 40), "params", "blue", anchor="end"), text((64, 60), "x", "blue", anchor="end")]
    parts += [arrow((70, 42), (128, 42), "blue"), arrow((70, 60), (128, 60), "blue"), text((326, 50), "out", "blue")]
    parts += [arrow((232, 50), (300, 50), "blue"), text((326, 170), "dA", "orange")]
    parts += [arrow((180, 68), (180, 152), "grey"), text((180, 106), "params, cache", "grey")]
    parts += [arrow((300, 170), (232, 170), "orange"), text((60, 160), "ds", "orange", anchor="end")]
    parts += [arrow((128, 162), (66, 162), "orange"), arrow((128, 180), (66, 180), "orange")]
    parts += [text((60, 180), "dx", "orange", anchor="end")]
    alt = "Forward is given the parameters and x, and returns out and the cache. Backward is given the parameters, the"
    return picture(f"{alt} cache and dA, and returns the gradients of the parameters and of x.", (360, 205), *parts)
