"""What happens in one step, noted down visit by visit: the layers call one another, and a log listens."""

from __future__ import annotations

from typing import Any

import attrs

from funcnn.core import forward


@attrs.define(eq=False)
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


class Log:
    """The visits of one step, in the order of the calls: `log.now.within`, before and after it.

    A layer that throws caches away, as Remat does, calls forward once more on the way back. What it calls then is the
    visit that there was before, not another one.
    """

    def __init__(self) -> None:
        """Nobody is visited yet."""
        self.now = Note("")

    def forth(self, path: str, layer: Any, x: Any) -> tuple[Any, Any, Note]:
        """`forward(layer, x)`, and the note of this visit."""
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
        return note.out, note.cache, note

    def back(self, verb: Any, layer: Any, dA: Any, note: Note) -> Any:
        """`verb(layer, cache, dA)`, which is `backward` or `backward_params`, for the visit of the note."""
        caller, self.now = self.now, note
        note.dA, note.owed = dA, list(note.within)
        grads = verb(layer, note.cache, dA)
        self.now = caller
        return grads
