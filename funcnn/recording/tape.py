"""The tape: operations in the order in which a function computes them, until it is a program."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, native
from funcnn.errors import KindError
from funcnn.recording.operations import Operation, computed
from funcnn.recording.program import Input, Program, Step
from funcnn.recording.refusals import is_caught_by_funcnn, line_of_rule, refusal_error

_CURRENT: ContextVar[Tape | None] = ContextVar("tape", default=None)
_NO_SETTINGS: Mapping[str, Any] = {}


@attrs.define(eq=False)
class Tape:
    """The values so far: an input, a constant or an operation each, and their numbers in the run that is recorded.

    With `notes_lines` each operation has the line that asked for it, and the outermost of the `calls` of functions that
    are made of several operations. `handling` is how NumPy handles floating-point errors outside the recording. `asked`
    are the errors of functions of funcnn that asked for a number; those that they caught are no reason to end the
    recording.
    """

    values: list[Input | Array | Operation] = attrs.field(factory=list)
    numbers: list[Array] = attrs.field(factory=list)
    steps: list[Step] = attrs.field(factory=list)
    open_steps: list[int] = attrs.field(factory=list)
    refusal: KindError | None = None
    asked: list[KindError] = attrs.field(factory=list)
    handling: dict[str, Any] = attrs.field(factory=np.geterr)
    notes_lines: bool = False
    calls: list[str] = attrs.field(factory=list)
    _made: dict[Any, int] = attrs.field(factory=dict)

    def input(self, name: str, a: Array) -> int:
        """The place of a new input."""
        a = native(a)
        return self._put((name, a.shape, a.dtype), a)

    def constant(self, a: Array) -> int:
        """The place of an array that does not depend on the inputs; equal arrays have one place."""
        own = np.array(native(a), order="C")
        own.setflags(write=False)
        key = (own.shape, own.dtype, own.tobytes())
        if key not in self._made:
            self._made[key] = self._put(own, own)
        return self._made[key]

    def operation(
        self,
        name: str,
        args: tuple[int, ...],
        settings: Mapping[str, Any] = _NO_SETTINGS,
        *,
        shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> int:
        """The place of the result of an operation, which is computed; the same operation has one place.

        The result has the shape and the dtype that NumPy gives it, unless they are given. `settings` are ints and
        sequences of ints.
        """
        plain = {key: list(map(int, n)) if isinstance(n, list | tuple) else int(n) for key, n in settings.items()}
        key = (name, args, shape, dtype, tuple([(key, str(n)) for key, n in sorted(plain.items())]))
        if key not in self._made:
            numbers = computed(name, [self.numbers[i] for i in args], plain, shape, dtype)
            step = self.open_steps[-1] if self.open_steps else None
            line = line_of_rule() if self.notes_lines else None
            call = self.calls[0] if self.notes_lines and self.calls else ""
            made = Operation(name, args, numbers.shape, numbers.dtype, plain, "", step, line, call)
            self._made[key] = self._put(made, numbers)
        return self._made[key]

    def _put(self, value: Any, numbers: Array) -> int:
        self.values.append(value)
        self.numbers.append(numbers)
        return len(self.values) - 1

    def settle(self, place: int, numbers: Array, given: Sequence[Array] = ()) -> bool:
        """Whether NumPy's result, which the place has from now on, is the one that was computed from `given`."""
        if not _agree(self.numbers[place], numbers, given):
            return False
        if isinstance(self.values[place], Operation):
            self.numbers[place] = numbers.copy(order="K")
        return True

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


def _agree(ours: Array, theirs: Array, given: Sequence[Array]) -> bool:
    """Whether two results of the given arrays are the same; sums in another order may differ by half of the digits."""
    if (ours.shape, ours.dtype) != (theirs.shape, theirs.dtype):
        return False
    if ours.dtype.kind != "f":
        return np.array_equal(ours, theirs)
    finite = np.isfinite(ours) & np.isfinite(theirs)
    if not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True):
        return False
    sizes = [float(np.abs(a, dtype=float).max(where=np.isfinite(a), initial=1)) for a in given]
    bound = float(np.finfo(ours.dtype).eps) ** 0.5 * math.prod([max(sizes, default=1)] * max(2, len(sizes)))
    ours, theirs = ours[finite].astype(float), theirs[finite].astype(float)
    with np.errstate(over="ignore"):
        return bool((np.abs(ours - theirs) <= bound * (1 + np.abs(theirs))).all())


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
        for error in tape.asked:
            tape.refusal = tape.refusal or (None if is_caught_by_funcnn(error) else error)
        if tape.refusal is not None:
            raise tape.refusal


def current() -> Tape:
    """The tape of the block that is recorded."""
    if (tape := _CURRENT.get()) is None:
        raise refusal_error("an array of a recording that has ended, or that is at work in another thread,")
    return tape


@contextmanager
def quiet() -> Iterator[None]:
    """A block in which NumPy computes what a rule asks for: without its warnings, which the rule itself gives.

    Floating-point errors that a rule makes exceptions would depend on the numbers.
    """
    handling, now = current().handling, np.geterr()
    if any([how in {"raise", "call"} and how != handling[name] for name, how in now.items()]):
        refuse("np.errstate with 'raise' or 'call'")
    with np.errstate(all="ignore"):
        yield


def refuse(reason: str, remedy: str = "") -> Any:
    """End the recording with the error for what cannot be recorded."""
    error = refusal_error(reason, remedy)
    if (tape := _CURRENT.get()) is not None:
        tape.refusal = tape.refusal or error
    raise error
