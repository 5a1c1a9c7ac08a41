"""Batches."""

from funcnn import batches
from tests.kinds.harness import both, row
from tests.kinds.kinds import Y, array, count, seed

ROWS = [
    row(batches, x=both(array | "None", array | "None"), y=array(Y), size=count, epochs=count, seed=seed),
]
