"""Machine code from text of LLVM IR, for the processor of this machine, kept on disk."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import RLock
from typing import Any

from funcnn.compilation.products import Registers

MOST_FILES = 500  # of the cache; the files that were used longest ago are removed
_LOCK = RLock()  # held while llvmlite is loaded or at work
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
        self._compilers: list[Any] = []
        self._libraries: dict[str, Any] = {}

    def functions(self, text: str, names: tuple[str, ...]) -> tuple[int, ...]:
        """The addresses of the functions with these names, from memory, from disk, or newly compiled."""
        key = hashlib.sha256("\0".join([text, *self._version()]).encode()).hexdigest()
        with _LOCK:  # threads that ask at the same time wait for the same code
            if key not in self._libraries:
                code = _read(key) or _written(key, self._code(text))
                self._libraries[key] = self._linked(code, f"kernel{len(self._libraries)}", names)
        return tuple([self._libraries[key][name] for name in names])

    def _version(self) -> list[str]:
        """All besides the text on which the code depends."""
        return [self.triple, self.cpu, self.features, str(self.llvm.llvm_version_info), str(_LEVEL)]

    def _machine(self, **settings: Any) -> Any:
        target = self.llvm.Target.from_triple(self.triple)
        return target.create_target_machine(cpu=self.cpu, features=self.features, opt=_LEVEL, **settings)

    def _code(self, text: str) -> bytes:
        code: bytes = self._machine(reloc="pic").emit_object(self.llvm.parse_assembly(text))
        return code

    def _linked(self, code: bytes, name: str, functions: tuple[str, ...]) -> Any:
        if not self._compilers:
            self._compilers.append(self.llvm.create_lljit_compiler(self._machine(jit=True)))
        library = self.llvm.JITLibraryBuilder().add_object_img(code)
        for function in functions:
            library.export_symbol(function)
        return library.link(self._compilers[0], name)


def _registers(triple: str, features: set[str]) -> Registers:
    if "+avx512f" in features:
        return Registers(64, 12, (6, 4))
    if "+avx" in features:
        return Registers(32, 6, (3, 4))
    if triple.startswith(("aarch64", "arm64")):
        return Registers(16, 6, (5, 4))
    return Registers(16, 2, (2, 4))


@cache
def engine() -> Engine:
    """The compiler for this machine."""
    return Engine()


_WARNED: set[str] = set()  # folders

# The cache: one file for each kernel, whose first 32 bytes are the hash of the others.


def folder() -> Path:
    """The folder of the cache: $FUNCNN_CACHE; or else `funcnn` in $XDG_CACHE_HOME, which is ~/.cache by default.

    Raises:
        OSError: the process has no home directory.
    """
    given = os.environ.get("FUNCNN_CACHE")
    try:
        return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "funcnn"
    except RuntimeError as error:
        raise OSError(str(error)) from None


def _read(key: str) -> bytes | None:
    """The code in the file of this key; None if there is no such file, or its content is not what was written."""
    try:
        path = folder() / f"{key}.kernel"
        content = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    code = content[32:]
    return code if content[:32] == hashlib.sha256(key.encode() + code).digest() else None


def _written(key: str, code: bytes) -> bytes:
    """Write the file, complete or not at all, and remove the oldest files; with a warning where that is impossible."""
    home: Any = "the home directory"
    try:
        home = folder()
        home.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=home, delete=False) as file, _removed_on_error(file.name):
            file.write(hashlib.sha256(key.encode() + code).digest() + code)
            file.close()
            Path(file.name).replace(home / f"{key}.kernel")
    except OSError as error:
        _warn_once(str(home), error.strerror or str(error))  # an error's own text has a name that differs each time
    with suppress(OSError):  # another process may remove a file at the same time
        for path in sorted(folder().glob("*.kernel"), key=lambda path: path.stat().st_mtime)[:-MOST_FILES]:
            path.unlink()
    return code


@contextmanager
def _removed_on_error(path: str) -> Iterator[None]:
    """A block that writes a file, which is removed if the block ends in an error."""
    try:
        yield
    except OSError:
        with suppress(OSError):
            Path(path).unlink()
        raise


def _warn_once(home: str, reason: str) -> None:
    if home not in _WARNED:
        _WARNED.add(home)
        text = f"{home}: compiled kernels cannot be kept on disk ({reason}), so each process compiles them anew"
        warnings.warn(f"{text}; set FUNCNN_CACHE to a folder that can be written", RuntimeWarning, stacklevel=2)
