"""Calls that fail on arrays as they are given, and run on the same numbers as arrays of one library.

A function of NumPy cannot take a tracer of JAX, as where x is an array of NumPy beside traced parameters; and an array
that has nothing but the array API standard lacks methods that rules use.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np

from funcnn.arrays import is_array, kind, namespace
from funcnn.errors import FuncnnError, KindError
from funcnn.records import build, plans, values
from funcnn.tracebacks import end_at_caller

F = TypeVar("F", bound=Callable[..., Any])


FAILURES = TypeError, ValueError, AttributeError, LookupError, ImportError
"""Errors of a function on arrays that it cannot compute with; errors of funcnn are among them."""


def in_any_library(f: F) -> F:
    """f, called `again` if it fails; the frames of funcnn are removed from its errors."""

    @wraps(f)
    def call(*given: Any, **settings: Any) -> Any:
        try:
            return f(*given, **settings)
        except FAILURES as error:
            if (made := again(f.__name__.lstrip("_"), f, error, *given, **settings)) is not None:
                return made
            if isinstance(error, FuncnnError):
                end_at_caller(error)
            raise

    return cast("F", call)


def again(function: str, f: Callable[..., Any], error: Exception, *given: Any, **settings: Any) -> Any:
    """f(*given, **settings) with arrays of one library, or None if `error` has another reason; errors name `function`.

    The first argument may be a layer.
    """
    if is_of_jax(error):
        alike = in_one_library(*given)
        return None if alike is None else _called(f, *alike, **settings)
    return None if hasattr(error, _REFUSED) else _in_standard(function, f, error, *given, **settings)


_REFUSED = "__funcnn_refused__"  # an attribute of the error for a layer inside, which names it better than the chain


def is_of_jax(error: Exception) -> bool:
    """Whether JAX raised an error itself, as where a function of NumPy gets a tracer."""
    return type(error).__module__.partition(".")[0] == "jax"


def in_one_library(*trees: Any) -> tuple[Any, ...] | None:
    """The trees with their arrays of NumPy as arrays of the library of the others; None if all are of one library.

    Trees hold records, tuples and lists, as arguments of verbs do, caches among them.
    """
    libraries = {namespace(a) for a in _arrays(trees)}
    others = libraries - {namespace(np.empty(0))}
    if len(others) != 1 or libraries == others:
        return None
    (xp,) = others
    return tuple([_mapped(lambda a: xp.asarray(a) if type(a) is np.ndarray else a, tree) for tree in trees])


def _in_standard(function: str, f: Callable[..., Any], error: Exception, *given: Any, **settings: Any) -> Any:
    """The call with the arrays of the standard in `given` as `StandardArray`; None if there are no such arrays."""
    from funcnn.standard import StandardArray, is_bare  # noqa: PLC0415  imported after a failure

    if not (bare := [a for a in _arrays(given) if is_bare(a)]):
        return None
    wrapped = [_mapped(lambda a: StandardArray(a) if is_bare(a) else a, tree) for tree in given]
    try:
        made = _called(f, *wrapped, **settings)
    except FuncnnError:
        if isinstance(error, FuncnnError):
            return None  # its text has the dtype as it was given
        raise
    except Exception as other:
        whose = f" for {type(given[0]).__name__}" if type(given[0]) in plans else ""
        needed = f"arrays of NumPy or JAX{whose}"
        refused = KindError(f"{function}: the arguments must be {needed}, not {kind(bare[0])}")
        setattr(refused, _REFUSED, True)
        raise refused from other
    return _mapped(lambda a: a.bare if type(a) is StandardArray else a, made)


def _called(f: Callable[..., Any], *given: Any, **settings: Any) -> Any:
    try:
        return f(*given, **settings)
    except Exception as error:
        raise error from None  # the failure before is not its cause


def _parts(tree: Any) -> Any:
    return values(tree) if type(tree) in plans else tree if isinstance(tree, tuple | list) else ()


def _arrays(tree: Any) -> list[Any]:
    return [tree] if is_array(tree) else [a for part in _parts(tree) for a in _arrays(part)]


def _mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    if is_array(tree):
        return f(tree)
    cls, parts = type(tree), [_mapped(f, part) for part in _parts(tree)]
    if cls in plans:
        return build(cls, parts)
    if isinstance(tree, tuple | list):
        return tree._make(parts) if hasattr(tree, "_make") else cls(parts)
    return tree
