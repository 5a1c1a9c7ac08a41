"""Cases of probes: around a layer, around a chain, and around a layer without parameters."""

from __future__ import annotations

from hypothesis import strategies as st

from funcnn.inspection.probe import Probe
from funcnn.layers.activations.smooth import Gelu
from funcnn.layers.dense import Dense
from funcnn.testing.networks.cases.dense import networks
from funcnn.testing.networks.table import cases, register

register(Probe, st.one_of(cases(Dense), cases(Gelu), networks()).map(lambda case: (Probe(case[0]), case[1])))
