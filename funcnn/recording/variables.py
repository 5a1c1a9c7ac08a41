"""The names of values and the rules that compute them, noted while a step is recorded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from funcnn.recording.array import RecordedArray
from funcnn.recording.tape import Tape, current

# Modules of funcnn with rules, whose variables have the names of the mathematics; of them, those with checks alone.
_RULES = ("funcnn.layers", "funcnn.losses", "funcnn.optimizers")
_CHECKS = ("funcnn.layers.checks", "funcnn.layers.notes", "funcnn.losses.base")


@contextmanager
def naming() -> Iterator[None]:
    """A block in which results get the names of the local variables that hold them when a function returns.

    Where a profiler is at work already, there are no names, since Python has one profiler at a time.
    """
    if sys.getprofile() is not None:
        yield
        return
    tape = current()
    sys.setprofile(lambda frame, event, _: note_names(tape, frame) if event == "return" else None)
    try:
        yield
    finally:
        sys.setprofile(None)


def note_names(tape: Tape, frame: FrameType) -> None:
    """Name the results that the local variables of a frame hold, if it is one of a rule."""
    if not is_of_rules(str(frame.f_globals.get("__name__"))):
        return
    for name, value in frame.f_locals.items():
        if type(value) is RecordedArray and not value.is_known:
            tape.name(value.place(), name)


def is_of_rules(module: str) -> bool:
    """Whether a module has rules of layers, losses or optimizers, of funcnn or of a user."""
    if module.startswith(_RULES):
        return not module.startswith(_CHECKS)
    package = module.partition(".")[0]
    return package not in {"attr", "attrs", "funcnn", "numpy"} and package not in sys.stdlib_module_names


class Steps:
    """The rules of a step in the order of their calls; a rule's operations carry its number."""

    def __init__(self, tape: Tape) -> None:
        """Note the rules on this tape."""
        self.tape = tape

    @contextmanager
    def step(self, phase: str, path: str, kind: str) -> Iterator[None]:
        """A block whose operations belong to a rule."""
        self._begin(phase, path, kind)
        try:
            yield
        finally:
            self.tape.open_steps.pop()

    def _begin(self, phase: str, path: str, kind: str) -> None:
        self.tape.steps.append((phase, path, kind))
        self.tape.open_steps.append(len(self.tape.steps) - 1)

    def report(self, phase: str, path: str, layer: Any, **named: Any) -> None:
        """What `funcnn.inspection.log` reports: x and dA before a rule, the results after it."""
        if named.keys() & {"x", "dA"}:
            self._begin(phase, path, type(layer).__name__)
        else:
            self.tape.open_steps.pop()
