"""Kernels of LSTM and GRU: all steps of a sequence in one call."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from funcnn.compilation.kernels.calls import are_plain
from funcnn.compilation.kernels.cell_loops import BackCell, ForwardCell, biases
from funcnn.compilation.memory import fresh, sealed
from funcnn.layers.recurrent.cells import GRU, LSTM
from funcnn.layers.recurrent.steps import Stacked

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
