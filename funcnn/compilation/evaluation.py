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
    if a.dtype == NUMBER and a.op in _PYTHON:
        return _PYTHON[a.op](*args)
    if a.op in _SHAPES:
        return _SHAPES[a.op](a, args[0])
    return (_OPERATORS.get(a.op) or getattr(np, a.op))(*args)


# For NumPy's scalars, such as a cost, ten times as fast as its functions.
_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "divide": operator.truediv,
    "erfc": lambda x: np.asarray(erfc(x), x.dtype),
    "multiply": operator.mul,
    "negative": operator.neg,
    "subtract": operator.sub,
}
# What Python does with numbers: unlike NumPy, it rounds powers exactly, counts beyond 64 bits, refuses 1 / 0, and
# the sum of two bools is a whole number. For arrays of objects, one for each step.
_PYTHON: dict[str, Callable[..., Any]] = {
    "absolute": np.frompyfunc(abs, 1, 1),
    **{name: np.frompyfunc(getattr(operator, short), 1, 1) for name, short in (("invert", "inv"), ("negative", "neg"))},
    **{
        name: np.frompyfunc(getattr(operator, short), 2, 1)
        for name, short in (
            *[("add", "add"), ("subtract", "sub"), ("multiply", "mul"), ("divide", "truediv"), ("power", "pow")],
            *[("floor_divide", "floordiv"), ("remainder", "mod"), ("equal", "eq"), ("not_equal", "ne")],
            *[("greater", "gt"), ("greater_equal", "ge"), ("less", "lt"), ("less_equal", "le")],
            *[("bitwise_and", "and_"), ("bitwise_or", "or_"), ("bitwise_xor", "xor"), ("right_shift", "rshift")],
        )
    },
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
