"""Cases of dropout and noise."""

from __future__ import annotations

from hypothesis import strategies as st

from funcnn.layers.dropout import ChannelDropout, Dropout, GaussianNoise
from funcnn.testing.networks.table import register
from funcnn.testing.tensors import tensors

SEEDS = st.integers(0, 2**31 - 1) | st.tuples(st.integers(0, 3), st.integers(0, 3))
STATES = {"seed": SEEDS, "step": st.integers(0, 1000)}

_INPUTS = (tensors("m c") | tensors("m t c") | tensors("m h w c")).map(lambda arrays: arrays[0])
for _dropout in (Dropout, ChannelDropout):
    register(_dropout, st.tuples(st.builds(_dropout, st.sampled_from([0.5, 0.0, 0.1, 0.9]), **STATES), _INPUTS))
register(GaussianNoise, st.tuples(st.builds(GaussianNoise, st.sampled_from([0.1, 0.0, 3.0]), **STATES), _INPUTS))
