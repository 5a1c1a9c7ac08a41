"""Programs for any number of rows, from recordings at three numbers of rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.errors import KindError
from funcnn.recording.linear import FreeArray, NotLinearError, at, free_array, linear
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
    except NotLinearError:
        seen = f"{rows[0]}, {rows[1]} and {rows[2]} rows"
        raise KindError(
            f"operations that depend on the number of rows, compared at {seen}, cannot be recorded"
        ) from None


def _joined(programs: Sequence[Program], rows: tuple[int, ...]) -> FreeProgram:
    if len({len(one.operations) for one in programs}) > 1:
        raise NotLinearError
    constants: dict[tuple[int, ...], int] = {}
    begin = len(programs[0].inputs)
    begins = [begin + len(one.constants) for one in programs]

    def place(places: Sequence[int]) -> tuple[bool, int]:
        """(whether it is a constant, its place among the constants or among the other values)"""
        kinds = {0 if i < begin else 1 if i < end else 2 for i, end in zip(places, begins, strict=True)}
        if kinds == {1}:
            return True, constants.setdefault(tuple([i - begin for i in places]), len(constants))
        others = {i if kinds == {0} else i - end for i, end in zip(places, begins, strict=True)}
        if len(kinds) > 1 or len(others) > 1:
            raise NotLinearError
        return False, others.pop() + (begin if kinds == {2} else 0)

    operations = [_operation(same, rows) for same in zip(*[one.operations for one in programs], strict=True)]
    args = [
        [place(each) for each in zip(*[one.args for one in same], strict=True)]
        for same in zip(*[one.operations for one in programs], strict=True)
    ]
    outputs = {name: place([one.outputs[name] for one in programs]) for name in programs[0].outputs}

    def number(is_constant: bool, i: int) -> int:
        return begin + i if is_constant else i if i < begin else i + len(constants)

    return FreeProgram(
        linear([tuple([(name, shape, dtype) for name, shape, dtype in one.inputs]) for one in programs], rows),
        tuple(
            [free_array([one.constants[i] for one, i in zip(programs, same, strict=True)], rows) for same in constants]
        ),
        tuple(
            [
                attrs.evolve(one, args=tuple([number(*each) for each in own]))
                for one, own in zip(operations, args, strict=True)
            ]
        ),
        {name: number(*made) for name, made in outputs.items()},
        rows,
    )


def _operation(same: Sequence[Operation], rows: tuple[int, ...]) -> Operation:
    """The operation that these are, without arguments."""
    first = same[0]
    if len({(one.name, one.dtype, len(one.args)) for one in same}) > 1:
        raise NotLinearError
    shape, settings = linear([(one.shape, one.settings) for one in same], rows)
    return attrs.evolve(first, shape=shape, settings=settings, step=None)
