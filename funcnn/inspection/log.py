"""What happens in one step, noted down visit by visit: the layers call one another, and a log listens."""

from __future__ import annotations

from typing import Any

import attrs

from funcnn.arrays import short
from funcnn.core import backward, backward_params, forward
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import foreign
from funcnn.records import record, state
from funcnn.traits import rests


@attrs.define(eq=False, repr=False)
class Note:
    """One visit of a layer, and those of the layers that it called; `owed` are those that its backward may repeat."""

    path: str
    layer: Any = None
    x: Any = None
    out: Any = None
    cache: Any = None
    dA: Any = None  # noqa: N815  as everywhere
    within: list[Note] = attrs.field(factory=list)
    owed: list[Note] = attrs.field(factory=list)

    def __repr__(self) -> str:
        """The cache, in whose place it stands, so that an error reads as it would without."""
        return short(self.cache)


class Log:
    """The visits of one step, in the order of the calls: `log.now.within`, before and after it.

    A layer that throws caches away, as Remat does, calls forward once more on the way back. What it calls then is the
    visit that there was before, not another one.
    """

    def __init__(self) -> None:
        """Nobody is visited yet."""
        self.now = Note("")

    def forth(self, path: str, layer: Any, x: Any) -> Note:
        """`forward(layer, x)`, as the note of this visit."""
        note = next((note for note in self.now.owed if note.path == path), None)
        if note is None:
            note = Note(path)
            self.now.within.append(note)
        else:
            self.now.owed.remove(note)
        note.layer, note.x, note.within = layer, x, []
        caller, self.now = self.now, note
        note.out, note.cache = forward(layer, x)
        self.now = caller
        return note

    def back(self, verb: Any, layer: Any, dA: Any, note: Note) -> Any:
        """`verb(layer, cache, dA)`, which is `backward` or `backward_params`, for the visit of the note."""
        caller, self.now = self.now, note
        note.dA, note.owed = dA, list(note.within)
        grads = verb(layer, note.cache, dA)
        self.now = caller
        return grads


@record
class Watched:
    """out = watched(x), and a log is told of it; the cache is the note of the visit

    What `trace` puts around each layer for one step; no network is made of it. Its fields bear names that no layer has,
    since whoever holds the layer reads the layer's own fields through it.
    """

    watched: Any
    watched_at: str
    watched_by: Log
    watched_note: Any = state(default=None)  # in the gradient, the note of the last visit that somebody walked back

    def __getattr__(self, name: str) -> Any:
        """The layer's own, as an attention reads the weights of the Dense that it holds."""
        if name.startswith("__"):  # what Python and NumPy ask of all objects
            raise AttributeError(name)
        return getattr(self.watched, name)

    def __repr__(self) -> str:
        """The layer, so that an error reads as it would without."""
        return short(self.watched)


@forward.register(Watched)
def watched_forward(params: Watched, x: Any) -> tuple[Any, Note]:
    """out = watched(x)"""
    note = params.watched_by.forth(params.watched_at, params.watched, x)
    return note.out, note


@backward.register(Watched)
def watched_backward(params: Watched, cache: Note, dA: Any) -> Grads[Watched]:
    """The layer's own"""
    grads = _back(backward, params, cache, dA)
    return Grads(gradient(params, watched=grads.params, watched_note=cache), grads.x)


@backward_params.register(Watched)
def watched_backward_params(params: Watched, cache: Note, dA: Any) -> Watched:
    """The layer's own"""
    own = _back(backward_params, params, cache, dA)
    return gradient(params, watched=own, watched_note=cache)


@rests.register(Watched)
def watched_rests(params: Watched) -> bool:
    """No backward is done for the log alone"""
    return True


def _back(verb: Any, params: Watched, cache: Any, dA: Any) -> Any:
    if type(cache) is not Note:
        raise foreign(params, cache)
    return params.watched_by.back(verb, params.watched, dA, cache)
