"""The array namespace of symbolic arrays: functions with the names and arguments that NumPy gives them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partialmethod
from typing import Any

import numpy as np

from funcnn.compilation.operations import ELEMENTWISE, TRUTHS
from funcnn.compilation.shapes import Operand, Shape, raise_untraceable
from funcnn.compilation.symbols import (
    Symbol,
    common_dtype,
    elementwise,
    is_number,
    is_step_number,
    product,
    reduced,
)
from funcnn.conditions import is_outside
from funcnn.formulas.trigonometric import LARGEST


def _reduction(op: str) -> Callable[..., Symbol]:
    def apply(_: Any, x: Symbol, axis: Any = None, *, keepdims: bool = False) -> Symbol:
        return reduced(op, x, axis, keepdims)

    return apply


def _periodic(op: str) -> Callable[[Any, Any], Symbol]:
    """sin or cos; a larger argument than the kernel can reduce is a fault, so that NumPy computes the step."""

    def apply(_: Any, x: Any) -> Symbol:
        if isinstance(x, Symbol) and x.features:
            largest = LARGEST[x.dtype.itemsize]
            is_outside(x, -largest, largest)
        return _of_arrays(op, x)

    return apply


class SymbolicNamespace:
    """What `namespace(x)` is for a symbolic array x."""

    __name__ = "funcnn.compilation"
    inf, nan, pi, newaxis = math.inf, math.nan, math.pi, None
    float32, float64 = np.float32, np.float64
    finfo, arange, matmul = staticmethod(np.finfo), staticmethod(np.arange), staticmethod(product)
    sum, max, min = map(_reduction, ("sum", "maximum", "minimum"))
    sin, cos = map(_periodic, ("sin", "cos"))

    def __getattr__(self, name: str) -> Any:
        if name not in ELEMENTWISE:
            if hasattr(np, name):
                return raise_untraceable(f"there is no kernel for {name}")
            raise AttributeError(name)
        return lambda *args: _of_arrays(name, *args, dtype=bool if name in TRUTHS else None)

    def abs(self, x: Operand) -> Symbol:
        return _of_arrays("absolute", x)

    def square(self, x: Operand) -> Symbol:
        return _of_arrays("multiply", x, x)

    def reciprocal(self, x: Operand) -> Symbol:
        return _of_arrays("divide", 1.0, x)

    def power(self, x: Operand, y: Operand) -> Symbol:
        return x**y if isinstance(x, Symbol) and x.dtype.kind == "f" else _of_arrays("power", x, y)

    pow = power

    def where(self, condition: Operand, a: Operand, b: Operand) -> Symbol:
        return _of_arrays("where", condition, a, b, dtype=common_dtype((a, b)))

    def clip(self, x: Operand, low: Operand, high: Operand) -> Symbol:
        bounded = x if low is None else _of_arrays("maximum", x, low)
        return bounded if high is None else _of_arrays("minimum", bounded, high)

    def mean(self, x: Symbol, axis: Any = None, *, keepdims: bool = False) -> Symbol:
        return x.mean(axis, keepdims=keepdims)

    def full(self, shape: int | Shape, value: float, dtype: Any = None) -> Symbol:
        if isinstance(value, Symbol):
            return raise_untraceable("an array filled with a number that is computed")
        return Symbol("full", (), (shape,) if isinstance(shape, int) else shape, dtype or float, None, value)

    def full_like(self, x: Symbol, value: float) -> Symbol:
        return self.full(x.shape, np.full((), value, x.dtype).item(), x.dtype)

    def ones(self, shape: int | Shape, dtype: Any = None) -> Symbol:
        return self.full(shape, 1.0, dtype)

    def zeros(self, shape: int | Shape, dtype: Any = None) -> Symbol:
        return self.full(shape, 0.0, dtype)

    ones_like, zeros_like = partialmethod(full_like, value=1.0), partialmethod(full_like, value=0.0)

    def asarray(self, a: Any) -> Any:
        return a if isinstance(a, Symbol) else np.asarray(a)

    def words(self, first: Any, second: Any, shape: Shape) -> Symbol:
        """`funcnn.bits.words`, given the hash of the key."""
        halves = [Symbol("halves", (h,), (2,), np.float32, None) for h in (first, second)]
        return Symbol("words", (*halves,), shape, np.uint32, math.prod(shape[1:]))

    def normal(self, first: Any, second: Any, shape: Shape, dtype: Any) -> Symbol:
        """`funcnn.bits.normal`, given the hash of the key."""
        halves = [Symbol("halves", (h,), (2,), np.float32, None) for h in (first, second)]
        return Symbol("normal", (*halves,), shape, dtype, math.prod(shape[1:]))

    def concatenate(self, parts: Any, axis: int = 0) -> Any:
        return raise_untraceable("a concatenation")


def _of_arrays(op: str, *args: Operand, dtype: Any = None) -> Symbol:
    """The operation, refused for numbers alone: NumPy would make them arrays, which widen other arrays."""
    if all([is_step_number(a) or is_number(a) for a in args]):
        return raise_untraceable(f"{op} of a state")
    return elementwise(op, *args, dtype=dtype)


Symbol.functions = SymbolicNamespace()
