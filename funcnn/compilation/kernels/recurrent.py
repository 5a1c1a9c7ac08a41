"""Kernels of LSTM and GRU: all steps of a sequence in one call, forward, and backward in time."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from funcnn.compilation.kernels.calls import are_plain
from funcnn.compilation.kernels.cells import Cell, GateArray, Gates, RowPointer, mapped
from funcnn.compilation.memory import aligned, fresh, sealed
from funcnn.compilation.text import Index
from funcnn.layers.recurrent.cells import GRU, LSTM
from funcnn.layers.recurrent.steps import Stacked
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
        arrays = {"U": product, **dict(zip(self.own, own, strict=True))}
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


class BackCell(Cell):
    """(dz_t, du_t, dstate_{t-1}) = back(...) and dh_{t-1} += du_t @ U^T; `results` are dz, and du if it is not dz"""

    def __init__(self, cls: Any, dtype: Any, k: int, m: int, kept: tuple[int, ...], *, masked: bool) -> None:
        super().__init__(cls, dtype, k, masked=masked)
        panels, most = -(-k // self.lanes), self.registers.block[1]
        self.count = -(-panels // most)  # blocks of panels
        self.many = -(-panels // self.count)  # panels of a block
        self.width = self.count * self.many * self.lanes
        self.size = min(m, self.accumulators // self.many)
        self.shared(list(kept))
        self.results, self.has_direct = ["dz"], False
        self.gates = Gates(self._rule, [*[1] * (1 + 3 * cls.states), *kept], dtype)
        self.others = [f"d{j}" for j in range(1, cls.states)]
        self.t.loop("%t", self._step)
        arrays = ["dh", "direct", *self.others, "dout", *self.states, "z", "rest", *self.results]
        self.call = self.written([], arrays)

    def __call__(self, U: Any, m: int, t: int, there: Any, arrays: list[Any], dlast: Any) -> tuple[Any, ...]:
        """The gradient of the first state; `arrays` are dout, the states, z and rest of forward, and the results."""
        k, gk, wide = self.k, U.shape[1], self.many * self.lanes
        packed = aligned(self.width * gk, self.dtype).reshape(self.count, gk, wide)
        for j in range(self.count):
            part = U[j * wide : (j + 1) * wide]
            packed[j, :, : len(part)] = part.T
        dh, direct = aligned(2 * m * self.width, self.dtype).reshape(2, m, self.width)
        dh[:, :k] = dlast[0]
        others = [d.copy() for d in dlast[1:]]
        self.call(self.gates.table, packed, there, dh, direct, *others, *arrays, m, t)
        return dh[:, :k].copy(), *others

    def _rule(self, there: Any, dout: GateArray, *rest: GateArray) -> list[GateArray]:
        n = self.cls.states
        dafter, before, after, kept = rest[:n], rest[n : 2 * n], rest[2 * n : 3 * n], rest[3 * n :]
        dafter = (dafter[0] + dout, *dafter[1:])
        passed: Any = [None] * n
        if self.masked:
            passed = [mapped("where", there, 0.0, d) for d in dafter]
            dafter = tuple([mapped("where", there, d, 0.0) for d in dafter])
        layer = build(self.cls, [None for _ in plans[self.cls]])
        dz, du, dbefore = self.cls.back(layer, kept, before, after, dafter)
        parts = [[a for a in pair if a is not None] for pair in zip(dbefore, passed, strict=True)]
        states = [pair[0] + pair[1] if len(pair) > 1 else pair[0] for pair in parts if pair]
        self.results, self.has_direct = ["dz", "du"][: 1 + (du is not dz)], bool(parts[0])
        return [dz, *[du][: du is not dz], *states]

    def _step(self, back: Index) -> None:
        t, wide = self.t, self.many * self.lanes
        i = t.minus(t.minus("%t", 1), back)
        t.loop("%m", lambda row: self._cell(row, i))
        t.loop(self.count, lambda b: self._product(i, t.at("%U", t.times(b, self.cls.gates * self.k * wide)), b))

    def _cell(self, r: Index, i: Index) -> None:
        """The cell for row r at step i."""
        t, k, gk = self.t, self.k, self.cls.gates * self.k
        before = [RowPointer(self.row(name, r, i, t.plus("%t", 1), k), -k) for name in self.states]
        after = [RowPointer(t.at(state, k)) for state, _ in before]
        z, rest = RowPointer(self.row("z", r, i, "%t", gk), -gk), self.row("rest", r, i, "%t", self.rest * k)
        kept = self.kept_rows(z, RowPointer(rest, -self.rest * k))
        dh, direct = [RowPointer(self.row(name, r, 0, 1, self.width)) for name in ("dh", "direct")]
        others = [RowPointer(self.row(name, r, 0, 1, k)) for name in self.others]
        dout, there = RowPointer(self.row("dout", r, i, "%t", k), -k), self.there(r, i)
        outs = [RowPointer(self.row(name, r, i, "%t", gk), -gk) for name in self.results]
        outs += [*[direct][: self.has_direct], *others]
        t.strips(k, lambda f: self.entries(f, there, [dout, dh, *others, *before, *after, *kept], outs))

    def _product(self, i: Index, U: str, b: Index) -> None:
        """dh for block b of panels of units."""
        t, gk = self.t, self.cls.gates * self.k
        start = t.times(b, self.many * self.lanes)

        def block(first: Index, _: Index) -> None:
            numbers = [t.plus(first, r) for r in range(self.size)]
            rows = [self.row(self.results[-1], n, i, "%t", gk) for n in numbers]
            to, direct = (
                [
                    t.at(t.at(self.row(name, n, 0, 1, self.width), start), j * t.rows)
                    for n in numbers
                    for j in range(self.many)
                ]
                for name in ("dh", "direct")
            )
            totals = [t.load(place) if self.has_direct else "zeroinitializer" for place in direct]
            for place, total in zip(to, self.product(U, rows, gk, totals), strict=True):
                t.store(total, place)

        self.blocks(block)


CELLS = {LSTM, GRU}
_MOST_ROWS = 24  # of a block, so that all larger m have one kernel
State = tuple[Any, ...]


def steps_forward(params: Any, given: Any, z: Any, mask: Any, first: State, *, keeps: bool) -> Any:
    """(h of all steps, the last state, the cache); z is written over"""
    (m, t, _), k, dtype = z.shape, len(params.U), z.dtype
    cls: Any = type(params)
    own = [getattr(params, name) for name in biases(cls)]
    if cls not in CELLS or not m or not are_plain(dtype, z, params.U, *first, *own):
        return None
    cell = _forward(cls, dtype, k, min(m, _MOST_ROWS), masked=mask is not None)
    states, out = [fresh((m, t + 1, k), dtype) for _ in first], fresh((m, t, k), dtype)
    for state, start in zip(states, first, strict=True):
        state[:, 0] = start
    rest = fresh((m, t if keeps else 1, cell.rest * k), dtype)
    cell(params.U, m, t, _numbers(mask, dtype), [z, *own, out, *states, rest], keeps=keeps)
    out, rest, states = sealed(out), sealed(rest), [*map(sealed, states)]
    last = tuple([a[:, -1] for a in states])
    return out, last, Stacked(given, tuple(states), (z, rest), cell.kept) if keeps else None


def steps_backward(params: Any, cache: Any, mask: Any, dout: Any, dlast: State) -> Any:
    """(h before, dz and du, own gradients, the gradient of the first state)"""
    cls: Any = type(params)
    states, others, dtype, k = cache.states, cache.others, params.U.dtype, len(params.U)
    (m, t, gk), known = others[0].shape, [*states, *others, *dlast]
    if cls not in CELLS or not are_plain(dtype, params.U, *known, *([] if dout is None else [dout])):
        return None
    forward = _forward(cls, dtype, k, min(m, _MOST_ROWS), masked=mask is not None)
    if (cache.gates, others[1].shape) != (forward.kept, (m, t, forward.rest * k)) or gk != params.gates * k:
        return None
    cell = _back(cls, dtype, k, min(m, _MOST_ROWS), forward.kept, masked=mask is not None)
    dout = np.zeros((m, t, k), dtype) if dout is None else dout
    rows = [fresh((m, t, gk), dtype) for _ in cell.results]
    dfirst = cell(params.U, m, t, _numbers(mask, dtype), [dout, *states, *others, *rows], dlast)
    dz, du = rows[0].reshape(m * t, gk), rows[-1].reshape(m * t, gk)
    return states[0][:, :-1].reshape(m * t, k), dz, du, {}, dfirst


def _numbers(mask: Any, dtype: Any) -> Any:
    """The mask as numbers, 0 at padded positions."""
    return np.ones(1, dtype) if mask is None else np.ascontiguousarray(mask, dtype)


_forward, _back = cache(ForwardCell), cache(BackCell)
