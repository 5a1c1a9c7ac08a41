"""The names that the code of a function reads from outside of the function."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from types import CodeType

import attrs

_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}
_CELLS = {"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"}
_GLOBALS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}


@attrs.frozen
class Name:
    """A name that code reads, with the attributes that it takes of it: `np.linalg.norm` is np, linalg, norm.

    `kind` is "global", "cell" for a variable of the function around, or "import" for a module that is imported inside
    the function; then `level` counts the dots before its name.
    """

    kind: str
    root: str
    attributes: tuple[str, ...] = ()
    level: int = 0


@lru_cache(1000)
def names(code: CodeType) -> tuple[Name, ...]:
    """The names that code reads, also in the functions that it defines, in their order, each once."""
    inner = [one for part in code.co_consts if isinstance(part, CodeType) for one in names(part)]
    return tuple(dict.fromkeys([*_own(code), *inner]))


@lru_cache(1000)
def every_name(code: CodeType) -> frozenset[str]:
    """All names in code, also those of attributes of its own variables."""
    return frozenset(code.co_names).union(*[every_name(part) for part in code.co_consts if isinstance(part, CodeType)])


def _own(code: CodeType) -> Iterator[Name]:
    if "__class__" in code.co_freevars:  # which super() reads without an instruction of its own
        yield Name("cell", "__class__")
    steps = list(dis.get_instructions(code))
    imported = Name("", "")
    for i, step in enumerate(steps):
        if step.opname == "IMPORT_NAME":
            imported = Name("import", step.argval, (), steps[i - 2].argval)
            if steps[i + 1].opname != "IMPORT_FROM":
                yield imported
        elif step.opname == "IMPORT_FROM":
            yield attrs.evolve(imported, attributes=(step.argval,))
        elif step.opname in _GLOBALS | _CELLS:
            taken = takewhile(lambda other: other.opname in _ATTRIBUTES, steps[i + 1 :])
            attributes = tuple([other.argval for other in taken])
            yield Name("global" if step.opname in _GLOBALS else "cell", step.argval, attributes)
