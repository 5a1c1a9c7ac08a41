"""The claim that a check tests: vjp is the vector-Jacobian product of f at args."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Number
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, is_array, kind
from funcnn.errors import KindError
from funcnn.testing.differentiation.vector_function import Vjp
from funcnn.testing.verdict import GradientError


def no_promises() -> None:
    """No further checks, for a function that is not a layer or a loss."""


@attrs.frozen(eq=False)
class Claim:
    """f, vjp and args; the names of the check, of f and of its arguments; their source; and further checks.

    `kind` is layer, loss or function. `promises` is called after the numbers were compared; it raises an error if a
    rule of the protocol is broken.
    """

    whose: str
    kind: str
    name: str
    f: Callable[..., Any]
    vjp: Vjp
    args: tuple[Any, ...]
    names: tuple[str, ...]
    source: str
    promises: Callable[[], None] = no_promises

    def arrays(self) -> tuple[Array, ...]:
        """The arguments as arrays of real numbers, whole numbers or booleans."""
        arrays = tuple([as_argument(self.whose, name, a) for name, a in zip(self.names, self.args, strict=True)])
        if not any(a.dtype.kind == "f" for a in arrays):
            raise KindError(f"{self.whose}: no argument holds floats, so there is no gradient to check")
        return arrays

    @contextmanager
    def named(self) -> Iterator[None]:
        """Begin an error with the name of f, and end it with the source of the arguments."""
        try:
            yield
        except GradientError as error:
            error.args = (f"{self.name}: {error}\n{self.source}",)
            raise


def as_argument(whose: str, name: str, a: Any) -> Array:
    """An argument as an array; errors name the check `whose` and the argument `name`."""
    array = np.asarray(a) if is_array(a) or isinstance(a, Number) else np.zeros((), object)
    if array.dtype.kind == "c":
        raise KindError(f"{whose}: {name} is complex; give its real and imaginary parts as two arguments")
    if array.dtype.kind not in "fiub" or isinstance(a, bool):
        raise KindError(f"{whose}: {name} must be an array of numbers, not {kind(a)}")
    return array
