"""Programs for any number of rows, and for other free lengths, from recordings at several of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Sequence
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.errors import KindError
from funcnn.recording.free import FreeArray, free_array
from funcnn.recording.linear import Lengths, NotLinearError, at, linear
from funcnn.recording.operations import Operation
from funcnn.recording.program import Program

_PRIMES = (7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103)
_LENGTHS = [(p, q, q + 1) for p, q in zip(_PRIMES[::2], _PRIMES[1::2], strict=True)]
"""Lengths at which programs are compared: two primes, and an even number, at which m // 2 * 2 is not m - 1."""


@attrs.frozen(eq=False)
class FreeProgram:
    """A program whose shapes, strides and constants depend on free lengths, such as the number m of rows.

    It has the parts of a `Program`, in which a number may be a `Linear`, and a constant a `FreeArray`. `examples` are
    the lengths at which it was recorded, by name.
    """

    inputs: tuple[tuple[str, tuple[Any, ...], np.dtype[Any]], ...]
    constants: tuple[Array | FreeArray, ...]
    operations: tuple[Operation, ...]
    outputs: dict[str, int]
    examples: tuple[Lengths, ...]

    def at(self, lengths: Lengths) -> Program:
        """The program for these lengths."""
        return Program(
            at(self.inputs, lengths),
            tuple([a.at(lengths) if isinstance(a, FreeArray) else a for a in self.constants]),
            tuple([_operation_at(one, lengths) for one in self.operations]),
            self.outputs,
        )


def _operation_at(one: Operation, lengths: Lengths) -> Operation:
    return attrs.evolve(one, shape=at(one.shape, lengths), settings=at(one.settings, lengths))


def record_lengths(
    record: Callable[[Lengths], Program], *, names: Sequence[str] = ("m",), sizes: Collection[int] = ()
) -> FreeProgram:
    """The program for any lengths of these names, where `record(lengths)` is the program for some.

    Programs are compared at three lengths of each name, which are not among `sizes`, the lengths of other axes. A
    number that differs must be a + b m in all of them, for one name, or a sum of products of lengths.

    >>> import numpy as np
    >>> from funcnn.recording import record_function
    >>> from funcnn.recording.rows import record_lengths
    >>> mean = lambda x: x.sum(axis=0) / len(x)
    >>> program = record_lengths(lambda lengths: record_function(mean, {"x": np.ones((lengths["m"], 2))}))
    >>> program.at({"m": 4})({"x": np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 1.0], [0.0, 1.0]])})["out"]
    array([0.25, 1.  ])

    Raises:
        KindError: an operation, a shape or a constant depends on a length in another way.
    """
    three = dict(zip(names, [numbers for numbers in _LENGTHS if not set(numbers) & set(sizes)], strict=False))
    corners = itertools.product(*[numbers[:2] for numbers in three.values()])
    last = [numbers[2] for numbers in three.values()]
    examples = tuple([dict(zip(names, numbers, strict=True)) for numbers in (*corners, last)])
    programs = [record(lengths) for lengths in examples]
    try:
        return _joined(programs, examples)
    except NotLinearError as error:
        at_lengths = " x ".join([f"{a}, {b} and {c}" for a, b, c in three.values()])
        of = "rows" if list(names) == ["m"] else f"for {', '.join(names)}"
        raise KindError(f"{error}, compared at {at_lengths} {of}, cannot be recorded") from None


def _joined(programs: Sequence[Program], examples: tuple[Lengths, ...]) -> FreeProgram:
    if len({len(one.operations) for one in programs}) > 1:
        raise NotLinearError(OTHERS)
    values = _Values(programs)
    operations = [
        _operation(same, values, examples) for same in zip(*[one.operations for one in programs], strict=True)
    ]
    outputs = {name: values.place([one.outputs[name] for one in programs]) for name in programs[0].outputs}
    return FreeProgram(
        linear([one.inputs for one in programs], examples),
        tuple([free_array(arrays, examples) for arrays in values.arrays()]),
        tuple([attrs.evolve(one, args=tuple(map(values.number, one.args))) for one in operations]),
        {name: values.number(place) for name, place in outputs.items()},
        examples,
    )


def _operation(same: Sequence[Operation], values: _Values, examples: Sequence[Lengths]) -> Operation:
    """The operation that these are, with places of `values` as its arguments."""
    if len({(one.name, one.dtype, len(one.args)) for one in same}) > 1:
        raise NotLinearError(OTHERS)
    args = tuple([values.place(places) for places in zip(*[one.args for one in same], strict=True)])
    shape, settings = linear([(one.shape, one.settings) for one in same], examples)
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


OTHERS = "other operations for other lengths of axes"
