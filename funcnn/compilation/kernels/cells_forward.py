"""The kernel of all steps of a recurrent layer, forward: h @ U for some rows and units, and then the cell for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.compilation.kernels.cells import Cell, RowPointer
from funcnn.compilation.kernels.gates import GateArray, Gates, RightFactor, mapped
from funcnn.compilation.memory import aligned
from funcnn.compilation.text import Index
from funcnn.records import build, plans


def biases(cls: Any) -> list[str]:
    """The names of the parameters of a layer besides W and U: b first."""
    return [name for name, _ in plans[cls] if name not in {"W", "U"}]


class ForwardCell(Cell):
    """state_t = cell(z_t + b, state_{t-1}), where the kept arrays are written over z"""

    def __init__(self, cls: Any, dtype: Any, k: int, m: int, *, masked: bool) -> None:
        super().__init__(cls, dtype, k, masked=masked)
        self.size, self.own = min(m, self.accumulators // cls.gates), biases(cls)
        self.gates = Gates(self._rule, [*[cls.gates] * 3, *[1] * (len(self.own) - 1 + cls.states)], dtype)
        self.shared(self.gates.outputs[1 + cls.states :])
        self.panels = -(-k // self.lanes)
        self.t.loop("%t", self._step)
        self.call = self.written(["kt", "ks"], ["A", "z", *self.own, "out", *self.states, "rest"])

    def __call__(self, U: Any, m: int, t: int, there: Any, arrays: list[Any], *, keeps: bool) -> None:
        """`arrays` are z, the biases, out, the states, and the rest, which has one step if it is not kept."""
        g, k, n = self.cls.gates, self.k, self.panels
        wide = np.zeros((k, g, n * self.lanes), self.dtype)
        wide[..., :k] = U.reshape(k, g, k)
        packed = aligned(wide.size, self.dtype).reshape(n, k, g, self.lanes)
        packed[...] = wide.reshape(k, g, n, self.lanes).transpose(2, 0, 1, 3)
        memory = aligned(self.size * g * self.lanes, self.dtype)
        self.call(self.gates.table, packed, there, memory, *arrays, m, t, t if keeps else 1, int(keeps))

    def _rule(self, there: Any, product: GateArray, z: GateArray, *rest: GateArray) -> list[GateArray]:
        own, before = rest[: len(self.own)], rest[len(self.own) :]
        arrays = {"U": RightFactor(product), **dict(zip(self.own, own, strict=True))}
        layer = build(self.cls, [arrays.get(name) for name, _ in plans[self.cls]])
        after, kept = self.cls.cell(layer, z + layer.b, before)
        if not self.masked:
            return [after[0], *after, *kept]
        states = [mapped("where", there, new, old) for new, old in zip(after, before, strict=True)]
        return [mapped("where", there, states[0], 0.0), *states, *kept]

    def _step(self, i: Index) -> None:
        t, k, g = self.t, self.k, self.cls.gates

        def panel(f: Index) -> None:
            U = t.at("%U", t.times(f, g * k))

            def block(first: Index, seen: Index) -> None:
                rows = [self.row("s0", t.plus(first, r), i, t.plus("%t", 1), k) for r in range(self.size)]
                for j, total in enumerate(self.product(U, rows, k, ["zeroinitializer"] * self.size * g)):
                    t.store(total, "%A", j * t.rows)
                t.loop(t.minus(self.size, seen), lambda r: self._cell(i, f, first, t.plus(seen, r)))

            self.blocks(block)

        t.strips(k, panel)

    def _cell(self, i: Index, f: Index, first: Index, r: Index) -> None:
        """The cell for row r of a block and a panel of units."""
        t, k, g = self.t, self.k, self.cls.gates
        row = t.plus(first, r)
        z, out = self.row("z", row, i, "%t", g * k), RowPointer(self.row("out", row, i, "%t", k), k)
        before = [self.row(name, row, i, t.plus("%t", 1), k) for name in self.states]
        after = [RowPointer(t.at(state, k), k) for state in before]
        rest = RowPointer(self.row("rest", row, t.times(i, "%ks"), "%kt", self.rest * k), self.rest * k)
        scratch = t.at("%A", t.times(r, g * t.rows))
        product = [t.load(scratch, j * t.rows) for j in range(g)]
        inputs: list[Any] = [
            product,
            RowPointer(z, g * k),
            *map(RowPointer, [*[f"%{name}" for name in self.own], *before]),
        ]
        self.entries(f, self.there(row, i), inputs, [out, *after, *self.kept_rows(RowPointer(z), rest)])
