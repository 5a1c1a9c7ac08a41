"""Kernels of rules that compute row by row: the rule itself, traced, as one function over the rows of its arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import is_array, kind
from funcnn.compilation.engine import engine
from funcnn.compilation.kernels.sweep import Sweep
from funcnn.compilation.kernels.traces import PANEL, RowTrace
from funcnn.compilation.memory import address, aligned_copy
from funcnn.compilation.shapes import Untraceable
from funcnn.compilation.strips import Strips
from funcnn.compilation.structure import builder
from funcnn.compilation.symbols import Symbol
from funcnn.records import getters, plans

_MOST = 1000  # kernels of a rule, one for each combination of shapes; if there are more, all are traced anew


def by_rows(rule: Callable[..., Any], *, at: int) -> Callable[..., Any]:
    """The kernel of a rule, which is traced for each combination of shapes, dtypes and settings of its arguments.

    Argument number `at` is an array of rows, (..., n). Arrays with as many rows are read row by row; arrays in records,
    and all others, are read as a whole. The result may consist of such rows, of one number for each row, and of what is
    computed from sums over all rows. The kernel returns None where the rule does something else, where an array is not
    contiguous, and where a check of numbers fails.
    """
    kernels: dict[tuple[Any, ...], RowKernel | None] = {}

    def kernel(*given: Any) -> Any:
        arrays, form = list[Any](), list[Any]()
        try:
            for part in given:
                _flatten(part, arrays, form)
        except Untraceable:
            return None
        key = tuple(form)
        try:
            found = kernels[key]
        except KeyError:
            if len(kernels) >= _MOST:
                kernels.clear()
            found = kernels[key] = _made(rule, given, at)
        if found is None or not all([a.flags.c_contiguous for a in arrays]):
            return None
        return found(arrays)

    return kernel


def _flatten(part: Any, arrays: list[Any], form: list[Any]) -> None:
    """Append the arrays, and what two calls must have in common to use one kernel."""
    cls = type(part)
    if cls is np.ndarray:
        arrays.append(part)
        form += (part.shape, part.dtype)
        return
    form.append(cls)
    if cls is tuple or cls in plans:
        for one in part if cls is tuple else getters[cls](part):
            _flatten(one, arrays, form)
    elif is_array(part):
        raise Untraceable(f"a {kind(part)}")
    else:
        form.append(repr(part) if cls is float else part)  # 0.0 equals -0.0, but rules may tell them apart


def _made(rule: Callable[..., Any], given: tuple[Any, ...], at: int) -> RowKernel | None:
    try:
        trace = RowTrace(rule, given, at)
    except Exception:  # noqa: BLE001  also the errors of the rule, which it raises again where it computes
        return None
    return RowKernel(trace)


class RowKernel:
    """A kernel for arrays of the shapes of a trace."""

    def __init__(self, trace: RowTrace) -> None:
        self.trace, text = trace, Strips(trace.dtype, most=1 << (trace.features.bit_length() - 1))
        widths = [s.features or 0 for s in trace.inputs]
        sweeps = [Sweep(text, trace, passes, widths, trace.length) for passes in trace.sweeps]
        names = tuple([f"sweep{i}" for i in range(len(sweeps))])
        lines = [line for name, sweep in zip(names, sweeps, strict=True) for line in sweep.function(name)]
        functions = engine().functions(text.module(lines), names)
        counts = [len(widths) + len(passes.outputs) for passes in trace.sweeps]
        self._sweeps = [_function(at, arrays) for at, arrays in zip(functions, counts, strict=True)]
        # The constants that are known before each sweep and not earlier, with their places.
        self._computed = [[one for one in trace.computed if trace.stage(one[1]) == i] for i in range(len(sweeps))]
        self._table = aligned_copy(text.panels())
        self._constants = np.zeros(trace.constants + PANEL, trace.dtype)
        trace.fill(self._constants)
        self._at = address(self._table), address(self._constants)
        # The memory of a call: the sums, what sweeps keep, and the constants, if they differ from call to call.
        self._kept = trace.length
        self._first = self._kept + max([sweep.memory for sweep in sweeps])
        self._is_fixed = not trace.computed and len(trace.arrays) == len(trace.inputs)
        self._memory = self._first + (0 if self._is_fixed else self._constants.size)
        # Arguments and results.
        self._inputs = [i for i, s in enumerate(trace.arrays) if s.features]
        self._others = [i for i, s in enumerate(trace.inputs) if s.op == "y"]  # of another dtype
        parameters = [(i, s.data.flat[0], s.size) for i, s in enumerate(trace.arrays) if not s.features]
        self._parameters = [(i, int(first), int(first) + size) for i, first, size in parameters]
        self._given = {trace.node(s): i for i, s in zip(self._inputs, trace.inputs, strict=True)}
        self._outputs = [node for passes in trace.sweeps for node in passes.outputs]
        shapes = {trace.node(s): trace.shape(s) for s in reversed(trace.leaves) if s.features}
        self._shapes = [[shapes[node] for node in passes.outputs] for passes in trace.sweeps]
        self._builder = builder(trace.made, self._leaf)

    def __call__(self, arrays: list[Any]) -> Any:
        """The result of the rule; None if a check of numbers fails."""
        trace, dtype = self.trace, self.trace.dtype
        table, first = self._at
        memory, constants, done = np.empty(self._memory, dtype), self._constants, dict[int, Any]()
        sums = _address(memory)
        if not self._is_fixed:
            constants, first = memory[self._first :], sums + self._first * dtype.itemsize
            constants[...] = self._constants
            for i, start, end in self._parameters:
                constants[start:end] = arrays[i].reshape(-1)
        inputs = [arrays[i] for i in self._inputs]
        for i in self._others:
            inputs[i] = inputs[i].astype(dtype)
        places, outputs = [address(a) for a in inputs], list[Any]()
        kept = sums + self._kept * dtype.itemsize
        for run, shapes, computed in zip(self._sweeps, self._shapes, self._computed, strict=True):
            for at, a in computed:
                constants[at : at + a.size] = np.reshape(trace.known(a, constants, memory, done), -1)
            new = [np.empty(shape, dtype) for shape in shapes]
            run(table, first, kept, sums, trace.rows, *places, *map(_address, new))
            outputs += new
        if any([memory[trace.places[id(fault)]] for fault in trace.faults]):
            return None
        return self._builder((arrays, outputs, constants, memory, done))

    def _leaf(self, s: Symbol) -> Callable[[Any], Any]:
        """What stands for a symbolic array in the result."""
        trace = self.trace
        if s.features:
            node, shape = trace.node(s), trace.shape(s)
            which, i = (0, self._given[node]) if node in self._given else (1, self._outputs.index(node))
            return lambda source: (
                source[which][i].reshape(shape) if source[which][i].shape != shape else source[which][i]
            )
        if s.shape == ():
            return lambda source: float(trace.known(s, *source[2:]))
        if id(s) in trace.places:  # copied, since the memory of the call is not kept
            first, last, shape = trace.places[id(s)], trace.places[id(s)] + s.size, s.shape
            return lambda source: source[3][first:last].reshape(shape).copy()
        return lambda source: np.array(trace.known(s, *source[2:]))


def _address(new: Any) -> int:
    """As `address`, of an array that was just made, in a third of the time."""
    return ctypes.addressof(ctypes.c_char.from_buffer(new))


def _function(place: int, arrays: int) -> Callable[..., None]:
    pointer = ctypes.c_void_p
    return ctypes.CFUNCTYPE(None, *[pointer] * 4, ctypes.c_int64, *[pointer] * arrays)(place)
