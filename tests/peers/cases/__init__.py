"""For each layer, how to draw `(params, x)` of at most three fixed shapes: JAX compiles for each."""

from tests.peers.cases import basics

FAMILIES = [basics]
CASES = {layer: cases for family in FAMILIES for layer, cases in family.CASES.items()}
