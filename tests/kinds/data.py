"""The functions of `funcnn.data`."""

import numpy as np

from funcnn import batches, data
from tests.kinds.kinds import Y, array, classes, count
from tests.kinds.rows import both, kind, row

part = array(Y) | "None"  # no mask
sequences = kind([np.ones((t, 2)) for t in (1, 3, 2, 3)])
lengths = kind((2, 4))
images = array(np.ones((4, 3, 3, 2)))
ROWS = [
    row(batches),
    row(batches, "batches((x, mask), (y,))", x=both(part, part), y=both(part, part)),
    row(data.balanced_batches, y=classes, classes=classes | "None"),
    row(data.bucketed_batches, x=sequences, lengths=lengths),
    row(data.bucketed_batches, "bucketed_batches(y=[])", x=sequences, y=sequences, lengths=lengths),
    row(data.prefetch, data=kind([(Y, Y)], "[]; (list,)")),  # its parts are checked by their reader
    *[row(f, x=images) for f in (data.random_flip, data.random_turn, data.random_rotation, data.cutout)],
    row(data.random_flip, "random_flip((images, masks))", x=both(images, images)),
    row(data.random_crop, x=images, size=kind((2, 2), "None")),
    row(data.random_brightness, x=images),
    row(data.random_window, size=count(1), lengths=classes(np.array([1, 2, 0, 2])) | "None"),
    row(data.token_dropout, ids=classes),
]
