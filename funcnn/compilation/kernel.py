"""The text of a kernel: the functions for the rows of a shard, for the end of a step, and for several steps."""

from __future__ import annotations

from funcnn.compilation.products import Registers
from funcnn.compilation.program import Program
from funcnn.compilation.rounds import Rounds
from funcnn.compilation.sharing import ARGUMENTS, RUNNING, functions, load, word
from funcnn.compilation.text import Index, Text
from funcnn.compilation.tile import Tile
from funcnn.compilation.vectors import Vectors

MOST_SHARDS, ROWS_OF_SHARD = 8, 1024


class Kernel:
    """Functions as text of LLVM IR, which depends on the shapes of a program, but not on the number of rows.

    `shard0` adds up the sums of a range of rows. `finish` adds those of the shards, in order, so that the results have
    the same bits for any number of threads. `fold` takes steps, and after each it calls the function that updates the
    parameters, if there is one. If rows need sums over all rows, `shard1` and so on are later rounds over them, and
    `between1` and so on compute before each of them what it needs. `table` are the panels of constants that the text
    refers to, and `kept` is the number of floats that rounds store for each row.
    """

    def __init__(self, program: Program, registers: Registers) -> None:
        trace = program.trace
        widest = max([*trace.widths.values(), *[node.features for node in program.nodes]])
        t = Text(trace.dtype, 2 if widest <= 16 else 1)  # small networks wait for results: take more rows at once
        rounds = Rounds(program)
        tiles = [Tile(t, program, one, rounds.kept, registers) for one in rounds.rounds]
        self.program, self.kept = program, rounds.kept
        self.tile_rows = max([tile.schedule.tile_rows for tile in tiles])
        self.memory = max([tile.memory for tile in tiles])
        self.rounds, self.row_panel = len(tiles), t.rows
        self.length = -(-program.starts[-1] // t.rows) * t.rows  # of the sums of a shard, in whole panels
        self.totals = program.length - program.first_total  # numbers for each step of a fold besides the gradients
        lines = [line for i, tile in enumerate(tiles) for line in tile.function(f"shard{i}", 0 if i else self.length)]
        lines += [*self._between(t), *self._finish(t), *functions(self.rounds, self.length, t.float), *self._fold(t)]
        self.text, self.table = t.module(lines), t.panels()

    def bounds(self, rows: int) -> list[int]:
        """The rows at which shards begin, and the number of rows; each shard begins at a tile."""
        tiles = -(-rows // self.tile_rows)
        count = max(1, min(MOST_SHARDS, rows // ROWS_OF_SHARD, tiles))
        return [*[i * tiles // count * self.tile_rows for i in range(count)], rows]

    def _add_shards(self, t: Text, start: int, end: int) -> None:
        """Add the sums of all shards, from number `start` to `end`, to those of the first."""

        def add(s: Index) -> None:
            first = t.at("%G", t.times(t.plus(s, 1), self.length))
            to, other = t.at("%G", start), t.at(first, start)
            t.loop(end - start, lambda i: t.store(t.add(t.load(to, i), t.load(other, i)), to, i), step=t.rows)

        if end > start:
            t.when(t.let("icmp ugt i64 %count, 1"), lambda: t.loop(t.minus("%count", 1), add))

    def _between(self, t: Text) -> list[str]:
        lines = []
        for i in range(1, self.rounds):
            self._add_shards(t, *self.program.starts[i - 1 : i + 1])
            Vectors(self.program, i).write(t)
            lines += t.function(f"between{i}", "ptr noalias %C, ptr noalias %V, ptr noalias %G, i64 %count")
        return lines

    def _finish(self, t: Text) -> list[str]:
        """%out are the totals of the step."""
        program = self.program
        self._add_shards(t, 0, -(-program.length // t.rows) * t.rows)
        self._add_shards(t, *program.starts[-2:])
        Vectors(program, self.rounds).write(t)
        t.loop(self.totals, lambda i: t.put(t.number("%G", t.plus(program.first_total, i)), "%out", i))
        pointers = ", ".join([f"ptr noalias %{name}" for name in ("C", "V", "G", "out")])
        return t.function("finish", f"{pointers}, i64 %count")

    def _fold(self, t: Text) -> list[str]:
        for name in ARGUMENTS:
            t.do(load(name))
        t.do(word("running", RUNNING))
        t.do("store atomic i64 1, ptr %running monotonic, align 8")
        has_update = t.let("icmp ne ptr %U, null")

        def step(i: Index) -> None:
            for one, several in (("X", "%XS"), ("Y", "%YS")):
                t.do(f"store ptr {t.let(f'load ptr, ptr {_word(t, several, i)}')}, ptr %{one}.at")
            for number in range(self.rounds):
                if number:
                    t.do(f"call void @between{number}({_pointers('%C', '%V', '%G')}, i64 %count)")
                t.do(f"store i64 {number}, ptr %round.at")
                t.do("call void @share(ptr %block, ptr %yield)")
            out = t.at("%out", t.times(i, self.totals))
            t.do(f"call void @finish({_pointers('%C', '%V', '%G', out)}, i64 %count)")
            t.when(has_update, lambda: t.do(f"call void %U(ptr %block, ptr {t.at('%W', t.times(i, '%width'))})"))

        t.loop("%steps", step)
        t.do("store atomic i64 0, ptr %running monotonic, align 8")
        return t.function("fold", "ptr %block, ptr %yield")


def _word(t: Text, pointer: str, i: Index) -> str:
    """The address of word i, of 64 bits."""
    return t.let(f"getelementptr inbounds i64, ptr {pointer}, i64 {i}")


def _pointers(*names: str) -> str:
    return ", ".join([f"ptr {name}" for name in names])
