"""Trees of arrays: tuples, lists and dicts, nested in any way, as JAX and torch take and return them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

from funcnn.arrays import kind, short
from funcnn.testing.verdict import GradientError


def children(tree: Any) -> list[tuple[str, Any]] | None:
    """The parts of a tree, each with its index as source; None for a leaf. None itself has no parts, as in JAX."""
    if tree is None:
        return []
    if isinstance(tree, dict):
        return [(f"[{json.dumps(key) if isinstance(key, str) else repr(key)}]", part) for key, part in tree.items()]
    if not isinstance(tree, tuple | list):
        return None
    names = getattr(type(tree), "_fields", None)  # of a named tuple
    return [(f".{names[i]}" if names else f"[{i}]", part) for i, part in enumerate(tree)]


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each leaf with its path.

    >>> from funcnn.testing.pytrees import leaves
    >>> dict(leaves({"W": 1.0, "layers": [(2.0, 3.0)]}, "params"))
    {'params["W"]': 1.0, 'params["layers"][0][0]': 2.0, 'params["layers"][0][1]': 3.0}
    """
    parts = children(tree)
    if parts is None:
        yield path, tree
        return
    for index, part in parts:
        yield from leaves(part, path + index)


def rebuilt(tree: Any, rest: Iterator[Any]) -> Any:
    """A tree of the structure of `tree`, whose leaves are taken from `rest`."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        new = copy(tree)
        new.update({key: rebuilt(part, rest) for key, part in tree.items()})
        return new
    if not isinstance(tree, tuple | list):
        return next(rest)
    parts = [rebuilt(part, rest) for part in tree]
    return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts) if isinstance(tree, tuple) else parts


def map_leaves(f: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with f(leaf) for each leaf."""
    return rebuilt(tree, iter([f(leaf) for _, leaf in leaves(tree)]))


def leaves_like(tree: Any, given: Any, what: str, error: type[GradientError]) -> Iterator[Any]:
    """The leaves of `given` in the order of `tree`; where a part of `given` is None, None for each leaf of that part.

    A tuple may stand for a list. Raises `error` where the structures differ; `what` names `given`.
    """
    parts = children(tree)
    if parts is None:
        yield given
    elif given is None:
        yield from [None for _ in leaves(tree)]
    elif not _alike(tree, given):
        raise error(f"{what} must be {outline(tree)}; it is {outline(given)}")
    elif isinstance(tree, dict):
        for (index, part), key in zip(parts, tree, strict=True):
            yield from leaves_like(part, given[key], what + index, error)
    else:
        for (index, part), other in zip(parts, given or (), strict=True):
            yield from leaves_like(part, other, what + index, error)


def _alike(tree: Any, given: Any) -> bool:
    if isinstance(tree, dict):
        return isinstance(given, dict) and given.keys() == tree.keys()
    return isinstance(given, tuple | list) and len(given) == len(tree or ())


def outline(tree: Any) -> str:
    """The outermost structure of a tree in words."""
    if isinstance(tree, dict):
        return f"a dict of {', '.join(map(repr, tree))}" if tree else "an empty dict"
    if isinstance(tree, tuple | list):
        return f"a {'tuple' if isinstance(tree, tuple) else 'list'} of {len(tree)}"
    return short(tree) if children(tree) is None and kind(tree).endswith("array") else kind(tree)
