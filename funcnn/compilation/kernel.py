"""The text of a kernel: the functions for the rows of a shard, for the end of a step, and for several steps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

from funcnn.compilation.few import Few, are_few
from funcnn.compilation.pieces import Pieces
from funcnn.compilation.products import Registers
from funcnn.compilation.program import TracedGraph
from funcnn.compilation.rounds import Rounds, Vectors
from funcnn.compilation.sharing import ARGUMENTS, RUNNING, functions, load, word
from funcnn.compilation.strips import Strips
from funcnn.compilation.text import LINE, Index, Text
from funcnn.compilation.tile import PANEL, ROWS, TILE, Tile

MOST_SHARDS, ROWS_OF_SHARD = 8, 1024
MOST_WAITING = 16
"""Features of a layer of which so few sums are computed at a time that they wait for one another."""


class Kernel:
    """Functions as text of LLVM IR, which depends on the shapes of a program, and on the number of few rows.

    `shards` adds up the sums of a range of rows. `finish` adds those of the shards, in order, so that the results have
    the same bits for any number of threads. `fold` takes steps, and after each it calls the function that updates the
    parameters, if there is one. If rows need sums over all rows, there are later rounds over them, and `between`
    computes before each of them what it needs. `table` are the panels of constants and the lists of calls that the text
    refers to, and `kept` is the number of floats that rounds store for each row. The kernel of a prediction has the
    function `predict` instead.
    """

    def __init__(self, program: TracedGraph, registers: Registers, rows: float = math.inf) -> None:
        trace, rounds = program.trace, Rounds(program)
        widest = max([*trace.widths.values(), *[node.features for node in program.nodes]])
        self.is_few = len(rounds.rounds) == 1 and are_few(rows, program.nodes, registers)
        few = int(rows) if self.is_few else 0
        t = Strips(trace.dtype) if few else _text_of(widest, rows, trace.dtype, registers)
        length = -(-program.starts[-1] // t.rows) * t.rows
        apart, sums, shards = Pieces(t, "passes", PANEL), Pieces(t, "sums", TILE), Pieces(t, "shards", ROWS)
        loops, between = Pieces(t, "loops", _noalias("CVG")), Pieces(t, "between", f"{_noalias('CVG')}, i64 %count")
        tiles: list[Any] = [
            Few(t, program, one, few, registers, length)
            if isinstance(t, Strips)
            else Tile(t, program, one, rounds.kept, registers, apart, sums, 0 if i else length)
            for i, one in enumerate(rounds.rounds)
        ]
        self.program, self.kept = program, rounds.kept
        self.tile_rows = max([tile.tile_rows for tile in tiles])
        self.memory = max([tile.memory for tile in tiles])
        self.rounds, self.row_panel = len(tiles), t.rows
        self.length = length  # of the sums of a shard, in whole panels
        self.totals = program.length - program.first_total  # numbers for each step of a fold besides the gradients
        lists: list[list[int]] = []
        for i, tile in enumerate(tiles):
            vectors = [Vectors(program, i)] if i else []
            before = between.words(vectors, lambda one: self._between(t, one, loops))
            lists += before, shards.words([tile], lambda one: one.write())
        if trace.cost is None:
            lines = self._predict(t, lists[1])
        else:
            lines = [*self._finish(t, loops), *functions(self.length, t.float), *self._fold(t, lists)]
        lines += [line for pieces in (apart, sums, shards, loops, between) for line in pieces.function()]
        self.text, self.table = t.module(lines), t.panels()

    def bounds(self, rows: int) -> list[int]:
        """The rows at which shards begin, and the number of rows; each shard begins at a tile."""
        tiles = -(-rows // self.tile_rows)
        count = max(1, min(MOST_SHARDS, rows // ROWS_OF_SHARD, tiles))
        return [*[i * tiles // count * self.tile_rows for i in range(count)], rows]

    def _add_shards(self, t: Text, start: Index, count: int) -> None:
        """Add the sums of all shards, `count` from number `start` on, to those of the first."""

        def add(s: Index) -> None:
            first = t.at("%G", t.times(t.plus(s, 1), self.length))
            to, other = t.at("%G", start), t.at(first, start)
            t.loop(count, lambda i: t.store(t.add(t.load(to, i), t.load(other, i)), to, i), step=t.rows)

        if count:
            t.when(t.let("icmp ugt i64 %count, 1"), lambda: t.loop(t.minus("%count", 1), add))

    def _between(self, t: Text, vectors: Vectors, loops: Pieces) -> None:
        self._add_shards(t, t.offset(vectors, 0), vectors.length)
        vectors.write(t, loops)

    def _finish(self, t: Text, loops: Pieces) -> list[str]:
        """%out are the totals of the step."""
        program = self.program
        self._add_shards(t, 0, -(-program.length // t.rows) * t.rows)
        self._between(t, Vectors(program, self.rounds), loops)
        t.loop(self.totals, lambda i: t.put(t.number("%G", t.plus(program.first_total, i)), "%out", i))
        return t.function("finish", f"{_noalias([*'CVG', 'out'])}, i64 %count")

    def _predict(self, t: Text, shard: list[int]) -> list[str]:
        """The outputs of rows; the result is 1, or 0 if a check of numbers fails."""
        for name in "CVAG":
            t.do(load(name))
        pointers = _pointers(t.words(shard), "%C", "%V", "%A", "%G", "null", "%X", "null", "%Z")
        t.do(f"call void @shards({pointers}, i64 0, i64 %rows)")
        is_right = t.let(f"fcmp oeq {t.float} {t.number('%G', self.program.faults)}, 0.0")
        result = t.let(f"zext i1 {is_right} to i64")
        return t.function("predict", "ptr %block, ptr %X, ptr %Z, i64 %rows", result=f"i64 {result}")

    def _fold(self, t: Text, lists: list[list[int]]) -> list[str]:
        """For each round there are two lists of calls: what is computed before it, and the round."""
        for name in ARGUMENTS:
            t.do(load(name))
        t.do(word("running", RUNNING))
        t.do("store atomic i64 1, ptr %running monotonic, align 8")
        has_update = t.let("icmp ne ptr %U, null")

        firsts = t.words(list(accumulate(map(len, lists), initial=0)))
        words = t.words([word for some in lists for word in some])

        def round_(number: Index) -> None:
            of = [t.word(firsts, t.plus(t.times(number, 2), i)) for i in (0, 1)]
            before, shard = [t.word_at(words, first) for first in of]
            if self.rounds > 1:
                t.do(f"call void @between({_pointers(before, '%C', '%V', '%G')}, i64 %count)")
            t.do(f"store ptr {shard}, ptr %round.at")
            t.do("call void @share(ptr %block, ptr %yield)")

        def step(i: Index) -> None:
            for one, several in (("X", "%XS"), ("Y", "%YS")):
                t.do(f"store ptr {t.pointer(several, i)}, ptr %{one}.at")
            t.loop(self.rounds, round_)
            out = t.at("%out", t.times(i, self.totals))
            t.do(f"call void @finish({_pointers('%C', '%V', '%G', out)}, i64 %count)")
            t.when(has_update, lambda: update(t.at("%W", t.times(i, "%width"))))

        def update(constants: str) -> None:
            t.do(f"call void %U({_pointers('%E', '%G', constants, '%M', '%N')})")

        t.loop("%steps", step)
        t.do("store atomic i64 0, ptr %running monotonic, align 8")
        return t.function("fold", "ptr %block, ptr %yield")


def _noalias(names: Iterable[str]) -> str:
    return ", ".join([f"ptr noalias %{name}" for name in names])


def _pointers(*names: str) -> str:
    return ", ".join([f"ptr {name}" for name in names])


def _text_of(widest: int, rows: float, dtype: Any, registers: Registers) -> Text:
    """Panels of two lines in small networks, and where partial sums fill a line, if rows fill pairs of lines.

    Two lines use a weight twice, for which vectors that are shorter than a line leave no registers.
    """
    line = LINE // dtype.itemsize
    is_filled = not (rows <= line or 2 * line < rows <= 3 * line)
    lines = 2 if widest <= MOST_WAITING or (registers.sums == LINE and is_filled) else 1
    return Text(dtype, lines, is_fused=registers.is_portable)
