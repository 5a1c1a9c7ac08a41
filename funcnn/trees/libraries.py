"""Calls that fail on arrays as they are given, and run on the same numbers as arrays of one library.

A function of NumPy cannot take a tracer of JAX, as where x is an array of NumPy beside traced parameters; and an array
that has nothing but the array API standard lacks methods that rules use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import is_array, kind, namespace
from funcnn.errors import FuncnnError, KindError
from funcnn.records import build, plans, values


def again(function: Callable[..., Any], name: str, error: Exception, *given: Any, **settings: Any) -> Any:
    """function(*given, **settings) with arrays of one library, or None if `error` has another reason.

    Errors call the function by `name`; its first argument may be a layer.
    """
    if is_of_jax(error):
        alike = in_one_library(*given)
        return None if alike is None else _called(function, *alike, **settings)
    if isinstance(error, KindError | AttributeError | TypeError | LookupError | ValueError | ImportError):
        return _in_standard(function, name, *given, **settings)
    return None


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


def _in_standard(function: Callable[..., Any], name: str, *given: Any, **settings: Any) -> Any:
    """The call with the arrays of the standard in `given` as `StandardArray`; None if there are no such arrays."""
    from funcnn.standard import StandardArray, is_bare  # noqa: PLC0415  imported after a failure

    if not (bare := [a for a in _arrays(given) if is_bare(a)]):
        return None
    wrapped = [_mapped(lambda a: StandardArray(a) if is_bare(a) else a, tree) for tree in given]
    try:
        made = _called(function, *wrapped, **settings)
    except FuncnnError:
        raise
    except Exception as error:
        whose = f" for {type(given[0]).__name__}" if type(given[0]) in plans else ""
        needed = f"arrays of NumPy or JAX{whose}"
        raise KindError(f"{name}: the arguments must be {needed}, not {kind(bare[0])}") from error
    return _mapped(lambda a: a.bare if type(a) is StandardArray else a, made)


def _called(function: Callable[..., Any], *given: Any, **settings: Any) -> Any:
    try:
        return function(*given, **settings)
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
