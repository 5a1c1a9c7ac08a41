"""Products in a kernel: dense layers of a panel, and sums over the rows of a tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import ClassVar

import attrs

from funcnn.compilation.graph import Node
from funcnn.compilation.panel import Known, Panel
from funcnn.compilation.passes import SumOfProducts
from funcnn.compilation.pieces import Pattern
from funcnn.compilation.text import Index, Text

Compute = Callable[[Index, Known], None]
"""What the loop over the outputs of an operation computes besides: feature f, from what is known of it."""


@attrs.frozen
class Registers:
    """What fits a processor's vector registers: bytes of a vector, and accumulators of the two kinds of products.

    A sum over rows has `sums` bytes of partial sums, which decide its rounding errors. Code that `is_portable` rounds
    a product and a sum once, where others round as the processor does it best.
    """

    vector: int
    outputs: int
    block: tuple[int, int]
    sums: int
    is_portable: bool = False


def blocks(n: int, most: int) -> Iterator[tuple[int, int, int]]:
    """(start, count, size) of blocks of at most `most`, as even as can be, of two sizes at most."""
    count = -(-n // most)
    small, larger = divmod(n, count)
    yield from [b for b in ((0, larger, small + 1), (larger * (small + 1), count - larger, small)) if b[1]]


def dense(panel: Panel, node: Node, outputs: int, then: Compute | None = None) -> None:
    """x @ W + b, block by block of outputs."""
    for start, count, size in blocks(node.features, outputs):
        panel.text.loop(count, partial(_dense_block, panel, node, then, start, size))


def _dense_block(panel: Panel, node: Node, then: Compute | None, start: int, size: int, b: Index) -> None:
    """Block b of `size` outputs: each number of x is loaded once for all of them, whose sums stay in registers."""
    t, x, K = panel.text, node.args[0], node.args[0].features
    _, by_input, by_output, bias, by_bias = node.data
    # A few outputs have several sums each, since the next sum would wait for the last one.
    parts = max(1, min({1: 4, 2: 2, 3: 2}.get(node.features, 1), K // 2))
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
        if then:
            then(f, known)


@attrs.frozen(eq=False)
class SumBlocks:
    """The blocks of one size of a sum: `height` features of left and `width` of right, one accumulator for each pair.

    There are `rows` blocks from feature `top` of left on, by `columns` from feature `start` of right on.
    """

    one: SumOfProducts
    vector: int
    top: int
    rows: int
    height: int
    start: int
    columns: int
    width: int
    is_shared: ClassVar = True

    def offset(self, i: int) -> int:
        """Offset i, in the order in which `write` has them."""
        return (self.one.at, self.top, self.rows, self.start, self.columns, self.one.right.features)[i]

    def add_to(self, pattern: Pattern) -> None:
        """Add the blocks to a pattern."""
        arguments = [(pattern.own(node), node.place[0]) for node in self.one.arguments]
        is_row = self.one.right.features > 1
        pattern.key += (pattern.own(self), self.one.is_total, self.height, self.width, is_row, tuple(arguments))

    def write(self, panel: Panel, panels: Index, enter: Callable[[Index], None]) -> None:
        """Add the products over the panels of a tile to the sums at %G; `enter(p)` goes to the memory of panel p."""
        t = panel.text
        at, top, rows, start, columns, J = [t.offset(self, i) for i in range(6)]
        block = partial(self._block, panel, panels, enter, at, J)

        def row(b: Index) -> None:
            k = t.plus(top, t.times(b, self.height))
            t.loop(columns, lambda c: block(k, t.plus(start, t.times(c, self.width))))

        t.loop(rows, row)

    def _block(
        self, panel: Panel, panels: Index, enter: Callable[[Index], None], at: Index, J: Index, k: Index, j: Index
    ) -> None:
        """The block of features of left from k on, and of right from j on."""
        t, left, right, height, width = panel.text, self.one.left, self.one.right, self.height, self.width
        lanes = self.vector // t.bytes
        vector = f"<{lanes} x {t.float}>"

        def load(node: Node, f: Index, part: int) -> str:
            return t.let(f"load {vector}, ptr {t.at(panel.address(node, f), part)}, align {self.vector}")

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
        run = width if right.features > 1 else height  # neighbours among the sums
        for i in range(0, height * width, run):
            first = at if self.one.is_total else t.plus(at, t.plus(t.times(t.plus(k, i // width), J), j))
            for lane in range(0, run, lanes):
                add_lanes(t, totals[i + lane : i + min(lane + lanes, run)], lanes, t.at("%G", t.plus(first, lane)))


def sum_blocks(one: SumOfProducts, registers: Registers) -> list[SumBlocks]:
    """left^T @ right, or the sum of right, in blocks of accumulators of up to four sizes."""
    K, J = (1 if one.left is None else one.left.features), one.right.features
    most = (1, 1) if one.is_total else (1, 8) if one.left is None else (8, 1) if J == 1 else registers.block
    return [
        SumBlocks(one, registers.sums, *rows, *columns) for rows in blocks(K, most[0]) for columns in blocks(J, most[1])
    ]


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
