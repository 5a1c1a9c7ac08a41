"""The claim that a check tests: vjp is the vector-Jacobian product of f at args."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Number
from typing import Any, NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array, is_array, kind
from funcnn.errors import KindError
from funcnn.remedies import for_kind
from funcnn.testing.differentiation.vector_function import Vjp, computed
from funcnn.testing.verdict import GradientError

_FLOATS = re.compile(r"np\.array\(((?=[^()]*(?:\d[.e]|np\.inf|np\.nan))[^()j]*?)(?:, np\.float\d+)?\)")


class Rules(NamedTuple):
    """f and vjp of a claim, without checks, from lists of arrays of any library to lists of arrays.

    `f(args)` gives every output, `vjp(args, cotangents)` a gradient for each argument, and, in its place for forward
    mode, `jvp(args, tangents)` a tangent of each output. In the arguments from index `first_drawn` on, the check may
    replace the numbers by others.
    """

    f: Callable[[Sequence[Any]], Sequence[Any]]
    vjp: Callable[[Sequence[Any], Sequence[Any]], Sequence[Any]] | None
    first_drawn: int
    jvp: Callable[[Sequence[Any], Sequence[Any]], Sequence[Any]] | None = None


@attrs.frozen(eq=False)
class Claim:
    """f, vjp and args; the names of the check, of f and of its arguments; the source of the arguments; further checks.

    `has_halves` says that the caller gave an array of float16. `kind` is layer, loss or function. `promises` is called
    after the numbers were compared; it raises an error if a rule of the protocol is broken. `cotangent` gives a
    cotangent the structure that the user's vjp takes, and `derivative` is the name of vjp in messages. `quick_vjp` is a
    vjp that calls f less often, and `quick_calls` counts the calls of f by vjp in a fast check. `rules` are the
    functions for exact arithmetic, by default f and vjp.
    """

    function: str
    kind: str
    name: str
    f: Callable[..., Any]
    vjp: Vjp
    args: tuple[Array, ...]  # as `as_arrays` makes them
    names: tuple[str, ...]
    source: str
    promises: Callable[[], None] = lambda: None
    rules: Rules = computed(
        lambda self: Rules(lambda args: [self.f(*args)], lambda args, dA: self.vjp(tuple(args), *dA), len(self.args)),
        init=True,
    )
    has_halves: bool = computed(lambda self: holds_halves(self.args), init=True)
    cotangent: Callable[[Array], Any] = np.asarray
    derivative: str = "vjp"
    quick_vjp: Vjp | None = None
    quick_calls: int = 0

    def complete(self, error: GradientError, dtype: Any = np.float64) -> None:
        """Begin an error with the name of f, and end it with the source of the arguments, whose floats have a dtype."""
        message = re.sub(r"\bvjp\b", self.derivative, str(error))
        error.args = (f"{self.name}: {message}\n{self.source_in(dtype)}{error.pasted}",)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Complete errors, for the arguments in float64."""
        try:
            yield
        except GradientError as error:
            self.complete(error)
            raise

    def source_in(self, dtype: Any) -> str:
        """The source of the arguments, in which the floats that f differentiates have a dtype."""

        def cast(match: re.Match[str]) -> str:
            return f"np.array({match[1]}{'' if dtype == np.float64 else f', np.{np.dtype(dtype)}'})"

        moved = {re.sub(r"^(?:real|imag)\(", "", name).partition("[")[0].partition(".")[0] for name in self.names}
        lines = self.source.split("\n")
        ours = [name is not None and name[1] in moved for name in [re.match(r" *(\w+)", line) for line in lines]]
        return "\n".join([_FLOATS.sub(cast, line) if own else line for line, own in zip(lines, ours, strict=True)])

    def paragraph(self, error: GradientError) -> str:
        """A finding in a list of several: its kind and its message, without the name of f and its arguments."""
        message = str(error).removeprefix(f"{self.name}: ")
        for dtype in (np.float64, np.float32, np.float16):
            message = message.partition(f"\n{self.source_in(dtype)}")[0]
        notes = "".join([f", {note}" for note in getattr(error, "__notes__", ())])
        return f"    {type(error).__name__}: {message}{notes}"


def as_arrays(function: str, names: Iterable[str], args: Iterable[Any]) -> tuple[Array, ...]:
    """Arguments as arrays of real numbers, whole numbers or booleans, of which one at least holds floats."""
    arrays = tuple([as_argument(function, name, a) for name, a in zip(names, args, strict=True)])
    if not any(a.dtype.kind == "f" for a in arrays):
        raise KindError(f"{function}: no argument holds floats, so there is no gradient to check")
    return arrays


def as_argument(function: str, argument: str, a: Any) -> Array:
    """Check an argument; the result is an array. Errors name `function` and `argument`."""
    given = isinstance(a, Number) or (is_array(a) and not is_special(a))
    array = np.asarray(a) if given else np.zeros((), object)
    if array.dtype.kind == "c":
        raise KindError(f"{function}: {argument} must hold real numbers, not {array.dtype}")
    if array.dtype.kind not in "fiub" or isinstance(a, bool):
        raise KindError(f"{function}: {argument} must be an array of numbers, not {kind(a)}{_remedy(argument, a)}")
    return array


def holds_halves(arrays: Iterable[Any]) -> bool:
    """Whether there is an array of float16."""
    return any([getattr(a, "dtype", None) == np.float16 for a in arrays])


def is_special(a: Any) -> bool:
    """Whether an array computes otherwise than a plain one, which `np.asarray` would lose."""
    return isinstance(a, np.ma.MaskedArray | np.matrix)


def _remedy(argument: str, a: Any) -> str:
    """The end of a sentence about a tensor or a column that NumPy converts to numbers; else empty."""
    if is_special(a) or not hasattr(type(a), "__array__"):
        return ""
    try:
        fits = np.asarray(a).dtype.kind in "fiub"
    except (RuntimeError, TypeError, ValueError):  # such as of a tensor that requires a gradient
        return ""
    return for_kind(argument, a) if fits else ""
