"""The text of a kernel: the functions for the rows of a shard, for the end of a step, and for several steps."""

from __future__ import annotations

import numpy as np

from funcnn.compilation.products import Registers
from funcnn.compilation.program import Program
from funcnn.compilation.text import Index, Text
from funcnn.compilation.tile import Tile
from funcnn.compilation.update import Update

MOST_SHARDS, ROWS_OF_SHARD = 8, 1024
NAMES = ("shard", "finish", "fold")
# The arguments of `fold`, which stand in one block: pointers, then two whole numbers. %XS and %YS are the addresses of
# the batches of `steps` steps, %bounds those of %count shards; the others are arguments of `shard` and `finish`.
ARGUMENTS = ("C", "V", "A", "G", "M", "XS", "YS", "bounds", "W", "out", "count", "steps")


class Kernel:
    """Functions as text of LLVM IR, which depends on the shapes of a program, but not on the number of rows.

    `shard` adds up the sums of a range of rows. `finish` adds those of the shards, in order, so that the results have
    the same bits for any number of threads; and with an `update`, it changes the parameters. `fold` does so several
    times. `table` are the panels of constants that the text refers to.
    """

    def __init__(self, program: Program, registers: Registers, update: Update | None = None) -> None:
        trace = program.trace
        widest = max([*trace.widths.values(), *[node.features for node in program.nodes]])
        t = Text(trace.dtype, 2 if widest <= 16 else 1)  # small networks wait for results: take more rows at once
        tile = Tile(t, program, registers)
        self.program, self.update, self.schedule = program, update, tile.schedule
        self.memory = tile.memory
        self.length = -(-program.length // t.rows) * t.rows  # of the sums of a shard, in whole panels
        self.totals = program.length - program.first_total  # numbers for each step of a fold besides the gradients
        functions = [*tile.function(self.length), *self._finish(t), *self._fold(t)]
        self.text = "\n".join([*sorted(t.declared), *functions, ""])
        self.table = np.frombuffer(b"".join(t.table), trace.dtype)

    def bounds(self, rows: int) -> list[int]:
        """The rows at which shards begin, and the number of rows; each shard begins at a tile."""
        tiles = -(-rows // self.schedule.tile_rows)
        count = max(1, min(MOST_SHARDS, rows // ROWS_OF_SHARD, tiles))
        return [*[i * tiles // count * self.schedule.tile_rows for i in range(count)], rows]

    def _finish(self, t: Text) -> list[str]:
        """%W are the constants of a step of the update, %M the optimizer's memory, %out the totals of the step."""
        first = self.program.first_total

        def add(s: Index) -> None:
            other = t.at("%G", t.times(t.plus(s, 1), self.length))
            t.loop(self.length, lambda i: t.store(t.add(t.load("%G", i), t.load(other, i)), "%G", i), step=t.rows)

        t.when(t.let("icmp ugt i64 %count, 1"), lambda: t.loop(t.minus("%count", 1), add))
        t.loop(self.totals, lambda i: t.put(t.number("%G", t.plus(first, i)), "%out", i))
        if self.update is not None:
            self.update.write(t)
        pointers = ", ".join([f"ptr noalias %{name}" for name in ("C", "V", "G", "M", "W", "out")])
        return t.function("finish", f"{pointers}, i64 %count")

    def _fold(self, t: Text) -> list[str]:
        for i, name in enumerate(ARGUMENTS):
            kind = "i64" if name in {"count", "steps"} else "ptr"
            t.do(f"%{name} = load {kind}, ptr {_word(t, '%block', i)}")

        def step(i: Index) -> None:
            X, Y = [t.let(f"load ptr, ptr {_word(t, name, i)}") for name in ("%XS", "%YS")]

            def shard(s: Index) -> None:
                low, high = [t.let(f"load i64, ptr {_word(t, '%bounds', t.plus(s, k))}") for k in (0, 1)]
                G = t.at("%G", t.times(s, self.length))
                t.do(f"call void @shard({_pointers('%C', '%V', '%A', G, X, Y)}, i64 {low}, i64 {high})")

            t.loop("%count", shard)
            W = t.at("%W", t.times(i, self.update.constants if self.update else 0))
            out = t.at("%out", t.times(i, self.totals))
            t.do(f"call void @finish({_pointers('%C', '%V', '%G', '%M', W, out)}, i64 %count)")

        t.loop("%steps", step)
        return t.function("fold", "ptr %block")


def _word(t: Text, pointer: str, i: Index) -> str:
    """The address of word i, of 64 bits."""
    return t.let(f"getelementptr inbounds i64, ptr {pointer}, i64 {i}")


def _pointers(*names: str) -> str:
    return ", ".join([f"ptr {name}" for name in names])
