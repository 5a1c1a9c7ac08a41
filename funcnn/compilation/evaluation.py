"""Symbolic arrays whose numbers are known, computed by NumPy: outside a kernel, before its rows or after them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import Any, cast

import numpy as np

from funcnn.compilation.shapes import NUMBER, Operand
from funcnn.compilation.symbols import Symbol
from funcnn.elementary import erfc
from funcnn.scalars import power


class Calculation:
    """Functions of a sequence of numbers, as code of Python: what symbolic arrays are whose numbers are known.

    `places` says by the id of a symbolic array where its number stands in the sequence, or how it is taken from
    `numbers`; parameters are taken from the vector of constants, the second argument. Symbolic numbers that are
    computed alike, such as Adam's correction for each array, have one name, and are computed once in a call.
    """

    def __init__(self, places: Mapping[int, int | str]) -> None:
        self._places = places
        self._names: dict[Any, str] = {}
        self._lines: list[str] = []
        self._space: dict[str, Any] = {"inf": math.inf, "nan": math.nan, **PYTHON}
        self._used: list[Any] = []  # kept, so that no other array gets its id

    def name(self, a: Operand) -> str:
        """The expression for an array in the code."""
        if id(a) not in self._names:
            self._used.append(a)
            self._names[id(a)] = self._named(a, f"v{len(self._used)}")
        return self._names[id(a)]

    def _named(self, a: Operand, new: str) -> str:
        if type(a) in {bool, int, float}:
            return repr(a)
        if not isinstance(a, Symbol):
            self._space[new] = a
            return new
        if (place := self._places.get(id(a))) is not None:
            return place if isinstance(place, str) else f"numbers[{place}]"
        if a.op == "parameter":
            self._space[new] = a.data
            return f"constants[{new}]"
        text = f"{a.op}({', '.join(map(self.name, a.args))})"
        if not _is_of_python(a):
            self._space[f"of_{new}"], text = _operation(a), f"of_{new}{text[len(a.op) :]}"
        if text not in self._names:
            self._lines.append(f" {new} = {text}")
            self._names[text] = new
        return self._names[text]

    def function(self, results: Iterable[Operand]) -> Callable[..., list[Any]]:
        """The function from the numbers, and the constants, to the results."""
        text = f" return [{', '.join(map(self.name, results))}]"
        exec("\n".join(["def made(numbers, constants=None):", *self._lines, text]), self._space)  # noqa: S102  names of operations, and numbers
        return self._space.pop("made")


def _is_of_python(a: Symbol) -> bool:
    return bool(a.dtype == NUMBER and a.op in PYTHON)


def _operation(a: Symbol) -> Callable[..., Any]:
    """The function from the numbers of the arguments of a to those of a."""
    if a.op == "full":
        return lambda: np.full(a.shape, a.data, a.dtype)
    if a.op in _SHAPES:
        return partial(_SHAPES[a.op], a)
    if a.op == "applied":
        return cast("Callable[..., Any]", a.data)
    return PYTHON[a.op] if _is_of_python(a) else _OPERATORS.get(a.op) or getattr(np, a.op)


_UNARY: dict[str, Callable[..., Any]] = {"absolute": abs, "invert": operator.inv, "negative": operator.neg}
PYTHON: dict[str, Callable[..., Any]] = {
    **_UNARY,
    "power": power,
    **{
        name: getattr(operator, short)
        for name, short in (
            *[("add", "add"), ("subtract", "sub"), ("multiply", "mul"), ("divide", "truediv")],
            *[("floor_divide", "floordiv"), ("remainder", "mod"), ("equal", "eq"), ("not_equal", "ne")],
            *[("greater", "gt"), ("greater_equal", "ge"), ("less", "lt"), ("less_equal", "le")],
            *[("bitwise_and", "and_"), ("bitwise_or", "or_"), ("bitwise_xor", "xor"), ("right_shift", "rshift")],
        )
    },
}
"""What Python does with numbers: unlike NumPy, it counts beyond 64 bits, refuses 1 / 0, and the sum of two bools is a
whole number. Powers are those of `funcnn.scalars`."""

# For NumPy's scalars, such as a cost, ten times as fast as its functions.
_OPERATORS: dict[str, Callable[..., Any]] = {
    "erfc": lambda x: np.asarray(erfc(x), x.dtype),
    **{name: PYTHON[name] for name in ("add", "divide", "multiply", "negative", "subtract")},
}


_SHAPES: dict[str, Callable[[Symbol, Any], Any]] = {
    "astype": lambda a, numbers: np.asarray(numbers).astype(a.dtype),
    "halves": lambda _, word: np.array([word.item() >> 16, word.item() & 0xFFFF]),  # float32 cannot hold 32 bits
    "index": lambda a, numbers: numbers[a.data],
    "reshape": lambda a, numbers: numbers.reshape(a.shape),
}


def reached(
    roots: Iterable[Operand], arguments: Callable[[Symbol], Iterable[Operand]] = attrgetter("args")
) -> list[Symbol]:
    """The symbolic arrays of which these are computed, each once, and after those of which it is computed itself."""
    found: list[Symbol] = []
    seen: set[int] = set()
    left: list[tuple[Operand, bool]] = [(root, False) for root in roots]
    while left:  # a loop, since Python's recursion would end in deep networks
        s, is_over = left.pop()
        if is_over:
            found.append(s)
        elif type(s) is Symbol and id(s) not in seen:
            seen.add(id(s))
            left += [(s, True), *[(a, False) for a in arguments(s)]]
    return found
