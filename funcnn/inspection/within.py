"""Layers within layers: all of them watched, and networks, gradients and caches without the watchers again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from funcnn.core import forward
from funcnn.inspection.log import Log, Note, Watched
from funcnn.records import build, is_record, plans, values


def is_layer(value: Any) -> bool:
    """Whether `value` is a record with a rule for `forward`."""
    return is_record(value) and forward.dispatch(type(value)) is not forward.dispatch(object)


def replaced(value: Any, watch: Callable[[str, Any], Any], path: str = "") -> Any:
    """`value` with `watch(path, layer)` in the place of each layer, of those in tuples too, and the tuples as they are.

    A chain is thereby watched layer by layer, and a tuple of branches branch by branch.
    """
    if type(value) is tuple:
        return tuple([replaced(part, watch, f"{path}.{i}".lstrip(".")) for i, part in enumerate(value)])
    return watch(path, value) if is_layer(value) else value


def with_replaced_fields(layer: Any, watch: Callable[[str, Any], Any], path: str = "") -> Any:
    """`layer` with `watch(path, layer)` in the place of each layer in its fields, states included.

    It is built without a check, since a class may insist on what it holds.
    """
    fields = zip(plans[type(layer)], values(layer), strict=True)
    return build(type(layer), [replaced(part, watch, f"{path}.{name}".lstrip(".")) for (name, _), part in fields])


def watched(value: Any, log: Log) -> Any:
    """`value` with every layer watched, at any depth."""

    def around(path: str, layer: Any) -> Watched:
        return Watched(with_replaced_fields(layer, around, path), path, log)

    return replaced(value, around)


def visited(layer: Any, x: Any) -> list[tuple[Any, Any]]:
    """(inner, x) for each call of a layer in the fields of `layer`, while it goes forward."""
    log = Log()
    forward(with_replaced_fields(layer, lambda path, inner: Watched(inner, path, log)), x)
    return [(note.layer, note.x) for note in log.now.within]


def bare(tree: Any) -> Any:
    """`tree`, a network, its gradient or its cache, without those who watched."""
    cls = type(tree)
    if cls is Watched:
        return bare(tree.watched)
    if cls is Note:
        return bare(tree.cache)
    if is_record(tree):
        return build(cls, list(map(bare, values(tree))))
    if isinstance(tree, dict):
        return {key: bare(part) for key, part in tree.items()}
    if not isinstance(tree, tuple | list):
        return tree
    inner = map(bare, tree)
    return cls(*inner) if hasattr(tree, "_fields") else cls(inner)  # a NamedTuple takes its parts one by one


def gradients(tree: Any) -> Iterator[tuple[str, Any]]:
    """The path and the gradient of each layer that somebody walked back, in the gradient of a network."""
    if type(tree) is Watched and tree.watched_note is not None:
        yield tree.watched_at, bare(tree.watched)
    for part in parts(tree):
        yield from gradients(part)


def notes(cache: Any) -> Iterator[Note]:
    """The notes of all visits whose caches are in a cache."""
    if type(cache) is Note:
        yield cache
        yield from notes(cache.cache)
    for part in parts(cache):
        yield from notes(part)


def parts(value: Any) -> Iterable[Any]:
    """What is in a record, a tuple, a list or a dict; nothing is in all else."""
    if isinstance(value, dict):
        return value.values()
    return values(value) if is_record(value) else value if isinstance(value, tuple | list) else ()
