"""Numbers of Python that a program has as inputs, such as the rate lr and the step of an optimizer."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import fresh, operation
from funcnn.recording.tape import refuse

_BITS = 63  # of an int of a program
_INPUT = 1 << 31  # a bound of ints that are inputs


class RecordedNumber(RecordedArray):
    """A number of Python: with other numbers of Python it makes one again, and arrays beside it keep their dtype.

    `largest` bounds the absolute value of an int, which has 64 bits in a program and as many as it needs in Python.
    """

    __slots__ = ("largest",)

    def __init__(self, number: Any, place: int | None, largest: int = _INPUT) -> None:
        super().__init__(number, fresh(number, place).store)
        self.largest = largest
        if type(number) is int and largest.bit_length() > _BITS:
            refuse(f"an int of Python that may have more than {_BITS} bits")

    def __pos__(self) -> RecordedNumber:
        return self

    def __repr__(self) -> str:
        return f"RecordedNumber({type(self.numbers).__name__})"


def is_number(value: Any) -> bool:
    """Whether a value is a number of Python, recorded or not."""
    return isinstance(value, RecordedNumber) or type(value) in {bool, int, float}


def _result(name: str, f: Callable[..., Any], *args: Any) -> Any:
    """A function of numbers of Python, with the operation of this name."""
    plain = [a.numbers if isinstance(a, RecordedNumber) else a for a in args]
    made = f(*plain)
    if type(made) is complex:
        return refuse("a complex number")
    operands = [a if isinstance(a, RecordedNumber) else fresh(a) for a in args]
    if type(made) is not bool:  # a comparison takes numbers of both kinds
        operands = [a if a.dtype == type(made) else operation("astype", a, dtype=type(made)) for a in operands]
    largest = 1 if type(made) is bool else _bound(name, *map(_largest, args))
    return RecordedNumber(made, operation(name, *operands).store.place, largest)


def _largest(value: Any) -> int:
    return value.largest if isinstance(value, RecordedNumber) else 0 if type(value) is float else abs(value)


def _bound(name: str, a: int, b: int = 0) -> int:
    """A bound of the absolute value of an operation on ints of at most these absolute values."""
    if name in {"power", "left_shift"}:
        base, exponent = (a, b) if name == "power" else (2, a.bit_length() + b)
        return base**exponent if max(1, base.bit_length()) * exponent < 4 * _BITS else 1 << 4 * _BITS
    return {"multiply": a * b, "remainder": b, "floor_divide": a, "right_shift": a}.get(name, a + b)


def _define(method: str, name: str, f: Callable[..., Any], *, is_reflected: bool = False) -> None:
    of_arrays = getattr(RecordedArray, method)

    def defined(self: RecordedNumber, *others: Any) -> Any:
        if not all(map(is_number, others)) or len(others) > 1:
            return of_arrays(self, *others)
        return _result(name, f, *others, self) if is_reflected else _result(name, f, self, *others)

    setattr(RecordedNumber, method, defined)


for _method, _name in {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "left_shift",
    "rshift": "right_shift",
}.items():
    _function = getattr(operator, f"__{_method}__")
    _define(f"__{_method}__", _name, _function)
    _define(f"__r{_method}__", _name, _function, is_reflected=True)
    setattr(RecordedNumber, f"__i{_method}__", getattr(RecordedNumber, f"__{_method}__"))
for _method, _name in {
    "neg": "negative",
    "abs": "absolute",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}.items():
    _define(f"__{_method}__", _name, getattr(operator, f"__{_method}__"))
