"""Products of a few rows: dense layers, and the products of rows with rows that are the gradients of their weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from funcnn.compilation.few_panel import FewPanel, first_of, loaded, parts, put
from funcnn.compilation.graph import Node
from funcnn.compilation.products import blocks, joined
from funcnn.compilation.program import SumOfProducts
from funcnn.compilation.text import Index


def strides(node: Node) -> tuple[int, int]:
    """The strides of W of a dense layer along its inputs and outputs; for a single weight 1."""
    _, by_input, by_output, *_ = node.data
    return (1 if node.args[0].features == node.features == 1 else by_input), by_output


def dense(panel: FewPanel, node: Node, outputs: int) -> None:
    """x @ W + b, block by block of outputs; each weight is read once for all rows."""
    if node.features > 1 and strides(node)[1] == 1:
        _in_blocks(panel, -(-node.features // panel.text.rows), outputs, partial(_by_inputs, panel, node, outputs))
    else:
        most = 1 << min(outputs, panel.text.rows).bit_length() - 1
        _in_blocks(panel, node.features, most, partial(_by_outputs, panel, node))


def _in_blocks(panel: FewPanel, count: int, most: int, block: Callable[[int, Index], None]) -> None:
    """`block(size, i)` for blocks that begin at number i of `count`."""
    t = panel.text
    for start, times, size in blocks(count, most) if count else ():
        t.loop(times, lambda b: block(size, t.plus(start, t.times(b, size))))  # noqa: B023  used at once


def _by_inputs(panel: FewPanel, node: Node, outputs: int, size: int, start: Index) -> None:
    """`size` vectors of outputs, which stand side by side in W: x_k times the weights of input k, for all k."""
    t, many = panel.text, size * panel.rows
    j = t.times(start, t.rows)
    totals = _totals(panel, node, outputs, size, j)
    for i in range(many, len(totals)):
        totals[i % many] = t.add(totals[i % many], totals[i])
    for r in panel.each():
        for i in range(size):
            t.store(totals[r * size + i], panel.address(node, t.plus(j, i * t.rows)))


def _totals(panel: FewPanel, node: Node, outputs: int, size: int, j: Index) -> list[str]:
    """The sums over some of the inputs of `size` vectors of outputs from j on, for each row; then those over others."""
    t, x, many = panel.text, node.args[0], size * panel.rows
    first, by_input, _, bias, by_bias = node.data
    weights = t.at("%V", t.plus(first, j))
    split = max(1, min(4, outputs // size // 2, x.features // 2))  # a few sums would wait for themselves
    starts = ["zeroinitializer"] * (many * split)
    if bias is not None:
        starts[:many] = [panel.vector(bias, by_bias, t.plus(j, i * t.rows)) for i in range(size)] * panel.rows

    def some(k: Index, *totals: str, inputs: int = split) -> list[str]:
        new = list(totals)
        for part in range(inputs):
            row = t.at(weights, t.times(t.plus(k, part), by_input))
            ws = [loaded(t, t.at(row, i * t.rows), t.rows) for i in range(size)]
            for r in panel.each():
                value = t.splat(t.number(panel.address(x, t.plus(k, part))))
                for i in range(size):
                    at = part * many + r * size + i
                    new[at] = t.fma(value, ws[i], new[at])
        return new

    rest = x.features % split
    totals = list(t.loop(x.features - rest, some, *starts, step=split))
    return some(x.features - rest, *totals, inputs=rest) if rest else totals


def _by_outputs(panel: FewPanel, node: Node, size: int, j: Index) -> None:
    """`size` outputs, whose inputs stand side by side in W: sums of products of vectors."""
    t, x = panel.text, node.args[0]
    first, _, by_output, bias, by_bias = node.data
    weights = t.at("%V", t.plus(first, t.times(j, by_output)))

    def some(k: Index, *totals: str, lanes: int = t.rows) -> list[str]:
        new, at = list(totals), t.at(weights, k)
        ws = [first_of(t, loaded(t, t.at(at, i * by_output), t.rows), lanes) for i in range(size)]
        for r in panel.each():
            value = first_of(t, t.load(panel.address(x, k)), lanes)
            for i in range(size):
                new[r * size + i] = t.fma(value, ws[i], new[r * size + i])
        return new

    rest = x.features % t.rows
    totals = ["zeroinitializer"] * (size * panel.rows)
    if x.features > rest:
        totals = list(t.loop(x.features - rest, some, *totals, step=t.rows))
    if rest:
        totals = some(x.features - rest, *totals, lanes=rest)
    for r in panel.each():
        made, count = joined(t, totals[r * size : (r + 1) * size], t.rows)
        to, kind = panel.address(node, j), f"<{count} x {t.float}>"
        if bias is not None:
            added = "poison"
            for i in range(count):
                number = t.number("%V", t.plus(bias, t.times(t.plus(j, min(i, size - 1)), by_bias)))
                added = t.let(f"insertelement {kind} {added}, {t.float} {number}, i64 {i}")
            made = t.add(made, added, kind)
        if node.features == 1:
            t.store(t.splat(t.let(f"extractelement {kind} {made}, i64 0")), to)
        else:
            put(t, made, to, count)  # behind the last output is memory for a whole vector


def add_products(panel: FewPanel, one: SumOfProducts, outputs: int, *, is_first: bool) -> None:
    """left^T @ right over the rows, block by block of columns: written if it is the first at its place, else added."""
    t, (left, right) = panel.text, (one.left, one.right)
    if left is not None and right.features == 1:
        left, right = right, left
    columns = partial(_columns, panel, left, right, one.at, is_first=is_first)
    rest = right.features % t.rows
    _in_blocks(
        panel,
        right.features // t.rows,
        outputs,
        lambda size, start: columns(t.times(start, t.rows), [(i * t.rows, t.rows) for i in range(size)]),
    )
    if rest:
        columns(right.features - rest, list(parts(rest)))


def _columns(
    panel: FewPanel,
    left: Node | None,
    right: Node,
    at: int,
    j: Index,
    spans: list[tuple[int, int]],
    *,
    is_first: bool,
) -> None:
    """The columns from j on, in spans (start, width): those of right stay in registers."""
    t = panel.text
    ys = [[loaded(t, panel.address(right, t.plus(j, start)), width) for start, width in spans] for _ in panel.each()]

    def line(k: Index) -> None:
        xs = [] if left is None else [t.splat(t.number(panel.address(left, k))) for _ in panel.each()]
        to = t.at("%G", t.plus(t.plus(at, t.times(k, right.features)), j))
        for i, (start, width) in enumerate(spans):
            kind, place = f"<{width} x {t.float}>", t.at(to, start)
            total = "" if is_first else loaded(t, place, width)
            for r in range(panel.rows):
                value = ys[r][i]
                if xs:
                    value = t.mul(t.shuffled(t.panel, xs[r], "poison", range(width)), value, kind)
                total = t.add(value, total, kind) if total else value
            put(t, total, place, width)

    t.loop(1 if left is None else left.features, line)
