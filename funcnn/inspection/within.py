"""Layers within layers: probes around all of them, and networks, gradients and caches without the probes again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from funcnn.core import forward
from funcnn.inspection.log import Log, Note
from funcnn.inspection.probe import Kept, Probe
from funcnn.records import build, is_record, plans, values


def is_layer(value: Any) -> bool:
    """Whether `value` is a record with a rule for `forward`."""
    return is_record(value) and forward.dispatch(type(value)) is not forward.dispatch(object)


def probed(value: Any, probe: Callable[[str, Any], Any], path: str = "") -> Any:
    """`value` with `probe(path, layer)` in the place of each layer, of those in tuples too, and the tuples as they are.

    A chain is thereby probed layer by layer, and a tuple of branches branch by branch.
    """
    if type(value) is tuple:
        return tuple([probed(part, probe, f"{path}.{i}".lstrip(".")) for i, part in enumerate(value)])
    return probe(path, value) if is_layer(value) else value


def with_probed_fields(layer: Any, probe: Callable[[str, Any], Any], path: str = "") -> Any:
    """`layer` with `probe(path, layer)` in the place of each layer in its fields, states included.

    It is built without a check, since a class may insist on what it holds.
    """
    fields = zip(plans[type(layer)], values(layer), strict=True)
    return build(type(layer), [probed(part, probe, f"{path}.{name}".lstrip(".")) for (name, _), part in fields])


def visited(layer: Any, x: Any) -> list[tuple[Any, Any]]:
    """(inner, x) for each call of a layer in the fields of `layer`, while it goes forward."""
    log = Log()
    forward(with_probed_fields(layer, lambda path, inner: Probe(inner, path=path, log=log)), x)
    return [(bare(note.layer), note.x) for note in log.now.within]


def bare(tree: Any) -> Any:
    """`tree`, a network, its gradient or its cache, without the probes that have a log."""
    cls = type(tree)
    if cls is Probe and tree.log is not None:
        return bare(tree.layer)
    if cls is Kept and tree.note is not None:
        return bare(tree.own)
    if is_record(tree):
        return build(cls, list(map(bare, values(tree))))
    if isinstance(tree, dict):
        return {key: bare(part) for key, part in tree.items()}
    if not isinstance(tree, tuple | list):
        return tree
    inner = map(bare, tree)
    return cls(*inner) if hasattr(tree, "_fields") else cls(inner)  # a NamedTuple takes its parts one by one


def probes(gradient: Any) -> Iterator[Any]:
    """Every probe with a log in the gradient of a network."""
    if type(gradient) is Probe and gradient.log is not None:
        yield gradient
    for part in parts(gradient):
        yield from probes(part)


def notes(cache: Any) -> Iterator[Note]:
    """The notes of all visits whose caches are in a cache."""
    if type(cache) is Kept and cache.note is not None:
        yield cache.note
    for part in parts(cache):
        yield from notes(part)


def parts(value: Any) -> Iterable[Any]:
    """What is in a record, a tuple, a list or a dict; nothing is in all else."""
    if isinstance(value, dict):
        return value.values()
    return values(value) if is_record(value) else value if isinstance(value, tuple | list) else ()
