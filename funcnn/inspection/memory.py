"""How much memory a cache keeps, and numbers that are printed with the prefix of their size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from funcnn.arrays import is_array
from funcnn.inspection.nesting import contents


def held_bytes(caches: Iterable[tuple[int, Any]], *given: Any) -> list[int]:
    """For each (depth, cache), how many bytes there are only since it keeps them.

    Not counted are the arrays in `given`, x and the parameters, which are there anyway, and what the caches before it
    keep already. So the numbers of one depth add up. A deeper cache is a part of the last one that was less deep, and
    counted as if that one were not there. A view counts as the whole array that it is a view of, since all of that
    stays; several views of one array are that array, once.

    >>> import numpy as np
    >>> from funcnn import forward, mlp
    >>> from funcnn.inspection.memory import held_bytes
    >>> net, x = mlp([8, 8, 8], seed=0), np.ones((100, 8))
    >>> held_bytes([(0, cache) for cache in forward(net, x)[1]], net, x)  # x is there anyway; out of Relu, once
    [0, 6400, 0]
    """
    known = {0: _owners(given)}
    counts = []
    for depth, cache in caches:
        before = known[depth]
        own = {key: n for key, n in _owners(cache).items() if key not in before}
        known |= {depth: before | own, depth + 1: before}
        counts.append(sum(own.values()))
    return counts


def _owners(tree: Any) -> dict[int, int]:
    """The bytes of each array that owns its memory, by id."""
    if is_array(tree):
        while is_array(base := getattr(tree, "base", None)):
            tree = base
        return {id(tree): tree.nbytes}
    found: dict[int, int] = {}
    for part in contents(tree):
        found |= _owners(part)
    return found


def scaled(number: float, unit: str) -> str:
    """`872 B`, `2.03 MB`: three digits of a number, with the prefix of its size.

    >>> from funcnn.inspection.memory import scaled
    >>> scaled(2034567, "flop")
    '2.03 Mflop'
    """
    prefixes = ["", "k", "M", "G", "T"]
    while number >= 999.5 and len(prefixes) > 1:
        number /= 1000
        prefixes.pop(0)
    return f"{number:.3g} {prefixes[0]}{unit}"
