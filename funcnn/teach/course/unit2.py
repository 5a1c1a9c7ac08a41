"""Usual mistakes in the exercises of unit 2, the chain rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.comparing import AnswerRules

FUNCTIONS: list[Callable[[Array], Array]] = [np.sin, lambda x: np.cumsum(x, axis=1), np.square, np.tanh]
VJPS: list[Callable[..., list[Array]]] = [
    lambda args, dA: [dA * np.cos(args[0])],
    lambda _, dA: [np.cumsum(dA[:, ::-1], axis=1)[:, ::-1]],
    lambda args, dA: [dA * 2 * args[0]],
    lambda args, dA: [dA * (1 - np.tanh(args[0]) ** 2)],
]


def _chain(order: Callable[[Any, Any], Any], step: Callable[..., Any]) -> Callable[..., Any]:
    """A walk over pairs of a vjp and an input; `step(vjp, x, dA, first)` gives the next dA."""

    def rule(vjps: Any, inputs: Any, dA: Array) -> Any:
        first = dA
        for vjp, x in order(vjps, inputs):
            dA = step(vjp, x, dA, first)
        return dA

    return rule


def _called(vjp: Any, x: Any, dA: Any, first: Any) -> Any:
    return vjp((x,), dA)[0]


def _back(vjps: Sequence[Any], inputs: Sequence[Any]) -> list[Any]:
    return [*zip(reversed(vjps), reversed(inputs), strict=True)]


def _added(vjps: Any, inputs: Any, dA: Array) -> Any:
    return sum([vjp((x,), dA)[0] for vjp, x in _back(vjps, inputs)])


def _outputs(vjps: Any, inputs: Any) -> list[Any]:
    """The output of each function in place of its input, as far as the list has them."""
    return [*zip(reversed(vjps[:-1]), reversed(inputs[1:]), strict=True)]


def _inputs(x: Array) -> list[Array]:
    found = []
    for f in FUNCTIONS:
        found.append(x)
        x = f(x)
    return found


A, B = np.array([[-2.0, 0.3, 0.5], [1.0, 3.0, -0.25]]), np.array([[0.4, -1.3], [0.9, 0.2], [1.1, -0.6]])
CHAIN = AnswerRules(
    _chain(_back, _called),
    {
        "the chain is walked forward; the last function comes first": _chain(lambda v, x: zip(v, x, strict=True), _called),
        "the inputs are not in the order of the vjps: both lists must be reversed": _chain(
            lambda v, x: zip(reversed(v), x, strict=True), _called
        ),
        "the vjps are not reversed, and the inputs are": _chain(lambda v, x: zip(v, reversed(x), strict=True), _called),
        "dA is not passed on: each vjp gets the dA of the end, and the result is that of the first function": _chain(
            _back, lambda vjp, x, dA, first: vjp((x,), first)[0]
        ),
        "dA is not passed on, and the chain is walked forward": _chain(
            lambda v, x: zip(v, x, strict=True), lambda vjp, x, dA, first: vjp((x,), first)[0]
        ),
        "the first function is left out": _chain(lambda v, x: _back(v, x)[:-1], _called),
        "the last function is left out": _chain(lambda v, x: _back(v, x)[1:], _called),
        "the first and the last function are left out": _chain(lambda v, x: _back(v, x)[1:-1], _called),
        "only the vjp of the last function is called: a return in the loop": _chain(lambda v, x: _back(v, x)[:1], _called),
        "the result is multiplied by dA, which is in the result of a vjp already": _chain(
            _back, lambda vjp, x, dA, first: dA * vjp((x,), dA)[0]
        ),
        "each result is multiplied by dA again, and each vjp gets the dA of the end": _chain(
            _back, lambda vjp, x, dA, first: dA * vjp((x,), first)[0]
        ),
        "the gradients of the functions are added; those of a chain are passed on": _added,
        "each result is added to dA; it must take the place of dA": _chain(
            _back, lambda vjp, x, dA, first: dA + vjp((x,), dA)[0]
        ),
        "slopes are multiplied number by number; a vjp may mix the numbers, so dA must go through it": _chain(
            _back, lambda vjp, x, dA, first: dA * vjp((x,), np.ones_like(dA))[0]
        ),
        "each vjp gets the input of the first function, and must get its own": lambda vjps, inputs, dA: _chain(
            _back, _called
        )(vjps, [inputs[0]] * len(vjps), dA),
        "each vjp gets the input of the last function, and must get its own": lambda vjps, inputs, dA: _chain(
            _back, _called
        )(vjps, [inputs[-1]] * len(vjps), dA),
        "each vjp gets the output of its function, and the last function is left out": _chain(_outputs, _called),
        "dA is returned as it came": lambda vjps, inputs, dA: dA,
        "dA is ones: the dA that is given is not used": lambda vjps, inputs, dA: _chain(_back, _called)(
            vjps, inputs, np.ones_like(dA)
        ),
        "a list is passed on: a vjp returns a list with one array": lambda vjps, inputs, dA: _chain(
            _back, lambda vjp, x, dA, first: vjp((x,), dA)
        )(vjps, inputs, dA),
        "the input is not in a tuple: a vjp gets its arguments as (x,)": _chain(
            _back, lambda vjp, x, dA, first: vjp(x, dA)[0]
        ),
        "the result is a list; it must be an array": lambda *args: [_chain(_back, _called)(*args)],
    },
    [(VJPS, _inputs(A), A[::-1] + 1), (VJPS, _inputs(B), B + 0.5)],
    ("the gradient",),
)  # fmt: skip
