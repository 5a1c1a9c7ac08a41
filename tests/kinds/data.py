"""The functions of `funcnn.data`."""

import numpy as np

from funcnn import batches
from funcnn.data import balanced_batches, bucketed_batches
from tests.kinds.kinds import Y, array, classes, count, seed
from tests.kinds.rows import both, kind, row

part = array(Y) | "None"  # no mask
sequences = kind([np.ones((t, 2)) for t in (1, 3, 2, 3)])
lengths = kind((2, 4))
ROWS = [
    row(batches, x=array, y=array(Y), size=count, epochs=count, seed=seed),
    row(batches, "batches((x, mask), (y,))", x=both(part, part), y=both(part, part), size=count, seed=seed),
    row(balanced_batches, x=array, y=classes, classes=classes | "None", size=count, epochs=count, seed=seed),
    row(bucketed_batches, x=sequences, y=array(Y), size=count, lengths=lengths, epochs=count, seed=seed),
    row(bucketed_batches, "bucketed_batches(y=[])", x=sequences, y=sequences, size=count, lengths=lengths),
]
