"""Fingerprints of targets: a hunt that continues checks those again that have changed since."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import chain
from types import CodeType, FunctionType
from typing import Any

from funcnn.testing.hunt.example import draw
from funcnn.testing.hunt.target import Target
from funcnn.testing.numbers import as_source

DRAWN = 8  # most changes of a strategy show in so few examples
_LIBRARIES = tuple([sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")])


def fingerprint(target: Target, versions: Mapping[str, str], seed: int) -> str:
    """A hash of the functions of the pair, of the options, of some examples, and of the versions of the libraries.

    `known` has no part in it: whether a finding is known is decided when the findings are reported.
    """
    try:
        drawn = as_source(draw(target, seed, DRAWN))
    except Exception as error:  # noqa: BLE001  which is an outcome of the first example
        drawn = repr(error)
    parts = _parts([*target.pair, target.options, versions, drawn], [])
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def _parts(value: Any, seen: list[Any]) -> Iterator[str]:
    """What a value consists of; a function consists of its code and of all that the code uses, except libraries."""
    if isinstance(value, Mapping):
        value = [*value.items()]
    if isinstance(value, list | tuple):
        yield from chain.from_iterable([_parts(part, seen) for part in value])
        return
    yield re.sub(r" at 0x\w+", "", repr(value))
    code = value.__code__ if isinstance(value, FunctionType) and value not in seen else None
    if code is not None and not code.co_filename.startswith(_LIBRARIES):
        seen.append(value)
        yield from _code(code)
        used = [value.__globals__.get(name) for name in _names(code)]
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        yield from _parts([value.__defaults__, value.__kwdefaults__, *cells, *used], seen)
    yield from _parts([*filter(None, [getattr(value, "__wrapped__", None)])], seen)


def _code(code: CodeType) -> Iterator[str]:
    yield f"{code.co_code.hex()} {code.co_names}"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant)
        else:
            yield repr(sorted(constant, key=repr) if isinstance(constant, frozenset) else constant)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
