"""Programs for any number of rows, from recordings at three numbers of rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.errors import KindError
from funcnn.recording.free import FreeArray, free_array
from funcnn.recording.linear import NotLinearError, at, linear
from funcnn.recording.operations import Operation
from funcnn.recording.program import Program

_PRIMES = (7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71)


@attrs.frozen(eq=False)
class FreeProgram:
    """A program whose shapes, strides and constants depend on the number m of rows.

    It has the parts of a `Program`, in which a number may be a `Linear`, and a constant a `FreeArray`. `rows` are the
    numbers of rows at which it was recorded.
    """

    inputs: tuple[tuple[str, tuple[Any, ...], np.dtype[Any]], ...]
    constants: tuple[Array | FreeArray, ...]
    operations: tuple[Operation, ...]
    outputs: dict[str, int]
    rows: tuple[int, ...]

    def at(self, m: int) -> Program:
        """The program for m rows."""
        return Program(
            at(self.inputs, m),
            tuple([a.at(m) if isinstance(a, FreeArray) else a for a in self.constants]),
            tuple([attrs.evolve(one, shape=at(one.shape, m), settings=at(one.settings, m)) for one in self.operations]),
            self.outputs,
        )


def record_rows(record: Callable[[int], Program], *, sizes: Collection[int] = ()) -> FreeProgram:
    """The program for any number of rows, where `record(m)` is the program for m.

    Three programs are compared, at numbers of rows that are not among `sizes`, the lengths of other axes. A number that
    differs must be a + b m in all three.

    >>> import numpy as np
    >>> from funcnn.recording import record_function
    >>> from funcnn.recording.rows import record_rows
    >>> program = record_rows(lambda m: record_function(lambda x: x.sum(axis=0) / len(x), {"x": np.ones((m, 2))}))
    >>> program.at(4)({"x": np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 1.0], [0.0, 1.0]])})["out"]
    array([0.25, 1.  ])

    Raises:
        KindError: an operation, a shape or a constant depends on the number of rows in another way.
    """
    rows = tuple([prime for prime in _PRIMES if prime not in sizes][:3])
    programs = [record(m) for m in rows]
    try:
        return _joined(programs, rows)
    except NotLinearError as error:
        raise KindError(f"{error}, compared at {rows[0]}, {rows[1]} and {rows[2]} rows, cannot be recorded") from None


def _joined(programs: Sequence[Program], rows: tuple[int, ...]) -> FreeProgram:
    if len({len(one.operations) for one in programs}) > 1:
        raise NotLinearError(OTHERS)
    values = _Values(programs)
    operations = [_operation(same, values, rows) for same in zip(*[one.operations for one in programs], strict=True)]
    outputs = {name: values.place([one.outputs[name] for one in programs]) for name in programs[0].outputs}
    return FreeProgram(
        linear([one.inputs for one in programs], rows),
        tuple([free_array(arrays, rows) for arrays in values.arrays()]),
        tuple([attrs.evolve(one, args=tuple(map(values.number, one.args))) for one in operations]),
        {name: values.number(place) for name, place in outputs.items()},
        rows,
    )


def _operation(same: Sequence[Operation], values: _Values, rows: tuple[int, ...]) -> Operation:
    """The operation that these are, with places of `values` as its arguments."""
    if len({(one.name, one.dtype, len(one.args)) for one in same}) > 1:
        raise NotLinearError(OTHERS)
    args = tuple([values.place(places) for places in zip(*[one.args for one in same], strict=True)])
    shape, settings = linear([(one.shape, one.settings) for one in same], rows)
    return attrs.evolve(same[0], args=args, shape=shape, settings=settings, step=None)


class _Values:
    """The values of programs, side by side: constants may be in another order in each program, other values not.

    A place is -1, -2, ... for constants in the order in which they are found. For other values it is the number of the
    value where there are no constants.
    """

    def __init__(self, programs: Sequence[Program]) -> None:
        self.programs, self.begin = programs, len(programs[0].inputs)
        self.found: dict[tuple[int, ...], int] = {}

    def place(self, numbers: Sequence[int]) -> int:
        """The place of the value that has these numbers in the programs."""
        counts = [len(one.constants) for one in self.programs]
        constants = [i - self.begin for i, n in zip(numbers, counts, strict=True) if 0 <= i - self.begin < n]
        if len(constants) == len(numbers):
            return self.found.setdefault(tuple(constants), -1 - len(self.found))
        others = {i if i < self.begin else i - n for i, n in zip(numbers, counts, strict=True)}
        if constants or len(others) > 1:
            raise NotLinearError(OTHERS)
        return others.pop()

    def number(self, place: int) -> int:
        """The number of the value at a place, after all constants are found."""
        return self.begin - 1 - place if place < 0 else place if place < self.begin else place + len(self.found)

    def arrays(self) -> list[list[Array]]:
        """For each constant that was found, its array in each program."""
        return [[one.constants[i] for one, i in zip(self.programs, same, strict=True)] for same in self.found]


OTHERS = "other operations for each number of rows"
