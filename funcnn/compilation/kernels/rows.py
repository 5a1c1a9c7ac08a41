"""Kernels of rules that compute row by row: the rule itself, traced, as one function over the rows of its arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import is_array, kind
from funcnn.compilation.graph import INPUTS, Graph, Node
from funcnn.compilation.kernels.calls import Call
from funcnn.compilation.kernels.traces import RowTrace
from funcnn.compilation.lanes import Lanes
from funcnn.compilation.memory import address
from funcnn.compilation.passes import Passes
from funcnn.compilation.shapes import Untraceable
from funcnn.compilation.strips import Strips
from funcnn.compilation.structure import builder
from funcnn.compilation.symbols import Symbol
from funcnn.compilation.text import LINE, Index
from funcnn.records import getters, plans

AT_ONCE = 2  # rows of a round; since each waits for its own reductions, it takes less than twice as long as one
ROWS_OF_BLOCK = 256  # whose sums are added up before they are added to those of other blocks, which loses fewer digits


class Sweep(Lanes):
    """The function that computes `count` rows, as `call(V, A, G, p0, p1, ..., count)`.

    %p0, %p1, ... are the inputs and then the outputs, %V the vector of constants, %G the sums
    over all rows, and %A memory for the sums of a block of rows and for the numbers that a row keeps. `inputs` has the
    numbers in a row of each input, and `length` is the number of sums.
    """

    def __init__(self, text: Strips, passes: Passes, graph: Graph, inputs: list[int], length: int) -> None:
        given = {node: (node.data, inputs[node.data]) for node in graph.nodes if node.op in INPUTS}
        made = {node: (i, node.features) for i, node in enumerate(passes.outputs, len(inputs))}
        arrays = {node: (f"%p{i}", width, 0) for node, (i, width) in {**given, **made}.items()}
        super().__init__(text, graph, passes, arrays, length)
        self.memory = length + AT_ONCE * self.size
        if passes.sums:
            text.loop("%count", self._block, step=ROWS_OF_BLOCK)
        else:
            self._all(0, "%count")
        self.call = Call(text, ["V", "A", "G", *[f"p{i}" for i in range(len(inputs) + len(made))]], ["count"])

    def _all(self, start: Index, rows: Index) -> None:
        """Some rows, several in a round, then those that are left one by one."""
        t = self.text
        rest = t.let(f"and i64 {rows}, {AT_ONCE - 1}")
        whole, several = t.minus(rows, rest), range(AT_ONCE)
        after = t.plus(start, whole)

        def rounds() -> None:
            t.loop(whole, lambda r: self._some([t.plus(start, t.plus(r, k)) for k in several]), step=AT_ONCE)

        t.when(t.let(f"icmp ne i64 {whole}, 0"), rounds)
        t.when(t.let(f"icmp ne i64 {rest}, 0"), lambda: t.loop(rest, lambda r: self._some([t.plus(after, r)])))

    def _block(self, start: Index) -> None:
        """Set the sums of a block to 0, compute its rows, and add its sums to those of the blocks before."""
        t, is_first = self.text, self.text.let(f"icmp eq i64 {start}, 0")

        def each(do: Callable[[Index], None]) -> None:
            for one in self.passes.sums:
                size = 1 if one.is_total else one.right.features
                t.loop(-(-size // t.rows) * t.rows, lambda i: do(t.plus(one.at, i)), step=t.rows)  # noqa: B023  used at once

        def add(i: Index) -> None:
            to, new = t.at("%G", i), t.load("%A", i)
            before = t.let(f"select i1 {is_first}, {t.panel} zeroinitializer, {t.panel} {t.read(to)}")
            t.write(t.add(before, new), to)

        each(lambda i: t.store("zeroinitializer", "%A", i))
        self._all(start, t.least(t.minus("%count", start), ROWS_OF_BLOCK))
        each(add)

    def _some(self, numbers: list[Index]) -> None:
        """The rows with these numbers, side by side."""
        rows = [self.at_row(r, i) for i, r in enumerate(numbers)]
        read = set[Node]()
        for one in self.passes.passes:
            loaded = {node for loop in one.loops for node in loop.loaded if node.op in INPUTS}
            self.fresh, read = loaded - read, read | loaded
            self.over(one, rows)


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
    """As `flatten`, in half the time, if what may change is part of the form and settings can be hashed."""
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
        self.trace, widths = trace, [s.features or 0 for s in trace.inputs]
        texts = [Strips(trace.dtype, most=1 << (trace.features.bit_length() - 1)) for _ in trace.sweeps]
        sweeps = [Sweep(*pair, trace, widths, trace.length) for pair in zip(texts, trace.sweeps, strict=True)]
        self._calls = [sweep.call for sweep in sweeps]
        self._computed = [self._computed_before(i) for i in range(len(sweeps))]
        line = LINE // trace.dtype.itemsize
        self._constants = np.zeros(trace.constants + line, trace.dtype)  # the last panel reads beyond
        trace.fill(self._constants)
        self._address = address(self._constants)
        # The memory of a call: the sums, what sweeps keep, and the constants, if they differ from call to call.
        self._kept = trace.length * trace.dtype.itemsize + LINE - 1  # bytes, to the next line of the cache
        self._first = trace.length + max([sweep.memory for sweep in sweeps]) + line
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
        others = [s for s in trace.leaves if not s.features]
        self._numbers_of, self._others_by_id = trace.function(others), {id(s): i for i, s in enumerate(others)}
        self._builder = builder(trace.made, self._leaf)

    def _computed_before(self, i: int) -> tuple[list[tuple[int, int]], Callable[..., list[Any]]]:
        """The places and sizes of the constants that are known before sweep i and not earlier, and their function."""
        computed = [(at, a) for at, a in self.trace.computed if a.stage == i]
        return [(at, a.size) for at, a in computed], self.trace.function([a for _, a in computed])

    def __call__(self, arrays: list[Any]) -> Any:
        """The result of the rule; None if a check of numbers fails."""
        trace, dtype = self.trace, self.trace.dtype
        first = self._address
        memory, constants = np.empty(self._memory, dtype), self._constants
        sums = address(memory)
        if not self._is_fixed:
            constants, first = memory[self._first :], sums + self._first * dtype.itemsize
            constants[...] = self._constants
            for i, start, end in self._parameters:
                constants[start:end] = arrays[i].reshape(-1)
        inputs = [arrays[i] for i in self._inputs]
        for i in self._others:
            inputs[i] = inputs[i].astype(dtype)
        places, outputs = [address(a) for a in inputs], list[Any]()
        kept = sums + self._kept & -LINE
        for call, shapes, (computed, function) in zip(self._calls, self._shapes, self._computed, strict=True):
            for (at, size), value in zip(computed, function(memory, constants), strict=True):
                constants[at : at + size] = np.reshape(value, -1)
            new = [np.empty(shape, dtype) for shape in shapes]
            call.at(first, kept, sums, *places, *map(address, new), trace.rows)
            outputs += new
        if any([memory[trace.places[id(fault)]] for fault in trace.faults]):
            return None
        return self._builder((arrays, outputs, self._numbers_of(memory, constants)))

    def _leaf(self, s: Symbol) -> Callable[[Any], Any]:
        """What stands for a symbolic array in the result."""
        trace = self.trace
        if s.features:
            node, shape = trace.node(s), trace.shape(s)
            which, i = (0, self._given[node]) if node in self._given else (1, self._outputs.index(node))
            return lambda source: (
                source[which][i].reshape(shape) if source[which][i].shape != shape else source[which][i]
            )
        number, make = self._others_by_id[id(s)], float if s.shape == () else np.array  # a copy of a part of the memory
        return lambda source: make(source[2][number])
