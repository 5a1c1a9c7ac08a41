"""Counts of the bytes that caches keep only for backward, and numbers with metric prefixes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from funcnn.arrays import is_array
from funcnn.inspection.nesting import contents


def held_bytes(caches: Iterable[tuple[int, Any]], *given: Any) -> list[int]:
    """For each (depth, cache), the bytes that only this cache keeps in memory.

    Two kinds of arrays are not counted: those in `given` (x and the parameters), and those in an earlier cache of the
    same depth. So the sum over the caches of one depth is the memory that they need together. The depth of a layer is
    the number of layers around it: the cache of an inner layer is part of the cache of the layer around it, which is
    listed earlier, and its arrays count at both depths. A view counts as the whole array that it keeps in memory;
    several views of one array count once.
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
    """The bytes of each array that owns its memory, by the id of the array."""
    if is_array(tree):
        while is_array(base := getattr(tree, "base", None)):
            tree = base
        return {id(tree): tree.nbytes}
    found: dict[int, int] = {}
    for part in contents(tree):
        found |= _owners(part)
    return found


def scaled(number: float, unit: str) -> str:
    """`872 B`, `2.03 MB`: a number with three digits and a metric prefix."""
    prefixes = ["", "k", "M", "G", "T", "P", "E"]
    while number >= 999.5 and len(prefixes) > 1:
        number /= 1000
        prefixes.pop(0)
    return f"{number:.3g} {prefixes[0]}{unit}"
