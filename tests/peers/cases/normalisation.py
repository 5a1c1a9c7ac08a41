"""Normalising layers and the affine map."""

import numpy as np
from hypothesis import strategies as st

from funcnn import BatchNorm, LayerNorm
from funcnn.layers import Affine, GroupNorm, InstanceNorm, RMSNorm
from tests.peers.cases.drawing import within

SCALE = within(3, 4)


def shapes(layer, *xs):
    """The layer with an x of each of these shapes."""
    return [(layer, within(30, *shape)) for shape in xs]


def either(layer, *rest):
    """With a shift and without: JAX compiles for both, so each has its shapes."""
    return lambda shift: st.builds(layer, SCALE, within(3, 4) if shift else st.none(), *rest)


EPS = st.just(1e-3)
RUNNING = [st.just(np.linspace(-1, 1, 4)), st.just(np.linspace(0.5, 2, 4)), st.just(0.1)]
batch, rows = either(BatchNorm, *RUNNING, EPS), either(LayerNorm, EPS)
groups, instance = either(GroupNorm, st.just(2), EPS), either(InstanceNorm, EPS)

CASES = {
    BatchNorm: [*shapes(batch(shift=True), (5, 4), (2, 3, 3, 4)), *shapes(batch(shift=False), (6, 4))],
    LayerNorm: [*shapes(rows(shift=True), (5, 4), (2, 3, 4)), *shapes(rows(shift=False), (5, 4))],
    RMSNorm: shapes(st.builds(RMSNorm, SCALE, EPS), (5, 4), (2, 3, 4)),
    GroupNorm: [*shapes(groups(shift=True), (3, 4), (2, 3, 2, 4)), *shapes(groups(shift=False), (2, 3, 4))],
    InstanceNorm: [*shapes(instance(shift=True), (2, 3, 4), (2, 3, 2, 4)), *shapes(instance(shift=False), (2, 3, 4))],
    Affine: shapes(st.builds(Affine, SCALE, within(3, 4)), (5, 4), (2, 3, 4)),
}
