"""Steps of compiled functions whose kernels are WebAssembly, in memory of their own, run by wasmtime."""

from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest
from wasmtime import Engine, Instance, Limits, Memory, MemoryType, Module, Store, Table, TableType, ValType

from funcnn.compilation import step
from funcnn.compilation.engine import engine
from funcnn.compilation.sharing import ARGUMENTS
from tests.wasm.module import module

PAGE, LINE = 2**16, 64  # bytes of a page of memory, and of a line of the cache with what a panel reads behind an array
FIRST = 2**20  # the first byte behind the data of a module
_engine = cache(Engine)
_module = cache(lambda text: Module(_engine(), module(portable(text))))


def portable(text):
    """The text that has the same bits everywhere: WebAssembly rounds each product before it adds it to a sum."""
    return text.replace(" contract", "")


class Portable:
    """The engine of this machine, for portable text."""

    registers = property(lambda _: engine().registers)

    def functions(self, text, names):
        """The addresses of the functions with these names."""
        return engine().functions(portable(text), names)


class Machine:
    """The module of a kernel, and its memory."""

    def __init__(self, text):
        self.store, self._end = Store(_engine()), FIRST
        self.memory = Memory(self.store, MemoryType(Limits(FIRST // PAGE, None)))
        compiled = _module(text)
        table = Table(self.store, TableType(ValType.funcref(), Limits(64, None)), None)
        imports = {"__linear_memory": self.memory, "__indirect_function_table": table}
        instance = Instance(self.store, compiled, [imports[one.name] for one in compiled.imports])
        self.functions = instance.exports(self.store)

    def put(self, array):
        """The address of a copy."""
        at = -(-self._end // LINE) * LINE
        self._end = at + array.nbytes + 4 * LINE
        if (missing := self._end - self.memory.data_len(self.store)) > 0:
            self.memory.grow(self.store, -(-missing // PAGE))
        self.memory.write(self.store, array.tobytes(), at)
        return at

    def get(self, at, array):
        """Write into an array what the copy has become."""
        made = self.memory.read(self.store, at, at + array.nbytes)
        array[...] = np.frombuffer(made, array.dtype).reshape(array.shape)


def take(functions, memory, text, batch):
    """One step, as `helpers.run` takes it; what a kernel for this machine has written is not read."""
    machine, block = Machine(text), np.zeros_like(memory._block)
    xs = machine.put(np.array([machine.put(rows) for rows in batch], np.uint32))
    written = {"G": memory.sums, "out": memory.totals}
    if memory._kept:
        written["R"] = memory._lent
    read = {"C": functions._table, "V": memory.constants, "A": memory._tiles, "bounds": memory._bounds}
    places = {name: machine.put(array) for name, array in (read | written).items()}
    for name, value in (places | {"XS": xs, "YS": xs + 4}).items():
        block[ARGUMENTS.index(name)] = value
    for name in ("count", "steps"):
        block[ARGUMENTS.index(name)] = memory._block[ARGUMENTS.index(name)]
    machine.functions["fold"](machine.store, machine.put(block), 0)
    for name, array in written.items():
        machine.get(places[name], array)


@contextmanager
def kernels(*, in_wasm):
    """Compiled functions take portable text, for this machine or for WebAssembly, whose calls are in the list."""
    plain, calls = step.CompiledStep.run, []

    def run(self, memory, x, y, numbers):
        def take_here(functions, memory):
            take(functions, memory, self.kernel.text, (x, y))
            calls.append(self)

        with pytest.MonkeyPatch.context() as here:
            here.setattr(step, "run", take_here)
            plain(self, memory, x, y, numbers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(step, "engine", Portable)
        if in_wasm:
            patch.setattr(step.CompiledStep, "run", run)
        yield calls
