"""Probes around layers, and what they found: how `trace` and `flops` see inside any layer that holds others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from funcnn.arrays import is_array
from funcnn.core import forward
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


def bare(tree: Any) -> Any:
    """`tree`, a network, its gradient or its cache, without the probes."""
    cls = type(tree)
    if cls is Probe:
        return bare(tree.layer)
    if cls is Kept:
        return bare(tree.own)
    if is_record(tree):
        return build(cls, list(map(bare, values(tree))))
    if isinstance(tree, dict):
        return {key: bare(part) for key, part in tree.items()}
    if not isinstance(tree, tuple | list):
        return tree
    parts = map(bare, tree)
    return cls(*parts) if hasattr(tree, "_fields") else cls(parts)  # a NamedTuple takes its parts one by one


def probes(tree: Any) -> Iterator[Any]:
    """Every probe in a network or its gradient."""
    if type(tree) is Probe:
        yield tree
    for part in _parts(tree):
        yield from probes(part)


def kept(cache: Any, *, deep: bool) -> Iterator[Kept]:
    """What probes left in a cache, in no order; `deep`, also those in the caches of others."""
    if type(cache) is Kept:
        yield cache
        if deep:
            yield from kept(cache.own, deep=True)
        return
    for part in _parts(cache):
        yield from kept(part, deep=deep)


def held_bytes(cache: Any) -> int:
    """How much memory the arrays in a cache keep; several views of one array are that array, once.

    >>> import numpy as np
    >>> from funcnn import forward, mlp
    >>> from funcnn.inspection.probing import held_bytes
    >>> held_bytes(forward(mlp([8, 8, 8], seed=0), np.ones((100, 8)))[1])
    12800
    """
    owners: dict[int, int] = {}
    _collect(cache, owners)
    return sum(owners.values())


def _collect(cache: Any, owners: dict[int, int]) -> None:
    if is_array(cache):
        while is_array(base := getattr(cache, "base", None)):
            cache = base
        owners[id(cache)] = cache.nbytes
    for part in _parts(cache):
        _collect(part, owners)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return values(value) if is_record(value) else value if isinstance(value, tuple | list) else ()
