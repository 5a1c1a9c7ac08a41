"""Symbolic arrays whose numbers are known, computed by NumPy: outside a kernel, before its rows or after them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.compilation.shapes import NUMBER, Operand
from funcnn.compilation.symbols import Symbol
from funcnn.elementary import erfc

LEAVES = {"parameter", "product", "state", "total"}


def evaluate(a: Operand, numbers_of: Callable[[Symbol], Any], done: dict[int, Any] | None = None) -> Any:
    """The numbers of a; `numbers_of` gives the numbers of parameters, states and sums over rows.

    `done` holds what was evaluated before, by the ids of symbolic arrays.
    """
    if not isinstance(a, Symbol):
        return a
    done = {} if done is None else done
    if id(a) not in done:
        done[id(a)] = _evaluated(a, numbers_of, done)
    return done[id(a)]


def _evaluated(a: Symbol, numbers_of: Callable[[Symbol], Any], done: dict[int, Any]) -> Any:
    if a.op in LEAVES:
        return numbers_of(a)
    if a.op == "full":
        return np.full(a.shape, a.data, a.dtype)
    args = [evaluate(one, numbers_of, done) for one in a.args]
    if a.dtype == NUMBER and a.op in PYTHON:
        return _OF_OBJECTS[a.op](*args)
    if a.op in _SHAPES:
        return _SHAPES[a.op](a, args[0])
    return (_OPERATORS.get(a.op) or getattr(np, a.op))(*args)


_UNARY: dict[str, Callable[..., Any]] = {"absolute": abs, "invert": operator.inv, "negative": operator.neg}
PYTHON: dict[str, Callable[..., Any]] = _UNARY | {
    name: getattr(operator, short)
    for name, short in (
        *[("add", "add"), ("subtract", "sub"), ("multiply", "mul"), ("divide", "truediv"), ("power", "pow")],
        *[("floor_divide", "floordiv"), ("remainder", "mod"), ("equal", "eq"), ("not_equal", "ne")],
        *[("greater", "gt"), ("greater_equal", "ge"), ("less", "lt"), ("less_equal", "le")],
        *[("bitwise_and", "and_"), ("bitwise_or", "or_"), ("bitwise_xor", "xor"), ("right_shift", "rshift")],
    )
}
"""What Python does with numbers: unlike NumPy, it rounds powers exactly, counts beyond 64 bits, refuses 1 / 0, and the
sum of two bools is a whole number."""

# For arrays of objects, one for each step.
_OF_OBJECTS = {name: np.frompyfunc(function, 1 if name in _UNARY else 2, 1) for name, function in PYTHON.items()}
# For NumPy's scalars, such as a cost, ten times as fast as its functions.
_OPERATORS: dict[str, Callable[..., Any]] = {
    "erfc": lambda x: np.asarray(erfc(x), x.dtype),
    **{name: PYTHON[name] for name in ("add", "divide", "multiply", "negative", "subtract")},
}


def prepared(a: Operand, leaf: Callable[[Symbol], Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """`evaluate`, for one that is called often: the function of a source, of which `leaf(s)` takes the numbers of s."""
    if _is_tree(a):
        return _prepared(a, leaf)
    return lambda source: evaluate(a, lambda s: leaf(s)(source))


def _is_tree(a: Operand) -> bool:
    """Whether no result is used twice: a function would compute it anew each time, and what it is computed from."""
    left, seen = [a], set[int]()
    while left:
        one = left.pop()
        if isinstance(one, Symbol) and one.op not in LEAVES:
            if id(one) in seen:
                return False
            seen.add(id(one))
            left += one.args
    return True


def _prepared(a: Operand, leaf: Callable[[Symbol], Callable[[Any], Any]]) -> Callable[[Any], Any]:
    if not isinstance(a, Symbol):
        return lambda _: a
    if a.op in LEAVES:
        return leaf(a)
    if a.op not in _OPERATORS or a.dtype == NUMBER:
        return lambda source: evaluate(a, lambda s: leaf(s)(source))
    function, (first, *others) = _OPERATORS[a.op], [_prepared(one, leaf) for one in a.args]
    if not others:
        return lambda source: function(first(source))
    second = others[0]
    return lambda source: function(first(source), second(source))


_SHAPES: dict[str, Callable[[Symbol, Any], Any]] = {
    "astype": lambda a, numbers: np.asarray(numbers).astype(a.dtype),
    "halves": lambda _, word: np.array([word.item() >> 16, word.item() & 0xFFFF]),  # float32 cannot hold 32 bits
    "index": lambda a, numbers: numbers[a.data],
    "reshape": lambda a, numbers: numbers.reshape(a.shape),
}
