"""Memory that vjp writes to where it may, and memory that gradients share with something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.differentiation.vector_function import VectorFunction, sealed
from funcnn.testing.purity import FirstResults, equal, value_or_none
from funcnn.testing.verdict import Aliased, NotPure


def check_writes(results: FirstResults) -> None:
    """Lend writeable arguments and a writeable dA, as a caller does; in all other calls they are read-only."""
    function, dA = results.function, results.dA
    lent, lent_dA = tuple([a.copy() for a in function.args]), dA.copy()
    function.f(*lent)
    function.vjp(lent, lent_dA)
    if not equal(lent_dA, dA):
        raise NotPure("vjp writes to dA if dA is writeable")
    for name, a, b in zip(function.names, lent, function.args, strict=True):
        if not equal(a, b):
            raise NotPure(f"f or vjp writes to {name} if {name} is writeable")


def check_aliases(results: FirstResults) -> None:
    """Refuse a gradient that shares memory with dA, an argument, another gradient, or an earlier one.

    Ones and zeros, in dA or an argument, reach shortcuts for factors of 1 and terms of 0.
    """
    function, dA = results.function, results.dA
    earlier = list(zip(function.names, results.gradients, strict=True))
    for args, cotangent in ((function.args, dA), *_ones_and_zeros(function, dA)):
        gradients = value_or_none(function.vjp, args, cotangent)
        if gradients is not None:  # else the arguments lie outside the domain of vjp
            check_apart(function, args, gradients, cotangent)
            _check_pairs_apart(
                function, gradients, [(f"the gradient of {name} of an earlier call", g) for name, g in earlier]
            )


def _ones_and_zeros(function: VectorFunction, dA: Array) -> Iterator[tuple[tuple[Array, ...], Array]]:
    for fill in (1.0, 0.0):
        yield function.args, sealed(np.full_like(dA, fill))
        for i in function.floats:
            args = list(function.args)
            args[i] = sealed(np.full_like(args[i], fill))
            fitted = function.fitted(tuple(args))
            if value_or_none(function.f, *fitted) is not None:
                yield fitted, dA


def check_apart(function: VectorFunction, args: tuple[Array, ...], gradients: Sequence[Any], dA: Array) -> None:
    """Refuse gradients that share memory with dA, with an argument or with one another."""
    _check_pairs_apart(function, gradients, [("dA", dA), *zip(function.names, args, strict=True)])


def _check_pairs_apart(function: VectorFunction, gradients: Sequence[Any], others: Sequence[tuple[str, Any]]) -> None:
    named = [(f"the gradient of {name}", g) for name, g in zip(function.names, gradients, strict=True)]
    for k, (name, gradient) in enumerate(named):
        check_not_shared(name, gradient, [*named[k + 1 :], *others])


def check_not_shared(name: str, a: Any, others: Iterable[tuple[str, Any]]) -> None:
    """Refuse an array that shares memory with one of some others, each of which may be None."""
    for other, b in others:
        if a is not None and b is not None and np.shares_memory(a, b):
            raise Aliased(f"{name} shares memory with {other}: writing to one changes both")
