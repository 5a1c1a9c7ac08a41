"""Machine code from text of LLVM IR, for the processor of this machine, kept on disk."""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from typing import Any, cast

import attrs

from funcnn.compilation import disk
from funcnn.compilation.products import Registers
from funcnn.compilation.text import LINE

_LOCK = threading.RLock()  # held while llvmlite is loaded or at work
_STACK = 2**24  # bytes: LLVM's recursion grows with a function, and the thread that asks for code may have 2**19
_LEVEL = 3  # of code generation: passes over the text gain nothing, and take as long again

# A fork waits, since the child of a process that compiles could not compile.
if hasattr(os, "register_at_fork"):  # pragma: no branch  Windows has no fork
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


class Engine:
    """A compiler for one processor; `cpu` and `features` are LLVM's names, by default those of this machine.

    Raises:
        ImportError: llvmlite is not installed, or cannot be loaded.
    """

    def __init__(self, cpu: str | None = None, features: str | None = None) -> None:
        with _LOCK:
            self.llvm = llvm = import_module("llvmlite.binding")
            llvm.initialize_native_target()
            llvm.initialize_native_asmprinter()
            self.cpu = cpu or llvm.get_host_cpu_name()
            self.features = llvm.get_host_cpu_features().flatten() if features is None else features
            self.triple = llvm.get_process_triple()
        self.registers = _registers(self.triple, set(self.features.split(",")))
        self.portable = _portable(self.registers)
        self._compilers: list[Any] = []
        self._libraries: dict[str, Any] = {}

    def functions(self, text: str, names: tuple[str, ...]) -> tuple[int, ...]:
        """The addresses of the functions with these names, from memory, from disk, or newly compiled."""
        key = hashlib.sha256("\0".join([text, *self._version()]).encode()).hexdigest()
        with _LOCK:  # threads that ask at the same time wait for the same code
            if key not in self._libraries:
                if (code := disk.read(key)) is None:
                    disk.write(key, code := self._code(text))
                self._libraries[key] = self._linked(code, f"kernel{len(self._libraries)}", names)
        return tuple([self._libraries[key][name] for name in names])

    def _version(self) -> list[str]:
        """All besides the text on which the code depends."""
        return [self.triple, self.cpu, self.features, str(self.llvm.llvm_version_info), str(_LEVEL)]

    def _machine(self, **settings: Any) -> Any:
        target = self.llvm.Target.from_triple(self.triple)
        return target.create_target_machine(cpu=self.cpu, features=self.features, opt=_LEVEL, **settings)

    def _code(self, text: str) -> bytes:
        """The code of a text, compiled in a thread of its own, since LLVM's recursion grows with the text."""
        emit = self._machine(reloc="pic").emit_object
        with ThreadPoolExecutor(1) as pool:
            before = threading.stack_size(_STACK)
            try:
                code = pool.submit(lambda: emit(self.llvm.parse_assembly(text)))
            finally:
                threading.stack_size(before)
            return cast("bytes", code.result())

    def _linked(self, code: bytes, name: str, functions: tuple[str, ...]) -> Any:
        if not self._compilers:
            self._compilers.append(self.llvm.create_lljit_compiler(self._machine(jit=True)))
        library = self.llvm.JITLibraryBuilder().add_object_img(code)
        for function in functions:
            library.export_symbol(function)
        return library.link(self._compilers[0], name)


def _registers(triple: str, features: set[str]) -> Registers:
    if "+avx512f" in features:
        return Registers(64, 12, (6, 4), 64)
    if "+avx" in features:
        return Registers(32, 6, (3, 4), 32)
    if triple.startswith(("aarch64", "arm64")):
        return Registers(16, 6, (5, 4), 16)
    return Registers(16, 2, (2, 4), 16)


def _portable(registers: Registers) -> Registers:
    """Partial sums that fill a line of the cache, of which more or fewer fit a processor's registers."""
    block = {64: (6, 4), 32: (3, 2), 16: (2, 1)}[registers.vector]
    return attrs.evolve(registers, block=block, sums=LINE, is_portable=True)


def engine() -> Engine:
    """The compiler for this machine: one for all threads, since the code of a second one would be freed with it."""
    with _LOCK:
        return _engine()


_engine = cache(Engine)
