"""A function as a recorded program, with the lines of its operations, and its values at arguments."""

from __future__ import annotations

import linecache
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.recording.arrays import fresh
from funcnn.recording.operations import Operation
from funcnn.recording.program import Program
from funcnn.recording.recorder import record_function
from funcnn.recording.tape import current
from funcnn.recording.variables import is_of_rules, naming
from funcnn.teach.parts.rules import is_known

MOST = 400  # chosen: operations of a program whose parts are tried


@attrs.frozen(eq=False)
class FunctionTrace:
    """A program; `floats` are the inputs that have gradients.

    It `is_joined` if several results of f are one vector. Values that are `still` have no gradient. `moving` are the
    places of values that depend on these inputs. `groups` has the operations that one line computes at each round of a
    loop.
    """

    program: Program
    floats: tuple[int, ...]
    is_joined: bool = False
    still: frozenset[int] = frozenset()
    moving: frozenset[int] = attrs.field(init=False)
    groups: list[list[int]] = attrs.field(init=False)
    uses: dict[int, list[tuple[int, int]]] = attrs.field(init=False)

    @moving.default
    def _moving(self) -> frozenset[int]:
        found = set(self.floats)
        for place, one in self.operations:
            if place not in self.still and one.dtype.kind == "f" and found.intersection(one.args):
                found.add(place)
        return frozenset(found)

    @groups.default
    def _groups(self) -> list[list[int]]:
        found: dict[Any, list[int]] = defaultdict(list)
        for place, one in self.operations:
            if place in self.moving:
                found[one.line, one.name, one.shape, tuple([self._role(i) for i in one.args])].append(place)
        return _joined(found)

    @uses.default
    def _uses(self) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for place, one in self.operations:
            for j, i in enumerate(one.args):
                if i in self.moving and place in self.moving:
                    found[i].append((place, j))
        return found

    def _role(self, place: int) -> Any:
        one = self.at(place)
        return (one.line, one.name) if one else place if place < len(self.program.inputs) else "constant"

    @property
    def first(self) -> int:
        """The place of the first operation."""
        return len(self.program.inputs) + len(self.program.constants)

    @property
    def operations(self) -> list[tuple[int, Operation]]:
        """The operations with their places."""
        return list(enumerate(self.program.operations, self.first))

    @property
    def out(self) -> int:
        """The place of the value of f."""
        return self.program.outputs["out"]

    def operation(self, place: int) -> Operation:
        """The operation at a place."""
        return self.program.operations[place - self.first]

    def at(self, place: int) -> Operation | None:
        """The operation at a place; None for an input or a constant."""
        return self.operation(place) if place >= self.first else None

    def values(self, args: Sequence[Array]) -> list[Array]:
        """The inputs, the constants, and the result of each operation."""
        found = [*map(np.asarray, args), *self.program.constants]
        for one in self.program.operations:
            found.append(one(*[found[i] for i in one.args]))
        return found

    def is_inner(self, place: int) -> bool:
        """Whether a value is a part of what one function of NumPy computes, such as logaddexp."""
        one = self.at(place)
        if one is None or one.call in {"", "matmul"}:
            return False
        users = [self.at(user) for user, _ in self.uses[place]]
        return bool(users) and all(
            [user is not None and (user.call, user.line) == (one.call, one.line) for user in users]
        )

    def is_last(self, place: int) -> bool:
        """Whether a value is what a line gives, since other lines use it."""
        one, users = self.at(place), [self.at(user) for user, _ in self.uses[place]]
        return one is not None and all([user is not None and user.line != one.line for user in users])

    def name(self, place: int, names: Sequence[str]) -> str:
        """The name of a value: of an argument, of the variable that holds it, or the line that computes it."""
        one = self.at(place)
        if one is None:
            return names[place] if place < len(names) else "a constant"
        if self.is_last(place) and not one.variable:
            return f"`{self.code(place)}`"
        what = one.call or one.name
        return one.variable or f"{NAMES.get(what, what)} of `{self.code(place)}`"

    def code(self, place: int) -> str:
        """The line that computes a value."""
        one = self.at(place)
        path, number = one.line if one and one.line else ("", 0)
        linecache.checkcache(path)
        line = linecache.getline(path, number).strip() if path != __file__ else ""
        return line.removeprefix("return ") or "the result"


NAMES = {"matmul": "the product", "add": "the sum", "multiply": "the product", "divide": "the quotient"}


def _joined(found: dict[Any, list[int]]) -> list[list[int]]:
    """The groups, together with the first round of the loop, whose state is a constant."""
    first = {key: places for key, places in found.items() if "constant" in key[-1]}
    for key, places in first.items():
        others = [k for k in found if k not in first and k[:3] == key[:3] and _is_first(key[-1], k[-1])]
        if len(others) == 1:
            found[others[0]] = sorted([*places, *found[others[0]]])
            del found[key]
    return list(found.values())


def _is_first(first: Any, later: Any) -> bool:
    return len(first) == len(later) and all([a in (b, "constant") for a, b in zip(first, later, strict=True)])


def traced(f: Callable[..., Any], args: Sequence[Array], out: Array, floats: Sequence[int]) -> FunctionTrace | None:
    """The trace of a function; None if it cannot be recorded, or has an operation without a rule."""
    counts: list[int] = []

    def run(**given: Any) -> Any:
        current().notes_lines = True
        with naming(), recorded_zeros():
            outs = f([*given.values()])
            counts.append(len(outs))
            return outs[0].reshape(out.shape) if len(outs) == 1 else np.concatenate([a.reshape(-1) for a in outs])

    try:
        program = record_function(run, {f"{i}": np.array(a) for i, a in enumerate(args)})
    except Exception:  # noqa: BLE001  not every function can be recorded: it may ask for numbers, or call other libraries
        return None
    trace = FunctionTrace(program, tuple(floats), is_joined=len(counts) > 0 and counts[-1] > 1)
    is_whole = list(program.outputs) == ["out"] and len(program) <= MOST and all(map(is_known, program.operations))
    return trace if is_whole and trace.out in trace.moving and _is_same(trace, args, out) else None


@contextmanager
def recorded_zeros() -> Iterator[None]:
    """A block in which np.zeros and its like, called in a user's function, make arrays that results can be written to."""
    own = {name: getattr(np, name) for name in ("zeros", "empty", "ones")}

    def made(make: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **settings: Any) -> Any:
            array = make(*args, **settings)
            is_own = is_of_rules(str(sys._getframe(1).f_globals.get("__name__")))  # noqa: SLF001  the caller has no other name
            return fresh(array) if is_own else array

        return call

    try:
        for name, make in own.items():
            setattr(np, name, made(make))
        yield
    finally:
        for name, make in own.items():
            setattr(np, name, make)


def _is_same(trace: FunctionTrace, args: Sequence[Array], out: Array) -> bool:
    found = trace.values(args)[trace.out]
    return found.shape == out.shape and np.allclose(found, out)
