"""Rows in memory become panels, one for each feature, and panels become rows."""

from __future__ import annotations

from funcnn.compilation.graph import Node
from funcnn.compilation.panel import Panel
from funcnn.compilation.text import Index


def read_rows(panel: Panel, node: Node, pointer: str, width: int) -> None:
    """The features of a node, from rows of `width` numbers at the pointer."""
    t, features = panel.text, node.features
    if features == width <= 2:
        _split(panel, node, pointer)
        return
    whole = features // 4 * 4
    if whole:
        t.loop(whole, lambda f: _read_four(panel, node, pointer, f, width), step=4)
    if features % 4 and whole:
        _read_four(panel, node, pointer, features - 4, width)  # some of them once more
    for f in range(features if not whole else 0):
        t.store(t.gathered(t.at(pointer, f), width, t.rows), panel.address(node, f))


def _split(panel: Panel, node: Node, pointer: str) -> None:
    t, width = panel.text, node.features
    kind = f"<{width * t.rows} x {t.float}>"
    rows = t.let(f"load {kind}, ptr {pointer}, align {t.bytes}")
    for f in range(width):
        made = rows if width == 1 else t.shuffled(kind, rows, "poison", range(f, width * t.rows, width))
        t.store(made, panel.address(node, f))


def _read_four(panel: Panel, node: Node, pointer: str, f: Index, width: int) -> None:
    """Four features: four numbers of each row, joined to one long vector of which every fourth lane is a panel."""
    t, length = panel.text, 4
    at = t.at(pointer, f)
    parts = [t.let(f"load <4 x {t.float}>, ptr {t.at(at, i * width)}, align {t.bytes}") for i in range(t.rows)]
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts = [t.shuffled(f"<{length} x {t.float}>", a, b, range(2 * length)) for a, b in pairs]
        length *= 2
    for j in range(4):
        made = t.shuffled(f"<{length} x {t.float}>", parts[0], "poison", range(j, length, 4))
        t.store(made, panel.address(node, t.plus(f, j)))


def write_rows(panel: Panel, node: Node, pointer: str) -> None:
    """The features of a node as rows at the pointer."""
    t, width = panel.text, node.features
    if width <= 4:
        some = _joined(panel, node, 0, width)
        lanes = [i * 4 + f for i in range(t.rows) for f in range(width)]
        kind = f"<{width * t.rows} x {t.float}>"
        rows = t.shuffled(f"<{4 * t.rows} x {t.float}>", some, "poison", lanes)
        t.do(f"store {kind} {rows}, ptr {pointer}, align {t.bytes}")
        return
    t.loop(width // 4 * 4, lambda f: _write_four(panel, node, pointer, f), step=4)
    if width % 4:
        _write_four(panel, node, pointer, width - 4)  # some of them once more


def _write_four(panel: Panel, node: Node, pointer: str, f: Index) -> None:
    t = panel.text
    some, to = _joined(panel, node, f, 4), t.at(pointer, f)
    for i in range(t.rows):
        row = t.shuffled(f"<{4 * t.rows} x {t.float}>", some, "poison", range(4 * i, 4 * i + 4))
        t.do(f"store <4 x {t.float}> {row}, ptr {t.at(to, i * node.features)}, align {t.bytes}")


def _joined(panel: Panel, node: Node, f: Index, count: int) -> str:
    """Four features, beginning with f, as one vector: row after row; of `count` features the last is repeated."""
    t = panel.text
    a, b, c, d = [t.load(panel.address(node, t.plus(f, min(i, count - 1)))) for i in range(4)]
    both = [lane for i in range(t.rows) for lane in (i, t.rows + i)]
    ab, cd = t.shuffled(t.panel, a, b, both), t.shuffled(t.panel, c, d, both)
    lanes = [lane for i in range(0, 2 * t.rows, 2) for lane in (i, i + 1, 2 * t.rows + i, 2 * t.rows + i + 1)]
    return t.shuffled(f"<{2 * t.rows} x {t.float}>", ab, cd, lanes)
