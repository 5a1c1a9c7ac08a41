"""The hand that draws all figures: lines, arrows, boxes, arrays of numbers and axes, as SVG for light and dark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

import numpy as np

Point = tuple[float, float]
WIDTH = 360  # of a figure, in pixels: what a phone shows without scaling

# A name, and its colour on a light and on a dark page. Values are blue, gradients orange; what is chosen is pale.
COLORS = {
    "ink": ("#1f1f1f", "#e8e8e8"),
    "grey": ("#626262", "#a6a6a6"),
    "faint": ("#cfcfcf", "#4c4c4c"),
    "blue": ("#1660a8", "#7db8f0"),
    "orange": ("#b34700", "#ffa366"),
    "green": ("#1f7034", "#7fd08f"),
    "red": ("#b2182b", "#ff8f8f"),
    "paleblue": ("#dceaf8", "#1d3a57"),
    "paleorange": ("#fde6d5", "#553115"),
    "paper": ("#ffffff", "#17181a"),
}
STYLE = (
    "<style>.drawn{color-scheme:light dark;background:var(--paper);font:15px system-ui,sans-serif;"
    + "".join([f"--{name}:light-dark({light},{dark});" for name, (light, dark) in COLORS.items()])
    + "}.drawn text{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}"
    + ".drawn :is(rect,circle[stroke])+text{stroke:none}</style>"  # on paper a text hides the lines behind it
)


@dataclass(frozen=True)
class Picture:
    """A drawing that a notebook shows, and what it shows in words."""

    svg: str
    alt: str

    def _repr_svg_(self) -> str:
        return self.svg


def picture(alt: str, size: tuple[int, int], *parts: str) -> Picture:
    """All parts, on a paper of this width and height."""
    width, height = size
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="drawn" role="img" aria-label="{escape(alt)}"'
    head += f' viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    return Picture("\n".join([head + STYLE, *parts, "</svg>"]), alt)


def number(value: float) -> str:
    """As it is written below a curve: 10, -4, 0.32, with a minus sign of its own."""
    return f"{round(float(value), 4):.4g}".replace("-", "\N{MINUS SIGN}")


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def text(
    at: Point, words: str, color: str = "ink", *, anchor: str = "middle", size: int = 15, bold: bool = False
) -> str:
    """Words whose middle, start or end is at a point; `W_1` and `z^2` have an index and an exponent."""
    x, y = at
    style = f' font-weight="{"bold" if bold else "normal"}"' if bold else ""
    small = r'<tspan font-size="70%" dy="{0}">\1</tspan><tspan dy="{1}">&#8203;</tspan>'
    shown = re.sub(r"_\{?(\w+)\}?", small.format("0.3em", "-0.21em"), escape(words))
    shown = re.sub(r"\^(\w)", small.format("-0.5em", "0.35em"), shown)
    return (
        f'<text x="{_px(x)}" y="{_px(y + size * 0.35)}" fill="var(--{color})" text-anchor="{anchor}"'
        f' font-size="{size}"{style}>{shown}</text>'
    )


def line(points: list[Point], color: str = "ink", width: float = 1.5, *, dashed: bool = False) -> str:
    """A line through points."""
    path = " ".join([f"{_px(x)},{_px(y)}" for x, y in points])
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="var(--{color})" stroke-width="{width}"{dashes}/>'


def arrow(start: Point, end: Point, color: str = "ink", width: float = 1.5) -> str:
    """A line with a head at its end."""
    a, b = np.array(start), np.array(end)
    along = (b - a) / np.linalg.norm(b - a)
    across, neck = np.array([-along[1], along[0]]), b - 9 * along
    corners = " ".join([f"{_px(x)},{_px(y)}" for x, y in (b, neck + 4 * across, neck - 4 * across)])
    head = f'<polygon points="{corners}" fill="var(--{color})"/>'
    return line([start, (neck[0], neck[1])], color, width) + head


def dot(at: Point, color: str = "ink", radius: float = 4.5) -> str:
    """A filled point."""
    return f'<circle cx="{_px(at[0])}" cy="{_px(at[1])}" r="{radius}" fill="var(--{color})"/>'


def rectangle(at: Point, size: Point, color: str = "ink", fill: str = "none") -> str:
    """Its upper left corner, its width and height."""
    place = f'x="{_px(at[0])}" y="{_px(at[1])}" width="{_px(size[0])}" height="{_px(size[1])}"'
    filled = fill if fill == "none" else f"var(--{fill})"
    return f'<rect {place} rx="2" fill="{filled}" stroke="var(--{color})"/>'


def box(middle: Point, words: str, color: str = "ink", *, width: float = 84, fill: str = "paper") -> str:
    """A layer or an operation, with its name in it."""
    frame = rectangle((middle[0] - width / 2, middle[1] - 16), (width, 32), color, fill)
    return frame + text(middle, words)


def gate(middle: Point, sign: str, color: str = "ink", *, fill: str = "paper") -> str:
    """An operation as a circle with its sign in it."""
    place = f'cx="{_px(middle[0])}" cy="{_px(middle[1])}"'
    return f'<circle {place} r="17" fill="var(--{fill})" stroke="var(--{color})"/>' + text(middle, sign)


def array(
    at: Point, values: object, *, name: str = "", color: str = "ink", cell: Point = (34, 27), pale: object = ()
) -> str:
    """A matrix as a table with its name above; `at` is its upper left corner, `pale` has the places that are chosen.

    A place is (row, column); the colour of a chosen place is that of gradients if `color` is orange.
    """
    rows, (width, height) = np.atleast_2d(np.asarray(values, dtype=object)), cell
    chosen, fill = {tuple(place) for place in pale}, "paleorange" if color == "orange" else "paleblue"
    parts = [text((at[0] + rows.shape[1] * width / 2, at[1] - 13), name, color, bold=True)] if name else []
    for (i, j), value in np.ndenumerate(rows):
        corner = at[0] + j * width, at[1] + i * height
        parts.append(rectangle(corner, cell, "grey", fill if (i, j) in chosen else "paper"))
        shown = value if isinstance(value, str) else number(value)
        parts.append(text((corner[0] + width / 2, corner[1] + height / 2), shown, color if (i, j) in chosen else "ink"))
    return "".join(parts)


@dataclass(frozen=True)
class Axes:
    """The part of a figure in which numbers are places: their ranges, and its corner, width and height in pixels."""

    x: tuple[float, float]
    y: tuple[float, float]
    corner: Point = (40, 30)
    size: Point = (304, 168)

    def at(self, x: float, y: float) -> Point:
        """The point of two numbers."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return self.corner[0] + float(across) * self.size[0], self.corner[1] + (1 - float(up)) * self.size[1]

    def holds(self, x: float, y: float) -> bool:
        """Whether the point is within the ranges."""
        return min(self.x) <= x <= max(self.x) and min(self.y) <= y <= max(self.y)

    def frame(self, x: str, y: str, *, xticks: object = (), yticks: object = ()) -> str:
        """Both axes with their names and some numbers."""
        (left, top), (width, height) = self.corner, self.size
        bottom = top + height
        parts = [line([(left, top), (left, bottom), (left + width, bottom)], "grey", 1)]
        parts += [text((self.at(at, 0)[0], bottom + 13), number(at), "grey", size=13) for at in xticks]
        parts += [text((left - 6, self.at(0, at)[1]), number(at), "grey", size=13, anchor="end") for at in yticks]
        parts.append(text((left + width, bottom + 30), x, anchor="end"))
        parts.append(text((left - 8, top - 18), y, anchor="start"))
        return "".join(parts)

    def curve(self, xs: object, ys: object, color: str = "blue", width: float = 2, *, dashed: bool = False) -> str:
        """The line through the points (x, y); what lies outside the ranges is cut off."""
        inside = [(x, y) for x, y in zip(xs, ys, strict=True) if self.holds(x, y)]
        return line([self.at(x, y) for x, y in inside], color, width, dashed=dashed)

    def bars(self, values: object, color: str = "blue", *, width: float = 0.6, names: object = ()) -> str:
        """A bar from 0 for each number, at x = 0, 1, 2 and so on, with the number at its end and a name below it."""
        parts = []
        for i, value in enumerate(np.asarray(values, float).ravel()):
            (left, zero), (right, end) = self.at(i - width / 2, 0), self.at(i + width / 2, value)
            top, height = min(zero, end), abs(end - zero)
            parts.append(f'<rect x="{_px(left)}" y="{_px(top)}" width="{_px(right - left)}" height="{_px(height)}" ')
            parts.append(f'fill="var(--{color})"/>')
            parts.append(text(((left + right) / 2, end + (11 if value < 0 else -11)), number(value), color, size=13))
        low = self.corner[1] + self.size[1]
        parts += [text((self.at(i, 0)[0], low + 13), name, "grey", size=13) for i, name in enumerate(names)]
        zero = self.at(0, 0)[1]
        return "".join(parts) + line([(self.corner[0], zero), (self.corner[0] + self.size[0], zero)], "grey", 1)
