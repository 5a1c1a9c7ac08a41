"""Products in a kernel: dense layers of a panel, and sums over the rows of a tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import attrs

from funcnn.compilation.graph import Node
from funcnn.compilation.panel import Known, Panel
from funcnn.compilation.program import SumOfProducts
from funcnn.compilation.text import Index, Text

Compute = Callable[[Index, Known], None]
"""What the loop over the outputs of an operation computes besides: feature f, from what is known of it."""


@attrs.frozen
class Registers:
    """What fits a processor's vector registers: bytes of a vector, and accumulators of the two kinds of products."""

    vector: int
    outputs: int
    block: tuple[int, int]


def blocks(n: int, most: int) -> Iterator[tuple[int, int, int]]:
    """(start, count, size) of blocks of at most `most`, as even as can be, of two sizes at most."""
    count = -(-n // most)
    small, larger = divmod(n, count)
    yield from [b for b in ((0, larger, small + 1), (larger * (small + 1), count - larger, small)) if b[1]]


def dense(panel: Panel, node: Node, outputs: int, then: Compute) -> None:
    """x @ W + b, block by block of outputs."""
    for start, count, size in blocks(node.features, outputs):
        panel.text.loop(count, partial(_dense_block, panel, node, then, start, size))


def _dense_block(panel: Panel, node: Node, then: Compute, start: int, size: int, b: Index) -> None:
    """Block b of `size` outputs: each number of x is loaded once for all of them, whose sums stay in registers."""
    t, x, K = panel.text, node.args[0], node.args[0].features
    _, by_input, by_output, bias, by_bias = node.data
    # Few outputs have several sums each, since the next sum would wait for the last one.
    parts = max(1, min(4 if size == 1 else 2 if size <= 3 else 1, K // 2))
    j = t.plus(start, t.times(b, size))
    weights = t.at("%V", t.plus(t.offset(node, 0), t.times(j, by_output)))
    biases = ["zeroinitializer"] * size * parts
    if bias is not None:
        first = t.at("%V", t.plus(t.offset(node, 3), t.times(j, by_bias)))
        biases[:size] = [t.splat(t.number(first, i * by_bias)) for i in range(size)]

    def some(k: Index, *totals: str, many: int = parts) -> list[str]:
        new = list(totals)
        for part in range(many):
            value = t.load(panel.address(x, t.plus(k, part)))
            row = t.at(weights, t.times(t.plus(k, part), by_input))
            for i in range(size):
                weight = t.splat(t.number(row, i * by_output))
                new[part * size + i] = t.fma(weight, value, new[part * size + i])
        return new

    whole = K // parts * parts
    totals = list(t.loop(whole, some, *biases, step=parts))
    if whole < K:
        totals = some(whole, *totals, many=K - whole)
    for i in range(size, parts * size):
        totals[i % size] = t.add(totals[i % size], totals[i])
    for i in range(size):
        f, known = t.plus(j, i), {node: (totals[i], False)}
        panel.keep(node, f, known)
        then(f, known)


def across(panel: Panel, node: Node, then: Compute) -> None:
    """The sum, maximum or minimum of the features of each row."""
    t, x = panel.text, node.args[0]
    name = node.op.removeprefix("row ")

    def more(f: Index, total: str) -> list[str]:
        value = t.load(panel.address(x, t.plus(f, 1)))
        return [t.add(total, value) if name == "sum" else t.call(name, total, value)]

    total = t.loop(x.features - 1, more, t.load(panel.address(x, 0)))[0]
    known: Known = {node: (total, False)}
    panel.keep(node, 0, known)
    then(0, known)


def sums(panel: Panel, one: SumOfProducts, panels: Index, enter: Callable[[Index], None], registers: Registers) -> None:
    """Add left^T @ right over the panels of a tile to the sums at %G, block by block of accumulators.

    `enter(p)` sets the memory of `panel` to that of panel p of the tile.
    """
    K, J = (1 if one.left is None else one.left.features), one.right.features
    most = (1, 1) if one.is_total else (1, 8) if one.left is None else (8, 1) if J == 1 else registers.block
    block = partial(_sum_block, panel, one, panels, enter, registers.vector)
    for top, height_count, height in blocks(K, most[0]):
        for start, width_count, width in blocks(J, most[1]):
            row = partial(_sum_row, panel.text, block, (top, height), (start, width), width_count)
            panel.text.loop(height_count, row)


def _sum_row(
    t: Text, block: Callable[..., None], rows: tuple[int, int], columns: tuple[int, int], count: int, b: Index
) -> None:
    """Row b of blocks."""
    k = t.plus(rows[0], t.times(b, rows[1]))
    t.loop(count, lambda c: block(k, t.plus(columns[0], t.times(c, columns[1])), rows[1], columns[1]))


def _sum_block(
    panel: Panel,
    one: SumOfProducts,
    panels: Index,
    enter: Callable[[Index], None],
    vector_bytes: int,
    k: Index,
    j: Index,
    height: int,
    width: int,
) -> None:
    """The block of `height` features of left, from k on, and `width` features of right, from j on."""
    t, left, right = panel.text, one.left, one.right
    lanes = vector_bytes // t.bytes
    vector = f"<{lanes} x {t.float}>"

    def load(node: Node, f: Index, part: int) -> str:
        return t.let(f"load {vector}, ptr {t.at(panel.address(node, f), part)}, align {vector_bytes}")

    def add_panel(p: Index, *totals: str) -> list[str]:
        new = list(totals)
        enter(p)
        for part in range(0, t.rows, lanes):
            ys = [load(right, t.plus(j, b), part) for b in range(width)]
            xs = [] if left is None else [load(left, t.plus(k, a), part) for a in range(height)]
            for i in range(height * width):
                y = ys[i % width]
                new[i] = t.fma(xs[i // width], y, new[i], vector) if xs else t.add(y, new[i], vector)
        return new

    totals = t.loop(panels, add_panel, *["zeroinitializer"] * (height * width), of=vector)
    J = right.features
    run = width if J > 1 else height  # neighbours among the sums
    for i in range(0, height * width, run):
        at = t.offset(one, 0)
        at = at if one.is_total else t.plus(at, t.plus(t.times(t.plus(k, i // width), J), j))
        for first in range(0, run, lanes):
            add_lanes(t, totals[i + first : i + min(first + lanes, run)], lanes, t.at("%G", t.plus(at, first)))


def add_lanes(t: Text, vectors: Sequence[str], lanes: int, to: str) -> None:
    """Add the sum of the lanes of each vector to one of the numbers from `to` on; there are at most `lanes` vectors."""
    made, count = joined(t, vectors, lanes)
    kind = f"<{count} x {t.float}>"
    if count == len(vectors):
        before = t.let(f"load {kind}, ptr {to}, align {t.bytes}")
        t.do(f"store {kind} {t.add(made, before, kind)}, ptr {to}, align {t.bytes}")
        return
    for i in range(len(vectors)):
        total = t.let(f"extractelement {kind} {made}, i64 {i}")
        t.put(t.let(f"fadd {t.float} {total}, {t.number(to, i)}"), to, i)


def joined(t: Text, vectors: Sequence[str], lanes: int) -> tuple[str, int]:
    """A vector of the sums of the lanes of each vector, and its length, a power of two: the last sum may be repeated.

    Two vectors become one that holds half as many partial sums of both, until each sum is one lane.
    """
    count, length, group = 1 << (len(vectors) - 1).bit_length(), lanes, lanes
    parts = [*vectors, *[vectors[-1]] * (count - len(vectors))]
    while group > 1:
        kind, half = f"<{length} x {t.float}>", group // 2
        firsts = [g + i for g in range(0, length, group) for i in range(half)]
        if len(parts) == 1:
            length //= 2
            pairs = [(parts[0], "poison", firsts)]
        else:
            firsts += [length + i for i in firsts]
            pairs = [(a, b, firsts) for a, b in zip(parts[::2], parts[1::2], strict=True)]
        parts = [
            t.add(
                t.shuffled(kind, a, b, which),
                t.shuffled(kind, a, b, [i + half for i in which]),
                f"<{length} x {t.float}>",
            )
            for a, b, which in pairs
        ]
        group = half
    return parts[0], count
