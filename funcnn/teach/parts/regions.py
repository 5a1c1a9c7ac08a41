"""Parts of a function that are functions of one value, of the same shape: activations, softmax, normalisations."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.teach.parts.reverse import Run
from funcnn.teach.parts.rules import SLOPES
from funcnn.teach.parts.trace import FunctionTrace


@attrs.frozen
class Region:
    """The value at v as a function of the value at u, which has the same shape.

    It `is_elementwise` if each entry depends on its own entry alone. `axes` are those of the sums inside it.
    """

    u: int
    v: int
    is_elementwise: bool
    axes: tuple[tuple[int, ...], ...]


def regions(trace: FunctionTrace, values: list[Array]) -> Iterator[Region]:
    """All values with the values that they are functions of, the nearest first."""
    from_one: dict[int, set[int]] = {i: set() for i in trace.moving}
    elementwise: dict[int, set[int]] = {i: set() for i in trace.moving}
    axes: dict[int, set[tuple[int, ...]]] = {i: set() for i in trace.moving}
    for v, one in trace.operations:
        if v not in trace.moving:
            continue
        moving = [i for i in one.args if i in trace.moving]
        from_one[v] = set.intersection(*[from_one[i] | {i} for i in moving])
        axes[v] = set.union(*[axes[i] for i in moving])
        if one.name in {"sum", "maximum_of"}:
            axes[v] |= {tuple(one.settings["axes"])}
        if one.name in SLOPES and all(values[i].shape == values[v].shape for i in moving):
            elementwise[v] = set.intersection(*[elementwise[i] | {i} for i in moving])
        for u in sorted(from_one[v], reverse=True):
            if trace.is_inner(u) or trace.is_inner(v):
                continue
            if values[u].shape == values[v].shape and values[v].size > 1:
                yield Region(u, v, u in elementwise[v], tuple(sorted(axes[v] - axes[u])))


def slope_of(run: Run, region: Region) -> Array:
    """The slope of each entry of an elementwise region."""
    return run.between(region.u, region.v, np.ones_like(run.values[region.v]))


def diagonal_of(run: Run, region: Region) -> Array:
    """The slope of each entry by its own entry."""
    out = run.values[region.v]
    found = np.zeros(out.size)
    for k in range(out.size):
        unit = np.zeros(out.size)
        unit[k] = 1
        found[k] = run.between(region.u, region.v, unit.reshape(out.shape)).reshape(-1)[k]
    return found.reshape(out.shape)
