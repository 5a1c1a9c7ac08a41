"""The positions of blocks in the plane, in pixels: y grows downwards, and values flow down."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from funcnn.inspection.blocks import Block

CHARACTER, LINE = 7.25, 17.0  # of a monospaced font of 12 pixels
PAD, GAP, ASIDE = 8.0, 30.0, 22.0  # within a frame; between two blocks; between two branches
FORK, JOIN = 14.0, 20.0  # above the branches; the node below them
NEXT = 8.0  # from an arrow to its text


@attrs.frozen
class Rect:
    """The rectangle of a block: a frame has layers inside."""

    x: float
    y: float
    width: float
    height: float
    block: Block


@attrs.frozen
class Junction:
    """The node that joins branches: its centre, and its width."""

    x: float
    y: float
    width: float
    text: str


@attrs.frozen
class PlacedText:
    """A text that begins at (x, y), the left end of its base line; the first words are its path."""

    x: float
    y: float
    text: str
    path: str = ""
    bold: bool = False


@attrs.frozen
class Line:
    """A line through points; with an arrow, its last piece goes down."""

    points: tuple[tuple[float, float], ...]
    arrow: bool = False


Shape = Rect | Junction | PlacedText | Line


def width_of(text: str) -> float:
    """The width of a text in pixels."""
    return CHARACTER * len(text)


def _header(block: Block) -> tuple[float, float]:
    """The width and the height of the texts of a block."""
    title = f"{block.path} {block.title}" if block.path else block.title
    return max(map(width_of, (title, *block.lines))), LINE * (1 + len(block.lines))


def size(block: Block) -> tuple[float, float]:
    """The width and the height of a block."""
    width, height = _header(block)
    if block.branches:
        columns = [_column(block, branch) for branch in block.branches]
        width = max(width, _columns_width(columns))
        height += max([tall for _, tall in columns]) + (FORK if len(columns) > 1 else 0)
        height += JOIN + FORK if block.join else FORK if len(columns) > 1 else 0
    return width + 2 * PAD, height + 2 * PAD


def _columns_width(columns: Sequence[tuple[float, float]]) -> float:
    return sum([wide for wide, _ in columns]) + ASIDE * (len(columns) - 1)


def _column(around: Block, blocks: Sequence[Block]) -> tuple[float, float]:
    """The width and the height of the blocks of a branch, with the lines before, between and behind them."""
    sizes = [size(block) for block in blocks]
    texts = [width_of(text) + NEXT for text in _labels(around, blocks)]
    width = max([2 * max(texts), *[wide for wide, _ in sizes]])
    return max(width, 2 * NEXT), sum([tall for _, tall in sizes]) + GAP * (len(blocks) + 1)


def _labels(around: Block, blocks: Sequence[Block]) -> list[str]:
    """The shape at each line of a branch; at its two ends it is left out if it is the shape outside."""
    if not blocks:
        return [""]
    labels = [block.x for block in blocks] + [blocks[-1].out]
    labels[0] = "" if labels[0] == around.x else labels[0]
    labels[-1] = "" if labels[-1] == around.out else labels[-1]
    return labels


def placed(blocks: Sequence[Block], below: Sequence[str]) -> tuple[list[Shape], float, float]:
    """The shapes of a chain with the texts below it, and the width and the height of the picture."""
    x, out = (blocks[0].x, blocks[-1].out) if blocks else ("", "")
    named = [f"x: {x}" if x else "x", *[block.x for block in blocks[1:]], f"out: {out}" if out else "out"]
    whole, shapes = Block("", ""), list[Shape]()
    wide, tall = _column(whole, blocks)
    wide = max([wide, *[2 * (width_of(text) + NEXT) for text in named], *map(width_of, below)])
    middle, y = PAD + wide / 2, PAD
    _chain(shapes, blocks, named, middle, y, tall, last=True)
    y += tall + LINE
    for text in below:
        shapes.append(PlacedText(middle - width_of(text) / 2, y, text))
        y += LINE
    return shapes, wide + 2 * PAD, y


def _chain(
    shapes: list[Shape],
    blocks: Sequence[Block],
    labels: Sequence[str],
    x: float,
    y: float,
    height: float,
    *,
    last: bool = False,
) -> None:
    """Blocks below each other, with their middle at x, from y to y + height; each line has its label.

    The line behind the last block has an arrow if nothing follows.
    """
    bottom = y + height
    for block, label in zip(blocks, labels, strict=False):
        shapes.append(Line(((x, y), (x, y + GAP)), arrow=True))
        _label(shapes, label, x, y)
        _block(shapes, block, x, y := y + GAP)
        y += size(block)[1]
    shapes.append(Line(((x, y), (x, bottom)), arrow=last))
    _label(shapes, labels[-1], x, y)


def _label(shapes: list[Shape], label: str, x: float, y: float) -> None:
    if label:
        shapes.append(PlacedText(x + NEXT, y + GAP / 2 + 3, label))


def _block(shapes: list[Shape], block: Block, middle: float, y: float) -> None:
    """A block with its middle at x and its top at y."""
    (wide, tall), (texts, header) = size(block), _header(block)
    left = middle - wide / 2
    shapes.append(Rect(left, y, wide, tall, block))
    start = left + PAD if block.branches else middle - texts / 2
    for i, line in enumerate((block.title, *block.lines)):
        shapes.append(PlacedText(start, y + PAD + LINE * (i + 0.75) - 1, line, "" if i else block.path, bold=not i))
    if not block.branches:
        return
    columns = [_column(block, branch) for branch in block.branches]
    top, bottom, highest = y + PAD + header, y + tall, max([tall for _, tall in columns])
    several = len(columns) > 1
    x, begin = middle - _columns_width(columns) / 2, top + (FORK if several else 0)
    joined = begin + highest
    for (own, _), branch in zip(columns, block.branches, strict=True):
        centre = x + own / 2
        if several:
            shapes.append(Line(((middle, top), (middle, top + FORK / 2), (centre, top + FORK / 2), (centre, begin))))
        _chain(shapes, branch, _labels(block, branch), centre, begin, highest)
        if several:
            end = joined + FORK / 2
            shapes.append(Line(((centre, joined), (centre, end), (middle, end), (middle, joined + FORK))))
        x += own + ASIDE
    joined += FORK if several else 0
    if block.join:
        shapes.append(Junction(middle, joined + JOIN / 2, max(JOIN, width_of(block.join) + 2 * NEXT), block.join))
        joined += JOIN
    shapes.append(Line(((middle, joined), (middle, bottom))))
