"""Diagrams of networks as SVG: a box for each layer, with the shapes of what flows between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Protocol, TypeVar, cast

from funcnn.checked import checked
from funcnn.core import forward
from funcnn.inspection.blocks import Block, BlockBuilder
from funcnn.inspection.branches import Branches, branches_of
from funcnn.inspection.checks import Network, check_example, registering
from funcnn.inspection.layout import PAD, Junction, Line, PlacedText, Rect, Shape, placed
from funcnn.inspection.log import Entry, Log, logged
from funcnn.records import record
from funcnn.trees.walks import count

P = TypeVar("P")

# The colours of a file of its own; within a page the diagram has the colour of the text around it.
_STYLE = (
    "svg:root{color:#1f2328;background:#fff}"
    "@media(prefers-color-scheme:dark){svg:root{color:#e6edf3;background:#16181d}}"
)


@record
class Diagram:
    """The picture that `diagram` makes: `svg` is the text of an SVG file, in ASCII.

    In a notebook the picture is shown. `Path("net.svg").write_text(diagram(net, x).svg)` writes a file.
    """

    svg: str

    def __repr__(self) -> str:
        return f"<Diagram: svg of {len(self.svg)} characters>"

    def _repr_svg_(self) -> str:
        return self.svg

    _repr_html_ = _repr_svg_  # treescope gives each object an HTML form, which a notebook prefers to SVG


class DiagramVerb(Protocol):
    """`diagram(params, x) -> Diagram`."""

    def __call__(self, params: Any, x: Any = None, /) -> Diagram: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P], Branches]], Callable[[P], Branches]]: ...


@cast("Callable[[Any], DiagramVerb]", registering(branches_of.register))
@checked
def diagram(params: Network[Any], x: Any = None, /) -> Diagram:
    """A picture of a network as SVG: a box for each layer, a frame around layers inside a layer, branches side by side.

    A box has the path of its layer, as `parameters` and errors have it, the settings that are not defaults, and the
    number of its parameters. If x is given, each arrow has the shape of the array that flows there, with m for the
    number of rows, and `2m` for twice as many. Three or more equal blocks in a row are drawn once, in a dashed frame;
    each has parameters of its own. A layer in several places, as in `Shared`, has its number of parameters in the first
    place, and "shared" in the others.

    The picture has no colours of its own: it takes the colours of the text around it. As a file it is readable in the
    light and in the dark scheme. It contains the table of `summary` as a description for screen readers, and needs no
    other file.

    A layer of your own is drawn as a box, or as a frame if it has layers inside: the layers of several fields stand
    side by side. `@diagram.register(Layer)` says how they are connected, by a rule that returns `Branches`:

    >>> from typing import Any
    >>> from funcnn import Sigmoid, Tanh, forward, record
    >>> from funcnn.inspection import Branches, diagram
    >>> @record
    ... class Gated:
    ...     '''out = gate(x) layer(x)'''
    ...     gate: Any
    ...     layer: Any
    >>> @forward.register(Gated)
    ... def gated_forward(params, x):
    ...     (g, of_gate), (h, of_layer) = forward(params.gate, x), forward(params.layer, x)
    ...     return g * h, (g, h, of_gate, of_layer)
    >>> @diagram.register(Gated)
    ... def gated_branches(params):
    ...     return Branches(({"gate": params.gate}, {"layer": params.layer}), "product")
    >>> picture = diagram(Gated(Sigmoid(), Tanh()))
    >>> "product" in picture.svg
    True

    Raises:
        KindError: `x` is not an array or a tuple of arrays.
        Any error of `forward(params, x)`.
    """
    check_example("diagram", params, x)
    calls: Sequence[Entry] = ()
    if x is not None:
        log = Log()
        forward(logged(params, log), x)
        calls = log.now.inside
    blocks = BlockBuilder(x).chain(params, "", calls)
    total = f"{count(params):,} trainable parameters"
    shapes, width, height = placed(blocks, [total])
    return Diagram(_svg(shapes, math.ceil(width), math.ceil(height), "; ".join([*map(_told, blocks), total])))


def _told(block: Block) -> str:
    """A block as words, for a reader who does not see it."""
    named = " ".join(filter(None, [block.path, block.title, ", ".join(block.lines)]))
    inner = " | ".join(["; ".join(map(_told, branch)) or "x" for branch in block.branches])
    flow = f": {block.x} to {block.out}" if block.out else ""
    return named + flow + (f" [{inner}]" if inner else "")


def _svg(shapes: Sequence[Shape], width: int, height: int, told: str) -> str:
    head = f'xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}"'
    lines = [f'<svg {head} viewBox="0 0 {width} {height}">', f"<title>A network</title><desc>{escape(told)}</desc>"]
    lines += [f"<style>{_STYLE}</style>", '<g fill="none" stroke="currentColor">']
    lines += [_drawn(shape) for shape in shapes if not isinstance(shape, PlacedText)]
    lines.append('</g><g fill="currentColor" font-family="ui-monospace,Menlo,Consolas,monospace" font-size="12">')
    lines += [_written(shape) for shape in shapes if isinstance(shape, PlacedText)]
    lines += [_centred(shape) for shape in shapes if isinstance(shape, Junction)]
    return "\n".join([*lines, "</g>", "</svg>", ""]).encode("ascii", "xmlcharrefreplace").decode()


def _drawn(shape: Rect | Junction | Line) -> str:
    if isinstance(shape, Line):
        path = "M" + "L".join([f"{x:.1f} {y:.1f}" for x, y in shape.points])
        if not shape.arrow:
            return f'<path d="{path}"/>'
        (x, y), size = shape.points[-1], 4
        return f'<path d="{path}"/><path fill="currentColor" d="M{x:.1f} {y:.1f}l{-size} {-2 * size}h{2 * size}z"/>'
    if isinstance(shape, Junction):
        left, top, height = shape.x - shape.width / 2, shape.y - 10, 20
        return f'<rect x="{left:.1f}" y="{top:.1f}" width="{shape.width:.1f}" height="{height}" rx="{height / 2}"/>'
    block, place = shape.block, f'x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}"'
    tint = ' fill="currentColor" fill-opacity=".07"' if not block.branches and block.lines else ""
    dashes = ' stroke-dasharray="5 4"' if block.repeats else ' stroke-opacity=".55"' if block.branches else ""
    return f'<rect {place} height="{shape.height:.1f}" rx="{PAD / 2:g}"{tint}{dashes}/>'


def _written(text: PlacedText) -> str:
    path = f'<tspan fill-opacity=".7" font-weight="normal">{escape(text.path)} </tspan>' if text.path else ""
    weight = ' font-weight="bold"' if text.bold else ""
    return f'<text x="{text.x:.1f}" y="{text.y:.1f}"{weight}>{path}{escape(text.text)}</text>'


def _centred(node: Junction) -> str:
    return f'<text x="{node.x:.1f}" y="{node.y + 4:.1f}" text-anchor="middle">{escape(node.text)}</text>'
