"""Rules that leave large arrays to a kernel, machine code for the same formula, where llvmlite is installed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar, cast

import numpy as np

from funcnn.errors import RangeError
from funcnn.records import plans

F = TypeVar("F", bound=Callable[..., Any])

_ENGINE = "funcnn.compilation.engine"
_DTYPES = {np.dtype(np.float32), np.dtype(np.float64)}  # native ones
_OFF: ContextVar[bool] = ContextVar("without kernels", default=False)


def accelerated(home: str, *, at: Any, least: int) -> Callable[[F], F]:
    """A rule with a kernel: the function of the same name in the module `home`, imported when it is first needed.

    The kernel is called with the arguments of the rule, if argument number `at` is a NumPy array of float32 or float64
    with `least` entries or more; or if `at`, a function of the arguments, gives that many. It returns what the rule
    returns, but for rounding errors; or None where it cannot, as for arrays that are not contiguous or arguments that
    the rule refuses, and then the rule itself is called. Also the rule is called for a record of another package, since
    a user's subclass may mean something else; without llvmlite; inside `without_kernels`; and after a kernel has raised
    an error, which is shown as a warning.
    """

    def decorate(rule: F) -> F:
        bound = {0: least}  # a dict, so that a test can lower it

        def call(*given: Any) -> Any:
            if len(given) > at and type(a := given[at]) is np.ndarray and a.size >= bound[0] and a.dtype in _DTYPES:
                made = _by_kernel(home, rule, given)
                if made is not None:
                    return made
            return rule(*given)

        def call_by_size(*given: Any) -> Any:
            if at(*given) >= bound[0] and (made := _by_kernel(home, rule, given)) is not None:
                return made
            return rule(*given)

        found: Any = wraps(rule)(call if isinstance(at, int) else call_by_size)
        found.least = bound
        return cast("F", found)

    return decorate


def traced(*, at: int, least: int) -> Callable[[F], F]:
    """A rule whose kernel is traced from the rule itself, since it computes row by row."""
    return accelerated("funcnn.kernels.traced", at=at, least=least)


def _by_kernel(home: str, rule: Any, given: tuple[Any, ...]) -> Any:
    cls = type(given[0])
    if (cls in plans and not cls.__module__.startswith("funcnn.")) or _OFF.get() or rule in _FAILED or not _is_ready():
        return None
    try:
        return _kernel(home, rule.__name__)(*given)
    except Exception as error:  # noqa: BLE001  whatever is wrong with an installation, the rule computes
        _FAILED.add(rule)
        _warn(f"the kernel of {rule.__name__} failed ({type(error).__name__}: {error})")
        return None


_FAILED: set[Any] = set()


@cache
def _kernel(home: str, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(import_module(home), name)
    return found


@cache  # once in a process, so that equal calls in it have equal bits
def _is_ready() -> bool:
    if (wanted := os.environ.get("FUNCNN_KERNELS", "1")) not in {"0", "1"}:
        raise RangeError(f"funcnn: the environment variable FUNCNN_KERNELS must be 0 or 1, not {wanted!r}")
    if wanted == "0" or find_spec("llvmlite") is None:
        return False
    try:
        import_module(_ENGINE).engine()
    except Exception as error:  # noqa: BLE001  a broken installation may raise anything
        _warn(f"llvmlite cannot be used ({error})")
        return False
    return True


def _warn(reason: str) -> None:
    warnings.warn(f"funcnn: {reason}, so NumPy computes", RuntimeWarning, stacklevel=2)


@contextmanager
def without_kernels() -> Iterator[None]:
    """Inside the block, rules compute with NumPy alone, also where llvmlite is installed, in this thread.

    Results have the bits that they have without llvmlite. For a whole program, set the environment variable
    FUNCNN_KERNELS to 0.

    >>> import numpy as np
    >>> from funcnn import LayerNorm, forward
    >>> from funcnn.compilation import without_kernels
    >>> with without_kernels():
    ...     out, cache = forward(LayerNorm.init(256), np.ones((1000, 256)))
    """
    token = _OFF.set(True)
    try:
        yield
    finally:
        _OFF.reset(token)


def kernels_are_off() -> bool:
    """Whether this thread is inside `without_kernels`."""
    return _OFF.get()
