"""Symbolic arrays whose numbers are known, computed by NumPy: outside a kernel, before its rows or after them."""

from __future__ import annotations

from collections.abc import Callable
from operator import add, mul, neg, sub, truediv
from typing import Any

import numpy as np

from funcnn.compilation.shapes import NUMBER, Operand
from funcnn.compilation.symbols import Symbol

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
    if a.op == "power" and a.dtype == NUMBER:  # as Python rounds it, which NumPy does not always do
        bases, powers = np.broadcast_arrays(*args)
        made = [base**power for base, power in zip(bases.ravel().tolist(), powers.ravel().tolist(), strict=True)]
        return np.array(made).reshape(bases.shape)
    if a.op in _SHAPES:
        return _SHAPES[a.op](a, args[0])
    function: Callable[..., Any] = getattr(np, a.op)
    return (function if a.dtype == NUMBER else _OPERATORS.get(a.op, function))(*args)


# For NumPy's scalars, such as a cost, ten times as fast as its functions.
_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": add,
    "divide": truediv,
    "multiply": mul,
    "negative": neg,
    "subtract": sub,
}
_SHAPES: dict[str, Callable[[Symbol, Any], Any]] = {
    "astype": lambda a, numbers: np.asarray(numbers).astype(a.dtype),
    "halves": lambda _, word: np.array([word.item() >> 16, word.item() & 0xFFFF]),  # float32 cannot hold 32 bits
    "index": lambda a, numbers: numbers[a.data],
    "reshape": lambda a, numbers: numbers.reshape(a.shape),
}
