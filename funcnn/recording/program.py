"""Programs: what a function of arrays computes, as a list of array operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, kind
from funcnn.errors import KindError, ShapeError
from funcnn.recording.operations import Operation

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
    1 input, 1 constant, 2 operations
    >>> program({"x": np.array([0.0, 0.5, 1.0])})["out"].round(3)
    array([0.   , 0.762, 0.964])
    """

    inputs: tuple[Input, ...]
    constants: tuple[Array, ...]
    operations: tuple[Operation, ...]
    outputs: dict[str, int]
    steps: tuple[Step, ...] = ()

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Array]:
        """The outputs for these inputs, computed with NumPy.

        Raises:
            KindError: an input is missing, unknown, or not an array.
            ShapeError: an input has another shape or dtype than the array that it stands for.
        """
        if (missing := {name for name, *_ in self.inputs} ^ set(inputs)) != set():
            needed = ", ".join([name for name, *_ in self.inputs])
            raise KindError(f"Program: inputs must be {needed}; {', '.join(sorted(missing))} is missing or unknown")
        values = [_checked(name, inputs[name], shape, dtype) for name, shape, dtype in self.inputs]
        values += self.constants
        for operation in self.operations:
            values.append(operation(*[values[i] for i in operation.args]))
        return {name: values[i] for name, i in self.outputs.items()}

    def __str__(self) -> str:
        counts = zip(("input", "constant", "operation"), (self.inputs, self.constants, self.operations), strict=True)
        return ", ".join([f"{len(some)} {name}{'s' * (len(some) != 1)}" for name, some in counts])

    def to_json(self) -> dict[str, Any]:
        """The program as lists, numbers and strings, for `json.dumps`; docs/recording.md describes them."""
        return {
            "inputs": [[name, list(shape), _letters(dtype)] for name, shape, dtype in self.inputs],
            "constants": [[list(a.shape), _letters(a.dtype), numbers(a)] for a in self.constants],
            "operations": [_as_list(operation) for operation in self.operations],
            "outputs": self.outputs,
            "steps": [list(step) for step in self.steps],
        }


def _checked(name: str, a: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    array = np.asarray(a, dtype) if isinstance(a, int | float) else a
    if not isinstance(array, np.ndarray):
        raise KindError(f"Program: {name} must be an array, not {kind(a)}")
    if (array.shape, array.dtype) != (shape, dtype):
        raise ShapeError(f"Program: {name} must be {dtype} of shape {shape}, not {array.dtype} of shape {array.shape}")
    return array


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
