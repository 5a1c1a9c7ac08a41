"""Branches that a model adds or concatenates, as layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.interop.onnx.reading.chain import Chain
from funcnn.interop.onnx.reading.refusals import check
from funcnn.layers.combinators.branches import Copy, Parallel
from funcnn.layers.combinators.joins import Concat, Sum
from funcnn.layers.combinators.residual import Residual


def one_layer(layers: tuple[Any, ...]) -> Any:
    """The layers as a chain, or the only one."""
    return layers[0] if len(layers) == 1 else layers


def _forked(base: Chain, branches: list[Chain], join: Any) -> tuple[Any, ...]:
    """The layers up to the fork, and those from it to the join."""
    parallel = Parallel(tuple([one_layer(branch.layers) for branch in branches]))
    return (*base.layers, Copy(len(branches)), parallel, join)


def summed(base: Chain, branches: list[Chain]) -> Chain:
    """The sum of branches; a residual connection, if one of two is empty."""
    first = branches[0]
    branches = [b.shaped(first.a.shape) if b.a.size == first.a.size else b for b in branches]
    alike = all([b.a.shape == first.a.shape and np.array_equal(b.index, first.index) for b in branches])
    check("summands of one shape and order", "others", holds=alike)
    a: Any = sum([b.a for b in branches])
    bare = [b for b in branches if not b.layers]
    if len(branches) == 2 and bare:
        [layers] = [b.layers for b in branches if b is not bare[0]]
        if layers:
            return Chain((*base.layers, Residual(one_layer(layers))), a, first.index)
    return Chain(_forked(base, branches, Sum()), a, first.index)


def concatenated(base: Chain, branches: list[Chain], axis: int) -> Chain:
    """The features of branches side by side."""
    parts = [branch.features(axis) for branch in branches]
    rows, first = parts[0].rows, parts[0].chain.a
    alike = all([np.array_equal(p.rows, rows) and p.chain.a.shape[:-1] == first.shape[:-1] for p in parts])
    check("parts with equal rows and positions", "others", holds=alike)
    a = np.concatenate([part.chain.a for part in parts], axis=-1)
    starts = np.cumsum([0, *[part.chain.a.shape[-1] for part in parts]])
    order = np.concatenate([part.order + start for part, start in zip(parts, starts[:-1], strict=True)])
    index = np.moveaxis(rows[..., None] * a.shape[-1] + order, -1, axis)
    return Chain(_forked(base, [part.chain for part in parts], Concat()), a, index)
