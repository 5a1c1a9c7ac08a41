"""The tape: operations in the order in which a function computes them, until it is a program."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.errors import KindError
from funcnn.recording.operations import Operation, computed
from funcnn.recording.program import Input, Program, Step

_CURRENT: ContextVar[Tape] = ContextVar("tape")
_OWN = (str(Path(__file__).parent), str(Path(np.__file__).parent), "<attrs", "<__array_function__")


@attrs.define(eq=False)
class Tape:
    """The values so far: an input, a constant or an operation each, and their numbers in the run that is recorded."""

    values: list[Input | Array | Operation] = attrs.field(factory=list)
    numbers: list[Array] = attrs.field(factory=list)
    steps: list[Step] = attrs.field(factory=list)
    open_steps: list[int] = attrs.field(factory=list)
    refusal: KindError | None = None
    _made: dict[Any, int] = attrs.field(factory=dict)

    def input(self, name: str, a: Array) -> int:
        """The place of a new input."""
        return self._put((name, a.shape, a.dtype), a)

    def constant(self, a: Array) -> int:
        """The place of an array that does not depend on the inputs; equal arrays have one place."""
        key = (a.shape, a.dtype, a.tobytes())
        if key not in self._made:
            own = a.copy()
            own.setflags(write=False)
            self._made[key] = self._put(own, own)
        return self._made[key]

    def operation(
        self, name: str, args: tuple[int, ...], shape: tuple[int, ...] | None = None, dtype: Any = None, **settings: Any
    ) -> int:
        """The place of the result of an operation, which is computed; the same operation has one place."""
        key = (name, args, shape, dtype, str(settings))
        if key not in self._made:
            numbers = computed(name, [self.numbers[i] for i in args], settings, shape, dtype)
            step = self.open_steps[-1] if self.open_steps else None
            made = Operation(name, args, numbers.shape, numbers.dtype, settings, "", step)
            self._made[key] = self._put(made, numbers)
        return self._made[key]

    def _put(self, value: Any, numbers: Array) -> int:
        self.values.append(value)
        self.numbers.append(numbers)
        return len(self.values) - 1

    def name(self, place: int, variable: str) -> None:
        """Note the name of a variable that holds the result of an operation which has none yet."""
        value = self.values[place]
        if isinstance(value, Operation) and not value.variable:
            self.values[place] = attrs.evolve(value, variable=variable)

    def program(self, outputs: dict[str, int]) -> Program:
        """The operations that the outputs need."""
        needed, left = set[int](), list(outputs.values())
        while left:
            place = left.pop()
            if place not in needed:
                needed.add(place)
                value = self.values[place]
                left += value.args if isinstance(value, Operation) else ()
        kinds: list[list[int]] = [[], [], []]
        for place, value in enumerate(self.values):
            which = 0 if isinstance(value, tuple) else 2 if isinstance(value, Operation) else 1
            if which == 0 or place in needed:
                kinds[which].append(place)
        new = {old: i for i, old in enumerate([place for places in kinds for place in places])}
        return Program(
            tuple(self._of(kinds[0])),
            tuple(self._of(kinds[1])),
            tuple([attrs.evolve(one, args=tuple([new[i] for i in one.args])) for one in self._of(kinds[2])]),
            {name: new[i] for name, i in outputs.items()},
            tuple(self.steps),
        )

    def _of(self, places: Iterable[int]) -> list[Any]:
        return [self.values[i] for i in places]


@contextmanager
def recording() -> Iterator[Tape]:
    """A block whose recorded arrays belong to a new tape; it ends with the first refusal inside it, if there is one.

    Raises:
        KindError: something cannot be recorded, also where a rule caught this error and went on.
    """
    tape = Tape()
    token = _CURRENT.set(tape)
    try:
        yield tape
    finally:
        _CURRENT.reset(token)
    if tape.refusal is not None:
        raise tape.refusal


def current() -> Tape:
    """The tape of the block that is recorded."""
    return _CURRENT.get()


def refuse(reason: str) -> Any:
    """End the recording with the error for what cannot be recorded."""
    tape, error = current(), refusal_error(reason)
    tape.refusal = tape.refusal or error
    raise error


def refusal_error(reason: str) -> KindError:
    """The error for what cannot be recorded, with the line of the rule that asked for it."""
    return KindError(f"{reason} cannot be recorded ({line_of_rule()})")


def line_of_rule() -> str:
    """The file and the line of the rule that is at work."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  there is no other way to ask for the caller
    while frame is not None and frame.f_code.co_filename.startswith(_OWN):
        frame = frame.f_back
    return "" if frame is None else f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
