"""The hash of a function and of what it reads, the same in every process."""

from __future__ import annotations

import copyreg
import dis
import hashlib
import sys
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from funcnn.identity.libraries import is_fixed
from funcnn.identity.parts import UnknownError, parts
from funcnn.records import module_of

_PLAIN = {bool, bytes, complex, float, str, type(None), type(...), type(NotImplemented)}
Tree = tuple[Any, ...]  # of strings and trees


def digest(*values: Any, rules: Iterable[Any]) -> str:
    """32 hex digits: a hash of functions and classes, of what their code reads, and of the version of Python.

    The rules of a class for the verbs `rules` count as its code. Names of files and numbers of lines do not count, nor
    does what no instruction loads, such as a docstring. Functions and classes of installed libraries count by their
    names. BLAKE2: RFC 7693.

    Raises:
        UnknownError: a value that is read cannot be pickled, or the code of a function does not name what it reads.
    """
    trees = _Trees(rules)
    try:
        made = sys.implementation.cache_tag, *map(trees.tree, values)
        return hashlib.blake2b(repr(made).encode(), digest_size=16).hexdigest()
    except RecursionError:
        raise UnknownError("values are nested too deep") from None


class _Trees:
    """Values as trees of strings, which are equal if the values are.

    A function or a class that is met again is its number, and so is a value inside of itself.
    """

    def __init__(self, rules: Iterable[Any]) -> None:
        self._rules = list(rules)
        self._path: list[str] = []  # of the value, from one of the first
        self._met: dict[int, tuple[int, Any]] = {}  # with the value, so that its id is not used again

    def tree(self, value: Any) -> Tree:
        """The tree of a value."""
        cls = type(value)
        if cls in _PLAIN:
            return cls.__name__, repr(value)
        if cls is int:
            return "int", hex(value)  # repr refuses very long ones
        if isinstance(value, np.ndarray | np.generic | np.dtype | np.ufunc):
            return self._of_numpy(value)
        if isinstance(value, set | frozenset):
            return "set", *sorted([repr(_Trees(self._rules).tree(part)) for part in value])
        if id(value) in self._met:
            return "again", str(self._met[id(value)][0])
        self._met[id(value)] = len(self._met), value
        made = self._of_code(value) if cls is CodeType else self._of_parts(value)
        if not isinstance(value, FunctionType | type):
            del self._met[id(value)]
        return made

    def _of_numpy(self, value: Any) -> Tree:
        if isinstance(value, np.dtype):
            return "dtype", repr(value)
        if isinstance(value, np.ufunc):
            if value.types[0].startswith("O"):  # of np.frompyfunc, which does not show its function
                raise self._no_hash_error(value)
            return "ufunc", value.__name__, repr(value.types)  # of several libraries, one name may have several types
        what = type(value).__name__, repr(value.dtype), str(value.shape)
        if value.dtype.hasobject:
            return *what, self.tree(value.tolist())
        return *what, hashlib.blake2b(value.tobytes()).hexdigest()

    def _of_code(self, code: CodeType) -> Tree:
        """The instructions, and what they refer to by number."""
        loaded = {step.arg for step in dis.get_instructions(code) if step.opcode in dis.hasconst}
        constants = [self.tree(part) for i, part in enumerate(code.co_consts) if i in loaded]
        names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
        counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
        return "code", code.co_code.hex(), code.co_exceptiontable.hex(), repr(names), repr(counts), *constants

    def _of_parts(self, value: Any) -> Tree:
        found = parts(value, self._rules)
        if isinstance(value, ModuleType):
            return "module", value.__name__
        if found is None:
            return self._of_pickled(value)
        name = f"{module_of(value)}.{value.__qualname__}" if isinstance(value, type) or _is_fixed(value) else ""
        return type(value).__name__, name, *[self._of_part(part) for part in found if part.name]

    def _of_part(self, part: Any) -> Tree:
        self._path.append(part.name)
        made = part.name, self.tree(part.value) if part.is_opened else getattr(part.value, "__name__", "")
        self._path.pop()
        return made

    def _of_pickled(self, value: Any) -> Tree:
        """An object as pickle takes it apart."""
        try:
            reduce = copyreg.dispatch_table.get(type(value))
            made = reduce(value) if reduce else value.__reduce_ex__(4)
        except Exception:  # noqa: BLE001  of an object that cannot be pickled, by any method of its class
            raise self._no_hash_error(value) from None
        if isinstance(made, str):
            return type(value).__name__, module_of(value), made
        return type(value).__name__, *[self.tree(list(part) if isinstance(part, Iterator) else part) for part in made]

    def _no_hash_error(self, value: Any) -> UnknownError:
        return UnknownError(f"{'.'.join(self._path)} is a value of the class {type(value).__name__}, which has no hash")


def _is_fixed(value: Any) -> bool:
    return isinstance(value, FunctionType) and is_fixed(value)
