"""The functions of a check for arrays of any library, from lists of arrays to lists of arrays, for exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcnn.arrays import is_array
from funcnn.testing.claim import Rules
from funcnn.testing.flattening import Flattened
from funcnn.testing.pytrees import leaves, leaves_like, shaped
from funcnn.testing.verdict import WrongShape


def vjp_rules(function: Flattened, vjp: Callable[..., Any]) -> Rules:
    """A function and its vjp."""
    made: list[Any] = [0]

    def backward(parts: Sequence[Any], dA: Sequence[Any]) -> list[Any]:
        args, kwargs = function.called(parts)
        rest = iter(dA)
        cotangents = [next(rest) if _is_real(leaf) else None for _, leaf in leaves(made[0])]
        return function.gradients_of(args, vjp(args, shaped(made[0], iter(cotangents)), **kwargs))

    return Rules(_forward(function, made), backward, len([*function.parts()]))


def jvp_rules(function: Flattened, jvp: Callable[..., Any]) -> Rules:
    """A function and its jvp."""
    made: list[Any] = [0]

    def tangent(parts: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        args, kwargs = function.called(parts)
        found = jvp(args, function.tangents(tangents), **kwargs)
        pairs = zip(leaves(made[0]), leaves_like(made[0], found, "the tangent of f", WrongShape), strict=True)
        return [given for (_, leaf), given in pairs if _is_real(leaf)]

    return Rules(_forward(function, made), None, len([*function.parts()]), tangent)


def _forward(function: Flattened, made: list[Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """The real outputs of a function; `made` keeps its last result."""

    def forward(parts: Sequence[Any]) -> list[Any]:
        args, kwargs = function.called(parts)
        made[0] = function.f(*args, **kwargs)
        return [leaf for _, leaf in leaves(made[0]) if _is_real(leaf)]

    return forward


def _is_real(leaf: Any) -> bool:
    return leaf.dtype.kind == "f" if is_array(leaf) else isinstance(leaf, float)
