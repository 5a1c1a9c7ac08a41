"""The functions of `funcnn.data`."""

import numpy as np

from funcnn import batches
from funcnn.data import (
    balanced_batches,
    bucketed_batches,
    cutout,
    gaussian_noise,
    mixup,
    prefetch,
    random_brightness,
    random_crop,
    random_flip,
    random_rotation,
    random_turn,
    random_window,
    token_dropout,
    windowed_batches,
)
from tests.kinds.kinds import Y, array, classes, count, fraction, number, seed
from tests.kinds.rows import both, kind, row

part = array(Y) | "None"  # no mask
sequences = kind([np.ones((t, 2)) for t in (1, 3, 2, 3)])
lengths = kind((2, 4))
images = array(np.ones((4, 3, 3, 2)))
rng = kind(np.random.default_rng(0))
ROWS = [
    row(batches, x=array, y=array(Y), size=count, epochs=count, seed=seed),
    row(batches, "batches((x, mask), (y,))", x=both(part, part), y=both(part, part), size=count, seed=seed),
    row(balanced_batches, x=array, y=classes, classes=classes | "None", size=count, epochs=count, seed=seed),
    row(bucketed_batches, x=sequences, y=array(Y), size=count, lengths=lengths, epochs=count, seed=seed),
    row(bucketed_batches, "bucketed_batches(y=[])", x=sequences, y=sequences, size=count, lengths=lengths, seed=seed),
    row(windowed_batches, x=array, y=array(Y), size=count, block=count, window=count, epochs=count, seed=seed),
    row(prefetch, data=kind([(Y, Y)], "[]; (list,)"), n=count),  # its parts are checked by their reader
    row(random_flip, x=images, rng=rng, axis=count),
    row(random_flip, "random_flip((images, masks))", x=both(images, images), rng=rng),
    row(random_crop, x=images, rng=rng, size=kind((2, 2), "None"), padding=count),
    row(random_turn, x=images, rng=rng),
    row(random_rotation, x=images, rng=rng, degrees=number),
    row(random_brightness, x=images, rng=rng, most=fraction),
    row(cutout, x=images, rng=rng, size=count),
    row(gaussian_noise, x=array, rng=rng, deviation=number),
    row(mixup, x=array, y=array(Y), rng=rng, alpha=number),
    row(random_window, x=array, rng=rng, size=kind(1), lengths=classes(np.array([1, 2, 0, 2])) | "None"),
    row(token_dropout, ids=classes, rng=rng, rate=fraction, token=count),
]
