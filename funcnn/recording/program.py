"""Programs: what a function of arrays computes, as a list of array operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, counted, kind, native, unmapped
from funcnn.checked import checked
from funcnn.errors import KindError, ShapeError
from funcnn.needs import Flag
from funcnn.recording.operations import OPERATIONS, Operation
from funcnn.recording.portable import PORTABLE

Input = tuple[str, tuple[int, ...], np.dtype[Any]]
Step = tuple[str, str, str]
"""The phase, the path of the layer, and its class."""


@attrs.frozen(eq=False)
class Program:
    """Array operations on named inputs, with named outputs.

    The values of a program are numbered: its inputs, its constants, then the result of each operation. `steps` are the
    calls of rules in their order, as (phase, path, class), for programs of a training step.

    >>> import numpy as np
    >>> from funcnn.recording import record_function
    >>> program = record_function(lambda x: np.tanh(2 * x), {"x": np.zeros(3)})
    >>> print(program)
    x: float64 (3,)
    2: float64 (3,) = multiply(2.0, x)
    3: float64 (3,) = tanh(2)
    out = 3
    >>> program({"x": np.array([0.0, 0.5, 1.0])})["out"].round(3)
    array([0.   , 0.762, 0.964])
    """

    inputs: tuple[Input, ...]
    constants: tuple[Array, ...]
    operations: tuple[Operation, ...]
    outputs: dict[str, int]
    steps: tuple[Step, ...] = ()

    @checked
    def __call__(self, inputs: Mapping[str, Any], *, portable: Flag = False) -> dict[str, Array]:
        """The outputs for these inputs, computed with NumPy.

        With `portable`, they have the same bits on every machine, and on a page that trains: sums and matrix products
        add from left to right, and elementary functions are funcnn's own, of +, -, *, / and square roots.

        Raises:
            KindError: an input is missing, unknown, or not an array, or `portable` is not True or False.
            ShapeError: an input has another shape or dtype than the array that it stands for.
        """
        _check_names([name for name, *_ in self.inputs], inputs)
        values = [_checked(name, inputs[name], shape, dtype) for name, shape, dtype in self.inputs]
        values += self.constants
        table = PORTABLE if portable else OPERATIONS
        with np.errstate(all="ignore"):  # a rule that is recorded has given NumPy's warnings, or has switched them off
            for operation in self.operations:
                values.append(operation(*[values[i] for i in operation.args], table=table))
        return {name: values[i].copy() for name, i in self.outputs.items()}

    def __len__(self) -> int:
        """The number of operations."""
        return len(self.operations)

    def __eq__(self, other: object) -> bool:
        """Whether both have the same inputs, constants, operations, outputs and steps."""
        return self._parts() == other._parts() if isinstance(other, Program) else NotImplemented

    def __hash__(self) -> int:
        return hash(repr(self._parts()))

    def _parts(self) -> list[Any]:
        constants = [(a.shape, a.dtype, a.tobytes()) for a in self.constants]
        operations = [attrs.astuple(operation, recurse=False) for operation in self.operations]
        return [self.inputs, constants, operations, self.outputs, self.steps]

    def __repr__(self) -> str:
        return f"<Program of {self._counts()}>"

    def _counts(self) -> str:
        counts = zip(("input", "constant", "operation"), (self.inputs, self.constants, self.operations), strict=True)
        return ", ".join([counted(len(some), name) for name, some in counts])

    def __str__(self) -> str:
        """A line for each input, each constant with more than one number, each operation, and each output."""
        texts = [f"{name}: {dtype} {shape}" for name, shape, dtype in self.inputs]
        names = [name for name, *_ in self.inputs]
        for a in self.constants:
            names.append(str(a[()]) if a.ndim == 0 else str(len(names)))
            texts += [f"{names[-1]}: {a.dtype} {a.shape} constant"] if a.ndim else []
        for one in self.operations:
            place = str(len(names))
            args = [names[i] for i in one.args] + [f"{key}={value}" for key, value in one.settings.items()]
            left = f"{place} {one.variable}".rstrip()
            rule = "" if one.step is None else "  # " + " ".join(dict.fromkeys(filter(None, self.steps[one.step])))
            texts.append(f"{left}: {one.dtype} {one.shape} = {one.name}({', '.join(args)}){rule}")
            names.append(place)
        return "\n".join([*texts, *[f"{name} = {names[i]}" for name, i in self.outputs.items()]])

    def to_json(self) -> dict[str, Any]:
        """The program as lists, numbers and strings, for `json.dumps`; docs/recording.md describes them.

        Raises:
            KindError: the program has a dtype, or a whole number, that JavaScript does not have.
        """
        made: tuple[Any, ...] = (*self.constants, *self.operations)
        dtypes = [dtype for _, _, dtype in self.inputs] + [one.dtype for one in made]
        if strange := {str(dtype) for dtype in dtypes} - _DTYPES:
            known = ", ".join(sorted(_DTYPES))
            raise KindError(f"Program.to_json: dtypes must be among {known}, not {', '.join(sorted(strange))}")
        if any([a.dtype == np.int64 and (np.abs(a) > _LARGEST).any() for a in self.constants]):
            raise KindError("Program.to_json: whole numbers must be at most 2**53, the largest of JavaScript")
        return {
            "inputs": [[name, list(shape), _letters(dtype)] for name, shape, dtype in self.inputs],
            "constants": [[list(a.shape), _letters(a.dtype), numbers(a)] for a in self.constants],
            "operations": [_as_list(operation) for operation in self.operations],
            "outputs": self.outputs,
            "steps": [list(step) for step in self.steps],
        }


_DTYPES = {"float64", "float32", "int64", "int32", "uint32", "uint8", "bool"}
_LARGEST = 1 << 53


def _check_names(names: list[str], inputs: Any) -> None:
    if not isinstance(inputs, Mapping):
        raise KindError(f"Program: inputs must be a mapping from names to arrays, not {kind(inputs)}")
    for what, found in (("missing", set(names) - set(inputs)), ("unknown", set(inputs) - set(names))):
        if found:
            given = ", ".join(sorted(map(str, found)))
            raise KindError(f"Program: inputs must be {', '.join(names)}; {what}: {given}")


def _checked(name: str, a: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    array = np.asarray(a, dtype) if type(a) in {bool, int, float} else unmapped(a)
    if type(array) is not np.ndarray:
        raise KindError(f"Program: {name} must be an array, not {kind(a)}")
    if (array.shape, array.dtype.newbyteorder("=")) != (shape, dtype):
        raise ShapeError(f"Program: {name} must be {dtype} of shape {shape}, not {array.dtype} of shape {array.shape}")
    return native(array)


def _as_list(operation: Operation) -> list[Any]:
    made = [
        *(operation.name, list(operation.args), list(operation.shape), _letters(operation.dtype)),
        *(operation.settings or 0, operation.variable or 0),
    ]
    if operation.step is not None:
        return [*made, operation.step]
    while made[-1] == 0:
        made.pop()
    return made


def _letters(dtype: np.dtype[Any]) -> str:
    return dtype.str[1:]


def numbers(a: Array) -> Any:
    """The numbers of an array as a list, or as one number, if it has no other."""
    a = a.astype(np.uint8) if a.dtype.kind == "b" else a
    flat = [one if one - one == 0 else str(one) for one in a.reshape(-1).tolist()]
    return flat[0] if flat and a.tobytes() == a.reshape(-1)[:1].tobytes() * a.size else flat
