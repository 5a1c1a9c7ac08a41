"""Arrays of several libraries in one call, such as an x of NumPy beside parameters that JAX traces."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import is_array, namespace
from funcnn.records import build, plans, values


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
    return tuple([_converted(xp, tree) for tree in trees])


def _parts(tree: Any) -> Any:
    return values(tree) if type(tree) in plans else tree if isinstance(tree, tuple | list) else ()


def _arrays(tree: Any) -> list[Any]:
    return [tree] if is_array(tree) else [a for part in _parts(tree) for a in _arrays(part)]


def _converted(xp: Any, tree: Any) -> Any:
    if type(tree) is np.ndarray:
        return xp.asarray(tree)
    cls, parts = type(tree), [_converted(xp, part) for part in _parts(tree)]
    if cls in plans:
        return build(cls, parts)
    if isinstance(tree, tuple | list):
        return tree._make(parts) if hasattr(tree, "_make") else cls(parts)
    return tree
