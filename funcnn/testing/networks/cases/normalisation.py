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


@st.composite
def _norms(
    draw: st.DrawFn, cls: Any, *shapes: str, least: dict[str, int] | None = None, settings: Any = lambda *_: ()
) -> Case:
    """A layer with or without a shift, unless it has none; `settings(draw, c)` are those before eps."""
    x, scale, shift = draw(_arrays(*shapes, least=least))
    shifts = () if cls is RMSNorm else (draw(st.sampled_from([shift, None])),)
    return cls(scale, *shifts, *settings(draw, len(scale)), draw(EPS)), x


def _statistics(draw: st.DrawFn, c: int) -> tuple[Any, ...]:
    """Running statistics, which are arbitrary, and a momentum."""
    return np.linspace(-1, 1, c), np.linspace(0.5, 2, c), draw(st.sampled_from([0.1, 0.0, 0.9]))


@st.composite
def _group_norms(draw: st.DrawFn) -> Case:
    """Groups of one channel, of several channels, and of all channels."""
    groups, size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    c, m, t = groups * size, draw(st.integers(1, 3)), draw(st.integers(2, 4))
    shapes = [(m, t, c), (m, 2, t, c), *([(m, c)] if size > 1 else [])]
    x = draw(tensor(draw(st.sampled_from(shapes))))
    return GroupNorm(draw(tensor((c,))), draw(st.none() | tensor((c,))), groups, draw(EPS)), x


# At least two rows, or positions, for the statistics.
register(BatchNorm, _norms(BatchNorm, "m c", "m t c", "m h w c", least={"m": 2}, settings=_statistics))
register(LayerNorm, _norms(LayerNorm, "m c", "m t c"))
register(RMSNorm, _norms(RMSNorm, "m c", "m t c"))
register(GroupNorm, _group_norms())
register(InstanceNorm, _norms(InstanceNorm, "m t c", "m h t c", least={"t": 2}))
register(Affine, _arrays("m c", "m t c", "m h w c").map(lambda arrays: (Affine(*arrays[1:]), arrays[0])))
