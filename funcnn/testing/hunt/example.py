"""The examples of a target: the check of one, and a fingerprint, which shows a later hunt what has changed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple
from zlib import crc32

import hypothesis
import numpy as np
from hypothesis import given, settings

from funcnn.identity.digest import digest
from funcnn.identity.parts import UnknownError
from funcnn.testing.hunt.rows import rows_of
from funcnn.testing.hunt.target import ERROR, INCONCLUSIVE, NO_DERIVATIVE, Target, load_spec
from funcnn.testing.mutation import DRAWN_ONCE
from funcnn.testing.numbers import as_source
from funcnn.testing.pytrees import leaves
from funcnn.testing.verdict import GradientError, Inconclusive, NotFinite, WrongGradient
from funcnn.testing.vjp import check_vjp

DRAWN = 8  # most changes of a strategy show in so few examples


class ExampleOutcome(NamedTuple):
    """The kind of a finding; its message; the number of entries of the arguments; what the example printed."""

    kind: str
    message: str
    size: int = 0
    output: str = ""


def draw(target: Target, seed: int, most: int) -> list[Sequence[Any]]:
    """At most `most` examples of the arguments of a target, the same ones for the same seed."""
    found: list[Sequence[Any]] = []

    @hypothesis.seed(crc32(f"{seed} {target.name}".encode()))
    @settings(DRAWN_ONCE, max_examples=most)
    @given(target.arguments)
    def append(args: Sequence[Any]) -> None:
        found.append(args)

    append()
    return found


@lru_cache(maxsize=1)
def _examples(path: str, name: str, seed: int, most: int) -> list[Sequence[Any]]:
    return draw(load_spec(path).targets[name], seed, most)


def outcomes_of(path: str, name: str, seed: int, most: int, i: int) -> list[ExampleOutcome] | None:
    """The mistakes that example i of at most `most` shows; None if there are not so many examples."""
    target, args = load_spec(path).targets[name], None
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            examples = _examples(path, name, seed, most)
            if i >= len(examples):
                return None
            args = examples[i]
            check_vjp(*target.pair, args, **target.options)
    except (Exception, SystemExit) as error:  # noqa: BLE001  any error of a library is an outcome
        found = error.findings if isinstance(error, GradientError) else (error,)
        size = sum([np.size(a) for _, a in leaves(args)])
        messages = [_message(one, args) + _rows(path, target, args, one, size) for one in found]
        return [ExampleOutcome(_kind(one), text, size) for one, text in zip(found, messages, strict=True)]
    return []


# The size of the smallest example so far, by path, target and error: only the message of the smallest one is shown.
_smallest: dict[tuple[str, str, type[BaseException]], int] = {}


def _rows(path: str, target: Target, args: Sequence[Any] | None, error: BaseException, size: int) -> str:
    """The rows of a sum that show the error, if it is one of numbers, and its message may be shown."""
    if args is not None and isinstance(error, WrongGradient | NotFinite):
        key = (path, target.name, type(error))
        before = _smallest.setdefault(key, size + 1)
        _smallest[key] = min(size, before)
        if size < before:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                return rows_of(target, args, type(error))
    return ""


def forget() -> None:
    """Read specs again: their files may have changed since an earlier hunt in this process."""
    load_spec.cache_clear()
    _examples.cache_clear()
    _smallest.clear()


def _message(error: BaseException, args: Sequence[Any] | None) -> str:
    if isinstance(error, GradientError):
        return str(error)
    sources = [] if isinstance(error, Inconclusive) or args is None else [f"    {as_source(a)}" for a in args]
    return "\n".join([f"{type(error).__name__}: {error}", *sources])


def _kind(error: BaseException) -> str:
    cause = error.__cause__ or error
    # Libraries say by this class, or only by these words, that they have no derivative.
    if isinstance(cause, NotImplementedError) or re.search("not (implemented|differentiable|supported)", str(cause)):
        return NO_DERIVATIVE
    if isinstance(error, Inconclusive):
        return INCONCLUSIVE
    return type(error).__name__ if isinstance(error, GradientError) else ERROR


def fingerprint(target: Target, versions: Mapping[str, str], seed: int) -> str:
    """A hash of the functions of the pair, of the options, of some examples, and of the versions of the libraries.

    `known` has no part in it: whether a finding is known is decided when the findings are reported.
    """
    try:
        drawn = as_source(draw(target, seed, DRAWN))
    except Exception as error:  # noqa: BLE001  which is an outcome of the first example
        drawn = repr(error)
    parts = [*map(_identity, [*target.pair, target.options]), str(versions), drawn]
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def _identity(value: Any) -> str:
    """A hash of functions and of all that their code reads, except libraries.

    Of a function that reads what has no hash, it is the place of that value, and a hash of the function's own code.
    """
    try:
        return digest(value, rules=[])
    except (UnknownError, NotImplementedError) as error:  # the latter of arrays with units, which have no bytes
        code = getattr(value, "__code__", None)
        return f"{error} {'' if code is None else digest(code, rules=[])}"
