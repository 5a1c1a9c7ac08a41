"""The log of one training step: an entry for each call of a layer, including layers inside layers.

Each layer is put into a `Logged`, which computes what the layer computes and writes an entry. So a layer can be logged
if it has its two rules, and a combinator needs no code for the layers inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from funcnn.arrays import short
from funcnn.core import backward, backward_params, forward
from funcnn.generation import mixes_positions, pads_with_zeros
from funcnn.gradients import Grads, gradient
from funcnn.inspection.nesting import contents, replaced, with_replaced_fields
from funcnn.layers.checks import foreign_cache_error
from funcnn.records import build, is_record, record, state, values
from funcnn.traits import rests


@attrs.define(eq=False, repr=False)
class Entry:
    """One call of a layer; `inside` has the calls inside it, and `repeatable` those that its backward may repeat."""

    path: str
    layer: Any = None
    x: Any = None
    out: Any = None
    cache: Any = None
    dA: Any = None  # noqa: N815  the symbol dA
    dx: Any = None
    inside: list[Entry] = attrs.field(factory=list)
    repeatable: list[Entry] = attrs.field(factory=list)

    def __repr__(self) -> str:
        """The repr of the cache, so that errors read as they do without a log."""
        return short(self.cache)


Report = Callable[..., None]
"""`report(phase, path, layer, name=value)`: called with each value of a step as soon as it is computed."""


class Log:
    """The entries of one step, in the order of the calls; after the step, `log.now.inside` holds them.

    A layer that discards caches, as Remat does, calls forward once more in its backward. The calls inside that second
    forward belong to the entries of the first forward; they do not get new entries.
    """

    def __init__(self, report: Report = lambda *_, **__: None) -> None:
        """Make an empty log."""
        self.now, self.report = Entry(""), report

    def forward(self, path: str, layer: Any, x: Any) -> Entry:
        """`forward(layer, x)`, recorded in the entry of this call."""
        entry = next((entry for entry in self.now.repeatable if entry.path == path), None)
        if entry is None:
            entry = Entry(path)
            self.now.inside.append(entry)
        else:
            self.now.repeatable.remove(entry)
        entry.layer, entry.x, entry.inside = layer, x, []
        self.report("forward", path, layer, x=x)
        caller, self.now = self.now, entry
        entry.out, entry.cache = forward(layer, x)
        self.now = caller
        self.report("forward", path, layer, out=entry.out)
        return entry

    def backward(self, verb: Any, layer: Any, dA: Any, entry: Entry) -> Any:
        """`verb(layer, cache, dA)` for the call of the entry, where verb is `backward` or `backward_params`."""
        self.report("backward", entry.path, layer, dA=dA)
        caller, self.now = self.now, entry
        entry.dA, entry.repeatable = dA, list(entry.inside)
        made = verb(layer, entry.cache, dA)
        self.now = caller
        params, entry.dx = (made.params, made.x) if verb is backward else (made, None)
        self.report("backward", entry.path, layer, gradient=params, dx=entry.dx)
        return made


@record
class Logged:
    """out = logged(x), with an entry in a log; the cache is the entry

    A `Logged` wraps each layer for one step and is not part of any network that is returned. The fields of a `Logged`
    have names that no layer has, since a combinator may read the fields of the layer through it.
    """

    logged: Any
    logged_path: str
    logged_log: Log
    logged_entry: Any = state(default=None)  # in a gradient, the entry of the last call that had a backward

    def __getattr__(self, name: str) -> Any:
        """An attribute of the layer: attention, for example, reads the weights of the Dense inside it."""
        return getattr(self.logged, name)

    def __repr__(self) -> str:
        """The repr of the layer, so that errors read as they do without a log."""
        return short(self.logged)


@forward.register(Logged)
def logged_forward(params: Logged, x: Any) -> tuple[Any, Entry]:
    """out = logged(x)"""
    entry = params.logged_log.forward(params.logged_path, params.logged, x)
    return entry.out, entry


@backward.register(Logged)
def logged_backward(params: Logged, cache: Entry, dA: Any) -> Grads[Logged]:
    """The result for the layer inside"""
    grads = _back(backward, params, cache, dA)
    return Grads(gradient(params, logged=grads.params, logged_entry=cache), grads.x)


@backward_params.register(Logged)
def logged_backward_params(params: Logged, cache: Entry, dA: Any) -> Logged:
    """The result for the layer inside"""
    return gradient(params, logged=_back(backward_params, params, cache, dA), logged_entry=cache)


rests.register(Logged)(lambda _: True)  # a log needs no backward of its own
mixes_positions.register(Logged)(lambda params: bool(mixes_positions(params.logged)))
pads_with_zeros.register(Logged)(lambda params: bool(pads_with_zeros(params.logged)))


def _back(verb: Any, params: Logged, cache: Any, dA: Any) -> Any:
    if type(cache) is not Entry:
        raise foreign_cache_error(params, cache)
    return params.logged_log.backward(verb, params.logged, dA, cache)


# Networks with a log, and their results without it.


def logged(value: Any, log: Log) -> Any:
    """`value` with every layer in a `Logged`, at any depth."""

    def around(path: str, layer: Any) -> Logged:
        return Logged(with_replaced_fields(layer, around, path), path, log)

    return replaced(value, around)


def inner_calls(layer: Any, x: Any) -> list[tuple[Any, Any]]:
    """Run `forward(layer, x)` and list (inner, its x) for each call of a layer that stands in a field of `layer`."""
    log = Log()
    forward(with_replaced_fields(layer, lambda path, inner: Logged(inner, path, log)), x)
    return [(entry.layer, entry.x) for entry in log.now.inside]


def bare(tree: Any) -> Any:
    """A network, gradient or cache without its log: the layer in place of each `Logged`, the cache of each entry."""
    cls = type(tree)
    if cls is Logged:
        return bare(tree.logged)
    if cls is Entry:
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
    """The path and the gradient of each layer that had a backward, in the gradient of a network."""
    if type(tree) is Logged and tree.logged_entry is not None:
        yield tree.logged_path, bare(tree.logged)
    for part in contents(tree):
        yield from gradients(part)


def entries(cache: Any) -> Iterator[Entry]:
    """The entries in a cache: one for each call whose cache is kept."""
    if type(cache) is Entry:
        yield cache
        yield from entries(cache.cache)
    for part in contents(cache):
        yield from entries(part)
