"""Cases of the normalising layers and of the affine map."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from funcnn.arrays import Array
from funcnn.layers.normalisation.affine import Affine
from funcnn.layers.normalisation.batchnorm import BatchNorm
from funcnn.layers.normalisation.groupnorm import GroupNorm, InstanceNorm
from funcnn.layers.normalisation.norm import LayerNorm, RMSNorm
from funcnn.testing.networks.table import Case, register
from funcnn.testing.tensors import dims, tensor

EPS = st.sampled_from([1e-2, 1e-5, 1.0])


def _arrays(*shapes: str, least: dict[str, int] | None = None) -> st.SearchStrategy[tuple[Array, ...]]:
    """Arrays from `tensors`: x of several shapes, the others (c,)."""

    def drawn(words: str) -> st.SearchStrategy[tuple[Array, ...]]:
        def of_size(sizes: dict[str, int]) -> st.SearchStrategy[tuple[Array, ...]]:
            sizes = {name: max(size, (least or {}).get(name, 1)) for name, size in sizes.items()}
            c = (sizes["c"],)
            return st.tuples(tensor([sizes[word] for word in words.split()]), tensor(c), tensor(c))

        return dims(*sorted(set(words.split())), most=3).flatmap(of_size)

    return st.sampled_from(shapes).flatmap(drawn)


def _with_shift(draw: st.DrawFn, shift: Array) -> Array | None:
    return shift if draw(st.booleans()) else None


@st.composite
def _batch_norms(draw: st.DrawFn) -> Case:
    """At least two rows, for the statistics; running statistics are arbitrary."""
    x, scale, shift = draw(_arrays("m c", "m t c", "m h w c", least={"m": 2}))
    c = len(scale)
    running = np.linspace(-1, 1, c), np.linspace(0.5, 2, c)
    momentum = draw(st.sampled_from([0.1, 0.0, 0.9]))
    return BatchNorm(scale, _with_shift(draw, shift), *running, momentum, draw(EPS)), x


@st.composite
def _row_norms(draw: st.DrawFn, cls: Any) -> Case:
    x, scale, shift = draw(_arrays("m c", "m t c"))
    more = () if cls is RMSNorm else (_with_shift(draw, shift),)
    return cls(scale, *more, draw(EPS)), x


@st.composite
def _group_norms(draw: st.DrawFn) -> Case:
    """Groups of one channel, of several channels, and of all channels."""
    groups, size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    c, m, t = groups * size, draw(st.integers(1, 3)), draw(st.integers(2, 4))
    shapes = [(m, t, c), (m, 2, t, c), *([(m, c)] if size > 1 else [])]
    x = draw(tensor(draw(st.sampled_from(shapes))))
    scale, shift = draw(tensor((c,))), draw(tensor((c,)))
    return GroupNorm(scale, _with_shift(draw, shift), groups, draw(EPS)), x


@st.composite
def _instance_norms(draw: st.DrawFn) -> Case:
    x, scale, shift = draw(_arrays("m t c", "m h t c", least={"t": 2}))
    return InstanceNorm(scale, _with_shift(draw, shift), draw(EPS)), x


register(BatchNorm, _batch_norms())
register(LayerNorm, _row_norms(LayerNorm))
register(RMSNorm, _row_norms(RMSNorm))
register(GroupNorm, _group_norms())
register(InstanceNorm, _instance_norms())
register(Affine, _arrays("m c", "m t c", "m h w c").map(lambda arrays: (Affine(*arrays[1:]), arrays[0])))
