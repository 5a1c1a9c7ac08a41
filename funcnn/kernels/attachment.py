"""Kernels before rules: a kernel computes large arrays where kernels are on, and the rule all others."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Container
from functools import cache, wraps
from importlib import import_module
from typing import Any

import numpy as np

from funcnn.compilation.engine import engine
from funcnn.compilation.switch import kernels_are_on
from funcnn.dispatch import call_instead
from funcnn.kernels.calls import FLOATS
from funcnn.records import plans

Rule = Callable[..., Any]

least: dict[Rule, int] = {}  # of each rule with a kernel: the entries from which on the kernel computes


def before_rule(
    rule: Rule, home: str = "", *, at: int | Callable[..., int], entries: int, but: Container[type] = ()
) -> None:
    """Put the kernel of the same name in the module `home` before a rule of verbs; without a home, the rule, traced.

    The kernel is called with the arguments of the rule, if argument number `at` is a NumPy array of float32 or float64
    with `entries` entries or more; or if `at`, a function of the arguments, gives that many. It returns what the rule
    returns, but for rounding errors; or None where it cannot, as for arrays that are not contiguous or arguments that
    the rule refuses, and then the rule itself is called. Also the rule is called for a record of another package, since
    a user's subclass may mean something else; for records of the classes `but`; where kernels are off, or llvmlite
    cannot be used; and after a kernel has raised an error, which is shown as a warning.
    """
    call_instead(rule, _with_kernel(rule, home, at, entries, but))


def before_function(function: Rule, home: str = "", *, at: int | Callable[..., int], entries: int) -> None:
    """As `before_rule`, before a function: in all modules of funcnn that have it, and those imported later."""
    name, call = function.__name__, _with_kernel(function, home, at, entries)
    for module in [one for known, one in sys.modules.items() if known.startswith("funcnn.")]:
        if vars(module).get(name) is function:
            setattr(module, name, call)


def _with_kernel(rule: Rule, home: str, at: int | Callable[..., int], entries: int, but: Container[type] = ()) -> Rule:
    found = _size_of_argument(at) if isinstance(at, int) else at
    least[rule] = entries

    @wraps(rule)
    def call(*given: Any, **options: Any) -> Any:
        if kernels_are_on() and found(*given) >= least[rule] and type(given[0]) not in but:
            made = _by_kernel(lambda: _kernel(rule, home, at), rule, given, options)
            if made is not None:
                return made
        return rule(*given, **options)

    return call


def _size_of_argument(at: int) -> Callable[..., int]:
    def size(*given: Any) -> int:
        return a.size if len(given) > at and type(a := given[at]) is np.ndarray and a.dtype in FLOATS else 0

    return size


def _by_kernel(kernel: Callable[[], Rule], rule: Rule, given: tuple[Any, ...], options: dict[str, Any]) -> Any:
    cls = type(given[0])
    if (cls in plans and not cls.__module__.startswith("funcnn.")) or rule in _FAILED or not _is_ready():
        return None
    try:
        return kernel()(*given, **options)
    except Exception as error:  # noqa: BLE001  whatever is wrong with an installation, the rule computes
        _FAILED.add(rule)
        _warn(f"the kernel of {rule.__name__} failed ({type(error).__name__}: {error})")
        return None


_FAILED: set[Rule] = set()


@cache
def _kernel(rule: Rule, home: str, at: Any) -> Rule:
    module = import_module(f"funcnn.kernels.{home or 'rows'}")
    return getattr(module, rule.__name__) if home else module.by_rows(rule, at=at)


@cache  # once in a process, so that equal calls in it have equal bits
def _is_ready() -> bool:
    try:
        engine()
    except Exception as error:  # noqa: BLE001  a broken installation may raise anything
        _warn(f"llvmlite cannot be used ({error})")
        return False
    return True


def _warn(reason: str) -> None:
    warnings.warn(f"funcnn: {reason}, so NumPy computes", RuntimeWarning, stacklevel=2)
