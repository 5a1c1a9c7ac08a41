"""The functions of `funcnn.data`."""

from funcnn import batches
from tests.kinds.kinds import Y, array, count, seed
from tests.kinds.rows import both, row

part = array(Y) | "None"  # no mask
ROWS = [
    row(batches, x=array, y=array(Y), size=count, epochs=count, seed=seed),
    row(batches, "batches((x, mask), (y,))", x=both(part, part), y=both(part, part), size=count, seed=seed),
]
